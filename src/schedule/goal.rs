//! What is compared between two schedules, and nothing else.
//!
//! Never a weighted sum: the first class would pay for the rounding.

use crate::schedule::net::Net;

/// The worth of a schedule; less is better. The order of the fields is the order of comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Goal {
    /// For each rank the last finish of its tasks and of all more urgent ones, in milliseconds.
    pub(super) finishes: Vec<u64>,
    /// The sum of all finishes. Without it, an early service of a class would wait for no reason until the class ends.
    pub(super) sum: u128,
}

impl Goal {
    /// Measures a schedule, given by the start of each task.
    pub(super) fn of(net: &Net, starts: &[u64]) -> Self {
        let mut finishes = vec![0; net.classes.len()];
        let mut sum = 0;
        for ((&start, &duration), &rank) in starts.iter().zip(&net.durations).zip(&net.ranks) {
            let finish = start + duration;
            let last = &mut finishes[rank as usize];
            *last = finish.max(*last);
            sum += u128::from(finish);
        }
        let mut latest = 0;
        for finish in &mut finishes {
            latest = latest.max(*finish);
            *finish = latest;
        }
        Self { finishes, sum }
    }

    /// The end of everything.
    pub(super) fn end(&self) -> u64 {
        self.finishes.last().copied().unwrap_or(0)
    }
}

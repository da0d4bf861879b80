//! How much of each pool is taken at each instant, as steps: the earliest gap that is wide enough, and taking it.
//!
//! It never knows which task took what, and never gives anything back: a pass starts from an empty skyline.

use crate::schedule::net::Need;

/// From this instant on, until the next step, so much is taken.
#[derive(Debug, Clone, Copy)]
struct Step {
    from: u64,
    used: u32,
}

/// The steps of one pool. The first begins at 0, the last lasts for ever and is empty; neighbours always differ, so
/// that a stretch where the pool is exhausted is one step, however many tasks share it.
#[derive(Debug, Clone)]
struct Pool {
    size: u32,
    steps: Vec<Step>,
}

/// The steps of all pools.
#[derive(Debug, Clone)]
pub(super) struct Skyline {
    pools: Vec<Pool>,
}

impl Skyline {
    /// Empty pools of these sizes.
    pub(super) fn new(sizes: &[u32]) -> Self {
        let pools = sizes.iter().map(|&size| Pool { size, steps: vec![Step { from: 0, used: 0 }] }).collect();
        Self { pools }
    }

    /// Empties all pools.
    pub(super) fn clear(&mut self) {
        for pool in &mut self.pools {
            pool.steps.clear();
            pool.steps.push(Step { from: 0, used: 0 });
        }
    }

    /// The earliest instant from `ready` on at which all needs can be held for the whole duration, which is not zero.
    #[inline]
    pub(super) fn earliest(&self, needs: &[Need], ready: u64, duration: u64) -> u64 {
        let mut start = ready;
        // A pool that pushes the start makes all others to be asked again: once all in a row agree, it stands.
        let mut agreed = 0;
        let mut next = 0;
        while agreed < needs.len() {
            let need = needs[next];
            let pushed = self.pools[need.pool as usize].earliest(need.amount, start, duration);
            agreed = if pushed == start { agreed + 1 } else { 1 };
            start = pushed;
            next = if next + 1 == needs.len() { 0 } else { next + 1 };
        }
        start
    }

    /// Takes all needs from `start` to `end`, which is later. They must fit.
    #[inline]
    pub(super) fn take(&mut self, needs: &[Need], start: u64, end: u64) {
        for need in needs {
            self.pools[need.pool as usize].take(need.amount, start, end);
        }
    }
}

impl Pool {
    /// The step that holds at an instant.
    #[inline]
    fn at(&self, instant: u64) -> usize {
        // The first step begins at 0, so there is always one before.
        self.steps.partition_point(|step| step.from <= instant) - 1
    }

    #[inline]
    fn earliest(&self, amount: u32, ready: u64, duration: u64) -> u64 {
        let most = self.size - amount;
        let mut start = ready;
        let mut rest = self.steps[self.at(ready)..].iter();
        let Some(mut step) = rest.next() else { return start };
        for next in rest {
            if step.used > most {
                start = next.from;
            } else if next.from >= start + duration {
                return start;
            }
            step = next;
        }
        start
    }

    fn take(&mut self, amount: u32, start: u64, end: u64) {
        let steps = &mut self.steps;
        let mut first = steps.partition_point(|step| step.from <= start) - 1;
        if steps[first].from < start {
            first += 1;
            steps.insert(first, Step { from: start, used: steps[first - 1].used });
        }
        let mut last = first;
        while let Some(next) = steps.get(last + 1).filter(|next| next.from < end) {
            debug_assert!(next.from > steps[last].from, "steps are in order");
            steps[last].used += amount;
            last += 1;
        }
        let before = steps[last].used;
        steps[last].used += amount;
        match steps.get(last + 1) {
            Some(next) if next.from == end => {
                if next.used == steps[last].used {
                    steps.remove(last + 1);
                }
            }
            _ => steps.insert(last + 1, Step { from: end, used: before }),
        }
        if first > 0 && steps[first - 1].used == steps[first].used {
            steps.remove(first);
        }
    }
}

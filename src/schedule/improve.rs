//! From a net to the best schedule that the effort buys: greedy, justified, evolved, and stopped where a bound is met.

use crate::schedule::Effort;
use crate::schedule::bound::Bounds;
use crate::schedule::evolve;
use crate::schedule::goal::Goal;
use crate::schedule::net::Net;
use crate::schedule::order;
use crate::schedule::serial::Desk;
use crate::schedule::serial::first_finish;

/// Above so many tasks a single list costs more than a millisecond, and a population of them would never get to breed.
pub(super) const EVOLVE_MAX: usize = 5_000;

/// The best schedule found. Tasks are those of the net.
#[derive(Debug)]
pub(super) struct Found {
    /// The start of each task.
    pub(super) starts: Vec<u64>,
    /// The finish of each rank.
    pub(super) finishes: Vec<u64>,
    /// The bound of each rank, given the finishes before it.
    pub(super) bounds: Vec<u64>,
    /// The effort spent.
    pub(super) placements: u64,
}

/// The best so far, and what may still be spent.
#[derive(Debug)]
pub(super) struct Search<'net> {
    /// The tasks.
    pub(super) net: &'net Net,
    /// Where schedules are made.
    pub(super) desk: Desk<'net>,
    bounds: Bounds<'net>,
    effort: u64,
    /// The worth of the best.
    pub(super) goal: Goal,
    /// The starts of the best.
    pub(super) starts: Vec<u64>,
    /// Whether the best meets every bound.
    pub(super) proven: bool,
}

impl Search<'_> {
    /// Whether so many further passes can be paid.
    pub(super) fn affords(&self, passes: u64) -> bool {
        self.desk.placements + passes * self.net.len() as u64 <= self.effort
    }

    /// How many placements are left.
    pub(super) fn left(&self) -> usize {
        usize::try_from(self.effort.saturating_sub(self.desk.placements)).unwrap_or(usize::MAX)
    }

    /// Keeps a schedule if it is the best so far.
    pub(super) fn offer(&mut self, goal: &Goal, starts: &[u64]) {
        if *goal < self.goal {
            self.goal.clone_from(goal);
            self.starts.copy_from_slice(starts);
            self.proven = self.bounds.given(&goal.finishes) == goal.finishes;
        }
    }

    /// Justifies a schedule, and then moves forward whatever waited for an end of the first class that has moved.
    /// Costs two passes, and one for each such move. Returns nothing where the effort did not suffice.
    pub(super) fn justify(&mut self, starts: &mut [u64]) -> Option<Goal> {
        let mut done = first_finish(self.net, starts);
        self.desk.justify(starts);
        self.tighten(&mut done, starts)
    }

    /// Moves forward whatever waited until `done` for the first class, where that has ended before.
    fn tighten(&mut self, done: &mut u64, starts: &mut [u64]) -> Option<Goal> {
        while !self.net.kept.is_empty() && first_finish(self.net, starts) < *done {
            if !self.affords(1) {
                return None;
            }
            *done = first_finish(self.net, starts);
            self.desk.settle(*done, starts);
        }
        Some(Goal::of(self.net, starts))
    }
}

/// Searches within the effort.
pub(super) fn improve(net: &Net, effort: Effort) -> Found {
    let mut bounds = Bounds::new(net);
    let latest = order::latest_finishes(net, &bounds.unconditional());
    let mut desk = Desk::new(net);
    let mut starts = vec![0; net.len()];
    desk.decode_first_class_first(&order::strict(net, &latest), &mut starts);
    let goal = Goal::of(net, &starts);
    let proven = bounds.given(&goal.finishes) == goal.finishes;
    let mut search = Search { net, desk, bounds, effort: effort.0, goal, starts, proven };
    polish(&mut search);
    if net.len() <= EVOLVE_MAX {
        evolve::evolve(&mut search, &latest);
    }
    let Search { desk, mut bounds, goal, starts, .. } = search;
    Found { starts, bounds: bounds.given(&goal.finishes), finishes: goal.finishes, placements: desk.placements }
}

/// Justifies the best again and again, as long as that helps.
fn polish(search: &mut Search) {
    while !search.proven && search.affords(2) {
        let mut starts = search.starts.clone();
        match search.justify(&mut starts) {
            Some(goal) if goal < search.goal => search.offer(&goal, &starts),
            _ => return,
        }
    }
}

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
    /// The latest finish of each task for the least conceivable finishes.
    pub(super) latest: Vec<u64>,
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
    let bounds = Bounds::new(net);
    let latest = order::latest_finishes(net, &bounds.unconditional());
    let mut list = order::strict(net, &latest);
    let spent = hasten_first_class(net, &mut list, effort.0);
    let mut search = begin(net, bounds, &list, effort.0, spent);
    go_on(&mut search);
    let Search { desk, mut bounds, goal, starts, .. } = search;
    Found { starts, bounds: bounds.given(&goal.finishes), finishes: goal.finishes, placements: desk.placements }
}

/// The schedule with which every search begins.
pub(super) fn greedy(net: &Net) -> Vec<u64> {
    let latest = order::latest_finishes(net, &Bounds::new(net).unconditional());
    let mut starts = vec![0; net.len()];
    Desk::new(net).decode_first_class_first(&order::strict(net, &latest), &mut starts);
    starts
}

/// Brings the first class of a strict list into the order that a part of the effort finds for it alone, if that ends
/// it sooner. Only the order is kept: where its tasks stand is free again. Returns what was spent.
fn hasten_first_class(net: &Net, list: &mut [u32], effort: u64) -> u64 {
    if net.classes.len() < 2 {
        return 0;
    }
    let all = net.len() as u64;
    let left = effort.saturating_sub(all);
    // What the justifications of all, two passes each, leave over is of no other use; else a quarter: on PSPLIB j30
    // and on estates of 800 to 10,000 tasks other shares did no better.
    let share = (left % (2 * all)).max(left / 4);
    let (first, numbers) = net.first_rank();
    if share < 3 * first.len() as u64 {
        return 0;
    }
    let mut number_in_first = vec![0; net.len()];
    for (new, &old) in (0_u32..).zip(&numbers) {
        number_in_first[old as usize] = new;
    }
    let order: Vec<u32> = list[..first.len()].iter().map(|&task| number_in_first[task as usize]).collect();
    let mut search = begin(&first, Bounds::new(&first), &order, share, 0);
    let greedy = search.goal.end();
    go_on(&mut search);
    if search.goal.end() < greedy {
        let mut found: Vec<u32> = first.tasks().collect();
        found.sort_by_key(|&task| search.starts[task as usize]);
        for (place, task) in list.iter_mut().zip(found) {
            *place = numbers[task as usize];
        }
    }
    search.desk.placements
}

/// The greedy schedule of a list, class by class.
pub(super) fn begin<'net>(
    net: &'net Net,
    mut bounds: Bounds<'net>,
    list: &[u32],
    effort: u64,
    spent: u64,
) -> Search<'net> {
    let latest = order::latest_finishes(net, &bounds.unconditional());
    let mut desk = Desk::new(net);
    desk.placements = spent;
    let mut starts = vec![0; net.len()];
    desk.decode_first_class_first(list, &mut starts);
    let goal = Goal::of(net, &starts);
    let proven = bounds.given(&goal.finishes) == goal.finishes;
    Search { net, desk, bounds, effort, goal, starts, latest, proven }
}

/// Improves on the greedy schedule.
fn go_on(search: &mut Search) {
    polish(search);
    if search.net.len() <= EVOLVE_MAX {
        evolve::evolve(search);
    }
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

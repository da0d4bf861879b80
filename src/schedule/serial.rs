//! Serial schedule generation: tasks one after the other, each at the earliest place that is left; and the two
//! justifications that make a schedule better, or leave it as it is.
//!
//! It never chooses an order of its own: it takes lists, and it sorts by the times of a schedule that it was given.

use crate::schedule::goal::Goal;
use crate::schedule::net::Lists;
use crate::schedule::net::Need;
use crate::schedule::net::Net;
use crate::schedule::skyline::Skyline;

/// A desk to make schedules on: it keeps its paper, so that a pass allocates nothing, and it counts placements.
#[derive(Debug)]
pub(super) struct Desk<'net> {
    net: &'net Net,
    skyline: Skyline,
    /// How many placements were made so far.
    pub(super) placements: u64,
    order: Vec<u32>,
    mirrored: Vec<u64>,
    release: Vec<u64>,
}

/// A stretch of time in which the kept shares are out of reach for all classes but the first.
type Reserve = (u64, u64);

impl<'net> Desk<'net> {
    /// An empty desk.
    pub(super) fn new(net: &'net Net) -> Self {
        Self {
            net,
            skyline: Skyline::new(&net.sizes),
            placements: 0,
            order: Vec::with_capacity(net.len()),
            mirrored: vec![0; net.len()],
            release: vec![0; net.classes.len()],
        }
    }

    /// Places tasks in the order of a list, in which each stands after its predecessors. The kept shares are out of
    /// reach for later classes until `first_done`.
    ///
    /// Where the first class ends later than that, the result breaks the rule of the kept shares: see [`Self::decode`].
    fn place(&mut self, list: &[u32], first_done: u64, starts: &mut [u64]) {
        self.release.fill(0);
        self.placements += list.len() as u64;
        let net = self.net;
        pass(net, &mut self.skyline, &net.before, list, &self.release, (0, first_done), starts);
    }

    /// Turns a list into a schedule that keeps all rules, in one pass, or in two where the first class ends later than
    /// `first_done`, the moment that was hoped for.
    pub(super) fn decode(&mut self, list: &[u32], first_done: u64, starts: &mut [u64]) {
        if self.net.kept.is_empty() {
            return self.place(list, 0, starts);
        }
        self.place(list, first_done, starts);
        if first_finish(self.net, starts) > first_done {
            self.decode_first_class_first(list, starts);
        }
    }

    /// Turns a list into a schedule that keeps all rules: the first class alone, so that its finish is known, then the
    /// others in the order of the list.
    pub(super) fn decode_first_class_first(&mut self, list: &[u32], starts: &mut [u64]) {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(list.iter().filter(|&&task| self.net.ranks[task as usize] == 0));
        let first = order.len();
        order.extend(list.iter().filter(|&&task| self.net.ranks[task as usize] != 0));
        self.release.fill(0);
        self.placements += order.len() as u64;
        let net = self.net;
        pass(net, &mut self.skyline, &net.before, &order[..first], &self.release, (0, 0), starts);
        let done = order[..first].iter().map(|&task| starts[task as usize] + net.durations[task as usize]).max();
        // No task of another class was placed yet, so that the reserve can still be put down.
        reserve(net, &mut self.skyline, (0, done.unwrap_or(0)));
        go_on(net, &mut self.skyline, &net.before, &order[first..], &self.release, starts);
        self.order = order;
    }

    /// Shifts every task as late as the finish of its own class allows, latest finish first; then all as early as
    /// possible, earliest start first (double justification, Valls, Ballestín and Quintanilla 2005, by class).
    ///
    /// No finish of any class gets worse. In the first pass a task meets only tasks that finished no earlier than it
    /// does, and moved later: whoever runs beside it now did so before, so its old place is still free. The second pass
    /// is the mirror of the first. What is kept stays kept until the old finish of the first class in both.
    pub(super) fn justify(&mut self, starts: &mut [u64]) {
        let goal = Goal::of(self.net, starts);
        let end = goal.end();
        for ((mirrored, &start), &duration) in self.mirrored.iter_mut().zip(&*starts).zip(&self.net.durations) {
            *mirrored = end - start - duration;
        }
        for (release, &finish) in self.release.iter_mut().zip(&goal.finishes) {
            *release = end - finish;
        }
        let done = if self.net.kept.is_empty() { 0 } else { goal.finishes[0] };
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(self.net.tasks().rev());
        // The sort is stable, and the list runs backwards: among equals a successor stays before its predecessors.
        order.sort_by_key(|&task| self.mirrored[task as usize]);
        self.placements += order.len() as u64;
        let net = self.net;
        pass(
            net,
            &mut self.skyline,
            &net.behind,
            &order,
            &self.release,
            (end - done, if done == 0 { 0 } else { end }),
            &mut self.mirrored,
        );
        self.order = order;
        for ((start, &mirrored), &duration) in starts.iter_mut().zip(&self.mirrored).zip(&self.net.durations) {
            *start = end - mirrored - duration;
        }
        self.settle(done, starts);
    }

    /// Shifts all tasks as early as possible, earliest start first, with the kept shares out of reach until
    /// `first_done`. No task starts later than it did.
    pub(super) fn settle(&mut self, first_done: u64, starts: &mut [u64]) {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(self.net.tasks());
        // Stable: among equals a predecessor (a task of no duration) stays first.
        order.sort_by_key(|&task| starts[task as usize]);
        self.place(&order, first_done, starts);
        self.order = order;
    }
}

/// The last finish of the first rank.
pub(super) fn first_finish(net: &Net, starts: &[u64]) -> u64 {
    let tasks = starts.iter().zip(&net.durations).zip(&net.ranks);
    tasks.filter(|&(_, &rank)| rank == 0).map(|((&start, &duration), _)| start + duration).max().unwrap_or(0)
}

/// Places a list on an empty skyline: each task as early as `links`, its class's release and the pools allow.
fn pass(
    net: &Net,
    skyline: &mut Skyline,
    links: &Lists,
    list: &[u32],
    release: &[u64],
    kept: Reserve,
    starts: &mut [u64],
) {
    skyline.clear();
    reserve(net, skyline, kept);
    go_on(net, skyline, links, list, release, starts);
}

/// Takes the kept shares out of reach for a while.
fn reserve(net: &Net, skyline: &mut Skyline, (from, to): Reserve) {
    if from < to {
        for kept in &net.kept {
            skyline.take(&[Need { pool: kept.shadow, amount: kept.amount }], from, to);
        }
    }
}

/// Places a list beside what is already on the skyline.
fn go_on(net: &Net, skyline: &mut Skyline, links: &Lists, list: &[u32], release: &[u64], starts: &mut [u64]) {
    for &task in list {
        let task = task as usize;
        let duration = net.durations[task];
        let mut ready = release[usize::from(net.ranks[task])];
        for &one in links.of(task) {
            ready = ready.max(starts[one as usize] + net.durations[one as usize]);
        }
        let needs = net.needs(task);
        let start = if needs.is_empty() { ready } else { skyline.earliest(needs, ready, duration) };
        skyline.take(needs, start, start + duration);
        starts[task] = start;
    }
}

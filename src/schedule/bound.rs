//! What no schedule can beat: proven lower bounds for the finish of each class.
//!
//! Three arguments, each for the closure of a class alone (what is less urgent can only be in the way): the longest
//! chain; the work that a pool must do between a head and a tail; tasks that cannot overlap. Each is a relaxation, so
//! each is valid, and the greatest of them counts. Nothing here looks at a schedule, only at its finishes.

use std::cmp::Reverse;

use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use crate::schedule::net::Need;
use crate::schedule::net::Net;

/// Up to so many tasks of a closure are compared pair by pair: 160,000 pairs are a millisecond.
const PAIRS_MAX: usize = 400;

/// The bounds of all ranks for given finishes of the more urgent ones.
#[derive(Debug)]
pub(super) struct Bounds<'net> {
    net: &'net Net,
    /// The finish of the first rank that `closures` was computed for; it matters only to what is kept.
    first_done: u64,
    closures: Vec<u64>,
}

/// One task, as seen by a pool.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// No earlier start.
    head: u64,
    /// What must still follow its finish.
    tail: u64,
    /// Units times milliseconds.
    work: u128,
}

impl<'net> Bounds<'net> {
    /// The bounds, before any finish is known.
    pub(super) fn new(net: &'net Net) -> Self {
        Self { net, first_done: 0, closures: closures(net, 0) }
    }

    /// The bound of each rank, where the ranks before it finish as given.
    pub(super) fn given(&mut self, finishes: &[u64]) -> Vec<u64> {
        let first_done = finishes.first().copied().unwrap_or(0);
        if !self.net.kept.is_empty() && first_done != self.first_done {
            self.closures = closures(self.net, first_done);
            self.first_done = first_done;
        }
        let mut earlier = 0;
        let mut bounds = Vec::with_capacity(finishes.len());
        for (&closure, &finish) in self.closures.iter().zip(finishes) {
            bounds.push(closure.max(earlier));
            earlier = finish;
        }
        bounds
    }

    /// Bounds that hold whatever the finishes are; never less than any chain.
    pub(super) fn unconditional(&self) -> Vec<u64> {
        let mut highest = 0;
        let rising = self.closures.iter().map(|&bound| {
            highest = bound.max(highest);
            highest
        });
        rising.collect()
    }
}

/// The bound of each rank's closure, when the kept shares are out of reach until `first_done`.
fn closures(net: &Net, first_done: u64) -> Vec<u64> {
    let heads = heads(net, first_done);
    let mut by_head: Vec<u32> = net.tasks().collect();
    by_head.sort_by_key(|&task| Reverse(heads[task as usize]));
    let ranks = 0..u8::try_from(net.classes.len()).unwrap_or(u8::MAX);
    ranks.into_par_iter().map(|rank| closure(net, &heads, &by_head, rank, first_done)).collect()
}

/// Earliest starts by precedence, and by what is kept: who claims more than the rest must wait for the first rank.
fn heads(net: &Net, first_done: u64) -> Vec<u64> {
    let mut heads = vec![0; net.len()];
    for task in 0..net.len() {
        let ready = net.before.of(task).iter().map(|&one| heads[one as usize] + net.durations[one as usize]).max();
        let waits =
            net.needs(task).iter().any(|need| need.amount > net.sizes[need.pool as usize] - kept(net, need.pool));
        heads[task] = ready.unwrap_or(0).max(if waits { first_done } else { 0 });
    }
    heads
}

/// What is kept of a pool; of a shadow, that is.
fn kept(net: &Net, pool: u32) -> u32 {
    net.kept.iter().find(|kept| kept.shadow == pool).map_or(0, |kept| kept.amount)
}

/// The bound of all tasks up to a rank.
fn closure(net: &Net, heads: &[u64], by_head: &[u32], rank: u8, first_done: u64) -> u64 {
    let inside = |task: usize| net.ranks[task] <= rank;
    let mut tails = vec![0; net.len()];
    let mut bound = 0;
    for task in (0..net.len()).rev().filter(|&task| inside(task)) {
        let behind = net.behind.of(task).iter().map(|&one| one as usize).filter(|&one| inside(one));
        tails[task] = behind.map(|one| net.durations[one] + tails[one]).max().unwrap_or(0);
        bound = bound.max(heads[task] + net.durations[task] + tails[task]);
    }
    let tasks: Vec<usize> = by_head.iter().map(|&task| task as usize).filter(|&task| inside(task)).collect();
    let mut by_tail = tasks.clone();
    by_tail.sort_by_key(|&task| Reverse(tails[task]));
    let (early, late) = (Claimed::by(net, heads, &tails, &tasks), Claimed::by(net, heads, &tails, &by_tail));
    for (at, pool) in (0..net.sizes.len()).zip(0_u32..) {
        let room = Room { size: net.sizes[at], kept: kept(net, pool), first_done };
        bound = bound.max(busiest(&early.members[at], &late.members[at], room));
        // Of tasks that need more than half, no two overlap: one machine, whatever is kept.
        let room = Room { size: 1, kept: 0, first_done: 0 };
        bound = bound.max(busiest(&early.alone[at], &late.alone[at], room));
    }
    if tasks.len() <= PAIRS_MAX { bound.max(worst_pair(net, heads, &tails, &tasks)) } else { bound }
}

/// What tasks claim, by pool, in the order of the tasks.
struct Claimed {
    members: Vec<Vec<Member>>,
    /// Those that need more than half of the pool.
    alone: Vec<Vec<Member>>,
}

impl Claimed {
    fn by(net: &Net, heads: &[u64], tails: &[u64], tasks: &[usize]) -> Self {
        let none = vec![Vec::new(); net.sizes.len()];
        let mut claimed = Self { members: none.clone(), alone: none };
        for &task in tasks {
            let (head, tail, duration) = (heads[task], tails[task], u128::from(net.durations[task]));
            for need in net.needs(task) {
                let (pool, work) = (need.pool as usize, u128::from(need.amount) * duration);
                claimed.members[pool].push(Member { head, tail, work });
                if need.amount > net.sizes[pool] / 2 {
                    claimed.alone[pool].push(Member { head, tail, work: duration });
                }
            }
        }
        claimed
    }
}

/// How much a pool can do.
#[derive(Debug, Clone, Copy)]
struct Room {
    size: u32,
    /// So much less before `first_done`.
    kept: u32,
    first_done: u64,
}

impl Room {
    /// The earliest instant by which work that cannot begin before `head` can be done.
    fn until(self, head: u64, work: u128) -> u64 {
        let before = u128::from(self.first_done.saturating_sub(head)) * u128::from(self.size - self.kept);
        let (from, work, size) = if work <= before {
            (head, work, self.size - self.kept)
        } else {
            (head.max(self.first_done), work - before, self.size)
        };
        // Work of nothing by a pool of nothing takes no time.
        let size = u64::from(size.max(1));
        // Dividing 128 bits is ten times as slow, and hardly ever needed.
        from + u64::try_from(work).map_or_else(
            |_| u64::try_from(work.div_ceil(u128::from(size))).unwrap_or(u64::MAX >> 1),
            |work| work.div_ceil(size),
        )
    }
}

/// The greatest sum of least head, time for the work, and least tail, over sets of tasks that share one pool.
///
/// The same members arrive with the latest head first, and with the longest tail first. Sets are those with a head and a
/// tail of at least so much: all pairs of thresholds for few members, else only heads and only tails.
fn busiest(by_head: &[Member], by_tail: &[Member], room: Room) -> u64 {
    let mut bound = suffix(by_head, room).max(suffix(by_tail, room));
    if by_head.len() <= PAIRS_MAX {
        let longest = by_tail.first().map_or(0, |member| member.tail);
        let mut work = 0;
        for head in by_head {
            work += head.work;
            let head = head.head;
            // With the longest tail of all, which most sets do not have, all that waits for this head must already
            // reach further than what is known.
            if room.until(head, work) + longest > bound {
                bound = bound.max(suffix_from(head, by_tail, room));
            }
        }
    }
    bound
}

/// The bound of each beginning of a list, of which only what has at least this head counts.
fn suffix_from(head: u64, members: &[Member], room: Room) -> u64 {
    let (mut work, mut bound) = (0, 0);
    for member in members.iter().filter(|member| member.head >= head) {
        work += member.work;
        bound = bound.max(room.until(head, work) + member.tail);
    }
    bound
}

/// The bound of each beginning of a list.
fn suffix(members: &[Member], room: Room) -> u64 {
    let (mut head, mut tail, mut work, mut bound) = (u64::MAX, u64::MAX, 0, 0);
    for member in members {
        head = head.min(member.head);
        tail = tail.min(member.tail);
        work += member.work;
        bound = bound.max(room.until(head, work) + tail);
    }
    bound
}

/// Two tasks that do not fit into a pool together run one after the other.
fn worst_pair(net: &Net, heads: &[u64], tails: &[u64], tasks: &[usize]) -> u64 {
    let mut bound = 0;
    for (index, &one) in tasks.iter().enumerate() {
        for &other in &tasks[..index] {
            let both = net.durations[one] + net.durations[other];
            let best = (heads[one] + tails[other]).min(heads[other] + tails[one]) + both;
            if best > bound && clash(net, net.needs(one), net.needs(other)) {
                bound = best;
            }
        }
    }
    bound
}

/// Whether two lists of needs exceed a pool together. Both are in the order of pools, but for the shadows: few enough
/// to try them all.
fn clash(net: &Net, ours: &[Need], theirs: &[Need]) -> bool {
    ours.iter().any(|our| {
        let same = theirs.iter().find(|their| their.pool == our.pool);
        same.is_some_and(|their| our.amount > net.sizes[our.pool as usize] - their.amount)
    })
}

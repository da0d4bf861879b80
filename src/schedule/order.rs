//! Orders in which to place tasks: by latest finish, and the same with noise.
//!
//! Every list made here names each task once, after its predecessors. Nothing here places anything.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::schedule::net::Net;
use crate::schedule::random::Random;

/// The latest finish of each task such that each rank could still end at its own `ends`, pools aside.
pub(super) fn latest_finishes(net: &Net, ends: &[u64]) -> Vec<u64> {
    let mut latest = vec![0_u64; net.len()];
    for task in (0..net.len()).rev() {
        let behind = net.behind.of(task).iter();
        let allowed = behind.map(|&one| latest[one as usize].saturating_sub(net.durations[one as usize])).min();
        let own = ends[usize::from(net.ranks[task])];
        latest[task] = allowed.map_or(own, |allowed| allowed.min(own));
    }
    latest
}

/// The most urgent rank first, and inside it the least latest finish first.
///
/// A predecessor is no less urgent than its successor, and its latest finish is no later; where both are equal, its
/// number is lower. So the list needs no further care.
pub(super) fn strict(net: &Net, latest: &[u64]) -> Vec<u32> {
    let mut list: Vec<u32> = net.tasks().collect();
    list.sort_by_key(|&task| (net.ranks[task as usize], latest[task as usize]));
    list
}

/// As [`strict`], but with up to `noise` milliseconds added to each latest finish, and, where `mixed`, with the ranks
/// left to show only through the ends that the latest finishes were counted from.
pub(super) fn noisy(net: &Net, latest: &[u64], mixed: bool, noise: u64, random: &mut Random) -> Vec<u32> {
    let keys: Vec<(u8, u64)> = latest
        .iter()
        .zip(&net.ranks)
        .map(|(&latest, &rank)| (if mixed { 0 } else { rank }, latest + random.up_to(noise)))
        .collect();
    let entry = |task: u32| Reverse((keys[task as usize], task));
    let mut waits: Vec<usize> = (0..net.len()).map(|task| net.before.of(task).len()).collect();
    let mut ready: BinaryHeap<_> =
        (0_u32..).zip(&waits).filter(|&(_, &waits)| waits == 0).map(|(task, _)| entry(task)).collect();
    let mut list = Vec::with_capacity(net.len());
    while let Some(Reverse((_, task))) = ready.pop() {
        list.push(task);
        for &one in net.behind.of(task as usize) {
            waits[one as usize] -= 1;
            if waits[one as usize] == 0 {
                ready.push(entry(one));
            }
        }
    }
    list
}

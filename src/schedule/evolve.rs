//! A population of lists: crossed, mutated, placed, justified, and the worst replaced.
//!
//! After Hartmann's activity lists (1998) with the double justification of Valls, Ballestín and Quintanilla (2005), the
//! goal being a vector. It never runs by time, and never returns anything worse than what it was given.

use std::ops::RangeInclusive;

use crate::schedule::goal::Goal;
use crate::schedule::improve::Search;
use crate::schedule::net::Net;
use crate::schedule::order;
use crate::schedule::random::Random;

/// Any number will do; it must only stay the same, or plans change.
const SEED: u64 = 0x424F_4E47_4857_4121;

/// So many children for each member. Fewer members breed longer, but grow alike: on PSPLIB j30 with 5,000 schedules
/// members in the hundreds halved the deviation that forty had.
const CHILDREN_PER_MEMBER: usize = 8;

/// With fewer members there is nothing to cross, with more the worst of them are never chosen.
const MEMBERS: RangeInclusive<usize> = 8..=200;

/// After so many children for each member without one that stayed, the population is as good as it gets.
const PATIENCE: usize = 20;

/// One task in so many is moved forward in a child, by up to [`FAR`] places. Rarer or shorter moves leave the list's
/// schedule as it was, more of them lose what was inherited.
const MUTATION: usize = 12;

/// How far a mutation moves a task at most.
const FAR: usize = 8;

/// One list, each task once and after its predecessors, and the worth of its schedule.
#[derive(Debug, Clone)]
struct Member {
    list: Vec<u32>,
    goal: Goal,
}

/// The place where lists are made and judged.
#[derive(Debug)]
struct Nest<'search, 'net> {
    search: &'search mut Search<'net>,
    random: Random,
    starts: Vec<u64>,
    child: Vec<u32>,
    /// Which tasks the child has already, as the number of the child.
    taken: Vec<u64>,
    stamp: u64,
}

/// Evolves until the bound is met or the effort is spent.
pub(super) fn evolve(search: &mut Search) {
    let tasks = search.net.len();
    if tasks < 2 {
        return;
    }
    let children = search.left() / (3 * tasks);
    let size = (children / CHILDREN_PER_MEMBER).clamp(*MEMBERS.start(), *MEMBERS.end());
    let mut nest = Nest {
        search,
        random: Random::new(SEED),
        starts: vec![0; tasks],
        child: Vec::with_capacity(tasks),
        taken: vec![0; tasks],
        stamp: 0,
    };
    let mut first = true;
    while nest.goes_on() {
        let mut members = nest.found(size, first);
        nest.breed(&mut members);
        first = false;
    }
}

impl Nest<'_, '_> {
    fn goes_on(&self) -> bool {
        // A list costs a pass, or two where the kept shares were misjudged, and two to justify it.
        let passes = if self.search.net.kept.is_empty() { 3 } else { 4 };
        !self.search.proven && self.search.affords(passes)
    }

    /// The first members: half of them with the classes strictly in order, half with the classes mixed, for strict
    /// lists alone miss what a later class gains where an earlier one has time; noise from hardly any to very much.
    fn found(&mut self, size: usize, first: bool) -> Vec<Member> {
        let end = self.search.goal.end();
        let mut members: Vec<Member> = Vec::with_capacity(size);
        if first {
            let list = listed(self.search.net, &self.search.starts);
            members.push(Member { list, goal: self.search.goal.clone() });
        }
        for index in members.len()..size {
            if !self.goes_on() {
                break;
            }
            let noise = end * (index as u64 + 1) / size as u64;
            self.child = order::noisy(self.search.net, &self.search.latest, index % 2 == 1, noise, &mut self.random);
            if let Some(member) = self.judge() {
                insert(&mut members, member, size);
            }
        }
        members
    }

    /// Replaces the worst by better children, until no child has been better for long.
    fn breed(&mut self, members: &mut Vec<Member>) {
        let mut idle = 0;
        while members.len() > 1 && self.goes_on() && idle < PATIENCE * members.len() {
            let (mother, father) = (self.choose(members), self.choose(members));
            self.cross(&members[mother], &members[father]);
            self.mutate();
            let size = members.len();
            let Some(member) = self.judge() else { return };
            idle = if insert(members, member, size) { 0 } else { idle + 1 };
        }
    }

    /// The better of two, by chance. Members stand best first.
    fn choose(&mut self, members: &[Member]) -> usize {
        self.random.below(members.len()).min(self.random.below(members.len()))
    }

    /// Merges two lists: always the next task of one parent that the child has not yet, changing the parent at some
    /// points. Whatever the points are, a task stays behind its predecessors.
    fn cross(&mut self, mother: &Member, father: &Member) {
        let tasks = mother.list.len();
        let uniform = self.random.below(4) == 0;
        let (one, other) = (self.random.below(tasks), self.random.below(tasks));
        let (from, to) = (one.min(other), one.max(other));
        self.stamp += 1;
        self.child.clear();
        let (mut ours, mut theirs) = (mother.list.iter(), father.list.iter());
        let mut bits = 0;
        for place in 0..tasks {
            if place % 64 == 0 {
                bits = self.random.next();
            }
            let second = if uniform { (bits >> (place % 64)) & 1 == 1 } else { (from..to).contains(&place) };
            let parent = if second { &mut theirs } else { &mut ours };
            let (taken, stamp) = (&mut self.taken, self.stamp);
            if let Some(&task) = parent.find(|&&task| taken[task as usize] != stamp) {
                taken[task as usize] = stamp;
                self.child.push(task);
            }
        }
    }

    /// Moves some tasks forward, past tasks that they do not wait for.
    fn mutate(&mut self) {
        for place in 1..self.child.len() {
            if self.random.below(MUTATION) == 0 {
                let nearest = place.saturating_sub(1 + self.random.below(FAR));
                let before = self.search.net.before.of(self.child[place] as usize);
                let mut here = place;
                while here > nearest && !before.contains(&self.child[here - 1]) {
                    self.child.swap(here - 1, here);
                    here -= 1;
                }
            }
        }
    }

    /// Makes the child's schedule. Returns nothing where the effort did not suffice.
    fn judge(&mut self) -> Option<Member> {
        let first_done = self.search.goal.finishes[0];
        self.search.desk.decode(&self.child, first_done, &mut self.starts);
        let goal = self.search.justify(&mut self.starts)?;
        self.search.offer(&goal, &self.starts);
        Some(Member { list: listed(self.search.net, &self.starts), goal })
    }
}

/// The tasks by their starts, each after its predecessors.
fn listed(net: &Net, starts: &[u64]) -> Vec<u32> {
    let mut list: Vec<u32> = net.tasks().collect();
    list.sort_by_key(|&task| starts[task as usize]);
    list
}

/// Adds a member in its place, the best first, and lets the worst go. Says whether it stayed; an equal does not.
fn insert(members: &mut Vec<Member>, member: Member, size: usize) -> bool {
    let place = members.partition_point(|one| one.goal < member.goal);
    if place >= size || members.get(place).is_some_and(|one| one.goal == member.goal) {
        return false;
    }
    members.insert(place, member);
    members.truncate(size);
    true
}

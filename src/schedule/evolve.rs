//! A population of lists: crossed, mutated, placed, justified, and the worst replaced.
//!
//! After Hartmann's activity lists (1998) with the double justification of Valls, Ballestín and Quintanilla (2005), the
//! goal being a vector. It never runs by time, and never returns anything worse than what it was given.

use crate::schedule::goal::Goal;
use crate::schedule::improve::Search;
use crate::schedule::net::Net;
use crate::schedule::order;
use crate::schedule::random::Random;

/// Any number will do; it must only stay the same, or plans change.
const SEED: u64 = 0x424F_4E47_4857_4121;

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
pub(super) fn evolve(search: &mut Search, latest: &[u64]) {
    let tasks = search.net.len();
    if tasks < 2 {
        return;
    }
    let size = population(search.left() / (3 * tasks));
    let mut nest = Nest {
        search,
        random: Random::new(SEED),
        starts: vec![0; tasks],
        child: Vec::with_capacity(tasks),
        taken: vec![0; tasks],
        stamp: 0,
    };
    while nest.goes_on() {
        let mut members = nest.found(latest, size);
        nest.breed(&mut members);
    }
}

/// How many members a number of children can raise.
fn population(children: usize) -> usize {
    (children / 14).clamp(8, 120)
}

impl Nest<'_, '_> {
    fn goes_on(&self) -> bool {
        // A list costs a pass, or two where the kept shares were misjudged, and two to justify it.
        let passes = if self.search.net.kept.is_empty() { 3 } else { 4 };
        !self.search.proven && self.search.affords(passes)
    }

    /// The first members: half of them with the classes strictly in order, half with the classes mixed, for strict
    /// lists alone miss what a later class gains where an earlier one has time; noise from hardly any to very much.
    fn found(&mut self, latest: &[u64], size: usize) -> Vec<Member> {
        let end = self.search.goal.end();
        let mut members: Vec<Member> = Vec::with_capacity(size);
        for index in 0..size {
            if !self.goes_on() {
                break;
            }
            let noise = end * (index as u64 + 1) / (size as u64 * 2);
            self.child = order::noisy(self.search.net, latest, index % 2 == 1, noise, &mut self.random);
            if let Some(member) = self.judge() {
                insert(&mut members, member, size);
            }
        }
        members
    }

    /// Replaces the worst by better children, until no child has been better for long.
    fn breed(&mut self, members: &mut Vec<Member>) {
        let mut idle = 0;
        while members.len() > 1 && self.goes_on() && idle < 20 * members.len() {
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
        let uniform = self.random.below(2) == 0;
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
            let second = if uniform { (bits >> (place % 64)) & 1 == 1 } else { from <= place && place < to };
            let parent = if second { &mut theirs } else { &mut ours };
            let (taken, stamp) = (&mut self.taken, self.stamp);
            if let Some(&task) = parent.find(|&&task| taken[task as usize] != stamp) {
                taken[task as usize] = stamp;
                self.child.push(task);
            }
        }
    }

    /// Swaps some neighbours that do not wait for each other.
    fn mutate(&mut self) {
        for place in 1..self.child.len() {
            if self.random.below(20) == 0 {
                let (one, other) = (self.child[place - 1], self.child[place]);
                if !self.search.net.before.of(other as usize).contains(&one) {
                    self.child.swap(place - 1, place);
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

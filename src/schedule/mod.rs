//! WHEN. Knows ids, durations and pools only; it has never heard of a service.
//!
//! [`schedule`] gives every task a start: class by class, by serial schedule generation, then improved within an
//! [`Effort`] that is counted in work and never in time. Same inputs give the same bytes on every machine: this room
//! has no clock, no floating point, and no randomness but its own seeded numbers.
//!
//! The goal is defined once: F_k is the last finish of any task of class <= k, and the vector F_0, F_1, ... is compared
//! lexicographically, so that a later class never delays an earlier one; then the sum of all finishes decides. Weights
//! are never used: they overflow, or lose a second of the first class in the rounding.
//!
//! Nothing here is called minimal unless a bound proves it: see [`ClassFinish::proven`].

mod bound;
mod chain;
mod evolve;
mod goal;
mod improve;
mod net;
mod order;
mod random;
mod serial;
mod skyline;

use crate::model::Millis;

pub use chain::Chains;
pub use chain::Link;
pub use chain::Why;
pub use chain::critical_chain;

/// One piece of work: it runs once, without a pause, and holds what it claims from its start to its finish.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    /// How long it runs. Nothing at all is allowed: such a task marks a moment, and its claims hold nothing.
    pub duration: Millis,
    /// How soon it matters: 0 is the most urgent. What a more urgent task waits for is treated as just as urgent.
    pub class: u8,
    /// The tasks that must have finished before this one starts, as indices into [`Problem::tasks`].
    pub after: Vec<u32>,
    /// What it holds while it runs. Claims on the same pool add up.
    pub claims: Vec<Claim>,
}

/// A part of a pool that a task holds while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Which pool, as an index into [`Problem::pools`].
    pub pool: u32,
    /// How many of its units; none at all is allowed.
    pub amount: u32,
}

/// Something that there is only so much of at any instant: people, slots at a site, calls to an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// How many units there are.
    pub size: u32,
    /// How many units tasks of class > 0 may not touch until every task of class 0 has finished. Without any task of
    /// class 0 nothing is kept.
    pub kept_for_first: u32,
}

/// All that is to be scheduled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// The tasks; their indices are their names.
    pub tasks: Vec<Task>,
    /// The pools; their indices are their names.
    pub pools: Vec<Pool>,
}

/// How much work the search may do, in placements: one placement is one task put at its place once, in any pass.
///
/// Never time: a plan made on a slow laptop must be the plan that was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effort(pub u64);

impl Effort {
    /// Buys about forty improved schedules of 800 tasks, in some tens of milliseconds: no one waits for it, and the
    /// curve of what more work gains is already flat there.
    pub const DEFAULT: Self = Self(100_000);
}

impl Default for Effort {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why there can be no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Tasks wait for each other: each of these must finish before the next one starts, and the last before the first.
    #[error("tasks wait for each other in a circle: {0:?}")]
    Cycle(Vec<u32>),
    /// A task waits for one that does not exist.
    #[error("task {task} comes after task {predecessor}, which does not exist")]
    UnknownPredecessor {
        /// Who waits.
        task: u32,
        /// For whom.
        predecessor: u32,
    },
    /// A task claims from a pool that does not exist.
    #[error("task {task} claims from pool {pool}, which does not exist")]
    UnknownPool {
        /// Who claims.
        task: u32,
        /// From what.
        pool: u32,
    },
    /// A task claims more than there is, so that no wait would help.
    #[error("task {task} claims {amount} of pool {pool}, which holds {available}")]
    Impossible {
        /// Who claims.
        task: u32,
        /// From what.
        pool: u32,
        /// How much, all its claims on this pool taken together.
        amount: u32,
        /// The size of the pool.
        available: u32,
    },
    /// All durations together exceed [`LONGEST`], where sums of times would no longer be safe.
    #[error("all durations together exceed {LONGEST}")]
    TooLong,
}

/// The longest that all durations may be together: a thousandth of what 64 bits can hold, so that no sum of a few
/// times can overflow. It is half a million years.
pub const LONGEST: Millis = Millis(1 << 54);

/// When each task starts, how soon each class is done, and how good that is at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The start of each task, by its index.
    pub starts: Vec<Millis>,
    /// The earliest start of each task by precedence alone, as if every pool were endless: a proven bound for each.
    pub heads: Vec<Millis>,
    /// One entry for each class that any task declares, most urgent first.
    pub finish_by_class: Vec<ClassFinish>,
    /// How many placements were spent. At most the effort, except that the first pass is always made.
    pub placements: u64,
}

/// How soon a class is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassFinish {
    /// Which class.
    pub class: u8,
    /// The last finish of any task of this class or a more urgent one.
    pub finish: Millis,
    /// No schedule in which the more urgent classes finish when they do here can finish this one sooner.
    pub bound: Millis,
    /// Whether `finish` meets `bound`, and so for all more urgent classes: only then is it the least possible.
    pub proven: bool,
}

/// Gives every task a start.
///
/// Up to 5,000 tasks are evolved. Of more, the effort buys only a few passes: a greedy one, which is always made, then
/// justifications, two passes each. It helps most to allow five passes or more.
///
/// # Errors
///
/// Says why there can be no schedule: see [`ScheduleError`].
pub fn schedule(problem: &Problem, effort: Effort) -> Result<Schedule, ScheduleError> {
    let net = net::Net::build(problem)?;
    let found = improve::improve(&net, effort);
    Ok(Schedule {
        starts: by_index(&net, &found.starts),
        heads: by_index(&net, &net.heads()),
        finish_by_class: classes(&net, &found),
        placements: found.placements,
    })
}

/// The starts that [`schedule`] gives for no effort at all, without asking how good they are, where the tasks that
/// `no_time` names by their index take none.
///
/// # Errors
///
/// Says why there can be no schedule: see [`ScheduleError`].
pub fn greedy(problem: &Problem, no_time: impl Fn(usize) -> bool) -> Result<Vec<Millis>, ScheduleError> {
    let net = net::Net::where_some_take_no_time(problem, no_time)?;
    Ok(by_index(&net, &improve::greedy(&net)))
}

/// Times in the order of the net, in that of the problem.
fn by_index(net: &net::Net, times: &[u64]) -> Vec<Millis> {
    let mut sorted = vec![Millis::ZERO; times.len()];
    for (&time, &origin) in times.iter().zip(&net.origin) {
        sorted[origin as usize] = Millis(time);
    }
    sorted
}

/// The finishes of all declared classes. A class whose tasks were all raised finishes with the class before it.
fn classes(net: &net::Net, found: &improve::Found) -> Vec<ClassFinish> {
    let mut report = Vec::with_capacity(net.declared.len());
    let mut rank = 0;
    let mut last = ClassFinish { class: 0, finish: Millis::ZERO, bound: Millis::ZERO, proven: true };
    for &class in &net.declared {
        while net.classes.get(rank).is_some_and(|&effective| effective <= class) {
            let finish = Millis(found.finishes[rank]);
            let bound = Millis(found.bounds[rank]);
            last = ClassFinish { class, finish, bound, proven: last.proven && finish == bound };
            rank += 1;
        }
        // Where nothing was added, the finish of the class before is given, and is therefore the bound as well.
        let bound = if last.class == class { last.bound } else { last.finish };
        last = ClassFinish { class, bound, ..last };
        report.push(last);
    }
    report
}

#[cfg(test)]
mod checker;

#[cfg(test)]
mod tests;

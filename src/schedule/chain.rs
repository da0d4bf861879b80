//! Why a task starts when it does: the chain of tasks that leads to it, each with the reason that it waited for.
//!
//! It reads a schedule and changes nothing; it would rather end a chain early than tell a reason that is not so.

use crate::model::Millis;
use crate::schedule::Problem;
use crate::schedule::Schedule;
use crate::schedule::net::Net;

/// One task of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Which task.
    pub task: u32,
    /// When it starts.
    pub start: Millis,
    /// When it finishes.
    pub finish: Millis,
    /// Why it does not start a millisecond sooner.
    pub why: Why,
}

/// Why a task does not start a millisecond sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It starts at 0. In a schedule that was made elsewhere: for no reason that can be seen.
    Nothing,
    /// It waits for this task, its predecessor, which finishes at that instant.
    After(u32),
    /// There was not enough left in a pool until a task gave its part back.
    Pool {
        /// Which pool.
        pool: u32,
        /// The task that finishes at that instant.
        behind: u32,
    },
    /// What was left of this pool was kept for the first class, which is done at that instant. The link before is the
    /// last task of the first class.
    Kept {
        /// Which pool.
        pool: u32,
    },
}

/// The chain that ends with `task`, the first link first: each link starts at the instant at which the link before it
/// finishes, and says why it waited for that. Nothing where the problem, the schedule and the task do not belong together.
#[must_use]
pub fn critical_chain(problem: &Problem, schedule: &Schedule, task: u32) -> Vec<Link> {
    Chains::of(problem, schedule).map_or(Vec::new(), |chains| chains.to(task))
}

/// A schedule, laid out to ask after the chains of many of its tasks.
#[derive(Debug)]
pub struct Chains {
    net: Net,
    starts: Vec<u64>,
    usage: Usage,
    /// The number in the net of each task of the problem.
    number: Vec<usize>,
}

impl Chains {
    /// Lays out a schedule; nothing where the problem and the schedule do not belong together.
    #[must_use]
    pub fn of(problem: &Problem, schedule: &Schedule) -> Option<Self> {
        let net = Net::build(problem).ok().filter(|net| schedule.starts.len() == net.len())?;
        let starts: Vec<u64> = net.origin.iter().map(|&old| schedule.starts[old as usize].0).collect();
        let mut number = vec![0; net.len()];
        for (new, &old) in net.origin.iter().enumerate() {
            number[old as usize] = new;
        }
        let usage = Usage::of(&net, &starts);
        Some(Self { net, starts, usage, number })
    }

    /// The chain that ends with a task: see [`critical_chain`].
    #[must_use]
    pub fn to(&self, task: u32) -> Vec<Link> {
        let mut here = self.number.get(task as usize).copied();
        let mut chain = Vec::new();
        while let Some(task) = here {
            let (why, earlier) = self.why(task);
            let start = Millis(self.starts[task]);
            let finish = start + Millis(self.net.durations[task]);
            chain.push(Link { task: self.net.origin[task], start, finish, why });
            here = earlier;
        }
        chain.reverse();
        chain
    }

    /// The reason of one task, and the task to go on with.
    fn why(&self, task: usize) -> (Why, Option<usize>) {
        let start = self.starts[task];
        if start == 0 {
            return (Why::Nothing, None);
        }
        let before = self.net.before.of(task).iter().map(|&one| one as usize);
        let last = before.filter(|&one| self.starts[one] + self.net.durations[one] == start);
        if let Some(one) = last.min_by_key(|&one| self.net.origin[one]) {
            return (Why::After(self.net.origin[one]), Some(one));
        }
        self.net
            .needs(task)
            .iter()
            .find_map(|need| self.blocked(need.pool, need.amount, start))
            .unwrap_or((Why::Nothing, None))
    }

    /// Whether so much of a pool was out of reach until `start`, and who gave it back.
    fn blocked(&self, pool: u32, amount: u32, start: u64) -> Option<(Why, Option<usize>)> {
        let steps = &self.usage.steps[pool as usize];
        let taken = steps.partition_point(|&(from, _)| from < start).checked_sub(1).map_or(0, |step| steps[step].1);
        let kept = self.net.kept.iter().find(|kept| kept.shadow == pool);
        let kept_until = self.usage.first_done.filter(|&(done, _)| kept.is_some() && start <= done);
        let out_of_reach = kept.filter(|_| kept_until.is_some()).map_or(0, |kept| u64::from(kept.amount));
        if taken + out_of_reach + u64::from(amount) <= u64::from(self.net.sizes[pool as usize]) {
            return None;
        }
        let real = kept.map_or(pool, |kept| kept.pool);
        if let Some((_, last)) = kept_until.filter(|&(done, _)| done == start) {
            return Some((Why::Kept { pool: real }, Some(last)));
        }
        let finishes = &self.usage.finishes[pool as usize];
        let same = finishes[finishes.partition_point(|&(finish, _)| finish < start)..].iter();
        let behind = same.take_while(|&&(finish, _)| finish == start).map(|&(_, task)| task as usize);
        let behind = behind.min_by_key(|&task| self.net.origin[task])?;
        Some((Why::Pool { pool: real, behind: self.net.origin[behind] }, Some(behind)))
    }
}

/// What a schedule takes of each pool, and who gives it back when.
#[derive(Debug)]
struct Usage {
    /// For each pool: from this instant on so much is taken.
    steps: Vec<Vec<(u64, u64)>>,
    /// For each pool: finishes, each with its task, in order.
    finishes: Vec<Vec<(u64, u32)>>,
    /// The last task of the first rank, and its finish.
    first_done: Option<(u64, usize)>,
}

impl Usage {
    fn of(net: &Net, starts: &[u64]) -> Self {
        let mut events: Vec<Vec<(u64, i64)>> = vec![Vec::new(); net.sizes.len()];
        let mut finishes: Vec<Vec<(u64, u32)>> = vec![Vec::new(); net.sizes.len()];
        for (task, &start) in (0_u32..).zip(starts) {
            let finish = start + net.durations[task as usize];
            for need in net.needs(task as usize) {
                let pool = need.pool as usize;
                events[pool].extend([(start, i64::from(need.amount)), (finish, -i64::from(need.amount))]);
                finishes[pool].push((finish, task));
            }
        }
        for list in &mut finishes {
            list.sort_unstable();
        }
        let steps = events.into_iter().map(steps).collect();
        let first = (0..net.len()).filter(|&task| net.ranks[task] == 0);
        let first_done = first.map(|task| (starts[task] + net.durations[task], task)).max();
        Self { steps, finishes, first_done }
    }
}

/// Adds up what is taken and given back, in order of time.
fn steps(mut events: Vec<(u64, i64)>) -> Vec<(u64, u64)> {
    events.sort_unstable();
    let mut steps: Vec<(u64, u64)> = Vec::with_capacity(events.len());
    let mut taken = 0_i64;
    for (at, change) in events {
        taken += change;
        let now = u64::try_from(taken).unwrap_or(0);
        match steps.last_mut() {
            Some(step) if step.0 == at => step.1 = now,
            _ => steps.push((at, now)),
        }
    }
    steps
}

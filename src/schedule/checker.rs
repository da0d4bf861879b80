//! A second pair of eyes for schedules, for tests only. It shares no code with the room: slow, and plain.

use crate::schedule::Problem;
use crate::schedule::Schedule;

/// The class of each task, raised to that of the most urgent task that waits for it: by asking until nothing changes.
pub(super) fn effective(problem: &Problem) -> Vec<u8> {
    let mut class: Vec<u8> = problem.tasks.iter().map(|task| task.class).collect();
    loop {
        let mut changed = false;
        for (index, task) in problem.tasks.iter().enumerate() {
            for &before in &task.after {
                if class[before as usize] > class[index] {
                    class[before as usize] = class[index];
                    changed = true;
                }
            }
        }
        if !changed {
            return class;
        }
    }
}

/// All that is wrong with starts, in words.
pub(super) fn faults(problem: &Problem, starts: &[u64]) -> Vec<String> {
    let mut faults = Vec::new();
    let finish = |task: usize| starts[task] + problem.tasks[task].duration.0;
    for (index, task) in problem.tasks.iter().enumerate() {
        for &before in task.after.iter().filter(|&&before| finish(before as usize) > starts[index]) {
            faults.push(format!("{index} starts before {before} has finished"));
        }
    }
    let class = effective(problem);
    let first_done = (0..starts.len()).filter(|&task| class[task] == 0).map(finish).max();
    for (number, pool) in problem.pools.iter().enumerate() {
        // Usage only rises where something starts.
        for &instant in starts {
            let mut all = 0;
            let mut later = 0;
            for (index, task) in problem.tasks.iter().enumerate() {
                if starts[index] <= instant && instant < finish(index) {
                    let claims = task.claims.iter().filter(|claim| claim.pool as usize == number);
                    let amount: u64 = claims.map(|claim| u64::from(claim.amount)).sum();
                    all += amount;
                    later += if class[index] > 0 { amount } else { 0 };
                }
            }
            if all > u64::from(pool.size) {
                faults.push(format!("pool {number} holds {all} at {instant}"));
            }
            let open = u64::from(pool.size.saturating_sub(pool.kept_for_first));
            if first_done.is_some_and(|done| instant < done) && later > open {
                faults.push(format!("pool {number}: {later} of what is kept at {instant}"));
            }
        }
    }
    faults
}

/// A task that could start a millisecond sooner, all others staying where they are.
pub(super) fn loose(problem: &Problem, starts: &[u64]) -> Option<usize> {
    (0..starts.len()).filter(|&task| starts[task] > 0).find(|&task| {
        let mut sooner = starts.to_vec();
        sooner[task] -= 1;
        faults(problem, &sooner).is_empty()
    })
}

/// The last finish of each declared class and all more urgent ones, and the sum of all finishes.
pub(super) fn goal(problem: &Problem, starts: &[u64]) -> (Vec<(u8, u64)>, u128) {
    let mut classes: Vec<u8> = problem.tasks.iter().map(|task| task.class).collect();
    classes.sort_unstable();
    classes.dedup();
    let finish = |task: usize| starts[task] + problem.tasks[task].duration.0;
    let last = |class: u8| {
        let tasks = (0..starts.len()).filter(|&task| problem.tasks[task].class <= class);
        (class, tasks.map(finish).max().unwrap_or(0))
    };
    let sum = (0..starts.len()).map(|task| u128::from(finish(task))).sum();
    (classes.into_iter().map(last).collect(), sum)
}

/// The starts of a schedule as plain numbers.
pub(super) fn starts(schedule: &Schedule) -> Vec<u64> {
    schedule.starts.iter().map(|start| start.0).collect()
}

/// The least goal of all, by trying every order and placing each task at the earliest instant that breaks no rule.
///
/// Some order leads to the best schedule (Sprecher, Kolisch and Drexl 1995: the active schedules). With something kept
/// the end of the first class is guessed as well, from every value that it can have.
pub(super) fn best(problem: &Problem) -> Vec<(u8, u64)> {
    let class = effective(problem);
    let total: u64 = problem.tasks.iter().map(|task| task.duration.0).sum();
    let kept = class.contains(&0) && problem.pools.iter().any(|pool| pool.kept_for_first > 0);
    let mut best: Option<Vec<(u8, u64)>> = None;
    for first_done in if kept { 0..=total } else { 0..=0 } {
        let mut trial = Trial { problem, class: &class, first_done, starts: vec![None; class.len()], best: &mut best };
        trial.place_rest();
    }
    best.unwrap_or_default()
}

/// One guess at the end of the first class, and the tasks that are placed so far.
struct Trial<'of> {
    problem: &'of Problem,
    class: &'of [u8],
    first_done: u64,
    starts: Vec<Option<u64>>,
    best: &'of mut Option<Vec<(u8, u64)>>,
}

impl Trial<'_> {
    fn place_rest(&mut self) {
        if self.starts.iter().all(Option::is_some) {
            let starts: Vec<u64> = self.starts.iter().map(|start| start.unwrap_or(0)).collect();
            if faults(self.problem, &starts).is_empty() {
                let goal = goal(self.problem, &starts).0;
                if self.best.as_ref().is_none_or(|best| goal < *best) {
                    *self.best = Some(goal);
                }
            }
            return;
        }
        for task in 0..self.starts.len() {
            let placed = |before: &u32| self.starts[*before as usize].is_some();
            if self.starts[task].is_none() && self.problem.tasks[task].after.iter().all(placed) {
                self.starts[task] = Some(self.earliest(task));
                self.place_rest();
                self.starts[task] = None;
            }
        }
    }

    fn earliest(&self, task: usize) -> u64 {
        let finish = |one: usize| self.starts[one].map_or(0, |start| start + self.problem.tasks[one].duration.0);
        let before = self.problem.tasks[task].after.iter();
        let ready = before.map(|&one| finish(one as usize)).max().unwrap_or(0);
        (ready..).find(|&start| self.fits(task, start)).unwrap_or(ready)
    }

    fn fits(&self, task: usize, start: u64) -> bool {
        let amount = |one: usize, pool: usize| -> u64 {
            let claims = self.problem.tasks[one].claims.iter().filter(|claim| claim.pool as usize == pool);
            claims.map(|claim| u64::from(claim.amount)).sum()
        };
        let end = start + self.problem.tasks[task].duration.0;
        (start..end).all(|instant| {
            self.problem.pools.iter().enumerate().all(|(number, pool)| {
                let runs = |&one: &usize| {
                    let duration = self.problem.tasks[one].duration.0;
                    one == task || self.starts[one].is_some_and(|from| from <= instant && instant < from + duration)
                };
                let all: u64 = (0..self.starts.len()).filter(runs).map(|one| amount(one, number)).sum();
                let others = |&one: &usize| runs(&one) && self.class[one] > 0;
                let later: u64 = (0..self.starts.len()).filter(others).map(|one| amount(one, number)).sum();
                let open = u64::from(pool.size.saturating_sub(pool.kept_for_first));
                let bound = self.class[task] == 0 || instant >= self.first_done || later <= open;
                all <= u64::from(pool.size) && bound
            })
        })
    }
}

/// Whether some schedule keeps all rules, ends the classes before the last of `goal` exactly when it says, and that
/// last one sooner: by trying all starts up to the sum of all durations, for very few and very short tasks.
pub(super) fn beats(problem: &Problem, goal: &[(u8, u64)]) -> bool {
    let total: u64 = problem.tasks.iter().map(|task| task.duration.0).sum();
    let mut starts = vec![0; problem.tasks.len()];
    loop {
        let found = self::goal(problem, &starts).0;
        let (last, before) = (goal.len() - 1, &goal[..goal.len() - 1]);
        if found[..last] == *before && found[last].1 < goal[last].1 && faults(problem, &starts).is_empty() {
            return true;
        }
        // The next combination, as an odometer counts.
        let Some(turned) = starts.iter().position(|&start| start < total) else { return false };
        starts[turned] += 1;
        starts[..turned].fill(0);
    }
}

//! The problem, checked and laid out for speed: tasks renumbered so that every predecessor has a lower number.
//!
//! Everything that can be wrong with a problem is found here; the rest of the room cannot fail. It never decides when
//! anything starts.

use crate::schedule::LONGEST;
use crate::schedule::Problem;
use crate::schedule::ScheduleError;

/// Lists of numbers, one list for each task, end to end in one array.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    /// Where each list begins; one more entry than there are lists.
    at: Vec<usize>,
    items: Vec<u32>,
}

impl Lists {
    /// The list of one task.
    #[inline]
    pub(super) fn of(&self, task: usize) -> &[u32] {
        &self.items[self.at[task]..self.at[task + 1]]
    }

    /// Sorts pairs (list, item) into lists; inside a list the order of the pairs stays.
    fn gather(lists: usize, pairs: &[(u32, u32)]) -> Self {
        let mut at = vec![0; lists + 1];
        for &(list, _) in pairs {
            at[list as usize + 1] += 1;
        }
        for list in 0..lists {
            at[list + 1] += at[list];
        }
        let mut next = at.clone();
        let mut items = vec![0; pairs.len()];
        for &(list, item) in pairs {
            items[next[list as usize]] = item;
            next[list as usize] += 1;
        }
        Self { at, items }
    }
}

/// What a task holds of one pool while it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    /// Index into [`Net::sizes`].
    pub(super) pool: u32,
    /// At least one unit, at most the size.
    pub(super) amount: u32,
}

/// The share of a pool that is kept for the first class, as a shadow pool that only the other classes claim from.
///
/// The shadow is as large as its pool, and `amount` of it is taken until the first class is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// The index of the shadow in [`Net::sizes`].
    pub(super) shadow: u32,
    /// The pool it belongs to.
    pub(super) pool: u32,
    /// How much is taken.
    pub(super) amount: u32,
}

/// A checked problem. Task numbers here are positions in a topological order.
#[derive(Debug, Clone, Default)]
pub(super) struct Net {
    /// The index of each task in the problem.
    pub(super) origin: Vec<u32>,
    /// In milliseconds.
    pub(super) durations: Vec<u64>,
    /// Who must finish before.
    pub(super) before: Lists,
    /// Who waits for it.
    pub(super) behind: Lists,
    /// Effective classes, counted without holes.
    pub(super) ranks: Vec<u8>,
    /// The class of each rank.
    pub(super) classes: Vec<u8>,
    /// All classes that tasks declare, in order.
    pub(super) declared: Vec<u8>,
    need_at: Vec<usize>,
    needs: Vec<Need>,
    /// The size of each pool, the shadows last.
    pub(super) sizes: Vec<u32>,
    /// The shadows. Empty when nothing is kept.
    pub(super) kept: Vec<Kept>,
}

impl Net {
    /// Checks and lays out.
    pub(super) fn build(problem: &Problem) -> Result<Self, ScheduleError> {
        Self::where_some_take_no_time(problem, |_| false)
    }

    /// The same, as if some tasks, by their index in the problem, took no time.
    pub(super) fn where_some_take_no_time(
        problem: &Problem,
        no_time: impl Fn(usize) -> bool,
    ) -> Result<Self, ScheduleError> {
        check(problem)?;
        let origin = topological(problem)?;
        let mut number = vec![0_u32; origin.len()];
        for (new, &old) in (0..).zip(&origin) {
            number[old as usize] = new;
        }
        let mut pairs = Vec::with_capacity(problem.tasks.iter().map(|task| task.after.len()).sum());
        let mut before = Vec::new();
        for (new, &old) in (0..).zip(&origin) {
            before.clear();
            before.extend(problem.tasks[old as usize].after.iter().map(|&task| number[task as usize]));
            before.sort_unstable();
            before.dedup();
            pairs.extend(before.iter().map(|&task| (new, task)));
        }
        let before = Lists::gather(origin.len(), &pairs);
        for pair in &mut pairs {
            *pair = (pair.1, pair.0);
        }
        let behind = Lists::gather(origin.len(), &pairs);
        let lasts = |old: usize| if no_time(old) { 0 } else { problem.tasks[old].duration.0 };
        let durations = origin.iter().map(|&old| lasts(old as usize)).collect();
        let mut net = Self { origin, durations, before, behind, ..Self::default() };
        net.rank(problem);
        net.claim(problem)?;
        Ok(net)
    }

    /// How many tasks there are.
    pub(super) fn len(&self) -> usize {
        self.durations.len()
    }

    /// The numbers of all tasks.
    pub(super) fn tasks(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// What a task holds; nothing where it takes no time.
    #[inline]
    pub(super) fn needs(&self, task: usize) -> &[Need] {
        &self.needs[self.need_at[task]..self.need_at[task + 1]]
    }

    /// The earliest start of each task by precedence alone.
    pub(super) fn heads(&self) -> Vec<u64> {
        let mut heads = vec![0; self.len()];
        for task in 0..self.len() {
            let ready = self.before.of(task).iter().map(|&one| heads[one as usize] + self.durations[one as usize]);
            heads[task] = ready.max().unwrap_or(0);
        }
        heads
    }

    /// The tasks of the first rank alone, with their numbers in this net. They wait for nobody else, and nothing is
    /// kept from them.
    pub(super) fn first_rank(&self) -> (Self, Vec<u32>) {
        let chosen: Vec<u32> = self.tasks().filter(|&task| self.ranks[task as usize] == 0).collect();
        let mut number = vec![0; self.len()];
        for (new, &old) in (0_u32..).zip(&chosen) {
            number[old as usize] = new;
        }
        let of_first = |lists: &Lists| {
            let pairs: Vec<(u32, u32)> = chosen
                .iter()
                .flat_map(|&old| lists.of(old as usize).iter().map(move |&one| (old, one)))
                .filter(|&(_, one)| self.ranks[one as usize] == 0)
                .map(|(old, one)| (number[old as usize], number[one as usize]))
                .collect();
            Lists::gather(chosen.len(), &pairs)
        };
        let mut first = Self {
            origin: chosen.iter().map(|&old| self.origin[old as usize]).collect(),
            durations: chosen.iter().map(|&old| self.durations[old as usize]).collect(),
            before: of_first(&self.before),
            behind: of_first(&self.behind),
            ranks: vec![0; chosen.len()],
            classes: self.classes[..1].to_vec(),
            sizes: self.sizes.clone(),
            need_at: vec![0],
            ..Self::default()
        };
        for &old in &chosen {
            first.needs.extend(self.needs(old as usize));
            first.need_at.push(first.needs.len());
        }
        (first, chosen)
    }

    /// Raises each task to the most urgent class that waits for it.
    fn rank(&mut self, problem: &Problem) {
        let mut class: Vec<u8> = self.origin.iter().map(|&old| problem.tasks[old as usize].class).collect();
        self.declared.clone_from(&class);
        for task in (0..class.len()).rev() {
            let urgent = self.behind.of(task).iter().map(|&one| class[one as usize]).min();
            class[task] = class[task].min(urgent.unwrap_or(u8::MAX));
        }
        self.classes.clone_from(&class);
        for list in [&mut self.declared, &mut self.classes] {
            list.sort_unstable();
            list.dedup();
        }
        let mut rank_of = [0_u8; 256];
        for (rank, &class) in (0..=u8::MAX).zip(&self.classes) {
            rank_of[usize::from(class)] = rank;
        }
        self.ranks = class.iter().map(|&class| rank_of[usize::from(class)]).collect();
    }

    /// Adds up the claims of each task, and gives the classes after the first one their shadow claims.
    fn claim(&mut self, problem: &Problem) -> Result<(), ScheduleError> {
        self.sizes = problem.pools.iter().map(|pool| pool.size).collect();
        let mut shadow_of = vec![None; problem.pools.len()];
        if self.classes.first() == Some(&0) {
            for (index, pool) in (0_u32..).zip(&problem.pools) {
                let amount = pool.kept_for_first.min(pool.size);
                if amount > 0 {
                    let shadow = u32::try_from(self.sizes.len()).unwrap_or(u32::MAX);
                    shadow_of[index as usize] = Some(shadow);
                    self.kept.push(Kept { shadow, pool: index, amount });
                    self.sizes.push(pool.size);
                }
            }
        }
        self.need_at.push(0);
        let mut claims = Vec::new();
        for task in 0..self.len() {
            let old = self.origin[task];
            totals(problem, old, &mut claims);
            for &(pool, amount) in &claims {
                let available = problem.pools[pool as usize].size;
                let amount = u32::try_from(amount).unwrap_or(u32::MAX);
                if amount > available {
                    return Err(ScheduleError::Impossible { task: old, pool, amount, available });
                }
                if amount > 0 && self.durations[task] > 0 {
                    self.needs.push(Need { pool, amount });
                    if let Some(pool) = shadow_of[pool as usize].filter(|_| self.ranks[task] > 0) {
                        self.needs.push(Need { pool, amount });
                    }
                }
            }
            self.need_at.push(self.needs.len());
        }
        Ok(())
    }
}

/// The claims of one task, each pool once, in order.
fn totals(problem: &Problem, task: u32, totals: &mut Vec<(u32, u64)>) {
    totals.clear();
    totals.extend(problem.tasks[task as usize].claims.iter().map(|claim| (claim.pool, u64::from(claim.amount))));
    totals.sort_unstable_by_key(|&(pool, _)| pool);
    totals.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 = if same { kept.1.saturating_add(next.1) } else { kept.1 };
        same
    });
}

/// Refuses names that do not exist, and durations whose sums could overflow.
fn check(problem: &Problem) -> Result<(), ScheduleError> {
    let mut total: u64 = 0;
    for (index, task) in (0_u32..).zip(&problem.tasks) {
        if let Some(&predecessor) = task.after.iter().find(|&&one| one as usize >= problem.tasks.len()) {
            return Err(ScheduleError::UnknownPredecessor { task: index, predecessor });
        }
        if let Some(claim) = task.claims.iter().find(|claim| claim.pool as usize >= problem.pools.len()) {
            return Err(ScheduleError::UnknownPool { task: index, pool: claim.pool });
        }
        total = total.saturating_add(task.duration.0);
    }
    if total > LONGEST.0 { Err(ScheduleError::TooLong) } else { Ok(()) }
}

/// All tasks, each after its predecessors (Kahn's algorithm: a queue, no recursion).
fn topological(problem: &Problem) -> Result<Vec<u32>, ScheduleError> {
    let mut waits: Vec<usize> = problem.tasks.iter().map(|task| task.after.len()).collect();
    let pairs: Vec<(u32, u32)> =
        (0..).zip(&problem.tasks).flat_map(|(index, task)| task.after.iter().map(move |&one| (one, index))).collect();
    let behind = Lists::gather(problem.tasks.len(), &pairs);
    let mut order: Vec<u32> = (0..).zip(&waits).filter(|&(_, &waits)| waits == 0).map(|(index, _)| index).collect();
    let mut next = 0;
    while let Some(&task) = order.get(next) {
        next += 1;
        for &one in behind.of(task as usize) {
            waits[one as usize] -= 1;
            if waits[one as usize] == 0 {
                order.push(one);
            }
        }
    }
    if order.len() == waits.len() { Ok(order) } else { Err(ScheduleError::Cycle(cycle(problem, &waits))) }
}

/// One circle among the tasks that still wait, in the order of work, its lowest number first.
fn cycle(problem: &Problem, waits: &[usize]) -> Vec<u32> {
    let stuck = |task: &u32| waits[*task as usize] > 0;
    let mut path: Vec<u32> = Vec::new();
    let mut seen_at = vec![usize::MAX; waits.len()];
    let mut here = (0_u32..).zip(waits).find(|&(_, &waits)| waits > 0).map(|(index, _)| index);
    // Whoever is stuck has a predecessor that is stuck: walking back must come around.
    while let Some(task) = here {
        if seen_at[task as usize] != usize::MAX {
            path.drain(..seen_at[task as usize]);
            break;
        }
        seen_at[task as usize] = path.len();
        path.push(task);
        here = problem.tasks[task as usize].after.iter().copied().find(stuck);
    }
    path.reverse();
    let lowest = (0..path.len()).min_by_key(|&index| path[index]).unwrap_or(0);
    path.rotate_left(lowest);
    path
}

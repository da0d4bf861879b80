//! How much of each pool is taken at each instant, as steps: the earliest gap that is wide enough, and taking it.
//!
//! It never knows which task took what, and never gives anything back: a pass starts from an empty skyline.

use crate::schedule::net::Need;

/// From this instant on, until the next step, so much is taken.
#[derive(Debug, Clone, Copy)]
struct Step {
    from: u64,
    used: u32,
}

/// The steps of one pool. The first begins at 0, the last lasts for ever and is empty; neighbours always differ, so
/// that a stretch where the pool is exhausted is one step, however many tasks share it.
#[derive(Debug, Clone)]
struct Pool {
    size: u32,
    steps: Vec<Step>,
}

/// What a long search has found out: whoever needs at least this, for at least so long, cannot start in this stretch.
///
/// It stays true for the whole pass, as nothing is ever given back. It changes no answer, only the time that answers
/// take: tasks of uneven length leave small change behind, and fifty thousand of them would all count it again (ten
/// times as long, where they need one to three of ten).
#[derive(Debug, Clone)]
struct Barren {
    needs: Vec<Need>,
    duration: u64,
    from: u64,
    to: u64,
}

impl Barren {
    /// Whether it holds for these needs as well. All lists have the same order of pools; with another, fewer would match.
    #[inline]
    fn holds_for(&self, needs: &[Need], duration: u64) -> bool {
        let mut rest = needs.iter();
        self.duration <= duration
            && self.needs.iter().all(|need| rest.any(|one| one.pool == need.pool && one.amount >= need.amount))
    }
}

/// A search of more questions to pools, or eight times as many steps, is worth remembering; most end after a few.
const LONG_SEARCH: usize = 64;

/// Walking over so many steps takes as long as finding the first of them.
const STEPS_PER_QUESTION: usize = 8;

/// So many findings are kept for each pool, and a search looks at all of them: that costs less than one long search.
const FINDINGS: usize = 32;

/// The steps of all pools.
#[derive(Debug, Clone)]
pub(super) struct Skyline {
    pools: Vec<Pool>,
    /// For each pool that is a task's first.
    barren: Vec<Vec<Barren>>,
    oldest: usize,
}

impl Skyline {
    /// Empty pools of these sizes.
    pub(super) fn new(sizes: &[u32]) -> Self {
        let pools = sizes.iter().map(|&size| Pool { size, steps: vec![Step { from: 0, used: 0 }] }).collect();
        Self { pools, barren: vec![Vec::new(); sizes.len()], oldest: 0 }
    }

    /// Empties all pools.
    pub(super) fn clear(&mut self) {
        for (pool, barren) in self.pools.iter_mut().zip(&mut self.barren) {
            barren.clear();
            pool.steps.clear();
            pool.steps.push(Step { from: 0, used: 0 });
        }
    }

    /// The earliest instant from `ready` on at which all needs can be held for the whole duration, which is not zero.
    #[inline]
    pub(super) fn earliest(&mut self, needs: &[Need], ready: u64, duration: u64) -> u64 {
        let (mut from, mut start) = (ready, ready);
        let first = needs[0].pool as usize;
        for barren in &self.barren[first] {
            if barren.from <= start && start < barren.to && barren.holds_for(needs, duration) {
                from = from.min(barren.from);
                start = barren.to;
            }
        }
        // A pool that pushes the start makes all others to be asked again: once all in a row agree, it stands.
        let mut agreed = 0;
        let mut next = 0;
        let mut asked = 0;
        while agreed < needs.len() {
            let need = needs[next];
            let (pushed, steps) = self.pools[need.pool as usize].earliest(need.amount, start, duration);
            agreed = if pushed == start { agreed + 1 } else { 1 };
            start = pushed;
            next = if next + 1 == needs.len() { 0 } else { next + 1 };
            asked += 1 + steps / STEPS_PER_QUESTION;
        }
        if asked > LONG_SEARCH {
            self.remember(Barren { needs: needs.to_vec(), duration, from, to: start });
        }
        start
    }

    /// Keeps a finding, in the place of one that says less, or of the oldest.
    fn remember(&mut self, new: Barren) {
        let known = &mut self.barren[new.needs[0].pool as usize];
        let says_less =
            |old: &Barren| new.from <= old.from && old.to <= new.to && new.holds_for(&old.needs, old.duration);
        if let Some(old) = known.iter_mut().find(|old| says_less(old)) {
            *old = new;
        } else if known.len() < FINDINGS {
            known.push(new);
        } else {
            known[self.oldest % FINDINGS] = new;
            self.oldest += 1;
        }
    }

    /// Takes all needs from `start` to `end`, which is later. They must fit.
    #[inline]
    pub(super) fn take(&mut self, needs: &[Need], start: u64, end: u64) {
        for need in needs {
            self.pools[need.pool as usize].take(need.amount, start, end);
        }
    }
}

impl Pool {
    /// The step that holds at an instant.
    #[inline]
    fn at(&self, instant: u64) -> usize {
        // The first step begins at 0, so there is always one before.
        self.steps.partition_point(|step| step.from <= instant) - 1
    }

    /// The earliest start from `ready` on, and how many steps were looked at.
    #[inline]
    fn earliest(&self, amount: u32, ready: u64, duration: u64) -> (u64, usize) {
        let most = self.size - amount;
        let mut start = ready;
        let steps = &self.steps[self.at(ready)..];
        for (index, pair) in steps.windows(2).enumerate() {
            if pair[0].used > most {
                start = pair[1].from;
            } else if pair[1].from >= start + duration {
                return (start, index);
            }
        }
        (start, steps.len())
    }

    fn take(&mut self, amount: u32, start: u64, end: u64) {
        let steps = &mut self.steps;
        let mut first = steps.partition_point(|step| step.from <= start) - 1;
        if steps[first].from < start {
            first += 1;
            steps.insert(first, Step { from: start, used: steps[first - 1].used });
        }
        let mut last = first;
        while let Some(next) = steps.get(last + 1).filter(|next| next.from < end) {
            debug_assert!(next.from > steps[last].from, "steps are in order");
            steps[last].used += amount;
            last += 1;
        }
        let before = steps[last].used;
        steps[last].used += amount;
        match steps.get(last + 1) {
            Some(next) if next.from == end => {
                if next.used == steps[last].used {
                    steps.remove(last + 1);
                }
            }
            _ => steps.insert(last + 1, Step { from: end, used: before }),
        }
        if first > 0 && steps[first - 1].used == steps[first].used {
            steps.remove(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::schedule::net::Need;
    use crate::schedule::random::Random;
    use crate::schedule::skyline::Skyline;

    /// The same question, asked of every instant.
    fn plain(used: &[Vec<u32>], sizes: &[u32], needs: &[Need], ready: u64, duration: u64) -> u64 {
        let free = |instant: u64| {
            let at = usize::try_from(instant).unwrap();
            needs.iter().all(|need| used[need.pool as usize][at] + need.amount <= sizes[need.pool as usize])
        };
        (ready..).find(|&start| (start..start + duration).all(free)).unwrap()
    }

    #[test]
    fn what_is_remembered_changes_no_answer() {
        let sizes = [10, 7];
        let mut random = Random::new(1);
        let mut used = vec![vec![0; 40_000]; 2];
        let mut skyline = Skyline::new(&sizes);
        for _ in 0..1_500 {
            let mut needs: Vec<Need> =
                (0..2).map(|pool| Need { pool, amount: [1, 2, 3, 5][random.below(4)] }).collect();
            needs.truncate(1 + random.below(3));
            let (ready, duration) = (random.up_to(200), 1 + random.up_to(60));
            let start = skyline.earliest(&needs, ready, duration);
            assert_eq!(start, plain(&used, &sizes, &needs, ready, duration));
            skyline.take(&needs, start, start + duration);
            for need in &needs {
                let (from, to) = (usize::try_from(start).unwrap(), usize::try_from(start + duration).unwrap());
                used[need.pool as usize][from..to].iter_mut().for_each(|used| *used += need.amount);
            }
        }
        assert!(skyline.barren.iter().flatten().count() > 10, "a test of nothing");
    }
}

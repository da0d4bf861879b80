//! What must be so of all steps together, as the stupid reader sees them: sections are whole, pools are not overdrawn, nobody
//! is passed over, and the fold says the same.

use crate::engine::tests::watch::Watch;
use crate::engine::tests::watch::by_person;
use crate::plan::PoolOnPaper;
use crate::plan::Step;
use crate::run::Script;
use crate::run::State;

impl Watch<'_> {
    /// Whoever was begun with a writer is not left without one, whatever people want of the rest.
    pub(super) fn nothing_half_done(&self) -> Result<(), String> {
        if !self.flying.is_empty() {
            return Ok(());
        }
        let could = |id: &str| !self.is_over(id) && self.steps[id].after.iter().all(|after| self.is_over(after));
        match self.sections.left_inside(|id| self.began.contains(id), could) {
            Some(id) => Err(format!("{id} was left undone inside a critical section")),
            None => Ok(()),
        }
    }

    /// What flies together fits into the pools.
    pub(super) fn within_pools(&self) -> Result<(), String> {
        for pool in &self.plan.pools {
            let all: Vec<&String> = self.flying.keys().collect();
            let used: u32 = all.iter().map(|id| claimed(self.steps[id.as_str()], pool)).sum();
            if used > pool.size {
                return Err(format!("{} holds {} and {used} are taken by {all:?}", pool.id, pool.size));
            }
        }
        Ok(())
    }

    /// Nobody less urgent takes what a step of the first class could have had.
    pub(super) fn nobody_was_passed_over(&self, step: &Step) -> Result<(), String> {
        if step.class == 0 || by_person(step) {
            return Ok(());
        }
        let waits = self.plan.steps.iter().filter(|first| {
            first.class == 0
                && !by_person(first)
                && !self.attempts.contains_key(&first.id)
                && !self.is_over(&first.id)
                && first.after.iter().all(|after| self.is_over(after))
        });
        for first in waits.filter(|_| !self.held) {
            let shared = first.claims.iter().find(|claim| step.claims.iter().any(|mine| mine.pool == claim.pool));
            if let Some(claim) = shared {
                return Err(format!("{} waits for {}", first.id, claim.pool));
            }
        }
        Ok(())
    }

    /// In the end both readers say the same of every step and gate.
    pub(super) fn compare(&self, script: &Script, state: &State) -> Result<(), String> {
        for at in 0..script.len() {
            let name = script.name(at);
            if state.is_over(script, at) != self.is_over(name) {
                return Err(format!("{name}: the fold says {}, and the watch does not", state.is_over(script, at)));
            }
        }
        Ok(())
    }

    /// What a step of a later class takes leaves the share of the first class alone, until that class is back. What could
    /// never begin beside that share may, while nobody else is there.
    pub(super) fn a_share_is_kept(&self, step: &Step) -> Result<(), String> {
        if step.class == 0 || by_person(step) || step.claims.is_empty() {
            return Ok(());
        }
        let first_steps = self.plan.steps.iter().filter(|first| first.class == 0).map(|first| &first.id);
        let first_gates = self.plan.gates.iter().filter(|first| first.class == 0).map(|first| &first.id);
        if first_steps.chain(first_gates).all(|id| self.is_over(id)) {
            return Ok(());
        }
        for pool in &self.plan.pools {
            let amount = claimed(step, pool);
            let others = || self.flying.keys().filter(|id| **id != step.id).map(|id| self.steps[id.as_str()]);
            let used: u32 = others().map(|other| claimed(other, pool)).sum();
            let first: u32 = others().filter(|other| other.class == 0).map(|other| claimed(other, pool)).sum();
            let kept = pool.kept_for_first.min(pool.size).saturating_sub(first);
            let alone = used == 0 && amount + kept > pool.size;
            if amount > 0 && used + amount + kept > pool.size && !alone {
                return Err(format!("it takes of {} what is kept for the first class", pool.id));
            }
        }
        Ok(())
    }
}

/// What a step takes of a pool. People who are asked share their questions out themselves.
fn claimed(step: &Step, pool: &PoolOnPaper) -> u32 {
    let claims = step.claims.iter().filter(|claim| claim.pool == pool.id && !by_person(step));
    claims.map(|claim| claim.amount).sum()
}

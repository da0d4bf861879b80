//! What must never be of a family of runs and of the plan after it, and what met what.

use crate::driver::Pattern;
use crate::engine::tests::family::Family;
use crate::engine::tests::family::Member;
use crate::engine::tests::family::sealed_sites_are_left_alone;
use crate::engine::tests::losses::Fate;
use crate::engine::tests::losses::Lapse;
use crate::engine::tests::losses::Met;
use crate::engine::tests::losses::Played;
use crate::engine::tests::losses::Story;
use crate::engine::tests::losses::incident;
use crate::engine::tests::losses::make;
use crate::engine::tests::night::BEGIN;
use crate::engine::tests::night::Stage;
use crate::engine::tests::watch::Watch;
use crate::model::Incident;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::Plan;
use crate::plan::verify;
use crate::run::Entry;
use crate::run::GateState;
use crate::run::child;

impl Story {
    /// What must never be, in the family and in whoever comes after it.
    pub(super) fn check(&self, fate: &Fate, played: &Played) -> Result<(), String> {
        let read = |stage: &'_ Stage, entries: &[Entry]| -> Result<(), String> {
            Watch::read(&stage.plan, &stage.script, entries).map(drop)
        };
        if self.lapse != Some(Lapse::DoesNotSettle) {
            read(&self.stage, &played.parent).map_err(|why| format!("parent: {why}"))?;
        }
        let mut members = vec![Member {
            name: "parent",
            plan: &self.stage.plan,
            entries: &played.parent,
            watch: Watch::follow(&self.stage.plan, &played.parent)?,
        }];
        if let Some((stage, entries)) = &played.child {
            read(stage, entries).map_err(|why| format!("child: {why}"))?;
            self.second_eyes("the child", &stage.plan)?;
            let watch = Watch::follow(&stage.plan, entries)?;
            members.push(Member { name: "child", plan: &stage.plan, entries, watch });
        }
        let (world, silences, faults) = (&played.world, fate.silences.as_slice(), fate.faults.as_slice());
        let family = Family { members, world, silences, faults, begin: BEGIN };
        family.check()?;
        self.next(fate, &family.members)
    }

    /// The plan after the family: of another loss alone, from what all of them left behind.
    fn next(&self, fate: &Fate, members: &[Member<'_>]) -> Result<(), String> {
        let runs: Vec<(&Plan, &[Entry])> = members.iter().map(|member| (member.plan, member.entries)).collect();
        let so = self.so_now(&runs);
        let third = incident(Scope::Site(fate.third));
        let Ok(plan) = child(&self.estate, &third, &so, |seen| make(&self.estate, &third, seen)) else {
            return Ok(());
        };
        sealed_sites_are_left_alone(members, &plan).map_err(|why| format!("next: {why}"))?;
        self.second_eyes("next", &plan)?;
        let home = Incident { scopes: vec![(third.scopes[0].0.clone(), ScopeState::Returning)], ..third };
        let back = make(&self.estate, &home, &so.observation);
        let sealed = so.observation.quarantined.contains(&fate.third);
        match (sealed, back) {
            (true, Ok(_)) => Err("a quarantined site is gone back to".to_owned()),
            (false, Ok(plan)) => self.second_eyes("the way home", &plan),
            (true | false, Err(_)) => Ok(()),
        }
    }

    fn second_eyes(&self, name: &str, plan: &Plan) -> Result<(), String> {
        match verify(&self.estate, plan).first() {
            Some(first) => Err(format!("the second pair of eyes disagrees with {name}: {first:?}")),
            None => Ok(()),
        }
    }

    /// Counts what met what.
    pub(super) fn meet(&self, fate: &Fate, played: &Played, met: &mut Met) {
        *met.entry(("successor", played.word)).or_default() += 1;
        let whose = |at: usize| self.stage.plan.steps[at].hosts.as_ref().map(|hosts| hosts.set.clone());
        for at in 0..self.stage.script.steps() {
            let on = |pattern: &Pattern| whose(at).is_some_and(|set| pattern.matches(&set));
            if on(&fate.second.0) {
                *met.entry(("second loss", played.struck.steps[at].state.word())).or_default() += 1;
            }
        }
        let Some(back) = fate.silences[0].until.map(|until| BEGIN.after(until)) else { return };
        let past: Vec<Entry> = played.parent.iter().filter(|entry| entry.at <= back).cloned().collect();
        let over = played.parent.last().is_some_and(|entry| entry.at <= back);
        let state = self.stage.state(&past);
        let when = if over { "return, parent over" } else { "return" };
        for (at, gate) in self.stage.plan.gates.iter().enumerate().filter(|(_, gate)| !gate.opened_by.is_empty()) {
            let owed = state.debts.iter().any(|debt| debt.gate == gate.id);
            let stands = &state.gates[at].state;
            let word = if owed && matches!(stands, GateState::Open(_)) { "owed" } else { stands.word() };
            *met.entry((when, word)).or_default() += 1;
        }
        let proven = self.stage.state(&played.parent).debts.len() < state.debts.len();
        *met.entry(("return", if proven { "debt collected" } else { "nothing collected" })).or_default() += 1;
    }
}

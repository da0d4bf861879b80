//! A second, stupid reader of journals: it knows the plan as text and what happened, and no rule of the machine.
//!
//! It shares nothing with the fold but the entries, and says what must never be in any journal.

mod laws;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::engine::tests::bounds::Sections;
use crate::engine::tests::bounds::Silence;
use crate::model::Millis;
use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::Step;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Found;
use crate::run::OpenedBy;
use crate::run::Script;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::State;
use crate::run::fold;

/// What the stupid reader has understood so far.
pub(in crate::engine) struct Watch<'a> {
    plan: &'a Plan,
    steps: BTreeMap<&'a str, &'a Step>,
    /// Steps that are done, each with what it takes to believe that.
    done: BTreeSet<String>,
    skipped: BTreeSet<String>,
    open: BTreeSet<String>,
    /// Steps with something in flight: which attempt, and since when.
    flying: BTreeMap<String, (u32, Stamp)>,
    /// Attempts since a person last asked for more.
    attempts: BTreeMap<String, u32>,
    /// Steps whose action may have had an effect, and is not known to be over.
    acted: BTreeMap<String, u32>,
    again: BTreeSet<String>,
    /// How often it was asked what became of an attempt.
    asked_after: BTreeMap<String, u32>,
    /// Steps that began at least once, and those of them whose last attempt was seen not to be so already.
    began: BTreeSet<String>,
    not_so: BTreeSet<String>,
    asked: BTreeSet<String>,
    /// Fence gates that stand on a person's word, and when each step that failed did.
    vouched: BTreeSet<String>,
    failed_at: BTreeMap<String, Stamp>,
    now: Stamp,
    held: bool,
    ended: bool,
    crashes: u32,
    silence: Silence<'a>,
    sections: Sections<'a>,
}

impl<'a> Watch<'a> {
    /// Reads a whole journal.
    pub(in crate::engine) fn read(plan: &'a Plan, script: &Script, entries: &[Entry]) -> Result<Self, String> {
        let mut state = State::new(script);
        for entry in entries {
            fold(script, &mut state, entry).map_err(|illegal| illegal.to_string())?;
        }
        let watch = Self::follow(plan, entries)?;
        watch.nothing_half_done()?;
        watch.nobody_waits_for_ever()?;
        watch.compare(script, &state)?;
        Ok(watch)
    }

    /// Reads what there is of a journal, wherever that ends.
    pub(in crate::engine) fn follow(plan: &'a Plan, entries: &[Entry]) -> Result<Self, String> {
        let mut watch = Watch {
            plan,
            steps: plan.steps.iter().map(|step| (step.id.as_str(), step)).collect(),
            done: BTreeSet::new(),
            skipped: BTreeSet::new(),
            open: BTreeSet::new(),
            flying: BTreeMap::new(),
            attempts: BTreeMap::new(),
            acted: BTreeMap::new(),
            again: BTreeSet::new(),
            asked_after: BTreeMap::new(),
            began: BTreeSet::new(),
            not_so: BTreeSet::new(),
            asked: BTreeSet::new(),
            vouched: BTreeSet::new(),
            failed_at: BTreeMap::new(),
            now: Stamp(0),
            held: false,
            ended: false,
            crashes: 0,
            silence: Silence::new(plan),
            sections: Sections::new(plan),
        };
        for entry in entries {
            watch.entry(entry).map_err(|why| format!("entry {}: {why}: {:?}", entry.seq, entry.event))?;
        }
        Ok(watch)
    }

    /// Steps of which something is in flight. Who only asked a person has nothing out there.
    pub(in crate::engine) fn in_flight(&self) -> impl Iterator<Item = &String> {
        self.flying.keys().filter(|id| !by_person(self.steps[id.as_str()]))
    }

    /// Whether nobody could find out that it is dead.
    pub(in crate::engine) fn may_still_act(&self, step: &str) -> bool {
        self.acted.contains_key(step)
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), String> {
        self.silence.entry(entry, self.flying.keys().chain(&self.asked))?;
        self.now = entry.at;
        match &entry.event {
            Event::PenTaken { .. } => self.pen_taken(),
            Event::Held { .. } | Event::Cancelled { .. } | Event::Yielding { .. } => self.held = true,
            Event::Resumed { .. } => {
                self.nothing_half_done()?;
                self.held = false;
            }
            Event::RunEnded { .. } => {
                self.nothing_half_done()?;
                self.ended = true;
            }
            Event::GateRejected { gate, .. } | Event::GateTimedOut { gate } => drop(self.asked.remove(gate)),
            Event::GateOpened { gate, by } => self.gate_opened(gate, by)?,
            Event::GateAsked { gate } => {
                self.may_ask(gate)?;
                self.asked.insert(gate.clone());
            }
            Event::Started { step, attempt } => self.started(step, *attempt, entry.at)?,
            Event::NotYetSo { step, attempt, .. } => {
                self.step(step)?.done_if.as_ref().ok_or("nothing was asked")?;
                self.acted.insert(step.clone(), *attempt);
                self.not_so.insert(step.clone());
            }
            Event::AlreadySo { step, .. } => self.is_done(step),
            Event::Ended { step, end, .. } => self.ended(step, end)?,
            Event::Inquired { step, found: Found::Ended(end), .. } => self.ended(step, end)?,
            Event::Inquired { step, found, .. } => self.inquired(step, found)?,
            Event::Stopped { step, confirmed, .. } => {
                if *confirmed {
                    self.acted.remove(step);
                    if !has_probe(self.step(step)?) {
                        self.sets_down(step);
                    }
                }
            }
            Event::Verified { step, passed, .. } => {
                if *passed {
                    self.is_done(step);
                } else {
                    self.sets_down(step);
                }
            }
            Event::Probed { step, so, .. } => self.probed(step, so)?,
            Event::Confirmed { .. }
            | Event::MarkedDone { .. }
            | Event::Skipped { .. }
            | Event::Denied { .. }
            | Event::Unanswered { .. }
            | Event::Again { .. } => self.person(&entry.event)?,
            Event::Opened { .. }
            | Event::ClockJumped { .. }
            | Event::PositionsSeen { .. }
            | Event::HostsEnded { .. }
            | Event::Shifting { .. }
            | Event::Stopping { .. }
            | Event::Left { .. }
            | Event::Quarantined { .. }
            | Event::Released { .. } => {}
        }
        Ok(())
    }

    /// What was only being asked whether it is so is asked again, in its turn.
    fn pen_taken(&mut self) {
        self.crashes += 1;
        let (steps, not_so) = (&self.steps, &self.not_so);
        self.flying.retain(|id, _| steps[id.as_str()].done_if.is_none() || not_so.contains(id));
    }

    /// What people say of a step, or fail to say.
    fn person(&mut self, event: &Event) -> Result<(), String> {
        if let Event::Confirmed { step, .. } = event {
            by_person(self.step(step)?).then_some(()).ok_or("no person was asked")?;
            self.is_done(step);
        }
        if let Event::MarkedDone { step, .. } = event {
            if self.step(step)?.effect == Some(Effect::Fenced) {
                return Err("a fence was marked done by hand".to_owned());
            }
            self.is_done(step);
        }
        if let Event::Skipped { step, .. } = event {
            if matches!(self.step(step)?.effect, Some(Effect::Fenced | Effect::Writer)) {
                return Err("a fence or a promotion was skipped".to_owned());
            }
            self.lands(step);
            self.skipped.insert(step.clone());
        }
        if let Event::Denied { step, .. } | Event::Unanswered { step } = event {
            self.lands(step);
        }
        if let Event::Again { what, .. } = event {
            self.again.insert(what.clone());
            self.attempts.remove(what);
            self.lands(what);
        }
        Ok(())
    }

    fn inquired(&mut self, step: &str, found: &Found) -> Result<(), String> {
        // Whoever is told that it never began may begin; whoever hears nothing may not.
        if matches!(found, Found::NeverBegan | Found::Gone) {
            self.acted.remove(step);
        }
        // Who was asked after three times in vain is left to a person, and its slot to others; where what it should bring
        // about can be asked for, that comes first.
        let asked = self.asked_after.entry(step.to_owned()).or_default();
        *asked += 1;
        let asked = *asked;
        let can_be_asked = has_probe(self.step(step)?);
        let in_vain = asked >= 3 && !(can_be_asked && matches!(found, Found::Unknown(_)));
        if *found == Found::NeverBegan || in_vain || (*found == Found::Gone && !can_be_asked) {
            self.sets_down(step);
        }
        Ok(())
    }

    fn probed(&mut self, id: &str, so: &Seen) -> Result<(), String> {
        let step = self.step(id)?;
        let both = step.done_if.is_some() && step.verify.is_some();
        match so {
            Seen::Yes if !both => self.is_done(id),
            Seen::Yes => {}
            // Of whom nobody knows that it is dead nobody knows that now.
            Seen::No | Seen::Unknown(_) => self.sets_down(id),
        }
        Ok(())
    }

    fn step(&self, id: &str) -> Result<&'a Step, String> {
        self.steps.get(id).copied().ok_or_else(|| format!("{id} is no step"))
    }

    fn is_done(&mut self, step: &str) {
        self.lands(step);
        self.done.insert(step.to_owned());
    }

    /// Whether it is a fence for which only a person vouches, and nobody tried it for fifteen seconds.
    fn is_owed(&self, id: &str) -> bool {
        let opens = |gate: &&Gate| gate.opened_by.iter().any(|step| step == id);
        let vouched = self.plan.gates.iter().filter(opens).any(|gate| self.vouched.contains(&gate.id));
        let waited = self.failed_at.get(id).is_some_and(|failed| self.now.since(*failed) >= Millis::from_secs(15));
        vouched && waited && !self.held
    }

    fn sets_down(&mut self, step: &str) {
        self.failed_at.insert(step.to_owned(), self.now);
        self.flying.remove(step);
    }

    fn lands(&mut self, step: &str) {
        self.sets_down(step);
        self.acted.remove(step);
    }

    fn is_over(&self, id: &str) -> bool {
        self.done.contains(id) || self.skipped.contains(id) || self.open.contains(id)
    }

    fn may_ask(&self, id: &str) -> Result<(), String> {
        let gate = self.plan.gates.iter().find(|gate| gate.id == id).ok_or("no such gate")?;
        let missing = gate.after.iter().filter(|after| !gate.opened_by.contains(after));
        match missing.into_iter().find(|after| !self.is_over(after)) {
            Some(after) => Err(format!("asked before {after}")),
            None => Ok(()),
        }
    }

    fn gate_opened(&mut self, id: &str, by: &OpenedBy) -> Result<(), String> {
        let gate = self.plan.gates.iter().find(|gate| gate.id == id).ok_or("no such gate")?;
        self.may_ask(id)?;
        match (by, &gate.kind) {
            (OpenedBy::Step(step), GateKind::Fence { .. }) => {
                if !gate.opened_by.contains(step) || !self.done.contains(step) {
                    return Err("a fence that nothing proved".to_owned());
                }
            }
            (OpenedBy::Step(_), _) => return Err("no step opens this".to_owned()),
            (OpenedBy::Judged { age }, GateKind::DataLoss { at_most_ms, objective_ms, .. }) => {
                let young = age.zip(*objective_ms).is_some_and(|(age, objective)| age <= objective);
                let sync = age.is_none() && at_most_ms.is_some_and(|most| most.0 == 0);
                if !young && !sync {
                    return Err("more would be lost than was promised".to_owned());
                }
            }
            (OpenedBy::Judged { .. }, _) => return Err("there is nothing to judge".to_owned()),
            (OpenedBy::Earlier, GateKind::Fence { .. }) if self.plan.carries(id) => {
                self.vouched.insert(id.to_owned());
            }
            (OpenedBy::Earlier, _) => return Err("nobody vouched for this in an earlier run".to_owned()),
            (OpenedBy::Person { .. }, GateKind::Fence { .. }) => drop(self.vouched.insert(id.to_owned())),
            (OpenedBy::Person { .. }, _) => {}
        }
        self.open.insert(id.to_owned());
        self.asked.remove(id);
        Ok(())
    }

    fn started(&mut self, id: &str, attempt: u32, at: Stamp) -> Result<(), String> {
        let step = self.step(id)?;
        if let Some(after) = step.after.iter().find(|after| !self.is_over(after)) {
            return Err(format!("before {after}"));
        }
        if self.is_over(id) {
            return Err("it is over".to_owned());
        }
        if self.acted.contains_key(id) {
            return Err("an earlier attempt may still be acting".to_owned());
        }
        // A fence that is owed is tried for ever. A crash may cost a step nothing.
        let owed = self.is_owed(id);
        let tries = self.attempts.entry(id.to_owned()).or_default();
        *tries += u32::from(!owed);
        if *tries > step.limits.attempts.max(1) + self.crashes {
            return Err(format!("attempt {tries} of {}", step.limits.attempts));
        }
        if self.held && !self.sections.entered(id, |id| self.began.contains(id)) {
            return Err("it began while the run was held".to_owned());
        }
        self.began.insert(id.to_owned());
        self.not_so.remove(id);
        self.flying.insert(id.to_owned(), (attempt, at));
        self.asked_after.remove(id);
        if step.done_if.is_none() && !by_person(step) {
            self.acted.insert(id.to_owned(), attempt);
        }
        self.within_pools()?;
        self.nobody_was_passed_over(step)?;
        self.a_share_is_kept(step)
    }

    /// A journal ends with the run, or a day after everything that was asked was answered, or had its time.
    fn nobody_waits_for_ever(&self) -> Result<(), String> {
        match self.flying.keys().chain(&self.asked).next() {
            Some(id) if !self.ended => Err(format!("{id} is waited for, for ever")),
            Some(_) | None => Ok(()),
        }
    }

    fn ended(&mut self, id: &str, end: &End) -> Result<(), String> {
        let step = self.step(id)?;
        let good = match end {
            End::Ok => true,
            End::Unreachable(_) => step.unreachable_ok,
            // Nobody knows: it may still be acting.
            End::Lost(_) => return Ok(()),
            End::TimedOut => {
                self.acted.remove(id);
                if !has_probe(step) {
                    self.sets_down(id);
                }
                return Ok(());
            }
            End::Exit(_) | End::Unexpected(_) | End::Signal(_) => false,
            End::NeverBegan(_) | End::NotEnough { .. } => false,
        };
        if good && step.done_if.is_some() && !self.not_so.contains(id) {
            return Err("nobody asked whether it was so already".to_owned());
        }
        match (good, step.verify.is_some()) {
            (true, false) => self.is_done(id),
            (true, true) => drop(self.acted.remove(id)),
            (false, _) => self.lands(id),
        }
        Ok(())
    }
}

fn by_person(step: &Step) -> bool {
    matches!(step.action, ActionOnPaper::Confirm { .. } | ActionOnPaper::Fetch { .. })
}

fn has_probe(step: &Step) -> bool {
    step.done_if.is_some() || step.verify.is_some()
}

//! The run, gone through again from its first entry: where each step and gate stood from when to when, when nobody held
//! the pen, when the run was held. It looks at the states that the fold goes through, and derives none of its own.

use std::collections::BTreeMap;

use crate::evidence::NoEvidence;
use crate::model::Millis;
use crate::plan::Plan;
use crate::run::Entry;
use crate::run::Event;
use crate::run::GateState;
use crate::run::NodeAt;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::fold;

/// A run, gone through again.
#[derive(Debug)]
pub(in crate::evidence) struct Past<'a> {
    pub(in crate::evidence) plan: &'a Plan,
    pub(in crate::evidence) entries: &'a [Entry],
    pub(in crate::evidence) script: Script,
    /// At its last entry.
    pub(in crate::evidence) state: State,
    pub(in crate::evidence) opened: Stamp,
    pub(in crate::evidence) last: Stamp,
    /// When each entry was written. Clocks of two machines may differ: nothing is ever earlier than what stands before it.
    pub(in crate::evidence) at: Vec<Stamp>,
    /// By step and gate: from when on it stood where.
    pub(in crate::evidence) tracks: Vec<Vec<Stand>>,
    /// From the last entry of one holder of the pen to the next holder.
    pub(in crate::evidence) gaps: Vec<(Stamp, Stamp)>,
    /// When nothing new was started.
    pub(in crate::evidence) held: Vec<(Stamp, Stamp)>,
    /// What comes before each step and gate, those that can open it included.
    pub(in crate::evidence) before: Vec<Vec<NodeAt>>,
}

/// From when on a step or a gate stood where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evidence) struct Stand {
    pub(in crate::evidence) from: Stamp,
    pub(in crate::evidence) phase: Phase,
    pub(in crate::evidence) attempt: u32,
}

/// Where a step or a gate stands, as far as its time is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evidence) enum Phase {
    Waiting,
    Running,
    Proving,
    Asked,
    Resting,
    Doubt,
    Failed,
    Over,
}

impl<'a> Past<'a> {
    /// Goes through the journal.
    pub(in crate::evidence) fn of(plan: &'a Plan, entries: &'a [Entry]) -> Result<Self, NoEvidence> {
        let script = Script::new(plan)?;
        let state = State::new(&script);
        let opened = entries.first().map_or(Stamp(0), |entry| entry.at);
        let waiting = vec![Stand { from: opened, phase: Phase::Waiting, attempt: 0 }];
        let mut past = Self {
            plan,
            entries,
            opened,
            last: opened,
            at: Vec::with_capacity(entries.len()),
            tracks: vec![waiting; script.len()],
            gaps: Vec::new(),
            held: Vec::new(),
            before: before(plan, &script),
            script,
            state,
        };
        let mut held_since = None;
        for entry in entries {
            let before = past.last;
            past.last = past.last.max(entry.at);
            past.at.push(past.last);
            fold(&past.script, &mut past.state, entry)?;
            past.track();
            if matches!(entry.event, Event::PenTaken { .. }) && past.state.epoch > 1 {
                past.gaps.push((before, past.last));
            }
            if matches!(entry.event, Event::Held { .. }) {
                held_since = Some(past.last);
            }
            if ends_a_hold(&entry.event) {
                past.held.extend(held_since.take().map(|from| (from, past.last)));
            }
        }
        past.held.extend(held_since.map(|from| (from, past.last)));
        Ok(past)
    }

    /// From T=0.
    pub(in crate::evidence) fn t(&self, at: Stamp) -> Millis {
        at.since(self.opened)
    }

    /// When it was over, if it is.
    pub(in crate::evidence) fn over(&self, at: NodeAt) -> Option<Stamp> {
        self.tracks[at].last().filter(|stand| stand.phase == Phase::Over).map(|stand| stand.from)
    }

    /// Each entry with the instant that counts for it.
    pub(in crate::evidence) fn moments(&self) -> impl Iterator<Item = (&'a Entry, Stamp)> {
        self.entries.iter().zip(self.at.iter().copied())
    }

    fn track(&mut self) {
        for at in self.state.take_touched() {
            let (phase, attempt) = match at.checked_sub(self.script.steps()) {
                None => (of_step(&self.state.steps[at].state), self.state.steps[at].attempt),
                Some(gate) => (of_gate(&self.state.gates[gate].state), 0),
            };
            let track = &mut self.tracks[at];
            let same = |stand: &Stand| stand.phase == phase && stand.attempt == attempt;
            if !track.last().is_some_and(same) {
                track.push(Stand { from: self.last, phase, attempt });
            }
        }
    }
}

/// Whether it goes on after this, or never will.
pub(in crate::evidence) const fn ends_a_hold(event: &Event) -> bool {
    matches!(event, Event::Resumed { .. } | Event::Cancelled { .. } | Event::Yielding { .. } | Event::RunEnded { .. })
}

const fn of_step(state: &StepState) -> Phase {
    match state {
        StepState::Waiting => Phase::Waiting,
        StepState::Checking | StepState::Acting => Phase::Running,
        StepState::Asked => Phase::Asked,
        StepState::Verifying => Phase::Proving,
        StepState::Stopping { .. } | StepState::Inquiring { .. } | StepState::Probing { .. } => Phase::Doubt,
        StepState::Resting { .. } => Phase::Resting,
        StepState::Failed(_) => Phase::Failed,
        StepState::Done(_) | StepState::Skipped => Phase::Over,
    }
}

const fn of_gate(state: &GateState) -> Phase {
    match state {
        GateState::Waiting => Phase::Waiting,
        GateState::Asked => Phase::Asked,
        GateState::Open(_) => Phase::Over,
        GateState::Rejected { .. } | GateState::TimedOut => Phase::Failed,
    }
}

fn before(plan: &Plan, script: &Script) -> Vec<Vec<NodeAt>> {
    let steps = plan.steps.iter().map(|step| (&step.after, &[][..]));
    let gates = plan.gates.iter().map(|gate| (&gate.after, gate.opened_by.as_slice()));
    steps
        .chain(gates)
        .map(|(after, opened_by)| {
            let mut before: Vec<NodeAt> = after.iter().chain(opened_by).filter_map(|name| script.find(name)).collect();
            before.sort_unstable();
            before.dedup();
            before
        })
        .collect()
}

/// The steps and gates of each service.
pub(in crate::evidence) fn by_service(plan: &Plan) -> BTreeMap<&str, Vec<NodeAt>> {
    let mut nodes: BTreeMap<&str, Vec<NodeAt>> = BTreeMap::new();
    let steps = plan.steps.iter().map(|step| step.service.as_deref());
    let gates = plan.gates.iter().map(|gate| gate.service.as_deref());
    for (at, service) in steps.chain(gates).enumerate() {
        if let Some(service) = service {
            nodes.entry(service).or_default().push(at);
        }
    }
    nodes
}

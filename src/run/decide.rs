//! What may begin now: gates whose turn has come, steps that fit into what is free, and the end of the run.
//!
//! A decision looks only at what could begin, never at the whole plan, so that its cost does not grow with the plan.

use std::collections::BTreeSet;

use crate::model::Millis;
use crate::run::Event;
use crate::run::OpenedBy;
use crate::run::RunEnd;
use crate::run::Stamp;
use crate::run::gate_state::GateState;
use crate::run::script::Judge;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::state::State;
use crate::run::state::Will;
use crate::run::step_state::StepState;

/// What is to be done about a step or a gate, as it stands. The same state asks for the same act, in whichever process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Which step or gate.
    pub at: NodeAt,
    /// Which attempt; 0 for a gate.
    pub attempt: u32,
    /// What.
    pub what: What,
    /// Not before so much time has passed.
    pub wait: Millis,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Ask whether it is so already.
    Check,
    /// Do it.
    Do,
    /// Follow what a process that is gone has begun.
    Adopt,
    /// Ask for the proof.
    Verify,
    /// End it on the far side.
    Stop,
    /// Ask what became of it.
    Inquire,
    /// Ask whether what it should bring about is so.
    Probe,
    /// Ask for log positions.
    Positions,
}

/// Between two questions after the same thing. A link that is down for a moment is up again after it.
const INQUIRE_PAUSE: Millis = Millis::from_secs(5);

/// What is to be done about a step or a gate, as it stands.
#[must_use]
pub fn act(script: &Script, state: &State, at: NodeAt) -> Option<Act> {
    let make = |what, wait| Act { at, attempt: state.steps.get(at).map_or(0, |step| step.attempt), what, wait };
    if at >= script.steps {
        let gate = state.gate(script, at);
        let unseen = gate.state == GateState::Asked && gate.seen.is_empty();
        return (unseen && !script.judges(at).is_empty()).then(|| make(What::Positions, Millis::ZERO));
    }
    let what = match &state.steps[at].state {
        StepState::Checking => What::Check,
        StepState::Acting if state.steps[at].adopted > 0 => What::Adopt,
        StepState::Acting => What::Do,
        StepState::Verifying => What::Verify,
        StepState::Stopping { .. } => What::Stop,
        StepState::Inquiring { tries, .. } => {
            return Some(make(What::Inquire, Millis(INQUIRE_PAUSE.0 * u64::from(*tries))));
        }
        StepState::Probing { .. } => What::Probe,
        StepState::Waiting | StepState::Asked | StepState::Resting { .. } => return None,
        StepState::Failed(_) | StepState::Done(_) | StepState::Skipped => return None,
    };
    Some(make(what, Millis::ZERO))
}

/// The entries for all that begins now. Empty where nothing does; asked again after each fold, until it is.
#[must_use]
pub fn decide(script: &Script, state: &State, now: Stamp) -> Vec<Event> {
    if state.ended.is_some() || state.seq == 0 {
        return Vec::new();
    }
    let mut events = quarantine(script, state);
    events.extend(state.turn.iter().map(|&at| turn(script, state, at)));
    events.extend(starts(script, state, now));
    if events.is_empty() {
        events.extend(end(script, state).map(|end| Event::RunEnded { end }));
    }
    events
}

/// Lost sites are not trusted from the moment on at which the plan was approved.
fn quarantine(script: &Script, state: &State) -> Vec<Event> {
    let begun = script.start.is_none_or(|start| state.is_over(script, start));
    if !begun || state.sealed.len() == script.lost.len() {
        return Vec::new();
    }
    let fresh = script.lost.iter().filter(|site| !state.sealed.contains(*site));
    fresh.map(|site| Event::Quarantined { site: site.clone() }).collect()
}

/// A gate whose turn has come opens by what is known, or is asked.
fn turn(script: &Script, state: &State, at: NodeAt) -> Event {
    let gate = script.name(at).to_owned();
    let opened_by = script.gate_at(at).map_or(&[][..], |gate| &gate.opened_by);
    let proof = opened_by.iter().find(|&&step| matches!(state.steps[step].state, StepState::Done(_)));
    match (script.gate_at(at).map(|gate| &gate.judge), proof) {
        (Some(Judge::Fence { .. }), Some(&step)) => {
            Event::GateOpened { gate, by: OpenedBy::Step(script.name(step).to_owned()) }
        }
        (Some(Judge::Fence { carried: true, .. }), None) => Event::GateOpened { gate, by: OpenedBy::Earlier },
        (Some(Judge::Fence { .. } | Judge::Person | Judge::Positions { .. }) | None, _) => Event::GateAsked { gate },
    }
}

type Key = (u8, Millis, NodeAt);

/// Steps that start now. Whoever comes first in the order takes what it needs, or keeps those behind it from taking it:
/// so a step of the first class waits at most for what runs already.
fn starts(script: &Script, state: &State, now: Stamp) -> Vec<Event> {
    let rested = rested(script, state, now);
    let mut room =
        Room { script, state, used: state.used.clone(), first: state.used_by_first.clone(), wanted: BTreeSet::new() };
    match &state.will {
        Will::Going => everywhere(script, state, &mut room, &rested),
        Will::Held(_) | Will::Cancelled { .. } | Will::Yielding { .. } => {
            in_sections(script, state, &mut room, &rested)
        }
    }
}

/// Steps between two attempts whose time has come, and fences that are owed.
fn rested(script: &Script, state: &State, now: Stamp) -> BTreeSet<Key> {
    let due = state.timers.iter().take_while(|(due, _)| *due <= now).map(|&(_, at)| at);
    let key = |at: NodeAt| match state.steps[at].state {
        StepState::Resting { .. } => Some((script.nodes[at].class, script.nodes[at].start, at)),
        // A fence that is owed: nothing waits for it, so it comes behind everything else.
        StepState::Failed(_) if state.will == Will::Going => Some((u8::MAX, script.nodes[at].start, at)),
        StepState::Failed(_) | StepState::Waiting | StepState::Asked | StepState::Done(_) | StepState::Skipped => None,
        StepState::Checking | StepState::Acting | StepState::Verifying | StepState::Stopping { .. } => None,
        StepState::Inquiring { .. } | StepState::Probing { .. } => None,
    };
    due.filter(|&at| at < script.steps).filter_map(key).collect()
}

fn everywhere(script: &Script, state: &State, room: &mut Room<'_>, rested: &BTreeSet<Key>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut heads: Vec<_> = state.ready.iter().map(|queue| Some(queue.iter().peekable())).collect();
    let mut rested = rested.iter().peekable();
    loop {
        let peeked = heads.iter_mut().enumerate().filter_map(|(at, head)| Some((**head.as_mut()?.peek()?, Some(at))));
        let fresh = peeked.min();
        let again = rested.peek().map(|key| (**key, None));
        let Some((key, queue)) = fresh.into_iter().chain(again).min() else { break };
        let fits = room.take(key.2);
        match queue {
            // All others in this queue claim the same: they don't fit either.
            Some(queue) if !fits => heads[queue] = None,
            Some(queue) => drop(heads[queue].as_mut().and_then(Iterator::next)),
            None => drop(rested.next()),
        }
        if fits {
            events.push(start(script, state, key.2));
        }
    }
    events
}

/// What was begun in a critical section is brought to its end, whatever people want of the rest.
fn in_sections(script: &Script, state: &State, room: &mut Room<'_>, rested: &BTreeSet<Key>) -> Vec<Event> {
    let mut events = Vec::new();
    for (_, members) in script.sections.iter().enumerate().filter(|(section, _)| state.entered[*section]) {
        for &at in members {
            let waiting = state.steps[at].state == StepState::Waiting && state.waits_for(at) == 0;
            let key = (script.nodes[at].class, script.nodes[at].start, at);
            if (waiting || rested.contains(&key)) && room.take(at) {
                events.push(start(script, state, at));
            }
        }
    }
    events
}

fn start(script: &Script, state: &State, at: NodeAt) -> Event {
    Event::Started { step: script.name(at).to_owned(), attempt: state.steps[at].attempt + 1 }
}

/// What is free of the pools, while a decision hands it out.
struct Room<'a> {
    script: &'a Script,
    state: &'a State,
    used: Vec<u32>,
    first: Vec<u32>,
    /// Pools that somebody more urgent waits for.
    wanted: BTreeSet<usize>,
}

impl Room<'_> {
    /// Takes what a step claims, or marks it as wanted.
    fn take(&mut self, at: NodeAt) -> bool {
        let node = &self.script.nodes[at];
        let claims = &self.script.queues[node.queue];
        let fits =
            claims.iter().all(|&(pool, amount)| !self.wanted.contains(&pool) && self.is_free(node.class, pool, amount));
        for &(pool, amount) in claims {
            if fits {
                self.used[pool] += amount;
                self.first[pool] += if node.class == 0 { amount } else { 0 };
            } else {
                self.wanted.insert(pool);
            }
        }
        fits
    }

    /// A share of each pool is kept for the first class until that is back. What needs more than the rest may have it
    /// while nobody else does: it would never start otherwise.
    fn is_free(&self, class: u8, pool: usize, amount: u32) -> bool {
        let (size, kept) = self.script.pools[pool];
        let used = self.used[pool];
        let kept = if class > 0 && self.state.first_left > 0 { kept.saturating_sub(self.first[pool]) } else { 0 };
        used + kept + amount <= size || (used == 0 && amount <= size && amount + kept > size)
    }
}

/// How the run ends, if it does now.
fn end(script: &Script, state: &State) -> Option<RunEnd> {
    if state.left_over == state.failed.len() && state.failed.iter().all(|&at| is_attested(script, state, at)) {
        return Some(RunEnd::Done);
    }
    if !is_settled(script, state) {
        return None;
    }
    match &state.will {
        Will::Going | Will::Held(_) => None,
        Will::Cancelled { .. } => Some(RunEnd::Cancelled),
        Will::Yielding { plan } => Some(RunEnd::Succeeded { plan: plan.clone() }),
    }
}

/// Whether somebody else could take over now: nothing is in flight, and no critical section is open.
#[must_use]
pub fn is_settled(script: &Script, state: &State) -> bool {
    state.is_at_rest() && !is_inside(script, state)
}

/// A fence that failed, where everything that it should have opened was opened by somebody's word: what is left of it is
/// a debt, and not a step.
fn is_attested(script: &Script, state: &State, at: NodeAt) -> bool {
    let opens = script.step_at(at).map_or(&[][..], |step| &step.opens);
    !opens.is_empty() && opens.iter().all(|&gate| matches!(state.gate(script, gate).state, GateState::Open(_)))
}

/// Whether a critical section that was entered can still come to its end: by another attempt, or by a person who is asked.
/// Who waits for a way to be free that the end of this run would never free does not keep it open.
fn is_inside(script: &Script, state: &State) -> bool {
    let inside = |at: NodeAt| state.is_in_section(script, at) && !state.steps[at].state.is_over();
    let entered = script.sections.iter().zip(&state.entered).filter(|(_, entered)| **entered);
    let mut members = entered.flat_map(|(members, _)| members);
    let moves = |state: &StepState| matches!(state, StepState::Resting { .. } | StepState::Asked);
    // A gate before it, or a key that somebody is on the way to fetch for it.
    let asked = |at: &NodeAt| match state.steps.get(*at) {
        Some(step) => step.state == StepState::Asked,
        None => state.gate(script, *at).state == GateState::Asked,
    };
    members.any(|&member| moves(&state.steps[member].state))
        || (0..script.nodes.len())
            .filter(asked)
            .any(|at| script.next(at).iter().any(|&next| next < script.steps && inside(next)))
}

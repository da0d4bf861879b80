//! When everything will be done, as far as that can be told now: the plan's own spans, set behind what really happened.
//!
//! Nothing is said to start before the plan starts it, so that nobody is promised what the pools may not allow. What
//! waits for a person who was asked is taken to get its answer as soon as the plan expects one; what waits for a failure
//! has no time at all.

use std::collections::VecDeque;

use crate::model::Millis;
use crate::plan::Plan;
use crate::run::Stamp;
use crate::run::gate_state::GateState;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::state::State;
use crate::run::step_state::StepState;

/// Who waits for whom, both ways. Steps that could open a gate count as what it waits for.
#[derive(Debug, Clone)]
pub(in crate::run) struct Edges {
    pub(in crate::run) before: Vec<Vec<NodeAt>>,
    pub(in crate::run) behind: Vec<Vec<NodeAt>>,
}

impl Edges {
    pub(in crate::run) fn new(script: &Script) -> Self {
        let mut before = vec![Vec::new(); script.len()];
        let mut behind: Vec<Vec<NodeAt>> = (0..script.len()).map(|at| script.next(at).to_vec()).collect();
        for at in 0..script.len() {
            for &opener in script.gate_at(at).map_or(&[][..], |gate| &gate.opened_by) {
                behind[opener].push(at);
            }
        }
        for (at, behind) in behind.iter().enumerate() {
            for &next in behind {
                before[next].push(at);
            }
        }
        Self { before, behind }
    }
}

/// When a step or a gate starts and how long it takes, as planned.
pub(in crate::run) fn planned(plan: &Plan, at: NodeAt) -> (Millis, Millis) {
    match at.checked_sub(plan.steps.len()) {
        None => (plan.steps[at].start_ms, plan.steps[at].duration_ms),
        Some(gate) => (plan.gates[gate].start_ms, plan.gates[gate].duration_ms),
    }
}

/// When a step or a gate ends, as planned.
pub(in crate::run) fn planned_end(plan: &Plan, at: NodeAt) -> Millis {
    let (start, duration) = planned(plan, at);
    start + duration
}

/// When each step and gate is done: really, or as far as that can be told. None where something stands before it that
/// only a person can clear away.
pub(in crate::run) fn forecast(
    plan: &Plan,
    script: &Script,
    state: &State,
    edges: &Edges,
    now: Stamp,
) -> Vec<Option<Stamp>> {
    let mut ends = vec![None; script.len()];
    let mut left: Vec<usize> = edges.before.iter().map(Vec::len).collect();
    let mut open: VecDeque<NodeAt> = (0..script.len()).filter(|&at| left[at] == 0).collect();
    while let Some(at) = open.pop_front() {
        ends[at] = match standing(plan, script, state, at, now) {
            Now::Ends(end) => Some(end),
            Now::Stopped => None,
            Now::Waits => begins(script, &edges.before[at], &ends, at).map(|ready| {
                let (start, duration) = planned(plan, at);
                ready.max(now).max(state.opened.after(start)).after(duration)
            }),
        };
        for &next in &edges.behind[at] {
            left[next] -= 1;
            if left[next] == 0 {
                open.push_back(next);
            }
        }
    }
    ends
}

enum Now {
    Ends(Stamp),
    Stopped,
    Waits,
}

fn standing(plan: &Plan, script: &Script, state: &State, at: NodeAt, now: Stamp) -> Now {
    let (_, duration) = planned(plan, at);
    let since = |since: Stamp| Now::Ends(since.after(duration).max(now));
    if at >= script.steps() {
        let gate = state.gate(script, at);
        return match &gate.state {
            GateState::Open(_) => Now::Ends(gate.since),
            GateState::Asked => since(gate.since),
            GateState::Rejected { .. } | GateState::TimedOut => Now::Stopped,
            GateState::Waiting => Now::Waits,
        };
    }
    let step = &state.steps[at];
    match &step.state {
        StepState::Done(_) | StepState::Skipped => Now::Ends(step.since),
        StepState::Resting { until } => since((*until).max(now)),
        StepState::Failed(_) => Now::Stopped,
        StepState::Waiting => Now::Waits,
        StepState::Checking | StepState::Acting | StepState::Asked | StepState::Verifying => {
            since(step.began.unwrap_or(step.since))
        }
        StepState::Stopping { .. } | StepState::Inquiring { .. } | StepState::Probing { .. } => since(step.since),
    }
}

/// When the last of what it waits for is done; of those that could open a gate, the first will do.
fn begins(script: &Script, before: &[NodeAt], ends: &[Option<Stamp>], at: NodeAt) -> Option<Stamp> {
    let openers = script.gate_at(at).map_or(&[][..], |gate| &gate.opened_by);
    let mut ready = Stamp(0);
    for &one in before.iter().filter(|one| !openers.contains(one)) {
        ready = ready.max(ends[one]?);
    }
    // Where none of them can, a person is asked.
    let opened = openers.iter().filter_map(|&opener| ends[opener]).min();
    Some(ready.max(opened.unwrap_or_default()))
}

//! What stands in the way until a person clears it: questions, and what went wrong; and whom that keeps back.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::run::NodeAt;
use crate::run::Script;
use crate::run::State;
use crate::run::StepState;
use crate::run::forecast::Edges;
use crate::run::gate_state::GateState;
use crate::run::view::Own;

/// Something that only a person can clear away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// A step or a gate.
    pub at: NodeAt,
    /// Whether it is a question; all else went wrong.
    pub asks: bool,
    /// Services with steps that wait for it, by position.
    pub services: Vec<usize>,
    /// How many steps wait for it.
    pub behind: usize,
}

/// What only a person can clear away, each with what is nearest behind it: what has a stop of its own in between counts for
/// that.
pub(super) fn stops(script: &Script, state: &State, edges: &Edges, own: &Own) -> Vec<Stop> {
    let kinds: BTreeMap<NodeAt, bool> =
        (0..script.len()).filter_map(|at| Some((at, stopped(script, state, at)?))).collect();
    let mut stops = Vec::new();
    for (&at, &asks) in &kinds {
        // A fence that failed and was attested keeps nobody back any more, not even its own service.
        let went_on = !edges.behind[at].is_empty() && edges.behind[at].iter().all(|&next| is_past(script, state, next));
        let mut services: BTreeSet<usize> = own.service[at].into_iter().filter(|_| !went_on).collect();
        let mut seen = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some(one) = open.pop() {
            for &next in &edges.behind[one] {
                if state.is_over(script, next) || kinds.contains_key(&next) || !seen.insert(next) {
                    continue;
                }
                services.extend(own.service[next]);
                open.push(next);
            }
        }
        let behind = seen.range(..script.steps()).filter(|&&one| one != at).count();
        stops.push(Stop { at, asks, services: services.into_iter().collect(), behind });
    }
    stops
}

/// Whether whatever stands behind it may go on.
fn is_past(script: &Script, state: &State, at: NodeAt) -> bool {
    if at < script.steps() {
        return matches!(state.steps[at].state, StepState::Done(_) | StepState::Skipped);
    }
    matches!(state.gate(script, at).state, GateState::Open(_))
}

/// Whether only a person can clear it away, and whether that is a question.
pub(super) fn stopped(script: &Script, state: &State, at: NodeAt) -> Option<bool> {
    if at < script.steps() {
        return match &state.steps[at].state {
            StepState::Failed(_) => Some(false),
            StepState::Asked => Some(true),
            StepState::Waiting | StepState::Checking | StepState::Acting | StepState::Verifying => None,
            StepState::Stopping { .. } | StepState::Inquiring { .. } | StepState::Probing { .. } => None,
            StepState::Resting { .. } | StepState::Done(_) | StepState::Skipped => None,
        };
    }
    match &state.gate(script, at).state {
        GateState::Asked => Some(true),
        GateState::Rejected { .. } | GateState::TimedOut => Some(false),
        GateState::Waiting | GateState::Open(_) => None,
    }
}

//! The sentences for gates: what a person or a probe is asked before the steps behind it may run.

use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::report::people;
use crate::report::words;

/// How much of a line names may take where not everything is wanted.
const NAMES: usize = 60;

/// What is asked at a gate.
#[must_use]
pub fn ask(gate: &Gate) -> String {
    ask_within(gate, NAMES)
}

/// The same, with as many names as fit into so many columns.
#[must_use]
pub fn ask_within(gate: &Gate, columns: usize) -> String {
    match &gate.kind {
        GateKind::ApproveStart => "approve the start of this plan".to_owned(),
        GateKind::ApproveVictims { services } => {
            format!("approve that these give up room: {}", words::fold(services, columns))
        }
        GateKind::ApproveIrreversible { step } => format!("approve {step}: there is no way back from it"),
        GateKind::Fence { attest: Some(question), .. } => question.clone(),
        GateKind::Fence { site, attest: None } => {
            format!("is what ran at {site} unable to act, for good?")
        }
        GateKind::DataLoss { site, at_most_ms, objective_ms } => {
            let behind = match at_most_ms {
                Some(lag) => format!("up to {} may be lost", words::span(*lag)),
                None => "how much may be lost is unknown".to_owned(),
            };
            let promised = objective_ms.map_or(String::new(), |limit| format!(", {} promised", words::span(limit)));
            format!("accept the data at {site}: {behind}{promised}")
        }
        GateKind::Health => "does it work again? It lost nothing, and what it needs is back".to_owned(),
        GateKind::BreakGlass { missing } => format!("supply {missing} by other means: nothing brings it back"),
    }
}

/// What kind of gate it is, in two or three words.
#[must_use]
pub const fn kind(kind: &GateKind) -> &'static str {
    match kind {
        GateKind::ApproveStart | GateKind::ApproveVictims { .. } | GateKind::ApproveIrreversible { .. } => "approval",
        GateKind::Fence { .. } => "fence",
        GateKind::DataLoss { .. } => "data loss",
        GateKind::Health => "health",
        GateKind::BreakGlass { .. } => "break glass",
    }
}

/// Who opens it: a person, or one of the steps that prove it. A step that is a person's word is no proof.
#[must_use]
pub fn opened(plan: &Plan, gate: &Gate) -> String {
    opened_within(plan, gate, NAMES)
}

/// The same, with as many names as fit into so many columns.
#[must_use]
pub fn opened_within(plan: &Plan, gate: &Gate, columns: usize) -> String {
    let confirms = |id: &&String| plan.steps.iter().any(|step| step.id == **id && people::is_confirmation(step));
    let (words_of, proofs): (Vec<&String>, Vec<&String>) = gate.opened_by.iter().partition(confirms);
    let mut ways = Vec::new();
    if gate.person {
        ways.push("a person".to_owned());
    }
    if !words_of.is_empty() {
        ways.push(format!("the confirmation of {}", words::fold(&words_of, columns)));
    }
    if !proofs.is_empty() {
        ways.push(format!("proof from {}", words::fold(&proofs, columns)));
    }
    match ways.as_slice() {
        [] => "what is declared: it is expected to open by itself".to_owned(),
        ways => ways.join(", or "),
    }
}

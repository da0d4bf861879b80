//! Who must have said yes: to the whole plan, to what has no way back, and to what others give up.

use crate::model::Procedure;
use crate::model::ServiceId;
use crate::placement::LevelBecause;
use crate::plan::ActionOnPaper;
use crate::plan::GateKind;
use crate::plan::verify::OfApproval;
use crate::plan::verify::Violation;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::asked::Why;
use crate::plan::verify::order::u32_of;
use crate::plan::verify::paper::Paper;

/// Asks for approvals before all that needs one.
pub(super) fn check(paper: &Paper<'_>, asked: &mut Asked<'_>, found: &mut Vec<Violation>) {
    let starts: Vec<u32> =
        paper.gates().filter(|(_, gate)| gate.kind == GateKind::ApproveStart).map(|(item, _)| item).collect();
    if starts.len() != 1 {
        found.push(Violation::Approval(OfApproval::StartApprovals { count: u64::from(u32_of(starts.len())) }));
    }
    let start = (!starts.is_empty()).then(|| asked.demands.set(starts));
    for (item, step) in paper.steps() {
        if changes(&step.action) && start.is_some() {
            asked.demands.ask(item, None, start, Why::StartApproval);
        }
        if step.irreversible {
            let guards = guards(paper, item, &step.id);
            let guards = (!guards.is_empty()).then(|| asked.demands.set(guards));
            asked.demands.ask(item, None, guards, Why::Irreversible);
        }
        if let Some(id) = paper.service_of(item).filter(|_| gives_way(&step.procedure))
            && !is_for_first_tier(paper, id, step.class)
        {
            let asks = asks(paper, id);
            let asks = (!asks.is_empty()).then(|| asked.demands.set(asks));
            asked.demands.ask(item, None, asks, Why::Victim(id));
        }
    }
}

/// Whether an action changes anything: to look, to tell and to fetch does not.
const fn changes(action: &ActionOnPaper) -> bool {
    match action {
        ActionOnPaper::Ssh { .. }
        | ActionOnPaper::Exec { .. }
        | ActionOnPaper::Http(_)
        | ActionOnPaper::Route(_)
        | ActionOnPaper::Scale { .. } => true,
        ActionOnPaper::Confirm { .. }
        | ActionOnPaper::Notify { .. }
        | ActionOnPaper::Wait(_)
        | ActionOnPaper::Fetch { .. } => false,
    }
}

/// The gates that guard a step without a way back: its own approval, or a fence or DataLoss gate of its service.
fn guards(paper: &Paper<'_>, item: u32, id: &str) -> Vec<u32> {
    let service = paper.service_of(item);
    let is_guard = |gate: &u32| match paper.gate(*gate).map(|gate| &gate.kind) {
        Some(GateKind::ApproveIrreversible { step }) => step == id,
        Some(GateKind::Fence { .. } | GateKind::DataLoss { .. }) => {
            service.is_some() && paper.service_of(*gate) == service
        }
        Some(
            GateKind::ApproveStart | GateKind::ApproveVictims { .. } | GateKind::Health | GateKind::BreakGlass { .. },
        )
        | None => false,
    };
    let own = service.map_or(&[][..], |service| paper.gates_of[service.at()].as_slice());
    own.iter().chain(paper.gates_of.last().into_iter().flatten()).copied().filter(is_guard).collect()
}

fn gives_way(procedure: &str) -> bool {
    [Procedure::Degrade, Procedure::Shed].iter().any(|one| one.word() == procedure)
}

/// Whether a service makes room for the first tier, whose victims the first approval covers.
fn is_for_first_tier(paper: &Paper<'_>, id: ServiceId, class: u8) -> bool {
    let because = paper.entries[id.at()].and_then(|entry| entry.level_because.as_ref());
    let Some(LevelBecause::GivesWay { service, .. }) = because else { return class == 0 };
    let other = paper.estate.service_named(service).and_then(|other| paper.entries[other.at()]);
    let first = paper.estate.tiers.first();
    other.zip(first).is_some_and(|(other, first)| other.effective_tier == first.name)
}

/// The gates at which people are asked whether a service may give up room.
fn asks(paper: &Paper<'_>, id: ServiceId) -> Vec<u32> {
    let name = &paper.estate.service(id).name;
    let names = |kind: &GateKind| matches!(kind, GateKind::ApproveVictims { services } if services.contains(name));
    paper.gates().filter(|(_, gate)| names(&gate.kind)).map(|(item, _)| item).collect()
}

//! Who must have said yes: to the whole plan, to what has no way back, and to what others give up.

use std::collections::BTreeMap;

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
    let (asks, guards) = (asks(paper), guards(paper));
    let start = (!starts.is_empty()).then(|| asked.demands.set(starts));
    for (item, step) in paper.steps() {
        if changes(&step.action) && start.is_some() {
            asked.demands.ask(item, None, start, Why::StartApproval);
        }
        if step.irreversible {
            let own = paper.service_of(item).map_or(&[][..], |id| paper.gates_of[id.at()].as_slice());
            let mut ways: Vec<u32> = own.iter().copied().filter(|gate| is_writers(paper, *gate)).collect();
            ways.extend(guards.get(step.id.as_str()).into_iter().flatten());
            let ways = Some(asked.demands.set(ways));
            asked.demands.ask(item, None, ways, Why::Irreversible);
        }
        if let Some(id) = paper.service_of(item).filter(|_| gives_way(&step.procedure))
            && !is_for_first_tier(paper, id, step.class)
        {
            let ways = asks.get(paper.estate.service(id).name.as_str()).cloned().unwrap_or_default();
            let ways = Some(asked.demands.set(ways));
            asked.demands.ask(item, None, ways, Why::Victim(id));
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
        | ActionOnPaper::Ttl(_)
        | ActionOnPaper::Scale { .. } => true,
        ActionOnPaper::Confirm { .. }
        | ActionOnPaper::Notify { .. }
        | ActionOnPaper::Wait(_)
        | ActionOnPaper::Fetch { .. } => false,
    }
}

/// A fence or DataLoss gate: a person, or a proof, stands before whatever its service can't take back.
fn is_writers(paper: &Paper<'_>, gate: u32) -> bool {
    paper.gate(gate).is_some_and(|gate| matches!(gate.kind, GateKind::Fence { .. } | GateKind::DataLoss { .. }))
}

/// The gates at which people are asked for one step, by its name.
fn guards<'a>(paper: &Paper<'a>) -> BTreeMap<&'a str, Vec<u32>> {
    let mut guards: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (item, gate) in paper.gates() {
        if let GateKind::ApproveIrreversible { step } = &gate.kind {
            guards.entry(step).or_default().push(item);
        }
    }
    guards
}

fn gives_way(procedure: &str) -> bool {
    [Procedure::Degrade, Procedure::Shed].iter().any(|one| one.word() == procedure)
}

/// Whether a service makes room for the first tier, whose victims the first approval covers.
fn is_for_first_tier(paper: &Paper<'_>, id: ServiceId, class: u8) -> bool {
    let because = paper.entries[id.at()].and_then(|entry| entry.level_because.as_ref());
    let Some(LevelBecause::GivesWay { service, .. }) = because else { return class == 0 };
    let other = paper.service_named(service).and_then(|other| paper.entries[other.at()]);
    let first = paper.estate.tiers.first();
    other.zip(first).is_some_and(|(other, first)| other.effective_tier == first.name)
}

/// The gates at which people are asked whether a service may give up room, by its name.
fn asks<'a>(paper: &Paper<'a>) -> BTreeMap<&'a str, Vec<u32>> {
    let mut asks: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (item, gate) in paper.gates() {
        if let GateKind::ApproveVictims { services } = &gate.kind {
            for service in services {
                asks.entry(service).or_default().push(item);
            }
        }
    }
    asks
}

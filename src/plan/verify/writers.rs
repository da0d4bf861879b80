//! Never two writers, and no data lost without a word: what stands before a promotion.

use crate::model::Millis;
use crate::model::Phase;
use crate::model::ReplicationMode;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::SiteId;
use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::verify::OfWriters;
use crate::plan::verify::Violation;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::asked::Why;
use crate::plan::verify::order::SetId;
use crate::plan::verify::paper::Paper;

/// Asks for fences and DataLoss gates before every promotion of a stateful service.
pub(super) fn check(paper: &Paper<'_>, asked: &mut Asked<'_>, found: &mut Vec<Violation>) {
    for (item, gate) in paper.gates() {
        if matches!(gate.kind, GateKind::Fence { .. }) {
            opened(paper, item, gate, found);
        }
    }
    for (at, service) in paper.estate.services.iter().enumerate() {
        if service.kind != ServiceKind::Stateful || paper.steps_of[at].is_empty() {
            continue;
        }
        let id = ServiceId::new(at);
        let promotions: Vec<(u32, SiteId)> =
            paper.steps_of[at].iter().filter_map(|&item| promoted(paper, item).map(|site| (item, site))).collect();
        let olds: Vec<SiteId> =
            paper.damage.seats[at].iter().filter(|seat| seat.before.0 > 0).map(|seat| seat.site).collect();
        for &(item, site) in &promotions {
            for &old in olds.iter().filter(|&&old| old != site) {
                let fences = fences(paper, asked, id, old);
                asked.demands.ask(item, None, fences, Why::Fence(old));
            }
            data_loss(paper, asked, id, (item, site), &olds);
            // Of two promotions the later must wait for a fence of the earlier; equal starts are told once.
            for &(other, elsewhere) in promotions.iter().filter(|(_, elsewhere)| *elsewhere != site) {
                if (paper.start(other), other) < (paper.start(item), item) {
                    let fences = fences(paper, asked, id, elsewhere);
                    asked.demands.ask(item, None, fences, Why::TwoWriters(other));
                }
            }
        }
    }
}

/// Where a step makes a writer, where it does.
fn promoted(paper: &Paper<'_>, item: u32) -> Option<SiteId> {
    let step = paper.step(item)?;
    let makes = matches!(step.effect, Some(Effect::Writer | Effect::Unfenced { .. }));
    let is_promotion = makes || paper.phase_of(item) == Some(Phase::Promote);
    paper.site_of(item).filter(|_| is_promotion)
}

/// The gates behind which the writer of a service at a site can never write again.
fn fences(paper: &Paper<'_>, asked: &mut Asked<'_>, id: ServiceId, site: SiteId) -> Option<SetId> {
    // On a word of long ago nobody is promoted.
    let fences: Vec<u32> = gates(paper, id, site, |kind| matches!(kind, GateKind::Fence { .. }))
        .into_iter()
        .filter(|&gate| paper.gate(gate).is_some_and(|gate| !paper.plan.carries(&gate.id)))
        .collect();
    (!fences.is_empty()).then(|| asked.demands.set(fences))
}

/// The gates of one kind about a service at a site, or about the whole site.
fn gates(paper: &Paper<'_>, id: ServiceId, site: SiteId, is_kind: impl Fn(&GateKind) -> bool) -> Vec<u32> {
    let all = paper.gates_of[id.at()].iter().chain(paper.gates_of.last().into_iter().flatten()).copied();
    all.filter(|&gate| paper.site_of(gate) == Some(site) && paper.gate(gate).is_some_and(|gate| is_kind(&gate.kind)))
        .collect()
}

/// A fence gate is opened by a fence there, of the service or of the whole site, or by a person.
fn opened(paper: &Paper<'_>, item: u32, gate: &Gate, found: &mut Vec<Violation>) {
    let (service, site) = (paper.service_of(item), paper.site_of(item));
    if gate.opened_by.is_empty() && !gate.person {
        found.push(Violation::Writers(OfWriters::FenceOpenedWrongly { gate: gate.id.clone(), by: None }));
    }
    for by in &gate.opened_by {
        let Some((one, step)) = paper.item(by).and_then(|one| paper.step(one).map(|step| (one, step))) else {
            continue;
        };
        let is_fence = paper.phase_of(one) == Some(Phase::Fence) || step.procedure == "fence";
        let is_whole_site = step.service.is_none();
        let is_there = paper.site_of(one) == site && (is_whole_site || paper.service_of(one) == service);
        if !is_fence || !is_there {
            found.push(Violation::Writers(OfWriters::FenceOpenedWrongly {
                gate: gate.id.clone(),
                by: Some(by.clone()),
            }));
        }
    }
}

/// A person is asked before a promotion that may lose more than promised, and after the old writer has stopped.
fn data_loss(paper: &Paper<'_>, asked: &mut Asked<'_>, id: ServiceId, at: (u32, SiteId), olds: &[SiteId]) {
    let (item, site) = at;
    // A source that is trusted stops its writes in order, and is waited for.
    let is_moved = |old: &SiteId| paper.damage.state(Some(id), *old).is_trusted();
    if olds.contains(&site) || olds.iter().all(is_moved) {
        return;
    }
    let judged = gates(paper, id, site, |kind| matches!(kind, GateKind::DataLoss { .. }));
    for &gate in &judged {
        for &old in olds {
            let fences = fences(paper, asked, id, old);
            asked.demands.ask(gate, None, fences, Why::DataLossFence(old));
        }
    }
    let objective = paper.estate.rpo(id);
    let lag = lag(paper, id, site);
    let is_within = lag.is_some_and(|lag| objective.is_none_or(|objective| lag <= objective));
    if !is_within {
        let any = (!judged.is_empty()).then(|| asked.demands.set(judged));
        asked.demands.ask(item, None, any, Why::DataLoss { lag, objective });
    }
}

/// How far behind a copy may be, as declared; nothing is known of one that is not declared to follow.
fn lag(paper: &Paper<'_>, id: ServiceId, site: SiteId) -> Option<Millis> {
    let replication = paper.estate.service(id).at(site)?.replication?;
    match replication.mode {
        ReplicationMode::Sync => Some(replication.max_lag.unwrap_or(Millis::ZERO)),
        ReplicationMode::Async => replication.max_lag,
    }
}

//! When services were back, as whoever followed the run on the screen saw it, and by what step or gate that came about.

use std::collections::BTreeMap;

use crate::evidence::FirstTier;
use crate::evidence::PlannedLeg;
use crate::evidence::ServiceAttained;
use crate::evidence::Stood;
use crate::evidence::Verdict;
use crate::evidence::past::Past;
use crate::evidence::past::by_service;
use crate::evidence::spent;
use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Effect;
use crate::plan::Impact;
use crate::plan::Level;
use crate::plan::ServiceOnPaper;
use crate::plan::Side;
use crate::plan::Step;
use crate::run::NodeAt;
use crate::run::Stamp;
use crate::run::StepState;
use crate::run::view;

/// Every service that the plan was to bring back.
pub(in crate::evidence) fn services(past: &Past<'_>) -> Vec<ServiceAttained> {
    let nodes = by_service(past.plan);
    let seen = view(past.plan, &past.script, &past.state, past.last);
    let wanted = |service: &ServiceOnPaper| service.expected_back_ms.is_some() || service.impact == Impact::Stranded;
    let of = |service: &ServiceOnPaper| nodes.get(service.id.as_str()).map_or(&[][..], Vec::as_slice);
    past.plan
        .services
        .iter()
        .zip(&seen.services)
        .filter(|(service, _)| wanted(service))
        .map(|(service, standing)| attained(past, service, of(service), standing.back))
        .collect()
}

fn attained(past: &Past<'_>, service: &ServiceOnPaper, nodes: &[NodeAt], back: Option<Stamp>) -> ServiceAttained {
    let cause = back.and_then(|back| cause(past, nodes, back));
    let path = cause.map_or(Vec::new(), |cause| spent::path(past, cause));
    let back_ms = back.map(|back| past.t(cause.and_then(|cause| past.over(cause)).unwrap_or(back)));
    let planned = service.critical_path.iter();
    ServiceAttained {
        id: service.id.clone(),
        title: service.title.clone(),
        tier: service.effective_tier.clone(),
        objective_ms: service.objective_ms,
        expected_ms: service.expected_back_ms,
        back_ms,
        verdict: verdict(past, service.objective_ms, back_ms),
        serving: serving(past, service, nodes),
        spent: spent::sum(&path),
        path,
        planned_path: planned
            .map(|link| PlannedLeg { id: link.id.clone(), from_ms: link.start_ms, to_ms: link.end_ms })
            .collect(),
    }
}

/// What brought a service back at that instant: something of its own, else what it had waited for; none where it was
/// never away.
fn cause(past: &Past<'_>, nodes: &[NodeAt], back: Stamp) -> Option<NodeAt> {
    let over_then = |at: &NodeAt| {
        let since = match at.checked_sub(past.script.steps()) {
            None => past.state.steps[*at].since,
            Some(gate) => past.state.gates[gate].since,
        };
        since == back && past.over(*at).is_some()
    };
    if back == past.opened {
        return None;
    }
    nodes.iter().copied().rfind(over_then).or_else(|| (0..past.script.len()).rfind(over_then))
}

fn verdict(past: &Past<'_>, objective: Option<Millis>, back: Option<Millis>) -> Verdict {
    let over = past.state.ended.is_some();
    match (objective, back) {
        (Some(objective), Some(back)) if back <= objective => Verdict::Met,
        (Some(_), Some(_)) => Verdict::Missed,
        (None, Some(_)) => Verdict::NoPromise,
        (Some(objective), None) if past.t(past.last) > objective || over => Verdict::Missed,
        (None, None) if over => Verdict::Missed,
        (Some(_) | None, None) => Verdict::Open,
    }
}

/// Who serves which share now. A step that was skipped brings nothing about.
fn serving(past: &Past<'_>, service: &ServiceOnPaper, nodes: &[NodeAt]) -> Vec<Stood> {
    let mut seats: BTreeMap<&str, (Level, Ppm)> = BTreeMap::new();
    for from in service.from.iter().filter(|from| from.survives && from.share > Ppm::ZERO) {
        seats.insert(&from.site, (Level::Full, from.share));
    }
    let mut changes: Vec<(Stamp, NodeAt, &Step)> = nodes
        .iter()
        .filter_map(|&at| Some((past.over(at)?, at, past.plan.steps.get(at)?)))
        .filter(|(_, at, _)| matches!(past.state.steps[*at].state, StepState::Done(_)))
        .collect();
    changes.sort_by_key(|(over, at, _)| (*over, *at));
    for (_, _, step) in changes {
        let Some(site) = step.site.as_deref() else { continue };
        match &step.effect {
            Some(Effect::Serves { level, share } | Effect::Unfenced { level, share }) => {
                seats.insert(site, (*level, *share));
            }
            Some(Effect::Ends) => drop(seats.remove(site)),
            Some(Effect::Fenced) if step.on == Side::Source => drop(seats.remove(site)),
            Some(Effect::Fenced | Effect::Holds { .. } | Effect::Writer) | None => {}
        }
    }
    seats.into_iter().map(|(site, (level, share))| Stood { site: site.to_owned(), level, share }).collect()
}

/// The first tier as a whole: as late as the last of its services.
pub(in crate::evidence) fn first_tier(past: &Past<'_>, services: &[ServiceAttained]) -> Option<FirstTier> {
    let tier = past.plan.classes.first()?;
    let own: Vec<&ServiceAttained> = services.iter().filter(|service| service.tier == tier.tier).collect();
    let back: Option<Vec<(Millis, &ServiceAttained)>> = own.iter().map(|it| Some((it.back_ms?, *it))).collect();
    let last = back.and_then(|back| back.into_iter().max_by_key(|(at, service)| (*at, &service.id)));
    let count = |many: usize| u64::try_from(many).unwrap_or(u64::MAX);
    Some(FirstTier {
        tier: tier.tier.clone(),
        title: tier.title.clone(),
        services: count(own.len()),
        back: count(own.iter().filter(|service| service.back_ms.is_some()).count()),
        objective_ms: own.iter().filter_map(|service| service.objective_ms).min(),
        expected_ms: own.iter().filter_map(|service| service.expected_ms).max(),
        back_ms: last.map(|(at, _)| at),
        last: last.map(|(_, service)| service.id.clone()),
        verdict: own.iter().map(|service| service.verdict).max()?,
        spent: last.map_or(Vec::new(), |(_, service)| service.spent.clone()),
    })
}

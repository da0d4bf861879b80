//! Nothing is done where nothing may be: at what is lost or quarantined, or on what is not trusted.

use crate::model::HostSet;
use crate::model::Millis;
use crate::model::Phase;
use crate::model::ServiceKind;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::Side;
use crate::plan::Step;
use crate::plan::verify::OfPlaces;
use crate::plan::verify::OfWriters;
use crate::plan::verify::Violation;
use crate::plan::verify::damage::State;
use crate::plan::verify::paper::Paper;

/// A fence on what is lost may take this long: it runs beside everything else, and a person's gate stands behind it.
const FENCE_LIMIT: Millis = Millis::from_secs(60);

/// Checks every step, every target, and the fences of what answers and is not trusted.
pub(super) fn check(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    for (item, step) in paper.steps() {
        place(paper, item, step, found);
        hosts(paper, item, step, found);
    }
    for entry in &paper.plan.services {
        let Some(id) = paper.service_named(&entry.id) else { continue };
        for target in entry.to.iter().filter(|target| target.share.0 > 0 || target.first_share.0 > 0) {
            let Some(site) = paper.estate.site_named(&target.site) else { continue };
            let state = paper.damage.state(Some(id), site);
            if !state.is_target() && (state != State::Leaving || target.share.0 > 0) {
                let (service, site) = (entry.id.clone(), target.site.clone());
                found.push(Violation::Places(OfPlaces::TargetUntrusted {
                    service,
                    site,
                    state: state.word().to_owned(),
                }));
            }
        }
    }
    mandatory_fences(paper, found);
}

/// Where a step acts, and whether it may.
fn place(paper: &Paper<'_>, item: u32, step: &Step, found: &mut Vec<Violation>) {
    let Some(site) = paper.site_of(item) else { return };
    let state = paper.damage.state(paper.service_of(item), site);
    let is_fence = is_fence(paper, item, step);
    let brings_up = step.on == Side::Target || matches!(step.effect, Some(Effect::Holds { .. } | Effect::Writer));
    let may = match state {
        State::Up | State::Returning | State::Leaving => true,
        State::Impaired => is_fence || !brings_up,
        State::Lost | State::Quarantined => is_fence && step.on != Side::Target,
    };
    if !may {
        let (site, state) = (paper.site_name(site), state.word().to_owned());
        found.push(Violation::Places(OfPlaces::ActsOnLost { step: step.id.clone(), site, state }));
    } else if state.is_gone() && step.hosts.is_some() && step.limits.timeout_ms > FENCE_LIMIT {
        let (step, timeout) = (step.id.clone(), step.limits.timeout_ms);
        found.push(Violation::Places(OfPlaces::FenceTooLong { step, timeout, limit: FENCE_LIMIT }));
    }
}

fn is_fence(paper: &Paper<'_>, item: u32, step: &Step) -> bool {
    paper.phase_of(item) == Some(Phase::Fence) || (step.service.is_none() && step.procedure == "fence")
}

/// Whether a step acts on the hosts that it says, and on none that is lost.
fn hosts(paper: &Paper<'_>, item: u32, step: &Step, found: &mut Vec<Violation>) {
    let Some(on) = &step.hosts else {
        if step.action.is_on_hosts() {
            found.push(Violation::Places(OfPlaces::NoHosts { step: step.id.clone() }));
        }
        return;
    };
    let Ok(set) = HostSet::parse(&on.set) else {
        found.push(Violation::Places(OfPlaces::NoHosts { step: step.id.clone() }));
        return;
    };
    let replica = paper
        .service_of(item)
        .zip(paper.site_of(item))
        .and_then(|(service, site)| paper.estate.service(service).at(site))
        .and_then(|replica| replica.hosts.as_ref());
    let is_within = replica.is_none_or(|all| *all == set || set.count_in(all) == set.count());
    if !is_within || on.count != set.count() {
        found.push(Violation::Places(OfPlaces::HostsDiffer { step: step.id.clone(), hosts: on.set.clone() }));
    }
    let is_lost = paper.damage.lost_hosts.iter().any(|lost| set.count_in(lost) > 0);
    if is_lost && !is_fence(paper, item, step) {
        found.push(Violation::Places(OfPlaces::HostsLost { step: step.id.clone(), hosts: on.set.clone() }));
    }
}

/// A writer that answers and is not trusted must be fenced wherever another takes its place. One that has nowhere to
/// go is left alone: to fence it would end what still runs.
fn mandatory_fences(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    for (at, service) in paper.estate.services.iter().enumerate().filter(|(_, one)| one.kind == ServiceKind::Stateful) {
        // A plan for the lifeline alone says nothing of the others.
        if paper.plan.incident.only_lifeline && paper.entries[at].is_none() {
            continue;
        }
        for seat in &paper.damage.seats[at] {
            let name = &paper.estate.site(seat.site).name;
            let is_replaced = paper.entries[at]
                .is_some_and(|entry| entry.to.iter().any(|target| target.site != *name && target.share.0 > 0));
            if seat.state != State::Impaired || seat.before.0 == 0 || !is_replaced {
                continue;
            }
            let gates = paper.gates_of[at].iter().chain(paper.gates_of.last().into_iter().flatten());
            let is_fenced = gates.copied().any(|gate| {
                paper.site_of(gate) == Some(seat.site)
                    && paper.gate(gate).is_some_and(|gate| matches!(gate.kind, GateKind::Fence { .. }))
            });
            if !is_fenced {
                let (service, site) = (service.name.clone(), paper.site_name(seat.site));
                found.push(Violation::Writers(OfWriters::FenceMissing { service, site }));
            }
        }
    }
}

//! What is refused: what would destroy, and what can't be meant.

use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Owed;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::placement::Fate;
use crate::placement::Level;
use crate::placement::Situation;
use crate::plan::Mode;
use crate::plan::Refusal;
use crate::plan::paper_sites::taken_after;
use crate::plan::scene::Scene;

/// What can be seen before anything is worked out.
pub(in crate::plan) fn before(estate: &Estate, incident: &Incident) -> Result<(), Box<Refusal>> {
    if estate.services.is_empty() || estate.sites.is_empty() || estate.tiers.is_empty() {
        return Err(Box::new(Refusal::EmptyEstate));
    }
    if incident.scopes.is_empty() {
        return Err(Box::new(Refusal::NothingLost));
    }
    for (scope, _) in &incident.scopes {
        match scope {
            Scope::Site(_) | Scope::Domain(_) => {}
            Scope::Hosts(hosts) => {
                let mut sets = estate.services.iter().flat_map(|service| &service.replicas);
                if !sets.any(|replica| replica.hosts.as_ref().is_some_and(|set| set.count_in(hosts) > 0)) {
                    return Err(Box::new(Refusal::NoSuchHosts { hosts: hosts.to_string() }));
                }
            }
            Scope::Replica(service, site) => {
                if estate.service(*service).at(*site).is_none() {
                    return Err(Box::new(Refusal::NoSuchReplica {
                        service: estate.service(*service).name.clone(),
                        site: estate.site(*site).name.clone(),
                    }));
                }
            }
        }
    }
    Ok(())
}

/// What came back and nobody released is not used again, nor is what owes a fence.
pub(in crate::plan) fn quarantined(
    estate: &Estate,
    incident: &Incident,
    situation: &Situation,
    observation: &Observation,
) -> Result<(), Box<Refusal>> {
    let returns = |site: &&SiteId| situation.sites[site.at()] == Fate::Returning;
    let comes_back = |owed: &&Owed| {
        let named = incident.scopes.iter().filter(|(_, state)| *state == ScopeState::Returning);
        returns(&&owed.site) || named.into_iter().any(|(scope, _)| is_about(estate, scope, owed))
    };
    let owing = observation.owed.iter().filter(comes_back).map(|owed| &owed.site);
    observation
        .quarantined
        .iter()
        .filter(returns)
        .chain(owing)
        .next()
        .map_or(Ok(()), |site| Err(Box::new(Refusal::Quarantined { site: estate.site(*site).name.clone() })))
}

/// Whether hosts or a replica that are named have a fence owed on them.
fn is_about(estate: &Estate, scope: &Scope, owed: &Owed) -> bool {
    match scope {
        Scope::Site(_) | Scope::Domain(_) => false,
        Scope::Replica(service, site) => owed.service == Some(*service) && owed.site == *site,
        Scope::Hosts(named) => {
            let replica = owed.service.and_then(|service| estate.service(service).at(owed.site));
            let hosts = replica.and_then(|replica| replica.hosts.as_ref());
            hosts.is_some_and(|hosts| hosts.count_in(named) > 0)
        }
    }
}

/// No site could take anything.
pub(in crate::plan) fn nothing_left(situation: &Situation, to: &[SiteId]) -> Result<(), Box<Refusal>> {
    let usable = |at: usize| situation.sites[at].is_target() && (to.is_empty() || to.contains(&SiteId::new(at)));
    if (0..situation.sites.len()).any(usable) {
        return Ok(());
    }
    Err(Box::new(Refusal::NothingLeft))
}

/// A planned move that would leave anybody worse off, unless that was accepted.
pub(in crate::plan) fn degrading_move(scene: &Scene<'_>) -> Result<(), Box<Refusal>> {
    if scene.mode != Mode::Switchover || scene.incident.accept_degraded {
        return Ok(());
    }
    let mut worse: Vec<ServiceId> = (0..scene.estate().services.len())
        .map(ServiceId::new)
        .filter(|&id| scene.is_planned(id))
        .filter(|&id| {
            let placed = scene.placed(id);
            let served = placed.seats.iter().any(|seat| seat.now.share > Ppm::ZERO) || placed.moves;
            served && (placed.level != Level::Full || placed.admits < Ppm::ONE)
        })
        .collect();
    if worse.is_empty() {
        return Ok(());
    }
    worse.sort_by_key(|&id| (scene.class(id), id));
    let services = worse.into_iter().map(|id| scene.name(id).to_owned()).collect();
    Err(Box::new(Refusal::WouldDegrade { services }))
}

/// A way home that would overfill a site, more than it is filled already.
pub(in crate::plan) fn crowded_home(scene: &Scene<'_>) -> Result<(), Box<Refusal>> {
    if scene.mode != Mode::Failback {
        return Ok(());
    }
    let estate = scene.estate();
    for (at, service) in estate.services.iter().enumerate() {
        for (replica, seat) in service.replicas.iter().zip(&scene.placement.services[at].seats) {
            let over = seat.held.less(&replica.max_load);
            if let Some(kind) = over.0.iter().position(|&by| by > 0).filter(|_| seat.last.share > seat.now.share) {
                return Err(Box::new(overrun(estate, replica.site.at(), kind, over.0[kind])));
            }
        }
    }
    let after = taken_after(scene);
    for (at, account) in scene.placement.sites.iter().enumerate() {
        let over = after[at].less(&account.limit).least(&after[at].less(&account.before));
        if let Some(kind) = over.0.iter().position(|&by| by > 0) {
            return Err(Box::new(overrun(estate, at, kind, over.0[kind])));
        }
    }
    Ok(())
}

fn overrun(estate: &Estate, site: usize, kind: usize, by: u64) -> Refusal {
    Refusal::Overrun { site: estate.sites[site].name.clone(), resource: estate.resources[kind].clone(), by }
}

//! What the next loss would do, once this plan is done.

use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::SiteId;
use crate::placement::Fate;
use crate::placement::Placed;
use crate::placement::Rejection;
use crate::placement::Situation;
use crate::placement::Urgency;
use crate::placement::turned_away;
use crate::plan::Ground;
use crate::plan::Mode;
use crate::plan::NextLoss;
use crate::plan::Outlook;
use crate::plan::Repair;

/// Loses each site that is still up on top of the incident, and sees whether the lifeline's floor still fits for all.
pub(in crate::plan) fn outlook(
    ground: &Ground<'_>,
    incident: &Incident,
    situation: &Situation,
    urgency: &Urgency,
    mode: Mode,
) -> Outlook {
    let estate = ground.estate;
    let mut outlook = Outlook::default();
    if mode == Mode::Failback {
        return outlook;
    }
    for at in 0..estate.sites.len() {
        let site = SiteId::new(at);
        if !situation.sites[at].is_target() {
            continue;
        }
        let mut next = incident.clone();
        for (_, state) in &mut next.scopes {
            *state = ScopeState::Lost;
        }
        next.scopes.push((Scope::Site(site), ScopeState::Lost));
        next.only_lifeline = true;
        let after = Situation::new(estate, &next, &Observation::default());
        let placed = turned_away(estate, &next, &after, urgency);
        if let Some((service, placed)) = weakest(&placed) {
            outlook.kills.push(NextLoss {
                site: estate.site(site).name.clone(),
                service: estate.service(*service).name.clone(),
                admits: placed.admits,
                repair: repair(estate, *service, placed),
            });
        }
    }
    outlook.unprotected = unprotected(estate, situation);
    outlook
}

/// The service that would admit the fewest, where the lifeline does not hold.
fn weakest(placed: &[(ServiceId, Placed)]) -> Option<&(ServiceId, Placed)> {
    placed.iter().min_by_key(|(id, placed)| (placed.admits, *id))
}

/// The smallest amount that any candidate was short of.
fn repair(estate: &Estate, id: ServiceId, placed: &Placed) -> Option<Repair> {
    let short = placed.rejected.iter().filter_map(|(at, because)| match because {
        Rejection::Short { resource, by, .. } => Some(Repair {
            site: estate.site(estate.service(id).replicas[*at].site).name.clone(),
            resource: resource.clone(),
            amount: *by,
        }),
        Rejection::Lost | Rejection::Impaired | Rejection::Leaving | Rejection::Quarantined => None,
        Rejection::NotAsked | Rejection::HostsCarry { .. } | Rejection::NoData | Rejection::NotNeeded => None,
        Rejection::NoMajority => None,
    });
    short.min_by_key(|repair| repair.amount)
}

/// Data of which only one copy is left.
fn unprotected(estate: &Estate, situation: &Situation) -> Vec<(String, String)> {
    let mut data = Vec::new();
    for (at, service) in estate.services.iter().enumerate() {
        if service.kind != ServiceKind::Stateful || service.replicas.len() < 2 {
            continue;
        }
        let there = |replica: usize| !matches!(situation.seats[at][replica].fate, Fate::Lost | Fate::Impaired);
        let left: Vec<usize> = (0..service.replicas.len()).filter(|&replica| there(replica)).collect();
        if let ([only], true) = (&left[..], left.len() < service.replicas.len()) {
            data.push((service.name.clone(), estate.site(service.replicas[*only].site).name.clone()));
        }
    }
    data
}

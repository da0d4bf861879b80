//! In which order replicas are asked, and why those that were not taken were not.

use crate::model::DomainId;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::Replica;
use crate::model::ReplicationMode;
use crate::model::Role;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::SiteKind;
use crate::placement::Because;
use crate::placement::Fate;
use crate::placement::Part;
use crate::placement::Rejection;
use crate::placement::SeatId;
use crate::placement::Situation;
use crate::placement::work::Work;

/// Why a candidate had no room when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::placement) struct Short {
    /// The resource that ran out.
    pub(in crate::placement) resource: String,
    /// How much was missing, in thousandths.
    pub(in crate::placement) by: u64,
    /// Who took the room last.
    pub(in crate::placement) after: Option<ServiceId>,
    /// Whether its hosts were the limit, rather than the site.
    pub(in crate::placement) hosts: Option<u64>,
}

/// Fault domains of the sites that are lost or not trusted. Sorted.
pub(in crate::placement) fn lost_domains(estate: &Estate, situation: &Situation) -> Vec<DomainId> {
    let mut domains: Vec<DomainId> = estate
        .sites
        .iter()
        .zip(&situation.sites)
        .filter(|(_, fate)| matches!(fate, Fate::Lost | Fate::Impaired))
        .flat_map(|(site, _)| site.domains.iter().copied())
        .collect();
    domains.sort_unstable();
    domains.dedup();
    domains
}

/// The fault domain that a replica's site shares with what is lost.
pub(in crate::placement) fn shared_domain(estate: &Estate, replica: &Replica, lost: &[DomainId]) -> Option<DomainId> {
    estate.site(replica.site).domains.iter().copied().find(|domain| lost.binary_search(domain).is_ok())
}

/// Survivors first, by name of their site; then those that can be added, the best first.
pub(in crate::placement) fn candidates(
    work: &Work<'_>,
    id: ServiceId,
    incident: &Incident,
    lost: &[DomainId],
) -> (Vec<SeatId>, Vec<SeatId>) {
    let service = work.estate.service(id);
    let mut survivors = Vec::new();
    let mut added = Vec::new();
    for (at, replica) in service.replicas.iter().enumerate() {
        let seat = SeatId { service: id, replica: u32::try_from(at).unwrap_or(u32::MAX) };
        if refused(work, seat, incident).is_some() {
            continue;
        }
        let state = work.seat(seat);
        if state.part == Part::Survivor {
            if state.last.share > Ppm::ZERO {
                survivors.push(seat);
            }
        } else {
            let site = work.estate.site(replica.site);
            let data = if service.kind == ServiceKind::Stateful { freshness(replica) } else { (0, Millis::ZERO) };
            let domain = shared_domain(work.estate, replica, lost).is_some();
            added.push(((data.0, domain, site.kind == SiteKind::Cloud, replica.role, data.1, at), seat));
        }
    }
    added.sort_by_key(|(key, _)| *key);
    (survivors, added.into_iter().map(|(_, seat)| seat).collect())
}

/// Synchronous copies first, then by how far behind; what is unknown comes last.
fn freshness(replica: &Replica) -> (u8, Millis) {
    match replica.replication {
        Some(replication) => match replication.mode {
            ReplicationMode::Sync => (0, replication.max_lag.unwrap_or_default()),
            ReplicationMode::Async => (1, replication.max_lag.unwrap_or(Millis::MAX_AUTHORED)),
        },
        None => (2, Millis::MAX_AUTHORED),
    }
}

/// Why a replica can't even be asked.
pub(in crate::placement) fn refused(work: &Work<'_>, seat: SeatId, incident: &Incident) -> Option<Rejection> {
    let now = work.situation.seats[seat.service.at()][seat.replica as usize];
    let replica = work.replica(seat);
    let service = work.estate.service(seat.service);
    match now.fate {
        Fate::Lost => return Some(Rejection::Lost),
        Fate::Impaired => return Some(Rejection::Impaired),
        Fate::Leaving => return Some(Rejection::Leaving),
        Fate::Quarantined => return Some(Rejection::Quarantined),
        Fate::Up | Fate::Returning => {}
    }
    if !incident.to.is_empty() && !incident.to.contains(&replica.site) {
        return Some(Rejection::NotAsked);
    }
    let standby = work.seat(seat).part != Part::Survivor;
    if standby && service.kind == ServiceKind::Stateful && replica.replication.is_none() {
        return Some(Rejection::NoData);
    }
    None
}

/// Why a replica takes over, as far as it can be told before any room is taken.
pub(in crate::placement) fn reasons(
    work: &Work<'_>,
    seat: SeatId,
    incident: &Incident,
    lost: &[DomainId],
    only: bool,
) -> Vec<Because> {
    let replica = work.replica(seat);
    let service = work.estate.service(seat.service);
    let state = work.seat(seat);
    let mut because = Vec::new();
    if state.part == Part::Survivor {
        because.push(if state.last == state.now {
            Because::Stays
        } else {
            Because::Survivor { before: work.situation.seats[seat.service.at()][seat.replica as usize].before }
        });
        return because;
    }
    if work.situation.seats[seat.service.at()][seat.replica as usize].fate == Fate::Returning {
        because.push(Because::Home);
        return because;
    }
    because.push(match replica.role {
        Role::Active | Role::Hot => Because::Hot,
        Role::Warm => Because::Warm,
        Role::Cold => Because::Cold,
    });
    if service.kind == ServiceKind::Stateful {
        because.extend(replica.replication.map(|replication| match replication.mode {
            ReplicationMode::Sync => Because::FollowsSync,
            ReplicationMode::Async => Because::FollowsAsync { max_lag: replication.max_lag },
        }));
    }
    if only {
        because.push(Because::OnlyCandidate);
    } else if work.estate.site(replica.site).kind == SiteKind::Cloud {
        because.push(Because::CloudAfterOwn);
    }
    if incident.to.contains(&replica.site) {
        because.push(Because::Asked);
    }
    if let Some(domain) = shared_domain(work.estate, replica, lost) {
        because.push(Because::SharesDomain { domain: work.estate.domains[domain.at()].clone() });
    }
    because
}

/// Why every replica that was not taken was not.
pub(in crate::placement) fn rejections(work: &Work<'_>, id: ServiceId, incident: &Incident) -> Vec<(usize, Rejection)> {
    let mut rejected = Vec::new();
    for at in 0..work.seats[id.at()].len() {
        let seat = SeatId { service: id, replica: u32::try_from(at).unwrap_or(u32::MAX) };
        if work.seat(seat).last.share > Ppm::ZERO {
            continue;
        }
        let because = refused(work, seat, incident).unwrap_or_else(|| match work.short.get(&seat) {
            Some(Short { resource, hosts: Some(at_most), .. }) => {
                Rejection::HostsCarry { resource: resource.clone(), at_most: *at_most }
            }
            Some(Short { resource, by, after, hosts: None }) => Rejection::Short {
                resource: resource.clone(),
                by: *by,
                after: after.map(|service| work.estate.service(service).name.clone()),
            },
            None => Rejection::NotNeeded,
        });
        rejected.push((at, because));
    }
    rejected
}

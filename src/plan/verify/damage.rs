//! What the incident leaves of each site and replica, read from the plan's own words against the estate.
//!
//! It knows nothing of what the plan does about it.

use crate::model::Estate;
use crate::model::HostSet;
use crate::model::Ppm;
use crate::model::Replica;
use crate::model::Role;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::SiteId;
use crate::model::SurgeId;
use crate::plan::Plan;
use crate::plan::ScopeOnPaper;

/// What became of a site or a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Up,
    Lost,
    Impaired,
    Leaving,
    Returning,
    Quarantined,
}

impl State {
    /// Whether a plan may bring something up there.
    pub(super) const fn is_target(self) -> bool {
        matches!(self, Self::Up | Self::Returning)
    }

    /// Whether what runs there is trusted, and serves.
    pub(super) const fn is_trusted(self) -> bool {
        matches!(self, Self::Up | Self::Returning | Self::Leaving)
    }

    /// Whether nothing there may be touched, but for a fence.
    pub(super) const fn is_gone(self) -> bool {
        matches!(self, Self::Lost | Self::Quarantined)
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Lost => "lost",
            Self::Impaired => "impaired",
            Self::Leaving => "leaving",
            Self::Returning => "returning",
            Self::Quarantined => "quarantined",
        }
    }

    /// The state that an incident can bring about, by its word.
    fn named(word: &str) -> Option<Self> {
        [Self::Lost, Self::Impaired, Self::Leaving, Self::Returning].into_iter().find(|state| state.word() == word)
    }
}

/// One replica when the incident is declared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) site: SiteId,
    pub(super) state: State,
    /// The share of users that it carried before.
    pub(super) before: Ppm,
    /// How many of its hosts are left, of how many. One of one where it has none.
    pub(super) hosts: (u64, u64),
}

/// What the incident leaves.
pub(super) struct Damage {
    pub(super) sites: Vec<State>,
    /// By `ServiceId`, then in the service's own order.
    pub(super) seats: Vec<Vec<Seat>>,
    pub(super) surge: Option<SurgeId>,
    /// Sets of hosts that are lost.
    pub(super) lost_hosts: Vec<HostSet>,
}

/// What a scope means.
enum Scope {
    Sites(Vec<SiteId>),
    Hosts(HostSet),
    Replica(ServiceId, SiteId),
}

impl Damage {
    pub(super) fn new(estate: &Estate, plan: &Plan) -> Self {
        let mut sites = vec![State::Up; estate.sites.len()];
        // Who is quarantined was observed, not declared: of that the plan is the only witness.
        for site in plan.sites.iter().filter(|site| site.state == State::Quarantined.word()) {
            if let Some(id) = estate.site_named(&site.id) {
                sites[id.at()] = State::Quarantined;
            }
        }
        let scopes: Vec<(Scope, State)> =
            plan.incident.scopes.iter().filter_map(|scope| read_scope(estate, scope)).collect();
        for (scope, state) in &scopes {
            if let Scope::Sites(named) = scope {
                for site in named {
                    sites[site.at()] = *state;
                }
            }
        }
        let mut seats: Vec<Vec<Seat>> = estate
            .services
            .iter()
            .map(|service| service.replicas.iter().map(|replica| seat(replica, &sites)).collect())
            .collect();
        for entry in plan.services.iter().filter(|entry| !entry.from.is_empty()) {
            let Some(id) = estate.service_named(&entry.id) else { continue };
            for seat in &mut seats[id.at()] {
                let name = &estate.site(seat.site).name;
                let from = entry.from.iter().find(|from| from.site == *name);
                seat.before = from.map_or(Ppm::ZERO, |from| from.share);
            }
        }
        served_elsewhere(estate, plan, &mut seats);
        let mut lost_hosts = Vec::new();
        for (scope, state) in scopes {
            match scope {
                Scope::Sites(_) => {}
                Scope::Replica(service, site) => {
                    for seat in seats[service.at()].iter_mut().filter(|seat| seat.site == site) {
                        seat.state = state;
                    }
                }
                Scope::Hosts(hosts) => {
                    for (service, seats) in estate.services.iter().zip(&mut seats) {
                        for (replica, seat) in service.replicas.iter().zip(seats) {
                            lose_hosts(seat, replica, &hosts, state);
                        }
                    }
                    if state.is_gone() {
                        lost_hosts.push(hosts);
                    }
                }
            }
        }
        // Where a fence is owed, nobody knows whether the old writer still writes.
        for owed in &plan.owed {
            let known = estate.service_named(&owed.service).zip(estate.site_named(&owed.site));
            let Some((service, site)) = known else { continue };
            for seat in seats[service.at()].iter_mut().filter(|seat| seat.site == site) {
                if !matches!(seat.state, State::Lost | State::Impaired) {
                    seat.state = State::Quarantined;
                }
            }
        }
        let surge = plan.incident.surge.as_deref().and_then(|surge| estate.surge_named(surge));
        Self { sites, seats, surge, lost_hosts }
    }

    /// What became of a service at a site; of the site itself where the service has nothing there.
    pub(super) fn state(&self, service: Option<ServiceId>, site: SiteId) -> State {
        service.and_then(|service| self.seat(service, site)).map_or(self.sites[site.at()], |seat| seat.state)
    }

    /// The replica of a service at a site.
    pub(super) fn seat(&self, service: ServiceId, site: SiteId) -> Option<&Seat> {
        self.seats[service.at()].iter().find(|seat| seat.site == site)
    }

    /// Whether a replica serves users without a step of the plan.
    pub(super) fn serves(&self, service: ServiceId, site: SiteId) -> bool {
        self.seat(service, site).is_some_and(serves)
    }

    /// Whether a service can be used at once: a trusted replica serves, and of a quorum most voters are left.
    pub(super) fn survives(&self, estate: &Estate, id: ServiceId) -> bool {
        let seats = &self.seats[id.at()];
        let service = estate.service(id);
        if service.kind == ServiceKind::Quorum {
            let voters = || service.replicas.iter().map(|replica| u64::from(replica.voters)).zip(seats);
            let all: u64 = voters().map(|(voters, _)| voters).sum();
            let left: u64 = voters().filter(|(_, seat)| seat.state.is_trusted()).map(|(voters, _)| voters).sum();
            if all > 0 && left * 2 <= all {
                return false;
            }
        }
        seats.iter().any(serves)
    }
}

const fn serves(seat: &Seat) -> bool {
    seat.state.is_trusted() && seat.before.0 > 0 && seat.hosts.0 > 0
}

/// Whether a scope can be read.
pub(super) fn is_scope(estate: &Estate, scope: &ScopeOnPaper) -> bool {
    read_scope(estate, scope).is_some()
}

fn read_scope(estate: &Estate, scope: &ScopeOnPaper) -> Option<(Scope, State)> {
    let state = State::named(&scope.state)?;
    let meant = match scope.scope.split_once(':') {
        None => Scope::Sites(vec![estate.site_named(&scope.scope)?]),
        Some(("domain", name)) => {
            let domain = estate.domain_named(name)?;
            let shares = |at: &usize| estate.sites[*at].domains.contains(&domain);
            Scope::Sites((0..estate.sites.len()).filter(shares).map(SiteId::new).collect())
        }
        Some(("hosts", set)) => Scope::Hosts(HostSet::parse(set).ok()?),
        Some(("service", replica)) => {
            let (service, site) = replica.split_once('@')?;
            let (service, site) = (estate.service_named(service)?, estate.site_named(site)?);
            estate.service(service).at(site)?;
            Scope::Replica(service, site)
        }
        Some(_) => return None,
    };
    Some((meant, state))
}

fn seat(replica: &Replica, sites: &[State]) -> Seat {
    let before = if replica.role == Role::Active { replica.share } else { Ppm::ZERO };
    let hosts = replica.hosts.as_ref().map_or(1, HostSet::count);
    Seat { site: replica.site, state: sites[replica.site.at()], before, hosts: (hosts, hosts) }
}

/// Who serves what the plan leaves as it is was observed, too.
fn served_elsewhere(estate: &Estate, plan: &Plan, seats: &mut [Vec<Seat>]) {
    for entry in &plan.elsewhere {
        let Some(id) = estate.service_named(&entry.id) else { continue };
        for seat in &mut seats[id.at()] {
            let name = &estate.site(seat.site).name;
            seat.before = entry.at.iter().find(|at| at.site == *name).map_or(Ppm::ZERO, |at| at.share);
        }
    }
}

fn lose_hosts(seat: &mut Seat, replica: &Replica, affected: &HostSet, state: State) {
    // Whichever set is smaller is counted host by host: a replica may have thousands.
    let gone = replica.hosts.as_ref().map_or(0, |hosts| match affected.count() < hosts.count() {
        true => affected.count_in(hosts),
        false => hosts.count_in(affected),
    });
    if gone == 0 {
        return;
    }
    seat.hosts.0 = seat.hosts.0.saturating_sub(gone);
    if seat.hosts.0 == 0 {
        seat.state = state;
    }
}

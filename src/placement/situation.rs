//! What an incident leaves of each site and replica, before anything is decided.

use crate::model::Amounts;
use crate::model::Estate;
use crate::model::HostSet;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Owed;
use crate::model::Ppm;
use crate::model::Replica;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::Service;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::SiteId;
use crate::placement::Level;

/// What an incident leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// What became of each site, by `SiteId`.
    pub sites: Vec<Fate>,
    /// What became of each replica, by `ServiceId`, then in the service's own order.
    pub seats: Vec<Vec<SeatNow>>,
    /// By which factor the full load of each service is multiplied, by `ServiceId`: surge times load factor.
    pub factor: Vec<Ppm>,
    /// Replicas whose old writer stands fenced on somebody's word only, and the gate that was opened on it.
    pub owed: Vec<Owed>,
}

/// What became of a site or a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is there, and trusted.
    Up,
    /// Gone.
    Lost,
    /// It answers, and is not trusted.
    Impaired,
    /// It serves, and is to be left.
    Leaving,
    /// It is back, and to be used again.
    Returning,
    /// It came back, and nobody released it.
    Quarantined,
}

impl Fate {
    /// Whether something may be placed there.
    #[must_use]
    pub const fn is_target(self) -> bool {
        matches!(self, Self::Up | Self::Returning)
    }

    /// Whether what runs there still serves users.
    #[must_use]
    pub const fn serves(self) -> bool {
        matches!(self, Self::Up | Self::Leaving | Self::Returning)
    }

    /// The word for it in plans and on screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Lost => "lost",
            Self::Impaired => "impaired",
            Self::Leaving => "leaving",
            Self::Returning => "returning",
            Self::Quarantined => "quarantined",
        }
    }
}

/// One replica when the incident is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatNow {
    /// What became of it.
    pub fate: Fate,
    /// The share of users that it carried before.
    pub before: Ppm,
    /// The share of its hosts that is left.
    pub hosts_left: Ppm,
}

impl Situation {
    /// Reads the incident against the estate.
    #[must_use]
    pub fn new(estate: &Estate, incident: &Incident, observation: &Observation) -> Self {
        let mut sites = vec![Fate::Up; estate.sites.len()];
        for site in &observation.quarantined {
            sites[site.at()] = Fate::Quarantined;
        }
        for (scope, state) in &incident.scopes {
            match scope {
                Scope::Site(site) => sites[site.at()] = fate_of(*state),
                Scope::Domain(domain) => {
                    for (at, site) in estate.sites.iter().enumerate() {
                        if site.domains.contains(domain) {
                            sites[at] = fate_of(*state);
                        }
                    }
                }
                Scope::Hosts(_) | Scope::Replica(..) => {}
            }
        }
        let seats = (0..estate.services.len())
            .map(|at| seats_of(estate, ServiceId::new(at), &sites, incident, observation))
            .collect();
        let factor = estate.services.iter().map(|service| factor_of(service, incident)).collect();
        let mut situation = Self { sites, seats, factor, owed: observation.owed.clone() };
        situation.distrust_thin_writers(estate);
        situation.seal_what_owes(estate);
        situation
    }

    /// A writer that lost so many hosts that the rest can't carry even the floor is left, where a copy can take over: it
    /// answers, so it is fenced, and nothing is placed there.
    fn distrust_thin_writers(&mut self, estate: &Estate) {
        for (at, service) in estate.services.iter().enumerate() {
            let id = ServiceId::new(at);
            let copies = service.replicas.iter().zip(&self.seats[at]);
            let copy = copies.clone().any(|(replica, seat)| replica.replication.is_some() && seat.fate.is_target());
            if service.kind != ServiceKind::Stateful || !copy {
                continue;
            }
            let floor = self.demand(estate, id, Level::Degraded);
            for replica in 0..self.seats[at].len() {
                let seat = self.seats[at][replica];
                let thin = seat.fate == Fate::Up && seat.before > Ppm::ZERO && seat.hosts_left < Ppm::ONE;
                let carries = self.carries(id, replica, &service.replicas[replica]);
                if thin && !floor.times(seat.before).fits(&carries) {
                    self.seats[at][replica].fate = Fate::Impaired;
                }
            }
        }
    }

    /// Nobody saw that the old writer is stopped: nothing is brought up beside it before it is fenced, or released.
    fn seal_what_owes(&mut self, estate: &Estate) {
        for owed in &self.owed {
            let Some(id) = owed.service else { continue };
            let replicas = estate.service(id).replicas.iter().zip(&mut self.seats[id.at()]);
            for (_, seat) in replicas.filter(|(replica, _)| replica.site == owed.site) {
                if !matches!(seat.fate, Fate::Lost | Fate::Impaired) {
                    seat.fate = Fate::Quarantined;
                }
            }
        }
    }

    /// What the whole service takes at a level, under the incident's surge and load factor.
    #[must_use]
    pub fn demand(&self, estate: &Estate, id: ServiceId, level: Level) -> Amounts {
        let service = estate.service(id);
        let load = match (level, &service.degraded) {
            (Level::Shed, _) => return Amounts::zero(service.load.0.len()),
            (Level::Degraded, Some(degraded)) => &degraded.load,
            (Level::Degraded, None) | (Level::Full, _) => &service.load,
        };
        load.times(self.factor[id.at()])
    }

    /// What the hosts of a replica still carry, without scaling.
    #[must_use]
    pub fn carries(&self, id: ServiceId, at: usize, replica: &Replica) -> Amounts {
        let left = self.seats[id.at()][at].hosts_left;
        if left == Ppm::ONE { replica.max_load.clone() } else { replica.max_load.times_down(left) }
    }

    /// Whether any replica of the service can be used at once: it carries users, is there, and is trusted.
    #[must_use]
    pub fn survives(&self, id: ServiceId) -> bool {
        let mut seats = self.seats[id.at()].iter();
        seats.any(|seat| seat.before > Ppm::ZERO && seat.fate.serves() && seat.hosts_left > Ppm::ZERO)
    }

    /// Whether the voters that are left are a majority of all; always so where nothing votes.
    #[must_use]
    pub fn has_majority(&self, estate: &Estate, id: ServiceId) -> bool {
        let service = estate.service(id);
        if service.kind != ServiceKind::Quorum {
            return true;
        }
        let seats = &self.seats[id.at()];
        let all: u64 = service.replicas.iter().map(|replica| u64::from(replica.voters)).sum();
        let left: u64 = service
            .replicas
            .iter()
            .zip(seats)
            .filter(|(_, seat)| seat.fate.serves())
            .map(|(replica, _)| u64::from(replica.voters))
            .sum();
        all == 0 || left * 2 > all
    }
}

const fn fate_of(state: ScopeState) -> Fate {
    match state {
        ScopeState::Lost => Fate::Lost,
        ScopeState::Impaired => Fate::Impaired,
        ScopeState::Leaving => Fate::Leaving,
        ScopeState::Returning => Fate::Returning,
    }
}

fn factor_of(service: &Service, incident: &Incident) -> Ppm {
    let surge = incident
        .surge
        .and_then(|surge| service.surges.iter().find(|(named, _)| *named == surge))
        .map_or(Ppm::ONE, |(_, factor)| *factor);
    Ppm(surge.of(incident.load.0))
}

fn seats_of(
    estate: &Estate,
    id: ServiceId,
    sites: &[Fate],
    incident: &Incident,
    observation: &Observation,
) -> Vec<SeatNow> {
    let observed = observation.active.iter().find(|(service, _)| *service == id).map(|(_, shares)| shares);
    let service = estate.service(id);
    service
        .replicas
        .iter()
        .map(|replica| {
            let before = observed.map_or(replica.share, |shares| {
                shares.iter().find(|(site, _)| *site == replica.site).map_or(Ppm::ZERO, |(_, share)| *share)
            });
            let mut seat = SeatNow { fate: sites[replica.site.at()], before, hosts_left: Ppm::ONE };
            for (scope, state) in &incident.scopes {
                match scope {
                    Scope::Replica(lost, site) if *lost == id && *site == replica.site => seat.fate = fate_of(*state),
                    Scope::Hosts(hosts) => lose_hosts(&mut seat, replica, hosts, *state),
                    Scope::Replica(..) | Scope::Site(_) | Scope::Domain(_) => {}
                }
            }
            seat
        })
        .collect()
}

/// A replica that loses all its hosts has the fate of those hosts; one that loses some carries less.
fn lose_hosts(seat: &mut SeatNow, replica: &Replica, lost: &HostSet, state: ScopeState) {
    let Some(hosts) = &replica.hosts else {
        return;
    };
    let gone = hosts.count_in(lost);
    if gone == 0 {
        return;
    }
    if gone >= hosts.count() {
        seat.fate = fate_of(state);
        return;
    }
    // Rounded up: two of three hosts carry 200 of 300, not 199.
    let left = (u128::from(hosts.count() - gone) * u128::from(Ppm::ONE.0)).div_ceil(u128::from(hosts.count()));
    seat.hosts_left = seat.hosts_left.min(Ppm(u64::try_from(left).unwrap_or(0)));
}

/// The sites that are up or back, in order of name.
#[must_use]
pub(in crate::placement) fn target_sites(situation: &Situation) -> Vec<SiteId> {
    (0..situation.sites.len()).filter(|&at| situation.sites[at].is_target()).map(SiteId::new).collect()
}

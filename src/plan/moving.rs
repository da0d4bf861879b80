//! A plan that moves one route and nothing else: the small move of a bad night, through the same engine as a large one.
//!
//! It refuses what would destroy: a table that is no table, a target that nobody trusts, a replica or a site that can't
//! carry what it would get.

use std::collections::BTreeMap;

use crate::model::Amounts;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::RouteId;
use crate::model::Service;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::Situation;
use crate::plan::ActionOnPaper;
use crate::plan::Assignment;
use crate::plan::DurationFrom;
use crate::plan::Effect;
use crate::plan::FormatError;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Milestone;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::RouteOnPaper;
use crate::plan::ScopeOnPaper;
use crate::plan::ServiceOnPaper;
use crate::plan::Side;
use crate::plan::Source;
use crate::plan::Step;
use crate::plan::StepLimits;
use crate::plan::Target;
use crate::plan::blank;
use crate::plan::canon;
use crate::plan::document::MOVED;
use crate::plan::document::ROUTE_SCOPE;
use crate::plan::hosts::Net;
use crate::plan::paper;
use crate::plan::paper_services::role_word;
use crate::plan::ramp::LEAST;
use crate::plan::ramp::Turn;
use crate::plan::records;
use crate::plan::timing;

/// The gate that the shift stands behind.
const START: &str = "approval:start";

/// Where one route is to lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Which route.
    pub route: RouteId,
    /// Where it leads now, as its keeper says.
    pub now: Vec<(SiteId, Ppm)>,
    /// Where it is to lead.
    pub to: Vec<(SiteId, Ppm)>,
    /// The day by which ages are judged.
    pub as_of: Date,
}

/// Why a route is not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveRefusal {
    /// The shares don't add up to all.
    #[error("the shares add up to {0}, and not to 100%")]
    NotWhole(Ppm),
    /// The route leads there already.
    #[error("it leads there already")]
    AlreadySo,
    /// No service is reached by it, so nobody knows what a site would have to carry.
    #[error("no service is reached by it")]
    NoService,
    /// The route has no address there.
    #[error("the route has no address at {0}")]
    NoAddress(String),
    /// What is there is not trusted.
    #[error("{0} is quarantined")]
    NotTrusted(String),
    /// The service has no replica there.
    #[error("{service} has no replica at {site}")]
    NoReplica {
        /// The service.
        service: String,
        /// The site.
        site: String,
    },
    /// A replica can't carry its share.
    #[error("the replica of {service} at {site} carries at most {most} of its users")]
    Overload {
        /// The service.
        service: String,
        /// The site.
        site: String,
        /// The share that it can carry at its full level.
        most: Ppm,
    },
    /// A site has no room for its share.
    #[error("{site} has room for at most {most} of {service}'s users")]
    SiteFull {
        /// The service.
        service: String,
        /// The site.
        site: String,
        /// The share that it can carry at the full level, with what is there already.
        most: Ppm,
    },
    /// The plan could not be written.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// Plans the move of one route.
///
/// # Errors
///
/// Why it is not moved.
pub fn moving(
    estate: &Estate,
    observation: &Observation,
    sources: Vec<Source>,
    wanted: &Move,
) -> Result<Plan, MoveRefusal> {
    let route = &estate.routes[wanted.route.at()];
    let sum = wanted.to.iter().map(|(_, share)| share.0).sum();
    if sum != Ppm::ONE.0 {
        return Err(MoveRefusal::NotWhole(Ppm(sum)));
    }
    let table = |shares: &[(SiteId, Ppm)]| -> BTreeMap<SiteId, Ppm> {
        shares.iter().filter(|(_, share)| *share > Ppm::ZERO).copied().collect()
    };
    let (now, to) = (table(&wanted.now), table(&wanted.to));
    if now == to {
        return Err(MoveRefusal::AlreadySo);
    }
    let services: Vec<ServiceId> = (0..estate.services.len())
        .map(ServiceId::new)
        .filter(|id| estate.service(*id).route == Some(wanted.route))
        .collect();
    let first = *services.first().ok_or(MoveRefusal::NoService)?;
    for (site, share) in &to {
        let gains = *share > now.get(site).copied().unwrap_or(Ppm::ZERO);
        can_go(estate, observation, wanted.route, &services, *site, gains.then_some(*share))?;
    }
    let incident = Incident::nothing(wanted.as_of);
    let situation = Situation::new(estate, &incident, observation);
    let turn = Turn::between(estate, &situation, first, route, now.clone(), to.clone());
    let shift = turn.on_paper(|site| estate.site(site).name.clone());
    let mut plan = blank(estate, wanted.as_of)?;
    plan.incident.mode = Mode::Switchover;
    plan.incident.scopes =
        vec![ScopeOnPaper { scope: format!("{ROUTE_SCOPE}{}", route.name), state: MOVED.to_owned() }];
    plan.sources = sources;
    paper::cite(&mut plan, observation);
    plan.untouched -= u64::try_from(services.len()).unwrap_or(0).min(plan.untouched);
    plan.gates.push(start(estate, first));
    let mut begins = timing::ANSWER;
    let mut after = START.to_owned();
    let target = to.iter().max_by_key(|(site, share)| share.less(now.get(site).copied().unwrap_or(Ppm::ZERO)));
    let (site, share) = target.map_or((SiteId(0), Ppm::ZERO), |(site, share)| (*site, *share));
    for (at, id) in services.iter().enumerate() {
        // Whatever the second one finds is as the first one left it.
        let takes = if at == 0 { turn.takes() } else { LEAST };
        let step = step(estate, *id, (site, share), shift.clone(), (begins, takes), &after);
        begins = begins + takes;
        after.clone_from(&step.id);
        plan.services.push(service(estate, *id, (&now, &to), begins));
        plan.steps.push(step);
    }
    plan.routes = records::records(estate, &plan.steps);
    let net = Net { estate, situation: &situation, incident: &incident };
    plan.providers = records::providers(net, &plan.steps);
    plan.bastions = net.bastions(&plan.steps, &plan.providers);
    canon::name(&mut plan)?;
    Ok(plan)
}

/// Whether a site may have a share, which is none where it does not gain any.
fn can_go(
    estate: &Estate,
    observation: &Observation,
    route: RouteId,
    services: &[ServiceId],
    site: SiteId,
    gains: Option<Ppm>,
) -> Result<(), MoveRefusal> {
    let name = || estate.site(site).name.clone();
    if !estate.routes[route.at()].at.iter().any(|(at, addresses)| *at == site && !addresses.is_empty()) {
        return Err(MoveRefusal::NoAddress(name()));
    }
    let Some(share) = gains else { return Ok(()) };
    if observation.quarantined.contains(&site) {
        return Err(MoveRefusal::NotTrusted(name()));
    }
    for id in services {
        let service = estate.service(*id);
        let Some(replica) = service.at(site) else {
            return Err(MoveRefusal::NoReplica { service: service.name.clone(), site: name() });
        };
        let load = service.load.times(share);
        if !load.fits(&replica.max_load) {
            let most = service.load.share_that_fits(&replica.max_load);
            return Err(MoveRefusal::Overload { service: service.name.clone(), site: name(), most });
        }
        let room = room(estate, observation, site, *id);
        if !load.fits(&room) {
            let most = service.load.share_that_fits(&room);
            return Err(MoveRefusal::SiteFull { service: service.name.clone(), site: name(), most });
        }
    }
    Ok(())
}

/// What a site has left for a service, with all others as they are.
fn room(estate: &Estate, observation: &Observation, site: SiteId, but: ServiceId) -> Amounts {
    let limit = estate.site(site).capacity.times_down(estate.site(site).fill_limit);
    let others = estate.services.iter().enumerate().map(|(at, service)| (ServiceId::new(at), service));
    others.filter(|(id, _)| *id != but).fold(limit, |room, (id, service)| {
        let Some(replica) = service.at(site) else { return room };
        let share = observed(observation, id, site).unwrap_or(replica.share);
        room.less(&if share > Ppm::ZERO { service.load.times(share) } else { replica.standing.clone() })
    })
}

/// The share that was seen, where it is not as declared.
fn observed(observation: &Observation, id: ServiceId, site: SiteId) -> Option<Ppm> {
    let (_, shares) = observation.active.iter().find(|(known, _)| *known == id)?;
    Some(shares.iter().find(|(at, _)| *at == site).map_or(Ppm::ZERO, |(_, share)| *share))
}

fn class(estate: &Estate, id: ServiceId) -> u8 {
    u8::try_from(estate.service(id).tier.at()).unwrap_or(u8::MAX)
}

fn start(estate: &Estate, first: ServiceId) -> Gate {
    Gate {
        id: START.to_owned(),
        kind: GateKind::ApproveStart,
        service: None,
        after: Vec::new(),
        opened_by: Vec::new(),
        person: true,
        start_ms: Millis::ZERO,
        duration_ms: timing::ANSWER,
        limit_ms: timing::timeout(timing::ANSWER).later(Millis::from_secs(3_600)),
        class: class(estate, first),
        claims: Vec::new(),
    }
}

fn step(
    estate: &Estate,
    id: ServiceId,
    (site, share): (SiteId, Ppm),
    shift: RouteOnPaper,
    (start_ms, duration_ms): (Millis, Millis),
    after: &str,
) -> Step {
    let (service, target) = (estate.service(id), estate.site(site));
    Step {
        id: format!("{}/shift@{}", service.name, target.name),
        title: format!("Move the users of {}", service.title),
        service: Some(service.name.clone()),
        procedure: "switchover".to_owned(),
        phase: "shift".to_owned(),
        site: Some(target.name.clone()),
        on: Side::Operator,
        hosts: None,
        action: ActionOnPaper::Route(shift),
        done_if: None,
        verify: None,
        undo: None,
        attest: None,
        position: None,
        uses: Vec::new(),
        after: vec![after.to_owned()],
        start_ms,
        duration_ms,
        duration_from: DurationFrom::Route,
        late_after_ms: None,
        limits: StepLimits {
            timeout_ms: timing::timeout(duration_ms),
            attempts: 1,
            backoff_ms: Millis::ZERO,
            kill: None,
        },
        batch: None,
        irreversible: false,
        unreachable_ok: false,
        class: class(estate, id),
        claims: Vec::new(),
        effect: Some(Effect::Serves { level: Level::Full, share }),
    }
}

/// Who serves before and after; nobody goes down.
fn service(
    estate: &Estate,
    id: ServiceId,
    (now, to): (&BTreeMap<SiteId, Ppm>, &BTreeMap<SiteId, Ppm>),
    moved: Millis,
) -> ServiceOnPaper {
    let service: &Service = estate.service(id);
    let tier = estate.tiers[service.tier.at()].name.clone();
    let role = |site: &SiteId| {
        service.at(*site).map_or(String::new(), |replica| {
            let carries = now.get(site).is_some_and(|share| *share > Ppm::ZERO);
            if carries { "active".to_owned() } else { role_word(replica.role).to_owned() }
        })
    };
    let name = |site: &SiteId| estate.site(*site).name.clone();
    let milestone = |at_ms| Milestone { at_ms, level: Level::Full, share: Ppm::ONE };
    ServiceOnPaper {
        id: service.name.clone(),
        title: service.title.clone(),
        owner: service.owner.clone(),
        tier: tier.clone(),
        effective_tier: tier,
        raised: None,
        impact: Impact::Unaffected,
        from: now
            .iter()
            .map(|(site, share)| Assignment { site: name(site), role: role(site), share: *share, survives: true })
            .collect(),
        to: to
            .iter()
            .map(|(site, share)| Target {
                site: name(site),
                role: role(site),
                first_level: Level::Full,
                level: Level::Full,
                first_share: *share,
                share: *share,
                because: Vec::new(),
            })
            .collect(),
        level: Level::Full,
        note: None,
        level_because: None,
        admits: Ppm::ONE,
        rejected: Vec::new(),
        stranded_by: Vec::new(),
        together_with: Vec::new(),
        milestones: vec![milestone(Millis::ZERO)],
        expected_back_ms: Some(moved),
        without_people_ms: None,
        expected_full_ms: Some(moved),
        objective_ms: None,
        bound_ms: None,
        data_loss: None,
        critical_path: Vec::new(),
    }
}

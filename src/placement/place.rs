//! The whole of placement on one screen: floors tier by tier, then full levels tier by tier.

use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use crate::model::Amounts;
use crate::model::DependencyKind;
use crate::model::DomainId;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::TierId;
use crate::placement::Because;
use crate::placement::Fate;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::LevelBecause;
use crate::placement::Part;
use crate::placement::Placed;
use crate::placement::Seat;
use crate::placement::SeatId;
use crate::placement::Serving;
use crate::placement::Situation;
use crate::placement::Urgency;
use crate::placement::candidates::candidates;
use crate::placement::candidates::lost_domains;
use crate::placement::candidates::reasons;
use crate::placement::candidates::rejections;
use crate::placement::hard_needs;
use crate::placement::packing::Packing;
use crate::placement::raise::raise;
use crate::placement::spread::place_floor;
use crate::placement::work::Work;
use crate::placement::work::can_degrade;
use crate::placement::work::largest;

/// Where everything goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// What becomes of each service, by `ServiceId`.
    pub services: Vec<Placed>,
    /// What becomes of each site's capacity, by `SiteId`.
    pub sites: Vec<SiteAccount>,
    /// How many services of each tier came back whole, and how many could have at best, by `TierId`.
    pub packing: Vec<Packing>,
}

/// The account of a site, opened and closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteAccount {
    /// What is there.
    pub capacity: Amounts,
    /// How far a plan fills it.
    pub limit: Amounts,
    /// What was used when the incident began.
    pub before: Amounts,
    /// What is used in the end, without what a cloud launched.
    pub after: Amounts,
    /// What a cloud launches.
    pub on_demand: Amounts,
}

/// Decides who goes where. `urgency` holds the effective tiers as far as they are known.
#[must_use]
pub fn place(estate: &Estate, incident: &Incident, situation: &Situation, urgency: &Urgency) -> Placement {
    let mut decided = put(estate, incident, situation, urgency).closed();
    let because = std::mem::take(&mut decided.because);
    let Decided { work, lost, impacts, .. } = &decided;
    let one = |(at, because)| placed(work, ServiceId::new(at), impacts[at], incident, lost, because);
    let services = because.into_par_iter().enumerate().map(one).collect();
    let sites = (0..estate.sites.len()).map(|at| account(&decided.work, SiteId::new(at))).collect();
    Placement { services, sites, packing: decided.packing }
}

/// Decides the same, and writes down only what becomes of services of the first tier that the incident touches and that
/// can't admit all their users. Where there is none, most of the work is not done at all.
#[must_use]
pub fn turned_away(
    estate: &Estate,
    incident: &Incident,
    situation: &Situation,
    urgency: &Urgency,
) -> Vec<(ServiceId, Placed)> {
    let put = put(estate, incident, situation, urgency);
    let first_tier = (0..estate.services.len()).map(ServiceId::new).filter(|id| urgency.tier[id.at()] == TierId(0));
    let turned_away: Vec<ServiceId> = first_tier.filter(|id| admits(&put.work.seats[id.at()]) < Ppm::ONE).collect();
    if turned_away.is_empty() {
        return Vec::new();
    }
    let mut decided = put.closed();
    let touched = turned_away.into_iter().filter(|id| decided.impacts[id.at()] != Impact::Unaffected);
    touched.collect::<Vec<_>>().into_iter().map(|id| (id, decided.placed(id, incident))).collect()
}

/// Everybody has a seat, or none; what that does to others is not known yet.
struct Put<'a> {
    work: Work<'a>,
    lost: Vec<DomainId>,
    because: Vec<Option<LevelBecause>>,
    packing: Vec<Packing>,
}

impl<'a> Put<'a> {
    fn closed(self) -> Decided<'a> {
        let Self { mut work, lost, because, packing } = self;
        let impacts = impacts(&work);
        collapse(&mut work, &impacts);
        Decided { work, lost, impacts, because, packing }
    }
}

/// What was decided, before it is written down.
struct Decided<'a> {
    work: Work<'a>,
    lost: Vec<DomainId>,
    impacts: Vec<Impact>,
    because: Vec<Option<LevelBecause>>,
    packing: Vec<Packing>,
}

impl Decided<'_> {
    fn placed(&mut self, id: ServiceId, incident: &Incident) -> Placed {
        placed(&self.work, id, self.impacts[id.at()], incident, &self.lost, self.because[id.at()].take())
    }
}

fn put<'a>(estate: &'a Estate, incident: &Incident, situation: &'a Situation, urgency: &'a Urgency) -> Put<'a> {
    let lost = lost_domains(estate, situation);
    let mut work = Work::new(estate, situation, urgency);
    let tiers = by_tier(&work, incident, &lost);
    let mut packing = Vec::new();
    for services in &tiers {
        let open = Packing::before(&work, services);
        for &id in services {
            place_floor(&mut work, id, incident, &lost);
        }
        packing.push(open.after(&work));
    }
    without_majority(&mut work, incident);
    close_floors(&mut work);
    let mut because: Vec<Option<LevelBecause>> = vec![None; estate.services.len()];
    for &id in tiers.iter().flatten() {
        if is_low(&work, id) {
            because[id.at()] = raise(&mut work, id, incident, &lost);
        }
    }
    Put { work, lost, because, packing }
}

/// Services in the order in which they are placed: by effective tier; inside a tier those with the fewest candidates
/// first, then the smallest, so that one large service does not turn several away.
fn by_tier(work: &Work<'_>, incident: &Incident, lost: &[DomainId]) -> Vec<Vec<ServiceId>> {
    let mut tiers: Vec<Vec<(usize, u64, ServiceId)>> = vec![Vec::new(); work.estate.tiers.len()];
    for at in 0..work.estate.services.len() {
        let id = ServiceId::new(at);
        let tier = work.tier(id);
        if incident.leaves_out(tier) {
            continue;
        }
        let (count, size) = if work.open_share(id) > Ppm::ZERO {
            let (survivors, added) = candidates(work, id, incident, lost);
            let demand = work.situation.demand(work.estate, id, work.floor(id));
            (survivors.len() + added.len(), demand.0.iter().copied().max().unwrap_or(0))
        } else {
            (0, 0)
        };
        tiers[tier.at()].push((count, size, id));
    }
    tiers
        .into_iter()
        .map(|mut services| {
            services.sort_unstable();
            services.into_iter().map(|(_, _, id)| id).collect()
        })
        .collect()
}

/// What is left of a service that lost its majority comes back at its floor where something is needed for its full
/// level only: that may itself wait for this service. Its room is kept for the full level.
fn without_majority(work: &mut Work<'_>, incident: &Incident) {
    for at in 0..work.estate.services.len() {
        let id = ServiceId::new(at);
        let mut needs = work.estate.service(id).depends_on.iter();
        let full_only = needs.any(|need| need.kind == DependencyKind::Hard && need.full_only);
        let majority = work.situation.has_majority(work.estate, id);
        if majority || !full_only || !can_degrade(work.estate, id) || incident.leaves_out(work.tier(id)) {
            continue;
        }
        for seat in work.seats[at].iter_mut().filter(|seat| seat.last.share > Ppm::ZERO) {
            seat.last.level = Level::Degraded;
        }
    }
}

/// What every seat has now is what it comes back with.
fn close_floors(work: &mut Work<'_>) {
    for seat in work.seats.iter_mut().flatten() {
        seat.first = seat.last;
        seat.waits_first = std::mem::replace(&mut seat.waits_last, seat.bridged.clone());
        seat.launched_first = !seat.launched.is_zero();
    }
}

/// Whether the service came back at its floor, and nobody asked it to stay there.
fn is_low(work: &Work<'_>, id: ServiceId) -> bool {
    let seats = &work.seats[id.at()];
    seats.iter().any(|seat| seat.last.level == Level::Degraded) && seats.iter().all(|seat| seat.gives_way.is_none())
}

/// A service whose full level waits for nothing comes back at it at once.
fn collapse(work: &mut Work<'_>, impacts: &[Impact]) {
    let estate = work.estate;
    for (at, service) in estate.services.iter().enumerate() {
        let full_is_there = service
            .depends_on
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Hard && dependency.full_only)
            .all(|dependency| matches!(impacts[dependency.service.at()], Impact::Unaffected | Impact::Exposed));
        let seats = &mut work.seats[at];
        let at_once = |seat: &Seat| {
            seat.last.share == Ppm::ZERO && seat.first.share == Ppm::ZERO
                || seat.last.level == Level::Full
                    && seat.last.share == seat.first.share
                    && seat.waits_last.is_empty()
                    && !seat.handed_on
                    && !seat.above_limit
                    && seat.launched_first != seat.launched.is_zero()
        };
        if full_is_there && seats.iter().all(at_once) {
            for seat in seats {
                seat.first = seat.last;
            }
        }
    }
}

/// The share of users that these seats serve in the end.
fn admits(seats: &[Seat]) -> Ppm {
    Ppm(seats.iter().map(|seat| seat.last.share.0).sum::<u64>().min(Ppm::ONE.0))
}

fn placed(
    work: &Work<'_>,
    id: ServiceId,
    impact: Impact,
    incident: &Incident,
    lost: &[DomainId],
    level_because: Option<LevelBecause>,
) -> Placed {
    let mut seats = work.seats[id.at()].clone();
    let moves = seats.iter().any(|seat| seat.part == Part::Added)
        || seats.iter().any(|seat| seat.part == Part::Survivor && seat.last.share > seat.now.share);
    let admits = admits(&seats);
    let lowest = |serving: fn(&Seat) -> Serving| {
        let levels = seats.iter().map(serving).filter(|serving| serving.share > Ppm::ZERO);
        levels.map(|serving| serving.level).min().unwrap_or(Level::Shed)
    };
    let (first_level, level) = (lowest(|seat| seat.first), lowest(|seat| seat.last));
    let level_because = level_because.or_else(|| why_low(work, id, &seats, level));
    let (survivors, added) = candidates(work, id, incident, lost);
    let only = survivors.len() + added.len() == 1;
    for (at, seat) in seats.iter_mut().enumerate() {
        if matches!(seat.part, Part::Survivor | Part::Added) && seat.last.share > Ppm::ZERO {
            let id_of = SeatId { service: id, replica: u32::try_from(at).unwrap_or(u32::MAX) };
            let mut because = reasons(work, id_of, incident, lost, only);
            because.append(&mut seat.because);
            if admits < Ppm::ONE && impact != Impact::Unaffected {
                let short = work.short.range(SeatId { service: id, replica: 0 }..).next();
                let short = short.filter(|(seat, _)| seat.service == id).map(|(_, short)| short);
                let resource = short.map_or_else(String::new, |short| short.resource.clone());
                because.push(Because::Admits { share: seat.last.share, resource });
            }
            seat.because = because;
        }
    }
    let touched = impact != Impact::Unaffected || moves;
    let rejected = if touched { rejections(work, id, incident) } else { Vec::new() };
    let no_majority = !work.situation.has_majority(work.estate, id);
    Placed { impact, moves, first_level, level, level_because, admits, no_majority, seats, rejected }
}

/// What the incident does to the service itself; waiting for callees is added later.
fn impact(work: &Work<'_>, id: ServiceId) -> Impact {
    let seats = &work.seats[id.at()];
    let now = &work.situation.seats[id.at()];
    let gone = |at: usize| matches!(now[at].fate, Fate::Lost | Fate::Impaired | Fate::Quarantined);
    let lost_users = (0..seats.len()).any(|at| gone(at) && now[at].before > Ppm::ZERO)
        || (0..seats.len()).any(|at| now[at].fate == Fate::Up && seats[at].now.share < now[at].before);
    let serves = (0..seats.len()).any(|at| now[at].fate.serves() && now[at].before > Ppm::ZERO);
    if !work.situation.has_majority(work.estate, id) {
        return if seats.iter().all(|seat| seat.last.share == Ppm::ZERO) { Impact::Stranded } else { Impact::Down };
    }
    if lost_users && serves {
        return Impact::Reduced;
    }
    if lost_users {
        let placed = seats.iter().any(|seat| seat.last.share > Ppm::ZERO);
        return if placed { Impact::Down } else { Impact::Stranded };
    }
    let thinned = |at: usize| now[at].fate == Fate::Up && now[at].hosts_left < Ppm::ONE;
    if (0..seats.len()).any(|at| gone(at) || thinned(at)) {
        return Impact::Exposed;
    }
    Impact::Unaffected
}

fn why_low(work: &Work<'_>, id: ServiceId, seats: &[Seat], level: Level) -> Option<LevelBecause> {
    for (at, seat) in seats.iter().enumerate() {
        if let Some(service) = seat.gives_way {
            let site = work.estate.service(id).replicas[at].site;
            return Some(LevelBecause::GivesWay {
                service: work.estate.service(service).name.clone(),
                site: work.estate.site(site).name.clone(),
            });
        }
    }
    let open = work.open_share(id);
    if level == Level::Full && open == Ppm::ZERO || seats.iter().all(|seat| seat.part == Part::Bystander) {
        return None;
    }
    if seats.iter().all(|seat| seat.last.share == Ppm::ZERO) {
        return seats.iter().any(|seat| seat.part == Part::Left).then_some(LevelBecause::NowhereToGo);
    }
    let demand = work.situation.demand(work.estate, id, level);
    largest(work.estate, &demand.times(open)).map(|(resource, by)| LevelBecause::NoRoom { resource, by })
}

fn account(work: &Work<'_>, site: SiteId) -> SiteAccount {
    let (capacity, limit, before, after) = work.ledger.lines(site);
    let offered = work.estate.site(site).on_demand.as_ref();
    let on_demand = offered.map_or_else(
        || Amounts::zero(work.estate.resources.len()),
        |offered| offered.capacity.less(work.ledger.on_demand(site)),
    );
    SiteAccount {
        capacity: capacity.clone(),
        limit: limit.clone(),
        before: before.clone(),
        after: after.clone(),
        on_demand,
    }
}

/// What the incident does to every service: what it does itself, then waiting for callees.
fn impacts(work: &Work<'_>) -> Vec<Impact> {
    let estate = work.estate;
    let mut impacts: Vec<Impact> = (0..estate.services.len()).map(|at| impact(work, ServiceId::new(at))).collect();
    let mut callers: Vec<Vec<u32>> = vec![Vec::new(); estate.services.len()];
    for need in hard_needs(estate) {
        callers[need.callee.at()].push(need.caller.0);
    }
    let gone = |impact| matches!(impact, Impact::Down | Impact::Stranded);
    let mut open: Vec<usize> = (0..impacts.len()).filter(|&at| gone(impacts[at])).collect();
    while let Some(callee) = open.pop() {
        for &caller in &callers[callee] {
            let impact = &mut impacts[caller as usize];
            if matches!(impact, Impact::Unaffected | Impact::Exposed) {
                *impact = Impact::Waiting;
                open.push(caller as usize);
            }
        }
    }
    impacts
}

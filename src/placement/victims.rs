//! Who may be asked to give up room at a site, least urgent first.
//!
//! Sums by site and tier are kept up to date, so that asking "could room be made at all" costs a few additions however
//! many services run there, and choosing walks each list once.

use crate::model::Amounts;
use crate::model::Estate;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::TierId;
use crate::placement::Level;
use crate::placement::Part;
use crate::placement::Seat;
use crate::placement::SeatId;
use crate::placement::Situation;
use crate::placement::Urgency;
use crate::placement::work::can_degrade;
use crate::placement::work::can_shed;

/// Those who may be asked, by site and tier.
pub(in crate::placement) struct Victims {
    tiers: usize,
    groups: Vec<Group>,
}

/// Those of one tier at one site.
#[derive(Clone)]
struct Group {
    /// Largest first, so that few are asked.
    seats: Vec<SeatId>,
    /// What all of them could give by being degraded.
    by_degrading: Amounts,
    /// What all of them could give by being shed, in all.
    by_shedding: Amounts,
}

impl Victims {
    /// Looks at everything that runs.
    pub(in crate::placement) fn new(
        estate: &Estate,
        situation: &Situation,
        urgency: &Urgency,
        seats: &[Vec<Seat>],
    ) -> Self {
        let kinds = estate.resources.len();
        let tiers = estate.tiers.len();
        let empty = Group { seats: Vec::new(), by_degrading: Amounts::zero(kinds), by_shedding: Amounts::zero(kinds) };
        let mut victims = Self { tiers, groups: vec![empty; estate.sites.len() * tiers] };
        for (service, seats_of) in seats.iter().enumerate() {
            let id = ServiceId::new(service);
            let able = can_degrade(estate, id) || can_shed(estate, id);
            if !able || !situation.has_majority(estate, id) {
                continue;
            }
            for (replica, seat) in seats_of.iter().enumerate() {
                if seat.part == Part::Survivor && seat.last.share > Ppm::ZERO {
                    let seat_id = SeatId { service: id, replica: u32::try_from(replica).unwrap_or(u32::MAX) };
                    let site = estate.service(id).replicas[replica].site;
                    let group = &mut victims.groups[site.at() * tiers + urgency.tier[service].at()];
                    group.seats.push(seat_id);
                    let (degrading, shedding) = could_give(estate, situation, seat_id, seat);
                    group.by_degrading = group.by_degrading.plus(&degrading);
                    group.by_shedding = group.by_shedding.plus(&shedding);
                }
            }
        }
        for group in &mut victims.groups {
            group.seats.sort_by_key(|seat| {
                let held = &seats[seat.service.at()][seat.replica as usize].held;
                (std::cmp::Reverse(held.0.iter().copied().max()), *seat)
            });
        }
        victims
    }

    /// What could be made free at the site for a service of this tier.
    pub(in crate::placement) fn potential(&self, site: SiteId, tier: TierId, shed: bool) -> Amounts {
        let groups = &self.groups[site.at() * self.tiers + tier.at() + 1..(site.at() + 1) * self.tiers];
        let kinds = self.groups.first().map_or(0, |group| group.by_degrading.0.len());
        groups.iter().fold(Amounts::zero(kinds), |sum, group| {
            sum.plus(if shed { &group.by_shedding } else { &group.by_degrading })
        })
    }

    /// Chooses whom to ask for `missing`: the least urgent first, all that can be degraded before any is shed.
    #[expect(clippy::too_many_arguments, reason = "the desk's parts, which are borrowed one by one")]
    pub(in crate::placement) fn choose(
        &self,
        estate: &Estate,
        site: SiteId,
        missing: &Amounts,
        tier: TierId,
        shed: bool,
        seats: &[Vec<Seat>],
        held_at: impl Fn(SeatId, Level) -> Amounts,
    ) -> Vec<(SeatId, Level)> {
        let mut open = missing.clone();
        let mut chosen: Vec<(SeatId, Level)> = Vec::new();
        for level in [Level::Degraded, Level::Shed] {
            if level == Level::Shed && !shed {
                break;
            }
            for at in (tier.at() + 1..self.tiers).rev() {
                for &seat in &self.groups[site.at() * self.tiers + at].seats {
                    if open.is_zero() {
                        return chosen;
                    }
                    let state = &seats[seat.service.at()][seat.replica as usize];
                    let able = match level {
                        Level::Degraded => state.last.level == Level::Full && can_degrade(estate, seat.service),
                        Level::Shed => can_shed(estate, seat.service),
                        Level::Full => false,
                    };
                    if !able || state.last.share == Ppm::ZERO {
                        continue;
                    }
                    let before = chosen.iter().find(|(other, _)| *other == seat).map(|(_, level)| *level);
                    let held = before.map_or_else(|| state.held.clone(), |level| held_at(seat, level));
                    let gives = held.less(&held_at(seat, level)).least(&open);
                    if gives.is_zero() {
                        continue;
                    }
                    open = open.less(&gives);
                    chosen.retain(|(other, _)| *other != seat);
                    chosen.push((seat, level));
                }
            }
        }
        chosen
    }

    /// Keeps the sums in step when a seat changes, for whatever reason: what it could give before is taken out, what it
    /// can still give is put in.
    pub(in crate::placement) fn changed(
        &mut self,
        site: SiteId,
        tier: TierId,
        before: &(Amounts, Amounts),
        after: &(Amounts, Amounts),
    ) {
        let group = &mut self.groups[site.at() * self.tiers + tier.at()];
        group.by_degrading = group.by_degrading.less(&before.0).plus(&after.0);
        group.by_shedding = group.by_shedding.less(&before.1).plus(&after.1);
    }
}

/// What a seat adds to the sums: nothing where it is no survivor, or where its service lost its majority.
pub(in crate::placement) fn counts_for(
    estate: &Estate,
    situation: &Situation,
    id: SeatId,
    seat: &Seat,
) -> (Amounts, Amounts) {
    if seat.part == Part::Survivor && seat.now.share > Ppm::ZERO && situation.has_majority(estate, id.service) {
        could_give(estate, situation, id, seat)
    } else {
        (Amounts::zero(seat.held.0.len()), Amounts::zero(seat.held.0.len()))
    }
}

/// What a seat could give by being degraded, and by being shed (or degraded, where it can't be shed).
fn could_give(estate: &Estate, situation: &Situation, id: SeatId, seat: &Seat) -> (Amounts, Amounts) {
    let nothing = Amounts::zero(seat.held.0.len());
    let degrading = if seat.last.level == Level::Full && can_degrade(estate, id.service) {
        seat.held.less(&situation.demand(estate, id.service, Level::Degraded).times(seat.last.share))
    } else {
        nothing
    };
    let shedding = if can_shed(estate, id.service) { seat.held.clone() } else { degrading.clone() };
    (degrading, shedding)
}

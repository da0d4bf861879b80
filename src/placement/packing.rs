//! How good a placement is: how many services of a tier came back whole, and how many could have at the very best.
//!
//! The bound pools the room of all sites and counts the smallest demands first, resource by resource; no placement can
//! beat it, and the true best may lie below it.

use crate::model::Amounts;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::model::TierId;
use crate::placement::situation::target_sites;
use crate::placement::work::Work;

/// How many services of a tier needed a place, found one, and could have found one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Packing {
    /// Services whose users somebody else had to take.
    pub wanted: u64,
    /// Those of them of which every user is served, at the floor or better.
    pub whole: u64,
    /// No placement brings more of them back whole.
    pub bound: u64,
}

/// What was open before the floors of a tier were placed.
pub(in crate::placement) struct Open {
    wanted: Vec<ServiceId>,
    bound: u64,
}

impl Packing {
    pub(in crate::placement) fn before(work: &Work<'_>, services: &[ServiceId]) -> Open {
        let wanted: Vec<ServiceId> = services.iter().copied().filter(|&id| work.open_share(id) > Ppm::ZERO).collect();
        let there = |id: &ServiceId| work.situation.seats[id.at()].iter().any(|seat| seat.fate.is_target());
        let placeable: Vec<ServiceId> = wanted.iter().copied().filter(there).collect();
        let bound = if placeable.is_empty() { 0 } else { bound(work, &placeable) };
        Open { wanted, bound }
    }
}

impl Open {
    pub(in crate::placement) fn after(self, work: &Work<'_>) -> Packing {
        let whole = self.wanted.iter().filter(|&&id| work.open_share(id) == Ppm::ZERO).count();
        let count = |many: usize| u64::try_from(many).unwrap_or(u64::MAX);
        Packing { wanted: count(self.wanted.len()), whole: count(whole), bound: self.bound }
    }
}

fn bound(work: &Work<'_>, wanted: &[ServiceId]) -> u64 {
    let tier = work.tier(wanted[0]);
    let kinds = work.estate.resources.len();
    let mut room = Amounts::zero(kinds);
    for site in target_sites(work.situation) {
        let there = if tier == TierId(0) { work.ledger.room_with_reserve(site) } else { work.ledger.room(site) };
        room = room
            .plus(&there)
            .plus(work.ledger.on_demand(site))
            .plus(&work.victims.potential(site, tier, true).less(&work.ledger.over(site)));
    }
    let mut demands: Vec<Vec<u64>> = vec![Vec::new(); kinds];
    for &id in wanted {
        let demand = work.situation.demand(work.estate, id, work.floor(id)).times(work.open_share(id));
        let standing = standing(work, id);
        for (kind, &amount) in demand.less(&standing).0.iter().enumerate() {
            demands[kind].push(amount);
        }
    }
    let mut best = wanted.len();
    for (kind, mut amounts) in demands.into_iter().enumerate() {
        amounts.sort_unstable();
        let mut left = room.0[kind];
        let fits =
            amounts.iter().take_while(|&&amount| left.checked_sub(amount).inspect(|&rest| left = rest).is_some());
        best = best.min(fits.count());
    }
    u64::try_from(best).unwrap_or(u64::MAX)
}

/// What the service's seats hold already, which its users may use: it is not in the room of any site.
fn standing(work: &Work<'_>, id: ServiceId) -> Amounts {
    let kinds = work.estate.resources.len();
    let full = work.seats[id.at()].iter().fold(Amounts::zero(kinds), |sum, seat| sum.plus(&seat.held));
    let floor = work.situation.demand(work.estate, id, work.floor(id));
    let served = Ppm::ONE.less(work.open_share(id));
    full.less(&floor.times(served))
}

//! The account of each site: what is free, what becomes free later and who must give it up first.
//!
//! It never goes negative. Room that is free when the incident begins is given away first; room that victims give up
//! is handed on with the name of the victim, so that whoever takes it waits for exactly those. It knows amounts and
//! seats; it decides nothing.

use crate::model::Amounts;
use crate::model::Estate;
use crate::model::ServiceId;
use crate::model::SiteId;

/// One service at one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeatId {
    /// The service.
    pub service: ServiceId,
    /// Its replica, by position in the service's own list.
    pub replica: u32,
}

/// The accounts of all sites.
#[derive(Debug, Clone)]
pub(in crate::placement) struct Ledger {
    sites: Vec<Account>,
}

#[derive(Debug, Clone)]
struct Account {
    capacity: Amounts,
    limit: Amounts,
    before: Amounts,
    used: Amounts,
    free: Amounts,
    reserve: Amounts,
    on_demand: Amounts,
    later: Vec<(SeatId, Amounts)>,
    /// The sum of what becomes free later: it is asked for far more often than it changes.
    later_sum: Amounts,
    last: Option<ServiceId>,
}

/// From where a seat's room came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::placement) struct Taken {
    /// Those who must give up room before it may be used.
    pub(in crate::placement) waits: Vec<SeatId>,
    /// Those whose room the reserve bridges until they have given it up.
    pub(in crate::placement) bridged: Vec<SeatId>,
    /// What was taken above the fill limit.
    pub(in crate::placement) above_limit: Option<Amounts>,
}

impl Ledger {
    /// Empty accounts: nothing runs yet.
    pub(in crate::placement) fn new(estate: &Estate) -> Self {
        let kinds = estate.resources.len();
        let sites = estate
            .sites
            .iter()
            .map(|site| {
                let limit = site.capacity.times_down(site.fill_limit);
                Account {
                    capacity: site.capacity.clone(),
                    free: limit.clone(),
                    reserve: site.capacity.less(&limit),
                    limit,
                    before: Amounts::zero(kinds),
                    used: Amounts::zero(kinds),
                    on_demand: site.on_demand.as_ref().map_or(Amounts::zero(kinds), |more| more.capacity.clone()),
                    later: Vec::new(),
                    later_sum: Amounts::zero(kinds),
                    last: None,
                }
            })
            .collect();
        Self { sites }
    }

    /// Something runs there when the incident begins. A site over its limit has nothing free, and less reserve.
    pub(in crate::placement) fn occupy(&mut self, site: SiteId, amount: &Amounts) {
        let account = &mut self.sites[site.at()];
        account.before = account.before.plus(amount);
        account.used = account.used.plus(amount);
        account.free = account.limit.less(&account.used);
        account.reserve = account.capacity.less(&account.used).less(&account.free);
    }

    /// What is free, or will be.
    pub(in crate::placement) fn room(&self, site: SiteId) -> Amounts {
        let account = &self.sites[site.at()];
        account.free.plus(&account.later_sum)
    }

    /// What is free or will be, and what the first tier's floor may use above the fill limit.
    pub(in crate::placement) fn room_with_reserve(&self, site: SiteId) -> Amounts {
        self.room(site).plus(&self.sites[site.at()].reserve)
    }

    /// What is used above the limit: it must be given up before anything given up can be handed on.
    pub(in crate::placement) fn over(&self, site: SiteId) -> Amounts {
        let account = &self.sites[site.at()];
        account.used.less(&account.limit)
    }

    /// What the cloud still launches there.
    pub(in crate::placement) fn on_demand(&self, site: SiteId) -> &Amounts {
        &self.sites[site.at()].on_demand
    }

    /// Who took room there last in this plan.
    pub(in crate::placement) fn last(&self, site: SiteId) -> Option<ServiceId> {
        self.sites[site.at()].last
    }

    /// Takes `amount`, which must fit into the room (with the reserve where `urgent`). An urgent seat does not wait
    /// for victims as long as the reserve bridges what they have not given up yet. What the seat itself gave up and
    /// nobody took comes back to it first.
    pub(in crate::placement) fn take(&mut self, site: SiteId, amount: &Amounts, seat: SeatId, urgent: bool) -> Taken {
        let account = &mut self.sites[site.at()];
        let mut taken = Taken::default();
        account.used = account.used.plus(amount);
        account.last = Some(seat.service);
        let mut open = amount.clone();
        for (_, own) in account.later.iter_mut().filter(|(giver, _)| *giver == seat) {
            let back = open.least(own);
            *own = own.less(&back);
            open = open.less(&back);
            account.later_sum = account.later_sum.less(&back);
        }
        let now = open.least(&account.free);
        account.free = account.free.less(&now);
        open = open.less(&now);
        if open.is_zero() {
            return taken;
        }
        let bridged = urgent && open.fits(&account.reserve);
        let mut bridge = Amounts::zero(open.0.len());
        for (giver, rest) in &mut account.later {
            if open.is_zero() {
                break;
            }
            let part = open.least(rest);
            if part.is_zero() {
                continue;
            }
            *rest = rest.less(&part);
            open = open.less(&part);
            account.later_sum = account.later_sum.less(&part);
            if bridged {
                bridge = bridge.plus(&part);
                taken.bridged.push(*giver);
            } else {
                taken.waits.push(*giver);
            }
        }
        account.later.retain(|(_, rest)| !rest.is_zero());
        debug_assert!(open.plus(&bridge).fits(&account.reserve), "more was taken than anybody said there was");
        account.reserve = account.reserve.less(&bridge).less(&open);
        if !open.is_zero() {
            taken.above_limit = Some(open);
        }
        taken
    }

    /// Takes capacity that the cloud launches.
    pub(in crate::placement) fn launch(&mut self, site: SiteId, amount: &Amounts) {
        let account = &mut self.sites[site.at()];
        account.on_demand = account.on_demand.less(amount);
    }

    /// Gives back what a seat took and never waited for.
    pub(in crate::placement) fn undo(&mut self, site: SiteId, amount: &Amounts) {
        let account = &mut self.sites[site.at()];
        account.used = account.used.less(amount);
        account.free = account.free.plus(amount);
    }

    /// A seat will give up room: what is above the limit is not handed on.
    pub(in crate::placement) fn give_up(&mut self, site: SiteId, amount: &Amounts, seat: SeatId) {
        let account = &mut self.sites[site.at()];
        let over = account.used.less(&account.limit);
        account.used = account.used.less(amount);
        let usable = amount.less(&over);
        if !usable.is_zero() {
            account.later_sum = account.later_sum.plus(&usable);
            account.later.push((seat, usable));
        }
    }

    /// Capacity, limit, what was used before and what is used in the end, for each kind of resource.
    pub(in crate::placement) fn lines(&self, site: SiteId) -> (&Amounts, &Amounts, &Amounts, &Amounts) {
        let account = &self.sites[site.at()];
        (&account.capacity, &account.limit, &account.before, &account.used)
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use super::SeatId;
    use crate::model::Amounts;
    use crate::model::Estate;
    use crate::model::Ppm;
    use crate::model::ServiceId;
    use crate::model::Site;
    use crate::model::SiteId;
    use crate::model::SiteKind;

    const HERE: SiteId = SiteId(0);

    fn ledger(capacity: u64, used: u64) -> Ledger {
        let site = Site {
            name: "ansan".into(),
            title: "ansan".into(),
            kind: SiteKind::Datacenter,
            domains: Vec::new(),
            capacity: cores(capacity),
            fill_limit: Ppm(800_000),
            on_demand: None,
            runbook: None,
            user: None,
        };
        let estate = Estate { resources: vec!["cores".into()], sites: vec![site], ..Estate::default() };
        let mut ledger = Ledger::new(&estate);
        ledger.occupy(HERE, &cores(used));
        ledger
    }

    fn seat(service: u32) -> SeatId {
        SeatId { service: ServiceId(service), replica: 0 }
    }

    fn cores(amount: u64) -> Amounts {
        Amounts([amount].as_slice().into())
    }

    #[test]
    fn free_room_is_given_away_before_room_that_somebody_must_give_up() {
        let mut ledger = ledger(100, 50);
        assert_eq!(ledger.room(HERE), cores(30));
        ledger.give_up(HERE, &cores(20), seat(7));
        assert_eq!(ledger.room(HERE), cores(50));
        assert_eq!(ledger.take(HERE, &cores(30), seat(1), false).waits, []);
        assert_eq!(ledger.take(HERE, &cores(5), seat(2), false).waits, [seat(7)]);
        assert_eq!(ledger.room(HERE), cores(15));
    }

    #[test]
    fn the_reserve_bridges_what_a_victim_has_not_given_up_yet() {
        let mut ledger = ledger(100, 80);
        ledger.give_up(HERE, &cores(10), seat(7));
        let taken = ledger.take(HERE, &cores(10), seat(1), true);
        assert_eq!((taken.waits, taken.above_limit), (vec![], None));
        let taken = ledger.take(HERE, &cores(10), seat(1), true);
        assert_eq!(taken.above_limit, Some(cores(10)));
        assert_eq!(ledger.room_with_reserve(HERE), cores(0));
    }

    #[test]
    fn what_was_over_the_limit_is_not_handed_on() {
        let mut ledger = ledger(100, 95);
        ledger.give_up(HERE, &cores(20), seat(7));
        assert_eq!(ledger.room(HERE), cores(5));
    }
}

//! The desk at which placement works: accounts, seats, and the one operation that puts users on a seat.

use std::collections::BTreeMap;

use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use crate::model::Amounts;
use crate::model::Estate;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::Replica;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::SiteId;
use crate::model::TierId;
use crate::placement::Because;
use crate::placement::Fate;
use crate::placement::Level;
use crate::placement::Part;
use crate::placement::Seat;
use crate::placement::SeatId;
use crate::placement::Serving;
use crate::placement::Situation;
use crate::placement::Urgency;
use crate::placement::candidates::Short;
use crate::placement::ledger::Ledger;
use crate::placement::ledger::Taken;
use crate::placement::victims::Victims;
use crate::placement::victims::counts_for;

/// Everything that placement reads and writes while it works.
pub(in crate::placement) struct Work<'a> {
    pub(in crate::placement) estate: &'a Estate,
    pub(in crate::placement) situation: &'a Situation,
    pub(in crate::placement) urgency: &'a Urgency,
    pub(in crate::placement) ledger: Ledger,
    pub(in crate::placement) seats: Vec<Vec<Seat>>,
    pub(in crate::placement) victims: Victims,
    /// Why a candidate had no room when it was asked: of few.
    pub(in crate::placement) short: BTreeMap<SeatId, Short>,
    /// Seats that this plan added, by site, for moving them aside.
    pub(in crate::placement) added: Vec<Vec<SeatId>>,
}

/// What may be done to make a seat fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::placement) struct Means {
    /// The cloud may launch.
    pub(in crate::placement) launch: bool,
    /// Less urgent services may be degraded.
    pub(in crate::placement) degrade: bool,
    /// Less urgent services may be shed.
    pub(in crate::placement) shed: bool,
    /// The site may be filled beyond its limit for good.
    pub(in crate::placement) reserve: bool,
    /// What is above the limit may bridge the time until victims have given up their room.
    pub(in crate::placement) bridge: bool,
}

impl Means {
    /// Free room only.
    pub(in crate::placement) const ROOM: Self =
        Self { launch: false, degrade: false, shed: false, reserve: false, bridge: false };
}

impl<'a> Work<'a> {
    /// Puts everything where it is when the incident is declared.
    pub(in crate::placement) fn new(estate: &'a Estate, situation: &'a Situation, urgency: &'a Urgency) -> Self {
        let services = (0..estate.services.len()).into_par_iter();
        let seats: Vec<Vec<Seat>> = services.map(|at| seats_now(estate, situation, ServiceId::new(at))).collect();
        let mut ledger = Ledger::new(estate);
        for (at, seats) in seats.iter().enumerate() {
            for (replica, seat) in seats.iter().enumerate() {
                if situation.seats[at][replica].fate.serves() {
                    ledger.occupy(estate.services[at].replicas[replica].site, &seat.held);
                }
            }
        }
        let victims = Victims::new(estate, situation, urgency, &seats);
        let added = vec![Vec::new(); estate.sites.len()];
        Self { estate, situation, urgency, ledger, seats, victims, short: BTreeMap::new(), added }
    }

    pub(in crate::placement) fn tier(&self, id: ServiceId) -> TierId {
        self.urgency.tier[id.at()]
    }

    /// The level that counts as back: the reduced form, where the service has one and can be put into it.
    pub(in crate::placement) fn floor(&self, id: ServiceId) -> Level {
        if can_degrade(self.estate, id) { Level::Degraded } else { Level::Full }
    }

    /// Whether users may be spread over several replicas.
    pub(in crate::placement) fn splits(&self, id: ServiceId) -> bool {
        self.estate.service(id).kind != ServiceKind::Stateful
    }

    /// The share of users that nobody serves.
    pub(in crate::placement) fn open_share(&self, id: ServiceId) -> Ppm {
        let served = self.seats[id.at()].iter().map(|seat| seat.last.share.0).sum();
        Ppm::ONE.less(Ppm(served))
    }

    pub(in crate::placement) fn replica(&self, seat: SeatId) -> &'a Replica {
        &self.estate.service(seat.service).replicas[seat.replica as usize]
    }

    pub(in crate::placement) fn seat(&self, seat: SeatId) -> &Seat {
        &self.seats[seat.service.at()][seat.replica as usize]
    }

    pub(in crate::placement) fn seat_mut(&mut self, seat: SeatId) -> &mut Seat {
        &mut self.seats[seat.service.at()][seat.replica as usize]
    }

    /// What the seat could use of its site's capacity, by these means.
    fn reserved_room(&self, seat: SeatId, means: Means) -> Amounts {
        let site = self.replica(seat).site;
        let mut room = if means.reserve { self.ledger.room_with_reserve(site) } else { self.ledger.room(site) };
        if means.degrade {
            let potential = self.victims.potential(site, self.tier(seat.service), means.shed);
            room = room.plus(&potential.less(&self.ledger.over(site)));
        }
        let carries = self.situation.carries(seat.service, seat.replica as usize, self.replica(seat));
        let held = &self.seat(seat).held;
        let all = held.plus(&room).least(&carries);
        // What it carries already, it keeps: a seat may have been overloaded before anything happened.
        all.with(held, u64::max)
    }

    /// What the cloud could launch for the seat, beyond its hosts.
    fn launchable(&self, seat: SeatId, means: Means) -> Amounts {
        let replica = self.replica(seat);
        match &replica.scale {
            Some(scale) if means.launch => {
                let beyond = scale.max_load.less(&replica.max_load);
                self.ledger.on_demand(replica.site).plus(&self.seat(seat).launched).least(&beyond)
            }
            Some(_) | None => self.seat(seat).launched.clone(),
        }
    }

    /// The largest share of `demand` that the seat could carry in all, by these means.
    pub(in crate::placement) fn could_carry(&self, seat: SeatId, demand: &Amounts, means: Means) -> Ppm {
        demand.share_that_fits(&self.reserved_room(seat, means).plus(&self.launchable(seat, means)))
    }

    /// Puts the seat at a level and share that [`Work::could_carry`] said it can: takes room, launches, and makes
    /// victims give way where that is what it takes.
    pub(in crate::placement) fn put(&mut self, seat: SeatId, serving: Serving, demand: &Amounts, means: Means) {
        let load = demand.times(serving.share);
        let reserved = load.least(&self.reserved_room(seat, means));
        let launched = load.less(&reserved);
        let site = self.replica(seat).site;
        let held = self.seat(seat).held.clone();
        let gives = held.less(&reserved);
        let wants = reserved.less(&held);
        if means.degrade {
            let missing = wants.less(&self.ledger.room(site));
            if !missing.is_zero() {
                let over = self.ledger.over(site);
                let asked = missing.with(&over, |missing, over| match missing {
                    0 => 0,
                    missing => missing.saturating_add(over),
                });
                self.make_room(site, &asked, seat.service, means.shed);
            }
        }
        if !gives.is_zero() {
            self.ledger.give_up(site, &gives, seat);
        }
        let taken = if wants.is_zero() { Taken::default() } else { self.ledger.take(site, &wants, seat, means.bridge) };
        for &victim in taken.waits.iter().chain(&taken.bridged) {
            self.seat_mut(victim).handed_on = true;
        }
        let more = launched.less(&self.seat(seat).launched);
        self.ledger.launch(site, &more);
        self.note_reasons(seat, &taken, &more);
        let before = counts_for(self.estate, self.situation, seat, self.seat(seat));
        let state = self.seat_mut(seat);
        state.waits_last.extend(taken.waits);
        state.above_limit |= taken.above_limit.is_some() || !taken.bridged.is_empty();
        state.bridged.extend(taken.bridged);
        state.held = reserved;
        state.launched = launched;
        state.last = serving;
        if state.part == Part::Bystander {
            state.part = Part::Added;
            self.added[site.at()].push(seat);
        }
        self.keep_sums(seat, &before);
    }

    /// Tells those who count what could be given that a seat is not what it was.
    fn keep_sums(&mut self, seat: SeatId, before: &(Amounts, Amounts)) {
        let after = counts_for(self.estate, self.situation, seat, self.seat(seat));
        self.victims.changed(self.replica(seat).site, self.tier(seat.service), before, &after);
    }

    fn note_reasons(&mut self, seat: SeatId, taken: &Taken, launched: &Amounts) {
        let site = self.replica(seat).site;
        let mut because = Vec::new();
        if !taken.waits.is_empty() {
            let mut victims: Vec<String> =
                taken.waits.iter().map(|victim| self.estate.service(victim.service).name.clone()).collect();
            victims.sort();
            victims.dedup();
            because.push(Because::AfterVictims { victims });
        }
        if let Some((resource, amount)) = taken.above_limit.as_ref().and_then(|above| largest(self.estate, above)) {
            because.push(Because::AboveFillLimit { resource, amount });
        }
        if let Some((resource, amount)) = largest(self.estate, launched) {
            let ready_in = self.estate.site(site).on_demand.as_ref().map(|more| more.ready_in).unwrap_or_default();
            because.push(Because::OnDemand { resource, amount, ready_in });
        }
        self.seat_mut(seat).because.extend(because);
    }

    /// Makes less urgent services at the site give up `missing`: first degraded, then shed where that is allowed.
    fn make_room(&mut self, site: SiteId, missing: &Amounts, service: ServiceId, shed: bool) {
        let chosen =
            self.victims.choose(self.estate, site, missing, self.tier(service), shed, &self.seats, |seat, level| {
                held_at(self.estate, self.situation, &self.seats, seat, level)
            });
        for (seat, level) in chosen {
            let held = held_at(self.estate, self.situation, &self.seats, seat, level);
            let gives = self.seat(seat).held.less(&held);
            self.ledger.give_up(site, &gives, seat);
            let before = counts_for(self.estate, self.situation, seat, self.seat(seat));
            let state = self.seat_mut(seat);
            state.held = held;
            state.gives_way = Some(service);
            state.last.level = level;
            if level == Level::Shed {
                state.last = Serving::NOTHING;
            }
            self.keep_sums(seat, &before);
        }
    }
}

/// What a seat would hold at a level, with its share as it is.
pub(in crate::placement) fn held_at(
    estate: &Estate,
    situation: &Situation,
    seats: &[Vec<Seat>],
    seat: SeatId,
    level: Level,
) -> Amounts {
    let share = seats[seat.service.at()][seat.replica as usize].last.share;
    situation.demand(estate, seat.service, level).times(share)
}

/// Whether the service has a reduced form, and steps that lead there and back.
pub(in crate::placement) fn can_degrade(estate: &Estate, id: ServiceId) -> bool {
    let service = estate.service(id);
    let Some(runbook) = service.runbook.map(|runbook| &estate.runbooks[runbook.at()]) else {
        return false;
    };
    service.degraded.is_some()
        && runbook.steps(Procedure::Degrade).is_some()
        && runbook.steps(Procedure::Restore).is_some()
}

/// Whether the service has steps that switch it off.
pub(in crate::placement) fn can_shed(estate: &Estate, id: ServiceId) -> bool {
    let runbook = estate.service(id).runbook.map(|runbook| &estate.runbooks[runbook.at()]);
    runbook.is_some_and(|runbook| runbook.steps(Procedure::Shed).is_some())
}

/// The largest of the amounts, by name of its resource.
pub(in crate::placement) fn largest(estate: &Estate, amounts: &Amounts) -> Option<(String, u64)> {
    let (at, amount) = amounts.0.iter().enumerate().max_by_key(|&(at, amount)| (*amount, usize::MAX - at))?;
    (*amount > 0).then(|| (estate.resources[at].clone(), *amount))
}

fn seats_now(estate: &Estate, situation: &Situation, id: ServiceId) -> Vec<Seat> {
    let demand = situation.demand(estate, id, Level::Full);
    let replicas = estate.service(id).replicas.iter().enumerate();
    replicas.map(|(replica, declared)| seat_now(situation, id, replica, declared, &demand)).collect()
}

fn seat_now(situation: &Situation, id: ServiceId, at: usize, replica: &Replica, demand: &Amounts) -> Seat {
    let now = situation.seats[id.at()][at];
    let share = match now.fate {
        Fate::Up if now.hosts_left < Ppm::ONE => {
            now.before.min(demand.share_that_fits(&situation.carries(id, at, replica)))
        }
        // Whoever was seen to serve at a site that is gone back to serves on.
        Fate::Up | Fate::Returning => now.before,
        Fate::Leaving | Fate::Lost | Fate::Impaired | Fate::Quarantined => Ppm::ZERO,
    };
    let stays = Serving { level: Level::Full, share };
    let part = match now.fate {
        Fate::Up | Fate::Returning if now.before > Ppm::ZERO => Part::Survivor,
        Fate::Up | Fate::Returning => Part::Bystander,
        Fate::Leaving | Fate::Lost | Fate::Impaired | Fate::Quarantined if now.before > Ppm::ZERO => Part::Left,
        Fate::Leaving | Fate::Lost | Fate::Impaired | Fate::Quarantined => Part::Bystander,
    };
    let serving = if share > Ppm::ZERO { stays } else { Serving::NOTHING };
    let held = match (now.fate, now.before > Ppm::ZERO) {
        (Fate::Up | Fate::Returning, true) => demand.times(share),
        (Fate::Leaving, true) => demand.times(now.before),
        (Fate::Up | Fate::Leaving, false) => replica.standing.clone(),
        (Fate::Lost | Fate::Impaired | Fate::Quarantined, _) | (Fate::Returning, false) => {
            Amounts::zero(demand.0.len())
        }
    };
    Seat {
        part,
        now: serving,
        first: serving,
        last: serving,
        held,
        launched: Amounts::zero(demand.0.len()),
        launched_first: false,
        waits_first: Vec::new(),
        waits_last: Vec::new(),
        bridged: Vec::new(),
        above_limit: false,
        gives_way: None,
        handed_on: false,
        because: Vec::new(),
    }
}

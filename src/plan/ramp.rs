//! The way of a route: from where it leads before a step to where it leads after it, in stages that a target can bear.
//!
//! In a failover whoever nobody can take yet stays where they are, with what is lost: they are served by nobody either
//! way, and a record that led all of them to the first survivor would kill that too.

use std::collections::BTreeMap;

use crate::model::Estate;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderKind;
use crate::model::Route;
use crate::model::RouteId;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::turns;
use crate::placement::Part;
use crate::placement::Seat;
use crate::placement::SeatNow;
use crate::placement::Situation;
use crate::plan::Mode;
use crate::plan::RouteOnPaper;
use crate::plan::StageOnPaper;
use crate::plan::draft::Draft;
use crate::plan::draft::Stage;
use crate::plan::scene::Scene;
use crate::plan::ttl;

/// Shares by site.
type Table = BTreeMap<SiteId, Ppm>;

/// What a step does to a route.
pub(in crate::plan) struct Turn<'a> {
    estate: &'a Estate,
    situation: &'a Situation,
    route: &'a Route,
    id: ServiceId,
    before: Table,
    after: Table,
    /// Whether nobody shifts after it.
    is_last: bool,
    /// How long answers may be kept meanwhile.
    ttl: Millis,
}

/// The shift of a route, on paper.
pub(in crate::plan) fn shift(scene: &Scene<'_>, draft: &Draft, route: RouteId) -> RouteOnPaper {
    let estate = scene.estate();
    let written = &estate.routes[route.at()];
    let Some(id) = draft.service() else {
        // A route that belongs to no service leads nowhere in particular, and the second pair of eyes says so.
        return RouteOnPaper {
            route: written.name.clone(),
            provider: estate.providers[written.provider.at()].name.clone(),
            to: Vec::new(),
            stages: Vec::new(),
            leaves: Vec::new(),
            barred: Vec::new(),
            ttl_ms: written.ttl,
            admit_per_second: None,
        };
    };
    let seats = &scene.placed(id).seats;
    let turn = Turn::new((estate, scene.situation, scene.mode), draft, id, written, seats);
    turn.on_paper(|site| scene.site_name(site).to_owned())
}

/// How long a shift takes: its stages with their holds, and until old answers are forgotten.
pub(in crate::plan) fn duration(
    ground: (&Estate, &Situation, Mode),
    draft: &Draft,
    route: &Route,
    seats: &[Seat],
) -> Millis {
    let Some(id) = draft.service() else { return route.ttl };
    let turn = Turn::new(ground, draft, id, route, seats);
    turn.takes()
}

/// Even a shift that changes nothing reads the route, asks its targets three times how they do, and reads it again.
pub(in crate::plan) const LEAST: Millis = Millis::from_secs(5);

/// A share that addresses come to by turns, where it is more than was placed there: the site, what was placed, what it
/// gets. Only DNS records have no weights.
pub(in crate::plan) fn uneven(scene: &Scene<'_>, draft: &Draft, route: RouteId) -> Option<(SiteId, Ppm, Ppm)> {
    let id = draft.service()?;
    let estate = scene.estate();
    let ground = (estate, scene.situation, scene.mode);
    let turn = Turn::new(ground, draft, id, &estate.routes[route.at()], &scene.placed(id).seats);
    if !turn.is_last {
        return None;
    }
    let wanted = turn.live(&turn.after);
    let gets = turn.by_turns(&turn.after, true);
    let over = wanted.iter().filter_map(|(site, share)| Some((*site, *share, *gets.get(site)?)));
    over.filter(|(_, share, gets)| gets.0 > share.0 + share.0 / TOLERANCE)
        .max_by_key(|(_, share, gets)| gets.less(*share))
}

/// A tenth more than was planned is within what a fill limit leaves.
const TOLERANCE: u64 = 10;

impl<'a> Turn<'a> {
    fn new(
        (estate, situation, mode): (&'a Estate, &'a Situation, Mode),
        draft: &Draft,
        id: ServiceId,
        route: &'a Route,
        seats: &[Seat],
    ) -> Self {
        let table = |shares: Vec<Ppm>| -> Table {
            let replicas = &estate.service(id).replicas;
            let at = shares.into_iter().enumerate().map(|(at, share)| (replicas[at].site, share));
            let leads = |site: SiteId| route.at.iter().any(|(there, _)| *there == site);
            at.filter(|(site, share)| *share > Ppm::ZERO && leads(*site)).collect()
        };
        let after = shares_after(draft, seats, true);
        let is_last = (0..seats.len()).all(|at| after[at] == ends(draft, &seats[at]));
        let before = table(shares_after(draft, seats, false));
        let ttl = ttl::while_moving(estate, mode, route);
        Self { estate, situation, route, id, before, after: table(after), is_last, ttl }
    }

    /// From one table to another, after which nobody shifts any more.
    pub(in crate::plan) fn between(
        estate: &'a Estate,
        situation: &'a Situation,
        id: ServiceId,
        route: &'a Route,
        before: Table,
        after: Table,
    ) -> Self {
        // A person wants it moved now, and not when answers from before are gone.
        Self { estate, situation, route, id, before, after, is_last: true, ttl: route.ttl }
    }

    /// The shift, with sites by name.
    pub(in crate::plan) fn on_paper(&self, name: impl Fn(SiteId) -> String) -> RouteOnPaper {
        let named = |table: &Table| table.iter().map(|(site, share)| (name(*site), *share)).collect::<Vec<_>>();
        let stages: Vec<StageOnPaper> =
            self.stages().iter().map(|(table, hold_ms)| StageOnPaper { to: named(table), hold_ms: *hold_ms }).collect();
        RouteOnPaper {
            route: self.route.name.clone(),
            provider: self.estate.providers[self.route.provider.at()].name.clone(),
            to: stages.last().map(|stage| stage.to.clone()).unwrap_or_default(),
            stages,
            leaves: self.leaves().into_iter().map(&name).collect(),
            barred: self.barred().into_iter().map(&name).collect(),
            ttl_ms: self.ttl,
            admit_per_second: self.estate.service(self.id).reconnect.map(|reconnect| reconnect.per_second),
        }
    }

    /// How long all of it takes.
    pub(in crate::plan) fn takes(&self) -> Millis {
        self.stages().iter().fold(Millis::ZERO, |sum, (_, hold)| sum + *hold).later(LEAST)
    }

    fn seats(&self) -> impl Iterator<Item = (SiteId, &'a SeatNow)> {
        let replicas = &self.estate.service(self.id).replicas;
        let now = &self.situation.seats[self.id.at()];
        replicas.iter().map(|replica| replica.site).zip(now)
    }

    /// Sites of the route that are not trusted.
    fn barred(&self) -> Vec<SiteId> {
        let gone = self.seats().filter(|(_, now)| !now.fate.serves()).map(|(site, _)| site);
        let mut all: Vec<SiteId> = gone.collect();
        all.extend(
            self.route.at.iter().map(|(site, _)| *site).filter(|site| !self.situation.sites[site.at()].serves()),
        );
        all.retain(|site| self.route.at.iter().any(|(there, _)| there == site));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Sites that have nobody any more once everybody has shifted.
    fn leaves(&self) -> Vec<SiteId> {
        let all = self.route.at.iter().map(|(site, _)| *site);
        if self.is_last { all.filter(|site| !self.after.contains_key(site)).collect() } else { Vec::new() }
    }

    /// What a stage names: never who is not trusted.
    fn live(&self, table: &Table) -> Table {
        let barred = self.barred();
        table.iter().filter(|(site, _)| !barred.contains(site)).map(|(site, share)| (*site, *share)).collect()
    }

    /// Every stage, with how long it is held.
    fn stages(&self) -> Vec<(Table, Millis)> {
        let steps = self.steps();
        let last = steps.len().saturating_sub(1);
        let mut stages: Vec<(Table, Millis)> = Vec::with_capacity(steps.len());
        let mut stands = self.by_turns(&self.before, false);
        let goal = steps.last().map(|table| self.by_turns(table, self.is_last)).unwrap_or_default();
        for (at, table) in steps.into_iter().enumerate() {
            let next = self.by_turns(&table, at == last && self.is_last);
            // Without weights a small step may change nothing, or send somebody more than they get in the end.
            if at != last && (next == stands || !is_between(&stands, &next, &goal)) {
                continue;
            }
            let herd = self.herd(&stands, &next);
            let is_idle = next == stands && (!self.is_last || self.left_behind(&self.live(&self.before)).is_empty());
            // Old answers are waited for once, by whoever shifts last: nothing is drained before that.
            let hold = match (is_idle, at == last && self.is_last) {
                (true, _) => Millis::ZERO,
                (false, true) => self.ttl,
                (false, false) => self.route.hold,
            };
            stages.push((next.clone(), hold.later(herd)));
            stands = next;
        }
        stages
    }

    /// The tables of the ramp: the one that gains most passes through its shares, and the others give in proportion.
    fn steps(&self) -> Vec<Table> {
        let (before, after) = (self.live(&self.before), self.live(&self.after));
        let share = |table: &Table, site: &SiteId| table.get(site).copied().unwrap_or(Ppm::ZERO);
        let gain = |site: &SiteId| share(&after, site).less(share(&before, site));
        let Some(target) = after.keys().copied().max_by_key(|site| (gain(site), std::cmp::Reverse(*site))) else {
            return vec![after];
        };
        let (has, goal) = (share(&before, &target), share(&after, &target));
        let rises = self.route.ramp.iter().map(|part| part.of(goal.0)).filter(|step| *step > has.0 && *step < goal.0);
        let mut steps: Vec<Table> = rises
            .map(|step| {
                // Whoever gives, gives rounded up: nobody is promised twice.
                let part = |from: Ppm, to: Ppm| {
                    let way = u128::from(from.0.abs_diff(to.0)) * u128::from(step - has.0);
                    let all = u128::from(goal.0 - has.0);
                    let way = if to > from { way / all } else { way.div_ceil(all) };
                    let way = u64::try_from(way).unwrap_or(0);
                    Ppm(if to > from { from.0 + way } else { from.0 - way })
                };
                let sites = before.keys().chain(after.keys()).copied();
                let table = sites.map(|site| (site, part(share(&before, &site), share(&after, &site))));
                table.filter(|(_, share)| *share > Ppm::ZERO).collect()
            })
            .collect();
        steps.push(after);
        steps
    }

    /// What a table comes to: itself, but for DNS records, where addresses take turns. Whoever is not served yet keeps
    /// the addresses that they have.
    fn by_turns(&self, table: &Table, is_closed: bool) -> Table {
        let named = self.live(table);
        match self.estate.providers[self.route.provider.at()].kind {
            ProviderKind::Rfc2136 => {}
            ProviderKind::Haproxy | ProviderKind::Route53 | ProviderKind::AwsAutoscaling => return named,
            ProviderKind::Http | ProviderKind::Command => return named,
        }
        let mut all = named.clone();
        if !is_closed {
            all.extend(self.left_behind(&named));
        }
        let has = |site: &SiteId| {
            let addresses = self.route.at.iter().find(|(there, _)| there == site).map_or(0, |(_, all)| all.len());
            u32::try_from(addresses).unwrap_or(u32::MAX)
        };
        let counts = turns(&all.iter().map(|(site, share)| (has(site), *share)).collect::<Vec<_>>());
        let sum: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let part = |count: u32| Ppm(u64::from(count) * Ppm::ONE.0 / sum.max(1));
        let shares = all.keys().zip(counts).map(|(site, count)| (*site, part(count)));
        shares.filter(|(site, share)| named.contains_key(site) && *share > Ppm::ZERO).collect()
    }

    /// Users whom no table names yet: they stay with what is lost or left, in proportion to what it had.
    fn left_behind(&self, named: &Table) -> Table {
        let rest = Ppm::ONE.less(Ppm(named.values().map(|share| share.0).sum()));
        let had: Table = self
            .seats()
            .filter(|(site, now)| now.before > Ppm::ZERO && !named.contains_key(site))
            .map(|(site, now)| (site, now.before))
            .collect();
        let sum: u64 = had.values().map(|share| share.0).sum();
        let part = |share: Ppm| {
            Ppm(u64::try_from(u128::from(rest.0) * u128::from(share.0) / u128::from(sum.max(1))).unwrap_or(0))
        };
        had.into_iter().map(|(site, share)| (site, part(share))).filter(|(_, share)| *share > Ppm::ZERO).collect()
    }

    /// How long the clients of a stage take to come back at the rate at which they may be admitted.
    fn herd(&self, stands: &Table, next: &Table) -> Millis {
        let Some(reconnect) = self.estate.service(self.id).reconnect else {
            return Millis::ZERO;
        };
        let had = |site: &SiteId| stands.get(site).copied().unwrap_or(Ppm::ZERO);
        let gained = Ppm(next.iter().map(|(site, share)| share.less(had(site)).0).sum());
        let clients = gained.of(self.situation.factor[self.id.at()].of(reconnect.clients));
        Millis::from_secs(clients.div_ceil(reconnect.per_second.max(1)))
    }
}

/// Whether every share of a table lies between those of two others.
fn is_between(one: &Table, table: &Table, other: &Table) -> bool {
    let share = |table: &Table, site: &SiteId| table.get(site).copied().unwrap_or(Ppm::ZERO);
    one.keys().chain(table.keys()).chain(other.keys()).all(|site| {
        let (one, other) = (share(one, site), share(other, site));
        (one.min(other)..=one.max(other)).contains(&share(table, site))
    })
}

/// What a seat serves once all have shifted.
fn ends(draft: &Draft, seat: &Seat) -> Ppm {
    if draft.stage == Stage::Raise { seat.last.share } else { seat.first.share }
}

/// What every replica serves when this shift is done, or before it: those that shift later still have what they had, but
/// for what the ones before took from them.
fn shares_after(draft: &Draft, seats: &[Seat], with_own: bool) -> Vec<Ppm> {
    let own = draft.lane.map_or((true, usize::MAX), |lane| order_of(&seats[lane], lane, draft.stage));
    let done = |at: usize| {
        let order = order_of(&seats[at], at, draft.stage);
        order < own || with_own && order == own
    };
    let before = |at: usize| if draft.stage == Stage::Raise { seats[at].first.share } else { seats[at].now.share };
    let after = |at: usize| ends(draft, &seats[at]);
    let mut shares: Vec<Ppm> = (0..seats.len()).map(|at| if done(at) { after(at) } else { before(at) }).collect();
    let mut over = Ppm(shares.iter().map(|share| share.0).sum()).less(Ppm::ONE);
    for (at, share) in shares.iter_mut().enumerate() {
        let gives = share.less(after(at)).min(over);
        *share = share.less(gives);
        over = over.less(gives);
    }
    shares
}

/// Survivors shift first, then the others in order; on the way to the last level those that take users come before those
/// that give them away.
pub(in crate::plan) fn order_of(seat: &Seat, at: usize, stage: Stage) -> (bool, usize) {
    match stage {
        Stage::Raise => (seat.last.share < seat.first.share, at),
        Stage::SiteFence | Stage::Fetch | Stage::Victim | Stage::First | Stage::Detach | Stage::Owed => {
            (seat.part != Part::Survivor, at)
        }
    }
}

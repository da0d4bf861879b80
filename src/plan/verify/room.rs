//! Room at every instant: no site and no replica carries more than it may, at any time between T=0 and the end.

use crate::model::Amounts;
use crate::model::Millis;
use crate::model::ResourceId;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::placement::Level;
use crate::plan::ActionOnPaper;
use crate::plan::verify::OfRoom;
use crate::plan::verify::Violation;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::asked::Why;
use crate::plan::verify::damage::Seat;
use crate::plan::verify::load::Span;
use crate::plan::verify::load::before;
use crate::plan::verify::load::carries;
use crate::plan::verify::load::sites_before;
use crate::plan::verify::load::spans;
use crate::plan::verify::paper::Paper;

/// Checks every site and every replica over time.
pub(super) fn check(paper: &Paper<'_>, asked: &mut Asked<'_>, found: &mut Vec<Violation>) {
    let mut accounts: Vec<Account> = sites_before(paper).into_iter().map(Account::new).collect();
    for (at, service) in paper.estate.services.iter().enumerate() {
        let id = ServiceId::new(at);
        for (replica, seat) in service.replicas.iter().zip(&paper.damage.seats[at]) {
            let spans = spans(paper, id, replica, seat);
            if !paper.steps_of[at].is_empty() {
                replica_room(paper, asked, (id, seat), &spans, found);
                launches(paper, id, seat.site, &mut accounts[seat.site.at()], found);
            }
            let is_floor = is_first_tier(paper, id);
            let floor = if service.degraded.is_some() { Level::Degraded } else { Level::Full };
            accounts[seat.site.at()].book(&spans, |level| is_floor && level == floor);
        }
    }
    for (at, account) in accounts.iter_mut().enumerate() {
        account.over_time(paper, SiteId::new(at), found);
    }
    without_victims(paper, &accounts, found);
}

/// What a site carries, and what it may.
struct Account {
    before: Amounts,
    now: Vec<i128>,
    changes: Vec<Change>,
    launched: Vec<(Millis, Vec<u64>)>,
}

/// A change of what a site carries.
struct Change {
    at: Millis,
    by: Option<u32>,
    amount: Vec<i128>,
    /// What the floor of a service of the first tier takes more than it had: it may use what is above the fill limit.
    floor: Vec<i128>,
}

impl Change {
    fn add_to(&self, sum: &mut [i128], floors: &mut [i128]) {
        for (sum, amount) in sum.iter_mut().zip(&self.amount) {
            *sum += amount;
        }
        for (floors, more) in floors.iter_mut().zip(&self.floor) {
            *floors += more;
        }
    }
}

impl Account {
    fn new(before: Amounts) -> Self {
        let kinds = before.0.len();
        Self { before, now: vec![0; kinds], changes: Vec::new(), launched: Vec::new() }
    }

    /// Enters what one replica holds: at each instant the most of all spans that cover it. Where one span ends and
    /// another begins at once, the earlier step gives what becomes free in all, and the later takes what is more.
    fn book(&mut self, spans: &[Span], is_first_floor: impl Fn(Level) -> bool) {
        let mut times: Vec<Millis> =
            spans.iter().flat_map(|span| [Some(span.from), span.until.map(|(at, _)| at)]).flatten().collect();
        times.sort_unstable();
        times.dedup();
        let mut held = vec![0; self.now.len()];
        for at in times {
            let now = self.most(spans, at);
            let change: Vec<i128> = now.iter().zip(&held).map(|(now, held)| now - held).collect();
            held = now;
            let taker = spans.iter().find(|span| span.from == at && span.by.is_some());
            if at == Millis::ZERO && taker.is_none() {
                self.now.iter_mut().zip(&change).for_each(|(sum, amount)| *sum += amount);
                continue;
            }
            let giver = spans.iter().filter_map(|span| span.until).find(|(until, _)| *until == at).map(|(_, by)| by);
            let by = taker.and_then(|span| span.by);
            let gives: Vec<i128> = change.iter().map(|amount| (*amount).min(0)).collect();
            let takes: Vec<i128> = change.iter().map(|amount| (*amount).max(0)).collect();
            let floor = if taker.is_some_and(|span| is_first_floor(span.level)) { takes.clone() } else { Vec::new() };
            let changes = [(giver.or(by), gives, Vec::new()), (by.or(giver), takes, floor)];
            for (by, amount, floor) in changes.into_iter().filter(|(_, amount, _)| amount.iter().any(|it| *it != 0)) {
                self.changes.push(Change { at, by, amount, floor });
            }
        }
    }

    /// The most of all spans that cover an instant.
    fn most(&self, spans: &[Span], at: Millis) -> Vec<i128> {
        let mut most = vec![0; self.now.len()];
        let covers = |span: &&Span| span.from <= at && span.until.is_none_or(|(until, _)| at < until);
        for span in spans.iter().filter(covers) {
            for (most, amount) in most.iter_mut().zip(&span.amount.0) {
                *most = (*most).max(i128::from(*amount));
            }
        }
        most
    }

    /// Adds up changes in time, and tells where a resource first is overfull.
    fn over_time(&mut self, paper: &Paper<'_>, site: SiteId, found: &mut Vec<Violation>) {
        self.changes.sort_by_key(|change| change.at);
        self.launched.sort_by_key(|(ready, _)| *ready);
        let mut launches = self.launched.iter().peekable();
        let mut launched = vec![0; self.now.len()];
        let mut now = self.now.clone();
        let mut floors = vec![0; now.len()];
        let mut told = vec![false; now.len()];
        for part in self.changes.chunk_by(|one, other| one.at == other.at) {
            for change in part {
                change.add_to(&mut now, &mut floors);
            }
            let at = part[0].at;
            while let Some((_, amount)) = launches.next_if(|(ready, _)| *ready <= at) {
                add(&mut launched, amount);
            }
            let limits = self.limits(paper, site, &launched, &floors);
            for (kind, (now, limit)) in now.iter().zip(limits).enumerate() {
                if *now > i128::from(limit) && !told[kind] {
                    told[kind] = true;
                    let (site, resource) = (paper.site_name(site), paper.estate.resources[kind].clone());
                    found.push(Violation::Room(OfRoom::SiteOverfull {
                        site,
                        resource,
                        at,
                        taken: narrow(*now),
                        limit,
                    }));
                }
            }
        }
    }

    /// What a site may carry at an instant: its fill limit, or what it carried before where that was more; above that
    /// as much as floors of the first tier took, up to all of it; and what was launched by then, as far as the cloud
    /// declares it.
    fn limits(&self, paper: &Paper<'_>, site: SiteId, launched: &[u64], floors: &[i128]) -> Vec<u64> {
        let declared = paper.estate.site(site);
        let mut limits = declared.capacity.times_down(declared.fill_limit).0;
        for (kind, limit) in limits.iter_mut().enumerate() {
            let usual = (*limit).max(self.before.0[kind]);
            let capacity = declared.capacity.0[kind].max(usual);
            *limit = usual.saturating_add(narrow(floors[kind])).min(capacity);
            let on_demand = declared.on_demand.as_ref().map_or(0, |on_demand| on_demand.capacity.0[kind]);
            *limit = limit.saturating_add(launched[kind].min(on_demand));
        }
        limits.to_vec()
    }
}

fn add(sum: &mut [u64], amount: &[u64]) {
    for (sum, amount) in sum.iter_mut().zip(amount) {
        *sum = sum.saturating_add(*amount);
    }
}

fn narrow(sum: i128) -> u64 {
    u64::try_from(sum.max(0)).unwrap_or(u64::MAX)
}

fn is_first_tier(paper: &Paper<'_>, id: ServiceId) -> bool {
    let first = paper.estate.tiers.first();
    paper.entries[id.at()].zip(first).is_some_and(|(entry, first)| entry.effective_tier == first.name)
}

/// The steps that launch capacity for a service at a site.
fn scales<'a>(paper: &Paper<'a>, id: ServiceId, site: SiteId) -> Vec<(u32, &'a [(String, u64)])> {
    let here = paper.steps_of[id.at()].iter().copied().filter(|&item| paper.site_of(item) == Some(site));
    here.filter_map(|item| match &paper.step(item)?.action {
        ActionOnPaper::Scale { to, .. } => Some((item, to.as_slice())),
        ActionOnPaper::Ssh { .. }
        | ActionOnPaper::Exec { .. }
        | ActionOnPaper::Http(_)
        | ActionOnPaper::Route(_)
        | ActionOnPaper::Ttl(_)
        | ActionOnPaper::Confirm { .. }
        | ActionOnPaper::Notify { .. }
        | ActionOnPaper::Wait(_)
        | ActionOnPaper::Fetch { .. } => None,
    })
    .collect()
}

/// Enters what is launched for a service at a site, and tells what the replica may not grow to.
fn launches(paper: &Paper<'_>, id: ServiceId, site: SiteId, account: &mut Account, found: &mut Vec<Violation>) {
    let most = paper.estate.service(id).at(site).and_then(|replica| replica.scale.as_ref());
    for (item, to) in scales(paper, id, site) {
        let mut launched = vec![0; account.now.len()];
        for (resource, amount) in to {
            let Some(kind) = paper.estate.resource_named(resource).map(ResourceId::at) else { continue };
            launched[kind] = *amount;
            let limit = most.map_or(0, |most| most.max_load.0[kind]);
            if *amount > limit {
                let (step, resource, amount) = (paper.id(item), resource.clone(), *amount);
                found.push(Violation::Room(OfRoom::ScaleBeyond { step, resource, amount, limit }));
            }
        }
        account.launched.push((paper.end(item), launched));
    }
}

/// What each step takes fits on the replica's hosts that are left, or on what was launched for it before.
fn replica_room(
    paper: &Paper<'_>,
    asked: &mut Asked<'_>,
    at: (ServiceId, &Seat),
    spans: &[Span],
    found: &mut Vec<Violation>,
) {
    let (id, seat) = at;
    let Some(replica) = paper.estate.service(id).at(seat.site) else { return };
    let hosts = carries(replica, seat);
    let is_whole = seat.hosts.0 == seat.hosts.1;
    let before = if is_whole { before(paper, id, replica, seat) } else { Amounts::zero(hosts.0.len()) };
    let scales: Vec<u32> = scales(paper, id, seat.site).into_iter().map(|(item, _)| item).collect();
    for span in spans {
        let Some(by) = span.by else { continue };
        let mut needs_launch = false;
        for (kind, &taken) in span.amount.0.iter().enumerate() {
            let own = hosts.0[kind].max(before.0[kind]);
            let scaled = replica.scale.as_ref().map_or(0, |scale| scale.max_load.0[kind]);
            let limit = if scales.is_empty() { own } else { own.max(scaled) };
            needs_launch |= taken > own;
            if taken > limit {
                let (service, site) = (paper.service_name(id), paper.site_name(seat.site));
                let (resource, at) = (paper.estate.resources[kind].clone(), span.from);
                found.push(Violation::Room(OfRoom::ReplicaOverfull { service, site, resource, at, taken, limit }));
            }
        }
        if let Some(&scale) = scales.first().filter(|_| needs_launch && !scales.contains(&by)) {
            let any = Some(asked.demands.set(scales.clone()));
            asked.demands.ask(by, None, any, Why::Launch(scale));
        }
    }
}

/// Takers that wait for none of those who give up room must all fit without them: durations vary, so that a victim
/// may be slow while everybody else is quick.
fn without_victims(paper: &Paper<'_>, accounts: &[Account], found: &mut Vec<Violation>) {
    let gives = |change: &Change| change.amount.iter().any(|amount| *amount < 0);
    for (sites, part) in (0..).step_by(64).zip(accounts.chunks(64)) {
        let mut own = vec![0_u64; paper.count() as usize];
        for (bit, account) in part.iter().enumerate() {
            for by in account.changes.iter().filter(|change| gives(change)).filter_map(|change| change.by) {
                own[by as usize] |= 1 << bit;
            }
        }
        let behind = paper.order.gathered(&own);
        for (bit, account) in part.iter().enumerate() {
            let site = SiteId::new(sites + bit);
            let mut sum = account.now.clone();
            let mut floors = vec![0; sum.len()];
            let takers = account.changes.iter().filter(|change| !gives(change));
            for change in takers.filter(|change| change.by.is_none_or(|by| behind[by as usize] >> bit & 1 == 0)) {
                change.add_to(&mut sum, &mut floors);
            }
            let mut launched = vec![0; sum.len()];
            account.launched.iter().for_each(|(_, amount)| add(&mut launched, amount));
            let limits = account.limits(paper, site, &launched, &floors);
            for (kind, (sum, limit)) in sum.into_iter().zip(limits).enumerate() {
                if sum > i128::from(limit) {
                    let (site, resource) = (paper.site_name(site), paper.estate.resources[kind].clone());
                    found.push(Violation::Room(OfRoom::RoomByClock { site, resource, taken: narrow(sum), limit }));
                }
            }
        }
    }
}

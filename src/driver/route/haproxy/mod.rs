//! Routes that an HAProxy keeps: weights of the servers of a backend, changed through its runtime API.
//!
//! There may be several balancers. Each has a table of its own, and all of them are changed, one after the other. A
//! weight has effect on the next request, and requests that are on their way end where they are, so a server that is
//! lowered to nothing loses none. Whoever gains is raised before anybody is lowered.
//!
//! HAProxy can't compare and write in one: it is read again right before it is written, and between the two another hand
//! may still come in. **A restart forgets all of it**, and the weights of its configuration count again.
//!
//! What somebody took out by hand stays out. A server in maintenance or in drain counts as one without weight, and so does
//! a backup server.

mod sight;
mod stand;
mod state;
#[cfg(test)]
mod tests;
mod weights;
mod wire;
mod words;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::task::JoinSet;

use crate::driver::RouteTask;
use crate::driver::route::haproxy::state::Backend;
use crate::driver::route::haproxy::state::Server;
use crate::driver::route::haproxy::weights::Part;
use crate::driver::route::haproxy::weights::weights;
use crate::driver::route::haproxy::wire::Talk;
use crate::driver::route::haproxy::wire::Way;
use crate::driver::route::haproxy::words::Place;
use crate::driver::route::haproxy::words::is_no_backend;
use crate::driver::route::haproxy::words::refusal;
use crate::driver::route::provider;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Sight;
use crate::driver::route::provider::Trouble;
use crate::driver::route::table::Entry;
use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;
use crate::driver::ssh::Ssh;
use crate::model::Ppm;

/// One route on all of its balancers.
pub(super) struct Haproxy {
    route: String,
    backend: String,
    /// The places of each site, as they are authored.
    at: Vec<(String, Vec<String>)>,
    barred: Vec<String>,
    leaves: Vec<String>,
    balancers: Vec<(String, Way)>,
    seen: Mutex<Seen>,
}

/// What is known besides the table.
#[derive(Debug, Default)]
struct Seen {
    /// Each balancer, as it was last read.
    backends: BTreeMap<String, Backend>,
    /// The sites that users are sent to: they must not be down.
    targets: BTreeSet<String>,
}

impl Haproxy {
    /// From what is authored.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn new(task: &RouteTask, ssh: Option<&Ssh>) -> Result<Self, String> {
        let RouteTask { route, provider, record, at, stages, leaves, barred, ttl: _, health: _ } = task;
        if provider.servers.is_empty() {
            return Err(format!("the provider {} has no `servers`", provider.name));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if record.is_empty() || !record.chars().all(is_name) {
            return Err(format!(
                "{record:?} can't be a backend of an HAProxy: look at the `name` of the route {route}"
            ));
        }
        let way = |text: &String| Ok((text.clone(), Way::parse(text, ssh, &provider.hosts)?));
        let balancers: Vec<(String, Way)> = provider.servers.iter().map(way).collect::<Result<_, String>>()?;
        let goal = stages.last().map(|stage| stage.to.as_slice()).unwrap_or_default();
        let is_target = |(site, share): &&(String, Ppm)| *share > Ppm::ZERO && !barred.contains(site);
        let targets = goal.iter().filter(is_target).map(|(site, _)| site.clone()).collect();
        Ok(Self {
            route: route.clone(),
            backend: record.clone(),
            at: at.clone(),
            barred: barred.clone(),
            leaves: leaves.clone(),
            balancers,
            seen: Mutex::new(Seen { backends: BTreeMap::new(), targets }),
        })
    }

    fn place<'a>(&'a self, on: &'a str) -> Place<'a> {
        Place { on, backend: &self.backend, route: &self.route }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table of one balancer, in the order of its servers.
    fn entries(&self, on: &str, backend: &Backend) -> Result<Vec<Entry>, Trouble> {
        let mut entries = Vec::new();
        for server in &backend.servers {
            let is_at = |(_, places): &&(String, Vec<String>)| places.iter().any(|place| server.is_at(place));
            let sites: Vec<&str> = self.at.iter().filter(is_at).map(|(site, _)| site.as_str()).collect();
            if sites.len() > 1 {
                return Err(Trouble::Refused(format!(
                    "server {} in backend {} on {on} belongs to {}, as `at` of the route {} has it: name servers there, \
                     or addresses with their ports",
                    server.name,
                    self.backend,
                    sites.join(" and to "),
                    self.route
                )));
            }
            let site = sites.first().map(|site| (*site).to_owned());
            entries.push(Entry { on: on.to_owned(), place: server.name.clone(), site, weight: server.effect() });
        }
        if entries.is_empty() {
            return Err(Trouble::Refused(format!("backend {} on {on} has no server", self.backend)));
        }
        Ok(entries)
    }

    /// The weights of one balancer.
    fn aimed(&self, on: &str, backend: &Backend, now: &[&Entry], aim: &Shares) -> Result<Vec<Entry>, Trouble> {
        if backend.algorithm == "first" {
            return Err(Trouble::Refused(format!(
                "{on} balances backend {} by `first`, which knows no weights: use roundrobin, leastconn or random",
                self.backend
            )));
        }
        let all: u64 = now.iter().map(|entry| u64::from(entry.weight)).sum();
        let mut parts = Vec::new();
        let mut places: Vec<Vec<&str>> = Vec::new();
        for (site, _) in &self.at {
            let share = aim.get(site).copied().unwrap_or(Ppm::ZERO);
            let its = |entry: &&&Entry| entry.site.as_deref() == Some(site);
            let entries: Vec<&Entry> = now.iter().filter(its).copied().collect();
            let server = |entry: &&Entry| backend.servers.iter().find(|server| server.name == entry.place);
            let servers: Vec<&Server> = entries.iter().filter_map(server).collect();
            let had: u64 = entries.iter().map(|entry| u64::from(entry.weight)).sum();
            self.can_take(on, site, &servers, share, Ppm(had * Ppm::ONE.0 / all.max(1)))?;
            let usable: Vec<&&Server> = servers.iter().filter(|server| !server.is_out && !server.is_backup).collect();
            // Where the configuration gives none of them any, as to those that only wait, they are alike.
            let are_alike = usable.iter().all(|server| server.size == 0);
            let size = |server: &&&Server| if are_alike { 1 } else { u64::from(server.size) };
            parts.push(Part {
                share,
                sizes: usable.iter().map(size).collect(),
                now: usable.iter().map(|server| u64::from(server.weight)).collect(),
                is_barred: self.barred.contains(site),
            });
            places.push(usable.iter().map(|server| server.name.as_str()).collect());
        }
        let found = weights(&parts)
            .ok_or_else(|| Trouble::Refused(format!("backend {} on {on} would lead nowhere", self.backend)))?;
        let by_place: BTreeMap<&str, u64> = places.into_iter().flatten().zip(found.into_iter().flatten()).collect();
        let entry = |entry: &&Entry| {
            let weight = by_place.get(entry.place.as_str()).copied().unwrap_or(0);
            Entry { weight: u32::try_from(weight).unwrap_or(u32::MAX), ..(*entry).clone() }
        };
        Ok(now.iter().map(entry).collect())
    }

    /// Whether a site can get this share on one balancer.
    fn can_take(&self, on: &str, site: &str, servers: &[&Server], share: Ppm, had: Ppm) -> Result<(), Trouble> {
        if share == Ppm::ZERO {
            return Ok(());
        }
        let backend = &self.backend;
        let Some(first) = servers.first() else {
            return Err(Trouble::Refused(format!(
                "{on} has no server of {site} in backend {backend}: look at `at` of the route {}",
                self.route
            )));
        };
        let names = servers.iter().map(|server| server.name.as_str()).collect::<Vec<_>>().join(", ");
        if servers.iter().all(|server| server.is_backup) {
            return Err(Trouble::Refused(format!(
                "{names} in backend {backend} on {on} gets users only when no other server is left, so {site} can get no \
                 share: take `backup` out of its configuration"
            )));
        }
        if servers.iter().all(|server| server.is_out || server.is_backup) {
            return Err(Trouble::Refused(format!(
                "somebody took all servers of {site} out of backend {backend} on {on} ({names}), and they stay out: if they \
                 may serve again, say there `set server {backend}/{} state ready`, then retry",
                first.name
            )));
        }
        // What a weight can't express is no gain.
        let gains = had == Ppm::ZERO || share.0 > had.0 + ROUNDED.0;
        let usable = || servers.iter().filter(|server| !server.is_out && !server.is_backup);
        if gains && usable().all(|server| server.down.is_some()) {
            let checks = usable().map(|server| (server.name.as_str(), server.down.as_deref().unwrap_or_default()));
            return Err(self.down(on, site, checks));
        }
        Ok(())
    }

    fn down<'s>(&self, on: &str, site: &str, checks: impl Iterator<Item = (&'s str, &'s str)>) -> Trouble {
        let all = checks.map(|(server, check)| format!("{server}: {check}")).collect::<Vec<_>>().join(", ");
        Trouble::Down(format!("HAProxy itself holds all of {site} down in backend {} on {on} ({all})", self.backend))
    }

    /// How one balancer stands, by its statistics.
    async fn looked(&self, on: &str, way: &Way) -> Result<Table, Trouble> {
        let lost = |why: &str| {
            Trouble::Open(format!("{on} does not say how it stands now: {why}. A restart would have taken all back"))
        };
        let mut talk = Talk::begin(way).await.map_err(|why| lost(&why))?;
        let id = self.seen().backends.get(on).map_or("-1".to_owned(), |backend| backend.id.clone());
        let asked = format!("show stat {id} 6 -1");
        let told = talk.ask(&asked).await.map_err(|silence| lost(&silence.why))?;
        let refused = || Trouble::Changed(refusal(self.place(on), &asked, &told));
        if is_no_backend(&told) {
            return Err(refused());
        }
        let mut rows = state::rows(&told).map_err(|_| refused())?;
        rows.retain(|row| row.proxy == self.backend && row.name != "BACKEND");
        let seen = self.seen();
        let known = seen.backends.get(on);
        let mut entries = Vec::new();
        let mut live: BTreeMap<String, Vec<(String, Option<String>)>> = BTreeMap::new();
        for row in rows {
            let server = known.and_then(|backend| backend.servers.iter().find(|server| server.name == row.name));
            // Of a server that is both, the statistics say only that it is down.
            let is_out = row.is_out() || row.is_backup || (row.is_down() && server.is_some_and(|server| server.is_out));
            let site = server.and_then(|server| self.site_of(server));
            let weight = if is_out { 0 } else { row.weight };
            if let Some(site) = site.as_ref().filter(|_| weight > 0) {
                let down = row.is_down().then(|| row.check.clone());
                live.entry(site.clone()).or_default().push((row.name.clone(), down));
            }
            entries.push(Entry { on: on.to_owned(), place: row.name, site, weight });
        }
        let dead =
            live.iter().find(|(site, all)| seen.targets.contains(*site) && all.iter().all(|(_, down)| down.is_some()));
        if let Some((site, all)) = dead {
            let checks = all.iter().map(|(name, down)| (name.as_str(), down.as_deref().unwrap_or_default()));
            return Err(self.down(on, site, checks));
        }
        Ok(Table::new(entries, None))
    }

    fn site_of(&self, server: &Server) -> Option<String> {
        let is_at = |(_, places): &&(String, Vec<String>)| places.iter().any(|place| server.is_at(place));
        self.at.iter().find(is_at).map(|(site, _)| site.clone())
    }

    /// Speaks to a balancer that is about to be changed, and looks whether it is as it should be before that. What an
    /// earlier try of the same change did is no change by somebody else.
    async fn compared(&self, on: &str, way: &Way, from: &Table, to: &Table) -> Result<(Talk, Backend), Trouble> {
        let mut talk = begin(on, way).await?;
        let backend = backend(self.place(on), &mut talk).await?;
        let found = self.entries(on, &backend)?;
        let own =
            |table: &Table| -> Vec<Entry> { table.entries.iter().filter(|entry| entry.on == on).cloned().collect() };
        let (before, after) = (own(from), own(to));
        let is_known = |entry: &Entry| before.contains(entry) || after.contains(entry);
        if found.len() == before.len() && found.iter().all(is_known) {
            return Ok((talk, backend));
        }
        Err(Trouble::Changed(format!(
            "backend {} was {}, and is {} now: somebody else changed it, or it was started anew, which takes back all \
             that was set while it ran",
            self.backend,
            Table::new(before, None).fact(),
            Table::new(found, None).fact()
        )))
    }

    /// What to say to one balancer: first what raises, then what lowers.
    fn commands(&self, on: &str, backend: &Backend, to: &Table) -> [Vec<String>; 2] {
        let own = || to.entries.iter().filter(|entry| entry.on == on);
        let mut raised = Vec::new();
        let mut lowered = Vec::new();
        for entry in own() {
            let Some(server) = backend.servers.iter().find(|server| server.name == entry.place) else { continue };
            let Some(site) = &entry.site else { continue };
            if server.is_out || server.is_backup {
                // It has no part in this; but from a site that is left, it must not come back with its old weight.
                let is_left = self.leaves.contains(site) || self.barred.contains(site);
                let gets_any = own().any(|other| other.site.as_ref() == Some(site) && other.weight > 0);
                if !is_left || gets_any || server.weight == 0 {
                    continue;
                }
            }
            let line = format!("set server {}/{} weight {}", self.backend, entry.place, entry.weight);
            let factor = u64::from(entry.weight) * 1_000_000 / u64::from(server.weight).max(1);
            match entry.weight.cmp(&server.weight) {
                std::cmp::Ordering::Greater => raised.push((factor, line)),
                std::cmp::Ordering::Less => lowered.push((factor, line)),
                std::cmp::Ordering::Equal => {}
            }
        }
        // Whoever gains most comes first, so that nobody who loses is ahead on the way.
        raised.sort_by(|a, b| b.cmp(a));
        lowered.sort();
        [raised, lowered].map(|all| all.into_iter().map(|(_, line)| line).collect())
    }

    /// Whom users are sent to from now on.
    fn aim_at(&self, from: &Table, to: &Table) {
        let (before, after) = (from.shares(), to.shares());
        let mut seen = self.seen();
        for (site, _) in &self.at {
            let share = |shares: &Shares| shares.get(site).copied().unwrap_or(Ppm::ZERO);
            match share(&after).cmp(&share(&before)) {
                std::cmp::Ordering::Greater => seen.targets.insert(site.clone()),
                std::cmp::Ordering::Less => seen.targets.remove(site),
                std::cmp::Ordering::Equal => false,
            };
        }
    }
}

/// Shares that differ by no more are the same in whole weights.
const ROUNDED: Ppm = Ppm(5_000);

impl Provider for Haproxy {
    async fn read(&self) -> Result<Table, Trouble> {
        let mut asked = JoinSet::new();
        for (at, (on, way)) in self.balancers.iter().enumerate() {
            let (on, way) = (on.clone(), way.clone());
            let (backend_name, route) = (self.backend.clone(), self.route.clone());
            asked.spawn(async move {
                let place = Place { on: &on, backend: &backend_name, route: &route };
                let found = match begin(&on, &way).await {
                    Ok(mut talk) => backend(place, &mut talk).await,
                    Err(trouble) => Err(trouble),
                };
                (at, on, found)
            });
        }
        let mut all = asked.join_all().await;
        all.sort_by_key(|(at, _, _)| *at);
        let mut entries = Vec::new();
        let mut backends = BTreeMap::new();
        for (_, on, found) in all {
            let backend = found?;
            entries.extend(self.entries(&on, &backend)?);
            backends.insert(on, backend);
        }
        self.seen().backends = backends;
        Ok(Table::new(entries, None))
    }

    fn table(&self, now: &Table, aim: &Shares) -> Result<Table, Trouble> {
        let seen = self.seen();
        let mut entries = Vec::new();
        for (on, _) in &self.balancers {
            let own: Vec<&Entry> = now.entries.iter().filter(|entry| entry.on == *on).collect();
            let backend = seen.backends.get(on).ok_or_else(|| unreachable(on, "it was never read"))?;
            entries.extend(self.aimed(on, backend, &own, aim)?);
        }
        Ok(Table::new(entries, None))
    }

    async fn write(&self, from: &Table, to: &Table) -> Result<(), Trouble> {
        let mut talks = Vec::new();
        // All of them are compared before any is changed.
        for (on, way) in &self.balancers {
            let (talk, backend) = self.compared(on, way, from, to).await?;
            talks.push((on, talk, self.commands(on, &backend, to)));
        }
        self.aim_at(from, to);
        let mut done: Vec<&str> = Vec::new();
        for (on, mut talk, commands) in talks {
            let mut is_changed = false;
            for commands in commands {
                let what = match say(&mut talk, &commands, self.place(on), &mut is_changed).await {
                    Ok(()) => continue,
                    Err(what) => what,
                };
                if is_changed {
                    done.push(on);
                }
                return Err(partly(what, on, &done));
            }
            done.push(on);
        }
        Ok(())
    }

    async fn standing(&self) -> provider::Standing {
        self.stand().await
    }

    async fn look(&self) -> Vec<Sight> {
        let mut all = Vec::new();
        for (on, way) in &self.balancers {
            all.push(Sight { server: on.clone(), table: self.looked(on, way).await });
        }
        all
    }

    fn note(&self) -> Option<&'static str> {
        Some("HAProxy forgets this when it is restarted or loads its configuration anew: write it there too")
    }
}

/// Says all of it, and reads the answers. `is_changed` becomes true when one of them was taken.
async fn say(talk: &mut Talk, commands: &[String], place: Place<'_>, is_changed: &mut bool) -> Result<(), Trouble> {
    if commands.is_empty() {
        return Ok(());
    }
    let answers = talk.ask_all(commands).await.map_err(|silence| {
        let Place { on, backend, .. } = place;
        let (all, answered) = (commands.len(), silence.answered);
        Trouble::Open(format!(
            "{on} was told to change backend {backend} and answered {answered} of {all} lines: {silence}"
        ))
    })?;
    *is_changed |= answers.iter().any(String::is_empty);
    match commands.iter().zip(&answers).find(|(_, answer)| !answer.is_empty()) {
        None => Ok(()),
        Some((asked, answer)) => Err(Trouble::Refused(refusal(place, asked, answer))),
    }
}

/// What became of all balancers where one of them did not do it.
fn partly(what: Trouble, on: &str, done: &[&str]) -> Trouble {
    let others: Vec<&str> = done.iter().copied().filter(|other| *other != on).collect();
    let also = match (others.as_slice(), done.contains(&on)) {
        ([], false) => return what,
        ([], true) => format!("; a part of it was changed on {on}"),
        (others, false) => format!("; {} was changed before", others.join(", ")),
        (others, true) => format!("; {} was changed before, and {on} in part", others.join(", ")),
    };
    match what {
        Trouble::Open(why) => Trouble::Open(format!("{why}{also}")),
        Trouble::Unreachable(why)
        | Trouble::Refused(why)
        | Trouble::Down(why)
        | Trouble::Changed(why)
        | Trouble::Partly(why) => Trouble::Partly(format!("{why}{also}")),
    }
}

async fn begin(on: &str, way: &Way) -> Result<Talk, Trouble> {
    Talk::begin(way).await.map_err(|why| unreachable(on, &why))
}

/// Reads how a backend stands.
async fn backend(place: Place<'_>, talk: &mut Talk) -> Result<Backend, Trouble> {
    let Place { on, backend, .. } = place;
    let refused = |asked: &str, told: &str| Trouble::Refused(refusal(place, asked, told));
    let asked = format!("show servers state {backend}");
    let told = talk.ask(&asked).await.map_err(|silence| unreachable(on, &silence.why))?;
    if is_no_backend(&told) {
        return Err(refused(&asked, &told));
    }
    let servers = state::servers(&told).map_err(|_| refused(&asked, &told))?;
    let id = state::id(&told).to_owned();
    let asked = format!("show stat {id} 6 -1");
    let told = talk.ask(&asked).await.map_err(|silence| unreachable(on, &silence.why))?;
    let mut rows = state::rows(&told).map_err(|_| refused(&asked, &told))?;
    rows.retain(|row| row.proxy == backend);
    Ok(Backend::of(id, servers, &rows))
}

fn unreachable(on: &str, why: &str) -> Trouble {
    Trouble::Unreachable(format!("the balancer {on} can't be asked: {why}"))
}

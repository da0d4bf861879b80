//! A DNS record, changed by dynamic updates (RFC 2136) that are signed (TSIG) and compare before they write, all in one
//! message. It is read from the servers of the zone themselves, and read back from each of them.
//!
//! DNS has no weights: whoever asks gets all addresses, in turns. So shares are as near as numbers of addresses come to
//! them. IPv4 and IPv6 have a record set each; who asks for one of them is led to the sites that have such addresses.

mod key;
mod message;
mod server;
mod sight;
#[cfg(test)]
mod tests;
mod verdict;

use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::op::Message;
use hickory_proto::rr::Name;
use hickory_proto::rr::RecordType;
use rustix::time::ClockId;
use rustix::time::clock_gettime;
use tokio::task::JoinSet;

use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::route::provider;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Sight;
use crate::driver::route::provider::Trouble;
use crate::driver::route::rfc2136::key::Key;
use crate::driver::route::rfc2136::message::FAMILIES;
use crate::driver::route::rfc2136::message::family;
use crate::driver::route::rfc2136::server::Server;
use crate::driver::route::rfc2136::server::Silence;
use crate::driver::route::rfc2136::verdict::Code;
use crate::driver::route::rfc2136::verdict::DOUBT;
use crate::driver::route::rfc2136::verdict::Found;
use crate::driver::route::rfc2136::verdict::Subject;
use crate::driver::route::table::Entry;
use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::turns;

/// A record, and who answers for it.
#[derive(Debug)]
pub(super) struct Rfc2136 {
    reader: Arc<Reader>,
    /// Tried in turn.
    servers: Vec<Server>,
    /// Looked at besides.
    also: Vec<Server>,
    /// None where updates are not signed.
    key: Option<Key>,
    /// Of what is written, in seconds.
    ttl: u32,
    /// How far our clock is made to be wrong, in seconds.
    #[cfg(test)]
    clock_off: i64,
}

/// What it takes to ask a server where the record leads.
#[derive(Debug)]
struct Reader {
    subject: Subject,
    route: String,
    /// By site, as declared.
    at: Vec<(String, Vec<IpAddr>)>,
}

/// The longest that an answer may be kept (RFC 2181, 8).
const TTL_MAX_S: u64 = (1 << 31) - 1;

impl Rfc2136 {
    /// # Errors
    ///
    /// Something that was declared makes no sense for DNS, or the secret of the key is not there.
    pub(super) fn new(task: &RouteTask, secrets: &Secrets) -> Result<Self, String> {
        let provider = &task.provider;
        let zone_text =
            provider.zone.as_deref().ok_or_else(|| format!("{} has no zone: declare one", provider.name))?;
        let subject = Subject {
            record: task.record.clone(),
            name: absolute(&task.record)?,
            zone: absolute(zone_text)?,
            provider: provider.name.clone(),
        };
        if !subject.zone.zone_of(&subject.name) {
            return Err(format!(
                "{} is not in the zone {zone_text} of {}: write the whole name of the record into the route {}",
                task.record, provider.name, task.route
            ));
        }
        let parse = |servers: &[String]| servers.iter().map(|text| Server::parse(text)).collect::<Result<Vec<_>, _>>();
        let servers = parse(&provider.servers)?;
        if servers.is_empty() {
            return Err(format!("{} has no servers: declare at least one", provider.name));
        }
        let also = parse(&provider.also)?;
        let at = places(task)?;
        let key = provider.tsig.as_ref().map(|tsig| Key::new(tsig, secrets)).transpose()?;
        let ttl = task.ttl.0.div_ceil(1_000).min(TTL_MAX_S);
        Ok(Self {
            servers,
            key,
            also,
            ttl: u32::try_from(ttl).unwrap_or(u32::MAX),
            reader: Arc::new(Reader { subject, route: task.route.clone(), at }),
            #[cfg(test)]
            clock_off: 0,
        })
    }

    /// Sends an update to one server, and says what came of it and how far ahead its clock is.
    async fn update(&self, server: &Server, mut update: Message) -> (Result<(), Trouble>, Option<i64>) {
        let proof = match self.key.as_ref().map(|key| key.sign(&mut update, self.now())).transpose() {
            Ok(proof) => proof,
            Err(why) => return (Err(Trouble::Refused(why)), None),
        };
        let bytes = match update.to_vec() {
            Ok(bytes) => bytes,
            Err(error) => return (Err(Trouble::Refused(format!("the update can't be written: {error}"))), None),
        };
        let bytes = match server.tell(&bytes).await {
            Ok(bytes) => bytes,
            Err(Silence::Unreached(why)) => return (Err(Trouble::Unreachable(why)), None),
            Err(Silence::Unanswered(why)) => return (Err(Trouble::Open(format!("{why}{DOUBT}"))), None),
        };
        let Some(answer) = message::answer(&update, &bytes) else {
            let why = format!("{server} answered with something that is no answer{DOUBT}");
            return (Err(Trouble::Open(why)), None);
        };
        let (signed, ahead) = proof.map(|proof| proof.read(&answer, &bytes)).unzip();
        let code = Code::from(answer.metadata.response_code);
        (self.reader.subject.done(server, code, self.key.as_ref(), signed.as_ref()), ahead.flatten())
    }

    /// Seconds since 1970.
    fn now(&self) -> u64 {
        let now = clock_gettime(ClockId::Realtime).tv_sec;
        #[cfg(test)]
        let now = now + self.clock_off;
        u64::try_from(now).unwrap_or(0)
    }
}

impl Provider for Rfc2136 {
    async fn read(&self) -> Result<Table, Trouble> {
        let mut noes = Noes::default();
        for server in &self.servers {
            match self.reader.read(server).await {
                Ok(table) => return Ok(table),
                Err(trouble) => noes.hear(trouble)?,
            }
        }
        Err(noes.all())
    }

    fn table(&self, now: &Table, aim: &Shares) -> Result<Table, Trouble> {
        let at = &self.reader.at;
        let has_none = |site: &String| at.iter().all(|(of, places)| of != site || places.is_empty());
        if let Some((site, _)) = aim.iter().find(|(site, share)| **share > Ppm::ZERO && has_none(site)) {
            let why = format!("{site} has no address in the route {}: declare one", self.reader.route);
            return Err(Trouble::Refused(why));
        }
        let is_in = |address: &IpAddr| now.entries.iter().any(|entry| entry.place == address.to_string());
        let mut entries = Vec::new();
        for kind in FAMILIES {
            let of_kind = |(site, places): &(String, Vec<IpAddr>)| {
                let mut places: Vec<IpAddr> = places.iter().copied().filter(|place| family(*place) == kind).collect();
                // Whoever is in the record stays in it, where there is a choice.
                places.sort_by_key(|place| !is_in(place));
                (site.clone(), places)
            };
            let sites: Vec<(String, Vec<IpAddr>)> = at.iter().map(of_kind).collect();
            let wanted = |(site, places): &(String, Vec<IpAddr>)| {
                (u32::try_from(places.len()).unwrap_or(u32::MAX), aim.get(site).copied().unwrap_or(Ppm::ZERO))
            };
            let counts = turns(&sites.iter().map(wanted).collect::<Vec<_>>());
            for ((site, places), count) in sites.iter().zip(counts) {
                let chosen = places.iter().take(usize::try_from(count).unwrap_or(usize::MAX));
                entries.extend(chosen.map(|place| entry(*place, Some(site.clone()))));
            }
        }
        Ok(Table::new(entries, Some(Millis(u64::from(self.ttl) * 1_000))))
    }

    async fn write(&self, from: &Table, to: &Table) -> Result<(), Trouble> {
        let (from, to) = (addresses(from), addresses(to));
        if to.is_empty() {
            return Err(Trouble::Refused(format!("{} would lead nowhere", self.reader.subject.record)));
        }
        let Subject { zone, name, .. } = &self.reader.subject;
        let mut noes = Noes::default();
        for server in &self.servers {
            match self.update(server, message::swap(zone, name, &from, &to, self.ttl)).await.0 {
                Ok(()) => return Ok(()),
                Err(trouble) => noes.hear(trouble)?,
            }
        }
        Err(noes.all())
    }

    async fn standing(&self) -> provider::Standing {
        self.stand().await
    }

    async fn look(&self) -> Vec<Sight> {
        let mut looks = JoinSet::new();
        for (at, server) in self.servers.iter().chain(&self.also).cloned().enumerate() {
            let reader = Arc::clone(&self.reader);
            looks.spawn(async move { (at, Sight { table: reader.read(&server).await, server: server.to_string() }) });
        }
        let mut sights = looks.join_all().await;
        sights.sort_by_key(|(at, _)| *at);
        sights.into_iter().map(|(_, sight)| sight).collect()
    }
}

impl Reader {
    /// Where the record leads, as one server says.
    async fn read(&self, server: &Server) -> Result<Table, Trouble> {
        let mut entries = Vec::new();
        let mut ttl = None;
        for kind in FAMILIES {
            let Found { addresses, ttl: of_set } = self.set(server, kind).await?;
            let site = |address: &IpAddr| self.at.iter().find(|(_, places)| places.contains(address));
            entries.extend(addresses.iter().map(|one| entry(*one, site(one).map(|(site, _)| site.clone()))));
            ttl = ttl.max(of_set);
        }
        Ok(Table::new(entries, ttl.map(|seconds| Millis(u64::from(seconds) * 1_000))))
    }

    async fn set(&self, server: &Server, kind: RecordType) -> Result<Found, Trouble> {
        let answer = ask(server, &self.subject.name, kind).await?;
        self.subject.found(server, &answer, kind)
    }
}

/// One question to one server.
async fn ask(server: &Server, name: &Name, kind: RecordType) -> Result<Message, Trouble> {
    let question = message::question(name, kind);
    let garbage = || Trouble::Unreachable(format!("{server} answered with something that is no answer"));
    let bytes = question.to_vec().map_err(|error| Trouble::Refused(format!("{name} can't be asked for: {error}")))?;
    let answer = server.ask(&bytes, |heard| message::is_answer(&question, heard), message::is_cut).await;
    let answer = answer.map_err(|silence| Trouble::Unreachable(silence.said()))?;
    message::answer(&question, &answer).ok_or_else(garbage)
}

/// What the servers that can't do it said, one after the other.
#[derive(Debug, Default)]
struct Noes {
    whys: Vec<String>,
    is_refused: bool,
}

impl Noes {
    /// # Errors
    ///
    /// It is more than a no of one server, so no other is to be tried.
    fn hear(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        match trouble {
            Trouble::Unreachable(why) => self.whys.push(why),
            Trouble::Refused(why) => {
                self.whys.push(why);
                self.is_refused = true;
            }
            Trouble::Down(_) | Trouble::Changed(_) | Trouble::Open(_) | Trouble::Partly(_) => return Err(trouble),
        }
        Ok(())
    }

    /// Whoever was asked said no, or was not there.
    fn all(self) -> Trouble {
        let why = self.whys.join("; ");
        if self.is_refused { Trouble::Refused(why) } else { Trouble::Unreachable(why) }
    }
}

fn entry(address: IpAddr, site: Option<String>) -> Entry {
    Entry { on: String::new(), place: address.to_string(), site, weight: 1 }
}

/// Every place of a table is an address, since only we make them.
fn addresses(table: &Table) -> Vec<IpAddr> {
    table.entries.iter().filter_map(|entry| entry.place.parse().ok()).collect()
}

/// A name with or without the dot at its end.
fn absolute(text: &str) -> Result<Name, String> {
    let mut name = Name::from_ascii(text).map_err(|error| format!("{text:?} is no name in DNS: {error}"))?;
    name.set_fqdn(true);
    if name.is_root() { Err(format!("{text:?} is no name in DNS: it is empty")) } else { Ok(name) }
}

/// The addresses by site. Nobody could say to which of two sites an address of both leads.
fn places(task: &RouteTask) -> Result<Vec<(String, Vec<IpAddr>)>, String> {
    let mut at: Vec<(String, Vec<IpAddr>)> = Vec::new();
    for (site, texts) in &task.at {
        let mut places = Vec::new();
        for text in texts {
            let place: IpAddr = text.parse().map_err(|_| {
                format!("{text:?} of {site} in the route {} is no IP address, and a DNS record needs one", task.route)
            })?;
            if let Some((other, _)) = at.iter().find(|(_, places)| places.contains(&place)) {
                return Err(format!(
                    "{place} in the route {} is of both {other} and {site}: give it to one",
                    task.route
                ));
            }
            if !places.contains(&place) {
                places.push(place);
            }
        }
        at.push((site.clone(), places));
    }
    Ok(at)
}

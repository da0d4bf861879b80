//! A keeper whose every write can be made to go wrong, and a heart that beats as its table says.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::time::Instant;

use crate::driver::ProviderTask;
use crate::driver::RouteStage;
use crate::driver::RouteTask;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Sight;
use crate::driver::route::provider::Trouble;
use crate::driver::route::pulse::Beat;
use crate::driver::route::pulse::Pulse;
use crate::driver::route::table::Entry;
use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderKind;

const SITES: [&str; 3] = ["ansan", "pangyo", "tokyo"];

/// What becomes of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Done,
    DoneInSilence,
    LostInSilence,
    /// A part is done, and nobody answers.
    HalfInSilence,
    Gone,
    No,
    /// Somebody else comes first.
    OtherHand,
}

/// Somebody who keeps a route in memory.
pub(super) struct Keeper {
    pub(super) now: Mutex<Table>,
    pub(super) acts: Mutex<VecDeque<Act>>,
    pub(super) written: Mutex<Vec<Table>>,
    pub(super) tries: Mutex<usize>,
    /// What those who look at it are told.
    pub(super) lie: Option<Table>,
    /// When somebody else points all of it at ansan.
    pub(super) other_hand_at: Option<Instant>,
    /// Until then, whoever gains is down.
    pub(super) up_at: Option<Instant>,
    pub(super) balancers: &'static [&'static str],
}

pub(super) fn table(shares: &[(&str, u64)], ttl: Option<Millis>) -> Table {
    let parts: Shares = shares.iter().map(|(site, percent)| ((*site).to_owned(), Ppm(percent * 10_000))).collect();
    let mut found = of(&parts, &[""], ttl);
    let strange = parts.iter().filter(|(site, _)| !SITES.contains(&site.as_str()));
    found.entries.extend(strange.map(|(site, share)| entry("", site, *share, false)));
    Table::new(found.entries, ttl)
}

fn of(parts: &Shares, balancers: &[&str], ttl: Option<Millis>) -> Table {
    let share = |site: &str| parts.get(site).copied().unwrap_or(Ppm::ZERO);
    let one = |on: &&str| SITES.map(|site| entry(on, site, share(site), true));
    Table::new(balancers.iter().flat_map(one).collect(), ttl)
}

fn entry(on: &str, site: &str, share: Ppm, is_ours: bool) -> Entry {
    Entry {
        on: on.to_owned(),
        place: site.to_owned(),
        site: is_ours.then(|| site.to_owned()),
        weight: u32::try_from(share.0).unwrap(),
    }
}

pub(super) fn task(stages: &[&[(&str, u64)]]) -> RouteTask {
    let share = |(site, percent): &(&str, u64)| ((*site).to_owned(), Ppm(percent * 10_000));
    let stage = |to: &&[(&str, u64)]| RouteStage { to: to.iter().map(share).collect(), hold: Millis(20_000) };
    RouteTask {
        route: "r".to_owned(),
        provider: ProviderTask {
            name: "p".to_owned(),
            kind: ProviderKind::Command,
            servers: Vec::new(),
            hosts: Vec::new(),
            also: Vec::new(),
            zone: None,
            tsig: None,
            group: None,
            region: None,
            read: None,
            write: None,
            look: None,
            env: Vec::new(),
        },
        record: "r.".to_owned(),
        ttl: Millis(30_000),
        at: SITES.map(|site| (site.to_owned(), vec![site.to_owned()])).to_vec(),
        stages: stages.iter().map(stage).collect(),
        leaves: vec!["pangyo".to_owned()],
        barred: Vec::new(),
        health: None,
    }
}

impl Keeper {
    pub(super) fn at(now: Table) -> Self {
        Self {
            now: Mutex::new(now),
            acts: Mutex::default(),
            written: Mutex::default(),
            tries: Mutex::default(),
            lie: None,
            other_hand_at: None,
            up_at: None,
            balancers: &[""],
        }
    }

    /// The same on all of its balancers.
    pub(super) fn spread(self) -> Self {
        let shares = self.now().shares();
        *self.now.lock().unwrap() = of(&shares, self.balancers, None);
        self
    }

    /// What becomes of its writes, in order; the rest is done.
    pub(super) fn doing(self, acts: &[Act]) -> Self {
        self.acts.lock().unwrap().extend(acts);
        self
    }

    pub(super) fn now(&self) -> Table {
        self.now.lock().unwrap().clone()
    }

    /// In whole percents.
    pub(super) fn share(&self, site: &str) -> u64 {
        self.now().shares().get(site).map_or(0, |share| share.0 / 10_000)
    }

    /// Each table that was written.
    pub(super) fn written(&self) -> Vec<Table> {
        self.written.lock().unwrap().clone()
    }

    /// How often somebody tried.
    pub(super) fn tries(&self) -> usize {
        *self.tries.lock().unwrap()
    }

    fn put(&self, to: &Table) {
        *self.now.lock().unwrap() = to.clone();
        self.written.lock().unwrap().push(to.clone());
    }
}

impl Provider for Arc<Keeper> {
    async fn read(&self) -> Result<Table, Trouble> {
        if self.other_hand_at.is_some_and(|at| at <= Instant::now()) {
            *self.now.lock().unwrap() = table(&[("ansan", 100)], None);
        }
        Ok(self.now())
    }

    fn table(&self, now: &Table, aim: &Shares) -> Result<Table, Trouble> {
        if self.up_at.is_some_and(|at| Instant::now() < at) {
            return Err(Trouble::Down("all of tokyo is down".to_owned()));
        }
        Ok(of(aim, self.balancers, now.ttl))
    }

    async fn write(&self, from: &Table, to: &Table) -> Result<(), Trouble> {
        *self.tries.lock().unwrap() += 1;
        let silent = || Err(Trouble::Open("the keeper was told, and does not answer".to_owned()));
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Done);
        match act {
            Act::Done => {
                let now = self.now();
                let is_known = |(at, one): (usize, &Entry)| {
                    from.entries.get(at) == Some(one) || (!one.on.is_empty() && to.entries.get(at) == Some(one))
                };
                assert!(now.entries.iter().enumerate().all(is_known), "it was not compared: {now:?}");
                self.put(to);
                Ok(())
            }
            Act::DoneInSilence => {
                self.put(to);
                silent()
            }
            Act::LostInSilence => silent(),
            Act::HalfInSilence => {
                let mut half = from.clone();
                half.entries[..SITES.len() - 1].clone_from_slice(&to.entries[..SITES.len() - 1]);
                *self.now.lock().unwrap() = half;
                silent()
            }
            Act::Gone => Err(Trouble::Unreachable("the keeper is not there".to_owned())),
            Act::No => Err(Trouble::Refused("the keeper says no".to_owned())),
            Act::OtherHand => {
                *self.now.lock().unwrap() = table(&[("ansan", 100)], None);
                Err(Trouble::Changed("somebody else was here".to_owned()))
            }
        }
    }

    async fn look(&self) -> Vec<Sight> {
        let now = self.lie.clone().unwrap_or_else(|| self.now());
        let own = |on: &&str| {
            let entries = now.entries.iter().filter(|entry| entry.on == **on).cloned().collect();
            Sight { server: (*on).to_owned(), table: Ok(Table::new(entries, now.ttl)) }
        };
        self.balancers.iter().map(own).collect()
    }
}

/// How every place does, as the keeper's table has it.
pub(super) type Heart = fn(&Keeper) -> Beat;

impl Pulse for (Heart, Arc<Keeper>) {
    async fn beat(&self, sites: &[String]) -> Vec<Beat> {
        sites.iter().map(|_| (self.0)(&self.1)).collect()
    }
}

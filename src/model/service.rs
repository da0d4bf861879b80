//! Services: the units that are recovered, and what they depend on.

use crate::model::Amounts;
use crate::model::Date;
use crate::model::HostSet;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderId;
use crate::model::RouteId;
use crate::model::RunbookId;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::SurgeId;
use crate::model::TierId;

/// How soon a service matters. The first in the list is first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its name, unique among tiers.
    pub name: String,
    /// For people.
    pub title: String,
    /// Promised limit on downtime.
    pub rto: Option<Millis>,
    /// Promised limit on lost data.
    pub rpo: Option<Millis>,
}

/// The unit that is recovered. Operations tools are services too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name, unique among services.
    pub name: String,
    /// For people.
    pub title: String,
    /// The tier that was declared; the effective one may be more urgent.
    pub tier: TierId,
    /// The team that answers for it.
    pub owner: String,
    /// The recipe that it needs.
    pub kind: ServiceKind,
    /// What it needs, in the order written.
    pub depends_on: Vec<Dependency>,
    /// When somebody last looked at that list.
    pub deps_reviewed: Option<Date>,
    /// What the whole service takes at its daily peak.
    pub load: Amounts,
    /// The reduced form that still does its job.
    pub degraded: Option<Degraded>,
    /// By which factor a named surge multiplies both levels; 1.0 where it is not listed. Sorted.
    pub surges: Vec<(SurgeId, Ppm)>,
    /// What is empty after a start.
    pub caches: Vec<Cache>,
    /// The herd that comes back when it does.
    pub reconnect: Option<Reconnect>,
    /// How users reach it.
    pub route: Option<RouteId>,
    /// Its own promise on downtime; the tier's where there is none.
    pub rto: Option<Millis>,
    /// Its own promise on lost data; the tier's where there is none.
    pub rpo: Option<Millis>,
    /// Its procedures.
    pub runbook: Option<RunbookId>,
    /// Values for the names that the runbook declares. Sorted.
    pub params: Vec<(String, String)>,
    /// Where it is, by site. Sorted by site; at most one per site.
    pub replicas: Vec<Replica>,
}

/// What kind of recipe a service needs. Maelstrom (OSDI 2018) names the same kinds of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceKind {
    /// Any replica serves any user: reroute.
    Stateless,
    /// Users hold sessions: reroute, let sessions go, admit the herd slowly.
    Sticky,
    /// Copies follow each other by a recipe of its own; lag is watched.
    Replicated,
    /// One writer: fence, then promote.
    Stateful,
    /// Voters per site: it survives while a majority does.
    Quorum,
}

/// One thing that a service needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What is needed.
    pub service: ServiceId,
    /// In what way.
    pub kind: DependencyKind,
    /// Needed for the full level only: it never gates the floor, and never raises a tier.
    pub full_only: bool,
    /// The callee must be in the caller's own site, so both move together.
    pub same_site: bool,
}

/// In what way a service needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependencyKind {
    /// It can't serve without it.
    Hard,
    /// It serves without it, with less.
    Soft,
    /// It needs it only to start from warm or cold.
    Start,
}

/// The reduced form of a service: its floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Degraded {
    /// What it takes in that form, the whole service at its daily peak.
    pub load: Amounts,
    /// What users notice: "text only".
    pub note: String,
}

/// Something that is empty after a start, or too small after a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Its name within the service.
    pub name: String,
    /// Whether the service can carry its load while this is empty.
    pub kind: CacheKind,
    /// How long it takes to fill.
    pub warm: Millis,
}

/// What an empty cache costs (Site Reliability Engineering, chapter 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheKind {
    /// The service can't carry its load while it is empty.
    Capacity,
    /// The service is only slower.
    Latency,
}

/// The herd: clients that come back all at once, and the rate at which they may be admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconnect {
    /// How many clients hold a connection at the daily peak.
    pub clients: u64,
    /// How many may come back per second; at least 1.
    pub per_second: u64,
}

/// One service at one site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Where.
    pub site: SiteId,
    /// What it does in normal times.
    pub role: Role,
    /// Which share of the load it carries in normal times; zero unless it is active.
    pub share: Ppm,
    /// Its hosts; none for what is run by others (a cloud's own service).
    pub hosts: Option<HostSet>,
    /// Named parts of its hosts. Sorted by name.
    pub subsets: Vec<(String, HostSet)>,
    /// What these hosts can carry: site cores are not fungible.
    pub max_load: Amounts,
    /// What it takes while it waits; given back when it is started.
    pub standing: Amounts,
    /// How it grows beyond its hosts, in a cloud.
    pub scale: Option<Scale>,
    /// How its data follows the active replica.
    pub replication: Option<Replication>,
    /// How many voters of a quorum are here.
    pub voters: u32,
}

/// What a replica does in normal times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Takes traffic.
    Active,
    /// Runs, and takes no traffic.
    Hot,
    /// Runs small, and must be scaled up.
    Warm,
    /// Must be started from nothing.
    Cold,
}

/// How a replica grows beyond its hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// Who launches.
    pub provider: ProviderId,
    /// What it can carry at most when scaled, hosts included.
    pub max_load: Amounts,
}

/// How the data of a replica follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replication {
    /// Where the data comes from.
    pub from: SiteId,
    /// Whether a write waits for this copy.
    pub mode: ReplicationMode,
    /// How far behind it may be; nothing is known where this is not declared.
    pub max_lag: Option<Millis>,
}

/// Whether a write waits for a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReplicationMode {
    /// It does: what was acknowledged is there.
    Sync,
    /// It does not: what was acknowledged last may be lost.
    Async,
}

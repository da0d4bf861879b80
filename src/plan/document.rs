//! The plan as it stands on paper: complete, immutable, named by its digest. Nothing is left to choose while it runs.
//!
//! Everything here is text and integers, so that a plan can be read without the estate it came from. Times are
//! milliseconds from T=0, the declaration; shares are parts per million; amounts are thousandths of their unit.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;
use crate::model::Ssh;
use crate::plan::ActionOnPaper;
use crate::plan::BastionOnPaper;
use crate::plan::Gate;
use crate::plan::Issue;
use crate::plan::ProviderOnPaper;
use crate::plan::RecordOnPaper;
use crate::plan::RetreatOnPaper;
use crate::plan::ServiceOnPaper;
use crate::plan::Step;

/// The format that this version writes. A reader refuses what it does not know.
pub const FORMAT: u32 = 2;

/// How the scope of a plan begins that moves one route.
pub(in crate::plan) const ROUTE_SCOPE: &str = "route:";
/// What such a plan does with it.
pub(in crate::plan) const MOVED: &str = "moved";

/// A complete plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// The version of this document.
    pub format: u32,
    /// SHA-256 of the canonical text with this field left blank, in hexadecimal.
    pub id: String,
    /// The plan that this one succeeds.
    pub parent: Option<String>,
    /// What it takes back, where it takes a run back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retreat: Option<RetreatOnPaper>,
    /// The project's title.
    pub title: String,
    /// What the first tier is, for people: "text messages, and what they can't live without".
    pub lifeline: String,
    /// The project's timezone, an IANA name.
    pub timezone: String,
    /// What happened, and under which conditions it was planned.
    pub incident: IncidentOnPaper,
    /// What it was made from, each with its SHA-256.
    pub sources: Vec<Source>,
    /// When the plan brings each class of urgency back, and how good that is.
    pub classes: Vec<ClassOnPaper>,
    /// Every site, with its ledger.
    pub sites: Vec<SiteOnPaper>,
    /// Every service that the incident touches, or that gives up room, in order of urgency, then of recovery.
    pub services: Vec<ServiceOnPaper>,
    /// Services that stand nowhere above, and that are served otherwise than declared. Plans from before they were written
    /// down have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<ServedOnPaper>,
    /// How many services the incident does not touch.
    pub untouched: u64,
    /// How many it touches and the plan leaves out, since it was made for the lifeline alone.
    pub unplanned: u64,
    /// What people or probes open.
    pub gates: Vec<Gate>,
    /// Fences that stand on somebody's word in an earlier run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<OwedOnPaper>,
    /// All steps, by start, then by id.
    pub steps: Vec<Step>,
    /// The bastions that hosts are reached through, by name. Plans from before they were written down have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bastions: Vec<BastionOnPaper>,
    /// The routes that steps shift, by name.
    pub routes: Vec<RecordOnPaper>,
    /// Who keeps routes and launches capacity, by name.
    pub providers: Vec<ProviderOnPaper>,
    /// What steps compete for.
    pub pools: Vec<PoolOnPaper>,
    /// Limits for the whole run.
    pub limits: LimitsOnPaper,
    /// How operators reach hosts.
    #[serde(default, skip_serializing_if = "SshOnPaper::is_usual")]
    pub ssh: SshOnPaper,
    /// What a reader must know before it is run.
    pub findings: Vec<Issue>,
    /// What the next loss would do.
    pub outlook: Outlook,
}

impl Plan {
    /// Who keeps the route that an action shifts, or launches what it asks for.
    #[must_use]
    pub fn provider_of(&self, action: &ActionOnPaper) -> Option<&ProviderOnPaper> {
        let name = match action {
            ActionOnPaper::Route(shift) => &shift.provider,
            ActionOnPaper::Ttl(ttl) => &ttl.provider,
            ActionOnPaper::Scale { provider, .. } => provider,
            ActionOnPaper::Ssh { .. } | ActionOnPaper::Exec { .. } | ActionOnPaper::Http(_) => return None,
            ActionOnPaper::Confirm { .. } | ActionOnPaper::Notify { .. } | ActionOnPaper::Wait(_) => return None,
            ActionOnPaper::Fetch { .. } => return None,
        };
        self.providers.iter().find(|provider| provider.name == *name)
    }

    /// Whether a gate is about a fence that somebody vouched for in an earlier run: nothing waits for it.
    #[must_use]
    pub fn carries(&self, gate: &str) -> bool {
        self.owed.iter().any(|owed| owed.carried && owed.gate == gate)
    }

    /// Whether a step is there only to prove what somebody vouched for in an earlier run.
    #[must_use]
    pub fn collects(&self, step: &str) -> bool {
        let opens = |gate: &&Gate| gate.opened_by.iter().any(|by| by == step);
        !self.owed.is_empty()
            && self.gates.iter().any(|gate| opens(&gate))
            && self.gates.iter().filter(opens).all(|gate| self.carries(&gate.id))
    }

    /// The route that it moves, where it is for that alone: nothing is lost, and a person said where users go.
    #[must_use]
    pub fn moved_route(&self) -> Option<&str> {
        let [scope] = self.incident.scopes.as_slice() else { return None };
        let name = scope.scope.strip_prefix(ROUTE_SCOPE)?;
        (scope.state == MOVED).then_some(name)
    }

    /// What it is about, as people write it: the affected scopes; of a retreat, the run that is taken back.
    #[must_use]
    pub fn about(&self) -> Vec<ScopeOnPaper> {
        match &self.retreat {
            None => self.incident.scopes.clone(),
            Some(retreat) => vec![ScopeOnPaper { scope: retreat.run.clone(), state: "taken back".to_owned() }],
        }
    }
}

/// A fence that stands on somebody's word in an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OwedOnPaper {
    /// The gate, as it was named there and is named here.
    pub gate: String,
    /// Whose old writer.
    pub service: String,
    /// Where.
    pub site: String,
    /// This plan tries to prove it beside everything else, and nothing waits for that. Otherwise it has an ordinary gate,
    /// or nothing that would fence it.
    pub carried: bool,
}

/// Who serves a service that the plan leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServedOnPaper {
    /// The service.
    pub id: String,
    /// Where its users are; empty where nobody serves it.
    pub at: Vec<ShareOnPaper>,
}

/// Which share of the users is served at a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ShareOnPaper {
    /// Where.
    pub site: String,
    /// Which share.
    pub share: Ppm,
}

/// What happened, and under which conditions it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct IncidentOnPaper {
    /// Failover, switchover or failback.
    pub mode: Mode,
    /// What is affected.
    pub scopes: Vec<ScopeOnPaper>,
    /// A named surge.
    pub surge: Option<String>,
    /// The load factor; 1,000,000 is the daily peak.
    pub load: Ppm,
    /// How long before T=0 it began.
    pub began_before_ms: Option<Millis>,
    /// Only these sites were allowed as targets.
    pub to: Vec<String>,
    /// Only the lifeline was planned.
    pub only_lifeline: bool,
    /// A planned move was allowed to end below full.
    pub accept_degraded: bool,
    /// The day by which ages were judged.
    pub as_of: String,
    /// The work that was allowed for improving the schedule, in step placements.
    pub effort: u64,
}

/// What kind of plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The source is gone, or not trusted.
    Failover,
    /// The source still serves, and is left in order.
    Switchover,
    /// The way home.
    Failback,
    /// A run is taken back: what it did is undone, the last first.
    Retreat,
}

/// One affected scope, as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeOnPaper {
    /// `pangyo`, `domain:power:bundang`, `hosts:pg-msg-[001-010]`, `service:pay@ansan`.
    pub scope: String,
    /// `lost`, `impaired`, `leaving` or `returning`.
    pub state: String,
}

/// One file or other input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Source {
    /// Relative to the project.
    pub path: String,
    /// In hexadecimal.
    pub sha256: String,
}

/// When a class of urgency is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClassOnPaper {
    /// The tier.
    pub tier: String,
    /// For people.
    pub title: String,
    /// The last step of this tier and all before it ends.
    pub finish_ms: Millis,
    /// No schedule ends earlier, given what the tiers before it got.
    pub bound_ms: Millis,
    /// Nothing better exists, and that is proven.
    pub proven: bool,
    /// Services of this tier whose users somebody else had to take.
    pub wanted: u64,
    /// Those of them that are back for every user, at their floor or better.
    pub whole: u64,
    /// No placement brings more of them back for every user.
    pub whole_bound: u64,
}

/// A site and its ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SiteOnPaper {
    /// Its name.
    pub id: String,
    /// For people.
    pub title: String,
    /// `up`, `lost`, `impaired`, `leaving`, `returning` or `quarantined`.
    pub state: String,
    /// One line per kind of resource.
    pub ledger: Vec<LedgerLine>,
}

/// What is there of a resource, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LedgerLine {
    /// Which resource.
    pub resource: String,
    /// What is there.
    pub capacity: u64,
    /// How far a plan fills it.
    pub limit: u64,
    /// What was taken when the incident began.
    pub before: u64,
    /// What is taken when the plan is done; on-demand capacity not counted.
    pub after: u64,
    /// On-demand capacity that the plan takes.
    pub on_demand: u64,
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PoolOnPaper {
    /// Its name; `site:NAME` for the steps of a site.
    pub id: String,
    /// How much there is.
    pub size: u32,
    /// What is kept for the first tier until that is back.
    pub kept_for_first: u32,
}

/// Limits for the whole run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LimitsOnPaper {
    /// SSH handshakes at once.
    pub ssh_handshakes: u32,
    /// Output kept per host and step, in bytes.
    pub output_bytes: u64,
}

/// How operators reach hosts. Whoever runs the plan has keys of their own; the places are the same for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SshOnPaper {
    /// Files with the keys of hosts; those of ssh where there is none.
    pub known_hosts: Vec<String>,
    /// Files with private keys; those of ssh where there is none.
    pub identities: Vec<String>,
    /// Where the passphrase of encrypted keys is.
    pub passphrase: Option<String>,
    /// Whether keys of the agent are tried.
    pub agent: bool,
    /// Until a connection stands.
    pub connect_ms: Millis,
    /// Until a host has said the first word.
    pub banner_ms: Millis,
    /// From the first word to the login.
    pub login_ms: Millis,
}

impl From<&Ssh> for SshOnPaper {
    fn from(ssh: &Ssh) -> Self {
        Self {
            known_hosts: ssh.known_hosts.clone(),
            identities: ssh.identities.clone(),
            passphrase: ssh.passphrase.as_ref().map(ToString::to_string),
            agent: ssh.agent,
            connect_ms: ssh.connect,
            banner_ms: ssh.banner,
            login_ms: ssh.login,
        }
    }
}

impl Default for SshOnPaper {
    fn default() -> Self {
        Self::from(&Ssh::default())
    }
}

impl SshOnPaper {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What the next loss would do, once this plan is done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outlook {
    /// Losing one of these next takes the lifeline below its floor.
    pub kills: Vec<NextLoss>,
    /// Data of which only one copy is left: service and site.
    pub unprotected: Vec<(String, String)>,
}

/// A loss after which the lifeline is not back for everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NextLoss {
    /// The site.
    pub site: String,
    /// The service of the lifeline that falls first.
    pub service: String,
    /// The share of its users that it would still admit.
    pub admits: Ppm,
    /// The cheapest repair that is known: how much of what, and where.
    pub repair: Option<Repair>,
}

/// Extra capacity that would save a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Repair {
    /// Where.
    pub site: String,
    /// Of what.
    pub resource: String,
    /// How much, in thousandths.
    pub amount: u64,
}

//! Incidents: what is lost, impaired, leaving or returning; and what is known of the estate as it is.

use crate::model::Date;
use crate::model::DomainId;
use crate::model::HostSet;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::SurgeId;
use crate::model::TierId;

/// What happened, and under which conditions a plan is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// What is affected, each with its state. Never empty.
    pub scopes: Vec<(Scope, ScopeState)>,
    /// A named surge that multiplies loads.
    pub surge: Option<SurgeId>,
    /// Multiplies every load; 1.0 is the daily peak.
    pub load: Ppm,
    /// How long before its declaration (T=0) it began, where that is known.
    pub began_before: Option<Millis>,
    /// Only these sites may be targets; any where it is empty.
    pub to: Vec<SiteId>,
    /// Plan for the lifeline alone.
    pub only_lifeline: bool,
    /// A planned move may end below full.
    pub accept_degraded: bool,
    /// The day by which ages are judged.
    pub as_of: Date,
}

impl Incident {
    /// Nothing happened: what is not trusted stands elsewhere.
    #[must_use]
    pub const fn nothing(as_of: Date) -> Self {
        Self {
            scopes: Vec::new(),
            surge: None,
            load: Ppm::ONE,
            began_before: None,
            to: Vec::new(),
            only_lifeline: false,
            accept_degraded: false,
            as_of,
        }
    }

    /// Whether a plan for it leaves out services of this tier: it was asked for the lifeline alone.
    #[must_use]
    pub fn leaves_out(&self, tier: TierId) -> bool {
        self.only_lifeline && tier != TierId(0)
    }
}

/// What is affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A whole site.
    Site(SiteId),
    /// All sites that share a fault domain.
    Domain(DomainId),
    /// Some hosts, wherever they are.
    Hosts(HostSet),
    /// One replica.
    Replica(ServiceId, SiteId),
}

/// In what way it is affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeState {
    /// Gone: a failover.
    Lost,
    /// It answers, and is not trusted: never a target, its fences are mandatory.
    Impaired,
    /// Still serves, and is to be left: a switchover.
    Leaving,
    /// Back, and to be used again: a failback.
    Returning,
}

impl ScopeState {
    /// The word for it in plans and on screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Impaired => "impaired",
            Self::Leaving => "leaving",
            Self::Returning => "returning",
        }
    }
}

/// How long a step took in runs, where it went well at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    /// Half of them were faster.
    pub median: Millis,
    /// Three of four were faster: what takes longer is late.
    pub p75: Millis,
    /// How many there were.
    pub runs: u64,
}

/// A fence that stands on a person's word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owed {
    /// Where.
    pub site: SiteId,
    /// The gate that was opened on it.
    pub gate: String,
    /// Whose old writer; none where it was about the whole site, or the estate knows the service no more.
    pub service: Option<ServiceId>,
}

/// What was seen when it was asked on the spot who writes. Every service with one writer is in one list. Sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// When, in milliseconds since the Unix epoch.
    pub at_unix_ms: u64,
    /// The writer is where it was known to be.
    pub as_known: Vec<ServiceId>,
    /// It is elsewhere than known.
    pub elsewhere: Vec<(ServiceId, SiteId)>,
    /// More than one site says that it is the writer, or a part of one does.
    pub unclear: Vec<(ServiceId, Vec<SiteId>)>,
    /// Nobody says so.
    pub unseen: Vec<ServiceId>,
    /// Nothing says how to see it.
    pub mute: Vec<ServiceId>,
}

/// What is known of the estate as it is, beyond what was declared. Empty means: as declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// Who carries which share of a service now, where that differs from the declaration. Sorted.
    pub active: Vec<(ServiceId, Vec<(SiteId, Ppm)>)>,
    /// Where services run at their floor. Sorted.
    pub low: Vec<(ServiceId, SiteId)>,
    /// Lost sites that nobody has released: never targets. Sorted.
    pub quarantined: Vec<SiteId>,
    /// Fences that stand on a person's word. Sorted.
    pub owed: Vec<Owed>,
    /// How long steps took in these runs, by their ids. Sorted.
    pub spans: Vec<(String, Spans)>,
    /// The runs that left this behind, the oldest first.
    pub runs: Vec<String>,
    /// What was seen when it was asked on the spot who writes.
    pub asked: Option<Asked>,
    /// Where it was learnt, with its digest; goes among the plan's sources.
    pub sources: Vec<(String, String)>,
}

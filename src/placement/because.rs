//! The reasons that placement gives, as values. Sentences are made in report.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;

/// Why a service is placed at a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Because {
    /// It was active there already, and carries more users than before.
    Survivor {
        /// What it carried before.
        before: Ppm,
    },
    /// It was active there already, and stays as it is.
    Stays,
    /// A standby that is up and takes no traffic.
    Hot,
    /// A standby that must be scaled up.
    Warm,
    /// A standby that must be started from nothing.
    Cold,
    /// Its data follows the lost replica, and a write waits for this copy.
    FollowsSync,
    /// Its data follows the lost replica from behind.
    FollowsAsync {
        /// How far behind it may be; unknown where nothing was declared.
        max_lag: Option<Millis>,
    },
    /// It is declared to be active there, and the site is back.
    Home,
    /// No other candidate is left.
    OnlyCandidate,
    /// The operator asked for this site.
    Asked,
    /// No candidate of its own sites had room; this is a cloud.
    CloudAfterOwn,
    /// More than its hosts carry: the cloud launches the rest.
    OnDemand {
        /// Of which resource.
        resource: String,
        /// How much, in thousandths.
        amount: u64,
        /// When it is there after the request.
        ready_in: Millis,
    },
    /// It shares a fault domain with what is lost; the candidates that do not had no room.
    SharesDomain {
        /// The domain.
        domain: String,
    },
    /// Not all users fit; this share does.
    Admits {
        /// The share of all users that is served here.
        share: Ppm,
        /// The resource that ran out.
        resource: String,
    },
    /// It fills the site beyond its fill limit, as only the first tier's floor may.
    AboveFillLimit {
        /// Of which resource.
        resource: String,
        /// By how much, in thousandths.
        amount: u64,
    },
    /// It fits once these have given up room.
    AfterVictims {
        /// Who gives up room.
        victims: Vec<String>,
    },
    /// It made room for another of its tier, which fits nowhere else.
    MovedAside {
        /// For whom.
        service: String,
    },
}

/// Why a candidate was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Rejection {
    /// Its site, or this replica, is lost.
    Lost,
    /// It answers, and is not trusted.
    Impaired,
    /// It is to be left.
    Leaving,
    /// It came back, and nobody released it.
    Quarantined,
    /// The operator asked for other sites.
    NotAsked,
    /// There is not enough room left at the site.
    Short {
        /// Of which resource.
        resource: String,
        /// How much is missing, in thousandths.
        by: u64,
        /// Who took the room last, where anybody did in this plan.
        after: Option<String>,
    },
    /// Its hosts carry less than it would get.
    HostsCarry {
        /// Of which resource.
        resource: String,
        /// What they carry at most, in thousandths.
        at_most: u64,
    },
    /// Its data does not follow the one that is lost.
    NoData,
    /// It is not needed: others carry everything. It is a fallback.
    NotNeeded,
    /// Too few voters are left.
    NoMajority,
}

/// Why a service is not at its full level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum LevelBecause {
    /// The full level does not fit anywhere.
    NoRoom {
        /// The resource that is short.
        resource: String,
        /// By how much in all, in thousandths.
        by: u64,
    },
    /// The full level needs a service that has nowhere to go.
    NeedsStranded {
        /// Which.
        service: String,
    },
    /// The full level needs a service that this plan leaves out, and that does not come back by itself.
    NeedsLeftOut {
        /// Which.
        service: String,
    },
    /// It gives up room for a more urgent one.
    GivesWay {
        /// For whom.
        service: String,
        /// Where.
        site: String,
    },
    /// No candidate is left, or none has any room.
    NowhereToGo,
}

/// By what a service was raised to a more urgent tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Raise {
    /// The service that needs it.
    pub by: String,
    /// In what way.
    pub through: Through,
}

/// In what way one service needs another for its recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Through {
    /// It can't serve without it.
    Hard,
    /// It needs it to start, and must be started.
    Start,
    /// The steps that recover it use it.
    Uses,
}

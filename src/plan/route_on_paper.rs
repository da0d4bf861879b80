//! How routes are shifted, on paper: every stage with its shares, who keeps the route, and where it can lead.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderKind;
use crate::plan::HostsOnPaper;

/// How a route is shifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RouteOnPaper {
    /// Which route, one of the plan's `routes`.
    pub route: String,
    /// Who changes it, one of the plan's `providers`.
    pub provider: String,
    /// The shares that it goes to, by site. They may be less than all: the rest stays where it is, or is turned away.
    pub to: Vec<(String, Ppm)>,
    /// What it passes through, in order; the last is where it goes.
    pub stages: Vec<StageOnPaper>,
    /// Sites that it leads away from for good with the last stage.
    pub leaves: Vec<String>,
    /// Sites that are not trusted: they may lose users, and never gain any.
    pub barred: Vec<String>,
    /// How long old answers live.
    pub ttl_ms: Millis,
    /// Clients admitted per second, where a herd comes back.
    pub admit_per_second: Option<u64>,
}

/// One stage of a shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StageOnPaper {
    /// The shares by site. For DNS records, which have no weights: the shares that the addresses come to by turns.
    pub to: Vec<(String, Ppm)>,
    /// How long it stays there, and is watched, before it goes on. The last stage of the last shift of a route is held until
    /// old answers are forgotten.
    pub hold_ms: Millis,
}

/// How long answers may be kept is changed, and nobody's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TtlOnPaper {
    /// Which route, one of the plan's `routes`.
    pub route: String,
    /// Who changes it, one of the plan's `providers`.
    pub provider: String,
    /// How long answers may be kept from then on.
    pub ttl_ms: Millis,
    /// How long it waits then, so that nobody still has an answer from before. Nothing where nobody waits for that.
    pub wait_ms: Millis,
}

/// A route that the plan shifts: where it can lead, and how its health is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RecordOnPaper {
    /// Its name.
    pub name: String,
    /// Who keeps it, one of the plan's `providers`.
    pub provider: String,
    /// The record, backend or path that the provider knows it by.
    pub record: String,
    /// How long answers may be kept.
    pub ttl_ms: Millis,
    /// Addresses by site.
    pub at: Vec<(String, Vec<String>)>,
    /// How health is judged on the way.
    pub health: Option<HealthOnPaper>,
}

/// How the health of a route's target is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HealthOnPaper {
    /// What is fetched; may name `address` and `site`.
    pub url: String,
    /// The status that means healthy.
    pub expect_status: u16,
    /// The share of bad answers above which a shift is taken back.
    pub max_error_rate: Ppm,
}

/// Who changes routes or launches capacity, without the servers that are in what is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProviderOnPaper {
    /// Its name.
    pub name: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// Where it is spoken to.
    pub servers: Vec<String>,
    /// The hosts of those servers that are sockets of other hosts (`ssh:HOST:/path`), each once or more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostsOnPaper>,
    /// Servers in what is lost: nobody speaks to them.
    pub left_out: Vec<String>,
    /// Further servers that answer for it, which are looked at and never changed.
    pub also: Vec<String>,
    /// The DNS zone.
    pub zone: Option<String>,
    /// The key that signs updates.
    pub tsig: Option<TsigOnPaper>,
    /// The auto-scaling group.
    pub group: Option<String>,
    /// The region that the group is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What reads the present state; may name `run`, and `record`, or `service` and `site`.
    pub read: Option<String>,
    /// What changes it; may name `run`, and `record` and `shares`, or `service`, `site` and `amounts`.
    pub write: Option<String>,
    /// What sees the present state by another way than its keeper; may name `run` and `record`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<String>,
    /// Variables and where their values are.
    pub env: Vec<(String, String)>,
}

/// A key that signs DNS updates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TsigOnPaper {
    /// The key's name.
    pub name: String,
    /// `hmac-sha256` or `hmac-sha512`.
    pub algorithm: String,
    /// Where the key is, by reference.
    pub secret: String,
}

impl ProviderOnPaper {
    /// Every secret that it names, by reference.
    #[must_use]
    pub fn references(&self) -> Vec<&str> {
        let tsig = self.tsig.as_ref().map(|tsig| tsig.secret.as_str());
        tsig.into_iter().chain(self.env.iter().map(|(_, from)| from.as_str())).collect()
    }
}

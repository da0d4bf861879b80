//! What can be done, as data: the actions of a plan that hands can do. What a person answers is not among them.

use crate::driver::HostAt;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderKind;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// A command on hosts. The line may still name `host`, `host-address` and `run`.
    Ssh {
        /// The command line, for a POSIX shell.
        line: String,
        /// Variables and where their values are: `env:NAME`, `file:PATH`.
        env: Vec<(String, String)>,
    },
    /// A command on the operator's machine.
    Exec {
        /// The command line, for a POSIX shell.
        line: String,
        /// Variables and where their values are: `env:NAME`, `file:PATH`.
        env: Vec<(String, String)>,
    },
    /// One request.
    Http(HttpTask),
    /// Shift a route.
    Route(Box<RouteTask>),
    /// Change how long the answers of a route may be kept.
    Ttl(Box<TtlTask>),
    /// Launch capacity.
    Scale(Box<ScaleTask>),
    /// Tell somebody. A failure never holds a run, but it is told as it is.
    Notify {
        /// What it says.
        message: String,
        /// `webhook env:NAME`, or `command LINE`; the message is the standard input of the line.
        via: String,
    },
    /// A probe that must pass.
    Wait(Probe),
}

impl Task {
    /// Whether it is done on the hosts of its job, and not about them.
    #[must_use]
    pub fn is_on_hosts(&self) -> bool {
        match self {
            Self::Ssh { .. } => true,
            Self::Wait(probe) => probe.ask.is_on_hosts(),
            Self::Exec { .. } | Self::Http(_) | Self::Route(_) | Self::Ttl(_) => false,
            Self::Scale(_) | Self::Notify { .. } => false,
        }
    }
}

/// One HTTP request, and what counts as success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpTask {
    /// In capitals.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// In order; secrets by reference.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Option<String>,
    /// What is sent instead, by reference.
    pub body_from: Option<String>,
    /// Each status that means success; any 2xx where none is given.
    pub expect_status: Vec<u16>,
    /// The answer must contain this.
    pub expect_body: Option<String>,
    /// How many redirects are followed.
    pub redirects: u32,
    /// The certificates of the authorities that are trusted, and nobody else, by reference; whom the machine trusts
    /// where none is given.
    pub ca: Option<String>,
}

/// How a route is shifted: all that it takes, with nothing left to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTask {
    /// Which route, as people call it.
    pub route: String,
    /// Who changes it.
    pub provider: ProviderTask,
    /// The record, backend or path that the provider knows it by.
    pub record: String,
    /// How long answers may be kept.
    pub ttl: Millis,
    /// Every place that it may lead to, by site. Sorted by site.
    pub at: Vec<(String, Vec<String>)>,
    /// What it passes through, in order; the last is where it goes. Never empty where it is shifted.
    pub stages: Vec<RouteStage>,
    /// Sites that it leads away from for good with the last stage.
    pub leaves: Vec<String>,
    /// Sites that are not trusted: they may lose users, and never gain any.
    pub barred: Vec<String>,
    /// How health is judged on the way.
    pub health: Option<HealthTask>,
}

/// How long the answers of a route may be kept: all that it takes to change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TtlTask {
    /// The route, with the time that answers may be kept for from then on. It is not shifted.
    pub route: RouteTask,
    /// How long it waits then, at least, so that nobody still has an answer from before. Nothing where nobody waits for it.
    pub wait: Millis,
}

/// One stage of a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteStage {
    /// The shares by site. What they leave of the whole stays where it is, with the sites that are not named.
    pub to: Vec<(String, Ppm)>,
    /// How long it stays there, and is watched, before it goes on.
    pub hold: Millis,
}

/// What an auto-scaling group is asked for, in the place of a resource.
pub const INSTANCES: &str = "instances";

/// How capacity is brought up: all that it takes, with nothing left to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleTask {
    /// Who launches.
    pub provider: ProviderTask,
    /// For which service.
    pub service: String,
    /// Where.
    pub site: String,
    /// How much there is to be in all, by resource, in thousandths. It is never lowered. Of an auto-scaling group:
    /// [`INSTANCES`], and nothing else.
    pub to: Vec<(String, u64)>,
}

/// Who changes routes or launches capacity, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderTask {
    /// Its name, as people call it.
    pub name: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// Where it is spoken to.
    pub servers: Vec<String>,
    /// The hosts of those servers that are sockets of other hosts.
    pub hosts: Vec<HostAt>,
    /// Further servers that answer for it. They are looked at after a change, and never changed.
    pub also: Vec<String>,
    /// The DNS zone.
    pub zone: Option<String>,
    /// The key that signs updates.
    pub tsig: Option<TsigTask>,
    /// The auto-scaling group.
    pub group: Option<String>,
    /// The region that the group is in.
    pub region: Option<String>,
    /// What reads the present state: an address for `http`, a command line for `command`. May still name
    /// `record`, or `service` and `site`.
    pub read: Option<String>,
    /// What changes it. May still name `record` and `shares`, or `service`, `site` and `amounts`.
    pub write: Option<String>,
    /// What sees the present state by another way than its keeper, as `read` does. May still name `record`.
    pub look: Option<String>,
    /// Variables and where their values are: `env:NAME`, `file:PATH`.
    pub env: Vec<(String, String)>,
}

/// A key that signs DNS updates (RFC 8945).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TsigTask {
    /// The key's name.
    pub name: String,
    /// `hmac-sha256` or `hmac-sha512`.
    pub algorithm: String,
    /// Where the key is, in base64: `env:NAME`, `file:PATH`.
    pub secret: String,
}

/// How the health of a place is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthTask {
    /// What is fetched. May still name `address` and `site`.
    pub url: String,
    /// The status that means healthy.
    pub expect_status: u16,
    /// The share of bad answers above which a shift is taken back.
    pub max_error_rate: Ppm,
}

/// A question that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What is asked: ssh, exec or http.
    pub ask: Box<Task>,
    /// The output must contain this.
    pub expect_output: Option<String>,
    /// How long it may take until it passes; asked once where nothing is given.
    pub within: Option<Millis>,
    /// How many times in a row it must pass; 0 is read as 1.
    pub times: u32,
}

//! What can be done, as data: the actions of a plan that hands can do. What a person answers is not among them.

use crate::model::Millis;
use crate::model::Ppm;

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
    Route(RouteTask),
    /// Launch capacity.
    Scale {
        /// Who launches.
        provider: String,
        /// Up to how much, by resource, in thousandths.
        to: Vec<(String, u64)>,
    },
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
            Self::Exec { .. } | Self::Http(_) | Self::Route(_) | Self::Scale { .. } | Self::Notify { .. } => false,
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

/// How a route is shifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTask {
    /// Which route.
    pub route: String,
    /// Who changes it.
    pub provider: String,
    /// The shares that it goes to, by site.
    pub to: Vec<(String, Ppm)>,
    /// The shares of the target's part that it passes through, rising to all of it.
    pub ramp: Vec<Ppm>,
    /// Between two steps of the ramp.
    pub hold: Millis,
    /// How long old answers live.
    pub ttl: Millis,
    /// Clients admitted per second, where a herd comes back.
    pub admit_per_second: Option<u64>,
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

//! Gates and steps: exactly what is done, when at the earliest, and within which limits.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Level;
use crate::plan::HttpOnPaper;
use crate::plan::RouteOnPaper;
use crate::plan::TtlOnPaper;

/// A condition that people or probes open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Gate {
    /// Its name: `approval:start`, `fence:message-store@pangyo`.
    pub id: String,
    /// What it guards.
    pub kind: GateKind,
    /// The service that it belongs to, where it belongs to one.
    pub service: Option<String>,
    /// Steps and gates that come before it.
    pub after: Vec<String>,
    /// Steps of which any one, proven, opens it without a person.
    pub opened_by: Vec<String>,
    /// Whether a person is expected to answer.
    pub person: bool,
    /// When it is expected to be asked.
    pub start_ms: Millis,
    /// How long the answer is expected to take.
    pub duration_ms: Millis,
    /// How long it waits before the run holds.
    pub limit_ms: Millis,
    /// Urgency: the position of its tier.
    pub class: u8,
    /// What it claims of the pools.
    pub claims: Vec<ClaimOnPaper>,
}

/// What a gate guards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum GateKind {
    /// The whole plan may begin. One for each plan.
    ApproveStart,
    /// These services may be degraded or shed. One for each plan that does so beyond the lifeline's need.
    ApproveVictims {
        /// Whom it concerns.
        services: Vec<String>,
    },
    /// A step without a way back may be taken.
    ApproveIrreversible {
        /// Which.
        step: String,
    },
    /// The old writer can never write again.
    Fence {
        /// Where it was.
        site: String,
        /// What a person is asked when it can't be proven.
        attest: Option<String>,
    },
    /// What may be lost is known, and within the promise, or a person accepts it.
    DataLoss {
        /// The candidate.
        site: String,
        /// How far behind it may be, as declared.
        at_most_ms: Option<Millis>,
        /// The promise.
        objective_ms: Option<Millis>,
    },
    /// It lost nothing, and nobody wrote how to see that it works again: its own health says so.
    Health,
    /// Something that is needed can't be brought back: a person supplies it by other means.
    BreakGlass {
        /// What is missing: `service:deploy`, `kit:sealed-credentials`, `quorum:etcd`, `provider:gslb`.
        missing: String,
    },
}

/// One step: exactly what is done, when at the earliest, and within which limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// `message-store/promote@ansan`; stable from plan to plan.
    pub id: String,
    /// For people.
    pub title: String,
    /// The service that it belongs to; none for a site's own steps and for kits.
    pub service: Option<String>,
    /// The occasion.
    pub procedure: String,
    /// The phase.
    pub phase: String,
    /// Where it acts.
    pub site: Option<String>,
    /// Whether that is the source, the target or the operator's machine.
    pub on: Side,
    /// On which hosts, for ssh.
    pub hosts: Option<HostsOnPaper>,
    /// What it does.
    pub action: ActionOnPaper,
    /// Already so? Then it is not done again.
    pub done_if: Option<ProbeOnPaper>,
    /// Proof that it worked.
    pub verify: Option<ProbeOnPaper>,
    /// The way back.
    pub undo: Option<ActionOnPaper>,
    /// What a person is asked when the effect can't be proven.
    pub attest: Option<String>,
    /// Asks for the log position and its age.
    pub position: Option<ProbeOnPaper>,
    /// What it uses, as chosen: `service:bastion@ansan`, `kit:sealed-credentials`.
    pub uses: Vec<String>,
    /// Steps and gates that come before it. Sorted.
    pub after: Vec<String>,
    /// When it is expected to start.
    pub start_ms: Millis,
    /// How long it is expected to take.
    pub duration_ms: Millis,
    /// Where that figure came from.
    pub duration_from: DurationFrom,
    /// What takes longer than this is late: three of four finished runs were faster. None where there are too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_after_ms: Option<Millis>,
    /// Limits of every attempt.
    pub limits: StepLimits,
    /// How it spreads over its hosts.
    pub batch: Option<BatchOnPaper>,
    /// There is no way back.
    pub irreversible: bool,
    /// A host that can't be reached counts as done.
    pub unreachable_ok: bool,
    /// Urgency: the position of its tier, 0 first.
    pub class: u8,
    /// What it claims of the pools while it runs.
    pub claims: Vec<ClaimOnPaper>,
    /// What is so when it is done.
    pub effect: Option<Effect>,
}

/// Where a step acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// On the replica that is left.
    Source,
    /// On the replica that takes over, or on the one that changes.
    Target,
    /// On the operator's machine, or by a person.
    Operator,
}

/// What is so when a step is done, as far as users and the ledger are concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Effect {
    /// The replica runs, and holds the room that it will need. Taken when the step starts.
    Holds {
        /// At which level.
        level: Level,
        /// For which share of users.
        share: Ppm,
    },
    /// The replica serves at this level and for this share of users.
    Serves {
        /// At which level.
        level: Level,
        /// For which share of users.
        share: Ppm,
    },
    /// The replica no longer serves.
    Ends,
    /// The replica can never act again until a person lets it.
    Fenced,
    /// The replica is the writer.
    Writer,
    /// The replica may act again as it did before it was fenced: it is the writer where it was, and serves so much.
    Unfenced {
        /// At which level.
        level: Level,
        /// For which share of users; nothing where it served nobody.
        share: Ppm,
    },
}

/// Hosts, and how to reach them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostsOnPaper {
    /// `as-db-[01-03]`.
    pub set: String,
    /// How many.
    pub count: u64,
    /// The user to log in as, where one was declared.
    pub user: Option<String>,
    /// Where a host is; may name `host`.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Bastions to go through, in the order in which they are tried: `bastion@ansan`.
    pub jump: Vec<String>,
}

/// A bastion that hosts are reached through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BastionOnPaper {
    /// `bastion@ansan`, as it stands where hosts jump.
    pub name: String,
    /// Where it is; any of its hosts will do.
    pub hosts: HostsOnPaper,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum ActionOnPaper {
    /// A command on hosts; may name `host`, `host-address` and `run`.
    Ssh {
        /// The command line.
        line: String,
        /// Secrets by reference.
        env: Vec<(String, String)>,
    },
    /// A command on the operator's machine.
    Exec {
        /// The command line.
        line: String,
        /// Secrets by reference.
        env: Vec<(String, String)>,
    },
    /// One request.
    Http(HttpOnPaper),
    /// Shift a route.
    Route(RouteOnPaper),
    /// Change how long the answers of a route may be kept.
    Ttl(TtlOnPaper),
    /// Launch capacity.
    Scale {
        /// Who launches.
        provider: String,
        /// Up to how much, by resource, in thousandths.
        to: Vec<(String, u64)>,
        /// Of an auto-scaling group: how many instances it is to have in all, for whomever. Nothing for all other kinds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instances: Option<u64>,
    },
    /// A person does or decides something.
    Confirm {
        /// The question.
        question: String,
    },
    /// Tell somebody.
    Notify {
        /// What it says.
        message: String,
        /// `webhook env:NAME` or `command …`.
        via: String,
    },
    /// A probe that must pass.
    Wait(ProbeOnPaper),
    /// A person fetches a kit.
    Fetch {
        /// Which.
        kit: String,
        /// Where it still is.
        held_at: Vec<String>,
    },
}

impl ActionOnPaper {
    /// Whether it is done on the hosts of its step, and not about them.
    #[must_use]
    pub fn is_on_hosts(&self) -> bool {
        match self {
            Self::Ssh { .. } => true,
            Self::Wait(probe) => probe.ask.is_on_hosts(),
            Self::Exec { .. } | Self::Http(_) | Self::Route(_) | Self::Ttl(_) | Self::Scale { .. } => false,
            Self::Confirm { .. } | Self::Notify { .. } | Self::Fetch { .. } => false,
        }
    }

    /// Every secret that it names, by reference.
    #[must_use]
    pub fn references(&self) -> Vec<&str> {
        match self {
            Self::Ssh { env, .. } | Self::Exec { env, .. } => env.iter().map(|(_, from)| from.as_str()).collect(),
            Self::Http(http) => http.references(),
            Self::Notify { via, .. } => via.strip_prefix("webhook ").into_iter().collect(),
            Self::Wait(probe) => probe.ask.references(),
            Self::Route(_) | Self::Ttl(_) | Self::Scale { .. } => Vec::new(),
            Self::Confirm { .. } | Self::Fetch { .. } => Vec::new(),
        }
    }
}

/// A question that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProbeOnPaper {
    /// What is asked: ssh, exec or http.
    pub ask: Box<ActionOnPaper>,
    /// The output must contain this.
    pub expect_output: Option<String>,
    /// How long it may take until it passes.
    pub within_ms: Option<Millis>,
    /// How many times in a row it must pass.
    pub times: u32,
}

/// Where the duration of a step came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DurationFrom {
    /// Its author, with what the author says of it.
    Expect(Option<String>),
    /// Nobody said: the default for its kind of action.
    Default,
    /// The cache's own figure.
    Cache,
    /// TTL, ramp and the herd's admission rate.
    Route,
    /// The cloud's own figure.
    Launch,
    /// What a person takes.
    Person,
    /// Finished runs.
    History,
}

/// Limits of a step. Nothing in a plan is without limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepLimits {
    /// When an attempt is given up.
    pub timeout_ms: Millis,
    /// How often it may be tried.
    pub attempts: u32,
    /// Between two attempts.
    pub backoff_ms: Millis,
    /// How a privileged command is killed.
    pub kill: Option<String>,
}

/// How a step spreads over its hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BatchOnPaper {
    /// At most this many hosts at once.
    pub parallel: u32,
    /// The share of hosts that is enough.
    pub enough: Ppm,
}

/// What something claims of a pool while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClaimOnPaper {
    /// Which pool.
    pub pool: String,
    /// How much of it.
    pub amount: u32,
}

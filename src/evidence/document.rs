//! All that is found out of one run, as text and integers: `report --json` prints exactly this.
//!
//! Instants are told twice where they matter: in milliseconds since the Unix epoch, and from T=0, which is when the run was
//! opened. The journal does not know when somebody declared the incident; how long before it began is the plan's.

use serde::Serialize;

use crate::evidence::Coverage;
use crate::evidence::Decision;
use crate::evidence::EpochSeen;
use crate::evidence::HoldSeen;
use crate::evidence::Jump;
use crate::evidence::Moment;
use crate::evidence::Owed;
use crate::evidence::SiteSealed;
use crate::evidence::StepSaid;
use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Level;
use crate::plan::ScopeOnPaper;
use crate::run::Position;
use crate::run::Stamp;
use crate::run::Who;

/// The format that this version writes.
pub const FORMAT: u32 = 1;

/// All that a journal proves about a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    /// The version of this document.
    pub format: u32,
    /// The name of the run.
    pub run: String,
    /// The digest of the plan.
    pub plan: String,
    /// The run that this one succeeds.
    pub parent: Option<String>,
    /// The project's title.
    pub title: String,
    /// The project's timezone, an IANA name.
    pub timezone: String,
    /// What was affected.
    pub scopes: Vec<ScopeOnPaper>,
    /// How long before its declaration it began, where somebody said so.
    pub began_before_ms: Option<Millis>,
    /// When the run was opened: T=0.
    pub opened: Stamp,
    /// The last entry.
    pub last: Stamp,
    /// From the first entry to the last.
    pub took_ms: Millis,
    /// How many entries there are.
    pub entries: u64,
    /// The digest of the last entry, where whoever asked knew it: with it, kept elsewhere, the whole journal can be proven.
    pub head: Option<String>,
    /// How it ended, or stands.
    pub stands: Stands,
    /// When the first tier was back; none where the plan brings nothing back.
    pub first: Option<FirstTier>,
    /// Every service that the plan was to bring back, in the order of the plan.
    pub services: Vec<ServiceAttained>,
    /// What may have been lost of each writer that was to be promoted.
    pub data: Vec<DataAttained>,
    /// What became of the steps.
    pub coverage: Coverage,
    /// What hosts said, step by step, in the order of the plan.
    pub hosts: Vec<StepSaid>,
    /// What people decided, and why.
    pub decisions: Vec<Decision>,
    /// When nothing new was started.
    pub holds: Vec<HoldSeen>,
    /// Fences that stand on a person's word.
    pub owed: Vec<Owed>,
    /// Sites that were not to be trusted any more.
    pub sealed: Vec<SiteSealed>,
    /// Who held the pen.
    pub epochs: Vec<EpochSeen>,
    /// Where the clock of the machine jumped.
    pub jumps: Vec<Jump>,
    /// All entries, one after the other.
    pub timeline: Vec<Moment>,
}

/// How a run ended, or stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Stands {
    /// Every step is done or skipped, and every gate open.
    Done,
    /// A person ended it.
    Cancelled,
    /// Another plan took over.
    Succeeded {
        /// The digest of that plan.
        plan: String,
    },
    /// It is not over, and holds.
    Held,
    /// It is not over, and its process went away and said so.
    Left,
    /// It is not over. The journal can't say whether anybody still acts.
    Going,
}

/// When the first tier was back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FirstTier {
    /// Its name.
    pub tier: String,
    /// For people.
    pub title: String,
    /// How many of its services were to come back.
    pub services: u64,
    /// How many of them are back.
    pub back: u64,
    /// The most urgent promise among them.
    pub objective_ms: Option<Millis>,
    /// When the plan expected the last of them.
    pub expected_ms: Option<Millis>,
    /// When the last of them was back.
    pub back_ms: Option<Millis>,
    /// Which that was.
    pub last: Option<String>,
    /// Against each service's own promise: missed where one of them is.
    pub verdict: Verdict,
    /// Where the time went until then.
    pub spent: Vec<Part>,
}

/// What was attained against what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Within the promise.
    Met,
    /// It is there, and nobody promised anything.
    NoPromise,
    /// It is not there yet, and the promise is not over.
    Open,
    /// Beyond the promise, or not at all.
    Missed,
    /// Nobody can say.
    Unknown,
}

/// What was attained for one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceAttained {
    /// Its name.
    pub id: String,
    /// For people.
    pub title: String,
    /// The most urgent tier of all that need it.
    pub tier: String,
    /// The promise on downtime.
    pub objective_ms: Option<Millis>,
    /// When the plan expected it back.
    pub expected_ms: Option<Millis>,
    /// When it was back for good at its floor or better, for all whom the plan admits: its RTA. None while it is not.
    pub back_ms: Option<Millis>,
    /// Against its promise.
    pub verdict: Verdict,
    /// Who serves which share of its users now, at which level.
    pub serving: Vec<Stood>,
    /// Where the time went until it was back. Adds up to `back-ms`.
    pub spent: Vec<Part>,
    /// What released what, from T=0 until it was back.
    pub path: Vec<Leg>,
    /// The same as the plan had it.
    pub planned_path: Vec<PlannedLeg>,
}

/// Who serves a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stood {
    /// Where.
    pub site: String,
    /// At which level.
    pub level: Level,
    /// For which share of the users.
    pub share: Ppm,
}

/// What time went into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Steps that ran, in the attempt that counted.
    Running,
    /// The slowest quarter of the hosts, while all others had ended.
    SlowHosts,
    /// Proofs that it works.
    Proof,
    /// People: gates, confirmations, and failed steps that waited for a decision.
    People,
    /// Attempts that did not count, and the rest between them.
    Retries,
    /// Finding out what became of what nobody heard back from.
    Doubt,
    /// Its turn had come, and pools or slots were taken.
    Room,
    /// The run was held.
    Held,
    /// Nobody held the pen.
    Nobody,
}

/// So much time went into this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Part {
    /// Into what.
    pub on: On,
    /// How much.
    pub ms: Millis,
}

/// One link of the chain of what released what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Leg {
    /// A step or a gate.
    pub id: String,
    /// When the link before it was over.
    pub from_ms: Millis,
    /// When it was over.
    pub to_ms: Millis,
    /// How long the plan expected it to take.
    pub planned_ms: Millis,
    /// How many attempts there were; 0 for a gate.
    pub attempts: u32,
    /// Where its time went.
    pub spent: Vec<Part>,
    /// The hosts that ended last, where some were slow.
    pub slowest: Vec<String>,
}

/// One link of the chain as the plan had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlannedLeg {
    /// A step or a gate.
    pub id: String,
    /// When it was to start.
    pub from_ms: Millis,
    /// When it was to end.
    pub to_ms: Millis,
}

/// What may have been lost of one writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DataAttained {
    /// Whose.
    pub service: String,
    /// Where it was to be promoted.
    pub site: String,
    /// The gate that judged it.
    pub gate: String,
    /// The promise.
    pub objective_ms: Option<Millis>,
    /// How far behind the copy could be, as declared.
    pub declared_ms: Option<Millis>,
    /// What was seen, by host.
    pub seen: Vec<Position>,
    /// Who let it pass.
    pub by: JudgedBy,
    /// So much may be lost: its RPA. None where nobody can say.
    pub lost_ms: Option<Millis>,
    /// Against the promise.
    pub verdict: Verdict,
}

/// Who let data loss pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum JudgedBy {
    /// What was seen was within the promise.
    Seen,
    /// A person.
    Person {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// Nobody yet: it was not promoted.
    Nobody,
}

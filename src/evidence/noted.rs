//! The lists in what a journal proves: what became of the steps, what people decided, what was held, owed and sealed, who
//! held the pen, and all entries in order. Data only.

use serde::Serialize;

use crate::model::Millis;
use crate::run::Stamp;
use crate::run::Who;

/// What became of the steps: their names, each in the order of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Coverage {
    /// How many steps the plan has.
    pub steps: u64,
    /// They ran, and ended well.
    pub ran: Vec<String>,
    /// It was so before.
    pub already_so: Vec<String>,
    /// Nobody heard back, and a probe found that it is so.
    pub found: Vec<String>,
    /// A person was asked, and did it.
    pub confirmed: Vec<String>,
    /// A person did it in place of the step.
    pub by_hand: Vec<String>,
    /// Messages that did not get through, or of which nobody can say; what follows went on.
    pub untold: Vec<String>,
    /// A person let what follows go on without it.
    pub skipped: Vec<String>,
    /// They failed, and wait for a person.
    pub failed: Vec<String>,
    /// Nobody knows what became of them.
    pub in_doubt: Vec<String>,
    /// They were begun, and are not over.
    pub under_way: Vec<String>,
    /// Never begun.
    pub never_reached: Vec<String>,
}

/// Something that a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// When.
    pub at: Stamp,
    /// From T=0.
    pub t_ms: Millis,
    /// Who.
    pub by: Who,
    /// What: `approved`, `skipped`, `marked done`.
    pub what: String,
    /// About which step, gate or site; none where it is about the run.
    pub about: Option<String>,
    /// Why, in their words.
    pub reason: String,
    /// They took something on themselves that the plan would have had proven, done or waited for.
    pub overrides: bool,
}

/// How the last attempt of a step ended on its hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepSaid {
    /// Its name.
    pub step: String,
    /// Which attempt.
    pub attempt: u32,
    /// Its hosts, those that ended alike and said the same together, the larger groups first.
    pub alike: Vec<HostsSaid>,
}

/// Hosts that ended alike and said the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostsSaid {
    /// Which: `pg-msg-[007-008]`.
    pub hosts: String,
    /// How many.
    pub count: u64,
    /// How they ended.
    pub how: String,
    /// It went well.
    pub well: bool,
    /// What each of them printed, masked and cut.
    pub said: String,
}

/// When nothing new was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HoldSeen {
    /// From T=0.
    pub from_ms: Millis,
    /// None while it holds.
    pub to_ms: Option<Millis>,
    /// Why.
    pub why: String,
    /// Who wanted it, where somebody did.
    pub by: Option<Who>,
    /// Who let it go on.
    pub resumed_by: Option<Who>,
}

/// A fence that stands on a person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Owed {
    /// The gate that was opened on it.
    pub gate: String,
    /// Whose old writer.
    pub service: Option<String>,
    /// Where.
    pub site: String,
    /// Who attested it; none where that was in an earlier run.
    pub by: Option<Who>,
    /// What they said.
    pub reason: String,
    /// When, from T=0.
    pub t_ms: Millis,
    /// Somebody released the site since.
    pub collected: bool,
}

/// A site that was not to be trusted any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SiteSealed {
    /// Which.
    pub site: String,
    /// Since when, from T=0.
    pub t_ms: Millis,
    /// Who trusted it again.
    pub released_by: Option<Who>,
    /// Why.
    pub reason: Option<String>,
}

/// Who held the pen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct EpochSeen {
    /// How often it had been taken.
    pub epoch: u32,
    /// Who.
    pub by: Who,
    /// From T=0.
    pub from_ms: Millis,
    /// Their last entry.
    pub to_ms: Millis,
    /// Whether they said that they leave.
    pub left: bool,
    /// How long nobody wrote before them: at most so long nobody acted.
    pub gap_ms: Millis,
    /// What was in flight when they took it.
    pub in_flight: Vec<String>,
}

/// The clock of the machine jumped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Jump {
    /// When that was noticed, from T=0.
    pub t_ms: Millis,
    /// By how much, forwards.
    pub forwards_ms: Millis,
    /// By how much, backwards.
    pub backwards_ms: Millis,
}

/// One entry of the journal, in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Moment {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Stamp,
    /// From T=0.
    pub t_ms: Millis,
    /// What kind of entry.
    pub what: String,
    /// About which step, gate or site; none where it is about the run.
    pub about: Option<String>,
    /// Which attempt.
    pub attempt: Option<u32>,
    /// The person, where one did it.
    pub by: Option<Who>,
    /// The reason that they gave, or how it ended.
    pub note: Option<String>,
}

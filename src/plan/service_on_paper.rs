//! What a plan does with each service: from where to where, when, and because of what.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Because;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::LevelBecause;
use crate::placement::Raise;
use crate::placement::Rejection;

/// What a plan does with one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceOnPaper {
    /// Its name.
    pub id: String,
    /// For people.
    pub title: String,
    /// Who answers for it.
    pub owner: String,
    /// As declared.
    pub tier: String,
    /// The most urgent tier of all that need it.
    pub effective_tier: String,
    /// Why it was raised, where it was.
    pub raised: Option<Raise>,
    /// What the incident does to it.
    pub impact: Impact,
    /// Who served before.
    pub from: Vec<Assignment>,
    /// Who serves when the plan is done.
    pub to: Vec<Target>,
    /// The level that it ends at, and why not full.
    pub level: Level,
    /// What users notice below full: "text only".
    pub note: Option<String>,
    /// Why it ends below full.
    pub level_because: Option<LevelBecause>,
    /// The share of users that it can admit when the plan is done.
    pub admits: Ppm,
    /// Candidates that were not taken.
    pub rejected: Vec<Rejected>,
    /// What it needs and nobody can bring back.
    pub stranded_by: Vec<String>,
    /// Recovered together with these, since each needs the other.
    pub together_with: Vec<String>,
    /// How service returns: each time with the level and share from then on; the first is T=0.
    pub milestones: Vec<Milestone>,
    /// When it is back at its floor or better for everyone that it will admit.
    pub expected_back_ms: Option<Millis>,
    /// The same with every person answering at once.
    pub without_people_ms: Option<Millis>,
    /// When it is at its full level.
    pub expected_full_ms: Option<Millis>,
    /// The promise on downtime.
    pub objective_ms: Option<Millis>,
    /// No schedule brings it back earlier.
    pub bound_ms: Option<Millis>,
    /// Data that may be lost, as far as declared lag says; none where nothing is promoted.
    pub data_loss: Option<DataLoss>,
    /// What it waited for, from T=0 until it was back: steps and gates.
    pub critical_path: Vec<Link>,
}

/// Who served before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Assignment {
    /// Where.
    pub site: String,
    /// `active`, `hot`, `warm` or `cold`.
    pub role: String,
    /// Which share of the users.
    pub share: Ppm,
    /// Whether it still serves after the incident.
    pub survives: bool,
}

/// Who serves when the plan is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    /// Where.
    pub site: String,
    /// What it was before.
    pub role: String,
    /// The level that it comes back at.
    pub first_level: Level,
    /// The level that it ends at.
    pub level: Level,
    /// The share of users that it serves when it comes back.
    pub first_share: Ppm,
    /// The share of users that it ends with.
    pub share: Ppm,
    /// Why there, and why so.
    pub because: Vec<Because>,
}

/// A candidate that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rejected {
    /// Where.
    pub site: String,
    /// Why not.
    pub because: Rejection,
}

/// From when on a service does how much for how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Milestone {
    /// From when on.
    pub at_ms: Millis,
    /// At which level.
    pub level: Level,
    /// For which share of users.
    pub share: Ppm,
}

/// Data that a promotion may lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DataLoss {
    /// Where it is promoted.
    pub site: String,
    /// How far that copy may be behind; unknown where nothing was declared.
    pub at_most_ms: Option<Millis>,
    /// The promise.
    pub objective_ms: Option<Millis>,
}

/// One link of a chain of waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Link {
    /// A step or a gate.
    pub id: String,
    /// When it starts.
    pub start_ms: Millis,
    /// When it ends.
    pub end_ms: Millis,
    /// Why it did not start earlier.
    pub waited_for: WaitedFor,
}

/// Why something did not start earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitedFor {
    /// It starts at T=0.
    Nothing,
    /// For the link before it.
    Before,
    /// For a pool that the link before it held.
    Pool(String),
    /// For what is kept of a pool for the first tier.
    Kept(String),
}

//! Where a run stands, as data: what `status --json` prints, and what the screen of a run is drawn from.
//!
//! The shape is a promise, and stands in `docs/status.schema.json`. Instants are milliseconds since T=0, when the run was
//! opened. Nothing is found out here.

use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Impact;
use crate::plan::Level;
use crate::plan::ScopeOnPaper;
use crate::run::Position;
use crate::run::Who;

/// The format that this version prints.
pub const STATUS_FORMAT: u32 = 1;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// The version of this shape.
    pub format: u32,
    /// The name of the run.
    pub run: String,
    /// The digest of its plan.
    pub plan: String,
    /// The project's title.
    pub title: String,
    /// What is affected.
    pub scopes: Vec<ScopeOnPaper>,
    /// T=0, in milliseconds since the Unix epoch.
    pub opened_unix_ms: u64,
    /// How long ago that is.
    pub clock_ms: Millis,
    /// The last entry of the journal that this is made from.
    pub entry: u64,
    /// `going`, `held`, `cancelled`, `yielding`; or `done`, `ended`, `succeeded` once it is over.
    pub is: &'static str,
    /// Who wanted that, where somebody did.
    pub by: Option<Who>,
    /// Why it is so, where it is not simply going on.
    pub why: Option<String>,
    /// Its process left or died, and nobody acts for it.
    pub left: bool,
    /// Who acts for it; nobody where its process is gone.
    pub holder: Option<Who>,
    /// What else a reader must know: that the journal was torn, that nobody acts.
    pub notes: Vec<String>,
    /// How many steps stand where.
    pub steps: StepCounts,
    /// The first tier.
    pub lifeline: LifelineNow,
    /// What wants an answer from a person.
    pub questions: Vec<Question>,
    /// What failed, was refused, or is in doubt.
    pub troubles: Vec<Trouble>,
    /// Tiers, the most urgent first.
    pub tiers: Vec<TierNow>,
    /// Services in the order of the plan.
    pub services: Vec<ServiceNow>,
    /// Fences that were attested and not proven.
    pub debts: Vec<DebtNow>,
    /// Sites that nobody may trust yet.
    pub quarantined: Vec<String>,
}

impl Status {
    /// Nobody acts for a run that is not over: it can be taken up, and nothing that it would have to hear is offered.
    pub fn forsaken(&mut self) {
        (self.left, self.holder) = (true, None);
        let questions = self.questions.iter_mut().map(|question| &mut question.commands);
        let troubles = self.troubles.iter_mut().map(|trouble| &mut trouble.commands);
        questions.chain(troubles).for_each(Vec::clear);
        self.notes.push(format!("NOBODY ACTS for this run: `bonghwa resume {}` goes on with it", self.run));
    }
}

/// How many steps stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepCounts {
    /// All of the plan.
    pub all: usize,
    /// Done.
    pub done: usize,
    /// A person let what follows go on without them.
    pub skipped: usize,
    /// In flight, between two attempts, or with a person.
    pub under_way: usize,
    /// They failed, or are in doubt, and wait for a person.
    pub failed: usize,
    /// Their turn has not come.
    pub waiting: usize,
}

/// The first tier of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LifelineNow {
    /// What it is, for people.
    pub title: String,
    /// How many of its services are to come back.
    pub all: usize,
    /// How many are.
    pub back: usize,
    /// When the last of them is back: really, or as far as that can be told.
    pub expected_back_ms: Option<Millis>,
    /// The strictest promise among them.
    pub objective_ms: Option<Millis>,
}

/// Something that wants an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Question {
    /// The gate or the step.
    pub id: String,
    /// `approval`, `fence`, `data loss`, `health`, `break glass`, or `task`.
    pub kind: &'static str,
    /// Whose.
    pub service: Option<String>,
    /// What is asked.
    pub question: String,
    /// What was seen behind a data-loss gate.
    pub seen: Vec<Position>,
    /// When it was asked.
    pub asked_ms: Millis,
    /// How long it has been waiting.
    pub for_ms: Millis,
    /// How many steps wait for it.
    pub behind: usize,
    /// The services of those.
    pub keeps_back: Vec<String>,
    /// The commands that answer it; none while nobody acts.
    pub commands: Vec<String>,
}

/// Something that went wrong, or that nobody knows the end of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Trouble {
    /// The step or the gate.
    pub id: String,
    /// For people.
    pub title: String,
    /// Whose.
    pub service: Option<String>,
    /// `failed`, `in doubt`, `rejected` or `timed out`.
    pub is: &'static str,
    /// Why.
    pub why: String,
    /// What it last said.
    pub said: String,
    /// How its last attempt ended on its hosts, those that ended alike and said the same together.
    pub hosts: Vec<HostsSaid>,
    /// Which attempt it was; 0 for a gate.
    pub attempt: u32,
    /// Since when.
    pub since_ms: Millis,
    /// How long ago that is.
    pub for_ms: Millis,
    /// How many steps wait for it.
    pub behind: usize,
    /// The services of those.
    pub keeps_back: Vec<String>,
    /// What can be done about it; nothing while nobody acts.
    pub commands: Vec<String>,
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
    /// What each of them printed, masked and cut.
    pub said: String,
    /// All of this in one line.
    #[serde(skip)]
    pub line: String,
}

/// A tier in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TierNow {
    /// Its name.
    pub tier: String,
    /// For people.
    pub title: String,
    /// How many of its services stand where.
    pub services: ProgressCounts,
}

/// How many services stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProgressCounts {
    /// Something failed, and nothing of them moves.
    pub blocked: usize,
    /// They are being brought back.
    pub under_way: usize,
    /// Their turn has not come.
    pub waiting: usize,
    /// All is over, and they are not back.
    pub short: usize,
    /// They are back.
    pub back: usize,
    /// They give way to others.
    pub give_way: usize,
    /// They serve all the time.
    pub throughout: usize,
    /// They have nowhere to go.
    pub nowhere: usize,
}

/// Where one service stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceNow {
    /// Its name.
    pub id: String,
    /// For people.
    pub title: String,
    /// The tier that it is recovered with.
    pub tier: String,
    /// What the incident did to it.
    pub impact: Impact,
    /// `blocked`, `under way`, `waiting`, `not back`, `back`, `gives way`, `serves` or `nowhere`.
    pub is: &'static str,
    /// The lowest level of those who serve.
    pub level: Level,
    /// The share of users that they serve.
    pub share: Ppm,
    /// Since when that is so.
    pub since_ms: Millis,
    /// Since when it serves all whom it will admit.
    pub back_ms: Option<Millis>,
    /// When it is back: really, or as far as that can be told.
    pub expected_back_ms: Option<Millis>,
    /// When it should be, by the plan.
    pub planned_back_ms: Option<Millis>,
    /// The promise on downtime.
    pub objective_ms: Option<Millis>,
    /// Since when it is at its full level.
    pub full_ms: Option<Millis>,
    /// What is being done.
    pub working: Vec<Work>,
    /// What its next steps wait for.
    pub waits_for: Vec<String>,
    /// The nearest things before its steps that only a person can clear away.
    pub blocked_by: Vec<String>,
    /// How many steps and gates it has.
    pub steps: usize,
    /// How many of those are over.
    pub over: usize,
}

/// A step that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Work {
    /// The step or gate.
    pub id: String,
    /// `checking`, `running`, `asked`, `verifying`, `stopping`, `in doubt` or `resting`.
    pub is: &'static str,
    /// Which attempt.
    pub attempt: u32,
    /// How long it has been at it.
    pub for_ms: Millis,
    /// How long it is expected to take.
    pub expected_ms: Millis,
    /// How long it rests still, between two attempts.
    pub rests_ms: Option<Millis>,
}

/// A fence that was attested and not proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DebtNow {
    /// The gate that was opened on a person's word.
    pub gate: String,
    /// Whose old writer.
    pub service: Option<String>,
    /// Where.
    pub site: String,
    /// Who attested it; none where that was in an earlier run.
    pub by: Option<Who>,
}

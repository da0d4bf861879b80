//! What people ask of a run that is going on, from another terminal: `approve`, `reject`, `retry`, `skip`, `mark-done`,
//! `hold`, `cancel`. They are one file, because they differ in a word. Whether it may be is decided by the run alone.

use clap::Args;
use clap::Subcommand;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::going::Going;
use crate::cli::named;
use crate::cli::named::Among;
use crate::cli::past_runs;
use crate::cli::project;
use crate::cli::reason::reason;
use crate::cli::store;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::report::gate;
use crate::report::words;
use crate::run::Command;

const APPROVE: &str = "\
A part of a name is enough where it fits no other.
What a fence could not prove, and what data may be lost, needs a reason; it is asked for on a terminal.

Examples:
  bonghwa approve start
  bonghwa approve fence:message-store@pangyo --reason 'its power was cut at 03:20, seen by Mina'";
const REJECT: &str = "\
Nothing behind it goes on. `bonghwa retry WHAT` asks again.

Examples:
  bonghwa reject data-loss:message-store@ansan --reason 'the other copy is newer'";
const RETRY: &str = "\
Examples:
  bonghwa retry message-store/verify@ansan
  bonghwa retry data-loss:message-store@ansan       asks a gate again that was rejected, or timed out";
const SKIP: &str = "\
It stays skipped, never done. What fences a writer or makes one can't be skipped.

Examples:
  bonghwa skip photos/warm@south --reason 'its cache may fill by itself'";
const MARK_DONE: &str = "\
For what a person did by hand, or knows to be so. A fence can't be marked done: approve its gate.

Examples:
  bonghwa mark-done session/start@south --reason 'started by hand, and looked at'";
const HOLD: &str = "\
What runs goes on to its end, and so does a writer's move that has begun. `bonghwa resume` lets the run go on.

Examples:
  bonghwa hold --reason 'waiting for the network team'";
const CANCEL: &str = "\
What runs is ended and looked at, a writer's move that has begun is finished, and then the run is over.

Examples:
  bonghwa cancel --reason 'pangyo is back'";

/// What people ask of a run that is going on.
#[derive(Debug, Subcommand)]
pub(crate) enum Answer {
    /// Say yes to a gate, or to what a person was asked to do
    #[command(after_help = APPROVE)]
    Approve(WhatArgs),
    /// Say no to it
    #[command(after_help = REJECT)]
    Reject(WhatArgs),
    /// Try a failed step again, or ask a gate again
    #[command(after_help = RETRY)]
    Retry(WhatArgs),
    /// Let what follows go on without a step
    #[command(after_help = SKIP)]
    Skip(StepArgs),
    /// Say that a step is done, because a person did it
    #[command(after_help = MARK_DONE)]
    MarkDone(StepArgs),
    /// Start nothing new
    #[command(after_help = HOLD)]
    Hold(SaidArgs),
    /// End what runs, and then the run
    #[command(after_help = CANCEL)]
    Cancel(SaidArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WhatArgs {
    /// A gate or a step: its name, or a part of it that fits no other
    what: String,
    #[command(flatten)]
    said: SaidArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StepArgs {
    /// A step: its name, or a part of it that fits no other
    step: String,
    #[command(flatten)]
    said: SaidArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SaidArgs {
    /// Why, for whoever reads the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Which run [default: the one that is going on]
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

/// Asks the run, and says what came of it.
pub(crate) fn run(answer: &Answer, door: &Door) -> Result<Exit, CommandError> {
    let root = project::folder(door)?;
    let said = match answer {
        Answer::Approve(args) | Answer::Reject(args) | Answer::Retry(args) => &args.said,
        Answer::Skip(args) | Answer::MarkDone(args) => &args.said,
        Answer::Hold(said) | Answer::Cancel(said) => said,
    };
    let going = Going::find(&root, said.run.as_deref())?;
    let named = Named::of(answer, &going, door)?;
    let what = || named.name.clone();
    let (command, done) = match answer {
        Answer::Approve(_) => (Command::Approve { what: what() }, format!("approved {}", what())),
        Answer::Reject(_) => (Command::Reject { what: what() }, format!("rejected {}", what())),
        Answer::Retry(_) => (Command::Retry { what: what() }, format!("{} is tried again", what())),
        Answer::Skip(_) => (Command::Skip { step: what() }, format!("skipped {}", what())),
        Answer::MarkDone(_) => (Command::MarkDone { step: what() }, format!("marked {} as done", what())),
        Answer::Hold(_) => (Command::Hold, "nothing new starts; `bonghwa resume` lets it go on".to_owned()),
        Answer::Cancel(_) => {
            (Command::Cancel, "what runs is being ended; `bonghwa status --follow` shows it".to_owned())
        }
    };
    let why = reason(said.reason.as_deref(), named.needs_reason, &named.about)?;
    going.ask(command, &why)?;
    door.ui.status(&format!("run {}: {done}", going.name));
    Ok(Exit::Done)
}

/// What an answer is about.
#[derive(Debug, Default)]
struct Named {
    /// Its whole name; empty where it is about the run.
    name: String,
    needs_reason: bool,
    /// What somebody should read before they say why.
    about: Vec<String>,
}

impl Named {
    fn of(answer: &Answer, going: &Going, door: &Door) -> Result<Self, CommandError> {
        let (among, typed, always) = match answer {
            Answer::Approve(args) => (Among::Questions, &args.what, false),
            Answer::Reject(args) => (Among::Questions, &args.what, true),
            Answer::Retry(args) => (Among::All, &args.what, false),
            Answer::Skip(args) | Answer::MarkDone(args) => (Among::Steps, &args.step, true),
            Answer::Hold(_) | Answer::Cancel(_) => return Ok(Self::default()),
        };
        let plan = match store::read(&going.folder.join(past_runs::PLAN)) {
            Ok(plan) => plan,
            // The run has its plan in memory: an answer must not be lost because a file was.
            Err(error) => {
                door.ui.status(error.text().trim_end());
                door.ui.status("the name is taken as it was typed");
                return Ok(Self { name: typed.clone(), needs_reason: always, about: vec![typed.clone()] });
            }
        };
        let name = named::find(&plan, among, typed)?;
        let gate = plan.gates.iter().find(|gate| gate.id == name);
        let weighty = matches!(answer, Answer::Approve(_)) && gate.is_some_and(is_weighty);
        Ok(Self { needs_reason: always || weighty, about: about(&plan, gate, &name), name })
    }
}

/// Whether a yes can destroy something that nothing brings back, so that it is never said without a reason.
fn is_weighty(gate: &Gate) -> bool {
    match gate.kind {
        GateKind::Fence { .. } | GateKind::DataLoss { .. } => true,
        GateKind::ApproveStart
        | GateKind::ApproveVictims { .. }
        | GateKind::ApproveIrreversible { .. }
        | GateKind::Health
        | GateKind::BreakGlass { .. } => false,
    }
}

fn about(plan: &Plan, gate: Option<&Gate>, name: &str) -> Vec<String> {
    let title = || plan.steps.iter().find(|step| step.id == name).map(|step| step.title.clone());
    let what = gate.map(gate::ask).or_else(title).unwrap_or_default();
    vec![words::plain(&format!("{name}: {what}"))]
}

//! THE DOOR. Files, the clock and the terminal are touched here and nowhere else; one file per command.

mod answer;
mod check;
mod child;
mod circles;
mod completions;
mod diff;
mod error;
mod evacuate;
pub mod exit;
mod explain;
mod frame;
mod going;
mod graph;
mod handover;
mod incident;
mod init;
pub mod input;
mod judged;
mod known;
mod live;
mod named;
mod names;
mod no;
mod observe;
mod observed;
mod past_runs;
mod plan;
mod preflight;
mod project;
mod question;
mod reason;
mod rehearse;
mod release;
mod replan;
mod report;
mod resume;
mod retreat;
mod routes;
mod run;
mod run_folder;
mod runs;
mod runs_file;
mod schema;
mod scope;
mod screen;
mod settle;
mod shared_hosts;
mod shift;
mod show;
pub mod socket;
mod status;
mod store;
mod topic;
mod typed;
mod ui;
mod watching;
mod way;
pub mod who;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Parser;
use clap::Subcommand;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::ColorWhen;
use crate::cli::ui::Ui;

const AFTER_HELP: &str = "\
Examples:
  bonghwa init my-estate               a small estate to begin with
  bonghwa check                        what is wrong with what is written
  bonghwa plan --lost pangyo           how everything comes back when pangyo is lost
  bonghwa evacuate pangyo              the same, one question, and then the run of it: for 03:12
  bonghwa explain lifeline --lost pangyo
  bonghwa rehearse 4f2a --trials 1000  how the plan 4f2a goes when things go wrong; nothing is touched
  bonghwa preflight 4f2a               whether all that it needs is there; only looked at
  bonghwa run 4f2a                     carry it out; `status` and `approve start` work in other terminals
  bonghwa resume                       go on with a run that holds, or whose process is gone
  bonghwa report                       what was attained, and where the time went

Exit codes: 0 done, 1 something written must be mended, 2 wrong usage, 3 refused, 4 held,
5 failed, 6 in doubt, 7 journal unavailable, 8 pen lost, 70 a bug.";

/// Plans the evacuation of a datacenter, text messages first, proves that the plan can work, and carries it out.
#[derive(Debug, Parser)]
#[command(name = "bonghwa", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
struct Global {
    /// The folder with bonghwa.toml [default: found upward from here]
    #[arg(long, global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Colour: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_possible_values = true)]
    color: ColorWhen,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read everything that is written, and show all findings at once
    Check(check::CheckArgs),
    /// Plan for an incident: what comes back where, in which order, and when
    Plan(plan::PlanArgs),
    /// Show a plan that was made before
    Show(show::ShowArgs),
    /// Compare two plans in the operator's words
    Diff(diff::DiffArgs),
    /// The one command for 03:12: plan, show, ask one question, run
    Evacuate(evacuate::EvacuateArgs),
    /// Look whether all that a plan needs is there; nothing is changed
    Preflight(preflight::PreflightArgs),
    /// Carry out a plan
    Run(run::RunArgs),
    /// Go on with a run that holds, or whose process is gone
    Resume(resume::ResumeArgs),
    /// Rehearse a plan on scripted hands: nothing is touched
    Rehearse(rehearse::RehearseArgs),
    /// Say that a quarantined site can be trusted again, after looking at it
    Release(release::ReleaseArgs),
    /// What a run attained: who was back when, what was lost, what is owed, where the time went
    Report(report::ReportArgs),
    /// List the runs of this project; carry them to another machine and back
    Runs(runs::RunsArgs),
    /// Plan again for a run that goes on, and hand over to the new plan
    Replan(replan::ReplanArgs),
    /// Take a run back: undo what it did, the last step first
    Retreat(retreat::RetreatArgs),
    /// Show where routes lead now, by whom, and against what they should
    Routes(routes::RoutesArgs),
    /// Move the users of one route between sites; asks first
    Shift(shift::ShiftArgs),
    /// Explain a service, a step, the lifeline or a finding's code
    Explain(explain::ExplainArgs),
    /// Show where a run stands, and what can be done
    Status(status::StatusArgs),
    #[command(flatten)]
    Answer(answer::Answer),
    /// Draw what depends on what
    Graph(graph::GraphArgs),
    /// Write a small estate to begin with
    Init(init::InitArgs),
    /// Print completions for a shell
    Completions(completions::CompletionsArgs),
    /// Print the JSON Schema of what people write, of a plan, or of what commands print as JSON
    Schema(schema::SchemaArgs),
}

/// What every command gets: where the project is, and where to write.
#[derive(Debug)]
struct Door {
    /// As given with `--project`.
    project: Option<PathBuf>,
    /// The terminal.
    ui: Ui,
}

/// Reads the arguments, runs one command, and returns the code of the documented table.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        ui::say(&format!("bonghwa has a bug: {panic}"));
        ui::say("  -> please report it with the line above and the command that you typed; nothing was changed");
    }));
    let exit = std::panic::catch_unwind(run).unwrap_or(Exit::Bug);
    exit.into()
}

fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let door = Door { project: cli.global.project, ui: Ui::new(cli.global.color, cli.global.quiet) };
    dispatch(cli.command, &door).unwrap_or_else(|error| Ui::complain(&error))
}

fn dispatch(command: Command, door: &Door) -> Result<Exit, CommandError> {
    match command {
        Command::Check(args) => check::run(&args, door),
        Command::Plan(args) => plan::run(&args, door),
        Command::Show(args) => show::run(&args, door),
        Command::Diff(args) => diff::run(&args, door),
        Command::Evacuate(args) => evacuate::run(&args, door),
        Command::Preflight(args) => preflight::run(&args, door),
        Command::Run(args) => run::run(&args, door),
        Command::Resume(args) => resume::run(&args, door),
        Command::Rehearse(args) => rehearse::run(&args, door),
        Command::Release(args) => release::run(&args, door),
        Command::Replan(args) => replan::run(&args, door),
        Command::Retreat(args) => retreat::run(&args, door),
        Command::Routes(args) => routes::run(&args, door),
        Command::Shift(args) => shift::run(&args, door),
        Command::Report(args) => report::run(&args, door),
        Command::Runs(args) => runs::run(&args, door),
        Command::Explain(args) => explain::run(&args, door),
        Command::Status(args) => status::run(&args, door),
        Command::Answer(answer) => answer::run(&answer, door),
        Command::Graph(args) => graph::run(&args, door),
        Command::Init(args) => init::run(&args, door),
        Command::Completions(args) => completions::run(&args, door),
        Command::Schema(args) => schema::run(&args, door),
    }
}

/// What clap has to say: help was asked for, or the command line was wrong.
fn usage(error: &clap::Error) -> Exit {
    drop(error.print());
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

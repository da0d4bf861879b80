//! `bonghwa run`: a plan that was made is carried out.

use std::fs;
use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::live;
use crate::cli::live::Start;
use crate::cli::live::live;
use crate::cli::observed;
use crate::cli::past_runs;
use crate::cli::preflight;
use crate::cli::project;
use crate::cli::project::Project;
use crate::cli::run_folder;
use crate::cli::store;
use crate::cli::ui::say;
use crate::engine;
use crate::journal::FileJournal;
use crate::journal::Opening;
use crate::plan;
use crate::plan::Plan;
use crate::plan::Violation;
use crate::report::dry_run::dry_run;
use crate::report::violation;
use crate::report::words;
use crate::run::Command;
use crate::run::Event;
use crate::run::Script;

const AFTER_HELP: &str = "\
Every step is written down before it begins, so that after a crash `bonghwa resume` knows what to look for.
The first question is always whether the plan may begin; `bonghwa approve start` answers it from another terminal.
A plan is refused where files or another run have changed since what it starts from: make it again.

Ctrl-C once holds (nothing new starts), twice cancels (what runs is ended), three times leaves.

Examples:
  bonghwa run 4f2a              carry out the plan whose digest begins so
  bonghwa run plan.json         the same, from a file
  bonghwa run 4f2a --dry-run    only print every command, as it would be sent, in order
  bonghwa run 4f2a --no-wait    leave with code 4 instead of waiting for people";

/// Names that are listed before the rest is counted.
const LISTED: usize = 3;
/// Columns for the names of runs in one line.
const NAMES_COLUMNS: usize = 60;
/// Runs that may begin within one minute.
const NAMES_MAX: u32 = 1_000;

/// Carry out a plan.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RunArgs {
    /// A file, or the first letters of the digest of a plan that was kept
    plan: String,
    /// Leave as soon as nothing goes on without a person
    #[arg(long, conflicts_with = "dry_run")]
    no_wait: bool,
    /// Only print what would be done; nothing is executed, and nobody is asked
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: one line for each host, also where many get the same command
    #[arg(long, requires = "dry_run")]
    all: bool,
    /// With --dry-run: print the plan itself, as canonical JSON
    #[arg(long, requires = "dry_run")]
    json: bool,
}

/// Carries a plan out.
pub(crate) fn run(args: &RunArgs, door: &Door) -> Result<Exit, CommandError> {
    if args.dry_run {
        let plan = store::open(project::root(door).as_deref(), &args.plan)?;
        if args.json {
            door.ui.bytes(&store::bytes(&plan)?)?;
        } else {
            door.ui.data(&dry_run(&plan, args.all, door.ui.paint))?;
        }
        return Ok(Exit::Done);
    }
    let project = Project::open(door)?;
    let plan = store::open(Some(&project.root), &args.plan)?;
    preflight::tell_last(Some(&project.root), &plan, door);
    carry_out(&project, plan, Begin { leaves: args.no_wait, ..Begin::default() }, door)
}

/// Carries a plan out, after a look at all that must be so before anything begins.
pub(crate) fn carry_out(project: &Project, plan: Plan, how: Begin, door: &Door) -> Result<Exit, CommandError> {
    is_whole(&plan)?;
    is_current(&plan, project)?;
    is_sound(&plan, project)?;
    nobody_else(&project.root, None)?;
    is_fresh(&plan, project)?;
    is_possible(&plan)?;
    begin(&project.root, plan, how, door)
}

/// How a run begins.
#[derive(Debug, Default)]
pub(crate) struct Begin {
    /// The run that it succeeds.
    pub(crate) parent: Option<String>,
    /// It leaves as soon as nothing goes on without a person.
    pub(crate) leaves: bool,
    /// What is asked of it first, and why.
    pub(crate) first: Option<(Command, String)>,
}

/// Begins the run of a plan that was looked at.
pub(crate) fn begin(root: &Path, plan: Plan, how: Begin, door: &Door) -> Result<Exit, CommandError> {
    let Begin { parent, leaves, first } = how;
    store::keep_out_of_git(root).map_err(unrecorded)?;
    let root = root
        .canonicalize()
        .map_err(|error| CommandError::failed("the folder of the project is gone").because(&error))?;
    let run = free_name(&root, &plan)?;
    let folder = past_runs::folder(&root).join(&run);
    // The pen first: whoever loses the race for it leaves nothing behind.
    let pen = live::pen(&root, &run)?;
    store::private_folder(&folder).map_err(unrecorded)?;
    store::write(&folder.join(past_runs::PLAN), &store::bytes(&plan)?).map_err(unrecorded)?;
    let opening =
        Opening { run: run.clone(), plan: plan.id.clone(), parent, program: env!("CARGO_PKG_VERSION").to_owned() };
    let (journal, entries) = FileJournal::create(&folder, pen, live::now(), opening)
        .map_err(|error| live::unavailable("the journal can't be begun, so nothing was done", &error))?;
    door.ui.status(&format!("run {run}: `bonghwa status {run}` shows it elsewhere"));
    live(Start { root, run, plan, journal, entries, leaves, first }, door)
}

/// Where nothing can be written, nothing is begun.
pub(crate) fn unrecorded(error: CommandError) -> CommandError {
    let mut told = CommandError { exit: Exit::JournalUnavailable, hints: Vec::new(), ..error };
    told.chain.insert(0, "this run can't be recorded, so nothing was done".to_owned());
    told.hint("mend that folder, or copy the project to where it can be written")
}

/// What takes a run back must start from where that run has come to rest.
fn is_whole(plan: &Plan) -> Result<(), CommandError> {
    let Some(retreat) = &plan.retreat else { return Ok(()) };
    let error = CommandError::refused(format!("this plan takes run {} back, and does not run by itself", retreat.run));
    Err(error.hint(format!("`bonghwa retreat {}` settles that run first, and then begins", retreat.run)))
}

/// A plan is good for the files that it was made from.
fn is_current(plan: &Plan, project: &Project) -> Result<(), CommandError> {
    let mut changed: Vec<&str> = Vec::new();
    let is_file = |path: &str| path == "bonghwa.toml" || path.starts_with("topology/") || path.starts_with("runbooks/");
    for source in plan.sources.iter().filter(|source| is_file(&source.path)) {
        if !project.sources.contains(source) {
            changed.push(&source.path);
        }
    }
    let known = |path: &str| plan.sources.iter().any(|source| source.path == path);
    changed.extend(project.sources.iter().map(|source| source.path.as_str()).filter(|path| !known(path)));
    if changed.is_empty() {
        return Ok(());
    }
    let listed = changed.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    let more = changed.len().saturating_sub(LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Err(CommandError::refused(format!("this plan was made from other files than there are now: {listed}{rest}"))
        .hint("plan again; `bonghwa diff OLD NEW` then shows what that changes"))
}

/// A plan starts from where services were when it was made, and from what was trusted then.
fn is_fresh(plan: &Plan, project: &Project) -> Result<(), CommandError> {
    let changed = observed::changed_since(&project.root, &project.loaded.estate, &plan.sources);
    if changed.is_empty() {
        return Ok(());
    }
    let listed = words::fold(&changed, NAMES_COLUMNS);
    Err(CommandError::refused(format!("this plan does not know what was done since it was made: {listed}"))
        .hint("`bonghwa plan` again: the new plan starts from what is so")
        .hint("`bonghwa diff OLD NEW` then shows what that changes"))
}

/// The second pair of eyes looks again: the plan may come from anywhere.
pub(crate) fn is_sound(plan: &Plan, project: &Project) -> Result<(), CommandError> {
    let violations = plan::verify(&project.loaded.estate, plan);
    let destroys: Vec<&Violation> = violations.iter().filter(|violation| violation.destroys()).collect();
    if destroys.is_empty() {
        return Ok(());
    }
    let mut error = CommandError::refused("this plan could destroy something, and is not carried out");
    error.chain.extend(destroys.into_iter().map(violation::violation));
    Err(error.hint("plan again; if the new plan fails in the same way, that is a fault of bonghwa"))
}

/// What can't be done by these hands is told before anything is begun, not at the step that needs it.
pub(crate) fn is_possible(plan: &Plan) -> Result<(), CommandError> {
    Script::new(plan).map_err(|error| CommandError::failed("this plan can't be carried out").because(&error))?;
    let unable = engine::unable(plan);
    if unable.is_empty() {
        return Ok(());
    }
    let mut error = CommandError::refused("this plan asks for what can't be done from here; nothing was begun");
    for (why, steps) in &unable {
        let listed = steps.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
        error.chain.push(format!("{why}: {} ({listed}…)", words::count(steps.len(), "step")));
    }
    Err(error.hint("`bonghwa rehearse PLAN` tries the same plan on scripted hands"))
}

/// Something may still be in flight of a run that was left: it is taken up before another one begins.
pub(crate) fn nobody_else(root: &Path, but: Option<&str>) -> Result<(), CommandError> {
    if let Some(holder) = run_folder::holder(root).filter(|holder| Some(holder.run.as_str()) != but) {
        return Err(live::held_by(&holder));
    }
    for name in past_runs::names(root).into_iter().rev().filter(|name| Some(name.as_str()) != but) {
        let past = match past_runs::open(root, &name) {
            Ok(past) => past,
            Err(error) => {
                say(error.text().trim_end());
                say(&format!("warning: nobody knows whether run {name} ended; look before you approve the start"));
                continue;
            }
        };
        let ended = past.entries.iter().any(|entry| matches!(entry.event, Event::RunEnded { .. }));
        if !ended {
            return Err(CommandError::refused(format!("run {name} has not ended: one run acts at a time"))
                .hint(format!("`bonghwa status {name}` shows where it stands"))
                .hint(format!("`bonghwa resume {name}` goes on with it; Ctrl-C twice then cancels it")));
        }
    }
    Ok(())
}

/// The day and the minute in the project's timezone, and what is lost: people say it to each other.
fn free_name(root: &Path, plan: &Plan) -> Result<String, CommandError> {
    let zone = TimeZone::get(&plan.timezone).unwrap_or(TimeZone::UTC);
    let now = Timestamp::now().to_zoned(zone);
    let place = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let scope = plan.incident.scopes.first().map_or("plan", |scope| scope.scope.as_str());
    let scope: String = scope.chars().take(24).map(place).collect();
    let what = if plan.retreat.is_some() { "retreat-" } else { "" };
    let name = format!("{}-{what}{scope}", now.strftime("%Y%m%d-%H%M"));
    let free = |name: &String| !fs::exists(past_runs::folder(root).join(name)).unwrap_or(false);
    let names = std::iter::once(name.clone()).chain((2..NAMES_MAX).map(|number| format!("{name}-{number}")));
    names.into_iter().find(free).ok_or_else(|| CommandError::failed("found no free name for this run"))
}

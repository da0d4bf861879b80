//! `bonghwa resume`: releases the hold of a run that lives, or takes up one whose process is gone.

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::going::Going;
use crate::cli::live;
use crate::cli::live::Start;
use crate::cli::live::live;
use crate::cli::past_runs;
use crate::cli::past_runs::PastRun;
use crate::cli::project;
use crate::cli::store;
use crate::cli::ui::say;
use crate::journal;
use crate::journal::FileJournal;
use crate::journal::Taken;
use crate::report::words;
use crate::run::Command;
use crate::run::Event;
use crate::run::Script;
use crate::run::State;
use crate::run::Will;
use crate::run::fold;

const AFTER_HELP: &str = "\
A run that lives and holds goes on. A run whose process is gone is taken up by this one: what it had in flight is asked
after on the far side first, and nothing is done a second time that can't be.

Examples:
  bonghwa resume                            the run that has not ended
  bonghwa resume 20261122-0312-pangyo --reason \"the bastion is back\"";

/// Go on with a run.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ResumeArgs {
    /// Its name, or a part of it that fits no other
    run: Option<String>,
    /// Why; it is written down
    #[arg(long, default_value = "")]
    reason: String,
    /// Leave as soon as nothing goes on without a person
    #[arg(long)]
    no_wait: bool,
}

/// Goes on with a run, here or where it lives.
pub(crate) fn run(args: &ResumeArgs, door: &Door) -> Result<Exit, CommandError> {
    let root = project::folder(door)?;
    let root = root
        .canonicalize()
        .map_err(|error| CommandError::failed("the folder of the project is gone").because(&error))?;
    let past = past_runs::find(&root, args.run.as_deref()).map_err(unreadable)?;
    let name = past.name.clone();
    let holder = journal::pen_holder(&root.join(store::OURS))
        .map_err(|error| live::unavailable("could not tell whether the run lives", &error))?;
    if let Some(holder) = holder.filter(|holder| holder.run == name) {
        let by = format!("{} on {}, process {}", holder.by.user, holder.by.host, holder.by.pid);
        if !is_held(&past)? {
            return Err(CommandError::refused(format!(
                "run {name} lives ({by}) and is not held: there is nothing to resume"
            ))
            .hint(format!("`bonghwa status {name}` shows where it stands, and what it waits for")));
        }
        door.ui.status(&format!("run {name} lives ({by}): releasing its hold"));
        Going::find(&root, Some(&name))?.ask(Command::Resume, &args.reason)?;
        door.ui.status(&format!("run {name} goes on"));
        return Ok(Exit::Done);
    }
    if past.entries.iter().any(|entry| matches!(entry.event, Event::RunEnded { .. })) {
        return Err(CommandError::refused(format!("run {name} has ended"))
            .hint(format!("`bonghwa report {name}` tells how it went")));
    }
    take_up(past, root, args, door)
}

/// Whether a run holds, as its journal stands.
fn is_held(past: &PastRun) -> Result<bool, CommandError> {
    let broken = |error: &dyn std::error::Error| {
        CommandError::failed(format!("nobody can say where run {} stands", past.name)).because(error)
    };
    let script = Script::new(&past.plan).map_err(|error| broken(&error))?;
    let mut state = State::new(&script);
    for entry in &past.entries {
        fold(&script, &mut state, entry).map_err(|error| broken(&error))?;
    }
    drop(state.take_touched());
    Ok(matches!(state.will, Will::Held(_)))
}

/// What can't be read can't be gone on with: nobody knows what was begun.
fn unreadable(error: CommandError) -> CommandError {
    if error.exit != Exit::Failed {
        return error;
    }
    CommandError { exit: Exit::JournalUnavailable, ..error }
        .hint("nothing was done, and nothing was changed: look what runs before anything else")
}

fn take_up(past: PastRun, root: std::path::PathBuf, args: &ResumeArgs, door: &Door) -> Result<Exit, CommandError> {
    let PastRun { name, plan, .. } = past;
    let pen = live::pen(&root, &name)?;
    let folder = past_runs::folder(&root).join(&name);
    let taken = FileJournal::take(&folder, pen, live::now())
        .map_err(|error| live::unavailable(&format!("the journal of run {name} can't be taken over"), &error))?;
    let Taken { journal, entries, cut } = taken;
    if let Some(torn) = cut {
        say(&format!(
            "the journal of run {name} ended in the middle of line {}, as a crash leaves it; {} bytes were cut off",
            torn.line, torn.bytes
        ));
    }
    let broken = |error: &dyn std::error::Error| {
        CommandError::failed(format!("run {name} can't be gone on with")).because(error)
    };
    let script = Script::new(&plan).map_err(|error| broken(&error))?;
    let mut state = State::new(&script);
    for entry in &entries {
        fold(&script, &mut state, entry).map_err(|error| broken(&error))?;
        drop(state.take_touched());
    }
    let doubt = state.in_flight().count();
    door.ui.status(&format!("run {name} is taken up here: its process is gone"));
    if doubt > 0 {
        door.ui.status(&format!("{} had begun, and nobody heard how it ended: asking", words::count(doubt, "step")));
    }
    let held = matches!(state.will, Will::Held(_));
    let first = held.then(|| (Command::Resume, args.reason.clone()));
    live(Start { root, run: name, plan, journal, entries, leaves: args.no_wait, first }, door)
}

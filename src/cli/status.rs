//! `bonghwa status`: where a run stands, from what its journal says. It needs no lock, and changes nothing.

use std::sync::mpsc;
use std::time::Duration;
use std::time::SystemTime;

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::run_folder;
use crate::cli::run_folder::RunFolder;
use crate::cli::screen::Screen;
use crate::journal;
use crate::journal::Tail;
use crate::journal::Torn;
use crate::report::json;
use crate::report::run_line::event_line;
use crate::report::run_screen::Size;
use crate::report::run_screen::status_screen;
use crate::report::status::status;
use crate::report::status_json::Status;
use crate::run::Stamp;
use crate::run::State;

const AFTER_HELP: &str = "\
Without RUN: the run that acts now, else the latest. It never waits for whoever acts, and may be asked from anywhere.

Examples:
  bonghwa status                       where the run stands, and what can be done
  bonghwa status --follow              the same, drawn again as things happen
  bonghwa status --follow | tee log    a line for each event
  bonghwa status --json                all of it, for programs (`bonghwa schema status`)

Exit codes: 0 it goes on, or is done; 4 it waits for a person; 5 something failed; 6 something is in doubt.";

/// How often a journal is looked at while it is followed.
const LOOK: Duration = Duration::from_millis(250);
/// Into a pipe or a file goes everything.
const ENDLESS: usize = 10_000;

/// Show where a run stands.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct StatusArgs {
    /// Which run: its name, or a part of it that fits no other [default: the one that acts now, else the latest]
    run: Option<String>,
    /// Go on until the run is over: draw it again on a terminal, print a line for each event into a pipe
    #[arg(long, short, conflicts_with = "json")]
    follow: bool,
    /// Print all facts as JSON
    #[arg(long)]
    json: bool,
}

/// Shows where a run stands.
pub(crate) fn run(args: &StatusArgs, door: &Door) -> Result<Exit, CommandError> {
    let root = project::folder(door)?;
    let folder = run_folder::open(&root, args.run.as_deref())?;
    let seen = Seen { door, root: &root, folder: &folder };
    if args.follow {
        return seen.follow();
    }
    let reading = journal::read(&folder.path).map_err(|error| folder.unreadable(&error))?;
    let mut state = State::new(&folder.script);
    folder.fold(&mut state, &reading.entries, |_, _| Ok(()))?;
    let status = seen.status(&state, reading.torn)?;
    if args.json {
        door.ui.data(&json::text(&status))?;
    } else {
        let room = door.ui.size();
        let size = if door.ui.terminal { room } else { Size { lines: ENDLESS, ..room } };
        door.ui.data(&status_screen(&status, size, door.ui.paint))?;
    }
    Ok(exit(&status))
}

struct Seen<'a> {
    door: &'a Door,
    root: &'a std::path::Path,
    folder: &'a RunFolder,
}

impl Seen<'_> {
    /// The facts, and what only files and locks can tell.
    fn status(&self, state: &State, torn: Option<Torn>) -> Result<Status, CommandError> {
        let mut status = status(&self.folder.plan, &self.folder.script, state, now()?.max(state.now));
        let acts = run_folder::holder(self.root).is_some_and(|holder| holder.run == self.folder.name);
        if !acts && state.ended.is_none() {
            status.forsaken();
        }
        if let Some(torn) = torn.filter(|_| !acts) {
            status.notes.push(format!("its journal was torn: the last {} bytes were never written whole", torn.bytes));
        }
        Ok(status)
    }

    /// Draws or prints until the run is over.
    fn follow(&self) -> Result<Exit, CommandError> {
        let mut screen = Screen::new(self.door.ui);
        let mut tail = Tail::new(&self.folder.path);
        let mut state = State::new(&self.folder.script);
        // Nothing is ever sent: it is how long to wait.
        let (_keep, pause) = mpsc::channel::<()>();
        loop {
            let added = tail.added().map_err(|error| self.folder.unreadable(&error))?;
            if added.anew {
                state = State::new(&self.folder.script);
            }
            self.folder.fold(&mut state, &added.entries, |state, entry| {
                let line = event_line(&self.folder.plan, &self.folder.script, state, entry);
                match line.filter(|_| !screen.is_live()) {
                    Some(line) => screen.line(&line),
                    None => Ok(()),
                }
            })?;
            let status = self.status(&state, None)?;
            if screen.is_live() {
                let size = screen.size();
                screen.draw(&status_screen(&status, size, self.door.ui.paint), size)?;
            }
            if state.ended.is_some() {
                screen.close();
                return Ok(exit(&status));
            }
            pause.recv_timeout(LOOK).unwrap_or_default();
        }
    }
}

/// What a script must know: whether somebody has to look at it.
fn exit(status: &Status) -> Exit {
    let is = |word: &str| status.troubles.iter().any(|trouble| trouble.is == word);
    match (is("in doubt"), is("failed"), status.is) {
        (true, _, _) => Exit::InDoubt,
        (false, true, _) => Exit::Failed,
        (false, false, "held") => Exit::Held,
        (false, false, _) if !status.questions.is_empty() || !status.troubles.is_empty() => Exit::Held,
        (false, false, _) => Exit::Done,
    }
}

#[expect(clippy::disallowed_methods, reason = "the door reads the clock for all")]
fn now() -> Result<Stamp, CommandError> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let since =
        since.map_err(|error| CommandError::failed("the clock of this machine is before 1970").because(&error))?;
    Ok(Stamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
}

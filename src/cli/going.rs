//! The run that is going on in a project, asked from another terminal. What it decides is its own business.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::no;
use crate::cli::past_runs;
use crate::cli::store;
use crate::cli::who;
use crate::control;
use crate::control::AskError;
use crate::control::Refusal;
use crate::control::Request;
use crate::journal;
use crate::journal::Holder;
use crate::run::Command;

/// A disk that is nearly dead may take long to make an answer durable; a person waits no longer for a prompt.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run that some process carries out now.
#[derive(Debug)]
pub(crate) struct Going {
    /// Its name.
    pub(crate) name: String,
    /// Where its plan and its journal are.
    pub(crate) folder: PathBuf,
    /// Who carries it out.
    holder: Holder,
}

impl Going {
    /// The run that goes on in this project; the named one must be that.
    pub(crate) fn find(root: &Path, named: Option<&str>) -> Result<Self, CommandError> {
        let holder = journal::pen_holder(&root.join(store::OURS))
            .map_err(|error| CommandError::failed("can't tell whether a run is going on").because(&error))?;
        let named = match (named, &holder) {
            (Some(named), Some(holder)) if named == holder.run => None,
            (Some(named), _) => Some(past_runs::choose(&past_runs::names(root), named)?.to_owned()),
            (None, _) => None,
        };
        match (named, holder) {
            (None, Some(holder)) => Ok(Self::of(root, holder)),
            (Some(named), Some(holder)) if named == holder.run => Ok(Self::of(root, holder)),
            (Some(named), Some(holder)) => {
                let error = CommandError::failed(format!("run {named} is not going on"));
                Err(error.hint(format!("run {} is: leave `--run` away to ask that one", holder.run)))
            }
            (Some(named), None) => Err(not_going(root, &named)),
            (None, None) => {
                let last = past_runs::latest(root, &past_runs::names(root)).ok();
                let told = last.iter().flat_map(|last| not_going(root, &last.name).hints);
                let error = told.fold(CommandError::failed("no run is going on in this project"), CommandError::hint);
                // While one has not ended, no other starts.
                let starts = last.as_ref().is_none_or(past_runs::PastRun::is_over);
                Err(if starts { error.hint("`bonghwa run PLAN` starts one") } else { error })
            }
        }
    }

    fn of(root: &Path, holder: Holder) -> Self {
        Self { folder: past_runs::folder(root).join(&holder.run), name: holder.run.clone(), holder }
    }

    /// Asks the run for something, and waits until that is durable.
    pub(crate) fn ask(&self, command: Command, reason: &str) -> Result<(), CommandError> {
        let request = Request::new(command, reason);
        control::ask(&self.folder, &request, PATIENCE).map_err(|error| self.told(&request.command, error))
    }

    /// What to say when it was not done.
    fn told(&self, command: &Command, error: AskError) -> CommandError {
        let name = &self.name;
        let failed = || CommandError::failed(format!("run {name} was not asked"));
        match error {
            AskError::No(no) => no::told(name, command, no),
            AskError::Refused(refusal) => self.refused(&refusal),
            AskError::NobodyListens => self.nobody_listens(),
            AskError::NotAllowed => {
                CommandError::refused(format!("run {name} hears only whoever started it, and root"))
                    .hint(format!("{} started it: ask them, or use `sudo -u {0} bonghwa …`", self.holder.by.user))
            }
            AskError::Stranger(_) => failed().because(&error).hint("nothing was sent to it; look who made it"),
            AskError::TooLong { .. } => CommandError::usage("the reason is too long").because(&error),
            AskError::NotSent { .. } => failed().because(&error).hint("nothing was changed: try it again"),
            AskError::NobodyKnows { why } => {
                let what = format!("run {name} was asked, and nobody knows whether it counted: {why}");
                let doubt = CommandError { exit: Exit::InDoubt, ..CommandError::failed(what) };
                doubt.hint(format!("`bonghwa status {name}` shows whether it did; ask again only if it did not"))
            }
        }
    }

    fn refused(&self, refusal: &Refusal) -> CommandError {
        let hint = match refusal {
            Refusal::NotYours { owner } => format!("ask {owner}, or use `sudo -u {owner} bonghwa …`"),
            Refusal::Newer { program, .. } => format!("use bonghwa {program} until this run is over"),
            Refusal::Garbled { .. } => "use the bonghwa that started the run".to_owned(),
            Refusal::TooLong { .. } => "say it in fewer words".to_owned(),
            Refusal::TooSlow | Refusal::Busy => "nothing was changed: try it again".to_owned(),
        };
        CommandError::refused(refusal.to_string()).hint(hint)
    }

    /// Somebody has the pen, and hears nothing.
    fn nobody_listens(&self) -> CommandError {
        let Holder { by, .. } = &self.holder;
        let name = &self.name;
        let error = CommandError::failed(format!("run {name} does not listen"));
        if by.host != who::me().host {
            return error.hint(format!("it goes on on {}, where {} started it: ask it there", by.host, by.user));
        }
        error
            .hint("it may just begin or end: `bonghwa status` shows where it stands")
            .hint(format!("its own terminal can answer it: process {} of {}", by.pid, by.user))
            .hint(format!("if that hangs, end it (`kill -9 {}`): `bonghwa resume {name}` goes on with the run", by.pid))
    }
}

/// Why a run that is known can't be asked, and what can be done with it instead.
fn not_going(root: &Path, name: &str) -> CommandError {
    let error = CommandError::failed(format!("run {name} is not going on: no process carries it out"));
    let ended = past_runs::open(root, name).is_ok_and(|run| run.is_over());
    error.hint(if ended {
        format!("{name} is over: `bonghwa report {name}` tells how it went")
    } else {
        format!("`bonghwa resume {name}` goes on with it")
    })
}

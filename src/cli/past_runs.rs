//! Runs as they lie in `.bonghwa/runs/`: a folder for each, with its plan and its journal. Read only; whoever runs one
//! writes it.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::error::CommandError;
use crate::cli::store;
use crate::journal;
use crate::journal::JournalError;
use crate::journal::Reading;
use crate::plan::Plan;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Stamp;

/// The plan of a run, in its folder.
pub(crate) const PLAN: &str = "plan.json";
/// The journal of a run, in its folder.
pub(crate) const JOURNAL: &str = "journal.jsonl";

/// A run, as it was left.
#[derive(Debug)]
pub(crate) struct PastRun {
    pub(crate) name: String,
    pub(crate) plan: Plan,
    pub(crate) entries: Vec<Entry>,
    /// The digest of its last entry.
    pub(crate) head: String,
    /// What stands behind the last whole entry, in bytes.
    pub(crate) torn: u64,
}

impl PastRun {
    /// When it was opened.
    pub(crate) fn opened(&self) -> Stamp {
        self.entries.first().map_or(Stamp(0), |entry| entry.at)
    }

    /// Whether it came to its end.
    pub(crate) fn is_over(&self) -> bool {
        self.entries.last().is_some_and(|last| matches!(last.event, Event::RunEnded { .. }))
    }
}

/// Where the runs are.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join(store::OURS).join("runs")
}

/// The names of all runs, sorted as text: mostly by day and minute, as they are named. Which one is the latest, only
/// `latest` knows: two of one minute are told apart by other words.
pub(crate) fn names(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder(root)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join(JOURNAL).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_name(name))
        .collect();
    names.sort();
    names
}

/// Whether it can be the name of a run: one folder, hidden from nobody.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '+' | '@' | ':');
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(fits)
}

/// Reads one run.
pub(crate) fn open(root: &Path, name: &str) -> Result<PastRun, CommandError> {
    read(&folder(root).join(name), name)
}

/// Reads the run in a folder.
pub(crate) fn read(folder: &Path, name: &str) -> Result<PastRun, CommandError> {
    let Reading { entries, digest, torn } = journal::read(folder).map_err(|error| broken(name, &error))?;
    let plan = store::read(&folder.join(PLAN))?;
    Ok(PastRun { name: name.to_owned(), plan, entries, head: digest, torn: torn.map_or(0, |torn| torn.bytes) })
}

fn broken(name: &str, error: &JournalError) -> CommandError {
    CommandError::failed(format!("could not read the journal of run {name}")).because(error)
}

/// The run that somebody means: by its name, or a part of it that fits no other.
pub(crate) fn find(root: &Path, named: Option<&str>) -> Result<PastRun, CommandError> {
    let names = names(root);
    match named {
        None => latest(root, &names),
        Some(named) => open(root, choose(&names, named)?),
    }
}

/// What to say where nothing ever ran.
pub(crate) fn none() -> CommandError {
    CommandError::usage("there are no runs in this project").hint("`bonghwa runs import FILE` takes some in")
}

/// The name that somebody means.
pub(crate) fn choose<'a>(names: &'a [String], named: &str) -> Result<&'a str, CommandError> {
    if let Some(name) = names.iter().find(|name| *name == named) {
        return Ok(name);
    }
    let fitting: Vec<&str> = names.iter().map(String::as_str).filter(|name| name.contains(named)).collect();
    match fitting.as_slice() {
        [one] => Ok(one),
        [] if names.is_empty() => Err(none()),
        [] => {
            Err(CommandError::usage(format!("there is no run {named}"))
                .hint(format!("there are: {}", names.join(", "))))
        }
        [_, ..] => {
            Err(CommandError::usage(format!("{named} could be any of {}", fitting.len())).hint(fitting.join(", ")))
        }
    }
}

/// The run that was opened last. One that can't be read is told only where there is no other.
pub(crate) fn latest(root: &Path, names: &[String]) -> Result<PastRun, CommandError> {
    let runs = names.iter().map(|name| open(root, name));
    let last = runs.max_by_key(|run| run.as_ref().ok().map(|run| (run.opened(), run.name.clone())));
    last.unwrap_or_else(|| Err(none()))
}

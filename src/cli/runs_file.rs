//! Runs in one file, as `runs export` writes it and `runs import` takes it in: for each its plan and its journal, letter by
//! letter, with their digests. Everything is proven before anything is kept, and what is here is never changed.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::cli::past_runs;
use crate::cli::past_runs::JOURNAL;
use crate::cli::past_runs::PLAN;
use crate::cli::past_runs::PastRun;
use crate::cli::store;
use crate::evidence;
use crate::report::json;
use crate::report::words;
use crate::run::Event;

/// The format that this version writes and reads.
const FORMAT: u32 = 1;

/// Some runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RunsFile {
    /// The version of this file.
    format: u32,
    /// Each run.
    runs: Vec<Packed>,
}

/// One run, letter by letter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Packed {
    /// Its name.
    run: String,
    /// SHA-256 of its plan's text.
    plan_sha256: String,
    /// SHA-256 of its journal's text.
    journal_sha256: String,
    /// The digest of the journal's last entry.
    head: String,
    /// Its plan.
    plan: String,
    /// Its journal, as far as its lines are whole.
    journal: String,
}

/// The file's bytes.
pub(crate) fn write(root: &Path, runs: &[PastRun]) -> Result<Vec<u8>, CommandError> {
    let mut file = RunsFile { format: FORMAT, runs: Vec::new() };
    for run in runs {
        let folder = past_runs::folder(root).join(&run.name);
        let plan = text(&folder.join(PLAN))?;
        let mut journal = text(&folder.join(JOURNAL))?;
        let whole = lines_end(&journal, run.entries.len());
        journal.truncate(whole);
        file.runs.push(Packed {
            run: run.name.clone(),
            plan_sha256: input::digest(plan.as_bytes()),
            journal_sha256: input::digest(journal.as_bytes()),
            head: run.head.clone(),
            plan,
            journal,
        });
    }
    Ok(json::text(&file).into_bytes())
}

/// Where so many lines end. The run may have gone on since it was read.
fn lines_end(text: &str, lines: usize) -> usize {
    text.match_indices('\n').take(lines).last().map_or(0, |(at, _)| at + 1)
}

fn text(path: &Path) -> Result<String, CommandError> {
    let failed = || CommandError::failed(format!("could not read {}", path.display()));
    let bytes = fs::read(path).map_err(|error| failed().because(&error))?;
    String::from_utf8(bytes).map_err(|error| failed().because(&error))
}

/// Takes in the runs of a file, and says what became of each. Nothing is kept where anything is wrong.
pub(crate) fn take_in(root: &Path, path: &Path) -> Result<Vec<String>, CommandError> {
    let failed = |what: &str| CommandError::failed(format!("could not {what} {}", path.display()));
    let size = fs::metadata(path).map_err(|error| failed("read").because(&error))?.len();
    if size > store::PLAN_BYTES_MAX {
        return Err(failed("read").hint("it is over 512 MB: export fewer runs at once"));
    }
    let bytes = fs::read(path).map_err(|error| failed("read").because(&error))?;
    let file: RunsFile = serde_json::from_slice(&bytes)
        .map_err(|error| failed("take runs from").because(&error).hint("`bonghwa runs export` writes such a file"))?;
    if file.format != FORMAT {
        return Err(failed("take runs from")
            .hint(format!("it has format {}, and this program reads format {FORMAT}", file.format)));
    }
    let runs = past_runs::folder(root);
    store::keep_out_of_git(root)?;
    store::private_folder(&runs)?;
    let mut ready = Vec::new();
    let taken =
        prove_all(&runs, &file, &mut ready).and_then(|()| ready.iter().try_for_each(|taken| place(&runs, taken)));
    for taken in &ready {
        if let Taken::Fresh { beside, .. } = taken {
            drop(fs::remove_dir_all(beside));
        }
    }
    taken?;
    Ok(ready.iter().map(told).collect())
}

/// A run that was proven.
#[derive(Debug)]
enum Taken {
    /// It was not here. It lies beside its place.
    Fresh { name: String, beside: PathBuf, entries: usize },
    /// It is here, letter by letter.
    Same { name: String },
    /// It is here, and more of it.
    Longer { name: String },
}

fn told(taken: &Taken) -> String {
    match taken {
        Taken::Fresh { name, entries, .. } => format!("{name}: taken in, {entries} entries"),
        Taken::Same { name } => format!("{name}: is here already, the same"),
        Taken::Longer { name } => format!("{name}: is here already, and goes on further here"),
    }
}

fn prove_all(runs: &Path, file: &RunsFile, ready: &mut Vec<Taken>) -> Result<(), CommandError> {
    for packed in &file.runs {
        ready.push(prove(runs, packed)?);
    }
    Ok(())
}

/// Proves a run: its digests, its chain, that its plan is what its name says, that the two belong together, and that what
/// the journal tells can have happened.
fn prove(runs: &Path, packed: &Packed) -> Result<Taken, CommandError> {
    let name = &packed.run;
    let refused = |why: &str| CommandError::refused(format!("run {} is not taken in: {why}", words::plain(name)));
    if !past_runs::is_name(name) {
        return Err(refused("that is no name of a run"));
    }
    if input::digest(packed.plan.as_bytes()) != packed.plan_sha256 {
        return Err(refused("its plan was changed after it was exported"));
    }
    if input::digest(packed.journal.as_bytes()) != packed.journal_sha256 {
        return Err(refused("its journal was changed after it was exported"));
    }
    let here = runs.join(name);
    if fs::symlink_metadata(&here).is_ok() {
        return meet(&here, packed);
    }
    let beside = runs.join(format!(".import-{}-{name}", std::process::id()));
    let proven = unpack(&beside, packed);
    if proven.is_err() {
        drop(fs::remove_dir_all(&beside));
    }
    Ok(Taken::Fresh { name: name.clone(), entries: proven?, beside })
}

/// Writes a run beside its place, and reads it from there as it will be read.
fn unpack(beside: &Path, packed: &Packed) -> Result<usize, CommandError> {
    store::private_folder(beside)?;
    store::write(&beside.join(PLAN), packed.plan.as_bytes())?;
    store::write(&beside.join(JOURNAL), packed.journal.as_bytes())?;
    let refused = |why: &str| CommandError::refused(format!("run {} is not taken in: {why}", packed.run));
    let run = past_runs::read(beside, &packed.run).map_err(|error| CommandError { exit: Exit::Refused, ..error })?;
    if run.torn > 0 {
        return Err(refused("its journal ends in the middle of a line"));
    }
    if run.head != packed.head {
        return Err(refused("its journal does not end where the file says"));
    }
    let opened = run.entries.first().map(|entry| &entry.event);
    if !matches!(opened, Some(Event::Opened { run, .. }) if *run == packed.run) {
        return Err(refused("its journal is of a run of another name"));
    }
    evidence::evidence(&run.plan, &run.entries)
        .map_err(|error| refused("plan and journal disagree").because(&error))?;
    Ok(run.entries.len())
}

/// A run of that name is here. It stays as it is.
fn meet(here: &Path, packed: &Packed) -> Result<Taken, CommandError> {
    let name = packed.run.clone();
    let ours = (text(&here.join(PLAN))?, text(&here.join(JOURNAL))?);
    let ours_journal = ours.1.trim_end_matches('\0');
    let conflict = |why: &str| {
        CommandError::refused(format!("run {name} is not taken in: {why}"))
            .hint("nothing here was changed; move the folder of the run away if the other one is to be kept")
    };
    if ours.0 != packed.plan {
        return Err(conflict("a run of that name is here, with another plan"));
    }
    if ours_journal == packed.journal {
        Ok(Taken::Same { name })
    } else if ours_journal.starts_with(&packed.journal) {
        Ok(Taken::Longer { name })
    } else if packed.journal.starts_with(ours_journal) {
        Err(conflict("it is here already, and went on elsewhere"))
    } else {
        Err(conflict("a run of that name is here, with another journal"))
    }
}

fn place(runs: &Path, taken: &Taken) -> Result<(), CommandError> {
    let Taken::Fresh { name, beside, .. } = taken else { return Ok(()) };
    fs::rename(beside, runs.join(name))
        .map_err(|error| CommandError::failed(format!("could not put run {name} into its place")).because(&error))
}

//! The folder of a run that may still be going on: its plan, made ready, and its journal as it grows. Only read here.

use std::path::Path;
use std::path::PathBuf;

use crate::cli::error::CommandError;
use crate::cli::past_runs;
use crate::cli::store;
use crate::journal;
use crate::journal::Holder;
use crate::journal::JournalError;
use crate::plan::Plan;
use crate::run::Entry;
use crate::run::Script;
use crate::run::State;
use crate::run::fold;

/// A run on disk.
#[derive(Debug)]
pub(crate) struct RunFolder {
    /// Its name.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The plan that it carries out.
    pub(crate) plan: Plan,
    /// That plan, made ready.
    pub(crate) script: Script,
}

/// Who acts for this project now.
pub(crate) fn holder(root: &Path) -> Option<Holder> {
    journal::pen_holder(&root.join(store::OURS)).ok().flatten()
}

/// Opens a run by its name, or a part of it that fits no other; without a name the one that acts now, else the latest.
pub(crate) fn open(root: &Path, named: Option<&str>) -> Result<RunFolder, CommandError> {
    let names = past_runs::names(root);
    let acting = || holder(root).map(|holder| holder.run).filter(|run| names.contains(run));
    let name = match (named, acting()) {
        (Some(named), _) => past_runs::choose(&names, named)?.to_owned(),
        (None, Some(acting)) => acting,
        (None, None) => past_runs::latest(root, &names)?.name,
    };
    let path = past_runs::folder(root).join(&name);
    let plan = store::read(&path.join(past_runs::PLAN))?;
    let script = Script::new(&plan).map_err(|error| {
        CommandError::failed(format!("the plan of {name} can't be run, so nobody can say where it stands"))
            .because(&error)
    })?;
    Ok(RunFolder { name, path, plan, script })
}

impl RunFolder {
    /// Applies entries to a state, and hands each to `seen` with the state that it led to.
    pub(crate) fn fold(
        &self,
        state: &mut State,
        entries: &[Entry],
        mut seen: impl FnMut(&State, &Entry) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        for entry in entries {
            fold(&self.script, state, entry).map_err(|error| {
                CommandError::failed(format!("the journal of {} is not one that this plan could have", self.name))
                    .because(&error)
            })?;
            seen(state, entry)?;
        }
        // Nobody here acts on what changed.
        drop(state.take_touched());
        Ok(())
    }

    /// What to say when its journal can't be read.
    pub(crate) fn unreadable(&self, error: &JournalError) -> CommandError {
        CommandError::failed(format!("could not read the journal of {}", self.name)).because(error)
    }
}

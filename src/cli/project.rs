//! The project as a command sees it: its folder, what its files say, and their digests.

use std::error::Error;
use std::path::PathBuf;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::input;
use crate::load;
use crate::load::Loaded;
use crate::model::Severity;
use crate::plan::Source;

/// A project that was read.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its folder.
    pub(crate) root: PathBuf,
    /// What its files say, and what is wrong with them.
    pub(crate) loaded: &'static Loaded,
    /// Every file that was read, with its digest.
    pub(crate) sources: Vec<Source>,
}

impl Project {
    /// Finds and reads the project, whatever is wrong with what is written in it.
    pub(crate) fn open(door: &Door) -> Result<Self, CommandError> {
        let root = find(door)?;
        let input = input::read_project(&root).map_err(|error| CommandError::failed(error.to_string()))?;
        let sources = input.digests.into_iter().map(|(path, sha256)| Source { path, sha256 }).collect();
        // It is there as long as the process is, and whoever waits for a plan doesn't wait for its millions of parts to be
        // taken down.
        let loaded = Box::leak(Box::new(load::load_beside(input.files, input.unread)));
        Ok(Self { loaded, root, sources })
    }

    /// How many things are wrong so that what they concern can't be used.
    pub(crate) fn errors(&self) -> usize {
        self.loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    }
}

/// The folder of the project, where there is one.
pub(crate) fn root(door: &Door) -> Option<PathBuf> {
    find(door).ok()
}

/// The folder of the project.
pub(crate) fn folder(door: &Door) -> Result<PathBuf, CommandError> {
    find(door)
}

fn find(door: &Door) -> Result<PathBuf, CommandError> {
    let from = std::env::current_dir()
        .map_err(|error| CommandError::failed("can't tell in which folder this runs").because(&error))?;
    input::find_project(&from, door.project.as_deref()).map_err(|error| {
        let told = CommandError::usage(error.to_string());
        let told = error.source().map_or(told.clone(), |cause| told.because(cause));
        told.hint("go to the project, or name it with `--project DIR`")
            .hint("`bonghwa init DIR` writes a small estate to begin with")
    })
}

//! What can go wrong with a journal. It says what happened, never what to do about it: that is the door's.

use std::io;
use std::sync::Arc;

use crate::journal::Holder;

/// Why a journal could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// The disk is full. Nothing was changed, and the journal stays usable.
    #[error("no room for {bytes} more bytes of the journal")]
    NoRoom {
        /// So many were asked for.
        bytes: u64,
    },
    /// Reading or writing failed. After a failed write or sync nothing is believed: the journal is of no use any more.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        cause: Arc<io::Error>,
    },
    /// These entries do not go on where the journal ends: we are wrong. Nothing was changed.
    #[error("entry {given} was to be appended where {want} is next")]
    OutOfOrder {
        /// What would go on.
        want: u64,
        /// What was given.
        given: u64,
    },
    /// Somebody else has the pen of this project.
    #[error("{}", held(by.as_deref()))]
    PenHeld {
        /// Who, where they said so.
        by: Option<Box<Holder>>,
    },
    /// The pen, or the journal itself, was removed or replaced, or somebody else wrote to it. Nothing was changed by us.
    #[error("the pen was lost: {0}")]
    PenLost(Loss),
    /// There is a journal already where one was to be begun.
    #[error("this run has a journal already")]
    AlreadyThere,
    /// A line is not what was written there.
    #[error("line {line} of the journal was changed after it was written: {why}")]
    Tampered {
        /// Which line, from 1.
        line: u64,
        /// How that shows.
        why: Tampering,
    },
    /// A newer program wrote it.
    #[error("the journal has format {format}, and this program reads up to {known}")]
    NewerFormat {
        /// Its format.
        format: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// It does not begin as a journal does.
    #[error("this is no journal")]
    NotAJournal,
    /// A test ends the process here: nothing is said to anybody any more.
    #[error("the journal was stopped by a test")]
    Stopped,
}

fn held(by: Option<&Holder>) -> String {
    by.map_or_else(
        || "somebody has the pen of this project".to_owned(),
        |Holder { by, run, since: _ }| {
            format!("{}@{} has the pen of this project, in process {}, for run {run}", by.user, by.host, by.pid)
        },
    )
}

/// How it shows that the pen was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// The file of the pen was removed or replaced.
    #[error("its file was removed or replaced")]
    Pen,
    /// The file of the journal was removed or replaced.
    #[error("the file of the journal was removed or replaced")]
    Journal,
    /// The file of the journal is longer or shorter than what we wrote.
    #[error("somebody else wrote to the journal")]
    Length,
}

/// How it shows that a line was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Tampering {
    /// It is no line of a journal at all.
    #[error("it is no entry")]
    NoEntry,
    /// It, or one before it, is not what its digest was taken of.
    #[error("its digest does not fit")]
    Digest,
    /// Its number does not follow on the one before.
    #[error("its number does not follow")]
    Sequence,
    /// Its epoch is not the number of times that the pen was taken.
    #[error("its epoch does not follow")]
    Epoch,
}

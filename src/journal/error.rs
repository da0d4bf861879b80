//! What can go wrong with a journal. It says what happened, never what to do about it: that is the door's.

use std::io;
use std::sync::Arc;

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

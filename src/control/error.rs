//! What can go wrong at either end of the socket. What to do about it is said by the door.

use std::io;
use std::path::PathBuf;

use crate::control::Refusal;
use crate::run::No;

/// Why a run can't be asked from elsewhere.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Every place for a socket has a longer path than the system takes.
    #[error("the path of a socket at {} would be longer than {max} bytes", path.display())]
    TooLong {
        /// The last place that was thought of.
        path: PathBuf,
        /// The limit.
        max: usize,
    },
    /// The folder for sockets is open to others, or is somebody else's.
    #[error("{} is not a folder that only you can enter", .0.display())]
    Unsafe(PathBuf),
    /// Somebody answers there.
    #[error("another process answers at {}", .0.display())]
    Taken(PathBuf),
    /// What stands there is no socket.
    #[error("{} is in the way, and is no socket", .0.display())]
    InTheWay(PathBuf),
    /// The system refused.
    #[error("could not listen at {}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        #[source]
        cause: io::Error,
    },
}

/// Why something that was asked of a run did not happen, or may not have happened.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No process carries the run out.
    #[error("nobody listens: no process carries this run out")]
    NobodyListens,
    /// Whoever asks may not reach it.
    #[error("you may not ask this run: only whoever started it and root may")]
    NotAllowed,
    /// What stands at its place is somebody else's.
    #[error("the socket at {} is not of whoever started the run", .0.display())]
    Stranger(PathBuf),
    /// It is longer than any request.
    #[error("what is asked is longer than {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// It could not be sent: nothing was changed.
    #[error("the run could not be asked")]
    NotSent {
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// It was sent, and no answer came that can be understood.
    #[error("nobody knows whether it counted: {why}")]
    NobodyKnows {
        /// What happened instead.
        why: &'static str,
    },
    /// The run says no. Nothing was changed.
    #[error("{0}")]
    No(No),
    /// It did not reach the run. Nothing was changed.
    #[error("{0}")]
    Refused(Refusal),
}

//! What goes over the socket: one line of JSON asks, one line answers. It reads and writes no socket itself.

use serde::Deserialize;
use serde::Serialize;

use crate::control::AskError;
use crate::run::Command;
use crate::run::No;

/// The version that this program speaks.
pub const VERSION: u32 = 1;
/// A reason is a sentence or two; who sends more than this sends no command.
pub(in crate::control) const LINE_BYTES_MAX: usize = 64 * 1024;

/// What somebody asks of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// Of what goes over the socket.
    pub version: u32,
    /// What is asked for.
    pub command: Command,
    /// Why; empty where nobody said.
    pub reason: String,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It was carried out, and that is durable.
    Done,
    /// The run says no. Nothing was changed.
    No(No),
    /// It was not understood, or not heard at all. Nothing was changed.
    Refused(Refusal),
    /// The run went away over it: nobody knows whether it counted.
    Gone,
}

/// Why a request did not reach the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Refusal {
    /// Whoever asks may not.
    #[error("only {owner} and root are heard by this run")]
    NotYours {
        /// Whose run it is.
        owner: String,
    },
    /// It speaks a version that the run has never heard of.
    #[error("the run was started by bonghwa {program}, which is older than this one and does not understand it")]
    Newer {
        /// The version that the run speaks.
        known: u32,
        /// The version of its program.
        program: String,
    },
    /// It is no request.
    #[error("the run did not understand what it was asked: {why}")]
    Garbled {
        /// What is wrong with it.
        why: String,
    },
    /// It is longer than any request.
    #[error("what is asked is longer than {max} bytes")]
    TooLong {
        /// The limit.
        max: u32,
    },
    /// It took too long to arrive.
    #[error("what is asked took too long to arrive")]
    TooSlow,
    /// Too many ask at once.
    #[error("too many ask this run at once")]
    Busy,
}

impl Request {
    /// Asks for this.
    #[must_use]
    pub fn new(command: Command, reason: impl Into<String>) -> Self {
        Self { version: VERSION, command, reason: reason.into() }
    }

    /// As it goes over the socket.
    pub(in crate::control) fn line(&self) -> Result<Vec<u8>, AskError> {
        let mut line = serde_json::to_vec(self).map_err(|why| AskError::NotSent { cause: why.into() })?;
        line.push(b'\n');
        if line.len() > LINE_BYTES_MAX { Err(AskError::TooLong { max: LINE_BYTES_MAX }) } else { Ok(line) }
    }

    /// Reads a line. Only a whole one counts: half a command is none.
    pub(in crate::control) fn read(line: &[u8]) -> Result<Self, Refusal> {
        let garbled = |why: &dyn std::fmt::Display| Refusal::Garbled { why: why.to_string() };
        if line.len() > LINE_BYTES_MAX {
            return Err(Refusal::TooLong { max: 64 * 1024 });
        }
        let line = line.strip_suffix(b"\n").ok_or_else(|| garbled(&"the line does not end"))?;
        // The version first: what a newer one says besides need not be understood.
        let version: Version = serde_json::from_slice(line).map_err(|why| garbled(&why))?;
        if version.version > VERSION {
            return Err(Refusal::Newer { known: VERSION, program: env!("CARGO_PKG_VERSION").to_owned() });
        }
        serde_json::from_slice(line).map_err(|why| garbled(&why))
    }
}

/// The one field that stands in a request of any version.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Answer {
    /// As it goes over the socket.
    pub(in crate::control) fn line(&self) -> Vec<u8> {
        // Strings and numbers in fields always have a form in JSON; if not, whoever asks reads that nothing is known.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// Reads a line. None where it is half a line, or says what this version does not know.
    pub(in crate::control) fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
    }
}

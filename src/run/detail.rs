//! What entries say in detail: how something ended, what was found, who said so and why.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::run::Who;

/// A log position, as a host told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Position {
    /// Where.
    pub host: String,
    /// As it was told; empty where it could not be read.
    pub position: String,
    /// How old the newest write there is, at most; unknown where nobody could say.
    pub age: Option<Millis>,
}

/// By what a gate opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum OpenedBy {
    /// This step proved it.
    Step(String),
    /// What was seen is within the promise.
    Judged {
        /// How old the newest write is at most, over all hosts. Unknown where no write is acknowledged before it is there
        /// too, so that its age says nothing.
        age: Option<Millis>,
    },
    /// A person answered. Behind a fence gate this is an attestation, and makes a debt.
    Person {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// A person vouched for it in an earlier run: the fence is owed, and nothing waits for it.
    Earlier,
}

/// How it ended on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostEnd {
    /// Where.
    pub host: String,
    /// How.
    pub end: End,
    /// What it printed, masked and cut.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum End {
    /// It did what it should, as far as it can tell.
    Ok,
    /// It ended with another exit code than 0.
    Exit(i32),
    /// An answer came, and not the one that means success: which one, and what was expected.
    Unexpected(String),
    /// A signal ended it.
    Signal(i32),
    /// It never began: nothing was changed.
    NeverBegan(String),
    /// The host could not be reached: nothing was changed.
    Unreachable(String),
    /// Too few of its hosts did it.
    NotEnough {
        /// So many did.
        ok: u64,
        /// Of so many.
        of: u64,
    },
    /// It took too long, and was ended: nothing of it runs any more, and nobody knows how far it got.
    TimedOut,
    /// Nobody can say whether it ended: the link was lost.
    Lost(String),
}

/// What became of an attempt that nobody heard back from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// It is still running.
    Alive,
    /// It ended so.
    Ended(End),
    /// It never began.
    NeverBegan,
    /// It runs no more, and nobody knows how it ended.
    Gone,
    /// Nobody can say.
    Unknown(String),
}

/// The answer to a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Nobody can say, and why.
    Unknown(String),
}

/// Why an attempt is being ended on the far side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopWhy {
    /// Its time was over.
    Timeout,
    /// The run was cancelled.
    Cancelled,
}

/// Why a run holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum HoldWhy {
    /// A person wants it.
    Person {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// The process was told to end.
    Signal,
    /// Nobody answered a gate.
    GateTimedOut {
        /// Which.
        gate: String,
    },
    /// No room is left to record how things would end.
    NoRoom,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum RunEnd {
    /// Every step is done or skipped, and every gate open.
    Done,
    /// A person ended it.
    Cancelled,
    /// Another plan took over.
    Succeeded {
        /// The digest of that plan.
        plan: String,
    },
}

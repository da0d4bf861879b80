//! One line of the journal: when, under whose pen, and what happened. It says who and when, and never what.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::run::Event;

/// An instant: milliseconds since the Unix epoch, by a clock that never goes back within one process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub u64);

impl Stamp {
    /// Later by this much.
    #[must_use]
    pub const fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long after `earlier` it is; nothing where it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// Counts from 1 without a gap.
    pub seq: u64,
    /// When it was written. For people and limits; nothing is ordered by it.
    pub at: Stamp,
    /// Who held the pen: the number of times that it was taken.
    pub epoch: u32,
    /// What happened.
    pub event: Event,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Who {
    /// The name of the user, as the operating system knows it.
    pub user: String,
    /// The number of the user.
    pub uid: u32,
    /// The process.
    pub pid: u32,
    /// The machine.
    pub host: String,
}

//! Where a gate of a run stands.

use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::Stamp;
use crate::run::Who;

/// One gate of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRun {
    /// Where it stands.
    pub state: GateState,
    /// Since when it stands there.
    pub since: Stamp,
    /// What was seen behind a data-loss gate.
    pub seen: Vec<Position>,
}

/// Where a gate stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateState {
    /// It waits for its turn.
    Waiting,
    /// It wants an answer.
    Asked,
    /// What is behind it may go on.
    Open(OpenedBy),
    /// A person said no.
    Rejected {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// Nobody answered in time.
    TimedOut,
}

impl GateState {
    /// The word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Asked => "asked",
            Self::Open(_) => "open",
            Self::Rejected { .. } => "rejected",
            Self::TimedOut => "timed out",
        }
    }
}

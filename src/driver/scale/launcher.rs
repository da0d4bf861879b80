//! The seam to whoever launches capacity: read how much is in service, and ask for a total.

use crate::driver::scale::capacity::Capacity;

/// Somebody who launches capacity. Nothing here waits longer than half a minute, or tries a second time of itself.
pub(super) trait Launcher: Send + Sync {
    /// How much there is.
    fn read(&self) -> impl Future<Output = Result<Present, Trouble>> + Send;

    /// Asks for this much in all. It is never less than what is in service, or was asked for as far as that is known.
    fn ask(&self, total: &Capacity) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// How much there is, as whoever launches says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Present {
    /// What is in service.
    pub(super) in_service: Capacity,
    /// What was asked for, by us or by anybody, where that can be known.
    pub(super) asked: Option<Capacity>,
    /// What is said of what is missing.
    pub(super) note: Option<String>,
    /// A no that was said only after it was asked for: a quota is used up.
    pub(super) refused: Option<String>,
    /// At most so much is ever given, where that is known without asking for it.
    pub(super) most: Option<Capacity>,
    /// What says so, for people; nothing where there is no word for it.
    pub(super) most_by: &'static str,
}

/// Why it could not be read or asked for. Each holds what happened, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// Nobody was there to ask, or not now: it may pass, and nothing was changed.
    #[error("{0}")]
    Silent(String),
    /// It was answered with a no, and nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// It was sent, and nobody knows whether it counted.
    #[error("{0}")]
    Open(String),
}

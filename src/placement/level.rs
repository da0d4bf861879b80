//! How much of its job a service does, and what an incident does to it.

use serde::Deserialize;
use serde::Serialize;

/// What an incident does to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Nothing.
    Unaffected,
    /// It lost nothing, and waits for a callee to come back.
    Waiting,
    /// It serves, and lost a standby.
    Exposed,
    /// An active replica survives.
    Reduced,
    /// No active replica survives.
    Down,
    /// It has nowhere to go.
    Stranded,
}

/// How much of its job a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Deliberately off, or not there.
    Shed,
    /// The reduced form that still does its job.
    Degraded,
    /// All of it.
    Full,
}

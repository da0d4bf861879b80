//! What a journal holds: one entry for everything that was intended, seen or said. The state of a run is the fold of
//! these, and of nothing else, so nothing here may depend on what the process that wrote it still remembers.
//!
//! An entry is an intention, a fact, or a person's decision. What follows from it (another attempt, a failure, the next
//! step) is derived whenever it is read, so that it can't be lost between two entries.
//! Steps, gates and hosts stand in entries by name: the journal must be readable without this program.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;
use crate::run::End;
use crate::run::Found;
use crate::run::HoldWhy;
use crate::run::HostEnd;
use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::RunEnd;
use crate::run::Seen;
use crate::run::StopWhy;
use crate::run::Who;

/// Everything that can be in a journal. Closed: a reader knows all of them, or knows that it is too old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Event {
    /// The first entry of every journal.
    Opened {
        /// The version of the journal.
        format: u32,
        /// The name of the run.
        run: String,
        /// The digest of the plan.
        plan: String,
        /// The run that this one succeeds.
        parent: Option<String>,
        /// The version of this program.
        program: String,
    },
    /// Somebody took the pen: this and all that follows is of a new epoch. What was in flight is in doubt.
    PenTaken {
        /// Who.
        by: Who,
    },
    /// The clock of the machine jumped, or the machine slept. Instants before and after can't be compared.
    ClockJumped {
        /// By how much, forwards.
        forwards: Millis,
        /// By how much, backwards.
        backwards: Millis,
    },

    /// A gate's turn came, and it wants an answer.
    GateAsked {
        /// Which.
        gate: String,
    },
    /// Log positions that were seen behind a data-loss gate.
    PositionsSeen {
        /// Which gate.
        gate: String,
        /// What was seen, by host.
        seen: Vec<Position>,
    },
    /// A gate opened.
    GateOpened {
        /// Which.
        gate: String,
        /// By what.
        by: OpenedBy,
    },
    /// A person said no. Nothing behind it goes on.
    GateRejected {
        /// Which.
        gate: String,
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// Nobody answered within the limit. Nothing behind it goes on until somebody does.
    GateTimedOut {
        /// Which.
        gate: String,
    },

    /// An attempt begins. Durable before anything is asked of a driver.
    Started {
        /// Which step.
        step: String,
        /// Counts from 1.
        attempt: u32,
    },
    /// It was asked whether it is so already, and it is.
    AlreadySo {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
    },
    /// It was asked whether it is so already, and it is not, or not everywhere: now it is done.
    NotYetSo {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// Where it is so already.
        already: Vec<String>,
    },
    /// How it ended on some of its hosts.
    HostsEnded {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// By host.
        hosts: Vec<HostEnd>,
    },
    /// It is about to send users elsewhere; it does so only after this is written.
    Shifting {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// The shares by site as they were read right before.
        from: Vec<(String, Ppm)>,
        /// The shares by site as they will be.
        to: Vec<(String, Ppm)>,
        /// How it was, in the words of whoever keeps the route: what would be written back by hand.
        fact: String,
    },
    /// The action of an attempt ended.
    Ended {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// How.
        end: End,
        /// What it printed, masked and cut.
        said: String,
    },
    /// The proof was asked for.
    Verified {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// Whether it worked.
        passed: bool,
        /// What the probe saw.
        said: String,
    },
    /// It is being ended on the far side.
    Stopping {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// Why.
        why: StopWhy,
    },
    /// It was ended on the far side, or was not.
    Stopped {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// Whether nothing of it is left.
        confirmed: bool,
    },
    /// It was asked what became of an attempt that nobody heard back from.
    Inquired {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// What was found.
        found: Found,
        /// What it printed until it ended, masked and cut; empty where it has not, and in journals from before it was kept.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        said: String,
    },
    /// Of an attempt that is dead, and ended nobody knows how: whether what it should bring about is so.
    Probed {
        /// Which step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// Whether it is so.
        so: Seen,
    },
    /// A person was asked to do it, and says that it is done.
    Confirmed {
        /// Which step.
        step: String,
        /// Who.
        by: Who,
        /// What they added.
        reason: String,
    },
    /// A person was asked to do it, and says that it can't be done.
    Denied {
        /// Which step.
        step: String,
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// A person was asked to do it, and nobody answered in time.
    Unanswered {
        /// Which step.
        step: String,
    },
    /// A person did it by hand, or knows that it is so.
    MarkedDone {
        /// Which step.
        step: String,
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// A person lets what follows go on without it.
    Skipped {
        /// Which step.
        step: String,
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// A person wants another attempt, or a gate asked again.
    Again {
        /// A step or a gate.
        what: String,
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },

    /// Nothing new starts, but what finishes a critical section.
    Held {
        /// Why.
        why: HoldWhy,
    },
    /// It goes on.
    Resumed {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// Nothing new starts, what runs is ended on the far side, and then the run ends.
    Cancelled {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// Another plan takes over as soon as nothing is in flight.
    Yielding {
        /// The digest of that plan.
        plan: String,
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// The process leaves, whatever is in flight.
    Left {
        /// Who sent it away.
        by: Who,
    },

    /// A site is not to be trusted until a person releases it.
    Quarantined {
        /// Which.
        site: String,
    },
    /// A person trusts a site again. Fences that are owed there were collected.
    Released {
        /// Which.
        site: String,
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// The last entry.
    RunEnded {
        /// How.
        end: RunEnd,
    },
}

impl Event {
    /// The word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::PenTaken { .. } => "pen taken",
            Self::ClockJumped { .. } => "clock jumped",
            Self::GateAsked { .. } => "gate asked",
            Self::PositionsSeen { .. } => "positions seen",
            Self::GateOpened { .. } => "gate opened",
            Self::GateRejected { .. } => "gate rejected",
            Self::GateTimedOut { .. } => "gate timed out",
            Self::Started { .. } => "started",
            Self::AlreadySo { .. } => "already so",
            Self::NotYetSo { .. } => "not yet so",
            Self::HostsEnded { .. } => "hosts ended",
            Self::Shifting { .. } => "shifting",
            Self::Ended { .. } => "ended",
            Self::Verified { .. } => "verified",
            Self::Stopping { .. } => "stopping",
            Self::Stopped { .. } => "stopped",
            Self::Inquired { .. } => "inquired",
            Self::Probed { .. } => "probed",
            Self::Confirmed { .. } => "confirmed",
            Self::Denied { .. } => "denied",
            Self::Unanswered { .. } => "unanswered",
            Self::MarkedDone { .. } => "marked done",
            Self::Skipped { .. } => "skipped",
            Self::Again { .. } => "again",
            Self::Held { .. } => "held",
            Self::Resumed { .. } => "resumed",
            Self::Cancelled { .. } => "cancelled",
            Self::Yielding { .. } => "yielding",
            Self::Left { .. } => "left",
            Self::Quarantined { .. } => "quarantined",
            Self::Released { .. } => "released",
            Self::RunEnded { .. } => "run ended",
        }
    }

    /// The step or gate that it is about, where it is about one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Started { step, .. }
            | Self::AlreadySo { step, .. }
            | Self::NotYetSo { step, .. }
            | Self::HostsEnded { step, .. }
            | Self::Shifting { step, .. }
            | Self::Ended { step, .. }
            | Self::Verified { step, .. }
            | Self::Stopping { step, .. }
            | Self::Stopped { step, .. }
            | Self::Inquired { step, .. }
            | Self::Probed { step, .. }
            | Self::Confirmed { step, .. }
            | Self::Denied { step, .. }
            | Self::Unanswered { step }
            | Self::MarkedDone { step, .. }
            | Self::Skipped { step, .. } => Some(step),
            Self::GateAsked { gate }
            | Self::PositionsSeen { gate, .. }
            | Self::GateOpened { gate, .. }
            | Self::GateRejected { gate, .. }
            | Self::GateTimedOut { gate } => Some(gate),
            Self::Again { what, .. } => Some(what),
            Self::Opened { .. }
            | Self::PenTaken { .. }
            | Self::ClockJumped { .. }
            | Self::Held { .. }
            | Self::Resumed { .. }
            | Self::Cancelled { .. }
            | Self::Yielding { .. }
            | Self::Left { .. }
            | Self::Quarantined { .. }
            | Self::Released { .. }
            | Self::RunEnded { .. } => None,
        }
    }

    /// The attempt that it is about, where it is about one.
    #[must_use]
    pub const fn attempt(&self) -> Option<u32> {
        match self {
            Self::AlreadySo { attempt, .. }
            | Self::NotYetSo { attempt, .. }
            | Self::HostsEnded { attempt, .. }
            | Self::Shifting { attempt, .. }
            | Self::Ended { attempt, .. }
            | Self::Verified { attempt, .. }
            | Self::Stopping { attempt, .. }
            | Self::Stopped { attempt, .. }
            | Self::Inquired { attempt, .. }
            | Self::Probed { attempt, .. }
            | Self::Started { attempt, .. } => Some(*attempt),
            Self::Opened { .. }
            | Self::PenTaken { .. }
            | Self::ClockJumped { .. }
            | Self::GateAsked { .. }
            | Self::PositionsSeen { .. }
            | Self::GateOpened { .. }
            | Self::GateRejected { .. }
            | Self::GateTimedOut { .. }
            | Self::Confirmed { .. }
            | Self::Denied { .. }
            | Self::Unanswered { .. }
            | Self::MarkedDone { .. }
            | Self::Skipped { .. }
            | Self::Again { .. }
            | Self::Held { .. }
            | Self::Resumed { .. }
            | Self::Cancelled { .. }
            | Self::Yielding { .. }
            | Self::Left { .. }
            | Self::Quarantined { .. }
            | Self::Released { .. }
            | Self::RunEnded { .. } => None,
        }
    }
}

//! Where a step of a run stands, and how it came to its end.

use std::collections::BTreeSet;

use crate::run::End;
use crate::run::HostEnd;
use crate::run::Stamp;
use crate::run::StopWhy;

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRun {
    /// Where it stands.
    pub state: StepState,
    /// How many attempts began.
    pub attempt: u32,
    /// Since when it stands there.
    pub since: Stamp,
    /// When its first attempt began.
    pub started: Option<Stamp>,
    /// When its last attempt began.
    pub began: Option<Stamp>,
    /// How many attempts it may still have before a person is asked.
    pub tries_left: u32,
    /// Hosts on which it is done.
    pub hosts_done: BTreeSet<String>,
    /// Those of them on which it was done before this attempt, which therefore is not about them.
    pub hosts_before: BTreeSet<String>,
    /// How its last action ended, where that is known.
    pub last_end: Option<End>,
    /// What it last said.
    pub said: String,
    /// Why nobody could say whether its last attempt still runs, while what it should bring about is asked for.
    pub(in crate::run) unheard: Option<Doubt>,
    /// How its last attempt ended on each host of which that was told, and what was printed there.
    pub hosts: Vec<HostEnd>,
    /// How often it was found alive and followed again, since the pen was last taken.
    pub adopted: u32,
    /// How often it was tried again by itself, as a fence that is owed.
    pub collects: u32,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// It waits for others, or for its turn.
    Waiting,
    /// It is being asked whether it is so already; nothing was changed.
    Checking,
    /// The intention is durable, and it may have had any effect since.
    Acting,
    /// A person was asked.
    Asked,
    /// The proof is being asked for.
    Verifying,
    /// It is being ended on the far side.
    Stopping {
        /// Why.
        why: StopWhy,
        /// How often that was tried in vain.
        tries: u32,
    },
    /// Nobody heard back from it; it is being asked what became of it.
    Inquiring {
        /// How often nobody could say, or it was still alive though it should not be.
        tries: u32,
        /// Why it was being ended, if it was.
        stop: Option<StopWhy>,
    },
    /// It runs no more; it is being asked whether what it should bring about is so.
    Probing {
        /// Why it was ended, if it was.
        stop: Option<StopWhy>,
    },
    /// Between two attempts.
    Resting {
        /// Until then.
        until: Stamp,
    },
    /// It waits for a person.
    Failed(FailWhy),
    /// It is done.
    Done(DoneHow),
    /// A person let what follows go on without it.
    Skipped,
}

impl StepState {
    /// Whether something of it is in flight.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        match self {
            Self::Checking | Self::Acting | Self::Verifying | Self::Stopping { .. } => true,
            Self::Inquiring { .. } | Self::Probing { .. } => true,
            Self::Waiting | Self::Asked | Self::Resting { .. } | Self::Failed(_) => false,
            Self::Done(_) | Self::Skipped => false,
        }
    }

    /// Whether what waits for it may go on.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        match self {
            Self::Done(_) | Self::Skipped => true,
            Self::Waiting | Self::Checking | Self::Acting | Self::Asked | Self::Verifying | Self::Stopping { .. } => {
                false
            }
            Self::Inquiring { .. } | Self::Probing { .. } | Self::Resting { .. } | Self::Failed(_) => false,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Checking => "checking",
            Self::Acting => "running",
            Self::Asked => "asked",
            Self::Verifying => "verifying",
            Self::Stopping { .. } => "stopping",
            Self::Inquiring { .. } | Self::Probing { .. } => "in doubt",
            Self::Resting { .. } => "resting",
            Self::Failed(FailWhy::InDoubt(_)) => "in doubt, held",
            Self::Failed(_) => "failed",
            Self::Done(_) => "done",
            Self::Skipped => "skipped",
        }
    }
}

/// Why a step waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailWhy {
    /// The last attempt ended so.
    Ended(End),
    /// It ran, and the proof says that it did not work.
    NotProven,
    /// It runs no more, and what it should bring about is not so; the attempts are used up, or repeating it is not
    /// declared safe.
    NotSo,
    /// A person was asked, and said no.
    Denied,
    /// A person was asked, and nobody answered in time.
    Unanswered,
    /// It was ended because the run was cancelled.
    Cancelled,
    /// Nobody can say whether it did anything.
    InDoubt(Doubt),
}

/// Why nobody can say whether a step did anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Its time was over, and it was ended.
    TimedOut,
    /// It runs no more.
    Gone,
    /// It still runs, and can't be ended from here.
    Alive,
    /// Whoever was asked gave no answer; the reason as it came.
    NoAnswer(String),
}

/// How it is known that a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoneHow {
    /// It ran, and ended well; proven, where it has a proof.
    Ran,
    /// It was so before.
    AlreadySo,
    /// Nobody heard back from it; a probe says that it is so.
    Found,
    /// A person was asked, and said so.
    Confirmed,
    /// A person did it by hand.
    ByHand,
    /// It is a message that did not get through, or of which nobody can say: nothing waits for it.
    Untold,
}

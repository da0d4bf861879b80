//! What a journal holds: one entry for everything that was intended, seen or said. The state of a run is the fold of
//! these, and of nothing else, so nothing here may depend on what the process that wrote it still remembers.
//!
//! Steps, gates and hosts stand in entries by name: the journal must be readable without this program.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;

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
    /// Another attempt follows.
    Retry {
        /// Which step.
        step: String,
        /// Not before.
        at: Stamp,
    },
    /// The attempts are used up, or a further one is not safe. It waits for a person.
    Failed {
        /// Which step.
        step: String,
        /// Why.
        why: FailWhy,
    },
    /// It is done.
    Done {
        /// Which step.
        step: String,
        /// How that is known.
        how: DoneHow,
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
        /// The oldest that the newest write is, over all hosts.
        age: Millis,
    },
    /// A person answered. Behind a fence gate this is an attestation, and makes a debt.
    Person {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
}

/// How it ended on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostEnd {
    /// Where.
    pub host: String,
    /// How.
    pub end: End,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum End {
    /// It did what it should, as far as it can tell.
    Ok,
    /// It ended with another exit code than 0.
    Exit(i32),
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
    /// It took too long, and may still be running.
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

/// Why a step waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum FailWhy {
    /// The last attempt ended so.
    Ended(End),
    /// It ran, and the proof says that it did not work.
    NotProven,
    /// It runs no more, and what it should bring about is not so; repeating it is not declared safe.
    NotSo,
    /// A person was asked, and said no.
    Refused {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// It was ended because the run was cancelled.
    Cancelled,
    /// Nobody can say whether it did anything.
    InDoubt(String),
}

/// How it is known that a step is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum DoneHow {
    /// It ran, and ended well; proven, where it has a proof.
    Ran,
    /// It was so before.
    AlreadySo,
    /// Nobody heard back from it; a probe says that it is so.
    Found,
    /// A person was asked, and said so.
    Confirmed {
        /// Who.
        by: Who,
        /// What they added.
        reason: String,
    },
    /// A person did it by hand.
    ByHand {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
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

/// A share of hosts that is enough, against how many did it. Rounded so that "enough" is never less than was asked for.
#[must_use]
pub fn is_enough(ok: u64, of: u64, enough: Ppm) -> bool {
    u128::from(ok) * u128::from(Ppm::ONE.0) >= u128::from(of) * u128::from(enough.0)
}

//! What came of a job: how it ended, what it said, and what nobody can know. Nothing here acts.

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The whole of it. For a job on hosts: `Ok` where enough of them are, else the first end that is not.
    pub end: End,
    /// Each host, where it was done on hosts. Sorted by name.
    pub hosts: Vec<HostOutcome>,
    /// What was printed.
    pub said: Said,
}

/// How one host ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostOutcome {
    /// Which.
    pub host: String,
    /// How.
    pub end: End,
    /// What it printed.
    pub said: Said,
}

/// How something ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It did what was asked.
    Ok,
    /// It left with this code, which is not 0.
    Exit(i32),
    /// This signal ended it, and not by our hand.
    Signal(i32),
    /// It never ran, so it changed nothing.
    CouldNotStart(String),
    /// The host or the provider could not be reached, so nothing was changed.
    Unreachable(String),
    /// Its time was over. It was killed, and is dead for certain; what it did before is not known.
    TimedOut,
    /// It was killed at our wish, and is dead for certain; what it did before is not known.
    Killed,
    /// Nobody can say whether it ran, runs or ended.
    Lost(String),
    /// This version cannot do this kind of action; nothing was tried.
    Refused(String),
}

impl End {
    /// Whether what was asked is done.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }

    /// Whether it may have changed something without anybody knowing what: it must be probed before it is touched again.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        match self {
            Self::TimedOut | Self::Killed | Self::Lost(_) => true,
            Self::Ok | Self::Exit(_) | Self::Signal(_) => false,
            Self::CouldNotStart(_) | Self::Unreachable(_) | Self::Refused(_) => false,
        }
    }

    /// Whether it is certain that nothing was changed.
    #[must_use]
    pub const fn changed_nothing(&self) -> bool {
        match self {
            Self::CouldNotStart(_) | Self::Unreachable(_) | Self::Refused(_) => true,
            Self::Ok | Self::Exit(_) | Self::Signal(_) => false,
            Self::TimedOut | Self::Killed | Self::Lost(_) => false,
        }
    }
}

/// What something printed, stdout and stderr together: its beginning and its end. Secrets are masked, and control
/// characters are visible, so that it can be shown on any terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The beginning; all of it where nothing was dropped.
    pub head: String,
    /// The end; empty where nothing was dropped.
    pub tail: String,
    /// How many bytes between them were not kept.
    pub dropped_bytes: u64,
}

impl Said {
    /// A short text.
    #[must_use]
    pub fn just(text: &str) -> Self {
        Self { head: text.to_owned(), ..Self::default() }
    }

    /// Whether nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty() && self.dropped_bytes == 0
    }
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes {
        /// What the last try printed.
        said: Said,
    },
    /// It is not so.
    No {
        /// What the last try printed.
        said: Said,
    },
    /// There was no answer. This is neither yes nor no.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It runs, on at least one host where it has hosts.
    Alive,
    /// It ended like this.
    Ended(Outcome),
    /// It was never begun, so it changed nothing.
    NeverBegun,
    /// It was begun and is dead, and nobody knows how it ended.
    Gone,
    /// Nobody could be asked.
    Unknown(String),
}

/// Whether a job is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Killed {
    /// Nothing of it lives, because it was killed, had ended, or was never begun; [`Found`] says which.
    Dead,
    /// Something of it may still live.
    NotConfirmed(String),
}

impl Outcome {
    /// An end without hosts and without words.
    #[must_use]
    pub fn just(end: End) -> Self {
        Self { end, hosts: Vec::new(), said: Said::default() }
    }
}

//! What came of a job: how it ended, what it said, and what nobody can know. Nothing here acts.

use crate::model::Ppm;

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
    /// An answer came, and not the one that means success: `status 404 Not Found, where any 2xx means success`.
    Unexpected(String),
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
            Self::Ok | Self::Exit(_) | Self::Unexpected(_) | Self::Signal(_) => false,
            Self::CouldNotStart(_) | Self::Unreachable(_) | Self::Refused(_) => false,
        }
    }

    /// Whether it is certain that nothing was changed.
    #[must_use]
    pub const fn changed_nothing(&self) -> bool {
        match self {
            Self::CouldNotStart(_) | Self::Unreachable(_) | Self::Refused(_) => true,
            Self::Ok | Self::Exit(_) | Self::Unexpected(_) | Self::Signal(_) => false,
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
    /// It is so: on all hosts, where it was asked on hosts.
    Yes {
        /// What the last try printed.
        said: Said,
        /// Each host, where it was asked on hosts. Sorted by name.
        hosts: Vec<HostAnswer>,
    },
    /// It is not so, or not everywhere.
    No {
        /// What the last try printed.
        said: Said,
        /// Each host, where it was asked on hosts. Sorted by name.
        hosts: Vec<HostAnswer>,
    },
    /// There was no answer. This is neither yes nor no.
    Unknown {
        /// Why.
        reason: String,
        /// Each host, where it was asked on hosts. Sorted by name.
        hosts: Vec<HostAnswer>,
    },
}

/// What one host answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAnswer {
    /// Which.
    pub host: String,
    /// Whether it is so there; the reason where there was no answer.
    pub is_so: Result<bool, String>,
    /// What it printed.
    pub said: Said,
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

impl Answer {
    /// Whether it is so, and whether that is certain.
    #[must_use]
    pub const fn is_yes(&self) -> bool {
        matches!(self, Self::Yes { .. })
    }

    /// What hosts answered, as one answer: yes where all say so, unknown where one gave no answer and none says no.
    #[must_use]
    pub fn of_hosts(mut hosts: Vec<HostAnswer>) -> Self {
        hosts.sort_by(|a, b| a.host.cmp(&b.host));
        let said = hosts.first().map(|host| host.said.clone()).unwrap_or_default();
        if hosts.iter().any(|host| host.is_so == Ok(false)) {
            return Self::No { said, hosts };
        }
        let silent = hosts.iter().find_map(|host| host.is_so.as_ref().err().map(|why| format!("{}: {why}", host.host)));
        match silent {
            Some(reason) => Self::Unknown { reason, hosts },
            None if hosts.is_empty() => Self::Unknown { reason: "no host was asked".to_owned(), hosts },
            None => Self::Yes { said, hosts },
        }
    }
}

impl Outcome {
    /// An end without hosts and without words.
    #[must_use]
    pub fn just(end: End) -> Self {
        Self { end, hosts: Vec::new(), said: Said::default() }
    }

    /// How hosts ended, as one outcome: well where `enough` of them did. No host at all is never well.
    #[must_use]
    pub fn of_hosts(mut hosts: Vec<HostOutcome>, enough: Ppm) -> Self {
        hosts.sort_by(|a, b| a.host.cmp(&b.host));
        let all = u64::try_from(hosts.len()).unwrap_or(u64::MAX);
        let well = hosts.iter().map(|host| u64::from(host.end.is_ok())).sum::<u64>();
        let bad = hosts.iter().find(|host| !host.end.is_ok());
        let end = match bad {
            None if all == 0 => End::CouldNotStart("there is no host to do it on".to_owned()),
            // Rounded up, and never none: 90 % of one host is that host.
            Some(host) if well < enough.of(all).max(1) => host.end.clone(),
            None | Some(_) => End::Ok,
        };
        let said = bad.or(hosts.first()).map(|host| host.said.clone()).unwrap_or_default();
        Self { end, hosts, said }
    }
}

//! How the places of a site do: asked once a second while users come, and counted.

use std::fmt;

use crate::driver::route::ramp::percent;
use crate::model::Ppm;

/// Somebody who can be asked how sites do.
pub(super) trait Pulse: Send + Sync {
    /// Asks every place of these sites once.
    fn beat(&self, sites: &[String]) -> impl Future<Output = Vec<Beat>> + Send;
}

/// One answer of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Beat {
    /// As it should be.
    Well,
    /// An answer, and not the one that means healthy.
    Bad(String),
    /// No answer. Whether that is the place or the way to it, nobody knows.
    Silent(String),
}

/// What was heard so far.
///
/// Silence counts as bad as soon as anybody answered: the way is there, so it is the place that does not answer. As long
/// as nobody did, there is no data, and that is neither good nor bad.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Count {
    well: u64,
    bad: u64,
    silent: u64,
    last: Option<String>,
}

impl Count {
    /// Takes one round into account.
    pub(super) fn add(&mut self, beats: &[Beat]) {
        for beat in beats {
            match beat {
                Beat::Well => self.well += 1,
                Beat::Bad(why) => {
                    self.bad += 1;
                    self.last = Some(why.clone());
                }
                Beat::Silent(why) => {
                    self.silent += 1;
                    self.last = Some(why.clone());
                }
            }
        }
    }

    /// How many answers came, of any kind.
    pub(super) const fn answered(&self) -> u64 {
        self.well + self.bad
    }

    /// The share of what was asked that was not answered well.
    pub(super) fn error_rate(&self) -> Ppm {
        let failed = self.bad + self.silent;
        Ppm((failed * Ppm::ONE.0).checked_div(self.well + failed).unwrap_or(0))
    }
}

/// `57 of 60 answers well, 5 % bad, the last: status 503`.
impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.well + self.bad + self.silent;
        if self.answered() == 0 {
            write!(out, "none of {all} questions was answered")?;
        } else {
            write!(out, "{} of {all} answers well", self.well)?;
            if self.well < all {
                write!(out, ", {} bad", percent(self.error_rate()))?;
            }
        }
        self.last.iter().try_for_each(|last| write!(out, ", the last: {last}"))
    }
}

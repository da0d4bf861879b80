//! Spans of time as people write them, and as plans count them.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::ops::Sub;

use serde::Deserialize;
use serde::Serialize;

/// A span of time in whole milliseconds, or an instant counted from T=0 (the declaration of the incident).
///
/// Ranges from 0 to about 584 million years; authored spans are limited to [`Millis::MAX_AUTHORED`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// Nothing at all; also T=0.
    pub const ZERO: Self = Self(0);
    /// The longest span that a file may hold: one year. What is longer is a slip of the unit, and 50,000 steps of a
    /// year each still stay far below what 64 bits can add up.
    pub const MAX_AUTHORED: Self = Self(365 * 24 * 3_600_000);

    /// Whole seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000)
    }

    /// Reads `20s`, `1m30s`, `1h`, `250ms`, `2d`: one or more whole numbers, each with its unit, largest unit first.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text; a bare number has no unit, and is refused.
    pub fn parse(text: &str) -> Result<Self, SpanError> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(SpanError::Empty);
        }
        let mut total: u64 = 0;
        let mut last_unit = u64::MAX;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if digits == 0 {
                return Err(SpanError::NotANumber);
            }
            let (number, after) = rest.split_at(digits);
            let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
            let (unit, after) = after.split_at(letters);
            let unit = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "" => return Err(SpanError::NoUnit),
                _ => return Err(SpanError::UnknownUnit),
            };
            if unit >= last_unit {
                return Err(SpanError::Order);
            }
            last_unit = unit;
            let number: u64 = number.parse().map_err(|_| SpanError::TooLong)?;
            total = number.checked_mul(unit).and_then(|n| total.checked_add(n)).ok_or(SpanError::TooLong)?;
            rest = after.trim_start();
        }
        if total > Self::MAX_AUTHORED.0 {
            return Err(SpanError::TooLong);
        }
        Ok(Self(total))
    }

    /// The later of two instants, or the longer of two spans.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        self.max(other)
    }

    /// What is left after `other`, never below nothing.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Millis {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Millis {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

/// As people write it: `1m30s`, `250ms`, `0s`.
impl fmt::Display for Millis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        if rest == 0 {
            return out.write_str("0s");
        }
        for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")] {
            if rest >= unit {
                write!(out, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

/// Why a text is no span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpanError {
    /// Nothing was written.
    Empty,
    /// It does not begin with a whole number that is not negative.
    NotANumber,
    /// A number without its unit.
    NoUnit,
    /// A unit other than `ms`, `s`, `m`, `h`, `d`.
    UnknownUnit,
    /// Units do not go from large to small, each once.
    Order,
    /// More than a year.
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::Millis;
    use super::SpanError;

    #[test]
    fn spans_read_back_as_they_are_written() {
        for text in ["0s", "250ms", "20s", "1m30s", "1h", "2d3h", "10m"] {
            assert_eq!(Millis::parse(text).map(|span| span.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(Millis::parse("90s").map(|span| span.to_string()), Ok("1m30s".to_owned()));
    }

    #[test]
    fn what_is_no_span_says_why() {
        for (text, why) in [
            ("", SpanError::Empty),
            ("-3s", SpanError::NotANumber),
            ("3", SpanError::NoUnit),
            ("3 weeks", SpanError::NoUnit),
            ("3w", SpanError::UnknownUnit),
            ("3s1m", SpanError::Order),
            ("366d", SpanError::TooLong),
            ("99999999999999999999s", SpanError::TooLong),
        ] {
            assert_eq!(Millis::parse(text), Err(why), "{text}");
        }
    }
}

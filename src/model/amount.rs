//! Shares and amounts, in integers only, so that a plan has the same bytes on every machine.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::model::Numbers;

/// A share in parts per million. A surge of 3.0 is 3,000,000; all users are 1,000,000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ppm(pub u64);

impl Ppm {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole.
    pub const ONE: Self = Self(1_000_000);

    /// This share of `amount`, rounded up: what is asked for is never understated.
    #[must_use]
    pub fn of(self, amount: u64) -> u64 {
        // Dividing 128 bits is ten times as slow, and hardly ever needed.
        amount.checked_mul(self.0).map_or_else(
            || saturate((u128::from(amount) * u128::from(self.0)).div_ceil(u128::from(Self::ONE.0))),
            |product| product.div_ceil(Self::ONE.0),
        )
    }

    /// This share of `amount`, rounded down: what is offered is never overstated.
    #[must_use]
    pub fn of_down(self, amount: u64) -> u64 {
        amount.checked_mul(self.0).map_or_else(
            || saturate(u128::from(amount) * u128::from(self.0) / u128::from(Self::ONE.0)),
            |product| product / Self::ONE.0,
        )
    }

    /// This share of another share, rounded down.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        Self(self.of_down(other.0))
    }

    /// What is left after `other`, never below nothing.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

fn saturate(wide: u128) -> u64 {
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// In percent, with no more digits than it needs: `67 %`, `0.5 %`.
impl fmt::Display for Ppm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / 10_000;
        let rest = self.0 % 10_000;
        if rest == 0 {
            return write!(out, "{whole} %");
        }
        write!(out, "{whole}.{} %", format!("{rest:04}").trim_end_matches('0'))
    }
}

/// An amount of every kind of resource of the estate, in thousandths of its unit, indexed by `ResourceId`.
///
/// Thousandths, because people write `cores = 0.5`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amounts(pub Numbers);

impl Amounts {
    /// Nothing, of `kinds` kinds.
    #[must_use]
    pub fn zero(kinds: usize) -> Self {
        Self(Numbers::zeros(kinds))
    }

    /// Whether there is nothing of anything.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&amount| amount == 0)
    }

    /// Each amount times a share, rounded up.
    #[must_use]
    pub fn times(&self, share: Ppm) -> Self {
        self.each(|amount| share.of(amount))
    }

    /// Each amount times a share, rounded down: for what is offered.
    #[must_use]
    pub fn times_down(&self, share: Ppm) -> Self {
        self.each(|amount| share.of_down(amount))
    }

    /// Each amount, made into another.
    #[must_use]
    pub fn each(&self, make: impl Fn(u64) -> u64) -> Self {
        let mut all = self.clone();
        all.0.iter_mut().for_each(|amount| *amount = make(*amount));
        all
    }

    /// Each amount and the other's, made into one.
    #[must_use]
    pub fn with(&self, other: &Self, make: impl Fn(u64, u64) -> u64) -> Self {
        let mut all = self.clone();
        all.0.iter_mut().zip(&other.0).for_each(|(amount, other)| *amount = make(*amount, *other));
        all
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    /// What is left after `other`, never below nothing.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        self.with(other, u64::saturating_sub)
    }

    /// The smaller of each.
    #[must_use]
    pub fn least(&self, other: &Self) -> Self {
        self.with(other, u64::min)
    }

    /// Whether all of it fits into `room`.
    #[must_use]
    pub fn fits(&self, room: &Self) -> bool {
        self.0.iter().zip(&room.0).all(|(amount, room)| amount <= room)
    }

    /// The largest share of this that fits into `room`, at most all of it: the minimum over resources.
    #[must_use]
    pub fn share_that_fits(&self, room: &Self) -> Ppm {
        let mut share = Ppm::ONE;
        for (&amount, &room) in self.0.iter().zip(&room.0) {
            if amount > room {
                let part = u128::from(room) * u128::from(Ppm::ONE.0) / u128::from(amount);
                share = share.min(Ppm(saturate(part)));
            }
        }
        share
    }
}

/// An amount in thousandths as people write it: `9000`, `0.5`, with thousands kept together by commas: `12,500`.
#[must_use]
pub fn amount_text(thousandths: u64) -> String {
    let digits = (thousandths / 1_000).to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let rest = thousandths % 1_000;
    if rest > 0 {
        text.push('.');
        text.push_str(format!("{rest:03}").trim_end_matches('0'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Amounts;
    use super::Ppm;
    use super::amount_text;

    fn amounts(row: &[u64]) -> Amounts {
        Amounts(row.into())
    }

    #[test]
    fn demand_rounds_up_and_supply_rounds_down() {
        assert_eq!(Ppm(333_333).of(10), 4);
        assert_eq!(Ppm(333_333).of_down(10), 3);
        assert_eq!(Ppm(u64::MAX).of(u64::MAX), u64::MAX);
    }

    #[test]
    fn the_scarcest_resource_decides_the_share() {
        let load = amounts(&[100, 10, 0]);
        assert_eq!(load.share_that_fits(&amounts(&[50, 10, 0])), Ppm(500_000));
        assert_eq!(load.share_that_fits(&amounts(&[500, 1, 9])), Ppm(100_000));
        assert_eq!(load.share_that_fits(&amounts(&[500, 10, 0])), Ppm::ONE);
        assert!(load.times(load.share_that_fits(&amounts(&[33, 7, 0]))).fits(&amounts(&[33, 7, 0])));
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(amount_text(9_000_000), "9,000");
        assert_eq!(amount_text(500), "0.5");
        assert_eq!(amount_text(12_345_678_250), "12,345,678.25");
        assert_eq!(Ppm(670_000).to_string(), "67 %");
        assert_eq!(Ppm(5_000).to_string(), "0.5 %");
    }
}

//! A small stream of numbers that look random and are always the same.
//!
//! Never seeded from outside: a plan must not depend on the machine, the hour or the run.

/// Steele, Lea and Flood's SplitMix64 (2014): one word of state, full period, good enough to shuffle with.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// A stream; equal seeds give equal streams.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, over all 64 bits.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, or 0 where there is none. The slight bias of the multiplication does not matter here.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let wide = (u128::from(self.next()) * limit as u128) >> 64;
        usize::try_from(wide).unwrap_or(0)
    }

    /// A number from 0 to `limit`.
    pub(super) fn up_to(&mut self, limit: u64) -> u64 {
        let wide = (u128::from(self.next()) * (u128::from(limit) + 1)) >> 64;
        u64::try_from(wide).unwrap_or(limit)
    }
}

//! Numbers that look random and are always the same for the same seed. There is no global state, and no other seed.

use crate::model::Millis;

/// Steele, Lea and Flood's SplitMix64 (2014): one word of state, full period, and cheap enough to make one per job.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Equal seeds give equal throws.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Throws that belong to one thing and do not depend on the order in which things come.
    #[must_use]
    pub fn of(seed: u64, name: &str) -> Self {
        let mut dice = Self(seed);
        let start = dice.throw();
        Self(name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// The next number, over all 64 bits.
    pub const fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, or 0 where there is none. The slight bias of the multiplication does not matter here.
    pub fn below(&mut self, limit: u64) -> u64 {
        let wide = (u128::from(self.throw()) * u128::from(limit)) >> 64;
        u64::try_from(wide).unwrap_or(0)
    }

    /// A span around `typical`: three quarters of it at the least, twice it at the most, and seldom the most.
    pub fn around(&mut self, typical: Millis) -> Millis {
        let Millis(typical) = typical;
        // The smaller of two throws: most things take about what they always take, and few take long.
        let late = self.below(typical / 4 * 5 + 1).min(self.below(typical / 4 * 5 + 1));
        Millis((typical - typical / 4).saturating_add(late))
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;
    use crate::model::Millis;

    #[test]
    fn equal_seeds_give_equal_throws() {
        let throws = |seed| {
            let mut dice = Dice::of(seed, "a/b@c");
            [dice.throw(), dice.below(10), dice.around(Millis(1000)).0]
        };
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
    }

    #[test]
    fn spans_stay_around_what_is_typical() {
        let mut dice = Dice::new(1);
        for typical in [0, 1, 3, 4, 1000, u64::MAX / 4] {
            for _ in 0..100 {
                let Millis(span) = dice.around(Millis(typical));
                assert!(span >= typical / 4 * 3 && span <= typical * 2 + 1, "{span} around {typical}");
            }
        }
    }
}

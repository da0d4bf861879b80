//! Names and their numbers, found at once: a plan of ten thousand services names its items a hundred thousand times,
//! and a search by halves compares each name with fifteen others that begin alike.
//!
//! A table by a hash of the name. It can't be walked through, so that no order of it can reach an output. Whoever
//! makes names collide on purpose only waits longer for his own plan.

use crate::plan::verify::order::u32_of;

/// Numbers by name.
pub(super) struct Index<'a> {
    names: Vec<&'a str>,
    /// The number of a name, at the place that its hash says or behind it; at least as many places are free.
    places: Vec<u32>,
    twice: Vec<&'a str>,
}

/// A place where no name is.
const FREE: u32 = u32::MAX;

impl<'a> Index<'a> {
    /// Names are numbered as they come. Of two that are the same the last is found.
    pub(super) fn new(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.collect();
        let places = vec![FREE; (2 * names.len()).next_power_of_two().max(2)];
        let mut index = Self { names, places, twice: Vec::new() };
        for at in 0..index.names.len() {
            let name = index.names[at];
            let place = index.place(name);
            if index.places[place] != FREE {
                index.twice.push(name);
            }
            index.places[place] = u32_of(at);
        }
        index
    }

    /// The number of a name.
    pub(super) fn get(&self, name: &str) -> Option<u32> {
        let number = self.places[self.place(name)];
        (number != FREE).then_some(number)
    }

    /// The name of a number.
    pub(super) fn name(&self, number: u32) -> &'a str {
        self.names.get(number as usize).copied().unwrap_or_default()
    }

    /// Names that stand more than once.
    pub(super) fn twice(&self) -> impl Iterator<Item = &'a str> {
        self.twice.iter().copied()
    }

    /// Where a name is, or would be.
    fn place(&self, name: &str) -> usize {
        let last = self.places.len() - 1;
        let mut place = hash(name) & last;
        while self.places[place] != FREE && self.names[self.places[place] as usize] != name {
            place = (place + 1) & last;
        }
        place
    }
}

/// FNV-1a over eight bytes at a time, with its high bits folded in: the low ones are those that count.
fn hash(name: &str) -> usize {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in name.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
        hash ^= hash >> 29;
    }
    usize::try_from((hash ^ (hash >> 32)) & 0xffff_ffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn every_name_is_found_and_nothing_else() {
        let names: Vec<String> = (0..5_000).map(|at| format!("svc-{at:06}.start.bravo")).collect();
        let index = Index::new(names.iter().map(String::as_str));
        for (at, name) in (0..).zip(&names) {
            assert_eq!((index.get(name), index.name(at)), (Some(at), name.as_str()));
        }
        assert_eq!(index.get("svc-005000.start.bravo"), None);
        assert_eq!(Index::new(std::iter::empty()).get(""), None);
    }

    #[test]
    fn of_two_that_are_the_same_the_last_is_found() {
        let index = Index::new(["a", "b", "a"].into_iter());
        assert_eq!((index.get("a"), index.get("b")), (Some(2), Some(1)));
        assert_eq!(index.twice().collect::<Vec<_>>(), ["a"]);
    }
}

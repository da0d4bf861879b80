//! Shares where nothing has a weight: how many addresses of each site take turns.

use crate::model::Ppm;

/// A DNS answer has no weights, so all addresses in it get the same part of the users. Given for each site how many
/// addresses it has and the share that it should get, this is how many of them to put into the record, so that nobody
/// gets more than their share by a larger factor than must be. Of several best ways the one with the most addresses.
///
/// A site with a share gets at least one address, and one without gets none. A site without addresses gets none either.
/// The order of the sites is kept. The cost grows with the number of addresses times the number of sites.
#[must_use]
pub fn turns(sites: &[(u32, Ppm)]) -> Vec<u32> {
    let most: u64 = sites.iter().filter(|(_, share)| *share > Ppm::ZERO).map(|(has, _)| u64::from(*has)).sum();
    let mut best: Option<(Excess, Vec<u32>)> = None;
    for all in 1..=most {
        let Some(counts) = of(sites, all) else { continue };
        let excess = excess(sites, &counts);
        // Later ones have more addresses, so they win where they are as good.
        if best.as_ref().is_none_or(|(least, _)| excess <= *least) {
            best = Some((excess, counts));
        }
    }
    best.map_or_else(|| vec![0; sites.len()], |(_, counts)| counts)
}

/// The largest factor by which anybody gets more than they should, as a fraction that is compared exactly.
#[derive(Debug, Clone, Copy)]
struct Excess {
    part: u128,
    of: u128,
}

impl PartialEq for Excess {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Excess {}

impl PartialOrd for Excess {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Excess {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.part * other.of).cmp(&(other.part * self.of))
    }
}

fn excess(sites: &[(u32, Ppm)], counts: &[u32]) -> Excess {
    let all: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let each = sites.iter().zip(counts).filter(|((_, share), count)| *share > Ppm::ZERO && **count > 0);
    let factor = |((_, share), count): (&(u32, Ppm), &u32)| Excess {
        part: u128::from(*count) * u128::from(Ppm::ONE.0),
        of: u128::from(all) * u128::from(share.0),
    };
    each.map(factor).max().unwrap_or(Excess { part: 0, of: 1 })
}

/// The best way with so many addresses in all: one for each site, then one by one to whom it harms least. None where
/// there are fewer addresses than sites.
fn of(sites: &[(u32, Ppm)], all: u64) -> Option<Vec<u32>> {
    let wanted = |(has, share): &(u32, Ppm)| *has > 0 && *share > Ppm::ZERO;
    let mut counts: Vec<u32> = sites.iter().map(|site| u32::from(wanted(site))).collect();
    let mut given: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    while given < all {
        let can = |at: &usize| wanted(&sites[*at]) && counts[*at] < sites[*at].0;
        // Whoever gets one more has so many addresses per share then.
        let load = |at: &usize| Excess { part: u128::from(counts[*at] + 1), of: u128::from(sites[*at].1.0) };
        let next = (0..sites.len()).filter(can).min_by(|one, other| load(one).cmp(&load(other)))?;
        counts[next] += 1;
        given += 1;
    }
    (given == all).then_some(counts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::prop;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::excess;
    use super::turns;
    use crate::model::Ppm;

    fn percent(sites: &[(u32, u64)]) -> Vec<(u32, Ppm)> {
        sites.iter().map(|(has, share)| (*has, Ppm(share * 10_000))).collect()
    }

    #[test]
    fn as_many_addresses_as_come_nearest() {
        assert_eq!(turns(&percent(&[(1, 50), (1, 50)])), [1, 1]);
        assert_eq!(turns(&percent(&[(1, 90), (1, 10)])), [1, 1]);
        assert_eq!(turns(&percent(&[(2, 67), (1, 33)])), [2, 1]);
        assert_eq!(turns(&percent(&[(4, 70), (3, 30)])), [3, 1]);
        assert_eq!(turns(&percent(&[(4, 65), (4, 35)])), [4, 2]);
        assert_eq!(turns(&percent(&[(3, 100), (3, 0)])), [3, 0]);
        assert_eq!(turns(&percent(&[(0, 40), (2, 60)])), [0, 2]);
        assert_eq!(turns(&percent(&[(3, 0)])), [0]);
        assert!(turns(&[]).is_empty());
    }

    /// All ways there are, for few addresses.
    fn all_ways(sites: &[(u32, Ppm)]) -> Vec<Vec<u32>> {
        sites.iter().fold(vec![Vec::new()], |ways, (has, share)| {
            let counts = if *share > Ppm::ZERO && *has > 0 { 1..=*has } else { 0..=0 };
            let longer = |way: &Vec<u32>| counts.clone().map(|count| [way.as_slice(), &[count]].concat()).collect();
            ways.iter().flat_map(|way| -> Vec<Vec<u32>> { longer(way) }).collect()
        })
    }

    proptest! {
        #[test]
        fn no_other_way_is_better(sites in prop::collection::vec((0_u32..4, 0_u64..40), 1..5)) {
            let sites = percent(&sites);
            let best = all_ways(&sites).iter().map(|way| excess(&sites, way)).min().unwrap();
            prop_assert_eq!(excess(&sites, &turns(&sites)), best);
        }
    }
}

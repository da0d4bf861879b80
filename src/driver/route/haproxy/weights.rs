//! Whole weights from 0 to 256 that come as near to given shares as they can. Arithmetic only.

use crate::model::Ppm;

/// The greatest weight that HAProxy takes.
const WEIGHT_MAX: u64 = 256;

/// Servers of one site, on one balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// What the site should get of all.
    pub(super) share: Ppm,
    /// How large its servers are beside each other. At least one of them is above 0 where the share is.
    pub(super) sizes: Vec<u64>,
    /// What they have now.
    pub(super) now: Vec<u64>,
    /// It must not come to more than it has now, by no rounding.
    pub(super) is_barred: bool,
}

/// The weight of each server, by part. None where nobody has a share.
///
/// Each server is off by less than 1 from what it should have where the largest of all has 256. So a site is off by at
/// most one part in 256 for each server that the balancer has: with one server at each of two sites, by 0.2 points, and by
/// 0.4 where its share is below 0.2 %, since whoever has a share gets at least 1.
///
/// What is there already stays as it is where nothing comes nearer.
pub(super) fn weights(parts: &[Part]) -> Option<Vec<Vec<u64>>> {
    let exact: Vec<Vec<u128>> = parts.iter().map(exact).collect();
    let largest = exact.iter().flatten().copied().max().filter(|largest| *largest > 0)?;
    let now: Vec<Vec<u64>> = parts.iter().map(|part| part.now.clone()).collect();
    let scaled = (1..=WEIGHT_MAX).rev().map(|scale| at_scale(parts, &exact, largest, scale));
    let all = std::iter::once(now).filter(|now| is_fit(parts, now)).chain(scaled);
    all.filter(|weights| !weights.iter().flatten().all(|weight| *weight == 0))
        .min_by_key(|weights| error(parts, weights))
}

/// What each server of a part should get, in units that are the same for all parts.
fn exact(part: &Part) -> Vec<u128> {
    let sum: u64 = part.sizes.iter().sum();
    // The units are so fine that what is cut off here is no part of a weight.
    let unit = |size: &u64| u128::from(part.share.0) * u128::from(*size) * (1 << 40) / u128::from(sum.max(1));
    part.sizes.iter().map(unit).collect()
}

fn at_scale(parts: &[Part], exact: &[Vec<u128>], largest: u128, scale: u64) -> Vec<Vec<u64>> {
    let rounded = |wanted: &u128, is_barred: bool| {
        let whole = wanted * u128::from(scale);
        let near = if is_barred { whole / largest } else { (whole + largest / 2) / largest };
        let least = u128::from(*wanted > 0 && !is_barred);
        u64::try_from(near.max(least)).unwrap_or(WEIGHT_MAX)
    };
    let of_part = |(part, wanted): (&Part, &Vec<u128>)| wanted.iter().map(|one| rounded(one, part.is_barred)).collect();
    let mut weights: Vec<Vec<u64>> = parts.iter().zip(exact).map(of_part).collect();
    while let Some(at) = gaining(parts, &weights) {
        let Some(most) = weights[at].iter_mut().max() else { break };
        *most -= 1;
    }
    weights
}

/// A barred part that would come to a larger share than it has.
fn gaining(parts: &[Part], weights: &[Vec<u64>]) -> Option<usize> {
    let sum = |all: &[Vec<u64>]| all.iter().flatten().sum::<u64>();
    let before: u64 = parts.iter().flat_map(|part| &part.now).sum();
    let after = sum(weights);
    (0..parts.len()).find(|at| {
        let had: u64 = parts[*at].now.iter().sum();
        let gets: u64 = weights[*at].iter().sum();
        parts[*at].is_barred && gets > 0 && gets * before.max(1) > had * after
    })
}

/// Whether present weights lead to the same servers as new ones would.
fn is_fit(parts: &[Part], weights: &[Vec<u64>]) -> bool {
    parts.iter().zip(weights).all(|(part, weights)| {
        let wants = |size: &u64| part.share > Ppm::ZERO && *size > 0;
        part.sizes.iter().zip(weights).all(|(size, weight)| wants(size) == (*weight > 0))
    })
}

/// How far the worst site is off, then all sites together, in millionths of a share.
fn error(parts: &[Part], weights: &[Vec<u64>]) -> (u128, u128) {
    let sum: u128 = weights.iter().flatten().map(|weight| u128::from(*weight)).sum();
    let off = |(part, weights): (&Part, &Vec<u64>)| {
        let gets: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        let wanted = u128::from(part.share.0);
        (gets * 1_000_000_000_000 / sum.max(1)).abs_diff(wanted * 1_000_000)
    };
    let all: Vec<u128> = parts.iter().zip(weights).map(off).collect();
    (all.iter().copied().max().unwrap_or(0), all.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::Part;
    use super::error;
    use super::weights;
    use crate::model::Ppm;

    fn part(share: u64, servers: &[u64], now: &[u64]) -> Part {
        Part { share: Ppm(share), sizes: servers.to_vec(), now: now.to_vec(), is_barred: false }
    }

    #[test]
    fn ratios_that_whole_numbers_have_are_exact() {
        let found = weights(&[part(670_000, &[1], &[0]), part(330_000, &[1], &[0])]).unwrap();
        assert_eq!(found, [[201], [99]]);
        // A site without a share gets nothing, and each of two servers half of what their site gets.
        let found = weights(&[part(500_000, &[1, 1], &[9, 9]), part(500_000, &[1], &[0]), part(0, &[1], &[9])]);
        assert_eq!(found.unwrap(), [vec![128, 128], vec![256], vec![0]]);
        // The larger of two servers gets more.
        let found = weights(&[part(500_000, &[3, 1], &[0, 0]), part(500_000, &[1], &[0])]).unwrap();
        assert_eq!(found, [vec![192, 64], vec![256]]);
        assert_eq!(weights(&[part(0, &[1], &[1])]), None);
        assert_eq!(weights(&[]), None);
    }

    #[test]
    fn what_is_right_already_stays() {
        let parts = [part(500_000, &[1], &[100]), part(500_000, &[1], &[100])];
        assert_eq!(weights(&parts).unwrap(), [[100], [100]]);
        let parts = [part(1_000_000, &[1, 1], &[1, 1]), part(0, &[1], &[0])];
        assert_eq!(weights(&parts).unwrap(), [vec![1, 1], vec![0]]);
        // One of them would get nothing: not the same.
        let parts = [part(1_000_000, &[1, 1], &[1, 0]), part(0, &[1], &[0])];
        assert_eq!(weights(&parts).unwrap(), [vec![256, 256], vec![0]]);
    }

    #[test]
    fn the_bound_holds_for_every_share_of_two_sites() {
        let mut worst = (0, 0);
        let small = (1..2_000).step_by(37);
        for share in small.clone().chain((2_000..998_000).step_by(997)).chain(small.map(|share| 1_000_000 - share)) {
            let parts = [part(share, &[1], &[0]), part(1_000_000 - share, &[1], &[0])];
            let found = weights(&parts).unwrap();
            assert!(found.iter().flatten().all(|weight| (1..=256).contains(weight)), "{found:?}");
            let off = error(&parts, &found).0 / 1_000_000;
            if (2_000..=998_000).contains(&share) { worst.0 = worst.0.max(off) } else { worst.1 = worst.1.max(off) }
        }
        assert!(worst.0 <= 2_000 && worst.1 <= 4_000, "{worst:?}");
    }

    #[test]
    fn a_barred_site_never_gains_by_rounding() {
        for share in (1_000..999_000).step_by(7_919) {
            for had in [1, 2, 3, 85, 171, 256] {
                let barred = Part { is_barred: true, ..part(share, &[1], &[had]) };
                let now = [had, 200, 57];
                let share_now = had * 1_000_000 / now.iter().sum::<u64>();
                if share > share_now {
                    continue;
                }
                let rest = 1_000_000 - share;
                let parts = [barred, part(rest / 3, &[1], &[200]), part(rest - rest / 3, &[1], &[57])];
                let found = weights(&parts).unwrap();
                let sum: u64 = found.iter().flatten().sum();
                assert!(found[0][0] * now.iter().sum::<u64>() <= had * sum, "{share} {had}: {found:?}");
            }
        }
    }
}

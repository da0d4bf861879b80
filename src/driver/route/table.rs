//! Where a route leads, in the provider's own terms and as shares by site. Arithmetic only: nothing here asks anybody.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::driver::RouteStage;
use crate::model::Millis;
use crate::model::Ppm;

/// Shares of the users, by site.
pub(super) type Shares = BTreeMap<String, Ppm>;

/// How a route stands at its provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// Every place that it leads to. Sorted.
    pub(super) entries: Vec<Entry>,
    /// How long answers may be kept by whoever got one; none where every request is decided anew.
    pub(super) ttl: Option<Millis>,
}

/// One place of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// On which of several balancers; empty where there is one table.
    pub(super) on: String,
    /// The address or the server, as the provider names it.
    pub(super) place: String,
    /// Of which site; none where no site of the route has such a place.
    pub(super) site: Option<String>,
    /// How much of the traffic it gets, against the others of its balancer.
    pub(super) weight: u32,
}

impl Table {
    /// A table in order.
    pub(super) fn new(mut entries: Vec<Entry>, ttl: Option<Millis>) -> Self {
        entries.sort();
        Self { entries, ttl }
    }

    /// The share of each site that gets any: the mean over balancers, which all should have the same. They add up to all
    /// but what is rounded away.
    pub(super) fn shares(&self) -> Shares {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for entry in &self.entries {
            *sums.entry(&entry.on).or_default() += u64::from(entry.weight);
        }
        let tables = u64::try_from(sums.values().filter(|sum| **sum > 0).count()).unwrap_or(u64::MAX).max(1);
        let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.weight > 0) {
            let Some(site) = &entry.site else { continue };
            let sum = sums[entry.on.as_str()];
            *parts.entry(site).or_default() += u64::from(entry.weight) * Ppm::ONE.0 * SCALE / sum;
        }
        parts.into_iter().map(|(site, part)| (site.to_owned(), Ppm((part / tables + SCALE / 2) / SCALE))).collect()
    }

    /// What gets traffic and belongs to no site of the route: somebody else wrote it.
    pub(super) fn foreign(&self) -> Vec<&str> {
        let strange = self.entries.iter().filter(|entry| entry.weight > 0 && entry.site.is_none());
        strange.map(|entry| entry.place.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether it leads anywhere at all, on every balancer that it has.
    pub(super) fn leads_somewhere(&self) -> bool {
        let all: BTreeSet<&str> = self.entries.iter().map(|entry| entry.on.as_str()).collect();
        let live: BTreeSet<&str> =
            self.entries.iter().filter(|entry| entry.weight > 0).map(|entry| entry.on.as_str()).collect();
        !all.is_empty() && all == live
    }

    /// In words, for people: `198.18.10.11 1 (pangyo), 198.18.20.11 1 (ansan); TTL 60s`.
    pub(super) fn fact(&self) -> String {
        let one = |entry: &Entry| {
            let on = if entry.on.is_empty() { String::new() } else { format!("{} ", entry.on) };
            let site = entry.site.as_deref().unwrap_or("no site of this route");
            format!("{on}{} {} ({site})", entry.place, entry.weight)
        };
        let all: Vec<String> = self.entries.iter().map(one).collect();
        let ttl = self.ttl.map(|ttl| format!("; TTL {}s", ttl.0 / 1_000)).unwrap_or_default();
        if all.is_empty() { "nothing".to_owned() } else { format!("{}{ttl}", all.join(", ")) }
    }
}

/// Keeps what is rounded away in the mean of weights below what anybody sees.
const SCALE: u64 = 1_000;

/// The shares that a stage comes to, where the route leads as it does `now`. They add up to all exactly.
///
/// The sites that the stage does not name keep what it leaves of the whole, in proportion to what they have, and never
/// more than they have; those that are left for good keep nothing. What is left after that goes to the named ones, in
/// proportion.
pub(super) fn aim(stage: &RouteStage, now: &Shares, leaves: &[String]) -> Shares {
    let named: Shares = stage.to.iter().filter(|(_, share)| *share > Ppm::ZERO).cloned().collect();
    let sum: u64 = named.values().map(|share| share.0).sum();
    let is_named = |site: &String| stage.to.iter().any(|(named, _)| named == site);
    let others: Shares = now
        .iter()
        .filter(|(site, share)| share.0 > 0 && !is_named(site) && !leaves.contains(site))
        .map(|(site, share)| (site.clone(), *share))
        .collect();
    let had: u64 = others.values().map(|share| share.0).sum();
    let rest = Ppm::ONE.0.saturating_sub(sum).min(had);
    let mut parts = split(&others, rest);
    parts.extend(split(&named, Ppm::ONE.0 - if named.is_empty() { Ppm::ONE.0 } else { rest }));
    parts.retain(|_, share| *share > Ppm::ZERO);
    parts
}

/// Parts a whole in proportion; what rounding leaves goes to those with the largest remainder, then by name.
fn split(parts: &Shares, whole: u64) -> Shares {
    let sum: u128 = parts.values().map(|share| u128::from(share.0)).sum();
    if sum == 0 {
        return Shares::new();
    }
    let exact = |share: &Ppm| u128::from(share.0) * u128::from(whole);
    let mut split: Shares = parts
        .iter()
        .map(|(site, share)| (site.clone(), Ppm(u64::try_from(exact(share) / sum).unwrap_or(whole))))
        .collect();
    let missing = whole - split.values().map(|share| share.0).sum::<u64>();
    let mut order: Vec<(&String, u128)> = parts.iter().map(|(site, share)| (site, exact(share) % sum)).collect();
    order.sort_by(|(a, left), (b, right)| right.cmp(left).then(a.cmp(b)));
    for (site, _) in order.into_iter().take(usize::try_from(missing).unwrap_or(usize::MAX)) {
        if let Some(share) = split.get_mut(site) {
            share.0 += 1;
        }
    }
    split
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use super::Shares;
    use super::Table;
    use super::aim;
    use crate::driver::RouteStage;
    use crate::model::Millis;
    use crate::model::Ppm;

    fn shares(parts: &[(&str, u64)]) -> Shares {
        parts.iter().map(|(site, percent)| ((*site).to_owned(), Ppm(percent * 10_000))).collect()
    }

    fn stage(parts: &[(&str, u64)]) -> RouteStage {
        RouteStage { to: shares(parts).into_iter().collect(), hold: Millis::ZERO }
    }

    fn entry(on: &str, place: &str, site: &str, weight: u32) -> Entry {
        let site = (!site.is_empty()).then(|| site.to_owned());
        Entry { on: on.to_owned(), place: place.to_owned(), site, weight }
    }

    #[test]
    fn users_whom_nobody_can_take_yet_stay_where_they_are() {
        let now = shares(&[("pangyo", 70), ("ansan", 30)]);
        assert_eq!(aim(&stage(&[("ansan", 67)]), &now, &[]), shares(&[("ansan", 67), ("pangyo", 33)]));
        let last = stage(&[("ansan", 67), ("tokyo", 33)]);
        assert_eq!(aim(&last, &now, &["pangyo".to_owned()]), shares(&[("ansan", 67), ("tokyo", 33)]));
    }

    #[test]
    fn nobody_gains_who_is_not_named() {
        let now = shares(&[("pangyo", 5), ("ansan", 95)]);
        assert_eq!(aim(&stage(&[("ansan", 67)]), &now, &[]), shares(&[("ansan", 95), ("pangyo", 5)]));
        // Nobody else is there: whoever is named gets all, since a record cannot turn anybody away.
        assert_eq!(aim(&stage(&[("tokyo", 40)]), &shares(&[]), &[]), shares(&[("tokyo", 100)]));
    }

    #[test]
    fn shares_always_add_up() {
        for one in 1..100 {
            let now = Shares::from([("a".to_owned(), Ppm(333_333)), ("b".to_owned(), Ppm(333_333))]);
            let sum: u64 = aim(&stage(&[("c", one), ("d", 1)]), &now, &[]).values().map(|share| share.0).sum();
            assert_eq!(sum, Ppm::ONE.0, "{one}");
        }
    }

    #[test]
    fn a_table_says_who_gets_what_and_who_is_strange() {
        let table = Table::new(
            vec![
                entry("lb1", "s1", "ansan", 1),
                entry("lb1", "s2", "pangyo", 2),
                entry("lb2", "s1", "ansan", 10),
                entry("lb2", "s2", "pangyo", 20),
                entry("lb2", "s9", "", 0),
            ],
            None,
        );
        let found: Vec<(String, u64)> = table.shares().into_iter().map(|(site, share)| (site, share.0)).collect();
        assert_eq!(found, [("ansan".to_owned(), 333_333), ("pangyo".to_owned(), 666_667)]);
        assert!(table.foreign().is_empty() && table.leads_somewhere());
        let strange = Table::new(vec![entry("", "203.0.113.9", "", 1)], Some(Millis(60_000)));
        assert_eq!(strange.foreign(), ["203.0.113.9"]);
        assert_eq!(strange.fact(), "203.0.113.9 1 (no site of this route); TTL 60s");
        assert!(!Table::default().leads_somewhere());
        let half = vec![entry("lb1", "s1", "ansan", 1), entry("lb2", "s1", "ansan", 0)];
        assert!(!Table::new(half, None).leads_somewhere());
    }
}

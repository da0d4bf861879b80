//! Replicas at different sites that name the same hosts, however they write them.
//!
//! Nothing is expanded: ranges are compared as numbers. Ranges of the same digits of a name are sorted; ranges of different
//! digits (`rack[1-4]-node3`, `rack2-node[1-5]`) are compared pair by pair, among those only whose names are otherwise
//! equal.

use std::collections::BTreeMap;

use crate::load::Loaded;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::HostRun;

/// A run of hosts, and whose it is.
struct Run {
    hosts: HostRun,
    /// By their positions.
    service: usize,
    replica: usize,
    site: usize,
}

/// Which digits of a name a range counts: where they begin, and how many they are.
type Form = (usize, usize);

/// A host that two replicas name, and the positions of their runs: of the one that is told, then of the other.
type Shared = (usize, usize, String);

/// How far a range reaches, and which.
type Reach = (i128, usize);

/// A number has 20 digits at most; what stands before them is zeros.
const DIGITS_MAX: usize = 20;

/// Replicas that name hosts of a replica at another site. Where none that is told of were left, no host would be shared.
pub(crate) fn shared(loaded: &Loaded) -> Vec<Finding> {
    let (estate, places) = (&loaded.estate, &loaded.places);
    let mut runs = Vec::new();
    for (service, declared) in estate.services.iter().enumerate() {
        for (replica, seat) in declared.replicas.iter().enumerate() {
            let site = seat.site.at();
            let hosts = seat.hosts.iter().flat_map(|hosts| hosts.runs());
            runs.extend(hosts.map(|hosts| Run { hosts, service, replica, site }));
        }
    }
    // A replica is told of once, with the first host that comes up.
    let mut told: BTreeMap<(usize, usize), Finding> = BTreeMap::new();
    for (one, other, hosts) in pairs(&mut runs) {
        let (one, other) = (&runs[one], &runs[other]);
        let place = |run: &Run| places.services.get(run.service)?.replicas.get(run.replica).copied();
        let Some((at, first)) = place(one).zip(place(other)) else { continue };
        let service = estate.services[other.service].name.clone();
        let site = estate.sites[other.site].name.clone();
        let fault = Fault::HostsTwice { hosts, service, site };
        told.entry((one.service, one.replica)).or_insert_with(|| Finding::new(at, fault).with(first));
    }
    told.into_values().collect()
}

/// Pairs of runs at different sites with a host that is in both. Not all: without the first of each there is none left.
fn pairs(runs: &mut [Run]) -> Vec<Shared> {
    // Runs can have hosts in common only where their names have digits in the same places.
    let mut by_shape: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, run) in runs.iter_mut().enumerate() {
        let zeros = run.hosts.len.saturating_sub(DIGITS_MAX);
        run.hosts.start += zeros;
        run.hosts.len -= zeros;
        by_shape.entry(run.hosts.name.replace(|letter: char| letter.is_ascii_digit(), "0")).or_default().push(at);
    }
    let mut found = Vec::new();
    for same in by_shape.into_values() {
        // A single host is a range of one in the digits of every other form.
        let (single, ranges): (Vec<usize>, Vec<usize>) = same.into_iter().partition(|&at| runs[at].hosts.len == 0);
        let mut forms: BTreeMap<Form, Vec<usize>> = BTreeMap::new();
        for at in ranges {
            forms.entry((runs[at].hosts.start, runs[at].hosts.len)).or_default().push(at);
        }
        if forms.is_empty() {
            of_one_form(runs, &single, (0, 0), &mut found);
        }
        let forms: Vec<(Form, Vec<usize>)> = forms.into_iter().collect();
        for (at, (form, ranges)) in forms.iter().enumerate() {
            let all: Vec<usize> = ranges.iter().chain(&single).copied().collect();
            of_one_form(runs, &all, *form, &mut found);
            for (other, others) in &forms[at + 1..] {
                of_two_forms(runs, (*form, ranges), (*other, others), &mut found);
            }
        }
    }
    found
}

/// What shares hosts among ranges of the same digits: sorted, a range needs to know of those before it only how far they
/// reach, and of whom at another site.
fn of_one_form(runs: &[Run], all: &[usize], form: Form, found: &mut Vec<Shared>) {
    let mut by_rest: BTreeMap<String, Vec<(i128, i128, usize)>> = BTreeMap::new();
    for &at in all {
        let hosts = &runs[at].hosts;
        let low = number(&hosts.name, form);
        let high = low + i128::from(hosts.high - hosts.low);
        by_rest.entry(without(&hosts.name, &[form])).or_default().push((low, high, at));
    }
    for ranges in by_rest.values_mut() {
        ranges.sort_unstable();
        // Those that reach furthest: of all, and of all at other sites than that one.
        let (mut furthest, mut beside): (Option<Reach>, Option<Reach>) = (None, None);
        for &(low, high, at) in ranges.iter() {
            let site = |it: Reach| runs[it.1].site;
            let other =
                furthest.filter(|it| site(*it) != runs[at].site).or(beside.filter(|it| site(*it) != runs[at].site));
            if let Some((_, other)) = other.filter(|(end, _)| low <= *end) {
                found.push((at, other, with(&runs[at].hosts.name, form, low)));
            }
            let here = furthest.is_none_or(|it| site(it) == runs[at].site);
            if furthest.is_none_or(|(end, _)| high > end) {
                if !here {
                    beside = furthest;
                }
                furthest = Some((high, at));
            } else if !here && beside.is_none_or(|(end, _)| high > end) {
                beside = Some((high, at));
            }
        }
    }
}

/// What shares hosts among ranges of different digits.
fn of_two_forms(runs: &[Run], one: (Form, &Vec<usize>), other: (Form, &Vec<usize>), found: &mut Vec<Shared>) {
    let forms = [one.0, other.0];
    let mut by_rest: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &at in one.1 {
        by_rest.entry(without(&runs[at].hosts.name, &forms)).or_default().push(at);
    }
    for &second in other.1 {
        let same = by_rest.get(&without(&runs[second].hosts.name, &forms)).map_or(&[][..], Vec::as_slice);
        let shared = same.iter().filter(|&&first| runs[first].site != runs[second].site);
        let shared = shared.filter_map(|&first| Some((first, common(&runs[first].hosts, &runs[second].hosts)?)));
        found.extend(shared.map(|(first, name)| (second.max(first), second.min(first), name)));
    }
}

/// The first host of two runs whose names are equal but for the digits that either counts.
fn common(one: &HostRun, other: &HostRun) -> Option<String> {
    let (from, to) = (one.start.max(other.start), (one.start + one.len).min(other.start + other.len));
    // The digits that both count, if any; those that one alone counts are written out in the name of the other.
    let both = if from < to { (from, to - from) } else { (0, 0) };
    let (low, _) = [(one, other), (other, one)].into_iter().try_fold((0, i128::MAX), |(low, high), (run, name)| {
        let end = run.start + run.len;
        let (first, rest) = if both.1 == 0 { (run.len, 0) } else { (both.0 - run.start, end - both.0 - both.1) };
        let before = number(&name.name, (run.start, first));
        let after = number(&name.name, (end - rest, rest));
        let (step, tens) = (power(rest), power(both.1));
        let fixed = before * tens * step + after;
        // before, then the digits of both, then after: at least the lowest number, and at most the highest.
        let least = (i128::from(run.low) - fixed + step - 1).div_euclid(step);
        let most = (i128::from(run.high) - fixed).div_euclid(step);
        let (low, high) = (low.max(least), high.min(most).min(tens - 1));
        (low <= high).then_some((low, high))
    })?;
    // What one counts is written out in the other's name.
    let of_one = one.start..one.start + one.len;
    let digits = one.name.chars().zip(other.name.chars()).enumerate();
    let name: String = digits.map(|(at, (own, its))| if of_one.contains(&at) { its } else { own }).collect();
    Some(with(&name, both, low))
}

/// A name without the digits of these forms.
fn without(name: &str, forms: &[Form]) -> String {
    let is_digit = |at: usize| forms.iter().any(|(start, len)| *start <= at && at < start + len);
    name.char_indices().map(|(at, letter)| if is_digit(at) { '#' } else { letter }).collect()
}

/// A name with another number in these digits.
fn with(name: &str, (start, len): Form, number: i128) -> String {
    let number = if len == 0 { String::new() } else { format!("{number:0len$}") };
    [&name[..start], &number, &name[start + len..]].concat()
}

/// The number in these digits of a name.
fn number(name: &str, (start, len): Form) -> i128 {
    name[start..start + len].parse().unwrap_or(0)
}

fn power(digits: usize) -> i128 {
    10_i128.pow(u32::try_from(digits.min(DIGITS_MAX)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::ProptestConfig;
    use proptest::prop_assert;
    use proptest::proptest;

    use super::Run;
    use super::pairs;
    use crate::model::HostSet;

    /// Each of these sets at a site of its own, or at one of two; and what is told of them.
    fn told(sets: &[(HostSet, usize)]) -> Vec<(usize, usize, String)> {
        let mut runs: Vec<Run> = Vec::new();
        for (service, (set, site)) in sets.iter().enumerate() {
            runs.extend(set.runs().map(|hosts| Run { hosts, service, replica: 0, site: *site }));
        }
        let found = pairs(&mut runs);
        found.into_iter().map(|(one, other, name)| (runs[one].service, runs[other].service, name)).collect()
    }

    #[test]
    fn hosts_are_the_same_however_they_are_written() {
        for (one, other, shared) in [
            ("pg-[01-10]", "pg-[1-10]", Some("pg-10")),
            ("pg-[01-09]", "pg-[1-9]", None),
            ("pg-[8-12]", "pg-1[0-9]", Some("pg-10")),
            ("rack[1-4]-node3", "rack2-node[1-5]", Some("rack2-node3")),
            ("rack[1-4]-node3", "rack5-node[1-5]", None),
            ("rack[1-4]-node6", "rack2-node[1-5]", None),
            ("pg-db-07", "pg-db-[01-20]", Some("pg-db-07")),
            ("pg-db-7", "pg-db-[01-20]", None),
            ("a[10-99]5", "a1[00-99]", Some("a105")),
            ("a[20-99]5", "a1[00-99]", None),
            ("a[100-999]", "a5[3-4]7", Some("a537")),
            (
                "a[00000000000000000000001-00000000000000000000009]",
                "a0000000000000000000000[7-8]",
                Some("a00000000000000000000007"),
            ),
            ("so-one,so-[1-3]", "so-two,so-one", Some("so-one")),
        ] {
            let parsed = |text: &str| HostSet::parse(text).unwrap();
            for (one, other) in [(one, other), (other, one)] {
                let found = told(&[(parsed(one), 0), (parsed(other), 1)]);
                assert_eq!(found.first().map(|(_, _, name)| name.as_str()), shared, "{one} {other}: {found:?}");
                assert_eq!(told(&[(parsed(one), 0), (parsed(other), 0)]), [], "one site may share its hosts");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        /// Sets of a few letters and numbers, against all their names written out.
        #[test]
        fn whoever_shares_a_host_is_told(
            texts in proptest::collection::vec(("[01]{0,2}(|[ab])(|[01]{1,2}|\\[0{0,2}[0-9]{1,2}-0{0,1}[0-9]{2,3}\\])(|[ab])[01]{0,2}", 0_usize..3), 2..7)
        ) {
            let sets: Vec<(HostSet, usize)> =
                texts.iter().filter_map(|(text, site)| Some((HostSet::parse(text).ok()?, *site))).collect();
            let names: Vec<BTreeSet<String>> = sets.iter().map(|(set, _)| set.iter().collect()).collect();
            let found = told(&sets);
            for (one, other, name) in &found {
                prop_assert!(sets[*one].1 != sets[*other].1 && names[*one].contains(name) && names[*other].contains(name), "{name}: {sets:?}");
            }
            let is_told: BTreeSet<usize> = found.iter().map(|(one, _, _)| *one).collect();
            for one in 0..sets.len() {
                for other in 0..one {
                    let shares = sets[one].1 != sets[other].1 && !names[one].is_disjoint(&names[other]);
                    prop_assert!(!shares || is_told.contains(&one) || is_told.contains(&other), "{one}, {other}: {sets:?}");
                }
            }
        }
    }
}

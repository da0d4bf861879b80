//! Shares as people and tools write them: percentages with one digit behind the point. Text and arithmetic only.

use std::collections::BTreeMap;

use crate::driver::route::table::Entry;
use crate::driver::route::table::Table;
use crate::driver::tool::pairs;
use crate::model::Ppm;

/// The sites of a route, for which there are percentages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Percents {
    /// Sorted.
    pub(super) sites: Vec<String>,
    /// They get no more than they have, by no rounding.
    pub(super) barred: Vec<String>,
}

/// Tenths of a percent: finer than any first stage, and as coarse as what tools that round give back.
const TENTHS: u64 = 1_000;
/// One tenth, as a share.
const TENTH: u64 = Ppm::ONE.0 / TENTHS;

impl Percents {
    /// Reads `SITE SHARE` lines, or `SITE=SHARE` words. A share is a percentage, and may end with `%`. Whoever is not
    /// named has none.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn parse(&self, text: &str) -> Result<Table, String> {
        let mut found: BTreeMap<&str, u64> = BTreeMap::new();
        let mut sum = 0;
        for (site, share) in pairs(text, ("SITE", "SHARE"))? {
            let thousandths = thousandths(share).ok_or_else(|| {
                format!("{site} has {share:?}, which is no percentage: write a number from 0 to 100, as 33.3 or 33.3%")
            })?;
            if found.insert(site, (thousandths + 50) / 100).is_some() {
                return Err(format!("{site} stands there twice"));
            }
            sum += thousandths;
        }
        if found.is_empty() {
            return Err("it says nothing: there must be a line `SITE SHARE` for each site that gets any".to_owned());
        }
        if sum.abs_diff(100_000) > 100 {
            let all: Vec<String> = found.iter().map(|(site, tenths)| format!("{site} {}", number(*tenths))).collect();
            let sum = number((sum + 50) / 100);
            return Err(format!("shares must add up to 100, and these add up to {sum}: {}", all.join(", ")));
        }
        let strange = found.iter().filter(|(site, tenths)| **tenths > 0 && !self.sites.iter().any(|one| one == *site));
        let mut entries: Vec<Entry> = strange.map(|(site, tenths)| entry(site, *tenths, false)).collect();
        entries.extend(self.sites.iter().map(|site| entry(site, found.get(site.as_str()).copied().unwrap_or(0), true)));
        Ok(Table::new(entries, None))
    }

    /// The table that comes nearest: each site is off by less than a tenth of a percent, and whoever has a share gets at
    /// least that tenth; who has most gives up a tenth more for each that got it so.
    pub(super) fn nearest(&self, now: &Table, aim: &BTreeMap<&str, Ppm>) -> Table {
        let share = |site: &String| aim.get(site.as_str()).copied().unwrap_or(Ppm::ZERO).0;
        let is_barred = |site: &String| self.barred.contains(site);
        let had = |site: &String| {
            let entry = now.entries.iter().find(|entry| entry.site.as_ref() == Some(site));
            entry.map_or(0, |entry| u64::from(entry.weight))
        };
        let down = |site: &String| match share(site) {
            0 => 0,
            share if is_barred(site) => (share / TENTH).min(had(site)),
            share => (share / TENTH).max(1),
        };
        let mut tenths: Vec<u64> = self.sites.iter().map(down).collect();
        let mut order: Vec<usize> =
            (0..tenths.len()).filter(|at| share(&self.sites[*at]) > 0 && !is_barred(&self.sites[*at])).collect();
        order.sort_by_key(|at| (std::cmp::Reverse(share(&self.sites[*at]) % TENTH), *at));
        // What rounding down left goes to those who lost most by it, in turn.
        let mut missing = TENTHS.saturating_sub(tenths.iter().sum());
        for at in order.iter().cycle().take_while(|_| !order.is_empty()) {
            if missing == 0 {
                break;
            }
            tenths[*at] += 1;
            missing -= 1;
        }
        // What those took who got a tenth for less comes from who has most.
        while tenths.iter().sum::<u64>() > TENTHS {
            let Some(most) = tenths.iter_mut().max() else { break };
            *most -= 1;
        }
        let entries = self.sites.iter().zip(tenths).map(|(site, tenths)| entry(site, tenths, true)).collect();
        Table::new(entries, None)
    }
}

fn entry(site: &str, tenths: u64, is_known: bool) -> Entry {
    let weight = u32::try_from(tenths).unwrap_or(u32::MAX);
    Entry { on: String::new(), place: site.to_owned(), site: is_known.then(|| site.to_owned()), weight }
}

/// A percentage in thousandths of a percent; what is finer is cut off.
fn thousandths(text: &str) -> Option<u64> {
    let text = text.strip_suffix('%').unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !is_number(whole) || !is_number(part) {
        return None;
    }
    let digit = |at: usize| part.as_bytes().get(at).map_or(0, |byte| u64::from(byte - b'0'));
    let found = whole.parse::<u64>().ok()? * 1_000 + digit(0) * 100 + digit(1) * 10 + digit(2);
    (found <= 100_000).then_some(found)
}

fn number(tenths: u64) -> String {
    if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

fn all(table: &Table, between: char, behind: char) -> String {
    let mut text = String::new();
    for entry in table.entries.iter().filter(|entry| entry.weight > 0) {
        text.push_str(&format!("{}{between}{}{behind}", entry.place, number(u64::from(entry.weight))));
    }
    text
}

/// `ansan=67 tokyo=33`.
pub(super) fn words(table: &Table) -> String {
    all(table, '=', ' ').trim_end().to_owned()
}

/// `ansan 67` and `tokyo 33`, each in a line.
pub(super) fn lines(table: &Table) -> String {
    all(table, ' ', '\n')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Percents;
    use super::lines;
    use super::words;
    use crate::driver::route::table::Table;
    use crate::model::Ppm;

    fn percents() -> Percents {
        Percents { sites: ["ansan", "pangyo", "tokyo"].map(str::to_owned).to_vec(), barred: Vec::new() }
    }

    #[test]
    fn both_ways_to_write_a_table_say_the_same() {
        let table = percents().parse("ansan 66.7\n\ntokyo 33.3%\n").unwrap();
        assert_eq!(percents().parse("tokyo=33.30 ansan=66.7% pangyo=0").unwrap(), table);
        assert_eq!(
            (words(&table).as_str(), lines(&table).as_str()),
            ("ansan=66.7 tokyo=33.3", "ansan 66.7\ntokyo 33.3\n")
        );
        let third = percents().parse("ansan 33.3333\npangyo 33.3333\ntokyo 33.3333").unwrap();
        assert_eq!(words(&third), "ansan=33.3 pangyo=33.3 tokyo=33.3");
        assert_eq!(percents().parse("ansan 90\nelsewhere 10").unwrap().foreign(), ["elsewhere"]);
        assert!(percents().parse("ansan 100\nelsewhere 0").unwrap().foreign().is_empty());
    }

    #[test]
    fn what_is_no_table_is_told_with_its_words() {
        let why = |text: &str| percents().parse(text).unwrap_err();
        assert!(why("").contains("says nothing"));
        assert!(why("ansan").contains("\"ansan\" is neither"));
        assert!(why("ansan 1 2").contains("is neither"));
        assert!(why("=5").contains("is neither"));
        for odd in ["-1", "1e1", "100.1", "1000", "", "NaN", "5,5"] {
            assert!(why(&format!("ansan={odd} tokyo=33")).contains("is no percentage"), "{odd}");
        }
        assert!(why("ansan 50\nansan 50").contains("ansan stands there twice"));
        assert_eq!(
            why("ansan 60\ntokyo 30.5"),
            "shares must add up to 100, and these add up to 90.5: ansan 60, tokyo 30.5"
        );
        assert!(percents().parse("ansan 60\ntokyo 40.1").is_ok());
    }

    #[test]
    fn the_nearest_table_adds_up_and_never_leaves_anybody_out() {
        for one in (1..1_000_000).step_by(997) {
            let rest = 1_000_000 - one;
            let aim = BTreeMap::from([("ansan", Ppm(one)), ("pangyo", Ppm(rest / 3)), ("tokyo", Ppm(rest - rest / 3))]);
            let table = percents().nearest(&Table::default(), &aim);
            assert_eq!(table.entries.iter().map(|entry| entry.weight).sum::<u32>(), 1_000, "{one}");
            for entry in &table.entries {
                let wanted = aim[entry.place.as_str()].0;
                let off = (u64::from(entry.weight) * 1_000).abs_diff(wanted);
                assert!(off <= 2_000 && (entry.weight > 0) == (wanted > 0), "{one}: {entry:?}");
            }
        }
        let aim = BTreeMap::from([("ansan", Ppm(333_900)), ("tokyo", Ppm(666_100))]);
        let barred = Percents { barred: vec!["ansan".to_owned()], ..percents() };
        let now = percents().parse("ansan 33.3\npangyo 66.7").unwrap();
        assert_eq!(words(&barred.nearest(&now, &aim)), "ansan=33.3 tokyo=66.7");
    }
}

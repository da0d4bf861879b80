//! How much, as people and tools write it. Text and arithmetic only: nothing here asks anybody.

use std::collections::BTreeMap;

use crate::driver::tool::pairs;
use crate::model::amount_text;

/// Amounts by resource, in thousandths.
pub(super) type Capacity = BTreeMap<String, u64>;

/// No cloud has so much of anything, and sums of it stay far below what a number holds.
const DIGITS_MAX: usize = 12;

/// Reads `RESOURCE AMOUNT` lines, or `RESOURCE=AMOUNT` words. An amount has up to three decimals; what is finer is cut
/// off.
///
/// # Errors
///
/// What is wrong with it, for people.
pub(super) fn parse(text: &str) -> Result<Capacity, String> {
    let mut found = Capacity::new();
    for (resource, amount) in pairs(text, ("RESOURCE", "AMOUNT"))? {
        let thousandths = thousandths(amount)
            .ok_or_else(|| format!("{resource} has {amount:?}, which is no amount: write a number, as 400 or 12.5"))?;
        if found.insert(resource.to_owned(), thousandths).is_some() {
            return Err(format!("{resource} stands there twice"));
        }
    }
    if found.is_empty() {
        return Err(
            "it says nothing: there must be a line `RESOURCE AMOUNT` for each resource, as `cores 0`".to_owned()
        );
    }
    Ok(found)
}

fn thousandths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > DIGITS_MAX || !is_number(whole) || !is_number(part) {
        return None;
    }
    let digit = |at: usize| part.as_bytes().get(at).map_or(0, |byte| u64::from(byte - b'0'));
    Some(whole.parse::<u64>().ok()? * 1_000 + digit(0) * 100 + digit(1) * 10 + digit(2))
}

/// `cores=20000 gbps=400`.
pub(super) fn words(all: &Capacity) -> String {
    let word = |(resource, amount): (&String, &u64)| format!("{resource}={}", plain(*amount));
    all.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// `cores 20000` and `gbps 400`, each in a line.
pub(super) fn lines(all: &Capacity) -> String {
    all.iter().map(|(resource, amount)| format!("{resource} {}\n", plain(*amount))).collect()
}

/// As programs read it.
fn plain(amount: u64) -> String {
    amount_text(amount).replace(',', "")
}

/// Of which there is less than wanted.
pub(super) fn missing<'w>(has: &'w Capacity, wanted: &'w Capacity) -> impl Iterator<Item = &'w String> {
    let lacks = move |(resource, amount): &(&String, &u64)| has.get(*resource).is_none_or(|there| there < amount);
    wanted.iter().filter(lacks).map(|(resource, _)| resource)
}

/// Whether there is as much of everything as wanted.
pub(super) fn covers(has: &Capacity, wanted: &Capacity) -> bool {
    missing(has, wanted).next().is_none()
}

/// What is wanted, and never less than any of what there is.
pub(super) fn at_least<'c>(wanted: &Capacity, there: impl IntoIterator<Item = &'c Capacity>) -> Capacity {
    let mut total = wanted.clone();
    for there in there {
        for (resource, amount) in &mut total {
            *amount = (*amount).max(there.get(resource).copied().unwrap_or(0));
        }
    }
    total
}

/// `14,000 of 20,000 cores, 400 of 400 gbps`.
pub(super) fn of(has: &Capacity, wanted: &Capacity) -> String {
    let one = |(resource, amount): (&String, &u64)| {
        let there = has.get(resource).copied().unwrap_or(0);
        format!("{} of {} {resource}", amount_text(there), amount_text(*amount))
    };
    wanted.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::Capacity;
    use super::at_least;
    use super::covers;
    use super::lines;
    use super::of;
    use super::parse;
    use super::words;

    fn capacity(all: &[(&str, u64)]) -> Capacity {
        all.iter().map(|(resource, amount)| ((*resource).to_owned(), *amount)).collect()
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        let all = capacity(&[("cores", 20_000_000), ("gbps", 12_500)]);
        for text in ["cores 20000\ngbps 12.5", "cores=20000 gbps=12.5", "\n gbps 12.5009 \n\tcores=20000\n"] {
            assert_eq!(parse(text), Ok(all.clone()), "{text}");
        }
        assert_eq!((words(&all), lines(&all)), ("cores=20000 gbps=12.5".into(), "cores 20000\ngbps 12.5\n".into()));
        assert_eq!(parse(&lines(&all)), Ok(all));
    }

    #[test]
    fn what_is_no_amount_is_told() {
        for (text, why) in [
            ("", "it says nothing"),
            ("cores", "neither a line `RESOURCE AMOUNT` nor"),
            ("cores many", "which is no amount"),
            ("cores -1", "which is no amount"),
            ("cores 1,000", "which is no amount"),
            ("cores 1e9", "which is no amount"),
            ("cores 9999999999999", "which is no amount"),
            ("cores .5", "which is no amount"),
            ("cores 1\ncores 2", "stands there twice"),
        ] {
            let found = parse(text).expect_err(text);
            assert!(found.contains(why), "{text}: {found}");
        }
    }

    #[test]
    fn what_there_is_is_never_lowered() {
        let wanted = capacity(&[("cores", 20), ("gbps", 400)]);
        let there = capacity(&[("cores", 25), ("gbps", 100), ("disks", 7)]);
        assert_eq!(at_least(&wanted, [&there]), capacity(&[("cores", 25), ("gbps", 400)]));
        assert!(!covers(&there, &wanted) && covers(&there, &capacity(&[("cores", 25)])));
        assert!(!covers(&Capacity::new(), &wanted));
        let all = capacity(&[("cores", 20_000_000), ("gbps", 400_000)]);
        assert_eq!(of(&capacity(&[("cores", 14_000_500)]), &all), "14,000.5 of 20,000 cores, 0 of 400 gbps");
    }
}

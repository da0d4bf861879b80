//! Sets of hosts by pattern: `pg-msg-[001-120]`, so that thousands of hosts stay one line.

use std::fmt;

/// The most hosts that one set may name. A slip such as `[1-99999999]` is refused before it costs memory.
pub const HOSTS_MAX: u64 = 100_000;

/// A set of hosts: patterns, each of which names at least one host. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSet {
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    before: String,
    range: Option<Range>,
    after: String,
}

/// `[001-120]`: whole numbers from `low` to `high`, padded with zeros to `width`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    low: u64,
    high: u64,
    width: usize,
}

/// Hosts whose names differ in one number only, written in equally many digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostRun {
    /// The name of the first.
    pub name: String,
    /// The byte at which the number begins.
    pub start: usize,
    /// How many digits it has; 0 where it is one host.
    pub len: usize,
    /// The lowest number.
    pub low: u64,
    /// The highest number.
    pub high: u64,
}

/// Why a text is no set of hosts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostSetError {
    /// No host at all. An empty set is never "all".
    Empty,
    /// A character that is no letter, digit, dot, dash or underscore: a shell might treat it specially.
    Character(char),
    /// `[` without `]`, a second range, or something other than `low-high` inside.
    Range(String),
    /// The range runs backwards: `[9-1]`.
    Backwards(String),
    /// More than [`HOSTS_MAX`] hosts.
    TooMany,
    /// The same host twice.
    Twice(String),
}

impl HostSet {
    /// Reads patterns that are parted by commas or spaces.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, HostSetError> {
        let parts = || text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
        // There is a set for each of tens of thousands of replicas, and hardly any has more than one pattern.
        let mut patterns = Vec::with_capacity(parts().count());
        for part in parts() {
            patterns.push(Pattern::parse(part)?);
        }
        if patterns.is_empty() {
            return Err(HostSetError::Empty);
        }
        let set = Self { patterns };
        if set.count() > HOSTS_MAX {
            return Err(HostSetError::TooMany);
        }
        if set.patterns.len() > 1 {
            let mut names: Vec<String> = set.iter().collect();
            names.sort();
            if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(HostSetError::Twice(twice[0].clone()));
            }
        }
        Ok(set)
    }

    /// The set of these hosts in as few patterns as their numbers allow: `a-1, a-2, b` is `a-[1-2],b`. Sorted. None where
    /// there is no host, or one that no set can name.
    #[must_use]
    pub fn of<T: AsRef<str>>(names: &[T]) -> Option<Self> {
        let mut parts: Vec<_> = names.iter().map(|name| Numbered::of(name.as_ref())).collect();
        parts.sort();
        parts.dedup();
        if parts.iter().any(|part| !part.name().chars().all(is_host_char)) {
            return None;
        }
        let mut patterns: Vec<Pattern> = Vec::new();
        for part in parts {
            let next = patterns.last_mut().filter(|last| last.is_before(&part));
            match next.and_then(|last| last.range.as_mut()) {
                Some(range) => range.high += 1,
                None => patterns.push(part.pattern()),
            }
        }
        for pattern in &mut patterns {
            if let Some(Range { low, high, .. }) = pattern.range
                && low == high
            {
                *pattern = Pattern { before: pattern.host(low), range: None, after: String::new() };
            }
        }
        (!patterns.is_empty()).then_some(Self { patterns })
    }

    /// How many hosts it names; at least 1.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.patterns.iter().fold(0, |sum, pattern| sum.saturating_add(pattern.count()))
    }

    /// Every host, in the order written.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.patterns.iter().flat_map(Pattern::iter)
    }

    /// Whether it names `host`.
    #[must_use]
    pub fn contains(&self, host: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.contains(host))
    }

    /// How many of its hosts `other` names too.
    #[must_use]
    pub fn count_in(&self, other: &Self) -> u64 {
        self.iter().filter(|host| other.contains(host)).map(|_| 1).sum()
    }

    /// The hosts that `other` does not name; none where it names all of them.
    #[must_use]
    pub fn without(&self, other: &Self) -> Option<Self> {
        let mut patterns: Vec<Pattern> = Vec::new();
        for pattern in &self.patterns {
            let Some(Range { low, high, width }) = pattern.range else {
                patterns.extend((!other.contains(&pattern.host(0))).then(|| pattern.clone()));
                continue;
            };
            let mut from = None;
            for number in low..=high {
                let gone = other.contains(&pattern.host(number));
                match (gone, from) {
                    (false, None) => from = Some(number),
                    (true, Some(first)) => {
                        patterns.push(pattern.part(first, number - 1, width));
                        from = None;
                    }
                    (true, None) | (false, Some(_)) => {}
                }
            }
            patterns.extend(from.map(|first| pattern.part(first, high, width)));
        }
        (!patterns.is_empty()).then_some(Self { patterns })
    }

    /// Its hosts in runs whose names are equally long, so that numbers can be compared without writing names: `[8-12]`
    /// is `[8-9]` and `[10-12]`.
    pub fn runs(&self) -> impl Iterator<Item = HostRun> {
        self.patterns.iter().flat_map(|pattern| {
            let Range { low, high, width } = pattern.range.unwrap_or(Range { low: 0, high: 0, width: 0 });
            let mut from = Some(low);
            std::iter::from_fn(move || {
                let first = from.filter(|&first| first <= high)?;
                let name = pattern.host(first);
                let len = if width == 0 { 0 } else { name.len() - pattern.before.len() - pattern.after.len() };
                let last =
                    u32::try_from(len).ok().and_then(|len| 10_u64.checked_pow(len)).map_or(high, |next| next - 1);
                let last = if len == 0 { first } else { last.min(high) };
                from = last.checked_add(1);
                Some(HostRun { name, start: pattern.before.len(), len, low: first, high: last })
            })
        })
    }

    /// The texts that its hosts begin with, one for each pattern; the whole name where there is no range.
    pub fn beginnings(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|pattern| pattern.before.as_str())
    }

    /// The first host: an example for rules that match by name.
    #[must_use]
    pub fn first(&self) -> String {
        self.iter().next().unwrap_or_default()
    }
}

/// As it was written, patterns parted by commas.
impl fmt::Display for HostSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Pattern { before, range, after }) in self.patterns.iter().enumerate() {
            if at > 0 {
                out.write_str(",")?;
            }
            match range {
                Some(Range { low, high, width }) => write!(out, "{before}[{low:0width$}-{high:0width$}]{after}")?,
                None => write!(out, "{before}{after}")?,
            }
        }
        Ok(())
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, HostSetError> {
        let plain = |part: &str| match part.chars().find(|&c| !is_host_char(c)) {
            Some('[' | ']') => Err(HostSetError::Range(text.to_owned())),
            Some(odd) => Err(HostSetError::Character(odd)),
            None => Ok(part.to_owned()),
        };
        let Some((before, rest)) = text.split_once('[') else {
            return Ok(Self { before: plain(text)?, range: None, after: String::new() });
        };
        let (inside, after) = rest.split_once(']').ok_or_else(|| HostSetError::Range(text.to_owned()))?;
        let range = Range::parse(inside).ok_or_else(|| HostSetError::Range(text.to_owned()))?;
        if range.low > range.high {
            return Err(HostSetError::Backwards(text.to_owned()));
        }
        Ok(Self { before: plain(before)?, range: Some(range), after: plain(after)? })
    }

    /// The host with this number; the number counts only where there is a range.
    fn host(&self, number: u64) -> String {
        let Self { before, range, after } = self;
        match range {
            Some(Range { width, .. }) => format!("{before}{number:0width$}{after}"),
            None => format!("{before}{after}"),
        }
    }

    /// A part of the range.
    fn part(&self, low: u64, high: u64, width: usize) -> Self {
        Self { before: self.before.clone(), range: Some(Range { low, high, width }), after: self.after.clone() }
    }

    fn count(&self) -> u64 {
        self.range.map_or(1, |range| (range.high - range.low).saturating_add(1))
    }

    fn iter(&self) -> impl Iterator<Item = String> {
        let Range { low, high, .. } = self.range.unwrap_or(Range { low: 0, high: 0, width: 0 });
        (low..=high).map(|number| self.host(number))
    }

    fn contains(&self, host: &str) -> bool {
        let Some(inside) =
            host.strip_prefix(self.before.as_str()).and_then(|rest| rest.strip_suffix(self.after.as_str()))
        else {
            return false;
        };
        let Some(range) = self.range else {
            return inside.is_empty();
        };
        inside.parse().is_ok_and(|number| {
            let width = range.width;
            range.low <= number && number <= range.high && format!("{number:0width$}") == inside
        })
    }
}

/// A host's name, taken apart at the last number of its first label; an address at its last number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Numbered {
    before: String,
    after: String,
    /// With the digits that it is written in.
    number: Option<(u64, String)>,
}

impl Numbered {
    fn of(name: &str) -> Self {
        let is_digit = |letter: char| letter.is_ascii_digit();
        // What is an address differs at its end, and what is a name before its domain.
        let is_address = name.chars().all(|letter| is_digit(letter) || letter == '.');
        let label = if is_address { name } else { name.split('.').next().unwrap_or(name) };
        let before_number = label.trim_end_matches(|letter| !is_digit(letter));
        let before = before_number.trim_end_matches(is_digit);
        let digits = &before_number[before.len()..];
        match digits.parse() {
            Ok(number) => Self {
                before: before.to_owned(),
                after: name[before_number.len()..].to_owned(),
                number: Some((number, digits.to_owned())),
            },
            Err(_) => Self { before: name.to_owned(), after: String::new(), number: None },
        }
    }

    fn name(&self) -> String {
        let digits = self.number.as_ref().map_or("", |(_, digits)| digits);
        format!("{}{digits}{}", self.before, self.after)
    }

    fn pattern(self) -> Pattern {
        let of_one = |(number, digits): (u64, String)| Range { low: number, high: number, width: digits.len() };
        Pattern { before: self.before, range: self.number.map(of_one), after: self.after }
    }
}

impl Pattern {
    /// Whether this host comes right after those of the pattern, and would be written as one of them.
    fn is_before(&self, host: &Numbered) -> bool {
        let next = self
            .range
            .is_some_and(|range| range.high.checked_add(1) == host.number.as_ref().map(|(number, _)| *number));
        next && self.before == host.before
            && self.after == host.after
            && host.number.as_ref().is_some_and(|(number, _)| self.host(*number) == host.name())
    }
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (low, high) = text.split_once('-')?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(low) || !digits(high) || low.len() > high.len() {
            return None;
        }
        Some(Self { low: low.parse().ok()?, high: high.parse().ok()?, width: low.len() })
    }
}

fn is_host_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::HostSet;
    use super::HostSetError;

    fn set(text: &str) -> HostSet {
        HostSet::parse(text).unwrap()
    }

    #[test]
    fn a_range_names_every_host_in_it() {
        let hosts = set("pg-msg-[008-011].kr, bastion");
        assert_eq!(hosts.count(), 5);
        assert_eq!(
            hosts.iter().collect::<Vec<_>>(),
            ["pg-msg-008.kr", "pg-msg-009.kr", "pg-msg-010.kr", "pg-msg-011.kr", "bastion"]
        );
        assert!(hosts.contains("pg-msg-010.kr"));
        assert!(!hosts.contains("pg-msg-10.kr"));
        assert!(!hosts.contains("pg-msg-012.kr"));
        assert_eq!(hosts.count_in(&set("pg-msg-[001-009].kr")), 2);
        assert_eq!(hosts.to_string(), "pg-msg-[008-011].kr,bastion");
        let rest = hosts.without(&set("pg-msg-009.kr,bastion")).map(|rest| rest.to_string());
        assert_eq!(rest.as_deref(), Some("pg-msg-[008-008].kr,pg-msg-[010-011].kr"));
        assert_eq!(hosts.without(&hosts), None);
    }

    #[test]
    fn hosts_fold_into_the_ranges_that_name_them() {
        for (names, folded) in [
            (vec!["a-3", "a-1", "a-2", "a-1"], "a-[1-3]"),
            (vec!["a-9", "a-10", "a-12"], "a-[9-10],a-12"),
            (vec!["a-099", "a-100", "a-98"], "a-98,a-[099-100]"),
            (vec!["a-1.kr", "a-2.kr", "a-3.jp"], "a-3.jp,a-[1-2].kr"),
            (vec!["bastion", "a1b", "a2b"], "a[1-2]b,bastion"),
            (vec!["10.0.0.1", "10.0.0.2", "10.0.1.3"], "10.0.0.[1-2],10.0.1.3"),
        ] {
            let set = HostSet::of(&names).unwrap();
            assert_eq!(set.to_string(), folded);
            let mut named: Vec<String> = set.iter().collect();
            named.sort();
            let mut wanted: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            wanted.sort();
            wanted.dedup();
            assert_eq!(named, wanted, "{folded}");
            assert_eq!(HostSet::parse(folded).as_ref(), Ok(&set));
        }
        assert_eq!(HostSet::of::<&str>(&[]), None);
        assert_eq!(HostSet::of(&["a;b"]), None);
    }

    #[test]
    fn what_is_no_set_says_why() {
        for (text, why) in [
            ("", HostSetError::Empty),
            (" , ", HostSetError::Empty),
            ("a;rm", HostSetError::Character(';')),
            ("a[1-", HostSetError::Range("a[1-".into())),
            ("a[]", HostSetError::Range("a[]".into())),
            ("a[1-2][3-4]", HostSetError::Range("a[1-2][3-4]".into())),
            ("a[9-1]", HostSetError::Backwards("a[9-1]".into())),
            ("a[1-99999999]", HostSetError::TooMany),
            ("a[1-3],a2", HostSetError::Twice("a2".into())),
        ] {
            assert_eq!(HostSet::parse(text), Err(why), "{text}");
        }
    }
}

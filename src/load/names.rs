//! Names: finding what is meant, and what may have been meant.

use crate::load::page::Named;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::Noun;

/// How many names are compared in search of similar ones before the rest goes without a "did you mean". Half a million
/// comparisons take about a third of a second; an estate with thousands of unknown names has another problem.
const COMPARISONS_MAX: usize = 500_000;

/// All names of one kind, sorted, each with its position in the estate; without one where the thing was left out.
pub(super) struct Names {
    what: Noun,
    sorted: Vec<(String, Option<usize>)>,
}

impl Names {
    /// Names in any order, each with its position.
    pub(super) fn new(what: Noun, names: impl Iterator<Item = (String, Option<usize>)>) -> Self {
        let mut sorted: Vec<_> = names.collect();
        // A name that was declared twice is known by its first declaration, which has a position.
        sorted.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.is_some().cmp(&a.1.is_some())));
        sorted.dedup_by(|later, first| later.0 == first.0);
        Self { what, sorted }
    }

    /// Names whose positions are their order.
    pub(super) fn in_order(what: Noun, names: impl Iterator<Item = String>) -> Self {
        Self::new(what, names.enumerate().map(|(at, name)| (name, Some(at))))
    }

    /// The position of a name; tells of one that is declared nowhere. What may have been meant is said later, by
    /// [`Self::suggest`]: it takes long, and not all of many are looked for.
    pub(super) fn find(&self, named: &Named, findings: &mut Vec<Finding>) -> Option<usize> {
        match self.sorted.binary_search_by(|(name, _)| name.as_str().cmp(&named.text)) {
            Ok(at) => self.sorted[at].1,
            Err(_) => {
                let fault = Fault::UnknownName { what: self.what, name: named.text.clone(), near: None };
                findings.push(Finding::new(named.place, fault));
                None
            }
        }
    }

    /// The position of a name, silently.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.sorted.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok().and_then(|at| self.sorted[at].1)
    }

    /// Whether a name is declared at all.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.sorted.binary_search_by(|(known, _)| known.as_str().cmp(name)).is_ok()
    }

    /// The name that may have been meant.
    pub(super) fn near(&self, name: &str) -> Option<&str> {
        let names = || self.sorted.iter().map(|(known, _)| known.as_str());
        near(name, names()).or_else(|| longer(name, names()))
    }

    /// Says of each name of this kind that is declared nowhere what may have been meant, as long as that takes no time.
    pub(super) fn suggest(&self, findings: &mut [Finding]) {
        let mut compared = 0;
        for finding in findings {
            if let Fault::UnknownName { what, name, near } = &mut finding.fault
                && *what == self.what
                && compared <= COMPARISONS_MAX
            {
                compared += self.sorted.len();
                *near = self.near(name).map(str::to_owned);
            }
        }
    }
}

/// The word of a fixed list that may have been meant.
pub(super) fn near_word(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    near(word, known)
}

/// The most similar name, the first of equals, if no more than a third of it differs: more is another word.
#[must_use]
pub fn near<'n>(word: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = word.to_lowercase().replace('_', "-");
    let length = lower.chars().count();
    let far = (length / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for name in known.filter(|name| name.len().abs_diff(lower.len()) <= far) {
        let distance = strsim::osa_distance(&lower, name);
        if distance <= far && distance < name.chars().count() && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// The only name that goes on where the word stops: `restore` for `restore-bandwidth`.
fn longer<'n>(word: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let mut longer = known.filter(|name| word.len() >= 3 && name.starts_with(word));
    longer.next().filter(|_| longer.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn what_was_meant_is_close_to_what_was_written() {
        let meant = |word: &str| near(word, ["depends-on", "degraded", "rto", "rpo", "load"].into_iter());
        assert_eq!(meant("depend-on"), Some("depends-on"));
        assert_eq!(meant("depends_on"), Some("depends-on"));
        assert_eq!(meant("Load"), Some("load"));
        assert_eq!(meant("rot"), Some("rto"));
        assert_eq!(meant("x"), None);
        assert_eq!(meant("capacity"), None);
    }
}

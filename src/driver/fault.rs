//! What goes wrong in a rehearsal, as data: which step, on which hosts, how, and how often. It injects nothing itself.

use std::fmt;

use crate::driver::Dice;
use crate::model::Millis;
use crate::model::Ppm;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which steps: a step's id, where `*` stands for anything.
    pub step: Pattern,
    /// On which of its hosts; everywhere where nothing is given.
    pub host: Option<Pattern>,
    /// How.
    pub kind: FaultKind,
    /// Only in this many first attempts; always where nothing is given.
    pub attempts: Option<u32>,
}

/// Hosts that answer nothing for a while, whatever is asked of them; what runs there when it begins is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Which.
    pub hosts: Pattern,
    /// From when on, counted from the first thing that was asked of these hands.
    pub from: Millis,
    /// Until when; for ever where nothing is given.
    pub until: Option<Millis>,
}

/// How something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// It never ends until it is killed, and has no effect.
    Hang,
    /// It leaves with code 1, and has no effect.
    Refuse,
    /// It takes this many times as long.
    Late(u32),
    /// It takes effect, and then the line is dead. The far side knows how it ended.
    Die,
    /// The line is dead before it began.
    DieBefore,
    /// It says that all is well, and has no effect.
    Lie,
    /// The host can't be reached: neither to do it, nor to ask or kill anything there.
    Unreachable,
    /// Nobody can confirm that it was killed, and it goes on. Comes beside other faults.
    KillFails,
    /// Whoever asks what became of it hears that it is dead, and not how it ended. Comes beside other faults.
    Gone,
}

/// A text in which `*` stands for anything, also nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(String);

/// Why a text is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no `=`.
    #[error("{0:?} does not say what goes wrong: write STEP=KIND, such as 'message-store/promote@*=hang'")]
    NoKind(String),
    /// There is nothing before the `=`, or beside the `#`.
    #[error("{0:?} does not say where: write STEP=KIND or STEP#HOST=KIND, with * for anything")]
    NoStep(String),
    /// No such kind.
    #[error("{0:?} is no kind of fault: it is one of {known}", known = FaultKind::known())]
    UnknownKind(String),
    /// What follows the `:` is no number from 1.
    #[error("{0:?} is no whole number from 1 to 1000000")]
    Number(String),
}

const KINDS: &[(&str, FaultKind)] = &[
    ("hang", FaultKind::Hang),
    ("refuse", FaultKind::Refuse),
    ("late", FaultKind::Late(LATE)),
    ("die", FaultKind::Die),
    ("die-before", FaultKind::DieBefore),
    ("lie", FaultKind::Lie),
    ("unreachable", FaultKind::Unreachable),
    ("kill-fails", FaultKind::KillFails),
    ("gone", FaultKind::Gone),
];

/// How many times as long, where nobody says: clearly late, and not yet a hang.
const LATE: u32 = 3;
const NUMBER_MAX: u32 = 1_000_000;

impl Fault {
    /// Reads `STEP[#HOST]=KIND[:N]`. The number is how many times as long for `late`, and for all others the number of
    /// first attempts that it strikes.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let (place, what) = text.rsplit_once('=').ok_or_else(|| FaultError::NoKind(text.to_owned()))?;
        let (step, host) = match place.split_once('#') {
            Some((step, host)) => (step, Some(host)),
            None => (place, None),
        };
        if step.is_empty() || host.is_some_and(str::is_empty) {
            return Err(FaultError::NoStep(text.to_owned()));
        }
        let (name, number) = match what.split_once(':') {
            Some((name, number)) => (name, Some(number_of(number)?)),
            None => (what, None),
        };
        let found = KINDS.iter().find(|(known, _)| *known == name);
        let (_, kind) = found.ok_or_else(|| FaultError::UnknownKind(name.to_owned()))?;
        let (kind, attempts) = match (*kind, number) {
            (FaultKind::Late(_), Some(times)) => (FaultKind::Late(times), None),
            (kind, attempts) => (kind, attempts),
        };
        Ok(Self { step: Pattern::new(step), host: host.map(Pattern::new), kind, attempts })
    }

    /// Faults for some of these steps, drawn by lot: each step is struck with this probability, a few of them twice.
    #[must_use]
    pub fn draw(seed: u64, steps: &[&str], share: Ppm) -> Vec<Self> {
        let mut faults = Vec::new();
        for step in steps {
            let mut dice = Dice::of(seed, step);
            // A second fault beside the first is how a kill that fails meets a hang.
            for chance in [share, Ppm(share.0 / 2)] {
                let kinds = u64::try_from(KINDS.len()).unwrap_or(u64::MAX);
                let kind = KINDS[usize::try_from(dice.below(kinds)).unwrap_or(0)].1;
                let attempts = [None, Some(1), Some(2)][usize::try_from(dice.below(3)).unwrap_or(0)];
                if dice.below(Ppm::ONE.0) < chance.0 {
                    let attempts = attempts.filter(|_| !matches!(kind, FaultKind::Late(_)));
                    faults.push(Self { step: Pattern::new(step), host: None, kind, attempts });
                }
            }
        }
        faults
    }

    /// Whether it strikes this attempt at this step on this host (empty where there is none).
    #[must_use]
    pub fn strikes(&self, step: &str, attempt: u32, host: &str) -> bool {
        self.attempts.is_none_or(|first| attempt <= first)
            && self.step.matches(step)
            && self.host.as_ref().is_none_or(|pattern| pattern.matches(host))
    }
}

impl FaultKind {
    fn known() -> String {
        KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// As it is written, without its number.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hang => "hang",
            Self::Refuse => "refuse",
            Self::Late(_) => "late",
            Self::Die => "die",
            Self::DieBefore => "die-before",
            Self::Lie => "lie",
            Self::Unreachable => "unreachable",
            Self::KillFails => "kill-fails",
            Self::Gone => "gone",
        }
    }
}

/// As it is written: reading it back gives the same fault.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.step.0)?;
        if let Some(host) = &self.host {
            write!(out, "#{}", host.0)?;
        }
        write!(out, "={}", self.kind.name())?;
        let number = if let FaultKind::Late(times) = self.kind { Some(times) } else { self.attempts };
        number.map_or(Ok(()), |number| write!(out, ":{number}"))
    }
}

impl Pattern {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether it stands for this text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let (middle, last) = others.rsplit_once('*').unwrap_or(("", others));
        for part in middle.split('*') {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }
}

fn number_of(text: &str) -> Result<u32, FaultError> {
    let number = text.parse().ok().filter(|number| (1..=NUMBER_MAX).contains(number));
    number.ok_or_else(|| FaultError::Number(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::Fault;
    use super::FaultError;
    use super::FaultKind;
    use super::KINDS;
    use super::Pattern;
    use crate::model::Ppm;

    #[test]
    fn faults_read_back_as_they_are_written() {
        for text in [
            "message-store/promote@ansan=hang",
            "message-store/*=refuse:2",
            "*=late:10",
            "web/start@*#as-web-0*=unreachable",
            "site:pangyo/border=kill-fails",
        ] {
            assert_eq!(Fault::parse(text).map(|fault| fault.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(Fault::parse("a=late").map(|fault| fault.kind), Ok(FaultKind::Late(3)));
        for (name, kind) in KINDS {
            assert_eq!(kind.name(), *name);
        }
    }

    #[test]
    fn what_is_no_fault_says_why() {
        for (text, why) in [
            ("promote", FaultError::NoKind("promote".into())),
            ("=hang", FaultError::NoStep("=hang".into())),
            ("a#=hang", FaultError::NoStep("a#=hang".into())),
            ("a=explode", FaultError::UnknownKind("explode".into())),
            ("a=", FaultError::UnknownKind(String::new())),
            ("a=hang:0", FaultError::Number("0".into())),
            ("a=late:soon", FaultError::Number("soon".into())),
        ] {
            assert_eq!(Fault::parse(text), Err(why), "{text}");
        }
        let kinds = Fault::parse("a=explode").unwrap_err().to_string();
        assert!(kinds.contains("die-before, lie"), "{kinds}");
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, is) in [
            ("a/b@c", "a/b@c", true),
            ("a/b@c", "a/b@cd", false),
            ("*", "", true),
            ("a/*", "a/b@c", true),
            ("*/b@*", "a/b@c", true),
            ("*@c", "a/b@c", true),
            ("a*a", "a", false),
            ("a*b*c", "axbxc", true),
            ("a*b*c", "axcxb", false),
            ("**", "anything", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn lots_are_the_same_for_the_same_seed() {
        let steps = ["a/x@s", "a/y@s", "b/x@s", "b/y@s", "c/x@s"];
        let draw = |seed| Fault::draw(seed, &steps, Ppm(500_000));
        assert_eq!(draw(3), draw(3));
        assert!((0..50).map(draw).any(|faults| faults != draw(3)));
        assert!(Fault::draw(3, &steps, Ppm::ZERO).is_empty());
    }
}

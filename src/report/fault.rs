//! What is said of each kind of fault: a title, a word beside the place, and what to do.

use crate::model::AmountError;
use crate::model::Away;
use crate::model::Fault;
use crate::model::HostSetError;
use crate::model::Noun;
use crate::model::RampError;
use crate::model::ShareError;
use crate::model::SpanError;
use crate::model::Unread;
use crate::report::fault_services;

/// What is said of a fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultWords {
    /// What is wrong, in one line.
    pub title: String,
    /// The word beside the underlined place.
    pub label: String,
    /// What to do, a line each.
    pub help: Vec<String>,
    /// The word beside other places that belong to it.
    pub also: &'static str,
}

/// A title and a label, before advice is added.
pub(super) fn says(title: impl Into<String>, label: impl Into<String>) -> FaultWords {
    FaultWords { title: title.into(), label: label.into(), help: Vec::new(), also: "" }
}

impl FaultWords {
    /// With something to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// With the name that was probably meant.
    pub(super) fn meant(self, near: Option<&str>) -> Self {
        match near {
            Some(near) => self.help(format!("did you mean `{}`?", quoted(near))),
            None => self,
        }
    }

    /// With the word for other places.
    pub(super) const fn also(mut self, also: &'static str) -> Self {
        self.also = also;
        self
    }
}

/// What is said of a fault.
#[must_use]
pub fn fault(fault: &Fault) -> FaultWords {
    file(fault)
        .or_else(|| key(fault))
        .or_else(|| value(fault))
        .or_else(|| name(fault))
        .or_else(|| fault_services::service(fault))
        .or_else(|| fault_services::reach(fault))
        .or_else(|| fault_services::step(fault))
        .or_else(|| fault_services::usage(fault))
        .unwrap_or_default()
}

/// A text of somebody else as it can be shown: short, and without anything that moves a cursor.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).flat_map(visible).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}

fn visible(c: char) -> Vec<char> {
    if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
        return c.escape_unicode().collect();
    }
    vec![c]
}

/// A list of words as people write it: `a`, `b` or `c`.
pub(super) fn either(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the next of these functions knows the others")]
fn file(fault: &Fault) -> Option<FaultWords> {
    Some(match fault {
        Fault::Syntax(why) => syntax(why),
        Fault::Unread(Unread::NotUtf8(at)) => says("the file is not UTF-8", "")
            .help(format!("byte {at} is the first that is not; save the file as UTF-8")),
        Fault::Unread(Unread::TooLarge(bytes)) => {
            says(format!("the file is too large: {} MB, where 8 MB are the limit", bytes.div_ceil(1024 * 1024)), "")
                .help("every *.toml below topology/ is read and merged: part it into several files")
        }
        Fault::Unread(Unread::Refused(why)) => says(format!("the file could not be read: {}", quoted(why)), "")
            .help("whatever it declares is missing from here on"),
        Fault::Unread(Unread::Loop) => says("a link leads back to a folder that contains it", "")
            .help("remove the link: its files are read already"),
        Fault::NothingDeclared(what) => nothing(*what),
        Fault::More(more) => says(format!("{more} more findings in this file are not shown"), "from here on")
            .help("mend those above, and look again"),
        _ => return None,
    })
}

fn syntax(why: &str) -> FaultWords {
    let words = says(format!("this is not TOML: {}", quoted(why)), "here");
    if why.contains("invalid boolean") || why.contains("must be quoted") {
        return words.help("a text stands in quotes");
    }
    if why.contains("escape") {
        return words.help("a backslash begins an escape in double quotes; single quotes take text as it stands");
    }
    words
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only these three are looked for")]
fn nothing(what: Noun) -> FaultWords {
    let (need, example) = match what {
        Noun::Tier => ("without tiers there is no order of recovery", "[[tier]] with an id, in topology/tiers.toml"),
        Noun::Site => ("without sites nothing can be lost, or moved to", "[site.NAME], in topology/sites.toml"),
        _ => ("there is nothing to recover", "[service.NAME], below topology/"),
    };
    says(format!("no {} is declared: {need}", what.word()), "").help(format!("declare one: {example}"))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the next of these functions knows the others")]
fn key(fault: &Fault) -> Option<FaultWords> {
    Some(match fault {
        Fault::UnknownKey { table, key, near, belongs } => {
            let words = says(format!("{table} has no key `{}`", quoted(key)), "unknown key").meant(*near);
            match belongs {
                Some(file) => words.help(format!("`{}` belongs in {file}", quoted(key))),
                None => words,
            }
        }
        Fault::MissingKey { table, key } => {
            says(format!("{table} lacks `{key}`"), format!("`{key}` is missing here")).help(format!("add `{key} = …`"))
        }
        Fault::WrongType { expected, found } => {
            says(format!("expected {expected}, found {found}"), *found).help(format!("write {expected}"))
        }
        Fault::UnknownWord { word, known, near } => {
            says(format!("`{}` is none of the words that are known here", quoted(word)), "unknown word")
                .meant(*near)
                .help(format!("it may be {}", either(known)))
        }
        Fault::EmptyList { key } => says(format!("`{key}` is empty"), "nothing in here")
            .help(format!("an empty list never means all: name at least one, or leave `{key}` out")),
        Fault::ControlCharacter(odd) => says(
            format!("control character U+{:04X} in a text that people see", u32::from(*odd)),
            "holds a control character",
        )
        .help("remove it: what moves a cursor or reorders text can make a screen lie"),
        Fault::BadForm { text, expected } => {
            says(format!("`{}` is not of the form that is read here", quoted(text)), format!("expected {expected}"))
        }
        Fault::NotAReference { key } => says(format!("`{}` must be a reference to a secret", quoted(key)), "not shown")
            .help("write \"env:NAME\" or \"file:PATH\"; if a secret stood here, replace it: it has been in a file")
            .help("no value of a secret may be in a plan, a journal or an error"),
        Fault::UnknownZone(zone) => says(format!("there is no timezone `{}`", quoted(zone)), "unknown timezone")
            .help("use a name of the IANA database, such as \"Asia/Seoul\" or \"UTC\""),
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the next of these functions knows the others")]
fn value(fault: &Fault) -> Option<FaultWords> {
    Some(match fault {
        Fault::BadSpan { text, why } => says(format!("`{}` is no span of time", quoted(text)), span(*why))
            .help("write whole numbers with their units, the largest first: \"1h30m\", \"90s\", \"250ms\""),
        Fault::BadShare { text, why } => says(format!("`{}` is no share", quoted(text)), share(*why))
            .help("write a number from 0 to 1, or percent in quotes: 0.7 or \"70%\""),
        Fault::BadAmount { text, why } => says(format!("`{}` is no amount", quoted(text)), amount(*why)).help(
            "amounts are whole or have up to three decimals, from 0 to 1,000,000,000; choose a larger unit for more",
        ),
        Fault::OutOfRange { text, low, high } => {
            says(format!("`{}` is out of range", quoted(text)), format!("must be from {low} to {high}"))
        }
        Fault::BadDate => says("this is no day of the calendar", "expected a day, without a time")
            .help("write year, month and day without quotes: 2026-10-02"),
        Fault::BadHosts { text, why } => says(format!("`{}` is no set of hosts", quoted(text)), hosts(why))
            .help("write names parted by commas, with one range each: \"web-[01-20],web-canary\""),
        Fault::BadName { name, odd } => bad_name(name, *odd),
        _ => return None,
    })
}

fn bad_name(name: &str, odd: Option<char>) -> FaultWords {
    let words = match (odd, name.is_empty()) {
        (Some(odd), _) => {
            let odd = quoted(&odd.to_string());
            says(format!("`{}` is no name: `{odd}` can't stand there", quoted(name)), format!("holds `{odd}`"))
        }
        (None, true) => says("an empty text is no name", "empty"),
        (None, false) => says(format!("`{}` is too long for a name", quoted(name)), "longer than 63 bytes"),
    };
    words.help("names hold lower-case letters, digits and dashes: nothing that a shell, a file or DNS treats specially")
}

const fn span(why: SpanError) -> &'static str {
    match why {
        SpanError::Empty => "nothing in here",
        SpanError::NotANumber => "does not begin with a whole number",
        SpanError::NoUnit => "a number lacks its unit",
        SpanError::UnknownUnit => "units are ms, s, m, h and d",
        SpanError::Order => "units go from large to small, each once",
        SpanError::TooLong => "longer than a year",
    }
}

const fn share(why: ShareError) -> &'static str {
    match why {
        ShareError::NotANumber => "not a number",
        ShareError::NoPercent => "a share in quotes needs its percent sign",
        ShareError::Range => "below nothing, or above all of it",
        ShareError::Precision => "finer than a millionth",
    }
}

const fn amount(why: AmountError) -> &'static str {
    match why {
        AmountError::NotANumber => "not a number",
        AmountError::Negative => "below nothing",
        AmountError::Zero => "must be above zero",
        AmountError::TooLarge => "too large",
        AmountError::Precision => "too many decimals",
    }
}

fn hosts(why: &HostSetError) -> String {
    match why {
        HostSetError::Empty => "names no host; an empty set is never all".to_owned(),
        HostSetError::Character(odd) => format!("`{}` can't be in the name of a host", quoted(&odd.to_string())),
        HostSetError::Range(_) => "a range is written [001-120], one in each name".to_owned(),
        HostSetError::Backwards(_) => "the range runs backwards".to_owned(),
        HostSetError::TooMany => "more than 100,000 hosts".to_owned(),
        HostSetError::Twice(host) => format!("names {} twice", quoted(host)),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the next of these functions knows the others")]
fn name(fault: &Fault) -> Option<FaultWords> {
    Some(match fault {
        Fault::DeclaredTwice { what, name } => {
            says(format!("the {} `{}` is declared twice", what.word(), quoted(name)), "declared again")
                .help("the first one counts: rename this one, or remove it")
                .also("first declared here")
        }
        Fault::TiersApart => says("tiers stand in more than one file", "which of both files is first?")
            .help("let all tiers stand in one file: the order of that list is the order of recovery")
            .also("the first tier stands here"),
        Fault::UnknownName { what, name, near } => {
            let words =
                says(format!("there is no {} `{}`", what.word(), quoted(name)), format!("unknown {}", what.word()))
                    .meant(near.as_deref())
                    .also("this replica does not have it");
            match what {
                Noun::Resource => words.help("resources are those that the capacity of some site names"),
                Noun::Subset => words.help("a replica names parts of its hosts: subsets = { NAME = \"hosts\" }"),
                Noun::Step => words.help("`needs` names steps of the same procedure"),
                Noun::Param => words.help("a runbook declares what it wants: params = { NAME = \"default\" }"),
                _ => words,
            }
        }
        Fault::UnknownVariable { name, near } => says(format!("nobody fills in `{}`", quoted(name)), "unknown name")
            .meant(near.as_deref())
            .help("text that belongs to another tool is written with a backslash: \\{{ … }} (in single quotes)"),
        Fault::VariableAway { name, why } => says(format!("`{}` is not known here", quoted(name)), away(*why)),
        Fault::ParamShadows(name) => says(
            format!("the parameter `{}` has the name of a variable that is always there", quoted(name)),
            "ambiguous",
        )
        .help("choose another name: what a command says must have one meaning"),
        _ => return None,
    })
}

/// Why something is not available at its place.
pub(super) fn away(why: Away) -> String {
    match why {
        Away::Procedure(procedure) => format!("there is no such thing in [[{}]]", procedure.word()),
        Away::NoHost => "only a command on hosts (ssh) knows its host".to_owned(),
        Away::Operator => "the operator's machine is no host: use exec, or on = \"target\"".to_owned(),
        Away::NoStep => "this text is not part of a step".to_owned(),
        Away::NoRun => "people read this in a plan, before there is a run".to_owned(),
        Away::Source => "a step on the source knows no target, and nothing about it".to_owned(),
        Away::Capacity => "it is asked for capacity here, which has `amounts`, a `service` and a `site`".to_owned(),
        Away::Routes => "it keeps a route here, which has a `record` and `shares`".to_owned(),
        Away::NoTarget => "no text of this step names a target, so it is for the service as a whole".to_owned(),
    }
}

/// What is wrong with a ramp.
pub(super) const fn ramp(why: RampError) -> &'static str {
    match why {
        RampError::Empty => "no share in here",
        RampError::NotRising => "each share must be above the one before it",
        RampError::NotWhole => "must end at all of the traffic",
    }
}

//! Texts with names in braces: which names are known where, and exactly where a mistake stands.

use std::cell::RefCell;
use std::ops::Range;

use crate::load::names::near;
use crate::load::page::Page;
use crate::load::value;
use crate::load::value::Value;
use crate::model::Away;
use crate::model::Fault;
use crate::model::Place;
use crate::model::Procedure;
use crate::template::Text;

/// The names that are always there, each somewhere.
pub(super) const VARIABLES: [&str; 10] =
    ["service", "source", "target", "site", "host", "host-address", "address", "share", "level", "run"];

/// How many mistakes of one text are told. Each is looked up from the text's beginning; and whoever made as many has
/// pasted something that is no text of ours.
const MISTAKES_MAX: usize = 20;

/// The names that a step has a value for only on one side, or only for some services.
const OF_SIDES: [&str; 5] = ["target", "site", "address", "share", "level"];

/// Which of these a step's texts name, each with its place: whether they have a value is known when all of it is read.
pub(super) type Wanted = RefCell<Vec<(&'static str, Place)>>;

/// Where a text stands, which decides what it may name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) stage: Stage,
    /// What the runbook wants from services.
    pub(super) params: &'a [(String, Option<String>)],
    /// Where what the texts of a step name is kept.
    pub(super) wanted: Option<&'a Wanted>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// In a step; `hosts` where it is a command that runs on them, `people` where it is read by people.
    Step { procedure: Procedure, hosts: bool, people: bool },
    /// How a host is reached.
    HostAddress,
    /// How the health of a route's target is judged.
    Health,
    /// What a provider runs or asks; `writes` where it changes something.
    Provider { writes: bool },
}

impl Scene<'_> {
    pub(super) const fn beside(stage: Stage) -> Self {
        Scene { stage, params: &[], wanted: None }
    }

    /// The same scene, for a command that runs on hosts.
    pub(super) const fn on_hosts(self) -> Self {
        match self.stage {
            Stage::Step { procedure, people, .. } => {
                Self { stage: Stage::Step { procedure, hosts: true, people }, ..self }
            }
            Stage::HostAddress | Stage::Health | Stage::Provider { .. } => self,
        }
    }

    /// The same scene, for a text that is read by people.
    pub(super) const fn for_people(self) -> Self {
        match self.stage {
            Stage::Step { procedure, hosts, .. } => {
                Self { stage: Stage::Step { procedure, hosts, people: true }, ..self }
            }
            Stage::HostAddress | Stage::Health | Stage::Provider { .. } => self,
        }
    }

    fn away(self, name: &str) -> Option<Away> {
        let hosts = matches!(name, "host" | "host-address");
        match self.stage {
            Stage::Step { procedure, .. } if !procedure_knows(procedure, name) => Some(Away::Procedure(procedure)),
            Stage::Step { hosts: false, .. } if hosts => Some(Away::NoHost),
            Stage::Step { people: true, .. } if name == "run" => Some(Away::NoRun),
            Stage::HostAddress if name != "host" => Some(Away::NoStep),
            Stage::Health if !matches!(name, "address" | "site" | "service") => Some(Away::NoStep),
            Stage::Provider { .. } if hosts => Some(Away::NoHost),
            Stage::Provider { .. } if !matches!(name, "run" | "service" | "site") => Some(Away::NoStep),
            Stage::Step { .. } | Stage::HostAddress | Stage::Health | Stage::Provider { .. } => None,
        }
    }

    /// The names that are known here and nowhere else.
    const fn own(self) -> &'static [&'static str] {
        match self.stage {
            Stage::Provider { writes: true } => &["record", "shares", "amounts"],
            Stage::Provider { writes: false } => &["record"],
            Stage::Step { .. } | Stage::HostAddress | Stage::Health => &[],
        }
    }

    fn fault(self, name: &str) -> Option<Fault> {
        if self.own().contains(&name) {
            return None;
        }
        if self.params.binary_search_by(|(param, _)| param.as_str().cmp(name)).is_ok() {
            return None;
        }
        if !VARIABLES.contains(&name) {
            let known = VARIABLES
                .into_iter()
                .chain(self.own().iter().copied())
                .chain(self.params.iter().map(|(param, _)| param.as_str()));
            let near = near(name, known).map(str::to_owned);
            return Some(Fault::UnknownVariable { name: name.to_owned(), near });
        }
        self.away(name).map(|why| Fault::VariableAway { name: name.to_owned(), why })
    }
}

/// Whether steps of a procedure know a variable. Only a move has a source and a target; a site has no service.
fn procedure_knows(procedure: Procedure, name: &str) -> bool {
    match procedure {
        Procedure::Failover | Procedure::Switchover | Procedure::Failback => true,
        Procedure::Detach | Procedure::Degrade | Procedure::Shed | Procedure::Restore => {
            !matches!(name, "source" | "target")
        }
        Procedure::Fence | Procedure::Release => matches!(name, "site" | "run"),
    }
}

/// A text whose names are all known at its place.
pub(super) fn template(page: &Page<'_>, value: &Value<'_>, scene: Scene<'_>) -> Option<Text> {
    let written = value::lines(page, value)?;
    let raw = page.text.get(value.span()).unwrap_or_default();
    let within = |at: &Range<usize>| {
        let start = value.span().start;
        start + raw_offset(raw, at.start)..start + raw_offset(raw, at.end)
    };
    match Text::parse(written) {
        Ok(text) => {
            let mut mistakes = 0;
            let mut from = 0;
            for name in text.names() {
                let at = name_at(written, name, from);
                from = at.end;
                if let Some(fault) = scene.fault(name)
                    && mistakes < MISTAKES_MAX
                {
                    page.tell(&within(&at), fault);
                    mistakes += 1;
                } else if let Some(wanted) = scene.wanted
                    && let Some(name) = OF_SIDES.into_iter().find(|known| *known == name)
                {
                    wanted.borrow_mut().push((name, page.place(&within(&at))));
                }
            }
            (mistakes == 0).then_some(text)
        }
        Err(errors) => {
            for error in errors.into_iter().take(MISTAKES_MAX) {
                page.tell(&within(&error.at), Fault::Template(error.why));
            }
            None
        }
    }
}

/// Where `{{ name }}` stands in a text, behind `from`.
fn name_at(text: &str, name: &str, from: usize) -> Range<usize> {
    let mut at = from;
    while let Some(open) = text[at..].find("{{").map(|found| at + found) {
        let close = text[open..].find("}}").map_or(text.len(), |found| open + found + 2);
        let escaped = text[..open].ends_with('\\');
        if !escaped && text[open + 2..close].trim_end_matches('}').trim() == name {
            return open..close;
        }
        at = open + 2;
    }
    from..text.len()
}

/// The offset in the file's text, quotes and escapes included, of an offset in the text that it stands for.
fn raw_offset(raw: &str, offset: usize) -> usize {
    let (quote, escapes) = match raw {
        _ if raw.starts_with("\"\"\"") => (3, true),
        _ if raw.starts_with("'''") => (3, false),
        _ => (1, raw.starts_with('"')),
    };
    let mut at = quote;
    if quote == 3 {
        let rest = raw.get(at..).unwrap_or_default();
        at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let mut decoded = 0;
    while decoded < offset && at < raw.len() {
        let rest = &raw[at..];
        let (written, read) = match rest.strip_prefix('\\') {
            Some(escape) if escapes => escaped(escape),
            Some(_) | None => {
                let width = rest.chars().next().map_or(1, char::len_utf8);
                (width, width)
            }
        };
        at += written;
        decoded += read;
    }
    at.min(raw.len())
}

/// How long an escape is as it is written, with its backslash, and how many bytes it stands for.
fn escaped(rest: &str) -> (usize, usize) {
    let hex = |digits: usize| {
        let code = rest.get(1..=digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
    };
    match rest.chars().next() {
        Some('x') => hex(2),
        Some('u') => hex(4),
        Some('U') => hex(8),
        Some(c) if c.is_whitespace() => (1 + rest.len() - rest.trim_start().len(), 0),
        Some(c) => (1 + c.len_utf8(), 1),
        None => (1, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::name_at;
    use super::raw_offset;

    #[test]
    fn offsets_count_quotes_and_escapes() {
        assert_eq!(raw_offset("'abc'", 1), 2);
        assert_eq!(raw_offset(r#""a\tb""#, 2), 4);
        assert_eq!(raw_offset(r#""\uD55Cx""#, 3), 7);
        assert_eq!(raw_offset("\"\"\"\nab\"\"\"", 1), 5);
        assert_eq!(raw_offset("'''ab'''", 1), 4);
        assert_eq!(raw_offset("\"\"\"a\\\n   b\"\"\"", 1), 4);
        assert_eq!(raw_offset("\"\"\"a\\\n   b\"\"\"", 2), 10);
    }

    #[test]
    fn a_name_is_found_where_it_stands() {
        assert_eq!(name_at(r"\{{ a }} {{ a }}", "a", 0), 9..16);
        assert_eq!(name_at("{{a}}{{a}}", "a", 5), 5..10);
    }
}

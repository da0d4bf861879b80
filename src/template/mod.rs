//! SUBSTITUTION. Text with `{{ names }}` in it, parsed once and filled often.
//!
//! The language is names and nothing else: no expression, no block, no default. What stands between braces and is no
//! name is an error with its place, and never passes as text. Text that is not ours (docker's `{{.Names}}`, bash's `${#a}`)
//! is written with a backslash: `\{{.Names}}`, `$\{#a}`. Two backslashes there are one, and of three braces the last two open
//! a name, so that every text can be written. This room knows no service, no file and no shell.

use std::fmt;
use std::ops::Range;

/// A text with names to fill in.
///
/// All of it stands in one string, names included, so that tens of thousands of texts take little room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// What is said, and the names in their places, without braces.
    all: String,
    /// Which bytes of it are names, in order.
    names: Vec<Range<usize>>,
}

/// What is wrong with a text, and which of its bytes are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// Bytes of the text as it was given.
    pub at: Range<usize>,
    /// Why it is refused.
    pub why: TextFault,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextFault {
    /// `{{` without its `}}`.
    Unclosed,
    /// `{{ }}`.
    Empty,
    /// Something other than a name: `{{ a | upper }}`, `{{.Names}}`. Holds what was written.
    NotAName(String),
    /// `{% … %}` or `{# … #}`: there are no blocks. Holds the opening.
    Block(String),
}

impl Text {
    /// Reads a text, and reports every mistake in it at once.
    ///
    /// # Errors
    ///
    /// All faults, in the order in which they stand.
    pub fn parse(text: &str) -> Result<Self, Vec<TextError>> {
        let mut read = Self { all: String::with_capacity(text.len()), names: Vec::new() };
        let mut errors = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let slashes = rest.len() - rest.trim_start_matches('\\').len();
            let opening = opening(&rest[slashes..]);
            if let Some(opening) = opening.filter(|_| slashes > 0) {
                read.all.push_str(&rest[..slashes / 2]);
                at += slashes;
                if slashes % 2 == 1 {
                    read.all.push_str(opening);
                    at += opening.len();
                }
            } else if rest.starts_with("{{{") {
                read.all.push('{');
                at += 1;
            } else if opening == Some(OPENS) {
                let Some(close) = rest.find("}}") else {
                    errors.push(TextError { at: at..text.len(), why: TextFault::Unclosed });
                    break;
                };
                let range = at..at + close + 2;
                match name_of(rest[2..close].trim()) {
                    Ok(name) => read.push_name(name),
                    Err(why) => errors.push(TextError { at: range.clone(), why }),
                }
                at = range.end;
            } else {
                if let Some(opening) = opening {
                    errors.push(TextError { at: at..at + 2, why: TextFault::Block(opening.to_owned()) });
                }
                let width = rest.chars().next().map_or(1, char::len_utf8).max(slashes);
                // Nothing begins before the next brace or backslash.
                let plain = rest[width..].find(['{', '\\']).map_or(rest.len(), |found| width + found);
                read.all.push_str(&rest[..plain]);
                at += plain;
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        read.all.shrink_to_fit();
        read.names.shrink_to_fit();
        Ok(read)
    }

    /// A text that holds no names, whatever it says.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self { all: text.to_owned(), names: Vec::new() }
    }

    /// The names it wants, in order, repeated where they are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &self.all[name.clone()])
    }

    /// Whether it wants `name`.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        self.names().any(|wanted| wanted == name)
    }

    /// The text with every name that `value` knows filled in; the others stay for later.
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Self {
        let mut filled = Self { all: String::with_capacity(2 * self.all.len()), names: Vec::new() };
        for (literal, name) in self.pieces() {
            filled.all.push_str(literal);
            match name.map(|name| (name, value(name))) {
                Some((_, Some(text))) => filled.all.push_str(text),
                Some((name, None)) => filled.push_name(name),
                None => {}
            }
        }
        filled
    }

    /// The finished text.
    ///
    /// # Errors
    ///
    /// The text itself, where it holds a name that nobody filled in.
    pub fn finish(self) -> Result<String, Self> {
        if self.names.is_empty() { Ok(self.all) } else { Err(self) }
    }

    /// What stands before each name, and the name; then what stands behind the last.
    fn pieces(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let from = std::iter::once(0).chain(self.names.iter().map(|name| name.end));
        let names = self.names.iter().map(Some).chain([None]);
        from.zip(names).map(|(from, name)| match name {
            Some(name) => (&self.all[from..name.start], Some(&self.all[name.clone()])),
            None => (&self.all[from..], None),
        })
    }

    fn push_name(&mut self, name: &str) {
        let start = self.all.len();
        self.all.push_str(name);
        self.names.push(start..self.all.len());
    }
}

/// As it would be written: reading it back gives the same text.
impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (literal, name) in self.pieces() {
            literal_text(literal, name.is_some(), out)?;
            if let Some(name) = name {
                write!(out, "{{{{ {name} }}}}")?;
            }
        }
        Ok(())
    }
}

/// What opens a name.
const OPENS: &str = "{{";

/// What a text begins with, where that means something here.
fn opening(text: &str) -> Option<&'static str> {
    [OPENS, "{%", "{#"].into_iter().find(|opening| text.starts_with(opening))
}

/// What is said, written so that it is read as that. Whether a name follows matters to what stands right before it.
fn literal_text(literal: &str, before_name: bool, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut rest = literal;
    while !rest.is_empty() {
        let after = rest.trim_start_matches('\\');
        let slashes = &rest[..rest.len() - after.len()];
        let opening = opening(after);
        // The last brace before a name opens nothing by itself, but what stands before it stands before an opening.
        let opens_name = before_name && matches!(after, "" | "{");
        out.write_str(slashes)?;
        if opening.is_some() || opens_name {
            out.write_str(slashes)?;
        }
        if let Some(opening) = opening {
            write!(out, "\\{opening}")?;
            rest = &after[opening.len()..];
        } else {
            let width = after.chars().next().map_or(0, char::len_utf8);
            out.write_str(&after[..width])?;
            rest = &after[width..];
        }
    }
    Ok(())
}

/// A name is lower-case letters, digits and dashes, and begins with a letter.
fn name_of(inner: &str) -> Result<&str, TextFault> {
    if inner.is_empty() {
        return Err(TextFault::Empty);
    }
    let mut chars = inner.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_lowercase());
    if first && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        Ok(inner)
    } else {
        Err(TextFault::NotAName(inner.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Text;
    use super::TextFault;

    fn parse(text: &str) -> Text {
        Text::parse(text).unwrap()
    }

    #[test]
    fn names_are_filled_and_the_rest_waits() {
        let text = parse("svcctl promote {{ service }} on {{host}}");
        let filled = text.fill(|name| (name == "service").then_some("message-store"));
        assert_eq!(filled.to_string(), "svcctl promote message-store on {{ host }}");
        assert_eq!(filled.clone().finish(), Err(filled.clone()));
        assert_eq!(filled.fill(|_| Some("db-1")).finish(), Ok("svcctl promote message-store on db-1".to_owned()));
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let filled = parse("{{ a }}").fill(|_| Some("{{ b }}"));
        assert_eq!(filled.clone().finish(), Ok("{{ b }}".to_owned()));
        assert_eq!(parse(&filled.to_string()), filled);
    }

    #[test]
    fn text_that_is_not_ours_is_escaped() {
        let text = parse(r"docker ps --format '\{{.Names}}'");
        assert_eq!(text.clone().finish(), Ok("docker ps --format '{{.Names}}'".to_owned()));
        assert_eq!(parse(&text.to_string()), text);
    }

    #[test]
    fn what_opens_something_can_always_be_said() {
        let said = |text: &str| parse(text).fill(|_| Some("n")).finish().unwrap();
        assert_eq!(said(r"a\b \c {a} \{a}"), r"a\b \c {a} \{a}");
        assert_eq!(said(r"\{{ n }} \\{{ n }} \\\{{ n }} \\\\{{ n }}"), r"{{ n }} \n \{{ n }} \\n");
        assert_eq!(said(r"echo $\{#a[@]} \{% x %}"), "echo ${#a[@]} {% x %}");
        assert_eq!(said(r#"{"a":{{{ n }}}"#), r#"{"a":{n}"#);
    }

    /// Whatever is filled in, wherever: what is written down reads back as the same text, and no more is a name in it.
    #[test]
    fn every_text_can_be_written_and_read_again() {
        let letters = ['\\', '{', '}', '%', '#', 'a', ' '];
        let mut values = vec![String::new()];
        for _ in 0..5 {
            let longer: Vec<String> =
                values.iter().flat_map(|value| letters.map(|letter| format!("{value}{letter}"))).collect();
            values = longer;
            for value in &values {
                for text in
                    ["{{ v }}", "{{ v }}{{ host }}", "{{ host }}{{ v }}", "{{ v }}{ a", "{{ v }}{{ v }}{{ host }}"]
                {
                    let filled = parse(text).fill(|name| (name == "v").then_some(value.as_str()));
                    let written = filled.to_string();
                    assert_eq!(Text::parse(&written).as_ref(), Ok(&filled), "{written}");
                    assert!(filled.names().all(|name| name == "host"), "{written}");
                }
                // What an author writes either is read, and then can be written again, or is told to be wrong.
                if let Ok(text) = Text::parse(value) {
                    assert_eq!(Text::parse(&text.to_string()), Ok(text), "{value}");
                }
            }
        }
    }

    #[test]
    fn whatever_is_no_name_is_told_with_its_place() {
        let faults =
            |text: &str| Text::parse(text).map_err(|all| all.into_iter().map(|e| (e.at, e.why)).collect::<Vec<_>>());
        assert_eq!(faults("a {{ b"), Err(vec![(2..6, TextFault::Unclosed)]));
        assert_eq!(faults("{{}}"), Err(vec![(0..4, TextFault::Empty)]));
        assert_eq!(faults("한 {{ a|b }}"), Err(vec![(4..13, TextFault::NotAName("a|b".into()))]));
        assert_eq!(
            faults("{% if x %}{{.N}}"),
            Err(vec![(0..2, TextFault::Block("{%".into())), (10..16, TextFault::NotAName(".N".into()))])
        );
    }
}

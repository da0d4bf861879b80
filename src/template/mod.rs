//! SUBSTITUTION. Text with `{{ names }}` in it, parsed once and filled often.
//!
//! The language is names and nothing else: no expression, no block, no default. What stands between braces and is no
//! name is an error with its place, and never passes as text. Text that is not ours (docker's `{{.Names}}`) is written
//! with a backslash: `\{{.Names}}`. This room knows no service, no file and no shell.

use std::fmt;
use std::ops::Range;

/// A text with names to fill in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Name(String),
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
        let mut pieces = Vec::new();
        let mut errors = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            if let Some(after) = rest.strip_prefix("\\{{") {
                literal.push_str("{{");
                at = text.len() - after.len();
            } else if rest.starts_with("{{") {
                let Some(close) = rest.find("}}") else {
                    errors.push(TextError { at: at..text.len(), why: TextFault::Unclosed });
                    break;
                };
                let range = at..at + close + 2;
                match name_of(rest[2..close].trim()) {
                    Ok(name) => {
                        if !literal.is_empty() {
                            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                        }
                        pieces.push(Piece::Name(name));
                    }
                    Err(why) => errors.push(TextError { at: range.clone(), why }),
                }
                at = range.end;
            } else {
                if rest.starts_with("{%") || rest.starts_with("{#") {
                    errors.push(TextError { at: at..at + 2, why: TextFault::Block(rest[..2].to_owned()) });
                }
                let width = rest.chars().next().map_or(1, char::len_utf8);
                literal.push_str(&rest[..width]);
                at += width;
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { pieces })
    }

    /// A text that holds no names, whatever it says.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        Self { pieces: vec![Piece::Literal(text.to_owned())] }
    }

    /// The names it wants, in order, repeated where they are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// Whether it wants `name`.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        self.names().any(|wanted| wanted == name)
    }

    /// The text with every name that `value` knows filled in; the others stay for later.
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Self {
        let mut pieces: Vec<Piece> = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            let literal = match piece {
                Piece::Literal(text) => text.as_str(),
                Piece::Name(name) => match value(name) {
                    Some(text) => text,
                    None => {
                        pieces.push(piece.clone());
                        continue;
                    }
                },
            };
            match pieces.last_mut() {
                Some(Piece::Literal(before)) => before.push_str(literal),
                Some(Piece::Name(_)) | None => pieces.push(Piece::Literal(literal.to_owned())),
            }
        }
        Self { pieces }
    }

    /// The finished text.
    ///
    /// # Errors
    ///
    /// The first name that nobody filled in.
    pub fn finish(&self) -> Result<String, String> {
        match self.names().next() {
            Some(name) => Err(name.to_owned()),
            None => Ok(self.pieces.iter().map(Piece::literal).collect()),
        }
    }
}

impl Piece {
    fn literal(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Name(_) => "",
        }
    }
}

/// As it would be written: reading it back gives the same text.
impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.write_str(&text.replace("{{", "\\{{"))?,
                Piece::Name(name) => write!(out, "{{{{ {name} }}}}")?,
            }
        }
        Ok(())
    }
}

/// A name is lower-case letters, digits and dashes, and begins with a letter.
fn name_of(inner: &str) -> Result<String, TextFault> {
    if inner.is_empty() {
        return Err(TextFault::Empty);
    }
    let mut chars = inner.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_lowercase());
    if first && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        Ok(inner.to_owned())
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
        assert_eq!(filled.finish(), Err("host".to_owned()));
        assert_eq!(filled.fill(|_| Some("db-1")).finish(), Ok("svcctl promote message-store on db-1".to_owned()));
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let filled = parse("{{ a }}").fill(|_| Some("{{ b }}"));
        assert_eq!(filled.finish(), Ok("{{ b }}".to_owned()));
        assert_eq!(parse(&filled.to_string()), filled);
    }

    #[test]
    fn text_that_is_not_ours_is_escaped() {
        let text = parse(r"docker ps --format '\{{.Names}}'");
        assert_eq!(text.finish(), Ok("docker ps --format '{{.Names}}'".to_owned()));
        assert_eq!(parse(&text.to_string()), text);
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

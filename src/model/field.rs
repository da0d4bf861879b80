//! The shape of what people write: tables, their keys, and what each key holds.
//!
//! One description drives the reader, "did you mean" and the JSON Schema, so that they can't disagree.

use crate::model::Noun;

/// A table that people write.
#[derive(Debug)]
pub struct Table {
    /// What it is called in findings: `[site.NAME]`.
    pub title: &'static str,
    /// One sentence for people.
    pub doc: &'static str,
    /// What other keys hold, where the author may choose names beside those below.
    pub rest: Option<Kind>,
    /// Its keys, in the order in which they are explained.
    pub fields: &'static [Field],
}

/// One key of a table.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be written.
    pub required: bool,
    /// One sentence for people.
    pub doc: &'static str,
}

/// What a key holds.
#[derive(Debug)]
pub enum Kind {
    /// One line of text, without control characters.
    Text,
    /// Text with names in braces; may have several lines.
    Template,
    /// The name of something declared here.
    Name,
    /// The name of something declared elsewhere.
    Ref(Noun),
    /// A command, a site or anything else that is one text with a form of its own, named for people.
    Form(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A span of time: `1m30s`.
    Span,
    /// A share: a number from 0 to 1, or a text in percent.
    Share,
    /// A positive factor: `3.0`.
    Factor,
    /// An amount: whole, or with up to three decimals.
    Amount,
    /// A whole number within limits.
    Count {
        /// The least that is accepted.
        low: u64,
        /// The most that is accepted.
        high: u64,
    },
    /// `true` or `false`.
    Flag,
    /// A day: `2026-10-02`.
    Date,
    /// A set of hosts: `pg-msg-[001-120]`.
    Hosts,
    /// A secret by reference: `env:NAME` or `file:PATH`.
    Secret,
    /// A list, each of whose members is of this kind.
    List(&'static Self),
    /// A table with names that the author chooses.
    Map(&'static Self),
    /// A table with these keys.
    Table(&'static Table),
    /// Either of these.
    Either(&'static [Self]),
}

impl Kind {
    /// What it is called when something else was found.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        match self {
            Self::Text | Self::Template => "a text",
            Self::Name | Self::Ref(_) => "a name",
            Self::Form(form) => form,
            Self::Word(_) => "a word",
            Self::Span => "a span of time in quotes, such as \"90s\"",
            Self::Share => "a share, such as 0.7 or \"70%\"",
            Self::Factor => "a factor, such as 1.5",
            Self::Amount => "an amount, such as 9000 or 0.5",
            Self::Count { .. } => "a whole number",
            Self::Flag => "true or false",
            Self::Date => "a day without quotes, such as 2026-10-02",
            Self::Hosts => "a set of hosts in quotes, such as \"web-[01-20]\"",
            Self::Secret => "a secret by reference: \"env:NAME\" or \"file:PATH\"",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Table(_) => "a table",
            Self::Either(kinds) => match kinds {
                [first, ..] => first.expected(),
                [] => "nothing",
            },
        }
    }
}

impl Table {
    /// The key with this name.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}

//! One table while it is read: its values by key, held against the table of fields.

use std::cell::Cell;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeString;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::load::draft::AmountsDraft;
use crate::load::fields;
use crate::load::names::near_word;
use crate::load::page::Named;
use crate::load::page::Page;
use crate::load::value;
use crate::load::value::Value;
use crate::model::Date;
use crate::model::Fault;
use crate::model::HostSet;
use crate::model::Kind;
use crate::model::Millis;
use crate::model::Place;
use crate::model::Ppm;
use crate::model::SecretRef;
use crate::model::Table;

/// A key with its place.
pub(super) type Key<'t> = Spanned<DeString<'t>>;

/// One table while it is read.
pub(super) struct Row<'p, 't> {
    pub(super) page: &'p Page<'t>,
    spec: &'static Table,
    table: &'p DeTable<'t>,
    at: Range<usize>,
    /// The marks of all keys that were written. Of thirty fields that a step may have, eight are: a look at a bit is
    /// the answer for most of the others.
    written: u64,
    /// Which fields were asked for, a bit each: a field that nobody reads is a promise that nobody keeps.
    asked: Cell<u64>,
}

impl<'p, 't> Row<'p, 't> {
    /// Opens a table; tells of keys that it does not have, and of those that it lacks.
    pub(super) fn open(page: &'p Page<'t>, spec: &'static Table, table: &'p DeTable<'t>, at: Range<usize>) -> Self {
        if spec.rest.is_none() {
            for key in table.keys().filter(|key| spec.field(key.get_ref()).is_none()) {
                let near = near_word(key.get_ref(), spec.fields.iter().map(|field| field.key));
                let belongs = fields::fields()
                    .iter()
                    .find(|shape| is_file(spec) && shape.table.field(key.get_ref()).is_some())
                    .map(|shape| shape.files);
                let key_text = key.get_ref().to_string();
                page.tell(&key.span(), Fault::UnknownKey { table: spec.title, key: key_text, near, belongs });
            }
        }
        for field in spec.fields.iter().filter(|field| field.required) {
            if table.get(field.key).is_none() {
                page.tell(&at, Fault::MissingKey { table: spec.title, key: field.key });
            }
        }
        let written = table.keys().fold(0, |all, key| all | mark(key.get_ref()));
        Self { page, spec, table, at, written, asked: Cell::new(0) }
    }

    /// Opens a value that must be a table.
    pub(super) fn of(page: &'p Page<'t>, spec: &'static Table, value: &'p Value<'t>) -> Option<Self> {
        match value.get_ref().as_table() {
            Some(table) => Some(Self::open(page, spec, table, value.span())),
            None => value::wrong(page, value, "a table"),
        }
    }

    /// Opens a value that must be a table, and is known by its key.
    pub(super) fn under(page: &'p Page<'t>, spec: &'static Table, key: &Key<'t>, value: &'p Value<'t>) -> Option<Self> {
        match value.get_ref().as_table() {
            Some(table) => Some(Self::open(page, spec, table, key.span())),
            None => value::wrong(page, value, "a table"),
        }
    }

    /// Where the table is.
    pub(super) fn place(&self) -> Place {
        self.page.place(&self.at)
    }

    /// Tells of a fault of the table as a whole.
    pub(super) fn tell(&self, fault: Fault) {
        self.page.tell(&self.at, fault);
    }

    /// Where a key's value is; the whole table where it is not there.
    pub(super) fn place_of(&self, key: &str) -> Place {
        self.page.place(&self.get(key).map_or(self.at.clone(), Spanned::span))
    }

    /// Whether a key was written.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    fn get(&self, key: &str) -> Option<&'p Value<'t>> {
        if self.written & mark(key) == 0 {
            return None;
        }
        self.table.get(key)
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &'static str) -> Option<&'p Value<'t>> {
        if cfg!(debug_assertions) {
            let at = self.spec.fields.iter().position(|field| field.key == key);
            let at = at.unwrap_or_else(|| unreachable!("{} has no field {key}", self.spec.title));
            self.asked.set(self.asked.get() | 1 << at);
        }
        self.get(key)
    }

    /// Every field was asked for: checked in debug builds.
    pub(super) fn done(self) {
        let all = (1_u64 << self.spec.fields.len()) - 1;
        debug_assert_eq!(self.asked.get(), all, "some field of {} is never read", self.spec.title);
    }

    fn kind(&self, key: &str) -> &'static Kind {
        self.spec.field(key).map_or(&Kind::Text, |field| &field.kind)
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        debug_assert!(matches!(self.kind(key), Kind::Text | Kind::Form(_)), "{key}");
        value::text(self.page, self.value(key)?).map(str::to_owned)
    }

    pub(super) fn name(&self, key: &'static str) -> Option<Named> {
        debug_assert!(matches!(self.kind(key), Kind::Name), "{key}");
        value::name(self.page, self.value(key)?)
    }

    pub(super) fn reference(&self, key: &'static str) -> Option<Named> {
        debug_assert!(matches!(self.kind(key), Kind::Ref(_) | Kind::Form(_)), "{key}");
        value::reference(self.page, self.value(key)?)
    }

    pub(super) fn span(&self, key: &'static str) -> Option<Millis> {
        debug_assert!(matches!(self.kind(key), Kind::Span), "{key}");
        value::span(self.page, self.value(key)?)
    }

    pub(super) fn share(&self, key: &'static str) -> Option<Ppm> {
        debug_assert!(matches!(self.kind(key), Kind::Share), "{key}");
        value::share(self.page, self.value(key)?)
    }

    pub(super) fn date(&self, key: &'static str) -> Option<Date> {
        debug_assert!(matches!(self.kind(key), Kind::Date), "{key}");
        value::date(self.page, self.value(key)?)
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        debug_assert!(matches!(self.kind(key), Kind::Flag), "{key}");
        value::flag(self.page, self.value(key)?)
    }

    pub(super) fn hosts(&self, key: &'static str) -> Option<HostSet> {
        debug_assert!(matches!(self.kind(key), Kind::Hosts), "{key}");
        value::hosts(self.page, self.value(key)?)
    }

    pub(super) fn secret(&self, key: &'static str) -> Option<SecretRef> {
        debug_assert!(matches!(self.kind(key), Kind::Secret), "{key}");
        value::secret(self.page, key, self.value(key)?)
    }

    /// A whole number, within the limits of its field.
    pub(super) fn count(&self, key: &'static str) -> Option<u64> {
        let value = self.value(key)?;
        let Kind::Count { low, high } = self.kind(key) else { unreachable!("{key} is no count") };
        value::count(self.page, value, *low, *high)
    }

    /// The same, where 32 bits hold the limits.
    pub(super) fn count32(&self, key: &'static str) -> Option<u32> {
        self.count(key).and_then(|count| u32::try_from(count).ok())
    }

    /// One of the words of its field, each with what it stands for, in the field's order.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, meanings: &[T]) -> Option<T> {
        let Kind::Word(words) = self.kind(key) else { unreachable!("{key} is no word") };
        choice(self.page, self.value(key)?, words, meanings)
    }

    /// The members of a list; none where there is no such key.
    pub(super) fn list(&self, key: &'static str) -> &'p [Value<'t>] {
        debug_assert!(matches!(self.kind(key), Kind::List(_)), "{key}");
        let Some(value) = self.value(key) else { return &[] };
        list(self.page, value).unwrap_or(&[])
    }

    /// The entries of a table whose keys the author chooses; none where there is no such key.
    pub(super) fn map(&self, key: &'static str) -> impl Iterator<Item = (&'p Key<'t>, &'p Value<'t>)> + use<'p, 't> {
        debug_assert!(matches!(self.kind(key), Kind::Map(_)), "{key}");
        let table = self.value(key).and_then(|value| match value.get_ref() {
            DeValue::Table(table) => Some(table),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => value::wrong(self.page, value, "a table"),
        });
        table.into_iter().flat_map(|table| table.iter())
    }

    /// The entries that the fields do not name, where the table has room for them.
    pub(super) fn rest(&self) -> impl Iterator<Item = (&'p Key<'t>, &'p Value<'t>)> {
        self.table.iter().filter(|(key, _)| self.spec.field(key.get_ref()).is_none())
    }

    /// A table of its own.
    pub(super) fn table(&self, key: &'static str) -> Option<Self> {
        let Kind::Table(spec) = self.kind(key) else { unreachable!("{key} is no table") };
        Self::of(self.page, spec, self.value(key)?)
    }

    /// Amounts by resource.
    pub(super) fn amounts(&self, key: &'static str) -> Option<AmountsDraft> {
        let entries = self.map(key);
        self.has(key).then(|| amounts(self.page, entries))
    }
}

/// Amounts by resource.
pub(super) fn amounts<'p, 't: 'p>(
    page: &Page<'t>,
    entries: impl Iterator<Item = (&'p Key<'t>, &'p Value<'t>)>,
) -> AmountsDraft {
    let mut draft = AmountsDraft::default();
    for (key, value) in entries {
        match value::amount(page, value) {
            Some(amount) => draft.named.push((page.named(key.get_ref(), &key.span()), amount)),
            None => draft.torn = true,
        }
    }
    draft
}

/// The members of a list.
pub(super) fn list<'p, 't>(page: &Page<'t>, value: &'p Value<'t>) -> Option<&'p [Value<'t>]> {
    match value.get_ref().as_array() {
        Some(list) => Some(list),
        None => value::wrong(page, value, "a list"),
    }
}

/// One of `words`, as what it stands for.
pub(super) fn choice<T: Copy>(
    page: &Page<'_>,
    value: &Value<'_>,
    words: &'static [&'static str],
    meanings: &[T],
) -> Option<T> {
    debug_assert_eq!(words.len(), meanings.len(), "each word stands for something");
    let Some(word) = value.get_ref().as_str() else {
        return value::wrong(page, value, "a word");
    };
    let known = words.iter().position(|known| *known == word);
    if known.is_none() {
        let near = near_word(word, words.iter().copied());
        page.tell(&value.span(), Fault::UnknownWord { word: word.to_owned(), known: words, near });
    }
    known.and_then(|at| meanings.get(at)).copied()
}

/// One bit of 64, by the length of a key and its first letter: different for most keys of a table.
fn mark(key: &str) -> u64 {
    let first = key.as_bytes().first().map_or(0, |&first| usize::from(first));
    1 << ((key.len() * 5 + first) % 64)
}

fn is_file(spec: &Table) -> bool {
    fields::fields().iter().any(|shape| std::ptr::eq(shape.table, spec))
}

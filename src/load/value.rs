//! Single values: each function reads one kind of value, and tells what is wrong with it.

use toml::Spanned;
use toml::de::DeValue;

use crate::load::number;
use crate::load::page::Named;
use crate::load::page::Page;
use crate::model::Date;
use crate::model::Fault;
use crate::model::HostSet;
use crate::model::Kind;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::SecretRef;

/// A value with its place.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// The longest name: DNS labels are no longer, and names become file names, labels and units.
const NAME_BYTES_MAX: usize = 63;

pub(super) fn wrong<T>(page: &Page<'_>, value: &Value<'_>, expected: &'static str) -> Option<T> {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    page.tell(&value.span(), Fault::WrongType { expected, found });
    None
}

/// One line of text.
pub(super) fn text<'v>(page: &Page<'_>, value: &'v Value<'_>) -> Option<&'v str> {
    let text = string(page, value, &Kind::Text)?;
    no_controls(page, value, text, |_| false)
}

/// Text that may have several lines.
pub(super) fn lines<'v>(page: &Page<'_>, value: &'v Value<'_>) -> Option<&'v str> {
    let text = string(page, value, &Kind::Template)?;
    no_controls(page, value, text, |c| matches!(c, '\n' | '\r' | '\t'))
}

fn string<'v>(page: &Page<'_>, value: &'v Value<'_>, kind: &Kind) -> Option<&'v str> {
    match value.get_ref().as_str() {
        Some(text) => Some(text),
        None => wrong(page, value, kind.expected()),
    }
}

/// What moves the cursor, rings, or reorders text is never let through to a terminal (CVE-2021-42574 shows why the
/// last kind belongs here too).
fn no_controls<'v>(page: &Page<'_>, value: &Value<'_>, text: &'v str, fine: fn(char) -> bool) -> Option<&'v str> {
    let odd = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match text.chars().find(|&c| odd(c) && !fine(c)) {
        Some(odd) => {
            page.tell(&value.span(), Fault::ControlCharacter(odd));
            None
        }
        None => Some(text),
    }
}

/// A name, as a value.
pub(super) fn name(page: &Page<'_>, value: &Value<'_>) -> Option<Named> {
    let named = page.named(string(page, value, &Kind::Name)?, &value.span());
    good_name(page, &named).then_some(named)
}

/// The name of something else: only its form is looked at here, and a bad one is simply unknown.
pub(super) fn reference(page: &Page<'_>, value: &Value<'_>) -> Option<Named> {
    Some(page.named(string(page, value, &Kind::Name)?, &value.span()))
}

/// Whether a name holds only characters that no shell, file system or address treats specially.
pub(super) fn good_name(page: &Page<'_>, named: &Named) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | '_');
    let odd = named.text.chars().find(|&c| !fine(c));
    let first = named.text.chars().next().filter(|c| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    let odd = odd.or(first);
    if odd.is_none() && !named.text.is_empty() && named.text.len() <= NAME_BYTES_MAX {
        return true;
    }
    page.tell_at(named.place, Fault::BadName { name: named.text.clone(), odd });
    false
}

pub(super) fn span(page: &Page<'_>, value: &Value<'_>) -> Option<Millis> {
    let Some(text) = value.get_ref().as_str() else {
        return wrong(page, value, Kind::Span.expected());
    };
    match Millis::parse(text) {
        Ok(span) => Some(span),
        Err(why) => {
            page.tell(&value.span(), Fault::BadSpan { text: text.to_owned(), why });
            None
        }
    }
}

pub(super) fn share(page: &Page<'_>, value: &Value<'_>) -> Option<Ppm> {
    let (text, share) = match (value.get_ref().as_str(), number::digits(value.get_ref())) {
        (Some(text), _) => (text.to_owned(), number::percent(text)),
        (None, Some(digits)) => (digits.clone(), number::share(&digits)),
        (None, None) => return wrong(page, value, Kind::Share.expected()),
    };
    match share {
        Ok(share) => Some(share),
        Err(why) => {
            page.tell(&value.span(), Fault::BadShare { text, why });
            None
        }
    }
}

pub(super) fn factor(page: &Page<'_>, value: &Value<'_>) -> Option<Ppm> {
    let Some(text) = number::digits(value.get_ref()) else {
        return wrong(page, value, Kind::Factor.expected());
    };
    match number::factor(&text) {
        Ok(factor) => Some(factor),
        Err(why) => {
            page.tell(&value.span(), Fault::BadAmount { text, why });
            None
        }
    }
}

/// An amount in thousandths.
pub(super) fn amount(page: &Page<'_>, value: &Value<'_>) -> Option<u64> {
    let Some(text) = number::digits(value.get_ref()) else {
        return wrong(page, value, Kind::Amount.expected());
    };
    match number::amount(&text) {
        Ok(amount) => Some(amount),
        Err(why) => {
            page.tell(&value.span(), Fault::BadAmount { text, why });
            None
        }
    }
}

/// A whole number within limits.
pub(super) fn count(page: &Page<'_>, value: &Value<'_>, low: u64, high: u64) -> Option<u64> {
    let Some(number) = value.get_ref().as_integer() else {
        return wrong(page, value, "a whole number");
    };
    match i128::from_str_radix(number.as_str(), number.radix()).ok().and_then(|number| u64::try_from(number).ok()) {
        Some(number) if (low..=high).contains(&number) => Some(number),
        Some(_) | None => {
            page.tell(&value.span(), Fault::OutOfRange { text: number.to_string(), low, high });
            None
        }
    }
}

pub(super) fn flag(page: &Page<'_>, value: &Value<'_>) -> Option<bool> {
    match value.get_ref().as_bool() {
        Some(flag) => Some(flag),
        None => wrong(page, value, Kind::Flag.expected()),
    }
}

pub(super) fn date(page: &Page<'_>, value: &Value<'_>) -> Option<Date> {
    let Some(written) = value.get_ref().as_datetime() else {
        return wrong(page, value, Kind::Date.expected());
    };
    let day = written.date.filter(|_| written.time.is_none() && written.offset.is_none()).and_then(|day| {
        let year = i16::try_from(day.year).ok()?;
        Date::new(year, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?).ok()
    });
    if day.is_none() {
        page.tell(&value.span(), Fault::BadDate);
    }
    day
}

pub(super) fn hosts(page: &Page<'_>, value: &Value<'_>) -> Option<HostSet> {
    let Some(text) = value.get_ref().as_str() else {
        return wrong(page, value, Kind::Hosts.expected());
    };
    match HostSet::parse(text) {
        Ok(hosts) => Some(hosts),
        Err(why) => {
            page.tell(&value.span(), Fault::BadHosts { text: text.to_owned(), why });
            None
        }
    }
}

/// A secret by reference. What is no reference is not repeated in the finding: it may well be the secret.
pub(super) fn secret(page: &Page<'_>, key: &str, value: &Value<'_>) -> Option<SecretRef> {
    let Some(text) = value.get_ref().as_str() else {
        return wrong(page, value, Kind::Secret.expected());
    };
    let secret = secret_of(text);
    if secret.is_none() {
        page.tell(&value.span(), Fault::NotAReference { key: key.to_owned() });
    }
    secret
}

/// The reference that a text is, where it is one.
pub(super) fn secret_of(text: &str) -> Option<SecretRef> {
    let plain = |part: &str| !part.is_empty() && !part.chars().any(char::is_control);
    if let Some(name) = text.strip_prefix("env:") {
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = !name.starts_with(|c: char| c.is_ascii_digit());
        return (plain(name) && starts && name.chars().all(fine)).then(|| SecretRef::Env(name.to_owned()));
    }
    text.strip_prefix("file:").filter(|path| plain(path)).map(|path| SecretRef::File(path.to_owned()))
}

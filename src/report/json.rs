//! Facts as JSON: indented, keys in the order of the shape, one line end at the end.

use serde::Serialize;

/// A value as text. Everything that is printed has text for keys and integers for numbers, so nothing can fail.
#[must_use]
pub fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

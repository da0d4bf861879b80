//! Tests of the room, by what they look at.

mod address;
mod consistent;
mod good;
mod mutated;
mod sample;

use crate::load::Loaded;
use crate::load::SourceText;
use crate::load::load;

/// Loads texts by path.
fn load_texts(files: &[(&str, &str)]) -> Loaded {
    let text = |(path, text): &(&str, &str)| SourceText { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() };
    load(files.iter().map(text).collect())
}

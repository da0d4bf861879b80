//! Whatever is done to a good estate, loading it neither panics nor leaves an id that leads nowhere.

use proptest::prelude::Strategy;
use proptest::prop_oneof;
use proptest::proptest;
use proptest::sample::select;
use proptest::test_runner::Config;

use crate::load::SourceText;
use crate::load::load;
use crate::load::tests::consistent::assert_consistent;
use crate::load::tests::sample;
use crate::model::Finding;

/// One thing that a slip of the hand, a bad merge or an enemy does to a file. Numbers are taken modulo what is there.
#[derive(Debug, Clone)]
enum Slip {
    DeleteBytes { at: usize, count: usize },
    RepeatBytes { at: usize, count: usize },
    PutByte { at: usize, byte: u8 },
    PutText { at: usize, text: &'static str },
    DeleteLine { at: usize },
    RepeatLine { at: usize },
    SwapLines { one: usize, other: usize },
    SwapWords { one: usize, other: usize },
    DeleteWord { at: usize },
}

/// Texts that mean something to TOML, to templates, to host sets or to us.
const TEXTS: [&str; 24] = [
    "[",
    "]",
    "[[",
    "{",
    "}",
    "\"",
    "'''",
    "\"\"\"",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\r\n",
    "{{ ",
    " }}",
    "\\",
    "\0",
    "\u{1b}[31m",
    "\u{202e}",
    "한글",
    "1e999",
    "[1-",
    "@",
];

fn slip() -> impl Strategy<Value = Slip> {
    let at = || 0..1_000_000_usize;
    prop_oneof![
        (at(), 1..40_usize).prop_map(|(at, count)| Slip::DeleteBytes { at, count }),
        (at(), 1..40_usize).prop_map(|(at, count)| Slip::RepeatBytes { at, count }),
        (at(), 0..=255_u8).prop_map(|(at, byte)| Slip::PutByte { at, byte }),
        (at(), select(&TEXTS[..])).prop_map(|(at, text)| Slip::PutText { at, text }),
        at().prop_map(|at| Slip::DeleteLine { at }),
        at().prop_map(|at| Slip::RepeatLine { at }),
        (at(), at()).prop_map(|(one, other)| Slip::SwapLines { one, other }),
        (at(), at()).prop_map(|(one, other)| Slip::SwapWords { one, other }),
        at().prop_map(|at| Slip::DeleteWord { at }),
    ]
}

/// What stands between the bytes for which `parts` says yes, with those bytes.
fn pieces(bytes: &[u8], parts: fn(u8) -> bool) -> Vec<Vec<u8>> {
    bytes.chunk_by(|a, b| !parts(*a) && !parts(*b)).map(<[u8]>::to_vec).collect()
}

fn applied(slip: &Slip, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    let lines = |bytes: &[u8]| pieces(bytes, |byte| byte == b'\n');
    let words = |bytes: &[u8]| pieces(bytes, |byte| !byte.is_ascii_alphanumeric() && byte != b'-');
    match *slip {
        Slip::DeleteBytes { at, count } => drop(bytes.drain(at % length..(at % length + count).min(length))),
        Slip::RepeatBytes { at, count } => {
            let part = bytes[at % length..(at % length + count).min(length)].to_vec();
            bytes.splice(at % length..at % length, part);
        }
        Slip::PutByte { at, byte } => bytes[at % length] = byte,
        Slip::PutText { at, text } => drop(bytes.splice(at % length..at % length, text.bytes())),
        Slip::DeleteLine { at } => edited(bytes, lines, |parts| drop(parts.remove(at % parts.len()))),
        Slip::RepeatLine { at } => {
            edited(bytes, lines, |parts| parts.insert(at % parts.len(), parts[at % parts.len()].clone()))
        }
        Slip::SwapLines { one, other } => edited(bytes, lines, |parts| swapped(parts, one, other)),
        Slip::SwapWords { one, other } => edited(bytes, words, |parts| swapped(parts, one, other)),
        Slip::DeleteWord { at } => edited(bytes, words, |parts| drop(parts.remove(at % parts.len()))),
    }
}

fn edited(bytes: &mut Vec<u8>, part: impl Fn(&[u8]) -> Vec<Vec<u8>>, edit: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut parts = part(bytes);
    edit(&mut parts);
    *bytes = parts.concat();
}

fn swapped(parts: &mut [Vec<u8>], one: usize, other: usize) {
    let length = parts.len();
    parts.swap(one % length, other % length);
}

fn files() -> Vec<SourceText> {
    sample::FILES
        .iter()
        .map(|(path, text)| SourceText { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() })
        .collect()
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_slip_breaks_the_estate(slips in proptest::collection::vec((0..4_usize, slip()), 1..8)) {
        let mut files = files();
        for (file, slip) in &slips {
            applied(slip, &mut files[*file].bytes);
        }
        let loaded = load(files.clone());
        assert_consistent(&loaded);
        assert_eq!(load(files), loaded);
        let order = |finding: &Finding| (finding.place, finding.code());
        assert!(loaded.findings.is_sorted_by_key(order));
        if loaded.findings.is_empty() {
            assert!(!loaded.estate.services.is_empty());
        }
    }
}

#[test]
fn every_prefix_of_a_file_can_be_read() {
    for file in 0..4 {
        let whole = files();
        for end in (0..whole[file].bytes.len()).step_by(41) {
            let mut files = whole.clone();
            files[file].bytes.truncate(end);
            assert_consistent(&load(files));
        }
    }
}

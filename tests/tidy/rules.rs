//! The rules of the house that look at one file at a time. Each takes the law and a file, and says what is wrong.

use crate::law::Law;
use crate::text::Source;
use crate::text::item_end;
use crate::text::line_of;
use crate::text::places;
use crate::text::says;
use crate::text::word;

/// A rule: what is wrong with one file.
pub(crate) type Rule = fn(&Law, &Source) -> Vec<String>;

/// All of them.
pub(crate) const RULES: &[Rule] = &[
    rooms_keep_the_law,
    dry_above_the_waterline,
    no_random_order,
    dependencies_stay_home,
    files_end,
    functions_end,
    names_say_something,
    one_import_per_line,
    schedule_knows_time_and_ids,
    mode_ends_at_the_plan,
    files_say_what_they_are,
    nothing_left_over,
    no_path_of_a_machine,
];

/// The rooms above the waterline: nothing there waits, reads a clock, a file or the environment.
const DRY: &[&str] =
    &["template", "model", "load", "graph", "placement", "schedule", "plan", "audit", "run", "evidence"];
const WET_WORDS: &[&str] = &[
    "tokio",
    "async",
    ".await",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "::now",
    "SystemTime",
    "TimeZone::system",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "rand::",
];

/// Where each dependency lives. An empty list means that it may live anywhere.
pub(crate) const HOMES: &[(&str, &[&str])] = &[
    ("annotate-snippets", &["report"]),
    ("aws-sdk-autoscaling", &["driver"]),
    ("aws-sdk-route53", &["driver"]),
    ("aws-smithy-http-client", &["driver"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("data-encoding", &["driver"]),
    ("hickory-proto", &["driver"]),
    ("hmac", &["driver"]),
    ("indicatif", &["cli"]),
    ("jiff", &["model", "report", "cli"]),
    ("mimalloc", &["main"]),
    ("petgraph", &["graph"]),
    ("rayon", &["load", "placement", "schedule", "plan", "cli"]),
    ("reqwest", &["driver"]),
    ("rustix", &["journal", "driver", "cli"]),
    ("rustls", &["driver"]),
    ("serde", &["model", "placement", "plan", "audit", "run", "evidence", "journal", "control", "report", "cli"]),
    ("serde_json", &["plan", "journal", "control", "report", "cli"]),
    ("sha1", &["driver"]),
    ("sha2", &["plan", "journal", "control", "report", "cli"]),
    ("ssh-key", &["driver"]),
    ("ssh2", &["driver"]),
    ("strsim", &["load"]),
    ("terminal_size", &["cli"]),
    ("thiserror", &[]),
    ("tokio", &["journal", "control", "driver", "engine", "lab", "cli"]),
    ("toml", &["load"]),
    ("unicode-width", &["report"]),
    ("zeroize", &["driver"]),
];

const FILE_LINES_MAX: usize = 600;
const FILE_LINES_SPLIT: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "imp"];

/// A room names only the rooms that the law lets it know. Unit tests may load estates from text besides.
fn rooms_keep_the_law(law: &Law, file: &Source) -> Vec<String> {
    let Some(room) = file.room() else { return Vec::new() };
    let Some(known) = law.known_to(room) else {
        return vec![file.at(1, &format!("{room} is a room that the law in ARCHITECTURE.md does not name"))];
    };
    let is_door = file.path == format!("src/{room}.rs") || file.path == format!("src/{room}/mod.rs");
    let mut found = Vec::new();
    for (line, code) in file.lines() {
        for at in places(code, "crate::") {
            let other = word(&code[at + "crate::".len()..]);
            let for_tests = other == "load" && file.is_tested(line);
            if !(other.is_empty() || other == room || known.contains(&other) || for_tests) {
                let why = if law.known_to(other).is_some() { "may not know" } else { "names what is no room:" };
                found.push(file.at(line, &format!("{room} {why} {other}")));
            }
        }
        if says(code, "bonghwa::") {
            found.push(file.at(line, "a room is named by crate::, so that the law can see it"));
        }
        if is_door && !file.is_tested(line) && says(code, "super::") {
            found.push(file.at(line, &format!("{room} leaves by super::, where the law cannot see it")));
        }
    }
    found
}

/// Nothing above the waterline waits, reads a clock, a file or the environment, or prints.
fn dry_above_the_waterline(_: &Law, file: &Source) -> Vec<String> {
    let Some(room) = file.room().filter(|room| DRY.contains(room)) else { return Vec::new() };
    let mut found = Vec::new();
    for (line, code) in file.shipped() {
        for wet in WET_WORDS.iter().filter(|wet| says(code, wet)) {
            found.push(file.at(line, &format!("{room} is above the waterline, but says {wet}")));
        }
    }
    found
}

/// Order reaches plans, so nothing with a random order is used at all.
fn no_random_order(_: &Law, file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (line, code) in file.lines().filter(|_| file.path.starts_with("src/")) {
        for random in ["HashMap", "HashSet"].into_iter().filter(|random| says(code, random)) {
            found.push(file.at(line, &format!("the order of a {random} is random, and could reach a plan")));
        }
    }
    found
}

/// Each dependency is named only in the rooms that are its home.
fn dependencies_stay_home(_: &Law, file: &Source) -> Vec<String> {
    let Some(room) = file.room() else { return Vec::new() };
    let mut found = Vec::new();
    for (name, homes) in HOMES.iter().filter(|(_, homes)| !homes.is_empty() && !homes.contains(&room)) {
        let name = name.replace('-', "_");
        for (line, code) in file.shipped() {
            let outside = |at: &usize| !code[..*at].ends_with("::");
            let named = places(code, &format!("{name}::")).iter().any(outside)
                || [format!("use {name};"), format!("use {name} as")].iter().any(|import| says(code, import));
            if named {
                found.push(file.at(line, &format!("{name} is at home in {}, not in {room}", homes.join(", "))));
            }
        }
    }
    found
}

/// A file that grows past its limit holds a second noun, which wants a file of its own.
fn files_end(_: &Law, file: &Source) -> Vec<String> {
    let lines = file.text.lines().count();
    if file.path.starts_with("src/") && lines > FILE_LINES_MAX {
        vec![file.at(lines, &format!("the file has {lines} lines; {FILE_LINES_MAX} are the limit"))]
    } else {
        Vec::new()
    }
}

/// Not wrong yet: the files that should be split before they reach the limit.
pub(crate) fn wants_splitting(file: &Source) -> Option<String> {
    let lines = file.text.lines().count();
    (file.path.starts_with("src/") && lines > FILE_LINES_SPLIT).then(|| format!("{}: {lines} lines", file.path))
}

/// A function fits on a screen, its signature and its comments included.
fn functions_end(_: &Law, file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    if !file.path.starts_with("src/") {
        return found;
    }
    for at in places(&file.code, "fn") {
        let name = word(file.code[at + 2..].trim_start());
        let line = line_of(&file.code, at);
        let lines = line_of(&file.code, item_end(&file.code, at)) - line + 1;
        if !name.is_empty() && lines > FUNCTION_LINES_MAX && !file.is_tested(line) {
            found.push(file.at(line, &format!("{name} has {lines} lines; {FUNCTION_LINES_MAX} are the limit")));
        }
    }
    found
}

/// A name that fits everything says nothing.
fn names_say_something(_: &Law, file: &Source) -> Vec<String> {
    if !file.is_rust() {
        return Vec::new();
    }
    let parts = file.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    parts
        .filter(|part| EMPTY_NAMES.contains(part))
        .map(|part| file.at(1, &format!("{part} says nothing about what is inside")))
        .collect()
}

/// Imports can be searched for: one item on each line, no globs, no climbing.
fn one_import_per_line(_: &Law, file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    if !file.is_rust() {
        return found;
    }
    for at in places(&file.code, "use") {
        let before = file.code[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_import = before.is_empty() || (before.starts_with("pub") && !before.contains(';'));
        if !is_import || !file.code[at + 3..].starts_with(char::is_whitespace) {
            continue;
        }
        let import = file.code[at..].split(';').next().unwrap_or_default();
        let line = line_of(&file.code, at);
        if import.contains('{') {
            found.push(file.at(line, "one import per line, without braces"));
        }
        if import.contains('*') {
            found.push(file.at(line, "a glob import hides what it brings"));
        }
    }
    for (line, code) in file.lines() {
        if says(code, "super::super") {
            found.push(file.at(line, "name the room with crate:: instead of climbing"));
        }
    }
    found
}

/// The scheduler can be tried on textbook instances, because it has never heard of a service.
fn schedule_knows_time_and_ids(_: &Law, file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (line, code) in file.shipped().filter(|_| file.room() == Some("schedule")) {
        for at in places(code, "crate::model::") {
            let noun = word(&code[at + "crate::model::".len()..]);
            if noun != "Millis" && !noun.ends_with("Id") {
                found.push(file.at(line, &format!("schedule sees only Millis and ids of model, not {noun}")));
            }
        }
    }
    found
}

/// A drill is a different plan, never an `if` in the hands that run it.
fn mode_ends_at_the_plan(_: &Law, file: &Source) -> Vec<String> {
    let Some(room @ ("run" | "journal" | "driver" | "engine")) = file.room() else { return Vec::new() };
    let mut found = Vec::new();
    for (line, code) in file.lines() {
        for noun in ["Mode", "Tier"].into_iter().filter(|noun| says(code, noun)) {
            found.push(file.at(line, &format!("{room} may not say {noun}: it ends at the plan")));
        }
    }
    found
}

/// The first line of a file tells its story.
fn files_say_what_they_are(_: &Law, file: &Source) -> Vec<String> {
    if file.is_rust() && !file.text.starts_with("//!") {
        vec![file.at(1, "the file does not begin with //! and a sentence about itself")]
    } else {
        Vec::new()
    }
}

/// What was put off is not committed.
fn nothing_left_over(_: &Law, file: &Source) -> Vec<String> {
    // In two halves, so that a search for such words finds none here.
    const WORDS: &[&str] = &[
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("#[ig", "nore"),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
        concat!("thread::", "sleep"),
    ];
    let note = concat!("FIX", "ME");
    let mut found = Vec::new();
    if !file.is_rust() {
        return found;
    }
    for (line, code) in file.lines() {
        for left in WORDS.iter().filter(|left| says(code, left)) {
            found.push(file.at(line, &format!("{left} is left over")));
        }
    }
    for (at, _) in file.text.match_indices(note) {
        found.push(file.at(line_of(&file.text, at), &format!("{note} is left over")));
    }
    found
}

/// Nobody else has the folders of the machine that a file was written on.
fn no_path_of_a_machine(_: &Law, file: &Source) -> Vec<String> {
    const FOLDERS: &[&str] =
        &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/tm", "p/w")];
    let mut found = Vec::new();
    for folder in FOLDERS {
        for (at, _) in file.text.match_indices(folder) {
            // A part of a longer path, or of an address, is none of ours.
            let is_path = !file.text[..at].ends_with(|c: char| c.is_alphanumeric() || "}._-".contains(c));
            if is_path {
                found.push(file.at(line_of(&file.text, at), &format!("{folder} is a path of one machine")));
            }
        }
    }
    found
}

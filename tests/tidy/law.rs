//! The law of the rooms, read from the map, and the rules that look at the whole house.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::rules::HOMES;
use crate::text::Source;
use crate::text::line_of;
use crate::text::places;
use crate::text::word;

/// Which room may know which.
pub(crate) struct Law {
    rooms: Vec<(String, Vec<String>)>,
}

impl Law {
    /// Reads the block between ` ```rooms ` and ` ``` `. A room knows only rooms that stand above it, so that there can
    /// be no circle.
    pub(crate) fn read(map: &str) -> Result<Self, String> {
        let block = map.split("```rooms\n").nth(1).and_then(|rest| rest.split("```").next());
        let block = block.ok_or("ARCHITECTURE.md: there is no block of rooms")?;
        let mut rooms: Vec<(String, Vec<String>)> = Vec::new();
        for line in block.lines() {
            let (room, known) = line.split_once("<-").ok_or(format!("ARCHITECTURE.md: no room <- rooms: {line}"))?;
            let above: Vec<String> = rooms.iter().map(|(room, _)| room.clone()).collect();
            let mut known: Vec<String> = known.split_whitespace().map(str::to_owned).collect();
            if known == ["everything"] {
                known.clone_from(&above);
            }
            if let Some(stranger) = known.iter().find(|room| !above.contains(room)) {
                return Err(format!("ARCHITECTURE.md: {stranger} does not stand above {}", room.trim()));
            }
            rooms.push((room.trim().to_owned(), known));
        }
        Ok(Self { rooms })
    }

    /// The rooms that `room` may name; nothing if the law has no such room.
    pub(crate) fn known_to(&self, room: &str) -> Option<Vec<&str>> {
        let (_, known) = self.rooms.iter().find(|(name, _)| name == room)?;
        Some(known.iter().map(String::as_str).collect())
    }
}

/// Every Rust file is reached from a root by `mod`, so that none is forgotten; test files by a gated one.
pub(crate) fn every_file_is_declared(files: &[Source]) -> Vec<String> {
    let by_path: BTreeMap<&str, &Source> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut open: Vec<&str> = by_path.keys().copied().filter(|path| is_root(path)).collect();
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if !reached.insert(path) {
            continue;
        }
        let file = by_path[path];
        for (line, child) in declared(file) {
            let candidates = candidates(file, line, child);
            if child == "tests" && !file.is_tested(line) {
                found.push(file.at(line, "tests are declared behind #[cfg(test)]"));
            }
            open.extend(
                candidates.iter().filter_map(|path| by_path.get_key_value(path.as_str()).map(|(path, _)| *path)),
            );
        }
    }
    let forgotten = files.iter().filter(|file| file.is_rust() && !reached.contains(file.path.as_str()));
    found.extend(forgotten.map(|file| file.at(1, "no mod declares this file")));
    found
}

/// Each dependency gives its reason on its own line, and has a home.
pub(crate) fn dependencies_give_reasons(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut found = Vec::new();
    for (line, text) in std::iter::zip(1.., manifest.lines()) {
        let at = |what: String| format!("Cargo.toml:{line}: {what}");
        if text.starts_with('[') {
            section = text.trim_matches(['[', ']']);
            if section.contains("dependencies.") {
                found.push(at(format!("{section}: a dependency stands on one line")));
            }
            continue;
        }
        let Some((name, rest)) = text.split_once('=').filter(|_| section.ends_with("dependencies")) else { continue };
        let name = name.trim();
        if reason(rest).is_empty() {
            found.push(at(format!("{name} has no reason")));
        }
        if section == "dependencies" && !HOMES.iter().any(|(known, _)| *known == name) {
            found.push(at(format!("{name} has no home in tests/tidy/rules.rs")));
        }
    }
    found
}

/// Each invariant on the map ends with the rules that hold it, and `says` knows each of them.
pub(crate) fn invariants_are_held(map: &str, says: impl Fn(&str) -> bool) -> Vec<String> {
    const MARK: &str = "**Invariant:**";
    let mut found = Vec::new();
    for (at, _) in map.match_indices(MARK) {
        let invariant = map[at..].split("\n- ").next().and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        let rules =
            invariant.trim_end().strip_suffix(").").and_then(|rest| rest.rsplit_once('(')).map_or("", |(_, r)| r);
        let mut names = rules.split(',').map(|rule| rule.trim().trim_matches('`'));
        if names.any(|name| name.is_empty() || !says(&format!("fn {name}("))) {
            found.push(format!("ARCHITECTURE.md:{}: no rule holds this invariant: {rules}", line_of(map, at)));
        }
    }
    found
}

/// What follows the first `#` outside quotes.
fn reason(rest: &str) -> &str {
    let mut quoted = false;
    for (at, c) in rest.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => return rest[at + 1..].trim(),
            _ => {}
        }
    }
    ""
}

/// `src/lib.rs`, `src/main.rs`, `build.rs`, and in tests and benches what cargo builds: `x.rs` and `x/main.rs`.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["src", file] => matches!(*file, "lib.rs" | "main.rs"),
        ["tests" | "benches" | "examples", file] | ["fuzz", "fuzz_targets", file] => file.ends_with(".rs"),
        ["tests" | "benches" | "examples", _, "main.rs"] | ["build.rs"] => true,
        _ => false,
    }
}

/// The modules that a file declares and does not hold itself.
fn declared(file: &Source) -> Vec<(usize, &str)> {
    let mut all = Vec::new();
    for at in places(&file.code, "mod") {
        let rest = file.code[at + 3..].trim_start();
        let name = word(rest);
        if !name.is_empty() && rest[name.len()..].trim_start().starts_with(';') {
            all.push((line_of(&file.code, at), name));
        }
    }
    all
}

/// Where a declared module may stand; an attribute on the line above may say it outright.
fn candidates(file: &Source, line: usize, child: &str) -> Vec<String> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let stem = name.trim_end_matches(".rs");
    let above = file.text.lines().nth(line.saturating_sub(2)).unwrap_or_default();
    if let Some(path) = above.trim().strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
        return vec![format!("{folder}/{path}")];
    }
    let inside = if stem == "mod" || is_root(&file.path) { folder.to_owned() } else { format!("{folder}/{stem}") };
    vec![format!("{inside}/{child}.rs"), format!("{inside}/{child}/mod.rs")]
}

//! The house rules, as an ordinary test. `ARCHITECTURE.md` holds the law of the rooms; this reads it from there.
//!
//! Every rule is a function from a file to what is wrong with it, and is itself tried on code that breaks it.

#[path = "tidy/law.rs"]
mod law;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/snippets.rs"]
mod snippets;
#[path = "tidy/text.rs"]
mod text;

use std::fs;
use std::path::Path;

use law::Law;
use law::dependencies_give_reasons;
use law::every_file_is_declared;
use law::invariants_are_held;
use rules::RULES;
use rules::wants_splitting;
use text::Source;

#[test]
#[expect(clippy::print_stdout, reason = "a list for whoever asks with --nocapture; it fails nothing")]
fn the_house_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    read_all(root, "", &mut files);
    let text_of = |path: &str| files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
    let law = Law::read(text_of("ARCHITECTURE.md")).unwrap();

    let mut found: Vec<String> = files.iter().flat_map(|file| RULES.iter().flat_map(|rule| rule(&law, file))).collect();
    found.extend(every_file_is_declared(&files));
    found.extend(dependencies_give_reasons(text_of("Cargo.toml")));
    let rules = [text_of("tests/tidy/rules.rs"), text_of("tests/tidy/law.rs")];
    found.extend(invariants_are_held(text_of("ARCHITECTURE.md"), |rule| rules.iter().any(|text| text.contains(rule))));

    for long in files.iter().filter_map(wants_splitting) {
        println!("should be split: {long}");
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Every text file below `folder`, in order of names; what tools write is left out.
fn read_all(root: &Path, folder: &str, files: &mut Vec<Source>) {
    let entries = fs::read_dir(root.join(folder)).expect("the folder can be listed");
    let mut entries: Vec<_> = entries.map(|entry| entry.expect("the folder can be listed")).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let kind = entry.file_type().expect("an entry has a kind");
        if kind.is_dir() && !name.starts_with("target") && !matches!(name.as_str(), ".git" | ".bonghwa") {
            read_all(root, &path, files);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(Source::new(&path, &text));
        }
    }
}

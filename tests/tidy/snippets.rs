//! The rules, tried: each on code that breaks it, and all on code that only looks as if it did.

use crate::law::Law;
use crate::law::dependencies_give_reasons;
use crate::law::every_file_is_declared;
use crate::law::invariants_are_held;
use crate::rules::RULES;
use crate::text::Source;

const LAW: &str = "```rooms
model    <-
load     <- model
schedule <- model
plan     <- model schedule
run      <- model plan
driver   <- model
cli      <- everything
```
";

/// What the rules say about one file. Its first line is added: they all begin with a sentence.
fn findings(path: &str, text: &str) -> Vec<String> {
    let law = Law::read(LAW).expect("the law is well formed");
    let file = Source::new(path, &format!("//! A file.\n{text}"));
    RULES.iter().flat_map(|rule| rule(&law, &file)).collect()
}

#[track_caller]
fn caught(path: &str, text: &str, what: &str) {
    let found = findings(path, text);
    assert!(found == [what.to_owned()], "expected {what:?}, found {found:#?}");
}

#[track_caller]
fn passes(path: &str, text: &str) {
    assert_eq!(findings(path, text), [""; 0]);
}

#[test]
fn rooms_keep_the_law() {
    caught("src/plan/mod.rs", "\nuse crate::driver::Ssh;", "src/plan/mod.rs:3: plan may not know driver");
    caught("src/plan.rs", "fn f(x: &crate::driver::Ssh) {}", "src/plan.rs:2: plan may not know driver");
    caught("src/plan/x.rs", "pub(crate) use crate::cli;", "src/plan/x.rs:2: plan may not know cli");
    caught("src/plan/x.rs", "use crate::attic::Box;", "src/plan/x.rs:2: plan names what is no room: attic");
    caught("src/attic/mod.rs", "", "src/attic/mod.rs:1: attic is a room that the law in ARCHITECTURE.md does not name");
    caught(
        "src/plan/mod.rs",
        "use super::driver::Ssh;",
        "src/plan/mod.rs:2: plan leaves by super::, where the law cannot see it",
    );
    caught(
        "src/plan/x.rs",
        "use bonghwa::driver::Ssh;",
        "src/plan/x.rs:2: a room is named by crate::, so that the law can see it",
    );
    caught(
        "src/plan/x.rs",
        "#[cfg(test)]\nmod tests {\n    use crate::driver::Ssh;\n}",
        "src/plan/x.rs:4: plan may not know driver",
    );
    caught("src/plan/x.rs", "use crate::load::load;", "src/plan/x.rs:2: plan may not know load");
    passes("src/plan/x.rs", "#[cfg(test)]\nmod tests {\n    use crate::load::load;\n    use super::plan;\n}");
    passes("src/plan/x.rs", "use crate::model::Site;\nuse crate::plan::Plan;\nuse super::Step;");
    passes("src/plan/x.rs", "// crate::driver\nconst TEXT: &str = \"crate::driver\";");
    passes("src/cli/mod.rs", "use crate::driver::Ssh;");
    passes("src/lib.rs", "pub mod plan;");
}

#[test]
fn the_law_has_no_circles() {
    let read = |block: &str| Law::read(block).err().unwrap_or_default();
    assert_eq!(read("```rooms\na <- b\nb <-\n```"), "ARCHITECTURE.md: b does not stand above a");
    assert_eq!(read("```rooms\na <- a\n```"), "ARCHITECTURE.md: a does not stand above a");
    assert_eq!(read("```rooms\na\n```"), "ARCHITECTURE.md: no room <- rooms: a");
    assert_eq!(read("# A map"), "ARCHITECTURE.md: there is no block of rooms");
}

#[test]
fn dry_above_the_waterline() {
    let wet = |code: &str, word: &str| {
        caught("src/plan/x.rs", code, &format!("src/plan/x.rs:2: plan is above the waterline, but says {word}"));
    };
    wet("#[tokio]\nfn f() {}", "tokio");
    wet("async fn f() {}", "async");
    wet("fn f() { g().await; }", ".await");
    wet("use std::fs;", "std::fs");
    wet("use std::net::IpAddr;", "std::net");
    wet("fn f() { std::env::var(\"A\"); }", "std::env");
    wet("use std::process::Command;", "std::process");
    wet("use std::thread;", "std::thread");
    wet("fn f() { Instant::now(); }", "::now");
    wet("use std::time::SystemTime;", "SystemTime");
    wet("fn f() { TimeZone::system(); }", "TimeZone::system");
    wet("fn f() { println!(); }", "println!");
    wet("fn f() { eprintln!(); }", "eprintln!");
    wet("fn f() { print!(\"a\"); }", "print!");
    wet("fn f() { eprint!(\"a\"); }", "eprint!");
    wet("fn f() { dbg!(1); }", "dbg!");
    wet("fn f() { rand::random(); }", "rand::");
    passes(
        "src/plan/x.rs",
        "/// `println!` at once: std::fs\nfn operand() { operand::asynchronous(\"std::fs\", '\"'); }",
    );
    passes("src/plan/x.rs", "#[cfg(test)]\nmod tests {\n    use std::fs;\n}");
    passes("src/cli/x.rs", "use std::fs;");
}

#[test]
fn no_random_order() {
    let why = "the order of a HashMap is random, and could reach a plan";
    caught("src/cli/x.rs", "use std::collections::HashMap;", &format!("src/cli/x.rs:2: {why}"));
    caught("src/cli/x.rs", "fn f() { HashMap::new(); }", &format!("src/cli/x.rs:2: {why}"));
    caught("src/cli/x.rs", "type A = HashSet<u8>;", &format!("src/cli/x.rs:2: {}", why.replace("Map", "Set")));
    passes("src/cli/x.rs", "use std::collections::BTreeMap;");
}

#[test]
fn dependencies_stay_home() {
    caught("src/plan/x.rs", "use clap::Parser;", "src/plan/x.rs:2: clap is at home in cli, not in plan");
    caught("src/plan/x.rs", "use toml;", "src/plan/x.rs:2: toml is at home in load, not in plan");
    caught(
        "src/plan/x.rs",
        "#[derive(annotate_snippets::X)]\nstruct A;",
        "src/plan/x.rs:2: annotate_snippets is at home in report, not in plan",
    );
    passes("src/cli/x.rs", "use clap::Parser;\n#[derive(thiserror::Error)]\nstruct A;\nuse self::toml::X;");
}

#[test]
fn files_and_functions_end() {
    caught("src/cli/x.rs", &"\n".repeat(600), "src/cli/x.rs:601: the file has 601 lines; 600 are the limit");
    passes("src/cli/x.rs", &"\n".repeat(599));
    let long = format!("fn a() {{}}\nfn f(a: [u8; 2]) {{\n{}}}", "    '{';\n".repeat(69));
    caught("src/cli/x.rs", &long, "src/cli/x.rs:3: f has 71 lines; 70 are the limit");
    passes("src/cli/x.rs", &long.replacen("    '{';\n", "", 1));
    passes("src/cli/x.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}\n}}"));
}

#[test]
fn names_say_something() {
    caught("src/cli/utils.rs", "", "src/cli/utils.rs:1: utils says nothing about what is inside");
    caught("tests/common/mod.rs", "", "tests/common/mod.rs:1: common says nothing about what is inside");
    passes("src/cli/import.rs", "");
}

#[test]
fn one_import_per_line() {
    let braces = "one import per line, without braces";
    caught("src/cli/x.rs", "use std::{fs, io};", &format!("src/cli/x.rs:2: {braces}"));
    caught("benches/x.rs", "    pub(crate) use std::{\n    fs,\n};", &format!("benches/x.rs:2: {braces}"));
    let glob = "a glob import hides what it brings";
    caught("tests/x.rs", "use proptest::prelude::*;", &format!("tests/x.rs:2: {glob}"));
    caught("tests/x.rs", "mod a {\n    use super::*;\n}", &format!("tests/x.rs:3: {glob}"));
    let climb = "name the room with crate:: instead of climbing";
    caught("src/cli/x/y.rs", "fn f() { super::super::g(); }", &format!("src/cli/x/y.rs:2: {climb}"));
    passes("src/cli/x.rs", "use std::fs;\nfn f<'a>() -> impl Sized + use<'a> {}\n// we use { and *;");
}

#[test]
fn schedule_knows_time_and_ids() {
    let why = "schedule sees only Millis and ids of model, not Estate";
    caught("src/schedule/mod.rs", "use crate::model::Estate;", &format!("src/schedule/mod.rs:2: {why}"));
    passes("src/schedule/mod.rs", "use crate::model::Millis;\nuse crate::model::PoolId;");
}

#[test]
fn mode_ends_at_the_plan() {
    caught("src/run/x.rs", "use crate::model::Mode;", "src/run/x.rs:2: run may not say Mode: it ends at the plan");
    caught("src/driver/x.rs", "fn f(_: Tier) {}", "src/driver/x.rs:2: driver may not say Tier: it ends at the plan");
    passes("src/run/x.rs", "struct Model;\nstruct Tiers;");
    passes("src/plan/x.rs", "use crate::model::Mode;");
}

#[test]
fn files_say_what_they_are() {
    let law = Law::read(LAW).expect("the law is well formed");
    let file = Source::new("src/cli/x.rs", "use std::fs;\n//! Too late.\n");
    let found: Vec<String> = RULES.iter().flat_map(|rule| rule(&law, &file)).collect();
    assert_eq!(found, ["src/cli/x.rs:1: the file does not begin with //! and a sentence about itself"]);
}

#[test]
fn nothing_left_over() {
    let left = |word: &str, code: &str| caught("tests/x.rs", code, &format!("tests/x.rs:2: {word} is left over"));
    // In two halves, so that a search for such words finds none here.
    left(concat!("FIX", "ME"), concat!("// FIX", "ME: later"));
    left(concat!("to", "do!"), concat!("fn f() { to", "do!(); }"));
    left(concat!("unimple", "mented!"), concat!("fn f() { unimple", "mented!(); }"));
    left(concat!("#[ig", "nore"), concat!("#[ig", "nore = \"slow\"]\nfn f() {}"));
    left(concat!("#[al", "low("), concat!("#[al", "low(dead_code)]\nfn f() {}"));
    left(concat!("#![al", "low("), concat!("#![al", "low(dead_code)]"));
    left(concat!("thread::", "sleep"), concat!("use std::thread::", "sleep;"));
    passes("tests/x.rs", "#[expect(dead_code, reason = \"a seam\")]\nfn f() {}");
}

#[test]
fn no_path_of_a_machine() {
    let path = |folder: &str| {
        caught("docs/x.md", &format!("`{folder}me`"), &format!("docs/x.md:2: {folder} is a path of one machine"));
        passes("docs/x.md", &format!("https://talk.example{folder}me"));
    };
    path(concat!("/ho", "me/"));
    path(concat!("/ro", "ot/"));
    path(concat!("/Us", "ers/"));
    path(concat!("/tm", "p/w"));
}

#[test]
fn every_file_is_declared_once() {
    let house = |files: &[(&str, &str)]| {
        let files: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
        every_file_is_declared(&files)
    };
    let whole = [
        ("src/lib.rs", "pub mod plan;\nmod load;"),
        ("src/main.rs", "fn main() {}"),
        ("src/plan/mod.rs", "mod check;"),
        ("src/plan/check.rs", "#[cfg(test)]\nmod tests;"),
        ("src/plan/check/tests.rs", ""),
        ("src/load.rs", "mod span;"),
        ("src/load/span.rs", ""),
        ("tests/tidy.rs", "#[path = \"tidy/law.rs\"]\nmod law;"),
        ("tests/tidy/law.rs", ""),
        ("tests/cli/main.rs", "mod plan;"),
        ("tests/cli/plan.rs", ""),
        ("README.md", ""),
    ];
    assert_eq!(house(&whole), [""; 0]);
    assert_eq!(
        house(&[("src/lib.rs", "// mod plan;\nmod inside { }"), ("src/plan.rs", ""), ("tests/cli/plan.rs", "")]),
        ["src/plan.rs:1: no mod declares this file", "tests/cli/plan.rs:1: no mod declares this file"],
    );
    assert_eq!(
        house(&[("src/lib.rs", "mod tests;"), ("src/tests.rs", "")]),
        ["src/lib.rs:1: tests are declared behind #[cfg(test)]"],
    );
}

#[test]
fn dependencies_give_reasons_and_have_homes() {
    let manifest = "[dependencies]\nclap = { version = \"4#\" } # cli: arguments\ntoml = \"1\"\nleft-pad = \"1\" # ?\n\
                    [dev-dependencies]\ndivan = \"0.1\"\n[dependencies.serde]\nversion = \"1\"\n[features]\na = []\n";
    assert_eq!(
        dependencies_give_reasons(manifest),
        [
            "Cargo.toml:3: toml has no reason",
            "Cargo.toml:4: left-pad has no home in tests/tidy/rules.rs",
            "Cargo.toml:6: divan has no reason",
            "Cargo.toml:7: dependencies.serde: a dependency stands on one line",
        ],
    );
}

#[test]
fn invariants_name_their_rules() {
    let check = |map: &str| invariants_are_held(map, |rule| ["fn a(", "fn b("].contains(&rule));
    assert_eq!(check("- **Invariant:** dry (`a`).\n- **Invariant:** still\n  dry (`a`,\n  `b`).\n\nText.\n"), [""; 0]);
    assert_eq!(check("\n**Invariant:** dry (`c`)."), ["ARCHITECTURE.md:2: no rule holds this invariant: `c`"]);
    assert_eq!(check("**Invariant:** dry.\n\n(`a`)."), ["ARCHITECTURE.md:1: no rule holds this invariant: "]);
}

//! How wide text is, how much of it is shown, and whether the order of arguments matters.

use std::fs;
use std::fs::File;

use crate::run::Test;

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn a_pipe_is_as_wide_as_the_oldest_terminal_unless_told_otherwise() {
    let test = Test::with_init();
    let lost = ["plan", "--lost", "north", "--as-of", "2026-11-22"];
    let told = |columns: &str| {
        let output = test.command(&lost).env("COLUMNS", columns).output().expect("the tool starts");
        String::from_utf8(output.stdout).expect("UTF-8 on stdout")
    };
    let plain = test.run(&lost).code(0).out();
    assert!(widest(&plain) <= 80, "{plain}");
    assert_eq!(told("80"), plain);
    assert_eq!(told("nonsense"), plain);
    assert!((81..=100).contains(&widest(&told("200"))));
    let path = test.path().join("plan.txt");
    let file = File::create(&path).expect("a file");
    test.command(&lost).env("COLUMNS", "200").stdout(file).status().expect("the tool starts");
    assert_eq!(fs::read_to_string(path).expect("a file"), plain);
}

#[test]
fn where_all_is_wanted_nothing_is_folded() {
    let test = Test::with_init();
    let told = test.plan(&["--lost", "north", "--all"]).code(0).out();
    assert!(!told.contains("… and"), "{told}");
    assert!(!told.contains("--all` shows them"), "{told}");
    assert!(told.contains("clients per second") || told.contains(" of them"), "{told}");
    assert!(told.contains("no data lost") || told.contains("of data lost"), "{told}");
}

#[test]
fn what_is_explained_may_stand_behind_what_happened() {
    let test = Test::with_init();
    let day = ["--as-of", "2026-11-22"];
    let told = |args: &[&str]| test.run(&[&["explain"], args, &day].concat()).code(0).out();
    let first = told(&["service:session", "--lost", "north"]);
    assert_eq!(told(&["--lost", "north", "service:session"]), first);
    assert_eq!(told(&["--lost", "north", "lifeline"]), told(&["lifeline", "--lost", "north"]));
    let nothing = test.run(&["explain", "--lost", "north"]).code(2).err();
    assert!(nothing.contains("say it first: `bonghwa explain WHAT --lost SITE`"), "{nothing}");
}

#[test]
fn a_last_plan_that_cannot_be_read_is_not_passed_over_in_silence() {
    let test = Test::with_init().file(".bonghwa/plans/0123456789ab.json", "{ no plan");
    let ended = test.run(&["explain", "service:session"]).code(0);
    assert!(ended.err().contains("the plan kept last can't be read"), "{}", ended.err());
    assert!(ended.err().contains("0123456789ab.json"), "{}", ended.err());
    assert!(ended.out().contains("service:session"), "{}", ended.out());
}

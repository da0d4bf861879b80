//! Runs that are over: listed, reported on, carried to another machine.

use std::fs;

use bonghwa::run::Stamp;
use expect_test::expect;
use expect_test::expect_file;

use crate::played::NIGHT;
use crate::played::play;
use crate::run::Test;

const RUN: &str = "20261122-0312-north";

/// A project in which the loss of north was answered.
fn ran(entries: u64) -> Test {
    let test = Test::with_init();
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    play(test.path(), "plan.json", RUN, NIGHT, entries);
    test
}

#[test]
fn a_report_says_first_what_a_tired_person_must_know() {
    let test = ran(u64::MAX);
    expect_file!["goldens/report-north.txt"].assert_eq(&test.run(&["report"]).code(0).stderr(expect![""]).out());
    let markdown = test.run(&["report", "north", "--format", "markdown"]).code(0).out();
    expect_file!["goldens/report-north.md"].assert_eq(&markdown);
    test.run(&["report", RUN, "--all", "-o", "report.txt"]).code(0).stderr(expect![[r#"
        report written to report.txt
    "#]]);
    let all = fs::read_to_string(test.path().join("report.txt")).expect("a report");
    assert!(all.contains("all entries"), "{all}");
}

#[test]
fn the_schema_of_a_report_names_every_key_of_a_real_one() {
    let test = ran(u64::MAX);
    let read =
        |args: &[&str]| -> serde_json::Value { serde_json::from_str(&test.run(args).code(0).out()).expect("JSON") };
    let report = read(&["report", "--format", "json"]);
    let schema = read(&["schema", "report"]);
    let mut missing = Vec::new();
    crate::plan::compare(&schema, &schema, &report, "report", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn a_plan_from_before_another_run_is_refused() {
    let test = ran(u64::MAX);
    test.run(&["run", "plan.json", "--no-wait"]).code(3).stderr(expect![[r#"
        refused: this plan does not know what was done since it was made: 20261122-0312-north
          -> `bonghwa plan` again: the new plan starts from what is so
          -> `bonghwa diff OLD NEW` then shows what that changes
    "#]]);
    assert_eq!(fs::read_dir(test.path().join(".bonghwa/runs")).expect("a folder").count(), 1, "nothing was begun");
}

#[test]
fn runs_are_listed_with_how_they_ended_and_what_is_owed() {
    let test = Test::with_init();
    test.run(&["runs"]).code(0).stdout(expect![""]).stderr(expect![[r#"
        nothing has run in this project yet
    "#]]);
    test.run(&["report"]).code(2).stderr(expect![[r#"
        error: there are no runs in this project
          -> `bonghwa runs import FILE` takes some in
    "#]]);
    let test = ran(u64::MAX);
    play(test.path(), "plan.json", "20261122-0400-north", NIGHT.after(bonghwa::model::Millis::from_secs(2880)), 12);
    let listed = test.run(&["runs"]).code(0).out();
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[1].starts_with("20261122-0312-north  2026-11-22 03:12  north lost  done "), "{listed}");
    assert!(lines[2].starts_with("20261122-0400-north  2026-11-22 04:00  north lost  dead "), "{listed}");
    assert!(listed.contains("20261122-0312-north: north is quarantined"), "{listed}");
    let json: serde_json::Value = serde_json::from_str(&test.run(&["runs", "--json"]).out()).expect("JSON");
    assert_eq!(json[1]["stands"], "dead");
    assert_eq!(json[0]["quarantined"][0], "north");
}

/// A name is only a name: of two, the one that was opened later is the latest.
#[test]
fn the_latest_run_is_the_one_that_was_opened_last() {
    let test = ran(u64::MAX);
    let later = "20261122-0312-another";
    assert!(later < RUN, "it is the first by its name");
    play(test.path(), "plan.json", later, NIGHT.after(bonghwa::model::Millis::from_secs(2880)), 12);
    for asked in ["status", "report"] {
        let told = test.run(&[asked]).out();
        assert!(told.contains(later) && !told.contains(RUN), "{told}");
    }
    let hold = test.run(&["hold"]).code(5).err();
    assert!(hold.contains(&format!("`bonghwa resume {later}`")) && !hold.contains(RUN), "{hold}");
}

#[test]
fn a_teammates_laptop_knows_what_happened() {
    let here = ran(u64::MAX);
    here.run(&["runs", "export", "north", "-o", "runs.json"]).code(0).stderr(expect![[r#"
        20261122-0312-north written to runs.json
    "#]]);
    let text = fs::read_to_string(here.path().join("runs.json")).expect("a file");
    let there = Test::with_init().file("runs.json", &text);
    let entries = here.run(&["report", "--format", "json"]).out();
    there.run(&["runs", "import", "runs.json"]).code(0);
    assert_eq!(there.run(&["report", "--format", "json"]).code(0).out(), entries);
    there.run(&["runs", "import", "runs.json"]).code(0).stderr(expect![[r#"
        20261122-0312-north: is here already, the same
    "#]]);
}

#[test]
fn what_was_changed_or_would_overwrite_is_refused() {
    let here = ran(u64::MAX);
    let file = here.run(&["runs", "export", "north"]).code(0).out();
    let there = Test::with_init()
        .file("journal.json", &file.replacen("looked at it", "never looked", 1))
        .file("plan.json", &file.replacen("power", "tower", 1))
        .file("name.json", &file.replacen("\"run\": \"2026", "\"run\": \"../2026", 1))
        .file("other.json", &file.replacen("\"run\": \"2026", "\"run\": \"2025", 1))
        .file("broken.json", &file[..file.len() / 2]);
    there.run(&["runs", "import", "journal.json"]).code(3).stderr(expect![[r#"
        refused: run 20261122-0312-north is not taken in: its journal was changed after it was exported
    "#]]);
    for (file, why) in
        [("name.json", "that is no name of a run"), ("other.json", "its journal is of a run of another name")]
    {
        let ended = there.run(&["runs", "import", file]).code(3);
        assert!(ended.err().contains(why), "{}", ended.err());
    }
    there.run(&["runs", "import", "broken.json"]).code(5);
    there.run(&["runs"]).code(0).stdout(expect![""]);
    assert_eq!(fs::read_dir(there.path().join(".bonghwa/runs")).expect("a folder").count(), 0);

    // The same run, shorter or of another night.
    let shorter = ran(20).run(&["runs", "export", "north"]).code(0).out();
    let here = here.file("shorter.json", &shorter);
    let ended = here.run(&["runs", "import", "shorter.json"]).code(0);
    assert!(ended.err().contains("goes on further here"), "{}", ended.err());
    let there = ran(20).file("longer.json", &file);
    let ended = there.run(&["runs", "import", "longer.json"]).code(3);
    assert!(ended.err().contains("went on elsewhere"), "{}", ended.err());
}

#[test]
fn the_way_home_starts_from_what_is_so_once_a_person_released_the_site() {
    // Long ago, so that whatever this machine's clock says comes after it.
    let test = Test::with_init();
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    play(test.path(), "plan.json", RUN, Stamp(1_577_836_800_000), u64::MAX);
    test.plan(&["--return", "north"]).code(3).stderr(expect![[r#"
        refused: north is quarantined: nobody has said that it can be trusted again
          -> see that nothing there writes or serves, then `bonghwa release north --reason …`
    "#]]);
    test.run(&["release", "south", "--reason", "why not"]).code(2);
    test.run(&["release", "north", "--reason", " "]).code(2);
    test.run(&["release", "north", "--reason", "x", "--collected", "fence:nothing@north=seen"]).code(2);
    let ended = test.run(&["release", "north", "--reason", "power is back"]).code(0);
    assert!(ended.err().starts_with("north is released; written down as "), "{}", ended.err());
    test.run(&["release", "north", "--reason", "again"]).code(2);
    let home = test.plan(&["--return", "north", "--json"]).code(0).out();
    let home: serde_json::Value = serde_json::from_str(&home).expect("a plan");
    let told = home["findings"].as_array().expect("findings").iter().find(|issue| issue["kind"] == "observed");
    assert_eq!(told.expect("what was observed")["runs"], 2);
    let learnt = home["sources"].as_array().expect("sources").iter().filter_map(|source| source["path"].as_str());
    assert_eq!(learnt.filter(|path| path.ends_with("/journal.jsonl")).count(), 2);
    let store = home["services"].as_array().expect("services").iter().find(|it| it["id"] == "message-store");
    assert_eq!(store.expect("a writer")["from"][1]["share"], 1_000_000);
    let runs = test.run(&["runs"]).code(0).out();
    assert!(runs.contains("-release-north"), "{runs}");
}

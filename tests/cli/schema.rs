//! What commands print with `--json` is JSON of the shape that `schema` promises, wherever the project is.

use serde_json::Value;

use crate::played::NIGHT;
use crate::played::play;
use crate::run::Test;

const RUN: &str = "20261122-0312-north";

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every key of this is in that schema, and what is required is there. Nothing that is empty proves anything.
pub(crate) fn fits(test: &Test, of: &str, text: &str) -> Value {
    let (schema, value) = (parse(&test.run(&["schema", of]).code(0).out()), parse(text));
    let is_empty =
        value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty);
    assert!(!is_empty, "{of}: {text}");
    let mut missing = Vec::new();
    crate::plan::compare(&schema, &schema, &value, of, &mut missing);
    assert_eq!(missing, Vec::<String>::new(), "{of}: {text}");
    value
}

/// A project with two plans, and a run of one of them that is over.
fn project() -> Test {
    let test = Test::with_init();
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    play(test.path(), "plan.json", RUN, NIGHT, u64::MAX);
    test.plan(&["--lost", "south", "-o", "south.json"]).code(0);
    test
}

#[test]
fn what_is_printed_as_json_has_the_shape_that_schema_prints() {
    let test = project().changed("topology/services.toml", "owner", "ownre");
    let json = |args: &[&str], code: i32| test.run(args).code(code).out();
    fits(&test, "findings", &json(&["check", "--json"], 1));
    let test = project();
    let json = |args: &[&str], code: i32| test.run(args).code(code).out();
    let lost = ["--lost", "north", "--as-of", "2026-11-22"];
    let with = |args: &[&'static str]| [args, &lost].concat();
    fits(&test, "plan", &json(&["show", "plan.json", "--json"], 0));
    assert_eq!(json(&["run", "plan.json", "--dry-run", "--json"], 0), json(&["show", "plan.json", "--json"], 0));
    let diff = fits(&test, "diff", &json(&["diff", "plan.json", "south.json", "--json"], 0));
    assert!(!diff["services"].as_array().expect("services").is_empty(), "{diff}");
    let graph = fits(&test, "graph", &json(&with(&["graph", "--json"]), 0));
    assert!(graph["tiers"][0]["services"][0]["impact"].is_string(), "{graph}");
    fits(&test, "rehearsal", &json(&["rehearse", "plan.json", "--trials", "3", "--json"], 0));
    fits(&test, "rehearsal", &json(&["rehearse", "plan.json", "--fault", "*/promote@*=refuse", "--json"], 4));
    fits(&test, "runs", &json(&["runs", "--json"], 0));
    fits(&test, "exported", &json(&["runs", "export", RUN], 0));
    let report = fits(&test, "report", &json(&["report", "--json"], 0));
    assert_eq!(report, parse(&json(&["report", "--format", "json"], 0)));
    test.run(&["report", "--json", "--format", "text"]).code(2);
    fits(&test, "status", &json(&["status", "--json"], 0));
    let edge = fits(&test, "edge", &json(&with(&["explain", "--without", "text-message:session", "--json"]), 0));
    assert_eq!(edge["caller"], "text-message");
}

#[test]
fn what_is_explained_is_json_with_a_plan_and_without() {
    let test = Test::with_init();
    let json = |args: &[&str]| parse(&test.run(args).code(0).out());
    let declared = json(&["explain", "service:session", "--json"]);
    assert_eq!(declared["id"], "session");
    assert!(declared["needs"].is_array() && declared["impact"].is_null(), "{declared}");
    let lifeline = json(&["explain", "lifeline", "--json"]);
    let names: Vec<&str> = lifeline.as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()).collect();
    assert!(names.contains(&"session") && names.contains(&"message-store"), "{names:?}");
    let planned = json(&["explain", "service:session", "--json", "--lost", "north", "--as-of", "2026-11-22"]);
    assert_eq!((&planned["id"], planned["to"].is_array()), (&declared["id"], true));
}

/// What is found upward from here is found as well where `--project` says.
#[test]
fn commands_that_only_look_work_from_anywhere() {
    let test = project();
    let elsewhere = Test::new();
    let root = test.path().to_str().expect("a path");
    let plan = test.path().join("plan.json");
    let plan = plan.to_str().expect("a path");
    for args in [
        &["check"][..],
        &["plan", "--lost", "north", "--json"],
        &["show", plan],
        &["diff", plan, plan],
        &["explain", "lifeline"],
        &["graph"],
        &["rehearse", plan],
        &["run", plan, "--dry-run"],
        &["runs"],
        &["report"],
        &["status"],
        &["release", "north", "--reason", "it was looked at"],
    ] {
        let all = [args, &["--project", root, "--color", "never", "--quiet"]].concat();
        let ended = elsewhere.run(&all).code(0);
        assert_eq!(ended.err(), "", "{args:?}");
        let out = ended.out();
        assert!(!out.is_empty() || matches!(args[0], "check" | "release"), "{args:?}");
        assert!(!out.contains('\u{1b}'), "{args:?}");
    }
    let painted = elsewhere.run(&["report", "--project", root, "--color", "always"]).code(0).out();
    assert!(painted.contains('\u{1b}'), "{painted}");
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("a folder").count(), 0, "nothing is written here");
}

//! Where a project is, what is said when there is none, and the commands that need none.

use expect_test::expect;

use crate::run::Test;

#[test]
fn a_newcomer_gets_an_estate_without_a_flaw() {
    let test = Test::new();
    test.run(&["init", "my-estate"]).code(0).stdout(expect![""]).stderr(expect![[r#"
        wrote 10 files to my-estate
        next:
          cd my-estate && bonghwa check
          cd my-estate && bonghwa plan --lost north
    "#]]);
    test.run(&["check", "--project", "my-estate"]).code(0).stdout(expect![""]).stderr(expect![[r#"
        no findings; 7 services at 3 sites in 9 files
    "#]]);
}

#[test]
fn init_overwrites_nothing() {
    let test = Test::new().file("notes.txt", "mine");
    test.run(&["init"]).code(2).stderr(expect![[r#"
        error: . is not empty: it holds notes.txt
          -> nothing was written; name a new folder: `bonghwa init my-estate`
    "#]]);
    let files = std::fs::read_dir(test.path()).expect("a folder").count();
    assert_eq!(files, 1);
    let test = Test::with_init();
    test.run(&["init"]).code(2);
}

#[test]
fn the_project_is_found_upward() {
    let test = Test::with_init();
    let mut command = test.command(&["check", "--quiet"]);
    let status = command.current_dir(test.path().join("topology")).status().expect("the tool starts");
    assert!(status.success());
}

#[test]
fn without_a_project_the_next_step_is_told() {
    let told = Test::new().run(&["check"]).code(2).err();
    assert!(told.contains("-> go to the project, or name it with `--project DIR`"), "{told}");
    assert!(told.contains("-> `bonghwa init DIR`"), "{told}");
}

#[test]
fn a_mistake_is_told_with_its_code() {
    let test = Test::with_init().changed("topology/tiers.toml", "rto = \"1h\"", "rtoo = \"1h\"");
    let ended = test.run(&["check"]).code(1);
    assert!(ended.out().contains("topology/tiers.toml"), "{}", ended.out());
    assert!(ended.out().contains("rto"), "{}", ended.out());
}

#[test]
fn usage_leaves_with_2_and_help_with_0() {
    let test = Test::new();
    test.run(&[]).code(2);
    test.run(&["evaporate"]).code(2);
    for command in [
        "check",
        "plan",
        "show",
        "diff",
        "explain",
        "graph",
        "init",
        "completions",
        "schema",
        "preflight",
        "report",
        "runs",
        "release",
        "approve",
        "reject",
        "retry",
        "skip",
        "mark-done",
        "hold",
        "cancel",
        "run",
        "resume",
        "rehearse",
        "replan",
        "retreat",
        "routes",
        "shift",
        "status",
        "evacuate",
    ] {
        let help = test.run(&[command, "--help"]).code(0).out();
        assert!(help.contains("Examples:"), "{command}");
    }
    test.run(&["--version"]).code(0);
}

#[test]
fn schemas_are_json_for_editors() {
    for of in ["settings", "topology", "runbooks", "plan", "preflight", "report"] {
        let schema = Test::new().run(&["schema", of]).code(0).out();
        let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
        assert!(schema["properties"].is_object() || schema["$defs"].is_object(), "{of}");
    }
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Test::new().run(&["completions", shell]).code(0).out();
        for command in ["check", "plan", "explain", "--impaired"] {
            assert!(script.contains(command.trim_start_matches('-')), "{shell}: {command}");
        }
    }
}

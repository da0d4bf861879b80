//! What is said of an estate without any incident: its graph, and its explanations.

use expect_test::expect;

use crate::run::Test;

#[test]
fn the_graph_reads_in_order_of_recovery() {
    Test::with_init().run(&["graph"]).code(0).stdout(expect![[r#"
        lifeline  Text messages, and what they cannot live without (2 services)
          message-store
            at    north active, south hot; needed by 1
          text-message
            at    cloud cold, north active, south active
            needs session, message-store, photos (soft), deploy (start)

        core  What people pay for, and the tools of recovery (4 services)
          bastion
            at    north active, south active
          deploy
            at    north active, south warm; needed by 1
          dns
            at    north active, south active
          session
            at    north active, south active; needed by 2

        rest  What may wait until the morning (1 service)
          photos
            at    north active, south active; needed by 1
            needs session

        no circles: every service can be started after all that it needs
    "#]]);
}

#[test]
fn circles_are_named() {
    let test = Test::with_init().changed(
        "topology/services.toml",
        "[service.session]\n",
        "[service.session]\ndepends-on = [\"text-message\"]\n",
    );
    let told = test.run(&["graph"]).code(0).out();
    assert!(told.contains("CIRCLE  session > text-message > session (2 services)"), "{told}");
}

#[test]
fn the_graph_is_valid_dot() {
    let test = Test::with_init();
    let dot = test.run(&["graph", "--format", "dot"]).code(0).out();
    assert!(dot.starts_with("digraph estate {"));
    assert!(dot.contains("subgraph cluster_0"));
    assert!(dot.contains("\"text-message\" -> \"photos\" [style=dashed, label=\"soft\"];"));
    for line in dot.lines().filter(|line| line.contains("->")) {
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
    }
}

#[test]
fn the_graph_is_json_for_programs() {
    let text = Test::with_init().run(&["graph", "--json"]).code(0).out();
    let graph: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(graph["tiers"][0]["services"][1]["needs"][0]["kind"], "hard");
    assert_eq!(graph["cycles"], serde_json::json!([]));
}

#[test]
fn a_service_is_explained_without_an_incident() {
    Test::with_init().run(&["explain", "session"]).code(0).stdout(expect![[r#"
        service:session: 세션 (sessions)
          tier core, owner messaging

        where
          north: active, 60 %, hosts no-sess-[01-04]
          south: active, 40 %, hosts so-sess-[01-04]

        promised
          back within 1h
          losing at most 1m

        needs
          nothing

        needed by
          photos, text-message

        why it may be as urgent as the first tier
          text-message > session (each can't serve without the next)

        What becomes of it depends on what happens: add --lost SITE, or --plan PLAN
    "#]]);
}

#[test]
fn a_name_with_a_slip_is_answered_with_what_was_meant() {
    let test = Test::with_init();
    test.run(&["explain", "service:sesion"]).code(2).stderr(expect![[r#"
        error: there is no service sesion
          -> did you mean session?
    "#]]);
    test.run(&["plan", "--lost", "nort"]).code(2).stderr(expect![[r#"
        error: there is no site nort
          -> did you mean north?
          -> a scope is SITE, domain:NAME, hosts:SET or service:NAME@SITE
    "#]]);
    test.run(&["plan", "--lost", "session"]).code(2).stderr(expect![[r#"
        error: there is no site session
          -> declared: cloud, north, south
          -> the service of that name is service:session@north or service:session@south
    "#]]);
    test.run(&["plan", "--lost", "hosts:a;b"]).code(2).stderr(expect![[r#"
        error: hosts:a;b is no set of hosts: ';' can't be in the name of a host
    "#]]);
    test.run(&["plan", "--lost", "north", "--surge", "newyear"]).code(2).stderr(expect![[r#"
        error: no service declares a surge newyear
          -> did you mean new-year?
    "#]]);
}

#[test]
fn circles_are_found_before_anything_happens() {
    let test = Test::with_init().changed(
        "topology/services.toml",
        "[service.session]\n",
        "[service.session]\ndepends-on = [\"text-message\"]\n",
    );
    let told = test.run(&["check"]).code(0).out();
    assert!(told.contains("warning[BH024]") && told.contains("session → text-message → session"), "{told}");
}

/// Edits of the estate that `init` writes, and what `check` says of them.
#[test]
fn what_no_file_alone_can_tell_is_found() {
    let edges = |one: &str, other: &str| {
        format!(
            "[service.one]\ntier = \"rest\"\nowner = \"o\"\nkind = \"stateless\"\nload = {{ cores = 1 }}\n\
             depends-on = [{one}]\ndeps-reviewed = 2999-01-01\n[service.one.at.south]\nrole = \"active\"\n\
             hosts = \"so-one-[1-3]\"\nmax-load = {{ cores = 1 }}\n\
             [service.other]\ntier = \"rest\"\nowner = \"o\"\nkind = \"stateless\"\nload = {{ cores = 1 }}\n\
             depends-on = [{other}]\n[service.other.at.north]\nrole = \"active\"\n\
             hosts = \"so-one-2\"\nmax-load = {{ cores = 1 }}\n"
        )
    };
    let start = |name: &str| format!("{{ service = \"{name}\", kind = \"start\" }}");
    for (one, other, code) in [
        (start("other"), start("one"), "warning[BH025]: services need each other to start: one → other"),
        ("\"other\"".to_owned(), start("one"), "warning[BH073]: services need each other to serve and to start"),
    ] {
        let test = Test::with_init().file("topology/more.toml", &edges(&one, &other));
        let told = test.run(&["check"]).code(1).out();
        assert!(told.contains(code), "{told}");
        assert!(told.contains("warning[BH074]: `deps-reviewed` is 2999-01-01"), "{told}");
        assert!(told.contains("more.toml:7:17\n"), "{told}");
        assert!(told.contains("error[BH075]: so-one-2 is also a host of one at south"), "{told}");
    }
}

#[test]
fn a_set_is_reached_in_one_way() {
    let rules = |user: &str| {
        format!("[[host]]\nmatch = \"so-text-1*\"\nuser = \"{user}\"\n[[host]]\nmatch = \"so-*\"\nuser = \"ops\"\n")
    };
    let test = Test::with_init().file("topology/a-rules.toml", &rules("root"));
    let told = test.run(&["check"]).code(1).out();
    assert!(told.contains("error[BH077]: so-text-10 is reached by another rule than so-text-01"), "{told}");
    let test = Test::with_init().file("topology/a-rules.toml", &rules("ops"));
    let told = test.run(&["check"]).code(0).out();
    assert!(!told.contains("BH077"), "{told}");
}

#[test]
fn what_is_mistyped_is_answered_in_a_sentence() {
    let test = Test::with_init();
    for (args, sentence) in [
        (vec!["graph", "--json", "--format", "dot"], "`--json` and another `--format` contradict each other"),
        (vec!["plan", "--lost", ""], "an empty text names no scope"),
        (vec!["plan", "--lost", "north", "--load", "-1"], "-1 is no factor: write 1.2, 0.8 or 120%"),
        (vec!["plan", "--lost", "north", "--as-of", "2026-13-01"], "2026-13-01 is no day: write it as 2026-11-22"),
    ] {
        let told = test.run(&args).code(2).err();
        assert!(told.contains(sentence), "{told}");
    }
    let code = test.run(&["explain", "BH012", "--json"]).code(0).out();
    let code: serde_json::Value = serde_json::from_str(&code).expect("JSON");
    assert_eq!(code["code"], "BH012");
}

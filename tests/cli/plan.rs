//! Plans as people see them: the first screen, what is kept, what two runs have in common.

use std::io::Read;
use std::process::Stdio;

use expect_test::expect;
use expect_test::expect_file;

use crate::run::Test;

#[test]
fn a_lost_site_reads_from_the_top() {
    let told = Test::with_init().plan(&["--lost", "north"]).code(0).out();
    expect_file!["goldens/lost-north.txt"].assert_eq(&told);
}

#[test]
fn two_runs_give_the_same_bytes() {
    let test = Test::with_init();
    let json = || test.plan(&["--lost", "north", "--json"]).code(0).out();
    assert_eq!(json(), json());
    assert_eq!(test.plan(&["--lost", "north"]).out(), test.plan(&["--lost", "north"]).out());
}

#[test]
fn a_plan_is_kept_and_shown_again() {
    let test = Test::with_init();
    let first = test.plan(&["--lost", "north"]).code(0);
    let told = first.err();
    let id = told.trim().trim_start_matches("plan kept in .bonghwa/plans/").trim_end_matches(".json");
    assert_eq!(test.run(&["show", id]).code(0).out(), first.out());
    assert_eq!(test.run(&["show", &id[..6], "--json"]).code(0).out(), test.plan(&["--lost", "north", "--json"]).out());
    test.run(&["diff", id, id]).code(0).stdout(expect![[r#"
        no difference between 6e13a385246d and 6e13a385246d
    "#]]);
    test.run(&["show", "abcdef"]).code(2);
    test.run(&["show", "nothing.json"]).code(2);
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let test = Test::with_init();
    test.plan(&["--lost", "north"]).code(0);
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("kept").permissions().mode() & 0o777;
    let plans = test.path().join(".bonghwa/plans");
    assert_eq!(mode(&plans), 0o700);
    for file in std::fs::read_dir(&plans).expect("a folder") {
        assert_eq!(mode(&file.expect("a file").path()), 0o600);
    }
}

#[test]
fn a_damaged_plan_is_refused() {
    let test = Test::with_init();
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    let test = test.changed("plan.json", "\"title\":\"Pigeon\"", "\"title\":\"Dove\"");
    test.run(&["show", "plan.json"]).code(5);
}

#[test]
fn a_difference_is_told() {
    let test = Test::with_init();
    test.plan(&["--lost", "north", "-o", "before.json"]).code(0);
    test.plan(&["--lost", "north", "--surge", "new-year", "-o", "after.json"]).code(0);
    test.run(&["diff", "before.json", "after.json"]).code(0).stdout(expect![[r#"
        from plan 6e13a385246d to plan b209c4df50c2

        INCIDENT
          surge: none > new-year

        SERVICES
          ~ message-store: the same in the end, but on another way there
          ~ text-message: moved: cloud 20 %, south 80 % > south 100 %; level worse: full
            > degraded; also: why not elsewhere
          ~ deploy: back later by 10s, at T+02:15; as urgent as core, not lifeline;
            also: why it is so urgent
          ~ photos: moved: south 100 % > south 0 %; level worse: degraded > shed; admits
            fewer: 100 % > 0 %; no longer back (was T+07:15); also: why not elsewhere

        STEPS
          + photos/shed.off@south
          - photos/degrade.less@south
          - photos/shift@south
          - photos/verify@south
          - text-message/raise.shift@cloud
          - text-message/raise.shift@south
          - text-message/raise.start@cloud
          - text-message/raise.verify@cloud
          - text-message/raise.verify@south
          - text-message/restore.everything@south
          ~ deploy/start@south: after: +photos/shed.off@south, -approval:start; urgency:
            0 > 1; starts: T+01:00 > T+01:10
          ~ deploy/verify@south: urgency: 0 > 1; starts: T+02:00 > T+02:10
          ~ message-store/promote@south: after: +photos/shed.off@south

        GATES
          - approval:victims

        ALSO
          classes: +core, -rest
          lifeline wanted: 6 > 5
          lifeline whole: 6 > 5
          lifeline whole bound: 6 > 5
          routes: -at north, 198.51.100.12, south, 203.0.113.12, … and 5 more
          cloud cores after: 60 > 0
          cloud gbps after: 1.6 > 0
          north cores before: 640 > 910
          north gbps before: 17.2 > 24.4
          south cores after: 680 > 660
          south cores before: 380 > 560
          south gbps after: 16.4 > 13
          south gbps before: 10.8 > 15.6
    "#]]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let test = Test::with_init();
    let mut command = test.command(&["plan", "--lost", "north", "--all", "--as-of", "2026-11-22", "--quiet"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the tool starts");
    drop(child.stdout.take());
    let mut told = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut told).expect("text");
    assert_eq!((child.wait().expect("an end").code(), told.as_str()), (Some(0), ""));
}

#[test]
fn nothing_lost_is_asked_back() {
    Test::with_init().plan(&[]).code(2).stderr(expect![[r#"
        error: nothing is lost, impaired, leaving or returning
          -> say what happened: `--lost SITE`, `--leave SITE` or `--return SITE`
    "#]]);
}

#[test]
fn why_is_answered() {
    let test = Test::with_init();
    test.run(&["explain", "session", "--lost", "north", "--as-of", "2026-11-22"]).code(0).stdout(expect![[r#"
        service:session: 세션 (sessions)
          reduced, owner messaging

        how urgent
          declared in tier core
          session: core -> lifeline, because text-message needs it to serve
          text-message is declared in tier lifeline

        why there
          before: north (active, 60 %) is gone
          before: south (active, 40 %) survives
          south: full, all users; it is active there already, and carried 40 % of the
          users

        why not elsewhere
          north: it is lost

        which level
          full, for all users

        when
          T+00:00 full for 40 % of users
          T+02:05 full for all users
          back at T+02:05; 1h are promised: 57m to spare; no order of the steps is
          faster, and that is proven
          T+01:05 if every person answered at once

        why so late
            T+00:00      1m  approval:start: approve the start of this plan [starts at
                             once]
            T+01:00      5s  session/verify@south: session answers at south
            T+01:05      1m  session/shift@south: Send the users of session to south
            T+02:05          back

        its steps
            T+01:00      5s  session/verify@south: session answers at south
            T+01:05      1m  session/shift@south: Send the users of session to south
    "#]]);
    test.run(&["explain", "verify", "--lost", "north"]).code(2);
    test.run(&["explain", "deploy", "--lost", "north"]).code(0);
    test.run(&["explain", "lifeline", "--lost", "north", "--as-of", "2026-11-22"]).code(0).stdout(expect![[r#"
        lifeline: Text messages, and what they cannot live without; 6 services touched, 2 of them its own

        when each is back
          service        impact   level  back     in the lifeline because
          message-store  down     full   T+04:33  it was declared so
          text-message   reduced  full   T+05:33  it was declared so
          bastion        reduced  full   T+01:05  message-store needs it for the steps that recover it
          dns            reduced  full   T+01:05  text-message needs it for the steps that recover it
          deploy         down     full   T+02:05  text-message needs it to start
          session        reduced  full   T+02:05  text-message needs it to serve

        who needs whom
          message-store: nothing
          text-message: session, message-store, photos (soft), deploy (start)
          bastion: nothing
          dns: nothing
          deploy: nothing
          session: nothing

        how it returns
          T+00:00 off
          T+04:33 degraded for 40 % of users
          T+05:33 degraded for all users
          T+08:48 full for all users

        why so late: text-message is the last
            T+00:00      1m  approval:start: approve the start of this plan [starts at
                             once]
            T+01:00      3m  kit:sealed-credentials/fetch: Sealed credentials: what
                             opens the database when the secrets service is gone
            T+04:00     25s  message-store/promote@south: Make the standby at south the
                             primary
            T+04:25      8s  message-store/verify@south: A row is written at south, and
                             read again
            T+04:33     10s  text-message/verify@south: A message goes through south
            T+04:43     50s  text-message/shift@south: Send its users to south
            T+05:33          back
    "#]]);
}

#[test]
fn an_edge_has_its_price() {
    let test = Test::with_init();
    test.run(&["explain", "--without", "text-message:session", "--lost", "north", "--as-of", "2026-11-22"])
        .code(0)
        .stdout(expect![[r#"
            text-message needs session
                                    with the edge  without it
              lifeline back         T+05:33        T+05:33
              text-message back     T+05:33        T+05:33
              session back          T+02:05        T+02:05
              session as urgent as  lifeline       core        *
              services raised       4              3           *
              steps                 22             22
            Marked with * is what the edge costs in this incident.
        "#]]);
    test.run(&["explain", "--without", "session:photos", "--lost", "north"]).code(2).stderr(expect![[r#"
        error: session does not need photos
          -> it needs nothing
    "#]]);
}

#[test]
fn a_fault_elsewhere_does_not_stop_a_plan() {
    let test = Test::with_init().file("topology/broken.toml", "this is [no toml\n");
    let ended = test.plan(&["--lost", "north"]).code(0);
    assert!(ended.out().contains("FILES "), "{}", ended.out());
}

#[test]
fn the_schema_of_a_plan_names_every_key_of_a_real_one() {
    let test = Test::with_init();
    let plan: serde_json::Value =
        serde_json::from_str(&test.plan(&["--lost", "north", "--json"]).out()).expect("a plan");
    let schema: serde_json::Value =
        serde_json::from_str(&test.run(&["schema", "plan"]).code(0).out()).expect("a schema");
    let mut missing = Vec::new();
    compare(&schema, &schema, &plan, "plan", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

/// Every key of a value is a property of its schema, and every required property is there.
pub(crate) fn compare(
    root: &serde_json::Value,
    schema: &serde_json::Value,
    value: &serde_json::Value,
    at: &str,
    missing: &mut Vec<String>,
) {
    let open = |schema: &'_ serde_json::Value| schema["additionalProperties"].as_bool() == Some(true);
    // What may be missing is written as one of two, of which the first is the thing itself.
    let schema = if schema["anyOf"].is_array() { &schema["anyOf"][0] } else { schema };
    let schema = match schema["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).expect("a definition"),
        None => schema,
    };
    let schema = if schema["anyOf"].is_array() { &schema["anyOf"][0] } else { schema };
    if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
        missing.push(format!("{at} is {value}"));
    }
    if let (Some(map), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for (key, value) in map {
            match known.get(key) {
                Some(schema) => compare(root, schema, value, &format!("{at}.{key}"), missing),
                None if open(schema) => {}
                None => missing.push(format!("{at}.{key} is not in the schema")),
            }
        }
        for key in schema["required"].as_array().into_iter().flatten().filter_map(|key| key.as_str()) {
            if !map.contains_key(key) {
                missing.push(format!("{at}.{key} is required"));
            }
        }
    }
    for one in value.as_array().into_iter().flatten().filter(|_| schema["items"].is_object()) {
        compare(root, &schema["items"], one, &format!("{at}[]"), missing);
    }
}

#[test]
fn what_a_first_screen_suggests_works_as_it_stands() {
    let test = Test::with_init();
    let none = test.run(&["explain", "step:session/verify@south"]).code(2).err();
    assert!(none.contains("add `--lost SITE`, or `--plan PLAN`"), "{none}");
    test.plan(&["--lost", "north"]).code(0);
    for what in ["service:session", "step:session/verify@south", "lifeline"] {
        let ended = test.run(&["explain", what]).code(0);
        assert!(ended.err().starts_with("from the plan kept last, "), "{}", ended.err());
        assert!(ended.err().contains("(north lost)"), "{}", ended.err());
        assert!(ended.out().contains("T+01:05"), "{}", ended.out());
    }
}

#[test]
fn what_the_lifeline_leaves_out_is_not_called_untouched() {
    let service = |name: &str| {
        format!(
            "[service.{name}]\ntitle = \"{name}\"\ntier = \"rest\"\nowner = \"media\"\nkind = \"stateless\"\n\
             load = {{ cores = 2 }}\nrunbook = \"web\"\n[service.{name}.at.south]\nrole = \"warm\"\n\
             hosts = \"so-{name}-1\"\nmax-load = {{ cores = 2 }}\n[service.{name}.at.north]\nrole = \"active\"\n\
             hosts = \"no-{name}-1\"\nmax-load = {{ cores = 2 }}\n"
        )
    };
    let test = Test::with_init().file("topology/extra.toml", &service("games"));
    let screen = test.plan(&["--lost", "north", "--only", "lifeline"]).code(0).out();
    assert!(screen.contains("more are touched and not planned for"), "{screen}");
    let told = test.run(&["explain", "games"]).code(0).out();
    assert!(told.contains("is not in this plan") && !told.contains("serves as before"), "{told}");
}

#[test]
fn a_service_is_explained_without_an_edge() {
    let test = Test::with_init();
    let told = test.run(&["explain", "session", "--without", "text-message:session", "--lost", "north"]).code(0).out();
    assert!(
        told.contains("session as urgent as  lifeline") && told.contains("Without it:\n\nservice:session"),
        "{told}"
    );
}

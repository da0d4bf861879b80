//! A run is taken back: real commands, each with a way back, in a world of files.

use std::fs;
use std::process::Child;

use bonghwa::run::Event;
use bonghwa::run::RunEnd;

use crate::run::Test;
use crate::several::did;
use crate::several::events;
use crate::several::is_held;
use crate::several::runs;
use crate::several::spawn;
use crate::several::until;

const SETTINGS: &str = r#"
[project]
title = "Two sites"
timezone = "Asia/Seoul"
[orchestrator]
copies-at = ["south"]
"#;

const TOPOLOGY: &str = r#"
[[tier]]
id = "first"
title = "What matters"
rto = "15m"
rpo = "0s"
[site.north]
title = "North"
kind = "datacenter"
capacity = { cores = 100 }
[site.south]
title = "South"
kind = "datacenter"
capacity = { cores = 100 }
[service.store]
title = "Store"
tier = "first"
owner = "o"
kind = "stateful"
load = { cores = 4 }
[service.store.at.north]
role = "active"
hosts = "no-store-1"
max-load = { cores = 8 }
[service.store.at.south]
role = "hot"
hosts = "so-store-1"
max-load = { cores = 8 }
replication = { from = "north", mode = "sync", max-lag = "0s" }
[service.mail]
title = "Mail"
tier = "first"
owner = "o"
kind = "stateless"
load = { cores = 4 }
[service.mail.at.north]
role = "active"
hosts = "no-mail-1"
max-load = { cores = 8 }
[service.mail.at.south]
role = "cold"
hosts = "so-mail-1"
max-load = { cores = 8 }
"#;

const STORE: &str = r#"
[runbook]
id = "store"
owner = "o"
reviewed = 2026-11-01
[[failover]]
id = "copy"
title = "Wait until the copy is whole"
phase = "prepare"
on = "target"
exec = "while [ ! -e go ]; do sleep 0.05; done; echo copy >> did"
undo = { exec = "echo forget the copy >> did" }
expect = "1s"
timeout = "1m"
[[failover]]
id = "fence"
title = "Fence the store at {{ source }}"
phase = "fence"
on = "source"
exec = "echo fence >> did; mv store/north store/fenced"
undo = { exec = "echo unfence >> did; mv store/fenced store/north" }
attest = "Is it off?"
expect = "1s"
timeout = "1m"
[[failover]]
id = "promote"
title = "Promote the store at {{ target }}"
phase = "promote"
on = "target"
exec = "echo promote >> did; touch store/south"
position = { exec = "echo position=1 age=0s" }
done-if = { exec = "test -e store/south" }
expect = "1s"
timeout = "1m"
[[failover]]
id = "verify"
title = "The store answers at {{ target }}"
phase = "verify"
on = "target"
wait = { exec = "test -e store/south", within = "5s" }
expect = "1s"
timeout = "1m"
"#;

const MAIL: &str = r#"
[runbook]
id = "mail"
owner = "o"
reviewed = 2026-11-01
[[failover]]
id = "start"
title = "Start mail at {{ target }}"
phase = "start"
on = "target"
exec = "echo start >> did; touch mail/{{ target }}"
undo = { exec = "echo stop >> did; rm mail/{{ target }}" }
expect = "1s"
timeout = "1m"
[[failover]]
id = "switch"
title = "Switch mail over"
phase = "shift"
on = "operator"
exec = "echo switch >> did; echo {{ target }} > mail/users"
undo = { exec = "echo switch back >> did; while [ -e slow ]; do sleep 0.05; done; echo {{ source }} > mail/users" }
expect = "1s"
timeout = "1m"
"#;

fn two() -> Test {
    let test = Test::new()
        .file("bonghwa.toml", SETTINGS)
        .file("topology/all.toml", TOPOLOGY)
        .file("runbooks/store.toml", STORE)
        .file("runbooks/mail.toml", MAIL)
        .file("store/north", "")
        .file("mail/north", "")
        .file("mail/users", "north\n");
    test.plan(&["--leave", "north", "-o", "plan.json"]).code(0);
    test
}

/// Who is there, and where users go.
fn world(test: &Test) -> (Vec<String>, String) {
    let mut names = Vec::new();
    for folder in ["store", "mail"] {
        let entries = fs::read_dir(test.path().join(folder)).expect("a folder");
        names.extend(entries.map(|entry| format!("{folder}/{}", entry.expect("a file").file_name().to_string_lossy())));
    }
    names.sort();
    (names, fs::read_to_string(test.path().join("mail/users")).expect("users"))
}

/// A run that has switched mail over, and waits for `go` before it fences the store.
fn begun(test: &Test) -> (Child, String) {
    let process = spawn(test.command(&["run", "plan.json"]));
    until("the start", || {
        test.run(&["approve", "approval:start", "--reason", "north is to be left"]).err().contains("approved")
    });
    until("the switch", || did(test).contains("switch"));
    (process, runs(test).remove(0))
}

/// A run that came to its end.
fn over(test: &Test) -> String {
    fs::write(test.path().join("go"), "").expect("a file");
    test.run(&["run", "plan.json", "--no-wait"]).code(4);
    let run = runs(test).remove(0);
    let process = spawn(test.command(&["resume", &run]));
    until("the start", || {
        test.run(&["approve", "start", "--reason", "north is to be left"]).err().contains("approved")
    });
    assert!(process.wait_with_output().expect("an end").status.success());
    run
}

#[test]
fn a_run_that_lives_settles_and_is_taken_back() {
    let test = two();
    let before = world(&test);
    let (mut parent, run) = begun(&test);
    assert_ne!(world(&test), before);
    // Where nobody can be asked, nothing happens, and the flag is named.
    let asked = test.run(&["retreat"]).code(3);
    assert!(asked.err().contains("--yes REASON"), "{}", asked.err());
    assert!(asked.out().contains(&format!("retreat of {run}")), "{}", asked.out());
    assert!(asked.out().contains("BACK      2 services: mail, store"), "{}", asked.out());
    assert!(!is_held(&test, &run) && !did(&test).contains("back"));
    let dry = test.run(&["retreat", "--dry-run"]).code(0);
    assert!(dry.out().contains("rm mail/south") && !did(&test).contains("back"), "{}", dry.out());
    let plan = test.run(&["retreat", "--dry-run", "--json"]).code(0).out();
    fs::write(test.path().join("back.json"), plan).expect("a file");
    let said = test.run(&["run", "back.json"]).code(3).err();
    assert!(said.contains(&format!("bonghwa retreat {run}")), "{said}");
    let retreat = spawn(test.command(&["retreat", "--yes", "a false alarm"]));
    until("the hold", || is_held(&test, &run));
    assert_eq!(runs(&test).len(), 1, "the retreat begins before the run has settled");
    fs::write(test.path().join("go"), "").expect("a file");
    let ended = retreat.wait_with_output().expect("an end");
    let said = String::from_utf8(ended.stderr).expect("UTF-8");
    assert_eq!(ended.status.code(), Some(0), "{said}");
    assert_eq!(parent.wait().expect("an end").code(), Some(0));
    assert_eq!(world(&test), before);
    // The last step first, and what came to its end meanwhile, too.
    let did = did(&test);
    let place = |line: &str| did.lines().position(|one| one == line);
    assert!(place("switch back").is_some() && place("switch back") < place("stop"), "{did}");
    assert!(place("forget the copy").is_some() && !did.contains("fence"), "{did}");
    let child = runs(&test).into_iter().find(|one| *one != run).expect("a second run");
    assert!(child.contains("retreat"), "{child}");
    let Some(Event::RunEnded { end: RunEnd::Succeeded { plan } }) = events(&test, &run).pop() else { panic!("{said}") };
    assert!(test.run(&["status", &run]).out().contains(&plan[..12]));
    let report = test.run(&["report", &child]).code(0).out();
    assert!(report.contains(&format!("{run} taken back")), "{report}");
    // What is so is what was so: the same plan as at the beginning.
    let again = test.plan(&["--leave", "north"]).code(0).out();
    assert!(again.contains("north > south"), "{again}");
    let said = test.run(&["retreat", &child, "--yes", "no"]).code(3).err();
    assert!(said.contains("takes run"), "{said}");
    let said = test.run(&["retreat", &run, "--yes", "no"]).code(3).err();
    assert!(said.contains("came after run"), "{said}");
}

#[test]
fn a_retreat_that_dies_is_resumed() {
    let test = two();
    let before = world(&test);
    fs::write(test.path().join("slow"), "").expect("a file");
    let (mut parent, run) = begun(&test);
    parent.kill().expect("a kill");
    parent.wait().expect("an end");
    fs::write(test.path().join("go"), "").expect("a file");
    let mut retreat = spawn(test.command(&["retreat", &run, "--yes", "a false alarm"]));
    until("the way back", || did(&test).contains("switch back"));
    retreat.kill().expect("a kill");
    retreat.wait().expect("an end");
    let child = runs(&test).into_iter().find(|one| *one != run).expect("a second run");
    fs::remove_file(test.path().join("slow")).expect("a file");
    test.run(&["resume", &child]).code(0);
    assert_eq!(world(&test), before);
    assert_eq!(did(&test).matches("switch back").count(), 1, "{}", did(&test));
}

#[test]
fn what_has_no_way_back_stays_and_is_told() {
    let test = two();
    let run = over(&test);
    let ended = test.run(&["retreat", "--yes", "we were wrong"]).code(0);
    let out = ended.out();
    assert!(out.contains("BACK      1 service: mail"), "{out}");
    assert!(out.contains("STAYS     store") && out.contains("store/promote@south has no way back"), "{out}");
    assert!(out.contains("-> bonghwa plan --return north"), "{out}");
    assert!(ended.err().contains("bonghwa plan --return north"), "{}", ended.err());
    let (there, users) = world(&test);
    assert_eq!(there, ["mail/north", "mail/users", "store/fenced", "store/south"]);
    assert_eq!(users, "north\n");
    assert!(!did(&test).contains("unfence"), "{}", did(&test));
    // What was printed is what brings the rest home.
    let home = test.plan(&["--return", "north"]).code(0).out();
    assert!(home.contains("fence:store@south") && !home.contains("mail/start"), "{home}");
    assert!(runs(&test).len() == 2, "{run}");
}

#[test]
fn nobody_goes_back_to_a_site_that_nobody_released() {
    let test = two();
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    let run = over(&test);
    let refused = test.run(&["retreat", "--yes", "it was the monitoring"]).code(3);
    assert!(refused.out().contains("its users came from north, which nobody trusts yet"), "{}", refused.out());
    assert!(refused.err().contains("bonghwa release north --reason WHY"), "{}", refused.err());
    assert!(refused.err().contains(&format!("bonghwa retreat {run}")), "{}", refused.err());
    assert!(!did(&test).contains("back"), "{}", did(&test));
    test.run(&["release", "north", "--reason", "it was never away"]).code(0);
    let back = test.run(&["retreat", &run, "--yes", "it was the monitoring"]).code(0);
    assert!(back.out().contains("BACK      1 service: mail"), "{}", back.out());
    assert!(did(&test).contains("switch back") && !did(&test).contains("unfence"), "{}", did(&test));
}

#[test]
fn what_can_not_be_taken_back_is_said_before_anything_is_touched() {
    let test = two();
    let said = test.run(&["retreat", "--yes", " "]).code(2).err();
    assert!(said.contains("`--yes` needs a reason"), "{said}");
    test.run(&["retreat"]).code(2);
    test.run(&["run", "plan.json", "--no-wait"]).code(4);
    let said = test.run(&["retreat", "--yes", "no"]).code(3).err();
    assert!(said.contains("has changed nothing") && said.contains("bonghwa cancel"), "{said}");
}

#[test]
fn a_step_of_which_nobody_knows_is_settled_first() {
    let test =
        two().changed("runbooks/mail.toml", "exec = \"echo start >> did; touch", "exec = \"sleep 5; touch").changed(
            "runbooks/mail.toml",
            "timeout = \"1m\"\n[[failover]]\nid = \"switch\"",
            "timeout = \"200ms\"\n[[failover]]\nid = \"switch\"",
        );
    fs::write(test.path().join("go"), "").expect("a file");
    test.plan(&["--leave", "north", "-o", "plan.json"]).code(0);
    test.run(&["run", "plan.json", "--no-wait"]).code(4);
    let run = runs(&test).remove(0);
    let process = spawn(test.command(&["resume", &run]));
    until("the start", || test.run(&["approve", "start", "--reason", "to be left"]).err().contains("approved"));
    until("the doubt", || test.run(&["status", &run]).out().contains("IN DOUBT"));
    until("the retreat that says so", || test.run(&["retreat", "--yes", "no"]).err().contains("nobody knows how far"));
    let said = test.run(&["retreat", "--yes", "no"]).code(6).err();
    assert!(said.contains("bonghwa mark-done mail/start@south"), "{said}");
    test.run(&["cancel"]).code(0);
    process.wait_with_output().expect("an end");
}

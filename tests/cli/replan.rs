//! The world changes while a run goes on: a new plan, and a handover that leaves nothing in flight unowned.

use std::fs;
use std::process::Child;

use bonghwa::run::Event;
use bonghwa::run::Found;
use bonghwa::run::RunEnd;

use crate::run::Test;
use crate::several::did;
use crate::several::events;
use crate::several::is_held;
use crate::several::runs;
use crate::several::spawn;
use crate::several::until;
use crate::tty::Tty;

/// Three sites; every step writes a line into `did`, and starting mail takes until there is a file `go`.
fn three() -> Test {
    Test::new()
        .file("bonghwa.toml", include_str!("three/bonghwa.toml"))
        .file("topology/all.toml", include_str!("three/topology.toml"))
        .file("runbooks/mail.toml", include_str!("three/mail.toml"))
        .file("runbooks/store.toml", include_str!("three/store.toml"))
        .file("runbooks/cut-off.toml", include_str!("three/cut-off.toml"))
}

/// A run of the answer to the loss of the north that waits for `go`, and its name.
fn begun(test: &Test) -> (Child, String) {
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    let process = spawn(test.command(&["run", "plan.json"]));
    until("the start", || {
        test.run(&["approve", "approval:start", "--reason", "north is gone"]).err().contains("approved")
    });
    until("mail", || did(test).contains("begin mail south") && did(test).contains("promote store south"));
    let run = runs(test).remove(0);
    (process, run)
}

/// What must be so after the second loss, however the first run came to its end.
fn handed_over(test: &Test, parent: &str, replan: Child) {
    let ended = replan.wait_with_output().expect("an end");
    let said = String::from_utf8(ended.stderr).expect("UTF-8");
    assert_eq!(ended.status.code(), Some(0), "{said}");
    let child = runs(test).into_iter().find(|run| run != parent).expect("a second run");
    let (before, after) = (events(test, parent), events(test, &child));
    let Some(Event::RunEnded { end: RunEnd::Succeeded { plan } }) = before.last() else { panic!("{before:?}") };
    let Some(Event::Opened { plan: carries, parent: succeeds, .. }) = after.first() else { panic!("{after:?}") };
    assert_eq!((plan, succeeds.as_deref()), (carries, Some(parent)));
    assert_eq!(after.last(), Some(&Event::RunEnded { end: RunEnd::Done }));
    // What was in flight came to its end in the run that began it, and before the other one began.
    let ends = |events: &[Event]| {
        let ends = events
            .iter()
            .filter(|event| matches!(event, Event::Ended { .. } | Event::Inquired { found: Found::Ended(_), .. }));
        ends.filter_map(Event::subject).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(ends(&before).contains(&"mail/start@south".to_owned()), "{before:?}");
    assert!(!ends(&after).contains(&"mail/start@south".to_owned()), "{after:?}");
    let did = did(test);
    let place = |line: &str| did.lines().position(|one| one == line);
    assert!(place("start mail south") < place("cut south"), "{did}");
    assert!(place("cut south") < place("promote store west") && place("cut south").is_some(), "{did}");
    assert_eq!(did.matches("begin mail south").count(), 1, "{did}");
    assert!(did.contains("start mail west"), "{did}");
}

#[test]
fn a_run_that_lives_settles_and_gives_way() {
    let test = three();
    let (mut parent, run) = begun(&test);
    // Where nobody can be asked, nothing happens, and the flag is named.
    let asked = test.run(&["replan", "--lost", "south"]).code(3);
    assert!(
        asked.err().contains("--yes REASON") && asked.out().contains("+scope south, state lost"),
        "{}",
        asked.err()
    );
    assert!(!is_held(&test, &run));
    let replan = spawn(test.command(&["replan", "--lost", "south", "--yes", "the south burns"]));
    until("the hold", || is_held(&test, &run));
    assert!(runs(&test).len() == 1, "the next run begins before the first one has settled");
    fs::write(test.path().join("go"), "").expect("a file");
    handed_over(&test, &run, replan);
    assert_eq!(parent.wait().expect("an end").code(), Some(0));
}

/// Whoever sits at a terminal is asked for the word or the reason, and any other answer does nothing.
#[test]
fn what_is_asked_on_a_terminal_is_asked_in_one_way() {
    let test = three();
    let (parent, run) = begun(&test);
    let tty = Tty::open(test.path(), 80, 24);
    tty.types("clear; bonghwa skip mail/start");
    tty.sees("Why? One line");
    tty.types("");
    tty.sees("this needs a reason");
    tty.prompts();
    for (typed, question, told) in [
        ("replan --lost south", "Type south to hand over to it;", "south was not typed: nothing was handed over"),
        ("retreat", "Type retreat to take run", "retreat was not typed: nothing was undone"),
    ] {
        tty.types(&format!("clear; bonghwa {typed}"));
        tty.sees(question);
        tty.types("yes");
        tty.sees(told);
        tty.prompts();
    }
    assert!(!is_held(&test, &run), "{:?}", events(&test, &run));
    tty.types("clear; bonghwa replan --lost south");
    tty.sees("Type south to hand over to it");
    tty.types("south");
    until("the hold", || is_held(&test, &run));
    // What is in flight ends after nothing new begins, so what was shown is what is left.
    fs::write(test.path().join("go"), "").expect("a file");
    let done = Event::RunEnded { end: RunEnd::Done };
    until("the end", || runs(&test).iter().any(|other| *other != run && events(&test, other).last() == Some(&done)));
    assert_eq!(parent.wait_with_output().expect("an end").status.code(), Some(0));
    assert_eq!(runs(&test).len(), 2);
}

#[test]
fn a_run_whose_process_is_gone_is_settled_first() {
    let test = three();
    let (mut parent, run) = begun(&test);
    parent.kill().expect("a kill");
    parent.wait().expect("an end");
    let replan = spawn(test.command(&["replan", &run, "--lost", "south", "--yes", "the south burns"]));
    until("the hold", || is_held(&test, &run));
    fs::write(test.path().join("go"), "").expect("a file");
    handed_over(&test, &run, replan);
}

#[test]
fn an_edge_that_was_learnt_is_kept_and_offered() {
    let test = three();
    fs::write(test.path().join("go"), "").expect("a file");
    test.plan(&["--lost", "north", "-o", "plan.json"]).code(0);
    // It leaves at its first question.
    test.run(&["run", "plan.json", "--no-wait"]).code(4);
    let ended = test.run(&["replan", "--edge", "mail:filter", "--yes", "it fails without"]).code(0);
    assert!(ended.out().contains("mail needs filter"), "{}", ended.out());
    let toml = "[service.mail]\ndepends-on = [\n    \"store\",\n    \"filter\",\n]\n";
    assert!(ended.err().contains(toml), "{}", ended.err());
    let did = did(&test);
    let place = |line: &str| did.lines().position(|one| one == line);
    assert!(place("start filter west").is_some() && place("promote store south").is_some(), "{did}");
    for (wrong, told) in [
        (vec!["replan"], "nothing has changed"),
        (vec!["replan", "--edge", "mail"], "mail is no edge"),
        (vec!["replan", "--edge", "mail:store"], "mail is known to need store"),
        (vec!["replan", "--lost", "north"], "north was lost already"),
        (vec!["replan", "--lost", "south", "--yes", " "], "`--yes` needs a reason"),
    ] {
        let said = test.run(&wrong).code(2).err();
        assert!(said.contains(told), "{said}");
    }
    // A run that is over hands nothing over but what it left behind.
    test.run(&["replan", "--lost", "south", "--yes", "the south, too"]).code(0);
    assert!(self::did(&test).contains("promote store west"), "{}", self::did(&test));
}

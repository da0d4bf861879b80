//! How a run leaves: told by signals, because something failed, because a person says no, because the journal is broken,
//! or because it may not begin at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bonghwa::control::AskError;
use bonghwa::run::Command;
use bonghwa::run::Event;
use bonghwa::run::HoldWhy;
use bonghwa::run::No;
use rustix::process::Signal;

use crate::run::Test;
use crate::small::Small;
use crate::small::patiently;

#[test]
fn a_second_run_is_refused_and_told_who_acts() {
    let small = Small::new();
    let run = small.start(&["run", "plan.json"]);
    small.event("a question", |event| matches!(event, Event::GateAsked { .. }));
    let second = small.run(&["run", "plan.json"]).code(3).err();
    assert!(second.contains(&small.name()), "{second}");
    assert!(second.contains(&format!("process {}", run.id())), "{second}");
    run.crash();
    // It has not ended, even though nobody acts.
    let third = small.run(&["run", "plan.json"]).code(3).err();
    assert!(third.contains(&format!("`bonghwa resume {}`", small.name())), "{third}");
    assert!(small.entries().len() < 5);
}

#[test]
fn resume_releases_the_hold_of_a_run_that_lives() {
    let small = Small::new();
    let run = small.start(&["run", "plan.json"]);
    small.event("a question", |event| matches!(event, Event::GateAsked { .. }));
    let early = small.run(&["resume"]).code(3).err();
    assert!(early.contains("is not held") && !early.contains("releasing"), "{early}");
    small.ask(Command::Hold).expect("it holds");
    small.run(&["status"]).code(4);
    let resumed = small.run(&["resume", "--reason", "the bastion is back"]).code(0).err();
    let first = resumed.lines().next().unwrap_or_default();
    assert!(first.contains("lives") && first.contains(&format!("process {}", run.id())), "{resumed}");
    small
        .event("it goes on", |event| matches!(event, Event::Resumed { reason, .. } if reason == "the bastion is back"));
    small.ask(Command::Cancel).expect("it ends");
    let (code, told) = run.left();
    assert_eq!(code, Some(5), "{told}");
}

/// A plan is stale where another run changed what it starts from, and only there.
#[test]
fn a_plan_is_good_until_another_run_has_changed_what_is_so() {
    let small = Small::new();
    let run = small.start(&["run", "plan.json"]);
    small.event("a question", |event| matches!(event, Event::GateAsked { .. }));
    small.test.plan(&["--lost", "north", "-o", "during.json", "--quiet"]).code(0);
    small.ask(Command::Cancel).expect("it ends");
    assert_eq!(run.left().0, Some(5));
    // It was made while that run went on, and nobody knows what it would have seen later.
    let told = small.run(&["run", "during.json"]).code(3).err();
    assert!(told.contains(&format!("since it was made: {}", small.name())), "{told}");
    // That run did nothing, so a plan from before it starts from what is so.
    small.stop("fence");
    let run = small.start(&["run", "plan.json"]);
    small.approve("approval:start");
    small.seen("begin fence");
    let early = small.run(&["release", "north", "--reason", "a false alarm"]).err();
    assert!(early.contains("release the site once it is over"), "{early}");
    small.run(&["cancel"]).code(0);
    assert_eq!(run.left().0, Some(5));
    // Since the start was approved, nobody trusts the north.
    let told = small.run(&["run", "plan.json"]).code(3).err();
    assert!(told.contains("`bonghwa plan` again"), "{told}");
    small.run(&["release", "north", "--reason", "a false alarm"]).code(0);
    small.run(&["run", "plan.json", "--no-wait"]).code(4);
}

/// A machine that shuts down, a terminal that is closed: what runs comes to its end, nothing new starts.
#[test]
fn a_run_that_is_told_to_end_holds_and_leaves() {
    for signal in [Signal::TERM, Signal::HUP] {
        let small = Small::new();
        small.stop("fence");
        let run = small.start(&["run", "plan.json"]);
        small.approve("approval:start");
        small.seen("begin fence");
        run.send(signal);
        small.event("a hold", |event| matches!(event, Event::Held { why: HoldWhy::Signal }));
        small.go("fence");
        let (code, told) = run.left();
        assert_eq!(code, Some(4), "{told}");
        assert!(told.contains(&format!("`bonghwa resume {}`", small.name())), "{told}");
        let world = small.world();
        assert!(world.contains(&"end fence".to_owned()) && !world.contains(&"begin promote".to_owned()), "{world:?}");
        let again = small.start(&["resume"]);
        small.answer_all();
        assert_eq!(again.left().0, Some(0));
    }
}

#[test]
fn interrupts_hold_then_cancel_then_leave() {
    let small = Small::new();
    small.stop("text");
    let run = small.start(&["run", "plan.json"]);
    small.approve("approval:start");
    small.seen("begin text");
    run.send(Signal::INT);
    small.event("a hold", |event| matches!(event, Event::Held { .. }));
    run.send(Signal::INT);
    small.event("a stop", |event| matches!(event, Event::Stopped { .. }));
    let (code, told) = run.left();
    assert_eq!(code, Some(5), "{told}");
    assert!(told.contains("was cancelled"), "{told}");
    assert!(small.processes().is_empty(), "{:?}", small.processes());
    assert!(!small.world().iter().any(|line| line == "end text"));
}

/// A writer's move that has begun is finished, so a cancel waits for it; whoever can't wait sends a third.
#[test]
fn a_third_interrupt_leaves_what_runs_to_whoever_comes() {
    let small = Small::new();
    small.stop("promote");
    let run = small.start(&["run", "plan.json"]);
    small.approve("approval:start");
    small.seen("begin promote");
    for word in ["held", "cancelled", "left"] {
        run.send(Signal::INT);
        small.event(word, |event| event.word() == word);
    }
    let (code, told) = run.left();
    assert_eq!(code, Some(6), "{told}");
    small.go("promote");
    let again = small.start(&["resume"]);
    let (code, told) = again.left();
    // It was cancelled, and is: but the writer is whole.
    assert_eq!(code, Some(5), "{told}");
    assert_eq!(small.world().iter().filter(|line| line.ends_with("promote")).count(), 2);
}

/// Whoever does not wait leaves when nothing goes on without a person, and not before: what fails is left behind, and a
/// gate that what is read may open is no person's.
#[test]
fn whoever_does_not_wait_leaves_with_what_is_left_to_do() {
    let small = Small::new();
    small.fail("text");
    let (code, told) = small.start(&["run", "plan.json", "--no-wait"]).left();
    assert_eq!(code, Some(4), "{told}");
    small.stop("photo");
    let run = small.start(&["resume"]);
    small.approve("approval:start");
    small.seen("begin photo");
    run.crash();
    small.go("photo");
    let (code, told) = small.start(&["resume", "--no-wait"]).left();
    assert_eq!(code, Some(5), "{told}");
    small.event("the writer", |event| matches!(event, Event::Verified { step, .. } if step == "store/promote@south"));
    let told = small.run(&["status"]).code(5).out();
    assert!(told.contains("no such table"), "{told}");
}

/// A wrapper that is killed leaves nothing behind that says how it ended.
#[test]
fn what_nobody_can_tell_is_in_doubt() {
    let small = Small::new();
    small.stop("text");
    let run = small.start(&["run", "plan.json"]);
    small.approve("approval:start");
    small.seen("begin text");
    run.crash();
    // Whoever was just about to begin another one did so meanwhile.
    patiently("the end of all", &|| format!("{:?}", small.processes()), || {
        let alive = small.processes();
        alive.iter().for_each(|id| rustix::process::kill_process(*id, Signal::KILL).unwrap_or_default());
        alive.is_empty()
    });
    small.go("text");
    let again = small.start(&["resume", "--no-wait"]);
    let (code, told) = again.left();
    assert_eq!(code, Some(6), "{told}");
    small.run(&["status"]).code(6);
}

#[test]
fn a_torn_journal_is_mended_and_a_tampered_one_refused() {
    let small = Small::new();
    let run = small.start(&["run", "plan.json"]);
    small.event("a question", |event| matches!(event, Event::GateAsked { .. }));
    run.crash();
    let path = small.folder().expect("a run").join("journal.jsonl");
    let whole = fs::read_to_string(&path).expect("a journal");
    let tampered = whole.replacen("approval:start", "approval:stary", 1);
    fs::write(&path, &tampered).expect("a file");
    let refused = small.run(&["resume"]).code(7).err();
    assert!(refused.contains("line 3"), "{refused}");
    assert_eq!(fs::read_to_string(&path).expect("a journal"), tampered);
    fs::write(&path, format!("{whole}{{\"seq\":4,\"at\":17")).expect("a file");
    let run = small.start(&["resume"]);
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("line 4") && told.contains("were cut off"), "{told}");
}

#[test]
fn where_nothing_can_be_written_nothing_is_done() {
    let small = Small::new();
    let ours = small.test.path().join(".bonghwa");
    // Root may write into every folder, but not into what is none.
    let refused = || {
        let told = small.run(&["run", "plan.json"]).code(7).err();
        assert!(told.contains("nothing was done"), "{told}");
    };
    // The plan is kept there, and was written beside.
    fs::remove_dir_all(&ours).expect("a folder");
    fs::write(&ours, "").expect("a file");
    refused();
    fs::remove_file(&ours).expect("a file");
    fs::create_dir(&ours).expect("a folder");
    fs::write(ours.join("runs"), "").expect("a file");
    refused();
    if !rustix::process::getuid().is_root() {
        fs::remove_file(ours.join("runs")).expect("a file");
        fs::set_permissions(&ours, fs::Permissions::from_mode(0o500)).expect("ours");
        small.run(&["run", "plan.json"]).code(7);
        fs::set_permissions(&ours, fs::Permissions::from_mode(0o700)).expect("ours");
    }
    assert!(small.world().is_empty());
}

/// What the steps need is looked at before anything is begun.
#[test]
fn a_plan_that_needs_other_hands_is_refused_before_anything() {
    let test = Test::with_init();
    let reach = fs::read_to_string(test.path().join("topology/reach.toml")).expect("a file");
    let keeps = |line: &&str| !line.starts_with("servers = ") && !line.starts_with("tsig = ");
    let reach: Vec<&str> = reach.lines().filter(keeps).collect();
    let reach = reach.join("\n").replace("kind = \"rfc2136\"", "kind = \"route53\"");
    let test = test.file("topology/reach.toml", &reach);
    test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
    let refused = test.run(&["run", "plan.json"]).code(3).err();
    assert!(refused.contains("can't change Route 53: ") && refused.contains("nothing was begun"), "{refused}");
    assert!(!test.path().join(".bonghwa/runs").exists());
}

#[test]
fn a_plan_of_other_files_is_refused_with_their_names() {
    let small = Small::new();
    let text = fs::read_to_string(small.test.path().join("runbooks/plain.toml")).expect("a runbook");
    let test = small.test.file("runbooks/plain.toml", &text.replace("20s", "21s")).file("topology/more.toml", "");
    let refused = test.run(&["run", "plan.json"]).code(3).err();
    assert!(refused.contains("runbooks/plain.toml") && refused.contains("topology/more.toml"), "{refused}");
    assert!(!test.path().join(".bonghwa/runs").exists());
}

#[test]
fn what_a_person_rejects_stays_closed_and_fences_are_not_skipped() {
    let small = Small::new();
    small.fail("fence");
    let run = small.start(&["run", "plan.json"]);
    small.approve("approval:start");
    small.event("an end", |event| matches!(event, Event::Ended { step, .. } if step == "store/fence@north"));
    let step = "store/fence@north".to_owned();
    let skipped = small.ask(Command::Skip { step: step.clone() });
    assert!(matches!(skipped, Err(AskError::No(No::Guarded { .. }))), "{skipped:?}");
    assert!(matches!(small.ask(Command::MarkDone { step }), Err(AskError::No(No::Guarded { .. }))));
    let step = "store/promote@south".to_owned();
    assert!(small.ask(Command::MarkDone { step }).is_err());
    small.ask(Command::Reject { what: "fence:store@north".to_owned() }).expect("it is asked");
    // All else goes on to its end.
    small.approve("photo/carrier@south");
    small.event("the carrier", |event| matches!(event, Event::Confirmed { .. }));
    small.seen("end text");
    run.send(Signal::TERM);
    let (code, told) = run.left();
    assert_eq!(code, Some(5), "{told}");
    assert!(!small.world().iter().any(|line| line.ends_with("promote")));
}

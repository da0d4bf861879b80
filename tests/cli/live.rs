//! Runs in processes of their own: carried out to their end, killed in the middle, and gone on with.

use bonghwa::run::Event;

use crate::run::Test;
use crate::small::Small;

/// What every step of the estate does, once.
const ONCE: [&str; 8] =
    ["begin fence", "begin photo", "begin promote", "begin text", "end fence", "end photo", "end promote", "end text"];

#[test]
fn a_run_is_answered_from_elsewhere_and_comes_to_its_end() {
    let small = Small::new();
    let run = small.start(&["run", "plan.json"]);
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(small.world(), ONCE);
    let name = small.name();
    assert!(told.contains(&format!("run {name} is done")), "{told}");
    small.run(&["status"]).code(0);
    let report = small.run(&["report"]).code(0).out();
    assert!(report.contains(&name), "{report}");
    // What ended is over: nothing goes on with it, and it hinders nobody.
    let ended = small.run(&["resume", &name]).code(3).err();
    assert!(ended.contains("has ended"), "{ended}");
}

/// The process dies while commands run; they go on by themselves, and whoever comes next takes them over.
#[test]
fn what_ran_when_the_process_died_is_taken_over_and_not_repeated() {
    let small = Small::new();
    for step in ["text", "promote"] {
        small.stop(step);
    }
    let run = small.start(&["run", "plan.json"]);
    small.approve("approval:start");
    small.seen("begin text");
    small.seen("begin promote");
    run.crash();
    let told = small.run(&["status"]).out();
    assert!(told.contains("NOBODY ACTS"), "{told}");
    // One ends while nobody looks, the other still runs when somebody does.
    small.go("text");
    small.seen("end text");
    let again = small.start(&["resume"]);
    again.tells("its process is gone");
    small.event("an inquiry", |event| matches!(event, Event::Inquired { .. }));
    small.go("promote");
    small.answer_all();
    let (code, told) = again.left();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(small.world(), ONCE);
    let report = small.run(&["report"]).code(0).out();
    assert!(report.contains("WHO HELD THE PEN") && report.contains("promote@south"), "{report}");
    let epochs = small.entries().last().map(|entry| entry.epoch);
    assert_eq!(epochs, Some(2));
}

/// What only a process can hear is not offered while there is none; once one takes the run up, it is.
#[test]
fn while_nobody_acts_only_what_works_is_offered() {
    let small = Small::new();
    let run = small.start(&["run", "plan.json"]);
    small.event("a question", |event| matches!(event, Event::GateAsked { .. }));
    let approve = "bonghwa approve approval:start";
    let lives = small.run(&["status"]).code(4).out();
    assert!(lives.contains(approve) && lives.contains("bonghwa hold"), "{lives}");
    run.crash();
    let dead = small.run(&["status"]).code(4).out();
    let resume = format!("bonghwa resume {}", small.name());
    assert!(
        dead.contains("approval:start, asked")
            && dead.trim_end().lines().last().is_some_and(|last| last.contains(&resume)),
        "{dead}"
    );
    for refused in ["approve", "reject", "hold", "cancel"] {
        assert!(!dead.contains(&format!("bonghwa {refused}")), "{dead}");
    }
    let json: serde_json::Value = serde_json::from_str(&small.run(&["status", "--json"]).code(4).out()).expect("JSON");
    assert_eq!((&json["left"], &json["holder"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(json["questions"][0]["commands"], serde_json::json!([]));
    let hold = small.run(&["hold"]).code(5).err();
    assert!(hold.contains(&resume) && !hold.contains("bonghwa run PLAN"), "{hold}");
    let back = small.run(&["retreat"]).code(3).err();
    assert!(back.contains(&resume), "{back}");
    let again = small.start(&["resume"]);
    again.tells("its process is gone");
    let lives = small.run(&["status"]).code(4).out();
    assert!(lives.contains(approve) && !lives.contains("NOBODY ACTS"), "{lives}");
    small.run(&["cancel"]).code(0);
    assert_eq!(again.left().0, Some(5));
}

/// Wherever it dies, what follows is the same. Each process lives for some entries, and is then killed.
#[test]
fn a_run_that_dies_again_and_again_comes_to_the_same_end() {
    for stride in [1, 2, 3, 7] {
        let small = Small::new();
        let mut args = vec!["run", "plan.json"];
        for life in 1.. {
            let run = small.start(&args);
            args = vec!["resume"];
            let until = life * stride + small.entries().len();
            small.answer_until(|entries| entries.len() >= until);
            if small.is_over() {
                let (code, told) = run.left();
                assert_eq!(code, Some(0), "{told}");
                break;
            }
            run.crash();
            // It may have been quicker.
            if small.is_over() {
                break;
            }
        }
        assert_eq!(small.world(), ONCE);
    }
}

/// What the README tells a newcomer to do.
#[test]
fn the_local_estate_can_be_run_on_any_machine() {
    let test = Test::new();
    test.run(&["init", "--local", "--quiet"]).code(0);
    test.run(&["check"]).code(0);
    for runbook in ["runbooks/start.toml", "runbooks/store.toml"] {
        let text = std::fs::read_to_string(test.path().join(runbook)).expect("a runbook");
        let quick = ["3", "5", "8"].iter().fold(text, |text, time| text.replace(&format!("sleep {time}"), "sleep 0"));
        std::fs::write(test.path().join(runbook), quick).expect("a file");
    }
    test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
    let small = Small { test };
    let run = small.start(&["run", "plan.json"]);
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    let done = ["photos started at south", "store fenced at north", "store promoted at south", "text started at south"];
    assert_eq!(small.world(), done);
}

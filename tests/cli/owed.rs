//! A fence that is owed when its run is over: what people are told, and the command that tries it again.

use bonghwa::run::Event;

use crate::small::Small;
use crate::tty::Tty;

#[test]
fn what_is_owed_after_a_run_has_one_command_that_tries_it_again() {
    let small = Small::new();
    small.fail("fence");
    let run = small.start(&["run", "plan.json"]);
    small.approve("approval:start");
    small.event("an end", |event| matches!(event, Event::Ended { step, .. } if step == "store/fence@north"));
    small.approve("fence:store@north");
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    let way = "`bonghwa evacuate north` tries it again now";
    assert!(told.contains(way), "{told}");
    let shown = small.run(&["status"]).code(5).out();
    assert!(shown.contains(&format!("nobody tries it any more: {way}")), "{shown}");
    // A report is wrapped wherever its lines end.
    let report = small.run(&["report"]).code(0).out();
    assert!(report.split_whitespace().collect::<Vec<_>>().join(" ").contains(way), "{report}");
    let runs = small.run(&["runs"]).code(0);
    assert!(runs.out().contains("north is quarantined, 1 fence owed") && runs.err().contains(way), "{}", runs.err());
    let refused = small.run(&["release", "north", "--reason", "power is back"]).code(3).err();
    assert!(refused.contains("--collected") && refused.contains(way), "{refused}");
    // Its way is open again, and what was told is typed.
    std::fs::remove_file(small.test.path().join("fail-fence")).expect("it failed");
    let tty = Tty::open(small.test.path(), 80, 24);
    tty.types("clear; bonghwa evacuate north");
    tty.sees("Type north to run this plan");
    tty.types("north");
    tty.until("the end", |lines| lines.iter().any(|line| line.starts_with("run ") && line.ends_with("is done")));
    tty.prompts();
    assert!(small.world().contains(&"end fence".to_owned()), "{:?}", small.world());
    let begun = small.world().iter().filter(|line| line.starts_with("begin text")).count();
    assert_eq!(begun, 1, "nothing else is done again: {:?}", small.world());
    let runs = small.run(&["runs"]).code(0);
    assert!(runs.out().contains("north is quarantined") && !runs.out().contains("owed"), "{}", runs.out());
    assert!(!runs.err().contains("evacuate"), "{}", runs.err());
    small.run(&["release", "north", "--reason", "power is back"]).code(0);
    let runs = small.run(&["runs"]).code(0).out();
    assert!(!runs.contains("quarantined"), "{runs}");
}

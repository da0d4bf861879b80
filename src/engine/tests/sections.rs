//! Interrupts inside a critical section: whatever people want of the rest, a writer that was silenced gets its successor.

use crate::engine::tests::estate;
use crate::engine::tests::watch::Watch;
use crate::model::Millis;
use crate::model::ScopeState;
use crate::plan::Plan;
use crate::run::Command;
use crate::run::DoneHow;
use crate::run::End;
use crate::run::Event;
use crate::run::RunEnd;
use crate::run::StepState;
use crate::run::tests::player::Answer;
use crate::run::tests::player::Asked;
use crate::run::tests::player::NIGHT;
use crate::run::tests::player::Player;

const FENCE: &str = "ledger/fence@west";
const PROMOTE: &str = "ledger/promote@east";
const CHECK: &str = "ledger/check@east";

/// The old site still stands, and is about to be left: until its writer is fenced, it writes.
fn switchover() -> Plan {
    (*estate::planned("west", ScopeState::Leaving).0).clone()
}

fn stands<'a>(player: &'a Player<'_>, step: &str) -> &'a StepState {
    &player.state.steps[player.script.find(step).unwrap()].state
}

/// Played until the fence is under way.
fn fencing(plan: &Plan) -> Player<'_> {
    let mut player = Player::new(plan, "switchover", NIGHT);
    player.go_until(&mut |_| None, |player| *stands(player, FENCE) == StepState::Acting);
    assert_eq!(*stands(&player, FENCE), StepState::Acting);
    player
}

/// What began after the last entry of `seen`.
fn began(player: &Player<'_>, seen: usize) -> Vec<String> {
    let started = player.entries[seen..].iter().filter(|entry| matches!(entry.event, Event::Started { .. }));
    started.filter_map(|entry| entry.event.subject().map(str::to_owned)).collect()
}

fn is_through(player: &Player<'_>) -> bool {
    [FENCE, PROMOTE, CHECK].iter().all(|step| matches!(stands(player, step), StepState::Done(_)))
}

/// Everything that began belongs to a service that was being switched over.
fn only_sections(player: &Player<'_>, seen: usize) {
    let inside = |step: &str| ["/fence@", "/promote@", "/check@"].iter().any(|part| step.contains(part));
    let began = began(player, seen);
    assert!(began.iter().all(|step| inside(step)), "{began:?}");
}

#[test]
fn a_hold_behind_the_fence_lets_the_promotion_happen_and_then_stops() {
    let plan = switchover();
    let mut player = fencing(&plan);
    let seen = player.entries.len();
    player.says(Command::Hold, "wait");
    player.go(&mut |_| None);
    assert!(is_through(&player), "{:#?}", &player.entries[seen..]);
    assert_eq!((player.state.ended.clone(), player.state.is_at_rest()), (None, true));
    only_sections(&player, seen);
    player.says(Command::Resume, "go on");
    player.go(&mut |_| None);
    assert_eq!(player.state.ended, Some(RunEnd::Done));
    Watch::read(&plan, &player.script, &player.entries).unwrap();
}

#[test]
fn a_cancel_behind_the_fence_lets_the_promotion_happen_and_then_ends() {
    let plan = switchover();
    let mut player = fencing(&plan);
    let seen = player.entries.len();
    player.says(Command::Cancel, "not today");
    player.go(&mut |_| None);
    assert!(is_through(&player), "{:#?}", &player.entries[seen..]);
    assert_eq!(player.state.ended, Some(RunEnd::Cancelled));
    only_sections(&player, seen);
    Watch::read(&plan, &player.script, &player.entries).unwrap();
}

#[test]
fn another_plan_waits_until_the_promotion_has_happened() {
    let plan = switchover();
    let mut player = fencing(&plan);
    let seen = player.entries.len();
    player.says(Command::Yield { plan: "another".to_owned() }, "a second loss");
    player.go(&mut |_| None);
    assert!(is_through(&player), "{:#?}", &player.entries[seen..]);
    assert_eq!(player.state.ended, Some(RunEnd::Succeeded { plan: "another".to_owned() }));
    only_sections(&player, seen);
}

#[test]
fn a_crash_at_every_entry_of_a_held_section_changes_nothing() {
    let plan = switchover();
    let whole = {
        let mut player = fencing(&plan);
        player.says(Command::Hold, "wait");
        player.go(&mut |_| None);
        player.entries.len()
    };
    let from = fencing(&plan).entries.len() + 1;
    for seq in from..=whole {
        let mut player = fencing(&plan);
        player.says(Command::Hold, "wait");
        player.go_until(&mut |_| None, |player| player.entries.len() >= seq);
        player.dies(Millis::from_secs(20));
        player.go(&mut |_| None);
        assert!(is_through(&player), "after entry {seq}: {:#?}", &player.entries[from..]);
        only_sections(&player, from);
        Watch::read(&plan, &player.script, &player.entries).unwrap_or_else(|why| panic!("after entry {seq}: {why}"));
    }
}

/// A promotion that fails on each of its attempts until then.
fn fails(attempts: u32) -> impl FnMut(Asked<'_>) -> Option<(Millis, Answer)> {
    move |asked| {
        let acts = asked.name == PROMOTE && asked.what == Some(crate::run::What::Do) && asked.attempt <= attempts;
        acts.then(|| (Millis::from_secs(5), Answer::End(End::Exit(1))))
    }
}

#[test]
fn a_promotion_that_fails_waits_for_a_person_and_works_again() {
    let plan = switchover();
    for held in [false, true] {
        let mut player = fencing(&plan);
        if held {
            player.says(Command::Hold, "wait");
        }
        player.go(&mut fails(1));
        assert!(matches!(stands(&player, PROMOTE), StepState::Failed(_)), "{:?}", stands(&player, PROMOTE));
        assert_eq!(*stands(&player, CHECK), StepState::Waiting);
        assert_eq!(player.state.ended, None);
        player.says(Command::Retry { what: PROMOTE.to_owned() }, "mended");
        player.go(&mut fails(1));
        assert!(is_through(&player));
        if held {
            player.says(Command::Resume, "go on");
            player.go(&mut fails(1));
        }
        assert_eq!(player.state.ended, Some(RunEnd::Done));
        Watch::read(&plan, &player.script, &player.entries).unwrap();
    }
}

#[test]
fn a_promotion_that_fails_can_be_done_by_hand_but_not_skipped() {
    let plan = switchover();
    let mut player = fencing(&plan);
    player.go(&mut fails(1));
    let skip = Command::Skip { step: PROMOTE.to_owned() };
    let who = crate::run::tests::player::who("jun");
    crate::run::command(&player.script, &player.state, skip, who, "never mind").unwrap_err();
    player.says(Command::MarkDone { step: PROMOTE.to_owned() }, "done by hand");
    player.go(&mut fails(1));
    assert_eq!(*stands(&player, PROMOTE), StepState::Done(DoneHow::ByHand));
    assert_eq!(player.state.ended, Some(RunEnd::Done));
}

#[test]
fn where_the_fence_fails_a_persons_word_lets_the_promotion_happen() {
    let plan = switchover();
    let mut player = Player::new(&plan, "switchover", NIGHT);
    let mut fails = |asked: Asked<'_>| {
        let acts = asked.name == FENCE && asked.what == Some(crate::run::What::Do);
        acts.then(|| (Millis::from_secs(5), Answer::End(End::Exit(1))))
    };
    // People are asked in this play, and say yes.
    player.go_until(&mut fails, is_promoted);
    assert!(is_promoted(&player), "{:?}", stands(&player, PROMOTE));
    assert!(!matches!(stands(&player, FENCE), StepState::Done(_)), "it is owed still");
    let at = |is: &dyn Fn(&Event) -> bool| player.entries.iter().position(|entry| is(&entry.event));
    let gate = |event: &Event| event.subject() == Some("fence:ledger@west");
    let word = at(&gate).expect("a person was asked");
    let began = at(&|event| matches!(event, Event::Started { .. }) && event.subject() == Some(PROMOTE));
    assert!(began.is_some_and(|began| word < began), "the word comes first");
    player.go(&mut fails);
    Watch::read(&plan, &player.script, &player.entries).unwrap();
}

fn is_promoted(player: &Player<'_>) -> bool {
    [PROMOTE, CHECK].iter().all(|step| matches!(stands(player, step), StepState::Done(_)))
}

//! What becomes of an attempt of which nobody heard the end: what it said is kept, and where nobody can say whether it still
//! runs, what it should bring about is asked for before a person is.

use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Found;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::fold;
use crate::run::script::Kind;
use crate::run::script::Script;
use crate::run::step_state::DoneHow;
use crate::run::step_state::Doubt;
use crate::run::step_state::FailWhy;
use crate::run::tests::made;
use crate::run::tests::player::who;

/// A step that may be tried three times, and whose link was lost.
fn lost(done_if: bool, verify: bool) -> (Script, State) {
    let (mut node, mut step) = made::step("s");
    (step.attempts, step.has_done_if, step.has_verify) = (3, done_if, verify);
    node.kind = Kind::Step(step);
    let script = made::script(vec![node], &[], Vec::new(), vec![Vec::new()]);
    let mut state = State::new(&script);
    let (run, plan, program) = ("r".to_owned(), script.plan.clone(), "0".to_owned());
    write(&script, &mut state, Event::Opened { format: 1, run, plan, parent: None, program });
    write(&script, &mut state, Event::PenTaken { by: who("mina") });
    write(&script, &mut state, Event::Started { step: "s".to_owned(), attempt: 1 });
    if done_if {
        write(&script, &mut state, Event::NotYetSo { step: "s".to_owned(), attempt: 1, already: Vec::new() });
    }
    let end = End::Lost("the line is dead".to_owned());
    write(&script, &mut state, Event::Ended { step: "s".to_owned(), attempt: 1, end, said: String::new() });
    (script, state)
}

fn write(script: &Script, state: &mut State, event: Event) {
    let epoch = state.epoch + u32::from(matches!(event, Event::PenTaken { .. }));
    let entry = Entry { seq: state.seq + 1, at: Stamp(1_000), epoch, event };
    fold(script, state, &entry).unwrap();
}

fn found(found: Found, said: &str) -> Event {
    Event::Inquired { step: "s".to_owned(), attempt: 1, found, said: said.to_owned() }
}

/// Three times in vain.
fn unheard(done_if: bool, verify: bool) -> (Script, State) {
    let (script, mut state) = lost(done_if, verify);
    for _ in 0..3 {
        write(&script, &mut state, found(Found::Unknown("no route".to_owned()), ""));
    }
    (script, state)
}

fn probed(so: Seen) -> Event {
    Event::Probed { step: "s".to_owned(), attempt: 1, so }
}

fn in_doubt() -> StepState {
    StepState::Failed(FailWhy::InDoubt(Doubt::NoAnswer("no route".to_owned())))
}

#[test]
fn what_ended_while_nobody_looked_keeps_what_it_said() {
    let (script, mut state) = lost(false, false);
    write(&script, &mut state, found(Found::Ended(End::Ok), "promoted\n"));
    assert_eq!(state.steps[0].said, "promoted\n");
    assert!(matches!(state.steps[0].state, StepState::Done(_)));
}

#[test]
fn where_nothing_can_be_asked_for_a_person_is_asked() {
    assert_eq!(unheard(false, false).1.steps[0].state, in_doubt());
}

#[test]
fn what_is_so_is_done_whoever_may_still_run() {
    for (done_if, verify) in [(true, false), (false, true)] {
        let (script, mut state) = unheard(done_if, verify);
        write(&script, &mut state, probed(Seen::Yes));
        assert_eq!(state.steps[0].state, StepState::Done(DoneHow::Found));
    }
}

#[test]
fn what_is_not_so_is_not_begun_beside_what_may_still_run() {
    for (done_if, verify) in [(true, false), (false, true), (true, true)] {
        for so in [Seen::No, Seen::Unknown("no answer".to_owned())] {
            let (script, mut state) = unheard(done_if, verify);
            write(&script, &mut state, probed(so));
            assert_eq!(state.steps[0].state, in_doubt());
        }
    }
    let (script, mut state) = unheard(true, true);
    write(&script, &mut state, probed(Seen::Yes));
    assert_eq!(state.steps[0].state, StepState::Verifying);
    let (step, said) = ("s".to_owned(), String::new());
    write(&script, &mut state, Event::Verified { step, attempt: 1, passed: false, said });
    assert_eq!(state.steps[0].state, in_doubt());
}

#[test]
fn whoever_answers_after_all_is_believed() {
    let (script, mut state) = unheard(true, false);
    write(&script, &mut state, probed(Seen::No));
    let (step, said) = ("s".to_owned(), "too late".to_owned());
    write(&script, &mut state, Event::Ended { step, attempt: 1, end: End::Exit(1), said });
    assert!(
        matches!(state.steps[0].state, StepState::Resting { .. }),
        "it is over for certain, so it may be tried again"
    );
}

//! Every answer in every state, under every policy, after every interrupt: where the step stands then, as one table, and
//! laws that hold over all of it.

use std::fmt::Write;

use expect_test::expect;

use crate::model::Millis;
use crate::run::Command;
use crate::run::DoneHow;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::FailWhy;
use crate::run::Found;
use crate::run::Input;
use crate::run::Script;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::StopWhy;
use crate::run::command;
use crate::run::decide;
use crate::run::fold;
use crate::run::react;
use crate::run::script::Kind;
use crate::run::tests::made;
use crate::run::tests::player::who;

/// The state in which an answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Checking,
    Acting,
    Verifying,
    Stopping,
    Inquiring,
    Probing,
}

/// What happened just before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Hold,
    Cancel,
    Yield,
    Crash,
}

const BEFORE: [Before; 5] = [Before::Nothing, Before::Hold, Before::Cancel, Before::Yield, Before::Crash];

#[derive(Debug, Clone)]
enum Answer {
    Seen(Seen),
    End(End),
    Stopped(bool),
    Found(Found),
    Silence,
}

#[derive(Debug, Clone, Copy)]
struct Policy {
    attempts: u32,
    done_if: bool,
    verify: bool,
    unreachable_ok: bool,
}

/// Sixteen, in the order of the letters of a cell.
fn policies() -> impl Iterator<Item = Policy> {
    (0..16).map(|bits| Policy {
        attempts: if bits & 8 == 0 { 1 } else { 3 },
        done_if: bits & 4 != 0,
        verify: bits & 2 != 0,
        unreachable_ok: bits & 1 != 0,
    })
}

fn ends() -> Vec<End> {
    let why = || "why".to_owned();
    vec![
        End::Ok,
        End::Exit(1),
        End::Unexpected(why()),
        End::Signal(9),
        End::NeverBegan(why()),
        End::Unreachable(why()),
        End::NotEnough { ok: 1, of: 4 },
        End::TimedOut,
        End::Lost(why()),
    ]
}

/// What can be answered there, and nothing at all.
fn answers(at: At) -> Vec<Answer> {
    let seen = [Seen::Yes, Seen::No, Seen::Unknown("why".to_owned())].map(Answer::Seen);
    let mut answers = match at {
        At::Checking | At::Verifying | At::Probing => seen.to_vec(),
        At::Acting => ends().into_iter().map(Answer::End).collect(),
        At::Stopping => {
            let stopped = [true, false].map(Answer::Stopped);
            stopped.into_iter().chain(ends().into_iter().map(Answer::End)).collect()
        }
        At::Inquiring => {
            let found = [Found::Alive, Found::NeverBegan, Found::Gone, Found::Unknown("why".to_owned())];
            let ended = ends().into_iter().map(Found::Ended);
            found.into_iter().chain(ended).map(Answer::Found).collect()
        }
    };
    answers.push(Answer::Silence);
    answers
}

/// A run of one step, on its way.
struct Case {
    script: Script,
    state: State,
    now: Stamp,
}

impl Case {
    /// Nothing where a step of this policy never stands there.
    fn new(policy: Policy, at: At, before: Before) -> Option<Self> {
        let (mut node, mut step) = made::step("s");
        step.attempts = policy.attempts;
        step.has_done_if = policy.done_if;
        step.has_verify = policy.verify;
        step.unreachable_ok = policy.unreachable_ok;
        node.kind = Kind::Step(step);
        let script = made::script(vec![node], &[], Vec::new(), vec![Vec::new()]);
        let state = State::new(&script);
        let mut case = Self { script, state, now: Stamp(1_000) };
        let opened = Event::Opened {
            format: 1,
            run: "table".to_owned(),
            plan: case.script.plan.clone(),
            parent: None,
            program: "0".to_owned(),
        };
        case.write(vec![opened, Event::PenTaken { by: who("mina") }, Event::Started { step: s(), attempt: 1 }]);
        if policy.done_if && at != At::Checking {
            case.write(vec![Event::NotYetSo { step: s(), attempt: 1, already: Vec::new() }]);
        }
        let ended = |end| Event::Ended { step: s(), attempt: 1, end, said: String::new() };
        let lost = || ended(End::Lost("why".to_owned()));
        case.write(match at {
            At::Checking | At::Acting => Vec::new(),
            At::Verifying => vec![ended(End::Ok)],
            At::Stopping => vec![Event::Stopping { step: s(), attempt: 1, why: StopWhy::Timeout }],
            At::Inquiring => vec![lost()],
            At::Probing => {
                vec![lost(), Event::Inquired { step: s(), attempt: 1, found: Found::Gone, said: String::new() }]
            }
        });
        let letters = match at {
            At::Checking => "c",
            At::Acting => "a",
            At::Verifying => "v",
            At::Stopping => "s",
            At::Inquiring => "i",
            At::Probing => "p",
        };
        let stands = letters.contains(letter(case.step()));
        let events = match before {
            Before::Nothing => Vec::new(),
            Before::Hold => case.wants(Command::Hold),
            Before::Cancel => case.wants(Command::Cancel),
            Before::Yield => case.wants(Command::Yield { plan: "another".to_owned() }),
            Before::Crash => vec![Event::PenTaken { by: who("jun") }],
        };
        case.write(events);
        stands.then_some(case)
    }

    fn wants(&self, wanted: Command) -> Vec<Event> {
        command(&self.script, &self.state, wanted, who("jun"), "because").unwrap()
    }

    fn step(&self) -> &StepState {
        &self.state.steps[0].state
    }

    fn write(&mut self, events: Vec<Event>) {
        for event in events {
            let epoch = self.state.epoch + u32::from(matches!(event, Event::PenTaken { .. }));
            let entry = Entry { seq: self.state.seq + 1, at: self.now, epoch, event };
            fold(&self.script, &mut self.state, &entry).unwrap();
        }
    }

    fn answered(&mut self, at: At, answer: &Answer) {
        let said = String::new();
        let (step, attempt) = (0, 1);
        let input = match (at, answer.clone()) {
            (At::Checking, Answer::Seen(so)) => Input::Checked { at: step, attempt, so, already: Vec::new() },
            (At::Verifying, Answer::Seen(so)) => Input::Verified { at: step, attempt, so, said },
            (_, Answer::Seen(so)) => Input::Probed { at: step, attempt, so },
            (_, Answer::End(end)) => Input::Ended { at: step, attempt, end, said },
            (_, Answer::Stopped(confirmed)) => Input::Stopped { at: step, attempt, confirmed },
            (_, Answer::Found(found)) => Input::Inquired { at: step, attempt, found, said: String::new() },
            (_, Answer::Silence) => {
                self.now = self.state.next_timer(self.now).unwrap_or(self.now);
                Input::Tick
            }
        };
        let events = react(&self.script, &self.state, input, self.now);
        self.write(events);
    }

    /// Whether another attempt begins now, or as soon as it has rested.
    fn begins_again(&self) -> bool {
        let later = self.now.after(Millis::from_secs(5));
        decide(&self.script, &self.state, later).iter().any(|event| matches!(event, Event::Started { .. }))
    }
}

fn s() -> String {
    "s".to_owned()
}

fn letter(state: &StepState) -> char {
    match state {
        StepState::Waiting => 'w',
        StepState::Checking => 'c',
        StepState::Acting => 'a',
        StepState::Asked => 'q',
        StepState::Verifying => 'v',
        StepState::Stopping { .. } => 's',
        StepState::Inquiring { .. } => 'i',
        StepState::Probing { .. } => 'p',
        StepState::Resting { .. } => 'r',
        StepState::Failed(FailWhy::InDoubt(_)) => '?',
        StepState::Failed(_) => 'F',
        StepState::Done(_) => 'D',
        StepState::Skipped => 'S',
    }
}

fn word(answer: &Answer) -> String {
    let whole = match answer {
        Answer::Seen(seen) => format!("{seen:?}"),
        Answer::End(end) => format!("{end:?}"),
        Answer::Stopped(confirmed) => format!("Stopped {confirmed}"),
        Answer::Found(Found::Ended(end)) => format!("Found {end:?}"),
        Answer::Found(found) => format!("Found {found:?}"),
        Answer::Silence => "silence".to_owned(),
    };
    whole.split(['(', '{']).next().unwrap_or_default().trim().to_owned()
}

const STATES: [At; 6] = [At::Checking, At::Acting, At::Verifying, At::Stopping, At::Inquiring, At::Probing];

/// Each cell: one letter for each policy. Attempts 1 and 3; in both without and with done-if; without and with a proof;
/// without and with leave to be unreachable.
fn table(mut law: impl FnMut(Policy, At, &Answer, Before, &Case)) -> String {
    let mut out = String::new();
    for at in STATES {
        for answer in answers(at) {
            write!(out, "{:<10}{:<17}", format!("{at:?}"), word(&answer)).unwrap();
            for before in BEFORE {
                out.push(' ');
                for policy in policies() {
                    let Some(mut case) = Case::new(policy, at, before) else {
                        out.push('.');
                        continue;
                    };
                    case.answered(at, &answer);
                    law(policy, at, &answer, before, &case);
                    out.push(letter(case.step()));
                }
            }
            out.push('\n');
        }
    }
    out
}

#[test]
fn every_answer_in_every_state_after_every_interrupt() {
    expect![[r#"
        Checking  Yes               ....DDDD....DDDD ....DDDD....DDDD ....DDDD....DDDD ....DDDD....DDDD ....rrrr....rrrr
        Checking  No                ....aaaa....aaaa ....aaaa....aaaa ....FFFF....rrrr ....aaaa....aaaa ....rrrr....rrrr
        Checking  Unknown           ....FFFF....rrrr ....FFFF....rrrr ....FFFF....rrrr ....FFFF....rrrr ....rrrr....rrrr
        Checking  silence           ....FFFF....rrrr ....FFFF....rrrr ....FFFF....rrrr ....FFFF....rrrr ....rrrr....rrrr
        Acting    Ok                DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv
        Acting    Exit              FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr rrrrrrrrrrrrrrrr
        Acting    Unexpected        FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr rrrrrrrrrrrrrrrr
        Acting    Signal            FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr ssssssssssssssss FFFFFFFFrrrrrrrr iiiiiiiiiiiiiiii
        Acting    NeverBegan        FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr rrrrrrrrrrrrrrrr
        Acting    Unreachable       FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv rDrvrDrvrDrvrDrv
        Acting    NotEnough         FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr rrrrrrrrrrrrrrrr
        Acting    TimedOut          ??pppppprrpppppp ??pppppprrpppppp ssssssssssssssss ??pppppprrpppppp iiiiiiiiiiiiiiii
        Acting    Lost              iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii ssssssssssssssss iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii
        Acting    silence           ssssssssssssssss ssssssssssssssss iiiiiiiiiiiiiiii ssssssssssssssss iiiiiiiiiiiiiiii
        Verifying Yes               ..DD..DD..DD..DD ..DD..DD..DD..DD ..DD..DD..DD..DD ..DD..DD..DD..DD ..DD..DD..DD..DD
        Verifying No                ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr
        Verifying Unknown           ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr
        Verifying silence           ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr ..FF..FF..rr..rr
        Stopping  Stopped true      ??pppppprrpppppp ??pppppprrpppppp ??pppppprrpppppp ??pppppprrpppppp iiiiiiiiiiiiiiii
        Stopping  Stopped false     iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii
        Stopping  Ok                DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv
        Stopping  Exit              FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Stopping  Unexpected        FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Stopping  Signal            ssssssssssssssss ssssssssssssssss ssssssssssssssss ssssssssssssssss iiiiiiiiiiiiiiii
        Stopping  NeverBegan        FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Stopping  Unreachable       FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv
        Stopping  NotEnough         FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Stopping  TimedOut          ssssssssssssssss ssssssssssssssss ssssssssssssssss ssssssssssssssss iiiiiiiiiiiiiiii
        Stopping  Lost              ssssssssssssssss ssssssssssssssss ssssssssssssssss ssssssssssssssss iiiiiiiiiiiiiiii
        Stopping  silence           iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii
        Inquiring Found Alive       aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaa ssssssssssssssss aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaa
        Inquiring Found NeverBegan  FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Inquiring Found Gone        ??pppppprrpppppp ??pppppprrpppppp ??pppppprrpppppp ??pppppprrpppppp ??pppppprrpppppp
        Inquiring Found Unknown     iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii
        Inquiring Found Ok          DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv DDvvDDvvDDvvDDvv
        Inquiring Found Exit        FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Inquiring Found Unexpected  FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Inquiring Found Signal      FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Inquiring Found NeverBegan  FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Inquiring Found Unreachable FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv FDFvFDFvrDrvrDrv
        Inquiring Found NotEnough   FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr FFFFFFFFrrrrrrrr
        Inquiring Found TimedOut    ??pppppprrpppppp ??pppppprrpppppp ??pppppprrpppppp ??pppppprrpppppp ??pppppprrpppppp
        Inquiring Found Lost        iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii
        Inquiring silence           iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii iiiiiiiiiiiiiiii
        Probing   Yes               ..DDDDvv..DDDDvv ..DDDDvv..DDDDvv ..DDDDvv..DDDDvv ..DDDDvv..DDDDvv ..DDDDvv..DDDDvv
        Probing   No                ..FFFFFF..rrrrrr ..FFFFFF..rrrrrr ..FFFFFF..rrrrrr ..FFFFFF..rrrrrr ..FFFFFF..rrrrrr
        Probing   Unknown           ..??????..?????? ..??????..?????? ..??????..?????? ..??????..?????? ..??????..??????
        Probing   silence           ..??????..?????? ..??????..?????? ..??????..?????? ..??????..?????? ..??????..??????
    "#]]
    .assert_eq(&table(|_, _, _, _, _| {}));
}

#[test]
fn done_is_only_what_ended_well_or_is_seen_to_be_so() {
    table(|policy, at, answer, before, case| {
        let good = match answer {
            Answer::Seen(seen) => *seen == Seen::Yes,
            Answer::End(end) | Answer::Found(Found::Ended(end)) => {
                let reached = *end == End::Ok || (policy.unreachable_ok && matches!(end, End::Unreachable(_)));
                reached && !policy.verify
            }
            Answer::Stopped(_) | Answer::Found(_) | Answer::Silence => false,
        };
        let done = matches!(case.step(), StepState::Done(_));
        assert!(good || !done, "{policy:?} {at:?} {answer:?} {before:?}");
    });
}

#[test]
fn nothing_begins_again_while_an_attempt_may_be_acting() {
    table(|policy, at, answer, before, case| {
        let over = match answer {
            Answer::Seen(seen) => at == At::Verifying || *seen == Seen::No || at == At::Checking,
            Answer::End(end) | Answer::Found(Found::Ended(end)) => !matches!(end, End::Lost(_)),
            Answer::Stopped(confirmed) => *confirmed,
            Answer::Found(found) => matches!(found, Found::NeverBegan | Found::Gone),
            // A probe that says nothing changed nothing either.
            Answer::Silence => matches!(at, At::Checking | At::Verifying),
        };
        // A crash between two questions: what was only being asked is asked again.
        let over = over || (before == Before::Crash && at == At::Checking);
        assert!(over || !case.begins_again(), "{policy:?} {at:?} {answer:?} {before:?}");
    });
}

#[test]
fn attempts_are_counted_but_for_a_crash() {
    table(|policy, at, answer, before, case| {
        let more = policy.attempts > 1 || before == Before::Crash;
        assert!(more || !case.begins_again(), "{policy:?} {at:?} {answer:?} {before:?}");
    });
}

#[test]
fn who_holds_cancels_or_gives_way_begins_nothing() {
    table(|policy, at, answer, before, case| {
        let goes_on = matches!(before, Before::Nothing | Before::Crash);
        assert!(goes_on || !case.begins_again(), "{policy:?} {at:?} {answer:?} {before:?}");
        let ended = decide(&case.script, &case.state, case.now);
        let ends = ended.iter().any(|event| matches!(event, Event::RunEnded { .. }));
        assert!(!(ends && case.step().is_active()), "{policy:?} {at:?} {answer:?} {before:?}");
    });
}

#[test]
fn a_message_that_does_not_get_through_keeps_nobody_back() {
    table(|policy, at, answer, before, case| {
        let Some(mut message) = Case::new(policy, at, before) else { return };
        if let Kind::Step(step) = &mut message.script.nodes[0].kind {
            step.is_message = true;
        }
        message.answered(at, answer);
        let untold = &StepState::Done(DoneHow::Untold);
        let expected = if matches!(case.step(), StepState::Failed(_)) { untold } else { case.step() };
        assert_eq!(message.step(), expected, "{policy:?} {at:?} {answer:?} {before:?}");
    });
}

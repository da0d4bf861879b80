//! Every event that a journal can hold, as the line that people read.

use expect_test::expect_file;

use crate::model::Millis;
use crate::report::run_line::event_line;
use crate::report::sample_run;
use crate::run::DoneHow;
use crate::run::Doubt;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::FailWhy;
use crate::run::Found;
use crate::run::GateState;
use crate::run::HoldWhy;
use crate::run::HostEnd;
use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::RunEnd;
use crate::run::Seen;
use crate::run::StepState;
use crate::run::StopWhy;
use crate::run::played::OPENED;
use crate::run::played::Play;
use crate::run::played::minji;

const STEP: &str = "message-store/promote@ansan";
const GATE: &str = "fence:message-store@pangyo";

fn line(play: &Play, event: Event) -> String {
    let word = event.word();
    let entry = Entry { seq: 1, at: OPENED.after(Millis::from_secs(42)), epoch: 1, event };
    let line = event_line(&play.plan, &play.script, &play.state, &entry);
    format!("{word:15} {}\n", line.as_deref().unwrap_or("-"))
}

/// What happens to a step, told with the state that it led to.
fn of_step(play: &mut Play) -> String {
    let at = play.script.find(STEP).unwrap();
    let (step, attempt) = (STEP.to_owned(), 2);
    play.state.steps[at].started = Some(OPENED.after(Millis::from_secs(28)));
    let mut text = String::new();
    let mut tell = |state: StepState, event: Event| {
        play.state.steps[at].state = state;
        text.push_str(&line(play, event));
    };
    let rests = || StepState::Resting { until: OPENED.after(Millis::from_secs(44)) };
    let failed = |why| StepState::Failed(FailWhy::Ended(why));
    let done = || StepState::Done(DoneHow::Ran);
    let doubt = || StepState::Inquiring { tries: 0, stop: None };
    let ended = |attempt, end| Event::Ended { step: STEP.to_owned(), attempt, end, said: String::new() };
    tell(StepState::Acting, Event::Started { step: step.clone(), attempt: 1 });
    tell(StepState::Acting, Event::Started { step: step.clone(), attempt });
    tell(done(), Event::AlreadySo { step: step.clone(), attempt });
    tell(StepState::Acting, Event::NotYetSo { step: step.clone(), attempt, already: Vec::new() });
    let already = vec!["as-db-01".to_owned()];
    tell(StepState::Acting, Event::NotYetSo { step: step.clone(), attempt, already });
    let host = |n: u32, end| HostEnd { host: format!("as-db-{n:02}"), end, said: "no space\nleft".to_owned() };
    let mixed = vec![host(1, End::Ok), host(2, End::Ok), host(3, End::Exit(1))];
    tell(StepState::Acting, Event::HostsEnded { step: step.clone(), attempt, hosts: mixed });
    let bad = (1..8).map(|n| host(n, End::Unreachable("no route".to_owned()))).collect();
    tell(StepState::Acting, Event::HostsEnded { step: step.clone(), attempt, hosts: bad });
    tell(done(), ended(1, End::Ok));
    tell(StepState::Verifying, ended(2, End::Ok));
    tell(rests(), ended(1, End::Exit(3)));
    tell(failed(End::Signal(9)), ended(3, End::Signal(9)));
    tell(failed(End::NotEnough { ok: 1, of: 3 }), ended(1, End::NotEnough { ok: 1, of: 3 }));
    tell(doubt(), ended(1, End::Lost("connection reset".to_owned())));
    tell(doubt(), ended(1, End::TimedOut));
    tell(failed(End::NeverBegan("no such file".to_owned())), ended(1, End::NeverBegan("no such file".to_owned())));
    tell(done(), Event::Verified { step: step.clone(), attempt: 1, passed: true, said: String::new() });
    let said = "it says: read-only\n".to_owned();
    tell(StepState::Failed(FailWhy::NotProven), Event::Verified { step: step.clone(), attempt, passed: false, said });
    tell(StepState::Acting, Event::Stopping { step: step.clone(), attempt, why: StopWhy::Timeout });
    tell(StepState::Acting, Event::Stopping { step: step.clone(), attempt, why: StopWhy::Cancelled });
    let probing = || StepState::Probing { stop: None };
    tell(probing(), Event::Stopped { step: step.clone(), attempt, confirmed: true });
    tell(doubt(), Event::Stopped { step: step.clone(), attempt, confirmed: false });
    tell(StepState::Acting, Event::Inquired { step: step.clone(), attempt, found: Found::Alive, said: String::new() });
    tell(done(), Event::Inquired { step: step.clone(), attempt, found: Found::Ended(End::Ok), said: String::new() });
    tell(rests(), Event::Inquired { step: step.clone(), attempt, found: Found::NeverBegan, said: String::new() });
    tell(probing(), Event::Inquired { step: step.clone(), attempt, found: Found::Gone, said: String::new() });
    let why = "as-db-01 can't be reached".to_owned();
    let unknown = StepState::Failed(FailWhy::InDoubt(Doubt::NoAnswer(why.clone())));
    tell(
        unknown.clone(),
        Event::Inquired { step: step.clone(), attempt, found: Found::Unknown(why.clone()), said: String::new() },
    );
    tell(done(), Event::Probed { step: step.clone(), attempt, so: Seen::Yes });
    tell(rests(), Event::Probed { step: step.clone(), attempt, so: Seen::No });
    tell(unknown, Event::Probed { step: step.clone(), attempt, so: Seen::Unknown(why) });
    text
}

/// What people say, and what happens to gates and to the run.
fn others(play: &mut Play) -> String {
    let (by, reason) = (minji(), "seen by me".to_owned());
    let border = || "site:pangyo/border".to_owned();
    let gate = || GATE.to_owned();
    let at = play.script.find("site:pangyo/border").unwrap();
    play.state.steps[at].state = StepState::Asked;
    play.state.gates.iter_mut().for_each(|gate| gate.state = GateState::Asked);
    let seen = |host: &str, position: &str, age| Position { host: host.to_owned(), position: position.to_owned(), age };
    let some = vec![seen("as-db-01", "0/3A2F", Some(Millis::from_secs(4))), seen("as-db-02", "", None)];
    let bare = vec![seen("as-db-01", "0/3A2F", None)];
    let plan = play.plan.id.clone();
    let events = vec![
        Event::Started { step: border(), attempt: 1 },
        Event::Confirmed { step: border(), by: by.clone(), reason: String::new() },
        Event::Denied { step: border(), by: by.clone(), reason: reason.clone() },
        Event::Unanswered { step: border() },
        Event::MarkedDone { step: STEP.to_owned(), by: by.clone(), reason: reason.clone() },
        Event::Skipped { step: STEP.to_owned(), by: by.clone(), reason: reason.clone() },
        Event::Again { what: STEP.to_owned(), by: by.clone(), reason: reason.clone() },
        Event::Again { what: gate(), by: by.clone(), reason: reason.clone() },
        Event::GateAsked { gate: gate() },
        Event::GateAsked { gate: "approval:start".to_owned() },
        Event::PositionsSeen { gate: "data-loss:message-store@ansan".to_owned(), seen: some },
        Event::PositionsSeen { gate: "data-loss:message-store@ansan".to_owned(), seen: bare },
        Event::GateOpened { gate: gate(), by: OpenedBy::Step(border()) },
        Event::GateOpened { gate: gate(), by: OpenedBy::Judged { age: None } },
        Event::GateOpened { gate: gate(), by: OpenedBy::Judged { age: Some(Millis::from_secs(4)) } },
        Event::GateOpened { gate: gate(), by: OpenedBy::Person { by: by.clone(), reason: reason.clone() } },
        Event::GateRejected { gate: gate(), by: by.clone(), reason: reason.clone() },
        Event::GateTimedOut { gate: gate() },
        Event::Opened {
            format: 1,
            run: "20261122-0312-pangyo".to_owned(),
            plan: plan.clone(),
            parent: Some("20261122-0301-ansan".to_owned()),
            program: "0.1.0".to_owned(),
        },
        Event::PenTaken { by: by.clone() },
        Event::ClockJumped { forwards: Millis::from_secs(600), backwards: Millis::ZERO },
        Event::ClockJumped { forwards: Millis::ZERO, backwards: Millis::from_secs(3) },
        Event::Held { why: HoldWhy::Person { by: by.clone(), reason: reason.clone() } },
        Event::Held { why: HoldWhy::Signal },
        Event::Held { why: HoldWhy::GateTimedOut { gate: gate() } },
        Event::Held { why: HoldWhy::NoRoom },
        Event::Resumed { by: by.clone(), reason: reason.clone() },
        Event::Cancelled { by: by.clone(), reason: reason.clone() },
        Event::Yielding { plan: plan.clone(), by: by.clone(), reason: reason.clone() },
        Event::Left { by: by.clone() },
        Event::Quarantined { site: "pangyo".to_owned() },
        Event::Released { site: "pangyo".to_owned(), by, reason },
        Event::RunEnded { end: RunEnd::Done },
        Event::RunEnded { end: RunEnd::Cancelled },
        Event::RunEnded { end: RunEnd::Succeeded { plan } },
    ];
    events.into_iter().map(|event| line(play, event)).collect()
}

#[test]
fn every_event_has_a_line() {
    let mut play = Play::new(sample_run::talk());
    let text = of_step(&mut play) + &others(&mut play);
    expect_file!["../goldens/run-lines.txt"].assert_eq(&text);
}

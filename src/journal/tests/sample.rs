//! The committed sample of each format: with every kind of event, readable for ever, and written so today.

use expect_test::expect_file;

use crate::journal::FORMAT;
use crate::journal::JournalError;
use crate::journal::line::Head;
use crate::journal::numbered;
use crate::journal::read::parse;
use crate::model::Millis;
use crate::model::Ppm;
use crate::run::End;
use crate::run::Event;
use crate::run::Found;
use crate::run::HoldWhy;
use crate::run::HostEnd;
use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::RunEnd;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::StopWhy;
use crate::run::Who;

const SAMPLE_1: &str = include_str!("../../../tests/samples/journal-v1.jsonl");

fn who() -> Who {
    Who { user: "지민".into(), uid: 1000, pid: 4711, host: "oncall-1".into() }
}

fn why() -> String {
    "the rack is \"dark\"\n".into()
}

fn step() -> String {
    "message-store.promote@ansan".into()
}

fn gate() -> String {
    "fence:message-store".into()
}

/// Of each group, with everything that can stand in it.
fn groups() -> Vec<Vec<Event>> {
    let opened = |parent| Event::Opened {
        format: FORMAT,
        run: "2026-11-22-pangyo".into(),
        plan: "5f3a".repeat(16),
        parent,
        program: "0.1.0".into(),
    };
    vec![
        vec![opened(Some("2026-11-21-drill".into())), Event::PenTaken { by: who() }],
        gates(),
        attempts(),
        ends(),
        people(),
        holds(),
        vec![
            Event::Quarantined { site: "pangyo".into() },
            Event::Released { site: "pangyo".into(), by: who(), reason: why() },
        ],
        vec![Event::RunEnded { end: RunEnd::Done }],
        vec![Event::RunEnded { end: RunEnd::Cancelled }],
        vec![Event::RunEnded { end: RunEnd::Succeeded { plan: "77aa".repeat(16) } }],
    ]
}

fn gates() -> Vec<Event> {
    let position = |age| Position { host: "as-db-01".into(), position: "0/16B3748".into(), age };
    let opened = |by| Event::GateOpened { gate: gate(), by };
    vec![
        Event::GateAsked { gate: gate() },
        Event::PositionsSeen { gate: gate(), seen: vec![position(Some(Millis(250))), position(None)] },
        opened(OpenedBy::Step(step())),
        opened(OpenedBy::Judged { age: Some(Millis(250)) }),
        opened(OpenedBy::Judged { age: None }),
        opened(OpenedBy::Person { by: who(), reason: why() }),
        opened(OpenedBy::Earlier),
        Event::GateRejected { gate: gate(), by: who(), reason: why() },
        Event::GateTimedOut { gate: gate() },
    ]
}

fn attempts() -> Vec<Event> {
    let attempt = 2;
    let host = |host: &str, end| HostEnd { host: host.into(), end, said: "up\n".into() };
    vec![
        Event::Started { step: step(), attempt },
        Event::AlreadySo { step: step(), attempt },
        Event::NotYetSo { step: step(), attempt, already: vec!["as-db-01".into()] },
        Event::HostsEnded { step: step(), attempt, hosts: vec![host("as-db-01", End::Ok), host("b", End::TimedOut)] },
        Event::Shifting {
            step: step(),
            attempt,
            from: vec![("ansan".into(), Ppm(360_000)), ("pangyo".into(), Ppm(640_000))],
            to: vec![("ansan".into(), Ppm::ONE)],
            fact: "198.18.10.11 1 (pangyo), 198.18.20.11 1 (ansan); TTL 60s".into(),
        },
        Event::Verified { step: step(), attempt, passed: true, said: "writable".into() },
        Event::Stopping { step: step(), attempt, why: StopWhy::Timeout },
        Event::Stopping { step: step(), attempt, why: StopWhy::Cancelled },
        Event::Stopped { step: step(), attempt, confirmed: false },
        Event::Inquired { step: step(), attempt, found: Found::Alive, said: String::new() },
        Event::Inquired { step: step(), attempt, found: Found::Ended(End::Exit(3)), said: String::new() },
        Event::Inquired { step: step(), attempt, found: Found::Ended(End::Ok), said: "promoted\n".into() },
        Event::Inquired { step: step(), attempt, found: Found::NeverBegan, said: String::new() },
        Event::Inquired { step: step(), attempt, found: Found::Gone, said: String::new() },
        Event::Inquired { step: step(), attempt, found: Found::Unknown("no route".into()), said: String::new() },
        Event::Probed { step: step(), attempt, so: Seen::Yes },
        Event::Probed { step: step(), attempt, so: Seen::No },
        Event::Probed { step: step(), attempt, so: Seen::Unknown("no route".into()) },
    ]
}

fn ends() -> Vec<Event> {
    let all = [
        End::Ok,
        End::Exit(-1),
        End::Signal(9),
        End::NeverBegan("no shell".into()),
        End::Unreachable("no route".into()),
        End::NotEnough { ok: 89, of: 100 },
        End::TimedOut,
        End::Lost("reset by peer".into()),
    ];
    all.map(|end| Event::Ended { step: step(), attempt: 2, end, said: "시작\tok\u{1b}".into() }).into()
}

fn people() -> Vec<Event> {
    vec![
        Event::Confirmed { step: step(), by: who(), reason: why() },
        Event::Denied { step: step(), by: who(), reason: why() },
        Event::Unanswered { step: step() },
        Event::MarkedDone { step: step(), by: who(), reason: why() },
        Event::Skipped { step: step(), by: who(), reason: why() },
        Event::Again { what: step(), by: who(), reason: why() },
    ]
}

fn holds() -> Vec<Event> {
    let held = |why| Event::Held { why };
    vec![
        held(HoldWhy::Person { by: who(), reason: why() }),
        held(HoldWhy::Signal),
        held(HoldWhy::GateTimedOut { gate: gate() }),
        held(HoldWhy::NoRoom),
        Event::Resumed { by: who(), reason: why() },
        Event::Cancelled { by: who(), reason: why() },
        Event::Yielding { plan: "77aa".repeat(16), by: who(), reason: why() },
        Event::Left { by: who() },
        Event::ClockJumped { forwards: Millis(3_600_000), backwards: Millis(0) },
    ]
}

/// Numbers the kinds of events. Whoever adds one adds it here and to the groups above, and then has the test write the
/// sample anew, with `UPDATE_EXPECT=1`. A released sample is never written anew: what is new then is a new format.
fn kind(event: &Event) -> usize {
    match event {
        Event::Opened { .. } => 0,
        Event::PenTaken { .. } => 1,
        Event::ClockJumped { .. } => 2,
        Event::GateAsked { .. } => 3,
        Event::PositionsSeen { .. } => 4,
        Event::GateOpened { .. } => 5,
        Event::GateRejected { .. } => 6,
        Event::GateTimedOut { .. } => 7,
        Event::Started { .. } => 8,
        Event::AlreadySo { .. } => 9,
        Event::NotYetSo { .. } => 10,
        Event::HostsEnded { .. } => 11,
        Event::Ended { .. } => 12,
        Event::Verified { .. } => 13,
        Event::Stopping { .. } => 14,
        Event::Stopped { .. } => 15,
        Event::Inquired { .. } => 16,
        Event::Probed { .. } => 17,
        Event::Confirmed { .. } => 18,
        Event::Denied { .. } => 19,
        Event::Unanswered { .. } => 20,
        Event::MarkedDone { .. } => 21,
        Event::Skipped { .. } => 22,
        Event::Again { .. } => 23,
        Event::Held { .. } => 24,
        Event::Resumed { .. } => 25,
        Event::Cancelled { .. } => 26,
        Event::Yielding { .. } => 27,
        Event::Left { .. } => 28,
        Event::Quarantined { .. } => 29,
        Event::Released { .. } => 30,
        Event::RunEnded { .. } => 31,
        Event::Shifting { .. } => 32,
    }
}

const KINDS: usize = 33;
/// How many entries stand in the early sample.
const EARLY: usize = 54;

#[test]
fn todays_writer_writes_the_sample_and_todays_reader_reads_it() {
    let (mut text, mut head, mut all) = (Vec::new(), Head::START, Vec::new());
    for (events, at) in groups().into_iter().zip(1_795_000_000_000..) {
        let entries = numbered(head.seq, head.epoch, Stamp(at), events);
        head = head.write(&entries, &mut text);
        all.extend(entries);
    }
    expect_file!["../../../tests/samples/journal-v1.jsonl"].assert_eq(str::from_utf8(&text).unwrap());
    let parsed = parse(SAMPLE_1.as_bytes()).unwrap();
    assert_eq!(parsed.entries, all);
    assert_eq!(parsed.torn, None);
}

/// From before hosts' words, owed fences and words that were found later were written down.
#[test]
fn a_journal_from_before_fields_were_added_still_opens() {
    let parsed = parse(include_bytes!("../../../tests/samples/journal-v1-early.jsonl")).unwrap();
    assert_eq!((parsed.entries.len(), parsed.torn), (EARLY, None));
}

#[test]
fn every_kind_of_event_stands_in_the_sample() {
    let mut kinds: Vec<usize> = parse(SAMPLE_1.as_bytes()).unwrap().entries.iter().map(|e| kind(&e.event)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, (0..KINDS).collect::<Vec<_>>());
}

#[test]
fn a_newer_format_is_refused_whatever_follows() {
    let opened = Event::Opened { format: 7, run: "r".into(), plan: "p".into(), parent: None, program: "9".into() };
    let mut text = Vec::new();
    let head = Head::START.write(&numbered(0, 0, Stamp(1), vec![opened]), &mut text);
    assert_eq!(head.seq, 1);
    text.extend(b"<something that nobody here knows/>\n");
    let refused = parse(&text).err();
    assert!(matches!(refused, Some(JournalError::NewerFormat { format: 7, known: FORMAT })), "{refused:?}");
}

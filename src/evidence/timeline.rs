//! Every entry in a few words: when, what, about what, by whom, and why or how it ended.

use crate::evidence::Moment;
use crate::evidence::past::Past;
use crate::evidence::people::Said;
use crate::model::Ppm;
use crate::run::End;
use crate::run::Event;
use crate::run::Found;
use crate::run::HoldWhy;
use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::RunEnd;
use crate::run::Seen;
use crate::run::StopWhy;

/// All entries, in order.
pub(in crate::evidence) fn timeline(past: &Past<'_>) -> Vec<Moment> {
    past.moments()
        .map(|(entry, at)| {
            let said = person(&entry.event);
            Moment {
                seq: entry.seq,
                at,
                t_ms: past.t(at),
                what: said.map_or(entry.event.word(), |said| said.what).to_owned(),
                about: about(&entry.event).map(str::to_owned),
                attempt: entry.event.attempt(),
                by: said.map(|said| said.by.clone()),
                note: said.and_then(|said| said.reason).map(str::to_owned).or_else(|| note(&entry.event)),
            }
        })
        .collect()
}

/// What a person did, where a person did it.
pub(in crate::evidence) fn person(event: &Event) -> Option<Said<'_>> {
    let (by, what, reason) = match event {
        Event::PenTaken { by } => (by, "pen taken", None),
        Event::GateOpened { by: OpenedBy::Person { by, reason }, .. } => (by, "approved", Some(reason)),
        Event::GateRejected { by, reason, .. } => (by, "rejected", Some(reason)),
        Event::Confirmed { by, reason, .. } => (by, "confirmed", Some(reason)),
        Event::Denied { by, reason, .. } => (by, "denied", Some(reason)),
        Event::MarkedDone { by, reason, .. } => (by, "marked done", Some(reason)),
        Event::Skipped { by, reason, .. } => (by, "skipped", Some(reason)),
        Event::Again { by, reason, .. } => (by, "tried again", Some(reason)),
        Event::Held { why: HoldWhy::Person { by, reason } } => (by, "held", Some(reason)),
        Event::Resumed { by, reason } => (by, "resumed", Some(reason)),
        Event::Cancelled { by, reason } => (by, "cancelled", Some(reason)),
        Event::Yielding { by, reason, .. } => (by, "gave way", Some(reason)),
        Event::Left { by } => (by, "left", None),
        Event::Released { by, reason, .. } => (by, "released", Some(reason)),
        Event::Opened { .. }
        | Event::ClockJumped { .. }
        | Event::GateAsked { .. }
        | Event::PositionsSeen { .. }
        | Event::GateOpened { by: OpenedBy::Step(_) | OpenedBy::Judged { .. } | OpenedBy::Earlier, .. }
        | Event::GateTimedOut { .. }
        | Event::Started { .. }
        | Event::AlreadySo { .. }
        | Event::NotYetSo { .. }
        | Event::HostsEnded { .. }
        | Event::Shifting { .. }
        | Event::Ended { .. }
        | Event::Verified { .. }
        | Event::Stopping { .. }
        | Event::Stopped { .. }
        | Event::Inquired { .. }
        | Event::Probed { .. }
        | Event::Unanswered { .. }
        | Event::Held { .. }
        | Event::Quarantined { .. }
        | Event::RunEnded { .. } => return None,
    };
    let reason = reason.map(String::as_str).filter(|reason| !reason.is_empty());
    Some(Said { by, what, about: about(event), reason })
}

/// The step, gate or site that an entry is about.
fn about(event: &Event) -> Option<&str> {
    match event {
        Event::GateAsked { gate }
        | Event::PositionsSeen { gate, .. }
        | Event::GateOpened { gate, .. }
        | Event::GateRejected { gate, .. }
        | Event::GateTimedOut { gate } => Some(gate),
        Event::Started { step, .. }
        | Event::AlreadySo { step, .. }
        | Event::NotYetSo { step, .. }
        | Event::HostsEnded { step, .. }
        | Event::Shifting { step, .. }
        | Event::Ended { step, .. }
        | Event::Verified { step, .. }
        | Event::Stopping { step, .. }
        | Event::Stopped { step, .. }
        | Event::Inquired { step, .. }
        | Event::Probed { step, .. }
        | Event::Confirmed { step, .. }
        | Event::Denied { step, .. }
        | Event::Unanswered { step }
        | Event::MarkedDone { step, .. }
        | Event::Skipped { step, .. } => Some(step),
        Event::Again { what, .. } => Some(what),
        Event::Quarantined { site } | Event::Released { site, .. } => Some(site),
        Event::Opened { .. }
        | Event::PenTaken { .. }
        | Event::ClockJumped { .. }
        | Event::Held { .. }
        | Event::Resumed { .. }
        | Event::Cancelled { .. }
        | Event::Yielding { .. }
        | Event::Left { .. }
        | Event::RunEnded { .. } => None,
    }
}

/// How something ended, in a few words, where no person gave a reason.
fn note(event: &Event) -> Option<String> {
    match event {
        Event::Opened { program, .. } => Some(format!("by version {program}")),
        Event::ClockJumped { forwards, backwards } => Some(format!("forwards {forwards}, backwards {backwards}")),
        Event::PositionsSeen { seen, .. } => Some(seen.iter().map(position).collect::<Vec<_>>().join(", ")),
        Event::GateOpened { by: OpenedBy::Step(step), .. } => Some(format!("proven by {step}")),
        Event::GateOpened { by: OpenedBy::Judged { age }, .. } => Some(match age {
            Some(age) => format!("within the promise: at most {age} old"),
            None => "within the promise: no write is acknowledged before it is there".to_owned(),
        }),
        Event::GateOpened { by: OpenedBy::Earlier, .. } => Some("on somebody's word in an earlier run".to_owned()),
        Event::NotYetSo { already, .. } if !already.is_empty() => Some(format!("so already on {}", already.len())),
        Event::HostsEnded { hosts, .. } => {
            let ok = hosts.iter().filter(|host| host.end == End::Ok).count();
            Some(format!("{ok} of {} well", hosts.len()))
        }
        Event::Shifting { from, to, .. } => Some(format!("from {} to {}", shares(from), shares(to))),
        Event::Ended { end: how, .. } => Some(end(how)),
        Event::Verified { passed, .. } => Some(if *passed { "it works" } else { "it does not work" }.to_owned()),
        Event::Stopping { why: StopWhy::Timeout, .. } => Some("its time was over".to_owned()),
        Event::Stopping { why: StopWhy::Cancelled, .. } => Some("the run was cancelled".to_owned()),
        Event::Stopped { confirmed, .. } => {
            Some(if *confirmed { "nothing of it is left" } else { "not confirmed" }.to_owned())
        }
        Event::Inquired { found, .. } => Some(match found {
            Found::Alive => "still running".to_owned(),
            Found::Ended(how) => end(how),
            Found::NeverBegan => "it never began".to_owned(),
            Found::Gone => "it runs no more".to_owned(),
            Found::Unknown(why) => format!("unknown: {why}"),
        }),
        Event::Probed { so, .. } => Some(match so {
            Seen::Yes => "it is so".to_owned(),
            Seen::No => "it is not so".to_owned(),
            Seen::Unknown(why) => format!("unknown: {why}"),
        }),
        Event::Held { why } => Some(hold_why(why)),
        Event::RunEnded { end: RunEnd::Done } => Some("done".to_owned()),
        Event::RunEnded { end: RunEnd::Cancelled } => Some("cancelled".to_owned()),
        Event::RunEnded { end: RunEnd::Succeeded { plan } } => Some(format!("succeeded by plan {plan}")),
        Event::PenTaken { .. }
        | Event::GateAsked { .. }
        | Event::GateOpened { by: OpenedBy::Person { .. }, .. }
        | Event::GateRejected { .. }
        | Event::GateTimedOut { .. }
        | Event::Started { .. }
        | Event::AlreadySo { .. }
        | Event::NotYetSo { .. }
        | Event::Confirmed { .. }
        | Event::Denied { .. }
        | Event::Unanswered { .. }
        | Event::MarkedDone { .. }
        | Event::Skipped { .. }
        | Event::Again { .. }
        | Event::Resumed { .. }
        | Event::Cancelled { .. }
        | Event::Yielding { .. }
        | Event::Left { .. }
        | Event::Quarantined { .. }
        | Event::Released { .. } => None,
    }
}

fn position(seen: &Position) -> String {
    let age = seen.age.map_or("age unknown".to_owned(), |age| format!("{age} old"));
    let position = if seen.position.is_empty() { "unknown" } else { &seen.position };
    format!("{} at {position}, {age}", seen.host)
}

pub(in crate::evidence) fn end(end: &End) -> String {
    match end {
        End::Ok => "ok".to_owned(),
        End::Exit(code) => format!("exit {code}"),
        End::Unexpected(what) => format!("unexpected: {what}"),
        End::Signal(signal) => format!("signal {signal}"),
        End::NeverBegan(why) => format!("never began: {why}"),
        End::Unreachable(why) => format!("unreachable: {why}"),
        End::NotEnough { ok, of } => format!("{ok} of {of} hosts"),
        End::TimedOut => "timed out".to_owned(),
        End::Lost(why) => format!("lost: {why}"),
    }
}

/// Why a run held, in a few words.
pub(in crate::evidence) fn hold_why(why: &HoldWhy) -> String {
    match why {
        HoldWhy::Person { reason, .. } => reason.clone(),
        HoldWhy::Signal => "its process was told to end".to_owned(),
        HoldWhy::GateTimedOut { gate } => format!("nobody answered {gate}"),
        HoldWhy::NoRoom => "no room was left for the journal".to_owned(),
    }
}

fn shares(table: &[(String, Ppm)]) -> String {
    let one = |(site, share): &(String, Ppm)| format!("{site} {share}");
    if table.is_empty() { "nowhere".to_owned() } else { table.iter().map(one).collect::<Vec<_>>().join(", ") }
}

//! Sentences about what happened in a run: how things ended, who said what and why. It knows words, never state.

use crate::model::Millis;
use crate::model::Ppm;
use crate::report::words;
use crate::run::Doubt;
use crate::run::End;
use crate::run::FailWhy;
use crate::run::Found;
use crate::run::HoldWhy;
use crate::run::HostsAlike;
use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::StopWhy;
use crate::run::Way;
use crate::run::Who;

/// Somebody, as others know them.
#[must_use]
pub fn who(who: &Who) -> String {
    words::plain(&format!("{}@{}", who.user, who.host))
}

/// Somebody, and why they did it.
#[must_use]
pub fn who_why(by: &Who, reason: &str) -> String {
    if reason.is_empty() { who(by) } else { format!("{}: {}", who(by), words::plain(reason)) }
}

/// How an action ended.
#[must_use]
pub fn end(end: &End) -> String {
    match end {
        End::Ok => "done".to_owned(),
        End::Exit(code) => format!("exit code {code}"),
        End::Unexpected(what) => format!("not as expected: {what}"),
        End::Signal(signal) => format!("ended by signal {signal}"),
        End::NeverBegan(why) => format!("it never began: {why}"),
        End::Unreachable(why) => format!("not reached: {why}"),
        End::NotEnough { ok, of } => format!("only {ok} of {of} hosts did it"),
        End::TimedOut => "it took too long".to_owned(),
        End::Lost(why) => format!("the link was lost: {why}"),
    }
}

/// Hosts that ended alike and said the same: `2 hosts pg-msg-[007-008]: exit code 3, said: no table`.
#[must_use]
pub fn hosts_alike(alike: &HostsAlike) -> String {
    let HostsAlike { hosts, count, end: how, said } = alike;
    let many = if *count == 1 { hosts.clone() } else { format!("{count} hosts {hosts}") };
    let said = said.trim();
    let said = said.lines().last().map_or(String::new(), |last| format!(", said: {}", words::plain(last.trim())));
    format!("{many}: {}{said}", end(how))
}

/// Why a step waits for a person.
#[must_use]
pub fn fail(why: &FailWhy) -> String {
    match why {
        FailWhy::Ended(how) => end(how),
        FailWhy::NotProven => "it ran, and the proof says that it did not work".to_owned(),
        FailWhy::NotSo => "it runs no more, and what it should bring about is not so".to_owned(),
        FailWhy::Denied => "a person said no".to_owned(),
        FailWhy::Unanswered => "nobody answered in time".to_owned(),
        FailWhy::Cancelled => "it was ended, because the run was cancelled".to_owned(),
        FailWhy::InDoubt(doubt) => format!("nobody can say whether it did anything: {}", self::doubt(doubt)),
    }
}

fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::TimedOut => "its time was over, and it was ended; nothing tells how far it got".to_owned(),
        Doubt::Gone => "it runs no more, and nothing tells how far it got".to_owned(),
        Doubt::Alive => "it still runs, and can't be ended from here".to_owned(),
        Doubt::NoAnswer(why) => why.clone(),
    }
}

/// What became of an attempt that nobody heard back from.
#[must_use]
pub fn found(found: &Found) -> String {
    match found {
        Found::Alive => "it is still running".to_owned(),
        Found::Ended(End::Ok) => "it had ended well".to_owned(),
        Found::Ended(how) => format!("it had ended: {}", end(how)),
        Found::NeverBegan => "it never began".to_owned(),
        Found::Gone => "it runs no more, and nobody knows how it ended".to_owned(),
        Found::Unknown(why) => format!("nobody can say: {why}"),
    }
}

/// Why an attempt is being ended.
#[must_use]
pub const fn stop(why: StopWhy) -> &'static str {
    match why {
        StopWhy::Timeout => "its time is over",
        StopWhy::Cancelled => "the run was cancelled",
    }
}

/// By what a gate opened.
#[must_use]
pub fn opened(by: &OpenedBy) -> String {
    match by {
        OpenedBy::Step(step) => format!("proven by {step}"),
        OpenedBy::Judged { age: None } => "within the promise: every write waits for that copy".to_owned(),
        OpenedBy::Judged { age: Some(age) } => format!("within the promise: at most {} old", words::span(*age)),
        OpenedBy::Person { by, reason } => format!("by {}", who_why(by, reason)),
        OpenedBy::Earlier => "on somebody's word in an earlier run; the fence is owed".to_owned(),
    }
}

/// Why a run holds.
#[must_use]
pub fn hold(why: &HoldWhy) -> String {
    match why {
        HoldWhy::Person { by, reason } => format!("by {}", who_why(by, reason)),
        HoldWhy::Signal => "its process was told to end".to_owned(),
        HoldWhy::GateTimedOut { gate } => format!("nobody answered {gate}"),
        HoldWhy::NoRoom => "no room is left to write down how things would end".to_owned(),
    }
}

/// What was seen behind a data-loss gate: what is worst first, and what is the same together.
#[must_use]
pub fn seen(seen: &[Position]) -> String {
    let unread = seen.iter().filter(|one| one.position.is_empty()).count();
    let ageless = seen.iter().filter(|one| !one.position.is_empty() && one.age.is_none()).count();
    let oldest = seen.iter().filter_map(|one| Some((one.age?, one))).max_by_key(|(age, _)| *age);
    let mut parts = Vec::new();
    if unread > 0 {
        parts.push(format!("{unread} of {} could not be read", words::count(seen.len(), "host")));
    }
    if ageless > 0 {
        let first = seen.iter().find(|one| !one.position.is_empty() && one.age.is_none());
        let where_ = first.map_or(String::new(), |one| format!("{} at {}", one.host, one.position));
        let more = if ageless > 1 { format!(" and {} more", ageless - 1) } else { String::new() };
        parts.push(format!("{where_}{more}, of unknown age"));
    }
    if let Some((age, one)) = oldest {
        let others = seen.iter().filter(|one| one.age.is_some()).count() - 1;
        let more = if others > 0 { format!(", the oldest of {}", others + 1) } else { String::new() };
        parts.push(format!("{} at {}: newest write {} old{more}", one.host, one.position, words::span(age)));
    }
    words::plain(&parts.join("; "))
}

/// The command that does this to that.
#[must_use]
pub fn command(way: Way, id: &str) -> String {
    let reason = if way.reasoned { " --reason \"...\"" } else { "" };
    format!("bonghwa {} {id}{reason}", way.verb)
}

/// `message-store/promote@ansan` as who, and `promote at ansan`.
#[must_use]
pub fn step(id: &str) -> (&str, String) {
    let (who, what) = id.split_once('/').unwrap_or(("", id));
    (who, what.replacen('@', " at ", 1))
}

/// A step's name without its service: `promote@ansan`.
#[must_use]
pub fn own_part(id: &str) -> &str {
    id.split_once('/').map_or(id, |(_, what)| what)
}

/// A span that goes by on a screen: whole seconds, rounded down, and no seconds beyond an hour.
#[must_use]
pub fn going(span: Millis) -> String {
    let unit = if span.0 < 3_600_000 { 1_000 } else { 60_000 };
    Millis(span.0 / unit * unit).to_string()
}

/// The clock of a run: `T+04:12`, rounded down.
#[must_use]
pub fn clock(instant: Millis) -> String {
    words::at(Millis(instant.0 / 1_000 * 1_000))
}

/// Where users are about to be sent: `users go from pangyo 45 %, ansan 55 % to ansan 100 %`.
pub(in crate::report) fn shifting(from: &[(String, Ppm)], to: &[(String, Ppm)]) -> String {
    if from == to {
        // What changes is how long answers are kept, and nobody's way.
        return format!("users stay at {}", shares(from));
    }
    format!("users go from {} to {}", shares(from), shares(to))
}

fn shares(table: &[(String, Ppm)]) -> String {
    let one = |(site, share): &(String, Ppm)| format!("{site} {}", words::percent(*share));
    if table.is_empty() { "nowhere".to_owned() } else { table.iter().map(one).collect::<Vec<_>>().join(", ") }
}

//! What a preflight saw, for people: what must be mended before the plan can run, then what is done already, what is not,
//! and what nobody can look at.

use crate::model::Millis;
use crate::model::amount_text;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::plan_text::SHORT_ID;
use crate::report::words;
use crate::run::preflight::Because;
use crate::run::preflight::By;
use crate::run::preflight::CapacitySeen;
use crate::run::preflight::MissingSecret;
use crate::run::preflight::Preflight;
use crate::run::preflight::Stage;
use crate::run::preflight::StepSeen;
use crate::run::preflight::Tag;
use crate::run::preflight::UnreachedHosts;

/// Lines of trouble on a first screen; the rest is counted.
const FEW: usize = 4;
/// Texts stand beside the names of sections.
const HEAD: usize = 13;

/// All of it. Names of many steps fold into a line, unless all are wanted.
#[must_use]
pub fn preflight_text(seen: &Preflight, all: bool, paint: Paint) -> String {
    let plan = seen.plan.get(..SHORT_ID).unwrap_or(&seen.plan);
    let scope = if seen.only_lifeline { ", the lifeline only" } else { "" };
    let took = if seen.took_ms < Millis(1_000) { "less than a second".to_owned() } else { words::rough(seen.took_ms) };
    let title = format!("Preflight of plan {plan}{scope}: looked for {took}, and changed nothing");
    let mut out = format!("{}\n", paint.head(&title));
    let mut section = |head: &str, tone: Tone, text: &str| {
        let plain = words::hang(&words::pad(head, HEAD), text, paint.columns);
        out.push_str(&plain.replacen(head, &paint.tone(tone, head), 1));
    };
    let tone = if seen.is_fine() { Tone::Good } else { Tone::Alarm };
    section("SUMMARY", tone, &format!("{}; {}", needs(seen), tags(seen)));
    for group in &seen.unreached {
        let (head, tone) = if group.excused { ("excused", Tone::Quiet) } else { ("UNREACHABLE", Tone::Alarm) };
        section(head, tone, &unreached(group, group.count == 1, if all { usize::MAX } else { paint.columns - HEAD }));
    }
    for secret in &seen.missing {
        section("MISSING", Tone::Alarm, &missing(secret, if all { usize::MAX } else { paint.columns - HEAD }));
    }
    for route in &seen.routes {
        for trouble in &route.troubles {
            section("ROUTE", Tone::Alarm, &format!("{} ({}): {trouble}", route.route, route.provider));
        }
        for remark in &route.remarks {
            section("route", Tone::Care, &format!("{} ({}): {remark}", route.route, route.provider));
        }
    }
    for capacity in &seen.capacity {
        let name = format!("{} ({})", capacity.step, capacity.provider);
        for trouble in &capacity.troubles {
            section("CAPACITY", Tone::Alarm, &format!("{name}: {trouble}"));
        }
        if capacity.troubles.is_empty() {
            section("capacity", Tone::Head, &format!("{name}: {} in service", there(capacity)));
        }
    }
    for group in groups(seen) {
        if all {
            for step in &group.steps {
                section(group.head, group.tone, &one(step));
            }
        } else {
            let note = if group.note.is_empty() { String::new() } else { format!("{}: ", group.note) };
            let count = words::count(group.steps.len(), "step");
            let names: Vec<&str> = group.steps.iter().map(|step| step.step.as_str()).collect();
            let names = words::fold(&names, paint.columns - HEAD);
            section(group.head, group.tone, &format!("{count}: {note}{names}"));
        }
    }
    if !all {
        out.push_str(&paint.tone(Tone::Quiet, "`--all` tells each step; `--json` is for programs."));
        out.push('\n');
    }
    out
}

/// A few lines of it for the first screen of a plan: what is wrong first, nothing of what is not.
#[must_use]
pub fn preflight_lines(seen: &Preflight, columns: usize) -> String {
    let mut out = words::hang("PREFLIGHT ", &format!("{}; {}", needs(seen), tags(seen)), columns);
    let hosts = seen.unreached.iter().filter(|group| !group.excused).map(|group| unreached(group, false, columns / 2));
    let secrets = seen.missing.iter().map(|secret| missing(secret, columns.saturating_sub(4)));
    let routes = seen
        .routes
        .iter()
        .flat_map(|route| route.troubles.iter().map(move |trouble| format!("route {}: {trouble}", route.route)));
    let capacity = seen
        .capacity
        .iter()
        .flat_map(|capacity| capacity.troubles.iter().map(move |trouble| format!("{}: {trouble}", capacity.step)));
    let all: Vec<String> = hosts.chain(secrets).chain(routes).chain(capacity).collect();
    for line in all.iter().take(FEW) {
        out.push_str(&format!("  ! {}\n", words::cut(line, columns.saturating_sub(4))));
    }
    if all.len() > FEW {
        out.push_str(&format!("  ! and {} more: `bonghwa preflight PLAN`\n", all.len() - FEW));
    }
    out
}

/// One line with its age: `preflight: 12 min ago, 3 of 214 hosts unreachable`. `now` is in milliseconds since the Unix epoch.
#[must_use]
pub fn preflight_line(seen: &Preflight, now: u64) -> String {
    let scope = if seen.only_lifeline { " of the lifeline" } else { "" };
    format!("preflight{scope}: {}, {}", ago(seen, now), needs(seen))
}

fn ago(seen: &Preflight, now: u64) -> String {
    let Some(age) = now.checked_sub(seen.at_unix_ms) else { return "in the future by this clock".to_owned() };
    let minutes = age / 60_000;
    match (minutes / 1_440, minutes / 60, minutes) {
        (0, 0, 0) => "just now".to_owned(),
        (0, 0, minutes) => format!("{minutes} min ago"),
        (0, hours, _) => format!("{hours} h ago"),
        (1, _, _) => "a day ago".to_owned(),
        (days, _, _) => format!("{days} days ago"),
    }
}

/// What is needed and not there; else that all of it is.
fn needs(seen: &Preflight) -> String {
    let hosts = match (seen.unreached_hosts(), seen.hosts) {
        (_, 0) => "no host is needed".to_owned(),
        (0, 1) => "its one host reached".to_owned(),
        (0, all) if seen.unreached.is_empty() => format!("all {all} hosts reached"),
        (0, _) => "all hosts that must be reached were".to_owned(),
        (lost, all) => format!("{lost} of {all} hosts unreachable"),
    };
    let secrets = match (seen.missing.len(), seen.secrets) {
        (0, _) => String::new(),
        (missing, all) => format!(", {missing} of {all} secrets missing"),
    };
    let routes = match seen.routes.iter().filter(|route| !route.troubles.is_empty()).count() {
        0 => String::new(),
        count => format!(", {} of {} routes can't be shifted", count, seen.routes.len()),
    };
    let capacity = match seen.capacity.iter().filter(|capacity| !capacity.troubles.is_empty()).count() {
        0 => String::new(),
        count => format!(", {} of {} launches can't be asked for", count, seen.capacity.len()),
    };
    let late = seen.steps.iter().filter(|step| is_late(step)).count();
    let late =
        if late == 0 { String::new() } else { format!(", {} not answered in time", words::count(late, "probe")) };
    format!("{hosts}{secrets}{routes}{capacity}{late}")
}

/// `4,000 of 20,000 cores`.
fn there(capacity: &CapacitySeen) -> String {
    let there = capacity.in_service.iter().flatten();
    let amount = |resource: &str| there.clone().find(|(known, _)| known == resource).map_or(0, |(_, amount)| *amount);
    let one = |(resource, wanted): &(String, u64)| {
        format!("{} of {} {resource}", amount_text(amount(resource)), amount_text(*wanted))
    };
    capacity.wanted.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn is_late(step: &StepSeen) -> bool {
    matches!(step.tag, Tag::Unreachable { count: 0, .. })
}

/// How many steps stand where.
fn tags(seen: &Preflight) -> String {
    let told: Vec<String> =
        [Kind::Unreachable, Kind::Done, Kind::NotDone, Kind::Predicted, Kind::Opaque, Kind::Excused]
            .into_iter()
            .map(|kind| (kind, seen.steps.iter().filter(|step| kind_of(&step.tag) == kind).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{count} {}", kind.told()))
            .collect();
    match told.is_empty() {
        true => "no step to look at".to_owned(),
        false => format!("{}: {}", words::count(seen.steps.len(), "step"), told.join(", ")),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unreachable,
    Done,
    NotDone,
    Predicted,
    Opaque,
    Excused,
}

impl Kind {
    const fn told(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Done => "already done",
            Self::NotDone => "not done",
            Self::Predicted => "without a probe",
            Self::Opaque => "that nobody can look at",
            Self::Excused => "excused",
        }
    }
}

const fn kind_of(tag: &Tag) -> Kind {
    match tag {
        Tag::Probed { done: true, .. } => Kind::Done,
        Tag::Probed { done: false, .. } => Kind::NotDone,
        Tag::Predicted => Kind::Predicted,
        Tag::Opaque { .. } => Kind::Opaque,
        Tag::Refused | Tag::Unreachable { excused: false, .. } => Kind::Unreachable,
        Tag::Unreachable { excused: true, .. } => Kind::Excused,
    }
}

/// Steps of which the same is said.
struct Group<'s> {
    head: &'static str,
    note: String,
    tone: Tone,
    steps: Vec<&'s StepSeen>,
}

fn groups(seen: &Preflight) -> Vec<Group<'_>> {
    let mut all: Vec<Group<'_>> = Vec::new();
    for step in &seen.steps {
        let (head, note, tone) = shape(&step.tag);
        match all.iter_mut().find(|group| group.head == head && group.note == note) {
            Some(group) => group.steps.push(step),
            None => all.push(Group { head, note, tone, steps: vec![step] }),
        }
    }
    all.sort_by_key(|group| (group.tone != Tone::Alarm, group.head));
    all
}

fn shape(tag: &Tag) -> (&'static str, String, Tone) {
    match tag {
        Tag::Unreachable { count: 0, .. } => ("unreachable", "no answer in time".to_owned(), Tone::Alarm),
        Tag::Refused => ("unreachable", "what is said above of its route or its capacity".to_owned(), Tone::Alarm),
        Tag::Unreachable { excused: false, .. } => ("unreachable", String::new(), Tone::Alarm),
        Tag::Unreachable { excused: true, .. } => {
            ("excused", "not reached; that counts as done, or a person is asked".to_owned(), Tone::Quiet)
        }
        Tag::Probed { done: true, by: By::Verify, .. } => {
            ("probed", "already so, as their proof says".to_owned(), Tone::Good)
        }
        Tag::Probed { done: true, by: By::Capacity, .. } => {
            ("probed", "as much is in service already".to_owned(), Tone::Good)
        }
        Tag::Probed { done: true, by: By::Route, .. } => ("probed", "users are there already".to_owned(), Tone::Good),
        Tag::Probed { done: true, by: By::DoneIf | By::Wait, .. } => ("probed", "already done".to_owned(), Tone::Good),
        Tag::Probed { done: false, .. } => ("probed", "not done".to_owned(), Tone::Head),
        Tag::Predicted => ("predicted", "all reached, no probe declared".to_owned(), Tone::Head),
        Tag::Opaque { because, .. } => ("opaque", why_opaque(*because).to_owned(), Tone::Care),
    }
}

const fn why_opaque(because: Because) -> &'static str {
    match because {
        Because::Person => "a person does it",
        Because::Kit => "a person fetches it",
        Because::Request => "a request without a probe",
        Because::Message => "a message is sent only in a run",
        Because::Route => "this version can't ask this provider of routes",
        Because::Scale => "this version can't ask this provider of capacity",
        Because::NoAnswer => "its probe has no answer now",
    }
}

/// One step with all that was heard of it.
fn one(step: &StepSeen) -> String {
    let what = match &step.tag {
        Tag::Probed { so, of, .. } if *of > 1 => format!("{} ({so} of {of} hosts)", shape(&step.tag).1),
        Tag::Unreachable { hosts, count, of, .. } if *count > 0 => format!("{count} of {of} hosts: {hosts}"),
        Tag::Opaque { because, detail: Some(detail) } => format!("{}: {detail}", why_opaque(*because)),
        Tag::Probed { .. } | Tag::Unreachable { .. } | Tag::Refused => shape(&step.tag).1,
        Tag::Opaque { detail: None, .. } | Tag::Predicted => shape(&step.tag).1,
    };
    let mut text = format!("{}: {what}", step.step);
    for position in &step.positions {
        let at = if position.position.is_empty() { "unknown" } else { position.position.as_str() };
        let age = position.age.map_or_else(String::new, |age: Millis| format!(", {age} old"));
        text.push_str(&format!("; {} is at {at}{age}", position.host));
    }
    text
}

/// `37 hosts (pg-msg-[001-037]): connect: connection refused`. As many of its hosts as fit.
fn unreached(group: &UnreachedHosts, in_full: bool, columns: usize) -> String {
    let count = usize::try_from(group.count).unwrap_or(usize::MAX);
    let why = if in_full { &group.detail } else { &group.why };
    let stage = stage(group.stage);
    let stage = if stage.is_empty() { String::new() } else { format!("{stage}: ") };
    let hosts: Vec<&str> = group.hosts.split(',').collect();
    let hosts = words::fold(&hosts, columns.saturating_sub(16));
    format!("{} ({hosts}): {stage}{why}", words::count(count, "host"))
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Address => "address",
        Stage::Connect => "connect",
        Stage::Banner => "first word",
        Stage::Handshake => "handshake",
        Stage::HostKey => "host key",
        Stage::Login => "login",
        Stage::Bastion => "bastion",
        Stage::Record => "record",
        Stage::Here => "on this machine",
        Stage::Time => "",
    }
}

fn missing(secret: &MissingSecret, columns: usize) -> String {
    let lead = format!("{}; for ", secret.why);
    if secret.steps.is_empty() {
        return format!("{lead}the keys that log in");
    }
    let room = columns.saturating_sub(words::width(&lead)).max(30);
    format!("{lead}{}", words::fold(&secret.steps, room))
}

#[cfg(test)]
mod tests;

//! The part of a run's screen that tells of services: a line for each tier, and below it a line for each service that there
//! is room for. What stands still gives way to what moves, and what moves to what is stopped.

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Level;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::run_words;
use crate::report::status_json::ProgressCounts;
use crate::report::status_json::ServiceNow;
use crate::report::status_json::Status;
use crate::report::status_json::Work;
use crate::report::words;

/// From this width on there is room for titles beside names.
const WIDE: usize = 110;
/// The widest name that stands whole.
const NAME: usize = 20;
/// The widest title.
const TITLE: usize = 34;
/// Below this there is no room to compare with promises.
const NARROW: usize = 72;
/// From so many lines on there is one for what the columns mean; below, where it takes no service its own.
const HEADED: usize = 10;

/// At most so many lines about tiers and services.
pub(super) fn services(status: &Status, columns: usize, room: usize, paint: Paint) -> Vec<String> {
    let all = status.tiers.len() + status.services.len();
    let headed = usize::from(room >= HEADED || room > all);
    let shown = shown(status, room.saturating_sub(status.tiers.len() + headed));
    let shape = Shape::new(status, &shown, columns);
    let mut lines = Vec::new();
    if headed == 1 {
        lines.push(paint.tone(Tone::Quiet, &shape.heads()));
    }
    for tier in &status.tiers {
        lines.push(tier_line(&tier.tier, &tier.title, &tier.services, columns, paint));
        let of_it = status.services.iter().zip(&shown).filter(|(service, shown)| **shown && service.tier == tier.tier);
        lines.extend(of_it.map(|(service, _)| shape.line(status, service, paint)));
    }
    lines.truncate(room);
    lines
}

/// Which services get a line of their own: what is stopped first, then what moves, then the first tier, then the others.
fn shown(status: &Status, room: usize) -> Vec<bool> {
    let first = status.tiers.first().map(|tier| tier.tier.as_str());
    let rank = |service: &ServiceNow| {
        let others = Some(service.tier.as_str()) != first;
        match (service.is, others) {
            ("blocked" | "not back", false) => 0,
            ("under way", false) => 1,
            ("blocked" | "not back", true) => 2,
            ("under way", true) => 3,
            (_, false) => 4,
            ("waiting", true) => 5,
            (_, true) => 6,
        }
    };
    let mut order: Vec<usize> = (0..status.services.len()).collect();
    order.sort_by_key(|&at| (rank(&status.services[at]), at));
    let mut shown = vec![false; status.services.len()];
    for &at in order.iter().take(room) {
        shown[at] = true;
    }
    shown
}

fn tier_line(name: &str, title: &str, counts: &ProgressCounts, columns: usize, paint: Paint) -> String {
    let told = [
        (counts.blocked, "BLOCKED"),
        (counts.short, "NOT BACK"),
        (counts.back, "back"),
        (counts.under_way, "under way"),
        (counts.waiting, "waiting"),
        (counts.throughout, "not touched"),
        (counts.give_way, "give way"),
        (counts.nowhere, "nowhere to go"),
    ];
    let told: Vec<String> =
        told.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let line = format!("{name}: {}", told.join(", "));
    let left = columns.saturating_sub(words::width(&line) + 4);
    let title = if left >= 16 && !title.is_empty() && title != name {
        format!("  ({})", words::cut(title, left))
    } else {
        String::new()
    };
    let tone = if counts.blocked + counts.short > 0 { Tone::Alarm } else { Tone::Head };
    format!("{}{}", paint.tone(tone, &words::cut(&line, columns)), paint.tone(Tone::Quiet, &title))
}

/// How wide the columns are: as wide as what stands in them.
struct Shape {
    columns: usize,
    name: usize,
    title: usize,
    reached: usize,
    when: usize,
    spare: usize,
}

impl Shape {
    fn new(status: &Status, shown: &[bool], columns: usize) -> Self {
        let shown = || status.services.iter().zip(shown).filter(|(_, shown)| **shown).map(|(service, _)| service);
        let widest = |of: &dyn Fn(&ServiceNow) -> usize| shown().map(of).max().unwrap_or_default();
        let is_wide = columns >= WIDE;
        let headed = |at: usize, width: usize| width.max(HEADS[at].len());
        Self {
            columns,
            name: headed(0, widest(&|service| words::width(&service.id)).min(NAME)),
            title: if is_wide { widest(&|service| words::width(&service.title)).min(TITLE) } else { 0 },
            reached: headed(2, widest(&|service| words::width(&reached(service)))),
            when: headed(3, widest(&|service| words::width(&when(service)))),
            spare: if columns < NARROW {
                0
            } else {
                headed(4, widest(&|service| words::width(&spare(status, service).0)))
            },
        }
    }

    /// What stands in the columns.
    fn heads(&self) -> String {
        let widths = [self.name, self.title, self.reached, self.when, self.spare];
        let cells = HEADS.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells: Vec<String> = cells.map(|(head, width)| words::pad(&words::cut(head, width), width)).collect();
        words::cut(&format!("   {}  now", cells.join("  ")), self.columns)
    }

    /// One service in one line.
    fn line(&self, status: &Status, service: &ServiceNow, paint: Paint) -> String {
        let (mark, tone) = match service.is {
            "blocked" | "not back" => ('!', Tone::Alarm),
            "under way" => ('>', Tone::Head),
            "back" => ('+', Tone::Good),
            "waiting" => (' ', Tone::Head),
            _ => ('-', Tone::Quiet),
        };
        let cell = |text: &str, width: usize| words::pad(&words::cut(text, width), width);
        let mut line = format!(" {mark} {}", cell(&service.id, self.name));
        if self.title > 0 {
            line.push_str(&format!("  {}", cell(&service.title, self.title)));
        }
        line.push_str(&format!("  {}  ", cell(&reached(service), self.reached)));
        let mut taken = words::width(&line) + self.when;
        line.push_str(&paint.tone(tone, &cell(&when(service), self.when)));
        let (spare, is_late) = spare(status, service);
        let mut gap = String::new();
        if self.spare > 0 {
            taken += 2 + self.spare;
            let tone = if is_late { Tone::Alarm } else { Tone::Quiet };
            line.push_str(&format!("  {}", paint.tone(tone, &spare)));
            gap = " ".repeat(self.spare.saturating_sub(words::width(&spare)));
        }
        let room = self.columns.saturating_sub(taken + 2);
        let now = now(status, service, self.title == 0, room);
        if room < 4 || now.is_empty() { line } else { format!("{line}{gap}  {}", words::cut(&now, room)) }
    }
}

/// What the columns before the last are called.
const HEADS: [&str; 5] = ["service", "title", "users", "back", "promise"];

/// Level and share.
fn reached(service: &ServiceNow) -> String {
    match (service.level, service.share) {
        (Level::Shed, _) | (_, Ppm::ZERO) => "off".to_owned(),
        (level, Ppm::ONE) => words::level(level).to_owned(),
        (level, share) => format!("{} {}", words::level(level), words::percent(share)),
    }
}

/// When it is back, or why there is no such time.
fn when(service: &ServiceNow) -> String {
    match (service.is, service.back_ms, service.expected_back_ms) {
        ("back", Some(back), _) => format!("back {}", words::at(back)),
        ("nowhere", _, _) => "nowhere to go".to_owned(),
        ("gives way", _, _) => "gives way".to_owned(),
        ("serves", _, _) => "not touched".to_owned(),
        ("not back", _, _) => "NOT BACK".to_owned(),
        ("blocked", _, _) => "BLOCKED".to_owned(),
        (_, _, Some(due)) => format!("due {}", words::at(due)),
        (_, _, None) => "due ?".to_owned(),
    }
}

/// How much is left of its promise, or by how much it is missed; of what is not due at all, as far as the clock says.
fn spare(status: &Status, service: &ServiceNow) -> (String, bool) {
    let is_off = service.planned_back_ms.is_some() || service.is == "nowhere";
    let Some(objective) = service.objective_ms.filter(|_| is_off) else { return (String::new(), false) };
    let (back, is_open) = match service.expected_back_ms {
        Some(back) => (back, false),
        None => (status.clock_ms, true),
    };
    if back > objective {
        return (format!("late {}", words::rough(back.saturating_sub(objective).max(Millis::from_secs(1)))), true);
    }
    let left = words::rough(objective.saturating_sub(back));
    (if is_open { format!("{left} left") } else { format!("+{left}") }, false)
}

/// What runs now, or whom it waits for; its title where nothing more is to be said, and that stands nowhere else.
fn now(status: &Status, service: &ServiceNow, untitled: bool, room: usize) -> String {
    let title = || if untitled { words::plain(&service.title) } else { String::new() };
    match service.is {
        "blocked" => {
            let own = format!("{}/", service.id);
            let by: Vec<&str> = service.blocked_by.iter().map(|id| id.strip_prefix(&own).unwrap_or(id)).collect();
            return format!("by {}", few(&by, room.saturating_sub(3)));
        }
        "not back" if service.over == service.steps => return "what would bring it back was skipped".to_owned(),
        "not back" => return format!("the run ended; {} of {} steps were done", service.over, service.steps),
        "nowhere" | "gives way" | "serves" => return title(),
        _ => {}
    }
    let longest = |work: &&Work| (work.rests_ms.is_some(), std::cmp::Reverse(work.for_ms));
    if let Some(work) = service.working.iter().min_by_key(longest) {
        let more = if service.working.len() > 1 { format!(" +{}", service.working.len() - 1) } else { String::new() };
        return format!("{}{more}", work_line(work));
    }
    if service.is == "back" && service.over == service.steps {
        return title();
    }
    let waits = waits(service);
    match (waits.is_empty(), status.is) {
        (false, _) => format!("after {}", few(&waits, room.saturating_sub(6))),
        (true, "going") => "waits for its turn".to_owned(),
        (true, is) => is.to_owned(),
    }
}

/// As many names as fit, at least one: `chat-room, session +2`.
fn few(names: &[&str], room: usize) -> String {
    let told = |kept: usize| {
        let more = if kept < names.len() { format!(" +{}", names.len() - kept) } else { String::new() };
        format!("{}{more}", names[..kept].join(", "))
    };
    let fitting = (1..=names.len()).rev().map(told).find(|told| words::width(told) <= room);
    fitting.unwrap_or_else(|| words::cut(names.first().unwrap_or(&""), room))
}

/// Whom it waits for: services by their names, all else by its own.
fn waits(service: &ServiceNow) -> Vec<&str> {
    let mut waits: Vec<&str> = Vec::new();
    for id in &service.waits_for {
        let name = id.split_once('/').map_or(id.as_str(), |(name, _)| if name.contains(':') { id } else { name });
        if !waits.contains(&name) {
            waits.push(name);
        }
    }
    waits
}

/// `promote@ansan 12s of 25s`, and whether that is too long.
fn work_line(work: &Work) -> String {
    let name = run_words::own_part(&work.id);
    if let Some(rests) = work.rests_ms {
        return format!("{name} again in {}", words::span(rests));
    }
    let attempt = if work.attempt > 1 { format!(" try {}", work.attempt) } else { String::new() };
    if work.is == "asked" {
        return format!("asks you {}: {name}", run_words::going(work.for_ms));
    }
    let is = match work.is {
        "in doubt" => " IN DOUBT",
        "stopping" => " is being ended",
        _ => "",
    };
    let late = if work.for_ms > work.expected_ms && is.is_empty() { " LATE" } else { "" };
    let of = if is.is_empty() { format!(" of {}", words::span(work.expected_ms)) } else { String::new() };
    format!("{name}{attempt}{is}{late} {}{of}", run_words::going(work.for_ms))
}

//! The live screen of a run: what a frightened person must know and can do, within the terminal that they have.
//!
//! From the top: what is lost and the clock, questions with the commands that answer them, what went wrong, then services
//! in the order of their tiers, folded as far as the height demands. It is a pure function of its arguments, no line is
//! wider than the screen, and colour never carries meaning alone.

use crate::model::Millis;
use crate::plan::Plan;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::run_screen_asks::asks;
use crate::report::run_screen_services::services;
use crate::report::run_words;
use crate::report::status::status;
use crate::report::status_json::Status;
use crate::report::words;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::State;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: usize,
    /// Lines.
    pub lines: usize,
}

/// From so many lines on there are empty ones between the parts; below, where all there is fits with them.
const AIRY: usize = 30;
/// Empty lines between head, questions, services and the last line.
const AIR: usize = 3;
/// Whatever is asked, so many lines are left for services.
const SERVICES_LEAST: usize = 4;

/// The screen of a run as it stands at an instant, each line ended.
#[must_use]
pub fn screen(plan: &Plan, script: &Script, state: &State, now: Stamp, size: Size, paint: Paint) -> String {
    status_screen(&status(plan, script, state, now), size, paint)
}

/// The screen of a run from its facts, each line ended.
#[must_use]
pub fn status_screen(status: &Status, size: Size, paint: Paint) -> String {
    let head = head(status, size.columns, paint);
    let foot = words::cut(&foot(status, size.columns), size.columns);
    let foot: Vec<String> = Some(paint.tone(Tone::Quiet, &foot)).into_iter().filter(|foot| !foot.is_empty()).collect();
    let least = SERVICES_LEAST.max(status.tiers.len());
    let parts = |air: usize| {
        let taken = head.len() + foot.len() + air;
        let asked = asks(status, size.columns, size.lines.saturating_sub(taken + least), paint);
        let room = size.lines.saturating_sub(taken + asked.len());
        let parts = [head.clone(), asked, services(status, size.columns, room, paint), foot.clone()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>()
    };
    let (airy, dense) = (parts(AIR), parts(0));
    let is_airy = size.lines >= AIRY || airy == dense;
    let lines = if is_airy { airy.join(&[String::new()][..]) } else { dense.concat() };
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The clock, whether it goes on, what is lost; the first tier; and whatever else must be known first.
fn head(status: &Status, columns: usize, paint: Paint) -> Vec<String> {
    let tone = match status.is {
        "going" | "done" => Tone::Good,
        _ => Tone::Alarm,
    };
    let is = status.is.to_uppercase();
    let clock = run_words::clock(status.clock_ms);
    let scopes: Vec<String> =
        status.scopes.iter().map(|scope| words::plain(&format!("{} {}", scope.scope, scope.state))).collect();
    let before = words::width(&clock) + words::width(&is) + 4;
    let room = columns.saturating_sub(before + words::width(&status.run) + 2);
    let lead = format!("{}: ", words::cut(&status.title, 24));
    let what = format!("{lead}{}", words::fold(&scopes, room.saturating_sub(words::width(&lead))));
    let what = words::pad(&words::cut(&what, room), room);
    let mut lines = vec![format!("{}  {}  {what}  {}", paint.head(&clock), paint.tone(tone, &is), status.run)];
    lines.extend(stopped(status, columns, paint));
    lines.push(first_tier(status, columns, paint));
    for note in &status.notes {
        lines.push(paint.tone(Tone::Care, &words::cut(note, columns)));
    }
    lines
}

/// Why it does not simply go on, and what that means.
fn stopped(status: &Status, columns: usize, paint: Paint) -> Option<String> {
    let by = status.by.as_ref().map_or(String::new(), |by| format!("by {}", run_words::who(by)));
    let why = status.why.as_deref().map_or("", str::trim);
    let whose = match (by.is_empty(), why.is_empty()) {
        (false, false) => format!("{by}: {why}"),
        (_, true) => by,
        (true, false) => why.to_owned(),
    };
    let means = match status.is {
        "held" => "nothing new starts",
        "cancelled" => "what runs is being ended",
        "yielding" => "what is in flight ends first",
        _ => "",
    };
    let parts: Vec<&str> = [whose.as_str(), means].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return None;
    }
    let label = words::pad(&status.is.to_uppercase(), 10);
    // The name of a person and a reason may be long; what it means may not be cut off by them.
    let room = columns.saturating_sub(10 + words::width(means) + 2);
    let text = match parts.as_slice() {
        [whose, means] => format!("{}; {means}", words::cut(whose, room)),
        _ => parts.concat(),
    };
    Some(format!("{}{}", paint.alarm(&label), words::cut(&text, columns.saturating_sub(10))))
}

fn first_tier(status: &Status, columns: usize, paint: Paint) -> String {
    let first = &status.lifeline;
    let steps = format!("{}/{} steps", status.steps.done + status.steps.skipped, status.steps.all);
    let room = columns.saturating_sub(10 + words::width(&steps) + 2);
    let (tone, text) = match (first.all, first.back == first.all, first.expected_back_ms) {
        (0, _, _) => (Tone::Good, "not touched".to_owned()),
        (all, true, back) => (Tone::Good, format!("all {all} back{}", since(back))),
        (all, false, Some(due)) => (Tone::Head, format!("{} of {all} back, last due {}", first.back, words::at(due))),
        (all, false, None) => (Tone::Alarm, format!("{} of {all} back, the rest STOPPED", first.back)),
    };
    let promise = match (first.objective_ms, first.expected_back_ms) {
        (None, _) => String::new(),
        (Some(objective), Some(back)) if back > objective => {
            format!(": {} MISSED by {}", words::span(objective), words::span(back.saturating_sub(objective)))
        }
        (Some(objective), Some(back)) => {
            format!(" of {}: {} to spare", words::span(objective), words::rough(objective.saturating_sub(back)))
        }
        (Some(objective), None) if status.clock_ms > objective => {
            let over = status.clock_ms.saturating_sub(objective);
            format!("; {} MISSED by {} so far", words::span(objective), words::span(over))
        }
        (Some(objective), None) => {
            format!("; {} of {} left", words::rough(objective.saturating_sub(status.clock_ms)), words::span(objective))
        }
    };
    let missed = promise.contains("MISSED");
    let text = if first.all == 0 { text } else { format!("{text}{promise}") };
    let text = words::pad(&words::cut(&text, room), room);
    let label = words::pad("LIFELINE", 10);
    format!("{}{text}  {steps}", paint.tone(if missed { Tone::Alarm } else { tone }, &label))
}

fn since(at: Option<Millis>) -> String {
    at.map_or(String::new(), |at| format!(" since {}", words::at(at)))
}

/// What can be done about the run as a whole; without what it does, where there is no room for that.
fn foot(status: &Status, columns: usize) -> String {
    let release = status.quarantined.first().map(|site| format!("bonghwa release {site} --reason \"...\""));
    let resume = format!("bonghwa resume {}", status.run);
    let ways = match status.is {
        "going" | "held" | "cancelled" | "yielding" if status.left => {
            vec![(resume.as_str(), "it goes on, and what it asks can be answered")]
        }
        "going" => vec![("bonghwa hold", "nothing new starts"), ("bonghwa cancel", "end it")],
        "held" => vec![("bonghwa resume", "it goes on"), ("bonghwa cancel", "end it")],
        "yielding" => vec![("bonghwa cancel", "end it")],
        _ => release.iter().map(|release| (release.as_str(), "trust it again, once you looked")).collect(),
    };
    let told: Vec<String> = ways.iter().map(|(command, does)| format!("{command}: {does}")).collect();
    let told = told.join("   ");
    if words::width(&told) <= columns {
        return told;
    }
    ways.iter().map(|(command, _)| *command).collect::<Vec<_>>().join("   ")
}

#[cfg(test)]
mod tests;

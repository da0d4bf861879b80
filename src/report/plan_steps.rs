//! The steps of a plan: what can't be undone first, then wave by wave.
//!
//! A wave is the set of steps whose latest gate is the same; inside a wave, steps stand in order of start.

use std::collections::BTreeMap;

use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::Plan;
use crate::plan::StageOnPaper;
use crate::plan::Step;
use crate::report::action;
use crate::report::gate;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::waves::waves_of;
use crate::report::words;

/// Steps of one wave that are spelled out: two screens.
const STEPS: usize = 16;

/// The steps that destroy something, or that have no way back.
#[must_use]
pub fn final_steps(plan: &Plan, all: bool, paint: Paint) -> String {
    let steps: Vec<(&Step, &str)> = plan.steps.iter().filter_map(|step| Some((step, finality(step)?))).collect();
    if steps.is_empty() {
        return String::new();
    }
    let mut text = format!("{}  steps that end something, or have no way back\n", paint.head("DESTRUCTIVE"));
    let shown = if all { steps.len() } else { steps.len().min(STEPS) };
    for (step, why) in &steps[..shown] {
        let head = format!("  {:>9}  {why:13}  ", words::at(step.start_ms));
        let what = format!("{}: {}", step.id, step.title);
        let line = words::hang(&head, &what, paint.columns);
        text.push_str(&paint.tone(Tone::Care, line.trim_end()));
        text.push('\n');
    }
    text + &folded(steps.len() - shown, "  ")
}

/// Why a step belongs among those that must be read twice.
fn finality(step: &Step) -> Option<&'static str> {
    if step.irreversible {
        return Some("NO WAY BACK");
    }
    match step.effect.as_ref()? {
        Effect::Fenced => Some("cuts off"),
        Effect::Writer => Some("new writer"),
        Effect::Unfenced { .. } => Some("lets act"),
        Effect::Ends => Some("switches off"),
        Effect::Holds { .. } | Effect::Serves { .. } => None,
    }
}

/// All steps, by the gate that releases them.
#[must_use]
pub fn waves(plan: &Plan, all: bool, paint: Paint) -> String {
    if plan.steps.is_empty() {
        return format!("{}  nothing is to be done\n", paint.head("STEPS"));
    }
    let gates: BTreeMap<&str, &Gate> = plan.gates.iter().map(|gate| (gate.id.as_str(), gate)).collect();
    let counted = (words::count(plan.steps.len(), "step"), words::count(plan.gates.len(), "gate"));
    let mut text = format!("{}  {} behind {}; times from the declaration\n", paint.head("STEPS"), counted.0, counted.1);
    for (number, (released_by, steps)) in waves_of(plan).iter().enumerate() {
        let gate = released_by.and_then(|id| gates.get(id).copied());
        text.push('\n');
        text.push_str(&wave_head(plan, number + 1, gate, steps.len(), all, paint));
        let shown = if all { steps.len() } else { steps.len().min(STEPS) };
        for step in &steps[..shown] {
            text.push_str(&step_lines(step, *released_by, all, paint));
        }
        text.push_str(&folded(steps.len() - shown, "    "));
    }
    text
}

fn folded(left: usize, indent: &str) -> String {
    if left == 0 { String::new() } else { format!("{indent}… and {left} more (`--all` shows them)\n") }
}

fn wave_head(plan: &Plan, number: usize, gate: Option<&Gate>, steps: usize, all: bool, paint: Paint) -> String {
    let steps = words::count(steps, "step");
    let Some(gate) = gate else {
        return format!("  {}  before any gate; {steps}\n", paint.head(&format!("WAVE {number}")));
    };
    let names = if all { usize::MAX } else { paint.columns - 40 };
    let opens = words::at(gate.start_ms + gate.duration_ms);
    let mut text = format!("  {}  opens {opens} by {}; {steps}\n", paint.head(&format!("WAVE {number}")), gate.id);
    text.push_str(&words::hang("    ask     ", &gate::ask_within(gate, names), paint.columns));
    text.push_str(&words::hang("    opened  by ", &gate::opened_within(plan, gate, names), paint.columns));
    if !gate.after.is_empty() {
        text.push_str(&after_line("    after   ", &gate.after, all, paint));
    }
    text
}

/// What comes before: all of it, or as much as one line holds.
fn after_line<T: AsRef<str>>(head: &str, after: &[T], all: bool, paint: Paint) -> String {
    let room = if all { usize::MAX } else { paint.columns - words::width(head) };
    words::hang(head, &words::fold(after, room), paint.columns)
}

/// How a shift goes: through which shares of whoever gains most, and how long each is held.
fn how(action: &ActionOnPaper) -> Option<String> {
    let ActionOnPaper::Route(route) = action else { return None };
    let rate = route.admit_per_second.map_or(String::new(), |rate| format!("; {rate} clients per second"));
    let (first, last) = (route.stages.first()?, route.stages.last()?);
    if route.stages.len() == 1 {
        return Some(format!("all of them at once, held {}{rate}", words::span(last.hold_ms)));
    }
    let share = |stage: &StageOnPaper, site: &String| {
        stage.to.iter().find(|(named, _)| named == site).map_or(Ppm::ZERO, |(_, share)| *share)
    };
    let gain = |site: &String| share(last, site).less(share(first, site));
    let (site, _) = last.to.iter().max_by_key(|(site, _)| gain(site))?;
    let shares: Vec<String> = route.stages.iter().map(|stage| words::percent(share(stage, site))).collect();
    let holds: Vec<String> = route.stages.iter().map(|stage| words::span(stage.hold_ms)).collect();
    Some(format!("{site} through {}, held {}{rate}", shares.join(", "), holds.join(", ")))
}

/// Three lines: when and which; where and what; after what. Where all is wanted, nothing is cut: lines are wrapped.
fn step_lines(step: &Step, released_by: Option<&str>, all: bool, paint: Paint) -> String {
    let when = format!("  {:>9}  {:>7}  ", words::at(step.start_ms), words::span(step.duration_ms));
    let indent = " ".repeat(words::width(&when));
    let what = format!("{}: {}", action::place(step), action::line(&step.action));
    let mut text = match all {
        false => {
            let which = words::cut(&format!("{when}{}  {}", step.id, step.title), paint.columns);
            format!("{which}\n{}\n", words::cut(format!("{indent}{what}").trim_end(), paint.columns))
        }
        true => {
            let which = format!("{when}{}  {}", step.id, step.title);
            let which = match words::width(&which) <= paint.columns {
                true => format!("{which}\n"),
                false => format!("{when}{}\n{}", step.id, words::hang(&indent, &step.title, paint.columns)),
            };
            let how = how(&step.action).map(|how| words::hang(&indent, &how, paint.columns));
            which + &words::hang(&indent, &what, paint.columns) + &how.unwrap_or_default()
        }
    };
    let after: Vec<&str> = step.after.iter().map(String::as_str).filter(|id| Some(*id) != released_by).collect();
    if !after.is_empty() {
        text.push_str(&after_line(&format!("{indent}after "), &after, all, paint));
    }
    text
}

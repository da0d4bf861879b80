//! The difference of two plans in the operator's words.

use serde_json::Map;
use serde_json::Value;

use crate::model::Millis;
use crate::model::Ppm;
use crate::model::amount_text;
use crate::plan::Changed;
use crate::plan::FieldChange;
use crate::plan::Issue;
use crate::plan::Listed;
use crate::plan::PlanDiff;
use crate::plan::ServiceChange;
use crate::plan::SourceChange;
use crate::report::advice;
use crate::report::paint::Paint;
use crate::report::plan_text::SHORT_ID;
use crate::report::words;

/// What follows from another place, level or time, and need not be told beside it.
const FOLLOWS: [&str; 6] =
    ["bound-ms", "critical-path", "expected-full-ms", "level-because", "note", "without-people-ms"];
/// Lines of one section that are spelled out, unless all are asked for.
const LINES: usize = 24;

/// What is different, section by section; one sentence where nothing is.
#[must_use]
pub fn diff_text(diff: &PlanDiff, all: bool, paint: Paint) -> String {
    let short = |id: &str| id.get(..SHORT_ID).unwrap_or(id).to_owned();
    let (before, after) = (short(&diff.before), short(&diff.after));
    if diff.is_empty() {
        return format!("no difference between {before} and {after}\n");
    }
    let mut text = format!("{}\n", paint.head(&format!("from plan {before} to plan {after}")));
    let sections = [
        ("INCIDENT", diff.incident.iter().map(field).collect()),
        ("SERVICES", services(diff)),
        ("STEPS", listed(&diff.steps)),
        ("GATES", listed(&diff.gates)),
        ("FINDINGS", findings(diff)),
        ("SOURCES", diff.sources.iter().map(source).collect()),
        ("ALSO", diff.other.iter().flat_map(|one| differing("", &one.field, &one.before, &one.after)).collect()),
    ];
    for (name, lines) in sections {
        if lines.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{}\n", paint.head(name)));
        let shown = if all { lines.len() } else { lines.len().min(LINES) };
        for line in &lines[..shown] {
            let (mark, rest) = line.split_once(' ').filter(|(mark, _)| mark.len() == 1).unwrap_or(("", line));
            let head = if mark.is_empty() { "  ".to_owned() } else { format!("  {mark} ") };
            text.push_str(&words::hang(&head, rest, paint.columns));
        }
        if shown < lines.len() {
            text.push_str(&format!("  … and {} more (`--all` shows them)\n", lines.len() - shown));
        }
    }
    text
}

fn services(diff: &PlanDiff) -> Vec<String> {
    let added = diff.services_added.iter().map(|service| format!("+ {service}: now touched"));
    let removed = diff.services_removed.iter().map(|service| format!("- {service}: no longer touched"));
    let changed = diff.services.iter().map(service);
    added.chain(removed).chain(changed).collect()
}

/// One service: where, at what level, when; then what else differs.
fn service(change: &ServiceChange) -> String {
    let mut parts = Vec::new();
    if let Some((before, after)) = &change.moved {
        parts.push(format!("moved: {} > {}", seats(before), seats(after)));
    }
    if let Some((before, after)) = change.level {
        let way = if after > before { "better" } else { "worse" };
        parts.push(format!("level {way}: {} > {}", words::level(before), words::level(after)));
    }
    if let Some((before, after)) = change.admits {
        let way = if after > before { "more" } else { "fewer" };
        parts.push(format!("admits {way}: {} > {}", words::percent(before), words::percent(after)));
    }
    parts.extend(change.back.map(|(before, after)| back(before, after)));
    if let Some((before, after)) = &change.tier {
        parts.push(format!("as urgent as {after}, not {before}"));
    }
    let follows = |field: &&String| parts.is_empty() || !FOLLOWS.contains(&field.as_str());
    let other: Vec<String> = change.other.iter().filter(follows).map(|field| word(field)).collect();
    if !other.is_empty() {
        let lead = if parts.is_empty() { "different" } else { "also" };
        parts.push(format!("{lead}: {}", words::fold(&other, 48)));
    }
    if parts.is_empty() {
        parts.push("the same in the end, but on another way there".to_owned());
    }
    format!("~ {}: {}", change.service, parts.join("; "))
}

fn back(before: Option<Millis>, after: Option<Millis>) -> String {
    match (before, after) {
        (Some(before), Some(after)) if after > before => {
            format!("back later by {}, at {}", words::span(after.saturating_sub(before)), words::at(after))
        }
        (Some(before), Some(after)) => {
            format!("back earlier by {}, at {}", words::span(before.saturating_sub(after)), words::at(after))
        }
        (Some(before), None) => format!("no longer back (was {})", words::at(before)),
        (None, Some(after)) => format!("now back at {}", words::at(after)),
        (None, None) => "not back in either".to_owned(),
    }
}

fn seats(seats: &[(String, Ppm)]) -> String {
    match seats {
        [] => "nowhere".to_owned(),
        _ => seats
            .iter()
            .map(|(site, share)| format!("{site} {}", words::percent(*share)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// New, gone, changed; what only starts at another time is counted, since one late step moves all behind it.
fn listed(listed: &Listed) -> Vec<String> {
    let only_moved = |changed: &&Changed| changed.fields.iter().all(|change| change.field == "start-ms");
    let mut lines: Vec<String> = listed.added.iter().map(|id| format!("+ {id}")).collect();
    lines.extend(listed.removed.iter().map(|id| format!("- {id}")));
    for changed in listed.changed.iter().filter(|changed| !only_moved(changed)) {
        let fields: Vec<String> = changed.fields.iter().map(field).collect();
        lines.push(format!("~ {}: {}", changed.id, fields.join("; ")));
    }
    let moved = listed.changed.iter().filter(only_moved).count();
    if moved > 0 {
        lines.push(format!("~ {moved} more only start at another time"));
    }
    lines
}

fn findings(diff: &PlanDiff) -> Vec<String> {
    let line = |mark: &str, issue: &Issue| {
        let urgent = if issue.is_urgent() { " (urgent)" } else { "" };
        format!("{mark} {}{urgent}", advice::issue(issue).what)
    };
    let new = diff.findings_new.iter().map(|issue| line("+", issue));
    new.chain(diff.findings_gone.iter().map(|issue| line("-", issue))).collect()
}

fn source(change: &SourceChange) -> String {
    match (&change.before, &change.after) {
        (None, _) => format!("+ {}", change.path),
        (_, None) => format!("- {}", change.path),
        (Some(_), Some(_)) => format!("~ {}", change.path),
    }
}

/// `timeout: 20s > 1m`; of what has parts, the parts that differ.
fn field(change: &FieldChange) -> String {
    differing("", &change.field, &change.before, &change.after).join(", ")
}

/// What differs between two values of a key, below what leads to it.
fn differing(above: &str, key: &str, before: &Value, after: &Value) -> Vec<String> {
    let path = format!("{above}{}", word(key));
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let gone = new.keys().filter(|key| !old.contains_key(*key));
            let keys = old.keys().chain(gone).filter(|key| old.get(*key) != new.get(*key));
            let part = |map: &Map<String, Value>, key: &String| map.get(key).cloned().unwrap_or_default();
            keys.flat_map(|key| differing(above, key, &part(old, key), &part(new, key))).collect()
        }
        (Value::Array(old), Value::Array(new)) => items(&path, key, old, new),
        (_, _) => vec![format!("{path}: {} > {}", value(key, before), value(key, after))],
    }
}

/// Of two lists, what only one of them has; what both have by its name, with what differs in it.
fn items(path: &str, key: &str, old: &[Value], new: &[Value]) -> Vec<String> {
    let only = |mark: &str, these: &[Value], others: &[Value]| -> Vec<String> {
        let found = |one: &&Value| {
            others.iter().any(|other| other == *one || (name(one).is_some() && name(one) == name(other)))
        };
        these
            .iter()
            .filter(|one| !found(one))
            .map(|one| format!("{mark}{}", name(one).map_or(value(key, one), str::to_owned)))
            .collect()
    };
    let mut marked = only("+", new, old);
    marked.extend(only("-", old, new));
    let mut all = Vec::new();
    for after in new {
        let before = name(after).and_then(|this| old.iter().find(|one| name(one) == Some(this)));
        if let Some(before) = before.filter(|before| *before != after) {
            let above = path.strip_suffix(word(key).as_str()).unwrap_or_default();
            all.extend(differing(&format!("{above}{} ", name(after).unwrap_or_default()), key, before, after));
        }
    }
    if !marked.is_empty() {
        all.insert(0, format!("{path}: {}", words::fold(&marked, 72)));
    } else if all.is_empty() {
        all.push(format!("{path}: in another order"));
    }
    all
}

/// A key of the document in the operator's words.
fn word(key: &str) -> String {
    let known = match key {
        "accept-degraded" => "may end below full",
        "at-ms" | "start-ms" => "starts",
        "bound-ms" => "at best",
        "class" => "urgency",
        "critical-path" => "what it waited for",
        "data-loss" => "what may be lost",
        "done-if" => "when it is done already",
        "duration-from" => "where its duration comes from",
        "duration-ms" => "takes",
        "expected-full-ms" => "when it is at its full level",
        "first-level" => "the level at first",
        "first-share" => "the share at first",
        "id" => "name",
        "level-because" => "why it is below full",
        "milestones" => "how it returns",
        "note" => "what users notice",
        "objective-ms" => "what is promised",
        "on" => "on which side",
        "only-lifeline" => "for the lifeline alone",
        "opened-by" => "what opens it",
        "raised" => "why it is so urgent",
        "rejected" => "why not elsewhere",
        "stranded-by" => "what it misses",
        "together-with" => "what is recovered with it",
        "uses" => "what it uses",
        "without-people-ms" => "when it would be back if people answered at once",
        _ => return key.trim_end_matches("-ms").replace('-', " "),
    };
    known.to_owned()
}

/// What a thing in a list is called.
fn name(thing: &Value) -> Option<&str> {
    ["id", "tier", "resource", "site", "path"].iter().find_map(|key| thing.get(key)?.as_str())
}

fn value(key: &str, value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number_text(key, number.as_u64().unwrap_or_default()),
        Value::String(text) => words::cut(text, 40),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => {
            let all: Vec<String> = values.iter().map(|one| self::value(key, one)).collect();
            words::fold(&all, 60)
        }
        Value::Object(map) => {
            let all: Vec<String> = map.iter().map(|(key, one)| format!("{key} {}", self::value(key, one))).collect();
            words::fold(&all, 60)
        }
    }
}

fn number_text(key: &str, number: u64) -> String {
    match key {
        "start-ms" => words::at(Millis(number)),
        "load" => Ppm(number).to_string(),
        _ if key.ends_with("-ms") => words::span(Millis(number)),
        "capacity" | "limit" | "before" | "after" | "on-demand" | "amount" => amount_text(number),
        _ => number.to_string(),
    }
}

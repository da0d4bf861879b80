//! The part of a run's screen that wants a person: questions first, then what went wrong, each with its commands.
//!
//! What is the same folds. Where the height is small, what comes last is told in one line, and then only by its name.

use crate::report::owed;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::run_words;
use crate::report::status_json::Question;
use crate::report::status_json::Status;
use crate::report::status_json::Trouble;
use crate::report::words;

/// Labels stand in the first columns, texts beside them.
const LABEL: usize = 10;
/// Lines of one question, or of what something said.
const TEXT: usize = 2;

/// Something that wants a person.
struct Item {
    name: String,
    label: &'static str,
    tone: Tone,
    full: Vec<String>,
    short: String,
}

/// Lines for all that wants a person, at most as many as there is room for.
pub(super) fn asks(status: &Status, columns: usize, room: usize, paint: Paint) -> Vec<String> {
    let items: Vec<Item> = questions(status, columns).into_iter().chain(troubles(status, columns)).collect();
    let owed = debts(status, columns, paint);
    let asked = fitted(&items, columns, room.saturating_sub(owed.len()), paint);
    asked.into_iter().chain(owed).collect()
}

/// Fences that stand on a person's word: whoever reads this must know that they are not proven.
fn debts(status: &Status, columns: usize, paint: Paint) -> Vec<String> {
    let names: Vec<&str> = status.debts.iter().map(|debt| debt.gate.as_str()).collect();
    let Some(first) = status.debts.first() else { return Vec::new() };
    let by = first.by.as_ref().map_or("in an earlier run".to_owned(), |by| format!("by {}", run_words::who(by)));
    let lead = format!("attested {by}, not proven: ");
    let text = words::fold(&names, columns.saturating_sub(LABEL + words::width(&lead)));
    let mut lines = vec![format!("{}{lead}{text}", paint.tone(Tone::Care, &words::pad("OWED", LABEL)))];
    // Who succeeded it tries it, too.
    if matches!(status.is, "done" | "ended") {
        let way = format!("nobody tries it any more: {}", owed::way(&status.scopes));
        lines.push(format!("{}{}", words::pad("", LABEL), words::cut(&way, columns.saturating_sub(LABEL))));
    }
    lines
}

/// As much as fits: the last items give way first, to one line each, then to their names.
fn fitted(items: &[Item], columns: usize, room: usize, paint: Paint) -> Vec<String> {
    let lines = |item: &Item, is_full: bool| {
        let body = if is_full { item.full.clone() } else { vec![item.short.clone()] };
        let label = |at: usize| if at == 0 { item.label } else { "" };
        let body = body.into_iter().enumerate();
        body.map(|(at, line)| format!("{}{line}", paint.tone(item.tone, &words::pad(label(at), LABEL))))
            .collect::<Vec<_>>()
    };
    for full in (0..=items.len()).rev() {
        let all: Vec<String> = items.iter().enumerate().flat_map(|(at, item)| lines(item, at < full)).collect();
        if all.len() <= room {
            return all;
        }
    }
    let kept = room.saturating_sub(1);
    let mut all: Vec<String> = items.iter().take(kept).flat_map(|item| lines(item, false)).collect();
    let rest: Vec<&str> = items.iter().skip(kept).map(|item| item.name.as_str()).collect();
    let lead = format!("{}and {} more: ", words::pad("", LABEL), rest.len());
    all.push(format!("{lead}{}", words::fold(&rest, columns.saturating_sub(words::width(&lead)))));
    all
}

/// Questions, those that differ only in whose they are folded into one.
fn questions(status: &Status, columns: usize) -> Vec<Item> {
    let mut groups: Vec<Vec<&Question>> = Vec::new();
    for question in &status.questions {
        let same = |group: &&mut Vec<&Question>| {
            let first = group[0];
            first.kind == question.kind && first.question == question.question && first.seen == question.seen
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(question),
            None => groups.push(vec![question]),
        }
    }
    groups.into_iter().map(|group| asked(&group, columns - LABEL)).collect()
}

fn asked(group: &[&Question], room: usize) -> Item {
    let first = group[0];
    let others: Vec<&str> = group.iter().skip(1).map(|other| other.id.as_str()).collect();
    let behind = group.iter().map(|one| one.behind).max().unwrap_or_default();
    let mut head = format!("{}, asked {} ago", first.id, run_words::going(first.for_ms));
    if behind > 0 {
        let waits = if behind == 1 { "waits" } else { "wait" };
        head.push_str(&format!("; {} {waits} for it", words::count(behind, "step")));
    }
    let mut full = vec![words::cut(&head, room)];
    full.extend(first_of(&first.question, room));
    if !first.seen.is_empty() {
        full.push(words::cut(&format!("seen: {}", run_words::seen(&first.seen)), room));
    }
    full.extend(commands(&first.commands, room));
    if !others.is_empty() {
        let lead = format!("the same of {} more, each by its name: ", others.len());
        full.push(format!("{lead}{}", words::fold(&others, room.saturating_sub(words::width(&lead)))));
    }
    let more = if others.is_empty() { String::new() } else { format!("  (and {} more)", others.len()) };
    let command = first.commands.first().map_or(first.id.as_str(), String::as_str);
    let short = words::cut(&format!("{command}{more}"), room);
    Item { name: first.id.clone(), label: "ANSWER", tone: Tone::Alarm, full, short }
}

/// What went wrong, what went wrong alike folded into one.
fn troubles(status: &Status, columns: usize) -> Vec<Item> {
    let mut groups: Vec<Vec<&Trouble>> = Vec::new();
    for trouble in &status.troubles {
        let same = |group: &&mut Vec<&Trouble>| {
            let first = group[0];
            first.is == trouble.is
                && first.why == trouble.why
                && first.said == trouble.said
                && first.hosts == trouble.hosts
                && run_words::own_part(&first.id) == run_words::own_part(&trouble.id)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(trouble),
            None => groups.push(vec![trouble]),
        }
    }
    groups.into_iter().map(|group| went_wrong(&group, columns - LABEL)).collect()
}

fn went_wrong(group: &[&Trouble], room: usize) -> Item {
    let first = group[0];
    let others: Vec<&str> = group.iter().skip(1).map(|other| other.id.as_str()).collect();
    let attempt = if first.attempt > 1 { format!(", attempt {}", first.attempt) } else { String::new() };
    let head = format!("{}, {} ago{attempt}: {}", first.id, run_words::going(first.for_ms), first.why);
    let mut full = first_of(&head, room);
    let said = first.said.trim();
    // Where there is more than one host, what one of them said is not what it said.
    if first.hosts.iter().map(|alike| alike.count).sum::<u64>() > 1 {
        let hosts = first.hosts.iter().take(TEXT).map(|alike| words::cut(&alike.line, room));
        full.extend(hosts);
        if first.hosts.len() > TEXT {
            full.push(format!("and {} more, each with another end or output", first.hosts.len() - TEXT));
        }
    } else if !said.is_empty() {
        full.push(words::cut(&format!("said: {}", said.lines().last().unwrap_or(said)), room));
    }
    full.extend(commands(&first.commands, room));
    let others_back: Vec<&str> = first.keeps_back.iter().map(String::as_str).collect();
    if !others_back.is_empty() {
        let lead = "keeps back ";
        full.push(format!("{lead}{}", words::fold(&others_back, room.saturating_sub(words::width(lead)))));
    }
    if !others.is_empty() {
        let lead = format!("the same of {} more: ", others.len());
        full.push(format!("{lead}{}", words::fold(&others, room.saturating_sub(words::width(&lead)))));
    }
    let command = first.commands.first().map_or(first.id.as_str(), String::as_str);
    let short = words::cut(&format!("{command}  ({})", first.why), room);
    let label = match first.is {
        "in doubt" => "IN DOUBT",
        "rejected" => "REJECTED",
        "timed out" => "SILENCE",
        _ => "FAILED",
    };
    Item { name: first.id.clone(), label, tone: Tone::Alarm, full, short }
}

/// The first lines of a text; where there are more, it says so.
fn first_of(text: &str, room: usize) -> Vec<String> {
    let all = words::wrap(text, room);
    let mut lines: Vec<String> = all.iter().take(TEXT).map(|line| words::cut(line, room)).collect();
    if let Some(last) = lines.last_mut().filter(|_| all.len() > TEXT) {
        *last = format!("{}…", words::cut(last, room.saturating_sub(1)).trim_end_matches('…'));
    }
    lines
}

/// The first command on a line of its own, whole; the others behind it by their verbs where they fit, else below.
fn commands(commands: &[String], room: usize) -> Vec<String> {
    let Some((first, others)) = commands.split_first() else { return Vec::new() };
    let verb = |command: &String| command.split(' ').nth(1).unwrap_or_default().to_owned();
    let reasoned = |command: &&String| command.ends_with('"');
    let plain: Vec<String> = others.iter().filter(|command| !reasoned(command)).map(verb).collect();
    let with: Vec<String> = others.iter().filter(reasoned).map(verb).collect();
    let mut also = plain;
    if !with.is_empty() {
        // Where the first one gives a reason too, nothing more need be said.
        let how = if reasoned(&first) { "" } else { " with --reason \"...\"" };
        also.push(format!("{}{how}", with.join(", ")));
    }
    if also.is_empty() {
        return broken(first, room);
    }
    let also = format!("or {}", also.join(", "));
    let line = format!("{first}   {also}");
    if words::width(&line) <= room {
        return vec![line];
    }
    broken(first, room).into_iter().chain([words::cut(&also, room)]).collect()
}

/// A command is never cut: what is too long goes on in the next line, as a shell would read it.
fn broken(command: &str, room: usize) -> Vec<String> {
    match command.split_once(" --reason ") {
        Some((what, reason)) if words::width(command) > room => {
            vec![format!("{what} \\"), format!("  --reason {reason}")]
        }
        Some(_) | None => vec![command.to_owned()],
    }
}

//! What a tired person must know of a run: whether text messages were back in time, what was lost, what is still owed.

use crate::evidence::DataAttained;
use crate::evidence::Evidence;
use crate::evidence::FirstTier;
use crate::evidence::JudgedBy;
use crate::evidence::On;
use crate::evidence::Part;
use crate::evidence::Stands;
use crate::evidence::Verdict;
use crate::model::Millis;
use crate::report::owed;
use crate::report::plan_text::SHORT_ID;
use crate::report::run_report::Section;
use crate::report::wall::Wall;
use crate::report::words;
use crate::run::Stamp;

/// So many columns of names stand in a line of the summary.
const NAMES: usize = 70;

/// The run in one line.
pub(super) fn title(evidence: &Evidence) -> String {
    let scopes: Vec<String> = evidence.scopes.iter().map(|scope| format!("{} {}", scope.scope, scope.state)).collect();
    format!("{}: run {}, {}", words::plain(&evidence.title), evidence.run, words::fold(&scopes, NAMES))
}

/// The first section.
pub(super) fn summary(evidence: &Evidence) -> Section {
    let wall = Wall::of(&evidence.timezone);
    let mut lines = vec![format!("It began at {}, and {}.", wall.day(evidence.opened), stands(evidence))];
    lines.extend(evidence.first.as_ref().map(|first| lifeline(evidence, first, &wall)));
    lines.extend(evidence.first.as_ref().filter(|first| first.back_ms.is_some()).map(time));
    lines.extend(promises(evidence));
    lines.extend(data(evidence));
    lines.extend(owed(evidence));
    lines.extend(left(evidence));
    let short = evidence.plan.get(..SHORT_ID).unwrap_or(&evidence.plan);
    let head = evidence
        .head
        .as_ref()
        .map_or(String::new(), |head| format!(", journal ends in {}", head.get(..SHORT_ID).unwrap_or(head)));
    Section { head: "SUMMARY", note: format!("plan {short}{head}"), lines, shape: Vec::new(), rows: Vec::new() }
}

fn stands(evidence: &Evidence) -> String {
    let took = words::span(evidence.took_ms);
    match &evidence.stands {
        Stands::Done => format!("was done after {took}"),
        Stands::Cancelled => format!("was CANCELLED after {took}"),
        Stands::Succeeded { plan } => {
            format!("gave way to plan {} after {took}", plan.get(..SHORT_ID).unwrap_or(plan))
        }
        Stands::Held => format!("is HELD; its last entry is of {took} later"),
        Stands::Left => format!("is NOT OVER: its process went away after {took}"),
        Stands::Going => format!("is not over; its last entry is of {took} later"),
    }
}

fn lifeline(evidence: &Evidence, first: &FirstTier, wall: &Wall) -> String {
    let title = words::plain(&first.title);
    let Some(back) = first.back_ms else {
        let open = if first.verdict == Verdict::Open { "not back yet" } else { "NOT BACK" };
        return format!("{title}: {open}; {} of {} services are there.", first.back, first.services);
    };
    let expected = first.expected_ms.map_or(String::new(), |expected| format!("; planned {}", words::at(expected)));
    let last = first.last.as_deref().unwrap_or_default();
    let late: Vec<&str> = evidence
        .services
        .iter()
        .filter(|service| service.tier == first.tier && service.verdict == Verdict::Missed)
        .map(|service| service.id.as_str())
        .collect();
    let promise = match first.verdict {
        Verdict::Met => "every promise KEPT".to_owned(),
        Verdict::Missed => format!("promise MISSED by {}", words::fold(&late, NAMES)),
        Verdict::NoPromise => "nothing was promised".to_owned(),
        Verdict::Open | Verdict::Unknown => "not over yet".to_owned(),
    };
    let clock = wall.time(Stamp(evidence.opened.0.saturating_add(back.0)));
    format!("{title}: back at {} ({clock}), {promise}{expected}; {last} was last.", words::at(back))
}

fn time(first: &FirstTier) -> String {
    format!("Until then the time went into {}.", spent(&first.spent))
}

/// `running 6m, people 2m`: the largest first.
pub(super) fn spent(parts: &[Part]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| std::cmp::Reverse(part.ms));
    let told: Vec<String> = parts.iter().map(|part| format!("{} {}", on(part.on), words::span(part.ms))).collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

const fn on(on: On) -> &'static str {
    match on {
        On::Running => "running",
        On::SlowHosts => "slow hosts",
        On::Proof => "proofs",
        On::People => "people",
        On::Retries => "retries",
        On::Doubt => "doubt",
        On::Room => "pools and slots",
        On::Held => "holds",
        On::Nobody => "nobody acting",
    }
}

fn promises(evidence: &Evidence) -> Option<String> {
    let promised = evidence.services.iter().filter(|service| service.objective_ms.is_some());
    let kept = promised.clone().filter(|service| service.verdict == Verdict::Met).count();
    let all = promised.clone().count();
    let missed: Vec<&str> =
        promised.filter(|service| service.verdict == Verdict::Missed).map(|service| service.id.as_str()).collect();
    let missed = match missed.len() {
        0 => String::new(),
        many => format!("; {many} MISSED: {}", words::fold(&missed, NAMES)),
    };
    (all > 0).then(|| format!("Of {} on downtime {kept} were kept{missed}.", words::count(all, "promise")))
}

fn data(evidence: &Evidence) -> Vec<String> {
    let judged = evidence.data.iter().filter(|data| data.verdict != Verdict::Open);
    let (none, some): (Vec<&DataAttained>, Vec<&DataAttained>) =
        judged.partition(|data| data.lost_ms == Some(Millis::ZERO));
    let mut lines: Vec<String> = some.into_iter().map(lost).collect();
    if !none.is_empty() {
        let names: Vec<&str> = none.iter().map(|data| data.service.as_str()).collect();
        lines.push(format!("No acknowledged write was lost of {}.", words::fold(&names, NAMES)));
    }
    lines
}

fn lost(data: &DataAttained) -> String {
    let lost = data
        .lost_ms
        .map_or("nobody can say how many".to_owned(), |lost| format!("those of at most {}", words::span(lost)));
    let promise =
        data.objective_ms.map_or(String::new(), |objective| format!(" (promised {})", words::span(objective)));
    let missed = if data.verdict == Verdict::Missed { "; promise MISSED" } else { "" };
    let by = match &data.by {
        JudgedBy::Person { by, .. } => format!("; {} accepted it", words::plain(&by.user)),
        JudgedBy::Seen | JudgedBy::Nobody => String::new(),
    };
    format!("Writes lost of {} at {}: {lost}{promise}{missed}{by}.", data.service, data.site)
}

fn owed(evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    let debts: Vec<&str> = evidence.owed.iter().filter(|owed| !owed.collected).map(|owed| owed.gate.as_str()).collect();
    if !debts.is_empty() {
        let word = words::count(debts.len(), "fence");
        lines.push(format!("OWED: {word} on a person's word alone: {}.", words::fold(&debts, NAMES)));
        if matches!(evidence.stands, Stands::Done | Stands::Cancelled) {
            lines.push(format!("Nobody tries it any more, unless a later run did: {}.", owed::way(&evidence.scopes)));
        }
    }
    for sealed in evidence.sealed.iter().filter(|sealed| sealed.released_by.is_none()) {
        lines.push(format!(
            "{} is QUARANTINED: no plan uses it until somebody looked at it and says `bonghwa release {} --reason …`.",
            sealed.site, sealed.site
        ));
    }
    lines
}

/// Steps that are not as they should be.
fn left(evidence: &Evidence) -> Vec<String> {
    let coverage = &evidence.coverage;
    let unreached = if evidence.stands == Stands::Done { &[][..] } else { &coverage.never_reached };
    [
        ("failed", coverage.failed.as_slice()),
        ("are IN DOUBT: look before anybody touches them again", &coverage.in_doubt),
        ("are under way", &coverage.under_way),
        ("were messages that did not get through", &coverage.untold),
        ("were skipped", &coverage.skipped),
        ("were done by hand", &coverage.by_hand),
        ("were never begun", unreached),
    ]
    .into_iter()
    .filter(|(_, steps)| !steps.is_empty())
    .map(|(what, steps)| format!("{} {what}: {}.", words::count(steps.len(), "step"), words::fold(steps, NAMES)))
    .collect()
}

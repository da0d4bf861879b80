//! Why a plan does with a service what it does: urgency, place, level, time; and why not otherwise.

use std::collections::BTreeMap;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Level;
use crate::plan::Link;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::Step;
use crate::plan::Target;
use crate::plan::WaitedFor;
use crate::report::gate;
use crate::report::lifeline::downtime;
use crate::report::lifeline::late;
use crate::report::paint::Paint;
use crate::report::reason;
use crate::report::words;

/// All that a plan says of a service, as answers to the questions that people ask.
#[must_use]
pub fn service(plan: &Plan, service: &ServiceOnPaper, paint: Paint) -> String {
    let title = if service.title == service.id { String::new() } else { format!(": {}", service.title) };
    let mut text = format!("{}\n", paint.head(&format!("service:{}{title}", service.id)));
    text.push_str(&format!("  {}, owner {}\n", words::impact(service.impact), service.owner));
    let answers = [
        ("how urgent", urgency(plan, service)),
        ("why there", places(service)),
        ("why not elsewhere", rejected(service)),
        ("which level", level(service)),
        ("when", times(plan, service)),
        ("why so late", chain(plan, &service.critical_path)),
        ("what may be lost", data(service)),
        ("together with", together(service)),
        ("its steps", steps(plan, service)),
    ];
    for (question, lines) in answers {
        text.push_str(&answer(paint, question, &lines));
    }
    text
}

/// A question and its answer, one point per line; what stands before a tab is a column of its own.
pub(super) fn answer(paint: Paint, question: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", paint.head(question));
    for line in lines {
        let (head, line) = line.split_once('\t').unwrap_or(("", line));
        text.push_str(&words::hang(&format!("  {head}"), line, paint.columns));
    }
    text
}

/// Its tier, and the chain of those that need it, up to one that was declared so urgent.
fn urgency(plan: &Plan, service: &ServiceOnPaper) -> Vec<String> {
    let mut lines = vec![format!("declared in tier {}", service.tier)];
    let by_id: BTreeMap<&str, &ServiceOnPaper> = plan.services.iter().map(|one| (one.id.as_str(), one)).collect();
    let mut at = service;
    // A chain can't be longer than there are services; a circle in a plan that was written by hand ends here.
    for _ in 0..plan.services.len() {
        let Some(raise) = &at.raised else { break };
        lines.push(reason::raise(&at.id, &at.tier, &at.effective_tier, raise));
        let Some(next) = by_id.get(raise.by.as_str()) else { break };
        at = next;
    }
    if lines.len() > 1 {
        lines.push(format!("{} is declared in tier {}", at.id, at.tier));
    }
    lines
}

fn places(service: &ServiceOnPaper) -> Vec<String> {
    let before = service.from.iter().map(|one| {
        let share = if one.share > Ppm::ZERO { format!(", {}", words::percent(one.share)) } else { String::new() };
        let fate = if one.survives { "survives" } else { "is gone" };
        format!("before: {} ({}{share}) {fate}", one.site, one.role)
    });
    let nowhere = service.to.is_empty().then(|| "nowhere".to_owned());
    before.chain(service.to.iter().map(place)).chain(nowhere).collect()
}

fn place(target: &Target) -> String {
    let why: Vec<String> = target.because.iter().map(reason::because).collect();
    let first = match (target.first_level == target.level, target.first_share == target.share) {
        (true, true) => String::new(),
        (_, _) if target.first_share == Ppm::ZERO => " (not at first)".to_owned(),
        (false, true) => format!(" (first {})", words::level(target.first_level)),
        (_, false) => {
            format!(" (first {} for {})", words::level(target.first_level), words::percent(target.first_share))
        }
    };
    format!(
        "{}: {}, {}{first}; {}",
        target.site,
        words::level(target.level),
        reason::users(target.share),
        why.join("; ")
    )
}

fn rejected(service: &ServiceOnPaper) -> Vec<String> {
    service.rejected.iter().map(|one| format!("{}: {}", one.site, reason::rejection(&one.because))).collect()
}

fn level(service: &ServiceOnPaper) -> Vec<String> {
    let note = service.note.as_ref().filter(|_| service.level < Level::Full);
    let note = note.map_or(String::new(), |note| format!(": {note}"));
    let mut lines = vec![format!("{}{note}, for {}", words::level(service.level), reason::users(service.admits))];
    lines.extend(service.level_because.iter().map(reason::level_because));
    lines.extend(service.stranded_by.iter().map(|missing| format!("it needs {missing}, which nothing brings back")));
    lines
}

fn times(plan: &Plan, service: &ServiceOnPaper) -> Vec<String> {
    let mut lines: Vec<String> = service.milestones.iter().map(reason::moment).collect();
    lines.extend(service.expected_back_ms.map(|back| promised(plan.incident.mode, service, back)));
    lines.extend(service.without_people_ms.map(|at| format!("{} if every person answered at once", words::at(at))));
    lines
}

fn promised(mode: Mode, service: &ServiceOnPaper, back: Millis) -> String {
    let promise = match (service.objective_ms, late(mode, service), downtime(mode, service)) {
        (None, _, _) => "nothing is promised".to_owned(),
        (Some(objective), Some(late), _) => {
            format!("{} are promised: MISSED by {}", words::span(objective), words::span(late))
        }
        (Some(objective), None, off) => {
            let spare = objective.saturating_sub(off.unwrap_or_default());
            format!("{} are promised: {} to spare", words::span(objective), words::rough(spare))
        }
    };
    let word = if mode == Mode::Failover { "back" } else { "moved" };
    let bound = match service.bound_ms {
        Some(bound) if bound >= back => "; no order of the steps is faster, and that is proven".to_owned(),
        Some(bound) => format!("; no order of the steps is faster than {}", words::at(bound)),
        None => String::new(),
    };
    format!("{word} at {}; {promise}{bound}", words::at(back))
}

/// What was waited for, link by link, each with its time.
pub(super) fn chain(plan: &Plan, links: &[Link]) -> Vec<String> {
    let titles: BTreeMap<&str, String> = plan
        .steps
        .iter()
        .map(|step| (step.id.as_str(), step.title.clone()))
        .chain(plan.gates.iter().map(|gate| (gate.id.as_str(), gate::ask(gate))))
        .collect();
    let mut lines = Vec::new();
    let mut before = Millis::ZERO;
    for link in links {
        let took = words::span(link.end_ms.saturating_sub(link.start_ms));
        let idle = link.start_ms.saturating_sub(before);
        let waited =
            if idle > Millis::ZERO { format!(" after {} of nothing", words::span(idle)) } else { String::new() };
        let title = titles.get(link.id.as_str()).map_or(String::new(), |title| format!(": {title}"));
        // That each link waits for the one before is what a chain means; only another reason is said.
        let plain = link.waited_for == WaitedFor::Before && waited.is_empty();
        let why = if plain { String::new() } else { format!(" [{}{waited}]", reason::waited_for(&link.waited_for)) };
        lines.push(format!("{:>9} {took:>7}  \t{}{title}{why}", words::at(link.start_ms), link.id));
        before = link.end_ms;
    }
    lines.extend(links.last().map(|last| format!("{:>9}          \tback", words::at(last.end_ms))));
    lines
}

fn data(service: &ServiceOnPaper) -> Vec<String> {
    let Some(loss) = &service.data_loss else { return Vec::new() };
    let behind = match loss.at_most_ms {
        Some(Millis::ZERO) => "nothing that was acknowledged".to_owned(),
        Some(lag) => format!("up to {} of writes, as far as is declared", words::span(lag)),
        None => "unknown: nobody declared how far this copy is behind".to_owned(),
    };
    let promise = loss.objective_ms.map_or(String::new(), |limit| format!("; {} are promised", words::span(limit)));
    vec![format!("{}: {behind}{promise}", loss.site)]
}

fn together(service: &ServiceOnPaper) -> Vec<String> {
    match service.together_with.as_slice() {
        [] => Vec::new(),
        others => vec![format!("{}: each needs the other, so all start, then all are verified", others.join(", "))],
    }
}

fn steps(plan: &Plan, service: &ServiceOnPaper) -> Vec<String> {
    let own = plan.steps.iter().filter(|step| step.service.as_ref() == Some(&service.id));
    own.map(|step: &Step| {
        let took = words::span(step.duration_ms);
        format!("{:>9} {took:>7}  \t{}: {}", words::at(step.start_ms), step.id, step.title)
    })
    .collect()
}

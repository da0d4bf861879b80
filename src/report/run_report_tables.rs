//! The tables of a run's report, in the order in which questions come up: services, where the time went, data, people,
//! debts, who held the pen, steps, and everything in order.

use crate::evidence::Evidence;
use crate::evidence::HostsSaid;
use crate::evidence::JudgedBy;
use crate::evidence::Leg;
use crate::evidence::Moment;
use crate::evidence::ServiceAttained;
use crate::evidence::StepSaid;
use crate::evidence::Verdict;
use crate::model::Millis;
use crate::report::run_report::Section;
use crate::report::run_report_summary::spent;
use crate::report::table::Column;
use crate::report::table::left;
use crate::report::table::right;
use crate::report::wall::Wall;
use crate::report::words;
use crate::run::Who;

/// So many services are told link by link where not all of them are asked for: the first tier's last, and the latest.
const PATHS: usize = 2;

/// So many outputs of a step's hosts are told where not all of them are asked for.
const GROUPS: usize = 6;

/// All tables; those that are empty are left out by whoever asks.
pub(super) fn tables(evidence: &Evidence, all: bool) -> Vec<Section> {
    let wall = Wall::of(&evidence.timezone);
    let mut sections = vec![services(evidence)];
    sections.extend(paths(evidence, all));
    sections.extend([data(evidence), decisions(evidence), holds(evidence), owed(evidence), sealed(evidence)]);
    sections.extend([epochs(evidence), coverage(evidence), hosts(evidence, all), timeline(evidence, &wall, all)]);
    sections
}

fn section(head: &'static str, note: &str, shape: &[Column], rows: Vec<Vec<String>>) -> Section {
    Section { head, note: note.to_owned(), lines: Vec::new(), shape: shape.to_vec(), rows }
}

fn span(span: Option<Millis>) -> String {
    span.map_or("-".to_owned(), words::span)
}

fn at(at: Option<Millis>) -> String {
    at.map_or("-".to_owned(), words::at)
}

fn person(who: &Who) -> String {
    format!("{}@{}", who.user, who.host)
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "kept",
        Verdict::NoPromise => "no promise",
        Verdict::Open => "open",
        Verdict::Missed => "MISSED",
        Verdict::Unknown => "UNKNOWN",
    }
}

fn services(evidence: &Evidence) -> Section {
    let shape = [
        left("service", 28),
        left("tier", 12),
        right("promised", 8),
        right("planned", 9),
        right("back", 9),
        left("promise", 10),
        left("where the time went", usize::MAX),
    ];
    let rows = evidence.services.iter().map(|service| {
        vec![
            service.id.clone(),
            service.tier.clone(),
            span(service.objective_ms),
            at(service.expected_ms),
            at(service.back_ms),
            verdict(service.verdict).to_owned(),
            if service.spent.is_empty() { String::new() } else { spent(&service.spent) },
        ]
    });
    section("SERVICES", "when each was back for good, at its floor or better", &shape, rows.collect())
}

/// The way of the first tier's last service, and of the last of all; of every service where all is asked for.
fn paths(evidence: &Evidence, all: bool) -> Vec<Section> {
    let first = evidence.first.as_ref().and_then(|first| first.last.as_deref());
    let last = evidence.services.iter().filter(|service| service.back_ms.is_some()).max_by_key(|it| it.back_ms);
    let mut wanted: Vec<&ServiceAttained> =
        evidence.services.iter().filter(|service| Some(service.id.as_str()) == first).chain(last).collect();
    wanted.dedup_by_key(|service| &service.id);
    wanted.truncate(PATHS);
    if all {
        wanted = evidence.services.iter().filter(|service| !service.path.is_empty()).collect();
    }
    wanted.into_iter().map(path).collect()
}

fn path(service: &ServiceAttained) -> Section {
    let shape =
        [left("waited for", 40), right("from", 9), right("took", 8), right("planned", 8), left("into", usize::MAX)];
    let rows = service.path.iter().map(|leg| {
        let took = leg.to_ms.saturating_sub(leg.from_ms);
        vec![leg.id.clone(), words::at(leg.from_ms), words::span(took), words::span(leg.planned_ms), into(leg)]
    });
    let planned: Vec<&str> = service.planned_path.iter().map(|leg| leg.id.as_str()).collect();
    let same = service.path.iter().map(|leg| leg.id.as_str()).eq(planned.iter().copied());
    let lines = match (same, planned.is_empty()) {
        (_, true) => Vec::new(),
        (true, false) => vec!["It came by the way that the plan expected.".to_owned()],
        (false, false) => {
            let end = service.planned_path.last().map_or(Millis::ZERO, |leg| leg.to_ms);
            vec![format!("The plan expected it by another way, at {}: {}.", words::at(end), planned.join(", "))]
        }
    };
    let note = format!("of {}, back at {}", service.id, at(service.back_ms));
    Section { lines, ..section("WHERE THE TIME WENT", &note, &shape, rows.collect()) }
}

fn into(leg: &Leg) -> String {
    let mut told = spent(&leg.spent);
    if leg.attempts > 1 {
        told.push_str(&format!("; {} attempts", leg.attempts));
    }
    if !leg.slowest.is_empty() {
        told.push_str(&format!("; last {}", leg.slowest.join(", ")));
    }
    told
}

fn data(evidence: &Evidence) -> Section {
    let shape = [
        left("writer", 24),
        left("to", 12),
        right("promised", 8),
        right("declared", 8),
        right("lost", 8),
        left("promise", 10),
        left("judged by", usize::MAX),
    ];
    let rows = evidence.data.iter().map(|data| {
        let by = match &data.by {
            JudgedBy::Seen => format!("what {} said", words::count(data.seen.len(), "host")),
            JudgedBy::Person { by, reason } => format!("{}: {reason}", person(by)),
            JudgedBy::Nobody => "nobody yet".to_owned(),
        };
        let lost = if data.verdict == Verdict::Unknown { "unknown".to_owned() } else { span(data.lost_ms) };
        let [promised, declared] = [data.objective_ms, data.declared_ms].map(span);
        vec![data.service.clone(), data.site.clone(), promised, declared, lost, verdict(data.verdict).to_owned(), by]
    });
    section("DATA", "acknowledged writes that a promotion may have lost", &shape, rows.collect())
}

fn decisions(evidence: &Evidence) -> Section {
    let shape =
        [left("at", 8), right("", 9), left("who", 20), left("did", 14), left("about", 36), left("why", usize::MAX)];
    let rows = evidence.decisions.iter().map(|decision| {
        let mark = if decision.overrides { "! " } else { "" };
        vec![
            words::at(decision.t_ms),
            person(&decision.by),
            format!("{mark}{}", decision.what),
            decision.about.clone().unwrap_or_default(),
            decision.reason.clone(),
        ]
    });
    section("DECISIONS", "`!` took on themselves what would have been proven or done", &shape, rows.collect())
}

fn holds(evidence: &Evidence) -> Section {
    let shape = [right("from", 9), right("to", 9), left("by", 20), left("until", 20), left("why", usize::MAX)];
    let rows = evidence.holds.iter().map(|hold| {
        let name = |who: &Option<Who>| who.as_ref().map_or("-".to_owned(), person);
        vec![words::at(hold.from_ms), at(hold.to_ms), name(&hold.by), name(&hold.resumed_by), hold.why.clone()]
    });
    section("HOLDS", "nothing new was started", &shape, rows.collect())
}

fn owed(evidence: &Evidence) -> Section {
    let shape =
        [right("at", 9), left("fence", 40), left("attested by", 20), left("", 9), left("on what ground", usize::MAX)];
    let rows = evidence.owed.iter().map(|owed| {
        let state = if owed.collected { "collected" } else { "OWED" };
        let by = owed.by.as_ref().map_or("in an earlier run".to_owned(), person);
        vec![words::at(owed.t_ms), owed.gate.clone(), by, state.to_owned(), owed.reason.clone()]
    });
    section("FENCES ON A PERSON'S WORD", "", &shape, rows.collect())
}

fn sealed(evidence: &Evidence) -> Section {
    let shape = [left("site", 20), right("since", 9), left("released by", 20), left("why", usize::MAX)];
    let rows = evidence.sealed.iter().map(|sealed| {
        let by = sealed.released_by.as_ref().map_or("nobody yet".to_owned(), person);
        vec![sealed.site.clone(), words::at(sealed.t_ms), by, sealed.reason.clone().unwrap_or_default()]
    });
    section("QUARANTINE", "", &shape, rows.collect())
}

fn epochs(evidence: &Evidence) -> Section {
    if evidence.epochs.len() < 2 && evidence.jumps.is_empty() {
        return section("WHO HELD THE PEN", "", &[], Vec::new());
    }
    let shape = [
        right("", 3),
        left("who", 20),
        right("from", 9),
        right("to", 9),
        right("gap", 8),
        left("", 5),
        left("in flight when it was taken", usize::MAX),
    ];
    let rows = evidence.epochs.iter().map(|epoch| {
        vec![
            epoch.epoch.to_string(),
            person(&epoch.by),
            words::at(epoch.from_ms),
            words::at(epoch.to_ms),
            if epoch.gap_ms == Millis::ZERO { "-".to_owned() } else { words::span(epoch.gap_ms) },
            if epoch.left { "left" } else { "" }.to_owned(),
            words::fold(&epoch.in_flight, 60),
        ]
    });
    let jumps = evidence.jumps.iter().map(|jump| {
        format!(
            "{}: the clock of the machine jumped, {} forwards and {} backwards.",
            words::at(jump.t_ms),
            words::span(jump.forwards_ms),
            words::span(jump.backwards_ms)
        )
    });
    let lines = jumps.collect();
    let note = "a gap is how long nobody wrote before the pen was taken";
    Section { lines, ..section("WHO HELD THE PEN", note, &shape, rows.collect()) }
}

fn coverage(evidence: &Evidence) -> Section {
    let shape = [left("", 16), right("steps", 6), left("which", usize::MAX)];
    let coverage = &evidence.coverage;
    let lists = [
        ("ran", &coverage.ran, false),
        ("already so", &coverage.already_so, true),
        ("found to be so", &coverage.found, true),
        ("by a person", &coverage.confirmed, true),
        ("by hand instead", &coverage.by_hand, true),
        ("nobody was told", &coverage.untold, true),
        ("skipped", &coverage.skipped, true),
        ("failed", &coverage.failed, true),
        ("in doubt", &coverage.in_doubt, true),
        ("under way", &coverage.under_way, true),
        ("never begun", &coverage.never_reached, true),
    ];
    let rows = lists.iter().filter(|(_, steps, _)| !steps.is_empty()).map(|(word, steps, named)| {
        let names = if *named { words::fold(steps, 68) } else { String::new() };
        vec![(*word).to_owned(), steps.len().to_string(), names]
    });
    let note = words::count(usize::try_from(coverage.steps).unwrap_or(usize::MAX), "step");
    section("STEPS", &note, &shape, rows.collect())
}

/// What hosts said where they differ or it did not go well; of every step where all is asked for.
fn hosts(evidence: &Evidence, all: bool) -> Section {
    let shape = [
        left("step", 40),
        right("hosts", 6),
        left("which", 28),
        left("how", 28),
        left("what each said last", usize::MAX),
    ];
    let silent = |step: &&StepSaid| step.alike.iter().all(|alike| alike.well && alike.said.is_empty());
    let told: Vec<&StepSaid> = evidence.hosts.iter().filter(|step| !silent(step)).collect();
    let differs = |step: &StepSaid| step.alike.len() > 1 || step.alike.iter().any(|alike| !alike.well);
    let shown: Vec<&StepSaid> = told.iter().copied().filter(|step| all || differs(step)).collect();
    let mut rows = Vec::new();
    for step in &shown {
        let most = if all { usize::MAX } else { GROUPS };
        let attempt = if step.attempt > 1 { format!(" (attempt {})", step.attempt) } else { String::new() };
        for alike in step.alike.iter().take(most) {
            let HostsSaid { hosts, count, how, well: _, said } = alike;
            let lines: Vec<&str> = said.trim().lines().collect();
            // Where it went wrong stands at the end.
            let said = match lines.as_slice() {
                [.., last] if !all && lines.len() > 1 => format!("… {last}"),
                lines => lines.join(" / "),
            };
            rows.push(vec![
                format!("{}{attempt}", step.step),
                count.to_string(),
                hosts.clone(),
                how.clone(),
                words::plain(&said),
            ]);
        }
        let more = step.alike.len().saturating_sub(most);
        if more > 0 {
            let hosts: u64 = step.alike[most..].iter().map(|alike| alike.count).sum();
            let rest = format!("{more} more outputs or ends (`--all` shows them)");
            rows.push(vec![step.step.clone(), hosts.to_string(), String::new(), String::new(), rest]);
        }
    }
    let note = match told.len() - shown.len() {
        0 => "hosts that ended alike and said the same are one line".to_owned(),
        hidden => format!(
            "without {} whose hosts all said the same and went well (`--all` shows them)",
            words::count(hidden, "step")
        ),
    };
    section("WHAT HOSTS SAID", &note, &shape, rows)
}

fn timeline(evidence: &Evidence, wall: &Wall, all: bool) -> Section {
    let shape = [
        left("at", 8),
        right("", 9),
        left("what", 14),
        left("about", 44),
        left("who", 16),
        left("why, or how", usize::MAX),
    ];
    let rows = evidence.timeline.iter().filter(|moment| all || stands_out(moment)).map(|moment| {
        let attempt = moment.attempt.filter(|attempt| *attempt > 1);
        let attempt = attempt.map_or(String::new(), |attempt| format!(" (attempt {attempt})"));
        vec![
            wall.time(moment.at),
            words::at(moment.t_ms),
            moment.what.clone(),
            format!("{}{attempt}", moment.about.clone().unwrap_or_default()),
            moment.by.as_ref().map_or(String::new(), |who| who.user.clone()),
            moment.note.clone().unwrap_or_default(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let hidden = evidence.timeline.len() - rows.len();
    let note = match hidden {
        0 => "all entries".to_owned(),
        hidden => format!("without {hidden} entries of steps that went well (`--all` shows them)"),
    };
    section("TIMELINE", &note, &shape, rows)
}

/// What people did, gates, and whatever did not go well.
fn stands_out(moment: &Moment) -> bool {
    let note = moment.note.as_deref();
    match moment.what.as_str() {
        "started" | "already so" | "not yet so" | "hosts ended" => false,
        "ended" => note != Some("ok"),
        "verified" => note != Some("it works"),
        _ => true,
    }
}

//! The first screen of a plan: what a frightened person must know, within 80 columns and 22 lines.

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Gate;
use crate::plan::Impact;
use crate::plan::Issue;
use crate::plan::Level;
use crate::plan::Milestone;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::ScopeOnPaper;
use crate::plan::ServiceOnPaper;
use crate::plan::Step;
use crate::report::advice_many;
use crate::report::gate;
use crate::report::lifeline::Lifeline;
use crate::report::lifeline::lifeline;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::plan_text::SHORT_ID;
use crate::report::reason;
use crate::report::words;

/// The width of the oldest terminal that anybody will open tonight.
pub const COLUMNS: usize = 80;
/// 24 lines of that terminal, less one line of status and the next prompt.
pub const LINES: usize = 22;
/// Questions to people that are spelled out; what is asked first matters first.
const QUESTIONS: usize = 3;

/// The first screen, each line ended.
#[must_use]
pub fn first_screen(plan: &Plan, paint: Paint) -> String {
    let mut lines = vec![title(plan, paint)];
    lines.extend(conditions(plan).map(|line| paint.tone(Tone::Quiet, &line)));
    lines.extend(lifeline(plan).iter().flat_map(|lifeline| lifeline_lines(plan, lifeline, paint)));
    lines.extend(toll(plan, paint));
    lines.extend(no_way_back(plan, paint));
    lines.extend(files(plan, paint));
    lines.extend(people(plan, paint));
    lines.truncate(LINES - 1);
    let room = LINES - 1 - lines.len();
    lines.extend(warnings(plan, paint, room));
    lines.push(label(paint, Tone::Head, "READ ON", &format!("bonghwa show {} | less", short(plan))));
    lines.join("\n") + "\n"
}

fn short(plan: &Plan) -> &str {
    plan.id.get(..SHORT_ID).unwrap_or(&plan.id)
}

/// A line with its label in the first ten columns.
fn label(paint: Paint, tone: Tone, name: &str, text: &str) -> String {
    format!("{}{}", paint.tone(tone, &words::pad(name, 10)), words::cut(text, COLUMNS - 10))
}

fn title(plan: &Plan, paint: Paint) -> String {
    let scopes: Vec<String> = plan.incident.scopes.iter().map(|scope| scope_line(plan, scope)).collect();
    let id = format!("plan {}", short(plan));
    let room = COLUMNS - words::width(&id) - 1;
    let head = format!("{}: {}, ", words::cut(&plan.title, 24), words::mode(plan.incident.mode));
    let what = format!("{head}{}", words::fold(&scopes, room.saturating_sub(words::width(&head))));
    format!("{} {id}", paint.head(&words::pad(&what, room)))
}

/// `pangyo lost`; a site that is alone with its title.
fn scope_line(plan: &Plan, scope: &ScopeOnPaper) -> String {
    let title = plan.sites.iter().find(|site| site.id == scope.scope && site.title != site.id).map(|site| &site.title);
    match title.filter(|_| plan.incident.scopes.len() == 1) {
        Some(title) => format!("{} {}: {title}", scope.scope, scope.state),
        None => format!("{} {}", scope.scope, scope.state),
    }
}

/// Under which conditions it was planned, where they are not the usual ones.
fn conditions(plan: &Plan) -> Option<String> {
    let incident = &plan.incident;
    let mut all = Vec::new();
    all.extend(incident.surge.iter().map(|surge| format!("surge {surge}")));
    if incident.load != Ppm::ONE {
        all.push(format!("load {} of the daily peak", incident.load));
    }
    all.extend(incident.began_before_ms.map(|began| format!("began {} before T=0", words::span(began))));
    if !incident.to.is_empty() {
        all.push(format!("only to {}", words::fold(&incident.to, 30)));
    }
    if incident.only_lifeline {
        all.push("the lifeline alone".to_owned());
    }
    (!all.is_empty()).then(|| words::cut(&format!("          {}", all.join("; ")), COLUMNS))
}

fn lifeline_lines(plan: &Plan, lifeline: &Lifeline<'_>, paint: Paint) -> Vec<String> {
    if lifeline.closure.is_empty() {
        return vec![label(paint, Tone::Good, "LIFELINE", "untouched")];
    }
    // What comes back last is what people wait for: it stands first, and the rest is what it needs.
    let mut promised = lifeline.promised.clone();
    promised.sort_by_key(|service| std::cmp::Reverse(service.expected_back_ms));
    let names: Vec<&str> = promised.iter().map(|service| service.title.as_str()).collect();
    let mut lines = vec![label(paint, Tone::Head, "LIFELINE", &words::fold(&names, COLUMNS - 10))];
    let planned = plan.incident.mode != Mode::Failover;
    let word = if planned { "serves" } else { "back" };
    lines.push(words::cut(&format!("  {word:7} {}", returns(lifeline)), COLUMNS));
    lines.push(promise(plan, lifeline, paint));
    let Some(last) = lifeline.last_back() else { return lines };
    let back = last.expected_back_ms.unwrap_or_default();
    if planned {
        lines.push(format!("  moved   {}{}", words::at(back), sureness(plan, lifeline)));
    }
    if let Some(without) = lifeline.without_people().filter(|without| *without < back) {
        let waiting = words::span(back.saturating_sub(without));
        lines.push(format!("  people  {waiting} of that is waiting for answers ({} without)", words::at(without)));
    }
    if !last.critical_path.is_empty() {
        lines.push(format!("  waits   {}", critical(last)));
    }
    lines
}

/// How service returns, in one line: the first moment, the one from which on everybody is back, the last.
fn returns(lifeline: &Lifeline<'_>) -> String {
    let all = lifeline.milestones();
    let most = all.iter().map(|moment| moment.share).max().unwrap_or_default();
    let first = all.iter().find(|moment| moment.share > Ppm::ZERO);
    let everybody = all.iter().find(|moment| moment.share == most && most > Ppm::ZERO);
    let mut told: Vec<&Milestone> = Vec::new();
    for moment in first.into_iter().chain(everybody).chain(all.last()) {
        if !told.contains(&moment) {
            told.push(moment);
        }
    }
    if first.is_none() {
        return "NOT BACK: nothing in this plan brings it back".to_owned();
    }
    told.into_iter().map(returned).collect::<Vec<_>>().join(", ")
}

/// `T+04:33 degraded for 40 %`, `T+05:33 degraded for all`, `T+10:15 full`.
fn returned(moment: &Milestone) -> String {
    match moment.share {
        Ppm::ZERO => format!("{} off", words::at(moment.at_ms)),
        Ppm::ONE if moment.level == Level::Full => format!("{} full", words::at(moment.at_ms)),
        Ppm::ONE => format!("{} {} for all", words::at(moment.at_ms), words::level(moment.level)),
        share => {
            format!("{} {} for {}", words::at(moment.at_ms), words::level(moment.level), words::percent(share))
        }
    }
}

/// The promise, whether it is kept, and how far from the best this plan can be.
fn promise(plan: &Plan, lifeline: &Lifeline<'_>, paint: Paint) -> String {
    let mode = plan.incident.mode;
    let kept = match (lifeline.objective(), lifeline.missed_by(mode), lifeline.last_back()) {
        (None, _, _) => "nothing promised".to_owned(),
        (Some(objective), _, None) => format!("{} MISSED", words::span(objective)),
        (Some(objective), Some(late), Some(_)) => format!("{} MISSED by {}", words::span(objective), words::span(late)),
        (Some(objective), None, Some(_)) => format!("{} met", words::span(objective)),
    };
    let sure = match (mode, lifeline.downtime(mode)) {
        (Mode::Failover, _) => sureness(plan, lifeline),
        (Mode::Switchover | Mode::Failback, None) => String::new(),
        (Mode::Switchover | Mode::Failback, Some(Millis::ZERO)) => "; no gap in service is planned".to_owned(),
        (Mode::Switchover | Mode::Failback, Some(off)) => format!("; off for {} on the way", words::span(off)),
    };
    let tone = if kept.contains("MISSED") { Tone::Alarm } else { Tone::Good };
    let room = COLUMNS - 10 - words::width(&sure);
    format!("  promise {}{sure}", paint.tone(tone, &words::cut(&kept, room)))
}

fn sureness(plan: &Plan, lifeline: &Lifeline<'_>) -> String {
    let Some((back, bound)) = lifeline.last_back().and_then(|last| last.expected_back_ms).zip(lifeline.bound()) else {
        return String::new();
    };
    if bound >= back || plan.classes.first().is_some_and(|class| class.proven) {
        return "; proven: no order of these steps is faster".to_owned();
    }
    format!("; at best {}, so at most {} could be won", words::at(bound), words::span(back.saturating_sub(bound)))
}

/// The longest links of what a service waited for, in order.
fn critical(service: &ServiceOnPaper) -> String {
    let mut longest: Vec<usize> = (0..service.critical_path.len()).collect();
    let length = |at: &usize| {
        let link = &service.critical_path[*at];
        link.end_ms.saturating_sub(link.start_ms)
    };
    longest.sort_by_key(|at| (std::cmp::Reverse(length(at)), *at));
    let parts = |kept: usize| {
        let mut kept: Vec<usize> = longest.iter().copied().take(kept).collect();
        kept.sort_unstable();
        let rest = longest.len() - kept.len();
        let names: Vec<String> = kept
            .iter()
            .map(|at| format!("{} {}", without_site(&service.critical_path[*at].id), words::span(length(at))))
            .collect();
        let more = if rest == 0 { String::new() } else { format!(" (+{rest} shorter)") };
        format!("{}{more}", names.join(" > "))
    };
    let fitting = (1..=longest.len()).rev().map(parts).find(|line| words::width(line) <= COLUMNS - 10);
    fitting.unwrap_or_else(|| words::cut(&parts(1), COLUMNS - 10))
}

/// `message-store/promote@ansan` without its site: where it is stands with the step.
fn without_site(id: &str) -> &str {
    id.split_once('@').map_or(id, |(name, _)| name)
}

/// What the incident costs: how many services, and who ends below full.
fn toll(plan: &Plan, paint: Paint) -> Vec<String> {
    let order = [Impact::Down, Impact::Stranded, Impact::Reduced, Impact::Waiting, Impact::Exposed];
    let counts: Vec<String> = order
        .iter()
        .map(|impact| (plan.services.iter().filter(|service| service.impact == *impact).count(), impact))
        .filter(|(count, _)| *count > 0)
        .map(|(count, impact)| format!("{count} {}", words::impact(*impact)))
        .collect();
    let planned = plan.incident.mode != Mode::Failover;
    let counts = match plan.services.len() {
        0 => "no service is touched".to_owned(),
        moved if planned || counts.is_empty() => format!("{moved} move or make room"),
        _ => counts.join(", "),
    };
    let mut lines = vec![label(paint, Tone::Head, "SERVICES", &format!("{counts}; {} untouched", plan.untouched))];
    let stranded = |service: &ServiceOnPaper| service.impact == Impact::Stranded;
    lines.extend(listed(plan, paint, "STRANDED", Tone::Alarm, stranded, |service| service.id.clone()));
    let shed = |service: &ServiceOnPaper| service.level == Level::Shed && !stranded(service);
    lines.extend(listed(plan, paint, "SHED", Tone::Care, shed, |service| service.id.clone()));
    let degraded = |service: &ServiceOnPaper| service.level == Level::Degraded;
    // What users notice is said where that leaves room for the names.
    let few = plan.services.iter().filter(|service| degraded(service)).count() <= 2;
    lines.extend(listed(plan, paint, "DEGRADED", Tone::Care, degraded, |service| match &service.note {
        Some(note) if few => format!("{} ({note})", service.id),
        Some(_) | None => service.id.clone(),
    }));
    let part =
        |service: &ServiceOnPaper| service.admits < Ppm::ONE && service.level != Level::Shed && !stranded(service);
    lines.extend(listed(plan, paint, "IN PART", Tone::Alarm, part, |service| {
        format!("{} ({})", service.id, reason::users(service.admits))
    }));
    lines
}

/// One line that counts some of the services and names the most urgent of them.
fn listed(
    plan: &Plan,
    paint: Paint,
    name: &str,
    tone: Tone,
    which: impl Fn(&ServiceOnPaper) -> bool,
    say: impl Fn(&ServiceOnPaper) -> String,
) -> Option<String> {
    let names: Vec<String> = plan.services.iter().filter(|service| which(service)).map(say).collect();
    let head = format!("{}: ", names.len());
    let room = COLUMNS - 10 - words::width(&head);
    (!names.is_empty()).then(|| label(paint, tone, name, &format!("{head}{}", words::fold(&names, room))))
}

fn no_way_back(plan: &Plan, paint: Paint) -> Option<String> {
    let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.irreversible).collect();
    let names: Vec<String> = steps.iter().map(|step| format!("{} {}", words::at(step.start_ms), step.id)).collect();
    let head = format!("{} without a way back: ", words::count(names.len(), "step"));
    let room = COLUMNS - 10 - words::width(&head);
    (!names.is_empty()).then(|| label(paint, Tone::Care, "FINAL", &format!("{head}{}", words::fold(&names, room))))
}

fn files(plan: &Plan, paint: Paint) -> Option<String> {
    plan.findings.iter().find_map(|issue| {
        let Issue::FaultsElsewhere { errors } = issue else { return None };
        let what = format!("{errors} errors in what was written were left out of this plan: bonghwa check");
        Some(label(paint, Tone::Care, "FILES", &what))
    })
}

fn people(plan: &Plan, paint: Paint) -> Vec<String> {
    let mut gates: Vec<&Gate> = plan.gates.iter().filter(|gate| gate.person).collect();
    gates.sort_by(|a, b| (a.start_ms, &a.id).cmp(&(b.start_ms, &b.id)));
    let head = match gates.len() {
        0 => "nobody is asked anything".to_owned(),
        1 => "1 answer is needed".to_owned(),
        many => format!("{many} answers are needed"),
    };
    let head = match gates.len().saturating_sub(QUESTIONS) {
        0 => head,
        _ => format!("{head}; the first {QUESTIONS}:"),
    };
    let mut lines = vec![label(paint, Tone::Head, "PEOPLE", &head)];
    for gate in gates.iter().take(QUESTIONS) {
        lines.push(words::cut(&format!("  {:7} {}", words::at(gate.start_ms), gate::ask(gate)), COLUMNS));
    }
    lines
}

/// The urgent findings with what to do, as many as there is room for.
fn warnings(plan: &Plan, paint: Paint, room: usize) -> Vec<String> {
    let mut urgent: Vec<&Issue> = plan.findings.iter().filter(|issue| issue.is_urgent()).collect();
    urgent.sort_by_key(|issue| stands_above(issue));
    if urgent.is_empty() || room == 0 {
        return Vec::new();
    }
    let others = plan.findings.len() - urgent.len();
    let mut lines = Vec::new();
    let kinds = advice_many::together(&urgent);
    let shown = kinds.len().min((room - 1) / 2);
    for advice in kinds.iter().take(shown) {
        lines.push(paint.tone(Tone::Alarm, &words::cut(&format!("  ! {}", advice.what), COLUMNS)));
        lines.push(words::cut(&format!("    -> {}", advice.act), COLUMNS));
    }
    let head = match (kinds.len() - shown, others) {
        (0, 0) => format!("{} urgent", urgent.len()),
        (0, others) => format!("{} urgent; {others} more below", urgent.len()),
        (left, 0) => format!("{} urgent, {} of them below", urgent.len(), words::count(left, "kind")),
        (left, others) => {
            format!("{} urgent, {} of them and {others} more below", urgent.len(), words::count(left, "kind"))
        }
    };
    lines.insert(0, label(paint, Tone::Alarm, "WARNINGS", &head));
    lines
}

/// Whether lines further up say it too; what stands nowhere else comes first.
fn stands_above(issue: &Issue) -> bool {
    matches!(issue, Issue::Stranded { .. } | Issue::AdmitsPart { .. } | Issue::RtoMissed { .. })
}

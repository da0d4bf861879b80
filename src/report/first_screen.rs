//! The first screen of a plan: what a frightened person must know, within 80 columns and 22 lines.

use crate::model::Ppm;
use crate::plan::Impact;
use crate::plan::Issue;
use crate::plan::Level;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::ScopeOnPaper;
use crate::plan::ServiceOnPaper;
use crate::plan::Step;
use crate::report::advice_many;
use crate::report::headline::headline;
use crate::report::paint::NARROW;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::people;
use crate::report::plan_text::SHORT_ID;
use crate::report::plan_text::View;
use crate::report::plan_text::finding;
use crate::report::reason;
use crate::report::retreat_text;
use crate::report::words;

/// Its width, whatever the terminal's.
pub const COLUMNS: usize = NARROW;
/// 24 lines of that terminal, less one line of status and the next prompt.
pub const LINES: usize = 22;
/// Questions to people that are spelled out; what is asked first matters first.
pub(super) const QUESTIONS: usize = 4;

/// The first screen, each line ended. Where all is wanted no list is folded, and it may take more than a screen.
#[must_use]
pub fn first_screen(plan: &Plan, view: View) -> String {
    let View { paint, all } = view;
    if let Some(retreat) = &plan.retreat {
        return retreat_text::screen(plan, retreat, view);
    }
    let mut lines = vec![title(plan, paint)];
    lines.extend(conditions(plan).map(|line| paint.tone(Tone::Quiet, &line)));
    lines.extend(headline(plan, paint));
    lines.extend(toll(plan, view));
    lines.extend(no_way_back(plan, view));
    lines.extend(files(plan, paint));
    lines.extend(people(plan, paint));
    if !all {
        lines.truncate(LINES - 1);
    }
    let room = if all { usize::MAX } else { LINES - 1 - lines.len() };
    lines.extend(warnings(plan, paint, room, all));
    lines.push(label(paint, Tone::Head, "READ ON", &format!("bonghwa show {} | less", short(plan))));
    lines.join("\n") + "\n"
}

pub(super) fn short(plan: &Plan) -> &str {
    plan.id.get(..SHORT_ID).unwrap_or(&plan.id)
}

/// A line with its label in the first ten columns.
pub(super) fn label(paint: Paint, tone: Tone, name: &str, text: &str) -> String {
    format!("{}{}", paint.tone(tone, &words::pad(name, 10)), words::cut(text, COLUMNS - 10))
}

pub(super) fn title(plan: &Plan, paint: Paint) -> String {
    let scopes: Vec<String> = match &plan.retreat {
        None => plan.incident.scopes.iter().map(|scope| scope_line(plan, scope)).collect(),
        Some(retreat) => vec![retreat.run.clone()],
    };
    let id = format!("plan {}", short(plan));
    let room = COLUMNS - words::width(&id) - 1;
    let head = match &plan.retreat {
        None => format!("{}: {}, ", words::cut(&plan.title, 24), words::mode(plan.incident.mode)),
        Some(_) => format!("{}: retreat of ", words::cut(&plan.title, 24)),
    };
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

/// What the incident costs: how many services, and who ends below full.
fn toll(plan: &Plan, view: View) -> Vec<String> {
    let paint = view.paint;
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
    if plan.unplanned > 0 {
        lines.push(format!("          {} more are touched and not planned for", plan.unplanned));
    }
    let stranded = |service: &ServiceOnPaper| service.impact == Impact::Stranded;
    lines.extend(listed(plan, view, "STRANDED", Tone::Alarm, stranded, |service| service.id.clone()));
    let shed = |service: &ServiceOnPaper| service.level == Level::Shed && !stranded(service);
    lines.extend(listed(plan, view, "SHED", Tone::Care, shed, |service| service.id.clone()));
    let degraded = |service: &ServiceOnPaper| service.level == Level::Degraded;
    // What users notice is said where that leaves room for the names.
    let few = plan.services.iter().filter(|service| degraded(service)).count() <= 2;
    lines.extend(listed(plan, view, "DEGRADED", Tone::Care, degraded, |service| match &service.note {
        Some(note) if few => format!("{} ({note})", service.id),
        Some(_) | None => service.id.clone(),
    }));
    let part =
        |service: &ServiceOnPaper| service.admits < Ppm::ONE && service.level != Level::Shed && !stranded(service);
    lines.extend(listed(plan, view, "IN PART", Tone::Alarm, part, |service| {
        format!("{} ({})", service.id, reason::users(service.admits))
    }));
    lines
}

/// One line that counts some of the services and names the most urgent of them.
fn listed(
    plan: &Plan,
    view: View,
    name: &str,
    tone: Tone,
    which: impl Fn(&ServiceOnPaper) -> bool,
    say: impl Fn(&ServiceOnPaper) -> String,
) -> Option<String> {
    let names: Vec<String> = plan.services.iter().filter(|service| which(service)).map(say).collect();
    let head = format!("{}: ", names.len());
    (!names.is_empty()).then(|| labelled(view, tone, name, &head, &names))
}

/// A line of names: as many as it holds, or where all is wanted as many lines as it takes.
pub(super) fn labelled(view: View, tone: Tone, name: &str, head: &str, names: &[String]) -> String {
    let Paint { columns, .. } = view.paint;
    if view.all {
        let text = words::hang(&words::pad(name, 10), &format!("{head}{}", names.join(", ")), columns);
        return text.trim_end().replacen(name, &view.paint.tone(tone, name), 1);
    }
    let room = COLUMNS - 10 - words::width(head);
    label(view.paint, tone, name, &format!("{head}{}", words::fold(names, room)))
}

fn no_way_back(plan: &Plan, view: View) -> Option<String> {
    let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.irreversible).collect();
    let names: Vec<String> = steps.iter().map(|step| format!("{} {}", words::at(step.start_ms), step.id)).collect();
    let head = format!("{} without a way back: ", words::count(names.len(), "step"));
    (!names.is_empty()).then(|| labelled(view, Tone::Care, "FINAL", &head, &names))
}

fn files(plan: &Plan, paint: Paint) -> Option<String> {
    plan.findings.iter().find_map(|issue| {
        let Issue::FaultsElsewhere { errors } = issue else { return None };
        let what = format!("{errors} errors in what was written were left out of this plan: bonghwa check");
        Some(label(paint, Tone::Care, "FILES", &what))
    })
}

pub(super) fn people(plan: &Plan, paint: Paint) -> Vec<String> {
    let asked = people::asked(plan);
    let head = match asked.len() {
        0 => "nobody is asked anything".to_owned(),
        1 => "1 answer is needed".to_owned(),
        many => format!("{many} answers are needed"),
    };
    let head = match asked.len().saturating_sub(QUESTIONS) {
        0 => head,
        _ => format!("{head}; the first {QUESTIONS}:"),
    };
    let mut lines = vec![label(paint, Tone::Head, "PEOPLE", &head)];
    for asked in asked.iter().take(QUESTIONS) {
        lines.push(words::cut(&format!("  {:7} {}", words::at(asked.at), asked.what), COLUMNS));
    }
    lines
}

/// The urgent findings with what to do, as many as there is room for; each by itself where all is wanted.
fn warnings(plan: &Plan, paint: Paint, room: usize, all: bool) -> Vec<String> {
    let mut urgent: Vec<&Issue> = plan.findings.iter().filter(|issue| issue.is_urgent()).collect();
    urgent.sort_by_key(|issue| stands_above(issue));
    if urgent.is_empty() || room == 0 {
        return Vec::new();
    }
    let others = plan.findings.len() - urgent.len();
    let mut lines = Vec::new();
    if all {
        let others = plan.findings.len() - urgent.len();
        let more = if others == 0 { String::new() } else { format!("; {others} more below") };
        let mut lines = vec![label(paint, Tone::Alarm, "WARNINGS", &format!("{} urgent{more}", urgent.len()))];
        lines.extend(urgent.iter().map(|issue| finding(plan, issue, true, paint).trim_end().to_owned()));
        return lines;
    }
    let kinds = advice_many::together(plan, &urgent);
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

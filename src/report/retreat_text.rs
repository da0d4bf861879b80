//! The first screen of a plan that takes a run back: what comes back, what stays where it is, and what people have to do.

use crate::plan::Plan;
use crate::plan::RetreatOnPaper;
use crate::plan::StaysOnPaper;
use crate::plan::StaysWhy;
use crate::report::first_screen::COLUMNS;
use crate::report::first_screen::LINES;
use crate::report::first_screen::label;
use crate::report::first_screen::labelled;
use crate::report::first_screen::people;
use crate::report::first_screen::short;
use crate::report::first_screen::title;
use crate::report::paint::Tone;
use crate::report::people;
use crate::report::plan_text::View;
use crate::report::words;

/// The first screen, each line ended.
pub(super) fn screen(plan: &Plan, retreat: &RetreatOnPaper, view: View) -> String {
    let paint = view.paint;
    let mut lines = vec![title(plan, paint)];
    lines.extend(back(plan, view));
    lines.extend(stays(retreat, view));
    lines.extend(ways_on(plan).into_iter().map(|way| format!("  -> {way}")));
    if plan.steps.is_empty() {
        return lines.join("\n") + "\n";
    }
    lines.extend(people(plan, paint));
    if !view.all {
        lines.truncate(LINES - 1);
    }
    lines.push(label(paint, Tone::Head, "READ ON", &format!("bonghwa show {} | less", short(plan))));
    lines.join("\n") + "\n"
}

/// Who is as before the run when it is done, and by whose hands.
fn back(plan: &Plan, view: View) -> Vec<String> {
    let names: Vec<String> = plan.services.iter().map(|service| service.id.clone()).collect();
    let end = plan.steps.iter().map(|step| step.start_ms + step.duration_ms).max();
    let Some(end) = end else {
        return vec![label(view.paint, Tone::Alarm, "BACK", "nothing: no step of it can be undone")];
    };
    let who = match names.len() {
        0 => label(view.paint, Tone::Head, "BACK", "no service has moved"),
        _ => labelled(view, Tone::Good, "BACK", &format!("{}: ", words::count(names.len(), "service")), &names),
    };
    let by_people = plan.steps.iter().filter(|step| people::is_confirmation(step)).count();
    let by_hand = if by_people > 0 { format!(", {by_people} of them by people") } else { String::new() };
    let steps = format!("{} undone{by_hand}; all over {}", words::count(plan.steps.len(), "step"), words::at(end));
    vec![who, format!("          {}", words::cut(&steps, COLUMNS - 10))]
}

/// What stays, by the reason; a service by its name, all else by its step.
fn stays(retreat: &RetreatOnPaper, view: View) -> Vec<String> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for one in &retreat.stays {
        let names = match &one.service {
            Some(service) if one.whole => vec![service.clone()],
            Some(_) | None => one.steps.clone(),
        };
        let why = why(one);
        match groups.iter_mut().find(|(known, _)| *known == why) {
            Some((_, known)) => known.extend(names),
            None => groups.push((why, names)),
        }
    }
    let line = |(why, names): (String, Vec<String>)| {
        let name = labelled(view, Tone::Alarm, "STAYS", "", &names);
        vec![name, words::cut(&format!("          {why}"), COLUMNS)]
    };
    groups.into_iter().flat_map(line).collect()
}

fn why(stays: &StaysOnPaper) -> String {
    match &stays.why {
        StaysWhy::Final { step } => format!("{step} has no way back, and it began"),
        StaysWhy::NeededBy { by } => format!("{by} was built on it, and stays"),
        StaysWhy::Quarantined { site } if stays.whole => format!("its users came from {site}, which nobody trusts yet"),
        StaysWhy::Quarantined { site } => format!("it would touch {site}, which nobody trusts yet"),
    }
}

/// What people do about what stays: sites that are to be trusted first, and the plan that leads home.
#[must_use]
pub fn ways_on(plan: &Plan) -> Vec<String> {
    let Some(retreat) = plan.retreat.as_ref().filter(|retreat| !retreat.stays.is_empty()) else { return Vec::new() };
    let quarantined = plan.sites.iter().filter(|site| site.state == "quarantined");
    let release = quarantined.map(|site| format!("bonghwa release {} --reason WHY", site.id));
    let mut ways: Vec<String> = release.collect();
    // What is left as it is, and no service with it, needs nobody to go home.
    if retreat.stays.iter().any(|stays| stays.whole) {
        ways.extend(home(plan));
    }
    ways
}

/// The plan that brings home what stays: with fences, and with what may be lost.
fn home(plan: &Plan) -> Option<String> {
    let scopes = |states: &[&str]| -> Vec<&str> {
        let scopes = plan.incident.scopes.iter().filter(|scope| states.contains(&scope.state.as_str()));
        scopes.map(|scope| scope.scope.as_str()).collect()
    };
    let (left, returned) = (scopes(&["lost", "impaired", "leaving"]), scopes(&["returning"]));
    let flag = |flag: &str, scopes: &[&str]| format!("bonghwa plan {flag} {}", scopes.join(" "));
    match (left.is_empty(), returned.is_empty()) {
        (false, _) => Some(flag("--return", &left)),
        (true, false) => Some(flag("--leave", &returned)),
        (true, true) => None,
    }
}

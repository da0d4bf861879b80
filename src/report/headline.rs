//! What the first screen says of the first tier: whether it is touched, when it is back, and how sure that is.

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Impact;
use crate::plan::Level;
use crate::plan::Milestone;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::report::first_screen::COLUMNS;
use crate::report::first_screen::label;
use crate::report::lifeline::Lifeline;
use crate::report::lifeline::lifeline;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::words;

/// The first tier on the first screen. Its title always stands there: at night nobody should have to guess whether
/// text messages are meant.
pub(super) fn headline(plan: &Plan, paint: Paint) -> Vec<String> {
    let lifeline = lifeline(plan);
    if lifeline.promised.is_empty() {
        return untouched(plan, &lifeline, paint);
    }
    let touched = match lifeline.promised.len() {
        1 => "1 of its services is touched".to_owned(),
        many => format!("{many} of its services are touched"),
    };
    let mut lines = vec![label(paint, Tone::Head, "LIFELINE", &titled(lifeline.title, &touched))];
    lines.extend(lines_of(plan, &lifeline, paint));
    lines
}

/// Nothing that was declared to be of it is touched; what it needs may be.
fn untouched(plan: &Plan, lifeline: &Lifeline<'_>, paint: Paint) -> Vec<String> {
    if let Some(line) = lifeline.closure.is_empty().then(|| left_alone(plan)).flatten() {
        return vec![
            label(paint, Tone::Alarm, "LIFELINE", &titled(lifeline.title, "this plan has no step for it")),
            line,
        ];
    }
    let mut lines = vec![label(paint, Tone::Good, "LIFELINE", &titled(lifeline.title, "untouched"))];
    if lifeline.closure.is_empty() {
        return lines;
    }
    let names: Vec<&str> = lifeline.closure.iter().map(|service| service.id.as_str()).collect();
    let back = lifeline.closure.iter().filter_map(|service| service.expected_back_ms).max();
    let word = if plan.incident.mode == Mode::Failover { "back" } else { "moved" };
    let when = back.map_or(String::new(), |back| format!("; all {word} {}", words::at(back)));
    let head = format!("  needs   {} touched: ", names.len());
    let room = COLUMNS - words::width(&head) - words::width(&when);
    lines.push(format!("{head}{}{when}", words::fold(&names, room)));
    lines
}

/// What is hit in a tier for which there is no step at all. That may be the first one, so nobody says that all is well.
fn left_alone(plan: &Plan) -> Option<String> {
    let tier = plan.services.first()?.effective_tier.as_str();
    let hit = |service: &&ServiceOnPaper| match service.impact {
        Impact::Down | Impact::Stranded | Impact::Reduced | Impact::Waiting => service.effective_tier == tier,
        Impact::Unaffected | Impact::Exposed => false,
    };
    let names: Vec<&str> = plan.services.iter().filter(hit).map(|service| service.id.as_str()).collect();
    let head = format!("  hit     in tier {tier}: ");
    let known = plan.classes.iter().any(|class| class.tier == tier);
    (!known && !names.is_empty()).then(|| format!("{head}{}", words::fold(&names, COLUMNS - words::width(&head))))
}

/// The title and what is so; of a long title the clauses at its end give way first.
fn titled(title: &str, what: &str) -> String {
    let room = COLUMNS - 10 - words::width(what) - 2;
    let mut title = title;
    while words::width(title) > room {
        let Some((kept, _)) = title.rsplit_once(", ") else { break };
        title = kept;
    }
    format!("{}; {what}", words::cut(title, room))
}

fn lines_of(plan: &Plan, lifeline: &Lifeline<'_>, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    let planned = plan.incident.mode != Mode::Failover;
    let word = if planned || lifeline.serves_throughout() { "serves" } else { "back" };
    lines.push(words::cut(&format!("  {word:7} {}", returns(lifeline)), COLUMNS));
    lines.push(promise(plan, lifeline, paint));
    let Some(last) = lifeline.last_back() else { return lines };
    let Some(back) = last.expected_back_ms else { return lines };
    if planned {
        lines.push(format!("  moved   {}{}", words::at(back), sureness(plan, lifeline)));
    }
    if let Some(without) = lifeline.without_people().filter(|without| *without < back) {
        let waiting = words::span(back.saturating_sub(without));
        lines.push(format!("  people  {waiting} of that is waiting for answers ({} without)", words::at(without)));
    }
    if !last.critical_path.is_empty() {
        lines.push(format!("  longest {}", critical(last)));
    }
    lines
}

/// How service returns, in one line: the first moment, the one from which on everybody is back, the last.
fn returns(lifeline: &Lifeline<'_>) -> String {
    if lifeline.serves_throughout() {
        return "it serves throughout, for all".to_owned();
    }
    let all = lifeline.milestones();
    if let Some(gaps) = gaps(&all) {
        return gaps;
    }
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

/// `full, but off for 2m33s from T+3:12:57: a writer moves`: where such gaps are all that users notice.
fn gaps(all: &[Milestone]) -> Option<String> {
    let is_off = |moment: &Milestone| moment.share == Ppm::ZERO;
    let is_whole = |moment: &Milestone| moment.share == Ppm::ONE && moment.level == Level::Full;
    if !all.first().is_some_and(is_whole) || !all.iter().all(|moment| is_off(moment) || is_whole(moment)) {
        return None;
    }
    let gaps = all.windows(2).filter(|pair| is_off(&pair[0]) && is_whole(&pair[1]));
    let gaps: Vec<(Millis, Millis)> = gaps.map(|pair| (pair[0].at_ms, pair[1].at_ms)).collect();
    let most = gaps.iter().map(|(from, until)| until.saturating_sub(*from)).max()?;
    let (from, most) = (words::at(gaps[0].0), words::span(most));
    match gaps.len() {
        1 => Some(format!("full, but off for {most} from {from}: a writer moves")),
        many => Some(format!("full, but off {many} times for up to {most} from {from} on: writers move")),
    }
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
        (Some(objective), _, None) => match lifeline.never_back().as_slice() {
            [] => format!("{} met", words::span(objective)),
            never => format!("{} MISSED for good by {}", words::span(objective), words::fold(never, 40)),
        },
        (Some(objective), Some(late), Some(_)) => format!("{} MISSED by {}", words::span(objective), words::span(late)),
        (Some(objective), None, Some(_)) => format!("{} met", words::span(objective)),
    };
    let sure = match (mode, lifeline.downtime(mode)) {
        (Mode::Failover | Mode::Retreat, _) => sureness(plan, lifeline),
        (Mode::Switchover | Mode::Failback, None) => String::new(),
        (Mode::Switchover | Mode::Failback, Some(Millis::ZERO)) => "; no gap in service is planned".to_owned(),
        (Mode::Switchover | Mode::Failback, Some(_)) if gaps(&lifeline.milestones()).is_some() => String::new(),
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

/// What took longest of all that a service waited for, in order: `approval:start 1m, then session/shift 1m18s; 14
/// shorter`.
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
        let names: Vec<String> = kept
            .iter()
            .map(|at| format!("{} {}", without_site(&service.critical_path[*at].id), words::span(length(at))))
            .collect();
        let more = match longest.len() - kept.len() {
            0 => String::new(),
            rest => format!("; {rest} shorter"),
        };
        format!("{}{more}", names.join(", then "))
    };
    let fitting = (1..=longest.len()).rev().map(parts).find(|line| words::width(line) <= COLUMNS - 10);
    fitting.unwrap_or_else(|| words::cut(&parts(1), COLUMNS - 10))
}

/// `message-store/promote@ansan` without its site: where it is stands with the step.
fn without_site(id: &str) -> &str {
    id.split_once('@').map_or(id, |(name, _)| name)
}

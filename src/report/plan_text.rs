//! A plan on paper: the first screen, then all the rest in the order in which it is needed.
//!
//! The text depends on the plan and on what was asked for, on nothing else: no clock, no terminal.

use crate::model::Ppm;
use crate::model::amount_text;
use crate::plan::Issue;
use crate::plan::Outlook;
use crate::plan::Plan;
use crate::report::advice;
use crate::report::first_screen;
use crate::report::first_screen::first_screen;
use crate::report::paint::Paint;
use crate::report::people;
use crate::report::plan_services;
use crate::report::plan_steps;
use crate::report::table::left;
use crate::report::table::right;
use crate::report::table::table;
use crate::report::words;

/// As many letters of a digest as people can tell apart and read aloud; 48 bits do not collide in one folder.
pub const SHORT_ID: usize = 12;

/// What is wanted of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Colour, and how wide it may be.
    pub paint: Paint,
    /// Every service and step, however many there are.
    pub all: bool,
}

/// The whole plan as text.
#[must_use]
pub fn plan_text(plan: &Plan, view: View) -> String {
    let paint = view.paint;
    let outlook = if plan.retreat.is_none() { outlook(&plan.outlook, view.all, paint) } else { String::new() };
    let sections = [
        first_screen(plan, view),
        asked(plan, view.all, paint),
        plan_services::services(plan, view.all, paint),
        plan_steps::final_steps(plan, view.all, paint),
        plan_steps::waves(plan, view.all, paint),
        ledger(plan, view.all, paint),
        findings(plan, view.all, paint),
        outlook,
        sources(plan, view.all, paint),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Questions to people that are spelled out here: a screen of them.
const QUESTIONS: usize = 24;

/// All that people are asked or sent for, where the first screen has no room for it.
fn asked(plan: &Plan, all: bool, paint: Paint) -> String {
    let asked = people::asked(plan);
    let shown = if all { asked.len() } else { asked.len().min(QUESTIONS) };
    if shown <= first_screen::QUESTIONS {
        return String::new();
    }
    let mut text = format!("{}  who is asked what, and when\n", paint.head("PEOPLE"));
    for asked in &asked[..shown] {
        text.push_str(&words::hang(&format!("  {:>9}  ", words::at(asked.at)), &asked.what, paint.columns));
    }
    if shown < asked.len() {
        text.push_str(&format!("  … and {} more (`--all` shows them)\n", asked.len() - shown));
    }
    text
}

/// What a site holds before and after, and its limit; amounts as people write them.
fn ledger(plan: &Plan, all: bool, paint: Paint) -> String {
    let mut shape = [
        left("site", 20),
        left("state", 11),
        left("resource", 12),
        right("before", 12),
        right("after", 12),
        right("limit", 12),
        right("free", 12),
        left("", 30),
    ];
    let mut rows = Vec::new();
    for site in &plan.sites {
        for (at, line) in site.ledger.iter().enumerate() {
            let gone = matches!(site.state.as_str(), "lost" | "quarantined" | "impaired");
            let free = line.limit.saturating_sub(line.after);
            let mut notes = Vec::new();
            if line.after > line.limit && !gone {
                notes.push(format!("OVER by {}", amount_text(line.after - line.limit)));
            }
            if line.on_demand > 0 {
                notes.push(format!("and {} launched", amount_text(line.on_demand)));
            }
            let free = if gone { "-".to_owned() } else { amount_text(whole_down(free)) };
            let (id, state) =
                if at == 0 { (site.id.clone(), site.state.clone()) } else { (String::new(), String::new()) };
            let [before, after] = [line.before, line.after].map(|amount| amount_text(whole_up(amount)));
            let limit = amount_text(whole_down(line.limit));
            rows.push(vec![id, state, line.resource.clone(), before, after, limit, free, notes.join(", ")]);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    if all {
        shape.iter_mut().for_each(|column| column.most = usize::MAX);
    }
    let columns = if all { usize::MAX } else { paint.columns - 2 };
    section(
        paint,
        "SITES",
        "what is taken before and after, against the limit that a plan may fill",
        &table(&shape, &rows, columns),
    )
}

/// From here on, in thousandths, parts of a unit only disturb.
const WHOLE: u64 = 100_000;

/// What is taken is never understated.
fn whole_up(amount: u64) -> u64 {
    if amount < WHOLE { amount } else { amount.div_ceil(1_000) * 1_000 }
}

/// What is there is never overstated.
fn whole_down(amount: u64) -> u64 {
    if amount < WHOLE { amount } else { amount / 1_000 * 1_000 }
}

/// A heading, and lines indented below it.
pub(super) fn section(paint: Paint, name: &str, what: &str, lines: &[String]) -> String {
    let mut text = format!("{}  {}\n", paint.head(name), words::cut(what, paint.columns - words::width(name) - 2));
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

fn findings(plan: &Plan, all: bool, paint: Paint) -> String {
    if plan.findings.is_empty() {
        return String::new();
    }
    let urgent = plan.findings.iter().filter(|issue| issue.is_urgent());
    let others = plan.findings.iter().filter(|issue| !issue.is_urgent());
    let mut text = format!("{}  what to know before this plan is run; ! is urgent\n", paint.head("FINDINGS"));
    for issue in urgent.chain(others) {
        text.push_str(&finding(plan, issue, all, paint));
    }
    text
}

pub(super) fn finding(plan: &Plan, issue: &Issue, all: bool, paint: Paint) -> String {
    let advice = if all { advice::whole(plan, issue) } else { advice::in_plan(plan, issue) };
    let head = if issue.is_urgent() { "  ! " } else { "  - " };
    let what = words::hang(head, &advice.what, paint.columns);
    let what = if issue.is_urgent() { paint.alarm(what.trim_end()) + "\n" } else { what };
    what + &words::hang("    -> ", &advice.act, paint.columns)
}

/// What the next loss would do, and what would help most.
fn outlook(outlook: &Outlook, all: bool, paint: Paint) -> String {
    let mut text = format!("{}  after this plan\n", paint.head("OUTLOOK"));
    for next in &outlook.kills {
        let fate = match next.admits {
            Ppm::ZERO => format!("{} is off", next.service),
            share => format!("{} admits {share} of users", next.service),
        };
        let (site, service) = (&next.site, &next.service);
        let act = match &next.repair {
            Some(repair) => {
                let amount = amount_text(repair.amount);
                format!("cheapest repair: {amount} {} more at {}", repair.resource, repair.site)
            }
            None => format!("no single repair is known: `explain service:{service} --lost {site}` says what is short"),
        };
        text.push_str(&words::hang("  ! ", &format!("losing {site} next breaks the lifeline: {fate}"), paint.columns));
        text.push_str(&words::hang("    -> ", &act, paint.columns));
    }
    if outlook.kills.is_empty() {
        text.push_str("  no single further site takes the lifeline below its floor\n");
    }
    if !outlook.unprotected.is_empty() {
        let names: Vec<String> =
            outlook.unprotected.iter().map(|(service, site)| format!("{service} at {site}")).collect();
        let names = words::fold(&names, if all { usize::MAX } else { paint.columns - 24 });
        text.push_str(&words::hang("  ! ", &format!("data with one copy: {names}"), paint.columns));
        let act = "have their owners make a second copy at another site, before anything else is lost";
        text.push_str(&words::hang("    -> ", act, paint.columns));
    }
    text
}

fn sources(plan: &Plan, all: bool, paint: Paint) -> String {
    let short = plan.id.get(..SHORT_ID).unwrap_or(&plan.id);
    let mut text = format!("{}  plan {}\n", paint.head("PAPER"), plan.id);
    if let Some(parent) = &plan.parent {
        text.push_str(&format!("  succeeds {parent}\n"));
    }
    let pools: Vec<String> = plan.pools.iter().map(|pool| format!("{} {}", pool.id, pool.size)).collect();
    let pools = words::fold(&pools, if all { usize::MAX } else { paint.columns - 10 });
    text.push_str(&words::hang("  ", &format!("pools: {pools}"), paint.columns));
    let made = format!(
        "made from {}, ages as of {}, times in {}, effort {}",
        words::count(plan.sources.len(), "source"),
        plan.incident.as_of,
        plan.timezone,
        plan.incident.effort
    );
    text.push_str(&words::hang("  ", &made, paint.columns));
    text.push_str(&format!("  bonghwa show {short} --all           every service and every step\n"));
    text.push_str(&format!("  bonghwa diff {short} OTHER           what is different in another plan\n"));
    text.push_str(&format!("  bonghwa explain NAME --plan {short}  why there, why so late\n"));
    text
}

//! The services of a plan, in order of urgency, one line each.

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::DataLoss;
use crate::plan::Impact;
use crate::plan::Level;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::Target;
use crate::report::lifeline::downtime;
use crate::report::lifeline::late;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::plan_text::section;
use crate::report::table::Column;
use crate::report::table::left;
use crate::report::table::table;
use crate::report::words;

/// What two screens hold; the most urgent stand first, so what is folded matters least.
const LINES: usize = 48;

/// The table of services, tier by tier. Where all is wanted nothing is cut: what a cell can't hold stands below its row.
#[must_use]
pub fn services(plan: &Plan, all: bool, paint: Paint) -> String {
    let shown = if all { plan.services.len() } else { plan.services.len().min(LINES) };
    let mut rows: Vec<Vec<String>> =
        plan.services[..shown].iter().map(|service| row(plan.incident.mode, service, all)).collect();
    let mut shape = [
        left("service", if all { usize::MAX } else { 21 }),
        left("impact", 10),
        left("from > to", 0),
        left("level", 8),
        left(if plan.incident.mode == Mode::Failover { "back" } else { "moved" }, 9),
        left("promised", if all { usize::MAX } else { 18 }),
        left("", 40),
    ];
    // Where services go takes the room that the other columns leave.
    shape[FROM_TO].most = paint.columns.saturating_sub(3 + taken(&shape, &rows));
    let below: Vec<String> = rows.iter_mut().map(|row| moved_below(row, &shape, all)).collect();
    let mut table = table(&shape, &rows, if all { usize::MAX } else { paint.columns - 3 }).into_iter();
    let mut lines: Vec<String> =
        table.next().map(|head| format!(" {}", paint.tone(Tone::Quiet, &head))).into_iter().collect();
    let mut tier = "";
    for (at, (line, service)) in table.zip(&plan.services).enumerate() {
        if service.effective_tier != tier {
            tier = &service.effective_tier;
            lines.push(tier_line(plan, tier, all, paint));
        }
        let alarming = late(plan.incident.mode, service).is_some() || service.impact == Impact::Stranded;
        lines.push(format!(" {}", if alarming { paint.alarm(&line) } else { line }));
        let below = below.get(at).map_or("", String::as_str);
        lines.extend(words::wrap(below, paint.columns - 8).into_iter().map(|line| format!("     {line}")));
    }
    if shown < plan.services.len() {
        lines.push(format!(" … and {} more (`--all` shows them)", plan.services.len() - shown));
    }
    let what = "by urgency; ^ raised from a tier below; shares in percent of users";
    section(paint, "SERVICES", what, &lines)
}

/// Takes what does not fit out of a row, and says it as one text: where users go always, notes where all is wanted.
fn moved_below(row: &mut [String], shape: &[Column], all: bool) -> String {
    let mut below = Vec::new();
    if words::width(&row[FROM_TO]) > shape[FROM_TO].most {
        below.push(std::mem::take(&mut row[FROM_TO]));
    }
    below.extend(row.last_mut().filter(|_| all).map(std::mem::take).filter(|notes| !notes.is_empty()));
    below.join("; ")
}

/// The column that says from where to where.
const FROM_TO: usize = 2;

/// What all columns but two take: the one that gets the rest, and the last, which may be left out.
fn taken(shape: &[Column], rows: &[Vec<String>]) -> usize {
    let others = shape.iter().enumerate().take(shape.len() - 1).filter(|(at, _)| *at != FROM_TO);
    let width = |at: usize, column: &Column| {
        let cells = rows.iter().map(|row| row.get(at).map_or(0, |cell| words::width(cell)));
        cells.max().unwrap_or(0).max(words::width(column.head)).min(column.most) + 2
    };
    others.map(|(at, column)| width(at, column)).sum()
}

/// A tier, and when the last of its steps ends.
fn tier_line(plan: &Plan, tier: &str, all: bool, paint: Paint) -> String {
    let Some(class) = plan.classes.iter().find(|class| class.tier == tier) else { return paint.head(tier) };
    let title = if class.title == tier {
        String::new()
    } else {
        format!(" ({})", words::cut(&class.title, if all { usize::MAX } else { 40 }))
    };
    let name = paint.head(&format!("{tier}{title}"));
    let sure = match class.proven || class.bound_ms >= class.finish_ms {
        true => "proven best".to_owned(),
        false => format!("at best {}", words::at(class.bound_ms)),
    };
    let whole = match class.wanted.saturating_sub(class.whole) {
        0 => String::new(),
        _ if class.whole == class.whole_bound => {
            format!("; {} of {} for every user, as many as fit", class.whole, class.wanted)
        }
        _ => format!("; {} of {} for every user, at most {} could", class.whole, class.wanted, class.whole_bound),
    };
    let done = format!("done {}, {sure}{whole}", words::at(class.finish_ms));
    match words::width(&format!("  {tier}{title}: {done}")) <= paint.columns {
        true => format!("{name}: {done}"),
        false => format!("{name}:\n      {done}"),
    }
}

fn row(mode: Mode, service: &ServiceOnPaper, all: bool) -> Vec<String> {
    let raised = if service.raised.is_some() { "^" } else { "" };
    let mut notes = Vec::new();
    if !service.stranded_by.is_empty() {
        notes.push(format!("without {}", words::fold(&service.stranded_by, 60)));
    }
    notes.extend(service.data_loss.as_ref().filter(|_| all).map(lost));
    if service.title != service.id {
        notes.push(service.title.clone());
    }
    vec![
        format!("{}{raised}", service.id),
        fate(mode, service).to_owned(),
        from_to(service),
        words::level(service.level).to_owned(),
        service.expected_back_ms.map_or("-".to_owned(), words::at),
        promised(mode, service),
        notes.join("; "),
    ]
}

/// How much data may be lost, also where that is within the promise.
fn lost(loss: &DataLoss) -> String {
    let most = match loss.at_most_ms {
        Some(Millis::ZERO) => "no data lost".to_owned(),
        Some(most) => format!("up to {} of data lost", words::span(most)),
        None => "data lost, nobody knows how much".to_owned(),
    };
    match loss.objective_ms {
        Some(Millis::ZERO) => format!("{most} (none may be)"),
        Some(objective) => format!("{most} (at most {} promised)", words::span(objective)),
        None => most,
    }
}

/// What becomes of it, in a word: what the incident does to it, or what the plan does.
fn fate(mode: Mode, service: &ServiceOnPaper) -> &'static str {
    match (service.impact, mode) {
        (Impact::Unaffected, _) if service.level < Level::Full => "makes room",
        (Impact::Unaffected, Mode::Switchover | Mode::Failback) => "moves",
        (Impact::Unaffected, Mode::Retreat) => "comes back",
        (impact, _) => words::impact(impact),
    }
}

/// `pangyo 45 > ansan 64, chuncheon 36`: who had users and has fewer, and who has more, with the share in the end.
fn from_to(service: &ServiceOnPaper) -> String {
    let before = |site: &str| service.from.iter().filter(|one| one.site == site).map(|one| one.share).max();
    let after = |site: &str| service.to.iter().filter(|one| one.site == site).map(|one| one.share).max();
    let from: Vec<String> = service
        .from
        .iter()
        .filter(|one| one.share > after(&one.site).unwrap_or_default())
        .map(|one| at_site(&one.site, one.share))
        .collect();
    let gains = |one: &&Target| one.share > before(&one.site).unwrap_or_default();
    let to: Vec<String> = service.to.iter().filter(gains).map(|one| at_site(&one.site, one.share)).collect();
    match (from.as_slice(), to.as_slice()) {
        ([], []) => {
            let stays: Vec<&str> =
                service.to.iter().filter(|one| one.share > Ppm::ZERO).map(|one| one.site.as_str()).collect();
            if stays.is_empty() { "nowhere".to_owned() } else { format!("{} stays", stays.join(", ")) }
        }
        (_, []) => format!("{} > nowhere", from.join(", ")),
        ([], _) => format!("nowhere > {}", to.join(", ")),
        (_, _) => format!("{} > {}", from.join(", "), to.join(", ")),
    }
}

/// `ansan 30`; all users go without a number.
fn at_site(site: &str, share: Ppm) -> String {
    if share == Ppm::ONE { site.to_owned() } else { format!("{site} {}", whole_percent(share)) }
}

/// In whole percent; what is less than one is still some.
fn whole_percent(share: Ppm) -> String {
    match (share.0 + 5_000) / 10_000 {
        0 => "<1".to_owned(),
        percent => percent.to_string(),
    }
}

/// `10m +2m30s`, `10m MISSED 1m45s`.
fn promised(mode: Mode, service: &ServiceOnPaper) -> String {
    let Some(objective) = service.objective_ms else { return String::new() };
    match (late(mode, service), downtime(mode, service)) {
        (_, None) => words::span(objective),
        (Some(late), Some(_)) => format!("{} MISSED {}", words::span(objective), words::span(late)),
        (None, Some(off)) => format!("{} +{}", words::span(objective), words::rough(objective.saturating_sub(off))),
    }
}

//! The lifeline: the first tier and all that it can't live without, who needs whom, and when each is back.

use crate::model::Estate;
use crate::model::ServiceId;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::report::edges;
use crate::report::explain::answer;
use crate::report::explain::chain;
use crate::report::lifeline::lifeline;
use crate::report::paint::Paint;
use crate::report::reason;
use crate::report::table::left;
use crate::report::table::table;
use crate::report::words;

/// What a plan says of the lifeline; with the estate also who needs whom.
#[must_use]
pub fn explain_lifeline(plan: &Plan, estate: Option<&Estate>, paint: Paint) -> String {
    let lifeline = lifeline(plan);
    let touched = words::count(lifeline.closure.len(), "service");
    let head = format!("lifeline: {}; {touched} touched, {} of them its own", lifeline.title, lifeline.promised.len());
    let mut text = format!("{}\n", paint.head(&head));
    if lifeline.closure.is_empty() {
        text.push_str("  this incident does not touch it\n");
        return text;
    }
    let shape = [
        left("service", 24),
        left("impact", 10),
        left("level", 8),
        left("back", 9),
        left("in the lifeline because", 60),
    ];
    let rows: Vec<Vec<String>> = lifeline.closure.iter().map(|service| row(service)).collect();
    text.push_str(&answer_table(paint, &table(&shape, &rows, 98)));
    if let Some(estate) = estate {
        text.push_str(&answer(paint, "who needs whom", &needs(estate, &lifeline.closure)));
    }
    let returns: Vec<String> = lifeline.milestones().iter().map(reason::moment).collect();
    text.push_str(&answer(paint, "how it returns", &returns));
    if let Some(last) = lifeline.last_back() {
        text.push_str(&answer(
            paint,
            &format!("why so late: {} is the last", last.id),
            &chain(plan, &last.critical_path),
        ));
    }
    text
}

fn answer_table(paint: Paint, lines: &[String]) -> String {
    let mut text = format!("\n{}\n", paint.head("when each is back"));
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

fn row(service: &ServiceOnPaper) -> Vec<String> {
    let why = match &service.raised {
        Some(raise) => format!("{} needs it {}", raise.by, words::through(raise.through)),
        None => "it was declared so".to_owned(),
    };
    vec![
        service.id.clone(),
        words::impact(service.impact).to_owned(),
        words::level(service.level).to_owned(),
        service.expected_back_ms.map_or("-".to_owned(), words::at),
        why,
    ]
}

/// For each service of the lifeline, what it needs, as it was declared.
fn needs(estate: &Estate, closure: &[&ServiceOnPaper]) -> Vec<String> {
    let known = closure.iter().filter_map(|service| estate.service_named(&service.id));
    known.map(|id: ServiceId| format!("{}: {}", estate.service(id).name, edges::needs(estate, id))).collect()
}

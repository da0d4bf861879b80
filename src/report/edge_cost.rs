//! What an edge costs: one plan with it, one without it.

use crate::model::Millis;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::report::lifeline::lifeline;
use crate::report::paint::Paint;
use crate::report::table::left;
use crate::report::table::table;
use crate::report::words;

/// What changes when `caller` no longer needs `callee`.
#[must_use]
pub fn edge_cost(with: &Plan, without: &Plan, caller: &str, callee: &str, paint: Paint) -> String {
    let rows: Vec<(String, String, String)> = vec![
        ("lifeline back".to_owned(), lifeline_back(with), lifeline_back(without)),
        (format!("{caller} back"), back(with, caller), back(without, caller)),
        (format!("{callee} back"), back(with, callee), back(without, callee)),
        (format!("{callee} as urgent as"), tier(with, callee), tier(without, callee)),
        ("services raised".to_owned(), raised(with), raised(without)),
        ("steps".to_owned(), with.steps.len().to_string(), without.steps.len().to_string()),
    ];
    let verdict = match rows.iter().all(|(_, with, without)| with == without) {
        true => "In this incident the edge costs nothing.",
        false => "Marked with * is what the edge costs in this incident.",
    };
    let shape = [left("", 40), left("with the edge", 20), left("without it", 20), left("", 1)];
    let marked: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(what, with, without)| {
            let mark = if with == without { "" } else { "*" };
            vec![what, with, without, mark.to_owned()]
        })
        .collect();
    let mut text = format!("{}\n", paint.head(&format!("{caller} needs {callee}")));
    for line in table(&shape, &marked, 90) {
        text.push_str(&format!("  {line}\n"));
    }
    text + verdict + "\n"
}

fn find<'a>(plan: &'a Plan, service: &str) -> Option<&'a ServiceOnPaper> {
    plan.services.iter().find(|one| one.id == service)
}

fn back(plan: &Plan, service: &str) -> String {
    find(plan, service).map_or("untouched".to_owned(), |one| at(one.expected_back_ms))
}

fn at(instant: Option<Millis>) -> String {
    instant.map_or("not back".to_owned(), words::at)
}

fn lifeline_back(plan: &Plan) -> String {
    let lifeline = lifeline(plan);
    if lifeline.promised.is_empty() {
        return "untouched".to_owned();
    }
    if lifeline.serves_throughout() {
        return "never off".to_owned();
    }
    at(lifeline.last_back().and_then(|last| last.expected_back_ms))
}

fn tier(plan: &Plan, service: &str) -> String {
    find(plan, service).map_or("untouched".to_owned(), |one| one.effective_tier.clone())
}

fn raised(plan: &Plan) -> String {
    plan.services.iter().filter(|service| service.raised.is_some()).count().to_string()
}

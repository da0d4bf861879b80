//! What an edge costs: one plan with it, one without it.

use serde::Serialize;

use crate::model::Millis;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::report::lifeline::lifeline;
use crate::report::paint::Paint;
use crate::report::table::left;
use crate::report::table::table;
use crate::report::words;

/// What an edge costs, for programs. Instants are counted from T=0; they are missing where something is untouched, or not
/// back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct EdgeCost {
    /// Who needs.
    pub caller: String,
    /// What is needed.
    pub callee: String,
    /// With the edge.
    pub with: Side,
    /// Without it.
    pub without: Side,
    /// Whether the edge costs nothing.
    pub same: bool,
}

/// What becomes of it in one of the two plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Side {
    /// When the first tier is back.
    pub lifeline_back_ms: Option<Millis>,
    /// When the caller is.
    pub caller_back_ms: Option<Millis>,
    /// When the callee is.
    pub callee_back_ms: Option<Millis>,
    /// The tier that the callee is as urgent as.
    pub callee_tier: Option<String>,
    /// How many services are more urgent than declared.
    pub raised: u64,
    /// How many steps there are.
    pub steps: u64,
}

/// What an edge costs, as facts.
#[must_use]
pub fn edge_facts(with: &Plan, without: &Plan, caller: &str, callee: &str) -> EdgeCost {
    let side = |plan: &Plan| Side {
        lifeline_back_ms: lifeline(plan).last_back().and_then(|last| last.expected_back_ms),
        caller_back_ms: find(plan, caller).and_then(|service| service.expected_back_ms),
        callee_back_ms: find(plan, callee).and_then(|service| service.expected_back_ms),
        callee_tier: find(plan, callee).map(|service| service.effective_tier.clone()),
        raised: count(raised(plan)),
        steps: count(plan.steps.len()),
    };
    let (with, without) = (side(with), side(without));
    let same = with == without;
    EdgeCost { caller: caller.to_owned(), callee: callee.to_owned(), with, without, same }
}

/// What changes when `caller` no longer needs `callee`.
#[must_use]
pub fn edge_cost(with: &Plan, without: &Plan, caller: &str, callee: &str, paint: Paint) -> String {
    let rows: Vec<(String, String, String)> = vec![
        ("lifeline back".to_owned(), lifeline_back(with), lifeline_back(without)),
        (format!("{caller} back"), back(with, caller), back(without, caller)),
        (format!("{callee} back"), back(with, callee), back(without, callee)),
        (format!("{callee} as urgent as"), tier(with, callee), tier(without, callee)),
        ("services raised".to_owned(), raised(with).to_string(), raised(without).to_string()),
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

fn raised(plan: &Plan) -> usize {
    plan.services.iter().filter(|service| service.raised.is_some()).count()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

//! What may have been lost: the ages that were seen behind each data-loss gate, and who let them pass.

use crate::evidence::DataAttained;
use crate::evidence::JudgedBy;
use crate::evidence::Verdict;
use crate::evidence::past::Past;
use crate::model::Millis;
use crate::plan::GateKind;
use crate::run::GateRun;
use crate::run::GateState;
use crate::run::OpenedBy;

/// One line for each writer that was to be promoted behind a gate.
pub(in crate::evidence) fn data(past: &Past<'_>) -> Vec<DataAttained> {
    let gates = past.plan.gates.iter().zip(&past.state.gates);
    gates
        .filter_map(|(gate, run)| {
            let GateKind::DataLoss { site, at_most_ms, objective_ms } = &gate.kind else { return None };
            let lost_ms = lost(run, *at_most_ms);
            let open = matches!(run.state, GateState::Open(_));
            Some(DataAttained {
                service: gate.service.clone().unwrap_or_default(),
                site: site.clone(),
                gate: gate.id.clone(),
                objective_ms: *objective_ms,
                declared_ms: *at_most_ms,
                seen: run.seen.clone(),
                by: judged_by(&run.state),
                lost_ms,
                verdict: verdict(open, *objective_ms, lost_ms),
            })
        })
        .collect()
}

/// The oldest of the ages that were seen. Where no write is acknowledged before it is there too, nothing is lost,
/// provided that the copy could be seen at all.
fn lost(run: &GateRun, declared: Option<Millis>) -> Option<Millis> {
    if run.seen.is_empty() || run.seen.iter().any(|position| position.position.is_empty()) {
        return None;
    }
    if declared == Some(Millis::ZERO) {
        return Some(Millis::ZERO);
    }
    let ages: Option<Vec<Millis>> = run.seen.iter().map(|position| position.age).collect();
    ages?.into_iter().max()
}

fn judged_by(state: &GateState) -> JudgedBy {
    match state {
        GateState::Open(OpenedBy::Person { by, reason }) => JudgedBy::Person { by: by.clone(), reason: reason.clone() },
        GateState::Open(OpenedBy::Judged { .. } | OpenedBy::Step(_) | OpenedBy::Earlier) => JudgedBy::Seen,
        GateState::Waiting | GateState::Asked | GateState::Rejected { .. } | GateState::TimedOut => JudgedBy::Nobody,
    }
}

fn verdict(open: bool, objective: Option<Millis>, lost: Option<Millis>) -> Verdict {
    match (open, objective, lost) {
        (false, _, _) => Verdict::Open,
        (true, _, None) => Verdict::Unknown,
        (true, None, Some(_)) => Verdict::NoPromise,
        (true, Some(objective), Some(lost)) if lost <= objective => Verdict::Met,
        (true, Some(_), Some(_)) => Verdict::Missed,
    }
}

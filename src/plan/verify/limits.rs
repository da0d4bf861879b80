//! A limit on everything: nothing in a plan waits, repeats or spreads without end.

use crate::model::Ppm;
use crate::plan::ProbeOnPaper;
use crate::plan::verify::Limit;
use crate::plan::verify::OfLimits;
use crate::plan::verify::Violation;
use crate::plan::verify::paper::Paper;

/// Checks the limits of steps, gates and the whole run.
pub(super) fn check(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    let mut miss =
        |item: &str, limit: Limit| found.push(Violation::Limits(OfLimits::NoLimit { item: item.to_owned(), limit }));
    for (_, step) in paper.steps() {
        if step.limits.timeout_ms.0 == 0 {
            miss(&step.id, Limit::Timeout);
        }
        if step.limits.attempts == 0 {
            miss(&step.id, Limit::Attempts);
        }
        let probes = [&step.done_if, &step.verify, &step.position];
        if probes.into_iter().flatten().any(is_endless) {
            miss(&step.id, Limit::Wait);
        }
        if let Some(batch) = &step.batch {
            if batch.parallel == 0 {
                miss(&step.id, Limit::Parallel);
            }
            if batch.enough == Ppm::ZERO || batch.enough > Ppm::ONE {
                miss(&step.id, Limit::Enough);
            }
        }
    }
    for (_, gate) in paper.gates().filter(|(_, gate)| gate.limit_ms.0 == 0) {
        miss(&gate.id, Limit::Wait);
    }
    if paper.plan.limits.ssh_handshakes == 0 {
        miss("limits", Limit::Handshakes);
    }
    if paper.plan.limits.output_bytes == 0 {
        miss("limits", Limit::Output);
    }
}

/// A probe that is never asked passes for no reason.
const fn is_endless(probe: &ProbeOnPaper) -> bool {
    probe.times == 0
}

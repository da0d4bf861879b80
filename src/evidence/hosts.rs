//! What hosts said, those that ended alike and said the same as one.

use crate::evidence::HostsSaid;
use crate::evidence::StepSaid;
use crate::evidence::past::Past;
use crate::evidence::timeline::end;
use crate::run::End;
use crate::run::HostsAlike;
use crate::run::alike;

/// Each step that was done on hosts.
pub(in crate::evidence) fn hosts(past: &Past<'_>) -> Vec<StepSaid> {
    let steps = past.plan.steps.iter().zip(&past.state.steps).filter(|(_, run)| !run.hosts.is_empty());
    let said = steps.map(|(step, run)| {
        let alike = alike(&run.hosts).into_iter().map(told).collect();
        StepSaid { step: step.id.clone(), attempt: run.attempt, alike }
    });
    said.collect()
}

fn told(alike: HostsAlike) -> HostsSaid {
    let HostsAlike { hosts, count, end: how, said } = alike;
    HostsSaid { hosts, count, how: end(&how), well: how == End::Ok, said }
}

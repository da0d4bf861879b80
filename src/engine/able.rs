//! What of a plan these hands can't do, told before anything is begun.

use std::collections::BTreeMap;

use crate::driver;
use crate::engine::job;
use crate::plan::Plan;
use crate::plan::ProbeOnPaper;
use crate::plan::Step;

/// Steps that can't be done by the hands of this version, by the reason.
#[must_use]
pub fn unable(plan: &Plan) -> BTreeMap<&'static str, Vec<&str>> {
    let mut found: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    for step in &plan.steps {
        if let Some(why) = why_not(plan, step) {
            found.entry(why).or_default().push(&step.id);
        }
    }
    found
}

fn why_not(plan: &Plan, step: &Step) -> Option<&'static str> {
    let task = job::task(plan, step, &step.action, "");
    if let Some(why) = task.as_ref().and_then(|task| driver::can_do(task).err()) {
        return Some(why);
    }
    let probes = [&step.done_if, &step.verify, &step.position];
    let asked =
        |probe: &ProbeOnPaper| job::task(plan, step, &probe.ask, "").and_then(|task| driver::can_do(&task).err());
    probes.into_iter().flatten().find_map(asked)
}

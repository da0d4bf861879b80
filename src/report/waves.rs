//! Which gate releases which steps: the latest that opens among all that come before a step.

use std::collections::BTreeMap;

use crate::model::Millis;
use crate::plan::Plan;
use crate::plan::Step;

/// The steps that one gate releases; those that no gate holds back have none.
pub type Wave<'a> = (Option<&'a str>, Vec<&'a Step>);

/// All waves, in the order in which their gates open; inside a wave by start, then by id.
#[must_use]
pub fn waves_of(plan: &Plan) -> Vec<Wave<'_>> {
    let latest = latest_gates(plan);
    let mut waves: BTreeMap<Option<(Millis, &str)>, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        waves.entry(latest.get(step.id.as_str()).copied().flatten()).or_default().push(step);
    }
    let mut all = Vec::new();
    for (gate, mut steps) in waves {
        steps.sort_by(|a, b| (a.start_ms, &a.id).cmp(&(b.start_ms, &b.id)));
        all.push((gate.map(|(_, id)| id), steps));
    }
    all
}

/// When a gate opens, and which.
type Opens<'a> = Option<(Millis, &'a str)>;

/// For each step and gate, the latest gate that it stands behind. A node is settled once all before it are; what waits
/// for itself is never settled, and stands behind no gate.
fn latest_gates(plan: &Plan) -> BTreeMap<&str, Opens<'_>> {
    let gates =
        plan.gates.iter().map(|gate| (gate.id.as_str(), gate.after.as_slice(), Some(gate.start_ms + gate.duration_ms)));
    let steps = plan.steps.iter().map(|step| (step.id.as_str(), step.after.as_slice(), None));
    let nodes: Vec<(&str, &[String], Option<Millis>)> = gates.chain(steps).collect();
    let position: BTreeMap<&str, usize> = nodes.iter().enumerate().map(|(at, node)| (node.0, at)).collect();
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut waiting = vec![0_usize; nodes.len()];
    for (at, (_, after, _)) in nodes.iter().enumerate() {
        for before in after.iter().filter_map(|id| position.get(id.as_str())) {
            behind[*before].push(at);
            waiting[at] += 1;
        }
    }
    let mut open: Vec<usize> = (0..nodes.len()).filter(|at| waiting[*at] == 0).collect();
    let mut latest: Vec<Opens<'_>> = vec![None; nodes.len()];
    while let Some(at) = open.pop() {
        let (id, _, opens) = nodes[at];
        let passed = latest[at].max(opens.map(|opens| (opens, id)));
        for next in &behind[at] {
            latest[*next] = latest[*next].max(passed);
            waiting[*next] -= 1;
            if waiting[*next] == 0 {
                open.push(*next);
            }
        }
    }
    std::iter::zip(nodes, latest).map(|(node, latest)| (node.0, latest)).collect()
}

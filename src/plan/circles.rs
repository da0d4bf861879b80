//! Circles in which steps would wait for themselves: to start one thing needs another, which needs the first.
//!
//! Meta calls it ouroboros; Roblox and Facebook stood before it. An edge that a person can make unnecessary, by
//! supplying by other means what is waited for, gives way to a break-glass gate; others are never cut.

use crate::graph::Arrows;
use crate::plan::Issue;
use crate::plan::draft::Web;
use crate::plan::gates;
use crate::plan::names::step_id;
use crate::plan::scene::Scene;

/// Cuts soft edges, one at a time, until nothing waits for itself or no soft edge is left in any circle.
pub(in crate::plan) fn cut(scene: &Scene<'_>, web: &mut Web, issues: &mut Vec<Issue>) {
    while let Some(at) = soft_in_a_circle(web) {
        let soft = web.soft.swap_remove(at);
        web.edges.retain(|edge| *edge != soft.edge);
        web.soft.retain(|other| other.edge != soft.edge);
        let Some(missing) = soft.missing else { continue };
        let step = soft.edge.1;
        let draft = &web.drafts[step as usize];
        let class = draft.class;
        issues.push(Issue::BootstrapCycle { step: step_id(scene, draft), missing: missing.clone() });
        let gate = gates::break_glass(web, &missing, class);
        web.edges.push((gate, step));
    }
}

/// The last soft edge whose ends wait for each other.
fn soft_in_a_circle(web: &Web) -> Option<usize> {
    if web.soft.is_empty() {
        return None;
    }
    let arrows = Arrows::new(web.nodes(), &web.edges);
    if arrows.callees_first().is_some() {
        return None;
    }
    let mut part = vec![0_usize; web.nodes()];
    for (at, component) in arrows.components().iter().enumerate() {
        for &node in component {
            part[node as usize] = at;
        }
    }
    web.soft.iter().rposition(|soft| part[soft.edge.0 as usize] == part[soft.edge.1 as usize])
}

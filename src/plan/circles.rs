//! Circles in which steps would wait for themselves: to start one thing needs another, which needs the first.
//!
//! Meta calls it ouroboros; Roblox and Facebook stood before it. An edge that a person can make unnecessary, by
//! supplying by other means what is waited for, gives way to a break-glass gate; one that only makes a planned move
//! gentler gives way before it; laws are never cut.

use crate::graph::Arrows;
use crate::plan::Issue;
use crate::plan::draft::Soft;
use crate::plan::draft::Web;
use crate::plan::draft::Worth;
use crate::plan::gates;
use crate::plan::names::step_id;
use crate::plan::scene::Scene;

/// Cuts soft edges, one at a time, until nothing waits for itself or no soft edge is left in any circle.
pub(in crate::plan) fn cut(scene: &Scene<'_>, web: &mut Web, issues: &mut Vec<Issue>) {
    keep_laws(web);
    while let Some(at) = soft_in_a_circle(web) {
        let soft = web.soft.swap_remove(at);
        web.edges.retain(|edge| *edge != soft.edge);
        web.soft.retain(|other| other.edge != soft.edge);
        let Worth::Supplied(missing) = soft.worth else { continue };
        let step = soft.edge.1;
        let draft = &web.drafts[step as usize];
        let class = draft.class;
        issues.push(Issue::BootstrapCycle { step: step_id(scene, draft), missing: missing.clone() });
        let gate = gates::break_glass(web, &missing, class);
        web.edges.push((gate, step));
    }
}

/// An edge that is wanted twice, and by a law at least once, is not soft.
fn keep_laws(web: &mut Web) {
    let mut edges = web.edges.clone();
    edges.sort_unstable();
    let mut soft: Vec<(u32, u32)> = web.soft.iter().map(|soft| soft.edge).collect();
    soft.sort_unstable();
    let count = |list: &[(u32, u32)], edge: (u32, u32)| {
        list.partition_point(|one| *one <= edge) - list.partition_point(|one| *one < edge)
    };
    web.soft.retain(|one| count(&edges, one.edge) == count(&soft, one.edge));
}

/// The soft edge that is worth least of those whose ends wait for each other; the last of its kind.
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
    let cut = |soft: &(usize, &Soft)| part[soft.1.edge.0 as usize] == part[soft.1.edge.1 as usize];
    let order = |soft: &(usize, &Soft)| match soft.1.worth {
        Worth::Room => (0, soft.0),
        Worth::FullLevel | Worth::Supplied(_) => (1, soft.0),
        Worth::Courtesy => (2, soft.0),
    };
    web.soft.iter().enumerate().filter(cut).max_by_key(order).map(|(at, _)| at)
}

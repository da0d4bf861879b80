//! In a planned move no writer is silent while its successor still waits for something else.
//!
//! A service's quiesce, fence and promotion are taken as one thing, with the gates that are judged between them. What
//! any of them waits for comes before the first of them, but for what waits for that thing itself. People are never
//! asked to approve one of its steps while the writer is silent. A failover silences what is gone, so nothing is asked
//! of it here.

use std::collections::BTreeMap;

use crate::model::Phase;
use crate::plan::GateKind;
use crate::plan::Mode;
use crate::plan::Step;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::asked::Why;
use crate::plan::verify::order::u32_of;
use crate::plan::verify::paper::Paper;
use crate::plan::verify::paper::is_recovery;

/// What stands between a writer that serves and the next one.
struct Section {
    items: Vec<u32>,
    /// Those after which the writer may be silent.
    silencing: Vec<u32>,
    /// Where people are asked to approve one of its steps.
    approvals: Vec<u32>,
}

/// Asks that whatever a promotion waits for comes before the old writer is silenced.
pub(super) fn check(paper: &Paper<'_>, asked: &mut Asked<'_>) {
    if paper.plan.incident.mode == Mode::Failover {
        return;
    }
    let sections = sections(paper);
    if sections.is_empty() {
        return;
    }
    let count = paper.count();
    let mut whole_of: Vec<u32> = (0..count).collect();
    for (number, section) in (count..).zip(&sections) {
        section.items.iter().for_each(|&item| whole_of[item as usize] = number);
    }
    let mut after: Vec<Vec<u32>> = vec![Vec::new(); count as usize];
    paper.order.arrows().for_each(|(item, before)| after[item as usize].push(before));
    let mut edges: Vec<Vec<u32>> = vec![Vec::new(); count as usize + sections.len()];
    for (item, before) in paper.order.arrows() {
        edges[whole_of[item as usize] as usize].push(whole_of[before as usize]);
    }
    let rings = rings(&edges);
    let ring = |item: u32| rings[whole_of[item as usize] as usize];
    let mut seen = vec![u32::MAX; count as usize];
    for (number, section) in (0..).zip(&sections) {
        let mut open = section.items.clone();
        let mut outside = section.approvals.clone();
        section.items.iter().chain(&section.approvals).for_each(|&item| seen[item as usize] = number);
        while let Some(item) = open.pop() {
            for &before in &after[item as usize] {
                if seen[before as usize] != number {
                    seen[before as usize] = number;
                    let list = if ring(before) == ring(item) { &mut open } else { &mut outside };
                    list.push(before);
                }
            }
        }
        for &before in &outside {
            for &item in &section.silencing {
                asked.demands.ask_one(item, before, Why::Silent(before));
            }
        }
    }
}

/// The sections of all services that have a writer to silence and another to promote.
fn sections(paper: &Paper<'_>) -> Vec<Section> {
    let mut approvals: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (gate, of) in paper.gates() {
        if let GateKind::ApproveIrreversible { step } = &of.kind {
            approvals.entry(step).or_default().push(gate);
        }
    }
    let mut sections = Vec::new();
    for (steps, gates) in paper.steps_of.iter().zip(&paper.gates_of) {
        let mut section = Section { items: Vec::new(), silencing: Vec::new(), approvals: Vec::new() };
        let mut promotes = false;
        for &item in steps {
            // The fence of a writer that was replaced long ago silences nobody.
            let counts = |step: &&Step| is_recovery(&step.procedure) && !paper.plan.collects(&step.id);
            let step = paper.step(item).filter(counts);
            let (Some(step), Some(phase)) = (step, paper.phase_of(item)) else { continue };
            match phase {
                Phase::Quiesce | Phase::Fence => section.silencing.push(item),
                Phase::Promote => promotes = true,
                Phase::Free | Phase::Prepare | Phase::Start | Phase::Warm => continue,
                Phase::Verify | Phase::Shift | Phase::Drain | Phase::Stop => continue,
            }
            section.items.push(item);
            section.approvals.extend(approvals.get(step.id.as_str()).into_iter().flatten());
        }
        for &item in gates {
            let Some(gate) = paper.gate(item) else { continue };
            let is_fence = matches!(gate.kind, GateKind::Fence { .. }) && !paper.plan.carries(&gate.id);
            // Where no step fences, whoever answers has done it by other means.
            if is_fence && gate.opened_by.is_empty() {
                section.silencing.push(item);
            }
            if is_fence || matches!(gate.kind, GateKind::DataLoss { .. }) {
                section.items.push(item);
            }
        }
        if promotes && !section.silencing.is_empty() {
            sections.push(section);
        }
    }
    sections
}

/// For each node the number of its ring: two of the same number lead to each other (Kosaraju and Sharir 1981).
fn rings(edges: &[Vec<u32>]) -> Vec<u32> {
    let mut back: Vec<Vec<u32>> = vec![Vec::new(); edges.len()];
    for (from, list) in edges.iter().enumerate() {
        list.iter().for_each(|&to| back[to as usize].push(u32_of(from)));
    }
    let mut left = Vec::with_capacity(edges.len());
    let mut seen = vec![false; edges.len()];
    for root in 0..u32_of(edges.len()) {
        walk(edges, root, &mut seen, |node| left.push(node));
    }
    let mut ring = vec![0; edges.len()];
    let mut seen = vec![false; edges.len()];
    for (number, &root) in (0..).zip(left.iter().rev()) {
        walk(&back, root, &mut seen, |node| ring[node as usize] = number);
    }
    ring
}

/// Tells every node that is reached from `root` and was not seen yet, each after all that it leads to first.
fn walk(edges: &[Vec<u32>], root: u32, seen: &mut [bool], mut tell: impl FnMut(u32)) {
    if std::mem::replace(&mut seen[root as usize], true) {
        return;
    }
    let mut path = vec![(root, 0)];
    while let Some((node, next)) = path.last_mut() {
        match edges[*node as usize].get(*next) {
            Some(&to) => {
                *next += 1;
                if !std::mem::replace(&mut seen[to as usize], true) {
                    path.push((to, 0));
                }
            }
            None => {
                tell(*node);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rings;

    #[test]
    fn what_leads_to_each_other_is_one_ring() {
        let rings = rings(&[vec![1], vec![2, 4], vec![0], vec![1], vec![5], vec![4], vec![6]]);
        assert_eq!((rings[0], rings[4]), (rings[1], rings[5]));
        assert_eq!(rings[1], rings[2]);
        let mut all = vec![rings[0], rings[3], rings[4], rings[6]];
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4);
    }
}

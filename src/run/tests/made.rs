//! Scripts that no plan would give: whatever a test wants of steps, gates and who waits for whom.

use crate::model::Millis;
use crate::run::script::GateNode;
use crate::run::script::Judge;
use crate::run::script::Kind;
use crate::run::script::Node;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::script::StepNode;

/// A step of the first class that takes nothing and waits for nobody.
pub(in crate::run) fn step(id: &str) -> (Node, StepNode) {
    let step = StepNode {
        by_person: false,
        has_done_if: false,
        has_verify: false,
        unreachable_ok: false,
        is_message: false,
        timeout: Millis::from_secs(30),
        within: Millis::from_secs(20),
        attempts: 1,
        backoff: Millis::from_secs(2),
        guarded: None,
        collects: 200,
        opens: Vec::new(),
        section: None,
        opens_section: false,
    };
    let node = Node {
        id: id.to_owned(),
        class: 0,
        start: Millis::ZERO,
        after: 0,
        next: Vec::new(),
        queue: 0,
        kind: Kind::Step(step.clone()),
    };
    (node, step)
}

/// A gate of the first class.
pub(in crate::run) fn gate(id: &str, judge: Judge, opened_by: Vec<NodeAt>) -> Node {
    let (mut node, _) = step(id);
    node.kind = Kind::Gate(GateNode { limit: Millis::from_secs(600), opened_by, judge });
    node
}

/// A script of these steps and gates, in this order; each edge leads from what is waited for to who waits.
pub(in crate::run) fn script(
    mut nodes: Vec<Node>,
    edges: &[(NodeAt, NodeAt)],
    pools: Vec<(u32, u32)>,
    queues: Vec<Vec<(usize, u32)>>,
) -> Script {
    for &(before, after) in edges {
        nodes[before].next.push(after);
        nodes[after].after += 1;
    }
    let steps = nodes.iter().filter(|node| matches!(node.kind, Kind::Step(_))).count();
    let mut sections: Vec<Vec<NodeAt>> = Vec::new();
    for gate in steps..nodes.len() {
        let Kind::Gate(GateNode { opened_by, .. }) = &nodes[gate].kind else { continue };
        for opener in opened_by.clone() {
            if let Kind::Step(step) = &mut nodes[opener].kind {
                step.opens.push(gate);
            }
        }
    }
    for (at, node) in nodes.iter().enumerate() {
        if let Kind::Step(StepNode { section: Some(section), .. }) = node.kind {
            sections.resize(sections.len().max(section + 1), Vec::new());
            sections[section].push(at);
        }
    }
    Script {
        plan: "sha256:made".to_owned(),
        names: nodes.iter().enumerate().map(|(at, node)| (node.id.clone(), at)).collect(),
        nodes,
        steps,
        pools,
        queues,
        sections,
        lost: Vec::new(),
        start: None,
    }
}

//! The bracket of a planned move is short: a writer is silenced when nothing else is waited for any more.
//!
//! In a failover the old writer is gone or not trusted, and is fenced at once. In a planned move it serves until it is
//! silenced, so all that a service's promotion waits for comes before its quiesce and its fence too: a kit that is
//! fetched, what it uses, what it can't do without, a person. Nothing here is asked of a failover.

use crate::graph::Arrows;
use crate::model::Phase;
use crate::model::Procedure;
use crate::plan::GateKind;
use crate::plan::Mode;
use crate::plan::draft::Draft;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::draft::number;
use crate::plan::scene::Scene;

/// What stands between a writer that serves and the next one.
#[derive(Debug)]
pub(in crate::plan) struct Bracket {
    /// Its steps, and the gates that are judged inside it.
    members: Vec<u32>,
    /// Where the writer falls silent: the members that no other silencing member comes before.
    pub(in crate::plan) entries: Vec<u32>,
    /// What must be so before; sorted.
    pub(in crate::plan) outside: Vec<u32>,
}

/// The brackets of a planned move.
#[derive(Debug, Default)]
pub(in crate::plan) struct Brackets {
    list: Vec<Bracket>,
    /// For each node the bracket that it is in.
    of: Vec<Option<usize>>,
}

impl Brackets {
    /// The bracket that a step is in; none in a failover.
    pub(in crate::plan) fn of(&self, node: u32) -> Option<&Bracket> {
        self.of.get(node as usize).copied().flatten().map(|at| &self.list[at])
    }
}

/// Makes whatever silences a writer wait for all that its successor waits for. Called when nothing leads in a circle
/// any more, and before approvals are set before single steps.
pub(in crate::plan) fn hold_back(scene: &Scene<'_>, web: &mut Web) -> Brackets {
    if scene.mode == Mode::Failover {
        return Brackets::default();
    }
    let mut brackets = find(scene, web);
    let arrows = Arrows::new(web.nodes(), &web.edges);
    let wholes = wholes(web, &brackets);
    let mut seen = vec![usize::MAX; web.nodes()];
    for (at, bracket) in brackets.list.iter_mut().enumerate() {
        let mut open = bracket.members.clone();
        open.iter().for_each(|&member| seen[member as usize] = at);
        while let Some(node) = open.pop() {
            for &before in arrows.back(node as usize) {
                if std::mem::replace(&mut seen[before as usize], at) == at {
                    continue;
                }
                // What waits for the bracket itself can't come before it, but what that waits for can.
                if wholes[before as usize] == wholes[node as usize] {
                    open.push(before);
                } else {
                    bracket.outside.push(before);
                }
            }
        }
        bracket.outside.sort_unstable();
    }
    for bracket in &brackets.list {
        web.order(&bracket.outside, &bracket.entries);
    }
    brackets
}

/// The brackets of all services that have a writer to silence and another to promote.
fn find(scene: &Scene<'_>, web: &Web) -> Brackets {
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); scene.estate().services.len()];
    let mut silences = vec![false; web.nodes()];
    for (at, draft) in web.drafts.iter().enumerate().filter(|(_, draft)| is_in_bracket(draft)) {
        if let Some(id) = draft.service() {
            members[id.at()].push(number(at));
            silences[at] = draft.phase != Phase::Promote;
        }
    }
    for (at, gate) in (web.drafts.len()..).zip(&web.gates).filter(|(_, gate)| !gate.carried) {
        let is_fence = match gate.kind {
            GateKind::Fence { .. } => true,
            GateKind::DataLoss { .. } => false,
            GateKind::ApproveStart
            | GateKind::Health
            | GateKind::ApproveVictims { .. }
            | GateKind::ApproveIrreversible { .. }
            | GateKind::BreakGlass { .. } => continue,
        };
        if let Some(id) = gate.service {
            members[id.at()].push(number(at));
            silences[at] = is_fence;
        }
    }
    let promotes = |node: &u32| web.drafts.get(*node as usize).is_some_and(|draft| draft.phase == Phase::Promote);
    members.retain(|members| members.iter().any(promotes) && members.iter().any(|&node| silences[node as usize]));
    let mut of = vec![None; web.nodes()];
    for (at, members) in members.iter().enumerate() {
        members.iter().for_each(|&node| of[node as usize] = Some(at));
    }
    let mut is_entry = silences.clone();
    for &(from, to) in web.edges.iter().filter(|(from, to)| of[*from as usize] == of[*to as usize]) {
        is_entry[to as usize] &= !silences[from as usize];
    }
    let bracket = |members: Vec<u32>| Bracket {
        entries: members.iter().copied().filter(|&node| is_entry[node as usize]).collect(),
        members,
        outside: Vec::new(),
    };
    Brackets { list: members.into_iter().map(bracket).collect(), of }
}

fn is_in_bracket(draft: &Draft) -> bool {
    draft.stage == Stage::First
        && matches!(draft.procedure, Procedure::Failover | Procedure::Switchover | Procedure::Failback)
        && matches!(draft.phase, Phase::Quiesce | Phase::Fence | Phase::Promote)
}

/// For each node the whole that it belongs to when every bracket is taken as one thing: two of the same wait for each
/// other.
fn wholes(web: &Web, brackets: &Brackets) -> Vec<u32> {
    let nodes = web.nodes();
    let as_one = |node: u32| brackets.of[node as usize].map_or(node, |bracket| number(nodes + bracket));
    let edges: Vec<(u32, u32)> = web.edges.iter().map(|&(from, to)| (as_one(from), as_one(to))).collect();
    let mut whole = vec![0; nodes + brackets.list.len()];
    for (at, component) in Arrows::new(nodes + brackets.list.len(), &edges).components().iter().enumerate() {
        for &node in component {
            whole[node as usize] = number(at);
        }
    }
    (0..nodes).map(|node| whole[as_one(number(node)) as usize]).collect()
}

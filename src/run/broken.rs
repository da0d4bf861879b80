//! For tests: scripts that lack one rule of the engine each, so that it can be seen who notices.
//!
//! The machine knows no switches. What it holds itself to is compiled from the plan, and here that is spoilt.

use std::sync::Arc;

use crate::model::Millis;
use crate::run::script::Judge;
use crate::run::script::Kind;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::script::StepNode;

/// Longer than any run, and short enough that a rehearsal gets there.
const FOR_EVER: Millis = Millis::from_secs(90 * 24 * 3_600);

/// One thing that the engine holds itself to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// What stands behind a gate waits for it.
    GatesAreWaitedFor,
    /// A step waits for the steps before it.
    StepsAreWaitedFor,
    /// Only its own steps open a fence gate.
    FencesAreProven,
    /// What runs at once fits into the pools.
    PoolsHaveASize,
    /// The first class comes first.
    FirstThingsFirst,
    /// A share of each pool is kept for the first class.
    AShareIsKept,
    /// Attempts are counted.
    AttemptsEnd,
    /// What makes or ends a writer can't be passed over.
    WritersAreGuarded,
    /// What can't be reached is not done.
    UnreachableIsNotDone,
    /// Done is what is proven.
    DoneIsProven,
    /// Whether it is so already is asked before it is done.
    AskedBeforeDone,
    /// No more is lost than was promised.
    LossIsJudged,
    /// What was begun in a critical section is brought to its end.
    SectionsAreFinished,
    /// Whatever is asked has an end.
    TimeIsLimited,
    /// A fence that is owed is tried again. Who misses it looks at the world, so it stands apart.
    DebtsAreCollected,
}

/// All that a reader of one journal misses.
pub(crate) const RULES: [Rule; 14] = [
    Rule::GatesAreWaitedFor,
    Rule::StepsAreWaitedFor,
    Rule::FencesAreProven,
    Rule::PoolsHaveASize,
    Rule::FirstThingsFirst,
    Rule::AShareIsKept,
    Rule::AttemptsEnd,
    Rule::WritersAreGuarded,
    Rule::UnreachableIsNotDone,
    Rule::DoneIsProven,
    Rule::AskedBeforeDone,
    Rule::LossIsJudged,
    Rule::SectionsAreFinished,
    Rule::TimeIsLimited,
];

/// The same script without one rule.
pub(crate) fn without(rule: Rule, script: &Script) -> Arc<Script> {
    let mut script = script.clone();
    match rule {
        Rule::GatesAreWaitedFor => forget(&mut script, |script, at| at >= script.steps),
        Rule::StepsAreWaitedFor => forget(&mut script, |script, at| at < script.steps),
        Rule::FencesAreProven => any_step_proves(&mut script),
        Rule::PoolsHaveASize => script.pools.iter_mut().for_each(|(size, _)| *size *= 1_000),
        Rule::FirstThingsFirst => {
            let last = script.nodes.iter().map(|node| node.class).max().unwrap_or_default();
            script.nodes.iter_mut().for_each(|node| node.class = last - node.class);
        }
        Rule::AShareIsKept => script.pools.iter_mut().for_each(|(_, kept)| *kept = 0),
        Rule::AttemptsEnd => each(&mut script, |step| step.attempts += 20),
        Rule::WritersAreGuarded => each(&mut script, |step| step.guarded = None),
        Rule::UnreachableIsNotDone => each(&mut script, |step| step.unreachable_ok = true),
        Rule::DoneIsProven => each(&mut script, |step| step.has_verify = false),
        Rule::AskedBeforeDone => each(&mut script, |step| step.has_done_if = false),
        Rule::LossIsJudged => {
            for node in &mut script.nodes {
                if let Kind::Gate(gate) = &mut node.kind
                    && let Judge::Positions { objective, .. } = &mut gate.judge
                {
                    *objective = Some(FOR_EVER);
                }
            }
        }
        Rule::SectionsAreFinished => {
            script.sections.clear();
            each(&mut script, |step| {
                step.section = None;
                step.opens_section = false;
            });
        }
        Rule::DebtsAreCollected => each(&mut script, |step| step.collects = 0),
        Rule::TimeIsLimited => {
            each(&mut script, |step| step.timeout = FOR_EVER);
            for node in &mut script.nodes {
                if let Kind::Gate(gate) = &mut node.kind {
                    gate.limit = FOR_EVER;
                }
            }
        }
    }
    Arc::new(script)
}

fn each(script: &mut Script, spoil: impl Fn(&mut StepNode)) {
    for node in &mut script.nodes {
        if let Kind::Step(step) = &mut node.kind {
            spoil(step);
        }
    }
}

/// Nobody waits for these any more.
fn forget(script: &mut Script, which: impl Fn(&Script, NodeAt) -> bool) {
    for at in 0..script.nodes.len() {
        if which(script, at) {
            for next in std::mem::take(&mut script.nodes[at].next) {
                script.nodes[next].after -= 1;
            }
        }
    }
}

fn any_step_proves(script: &mut Script) {
    let steps = script.steps;
    for gate in steps..script.nodes.len() {
        let Kind::Gate(node) = &mut script.nodes[gate].kind else { continue };
        if !matches!(node.judge, Judge::Fence { .. }) {
            continue;
        }
        node.opened_by = (0..steps).collect();
        each_opens(script, gate);
    }
}

fn each_opens(script: &mut Script, gate: NodeAt) {
    each(script, |step| {
        if !step.opens.contains(&gate) {
            step.opens.push(gate);
        }
    });
}

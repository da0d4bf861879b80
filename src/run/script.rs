//! A plan, made ready to be run: names become positions, edges become counts, claims become queues.
//!
//! Positions are those of the document: step `i` of the plan is node `i`, and gates follow the steps.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Millis;
use crate::plan::ActionOnPaper;
use crate::plan::ClaimOnPaper;
use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::Step;

/// A step or a gate, by its position.
pub type NodeAt = usize;

/// How long a proof may take whose author said nothing: what was just done may need a while until it shows, and an answer
/// that never comes must not keep a step open for ever.
const VERIFY_WITHIN: Millis = Millis::from_secs(60);

/// How often a fence that is owed is tried again, at most every eight minutes: for a day and a bit. What has not answered
/// by then is for the next plan, and for whoever releases the site.
const COLLECTS: u32 = 200;

/// A plan, made ready to be run.
#[derive(Debug, Clone)]
pub struct Script {
    /// The digest of the plan.
    pub plan: String,
    pub(in crate::run) nodes: Vec<Node>,
    pub(in crate::run) steps: usize,
    /// Size, and what is kept of it for the first class.
    pub(in crate::run) pools: Vec<(u32, u32)>,
    /// One for each different list of claims.
    pub(in crate::run) queues: Vec<Vec<(usize, u32)>>,
    /// Members of each critical section.
    pub(in crate::run) sections: Vec<Vec<NodeAt>>,
    /// Sites that are lost whole.
    pub(in crate::run) lost: Vec<String>,
    /// The gate that the whole plan waits for.
    pub(in crate::run) start: Option<NodeAt>,
    pub(in crate::run) names: BTreeMap<String, NodeAt>,
}

/// What the machine must know of a step or a gate.
#[derive(Debug, Clone)]
pub(in crate::run) struct Node {
    pub(in crate::run) id: String,
    pub(in crate::run) class: u8,
    /// When the plan starts it: the order among those that could start now.
    pub(in crate::run) start: Millis,
    /// How many others must be done first. Steps that could open a gate are not counted: it waits for them to *end*.
    pub(in crate::run) after: u32,
    /// Who waits for it.
    pub(in crate::run) next: Vec<NodeAt>,
    pub(in crate::run) queue: usize,
    pub(in crate::run) kind: Kind,
}

#[derive(Debug, Clone)]
pub(in crate::run) enum Kind {
    Step(StepNode),
    Gate(GateNode),
}

#[derive(Debug, Clone)]
pub(in crate::run) struct StepNode {
    /// A person does it and says so; no driver is asked.
    pub(in crate::run) by_person: bool,
    pub(in crate::run) has_done_if: bool,
    pub(in crate::run) has_verify: bool,
    pub(in crate::run) unreachable_ok: bool,
    /// It only tells people something: whatever becomes of it, what follows goes on.
    pub(in crate::run) is_message: bool,
    pub(in crate::run) timeout: Millis,
    /// How long its proof may take.
    pub(in crate::run) within: Millis,
    pub(in crate::run) attempts: u32,
    pub(in crate::run) backoff: Millis,
    /// What it brings about can't be passed over: it makes a writer, or ends one.
    pub(in crate::run) guarded: Option<Guard>,
    /// How often it is tried again by itself, where a person vouches for what it should have proven.
    pub(in crate::run) collects: u32,
    /// Gates that it opens when it is done.
    pub(in crate::run) opens: Vec<NodeAt>,
    pub(in crate::run) section: Option<usize>,
    /// The critical section begins with it.
    pub(in crate::run) opens_section: bool,
}

/// Why a step can't be passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// It is, or is part of, a fence.
    Fence,
    /// It makes a writer.
    Writer,
}

#[derive(Debug, Clone)]
pub(in crate::run) struct GateNode {
    pub(in crate::run) limit: Millis,
    pub(in crate::run) opened_by: Vec<NodeAt>,
    pub(in crate::run) judge: Judge,
}

/// Who opens a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) enum Judge {
    /// A person.
    Person,
    /// A step that proves it; a person, where none does.
    /// Where somebody vouched for it in an earlier run it is carried: it opens by itself, as a debt.
    Fence { service: Option<String>, site: String, carried: bool },
    /// Log positions that these steps can ask for, against a promise; a person, where they are unknown or beyond it.
    Positions { steps: Vec<NodeAt>, at_most: Option<Millis>, objective: Option<Millis> },
}

impl Script {
    /// Makes a plan ready to be run.
    ///
    /// # Errors
    ///
    /// A name that something waits for and that is not in the plan, or a pool that nobody declared: such a plan is
    /// broken, and nobody can say what it means.
    pub fn new(plan: &Plan) -> Result<Self, BrokenPlan> {
        let mut names = BTreeMap::new();
        let ids = plan.steps.iter().map(|step| &step.id).chain(plan.gates.iter().map(|gate| &gate.id));
        for (at, id) in ids.enumerate() {
            if names.insert(id.clone(), at).is_some() {
                return Err(BrokenPlan::Twice(id.clone()));
            }
        }
        let mut script = Self {
            plan: plan.id.clone(),
            nodes: Vec::with_capacity(names.len()),
            steps: plan.steps.len(),
            pools: plan.pools.iter().map(|pool| (pool.size, pool.kept_for_first.min(pool.size))).collect(),
            queues: Vec::new(),
            sections: Vec::new(),
            lost: lost_sites(plan),
            start: plan
                .gates
                .iter()
                .position(|gate| gate.kind == GateKind::ApproveStart)
                .map(|at| plan.steps.len() + at),
            names,
        };
        let mut claims = Claims::new(plan);
        for step in &plan.steps {
            // A person who is asked to do something claims nobody else: people see all questions, and share them out.
            let by_person = matches!(step.action, ActionOnPaper::Confirm { .. } | ActionOnPaper::Fetch { .. });
            let claimed = if by_person { &[][..] } else { &step.claims };
            let node = step_node(step, by_person, claims.queue(&step.id, claimed)?);
            script.nodes.push(node);
        }
        for gate in &plan.gates {
            // A gate is asked at once: it is a person's time that it claims, and they see all questions anyway.
            let node = script.gate(plan, gate, claims.queue(&gate.id, &[])?)?;
            script.nodes.push(node);
        }
        script.queues = claims.queues;
        script.edges(plan)?;
        script.bracket(plan);
        Ok(script)
    }

    /// The position of a step or a gate.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeAt> {
        self.names.get(name).copied()
    }

    /// The name of a step or a gate.
    #[must_use]
    pub fn name(&self, at: NodeAt) -> &str {
        &self.nodes[at].id
    }

    /// How many steps there are; gates follow them.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// How many steps and gates there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Who waits for it.
    #[must_use]
    pub fn next(&self, at: NodeAt) -> &[NodeAt] {
        &self.nodes[at].next
    }

    /// Steps that can tell how far the candidates behind a data-loss gate are.
    #[must_use]
    pub fn judges(&self, gate: NodeAt) -> &[NodeAt] {
        match &self.nodes[gate].kind {
            Kind::Gate(GateNode { judge: Judge::Positions { steps, .. }, .. }) => steps,
            Kind::Gate(_) | Kind::Step(_) => &[],
        }
    }

    pub(in crate::run) fn step_at(&self, at: NodeAt) -> Option<&StepNode> {
        match &self.nodes.get(at)?.kind {
            Kind::Step(step) => Some(step),
            Kind::Gate(_) => None,
        }
    }

    pub(in crate::run) fn gate_at(&self, at: NodeAt) -> Option<&GateNode> {
        match &self.nodes.get(at)?.kind {
            Kind::Gate(gate) => Some(gate),
            Kind::Step(_) => None,
        }
    }

    fn gate(&self, plan: &Plan, gate: &Gate, queue: usize) -> Result<Node, BrokenPlan> {
        let judge = match &gate.kind {
            GateKind::ApproveStart
            | GateKind::ApproveVictims { .. }
            | GateKind::ApproveIrreversible { .. }
            | GateKind::BreakGlass { .. }
            | GateKind::Health => Judge::Person,
            GateKind::Fence { site, .. } => {
                Judge::Fence { service: gate.service.clone(), site: site.clone(), carried: plan.carries(&gate.id) }
            }
            GateKind::DataLoss { objective_ms, at_most_ms, .. } => {
                let behind = |step: &&Step| step.position.is_some() && step.after.contains(&gate.id);
                let steps = plan.steps.iter().filter(behind).filter_map(|step| self.find(&step.id)).collect();
                Judge::Positions { steps, at_most: *at_most_ms, objective: *objective_ms }
            }
        };
        let mut opened_by = Vec::new();
        for name in &gate.opened_by {
            let at = self.find(name).filter(|&at| at < self.steps);
            opened_by.push(at.ok_or_else(|| BrokenPlan::Unknown { of: gate.id.clone(), name: name.clone() })?);
        }
        let kind = Kind::Gate(GateNode { limit: gate.limit_ms, opened_by, judge });
        Ok(Node {
            id: gate.id.clone(),
            class: gate.class,
            start: gate.start_ms,
            after: 0,
            next: Vec::new(),
            queue,
            kind,
        })
    }

    fn edges(&mut self, plan: &Plan) -> Result<(), BrokenPlan> {
        let lists = plan.steps.iter().map(|step| &step.after).chain(plan.gates.iter().map(|gate| &gate.after));
        for (at, after) in lists.enumerate() {
            for name in after {
                let before = self
                    .find(name)
                    .ok_or_else(|| BrokenPlan::Unknown { of: self.nodes[at].id.clone(), name: name.clone() })?;
                let opens = matches!(&self.nodes[at].kind, Kind::Gate(gate) if gate.opened_by.contains(&before));
                if !opens {
                    self.nodes[before].next.push(at);
                    self.nodes[at].after += 1;
                }
            }
        }
        for gate in self.steps..self.nodes.len() {
            let Kind::Gate(GateNode { opened_by, .. }) = &self.nodes[gate].kind else { continue };
            for step in opened_by.clone() {
                if let Kind::Step(node) = &mut self.nodes[step].kind {
                    node.opens.push(gate);
                    node.guarded = Some(Guard::Fence);
                }
            }
        }
        Ok(())
    }

    /// Finds the critical sections. One begins where the old writer is about to be silenced while it could still write,
    /// else with the promotion; it ends with the proof that the new one can be written to.
    fn bracket(&mut self, plan: &Plan) {
        let promoted: BTreeSet<&str> = plan
            .steps
            .iter()
            .filter(|step| step.phase == "promote")
            .filter_map(|step| step.service.as_deref())
            .collect();
        for service in promoted {
            let own = || plan.steps.iter().enumerate().filter(|(_, step)| step.service.as_deref() == Some(service));
            let targets: BTreeSet<Option<&str>> =
                own().filter(|(_, step)| step.phase == "promote").map(|(_, step)| step.site.as_deref()).collect();
            let section = self.sections.len();
            let mut members = Vec::new();
            for (at, step) in own() {
                let inside = match step.phase.as_str() {
                    "quiesce" | "fence" | "promote" => true,
                    "verify" => targets.contains(&step.site.as_deref()),
                    _ => false,
                };
                let begins = match step.phase.as_str() {
                    "quiesce" | "promote" => true,
                    "fence" => still_writes(plan, service, step.site.as_deref()),
                    _ => false,
                };
                if let Kind::Step(node) = &mut self.nodes[at].kind
                    && inside
                {
                    node.section = Some(section);
                    node.opens_section = begins;
                    members.push(at);
                }
            }
            self.sections.push(members);
        }
    }
}

fn step_node(step: &Step, by_person: bool, queue: usize) -> Node {
    let guarded = match &step.effect {
        Some(Effect::Fenced) => Some(Guard::Fence),
        Some(Effect::Writer | Effect::Unfenced { .. }) => Some(Guard::Writer),
        Some(Effect::Holds { .. } | Effect::Serves { .. } | Effect::Ends) | None => None,
    };
    let within = step.verify.as_ref().and_then(|probe| probe.within_ms).unwrap_or(VERIFY_WITHIN);
    Node {
        id: step.id.clone(),
        class: step.class,
        start: step.start_ms,
        after: 0,
        next: Vec::new(),
        queue,
        kind: Kind::Step(StepNode {
            by_person,
            has_done_if: step.done_if.is_some(),
            has_verify: step.verify.is_some(),
            unreachable_ok: step.unreachable_ok,
            // What makes or ends a writer is never taken for done on silence.
            is_message: matches!(step.action, ActionOnPaper::Notify { .. }) && guarded.is_none(),
            timeout: step.limits.timeout_ms,
            within,
            attempts: step.limits.attempts.max(1),
            backoff: step.limits.backoff_ms,
            guarded,
            // People who said no are not asked again and again.
            collects: if by_person { 0 } else { COLLECTS },
            opens: Vec::new(),
            section: None,
            opens_section: false,
        }),
    }
}

/// Whether a service still serves where it is about to be fenced.
fn still_writes(plan: &Plan, service: &str, site: Option<&str>) -> bool {
    let service = plan.services.iter().find(|on_paper| on_paper.id == service);
    service.is_some_and(|service| service.from.iter().any(|from| Some(from.site.as_str()) == site && from.survives))
}

fn lost_sites(plan: &Plan) -> Vec<String> {
    plan.sites
        .iter()
        .filter(|site| site.state == "lost" || site.state == "impaired")
        .map(|site| site.id.clone())
        .collect()
}

/// Lists of claims that occurred, each with a queue of its own: whatever is in one queue fits or does not fit alike.
struct Claims<'a> {
    pools: BTreeMap<&'a str, usize>,
    queues: Vec<Vec<(usize, u32)>>,
    known: BTreeMap<Vec<(usize, u32)>, usize>,
}

impl<'a> Claims<'a> {
    fn new(plan: &'a Plan) -> Self {
        let pools = plan.pools.iter().enumerate().map(|(at, pool)| (pool.id.as_str(), at)).collect();
        Self { pools, queues: Vec::new(), known: BTreeMap::new() }
    }

    fn queue(&mut self, of: &str, claims: &[ClaimOnPaper]) -> Result<usize, BrokenPlan> {
        let mut list = Vec::new();
        for claim in claims {
            let unknown = || BrokenPlan::Unknown { of: of.to_owned(), name: claim.pool.clone() };
            list.push((*self.pools.get(claim.pool.as_str()).ok_or_else(unknown)?, claim.amount));
        }
        list.sort_unstable();
        if let Some(&queue) = self.known.get(&list) {
            return Ok(queue);
        }
        let queue = self.queues.len();
        self.known.insert(list.clone(), queue);
        self.queues.push(list);
        Ok(queue)
    }
}

/// Why a document can't be run at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenPlan {
    /// Two of the same name.
    #[error("{0} stands in the plan twice")]
    Twice(String),
    /// A name that is nowhere.
    #[error("{of} names {name}, which is not in the plan")]
    Unknown {
        /// Who names it.
        of: String,
        /// What.
        name: String,
    },
}

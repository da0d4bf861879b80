//! The state of a run: what the entries so far amount to. Nothing else is remembered anywhere.

use std::collections::BTreeSet;

use crate::model::Millis;
use crate::run::HoldWhy;
use crate::run::RunEnd;
use crate::run::Stamp;
use crate::run::Who;
use crate::run::debt::Debt;
use crate::run::gate_state::GateRun;
use crate::run::gate_state::GateState;
use crate::run::script::Judge;
use crate::run::script::Kind;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::step_state::StepRun;
use crate::run::step_state::StepState;

/// How long a kill may take until nobody waits for its confirmation any more: the grace that a process gets before it is
/// killed hard (10 s), and a link that has to be made anew.
pub(in crate::run) const STOP_LIMIT: Millis = Millis::from_secs(30);
/// How long an answer to "what became of it?" may take: four deadlines of a link, made anew.
pub(in crate::run) const INQUIRE_LIMIT: Millis = Millis::from_secs(60);
/// How much longer than its own limit a driver may take to say that the limit is over.
pub(in crate::run) const GRACE: Millis = Millis::from_secs(5);

/// What the entries of a journal amount to.
#[derive(Debug, Clone)]
pub struct State {
    /// The name of the run; empty before its first entry.
    pub run: String,
    /// The last entry.
    pub seq: u64,
    /// How often the pen was taken.
    pub epoch: u32,
    /// The last holder of the pen.
    pub holder: Option<Who>,
    /// When the run was opened: its T=0.
    pub opened: Stamp,
    /// The last instant that is known.
    pub now: Stamp,
    /// Steps, by position.
    pub steps: Vec<StepRun>,
    /// Gates, in the order of the plan.
    pub gates: Vec<GateRun>,
    /// What people want of the run.
    pub will: Will,
    /// Fences that were attested and not proven.
    pub debts: Vec<Debt>,
    /// Sites that nobody may trust yet.
    pub quarantined: BTreeSet<String>,
    /// Sites that were quarantined once, released or not.
    pub(in crate::run) sealed: BTreeSet<String>,
    /// How it ended, once it did.
    pub ended: Option<RunEnd>,
    /// Nobody acts for it: its process left, and said so.
    pub left: bool,
    pub(in crate::run) waits_for: Vec<u32>,
    /// Ready to start, by queue: class, planned start, position.
    pub(in crate::run) ready: Vec<BTreeSet<(u8, Millis, NodeAt)>>,
    pub(in crate::run) used: Vec<u32>,
    pub(in crate::run) used_by_first: Vec<u32>,
    /// Gates that could open or be asked now.
    pub(in crate::run) turn: BTreeSet<NodeAt>,
    /// When something must be looked at again.
    pub(in crate::run) timers: BTreeSet<(Stamp, NodeAt)>,
    pub(in crate::run) timer: Vec<Option<Stamp>>,
    /// Steps with something in flight.
    pub(in crate::run) active: BTreeSet<NodeAt>,
    /// Steps that wait for a person.
    pub(in crate::run) failed: BTreeSet<NodeAt>,
    pub(in crate::run) first_left: usize,
    pub(in crate::run) left_over: usize,
    pub(in crate::run) entered: Vec<bool>,
    /// Steps and gates whose state changed since this was last taken.
    pub(in crate::run) touched: Vec<NodeAt>,
}

/// What people want of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Will {
    /// It goes on.
    Going,
    /// Nothing new starts, but what finishes a critical section.
    Held(HoldWhy),
    /// It is to end.
    Cancelled {
        /// Who.
        by: Who,
        /// Why.
        reason: String,
    },
    /// Another plan is to take over.
    Yielding {
        /// Its digest.
        plan: String,
    },
}

impl Will {
    /// The word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Going => "going",
            Self::Held(_) => "held",
            Self::Cancelled { .. } => "cancelled",
            Self::Yielding { .. } => "yielding",
        }
    }
}

impl State {
    /// Before the first entry.
    #[must_use]
    pub fn new(script: &Script) -> Self {
        let steps = (0..script.steps).map(|at| StepRun {
            state: StepState::Waiting,
            attempt: 0,
            since: Stamp(0),
            started: None,
            began: None,
            tries_left: script.step_at(at).map_or(1, |step| step.attempts),
            hosts_done: BTreeSet::new(),
            hosts_before: BTreeSet::new(),
            last_end: None,
            said: String::new(),
            unheard: None,
            hosts: Vec::new(),
            adopted: 0,
            collects: 0,
        });
        let gates = (script.steps..script.nodes.len()).map(|_| GateRun {
            state: GateState::Waiting,
            since: Stamp(0),
            seen: Vec::new(),
        });
        let mut state = Self {
            run: String::new(),
            seq: 0,
            epoch: 0,
            holder: None,
            opened: Stamp(0),
            now: Stamp(0),
            steps: steps.collect(),
            gates: gates.collect(),
            will: Will::Going,
            debts: Vec::new(),
            quarantined: BTreeSet::new(),
            sealed: BTreeSet::new(),
            ended: None,
            left: false,
            waits_for: script.nodes.iter().map(|node| node.after).collect(),
            ready: vec![BTreeSet::new(); script.queues.len()],
            used: vec![0; script.pools.len()],
            used_by_first: vec![0; script.pools.len()],
            turn: BTreeSet::new(),
            timers: BTreeSet::new(),
            timer: vec![None; script.nodes.len()],
            active: BTreeSet::new(),
            failed: BTreeSet::new(),
            first_left: script.nodes.iter().filter(|node| node.class == 0).count(),
            left_over: script.nodes.len(),
            entered: vec![false; script.sections.len()],
            touched: Vec::new(),
        };
        for at in 0..script.nodes.len() {
            state.due(script, at);
        }
        state
    }

    /// The gate at this position.
    #[must_use]
    pub fn gate(&self, script: &Script, at: NodeAt) -> &GateRun {
        &self.gates[at - script.steps]
    }

    /// Whether what waits for it may go on.
    #[must_use]
    pub fn is_over(&self, script: &Script, at: NodeAt) -> bool {
        if at < script.steps {
            self.steps[at].state.is_over()
        } else {
            matches!(self.gate(script, at).state, GateState::Open(_))
        }
    }

    /// How many things it still waits for; a gate's own openers are not counted.
    #[must_use]
    pub fn waits_for(&self, at: NodeAt) -> u32 {
        self.waits_for[at]
    }

    /// The next instant at which something must be looked at again. What is due already and was not taken up, since the
    /// run holds or no slot is free, comes up by itself when that changes.
    #[must_use]
    pub fn next_timer(&self, now: Stamp) -> Option<Stamp> {
        self.timers.range((Stamp(now.0 + 1), 0)..).next().map(|(at, _)| *at)
    }

    /// Steps and gates whose state changed since this was last asked. Whoever folds much asks often: it grows until then.
    pub fn take_touched(&mut self) -> Vec<NodeAt> {
        std::mem::take(&mut self.touched)
    }

    /// Whether anything is in flight.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.active.is_empty()
    }

    /// Steps between two attempts, which go on by themselves.
    #[must_use]
    pub fn is_resting(&self) -> bool {
        let rests = |at: &NodeAt| matches!(self.steps[*at].state, StepState::Resting { .. });
        self.timers.iter().map(|(_, at)| at).filter(|at| **at < self.steps.len()).any(rests)
    }

    /// Steps with something in flight.
    pub fn in_flight(&self) -> impl Iterator<Item = NodeAt> {
        self.active.iter().copied()
    }

    /// Whether steps of a critical section that was entered are still to be done.
    #[must_use]
    pub fn is_in_section(&self, script: &Script, at: NodeAt) -> bool {
        let section = script.step_at(at).and_then(|step| step.section);
        section.is_some_and(|section| self.entered[section])
    }

    /// Puts it where the next decision finds it, if it waits for nobody any more.
    fn enqueue(&mut self, script: &Script, at: NodeAt) {
        let node = &script.nodes[at];
        match node.kind {
            Kind::Step(_) => {
                self.ready[node.queue].insert((node.class, node.start, at));
            }
            Kind::Gate(_) => {
                self.turn.insert(at);
            }
        }
    }

    pub(in crate::run) fn dequeue(&mut self, script: &Script, at: NodeAt) {
        let node = &script.nodes[at];
        self.ready[node.queue].remove(&(node.class, node.start, at));
        self.turn.remove(&at);
    }

    /// At most one timer for each step or gate.
    pub(in crate::run) fn set_timer(&mut self, at: NodeAt, until: Option<Stamp>) {
        if let Some(old) = self.timer[at].take() {
            self.timers.remove(&(old, at));
        }
        if let Some(until) = until {
            self.timers.insert((until, at));
        }
        self.timer[at] = until;
    }

    pub(in crate::run) fn claim(&mut self, script: &Script, at: NodeAt, take: bool) {
        let node = &script.nodes[at];
        for &(pool, amount) in &script.queues[node.queue] {
            let add = |used: u32| if take { used + amount } else { used.saturating_sub(amount) };
            self.used[pool] = add(self.used[pool]);
            if node.class == 0 {
                self.used_by_first[pool] = add(self.used_by_first[pool]);
            }
        }
        if take {
            self.active.insert(at);
        } else {
            self.active.remove(&at);
        }
    }

    /// It is over, for good: what waited for it may go on.
    pub(in crate::run) fn over(&mut self, script: &Script, at: NodeAt) {
        self.left_over -= 1;
        self.first_left -= usize::from(script.nodes[at].class == 0);
        for &next in &script.nodes[at].next {
            self.waits_for[next] -= 1;
            self.due(script, next);
        }
        if let Some(section) = script.step_at(at).and_then(|step| step.section)
            && script.sections[section].iter().all(|&member| self.steps[member].state.is_over())
        {
            self.entered[section] = false;
        }
    }

    /// Puts it where the next decision finds it, if its turn has come.
    pub(in crate::run) fn due(&mut self, script: &Script, at: NodeAt) {
        if self.waits_for[at] > 0 {
            return;
        }
        let Some(gate) = script.gate_at(at) else {
            if self.steps[at].state == StepState::Waiting {
                self.enqueue(script, at);
            }
            return;
        };
        let run = self.gate(script, at);
        let fenced = gate.opened_by.iter().any(|&step| matches!(self.steps[step].state, StepState::Done(_)));
        let is_due = match (&gate.judge, &run.state) {
            (_, GateState::Open(_)) => false,
            (Judge::Fence { carried: true, .. }, GateState::Waiting) => true,
            (Judge::Fence { .. }, GateState::Waiting) => fenced || self.cant_be_proven(&gate.opened_by),
            (Judge::Fence { .. }, GateState::Asked | GateState::Rejected { .. } | GateState::TimedOut) => fenced,
            (Judge::Person | Judge::Positions { .. }, GateState::Waiting) => true,
            (Judge::Person | Judge::Positions { .. }, GateState::Asked) => false,
            (Judge::Person | Judge::Positions { .. }, GateState::Rejected { .. } | GateState::TimedOut) => false,
        };
        if is_due {
            self.enqueue(script, at);
        }
    }

    /// Every step that could have proven it has failed, or there never was one.
    fn cant_be_proven(&self, opened_by: &[NodeAt]) -> bool {
        opened_by.iter().all(|&step| matches!(self.steps[step].state, StepState::Failed(_) | StepState::Skipped))
    }
}

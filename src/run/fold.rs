//! The fold: one entry, one transition. What is not legal is named, never passed over.

use crate::run::Entry;
use crate::run::Event;
use crate::run::OpenedBy;
use crate::run::Stamp;
use crate::run::Who;
use crate::run::gate_state::GateState;
use crate::run::script::Judge;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::state::State;
use crate::run::state::Will;
use crate::run::step_state::StepState;

/// Why an entry can't stand where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// Its number is not the next.
    #[error("entry {found} stands where {wanted} should")]
    Sequence {
        /// What should stand there.
        wanted: u64,
        /// What does.
        found: u64,
    },
    /// It was written by somebody whose pen was taken.
    #[error("entry {seq} is of epoch {found}, and the pen is of epoch {wanted}")]
    Epoch {
        /// Which entry.
        seq: u64,
        /// Who holds the pen.
        wanted: u32,
        /// Who wrote.
        found: u32,
    },
    /// The journal is of another plan.
    #[error("the journal is of plan {journal}, and this is plan {plan}")]
    OtherPlan {
        /// Of which plan it is.
        journal: String,
        /// Which plan this is.
        plan: String,
    },
    /// It names a step or a gate that is not in the plan.
    #[error("entry {seq} names {name}, which is not in the plan")]
    Unknown {
        /// Which entry.
        seq: u64,
        /// What it names.
        name: String,
    },
    /// It can't happen from there.
    #[error("entry {seq} ({event}) can't follow: {what} is {state}")]
    Transition {
        /// Which entry.
        seq: u64,
        /// What kind of entry.
        event: &'static str,
        /// A step, a gate or the run.
        what: String,
        /// Where that stands.
        state: &'static str,
    },
}

/// Applies one entry to the state.
///
/// # Errors
///
/// The entry can't stand here. The state is then worth nothing any more.
pub fn fold(script: &Script, state: &mut State, entry: &Entry) -> Result<(), Illegal> {
    order(script, state, entry)?;
    state.seq = entry.seq;
    state.now = state.now.max(entry.at);
    Fold { script, state, seq: entry.seq, at: entry.at }.event(&entry.event)
}

/// Numbers and epochs, the first entry and the last.
fn order(script: &Script, state: &State, entry: &Entry) -> Result<(), Illegal> {
    let wanted = state.seq + 1;
    if entry.seq != wanted {
        return Err(Illegal::Sequence { wanted, found: entry.seq });
    }
    let epoch = state.epoch + u32::from(matches!(entry.event, Event::PenTaken { .. }));
    if entry.epoch != epoch {
        return Err(Illegal::Epoch { seq: entry.seq, wanted: epoch, found: entry.epoch });
    }
    let at_run =
        |state| Illegal::Transition { seq: entry.seq, event: entry.event.word(), what: "the run".to_owned(), state };
    match (&entry.event, state.seq) {
        (Event::Opened { plan, .. }, 0) if *plan != script.plan => {
            Err(Illegal::OtherPlan { journal: plan.clone(), plan: script.plan.clone() })
        }
        (Event::Opened { .. }, 0) => Ok(()),
        (Event::Opened { .. }, _) => Err(at_run("opened")),
        (_, 0) => Err(at_run("not opened")),
        _ if state.ended.is_some() => Err(at_run("over")),
        _ => Ok(()),
    }
}

/// One entry, about to be applied.
pub(in crate::run) struct Fold<'a> {
    pub(in crate::run) script: &'a Script,
    pub(in crate::run) state: &'a mut State,
    pub(in crate::run) seq: u64,
    pub(in crate::run) at: Stamp,
}

impl Fold<'_> {
    fn event(&mut self, event: &Event) -> Result<(), Illegal> {
        match event {
            Event::Opened { run, .. } => {
                self.state.run.clone_from(run);
                self.state.opened = self.at;
            }
            Event::PenTaken { by } => self.pen_taken(by),
            Event::ClockJumped { .. } => {}
            Event::Held { why } => self.will(event, Will::Held(why.clone()))?,
            Event::Resumed { .. } => self.will(event, Will::Going)?,
            Event::Cancelled { by, reason } => {
                self.will(event, Will::Cancelled { by: by.clone(), reason: reason.clone() })?;
            }
            Event::Yielding { plan, .. } => self.will(event, Will::Yielding { plan: plan.clone() })?,
            Event::Left { .. } => self.state.left = true,
            Event::Quarantined { site } => {
                self.state.sealed.insert(site.clone());
                self.state.quarantined.insert(site.clone());
            }
            Event::Released { site, .. } => {
                self.state.quarantined.remove(site);
                self.forgive(site);
            }
            Event::RunEnded { end } => self.state.ended = Some(end.clone()),
            Event::GateAsked { gate }
            | Event::PositionsSeen { gate, .. }
            | Event::GateOpened { gate, .. }
            | Event::GateRejected { gate, .. }
            | Event::GateTimedOut { gate } => {
                let at = self.gate_at(gate)?;
                self.gate(event, at)?;
            }
            Event::Again { what, .. } => {
                let at = self.find(what)?;
                if at < self.script.steps { self.step(event, at)? } else { self.gate(event, at)? }
            }
            Event::Started { step, .. }
            | Event::AlreadySo { step, .. }
            | Event::NotYetSo { step, .. }
            | Event::HostsEnded { step, .. }
            | Event::Shifting { step, .. }
            | Event::Ended { step, .. }
            | Event::Verified { step, .. }
            | Event::Stopping { step, .. }
            | Event::Stopped { step, .. }
            | Event::Inquired { step, .. }
            | Event::Probed { step, .. }
            | Event::Confirmed { step, .. }
            | Event::Denied { step, .. }
            | Event::Unanswered { step }
            | Event::MarkedDone { step, .. }
            | Event::Skipped { step, .. } => {
                let at = self.step_at(step)?;
                self.step(event, at)?;
            }
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Result<NodeAt, Illegal> {
        self.script.find(name).ok_or_else(|| Illegal::Unknown { seq: self.seq, name: name.to_owned() })
    }

    fn step_at(&self, name: &str) -> Result<NodeAt, Illegal> {
        self.find(name).and_then(|at| {
            let known = at < self.script.steps;
            known.then_some(at).ok_or_else(|| Illegal::Unknown { seq: self.seq, name: name.to_owned() })
        })
    }

    fn gate_at(&self, name: &str) -> Result<NodeAt, Illegal> {
        self.find(name).and_then(|at| {
            let known = at >= self.script.steps;
            known.then_some(at).ok_or_else(|| Illegal::Unknown { seq: self.seq, name: name.to_owned() })
        })
    }

    /// What people want only ever becomes more, but for a hold that is released.
    fn will(&mut self, event: &Event, will: Will) -> Result<(), Illegal> {
        let legal = match (&self.state.will, &will) {
            (Will::Going, Will::Held(_) | Will::Cancelled { .. } | Will::Yielding { .. }) => true,
            (Will::Held(_), Will::Going | Will::Cancelled { .. } | Will::Yielding { .. }) => true,
            (Will::Yielding { .. }, Will::Cancelled { .. }) => true,
            (Will::Going, Will::Going) | (Will::Held(_), Will::Held(_)) => false,
            (Will::Yielding { .. }, Will::Going | Will::Held(_) | Will::Yielding { .. }) => false,
            (Will::Cancelled { .. }, _) => false,
        };
        if !legal {
            let state = self.state.will.word();
            return Err(Illegal::Transition { seq: self.seq, event: event.word(), what: "the run".to_owned(), state });
        }
        self.state.will = will;
        Ok(())
    }

    /// What the last holder of the pen had in flight is in doubt: it may have ended, or be running still.
    fn pen_taken(&mut self, by: &Who) {
        self.state.epoch += 1;
        self.state.holder = Some(by.clone());
        self.state.left = false;
        // What the dead one saw, and had no time to judge, is looked at again.
        for gate in self.state.gates.iter_mut().filter(|gate| gate.state == GateState::Asked) {
            gate.seen.clear();
        }
        for at in self.state.active.clone() {
            let tries_left = self.state.steps[at].tries_left;
            let next = match self.state.steps[at].state.clone() {
                // A probe changes nothing: the attempt did not count.
                StepState::Checking => {
                    self.state.steps[at].tries_left = tries_left + 1;
                    StepState::Resting { until: self.at }
                }
                StepState::Acting => {
                    // The crash was ours: it must not cost the step its only attempt, where it turns out not to have run.
                    self.state.steps[at].tries_left = tries_left.max(1);
                    self.state.steps[at].adopted = 0;
                    StepState::Inquiring { tries: 0, stop: None }
                }
                StepState::Stopping { why, .. } => StepState::Inquiring { tries: 0, stop: Some(why) },
                StepState::Inquiring { stop, .. } => StepState::Inquiring { tries: 0, stop },
                same @ (StepState::Verifying | StepState::Probing { .. }) => same,
                same @ (StepState::Waiting
                | StepState::Asked
                | StepState::Resting { .. }
                | StepState::Failed(_)
                | StepState::Done(_)
                | StepState::Skipped) => same,
            };
            self.change(at, next);
        }
    }

    fn gate(&mut self, event: &Event, at: NodeAt) -> Result<(), Illegal> {
        let now = self.at;
        let waits = self.state.waits_for[at] > 0;
        let gate = at - self.script.steps;
        let next = match (&self.state.gates[gate].state, event) {
            (GateState::Waiting, Event::GateAsked { .. }) if !waits => GateState::Asked,
            (GateState::Asked, Event::PositionsSeen { seen, .. }) => {
                self.state.gates[gate].seen.clone_from(seen);
                return Ok(());
            }
            (from, Event::GateOpened { by: OpenedBy::Earlier, .. }) if !self.is_carried(at) => {
                return Err(self.illegal(event, at, from.word()));
            }
            (GateState::Waiting | GateState::Asked, Event::GateOpened { by, .. }) if !waits => {
                GateState::Open(by.clone())
            }
            (GateState::Asked, Event::GateRejected { by, reason, .. }) => {
                GateState::Rejected { by: by.clone(), reason: reason.clone() }
            }
            (GateState::Asked, Event::GateTimedOut { .. }) => GateState::TimedOut,
            (GateState::Rejected { .. } | GateState::TimedOut, Event::Again { .. }) => GateState::Waiting,
            (GateState::Rejected { .. } | GateState::TimedOut, Event::GateOpened { by: OpenedBy::Step(step), .. }) => {
                GateState::Open(OpenedBy::Step(step.clone()))
            }
            (from, _) => return Err(self.illegal(event, at, from.word())),
        };
        self.owe(at, &next);
        let limit = self.script.gate_at(at).map(|gate| gate.limit);
        let until = matches!(next, GateState::Asked).then_some(limit).flatten().map(|limit| now.after(limit));
        let open = matches!(next, GateState::Open(_));
        let waiting = next == GateState::Waiting;
        self.state.gates[gate].state = next;
        self.state.gates[gate].since = now;
        self.state.set_timer(at, until);
        self.state.dequeue(self.script, at);
        self.state.touched.push(at);
        if open {
            self.state.over(self.script, at);
        }
        if waiting {
            self.state.gates[gate].seen.clear();
            self.state.due(self.script, at);
        }
        Ok(())
    }

    /// Whether it is a fence that somebody vouched for in an earlier run.
    fn is_carried(&self, at: NodeAt) -> bool {
        let judge = self.script.gate_at(at).map(|gate| &gate.judge);
        matches!(judge, Some(Judge::Fence { carried: true, .. }))
    }

    pub(in crate::run) fn illegal(&self, event: &Event, at: NodeAt, state: &'static str) -> Illegal {
        let what = self.script.name(at).to_owned();
        Illegal::Transition { seq: self.seq, event: event.word(), what, state }
    }
}

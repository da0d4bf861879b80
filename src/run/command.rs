//! What people may ask of a run, and why the answer may be no.

use serde::Deserialize;
use serde::Serialize;

use crate::run::Event;
use crate::run::HoldWhy;
use crate::run::OpenedBy;
use crate::run::StopWhy;
use crate::run::Who;
use crate::run::gate_state::GateState;
use crate::run::script::Guard;
use crate::run::script::Judge;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::state::State;
use crate::run::state::Will;
use crate::run::step_state::StepState;

/// What a person asks of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Command {
    /// Yes, to a gate or to a step that a person was asked to do.
    Approve {
        /// Which.
        what: String,
    },
    /// No, to the same.
    Reject {
        /// Which.
        what: String,
    },
    /// Another attempt of a step that failed, or a gate asked again.
    Retry {
        /// Which.
        what: String,
    },
    /// What follows goes on without it.
    Skip {
        /// Which step.
        step: String,
    },
    /// A person did it by hand.
    MarkDone {
        /// Which step.
        step: String,
    },
    /// Nothing new starts.
    Hold,
    /// It goes on.
    Resume,
    /// What runs is ended, and then the run.
    Cancel,
    /// Another plan takes over as soon as nothing is in flight.
    Yield {
        /// Its digest.
        plan: String,
    },
    /// A site is trusted again.
    Release {
        /// Which.
        site: String,
    },
    /// The process leaves at once.
    Leave,
}

/// Why a command is not carried out. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum No {
    /// There is nothing of that name.
    #[error("the plan has no {name}")]
    Unknown {
        /// What was named.
        name: String,
    },
    /// Only steps can be treated so.
    #[error("{what} is a gate: it is approved or rejected, never skipped or marked done")]
    IsGate {
        /// Which.
        what: String,
    },
    /// Its turn has not come, or is over.
    #[error("{what} wants no answer: it is {state}")]
    NotAsked {
        /// Which.
        what: String,
        /// Where it stands.
        state: String,
    },
    /// It did not fail.
    #[error("{what} can't be retried: it is {state}")]
    NotFailed {
        /// Which.
        what: String,
        /// Where it stands.
        state: String,
    },
    /// It is in flight, or over.
    #[error("{what} is {state}")]
    NotNow {
        /// Which.
        what: String,
        /// Where it stands.
        state: String,
    },
    /// It fences a writer, or makes one.
    #[error("{what} can't be passed over, because a second writer could come of it")]
    Guarded {
        /// Which.
        what: String,
    },
    /// Whoever reads the journal must be able to see why.
    #[error("this needs a reason")]
    NeedsReason,
    /// The run does not hold.
    #[error("the run is {state}")]
    RunIs {
        /// What it is.
        state: String,
    },
    /// The site is not quarantined.
    #[error("{site} is not quarantined")]
    NotQuarantined {
        /// Which.
        site: String,
    },
}

/// The entries that carry out what a person asks.
///
/// # Errors
///
/// Why not. Nothing was changed then.
pub fn command(script: &Script, state: &State, command: Command, by: Who, reason: &str) -> Result<Vec<Event>, No> {
    let over = || No::RunIs { state: "over".to_owned() };
    if state.ended.is_some() {
        return Err(over());
    }
    let person = Person { script, state, by, reason: reason.trim().to_owned() };
    match command {
        Command::Approve { what } => person.approve(&what),
        Command::Reject { what } => person.reject(&what),
        Command::Retry { what } => person.retry(what),
        Command::Skip { step } => person.pass(&step, |step, by, reason| Event::Skipped { step, by, reason }),
        Command::MarkDone { step } => person.pass(&step, |step, by, reason| Event::MarkedDone { step, by, reason }),
        Command::Hold => person.hold(),
        Command::Resume => person.resume(),
        Command::Cancel => person.cancel(),
        Command::Yield { plan } => person.give_way(plan),
        Command::Release { site } => person.release(site),
        Command::Leave => Ok(vec![Event::Left { by: person.by }]),
    }
}

struct Person<'a> {
    script: &'a Script,
    state: &'a State,
    by: Who,
    reason: String,
}

impl Person<'_> {
    fn find(&self, name: &str) -> Result<NodeAt, No> {
        self.script.find(name).ok_or_else(|| No::Unknown { name: name.to_owned() })
    }

    fn reasoned(&self) -> Result<(), No> {
        if self.reason.is_empty() { Err(No::NeedsReason) } else { Ok(()) }
    }

    fn approve(self, what: &str) -> Result<Vec<Event>, No> {
        let at = self.find(what)?;
        let not_asked = |state: &str| No::NotAsked { what: what.to_owned(), state: state.to_owned() };
        let (what, by, reason) = (what.to_owned(), self.by.clone(), self.reason.clone());
        if at < self.script.steps {
            let state = &self.state.steps[at].state;
            return if *state == StepState::Asked {
                Ok(vec![Event::Confirmed { step: what, by, reason }])
            } else {
                Err(not_asked(state.word()))
            };
        }
        let gate = self.state.gate(self.script, at);
        let judge = self.script.gate_at(at).map(|gate| &gate.judge);
        let weighty = matches!(judge, Some(Judge::Fence { .. } | Judge::Positions { .. }));
        // The power of a burning house is cut by somebody else: a fence can be attested before anybody was asked.
        let early = matches!(judge, Some(Judge::Fence { .. })) && self.state.waits_for(at) == 0;
        match &gate.state {
            GateState::Asked => {}
            GateState::Waiting if early => {}
            GateState::Waiting | GateState::Open(_) | GateState::Rejected { .. } | GateState::TimedOut => {
                return Err(not_asked(gate.state.word()));
            }
        }
        if weighty {
            self.reasoned()?;
        }
        Ok(vec![Event::GateOpened { gate: what, by: OpenedBy::Person { by, reason } }])
    }

    fn reject(self, what: &str) -> Result<Vec<Event>, No> {
        let at = self.find(what)?;
        self.reasoned()?;
        let not_asked = |state: &str| No::NotAsked { what: what.to_owned(), state: state.to_owned() };
        let what = what.to_owned();
        if at < self.script.steps {
            let state = &self.state.steps[at].state;
            return if *state == StepState::Asked {
                Ok(vec![Event::Denied { step: what, by: self.by, reason: self.reason }])
            } else {
                Err(not_asked(state.word()))
            };
        }
        let state = &self.state.gate(self.script, at).state;
        if *state == GateState::Asked {
            Ok(vec![Event::GateRejected { gate: what, by: self.by, reason: self.reason }])
        } else {
            Err(not_asked(state.word()))
        }
    }

    fn retry(self, what: String) -> Result<Vec<Event>, No> {
        let at = self.find(&what)?;
        let (failed, state) = if at < self.script.steps {
            let state = &self.state.steps[at].state;
            (matches!(state, StepState::Failed(_)), state.word())
        } else {
            let state = &self.state.gate(self.script, at).state;
            (matches!(state, GateState::Rejected { .. } | GateState::TimedOut), state.word())
        };
        if !failed {
            return Err(No::NotFailed { what, state: state.to_owned() });
        }
        Ok(vec![Event::Again { what, by: self.by, reason: self.reason }])
    }

    /// Skips a step, or marks it done. Neither is possible where a writer could be left unfenced by it, and a writer is
    /// made by hand only where somebody says so, never by passing it over.
    fn pass(self, name: &str, event: impl Fn(String, Who, String) -> Event) -> Result<Vec<Event>, No> {
        let at = self.find(name)?;
        let what = name.to_owned();
        let Some(step) = self.script.step_at(at) else { return Err(No::IsGate { what }) };
        let state = &self.state.steps[at].state;
        let now = match state {
            StepState::Waiting | StepState::Asked | StepState::Resting { .. } | StepState::Failed(_) => true,
            StepState::Checking | StepState::Acting | StepState::Verifying | StepState::Stopping { .. } => false,
            StepState::Inquiring { .. } | StepState::Probing { .. } => false,
            StepState::Done(_) | StepState::Skipped => false,
        };
        if !now {
            return Err(No::NotNow { what, state: state.word().to_owned() });
        }
        self.reasoned()?;
        let made = event(what.clone(), self.by, self.reason);
        let allowed = match step.guarded {
            None => true,
            Some(Guard::Writer) => {
                // The gates before it must be open, whoever does it.
                matches!(made, Event::MarkedDone { .. }) && self.state.waits_for(at) == 0
            }
            Some(Guard::Fence) => false,
        };
        if allowed { Ok(vec![made]) } else { Err(No::Guarded { what }) }
    }

    fn run_is(&self) -> No {
        No::RunIs { state: self.state.will.word().to_owned() }
    }

    fn hold(self) -> Result<Vec<Event>, No> {
        match &self.state.will {
            Will::Going => Ok(vec![Event::Held { why: HoldWhy::Person { by: self.by, reason: self.reason } }]),
            Will::Held(_) | Will::Cancelled { .. } | Will::Yielding { .. } => Err(self.run_is()),
        }
    }

    fn resume(self) -> Result<Vec<Event>, No> {
        match &self.state.will {
            Will::Held(_) => Ok(vec![Event::Resumed { by: self.by, reason: self.reason }]),
            Will::Going | Will::Cancelled { .. } | Will::Yielding { .. } => Err(self.run_is()),
        }
    }

    fn cancel(self) -> Result<Vec<Event>, No> {
        if matches!(self.state.will, Will::Cancelled { .. }) {
            return Err(self.run_is());
        }
        let mut events = vec![Event::Cancelled { by: self.by, reason: self.reason }];
        for at in self.state.in_flight() {
            if self.state.steps[at].state == StepState::Acting && !self.state.is_in_section(self.script, at) {
                let (step, attempt) = (self.script.name(at).to_owned(), self.state.steps[at].attempt);
                events.push(Event::Stopping { step, attempt, why: StopWhy::Cancelled });
            }
        }
        Ok(events)
    }

    fn give_way(self, plan: String) -> Result<Vec<Event>, No> {
        match &self.state.will {
            Will::Going | Will::Held(_) => Ok(vec![Event::Yielding { plan, by: self.by, reason: self.reason }]),
            Will::Cancelled { .. } | Will::Yielding { .. } => Err(self.run_is()),
        }
    }

    fn release(self, site: String) -> Result<Vec<Event>, No> {
        self.reasoned()?;
        if !self.state.quarantined.contains(&site) {
            return Err(No::NotQuarantined { site });
        }
        Ok(vec![Event::Released { site, by: self.by, reason: self.reason }])
    }
}

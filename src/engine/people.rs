//! People in a rehearsal: they answer what they are asked, each question in its time, as many at once as there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc;

use crate::driver::Dice;
use crate::engine::Handle;
use crate::model::Millis;
use crate::plan::ActionOnPaper;
use crate::plan::ClaimOnPaper;
use crate::plan::Plan;
use crate::run::Command;
use crate::run::Entry;
use crate::run::Event;
use crate::run::GateState;
use crate::run::Script;
use crate::run::State;
use crate::run::StepState;
use crate::run::Who;
use crate::run::Will;

/// How people behave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum People {
    /// They answer as the plan expects, and try again what failed, this often.
    AsPlanned {
        /// How often they try something again.
        retries: u32,
    },
    /// They take longer or shorter than expected.
    Spread {
        /// By what.
        seed: u64,
        /// How often they try something again.
        retries: u32,
    },
    /// Nobody is there.
    Absent,
    /// They answer at once, say no now and then, skip, hold, go on: whatever this seed says.
    Erratic {
        /// By what.
        seed: u64,
    },
}

/// Before somebody looks at what failed, and tries it again.
const LOOK: Millis = Millis::from_secs(60);

/// Somebody who does not exist.
pub(in crate::engine) fn nobody(name: &str) -> Who {
    Who { user: name.to_owned(), uid: 0, pid: 0, host: "rehearsal".to_owned() }
}

/// What people know of a plan.
pub(in crate::engine) struct Crowd {
    people: People,
    handle: Handle,
    /// By gate, or by step that a person does: how long it takes, and whose time it claims.
    questions: BTreeMap<String, (Millis, Option<Arc<Semaphore>>)>,
    retried: BTreeMap<String, u32>,
}

impl Crowd {
    pub(in crate::engine) fn new(plan: &Plan, people: People, handle: Handle) -> Self {
        let pools: BTreeMap<&str, Arc<Semaphore>> = plan
            .pools
            .iter()
            .map(|pool| (pool.id.as_str(), Arc::new(Semaphore::new(usize::try_from(pool.size).unwrap_or(1).max(1)))))
            .collect();
        let claimed =
            |claims: &[ClaimOnPaper]| claims.first().and_then(|claim| pools.get(claim.pool.as_str())).cloned();
        let by_person = plan
            .steps
            .iter()
            .filter(|step| matches!(step.action, ActionOnPaper::Confirm { .. } | ActionOnPaper::Fetch { .. }));
        let steps = by_person.map(|step| (step.id.clone(), (step.duration_ms, claimed(&step.claims))));
        let gates = plan.gates.iter().map(|gate| (gate.id.clone(), (gate.duration_ms, claimed(&gate.claims))));
        Self { people, handle, questions: steps.chain(gates).collect(), retried: BTreeMap::new() }
    }

    /// Sees what wants an answer already.
    pub(in crate::engine) fn find(&mut self, script: &Script, state: &State) {
        for at in 0..script.len() {
            let asked = if at < script.steps() {
                state.steps[at].state == StepState::Asked
            } else {
                state.gate(script, at).state == GateState::Asked
            };
            let question = self.questions.get(script.name(at)).filter(|_| asked && self.people != People::Absent);
            if let Some((takes, pool)) = question {
                self.answer(script.name(at).to_owned(), *takes, pool.clone());
            }
            if at < script.steps() && matches!(state.steps[at].state, StepState::Failed(_)) {
                self.look(script.name(at).to_owned());
            }
        }
        if matches!(state.will, Will::Held(_)) {
            self.go_on();
        }
    }

    /// Somebody sees that the run holds, mends what was wrong, and lets it go on.
    fn go_on(&self) {
        if self.people == People::Absent {
            return;
        }
        let handle = self.handle.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(LOOK.0)).await;
            drop(handle.ask(Command::Resume, nobody("person"), "rehearsed".to_owned()).await);
        });
    }

    /// Listens to what is written, and answers. Ends with the run.
    pub(in crate::engine) async fn listen(mut self, mut heard: mpsc::UnboundedReceiver<Vec<Entry>>) {
        while let Some(entries) = heard.recv().await {
            for entry in &entries {
                self.hear(&entry.event);
            }
        }
    }

    fn hear(&mut self, event: &Event) {
        if self.people == People::Absent {
            return;
        }
        if matches!(event, Event::Held { .. }) {
            self.go_on();
        }
        let subject = event.subject().unwrap_or_default();
        let asks = matches!(event, Event::GateAsked { .. }) || matches!(event, Event::Started { .. });
        if let (true, Some((takes, pool))) = (asks, self.questions.get(subject)) {
            self.answer(subject.to_owned(), *takes, pool.clone());
        }
        // Whatever may have failed: a retry that is not due is refused, and nothing is lost.
        let may_fail = matches!(
            event,
            Event::Ended { .. }
                | Event::Verified { .. }
                | Event::Stopped { .. }
                | Event::Inquired { .. }
                | Event::Probed { .. }
                | Event::Denied { .. }
                | Event::Unanswered { .. }
                | Event::GateRejected { .. }
                | Event::GateTimedOut { .. }
        );
        if may_fail {
            self.look(subject.to_owned());
        }
    }

    fn answer(&self, what: String, takes: Millis, pool: Option<Arc<Semaphore>>) {
        let handle = self.handle.clone();
        let (takes, command) = match &self.people {
            People::Spread { seed, .. } => (Dice::of(*seed, &what).around(takes), Command::Approve { what }),
            People::Erratic { seed } => {
                let mut dice =
                    Dice::of(seed.wrapping_add(u64::from(self.retried.get(&what).copied().unwrap_or(0))), &what);
                let no = dice.below(8) == 0;
                let takes = Millis(dice.below(takes.0.saturating_mul(2).max(1)));
                (takes, if no { Command::Reject { what } } else { Command::Approve { what } })
            }
            People::AsPlanned { .. } | People::Absent => (takes, Command::Approve { what }),
        };
        tokio::spawn(async move {
            let place = match pool {
                Some(pool) => pool.acquire_owned().await.ok(),
                None => None,
            };
            tokio::time::sleep(Duration::from_millis(takes.0)).await;
            // Somebody else may have answered, or the run may be over.
            drop(handle.ask(command, nobody("person"), "rehearsed".to_owned()).await);
            drop(place);
        });
    }

    fn look(&mut self, what: String) {
        let (retries, erratic) = match &self.people {
            People::AsPlanned { retries } | People::Spread { retries, .. } => (*retries, None),
            People::Erratic { seed } => (3, Some(*seed)),
            People::Absent => return,
        };
        let tried = self.retried.entry(what.clone()).or_default();
        if *tried >= retries.saturating_mul(4) {
            return;
        }
        *tried += 1;
        let handle = self.handle.clone();
        let mut dice = Dice::of(erratic.unwrap_or(0).wrapping_add(u64::from(*tried)), &what);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(LOOK.0)).await;
            let command = match erratic.map(|_| dice.below(8)) {
                Some(0) => Command::Skip { step: what },
                Some(1) => Command::MarkDone { step: what },
                Some(_) | None => Command::Retry { what },
            };
            drop(handle.ask(command, nobody("person"), "rehearsed".to_owned()).await);
        });
    }
}

//! What follows from an input: the entries that record it. Total: an answer that nobody waits for any more is passed over.

use crate::model::Millis;
use crate::model::Ppm;
use crate::run::End;
use crate::run::Event;
use crate::run::Found;
use crate::run::HoldWhy;
use crate::run::HostEnd;
use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::StopWhy;
use crate::run::fold_step::TRIES;
use crate::run::gate_state::GateState;
use crate::run::script::Judge;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::state::State;
use crate::run::state::Will;
use crate::run::step_state::FailWhy;
use crate::run::step_state::StepState;

/// Everything that can happen to a run from outside, people left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The answer to "is it so already?".
    Checked {
        /// Of which step.
        at: NodeAt,
        /// Of which attempt.
        attempt: u32,
        /// Whether it is so everywhere.
        so: Seen,
        /// Hosts on which it is so.
        already: Vec<String>,
    },
    /// How it ended on some hosts.
    HostsEnded {
        /// Of which step.
        at: NodeAt,
        /// Of which attempt.
        attempt: u32,
        /// By host.
        hosts: Vec<HostEnd>,
    },
    /// It is about to send users elsewhere, and does so only once that is written.
    Shifting {
        /// Of which step.
        at: NodeAt,
        /// Of which attempt.
        attempt: u32,
        /// The shares by site as they were read right before.
        from: Vec<(String, Ppm)>,
        /// The shares by site as they will be.
        to: Vec<(String, Ppm)>,
        /// How it was, in the words of whoever keeps the route.
        fact: String,
    },
    /// The action ended.
    Ended {
        /// Of which step.
        at: NodeAt,
        /// Of which attempt.
        attempt: u32,
        /// How.
        end: End,
        /// What it said.
        said: String,
    },
    /// The proof was asked for.
    Verified {
        /// Of which step.
        at: NodeAt,
        /// Of which attempt.
        attempt: u32,
        /// Whether it worked.
        so: Seen,
        /// What the probe saw.
        said: String,
    },
    /// It was ended on the far side, or was not.
    Stopped {
        /// Of which step.
        at: NodeAt,
        /// Of which attempt.
        attempt: u32,
        /// Whether nothing of it is left.
        confirmed: bool,
    },
    /// What became of it.
    Inquired {
        /// Of which step.
        at: NodeAt,
        /// Of which attempt.
        attempt: u32,
        /// What was found.
        found: Found,
        /// What it said until it ended.
        said: String,
    },
    /// Whether what a dead attempt should bring about is so.
    Probed {
        /// Of which step.
        at: NodeAt,
        /// Of which attempt.
        attempt: u32,
        /// Whether it is so.
        so: Seen,
    },
    /// Log positions behind a data-loss gate.
    Positions {
        /// Which gate.
        at: NodeAt,
        /// By host.
        seen: Vec<Position>,
    },
    /// Time went by.
    Tick,
    /// The process was told to end.
    Signal,
    /// No room is left to record how things would end.
    NoRoom,
    /// The clock jumped.
    ClockJumped {
        /// By how much, forwards.
        forwards: Millis,
        /// By how much, backwards.
        backwards: Millis,
    },
}

/// The entries that record an input.
#[must_use]
pub fn react(script: &Script, state: &State, input: Input, now: Stamp) -> Vec<Event> {
    if state.ended.is_some() {
        return Vec::new();
    }
    let hold = |why| if state.will == Will::Going { vec![Event::Held { why }] } else { Vec::new() };
    match input {
        Input::Tick => tick(script, state, now),
        Input::Signal => hold(HoldWhy::Signal),
        Input::NoRoom => hold(HoldWhy::NoRoom),
        Input::ClockJumped { forwards, backwards } => vec![Event::ClockJumped { forwards, backwards }],
        Input::Positions { at, seen } => positions(script, state, at, seen),
        Input::Checked { at, attempt, .. }
        | Input::HostsEnded { at, attempt, .. }
        | Input::Shifting { at, attempt, .. }
        | Input::Ended { at, attempt, .. }
        | Input::Verified { at, attempt, .. }
        | Input::Stopped { at, attempt, .. }
        | Input::Inquired { at, attempt, .. }
        | Input::Probed { at, attempt, .. }
            if state.steps[at].attempt != attempt =>
        {
            Vec::new()
        }
        Input::Checked { at, so, already, .. } => checked(script, state, at, &so, already),
        Input::HostsEnded { at, attempt, hosts } => {
            let step = script.name(at).to_owned();
            let waits = matches!(
                state.steps[at].state,
                StepState::Acting | StepState::Stopping { .. } | StepState::Inquiring { .. }
            );
            if waits { vec![Event::HostsEnded { step, attempt, hosts }] } else { Vec::new() }
        }
        Input::Shifting { at, attempt, from, to, fact } => {
            let step = script.name(at).to_owned();
            // Whoever is being ended, or is asked after, sends nobody anywhere any more.
            let waits = state.steps[at].state == StepState::Acting;
            if waits { vec![Event::Shifting { step, attempt, from, to, fact }] } else { Vec::new() }
        }
        Input::Ended { at, end, said, .. } => ended(script, state, at, end, said),
        Input::Verified { at, attempt, so, said } => {
            let step = script.name(at).to_owned();
            let waits = state.steps[at].state == StepState::Verifying;
            // What nobody could see is not proven.
            if waits { vec![Event::Verified { step, attempt, passed: so == Seen::Yes, said }] } else { Vec::new() }
        }
        Input::Stopped { at, attempt, confirmed } => {
            let step = script.name(at).to_owned();
            let waits = matches!(state.steps[at].state, StepState::Stopping { .. });
            if waits { vec![Event::Stopped { step, attempt, confirmed }] } else { Vec::new() }
        }
        Input::Inquired { at, found, said, .. } => inquired(script, state, at, found, said),
        Input::Probed { at, attempt, so } => {
            let step = script.name(at).to_owned();
            let waits = matches!(state.steps[at].state, StepState::Probing { .. });
            if waits { vec![Event::Probed { step, attempt, so }] } else { Vec::new() }
        }
    }
}

/// A cancelled run lets what it began in a critical section come to its end, and nothing else.
fn is_ending(script: &Script, state: &State, at: NodeAt) -> bool {
    matches!(state.will, Will::Cancelled { .. }) && !state.is_in_section(script, at)
}

fn checked(script: &Script, state: &State, at: NodeAt, so: &Seen, already: Vec<String>) -> Vec<Event> {
    let run = &state.steps[at];
    let (step, attempt) = (script.name(at).to_owned(), run.attempt);
    if run.state != StepState::Checking {
        return Vec::new();
    }
    let stays =
        |why: String| Event::Ended { step: step.clone(), attempt, end: End::NeverBegan(why), said: String::new() };
    vec![match so {
        Seen::Yes => Event::AlreadySo { step, attempt },
        Seen::No if is_ending(script, state, at) => stays("the run was cancelled".to_owned()),
        Seen::No => Event::NotYetSo { step, attempt, already },
        // Where nobody can say whether it is so, doing it could do it twice.
        Seen::Unknown(why) => stays(why.clone()),
    }]
}

fn ended(script: &Script, state: &State, at: NodeAt, end: End, said: String) -> Vec<Event> {
    let run = &state.steps[at];
    let (step, attempt) = (script.name(at).to_owned(), run.attempt);
    let definite = !matches!(end, End::TimedOut | End::Lost(_) | End::Signal(_));
    let takes = match run.state {
        StepState::Acting => true,
        // What is being killed ends by a signal, or its link is lost: only the look afterwards tells.
        StepState::Stopping { .. } | StepState::Inquiring { .. } => definite,
        StepState::Failed(FailWhy::InDoubt(_)) => definite,
        StepState::Waiting | StepState::Checking | StepState::Asked | StepState::Verifying => false,
        StepState::Probing { .. } | StepState::Resting { .. } => false,
        StepState::Failed(_) | StepState::Done(_) | StepState::Skipped => false,
    };
    match (takes, &run.state, &end) {
        (false, _, _) => Vec::new(),
        (true, StepState::Acting, End::TimedOut) => vec![
            Event::Stopping { step: step.clone(), attempt, why: StopWhy::Timeout },
            Event::Stopped { step, attempt, confirmed: true },
        ],
        (true, _, _) => vec![Event::Ended { step, attempt, end, said }],
    }
}

fn inquired(script: &Script, state: &State, at: NodeAt, found: Found, said: String) -> Vec<Event> {
    let run = &state.steps[at];
    let (step, attempt) = (script.name(at).to_owned(), run.attempt);
    let StepState::Inquiring { stop, .. } = run.state else { return Vec::new() };
    let alive = found == Found::Alive;
    let mut events = vec![Event::Inquired { step: step.clone(), attempt, found, said }];
    // What was followed too often is being ended already.
    let followed = run.adopted < TRIES;
    if alive && followed && stop.is_none() && is_ending(script, state, at) {
        events.push(Event::Stopping { step, attempt, why: StopWhy::Cancelled });
    }
    events
}

/// Within the promise: every candidate was seen, and where writes are acknowledged before they arrive there, the newest
/// one is young enough. All else is a person's to decide.
fn positions(script: &Script, state: &State, at: NodeAt, seen: Vec<Position>) -> Vec<Event> {
    let gate = script.name(at).to_owned();
    if state.gate(script, at).state != GateState::Asked {
        return Vec::new();
    }
    let verdict = judge(script, at, &seen);
    let mut events = vec![Event::PositionsSeen { gate: gate.clone(), seen }];
    events.extend(verdict.map(|age| Event::GateOpened { gate, by: OpenedBy::Judged { age } }));
    events
}

/// Whether what was seen behind a data-loss gate opens it, so that nobody is asked.
#[must_use]
pub fn is_within_promise(script: &Script, gate: NodeAt, seen: &[Position]) -> bool {
    judge(script, gate, seen).is_some()
}

fn judge(script: &Script, at: NodeAt, seen: &[Position]) -> Option<Option<Millis>> {
    let Some(Judge::Positions { at_most, objective, .. }) = script.gate_at(at).map(|gate| &gate.judge) else {
        return None;
    };
    let objective = (*objective)?;
    if seen.is_empty() || seen.iter().any(|position| position.position.is_empty()) {
        return None;
    }
    if *at_most == Some(Millis::ZERO) {
        return Some(None);
    }
    let ages: Option<Vec<Millis>> = seen.iter().map(|position| position.age).collect();
    let oldest = ages?.into_iter().max()?;
    (oldest <= objective).then_some(Some(oldest))
}

/// What is overdue. Whoever was asked and did not answer is taken at their silence: it is never success.
fn tick(script: &Script, state: &State, now: Stamp) -> Vec<Event> {
    let mut events = Vec::new();
    let mut held = state.will != Will::Going;
    for &(_, at) in state.timers.iter().take_while(|(due, _)| *due <= now) {
        if at >= script.steps {
            let gate = script.name(at).to_owned();
            events.push(Event::GateTimedOut { gate: gate.clone() });
            if !held {
                held = true;
                events.push(Event::Held { why: HoldWhy::GateTimedOut { gate } });
            }
            continue;
        }
        events.extend(overdue(script, state, at));
    }
    events
}

fn overdue(script: &Script, state: &State, at: NodeAt) -> Option<Event> {
    let run = &state.steps[at];
    let (step, attempt) = (script.name(at).to_owned(), run.attempt);
    let silence = || "no answer".to_owned();
    match run.state {
        StepState::Checking => {
            let end = End::NeverBegan("nobody could say whether it is so already".to_owned());
            Some(Event::Ended { step, attempt, end, said: String::new() })
        }
        StepState::Acting => Some(Event::Stopping { step, attempt, why: StopWhy::Timeout }),
        StepState::Asked => Some(Event::Unanswered { step }),
        StepState::Verifying => Some(Event::Verified { step, attempt, passed: false, said: silence() }),
        StepState::Stopping { .. } => Some(Event::Stopped { step, attempt, confirmed: false }),
        StepState::Inquiring { .. } => {
            Some(Event::Inquired { step, attempt, found: Found::Unknown(silence()), said: String::new() })
        }
        StepState::Probing { .. } => Some(Event::Probed { step, attempt, so: Seen::Unknown(silence()) }),
        StepState::Waiting | StepState::Resting { .. } | StepState::Failed(_) => None,
        StepState::Done(_) | StepState::Skipped => None,
    }
}

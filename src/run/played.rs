//! For tests: plays a plan forward with the pure machine, under a clock of its own, where everything takes as long as
//! planned and ends well unless a test says otherwise. It touches nothing but its own memory.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Millis;
use crate::plan::Plan;
use crate::run::Command;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Found;
use crate::run::GateState;
use crate::run::Input;
use crate::run::NodeAt;
use crate::run::Position;
use crate::run::Script;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::What;
use crate::run::Who;
use crate::run::act;
use crate::run::command;
use crate::run::decide;
use crate::run::fold;
use crate::run::react;

/// 03:12 in Seoul, on the night of the plan.
pub(crate) const OPENED: Stamp = Stamp(1_795_284_720_000);
/// What a question to the far side takes.
const ASKS: Millis = Millis::from_secs(1);

/// A run that is played.
pub(crate) struct Play {
    pub(crate) plan: Plan,
    pub(crate) script: Script,
    pub(crate) state: State,
    pub(crate) entries: Vec<Entry>,
    pub(crate) now: Stamp,
    ends: BTreeMap<String, (End, String)>,
    unanswered: BTreeSet<String>,
    /// Ages of what is seen behind data-loss gates.
    age: Option<Millis>,
    due: BTreeMap<(Stamp, u64), Due>,
    count: u64,
}

enum Due {
    Input(Input),
    Answer(NodeAt),
}

/// A person of the tests.
pub(crate) fn minji() -> Who {
    Who { user: "minji".to_owned(), uid: 1000, pid: 4711, host: "ops1".to_owned() }
}

impl Play {
    /// A run that was just opened.
    pub(crate) fn new(plan: Plan) -> Self {
        let script = Script::new(&plan).unwrap();
        let state = State::new(&script);
        let opened = Event::Opened {
            format: 1,
            run: "20261122-0312-pangyo".to_owned(),
            plan: plan.id.clone(),
            parent: None,
            program: "0.1.0".to_owned(),
        };
        let mut play = Self {
            plan,
            script,
            state,
            entries: Vec::new(),
            now: OPENED,
            ends: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            age: Some(Millis::ZERO),
            due: BTreeMap::new(),
            count: 0,
        };
        play.append(vec![opened, Event::PenTaken { by: minji() }]);
        play
    }

    /// This step ends so, whenever it is tried.
    pub(crate) fn ends(mut self, step: &str, end: End, said: &str) -> Self {
        self.ends.insert(step.to_owned(), (end, said.to_owned()));
        self
    }

    /// Nobody answers this.
    pub(crate) fn unanswered(mut self, what: &str) -> Self {
        self.unanswered.insert(what.to_owned());
        self
    }

    /// So old is what is seen behind data-loss gates.
    pub(crate) fn aged(mut self, age: Option<Millis>) -> Self {
        self.age = age;
        self
    }

    /// Plays on until so long after the run was opened.
    pub(crate) fn until(&mut self, span: Millis) {
        let end = OPENED.after(span);
        loop {
            let timer = self.state.next_timer(self.now);
            let due = self.due.first_key_value().map(|((due, _), _)| *due);
            let Some(next) = due.into_iter().chain(timer).min().filter(|next| *next <= end) else { break };
            self.now = next;
            let mut inputs = vec![Input::Tick];
            while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= next) {
                match entry.remove() {
                    Due::Input(input) => inputs.push(input),
                    Due::Answer(at) => self.answer(at),
                }
            }
            for input in inputs.into_iter().rev() {
                let events = react(&self.script, &self.state, input, self.now);
                self.append(events);
            }
            self.decide();
        }
        self.now = end;
    }

    /// A person asks for something.
    pub(crate) fn say(&mut self, asked: Command, reason: &str) {
        let events = command(&self.script, &self.state, asked, minji(), reason).unwrap();
        self.append(events);
        self.decide();
    }

    /// Writes down what is given, as it is.
    pub(crate) fn append(&mut self, events: Vec<Event>) {
        for event in events {
            let epoch = self.state.epoch + u32::from(matches!(event, Event::PenTaken { .. }));
            let entry = Entry { seq: self.state.seq + 1, at: self.now, epoch, event };
            fold(&self.script, &mut self.state, &entry).unwrap();
            self.entries.push(entry);
        }
        for at in self.state.take_touched() {
            self.begin(at);
        }
    }

    pub(crate) fn decide(&mut self) {
        loop {
            let events = decide(&self.script, &self.state, self.now);
            if events.is_empty() {
                break;
            }
            self.append(events);
        }
    }

    fn later(&mut self, span: Millis, due: Due) {
        self.count += 1;
        self.due.insert((self.now.after(span), self.count), due);
    }

    fn begin(&mut self, at: NodeAt) {
        let name = self.script.name(at).to_owned();
        let asked = if at < self.script.steps() {
            self.state.steps[at].state == StepState::Asked
        } else {
            self.state.gate(&self.script, at).state == GateState::Asked
        };
        if asked && !self.unanswered.contains(&name) {
            let span = match at.checked_sub(self.plan.steps.len()) {
                None => self.plan.steps[at].duration_ms,
                Some(gate) => self.plan.gates[gate].duration_ms,
            };
            // Nobody answers before they saw what there is to see.
            let seen = if self.script.judges(at).is_empty() { Millis::ZERO } else { ASKS + ASKS };
            self.later(span + seen, Due::Answer(at));
        }
        let Some(act) = act(&self.script, &self.state, at) else { return };
        let attempt = act.attempt;
        let step = || &self.plan.steps[at];
        let (span, input) = match act.what {
            What::Check => (ASKS, Input::Checked { at, attempt, so: Seen::No, already: Vec::new() }),
            What::Do | What::Adopt => {
                let (end, said) = self.ends.get(&name).cloned().unwrap_or((End::Ok, "ok".to_owned()));
                (step().duration_ms, Input::Ended { at, attempt, end, said })
            }
            What::Verify => (ASKS, Input::Verified { at, attempt, so: Seen::Yes, said: "yes".to_owned() }),
            What::Stop => (ASKS, Input::Stopped { at, attempt, confirmed: true }),
            What::Inquire => {
                let found = Found::Unknown("as-db-01 can't be reached".to_owned());
                (ASKS, Input::Inquired { at, attempt, found, said: String::new() })
            }
            What::Probe => (ASKS, Input::Probed { at, attempt, so: Seen::Yes }),
            What::Positions => {
                let seen = ["as-db-01", "as-db-02"].map(|host| Position {
                    host: host.to_owned(),
                    position: "0/3A2F91C8".to_owned(),
                    age: self.age,
                });
                (ASKS, Input::Positions { at, seen: seen.to_vec() })
            }
        };
        self.later(span + act.wait, Due::Input(input));
    }

    fn answer(&mut self, at: NodeAt) {
        let what = self.script.name(at).to_owned();
        let asked = Command::Approve { what };
        // What proves it may have opened it in the meantime.
        let events = command(&self.script, &self.state, asked, minji(), "seen by me").unwrap_or_default();
        self.append(events);
    }
}

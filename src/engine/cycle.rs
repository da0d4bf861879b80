//! The loop: take what came in, fold what follows from it, decide, write it down, act.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::driver::Driver;
use crate::driver::Job;
use crate::driver::Key;
use crate::engine::hand;
use crate::engine::inbox::Handle;
use crate::engine::inbox::Message;
use crate::engine::job;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::model::Millis;
use crate::plan::Plan;
use crate::run::DoneHow;
use crate::run::Entry;
use crate::run::Event;
use crate::run::HostEnd;
use crate::run::Illegal;
use crate::run::Input;
use crate::run::No;
use crate::run::NodeAt;
use crate::run::RunEnd;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepRun;
use crate::run::StepState;
use crate::run::What;
use crate::run::Will;
use crate::run::act;
use crate::run::command;
use crate::run::decide;
use crate::run::fold;
use crate::run::react;

/// Results of hosts are written in groups: a step on hundreds of hosts must not cost hundreds of syncs. What is lost with
/// us within this time is asked for again on the far side.
const HOSTS_TOGETHER: Duration = Duration::from_millis(100);
/// What may have to be written about a step until it is at rest: its end, a stop, an inquiry, a probe, a proof; two of
/// them with up to 2 KiB of output, whose control characters JSON may write as six bytes.
const ROOM_FOR_STEP: u64 = 32 * 1024;
/// The same for each of its hosts, with what it said, of which a line end or a quote takes two bytes.
const ROOM_FOR_HOST: u64 = 1024;
/// Kept for what people say and for the end of the run.
const ROOM_FOR_PEOPLE: u64 = 64 * 1024;

/// Somebody waits for the report, and records on hosts do no harm.
const SWEEP_MAX: Duration = Duration::from_secs(5);

/// Whoever has not come within a day does not come any more.
const A_DAY: Duration = Duration::from_secs(24 * 3_600);

/// How long the loop stays when nothing moves without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Until the run ends.
    Stays,
    /// Until every question has timed out, and nobody has come for a day. For rehearsals, where time costs nothing.
    ADay,
    /// Until nothing is in flight.
    Leaves,
}

/// Why the loop left.
#[derive(Debug)]
pub enum Leave {
    /// The run ended.
    Ended(RunEnd),
    /// Nothing moves without a person, and nobody waits for one any more.
    AtRest,
    /// It was sent away. What is in flight goes on, and is found again.
    Left,
    /// The journal can't be written any more: nothing else may be done. What is in flight goes on, and is found again.
    JournalLost(JournalError),
}

/// Why a run can't be gone on with at all.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The journal could not be written.
    #[error("the journal can't be written")]
    Journal(#[from] JournalError),
    /// What the journal holds can't have happened.
    #[error("the journal does not fit its plan")]
    Illegal(#[from] Illegal),
}

/// Whoever wants to see what was written: called with each group, once it is durable.
pub type Observer = Box<dyn FnMut(&[Entry]) + Send>;

/// One run, carried out.
pub struct Engine<D, J> {
    plan: Arc<Plan>,
    script: Arc<Script>,
    state: State,
    journal: J,
    driver: Arc<D>,
    observer: Observer,
    inbox: mpsc::UnboundedReceiver<Message>,
    handle: Handle,
    tasks: JoinSet<()>,
    began: (Stamp, Instant),
    /// Results of hosts that are not written yet, and since when the first of them waits.
    hosts: BTreeMap<(NodeAt, u32), Vec<HostEnd>>,
    hosts_since: Option<Instant>,
    /// Gates whose positions are being read: they may open without a person.
    judging: BTreeSet<NodeAt>,
    /// Since when nothing has come in.
    idle: Option<Instant>,
}

impl<D: Driver, J: Journal> Engine<D, J> {
    /// Takes up a run where its journal ends. `past` is everything that the journal holds, the last entry being that the
    /// pen was taken; `now` is the instant by the clock of the world.
    ///
    /// # Errors
    ///
    /// The journal has no room, or holds what can't have happened with this plan.
    pub fn begin(
        plan: Arc<Plan>,
        script: Arc<Script>,
        mut journal: J,
        driver: Arc<D>,
        past: &[Entry],
        now: Stamp,
        observer: Observer,
    ) -> Result<Self, EngineError> {
        let mut state = State::new(&script);
        for entry in past {
            fold(&script, &mut state, entry)?;
            // What was done about them is done; what still is in flight is taken up as a whole.
            drop(state.take_touched());
        }
        // A journal must not go back in time where the clock did.
        let now = now.max(state.now);
        journal.reserve(ROOM_FOR_PEOPLE)?;
        let (sender, inbox) = mpsc::unbounded_channel();
        Ok(Self {
            plan,
            script,
            state,
            journal,
            driver,
            observer,
            inbox,
            handle: Handle { inbox: sender },
            tasks: JoinSet::new(),
            began: (now, Instant::now()),
            hosts: BTreeMap::new(),
            hosts_since: None,
            judging: BTreeSet::new(),
            idle: None,
        })
    }

    /// A way to reach this run while it is carried out.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The state as it is durable.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Carries the run out. Returns when it ended, or when nothing more can be done for it in this process.
    pub async fn run(mut self, patience: Patience) -> (Leave, J) {
        let pending: Vec<NodeAt> = self.state.in_flight().collect();
        let asked = (self.script.steps()..self.script.len()).filter(|&gate| !self.script.judges(gate).is_empty());
        let all: BTreeSet<NodeAt> = pending.into_iter().chain(asked).collect();
        self.act(&all);
        let mut patience = patience;
        let mut messages = Vec::new();
        loop {
            let cycle = match self.cycle(messages) {
                Ok(cycle) => cycle,
                Err(error) => return (Leave::JournalLost(error), self.journal),
            };
            if let Some(end) = self.state.ended.clone() {
                // What was not taken away in time stays.
                let (driver, left) = (Arc::clone(&self.driver), self.left_on_hosts());
                let _swept = tokio::time::timeout(SWEEP_MAX, driver.sweep(left)).await;
                return (Leave::Ended(end), self.journal);
            }
            if self.state.left {
                return (Leave::Left, self.journal);
            }
            if cycle.told_to_end {
                patience = Patience::Leaves;
            }
            if self.leaves(patience) {
                return (Leave::AtRest, self.journal);
            }
            messages = self.wait().await;
        }
    }

    /// What steps that went well left behind on hosts, and nobody needs when the run is over: all that is known of them is
    /// durable, and nothing of this run is begun or asked after any more. Of all other steps it is evidence.
    fn left_on_hosts(&self) -> Vec<Job> {
        let went_well = |step: &StepRun| step.state == StepState::Done(DoneHow::Ran);
        let done = self.plan.steps.iter().zip(&self.state.steps).filter(|(_, run)| went_well(run));
        let jobs = done.flat_map(|(step, run)| {
            let key = |attempt| Key { run: self.state.run.clone(), step: step.id.clone(), attempt };
            (1..=run.attempt).filter_map(move |at| job::job(&self.plan, step, key(at), &BTreeSet::new()))
        });
        jobs.filter(|job| !job.hosts.is_empty()).collect()
    }

    fn leaves(&self, patience: Patience) -> bool {
        let quiet = self.state.is_at_rest() && self.hosts.is_empty();
        match patience {
            Patience::Stays => false,
            Patience::ADay => quiet && self.idle.is_some_and(|since| since.elapsed() >= A_DAY),
            // A hold keeps what rests between two attempts from going on, and what a gate would release from starting.
            Patience::Leaves => {
                let moves = self.state.is_resting() || !self.judging.is_empty();
                quiet && !(moves && self.state.will == Will::Going)
            }
        }
    }

    fn now(&self) -> Stamp {
        let (stamp, instant) = self.began;
        Stamp(stamp.0.saturating_add(u64::try_from(instant.elapsed().as_millis()).unwrap_or(u64::MAX)))
    }

    /// Waits for the next message, and takes all others that are there with it: they share one write.
    async fn wait(&mut self) -> Vec<Message> {
        let (stamp, instant) = self.began;
        let timer = self.state.next_timer(self.now()).map(|at| instant + Duration::from_millis(at.since(stamp).0));
        let hosts = self.hosts_since.map(|since| since + HOSTS_TOGETHER);
        self.idle = self.idle.or_else(|| Some(Instant::now()));
        let day = self.idle.map(|since| since + A_DAY).filter(|end| *end > Instant::now());
        let until = timer.into_iter().chain(hosts).chain(day).min();
        let mut messages = Vec::new();
        let first = match until {
            None => self.inbox.recv().await,
            Some(until) => tokio::time::timeout_at(until, self.inbox.recv()).await.ok().flatten(),
        };
        if first.is_some() {
            self.idle = None;
        }
        messages.extend(first);
        while let Ok(next) = self.inbox.try_recv() {
            messages.push(next);
        }
        while self.tasks.try_join_next().is_some() {}
        messages
    }

    /// One turn: what came in, what follows, what begins; written down together; then done.
    fn cycle(&mut self, messages: Vec<Message>) -> Result<Cycle, JournalError> {
        // Limits went on while the machine slept: what ran out meanwhile is overdue now, and is asked after.
        for message in &messages {
            if let Message::Slept(span) = message {
                self.began.0 = self.began.0.after(*span);
            }
        }
        let now = self.now();
        let mut turn = Turn { entries: Vec::new(), seq: self.state.seq, replies: Vec::new(), told_to_end: false };
        for message in messages {
            self.take(message, now, &mut turn);
        }
        let due = self.hosts_since.is_some_and(|since| since.elapsed() >= HOSTS_TOGETHER);
        if due || !turn.entries.is_empty() {
            self.flush_hosts(now, &mut turn);
        }
        let overdue = react(&self.script, &self.state, Input::Tick, now);
        self.fold(now, overdue, &mut turn);
        self.decide(now, &mut turn);
        if !turn.entries.is_empty() {
            self.journal.append(&turn.entries)?;
            (self.observer)(&turn.entries);
        }
        for reply in turn.replies {
            // Whoever asked may have gone.
            drop(reply.send(Ok(())));
        }
        let subjects = self.state.take_touched().into_iter().collect();
        self.act(&subjects);
        Ok(Cycle { told_to_end: turn.told_to_end })
    }

    fn take(&mut self, message: Message, now: Stamp, turn: &mut Turn) {
        match message {
            Message::Host { at, attempt, host } => {
                self.hosts.entry((at, attempt)).or_default().push(host);
                self.hosts_since.get_or_insert_with(Instant::now);
            }
            Message::Slept(span) => {
                let slept = Input::ClockJumped { forwards: span, backwards: Millis::ZERO };
                let events = react(&self.script, &self.state, slept, now);
                self.fold(now, events, turn);
            }
            Message::Input(input) => {
                turn.told_to_end |= input == Input::Signal;
                if let Input::Positions { at, .. } = &input {
                    self.judging.remove(at);
                }
                // What its hosts said comes before how the whole ended.
                self.flush_hosts(now, turn);
                let events = react(&self.script, &self.state, input, now);
                self.fold(now, events, turn);
            }
            Message::Ask { command: what, by, reason, reply } => {
                match command(&self.script, &self.state, what, by, &reason) {
                    Ok(events) => {
                        self.fold(now, events, turn);
                        turn.replies.push(reply);
                    }
                    Err(no) => drop(reply.send(Err(no))),
                }
            }
        }
    }

    fn flush_hosts(&mut self, now: Stamp, turn: &mut Turn) {
        self.hosts_since = None;
        for ((at, attempt), hosts) in std::mem::take(&mut self.hosts) {
            let events = react(&self.script, &self.state, Input::HostsEnded { at, attempt, hosts }, now);
            self.fold(now, events, turn);
        }
    }

    /// Folds what is about to be written. If the write then fails, this process has nothing more to say, and the state
    /// goes with it.
    fn fold(&mut self, at: Stamp, events: Vec<Event>, turn: &mut Turn) {
        for event in events {
            turn.seq += 1;
            let epoch = self.state.epoch;
            let entry = Entry { seq: turn.seq, at: at.max(self.state.now), epoch, event };
            let folded = fold(&self.script, &mut self.state, &entry);
            // What react, decide and command give is legal by their contract; anything else is a bug of ours.
            folded.unwrap_or_else(|illegal| panic!("the run decided what can't be: {illegal}"));
            turn.entries.push(entry);
        }
    }

    fn decide(&mut self, now: Stamp, turn: &mut Turn) {
        loop {
            let mut events = decide(&self.script, &self.state, now);
            if events.iter().any(|event| matches!(event, Event::Started { .. })) && !self.has_room(&events) {
                events = react(&self.script, &self.state, Input::NoRoom, now);
            }
            if events.is_empty() {
                return;
            }
            self.fold(now, events, turn);
        }
    }

    /// Whether there is room to record how everything ends that is in flight, and that is about to be.
    fn has_room(&mut self, events: &[Event]) -> bool {
        let started = events.iter().filter_map(|event| self.script.find(event.subject()?));
        let steps: BTreeSet<NodeAt> = started.chain(self.state.in_flight()).collect();
        let hosts = |at: &NodeAt| {
            let step = self.plan.steps.get(*at).and_then(|step| step.hosts.as_ref());
            step.map_or(0, |hosts| hosts.count)
        };
        let needed: u64 = steps.iter().map(|at| ROOM_FOR_STEP + ROOM_FOR_HOST * hosts(at)).sum();
        self.journal.reserve(needed + ROOM_FOR_PEOPLE).is_ok()
    }

    /// Does what the state asks for, about these steps and gates.
    fn act(&mut self, subjects: &BTreeSet<NodeAt>) {
        for act in subjects.iter().filter_map(|&at| act(&self.script, &self.state, at)) {
            let context = hand::Context {
                plan: Arc::clone(&self.plan),
                script: Arc::clone(&self.script),
                driver: Arc::clone(&self.driver),
                handle: self.handle.clone(),
                run: self.state.run.clone(),
            };
            if act.what == What::Positions {
                self.judging.insert(act.at);
            }
            let done = self.state.steps.get(act.at).map(|step| step.hosts_before.clone()).unwrap_or_default();
            self.tasks.spawn(hand::carry_out(context, act, done));
        }
    }
}

/// What is gathered in one turn.
struct Turn {
    entries: Vec<Entry>,
    seq: u64,
    /// Whoever asked for what is about to be written.
    replies: Vec<oneshot::Sender<Result<(), No>>>,
    told_to_end: bool,
}

struct Cycle {
    told_to_end: bool,
}

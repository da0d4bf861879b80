//! Lives of processes in one scripted world: a run is begun, left, taken up again, and brought to rest.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::driver;
use crate::driver::Fault;
use crate::driver::Silence;
use crate::driver::spread;
use crate::engine::Engine;
use crate::engine::Handle;
use crate::engine::Leave;
use crate::engine::Patience;
use crate::engine::People;
use crate::engine::people::Crowd;
use crate::engine::people::nobody;
use crate::journal::Journal;
use crate::journal::Memory;
use crate::journal::MemoryReader;
use crate::model::Millis;
use crate::plan::Plan;
use crate::run::Command;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::State;
use crate::run::Will;
use crate::run::command;
use crate::run::fold;
use crate::run::is_settled;

/// When the night begins.
pub(in crate::engine) const BEGIN: Stamp = Stamp(1_000_000_000_000);
/// How often a person looks whether a run has come to rest, and for how long.
const LOOK: Duration = Duration::from_secs(5);
const LOOKS: u32 = 1_500;

/// A plan that is carried out.
pub(in crate::engine) struct Stage {
    pub(in crate::engine) plan: Arc<Plan>,
    pub(in crate::engine) script: Arc<Script>,
}

/// Hands in one world, and how long steps of all plans take there.
pub(in crate::engine) struct Hands {
    pub(in crate::engine) far: Arc<driver::Script>,
    spans: Arc<Mutex<BTreeMap<String, Millis>>>,
    pub(in crate::engine) start: Instant,
}

impl Hands {
    pub(in crate::engine) fn new(seed: u64, faults: Vec<Fault>, silences: Vec<Silence>) -> Self {
        let spans: Arc<Mutex<BTreeMap<String, Millis>>> = Arc::default();
        let known = Arc::clone(&spans);
        let far = driver::Script::new(move |job| {
            spread(seed, job, known.lock().unwrap().get(&job.key.step).copied().unwrap_or_default())
        });
        let far = Arc::new(far.with_faults(faults).with_silences(silences));
        // The first question sets the clock of the world.
        drop(far.world());
        Self { far, spans, start: Instant::now() }
    }

    pub(in crate::engine) fn learn(&self, plan: &Plan) {
        self.spans.lock().unwrap().extend(plan.steps.iter().map(|step| (step.id.clone(), step.duration_ms)));
    }

    pub(in crate::engine) fn now(&self) -> Stamp {
        BEGIN.after(Millis(u64::try_from(self.start.elapsed().as_millis()).unwrap()))
    }
}

/// One life of a process.
pub(in crate::engine) struct Life {
    pub(in crate::engine) running: JoinHandle<Leave>,
    pub(in crate::engine) handle: Handle,
    pub(in crate::engine) reader: MemoryReader,
}

impl Stage {
    pub(in crate::engine) fn new(plan: Plan) -> Self {
        let script = Arc::new(Script::new(&plan).unwrap());
        Self { plan: Arc::new(plan), script }
    }

    pub(in crate::engine) fn opened(&self, run: &str, parent: Option<&str>, at: Stamp) -> Memory {
        let mut journal = Memory::new();
        let (run, plan) = (run.to_owned(), self.plan.id.clone());
        let opened = Event::Opened { format: 1, run, plan, parent: parent.map(str::to_owned), program: "0".to_owned() };
        let entries = journal.number(at, vec![opened]);
        journal.append(&entries).unwrap();
        journal
    }

    /// A process takes the journal, writes down what is asked of it first, and carries on.
    pub(in crate::engine) fn live(
        &self,
        mut journal: Memory,
        hands: &Hands,
        people: &People,
        asks: &[Command],
        patience: Patience,
    ) -> Life {
        let reader = journal.reader();
        let now = reader.entries().last().map_or(BEGIN, |entry| entry.at).max(hands.now());
        let taken = journal.number(now, vec![Event::PenTaken { by: nobody("night") }]);
        journal.append(&taken).unwrap();
        for ask in asks {
            let state = self.state(&reader.entries());
            // A run that holds already says no.
            let events = command(&self.script, &state, ask.clone(), nobody("night"), "loss").unwrap_or_default();
            let ours = journal.number(now, events);
            journal.append(&ours).unwrap();
        }
        let past = reader.entries();
        let (heard, listens) = tokio::sync::mpsc::unbounded_channel();
        let observer = Box::new(move |entries: &[Entry]| drop(heard.send(entries.to_vec())));
        let (plan, script, far) = (Arc::clone(&self.plan), Arc::clone(&self.script), Arc::clone(&hands.far));
        let engine = Engine::begin(plan, script, journal, far, &past, now, observer).unwrap();
        let handle = engine.handle();
        let mut crowd = Crowd::new(&self.plan, people.clone(), engine.handle());
        crowd.find(&self.script, engine.state());
        tokio::spawn(crowd.listen(listens));
        let running = tokio::spawn(async move { engine.run(patience).await.0 });
        Life { running, handle, reader }
    }

    pub(in crate::engine) fn state(&self, entries: &[Entry]) -> State {
        let mut state = State::new(&self.script);
        entries.iter().for_each(|entry| fold(&self.script, &mut state, entry).unwrap());
        state
    }

    /// A person keeps the run from beginning anything, until nothing is in flight. Others may let it go on meanwhile.
    pub(in crate::engine) async fn settle(&self, life: &Life) -> Option<State> {
        let mut state = self.state(&[]);
        for _ in 0..LOOKS {
            for entry in life.reader.entries_after(state.seq) {
                fold(&self.script, &mut state, &entry).unwrap();
            }
            let held = matches!(state.will, Will::Held(_));
            if state.ended.is_some() || held && is_settled(&self.script, &state) {
                return Some(state);
            }
            if !held {
                drop(life.handle.ask(Command::Hold, nobody("night"), "loss".to_owned()).await);
            }
            sleep(LOOK).await;
        }
        None
    }
}

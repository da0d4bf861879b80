//! A rehearsal: the same loop on scripted hands, under a clock that jumps to whatever is next. It touches nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::driver;
use crate::driver::Answer;
use crate::driver::Fault;
use crate::driver::Said;
use crate::driver::World;
use crate::driver::spread;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::engine::Leave;
use crate::engine::Patience;
use crate::engine::People;
use crate::engine::people::Crowd;
use crate::engine::people::nobody;
use crate::journal::Journal;
use crate::journal::Memory;
use crate::model::Millis;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Script;
use crate::run::Stamp;

/// The instant at which every rehearsal begins. Any would do; this one is easy to subtract from.
const BEGIN: Stamp = Stamp(1_000_000_000_000);

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// How long steps take; as the plan expects where nothing is given.
    pub seed: Option<u64>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// How people behave.
    pub people: People,
}

/// What came of it.
#[derive(Debug)]
pub struct Rehearsed {
    /// What the journal of a real run would hold.
    pub entries: Vec<Entry>,
    /// Why it came to an end.
    pub leave: Leave,
    /// What the scripted hands brought about.
    pub world: World,
}

/// Rehearses a plan. The same arguments give the same entries.
///
/// # Errors
///
/// The plan can't be begun at all.
pub fn rehearse(plan: &Arc<Plan>, script: &Arc<Script>, trial: &Trial) -> Result<Rehearsed, EngineError> {
    let hands = Arc::new(hands(plan, trial));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    // It has no threads and opens nothing: there is nothing that could be refused but memory.
    let runtime = runtime.expect("a runtime without threads can be made");
    let memory = Memory::new();
    let reader = memory.reader();
    let (leave, world) = runtime.block_on(async {
        let leave = on(plan, script, &trial.people, memory, Arc::clone(&hands)).await?;
        Ok::<_, EngineError>((leave, hands.world()))
    })?;
    Ok(Rehearsed { entries: reader.entries(), leave, world })
}

/// One life of the loop on scripted hands: from what the journal holds already to whatever ends it.
pub(in crate::engine) async fn on(
    plan: &Arc<Plan>,
    script: &Arc<Script>,
    people: &People,
    mut journal: Memory,
    hands: Arc<driver::Script>,
) -> Result<Leave, EngineError> {
    let (heard, listens) = mpsc::unbounded_channel();
    let reader = journal.reader();
    let now = reader.entries().last().map_or(BEGIN, |entry| entry.at);
    let opening = (journal.last() == 0).then(|| opening(plan));
    let taken = Event::PenTaken { by: nobody("rehearsal") };
    let entries = journal.number(now, opening.into_iter().chain([taken]).collect());
    journal.append(&entries)?;
    let past = reader.entries();
    // People who are not there hear nothing.
    let observer = Box::new(move |entries: &[Entry]| drop(heard.send(entries.to_vec())));
    let engine = Engine::begin(Arc::clone(plan), Arc::clone(script), journal, hands, &past, now, observer)?;
    let mut crowd = Crowd::new(plan, people.clone(), engine.handle());
    crowd.find(script, engine.state());
    tokio::spawn(crowd.listen(listens));
    let (leave, _) = engine.run(Patience::ADay).await;
    Ok(leave)
}

fn opening(plan: &Plan) -> Event {
    Event::Opened {
        format: 1,
        run: "rehearsal".to_owned(),
        plan: plan.id.clone(),
        parent: None,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Hands that take as long as the plan expects, and candidates that are as far behind as it declares.
pub(in crate::engine) fn hands(plan: &Plan, trial: &Trial) -> driver::Script {
    let spans: BTreeMap<String, Millis> = plan.steps.iter().map(|step| (step.id.clone(), step.duration_ms)).collect();
    let lags: BTreeMap<String, Millis> = plan
        .gates
        .iter()
        .filter_map(|gate| match &gate.kind {
            GateKind::DataLoss { at_most_ms: Some(lag), .. } => Some((gate, *lag)),
            GateKind::DataLoss { at_most_ms: None, .. }
            | GateKind::ApproveStart
            | GateKind::ApproveVictims { .. }
            | GateKind::ApproveIrreversible { .. }
            | GateKind::Fence { .. }
            | GateKind::Health
            | GateKind::BreakGlass { .. } => None,
        })
        .flat_map(|(gate, lag)| {
            plan.steps.iter().filter(|step| step.after.contains(&gate.id)).map(move |step| (step.id.clone(), lag))
        })
        .collect();
    let seed = trial.seed;
    driver::Script::new(move |job| {
        let typical = spans.get(&job.key.step).copied().unwrap_or_default();
        seed.map_or(typical, |seed| spread(seed, job, typical))
    })
    .with_faults(trial.faults.clone())
    .with_answers(move |job, _| {
        // Only positions are asked for outside of an attempt.
        (job.key.attempt == 0).then(|| {
            let age = lags.get(&job.key.step).map_or("-".to_owned(), |lag| format!("{}ms", lag.0));
            Answer::Yes { said: Said::just(&format!("position=1 age={age}")), hosts: Vec::new() }
        })
    })
}

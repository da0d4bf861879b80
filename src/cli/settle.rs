//! A short life of a run whose process is gone: what it had in flight is asked after, followed or ended, and nothing new
//! begins but what finishes a critical section.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::live;
use crate::cli::run_folder::RunFolder;
use crate::cli::way;
use crate::cli::who::me;
use crate::engine::Engine;
use crate::engine::Leave;
use crate::engine::Patience;
use crate::journal::FileJournal;
use crate::journal::Journal;
use crate::journal::Taken;
use crate::report::words;
use crate::run::Command;
use crate::run::State;
use crate::run::command;

/// Takes the journal over, writes down what is asked, and settles what is in flight.
pub(crate) fn settle(
    root: &Path,
    run: &RunFolder,
    asked: Command,
    reason: &str,
    door: &Door,
) -> Result<(), CommandError> {
    let name = &run.name;
    let broken = |error: &dyn std::error::Error| {
        CommandError::failed(format!("what run {name} had in flight can't be settled")).because(error)
    };
    let pen = live::pen(root, name)?;
    let taken = FileJournal::take(&run.path, pen, live::now());
    let Taken { mut journal, mut entries, .. } =
        taken.map_err(|error| live::unavailable(&format!("the journal of run {name} can't be taken over"), &error))?;
    let mut state = State::new(&run.script);
    run.fold(&mut state, &entries, |_, _| Ok(()))?;
    let doubt = state.in_flight().count();
    let asking =
        if doubt > 0 { format!("; asking after {} in flight", words::count(doubt, "step")) } else { String::new() };
    door.ui.status(&format!("the process of run {name} is gone: its journal is taken over{asking}"));
    // Before the loop begins: else it would go on with the plan. A run that holds already says no.
    if let Ok(events) = command(&run.script, &state, asked, me(), reason) {
        let ours = journal.number(live::now().max(state.now), events);
        journal.append(&ours).map_err(|error| live::unavailable("nothing was settled", &error))?;
        entries.extend(ours);
    }
    let plan = Arc::new(run.plan.clone());
    let script = Arc::new(run.script.clone());
    let hands = Arc::new(way::hands(root, &run.path, &plan, &entries)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| broken(&error))?;
    let leave = runtime.block_on(async {
        let engine = Engine::begin(plan, script, journal, hands, &entries, live::now(), Box::new(|_| ()));
        let engine = engine.map_err(|error| broken(&error))?;
        let (leave, journal) = engine.run(Patience::Leaves).await;
        drop(journal);
        Ok::<Leave, CommandError>(leave)
    })?;
    runtime.shutdown_timeout(Duration::from_millis(100));
    match leave {
        Leave::Ended(_) | Leave::AtRest | Leave::Left => Ok(()),
        Leave::JournalLost(error) => {
            Err(live::unavailable(&format!("the journal of run {name} can't be written any more"), &error)
                .hint("what was running goes on by itself, and is found again"))
        }
    }
}

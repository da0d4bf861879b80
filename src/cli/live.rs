//! A run in this process: its pen and its journal, the loop, the socket, signals, and what people see of it.
//!
//! Nothing is decided here: what people type and what signals mean becomes a command of room run.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::oneshot;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::past_runs;
use crate::cli::socket;
use crate::cli::ui::say;
use crate::cli::watching::Seen;
use crate::cli::watching::Watching;
use crate::cli::way;
use crate::cli::who::me;
use crate::engine::Engine;
use crate::engine::Handle;
use crate::engine::Leave;
use crate::engine::Patience;
use crate::journal::FileJournal;
use crate::journal::Holder;
use crate::journal::JournalError;
use crate::journal::Pen;
use crate::model::Millis;
use crate::plan::ActionOnPaper;
use crate::plan::Plan;
use crate::plan::ProviderOnPaper;
use crate::plan::Step;
use crate::report::owed;
use crate::report::words;
use crate::run::Command;
use crate::run::Entry;
use crate::run::RunEnd;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::fold;

/// How often somebody looks whether the machine slept.
const LOOK: Duration = Duration::from_secs(1);
/// A busy machine is late by less than this.
const NAP: Millis = Millis::from_secs(3);

/// What a run needs before it lives.
pub(crate) struct Start {
    /// The project.
    pub(crate) root: PathBuf,
    /// The name of the run.
    pub(crate) run: String,
    /// What it carries out.
    pub(crate) plan: Plan,
    /// Where it is written down; its last entry says that we have the pen.
    pub(crate) journal: FileJournal,
    /// What is written down already.
    pub(crate) entries: Vec<Entry>,
    /// Leave as soon as nothing goes on without a person.
    pub(crate) leaves: bool,
    /// What is asked of it first.
    pub(crate) first: Option<(Command, String)>,
}

/// The instant, by the clock of the world.
pub(crate) fn now() -> Stamp {
    Stamp(u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0))
}

/// Takes the pen of the project for a run.
pub(crate) fn pen(root: &Path, run: &str) -> Result<Pen, CommandError> {
    let holder = Holder { by: me(), run: run.to_owned(), since: now() };
    let folder = root.join(crate::cli::store::OURS);
    Pen::take(&folder, holder).map_err(|error| match &error {
        JournalError::PenHeld { by: Some(by) } => held_by(by),
        JournalError::PenHeld { by: None } => {
            CommandError::refused("another run of this project is active: one run acts at a time")
                .hint("`bonghwa status` shows it")
        }
        JournalError::NoRoom { .. }
        | JournalError::Io { .. }
        | JournalError::PenLost(_)
        | JournalError::AlreadyThere
        | JournalError::OutOfOrder { .. }
        | JournalError::Tampered { .. }
        | JournalError::NewerFormat { .. }
        | JournalError::NotAJournal
        | JournalError::Stopped => unavailable("could not take the pen of this project", &error),
    })
}

/// Somebody else acts for this project.
pub(crate) fn held_by(holder: &Holder) -> CommandError {
    let Holder { by, run, .. } = holder;
    let is = format!("run {run} is active, by {} on {}, process {}", by.user, by.host, by.pid);
    CommandError::refused(format!("{is}: one run acts at a time")).hint(format!("`bonghwa status {run}` shows it"))
}

/// Nothing was done, because it could not be written down.
pub(crate) fn unavailable(what: &str, error: &JournalError) -> CommandError {
    let mut told = CommandError::failed(what).because(error);
    told.exit = if matches!(error, JournalError::PenLost(_)) { Exit::PenLost } else { Exit::JournalUnavailable };
    told
}

/// Lives until the run ends, or nothing more can be done for it here.
pub(crate) fn live(start: Start, door: &Door) -> Result<Exit, CommandError> {
    let Start { root, run, plan, journal, entries, leaves, first } = start;
    let folder = past_runs::folder(&root).join(&run);
    let broken =
        |error: &dyn std::error::Error| CommandError::failed(format!("run {run} can't be carried out")).because(error);
    let script = Arc::new(Script::new(&plan).map_err(|error| broken(&error))?);
    let plan = Arc::new(plan);
    let hands = Arc::new(way::hands(&root, &folder, &plan, &entries)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| broken(&error))?;
    let (news, hears) = mpsc::channel();
    let told_of = news.clone();
    let observer = Box::new(move |entries: &[Entry]| drop(told_of.send(Seen::Entries(entries.to_vec()))));
    let patience = if leaves { Patience::Leaves } else { Patience::Stays };
    let leave = runtime.block_on(async {
        let engine = Engine::begin(Arc::clone(&plan), Arc::clone(&script), journal, hands, &entries, now(), observer);
        let engine = engine.map_err(|error| broken(&error))?;
        let handle = engine.handle();
        let (over, until) = oneshot::channel::<()>();
        let server = open_socket(&root, &run, handle.clone(), until).await;
        tokio::spawn(interrupts(handle.clone()));
        tokio::spawn(told_to_end(handle.clone()));
        tokio::spawn(sleeps(handle.clone()));
        tokio::spawn(continued(news.clone()));
        if let Some((command, reason)) = first {
            let handle = handle.clone();
            tokio::spawn(async move { drop(handle.ask(command, me(), reason).await) });
        }
        let watching =
            Watching::begin(Arc::clone(&plan), Arc::clone(&script), &entries, (news, hears), door.ui, handle);
        let (leave, journal) = engine.run(patience).await;
        drop(over);
        if let Some(server) = server {
            drop(server.await);
        }
        drop(journal);
        drop(watching);
        Ok::<Leave, CommandError>(leave)
    })?;
    // A command that nobody follows any more goes on by itself, and is found again.
    runtime.shutdown_timeout(Duration::from_millis(100));
    told(&root, &run, &plan, &script, leave)
}

/// Everything secret that the plan names, so that no command inherits it by accident.
pub(crate) fn references<'p>(plan: &'p Plan) -> Vec<&'p str> {
    let of_step = |step: &'p Step| {
        let asked = [&step.done_if, &step.verify, &step.position].into_iter().flatten().map(|probe| &*probe.ask);
        std::iter::once(&step.action).chain(asked).chain(&step.undo).flat_map(ActionOnPaper::references)
    };
    let kept = plan.providers.iter().flat_map(ProviderOnPaper::references);
    plan.steps.iter().flat_map(of_step).chain(kept).chain(plan.ssh.passphrase.as_deref()).collect()
}

/// The socket at which other terminals ask. A run goes on without one, and says so.
async fn open_socket(
    root: &Path,
    run: &str,
    handle: Handle,
    until: oneshot::Receiver<()>,
) -> Option<tokio::task::JoinHandle<()>> {
    match socket::listen(root, run, &me()).await {
        Ok(listener) => Some(tokio::spawn(socket::answer(listener, handle, async { drop(until.await) }))),
        Err(error) => {
            say(&format!("warning: this run can't be asked anything from another terminal: {error}"));
            None
        }
    }
}

/// The first Ctrl-C holds, the second cancels, the third leaves.
async fn interrupts(handle: Handle) {
    let Ok(mut interrupts) = signal(SignalKind::interrupt()) else { return };
    for command in [Command::Hold, Command::Cancel, Command::Leave] {
        if interrupts.recv().await.is_none() {
            return;
        }
        // It may hold or be cancelled already: then this one had nothing to add, and the next one means more.
        drop(handle.ask(command, me(), "Ctrl-C".to_owned()).await);
    }
}

/// Notices that the machine slept. The clock that waits are measured by stands still then; the one that counts from the
/// start of the machine does not.
async fn sleeps(handle: Handle) {
    let begun = tokio::time::Instant::now();
    let boot = since_boot();
    let mut known = Millis::ZERO;
    loop {
        tokio::time::sleep(LOOK).await;
        let awake = Millis(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
        let slept = since_boot().saturating_sub(boot).saturating_sub(awake);
        let more = slept.saturating_sub(known);
        if more >= NAP {
            known = slept;
            say(&format!("this machine slept for {}", words::span(more)));
            handle.slept(more);
        }
    }
}

/// The time since the machine was started, its sleep included.
fn since_boot() -> Millis {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(clock);
    let (secs, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u64::try_from(time.tv_nsec).unwrap_or(0));
    Millis(secs.saturating_mul(1_000).saturating_add(nanos / 1_000_000))
}

/// Ctrl-Z, and `fg`: the shell has set the terminal to its liking meanwhile.
async fn continued(news: mpsc::Sender<Seen>) {
    let Ok(mut again) = signal(SignalKind::from_raw(Signal::CONT.as_raw())) else { return };
    while again.recv().await.is_some() {
        drop(news.send(Seen::Again));
    }
}

/// A machine that shuts down, or a terminal that is gone: nothing new starts, and the process leaves when it can.
async fn told_to_end(handle: Handle) {
    let (Ok(mut terminate), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        handle.signal();
    }
}

/// What is left to be said, and with which code the process leaves.
fn told(root: &Path, run: &str, plan: &Plan, script: &Script, leave: Leave) -> Result<Exit, CommandError> {
    let resume = format!("`bonghwa resume {run}` goes on with it; `bonghwa status {run}` shows where it stands");
    match leave {
        Leave::Ended(RunEnd::Done) => {
            say(&format!("run {run} is done\n  -> `bonghwa report {run}` tells how it went"));
            tell_owed(root, run, plan, script);
            Ok(Exit::Done)
        }
        Leave::Ended(RunEnd::Cancelled) => {
            say(&format!("run {run} was cancelled\n  -> `bonghwa report {run}` tells how far it got"));
            tell_owed(root, run, plan, script);
            Ok(Exit::Failed)
        }
        Leave::Ended(RunEnd::Succeeded { plan }) => {
            say(&format!("run {run} gave way to plan {}", plan.get(..12).unwrap_or(&plan)));
            Ok(Exit::Done)
        }
        Leave::AtRest | Leave::Left => {
            let state = state(root, run, script);
            let doubt = state.as_ref().is_some_and(|state| {
                state.steps.iter().any(|step| {
                    step.state.is_active() || matches!(step.state, StepState::Failed(crate::run::FailWhy::InDoubt(_)))
                })
            });
            let failed =
                state.is_some_and(|state| state.steps.iter().any(|step| matches!(step.state, StepState::Failed(_))));
            let steps = plan.steps.len();
            say(&format!(
                "run {run} ({steps} steps) is held\n  -> `bonghwa resume {run}` goes on with it\n  -> `bonghwa status {run}` shows where it stands"
            ));
            Ok(if doubt {
                Exit::InDoubt
            } else if failed {
                Exit::Failed
            } else {
                Exit::Held
            })
        }
        Leave::JournalLost(error) => {
            let what = format!("the journal of run {run} can't be written any more, so nothing else was done");
            Err(unavailable(&what, &error)
                .hint("what was running goes on by itself, and is found again")
                .hint(format!("mend the disk, then {resume}")))
        }
    }
}

/// With the run ends whoever tried the fences that are owed.
fn tell_owed(root: &Path, run: &str, plan: &Plan, script: &Script) {
    let debts = state(root, run, script).map_or(0, |state| state.debts.len());
    if debts > 0 {
        let fences = words::count(debts, "fence");
        say(&format!("  -> {fences} owed, and nobody tries it any more: {}", owed::way(&plan.about())));
    }
}

/// The state as the journal tells it.
fn state(root: &Path, run: &str, script: &Script) -> Option<State> {
    let past = past_runs::open(root, run).ok()?;
    let mut state = State::new(script);
    for entry in &past.entries {
        fold(script, &mut state, entry).ok()?;
    }
    Some(state)
}

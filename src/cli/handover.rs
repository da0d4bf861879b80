//! From one run to the next, with nothing in flight that nobody owns: the parent stops beginning things, settles what it
//! began, names its successor, and leaves.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::live;
use crate::cli::run_folder;
use crate::cli::run_folder::RunFolder;
use crate::cli::settle::settle;
use crate::control;
use crate::control::AskError;
use crate::control::Request;
use crate::journal;
use crate::journal::Tail;
use crate::model::Millis;
use crate::report::plan_text::SHORT_ID;
use crate::report::words;
use crate::run::Command;
use crate::run::RunEnd;
use crate::run::State;
use crate::run::StepState;
use crate::run::Will;
use crate::run::is_settled;

/// Between two looks at a journal that somebody else writes.
const LOOK: Duration = Duration::from_millis(250);
/// How long an answer may take: a disk that is slow is not gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a process that has ended its run may take to leave.
const LEAVES: Millis = Millis::from_secs(60);
/// A process can go away between any two looks; it does not come back so often.
const ROUNDS: usize = 8;
/// Names that are listed before the rest is counted.
const LISTED: usize = 4;

/// A run that is to give way.
pub(crate) struct Parent<'a> {
    pub(crate) root: &'a Path,
    pub(crate) run: &'a RunFolder,
    pub(crate) reason: &'a str,
    /// How long it may take to settle what is in flight.
    pub(crate) within: Millis,
    pub(crate) door: &'a Door,
}

/// Where a run stands, by its journal.
pub(crate) fn state(run: &RunFolder) -> Result<State, CommandError> {
    let reading = journal::read(&run.path).map_err(|error| run.unreadable(&error))?;
    let mut state = State::new(&run.script);
    run.fold(&mut state, &reading.entries, |_, _| Ok(()))?;
    Ok(state)
}

/// Whether a process acts for it.
pub(crate) fn lives(root: &Path, run: &RunFolder) -> bool {
    run_folder::holder(root).is_some_and(|holder| holder.run == run.name)
}

/// Only a run that goes on, or holds, can give way.
pub(crate) fn can_give_way(run: &RunFolder, state: &State) -> Result<(), CommandError> {
    if state.ended.is_some() {
        return Ok(());
    }
    match &state.will {
        Will::Going | Will::Held(_) => Ok(()),
        Will::Cancelled { .. } => Err(CommandError::refused(format!("run {} is being cancelled", run.name))
            .hint("wait until it has ended, then plan again: what it did is known then")),
        Will::Yielding { plan } => {
            let plan = plan.get(..SHORT_ID).unwrap_or(plan);
            Err(CommandError::refused(format!("run {} gives way to plan {plan} already", run.name))
                .hint(format!("`bonghwa status {}` shows what it waits for", run.name)))
        }
    }
}

impl Parent<'_> {
    /// Nothing new begins, and what is in flight comes to its end. Says whether it was us who held it.
    pub(crate) fn settle(&self) -> Result<bool, CommandError> {
        let mut ours = false;
        for _ in 0..ROUNDS {
            let state = state(self.run)?;
            can_give_way(self.run, &state)?;
            let held = matches!(state.will, Will::Held(_));
            if state.ended.is_some() || held && is_settled(&self.run.script, &state) {
                return Ok(ours);
            }
            if lives(self.root, self.run) {
                if !held {
                    ours |= self.ask(Command::Hold)?;
                }
                self.wait("to settle what is in flight", self.within, |state| is_settled(&self.run.script, state))?;
            } else {
                settle(self.root, self.run, Command::Hold, self.reason, self.door)?;
                let after = self::state(self.run)?;
                if after.ended.is_none() && !is_settled(&self.run.script, &after) {
                    return Err(self.inside(&after));
                }
            }
        }
        Err(CommandError::failed(format!("run {} comes and goes: nothing was handed over", self.run.name)))
    }

    /// It names its successor and leaves; after that the pen is free.
    pub(crate) fn give_way(&self, plan: &str) -> Result<(), CommandError> {
        let name = &self.run.name;
        let command = || Command::Yield { plan: plan.to_owned() };
        for _ in 0..ROUNDS {
            let state = state(self.run)?;
            if state.ended.is_some() {
                break;
            }
            let yields = matches!(state.will, Will::Yielding { .. });
            if lives(self.root, self.run) {
                if !yields {
                    self.ask(command())?;
                }
                self.wait("to give way", self.within, |_| false)?;
            } else {
                settle(self.root, self.run, command(), self.reason, self.door)?;
            }
        }
        match state(self.run)?.ended {
            Some(RunEnd::Succeeded { plan: other }) if other == plan => {}
            Some(RunEnd::Done | RunEnd::Cancelled | RunEnd::Succeeded { .. }) => {
                return Err(CommandError::refused(format!("run {name} ended in another way meanwhile")).hint(format!(
                    "look at `bonghwa report {name}`, then type this again: it starts from what is so"
                )));
            }
            None => {
                return Err(CommandError::failed(format!("run {name} did not give way"))
                    .hint(format!("`bonghwa status {name}` shows what it waits for")));
            }
        }
        self.free_pen()
    }

    /// Its process has still something to say, and then leaves.
    fn free_pen(&self) -> Result<(), CommandError> {
        let until = live::now().after(LEAVES);
        while let Some(holder) = run_folder::holder(self.root) {
            if live::now() > until {
                let by = format!("process {} on {}", holder.by.pid, holder.by.host);
                return Err(CommandError::failed(format!("{by} keeps the pen of this project for run {}", holder.run)));
            }
            pause();
        }
        Ok(())
    }

    /// It was held by us, and nothing comes of it: it goes on.
    pub(crate) fn let_go(&self) {
        let name = &self.run.name;
        match control::ask(&self.run.path, &Request::new(Command::Resume, "nothing took over"), PATIENCE) {
            Ok(()) => self.door.ui.status(&format!("run {name} goes on")),
            Err(_) => self.door.ui.status(&format!("run {name} is held: `bonghwa resume {name}` goes on with it")),
        }
    }

    /// Whether it did what was asked. What nobody knows is seen in its journal.
    fn ask(&self, command: Command) -> Result<bool, CommandError> {
        match control::ask(&self.run.path, &Request::new(command, self.reason), PATIENCE) {
            Ok(()) => Ok(true),
            Err(AskError::No(_) | AskError::NobodyKnows { .. }) => Ok(false),
            // It has just gone, or has no socket yet.
            Err(AskError::NobodyListens) => {
                pause();
                Ok(false)
            }
            Err(error) => {
                Err(CommandError::failed(format!("could not ask run {} to give way", self.run.name)).because(&error))
            }
        }
    }

    /// Until it is so, the run has ended, or its process is gone. Says what is waited for.
    fn wait(&self, what: &str, within: Millis, so: impl Fn(&State) -> bool) -> Result<(), CommandError> {
        let name = &self.run.name;
        let mut tail = Tail::new(&self.run.path);
        let mut state = State::new(&self.run.script);
        let until = live::now().after(within);
        let mut told = String::new();
        loop {
            let lived = lives(self.root, self.run);
            let added = tail.added().map_err(|error| self.run.unreadable(&error))?;
            if added.anew {
                state = State::new(&self.run.script);
            }
            self.run.fold(&mut state, &added.entries, |_, _| Ok(()))?;
            if !lived || state.ended.is_some() || so(&state) {
                return Ok(());
            }
            let waits = self.waits(&state);
            if live::now() > until {
                let mut error = CommandError::refused(format!(
                    "run {name} took more than {} {what}; it waits for {waits}",
                    words::span(within)
                ));
                error.exit = Exit::Held;
                return Err(error.hint("nothing was handed over; type this again with a longer `--within`"));
            }
            if waits != told {
                self.door.ui.status(&format!("waiting for run {name} {what}: {waits}"));
                told = waits;
            }
            pause();
        }
    }

    /// What keeps it from leaving.
    fn waits(&self, state: &State) -> String {
        let mut names = in_flight(self.run, state);
        if names.is_empty() {
            names = self.asked(state);
        }
        if names.is_empty() { "its process".to_owned() } else { list(&names) }
    }

    /// Questions that it waits for: only those of a critical section keep it.
    fn asked(&self, state: &State) -> Vec<String> {
        let script = &self.run.script;
        let wanted = |at: &usize| match *at < script.steps() {
            true => state.steps[*at].state == StepState::Asked,
            false => state.gate(script, *at).state == crate::run::GateState::Asked,
        };
        (0..script.len()).filter(wanted).map(|at| script.name(at).to_owned()).collect()
    }

    fn inside(&self, state: &State) -> CommandError {
        let name = &self.run.name;
        let asked = list(&self.asked(state));
        let mut error =
            CommandError::refused(format!("run {name} is within a critical section, and a person is asked: {asked}"));
        error.exit = Exit::Held;
        error.hint(format!("`bonghwa resume {name}`, answer it, then type this again"))
    }
}

/// Steps of which something is in flight.
pub(crate) fn in_flight(run: &RunFolder, state: &State) -> Vec<String> {
    state.in_flight().map(|at| run.script.name(at).to_owned()).collect()
}

/// Some names, and how many more.
pub(crate) fn list(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(LISTED);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn pause() {
    // Nothing is ever sent: it is how long to wait.
    let (_keep, pause) = mpsc::channel::<()>();
    pause.recv_timeout(LOOK).unwrap_or_default();
}

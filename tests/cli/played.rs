//! A run of a plan, written as the tool writes one: the real machine and the real journal, with hands that succeed after
//! the time that the plan gives them, and somebody who answers every question.

use std::fs;
use std::path::Path;

use bonghwa::journal::FileJournal;
use bonghwa::journal::Journal;
use bonghwa::journal::Opening;
use bonghwa::journal::Pen;
use bonghwa::plan::Plan;
use bonghwa::plan::from_bytes;
use bonghwa::run::Command;
use bonghwa::run::End;
use bonghwa::run::Event;
use bonghwa::run::GateState;
use bonghwa::run::Input;
use bonghwa::run::Position;
use bonghwa::run::Script;
use bonghwa::run::Seen;
use bonghwa::run::Stamp;
use bonghwa::run::State;
use bonghwa::run::StepState;
use bonghwa::run::What;
use bonghwa::run::Who;
use bonghwa::run::act;
use bonghwa::run::command;
use bonghwa::run::decide;
use bonghwa::run::fold;
use bonghwa::run::react;

/// 03:12 on 2026-11-22 in Seoul.
pub(crate) const NIGHT: Stamp = Stamp(1_795_284_720_000);

enum Due {
    Input(Input),
    Says(Command),
}

/// Runs the plan in a file of this project under this name, until it ends or has so many entries.
pub(crate) fn play(root: &Path, plan: &str, run: &str, at: Stamp, entries: u64) {
    let text = fs::read(root.join(plan)).expect("a plan");
    let plan = from_bytes(&text).expect("a plan");
    let ours = root.join(".bonghwa");
    let folder = ours.join("runs").join(run);
    let by = Who { user: "mina".to_owned(), uid: 1000, pid: 4711, host: "laptop".to_owned() };
    let pen =
        Pen::take(&ours, bonghwa::journal::Holder { by: by.clone(), run: run.to_owned(), since: at }).expect("the pen");
    let opening = Opening { run: run.to_owned(), plan: plan.id.clone(), parent: None, program: "0.1.0".to_owned() };
    let (mut journal, opened) = FileJournal::create(&folder, pen, at, opening).expect("a journal");
    fs::write(folder.join("plan.json"), text).expect("a file");
    let script = Script::new(&plan).expect("a script");
    let mut state = State::new(&script);
    for entry in &opened {
        fold(&script, &mut state, entry).expect("legal");
    }
    let mut now = at;
    let mut due: Vec<(Stamp, Due)> = Vec::new();
    while state.ended.is_none() && journal.last() < entries {
        let mut events = decide(&script, &state, now);
        if events.is_empty() {
            for node in state.take_touched() {
                due.extend(answer(&plan, &script, &state, node, now));
            }
            let Some(next) = (0..due.len()).min_by_key(|&at| (due[at].0, at)) else { return };
            let (then, what) = due.remove(next);
            now = now.max(then);
            events = match what {
                Due::Input(input) => react(&script, &state, input, now),
                Due::Says(said) => command(&script, &state, said, by.clone(), "looked at it").expect("an answer"),
            };
        }
        write(&mut journal, &script, &mut state, now, events);
    }
}

fn write(journal: &mut FileJournal, script: &Script, state: &mut State, now: Stamp, events: Vec<Event>) {
    let entries = journal.number(now, events);
    for entry in &entries {
        fold(script, state, entry).expect("legal");
    }
    journal.append(&entries).expect("a disk");
}

fn answer(plan: &Plan, script: &Script, state: &State, at: usize, now: Stamp) -> Option<(Stamp, Due)> {
    let steps = script.steps();
    let attempt = state.steps.get(at).map_or(0, |step| step.attempt);
    let duration = if at < steps { plan.steps[at].duration_ms } else { plan.gates[at - steps].duration_ms };
    let said = String::new();
    let seen = || vec![Position { host: "db".to_owned(), position: "0/16B3748".to_owned(), age: None }];
    let due = match act(script, state, at).map(|act| act.what) {
        Some(What::Check) => (now, Due::Input(Input::Checked { at, attempt, so: Seen::No, already: Vec::new() })),
        Some(What::Verify) => (now, Due::Input(Input::Verified { at, attempt, so: Seen::Yes, said })),
        Some(What::Positions) => (now, Due::Input(Input::Positions { at, seen: seen() })),
        Some(_) => (now.after(duration), Due::Input(Input::Ended { at, attempt, end: End::Ok, said })),
        None => {
            let asked = match at < steps {
                true => state.steps[at].state == StepState::Asked,
                false => state.gate(script, at).state == GateState::Asked,
            };
            let what = script.name(at).to_owned();
            return asked.then_some((now.after(duration), Due::Says(Command::Approve { what })));
        }
    };
    Some(due)
}

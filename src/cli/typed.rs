//! What people type into the screen of a run: a verb, a name, and why. It is read here, and decided elsewhere.

use crate::run::Command;
use crate::run::GateState;
use crate::run::Script;
use crate::run::State;
use crate::run::StepState;

/// What can be typed, in one line.
pub(crate) const HELP: &str =
    "approve, reject, retry, skip or mark-done NAME [why]; hold, resume or cancel [why]; leave";

/// Reads a line.
///
/// # Errors
///
/// What is wrong with it, for people.
pub(crate) fn read(line: &str, script: &Script, state: &State) -> Result<(Command, String), String> {
    let mut words = line.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    let named = |make: fn(String) -> Command| {
        let Some((name, why)) = rest.split_first() else {
            return Err(format!("{verb} what? {}", wanted(script, state)));
        };
        Ok((make(find(name, script, state)?), why.join(" ")))
    };
    match verb {
        "approve" => named(|what| Command::Approve { what }),
        "reject" => named(|what| Command::Reject { what }),
        "retry" => named(|what| Command::Retry { what }),
        "skip" => named(|step| Command::Skip { step }),
        "mark-done" => named(|step| Command::MarkDone { step }),
        "hold" => Ok((Command::Hold, rest.join(" "))),
        "resume" => Ok((Command::Resume, rest.join(" "))),
        "cancel" => Ok((Command::Cancel, rest.join(" "))),
        "leave" => Ok((Command::Leave, rest.join(" "))),
        _ => Err(HELP.to_owned()),
    }
}

/// The step or gate that somebody means: its name, or a part that fits no other. Where it fits several, the only one of
/// them that wants something.
fn find(part: &str, script: &Script, state: &State) -> Result<String, String> {
    if script.find(part).is_some() {
        return Ok(part.to_owned());
    }
    let fitting: Vec<usize> = (0..script.len()).filter(|&at| script.name(at).contains(part)).collect();
    let wanting: Vec<usize> = fitting.iter().copied().filter(|&at| wants(script, state, at)).collect();
    match (fitting.as_slice(), wanting.as_slice()) {
        ([only], _) | (_, [only]) => Ok(script.name(*only).to_owned()),
        ([], _) => Err(format!("nothing here is called {part}. {}", wanted(script, state))),
        ([_, ..], _) => Err(format!("{part} could be any of {}: type more of it", fitting.len())),
    }
}

fn wants(script: &Script, state: &State, at: usize) -> bool {
    if at < script.steps() {
        matches!(state.steps[at].state, StepState::Asked | StepState::Failed(_))
    } else {
        let gate = &state.gate(script, at).state;
        matches!(gate, GateState::Asked | GateState::Rejected { .. } | GateState::TimedOut)
    }
}

fn wanted(script: &Script, state: &State) -> String {
    let names: Vec<&str> =
        (0..script.len()).filter(|&at| wants(script, state, at)).take(4).map(|at| script.name(at)).collect();
    if names.is_empty() {
        "Nothing waits for an answer".to_owned()
    } else {
        format!("These wait: {}", names.join(", "))
    }
}

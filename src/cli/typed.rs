//! What people type into the screen of a run: a verb, a name, and why. It is read here, and decided elsewhere.

use crate::cli::error::CommandError;
use crate::cli::named;
use crate::cli::named::Among;
use crate::plan::Plan;
use crate::run::Command;
use crate::run::GateState;
use crate::run::Script;
use crate::run::State;
use crate::run::StepState;

/// What can be typed, in one line of the narrowest terminal.
pub(crate) const HELP: &str = "approve, reject, retry, skip, mark-done NAME; hold, resume, cancel, leave";

/// Reads a line. A whole command, as it is shown for other terminals, means the same here.
///
/// # Errors
///
/// What is wrong with it, for people.
pub(crate) fn read(line: &str, plan: &Plan, script: &Script, state: &State) -> Result<(Command, String), String> {
    let mut words = line.split_whitespace().peekable();
    words.next_if_eq(&"bonghwa");
    let verb = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    let named = |among, make: fn(String) -> Command| {
        let Some((name, why)) = rest.split_first() else {
            return Err(format!("{verb} what? {}", wanted(script, state)));
        };
        let name = named::find(plan, among, name).map_err(|error| in_a_line(&error))?;
        Ok((make(name), said(why)))
    };
    match verb {
        "approve" => named(Among::Questions, |what| Command::Approve { what }),
        "reject" => named(Among::Questions, |what| Command::Reject { what }),
        "retry" => named(Among::All, |what| Command::Retry { what }),
        "skip" => named(Among::Steps, |step| Command::Skip { step }),
        "mark-done" => named(Among::Steps, |step| Command::MarkDone { step }),
        "hold" => Ok((Command::Hold, said(&rest))),
        "resume" => Ok((Command::Resume, said(&rest))),
        "cancel" => Ok((Command::Cancel, said(&rest))),
        "leave" => Ok((Command::Leave, said(&rest))),
        _ => Err(format!("type {HELP}")),
    }
}

/// What is wrong, and what to do about it.
fn in_a_line(error: &CommandError) -> String {
    let parts: Vec<&str> = error.chain.iter().chain(&error.hints).map(String::as_str).collect();
    parts.join("; ")
}

/// Why, without what a shell would take away.
fn said(why: &[&str]) -> String {
    let Some((&"--reason", words)) = why.split_first() else { return why.join(" ") };
    let text = words.join(" ");
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(&text).to_owned()
}

/// Whether it waits for a person.
pub(crate) fn wants(script: &Script, state: &State, at: usize) -> bool {
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

#[cfg(test)]
mod tests {
    use super::HELP;
    use super::said;

    #[test]
    fn a_reason_is_what_a_shell_would_make_of_it() {
        let check = |typed: &str, means: &str| {
            assert_eq!(said(&typed.split_whitespace().collect::<Vec<_>>()), means, "{typed}");
        };
        check("", "");
        check("the border is cut", "the border is cut");
        check("--reason \"the border is cut\"", "the border is cut");
        check("--reason 'cut'", "cut");
        check("--reason cut", "cut");
        check("--reason", "");
        check("--reason \"", "\"");
    }

    #[test]
    fn what_can_be_typed_fits_the_narrowest_terminal() {
        assert!("type ".len() + HELP.len() < 80);
    }
}

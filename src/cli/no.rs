//! What to say when a run says no: why, and what to do next. It knows words, and asks nobody.

use crate::cli::error::CommandError;
use crate::run::Command;
use crate::run::No;

/// A refusal, in a sentence with what to do next.
pub(crate) fn told(run: &str, command: &Command, no: No) -> CommandError {
    let error = match no {
        // A name that is nowhere is a matter of the command line.
        No::Unknown { .. } => CommandError::usage(no.to_string()),
        No::IsGate { .. }
        | No::NotAsked { .. }
        | No::NotFailed { .. }
        | No::NotNow { .. }
        | No::Guarded { .. }
        | No::NeedsReason
        | No::RunIs { .. }
        | No::NotQuarantined { .. } => CommandError::refused(no.to_string()),
    };
    match no {
        No::Unknown { .. } => error.hint(format!("`bonghwa show .bonghwa/runs/{run}/plan.json --all` lists all names")),
        No::IsGate { what } => {
            error.hint(format!("`bonghwa approve {what}`, or `bonghwa reject {what} --reason TEXT`"))
        }
        No::NotAsked { what, state } => not_asked(error, run, &what, &state),
        No::NotFailed { what, state } => not_failed(error, run, &what, &state),
        No::NotNow { what, state } => not_now(error, run, &what, &state),
        No::Guarded { what } => guarded(error, command, &what),
        No::NeedsReason => error.hint("say why with `--reason TEXT`: whoever reads the journal must be able to see it"),
        No::RunIs { state } => run_is(error, run, &state),
        No::NotQuarantined { .. } => error.hint(format!("`bonghwa status {run}` shows which sites are")),
    }
}

fn not_asked(error: CommandError, run: &str, what: &str, state: &str) -> CommandError {
    match state {
        "waiting" => error.hint(format!("its turn has not come: `bonghwa status {run}` shows what it waits for")),
        "rejected" | "timed out" => error.hint(format!("`bonghwa retry {what}` asks it again")),
        "failed" | "in doubt, held" => {
            error.hint(format!("`bonghwa retry {what}`, or `bonghwa mark-done {what} --reason TEXT` if it is so"))
        }
        "open" | "done" | "skipped" => error.hint("there is nothing left to answer"),
        _ => error.hint(format!("no person is asked: `bonghwa status {run}` shows who wants what")),
    }
}

fn not_failed(error: CommandError, run: &str, what: &str, state: &str) -> CommandError {
    match state {
        "asked" => error.hint(format!("it wants an answer: `bonghwa approve {what}`, or reject it")),
        "waiting" => error.hint(format!("its turn has not come: `bonghwa status {run}` shows what it waits for")),
        "open" | "done" | "skipped" => error.hint("it is over, and is not done twice"),
        _ => error.hint(format!("it still goes on: `bonghwa status {run} --follow` shows how it ends")),
    }
}

fn not_now(error: CommandError, run: &str, what: &str, state: &str) -> CommandError {
    match state {
        "done" | "skipped" => error.hint("it is over, and what follows does not wait for it any more"),
        _ => error
            .hint(format!("`bonghwa status {run} --follow` shows how it ends; then try again"))
            .hint(format!("`bonghwa cancel` ends all that runs; nothing ends {what} alone before its time limit")),
    }
}

fn guarded(error: CommandError, command: &Command, what: &str) -> CommandError {
    let error = match command {
        Command::Skip { .. } => error.hint(format!(
            "if a person did it: `bonghwa mark-done {what} --reason TEXT`, once all gates before it are open"
        )),
        Command::MarkDone { .. }
        | Command::Approve { .. }
        | Command::Reject { .. }
        | Command::Retry { .. }
        | Command::Hold
        | Command::Resume
        | Command::Cancel
        | Command::Yield { .. }
        | Command::Release { .. }
        | Command::Leave => error,
    };
    error
        .hint("what a fence could not prove, a person attests: `bonghwa approve fence:… --reason TEXT`")
        .hint(format!("`bonghwa retry {what}` tries a step that failed again"))
}

fn run_is(error: CommandError, run: &str, state: &str) -> CommandError {
    match state {
        "over" => error.hint(format!("`bonghwa report {run}` tells how it went")),
        "held" => error.hint("`bonghwa resume` lets it go on, `bonghwa cancel` ends it"),
        "cancelled" => error.hint("what runs is being ended: `bonghwa status --follow` shows it"),
        "yielding" => error.hint("another plan takes over as soon as nothing is in flight"),
        _ => error.hint(format!("`bonghwa status {run}` shows where it stands")),
    }
}

#[cfg(test)]
mod tests {
    use super::told;
    use crate::cli::exit::Exit;
    use crate::run::Command;
    use crate::run::No;

    /// Whatever a run refuses, people learn what to do next.
    #[test]
    fn every_no_leads_on() {
        let what = || "db/promote@ansan".to_owned();
        let states = ["waiting", "asked", "open", "rejected", "timed out", "failed", "running", "done", "over", "held"];
        let mut all = vec![
            No::Unknown { name: what() },
            No::IsGate { what: what() },
            No::Guarded { what: what() },
            No::NeedsReason,
            No::NotQuarantined { site: "ansan".to_owned() },
        ];
        for state in states.map(str::to_owned) {
            all.push(No::NotAsked { what: what(), state: state.clone() });
            all.push(No::NotFailed { what: what(), state: state.clone() });
            all.push(No::NotNow { what: what(), state: state.clone() });
            all.push(No::RunIs { state });
        }
        for no in all {
            for command in [Command::Skip { step: what() }, Command::Hold] {
                let unknown = matches!(no, No::Unknown { .. });
                let error = told("r1", &command, no.clone());
                assert!(!error.hints.is_empty(), "{no:?}");
                assert_eq!(error.exit, if unknown { Exit::Usage } else { Exit::Refused }, "{no:?}");
            }
        }
    }
}

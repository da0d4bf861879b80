//! What people can do about a step or a gate, as it stands. Asked of the commands themselves, so that no screen ever
//! offers what would be refused.

use crate::run::Command;
use crate::run::Who;
use crate::run::command;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::state::State;

/// One thing that a person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The command: `approve`, `reject`, `retry`, `mark-done`, `skip`.
    pub verb: &'static str,
    /// Whether it must say why.
    pub reasoned: bool,
}

/// What people can do about it now, what is asked for first.
#[must_use]
pub fn ways(script: &Script, state: &State, at: NodeAt) -> Vec<Way> {
    let what = || script.name(at).to_owned();
    let all = [
        ("approve", Command::Approve { what: what() }),
        ("reject", Command::Reject { what: what() }),
        ("retry", Command::Retry { what: what() }),
        ("mark-done", Command::MarkDone { step: what() }),
        ("skip", Command::Skip { step: what() }),
    ];
    let works = |asked: &Command, reason: &str| {
        let nobody = Who { user: String::new(), uid: 0, pid: 0, host: String::new() };
        command(script, state, asked.clone(), nobody, reason).is_ok()
    };
    let possible = all.into_iter().filter(|(_, asked)| works(asked, "because"));
    possible.map(|(verb, asked)| Way { verb, reasoned: !works(&asked, "") }).collect()
}

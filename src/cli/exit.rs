//! The table of exit codes, as `docs/exit-codes.md` promises it. A code never changes its meaning.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for was done.
    Done = 0,
    /// Something that is written must be mended.
    Findings = 1,
    /// The command line was wrong.
    Usage = 2,
    /// No plan was made, because any plan would destroy something; or a run said no. Nothing was changed.
    Refused = 3,
    /// Stopped in a safe place, waiting for a person.
    Held = 4,
    /// An operation failed.
    Failed = 5,
    /// Something was started and never heard back from.
    InDoubt = 6,
    /// Nothing was done, because it could not be recorded.
    JournalUnavailable = 7,
    /// Somebody else acts for this project now.
    PenLost = 8,
    /// Bonghwa is wrong.
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    /// The documented table and the code are the same.
    #[test]
    fn the_table_is_the_documented_one() {
        let documented = include_str!("../../docs/exit-codes.md");
        for (exit, name) in [
            (Exit::Done, "done"),
            (Exit::Findings, "findings"),
            (Exit::Usage, "usage"),
            (Exit::Refused, "refused"),
            (Exit::Held, "held"),
            (Exit::Failed, "failed"),
            (Exit::InDoubt, "in doubt"),
            (Exit::JournalUnavailable, "journal unavailable"),
            (Exit::PenLost, "pen lost"),
            (Exit::Bug, "bug"),
        ] {
            assert!(documented.contains(&format!("| {} | {name} |", exit as u8)), "{name}");
        }
    }
}

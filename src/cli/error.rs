//! What a command says when it can't go on: what happened, where, and what to do next.
//!
//! Only here the chain of causes is walked, and only here hints are added; the rooms below say their own part.

use std::error::Error;

use crate::cli::exit::Exit;

/// Why a command ended without doing what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandError {
    /// The code that the process leaves with.
    pub(crate) exit: Exit,
    /// What happened, and its causes, the nearest first.
    pub(crate) chain: Vec<String>,
    /// What to do next.
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    /// The command line was wrong.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, chain: vec![what.into()], hints: Vec::new() }
    }

    /// No plan may be made.
    pub(crate) fn refused(what: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, chain: vec![what.into()], hints: Vec::new() }
    }

    /// An operation failed.
    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, chain: vec![what.into()], hints: Vec::new() }
    }

    /// Nobody reads what we print any more: not an error.
    pub(crate) const fn closed_pipe() -> Self {
        Self { exit: Exit::Done, chain: Vec::new(), hints: Vec::new() }
    }

    /// With a cause, and the causes of that.
    pub(crate) fn because(mut self, cause: &dyn Error) -> Self {
        let mut next = Some(cause);
        while let Some(cause) = next {
            self.chain.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// With something to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// As people read it; nothing where there is nothing to say.
    pub(crate) fn text(&self) -> String {
        let Some((what, causes)) = self.chain.split_first() else { return String::new() };
        let mut text = match self.exit {
            Exit::Refused => format!("refused: {what}\n"),
            Exit::Done
            | Exit::Findings
            | Exit::Usage
            | Exit::Held
            | Exit::Failed
            | Exit::InDoubt
            | Exit::JournalUnavailable
            | Exit::PenLost
            | Exit::Bug => format!("error: {what}\n"),
        };
        for cause in causes {
            text.push_str(&format!("  because: {cause}\n"));
        }
        for hint in &self.hints {
            text.push_str(&format!("  -> {hint}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::CommandError;

    #[test]
    fn an_error_says_what_happened_why_and_what_next() {
        let cause = std::io::Error::other("disk full");
        let error = CommandError::failed("could not save the plan").because(&cause).hint("`-o FILE` saves elsewhere");
        expect![[r#"
            error: could not save the plan
              because: disk full
              -> `-o FILE` saves elsewhere
        "#]]
        .assert_eq(&error.text());
        assert_eq!(CommandError::closed_pipe().text(), "");
    }
}

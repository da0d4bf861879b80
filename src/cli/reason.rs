//! Why somebody does something: as they said, else asked for where somebody can answer. A prompt never waits for nobody.

use crate::cli::error::CommandError;
use crate::cli::question;
use crate::cli::ui::say;

/// The reason that was given. Where one is needed and was not, whoever sits at the terminal is asked for it, after what
/// they are about to say it of.
pub(crate) fn reason(given: Option<&str>, needed: bool, about: &[String]) -> Result<String, CommandError> {
    let given = given.unwrap_or_default().trim();
    if !given.is_empty() || !needed {
        return Ok(given.to_owned());
    }
    if !question::can_be_asked() {
        return Err(missing());
    }
    about.iter().for_each(|line| say(line));
    let line = question::ask("Why? One line, which goes into the journal; an empty one leaves everything as it is:\n")?;
    if line.is_empty() { Err(missing()) } else { Ok(line) }
}

fn missing() -> CommandError {
    CommandError::refused("this needs a reason, and nothing was asked of the run")
        .hint("say why with `--reason TEXT`: whoever reads the journal must be able to see it")
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn what_was_given_is_taken_as_it_is_meant() {
        assert_eq!(reason(Some(" because "), true, &[]).unwrap(), "because");
        assert_eq!(reason(Some("  "), false, &[]).unwrap(), "");
    }
}

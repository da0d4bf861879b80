//! Why somebody does something: as they said, else asked for where somebody can answer. A prompt never waits for nobody.

use std::io::BufRead;
use std::io::IsTerminal;

use crate::cli::error::CommandError;
use crate::cli::ui::say;

/// The reason that was given. Where one is needed and was not, whoever sits at the terminal is asked for it, after what
/// they are about to say it of.
pub(crate) fn reason(given: Option<&str>, needed: bool, about: &[String]) -> Result<String, CommandError> {
    let given = given.unwrap_or_default().trim();
    if !given.is_empty() || !needed {
        return Ok(given.to_owned());
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(missing());
    }
    about.iter().for_each(|line| say(line));
    say("Why? One line, which goes into the journal; an empty one leaves everything as it is:");
    asked(&mut std::io::stdin().lock())
}

fn asked(from: &mut dyn BufRead) -> Result<String, CommandError> {
    let mut line = String::new();
    from.read_line(&mut line).map_err(|error| CommandError::failed("could not read the reason").because(&error))?;
    let line = line.trim();
    if line.is_empty() { Err(missing()) } else { Ok(line.to_owned()) }
}

fn missing() -> CommandError {
    CommandError::refused("this needs a reason, and nothing was asked of the run")
        .hint("say why with `--reason TEXT`: whoever reads the journal must be able to see it")
}

#[cfg(test)]
mod tests {
    use super::asked;
    use super::reason;
    use crate::cli::exit::Exit;

    #[test]
    fn an_empty_line_is_no_reason() {
        assert_eq!(asked(&mut "  power was cut at 03:20 \nmore".as_bytes()).unwrap(), "power was cut at 03:20");
        for none in ["", "\n", "   \n"] {
            assert_eq!(asked(&mut none.as_bytes()).unwrap_err().exit, Exit::Refused);
        }
        assert_eq!(reason(Some(" because "), true, &[]).unwrap(), "because");
        assert_eq!(reason(Some("  "), false, &[]).unwrap(), "");
    }
}

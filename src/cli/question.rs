//! One question on a terminal, answered by a word or a line, and Enter. No other file reads an answer.
//!
//! Nothing here catches Ctrl-C: it ends the process at once, as it ends every other that has begun nothing.

use std::io::BufRead;
use std::io::IsTerminal;
use std::io::Write;

use rustix::termios;
use rustix::termios::QueueSelector;

use crate::cli::error::CommandError;

/// Whether somebody sits there who can read a question and answer it.
pub(crate) fn can_be_asked() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for words that stand for a yes, and says whether they were typed. `to` says what they do: `to run this plan`.
pub(crate) fn is_typed(words: &str, to: &str) -> Result<bool, CommandError> {
    let answer = ask(&format!("Type {words} {to}; anything else, or Ctrl-C, does nothing: "))?;
    Ok(answer.split_whitespace().eq(words.split_whitespace()))
}

/// Asks, and gives what was typed, without the blanks around it; nothing where the terminal was closed.
///
/// What was typed before the question stood there was no answer to it, and is dropped.
pub(crate) fn ask(question: &str) -> Result<String, CommandError> {
    // A terminal that can't be emptied is read as it is: whoever asks wants a whole word.
    termios::tcflush(std::io::stdin(), QueueSelector::IFlush).unwrap_or_default();
    let mut screen = std::io::stderr().lock();
    let asked = write!(screen, "{question}").and_then(|()| screen.flush());
    asked.map_err(|error| CommandError::failed("could not ask").because(&error))?;
    // Bytes, since an answer in another encoding is still a wrong one, and no failure.
    let mut line = Vec::new();
    let read = std::io::stdin().lock().read_until(b'\n', &mut line);
    read.map_err(|error| CommandError::failed("could not read the answer").because(&error))?;
    if line.last() != Some(&b'\n') {
        // The terminal was closed, and what is said next begins a line of its own. Nobody may be there to read it.
        drop(writeln!(screen));
    }
    Ok(String::from_utf8_lossy(&line).trim().to_owned())
}

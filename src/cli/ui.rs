//! The terminal: stdout carries data, stderr carries status, and a pipe that is closed early is nobody's mistake.

use std::fs::File;
use std::io::ErrorKind;
use std::io::IsTerminal;
use std::io::Write;
use std::os::fd::AsFd;

use clap::ValueEnum;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::report::paint::NARROW;
use crate::report::paint::Paint;
use crate::report::paint::WIDE;
use crate::report::run_screen::Size;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

/// Where a command writes to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    /// Colour and width on stdout.
    pub(crate) paint: Paint,
    /// Somebody looks at stdout while it is written.
    pub(crate) terminal: bool,
    quiet: bool,
}

impl Ui {
    /// Looks once at the terminal and the environment.
    pub(crate) fn new(color: ColorWhen, quiet: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let color = match color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !input::no_color(),
        };
        Self { paint: Paint { color, columns: columns(terminal) }, terminal, quiet }
    }

    /// How much room a whole screen has now, as wide as the terminal really is.
    pub(crate) fn size(self) -> Size {
        let asked = terminal_size::terminal_size_of(std::io::stdout()).filter(|_| self.terminal);
        match asked {
            // A line that ends in the last column would begin another one, and so would the last line.
            Some((columns, lines)) => {
                Size { columns: usize::from(columns.0).max(20), lines: usize::from(lines.0).saturating_sub(1).max(8) }
            }
            None => Size { columns: self.paint.columns, lines: SMALLEST },
        }
    }

    /// Writes data to stdout.
    pub(crate) fn data(self, text: &str) -> Result<(), CommandError> {
        self.bytes(text.as_bytes())
    }

    /// Writes bytes to stdout.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), CommandError> {
        let mut out = std::io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(CommandError::closed_pipe()),
            Err(error) => Err(CommandError::failed("could not write to stdout").because(&error)),
        }
    }

    /// Says on stderr what is going on, unless it should be quiet. Whether anybody hears it changes nothing.
    pub(crate) fn status(self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Says on stderr why a command could not go on, and gives its code.
    pub(crate) fn complain(error: &CommandError) -> Exit {
        let text = error.text();
        if !text.is_empty() {
            say(text.trim_end());
        }
        error.exit
    }
}

/// The height of the oldest terminal, less the next prompt.
const SMALLEST: usize = 23;

/// How wide text may be: as wide as the terminal, or what `COLUMNS` says, where somebody looks at it; in a pipe that
/// most often ends in `less`, on a terminal that nobody here can ask. What goes to a file knows no terminal.
fn columns(terminal: bool) -> usize {
    let stdout = std::io::stdout();
    let copy = stdout.as_fd().try_clone_to_owned().map(File::from);
    if copy.and_then(|file| file.metadata()).is_ok_and(|about| about.is_file()) {
        return NARROW;
    }
    let asked = || terminal_size::terminal_size_of(&stdout).filter(|_| terminal).map(|(width, _)| usize::from(width.0));
    input::columns().or_else(asked).unwrap_or(NARROW).clamp(NARROW, WIDE)
}

/// A line on stderr. Nothing can be done when that is gone too.
pub(crate) fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

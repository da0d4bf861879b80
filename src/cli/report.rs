//! `bonghwa report`: what a run attained, for people and for programs.

use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::past_runs;
use crate::cli::project;
use crate::cli::store;
use crate::evidence;
use crate::report::json;
use crate::report::paint::Paint;
use crate::report::paint::WIDE;
use crate::report::run_report;

const AFTER_HELP: &str = "\
Everything in it is found out from the run's plan and journal alone. T=0 is when the run was opened.

Examples:
  bonghwa report                                    the run that was opened last
  bonghwa report 20261122-0312-pangyo --all         every service's way, every entry
  bonghwa report pangyo --format markdown -o review.md
  bonghwa report --json                             its shape: `bonghwa schema report`";

/// Report on a run.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ReportArgs {
    /// Its name, or a part of it that fits no other [default: the run that was opened last]
    run: Option<String>,
    /// For whom; text where none is named
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Tell every service's way and every entry
    #[arg(long)]
    all: bool,
}

/// For whom a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For a wiki or a ticket
    Markdown,
    /// For programs
    Json,
}

impl ReportArgs {
    fn format(&self) -> Result<Format, CommandError> {
        match (self.json, self.format) {
            (true, Some(Format::Text | Format::Markdown)) => {
                Err(CommandError::usage("`--json` and another `--format` contradict each other").hint("give one"))
            }
            (true, Some(Format::Json) | None) => Ok(Format::Json),
            (false, format) => Ok(format.unwrap_or(Format::Text)),
        }
    }
}

/// Finds out what a run attained, and tells it.
pub(crate) fn run(args: &ReportArgs, door: &Door) -> Result<Exit, CommandError> {
    let format = args.format()?;
    let root = project::folder(door)?;
    let run = past_runs::find(&root, args.run.as_deref())?;
    let mut found = evidence::evidence(&run.plan, &run.entries)
        .map_err(|error| CommandError::failed(format!("could not make sense of run {}", run.name)).because(&error))?;
    found.head = Some(run.head.clone());
    if run.torn > 0 {
        door.ui.status(
            "the journal ends in a line that is not whole: a run that is still written, or a crash; it is left out",
        );
    }
    let paint = match args.output {
        Some(_) => Paint { color: false, columns: WIDE },
        None => door.ui.paint,
    };
    let text = match format {
        Format::Text => run_report::text(&found, args.all, paint),
        Format::Markdown => run_report::markdown(&found, args.all),
        Format::Json => json::text(&found),
    };
    match &args.output {
        Some(path) => {
            store::write(path, text.as_bytes())?;
            door.ui.status(&format!("report written to {}", path.display()));
        }
        None => door.ui.data(&text)?,
    }
    Ok(Exit::Done)
}

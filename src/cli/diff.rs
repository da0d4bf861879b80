//! `bonghwa diff`: two plans compared.

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::store;
use crate::plan;
use crate::report::diff_text::diff_text;
use crate::report::json;

const AFTER_HELP: &str = "\
Examples:
  bonghwa diff 1a2b3c4d5e6f 9f8e7d6c5b4a
  bonghwa diff approved.json .bonghwa/plans/9f8e7d6c5b4a.json --all";

/// Compare two plans.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DiffArgs {
    /// The plan that was
    before: String,
    /// The plan that is
    after: String,
    /// Show everything, however long
    #[arg(long)]
    all: bool,
    /// Print the difference as JSON
    #[arg(long)]
    json: bool,
}

/// Compares two plans.
pub(crate) fn run(args: &DiffArgs, door: &Door) -> Result<Exit, CommandError> {
    let root = project::root(door);
    let before = store::open(root.as_deref(), &args.before)?;
    let after = store::open(root.as_deref(), &args.after)?;
    let diff = plan::diff(&before, &after);
    let text = if args.json { json::text(&diff) } else { diff_text(&diff, args.all, door.ui.paint) };
    door.ui.data(&text)?;
    Ok(Exit::Done)
}

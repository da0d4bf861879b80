//! `bonghwa show`: a plan that was made before, as text or as it is.

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::preflight;
use crate::cli::project;
use crate::cli::store;
use crate::report::plan_text::View;
use crate::report::plan_text::plan_text;

const AFTER_HELP: &str = "\
Examples:
  bonghwa show 1a2b3c4d5e6f | less      a plan that was kept in this project
  bonghwa show plan.json --all          every service and every step
  bonghwa show 1a2b3c4d5e6f --json      the plan itself";

/// Show a plan.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ShowArgs {
    /// A file, or the first letters of the digest of a plan that was kept
    plan: String,
    /// Show everything, however long
    #[arg(long)]
    all: bool,
    /// Print the plan itself, as canonical JSON
    #[arg(long)]
    json: bool,
}

/// Shows a plan.
pub(crate) fn run(args: &ShowArgs, door: &Door) -> Result<Exit, CommandError> {
    let root = project::root(door);
    let plan = store::open(root.as_deref(), &args.plan)?;
    if args.json {
        door.ui.bytes(&store::bytes(&plan)?)?;
    } else {
        preflight::tell_last(root.as_deref(), &plan, door);
        door.ui.data(&plan_text(&plan, View { paint: door.ui.paint, all: args.all }))?;
    }
    Ok(Exit::Done)
}

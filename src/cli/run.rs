//! `bonghwa run`: a saved plan is carried out; for now only on paper.

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::store;
use crate::report::dry_run::dry_run;

const AFTER_HELP: &str = "\
Examples:
  bonghwa run 1a2b3c4d5e6f --dry-run | less     every command as it would be sent, in order
  bonghwa run plan.json --dry-run --all         for each host by itself";

/// Carry out a plan.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RunArgs {
    /// A file, or the first letters of the digest of a plan that was kept
    plan: String,
    /// Only print what would be done; nothing is executed, and nobody is asked
    #[arg(long, required = true)]
    dry_run: bool,
    /// With --dry-run: one line for each host, also where many get the same command
    #[arg(long)]
    all: bool,
}

/// Walks a plan on paper.
pub(crate) fn run(args: &RunArgs, door: &Door) -> Result<Exit, CommandError> {
    let plan = store::open(project::root(door).as_deref(), &args.plan)?;
    door.ui.data(&dry_run(&plan, args.all, door.ui.paint))?;
    Ok(Exit::Done)
}

//! `bonghwa schema`: the JSON Schema of a plan.

use clap::Args;
use clap::ValueEnum;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;

const AFTER_HELP: &str = "\
Examples:
  bonghwa schema plan    the shape of what `plan --json` prints";

/// Print a JSON Schema.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t)]
    of: Of,
}

/// What a schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Of {
    /// Of a plan
    #[default]
    Plan,
}

/// Prints a schema.
pub(crate) fn run(args: &SchemaArgs, door: &Door) -> Result<Exit, CommandError> {
    let text = match args.of {
        Of::Plan => include_str!("../../docs/plan.schema.json").to_owned(),
    };
    door.ui.data(&text)?;
    Ok(Exit::Done)
}

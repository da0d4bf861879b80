//! `bonghwa schema`: the JSON Schema of a plan, or of what people write.

use clap::Args;
use clap::ValueEnum;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::load;
use crate::report::schema::schema;

const AFTER_HELP: &str = "\
Examples:
  bonghwa schema plan        the shape of what `plan --json` prints
  bonghwa schema topology    for an editor that completes TOML by a schema";

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
    /// Of bonghwa.toml
    Settings,
    /// Of the files below topology/
    Topology,
    /// Of the files below runbooks/
    Runbook,
}

/// Prints a schema.
pub(crate) fn run(args: &SchemaArgs, door: &Door) -> Result<Exit, CommandError> {
    let text = match args.of {
        Of::Plan => include_str!("../../docs/plan.schema.json").to_owned(),
        Of::Settings => authored(0),
        Of::Topology => authored(1),
        Of::Runbook => authored(2),
    };
    door.ui.data(&text)?;
    Ok(Exit::Done)
}

/// The schema of a kind of file, in the order in which `load::fields` lists them.
fn authored(kind: usize) -> String {
    let shape = &load::fields()[kind];
    format!("{:#}\n", schema(shape.files, shape.table))
}

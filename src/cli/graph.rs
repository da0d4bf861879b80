//! `bonghwa graph`: what depends on what, as text, for graphviz, or as JSON.

use clap::Args;
use clap::ValueEnum;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::incident::IncidentArgs;
use crate::cli::plan;
use crate::cli::project::Project;
use crate::report::graph_dot::graph_dot;
use crate::report::graph_facts;
use crate::report::graph_text::graph_text;
use crate::report::json;

const AFTER_HELP: &str = "\
Examples:
  bonghwa graph | less
  bonghwa graph --lost pangyo                 marks what the loss does, and who became more urgent
  bonghwa graph --format dot | dot -Tsvg > estate.svg

`bonghwa schema graph` is the shape of the JSON.";

/// Draw what depends on what.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GraphArgs {
    /// In which form; text for people where none is named
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Format>,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    incident: IncidentArgs,
}

/// In which form a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For graphviz
    Dot,
    /// For programs
    Json,
}

/// Draws the graph.
pub(crate) fn run(args: &GraphArgs, door: &Door) -> Result<Exit, CommandError> {
    let format = match (args.json, args.format) {
        (true, Some(Format::Text | Format::Dot)) => {
            return Err(CommandError::usage("`--json` and another `--format` contradict each other").hint("give one"));
        }
        (true, Some(Format::Json) | None) => Format::Json,
        (false, format) => format.unwrap_or(Format::Text),
    };
    let project = Project::open(door)?;
    let estate = &project.loaded.estate;
    let plan = match args.incident.is_empty() {
        true => None,
        false => Some(plan::make(&project, estate, &args.incident)?),
    };
    let graph = graph_facts::graph(estate, plan.as_ref());
    let text = match format {
        Format::Text => graph_text(&graph, door.ui.paint),
        Format::Dot => graph_dot(&graph),
        Format::Json => json::text(&graph),
    };
    door.ui.data(&text)?;
    if project.errors() > 0 {
        door.ui.status(&format!(
            "{} errors in its files left something out: `bonghwa check` shows them",
            project.errors()
        ));
    }
    Ok(Exit::Done)
}

//! `bonghwa schema`: the JSON Schema of what people write, of a plan, or of what commands print with `--json`.

use clap::Args;
use clap::ValueEnum;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::load;
use crate::report::json;
use crate::report::schema;

const AFTER_HELP: &str = "\
Examples:
  bonghwa schema topology > topology.schema.json
  bonghwa schema plan              the shape of what `plan --json` prints
  bonghwa schema report            the shape of what `report --json` prints
  bonghwa schema findings          the shape of what `check --json` prints

Of what a command prints with --json: preflight, status, report, diff, graph, rehearsal (of `rehearse`), runs, routes,
edge (of `explain --without`), and exported (of `runs export`). The rest of `explain --json` is a part of a plan or graph.

An editor that knows TOML (taplo) then completes a file that begins with: #:schema ../topology.schema.json";

/// Print a JSON Schema.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SchemaArgs {
    /// Of bonghwa.toml (settings), of files in topology/ (topology) or runbooks/ (runbooks), of a plan (plan), or of what a
    /// command prints
    #[arg(value_enum, default_value_t)]
    of: Of,
}

/// What a schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Of {
    /// Of bonghwa.toml
    Settings,
    /// Of the files in topology/
    #[default]
    Topology,
    /// Of the files in runbooks/
    Runbooks,
    /// Of a plan
    Plan,
    /// Of what a look before a run saw
    Preflight,
    /// Of a run's report
    Report,
    /// Of where a run stands
    Status,
    /// Of what `check` finds
    Findings,
    /// Of two plans compared
    Diff,
    /// Of what depends on what
    Graph,
    /// Of a rehearsal
    Rehearsal,
    /// Of a list of runs
    Runs,
    /// Of runs in one file
    Exported,
    /// Of where routes lead
    Routes,
    /// Of what an edge costs
    Edge,
}

/// Prints a schema.
pub(crate) fn run(args: &SchemaArgs, door: &Door) -> Result<Exit, CommandError> {
    let text = match args.of {
        Of::Settings => written("bonghwa.toml"),
        Of::Topology => written("topology/"),
        Of::Runbooks => written("runbooks/"),
        Of::Plan => include_str!("../../docs/plan.schema.json").to_owned(),
        Of::Preflight => include_str!("../../docs/preflight.schema.json").to_owned(),
        Of::Report => include_str!("../../docs/report.schema.json").to_owned(),
        Of::Status => include_str!("../../docs/status.schema.json").to_owned(),
        Of::Findings => include_str!("../../docs/findings.schema.json").to_owned(),
        Of::Diff => include_str!("../../docs/diff.schema.json").to_owned(),
        Of::Graph => include_str!("../../docs/graph.schema.json").to_owned(),
        Of::Rehearsal => include_str!("../../docs/rehearsal.schema.json").to_owned(),
        Of::Runs => include_str!("../../docs/runs.schema.json").to_owned(),
        Of::Exported => include_str!("../../docs/exported.schema.json").to_owned(),
        Of::Routes => include_str!("../../docs/routes.schema.json").to_owned(),
        Of::Edge => include_str!("../../docs/edge.schema.json").to_owned(),
    };
    door.ui.data(&text)?;
    Ok(Exit::Done)
}

/// The schema of the files whose path begins so; the readers' own table of fields has each of these.
fn written(files: &str) -> String {
    let shape = load::fields().iter().find(|shape| shape.files.starts_with(files));
    shape.map_or(String::new(), |shape| json::text(&schema::schema(shape.files, shape.table)))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::plan::GateKind;

    #[test]
    fn every_kind_of_gate_is_in_the_schema() {
        let schema: Value = serde_json::from_str(include_str!("../../docs/plan.schema.json")).expect("a schema");
        let words = schema["$defs"]["gate-kind"]["properties"]["is"]["enum"].as_array().expect("words");
        let text = String::new;
        let mut next = Some(GateKind::ApproveStart);
        let mut kinds = 0;
        while let Some(kind) = next {
            let word = &serde_json::to_value(&kind).expect("a value")["is"];
            assert!(words.contains(word), "{word}");
            kinds += 1;
            // As an answer to each, so that a new kind is not left out.
            next = match kind {
                GateKind::ApproveStart => Some(GateKind::ApproveVictims { services: Vec::new() }),
                GateKind::ApproveVictims { .. } => Some(GateKind::ApproveIrreversible { step: text() }),
                GateKind::ApproveIrreversible { .. } => Some(GateKind::Fence { site: text(), attest: None }),
                GateKind::Fence { .. } => {
                    Some(GateKind::DataLoss { site: text(), at_most_ms: None, objective_ms: None })
                }
                GateKind::DataLoss { .. } => Some(GateKind::Health),
                GateKind::Health => Some(GateKind::BreakGlass { missing: text() }),
                GateKind::BreakGlass { .. } => None,
            };
        }
        assert_eq!(words.len(), kinds);
    }
}

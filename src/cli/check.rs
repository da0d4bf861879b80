//! `bonghwa check`: all findings at once, and a code that a script can use.

use clap::Args;

use crate::cli::Door;
use crate::cli::circles;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::incident;
use crate::cli::judged;
use crate::cli::project::Project;
use crate::cli::shared_hosts;
use crate::model::Severity;
use crate::report::finding;
use crate::report::json;

const AFTER_HELP: &str = "\
Examples:
  bonghwa check                    in the project or any folder below it
  bonghwa check --json             for a script or an editor
  bonghwa explain BH012            what a finding with that code means

Leaves with 1 where something must be mended, and with 0 where there are warnings only.";

/// Read everything that is written.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CheckArgs {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Shows all findings.
pub(crate) fn run(args: &CheckArgs, door: &Door) -> Result<Exit, CommandError> {
    let project = Project::open(door)?;
    let loaded = &project.loaded;
    let mut findings = loaded.findings.clone();
    findings.extend(circles::circles(loaded));
    findings.extend(shared_hosts::shared(loaded));
    findings.extend(judged::rules(loaded));
    findings.extend(judged::dates(loaded, incident::today(&loaded.estate.project.timezone)?));
    findings.sort_by_key(|finding| (finding.place, finding.code()));
    let text = if args.json {
        json::text(&finding::findings_json(&findings, &loaded.sources))
    } else {
        finding::findings(&findings, &loaded.sources, door.ui.paint.color)
    };
    door.ui.data(&text)?;
    let estate = &loaded.estate;
    let found = match finding::count(&findings) {
        none if none.is_empty() => "no findings".to_owned(),
        some => some,
    };
    door.ui.status(&format!(
        "{found}; {} services at {} sites in {} files",
        estate.services.len(),
        estate.sites.len(),
        loaded.sources.len()
    ));
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { Exit::Findings } else { Exit::Done })
}

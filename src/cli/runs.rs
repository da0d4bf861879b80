//! `bonghwa runs`: what ran in this project, and how that ended; `export` and `import` carry it to another machine.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::past_runs;
use crate::cli::past_runs::PastRun;
use crate::cli::project;
use crate::cli::runs_file;
use crate::cli::store;
use crate::cli::ui::say;
use crate::evidence;
use crate::journal;
use crate::report::json;
use crate::report::owed;
use crate::report::run_list;
use crate::report::run_list::Line;
use crate::run;
use crate::run::LeftBehind;

const AFTER_HELP: &str = "\
Examples:
  bonghwa runs                                      what ran here, the latest last
  bonghwa runs export 20261122-0312-pangyo -o run.json
  bonghwa runs import run.json                      on the laptop of somebody else";

/// List runs.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write runs to one file: plan and journal as they are, with their digests
    Export(ExportArgs),
    /// Take in the runs of such a file; nothing that is here is ever changed
    Import(ImportArgs),
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// Names of runs, or parts that fit no other
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ImportArgs {
    /// What `runs export` wrote
    file: PathBuf,
}

/// Lists, exports or imports.
pub(crate) fn run(args: &RunsArgs, door: &Door) -> Result<Exit, CommandError> {
    let root = project::folder(door)?;
    match &args.what {
        None => list(&root, args.json, door),
        Some(What::Export(args)) => export(&root, args, door),
        Some(What::Import(args)) => import(&root, args, door),
    }
}

fn list(root: &Path, json: bool, door: &Door) -> Result<Exit, CommandError> {
    let held = journal::pen_holder(&root.join(store::OURS)).ok().flatten().map(|holder| holder.run);
    let mut runs: Vec<PastRun> = Vec::new();
    let mut unread = false;
    for name in past_runs::names(root) {
        match past_runs::open(root, &name) {
            Ok(run) => runs.push(run),
            Err(error) => {
                unread = true;
                say(error.text().trim_end());
            }
        }
    }
    runs.sort_by_key(|run| (run.opened(), run.name.clone()));
    let left: Vec<LeftBehind> = runs.iter().filter_map(|run| run::left_behind(&run.plan, &run.entries).ok()).collect();
    let now = run::distrust(&left);
    let mut lines: Vec<Line> = Vec::new();
    for run in &runs {
        match evidence::evidence(&run.plan, &run.entries) {
            Ok(found) => lines.push(run_list::line(&found, held.as_ref() == Some(&run.name), &now)),
            Err(error) => {
                unread = true;
                let error = CommandError::failed(format!("could not make sense of run {}", run.name)).because(&error);
                say(error.text().trim_end());
            }
        }
    }
    if json {
        door.ui.data(&json::text(&lines))?;
    } else if lines.is_empty() && !unread {
        door.ui.status("nothing has run in this project yet");
    } else {
        door.ui.data(&run_list::text(&lines, door.ui.paint.columns))?;
        if !now.owed.is_empty() && held.is_none() {
            let about = runs.iter().rev().find_map(|run| owed::tries_again(&run.plan.about()));
            let way = about.map_or_else(|| owed::way(&[]), |command| format!("`{command}` tries it again now"));
            door.ui.status(&format!("nobody tries a fence that is owed while no run goes on: {way}"));
        }
    }
    Ok(if unread { Exit::Failed } else { Exit::Done })
}

fn export(root: &Path, args: &ExportArgs, door: &Door) -> Result<Exit, CommandError> {
    let mut runs = Vec::new();
    for named in &args.runs {
        let run = past_runs::find(root, Some(named))?;
        if runs.iter().all(|other: &PastRun| other.name != run.name) {
            runs.push(run);
        }
    }
    let bytes = runs_file::write(root, &runs)?;
    match &args.output {
        Some(path) => {
            store::write(path, &bytes)?;
            let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
            door.ui.status(&format!("{} written to {}", names.join(", "), path.display()));
        }
        None => door.ui.bytes(&bytes)?,
    }
    Ok(Exit::Done)
}

fn import(root: &Path, args: &ImportArgs, door: &Door) -> Result<Exit, CommandError> {
    for told in runs_file::take_in(root, &args.file)? {
        door.ui.status(&told);
    }
    Ok(Exit::Done)
}

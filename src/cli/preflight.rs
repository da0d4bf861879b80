//! `bonghwa preflight`: goes out and only reads, and keeps what it saw beside the plan.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::live;
use crate::cli::project;
use crate::cli::store;
use crate::cli::way;
use crate::engine;
use crate::engine::Look;
use crate::model::Millis;
use crate::plan::Plan;
use crate::report::json;
use crate::report::plan_text::SHORT_ID;
use crate::report::preflight::preflight_line;
use crate::report::preflight::preflight_text;
use crate::run::preflight::PREFLIGHT_FORMAT;
use crate::run::preflight::Preflight;

const AFTER_HELP: &str = "\
It logs in to every host of the plan, and to the bastions before them, looks whether each secret is there,
and asks the probes that runbooks declare (done-if, verify, position, wait), each of them once.
It never does what a step does, and runs no command but declared probes and what `read` of a provider says.
Whether a name server takes the key is asked by an update that can come to nothing: its condition is never met.

Each step is then one of these:
  probed        its probe answered: already done, or not
  predicted     all that it needs was reached, and no probe was declared
  opaque        nobody can look: a person, a message, a request without a probe
  unreachable   hosts that it needs were not reached, its probe did not answer in time, or who keeps
                its route or launches its capacity can't be asked or would refuse (JSON: refused)

It leaves with 0 where all is there, and with 1 where a host that is needed was not reached, a secret is
missing, or a probe did not answer in time. The result is kept, and `show`, `plan` and `run` tell its age.

Examples:
  bonghwa preflight 4f2a                     everything that the plan 4f2a needs
  bonghwa preflight 4f2a --only lifeline     only what text messages wait for
  bonghwa preflight 4f2a --within 2m --all   with more patience, and every step on a line of its own
  bonghwa preflight 4f2a --json              its shape: `bonghwa schema preflight`";

/// The folder of what was seen.
const FOLDER: &str = "preflight";
/// A preflight of 100,000 steps takes about 30 MB.
const BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Nobody waits longer for a look; the run itself has its own limits.
const WITHIN_MAX: Millis = Millis(60 * 60 * 1000);

/// Look at what a plan needs.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PreflightArgs {
    /// A file, or the first letters of the digest of a plan that was kept
    plan: String,
    /// Look only at the steps of the lifeline
    #[arg(long, value_name = "WHAT", value_parser = ["lifeline"])]
    only: Option<String>,
    /// How long it may take; what has not answered then counts as unreachable
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = span)]
    within: Millis,
    /// Tell every step on a line of its own
    #[arg(long)]
    all: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Looks, keeps what was seen, and tells it.
pub(crate) fn run(args: &PreflightArgs, door: &Door) -> Result<Exit, CommandError> {
    let root = project::folder(door)?;
    let plan = store::open(Some(&root), &args.plan)?;
    let seen = look(&root, &plan, args.only.is_some(), args.within)?;
    if args.json {
        door.ui.data(&json::text(&seen))?;
    } else {
        door.ui.data(&preflight_text(&seen, args.all, door.ui.paint))?;
    }
    Ok(if seen.is_fine() { Exit::Done } else { Exit::Findings })
}

/// Looks at what a plan needs, and keeps what was seen. `within` is how long it may take.
pub(crate) fn look(
    root: &Path,
    plan: &Plan,
    only_first_class: bool,
    within: Millis,
) -> Result<Preflight, CommandError> {
    let root = root.canonicalize().map_err(|error| failed(&error))?;
    // Nothing is begun, so there is never a record in that folder.
    let hands = Arc::new(way::hands(&root, &root.join(store::OURS).join(FOLDER), plan, &[])?);
    let plan = Arc::new(plan.clone());
    let look = Look { only_lifeline: only_first_class, within, at: live::now() };
    let seen = within_runtime(engine::preflight(&plan, &hands, look))?;
    keep(&root, &seen)?;
    Ok(seen)
}

/// Waits for a look.
pub(crate) fn within_runtime<T>(look: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    let seen = runtime.block_on(look);
    // A name server that does not answer may hold a thread; nobody waits for that.
    runtime.shutdown_background();
    Ok(seen)
}

/// Where not even looking works.
pub(crate) fn failed(error: &dyn std::error::Error) -> CommandError {
    CommandError::failed("can't look at what is there").because(error)
}

/// What was seen of a plan the last time, where somebody looked. What can't be read was never seen.
pub(crate) fn last(root: &Path, plan: &Plan) -> Option<Preflight> {
    let path = place(root, &plan.id);
    if fs::metadata(&path).ok()?.len() > BYTES_MAX {
        return None;
    }
    let seen: Preflight = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    Some(seen).filter(|seen| seen.format == PREFLIGHT_FORMAT && seen.plan == plan.id)
}

/// Says when somebody looked at this plan, and what was wrong then; nothing where nobody did.
pub(crate) fn tell_last(root: Option<&Path>, plan: &Plan, door: &Door) {
    if let Some(seen) = root.and_then(|root| last(root, plan)) {
        door.ui.status(&preflight_line(&seen, live::now().0));
    }
}

fn keep(root: &Path, seen: &Preflight) -> Result<(), CommandError> {
    store::keep_out_of_git(root)?;
    store::private_folder(&root.join(store::OURS).join(FOLDER))?;
    store::write(&place(root, &seen.plan), json::text(seen).as_bytes())
}

fn place(root: &Path, plan: &str) -> PathBuf {
    root.join(store::OURS).join(FOLDER).join(format!("{}.json", plan.get(..SHORT_ID).unwrap_or(plan)))
}

fn span(text: &str) -> Result<Millis, String> {
    let span = Millis::parse(text).map_err(|_| "write a span such as 30s or 2m".to_owned())?;
    if (Millis(1_000)..=WITHIN_MAX).contains(&span) { Ok(span) } else { Err("it is from 1s to 1h".to_owned()) }
}

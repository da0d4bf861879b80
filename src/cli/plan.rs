//! `bonghwa plan`: an incident becomes a plan, which is kept and shown.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::incident::IncidentArgs;
use crate::cli::observe;
use crate::cli::observed;
use crate::cli::preflight;
use crate::cli::project::Project;
use crate::cli::store;
use crate::cli::ui::say;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::plan;
use crate::plan::Checked;
use crate::plan::Inputs;
use crate::plan::Plan;
use crate::plan::Refusal;
use crate::plan::Violation;
use crate::report::advice;
use crate::report::first_screen::first_screen;
use crate::report::plan_text::View;
use crate::report::plan_text::plan_text;
use crate::report::violation;

const AFTER_HELP: &str = "\
On a terminal the first screen is shown, and the rest with `bonghwa show`.
Into a pipe or a file goes the rest too, with long lists folded and long lines cut.
With `--all` nothing below the first screen is folded or cut.
The plan is kept in .bonghwa/plans/, named by its digest; the same inputs give the same plan, byte for byte.

A SCOPE is SITE, domain:NAME, hosts:SET or service:NAME@SITE; several may follow a flag, and flags may be repeated.

Examples:
  bonghwa plan --lost pangyo                        a site is gone
  bonghwa plan --lost domain:power:bundang          all sites on one power feed are gone
  bonghwa plan --lost service:pay@ansan --began 7m  one replica is gone, since seven minutes
  bonghwa plan --impaired ansan --surge new-year    it answers, and nobody trusts it, at New Year
  bonghwa plan --leave ansan --accept-degraded      move out in order, some of it to less
  bonghwa plan --return pangyo                      the way home
  bonghwa plan --lost pangyo --only lifeline -o plan.json
  bonghwa plan --lost pangyo --observe              from where the writers are seen to be";

/// Plan for an incident.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PlanArgs {
    /// Write the plan to this file, besides keeping it in the project
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show everything, however long
    #[arg(long)]
    all: bool,
    /// Print the plan itself, as canonical JSON
    #[arg(long)]
    json: bool,
    /// Ask on the spot who writes, by the `done-if` of `promote` steps, for at most 10 s; it changes nothing
    #[arg(long)]
    observe: bool,
    #[command(flatten)]
    incident: IncidentArgs,
}

/// Makes a plan, keeps it, shows it.
pub(crate) fn run(args: &PlanArgs, door: &Door) -> Result<Exit, CommandError> {
    let project = Project::open(door)?;
    let estate = &project.loaded.estate;
    let incident = incident(&project, estate, &args.incident)?;
    let mut observation = observed::observation(&project.root, estate);
    if args.observe {
        observation = observe::observation(&project.root, estate, &incident, observation)?;
    }
    let (plan, bytes) = make_with_bytes(&project, estate, &incident, &observation, args.incident.effort)?;
    if let Some(path) = &args.output {
        store::write(path, &bytes)?;
        door.ui.status(&format!("plan written to {}", path.display()));
    }
    // What it says of itself, such as `bonghwa show`, finds it here wherever else it was written.
    if args.output.is_some() || !args.json {
        match (store::keep(&project.root, &plan, &bytes), &args.output) {
            (Ok(path), None) => {
                let path = path.strip_prefix(&project.root).unwrap_or(&path);
                door.ui.status(&format!("plan kept in {}", path.display()));
            }
            (Ok(_), Some(_)) => {}
            (Err(error), None) => return Err(error),
            (Err(_), Some(path)) => {
                door.ui.status(&format!(
                    "it could not be kept in the project besides: name {} to read it",
                    path.display()
                ));
            }
        }
        preflight::tell_last(Some(&project.root), &plan, door);
    }
    if args.json {
        return door.ui.bytes(&bytes).map(|()| Exit::Done);
    }
    let text = if door.ui.terminal && !args.all {
        first_screen(&plan, View { paint: door.ui.paint, all: false })
    } else {
        plan_text(&plan, View { paint: door.ui.paint, all: args.all })
    };
    door.ui.data(&text)?;
    Ok(Exit::Done)
}

/// The plan for an incident on an estate of this project, which may have been changed since it was read. The second
/// pair of eyes looks at every plan before anybody else does: a plan that could destroy something is never shown, and of any
/// other disagreement the reader is told.
pub(crate) fn make(project: &Project, estate: &Estate, args: &IncidentArgs) -> Result<Plan, CommandError> {
    let incident = incident(project, estate, args)?;
    let observation = observed::observation(&project.root, estate);
    make_from(project, estate, &incident, &observation, args.effort)
}

/// What happened, on an estate of which at least something could be read.
pub(crate) fn incident(project: &Project, estate: &Estate, args: &IncidentArgs) -> Result<Incident, CommandError> {
    if estate.services.is_empty() && project.errors() > 0 {
        return Err(unreadable(project));
    }
    args.incident(estate)
}

/// The same, from what is known to be so.
pub(crate) fn make_from(
    project: &Project,
    estate: &Estate,
    incident: &Incident,
    observation: &Observation,
    effort: u64,
) -> Result<Plan, CommandError> {
    make_with_bytes(project, estate, incident, observation, effort).map(|(plan, _)| plan)
}

/// The same, with the bytes that are kept.
pub(crate) fn make_with_bytes(
    project: &Project,
    estate: &Estate,
    incident: &Incident,
    observation: &Observation,
    effort: u64,
) -> Result<(Plan, Vec<u8>), CommandError> {
    let inputs = Inputs {
        sources: project.sources.clone(),
        effort,
        errors_elsewhere: u64::try_from(project.errors()).unwrap_or(u64::MAX),
    };
    let ground = plan::prepare(estate);
    let checked = plan::checked(&ground, incident, observation, &inputs).map_err(|refusal| refused(&refusal))?;
    let Checked { plan, bytes, violations } = checked;
    let told: Vec<String> = violations.iter().map(violation::violation).collect();
    if violations.iter().any(Violation::destroys) {
        return Err(refused(&Refusal::Broken { violations: told }));
    }
    if !told.is_empty() {
        say("warning: the second pair of eyes disagrees with this plan; look at these before you approve its start:");
        told.iter().for_each(|doubt| say(&format!("  - {doubt}")));
        say("  please report them: one of the two is a fault of bonghwa");
    }
    Ok((plan, bytes))
}

fn unreadable(project: &Project) -> CommandError {
    let mut error = CommandError::failed(format!("nothing that could be planned was read in {}", shown(&project.root)));
    error.exit = Exit::Findings;
    error.hint(format!("`bonghwa check` shows the {} errors in its files", project.errors()))
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}

/// A refusal leaves with the code of whoever can change it: the person at the keyboard, the author of a file, or us.
pub(crate) fn refused(refusal: &Refusal) -> CommandError {
    let advice = advice::refusal(refusal);
    let mut error = CommandError::refused(advice.what).hint(advice.act);
    if let Refusal::Broken { violations } = refusal {
        error.chain = std::iter::once("the plan failed its own check".to_owned()).chain(violations.clone()).collect();
    }
    error.exit = match refusal {
        Refusal::NothingLost | Refusal::MixedStates | Refusal::NoSuchHosts { .. } | Refusal::NoSuchReplica { .. } => {
            Exit::Usage
        }
        Refusal::NothingLeft | Refusal::WouldDegrade { .. } => Exit::Refused,
        Refusal::Overrun { .. } | Refusal::Quarantined { .. } => Exit::Refused,
        Refusal::EmptyEstate | Refusal::StepCycle { .. } | Refusal::ClaimTooLarge { .. } => Exit::Findings,
        Refusal::Broken { .. } => Exit::Bug,
    };
    error
}

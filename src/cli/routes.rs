//! `bonghwa routes`: where each route leads now, by its keeper and by an independent look, against what it should.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::incident;
use crate::cli::observed;
use crate::cli::preflight::within_runtime;
use crate::cli::project::Project;
use crate::cli::scope;
use crate::cli::store;
use crate::cli::way;
use crate::engine;
use crate::model::Estate;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::RouteId;
use crate::plan;
use crate::plan::Plan;
use crate::report::json;
use crate::report::routes::Wanted;
use crate::report::routes::routes_text;
use crate::run::preflight::RouteSeen;

const AFTER_HELP: &str = "\
It asks the keeper of each route, and then each server that answers for it by another way, and changes
nothing. What a route should be is what the last run left, or what is declared where no run touched it.

It leaves with 0 where every route could be read and leads where it should, and with 1 otherwise.

Examples:
  bonghwa routes                     all of them
  bonghwa routes text connect        these
  bonghwa routes --json              for programs";

/// What has not answered then is told as silent.
const WITHIN: Millis = Millis::from_secs(15);
/// The folder in which hands would leave records, if they did anything.
const FOLDER: &str = "preflight";

/// See where routes lead.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RoutesArgs {
    /// Which routes; all where none is named
    #[arg(value_name = "ROUTE")]
    routes: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// One route, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row<'a> {
    #[serde(flatten)]
    seen: &'a RouteSeen,
    wanted: &'a Wanted,
}

/// Looks, and tells it.
pub(crate) fn run(args: &RoutesArgs, door: &Door) -> Result<Exit, CommandError> {
    let project = Project::open(door)?;
    let estate = &project.loaded.estate;
    let ids: Vec<RouteId> = match args.routes.as_slice() {
        [] => (0..estate.routes.len()).map(RouteId::new).collect(),
        named => named.iter().map(|name| scope::route(estate, name)).collect::<Result<_, _>>()?,
    };
    if ids.is_empty() {
        return Err(CommandError::usage("the estate has no routes"));
    }
    let observation = observed::observation(&project.root, estate);
    let seen = look(&project, &observation, &ids)?;
    let wanted = wanted(estate, &observation, &ids);
    let all: Vec<(RouteSeen, Wanted)> = seen.into_iter().zip(wanted).collect();
    let is_fine = all.iter().all(|(seen, wanted)| wanted.is_met_by(seen));
    if args.json {
        let rows: Vec<Row<'_>> = all.iter().map(|(seen, wanted)| Row { seen, wanted }).collect();
        door.ui.data(&json::text(&rows))?;
    } else {
        door.ui.data(&routes_text(&all, door.ui.paint))?;
    }
    Ok(if is_fine { Exit::Done } else { Exit::Findings })
}

/// Looks at some routes, in the order in which they are given. Nothing is changed.
pub(crate) fn look(
    project: &Project,
    observation: &Observation,
    ids: &[RouteId],
) -> Result<Vec<RouteSeen>, CommandError> {
    let estate = &project.loaded.estate;
    let plan = plan::looking(estate, observation, incident::today(&estate.project.timezone)?, ids)
        .map_err(|error| CommandError::failed("could not write the plan as JSON").because(&error))?;
    let mut seen: BTreeMap<String, RouteSeen> =
        asked(project, &plan)?.into_iter().map(|seen| (seen.route.clone(), seen)).collect();
    Ok(ids.iter().filter_map(|id| seen.remove(&estate.routes[id.at()].name)).collect())
}

fn asked(project: &Project, plan: &Plan) -> Result<Vec<RouteSeen>, CommandError> {
    let root = project
        .root
        .canonicalize()
        .map_err(|error| CommandError::failed("the folder of the project is gone").because(&error))?;
    let hands = Arc::new(way::hands(&root, &root.join(store::OURS).join(FOLDER), plan, &[])?);
    within_runtime(engine::routes(plan, &hands, WITHIN))
}

/// Where routes should lead: as the last run left them, else as declared.
fn wanted(estate: &Estate, observation: &Observation, ids: &[RouteId]) -> Vec<Wanted> {
    ids.iter().map(|id| wanted_of(estate, observation, *id)).collect()
}

fn wanted_of(estate: &Estate, observation: &Observation, route: RouteId) -> Wanted {
    let service = estate.services.iter().enumerate().find(|(_, service)| service.route == Some(route));
    let record = estate.routes[route.at()].record.clone();
    let Some((at, service)) = service else { return Wanted { record, shares: Vec::new(), by: None } };
    let seen = observation.active.iter().find(|(id, _)| id.at() == at);
    let shares: Vec<(String, Ppm)> = match seen {
        Some((_, shares)) => shares.iter().map(|(site, share)| (estate.site(*site).name.clone(), *share)).collect(),
        None => {
            let declared = service.replicas.iter();
            declared.map(|replica| (estate.site(replica.site).name.clone(), replica.share)).collect()
        }
    };
    let mut shares: Vec<(String, Ppm)> = shares.into_iter().filter(|(_, share)| *share > Ppm::ZERO).collect();
    shares.sort();
    Wanted { record, shares, by: seen.and_then(|_| observation.runs.last().cloned()) }
}

//! `bonghwa explain`: why there, why so late, why not elsewhere; what a step does; what a code means.

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::incident::IncidentArgs;
use crate::cli::plan;
use crate::cli::project;
use crate::cli::project::Project;
use crate::cli::scope;
use crate::cli::store;
use crate::cli::topic;
use crate::cli::topic::Topic;
use crate::model::Estate;
use crate::plan::Plan;
use crate::report::edge_cost::edge_cost;
use crate::report::edge_cost::edge_facts;
use crate::report::explain;
use crate::report::explain_code;
use crate::report::explain_estate;
use crate::report::explain_lifeline::explain_lifeline;
use crate::report::explain_step;
use crate::report::graph_facts::declared;
use crate::report::json;
use crate::report::lifeline::lifeline;
use crate::report::paint::Paint;
use crate::report::plan_text::SHORT_ID;
use crate::report::words;

const AFTER_HELP: &str = "\
Examples:
  bonghwa explain service:session --lost pangyo    why so urgent, why there, why so late
  bonghwa explain step:message-store/promote@ansan --plan 1a2b3c4d5e6f
  bonghwa explain service:session                  in the plan that was kept last
  bonghwa explain lifeline --lost pangyo           who needs whom, and when each is back
  bonghwa explain BH012                            what a finding means
  bonghwa explain --without text-message:push --lost pangyo    what an edge costs

The JSON of a service, a step or a gate is that part of a plan, and of `graph --json` where there is no plan; that of the
lifeline is a list of services. `bonghwa schema edge` is the shape of what an edge costs.";

/// Explain something.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ExplainArgs {
    /// service:NAME, step:ID, gate:ID, lifeline, a code such as BH012, or a name that is only one of these
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    /// From this plan: a file, or the first letters of the digest of one that was kept
    #[arg(long, value_name = "PLAN", conflicts_with_all = ["lost", "impaired", "leave", "returning"])]
    plan: Option<String>,
    /// What it costs that CALLER needs CALLEE: plans once with and once without that edge, and explains WHAT without it
    #[arg(long, value_name = "CALLER:CALLEE", conflicts_with = "plan")]
    without: Option<String>,
    /// Print what the plan holds of it as JSON; what is declared, where there is no plan
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    incident: IncidentArgs,
}

impl ExplainArgs {
    /// What comes after a scope is read as one more scope: `--lost pangyo service:session`. Where WHAT is missing, and
    /// the last scope can't be one, that is what was meant.
    fn what_first(&mut self) {
        let incident = &mut self.incident;
        let lists = [&mut incident.lost, &mut incident.impaired, &mut incident.leave, &mut incident.returning];
        for list in lists {
            let meant = |last: &String| list.len() > 1 && topic::is_no_scope(last);
            if self.what.is_none() && list.last().is_some_and(meant) {
                self.what = list.pop();
            }
        }
    }
}

/// Explains.
pub(crate) fn run(args: &ExplainArgs, door: &Door) -> Result<Exit, CommandError> {
    let mut args = args.clone();
    args.what_first();
    let args = &args;
    let paint = door.ui.paint;
    let text = match (&args.without, &args.what) {
        (Some(edge), _) => without(args, edge, door, paint)?,
        (None, Some(what)) => match topic::code(what) {
            Some(code) => {
                let explanation = explain_code::explain_code(code).ok_or_else(|| unknown_code(what))?;
                match args.json {
                    true => json::text(&explain_code::explanation_json(explanation)),
                    false => explain_code::explanation_text(explanation, paint.columns),
                }
            }
            None => named(args, what, door, paint)?,
        },
        (None, None) => {
            return Err(CommandError::usage("explain what?")
                .hint("say it first: `bonghwa explain WHAT --lost SITE`")
                .hint("WHAT is service:NAME, step:ID, gate:ID, lifeline, or a code such as BH012"));
        }
    };
    door.ui.data(&text)?;
    Ok(Exit::Done)
}

fn unknown_code(code: &str) -> CommandError {
    CommandError::usage(format!("no finding has the code {code}"))
        .hint("`bonghwa check` shows each finding with its code")
}

/// A service, a step, a gate or the lifeline: in the plan that was named, else in the one that was kept last, else as
/// declared.
fn named(args: &ExplainArgs, what: &str, door: &Door, paint: Paint) -> Result<String, CommandError> {
    let project = match (&args.plan, project::root(door)) {
        (Some(_), None) => None,
        (_, _) => Some(Project::open(door)?),
    };
    let estate = project.as_ref().map(|project| &project.loaded.estate);
    let plan = match (&args.plan, &project) {
        (Some(name), _) => Some(store::open(project.as_ref().map(|project| project.root.as_path()), name)?),
        (None, Some(project)) if !args.incident.is_empty() => {
            Some(plan::make(project, &project.loaded.estate, &args.incident)?)
        }
        (None, project) => project.as_ref().and_then(|project| kept_last(project, door)),
    };
    let topic = topic::find(what, estate, plan.as_ref())?;
    match (&plan, estate) {
        (Some(plan), _) if args.json => Ok(as_json(plan, &topic)),
        (Some(plan), _) => Ok(in_plan(plan, estate, &topic, paint)),
        (None, Some(estate)) => as_declared(estate, &topic, args.json, paint),
        (None, None) => Err(CommandError::usage("there is neither a plan nor a project to explain from")),
    }
}

/// The plan that was kept last: what the first screen of a plan suggests to type works as it stands.
fn kept_last(project: &Project, door: &Door) -> Option<Plan> {
    let plan = match store::latest(&project.root)? {
        Ok(plan) => plan,
        Err(error) => {
            door.ui.status("the plan kept last can't be read, so this is as declared; `--plan PLAN` names another");
            door.ui.status(error.text().trim_end());
            return None;
        }
    };
    let scopes: Vec<String> =
        plan.incident.scopes.iter().map(|scope| format!("{} {}", scope.scope, scope.state)).collect();
    let id = plan.id.get(..SHORT_ID).unwrap_or(&plan.id);
    door.ui.status(&format!(
        "from the plan kept last, {id} ({}); another with `--plan PLAN` or `--lost SITE`",
        words::fold(&scopes, 40)
    ));
    Some(plan)
}

fn in_plan(plan: &Plan, estate: Option<&Estate>, topic: &Topic, paint: Paint) -> String {
    let parts = topic::parts(plan, topic);
    match topic {
        Topic::Lifeline => explain_lifeline(plan, estate, paint),
        Topic::Service(name) => match parts.service {
            Some(service) => explain::service(plan, service, paint),
            None if plan.unplanned > 0 => format!(
                "{name} is not in this plan, which is for the lifeline alone and leaves out {} services that are \
                 touched\nWhat becomes of it: the same without `--only lifeline`\n",
                plan.unplanned
            ),
            None => format!("{name} is untouched by this incident: it serves as before\n"),
        },
        Topic::Step(id) => parts.step.map_or(format!("no step {id}\n"), |step| explain_step::step(plan, step, paint)),
        Topic::Gate(id) => parts.gate.map_or(format!("no gate {id}\n"), |gate| explain_step::gate(plan, gate, paint)),
    }
}

fn as_json(plan: &Plan, topic: &Topic) -> String {
    let parts = topic::parts(plan, topic);
    match topic {
        Topic::Lifeline => json::text(&lifeline(plan).closure),
        Topic::Service(_) => json::text(&parts.service),
        Topic::Step(_) => json::text(&parts.step),
        Topic::Gate(_) => json::text(&parts.gate),
    }
}

fn as_declared(estate: &Estate, topic: &Topic, json: bool, paint: Paint) -> Result<String, CommandError> {
    match topic {
        Topic::Lifeline if json => {
            let services = explain_estate::lifeline_services(estate).into_iter();
            Ok(json::text(&services.map(|id| declared(estate, id)).collect::<Vec<_>>()))
        }
        Topic::Lifeline => Ok(explain_estate::lifeline(estate, paint)),
        Topic::Service(name) if json => Ok(json::text(&declared(estate, scope::service(estate, name)?))),
        Topic::Service(name) => Ok(explain_estate::service(estate, scope::service(estate, name)?, paint)),
        Topic::Step(id) | Topic::Gate(id) => {
            Err(CommandError::usage(format!("{id} is part of a plan, and none was named"))
                .hint("add `--lost SITE`, or `--plan PLAN`"))
        }
    }
}

/// Plans with and without an edge.
fn without(args: &ExplainArgs, edge: &str, door: &Door, paint: Paint) -> Result<String, CommandError> {
    let project = Project::open(door)?;
    let estate = &project.loaded.estate;
    let (caller, callee) = edge
        .split_once(':')
        .ok_or_else(|| CommandError::usage(format!("{edge} is no edge")).hint("write CALLER:CALLEE, two services"))?;
    let (from, to) = (scope::service(estate, caller)?, scope::service(estate, callee)?);
    let mut cut = estate.clone();
    cut.services[from.at()].depends_on.retain(|edge| edge.service != to);
    if cut == *estate {
        let needs = crate::report::edges::needs(estate, from);
        return Err(CommandError::usage(format!("{caller} does not need {callee}")).hint(format!("it needs {needs}")));
    }
    if args.incident.is_empty() {
        return Err(CommandError::usage("what an edge costs depends on what happens").hint("add `--lost SITE`"));
    }
    let with = plan::make(&project, estate, &args.incident)?;
    let without = plan::make(&project, &cut, &args.incident)?;
    let topic = match &args.what {
        None if args.json => return Ok(json::text(&edge_facts(&with, &without, caller, callee))),
        None => return Ok(edge_cost(&with, &without, caller, callee, paint)),
        Some(what) => topic::find(what, Some(&cut), Some(&without))?,
    };
    if args.json {
        return Ok(as_json(&without, &topic));
    }
    let cost = edge_cost(&with, &without, caller, callee, paint);
    Ok(format!("{cost}\nWithout it:\n\n{}", in_plan(&without, Some(&cut), &topic, paint)))
}

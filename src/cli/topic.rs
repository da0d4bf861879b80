//! What somebody wants to have explained: a name that is one thing only, or a question back.

use crate::cli::error::CommandError;
use crate::cli::scope;
use crate::model::Code;
use crate::model::Estate;
use crate::plan::Gate;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::Step;

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The first tier, and all that it can't live without.
    Lifeline,
    /// A service by its name.
    Service(String),
    /// A step by its id.
    Step(String),
    /// A gate by its id.
    Gate(String),
}

/// Names that are offered when one could be several things; a screen of them helps nobody.
const OFFERED: usize = 6;

/// The code of a finding, where a text is one: `BH012`, `bh12`.
pub(crate) fn code(what: &str) -> Option<Code> {
    let digits = what.strip_prefix("BH").or_else(|| what.strip_prefix("bh"))?;
    digits.parse().ok().map(Code)
}

/// Whether a text says what is to be explained, and can't be a scope: scopes of services name a site.
pub(crate) fn is_no_scope(text: &str) -> bool {
    let service = text.strip_prefix("service:").is_some_and(|name| !name.contains('@'));
    service || text == "lifeline" || text.starts_with("step:") || text.starts_with("gate:")
}

/// The one thing that a name stands for.
pub(crate) fn find(what: &str, estate: Option<&Estate>, plan: Option<&Plan>) -> Result<Topic, CommandError> {
    if what == "lifeline" {
        return Ok(Topic::Lifeline);
    }
    if let Some(name) = what.strip_prefix("service:") {
        let known = services(estate, plan);
        return match known.contains(&name) {
            true => Ok(Topic::Service(name.to_owned())),
            false => Err(scope::unknown("service", name, known.iter().copied())),
        };
    }
    if let Some(id) = what.strip_prefix("step:") {
        return one(id, "step", steps(plan, id), plan.map_or(Vec::new(), step_ids));
    }
    if let Some(id) = what.strip_prefix("gate:") {
        return one(id, "gate", gates(plan, id), plan.map_or(Vec::new(), gate_ids));
    }
    bare(what, estate, plan)
}

/// A name without its kind: taken if it is one thing, asked back if it is several.
fn bare(what: &str, estate: Option<&Estate>, plan: Option<&Plan>) -> Result<Topic, CommandError> {
    let known = services(estate, plan);
    let mut all: Vec<Topic> =
        known.iter().filter(|name| **name == what).map(|name| Topic::Service((*name).to_owned())).collect();
    all.extend(steps(plan, what));
    all.extend(gates(plan, what));
    match all.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(scope::unknown("service, step or gate", what, known.iter().copied())
            .hint("say service:NAME, step:ID, gate:ID, lifeline or a code such as BH012")),
        many => {
            let kinds: Vec<&str> = kinds(many);
            let offered: Vec<String> = many.iter().take(OFFERED).map(shown).collect();
            let more = many.len().saturating_sub(OFFERED);
            let error = CommandError::usage(format!("`{what}` is {}", kinds.join(" and ")));
            let error = offered.into_iter().fold(error, |error, one| error.hint(format!("say {one}")));
            Err(if more == 0 { error } else { error.hint(format!("or one of {more} more")) })
        }
    }
}

fn kinds(topics: &[Topic]) -> Vec<&'static str> {
    let count = |which: fn(&Topic) -> bool| topics.iter().filter(|topic| which(topic)).count();
    let service = count(|topic| matches!(topic, Topic::Service(_)));
    let step = count(|topic| matches!(topic, Topic::Step(_)));
    let gate = count(|topic| matches!(topic, Topic::Gate(_)));
    let kinds =
        [(service, "a service", "services"), (step, "a step", "several steps"), (gate, "a gate", "several gates")];
    kinds.into_iter().filter(|kind| kind.0 > 0).map(|(count, one, many)| if count == 1 { one } else { many }).collect()
}

fn shown(topic: &Topic) -> String {
    match topic {
        Topic::Lifeline => "lifeline".to_owned(),
        Topic::Service(name) => format!("service:{name}"),
        Topic::Step(id) => format!("step:{id}"),
        Topic::Gate(id) => format!("gate:{id}"),
    }
}

fn one(id: &str, what: &str, found: Vec<Topic>, known: Vec<&str>) -> Result<Topic, CommandError> {
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] if known.is_empty() => Err(CommandError::usage(format!("{id} is part of a plan, and none was named"))
            .hint("add `--lost SITE`, or `--plan PLAN`")),
        [] => Err(scope::unknown(what, id, known.into_iter())),
        [_, ..] => {
            let offered: Vec<String> = found.iter().take(OFFERED).map(shown).collect();
            Err(CommandError::usage(format!("{id} is {} {what}s", found.len()))
                .hint(format!("say {}", offered.join(" or "))))
        }
    }
}

fn services<'a>(estate: Option<&'a Estate>, plan: Option<&'a Plan>) -> Vec<&'a str> {
    match (estate, plan) {
        (Some(estate), _) => estate.services.iter().map(|service| service.name.as_str()).collect(),
        (None, Some(plan)) => plan.services.iter().map(|service| service.id.as_str()).collect(),
        (None, None) => Vec::new(),
    }
}

fn step_ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.as_str()).collect()
}

fn gate_ids(plan: &Plan) -> Vec<&str> {
    plan.gates.iter().map(|gate| gate.id.as_str()).collect()
}

/// Steps with this id, or with this name between their service and their site.
fn steps(plan: Option<&Plan>, name: &str) -> Vec<Topic> {
    let all = plan.map_or(Vec::new(), step_ids);
    if all.contains(&name) {
        return vec![Topic::Step(name.to_owned())];
    }
    let named = |id: &&str| {
        let (_, own) = id.split_once('/').unwrap_or(("", id));
        own == name || own.split_once('@').is_some_and(|(own, _)| own == name)
    };
    all.into_iter().filter(named).map(|id| Topic::Step(id.to_owned())).collect()
}

fn gates(plan: Option<&Plan>, name: &str) -> Vec<Topic> {
    gate_list(plan).into_iter().filter(|id| *id == name).map(|id| Topic::Gate(id.to_owned())).collect()
}

fn gate_list(plan: Option<&Plan>) -> Vec<&str> {
    plan.map_or(Vec::new(), gate_ids)
}

/// What a plan holds of a topic.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts<'a> {
    /// The service, where it is one that the plan touches.
    pub(crate) service: Option<&'a ServiceOnPaper>,
    /// The step, where it is one.
    pub(crate) step: Option<&'a Step>,
    /// The gate, where it is one.
    pub(crate) gate: Option<&'a Gate>,
}

/// Looks a topic up in a plan.
pub(crate) fn parts<'a>(plan: &'a Plan, topic: &Topic) -> Parts<'a> {
    match topic {
        Topic::Lifeline => Parts::default(),
        Topic::Service(name) => {
            Parts { service: plan.services.iter().find(|service| service.id == *name), ..Parts::default() }
        }
        Topic::Step(id) => Parts { step: plan.steps.iter().find(|step| step.id == *id), ..Parts::default() },
        Topic::Gate(id) => Parts { gate: plan.gates.iter().find(|gate| gate.id == *id), ..Parts::default() },
    }
}

//! The names that a project knows, by what a command calls them. What can't be read has no names.

use std::path::Path;

use crate::cli::Door;
use crate::cli::named;
use crate::cli::named::Among;
use crate::cli::past_runs;
use crate::cli::project;
use crate::cli::project::Project;
use crate::cli::run_folder;
use crate::cli::store;
use crate::cli::typed;
use crate::journal;
use crate::model::Estate;
use crate::run::State;
use crate::run::ways;

/// Names that may stand for this value of this command. `text` is what was typed of it: some lists are long, and are told
/// in parts.
pub(crate) fn names(door: &Door, verb: &str, value: &str, text: &str) -> Vec<String> {
    let Some(root) = project::root(door) else { return Vec::new() };
    match (verb, value) {
        ("approve" | "reject" | "retry" | "skip" | "mark-done", "WHAT" | "STEP") => answers(&root, verb, text),
        ("explain", "WHAT") => topics(door, &root, text),
        (_, "PLAN" | "BEFORE" | "AFTER") => store::kept_in(&root),
        (_, "RUN") => past_runs::names(&root),
        (_, "SCOPE") => estate(door).map_or_else(Vec::new, |estate| scopes(estate, text)),
        (_, "SITE") => estate(door).map_or_else(Vec::new, sites),
        (_, "CALLER:CALLEE") => estate(door).map_or_else(Vec::new, |estate| edges(estate, text)),
        (_, _) => Vec::new(),
    }
}

/// What the run that goes on wants to hear just now; all that could ever be meant, where nothing of that fits.
fn answers(root: &Path, verb: &str, text: &str) -> Vec<String> {
    let Ok(run) = run_folder::open(root, None) else { return Vec::new() };
    let wanting = || {
        let mut state = State::new(&run.script);
        run.fold(&mut state, &journal::read(&run.path).ok()?.entries, |_, _| Ok(())).ok()?;
        let fits = |at: &usize| {
            typed::wants(&run.script, &state, *at) && ways(&run.script, &state, *at).iter().any(|way| way.verb == verb)
        };
        let names = (0..run.script.len()).filter(fits).map(|at| run.script.name(at).to_owned());
        Some(names.filter(|name| name.starts_with(text)).collect::<Vec<_>>()).filter(|names| !names.is_empty())
    };
    let among = match verb {
        "approve" | "reject" => Among::Questions,
        "retry" => Among::All,
        _ => Among::Steps,
    };
    wanting().unwrap_or_else(|| named::names(&run.plan, among).into_iter().map(str::to_owned).collect())
}

fn estate(door: &Door) -> Option<&'static Estate> {
    Some(&Project::open(door).ok()?.loaded.estate)
}

fn sites(estate: &Estate) -> Vec<String> {
    estate.sites.iter().map(|site| site.name.clone()).collect()
}

/// Sites and domains; replicas once it is clear that one is meant.
fn scopes(estate: &Estate, text: &str) -> Vec<String> {
    if text.starts_with("service:") {
        let replicas = estate.services.iter().flat_map(|service| {
            let sites = service.replicas.iter().map(|replica| &estate.site(replica.site).name);
            sites.map(|site| format!("service:{}@{site}", service.name))
        });
        return replicas.collect();
    }
    let domains = estate.domains.iter().map(|domain| format!("domain:{domain}"));
    sites(estate).into_iter().chain(domains).collect()
}

/// Services and the lifeline; steps of the plan that was kept last once it is clear that one is meant.
fn topics(door: &Door, root: &Path, text: &str) -> Vec<String> {
    if text.starts_with("step:") || text.contains('/') {
        let lead = if text.starts_with("step:") { "step:" } else { "" };
        let Some(Ok(plan)) = store::latest(root) else { return Vec::new() };
        return plan.steps.iter().map(|step| format!("{lead}{}", step.id)).collect();
    }
    let lead = if text.starts_with("service:") { "service:" } else { "" };
    let services = estate(door).map_or(&[][..], |estate| &estate.services);
    let services = services.iter().map(|service| format!("{lead}{}", service.name));
    services.chain(["lifeline".to_owned()]).collect()
}

/// The caller, and then whom it calls.
fn edges(estate: &Estate, text: &str) -> Vec<String> {
    let services = estate.services.iter().map(|service| &service.name);
    match text.split_once(':') {
        Some((caller, _)) => services.map(|callee| format!("{caller}:{callee}")).collect(),
        None => services.map(|caller| format!("{caller}:")).collect(),
    }
}

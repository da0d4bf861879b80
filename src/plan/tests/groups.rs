//! One auto-scaling group for several services: each launch is told all that the group must have.

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::ActionOnPaper;
use crate::plan::Plan;
use crate::plan::Step;
use crate::plan::plan_on;
use crate::plan::prepare;
use crate::plan::tests::inputs;
use crate::plan::verify;

const ESTATE: &str = r#"
[[tier]]
id = "first"
[[tier]]
id = "core"
[site.a]
kind = "datacenter"
capacity = { cores = 100 }
[site.b]
kind = "datacenter"
capacity = { cores = 100 }
[site.cloud]
kind = "cloud"
capacity = { cores = ROOM }
fill-limit = 1.0
on-demand = { cores = 200, ready-in = "1m", launch-proved = 2026-09-01 }
[provider.asg]
kind = "aws-autoscaling"
group = "all"
region = "eu-west-1"
instance = { cores = 8 }
standing = 3
"#;

const RUNBOOK: &str = "[runbook]\nid = \"plain\"\n[[failover]]\nid = \"start\"\nphase = \"start\"\nexec = \"true\"\n\
                       [[failover]]\nid = \"ready\"\nphase = \"verify\"\nwait = { exec = \"true\" }\n";

/// Two services at `a` and one at `b`, each with hosts for ten cores in the cloud.
fn estate(room: u64) -> Estate {
    let mut topology = ESTATE.replace("ROOM", &room.to_string());
    for (name, tier, site, load) in [("pay", "core", "a", 30), ("text", "first", "a", 40), ("web", "core", "b", 12)] {
        topology.push_str(&format!(
            "[service.{name}]\ntier = \"{tier}\"\nkind = \"stateless\"\nrunbook = \"plain\"\nload = {{ cores = {load} }}\n\
             [service.{name}.at.{site}]\nrole = \"active\"\nhosts = \"{site}-{name}\"\n[service.{name}.at.cloud]\n\
             role = \"cold\"\nhosts = \"c-{name}\"\nmax-load = {{ cores = 10 }}\n\
             scale = {{ provider = \"asg\", max-load = {{ cores = 60 }} }}\n"
        ));
    }
    let texts = [("topology/all.toml", topology.as_str()), ("runbooks/plain.toml", RUNBOOK)];
    let file = |(path, text): (&str, &str)| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    load(texts.map(file).to_vec()).estate
}

fn planned(estate: &Estate, lost: &str, observation: &Observation) -> Plan {
    let incident = Incident {
        scopes: vec![(Scope::Site(estate.site_named(lost).unwrap()), ScopeState::Lost)],
        ..Incident::nothing(Date::constant(2026, 11, 23))
    };
    plan_on(&prepare(estate), &incident, observation, &inputs()).unwrap()
}

/// What each launch asks for, by its name: for the service, and of the group.
fn asked(plan: &Plan) -> Vec<(&str, u64, Option<u64>)> {
    let launch = |step: &Step| {
        let ActionOnPaper::Scale { to, instances, .. } = &step.action else { return None };
        Some((to[0].1 / 1_000, *instances))
    };
    plan.steps.iter().filter_map(|step| launch(step).map(|(to, of)| (step.id.as_str(), to, of))).collect()
}

/// Whoever was at `a` is served by the cloud since an earlier run.
fn moved(estate: &Estate) -> Observation {
    let cloud = estate.site_named("cloud").unwrap();
    let at_cloud = |name: &str| (estate.service_named(name).unwrap(), vec![(cloud, Ppm::ONE)]);
    Observation {
        active: vec![at_cloud("pay"), at_cloud("text")],
        quarantined: vec![estate.site_named("a").unwrap()],
        runs: vec!["r-1".to_owned()],
        ..Observation::default()
    }
}

fn crowded() -> Estate {
    estate(10)
}

#[test]
fn the_urgent_are_counted_first_and_nobody_twice() {
    let estate = estate(100);
    let plan = planned(&estate, "a", &Observation::default());
    // Three are there. Text lacks 30 cores, which are four instances; pay lacks 20, which are three.
    let mut asked = asked(&plan);
    asked.sort_unstable();
    assert_eq!(asked, [("pay/launch@cloud", 30, Some(10)), ("text/launch@cloud", 40, Some(7))]);
    assert_eq!(verify(&estate, &plan), []);
}

#[test]
fn what_an_earlier_run_launched_is_not_given_to_somebody_else() {
    let estate = estate(100);
    // Two cores are one instance, besides the ten that are in use.
    let next = planned(&estate, "b", &moved(&estate));
    assert_eq!(asked(&next), [("web/launch@cloud", 12, Some(11))]);
    assert_eq!(verify(&estate, &next), []);
    // With room for ten at once, text and pay needed 60 instead of 50 cores on demand: eight instances and two more. Web
    // finds no room at all, and needs two.
    let crowded = crowded();
    let next = planned(&crowded, "b", &moved(&crowded));
    assert_eq!(asked(&next), [("web/launch@cloud", 12, Some(14))]);
    assert_eq!(verify(&crowded, &next), []);
}

#[test]
fn the_check_adds_up_by_itself() {
    let estate = estate(100);
    let mut plan = planned(&estate, "a", &Observation::default());
    for step in &mut plan.steps {
        if let ActionOnPaper::Scale { instances, .. } = &mut step.action {
            // Each asks for its own only.
            *instances = instances.map(|_| if step.id.starts_with("text") { 7 } else { 6 });
        }
    }
    let found = format!("{:?}", verify(&estate, &plan));
    let short = "GroupTooSmall { step: \"text/launch@cloud\", instances: 7, needed: 10 }";
    assert!(found.contains(short), "{found}");
}

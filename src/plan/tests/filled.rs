//! What stands in braces has its value in the plan.

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::ActionOnPaper;
use crate::plan::DurationFrom;
use crate::plan::Step;
use crate::plan::plan_on;
use crate::plan::prepare;
use crate::plan::tests::inputs;
use crate::plan::verify;

const ESTATE: &str = r#"
[[tier]]
id = "core"
[site.a]
kind = "datacenter"
capacity = { cores = 9 }
[site.b]
kind = "datacenter"
capacity = { cores = 9 }
[provider.p]
kind = "command"
read = "r"
write = "w"
[route.r]
provider = "p"
name = "r."
ttl = "30s"
at = { a = ["192.0.2.1"], b = ["192.0.2.2"] }
[service.web]
tier = "core"
kind = "stateless"
load = { cores = 1 }
route = "r"
params = { port = "81" }
[service.web.at.a]
role = "active"
hosts = "a"
[service.web.at.b]
role = "hot"
hosts = "b"
max-load = { cores = 1 }
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "web"
params = { port = "80" }
[[failover]]
id = "look"
phase = "verify"
exec = "look {{ address }}:{{ port }} {{ service }} {{ target }} {{ site }} {{ share }} {{ level }} {{ run }}"
"#;

/// The first step of the plan for the loss of `a`.
fn first_step(topology: &str) -> Step {
    first_step_by(topology, RUNBOOK)
}

fn first_step_by(topology: &str, runbook: &str) -> Step {
    let text = |(path, text): (&str, &str)| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    let estate = load([("runbooks/web.toml", runbook), ("topology/all.toml", topology)].map(text).into()).estate;
    let incident = Incident {
        scopes: vec![(Scope::Site(estate.site_named("a").unwrap()), ScopeState::Lost)],
        surge: None,
        load: Ppm::ONE,
        began_before: None,
        to: Vec::new(),
        only_lifeline: false,
        accept_degraded: false,
        as_of: Date::new(2026, 11, 22).unwrap(),
    };
    let mut plan = plan_on(&prepare(&estate), &incident, &Observation::default(), &inputs()).unwrap();
    assert_eq!(verify(&estate, &plan), []);
    plan.steps.remove(0)
}

#[test]
fn every_name_but_that_of_the_run_is_filled_in() {
    let line = "look 192.0.2.2:81 web b b 100 full {{ run }}".to_owned();
    assert_eq!(first_step(ESTATE).action, ActionOnPaper::Exec { line, env: Vec::new() });
}

/// What was written as text is text for whoever fills in the rest, and for the second pair of eyes.
#[test]
fn what_is_escaped_stays_text_in_the_plan() {
    let runbook = r#"
[runbook]
id = "web"
params = { port = "{{ run }}" }
[[failover]]
id = "look"
phase = "verify"
title = "Look \\{{ service }}"
exec = 'look \{{ service }} \{{ run }} {{ service }} {{ port }} {{ run }}'
"#;
    let step = first_step_by(ESTATE.replace("params = { port = \"81\" }\n", "").as_str(), runbook);
    assert_eq!(step.title, "Look {{ service }}");
    let line = r"look \{{ service }} \{{ run }} web \{{ run }} {{ run }}".to_owned();
    assert_eq!(step.action, ActionOnPaper::Exec { line, env: Vec::new() });
}

#[test]
fn what_lacks_its_address_is_put_to_a_person() {
    let many = ESTATE.replace("[\"192.0.2.2\"]", "[\"192.0.2.2\", \"192.0.2.3\"]");
    for topology in [many, ESTATE.replace(", b = [\"192.0.2.2\"]", "")] {
        let step = first_step(&topology);
        assert_eq!(step.action, ActionOnPaper::Confirm { question: "look".to_owned() });
        assert_eq!((step.verify, step.duration_from), (None, DurationFrom::Person));
    }
    // Another service that uses the runbook loses nothing by it.
    let other = ESTATE[ESTATE.find("[service.web]").unwrap()..].replace("service.web", "service.other");
    let other = other.replace("route = \"r\"", "runbook = \"web\"");
    let step = first_step(&(ESTATE.to_owned() + &other));
    assert_eq!(step.action, ActionOnPaper::Confirm { question: "look".to_owned() });
    let step = first_step(&(ESTATE.to_owned() + &other.replace("service.other", "service.xother")));
    assert!(matches!(step.action, ActionOnPaper::Exec { .. }), "{:?}", step.action);
}

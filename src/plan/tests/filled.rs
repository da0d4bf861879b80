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
use crate::plan::plan_on;
use crate::plan::prepare;
use crate::plan::tests::inputs;

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

#[test]
fn every_name_but_that_of_the_run_is_filled_in() {
    let text = |(path, text): (&str, &str)| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    let estate = load([("runbooks/web.toml", RUNBOOK), ("topology/all.toml", ESTATE)].map(text).into()).estate;
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
    let plan = plan_on(&prepare(&estate), &incident, &Observation::default(), &inputs()).unwrap();
    let line = "look 192.0.2.2:81 web b b 100 full {{ run }}".to_owned();
    assert_eq!(plan.steps[0].action, ActionOnPaper::Exec { line, env: Vec::new() });
}

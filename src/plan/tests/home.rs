//! A way home that verifies less than the way out did, and the second pair of eyes.

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::Violation;
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
runbook = "web"
[service.web.at.a]
role = "active"
hosts = "a"
[service.web.at.b]
role = "hot"
hosts = "b"
max-load = { cores = 1 }
"#;

const OUT: &str = r#"
[runbook]
id = "web"
[[failover]]
id = "look"
phase = "verify"
exec = "look"
[[failover]]
id = "shift"
phase = "shift"
route = true
"#;

const LOOK: &str = "[[failback]]\nid = \"look\"\nphase = \"verify\"\nexec = \"look\"\n";
const SHIFT: &str = "[[failback]]\nid = \"shift\"\nphase = \"shift\"\nroute = true\n";

fn estate(home: &str) -> Estate {
    let runbook = format!("{OUT}{home}");
    let text = |(path, text): (&str, &str)| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    load([("runbooks/web.toml", runbook.as_str()), ("topology/all.toml", ESTATE)].map(text).into()).estate
}

fn way_home(estate: &Estate) -> Plan {
    let incident = Incident {
        scopes: vec![(Scope::Site(estate.site_named("a").unwrap()), ScopeState::Returning)],
        surge: None,
        load: Ppm::ONE,
        began_before: None,
        to: Vec::new(),
        only_lifeline: false,
        accept_degraded: false,
        as_of: Date::new(2026, 11, 22).unwrap(),
    };
    plan_on(&prepare(estate), &incident, &Observation::default(), &inputs()).unwrap()
}

fn phases(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().filter(|step| step.service.is_some()).map(|step| step.phase.as_str()).collect()
}

fn is_unverified(violation: &Violation) -> bool {
    format!("{violation:?}").contains("NoVerify")
}

#[test]
fn a_verification_is_asked_for_where_the_procedure_that_is_used_has_one() {
    let bare = estate(SHIFT);
    let plan = way_home(&bare);
    assert_eq!((plan.incident.mode, phases(&plan)), (Mode::Failback, vec!["shift"]));
    assert_eq!(verify(&bare, &plan), []);
    // With steps of its own that verify, or none so that failover's are used, the same plan would send users blindly.
    for home in [format!("{LOOK}{SHIFT}"), String::new()] {
        let careful = estate(&home);
        assert!(verify(&careful, &plan).iter().any(is_unverified), "{home}");
        let own = way_home(&careful);
        assert_eq!((phases(&own), verify(&careful, &own)), (vec!["verify", "shift"], Vec::new()));
    }
}

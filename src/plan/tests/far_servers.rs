//! Balancers whose sockets are on other hosts: the plan says how those are reached.

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::RouteId;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::Plan;
use crate::plan::looking;
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
defaults = { user = "edge" }
[[host]]
match = "lb*"
address = "{{ host }}.example"
port = 2222
jump = ["bastion@a", "bastion@b"]
[provider.p]
kind = "haproxy"
servers = [
  { address = "ssh:lb1:/run/lb.sock", site = "a" },
  { address = "ssh:lb2:/run/lb.sock", site = "b" },
  "lb3.example:9999",
]
[route.r]
provider = "p"
name = "web"
ttl = "1s"
at = { a = ["a1"], b = ["b1"] }
[service.bastion]
tier = "core"
kind = "stateless"
load = { cores = 1 }
runbook = "bastion"
[service.bastion.at.a]
role = "active"
share = 0.5
hosts = "jump-a"
[service.bastion.at.b]
role = "active"
share = 0.5
hosts = "jump-b"
max-load = { cores = 1 }
[service.web]
tier = "core"
kind = "stateless"
load = { cores = 1 }
route = "r"
[service.web.at.a]
role = "active"
hosts = "web-a"
[service.web.at.b]
role = "hot"
hosts = "web-b"
max-load = { cores = 1 }
"#;

const BASTION: &str = r#"
[runbook]
id = "bastion"
[[failover]]
id = "look"
phase = "verify"
exec = "look"
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "web"
[[failover]]
id = "look"
phase = "verify"
exec = "look"
[[failover]]
id = "shift"
phase = "shift"
on = "operator"
route = true
"#;

fn estate(topology: &str) -> (Estate, Vec<String>) {
    let source = |path: &str, text: &str| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    let runbooks = [source("runbooks/web.toml", RUNBOOK), source("runbooks/bastion.toml", BASTION)];
    let loaded = load([vec![source("topology/all.toml", topology)], runbooks.to_vec()].concat());
    let odd = loaded.findings.iter().map(|finding| format!("{:?}", finding.fault)).collect();
    (loaded.estate, odd)
}

/// `USER@ADDRESS:PORT for HOST through BASTIONS`.
fn reached(plan: &Plan) -> Vec<String> {
    let told = plan.providers[0].hosts.iter().map(|hosts| {
        let user = hosts.user.as_deref().unwrap_or("whoever");
        format!("{user}@{}:{} for {} through {}", hosts.address, hosts.port, hosts.set, hosts.jump.join(", "))
    });
    told.collect()
}

#[test]
fn a_plan_knows_how_the_hosts_of_sockets_are_reached_and_leaves_out_what_is_lost() {
    let (estate, _) = estate(ESTATE);
    let mut incident = Incident::nothing(Date::new(2026, 11, 23).unwrap());
    incident.scopes = vec![(Scope::Site(estate.site_named("a").unwrap()), ScopeState::Lost)];
    let plan = plan_on(&prepare(&estate), &incident, &Observation::default(), &inputs()).unwrap();
    assert_eq!(verify(&estate, &plan), []);
    assert_eq!(reached(&plan), ["edge@{{ host }}.example:2222 for lb2 through bastion@b"]);
    assert_eq!(plan.bastions.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["bastion@b"]);
    let shift = plan.steps.iter().find(|step| step.phase == "shift").unwrap();
    assert_eq!(shift.uses, ["service:bastion@b"]);
    // Whoever only looks at it asks all of them.
    let day = Date::new(2026, 11, 23).unwrap();
    let plan = looking(&estate, &Observation::default(), day, &[RouteId::new(0)]).unwrap();
    let both = [
        "whoever@{{ host }}.example:2222 for lb1 through bastion@a, bastion@b",
        "edge@{{ host }}.example:2222 for lb2 through bastion@a, bastion@b",
    ];
    assert_eq!(reached(&plan), both);
    assert_eq!(plan.bastions.len(), 2);
}

#[test]
fn what_is_no_socket_of_one_host_is_found() {
    for odd in ["ssh:lb1", "ssh:lb[1-2]:/run/lb.sock", "ssh:lb1:run/lb.sock"] {
        let (_, found) = estate(&ESTATE.replacen("ssh:lb1:/run/lb.sock", odd, 1));
        assert!(found.iter().any(|fault| fault.contains("BadForm") && fault.contains(odd)), "{odd}: {found:?}");
    }
}

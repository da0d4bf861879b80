//! A small estate whose plan holds every kind of step and gate that a run can meet.

use std::sync::Arc;

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::Inputs;
use crate::plan::Plan;
use crate::plan::plan_on;
use crate::plan::prepare;
use crate::run::Script;

const SETTINGS: &str = r#"
[project]
title = "Small"
timezone = "Asia/Seoul"
[orchestrator]
copies-at = ["east"]
[pools]
operators = { size = 2, kept-for-first-tier = 1 }
hands = { size = 2, kept-for-first-tier = 1 }
"#;

const TOPOLOGY: &str = r#"
[[tier]]
id = "first"
rto = "10m"
rpo = "0s"
[[tier]]
id = "second"
rto = "20m"
rpo = "1m"
[[tier]]
id = "third"
rto = "1h"
rpo = "1m"
[site.west]
kind = "datacenter"
capacity = { cores = 1000 }
[site.east]
kind = "datacenter"
capacity = { cores = 300 }
[site.north]
kind = "datacenter"
capacity = { cores = 300 }
runbook = "cut"
[place.laptops]
[kit.keys]
held-at = ["laptops"]
fetch = "1m"
[service.store]
runbook = "data"
tier = "first"
owner = "o"
kind = "stateful"
load = { cores = 50 }
[service.store.at.west]
role = "active"
share = 1.0
hosts = "w-store-[1-3]"
max-load = { cores = 100 }
[service.store.at.east]
role = "hot"
hosts = "e-store-[1-3]"
max-load = { cores = 100 }
replication = { from = "west", mode = "sync", max-lag = "0s" }
[service.ledger]
runbook = "data"
tier = "second"
owner = "o"
kind = "stateful"
load = { cores = 50 }
[service.ledger.at.west]
role = "active"
share = 1.0
hosts = "w-led-1"
max-load = { cores = 100 }
[service.ledger.at.east]
role = "hot"
hosts = "e-led-1"
max-load = { cores = 100 }
replication = { from = "west", mode = "async", max-lag = "5m" }
[service.talk]
runbook = "plain"
tier = "first"
owner = "o"
kind = "stateless"
load = { cores = 100 }
depends-on = ["store"]
[service.talk.at.west]
role = "active"
share = 1.0
hosts = "w-talk-[1-4]"
max-load = { cores = 200 }
[service.talk.at.east]
role = "warm"
hosts = "e-talk-[1-4]"
standing = { cores = 10 }
max-load = { cores = 200 }
[service.batch]
runbook = "plain"
tier = "second"
owner = "o"
kind = "stateless"
load = { cores = 50 }
degraded = { load = { cores = 20 }, note = "less" }
[service.batch.at.east]
role = "active"
share = 1.0
hosts = "e-bat-[1-2]"
max-load = { cores = 150 }
[service.toys]
runbook = "plain"
tier = "third"
owner = "o"
kind = "stateless"
load = { cores = 40 }
degraded = { load = { cores = 5 }, note = "less" }
[service.toys.at.east]
role = "active"
share = 1.0
hosts = "e-toy-1"
max-load = { cores = 40 }
[service.reader]
tier = "second"
owner = "o"
kind = "stateless"
load = { cores = 10 }
depends-on = ["talk"]
[service.reader.at.east]
role = "active"
share = 1.0
hosts = "e-read-1"
max-load = { cores = 20 }
[service.maps]
runbook = "plain"
tier = "second"
owner = "o"
kind = "stateless"
load = { cores = 10 }
depends-on = ["gone"]
[service.maps.at.west]
role = "active"
share = 1.0
hosts = "w-map-1"
max-load = { cores = 20 }
[service.maps.at.east]
role = "cold"
hosts = "e-map-1"
max-load = { cores = 20 }
[service.gone]
runbook = "plain"
tier = "second"
owner = "o"
kind = "stateless"
load = { cores = 10 }
[service.gone.at.west]
role = "active"
share = 1.0
hosts = "w-gone-1"
max-load = { cores = 20 }
"#;

const DATA: &str = r#"
[runbook]
id = "data"
[[failover]]
id = "fence"
title = "Fence {{ service }} at {{ source }}"
phase = "fence"
on = "source"
ssh = "svcctl fence {{ service }}"
undo = { ssh = "svcctl unfence {{ service }}" }
attest = "Is it off?"
expect = "5s"
timeout = "20s"
[[failover]]
id = "promote"
title = "Promote {{ service }}"
phase = "promote"
on = "target"
ssh = "svcctl promote {{ service }}"
done-if = { ssh = "svcctl role {{ service }}", expect-output = "primary" }
verify = { ssh = "svcctl writable {{ service }}", within = "30s" }
position = { ssh = "svcctl position {{ service }}" }
uses = ["kit:keys"]
claims = { hands = 1 }
expect = "25s"
timeout = "3m"
[[failover]]
id = "check"
title = "Look whether {{ service }} takes writes"
phase = "verify"
on = "target"
wait = { ssh = "svcctl writable {{ service }}", within = "1m" }
expect = "3s"
"#;

const PLAIN: &str = r#"
[runbook]
id = "plain"
[[failover]]
id = "free"
title = "Make room on the machine of the operator"
phase = "prepare"
on = "operator"
exec = "true"
claims = { hands = 1 }
expect = "4s"
timeout = "30s"
retry = { attempts = 3, backoff = "2s" }
[[failover]]
id = "start"
title = "Start {{ service }}"
phase = "start"
on = "target"
ssh = "svcctl start {{ service }}"
undo = { ssh = "svcctl stop {{ service }}" }
done-if = { ssh = "svcctl status {{ service }}", expect-output = "running" }
batch = { parallel = 2, enough = "75%" }
claims = { hands = 1 }
expect = "20s"
timeout = "2m"
retry = { attempts = 2, backoff = "5s" }
[[failover]]
id = "burn"
title = "Burn the boats of {{ service }}"
phase = "warm"
on = "operator"
exec = "burn"
irreversible = true
expect = "2s"
timeout = "30s"
[[failover]]
id = "ready"
title = "Is {{ service }} there?"
phase = "verify"
on = "target"
wait = { ssh = "svcctl ready {{ service }}", within = "1m" }
expect = "2s"
[[failover]]
id = "switch"
title = "Tell the carrier"
phase = "shift"
on = "operator"
confirm = "Has the carrier switched {{ service }} over?"
expect = "30s"
timeout = "10m"
[[degrade]]
id = "degrade"
title = "Degrade {{ service }}"
on = "target"
ssh = "svcctl degrade {{ service }}"
undo = { ssh = "svcctl restore {{ service }}" }
expect = "3s"
timeout = "30s"
retry = { attempts = 2, backoff = "1s" }
[[restore]]
id = "restore"
title = "Restore {{ service }}"
on = "target"
ssh = "svcctl restore {{ service }}"
expect = "3s"
timeout = "30s"
"#;

const CUT: &str = r#"
[runbook]
id = "cut"
[[fence]]
id = "cut"
title = "Cut it off"
confirm = "Is it cut off?"
expect = "30s"
timeout = "10m"
"#;

/// The plan for the loss of the site where almost everything is.
pub(in crate::engine) fn plan() -> (Arc<Plan>, Arc<Script>) {
    planned("west", ScopeState::Lost)
}

/// The plan for an incident at one site.
pub(in crate::engine) fn planned(site: &str, state: ScopeState) -> (Arc<Plan>, Arc<Script>) {
    let texts = [
        ("bonghwa.toml", SETTINGS),
        ("topology/all.toml", TOPOLOGY),
        ("runbooks/data.toml", DATA),
        ("runbooks/plain.toml", PLAIN),
        ("runbooks/cut.toml", CUT),
    ];
    let sources = texts.map(|(path, text)| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() });
    let loaded = load(sources.to_vec());
    let errors: Vec<_> =
        loaded.findings.iter().filter(|finding| finding.severity == crate::model::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let estate = loaded.estate;
    let incident = Incident {
        scopes: vec![(Scope::Site(estate.site_named(site).unwrap()), state)],
        surge: None,
        load: Ppm::ONE,
        began_before: None,
        to: Vec::new(),
        only_lifeline: false,
        accept_degraded: true,
        as_of: Date::new(2026, 11, 22).unwrap(),
    };
    let inputs = Inputs { sources: Vec::new(), effort: 2_000, errors_elsewhere: 0 };
    let plan = plan_on(&prepare(&estate), &incident, &Observation::default(), &inputs).unwrap();
    let script = Script::new(&plan).unwrap();
    (Arc::new(plan), Arc::new(script))
}

#[test]
fn the_estate_has_every_kind_of_gate() {
    use crate::plan::GateKind;
    use std::collections::BTreeSet;

    let (plan, _) = plan();
    let kinds: BTreeSet<&str> = plan
        .gates
        .iter()
        .map(|gate| match gate.kind {
            GateKind::ApproveStart => "start",
            GateKind::ApproveVictims { .. } => "victims",
            GateKind::ApproveIrreversible { .. } => "irreversible",
            GateKind::Fence { .. } => "fence",
            GateKind::DataLoss { .. } => "data loss",
            GateKind::Health => "health",
            GateKind::BreakGlass { .. } => "break glass",
        })
        .collect();
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}

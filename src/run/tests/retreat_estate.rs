//! Two sites and two services, each step with a way back where there is one: what is taken back in tests.

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::Inputs;
use crate::plan::Plan;
use crate::plan::plan_on;
use crate::plan::prepare;

const SETTINGS: &str = r#"
[project]
title = "Two sites"
timezone = "Asia/Seoul"
[orchestrator]
copies-at = ["south"]
[pools]
operators = { size = 3 }
"#;

const TOPOLOGY: &str = r#"
[[tier]]
id = "first"
title = "What matters"
rto = "15m"
rpo = "0s"
[site.north]
kind = "datacenter"
capacity = { cores = 100 }
[site.south]
kind = "datacenter"
capacity = { cores = 100 }
[service.store]
tier = "first"
owner = "o"
kind = "stateful"
load = { cores = 4 }
[service.store.at.north]
role = "active"
hosts = "no-store-[1-3]"
max-load = { cores = 8 }
[service.store.at.south]
role = "hot"
hosts = "so-store-[1-3]"
max-load = { cores = 8 }
replication = { from = "north", mode = "sync", max-lag = "0s" }
[service.mail]
tier = "first"
owner = "o"
kind = "stateless"
load = { cores = 4 }
depends-on = ["store"]
[service.mail.at.north]
role = "active"
hosts = "no-mail-[1-3]"
max-load = { cores = 8 }
[service.mail.at.south]
role = "cold"
hosts = "so-mail-[1-3]"
max-load = { cores = 8 }
[service.web]
tier = "first"
owner = "o"
kind = "stateless"
runbook = "mail"
load = { cores = 4 }
[service.web.at.north]
role = "active"
hosts = "no-web-1"
max-load = { cores = 8 }
[service.web.at.south]
role = "cold"
hosts = "so-web-1"
max-load = { cores = 8 }
"#;

const STORE: &str = r#"
[runbook]
id = "store"
[[failover]]
id = "quiesce"
title = "Quiet"
phase = "quiesce"
on = "source"
ssh = "quiet"
undo = { ssh = "loud" }
expect = "1s"
[[failover]]
id = "fence"
title = "Fence"
phase = "fence"
on = "source"
ssh = "fence"
undo = { ssh = "unfence" }
attest = "Is it off?"
expect = "1s"
[[failover]]
id = "promote"
title = "Promote"
phase = "promote"
on = "target"
ssh = "promote"
done-if = { ssh = "role", expect-output = "primary" }
position = { ssh = "position" }
expect = "1s"
[[failover]]
id = "verify"
title = "Writable"
phase = "verify"
on = "target"
wait = { ssh = "writable", within = "5s" }
expect = "1s"
"#;

const MAIL: &str = r#"
[runbook]
id = "mail"
[[failover]]
id = "start"
title = "Start"
phase = "start"
on = "target"
ssh = "start"
undo = { ssh = "stop" }
done-if = { ssh = "running" }
expect = "5s"
[[failover]]
id = "tune"
title = "Tune"
phase = "warm"
on = "target"
ssh = "tune"
expect = "2s"
[[failover]]
id = "verify"
title = "Answers"
phase = "verify"
on = "target"
wait = { ssh = "answers", within = "5s" }
expect = "1s"
[[failover]]
id = "switch"
title = "Switch"
phase = "shift"
on = "operator"
exec = "switch {{ target }}"
undo = { exec = "switch {{ source }}" }
expect = "1s"
"#;

/// It, read without a mistake.
pub(super) fn estate() -> Estate {
    let texts = [
        ("bonghwa.toml", SETTINGS),
        ("topology/all.toml", TOPOLOGY),
        ("runbooks/store.toml", STORE),
        ("runbooks/mail.toml", MAIL),
    ];
    let sources = texts.map(|(path, text)| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() });
    let loaded = load(sources.to_vec());
    let errors: Vec<_> =
        loaded.findings.iter().filter(|finding| finding.severity == crate::model::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    loaded.estate
}

/// The plan for what becomes of its north.
pub(super) fn planned(estate: &Estate, state: ScopeState) -> Plan {
    let incident = Incident {
        scopes: vec![(Scope::Site(estate.site_named("north").unwrap()), state)],
        surge: None,
        load: Ppm::ONE,
        began_before: None,
        to: Vec::new(),
        only_lifeline: false,
        accept_degraded: true,
        as_of: Date::new(2026, 11, 22).unwrap(),
    };
    let inputs = Inputs { sources: Vec::new(), effort: 100, errors_elsewhere: 0 };
    plan_on(&prepare(estate), &incident, &Observation::default(), &inputs).unwrap()
}

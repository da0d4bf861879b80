//! Talk, the estate that ships, for tests that run a plan of it.

use std::path::Path;

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

fn read(folder: &Path, root: &Path, sources: &mut Vec<SourceText>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        sources.push(SourceText { path: name, bytes: std::fs::read(&path).unwrap() });
    }
}

/// Talk as it is declared.
pub(crate) fn estate() -> Estate {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = std::fs::read(root.join("bonghwa.toml")).unwrap();
    let mut sources = vec![SourceText { path: "bonghwa.toml".to_owned(), bytes: settings }];
    read(&root.join("topology"), root, &mut sources);
    read(&root.join("runbooks"), root, &mut sources);
    load(sources).estate
}

/// A plan of Talk for one site.
pub(crate) fn plan(estate: &Estate, site: &str, state: ScopeState, observation: &Observation) -> Plan {
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
    plan_on(&prepare(estate), &incident, observation, &inputs).unwrap()
}

/// The plan for the loss of one site.
pub(crate) fn lost(site: &str) -> Plan {
    plan(&estate(), site, ScopeState::Lost, &Observation::default())
}

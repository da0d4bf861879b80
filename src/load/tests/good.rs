//! What is written well is read as it was meant.

use crate::load::tests::consistent::assert_consistent;
use crate::load::tests::load_texts;
use crate::load::tests::sample;
use crate::model::Action;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::Role;
use crate::model::Supply;

#[test]
fn an_estate_without_faults_has_no_findings() {
    let loaded = load_texts(&sample::FILES);
    assert_eq!(loaded.findings, []);
    assert_consistent(&loaded);
}

#[test]
fn everything_lands_where_it_belongs() {
    let loaded = load_texts(&sample::FILES);
    let estate = &loaded.estate;
    let message = estate.service_named("text-message").unwrap();
    let service = estate.service(message);
    let pangyo = estate.site_named("pangyo").unwrap();
    assert_eq!(estate.resources, ["cores", "gbps"]);
    assert_eq!(*service.load.0, [9_000_000, 20_000]);
    assert_eq!(service.surges[0].1, Ppm(3_000_000));
    assert_eq!(service.at(pangyo).unwrap().share, Ppm(700_000));
    let ansan = service.at(estate.site_named("ansan").unwrap()).unwrap();
    assert_eq!((ansan.role, &*ansan.max_load.0), (Role::Active, [2_700_000, 6_000].as_slice()));
    assert_eq!(estate.tiers[1].title, "core");
    let store = &estate.runbooks[1];
    let steps = store.steps(Procedure::Failover).unwrap();
    assert_eq!(steps.len(), 8);
    assert_eq!(steps[1].uses.len(), 2);
    assert_eq!(steps[1].needs, Some(vec!["fence".to_owned()]));
    assert!(matches!(steps[1].uses[0].any_of[..], [Supply::Service(_), Supply::Kit(_)]));
    assert!(matches!(steps[7].action, Action::Route(Some(_))));
    assert_eq!(store.steps(Procedure::Shed).unwrap().len(), 1);
    assert_eq!(service.runbook, estate.service(estate.service_named("message-store").unwrap()).runbook);
    assert_eq!(loaded.sources.line_column(loaded.places.site(pangyo).unwrap()), (10, 7));
}

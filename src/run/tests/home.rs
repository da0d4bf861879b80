//! Away and home again: what a failover leaves behind is where the way home starts, and where that ends is the declaration.

use crate::model::Estate;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::ScopeState;
use crate::plan::Issue;
use crate::plan::Level;
use crate::plan::Plan;
use crate::plan::verify;
use crate::run::Event;
use crate::run::LeftBehind;
use crate::run::RunEnd;
use crate::run::Stamp;
use crate::run::left_behind;
use crate::run::observation;
use crate::run::tests::player::NIGHT;
use crate::run::tests::player::Player;
use crate::run::tests::player::play;
use crate::run::tests::player::who;
use crate::run::tests::talk;

fn left(plan: &Plan, run: &str, at: Stamp) -> LeftBehind {
    let player = play(plan, run, at);
    assert_eq!(player.state.ended, Some(RunEnd::Done), "{run}");
    left_behind(plan, &player.entries).unwrap()
}

fn released(site: &str) -> LeftBehind {
    let estate = talk::estate();
    let plan = talk::plan(&estate, site, ScopeState::Lost, &Observation::default());
    let mut player = Player::new(&plan, "20261123-0900-release-pangyo", NIGHT.after(Millis::from_secs(100_000)));
    player.write(Event::Released { site: site.to_owned(), by: who("jun"), reason: "looked at it".to_owned() });
    left_behind(&plan, &player.entries).unwrap()
}

fn share(estate: &Estate, observation: &Observation, service: &str, site: &str) -> Ppm {
    let (id, site) = (estate.service_named(service).unwrap(), estate.site_named(site).unwrap());
    let active = observation.active.iter().find(|(other, _)| *other == id);
    let declared = || estate.service(id).replicas.iter().find(|replica| replica.site == site).map(|it| it.share);
    let seen = active.map(|(_, shares)| shares.iter().find(|(at, _)| *at == site).map(|(_, share)| *share));
    seen.unwrap_or_else(declared).unwrap_or_default()
}

#[test]
fn a_failover_leaves_behind_what_the_way_home_starts_from() {
    let estate = talk::estate();
    let away = talk::plan(&estate, "pangyo", ScopeState::Lost, &Observation::default());
    let mut runs = vec![left(&away, "20261122-0312-pangyo", NIGHT)];
    let seen = observation(&estate, &runs);
    assert_eq!(seen.quarantined, [estate.site_named("pangyo").unwrap()]);
    for service in &away.services {
        let ends = service.to.iter().map(|target| (&target.site, target.share));
        for (site, ends) in ends.filter(|_| service.level > Level::Shed && service.expected_back_ms.is_some()) {
            assert_eq!(share(&estate, &seen, &service.id, site), ends, "{} at {site}", service.id);
        }
    }
    runs.push(released("pangyo"));
    let seen = observation(&estate, &runs);
    assert_eq!((seen.quarantined.len(), seen.runs.len()), (0, 2));

    let home = talk::plan(&estate, "pangyo", ScopeState::Returning, &seen);
    assert_eq!(verify(&estate, &home), []);
    assert!(home.findings.iter().any(|issue| matches!(issue, Issue::Observed { away, .. } if *away > 0)));
    for service in &home.services {
        for from in &service.from {
            assert_eq!(from.share, share(&estate, &seen, &service.id, &from.site), "{} at {}", service.id, from.site);
        }
    }
    runs.push(left(&home, "20261124-0312-pangyo", NIGHT.after(Millis::from_secs(200_000))));
    let seen = observation(&estate, &runs);
    let names = |at: usize| estate.services[at].name.clone();
    let still: Vec<String> = seen.active.iter().map(|(id, _)| names(id.at())).collect();
    assert_eq!((still, seen.low.len(), seen.quarantined.len()), (Vec::new(), 0, 0));
}

#[test]
fn nobody_plans_for_a_quarantined_site() {
    let estate = talk::estate();
    let away = talk::plan(&estate, "pangyo", ScopeState::Lost, &Observation::default());
    let seen = observation(&estate, &[left(&away, "20261122-0312-pangyo", NIGHT)]);
    let next = talk::plan(&estate, "ansan", ScopeState::Lost, &seen);
    assert_eq!(verify(&estate, &next), []);
    let pangyo = |plan: &Plan| plan.services.iter().any(|it| it.to.iter().any(|to| to.site == "pangyo"));
    assert!(!pangyo(&next));
}

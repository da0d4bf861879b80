//! Room at every instant.

use expect_test::expect;

use crate::model::Millis;
use crate::model::Ppm;
use crate::model::SurgeId;
use crate::placement::Level;
use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::Plan;
use crate::plan::ScopeOnPaper;
use crate::plan::verify::tests::broken;
use crate::plan::verify::tests::estate::estate;
use crate::plan::verify::tests::plan::plan;
use crate::plan::verify::tests::step;
use crate::plan::verify::tests::unhook;
use crate::plan::verify::verify;

#[test]
fn a_site_is_never_overfull() {
    expect![[r#"
        {"kind":"site-overfull","site":"beta","resource":"cores","at":90000,"taken":1180000,"limit":900000}
        {"kind":"room-by-clock","site":"beta","resource":"cores","taken":1180000,"limit":900000}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "ads/degrade@beta").effect = None));
}

#[test]
fn room_is_free_only_when_whoever_gives_it_up_is_done() {
    // The raise begins when the degrading ends by the clock, and does not wait for it.
    expect![[r#"
        {"kind":"room-by-clock","site":"beta","resource":"cores","taken":1180000,"limit":900000}
    "#]]
    .assert_eq(&broken(|plan| unhook(plan, "text/raise@beta", "ads/degrade@beta")));
    // It waits, and what it takes is taken from its start, not from its end.
    expect![[r#"
        {"kind":"starts-early","item":"text/raise@beta","start":90000,"after":"ads/degrade@beta","end":91000}
        {"kind":"site-overfull","site":"beta","resource":"cores","at":90000,"taken":1180000,"limit":900000}
    "#]]
    .assert_eq(&broken(|plan| {
        step(plan, "ads/degrade@beta").duration_ms = Millis::from_secs(81);
    }));
}

#[test]
fn what_is_held_counts_from_the_start() {
    expect![[r#"
        {"kind":"site-overfull","site":"beta","resource":"cores","at":30000,"taken":1150000,"limit":830000}
        {"kind":"room-by-clock","site":"beta","resource":"cores","taken":1180000,"limit":860000}
    "#]]
    .assert_eq(&broken(|plan| {
        step(plan, "text/start@beta").effect = Some(Effect::Holds { level: Level::Full, share: Ppm::ONE });
    }));
}

#[test]
fn a_surge_is_counted() {
    assert!(broken(|plan| plan.incident.load = Ppm(1_250_000)).contains("site-overfull"));
    let mut estate = estate();
    let names = estate.service_named("names").unwrap();
    estate.surges = vec!["new-year".to_owned()];
    estate.services[names.at()].surges = vec![(SurgeId(0), Ppm(1_500_000))];
    let mut plan = plan();
    plan.incident.surge = Some("new-year".to_owned());
    let found = verify(&estate, &plan);
    assert!(format!("{found:?}").contains("ReplicaOverfull { service: \"names\""), "{found:?}");
}

#[test]
fn a_replica_carries_what_its_hosts_can() {
    expect![[r#"
        {"kind":"replica-overfull","service":"store","site":"beta","resource":"cores","at":45000,"taken":90000,"limit":50000}
    "#]].assert_eq(&broken(|plan| {
        let scope = ScopeOnPaper { scope: "hosts:be-db-[1-2]".to_owned(), state: "lost".to_owned() };
        plan.incident.scopes.push(scope);
        for id in ["store/promote@beta", "store/verify@beta"] {
            let hosts = step(plan, id).hosts.as_mut().unwrap();
            hosts.set = "be-db-[3-4]".to_owned();
            hosts.count = 2;
        }
    }));
}

fn scale(plan: &mut Plan) -> &mut Vec<(String, u64)> {
    let ActionOnPaper::Scale { to, .. } = &mut step(plan, "burst/launch@gamma").action else { panic!("it launches") };
    to
}

#[test]
fn a_cloud_launches_what_it_declares_and_is_waited_for() {
    expect![[r#"
        {"kind":"scale-beyond","step":"burst/launch@gamma","resource":"cores","amount":250001,"limit":250000}
    "#]]
    .assert_eq(&broken(|plan| scale(plan)[0].1 = 250_001));
    expect![[r#"
        {"kind":"site-overfull","site":"gamma","resource":"cores","at":310000,"taken":220000,"limit":185000}
        {"kind":"room-by-clock","site":"gamma","resource":"cores","taken":220000,"limit":185000}
    "#]]
    .assert_eq(&broken(|plan| scale(plan)[0].1 = 100_000));
    expect![[r#"
        {"kind":"verify-before-up","step":"burst/verify@gamma","before":"burst/launch@gamma"}
        {"kind":"scale-not-awaited","step":"burst/start@gamma","scale":"burst/launch@gamma"}
        {"kind":"scale-not-awaited","step":"burst/verify@gamma","scale":"burst/launch@gamma"}
    "#]]
    .assert_eq(&broken(|plan| {
        unhook(plan, "burst/start@gamma", "burst/launch@gamma");
        step(plan, "burst/start@gamma").after.push("approval:start".to_owned());
    }));
    expect![[r#"
        {"kind":"site-overfull","site":"gamma","resource":"cores","at":310000,"taken":220000,"limit":85000}
        {"kind":"replica-overfull","service":"burst","site":"gamma","resource":"cores","at":310000,"taken":220000,"limit":50000}
        {"kind":"replica-overfull","service":"burst","site":"gamma","resource":"cores","at":330000,"taken":220000,"limit":50000}
        {"kind":"room-by-clock","site":"gamma","resource":"cores","taken":220000,"limit":85000}
    "#]].assert_eq(&broken(|plan| {
        plan.steps.retain(|step| step.id != "burst/launch@gamma");
        unhook(plan, "burst/start@gamma", "burst/launch@gamma");
        step(plan, "burst/start@gamma").after.push("approval:start".to_owned());
    }));
}

#[test]
fn the_reserve_is_for_the_floors_of_the_first_tier() {
    let mut estate = estate();
    let beta = estate.site_named("beta").unwrap();
    // 780 of 1,000 are taken in the end; floors of the first tier took 100 of them.
    estate.sites[beta.at()].fill_limit = Ppm(700_000);
    assert_eq!(verify(&estate, &plan()), []);
    estate.sites[beta.at()].fill_limit = Ppm(650_000);
    assert_ne!(verify(&estate, &plan()), []);
}

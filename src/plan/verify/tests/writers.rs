//! Where nothing may be done, who may write, and where users are sent.

use expect_test::expect;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::RouteOnPaper;
use crate::plan::ScopeOnPaper;
use crate::plan::Side;
use crate::plan::verify::tests::broken;
use crate::plan::verify::tests::gate;
use crate::plan::verify::tests::service;
use crate::plan::verify::tests::step;
use crate::plan::verify::tests::unhook;

fn add_scope(plan: &mut Plan, scope: &str, state: &str) {
    plan.incident.scopes.push(ScopeOnPaper { scope: scope.to_owned(), state: state.to_owned() });
}

fn route(plan: &mut Plan) -> &mut RouteOnPaper {
    let ActionOnPaper::Route(route) = &mut step(plan, "text/shift@beta").action else { panic!("it shifts a route") };
    route
}

#[test]
fn nothing_is_done_at_what_is_lost() {
    expect![[r#"
        {"kind":"acts-on-lost","step":"store/fence@alpha","site":"alpha","state":"lost"}
        {"kind":"fence-opened-wrongly","gate":"fence:store@alpha","by":"store/fence@alpha"}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "store/fence@alpha").phase = "quiesce".to_owned()));
    expect![[r#"
        {"kind":"acts-on-lost","step":"store/fence@alpha","site":"alpha","state":"lost"}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "store/fence@alpha").on = Side::Target));
}

#[test]
fn a_fence_at_what_is_lost_is_short() {
    let limit = Millis::from_secs(61);
    expect![[r#"
        {"kind":"fence-too-long","step":"store/fence@alpha","timeout":61000,"limit":60000}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "store/fence@alpha").limits.timeout_ms = limit));
}

#[test]
fn lost_hosts_are_left_alone() {
    expect![[r#"
        {"kind":"hosts-lost","step":"store/promote@beta","hosts":"be-db-[1-4]"}
        {"kind":"hosts-lost","step":"store/verify@beta","hosts":"be-db-[1-4]"}
        {"kind":"replica-overfull","service":"store","site":"beta","resource":"cores","at":45000,"taken":90000,"limit":75000}
    "#]].assert_eq(&broken(|plan| add_scope(plan, "hosts:be-db-1", "lost")));
}

#[test]
fn hosts_are_those_of_the_replica() {
    expect![[r#"
        {"kind":"no-hosts","step":"names/verify@beta"}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "names/verify@beta").hosts = None));
    expect![[r#"
        {"kind":"hosts-differ","step":"names/verify@beta","hosts":"be-ad-1"}
        {"kind":"hosts-differ","step":"store/verify@beta","hosts":"be-db-[1-4]"}
    "#]]
    .assert_eq(&broken(|plan| {
        step(plan, "names/verify@beta").hosts.as_mut().unwrap().set = "be-ad-1".to_owned();
        step(plan, "store/verify@beta").hosts.as_mut().unwrap().count = 3;
    }));
}

#[test]
fn nothing_comes_up_where_it_is_not_trusted() {
    let found = broken(|plan| {
        add_scope(plan, "service:names@beta", "impaired");
        plan.sites[1].state = "up".to_owned();
    });
    expect![[r#"
        {"kind":"acts-on-lost","step":"names/verify@beta","site":"beta","state":"impaired"}
        {"kind":"target-untrusted","service":"names","site":"beta","state":"impaired"}
    "#]]
    .assert_eq(&found);
}

#[test]
fn a_writer_that_is_not_trusted_is_fenced() {
    let found = broken(|plan| {
        plan.incident.scopes[0].state = "impaired".to_owned();
        plan.sites[0].state = "impaired".to_owned();
        plan.gates.retain(|gate| gate.service.is_none());
        let promote = step(plan, "store/promote@beta");
        promote.after = vec!["store/fence@alpha".to_owned()];
        promote.irreversible = false;
    });
    expect![[r#"
        {"kind":"no-fence-before","step":"store/promote@beta","site":"alpha"}
        {"kind":"fence-missing","service":"store","site":"alpha"}
    "#]]
    .assert_eq(&found);
}

#[test]
fn the_old_writer_is_fenced_before_a_promotion() {
    let found = broken(|plan| {
        let promote = step(plan, "store/promote@beta");
        promote.after = vec!["store/fence@alpha".to_owned()];
        promote.irreversible = false;
    });
    expect![[r#"
        {"kind":"no-fence-before","step":"store/promote@beta","site":"alpha"}
    "#]]
    .assert_eq(&found);
}

#[test]
fn a_fence_gate_is_opened_by_a_fence_there_or_by_a_person() {
    let by = |by: &str| vec![by.to_owned()];
    expect![[r#"
        {"kind":"fence-opened-wrongly","gate":"fence:store@alpha","by":"bastion/verify@beta"}
    "#]]
    .assert_eq(&broken(|plan| gate(plan, "fence:store@alpha").opened_by = by("bastion/verify@beta")));
    expect![[r#"
        {"kind":"fence-opened-wrongly","gate":"fence:store@alpha","by":null}
    "#]]
    .assert_eq(&broken(|plan| gate(plan, "fence:store@alpha").opened_by.clear()));
    assert_eq!(broken(|plan| gate(plan, "fence:store@alpha").person = true), "");
}

/// Brings the store up in the cloud instead, which follows from behind.
fn move_store(plan: &mut Plan) {
    let hosts = step(plan, "burst/start@gamma").hosts.clone();
    for id in ["store/promote@beta", "store/verify@beta"] {
        let step = step(plan, id);
        step.site = Some("gamma".to_owned());
        step.hosts.clone_from(&hosts);
        step.hosts.as_mut().unwrap().set = "ga-db-1".to_owned();
        step.claims[0].pool = "site:gamma".to_owned();
        step.effect = None;
    }
    service(plan, "store").to[0].site = "gamma".to_owned();
}

fn data_loss(plan: &mut Plan, after: &str) {
    let kind = GateKind::DataLoss { site: "gamma".to_owned(), at_most_ms: None, objective_ms: None };
    let fence = gate(plan, "fence:store@alpha").clone();
    let gate = Gate {
        id: "data-loss:store@gamma".to_owned(),
        kind,
        after: vec![after.to_owned()],
        opened_by: Vec::new(),
        person: true,
        start_ms: Millis::from_secs(20),
        duration_ms: Millis::ZERO,
        ..fence
    };
    plan.gates.push(gate);
    step(plan, "store/promote@beta").after.push("data-loss:store@gamma".to_owned());
}

#[test]
fn a_person_is_asked_before_data_is_lost() {
    let found = broken(move_store);
    assert!(found.contains(r#"{"kind":"no-data-loss-gate","step":"store/promote@beta","lag":5000,"objective":0}"#));
    let found = broken(|plan| {
        move_store(plan);
        data_loss(plan, "fence:store@alpha");
    });
    assert!(!found.contains("data-loss"), "{found}");
}

#[test]
fn data_loss_is_judged_behind_the_fence() {
    let found = broken(|plan| {
        move_store(plan);
        data_loss(plan, "approval:start");
    });
    assert!(found.contains(r#"{"kind":"data-loss-before-fence","gate":"data-loss:store@gamma","site":"alpha"}"#));
}

#[test]
fn there_are_never_two_writers() {
    let found = broken(|plan| {
        let mut second = step(plan, "store/promote@beta").clone();
        second.id = "store/promote@gamma".to_owned();
        second.site = Some("gamma".to_owned());
        second.hosts.as_mut().unwrap().set = "ga-db-[1-4]".to_owned();
        second.claims[0].pool = "site:gamma".to_owned();
        second.start_ms = Millis::from_secs(50);
        plan.steps.push(second);
        data_loss(plan, "fence:store@alpha");
        step(plan, "store/promote@gamma").after.push("data-loss:store@gamma".to_owned());
    });
    expect![[r#"
        {"kind":"before-dependency","step":"text/raise@beta","needs":"store"}
        {"kind":"before-dependency","step":"text/shift@beta","needs":"store"}
        {"kind":"before-dependency","step":"text/verify@beta","needs":"store"}
        {"kind":"two-writers","service":"store","first":"store/promote@beta","second":"store/promote@gamma"}
    "#]]
    .assert_eq(&found);
}

#[test]
fn a_target_is_verified_before_it_gets_users_and_promoted_before_that() {
    expect![[r#"
        {"kind":"before-dependency","step":"text/raise@beta","needs":"store"}
        {"kind":"before-dependency","step":"text/shift@beta","needs":"store"}
        {"kind":"shift-before-verify","step":"text/raise@beta","verify":"text/verify@beta"}
        {"kind":"shift-before-verify","step":"text/shift@beta","verify":"text/verify@beta"}
        {"kind":"before-start-approval","step":"text/shift@beta"}
        {"kind":"served-by-clock","first":"text/start@beta","second":"text/shift@beta"}
    "#]]
    .assert_eq(&broken(|plan| unhook(plan, "text/shift@beta", "text/verify@beta")));
    expect![[r#"
        {"kind":"verify-before-up","step":"store/verify@beta","before":"store/promote@beta"}
    "#]]
    .assert_eq(&broken(|plan| {
        unhook(plan, "store/verify@beta", "store/promote@beta");
        step(plan, "store/verify@beta").after.push("fence:store@alpha".to_owned());
    }));
}

#[test]
fn a_target_whose_runbook_verifies_is_verified() {
    let found = broken(|plan| step(plan, "store/verify@beta").phase = "shift".to_owned());
    expect![[r#"
        {"kind":"no-verify","step":"store/verify@beta"}
    "#]]
    .assert_eq(&found);
}

#[test]
fn nothing_is_let_go_before_its_target_is_ready() {
    let drain = |after: &'static str| {
        move |plan: &mut Plan| {
            let mut drain = step(plan, "store/verify@beta").clone();
            drain.id = "store/drain@gamma".to_owned();
            drain.phase = "drain".to_owned();
            drain.on = Side::Source;
            drain.site = Some("gamma".to_owned());
            drain.hosts.as_mut().unwrap().set = "ga-db-[1-4]".to_owned();
            drain.claims[0].pool = "site:gamma".to_owned();
            drain.effect = None;
            drain.start_ms = Millis::from_secs(60);
            drain.after = vec![after.to_owned()];
            plan.steps.push(drain);
        }
    };
    expect![[r#"
        {"kind":"drain-before-ready","step":"store/drain@gamma","target":"beta"}
    "#]]
    .assert_eq(&broken(drain("store/promote@beta")));
    assert_eq!(broken(drain("store/verify@beta")), "");
}

#[test]
fn a_route_goes_somewhere_and_no_further_than_all() {
    expect![[r#"
        {"kind":"route-empty","step":"text/shift@beta","route":"text"}
        {"kind":"ramp-falls","step":"text/shift@beta","route":"text"}
    "#]]
    .assert_eq(&broken(|plan| route(plan).to.clear()));
    expect![[r#"
        {"kind":"route-overfull","step":"text/shift@beta","route":"text","sum":1000001}
        {"kind":"ramp-falls","step":"text/shift@beta","route":"text"}
    "#]]
    .assert_eq(&broken(|plan| route(plan).to[0].1 = Ppm(1_000_001)));
    expect![[r#"
        {"kind":"ramp-falls","step":"text/shift@beta","route":"text"}
    "#]]
    .assert_eq(&broken(|plan| route(plan).stages.swap(0, 1)));
    expect![[r#"
        {"kind":"route-differs","step":"text/shift@beta","route":"text","provider":"cloud"}
    "#]]
    .assert_eq(&broken(|plan| route(plan).provider = "cloud".to_owned()));
}

#[test]
fn a_route_goes_to_no_lost_site_and_to_none_without_an_address() {
    expect![[r#"
        {"kind":"route-to-lost","step":"text/shift@beta","route":"text","site":"alpha","state":"lost"}
        {"kind":"ramp-falls","step":"text/shift@beta","route":"text"}
    "#]]
    .assert_eq(&broken(|plan| route(plan).to.push(("alpha".to_owned(), Ppm::ZERO))));
    expect![[r#"
        {"kind":"route-without-address","step":"text/shift@beta","route":"text","site":"gamma"}
        {"kind":"ramp-falls","step":"text/shift@beta","route":"text"}
    "#]]
    .assert_eq(&broken(|plan| route(plan).to = vec![("gamma".to_owned(), Ppm(500_000))]));
}

#[test]
fn a_route_leaves_what_is_to_be_left() {
    let found = broken(|plan| {
        plan.incident.scopes.push(ScopeOnPaper { scope: "service:text@beta".to_owned(), state: "leaving".to_owned() });
    });
    assert!(found.contains(r#"{"kind":"route-stays-at-leaving","step":"text/shift@beta""#), "{found}");
}

#[test]
fn shifts_of_one_route_come_in_one_order() {
    let found = broken(|plan| {
        let mut second = step(plan, "text/shift@beta").clone();
        second.id = "text/shift-again@beta".to_owned();
        second.start_ms = Millis::from_secs(90);
        second.effect = None;
        plan.steps.push(second);
        plan.classes[0].finish_ms = Millis::from_secs(130);
    });
    expect![[r#"
        {"kind":"route-by-clock","route":"text","first":"text/shift@beta","second":"text/shift-again@beta"}
    "#]]
    .assert_eq(&found);
}

#[test]
fn what_a_replica_serves_is_decided_in_one_order() {
    let found = broken(|plan| {
        unhook(plan, "text/raise@beta", "text/shift@beta");
        step(plan, "text/raise@beta").after.push("text/verify@beta".to_owned());
    });
    expect![[r#"
        {"kind":"served-by-clock","first":"text/shift@beta","second":"text/raise@beta"}
    "#]]
    .assert_eq(&found);
}

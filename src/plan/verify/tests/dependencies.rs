//! What is needed is there first: through `after`, whatever the clock says.

use expect_test::expect;

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Impact;
use crate::plan::ActionOnPaper;
use crate::plan::ClaimOnPaper;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::ScopeOnPaper;
use crate::plan::verify::tests::broken;
use crate::plan::verify::tests::service;
use crate::plan::verify::tests::step;
use crate::plan::verify::tests::unhook;

fn glass(missing: &str) -> Gate {
    Gate {
        id: format!("glass:{missing}"),
        kind: GateKind::BreakGlass { missing: missing.to_owned() },
        service: None,
        after: Vec::new(),
        opened_by: Vec::new(),
        person: true,
        start_ms: Millis::ZERO,
        duration_ms: Millis::ZERO,
        limit_ms: Millis::from_secs(3_600),
        class: 0,
        claims: vec![ClaimOnPaper { pool: "operators".to_owned(), amount: 1 }],
    }
}

/// Puts a break-glass gate before a step.
fn put(plan: &mut Plan, missing: &str, before: &str) {
    let gate = glass(missing);
    step(plan, before).after.push(gate.id.clone());
    plan.gates.push(gate);
}

#[test]
fn a_hard_dependency_is_ready_before_whoever_needs_it() {
    // By the clock all is well: the store is verified at 50 s, and the text starts then.
    expect![[r#"
        {"kind":"before-dependency","step":"text/raise@beta","needs":"store"}
        {"kind":"before-dependency","step":"text/shift@beta","needs":"store"}
        {"kind":"before-dependency","step":"text/verify@beta","needs":"store"}
    "#]]
    .assert_eq(&broken(|plan| unhook(plan, "text/verify@beta", "store/verify@beta")));
}

#[test]
fn those_that_are_recovered_together_do_not_wait_for_each_other() {
    let change = |plan: &mut Plan| {
        unhook(plan, "text/verify@beta", "store/verify@beta");
        service(plan, "text").together_with.push("store".to_owned());
    };
    expect![[r#""#]].assert_eq(&broken(change));
}

#[test]
fn what_is_stranded_has_a_person_before_whoever_needs_it() {
    let strand = |plan: &mut Plan| {
        plan.steps.retain(|step| step.service.as_deref() != Some("store"));
        plan.gates.retain(|gate| gate.service.is_none());
        unhook(plan, "text/verify@beta", "store/verify@beta");
        let store = service(plan, "store");
        store.impact = Impact::Stranded;
        store.expected_back_ms = None;
        store.milestones.pop();
    };
    expect![[r#"
        {"kind":"before-stranded","step":"text/raise@beta","needs":"store"}
        {"kind":"before-stranded","step":"text/shift@beta","needs":"store"}
        {"kind":"before-stranded","step":"text/verify@beta","needs":"store"}
    "#]]
    .assert_eq(&broken(strand));
    let supplied = |plan: &mut Plan| {
        strand(plan);
        put(plan, "service:store", "text/verify@beta");
    };
    expect![[r#""#]].assert_eq(&broken(supplied));
}

#[test]
fn what_only_the_full_level_needs_is_ready_before_the_raise() {
    expect![[r#"
        {"kind":"full-before-dependency","step":"text/raise@beta","needs":"names"}
    "#]]
    .assert_eq(&broken(|plan| unhook(plan, "text/raise@beta", "names/verify@beta")));
}

#[test]
fn what_a_start_needs_is_ready_before_it() {
    let change = |plan: &mut Plan| {
        unhook(plan, "text/start@beta", "registry/verify@beta");
        step(plan, "text/start@beta").after.push("approval:start".to_owned());
    };
    expect![[r#"
        {"kind":"start-before-dependency","step":"text/start@beta","needs":"registry"}
    "#]]
    .assert_eq(&broken(change));
}

#[test]
fn what_a_step_uses_is_there() {
    let use_lost = |plan: &mut Plan| step(plan, "registry/verify@beta").uses = vec!["service:vault@alpha".to_owned()];
    expect![[r#"
        {"kind":"uses-unavailable","step":"registry/verify@beta","uses":"service:vault@alpha"}
    "#]]
    .assert_eq(&broken(use_lost));
    let supplied = |plan: &mut Plan| {
        use_lost(plan);
        put(plan, "service:vault", "registry/verify@beta");
    };
    expect![[r#""#]].assert_eq(&broken(supplied));
    // What is recovered is there behind its ready point, and not before.
    let recovered =
        |id: &'static str| move |plan: &mut Plan| step(plan, id).uses.push("service:registry@beta".to_owned());
    expect![[r#""#]].assert_eq(&broken(recovered("text/start@beta")));
    expect![[r#"
        {"kind":"uses-unavailable","step":"store/verify@beta","uses":"service:registry@beta"}
    "#]]
    .assert_eq(&broken(recovered("store/verify@beta")));
}

#[test]
fn a_kit_is_fetched_from_where_it_still_is() {
    expect![[r#"
        {"kind":"kit-not-fetched","step":"text/shift@beta","kit":"sealed"}
    "#]]
    .assert_eq(&broken(|plan| unhook(plan, "text/shift@beta", "kit/fetch@laptops")));
    expect![[r#"
        {"kind":"kit-not-fetched","step":"kit/fetch@laptops","kit":"sealed"}
        {"kind":"kit-not-fetched","step":"text/shift@beta","kit":"sealed"}
    "#]]
    .assert_eq(&broken(|plan| {
        let ActionOnPaper::Fetch { held_at, .. } = &mut step(plan, "kit/fetch@laptops").action else { panic!() };
        held_at.push("alpha".to_owned());
    }));
}

#[test]
fn what_a_provider_needs_by_declaration_is_filled() {
    expect![[r#"
        {"kind":"need-unfilled","step":"text/shift@beta","any-of":["service:vault","kit:sealed"]}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "text/shift@beta").uses.clear()));
}

#[test]
fn the_way_to_hosts_leads_through_what_is_left() {
    let change = |plan: &mut Plan| step(plan, "registry/verify@beta").hosts.as_mut().unwrap().jump.truncate(1);
    expect![[r#"
        {"kind":"jump-lost","step":"registry/verify@beta","jump":["bastion@alpha"]}
    "#]]
    .assert_eq(&broken(change));
    expect![[r#""#]].assert_eq(&broken(|plan| {
        change(plan);
        put(plan, "service:bastion@alpha", "registry/verify@beta");
    }));
}

#[test]
fn losing_the_last_bastion_as_well_makes_every_step_a_matter_of_glass() {
    let scope = ScopeOnPaper { scope: "service:bastion@beta".to_owned(), state: "lost".to_owned() };
    let found = broken(|plan| plan.incident.scopes.push(scope));
    assert!(found.contains(r#"{"kind":"jump-lost","step":"text/raise@beta""#), "{found}");
    assert!(found.contains(r#"{"kind":"uses-unavailable","step":"text/raise@beta""#), "{found}");
    assert!(found.contains(r#"{"kind":"acts-on-lost","step":"bastion/verify@beta""#), "{found}");
    assert!(!found.contains(r#""step":"store/fence@alpha""#), "{found}");
}

#[test]
fn a_cloud_that_nobody_needs_is_no_dependency() {
    assert_eq!(broken(|plan| service(plan, "burst").from[0].share = Ppm::ONE), "");
}

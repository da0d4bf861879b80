//! Who must have said yes.

use expect_test::expect;

use crate::placement::LevelBecause;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::verify::tests::broken;
use crate::plan::verify::tests::gate;
use crate::plan::verify::tests::service;
use crate::plan::verify::tests::step;
use crate::plan::verify::tests::unhook;

fn approve(plan: &mut Plan, kind: GateKind, before: &str) {
    let start = gate(plan, "approval:start").clone();
    plan.gates.push(Gate { id: "approval:more".to_owned(), kind, claims: Vec::new(), ..start });
    step(plan, before).after.push("approval:more".to_owned());
}

#[test]
fn a_plan_is_approved_once() {
    expect![[r#"
        {"kind":"start-approvals","count":2}
    "#]]
    .assert_eq(&broken(|plan| approve(plan, GateKind::ApproveStart, "names/verify@beta")));
}

#[test]
fn nothing_changes_before_the_plan_is_approved() {
    expect![[r#"
        {"kind":"before-start-approval","step":"store/fence@alpha"}
    "#]]
    .assert_eq(&broken(|plan| unhook(plan, "store/fence@alpha", "approval:start")));
}

#[test]
fn what_has_no_way_back_is_guarded() {
    let risk = |plan: &mut Plan| step(plan, "names/verify@beta").irreversible = true;
    expect![[r#"
        {"kind":"irreversible-unapproved","step":"names/verify@beta"}
    "#]]
    .assert_eq(&broken(risk));
    let approved = |plan: &mut Plan| {
        risk(plan);
        approve(plan, GateKind::ApproveIrreversible { step: "names/verify@beta".to_owned() }, "names/verify@beta");
    };
    expect![[r#""#]].assert_eq(&broken(approved));
}

#[test]
fn victims_of_others_than_the_lifeline_are_asked_for() {
    let for_names = |plan: &mut Plan| {
        let because = LevelBecause::GivesWay { service: "names".to_owned(), site: "beta".to_owned() };
        service(plan, "ads").level_because = Some(because);
    };
    expect![[r#"
        {"kind":"victim-unapproved","step":"ads/degrade@beta","service":"ads"}
    "#]]
    .assert_eq(&broken(for_names));
    let approved = |plan: &mut Plan| {
        for_names(plan);
        approve(plan, GateKind::ApproveVictims { services: vec!["ads".to_owned()] }, "ads/degrade@beta");
    };
    expect![[r#""#]].assert_eq(&broken(approved));
}

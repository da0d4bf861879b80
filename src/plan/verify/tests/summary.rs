//! The summary doesn't lie.

use expect_test::expect;

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Level;
use crate::plan::verify::tests::broken;
use crate::plan::verify::tests::service;
use crate::plan::verify::tests::step;

#[test]
fn tiers_are_declared_or_given_by_whoever_needs_them() {
    expect![[r#"
        {"kind":"tier-differs","service":"names","stated":"lifeline","is":"rest"}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "names").effective_tier = "lifeline".to_owned()));
    expect![[r#"
        {"kind":"tier-differs","service":"store","stated":"rest","is":"lifeline"}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "store").effective_tier = "rest".to_owned()));
    expect![[r#"
        {"kind":"tier-differs","service":"ads","stated":"lifeline","is":"rest"}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "ads").tier = "lifeline".to_owned()));
}

#[test]
fn a_promise_is_the_declared_one() {
    expect![[r#"
        {"kind":"objective-differs","service":"store","stated":null,"declared":600000}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "store").objective_ms = None));
}

#[test]
fn targets_end_as_steps_leave_them() {
    expect![[r#"
        {"kind":"target-differs","service":"registry","site":"beta","stated":["full",900000],"steps":["full",1000000]}
        {"kind":"admits-differs","service":"registry","stated":1000000,"targets":900000}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "registry").to[0].share = Ppm(900_000)));
    expect![[r#"
        {"kind":"target-differs","service":"names","site":"beta","stated":["degraded",1000000],"steps":["full",1000000]}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "names").to[0].level = Level::Degraded));
}

#[test]
fn a_service_is_back_when_its_steps_make_it_so() {
    let early = Some(Millis::from_secs(55));
    expect![[r#"
        {"kind":"back-differs","service":"text","stated":55000,"steps":90000}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "text").expected_back_ms = early));
    expect![[r#"
        {"kind":"full-differs","service":"text","stated":55000,"steps":120000}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "text").expected_full_ms = early));
    expect![[r#"
        {"kind":"back-differs","service":"vault","stated":55000,"steps":null}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "vault").expected_back_ms = early));
}

#[test]
fn milestones_go_forward_and_promise_no_more_than_is_so() {
    expect![[r#"
        {"kind":"milestones-disorder","service":"text","at":90000}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "text").milestones.swap(1, 2)));
    expect![[r#"
        {"kind":"milestone-too-good","service":"text","at":90000,"stated":["full",1000000],"steps":["degraded",1000000]}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "text").milestones[1].level = Level::Full));
    expect![[r#"
        {"kind":"milestone-too-good","service":"bastion","at":0,"stated":["full",1000000],"steps":["full",500000]}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "bastion").milestones[0].share = Ppm::ONE));
}

#[test]
fn critical_paths_lead_over_items_at_their_times() {
    expect![[r#"
        {"kind":"path-differs","service":"text","link":"text/shift@beta"}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "text").critical_path[0].end_ms = Millis::ZERO));
}

#[test]
fn a_class_is_done_with_its_last_step() {
    expect![[r#"
        {"kind":"class-ends-early","tier":"lifeline","stated":119000,"step":"text/raise@beta","end":120000}
    "#]]
    .assert_eq(&broken(|plan| plan.classes[0].finish_ms = Millis::from_secs(119)));
    expect![[r#"
        {"kind":"class-ends-early","tier":"lifeline","stated":120000,"step":"burst/verify@gamma","end":340000}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "burst/verify@gamma").class = 0));
}

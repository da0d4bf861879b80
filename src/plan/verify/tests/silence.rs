//! How long a writer is silent in a planned move.

use expect_test::expect;

use crate::model::Millis;
use crate::plan::GateKind;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::verify::tests::broken;
use crate::plan::verify::tests::gate;
use crate::plan::verify::tests::service;
use crate::plan::verify::tests::step;
use crate::plan::verify::tests::unhook;

const FENCE: &str = "store/fence@alpha";
const PROMOTE: &str = "store/promote@beta";
const APPROVAL: &str = "approval:store/promote@beta";
const BASTION: &str = "bastion/verify@beta";

/// The small plan as a planned move: alpha still serves. The promotion waits for a bastion, and for a person's yes, and
/// so does the fence.
fn moved(plan: &mut Plan) {
    plan.incident.mode = Mode::Switchover;
    plan.incident.scopes.iter_mut().for_each(|scope| scope.state = "leaving".to_owned());
    plan.sites[0].state = "leaving".to_owned();
    // What is left in order serves in full until it is left.
    for id in ["burst", "names", "registry", "text"] {
        service(plan, id).expected_full_ms = Some(Millis::ZERO);
    }
    let mut approval = plan.gates[0].clone();
    approval.id = APPROVAL.to_owned();
    approval.kind = GateKind::ApproveIrreversible { step: PROMOTE.to_owned() };
    approval.service = Some("store".to_owned());
    approval.after = vec!["approval:start".to_owned()];
    approval.start_ms = Millis::from_secs(10);
    approval.duration_ms = Millis::from_secs(5);
    plan.gates.push(approval);
    for item in [FENCE, PROMOTE] {
        step(plan, item).after.extend([APPROVAL.to_owned(), BASTION.to_owned()]);
    }
    step(plan, FENCE).start_ms = Millis::from_secs(15);
    step(plan, FENCE).duration_ms = Millis::from_secs(5);
}

#[test]
fn a_writer_is_silenced_when_nothing_else_is_waited_for() {
    assert_eq!(broken(moved), "");
}

#[test]
fn no_writer_is_silent_while_its_successor_waits_for_what_it_uses() {
    let fence_runs_early = |plan: &mut Plan| {
        moved(plan);
        unhook(plan, FENCE, BASTION);
    };
    expect![[r#"
        {"kind":"silenced-early","step":"store/fence@alpha","needs":"bastion/verify@beta"}
    "#]]
    .assert_eq(&broken(fence_runs_early));
    // A failover fences as early as it can: what it silences is gone, or not trusted.
    let in_a_failover = |plan: &mut Plan| step(plan, PROMOTE).after.push(BASTION.to_owned());
    assert_eq!(broken(in_a_failover), "");
}

#[test]
fn what_waits_for_the_fence_itself_comes_after_it_and_what_that_waits_for_does_not() {
    let between = |plan: &mut Plan| {
        moved(plan);
        unhook(plan, FENCE, BASTION);
        unhook(plan, PROMOTE, BASTION);
        let mut check = step(plan, "names/verify@beta").clone();
        check.id = "store/look@beta".to_owned();
        check.title = check.id.clone();
        check.service = Some("names".to_owned());
        check.effect = None;
        check.duration_ms = Millis::ZERO;
        check.start_ms = Millis::from_secs(20);
        check.after = vec![FENCE.to_owned(), BASTION.to_owned()];
        step(plan, PROMOTE).after.push(check.id.clone());
        plan.steps.push(check);
    };
    expect![[r#"
        {"kind":"silenced-early","step":"store/fence@alpha","needs":"bastion/verify@beta"}
    "#]]
    .assert_eq(&broken(between));
}

#[test]
fn nobody_is_asked_while_a_writer_is_silent() {
    let asked_in_the_middle = |plan: &mut Plan| {
        moved(plan);
        unhook(plan, FENCE, APPROVAL);
        gate(plan, APPROVAL).after = vec![FENCE.to_owned()];
        gate(plan, APPROVAL).start_ms = Millis::from_secs(20);
        gate(plan, APPROVAL).duration_ms = Millis::ZERO;
    };
    expect![[r#"
        {"kind":"silenced-early","step":"store/fence@alpha","needs":"approval:store/promote@beta"}
    "#]]
    .assert_eq(&broken(asked_in_the_middle));
}

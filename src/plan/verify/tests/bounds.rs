//! Limits on everything, and pools that hold what they claim.

use expect_test::expect;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::BatchOnPaper;
use crate::plan::ClaimOnPaper;
use crate::plan::verify::tests::broken;
use crate::plan::verify::tests::gate;
use crate::plan::verify::tests::step;

#[test]
fn steps_gates_and_runs_have_limits() {
    expect![[r#"
        {"kind":"no-limit","item":"approval:start","limit":"wait"}
        {"kind":"no-limit","item":"limits","limit":"handshakes"}
        {"kind":"no-limit","item":"limits","limit":"output"}
        {"kind":"no-limit","item":"names/verify@beta","limit":"timeout"}
        {"kind":"no-limit","item":"text/raise@beta","limit":"parallel"}
        {"kind":"no-limit","item":"text/raise@beta","limit":"enough"}
        {"kind":"no-limit","item":"text/verify@beta","limit":"attempts"}
    "#]]
    .assert_eq(&broken(|plan| {
        step(plan, "names/verify@beta").limits.timeout_ms = Millis::ZERO;
        step(plan, "text/verify@beta").limits.attempts = 0;
        step(plan, "text/raise@beta").batch = Some(BatchOnPaper { parallel: 0, enough: Ppm(1_000_001) });
        gate(plan, "approval:start").limit_ms = Millis::ZERO;
        plan.limits.ssh_handshakes = 0;
        plan.limits.output_bytes = 0;
    }));
}

#[test]
fn a_pool_is_as_declared() {
    expect![[r#"
        {"kind":"pool-differs","pool":"operators","size":3,"kept":0,"declared-size":3,"declared-kept":1}
    "#]]
    .assert_eq(&broken(|plan| plan.pools[0].kept_for_first = 0));
    expect![[r#"
        {"kind":"pool-differs","pool":"site:beta","size":5,"kept":0,"declared-size":4,"declared-kept":0}
    "#]]
    .assert_eq(&broken(|plan| plan.pools[2].size = 5));
}

#[test]
fn nobody_claims_more_than_there_is() {
    expect![[r#"
        {"kind":"pool-overrun","pool":"operators","at":0,"taken":4,"size":3}
    "#]]
    .assert_eq(&broken(|plan| gate(plan, "approval:start").claims[0].amount = 3));
    expect![[r#"
        {"kind":"starts-early","item":"text/start@beta","start":0,"after":"registry/verify@beta","end":30000}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "text/start@beta").start_ms = Millis::from_secs(0)));
}

#[test]
fn what_is_kept_for_the_first_tier_is_left_alone() {
    let claim = ClaimOnPaper { pool: "operators".to_owned(), amount: 3 };
    expect![[r#"
        {"kind":"kept-overrun","pool":"operators","at":60000,"taken":3,"left":2}
    "#]]
    .assert_eq(&broken(|plan| {
        let launch = step(plan, "burst/launch@gamma");
        launch.claims.push(claim.clone());
        launch.start_ms = Millis::from_secs(60);
        launch.duration_ms = Millis::from_secs(250);
    }));
    // Once the first tier is back, all of it may be used.
    expect![[r#""#]].assert_eq(&broken(|plan| step(plan, "burst/start@gamma").claims.push(claim.clone())));
}

#[test]
fn whoever_is_waited_for_by_the_first_tier_is_as_urgent() {
    let claim = ClaimOnPaper { pool: "operators".to_owned(), amount: 1 };
    expect![[r#""#]].assert_eq(&broken(|plan| step(plan, "names/verify@beta").claims.push(claim)));
}

#[test]
fn steps_on_hosts_hold_a_slot_of_their_site() {
    expect![[r#"
        {"kind":"slot-not-claimed","step":"names/verify@beta","pool":"site:beta"}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "names/verify@beta").claims.clear()));
}

#[test]
fn a_gate_without_people_opens_with_its_proof() {
    expect![[r#"
        {"kind":"gate-opens-early","gate":"fence:store@alpha","end":19000,"opened-by":["store/fence@alpha"]}
    "#]]
    .assert_eq(&broken(|plan| gate(plan, "fence:store@alpha").duration_ms = Millis::from_secs(9)));
}

//! The document is of one piece.

use expect_test::expect;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::ScopeOnPaper;
use crate::plan::verify::tests::broken;
use crate::plan::verify::tests::gate;
use crate::plan::verify::tests::service;
use crate::plan::verify::tests::step;

#[test]
fn a_format_of_tomorrow_is_not_judged_by_the_laws_of_today() {
    expect![[r#"
        {"kind":"unknown-format","format":3}
    "#]]
    .assert_eq(&broken(|plan| plan.format += 1));
}

#[test]
fn a_name_stands_for_one_thing() {
    expect![[r#"
        {"kind":"twice-named","name":"burst/start@gamma"}
        {"kind":"no-such-predecessor","item":"text/raise@beta","after":"names/verify@beta"}
        {"kind":"full-before-dependency","step":"text/raise@beta","needs":"names"}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "names/verify@beta").id = "burst/start@gamma".to_owned()));
    expect![[r#"
        {"kind":"twice-named","name":"site:gamma"}
    "#]]
    .assert_eq(&broken(|plan| plan.pools.push(plan.pools[3].clone())));
}

#[test]
fn what_comes_before_is_in_the_plan() {
    expect![[r#"
        {"kind":"no-such-predecessor","item":"burst/start@gamma","after":"nothing"}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "burst/start@gamma").after.push("nothing".to_owned())));
}

#[test]
fn nothing_waits_for_itself_over_others() {
    let change = |plan: &mut _| step(plan, "store/promote@beta").after.push("text/verify@beta".to_owned());
    expect![[r#"
        {"kind":"circle","items":["store/promote@beta","store/verify@beta","text/verify@beta","store/promote@beta"]}
    "#]]
    .assert_eq(&broken(change));
}

#[test]
fn a_start_respects_what_it_comes_after() {
    expect![[r#"
        {"kind":"starts-early","item":"burst/start@gamma","start":309000,"after":"burst/launch@gamma","end":310000}
        {"kind":"site-overfull","site":"gamma","resource":"cores","at":309000,"taken":220000,"limit":85000}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "burst/start@gamma").start_ms = Millis::from_secs(309)));
}

#[test]
fn times_add_up() {
    expect![[r#"
        {"kind":"overflow","item":"burst/verify@gamma"}
        {"kind":"back-differs","service":"burst","stated":340000,"steps":18446744073709551615}
        {"kind":"full-differs","service":"burst","stated":340000,"steps":18446744073709551615}
        {"kind":"milestone-too-good","service":"burst","at":340000,"stated":["full",1000000],"steps":["shed",0]}
        {"kind":"class-ends-early","tier":"rest","stated":340000,"step":"burst/verify@gamma","end":18446744073709551615}
    "#]]
    .assert_eq(&broken(|plan| step(plan, "burst/verify@gamma").duration_ms = Millis(u64::MAX)));
}

#[test]
fn names_lead_somewhere() {
    expect![[r#"
        {"kind":"no-such-name","item":"burst","noun":"tier","name":"urgent"}
        {"kind":"no-such-name","item":"burst/start@gamma","noun":"procedure","name":"fallover"}
        {"kind":"no-such-name","item":"burst/verify@gamma","noun":"phase","name":"verified"}
        {"kind":"no-such-name","item":"fence:store@alpha","noun":"step","name":"approval:start"}
        {"kind":"no-such-name","item":"incident","noun":"surge","name":"easter"}
        {"kind":"no-such-name","item":"names","noun":"replica","name":"names@gamma"}
        {"kind":"no-such-name","item":"names/verify@beta","noun":"site","name":"delta"}
        {"kind":"no-such-name","item":"registry/verify@beta","noun":"supply","name":"bastion"}
        {"kind":"no-such-name","item":"text/raise@beta","noun":"pool","name":"site:delta"}
        {"kind":"slot-not-claimed","step":"names/verify@beta","pool":"site:delta"}
        {"kind":"slot-not-claimed","step":"text/raise@beta","pool":"site:beta"}
        {"kind":"full-before-dependency","step":"text/raise@beta","needs":"names"}
        {"kind":"tier-differs","service":"burst","stated":"urgent","is":"rest"}
        {"kind":"target-differs","service":"names","site":"gamma","stated":["full",1000000],"steps":["shed",0]}
        {"kind":"back-differs","service":"names","stated":25000,"steps":null}
        {"kind":"full-differs","service":"names","stated":25000,"steps":null}
        {"kind":"milestone-too-good","service":"names","at":25000,"stated":["full",1000000],"steps":["shed",0]}
    "#]]
    .assert_eq(&broken(|plan| {
        step(plan, "burst/verify@gamma").phase = "verified".to_owned();
        step(plan, "burst/start@gamma").procedure = "fallover".to_owned();
        step(plan, "names/verify@beta").site = Some("delta".to_owned());
        step(plan, "registry/verify@beta").uses.push("bastion".to_owned());
        step(plan, "text/raise@beta").claims[0].pool = "site:delta".to_owned();
        gate(plan, "fence:store@alpha").opened_by.push("approval:start".to_owned());
        service(plan, "names").to[0].site = "gamma".to_owned();
        service(plan, "burst").effective_tier = "urgent".to_owned();
        plan.incident.surge = Some("easter".to_owned());
    }));
}

#[test]
fn scopes_can_be_read() {
    for scope in ["delta", "domain:power:south", "hosts:a[", "service:names@gamma", "rack:1"] {
        let scope = ScopeOnPaper { scope: scope.to_owned(), state: "lost".to_owned() };
        assert!(broken(|plan| plan.incident.scopes.push(scope)).contains("bad-scope"));
    }
    let scope = ScopeOnPaper { scope: "gamma".to_owned(), state: "sad".to_owned() };
    expect![[r#"
        {"kind":"bad-scope","scope":"gamma","state":"sad"}
    "#]]
    .assert_eq(&broken(|plan| plan.incident.scopes.push(scope)));
}

#[test]
fn a_site_is_in_the_state_that_the_incident_says() {
    expect![[r#"
        {"kind":"site-state-differs","site":"beta","stated":"leaving","is":"up"}
    "#]]
    .assert_eq(&broken(|plan| plan.sites[1].state = "leaving".to_owned()));
}

#[test]
fn who_served_before_is_not_invented() {
    expect![[r#"
        {"kind":"before-differs","service":"ads","site":"beta","stated":900000,"declared":1000000}
        {"kind":"milestone-too-good","service":"ads","at":0,"stated":["full",1000000],"steps":["full",900000]}
    "#]]
    .assert_eq(&broken(|plan| service(plan, "ads").from[0].share = Ppm(900_000)));
}

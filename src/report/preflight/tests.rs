//! A preflight with something of each kind, as people read it.

use expect_test::expect;

use super::preflight_line;
use super::preflight_lines;
use super::preflight_text;
use crate::model::Millis;
use crate::report::paint::NARROW;
use crate::report::paint::Paint;
use crate::run::preflight::Because;
use crate::run::preflight::By;
use crate::run::preflight::CapacitySeen;
use crate::run::preflight::MissingSecret;
use crate::run::preflight::Preflight;
use crate::run::preflight::RouteSeen;
use crate::run::preflight::Stage;
use crate::run::preflight::StepSeen;
use crate::run::preflight::Tag;
use crate::run::preflight::UnreachedHosts;

fn seen() -> Preflight {
    let step = |step: &str, tag| StepSeen { step: step.to_owned(), tag, positions: Vec::new() };
    let group = |hosts: &str, count, why: &str, excused| UnreachedHosts {
        hosts: hosts.to_owned(),
        count,
        stage: Stage::Connect,
        why: why.to_owned(),
        detail: format!("10.0.0.7:22 can't be connected to: {why}"),
        excused,
    };
    let lost = |excused| Tag::Unreachable { hosts: "pg-msg-[001-037]".into(), count: 37, of: 120, excused };
    let late = Tag::Unreachable { hosts: String::new(), count: 0, of: 3, excused: false };
    let probed = |done| Tag::Probed { by: By::DoneIf, done, so: 1, of: 3 };
    Preflight {
        format: 1,
        plan: "0123456789abcdef".to_owned(),
        at_unix_ms: 60_000,
        took_ms: Millis(10_400),
        within_ms: Millis(30_000),
        only_lifeline: false,
        hosts: 214,
        unreached: vec![
            group("pg-msg-[001-037]", 37, "Connection refused", false),
            group("as-db-1", 1, "Connection refused", false),
            group("n-db-1", 1, "No route to host", true),
        ],
        secrets: 7,
        missing: vec![MissingSecret {
            reference: "env:TSIG".to_owned(),
            why: "env:TSIG: no such variable is set, or it is empty".to_owned(),
            steps: vec!["dns/shift@ansan".to_owned()],
        }],
        routes: vec![RouteSeen {
            route: "text".to_owned(),
            provider: "gslb".to_owned(),
            leads: None,
            looks: Vec::new(),
            troubles: vec!["ns1.ansan:53 refuses the key bonghwa.: compare it with the server's".to_owned()],
            remarks: vec!["the zone is also answered by ns9.example.: name it in `also`".to_owned()],
        }],
        capacity: vec![
            CapacitySeen {
                step: "text-message/launch@tokyo".to_owned(),
                provider: "asg".to_owned(),
                wanted: vec![("cores".to_owned(), 20_000_000), ("gbps".to_owned(), 400_000)],
                in_service: Some(vec![("cores".to_owned(), 4_000_000), ("gbps".to_owned(), 400_000)]),
                troubles: Vec::new(),
            },
            CapacitySeen {
                step: "session/launch@tokyo".to_owned(),
                provider: "asg".to_owned(),
                wanted: vec![("cores".to_owned(), 2_000_000)],
                in_service: None,
                troubles: vec!["asg can't be asked: `read` ended with exit status: 1: no credentials".to_owned()],
            },
        ],
        steps: vec![
            step("text-message/shift@ansan", Tag::Refused),
            step("message-store/promote@ansan", probed(false)),
            step("message-store/start@ansan", lost(false)),
            step("message-store/fence@pangyo", lost(true)),
            step("session/start@ansan", probed(true)),
            step("session/look@ansan", late),
            step("web/start@ansan", Tag::Predicted),
            step("dns/ask@ansan", Tag::Opaque { because: Because::NoAnswer, detail: Some("status 503".into()) }),
            step("site:pangyo/border", Tag::Opaque { because: Because::Person, detail: None }),
        ],
    }
}

#[test]
fn what_must_be_mended_stands_first() {
    let paint = Paint { color: false, columns: NARROW };
    expect![[r#"
        Preflight of plan 0123456789ab: looked for 10s, and changed nothing
        SUMMARY      38 of 214 hosts unreachable, 1 of 7 secrets missing, 1 of 1 routes
                     can't be shifted, 1 of 2 launches can't be asked for, 1 probe not
                     answered in time; 9 steps: 3 unreachable, 1 already done, 1 not
                     done, 1 without a probe, 2 that nobody can look at, 1 excused
        UNREACHABLE  37 hosts (pg-msg-[001-037]): connect: Connection refused
        UNREACHABLE  1 host (as-db-1): connect: 10.0.0.7:22 can't be connected to:
                     Connection refused
        excused      1 host (n-db-1): connect: 10.0.0.7:22 can't be connected to: No
                     route to host
        MISSING      env:TSIG: no such variable is set, or it is empty; for
                     dns/shift@ansan
        ROUTE        text (gslb): ns1.ansan:53 refuses the key bonghwa.: compare it with
                     the server's
        route        text (gslb): the zone is also answered by ns9.example.: name it in
                     `also`
        capacity     text-message/launch@tokyo (asg): 4,000 of 20,000 cores, 400 of 400
                     gbps in service
        CAPACITY     session/launch@tokyo (asg): asg can't be asked: `read` ended with
                     exit status: 1: no credentials
        unreachable  1 step: what is said above of its route or its capacity:
                     text-message/shift@ansan
        unreachable  1 step: message-store/start@ansan
        unreachable  1 step: no answer in time: session/look@ansan
        excused      1 step: not reached; that counts as done, or a person is asked:
                     message-store/fence@pangyo
        opaque       1 step: its probe has no answer now: dns/ask@ansan
        opaque       1 step: a person does it: site:pangyo/border
        predicted    1 step: all reached, no probe declared: web/start@ansan
        probed       1 step: not done: message-store/promote@ansan
        probed       1 step: already done: session/start@ansan
        `--all` tells each step; `--json` is for programs.
    "#]]
    .assert_eq(&preflight_text(&seen(), false, paint));
    expect![[r#"
        Preflight of plan 0123456789ab: looked for 10s, and changed nothing
        SUMMARY      38 of 214 hosts unreachable, 1 of 7 secrets missing, 1 of 1 routes
                     can't be shifted, 1 of 2 launches can't be asked for, 1 probe not
                     answered in time; 9 steps: 3 unreachable, 1 already done, 1 not
                     done, 1 without a probe, 2 that nobody can look at, 1 excused
        UNREACHABLE  37 hosts (pg-msg-[001-037]): connect: Connection refused
        UNREACHABLE  1 host (as-db-1): connect: 10.0.0.7:22 can't be connected to:
                     Connection refused
        excused      1 host (n-db-1): connect: 10.0.0.7:22 can't be connected to: No
                     route to host
        MISSING      env:TSIG: no such variable is set, or it is empty; for
                     dns/shift@ansan
        ROUTE        text (gslb): ns1.ansan:53 refuses the key bonghwa.: compare it with
                     the server's
        route        text (gslb): the zone is also answered by ns9.example.: name it in
                     `also`
        capacity     text-message/launch@tokyo (asg): 4,000 of 20,000 cores, 400 of 400
                     gbps in service
        CAPACITY     session/launch@tokyo (asg): asg can't be asked: `read` ended with
                     exit status: 1: no credentials
        unreachable  text-message/shift@ansan: what is said above of its route or its
                     capacity
        unreachable  message-store/start@ansan: 37 of 120 hosts: pg-msg-[001-037]
        unreachable  session/look@ansan: no answer in time
        excused      message-store/fence@pangyo: 37 of 120 hosts: pg-msg-[001-037]
        opaque       dns/ask@ansan: its probe has no answer now: status 503
        opaque       site:pangyo/border: a person does it
        predicted    web/start@ansan: all reached, no probe declared
        probed       message-store/promote@ansan: not done (1 of 3 hosts)
        probed       session/start@ansan: already done (1 of 3 hosts)
    "#]]
    .assert_eq(&preflight_text(&seen(), true, paint));
}

#[test]
fn a_plan_shows_a_few_lines_of_it() {
    expect![[r#"
        PREFLIGHT 38 of 214 hosts unreachable, 1 of 7 secrets missing, 1 of 1 routes
                  can't be shifted, 1 of 2 launches can't be asked for, 1 probe not
                  answered in time; 9 steps: 3 unreachable, 1 already done, 1 not done,
                  1 without a probe, 2 that nobody can look at, 1 excused
          ! 37 hosts (pg-msg-[001-037]): connect: Connection refused
          ! 1 host (as-db-1): connect: Connection refused
          ! env:TSIG: no such variable is set, or it is empty; for dns/shift@ansan
          ! route text: ns1.ansan:53 refuses the key bonghwa.: compare it with the serv…
          ! and 1 more: `bonghwa preflight PLAN`
    "#]]
    .assert_eq(&preflight_lines(&seen(), NARROW));
}

#[test]
fn its_age_is_told_with_what_was_wrong() {
    let at = |minutes: u64| preflight_line(&seen(), 60_000 + minutes * 60_000);
    let wrong = "38 of 214 hosts unreachable, 1 of 7 secrets missing, 1 of 1 routes can't be shifted, 1 of 2 \
                 launches can't be asked for, 1 probe not answered in time";
    assert_eq!(at(0), format!("preflight: just now, {wrong}"));
    assert_eq!(at(12), format!("preflight: 12 min ago, {wrong}"));
    assert_eq!(at(119), format!("preflight: 1 h ago, {wrong}"));
    assert_eq!(at(3 * 1_440), format!("preflight: 3 days ago, {wrong}"));
    assert!(preflight_line(&seen(), 0).contains("in the future by this clock"));
    let fine = Preflight {
        unreached: Vec::new(),
        missing: Vec::new(),
        routes: Vec::new(),
        capacity: Vec::new(),
        steps: Vec::new(),
        ..seen()
    };
    assert_eq!(preflight_line(&fine, 60_000), "preflight: just now, all 214 hosts reached");
}

//! What people see, as goldens; and that the first screen fits the smallest terminal whatever happens.

use expect_test::expect;
use expect_test::expect_file;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Issue;
use crate::plan::Level;
use crate::plan::Milestone;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::diff;
use crate::report::diff_text::diff_text;
use crate::report::explain;
use crate::report::explain_lifeline;
use crate::report::explain_step;
use crate::report::first_screen::COLUMNS;
use crate::report::first_screen::LINES;
use crate::report::first_screen::first_screen;
use crate::report::gate;
use crate::report::paint::NARROW;
use crate::report::paint::Paint;
use crate::report::paint::WIDE;
use crate::report::plan_text::View;
use crate::report::plan_text::plan_text;
use crate::report::sample;
use crate::report::words;

#[test]
fn a_plan_reads_from_the_top() {
    let text = plan_text(&sample::talk(), View { paint: Paint { color: false, columns: WIDE }, all: false });
    expect_file!["goldens/plan.txt"].assert_eq(&text);
}

/// A plan with more of everything than any screen holds.
fn crowded() -> Plan {
    let mut plan = sample::talk();
    plan.incident.to = (0..40).map(|n| format!("site-{n}")).collect();
    plan.incident.scopes = vec![plan.incident.scopes[0].clone(); 30];
    for n in 0..10_000 {
        let mut service = sample::service(
            &format!("service-{n:05}-with-a-long-name"),
            "아주 긴 제목 ".repeat(9).trim(),
            "core",
            Some(900),
        );
        service.admits = Ppm(500_000);
        service.note = Some("text only".to_owned());
        plan.services.push(service);
        plan.steps.push(sample::step(
            &format!("service-{n:05}/verify@ansan"),
            "확인 ".repeat(60).trim(),
            900,
            5,
            &["approval:start"],
        ));
        plan.findings.push(Issue::AdmitsPart { service: format!("service-{n}"), share: Ppm(1) });
    }
    let mut gates = vec![plan.gates[1].clone(); 400];
    plan.gates.append(&mut gates);
    plan
}

#[test]
fn the_first_screen_fits_the_smallest_terminal() {
    for plan in [sample::talk(), crowded()] {
        let screen = first_screen(&plan, View { paint: Paint { color: false, columns: WIDE }, all: false });
        assert!(screen.lines().count() <= LINES, "{screen}");
        for line in screen.lines() {
            assert!(words::width(line) <= COLUMNS, "{} columns: {line}", words::width(line));
        }
    }
}

#[test]
fn ten_thousand_services_stay_readable() {
    let plan = crowded();
    for columns in [NARROW, WIDE] {
        let text = plan_text(&plan, View { paint: Paint { color: false, columns }, all: false });
        assert!(text.lines().all(|line| words::width(line) <= columns), "{text}");
        let rest = text.split("SERVICES  by urgency").nth(1).unwrap();
        assert!(rest.split("\n\n").next().unwrap().lines().count() < 110);
        assert!(text.contains("… and 9957 more (`--all` shows them)"));
    }
    let all = plan_text(&plan, View { paint: Paint { color: false, columns: WIDE }, all: true });
    assert!(all.contains("service-09999-with-a-long-name"));
    assert!(all.contains("service-09999/verify@ansan"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let plan = sample::talk();
    let plain = plan_text(&plan, View { paint: Paint { color: false, columns: WIDE }, all: true });
    let colored = plan_text(&plan, View { paint: Paint { color: true, columns: WIDE }, all: true });
    assert!(colored.contains("\u{1b}["));
    let mut stripped = String::new();
    for part in colored.split("\u{1b}[") {
        let kept = if stripped.is_empty() && !colored.starts_with('\u{1b}') {
            part
        } else {
            part.split_once('m').map_or("", |(_, kept)| kept)
        };
        stripped.push_str(kept);
    }
    assert_eq!(plain, stripped);
}

#[test]
fn the_same_plan_has_no_difference() {
    let plan = sample::talk();
    let text = diff_text(&diff(&plan, &plan), false, Paint { color: false, columns: WIDE });
    assert_eq!(text, "no difference between 1a2b3c4d5e6f and 1a2b3c4d5e6f\n");
}

#[test]
fn a_difference_is_told_in_the_operators_words() {
    let before = sample::talk();
    let mut after = sample::talk();
    after.id = "f".repeat(64);
    after.incident.surge = None;
    after.incident.load = Ppm(1_200_000);
    after.sources[1].sha256 = "22".repeat(32);
    after.services.pop();
    after.services[0].to[0].site = "aws-tokyo".to_owned();
    after.services[0].level = Level::Full;
    after.services[0].level_because = None;
    after.services[0].expected_back_ms = Some(Millis::from_secs(580));
    after.services[1].expected_back_ms = None;
    after.services.push(sample::service("push", "push", "core", Some(900)));
    after.steps[1].limits.timeout_ms = Millis::from_secs(60);
    after.steps[3].start_ms = Millis::from_secs(600);
    after.steps.push(sample::step("push/verify@ansan", "Verify", 890, 10, &["approval:start"]));
    after.gates.pop();
    after.findings.remove(0);
    after.findings.push(Issue::OrchestratorLost);
    after.untouched = 30;
    let text = diff_text(&diff(&before, &after), false, Paint { color: false, columns: WIDE });
    expect![[r#"
        from plan 1a2b3c4d5e6f to plan ffffffffffff

        INCIDENT
          load: 100 % > 120 %
          surge: new-year > none

        SERVICES
          + push: now touched
          - billing: no longer touched
          ~ text-message: moved: ansan 100 % > aws-tokyo 100 %; level better: degraded > full; back earlier
            by 2m5s, at T+09:40
          ~ session: no longer back (was T+05:00)

        STEPS
          + push/verify@ansan
          ~ message-store/restore@ansan: timeout: 3m > 1m
          ~ 1 more only start at another time

        GATES
          - fence:message-store@pangyo

        FINDINGS
          + every declared copy of this tool is in what is lost (urgent)
          - text-message is back 1m45s later than promised (T+11:45 of 10m) (urgent)

        SOURCES
          ~ topology/talk.toml

        ALSO
          untouched: 31 > 30
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_service_is_explained() {
    let plan = sample::talk();
    let paint = Paint { color: false, columns: WIDE };
    let told = [explain::service(&plan, &plan.services[0], paint), explain::service(&plan, &plan.services[1], paint)];
    expect_file!["goldens/explain-service.txt"].assert_eq(&told.join("\n"));
}

#[test]
fn a_step_a_gate_and_the_lifeline_are_explained() {
    let plan = sample::talk();
    let paint = Paint { color: false, columns: WIDE };
    let told = [
        explain_step::step(&plan, &plan.steps[2], paint),
        explain_step::step(&plan, &plan.steps[3], paint),
        explain_step::gate(&plan, &plan.gates[1], paint),
        explain_lifeline::explain_lifeline(&plan, None, paint),
    ];
    expect_file!["goldens/explain-rest.txt"].assert_eq(&told.join("\n"));
}

#[test]
fn a_planned_move_is_measured_by_its_gaps() {
    let mut plan = sample::talk();
    plan.incident.mode = Mode::Failback;
    for service in &mut plan.services {
        for moment in &mut service.milestones {
            moment.level = Level::Full;
            moment.share = Ppm::ONE;
        }
    }
    let never = first_screen(&plan, View { paint: Paint { color: false, columns: WIDE }, all: false });
    assert!(never.contains("  promise 10m met; no gap in service is planned"), "{never}");
    plan.services[0].milestones[1].share = Ppm::ZERO;
    let off = first_screen(&plan, View { paint: Paint { color: false, columns: WIDE }, all: false });
    assert!(
        off.contains("  serves  full, but off for 4m15s from T+07:30: a writer moves\n  promise 10m met\n"),
        "{off}"
    );
    assert!(off.contains("  moved   T+11:45; at best T+09:45"), "{off}");
}

#[test]
fn a_lifeline_that_nobody_misses_is_not_missed() {
    let mut plan = sample::talk();
    for service in &mut plan.services {
        service.expected_back_ms = None;
        service.milestones = vec![Milestone { at_ms: Millis::ZERO, level: Level::Full, share: Ppm::ONE }];
    }
    let screen = first_screen(&plan, View { paint: Paint { color: false, columns: WIDE }, all: false });
    assert!(screen.contains("  serves  it serves throughout, for all\n  promise 10m met\n"), "{screen}");
    plan.services[0].milestones[0].share = Ppm::ZERO;
    let screen = first_screen(&plan, View { paint: Paint { color: false, columns: WIDE }, all: false });
    assert!(screen.contains("  promise 10m MISSED for good by text-message\n"), "{screen}");
}

#[test]
fn what_was_only_raised_is_not_the_headline() {
    let mut plan = sample::talk();
    plan.services.retain(|service| service.raised.is_some());
    plan.steps.iter_mut().for_each(|step| step.service = Some(plan.services[0].id.clone()));
    let screen = first_screen(&plan, View { paint: Paint { color: false, columns: WIDE }, all: false });
    assert!(
        screen.contains("LIFELINE  텍스트 메시지 (text messages); untouched\n  needs   1 touched: session"),
        "{screen}"
    );
}

#[test]
fn a_persons_word_is_no_proof() {
    let mut plan = sample::talk();
    let before = gate::opened(&plan, &plan.gates[1]);
    assert_eq!(before, "a person, or proof from message-store/fence@pangyo");
    let fence = plan.steps.iter_mut().find(|step| step.id == "message-store/fence@pangyo").unwrap();
    fence.action = ActionOnPaper::Confirm { question: "Is it off?".to_owned() };
    let after = gate::opened(&plan, &plan.gates[1]);
    assert_eq!(after, "a person, or the confirmation of message-store/fence@pangyo");
    let screen = first_screen(&plan, View { paint: Paint { color: false, columns: WIDE }, all: false });
    assert!(screen.contains("3 answers are needed\n") && screen.contains("  T+00:00 Is it off?\n"), "{screen}");
}

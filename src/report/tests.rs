//! What people see, as goldens; and that the first screen fits the smallest terminal whatever happens.

use expect_test::expect_file;

use crate::model::Ppm;
use crate::plan::Issue;
use crate::plan::Plan;
use crate::report::first_screen::COLUMNS;
use crate::report::first_screen::LINES;
use crate::report::first_screen::first_screen;
use crate::report::paint::Paint;
use crate::report::plan_text::View;
use crate::report::plan_text::WIDE;
use crate::report::plan_text::plan_text;
use crate::report::sample;
use crate::report::words;

#[test]
fn a_plan_reads_from_the_top() {
    let text = plan_text(&sample::talk(), View { color: false, all: false });
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
        let screen = first_screen(&plan, Paint { color: false });
        assert!(screen.lines().count() <= LINES, "{screen}");
        for line in screen.lines() {
            assert!(words::width(line) <= COLUMNS, "{} columns: {line}", words::width(line));
        }
    }
}

#[test]
fn ten_thousand_services_stay_readable() {
    let plan = crowded();
    let text = plan_text(&plan, View { color: false, all: false });
    assert!(text.lines().all(|line| words::width(line) <= WIDE), "{text}");
    let listed =
        |section: &str| text.split(section).nth(1).map_or(0, |rest| rest.split("\n\n").next().unwrap().lines().count());
    assert!(listed("SERVICES  in order") < 60);
    assert!(text.contains("… and 9957 more (`--all` shows them)"));
    let all = plan_text(&plan, View { color: false, all: true });
    assert!(all.contains("service-09999-with-a…"));
    assert!(all.contains("service-09999/verify@ansan"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let plan = sample::talk();
    let plain = plan_text(&plan, View { color: false, all: true });
    let colored = plan_text(&plan, View { color: true, all: true });
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

//! Runs of Talk, played forward, and what they prove.

use crate::evidence::Evidence;
use crate::evidence::JudgedBy;
use crate::evidence::On;
use crate::evidence::Part;
use crate::evidence::ServiceAttained;
use crate::evidence::Stands;
use crate::evidence::Verdict;
use crate::evidence::evidence;
use crate::model::Millis;
use crate::plan::Effect;
use crate::plan::Step;
use crate::run::Command;
use crate::run::End;
use crate::run::Event;
use crate::run::Position;
use crate::run::What;
use crate::run::tests::player::Answer;
use crate::run::tests::player::Asked;
use crate::run::tests::player::NIGHT;
use crate::run::tests::player::Player;
use crate::run::tests::player::play;
use crate::run::tests::player::who;
use crate::run::tests::talk;
use crate::run::view;

const RUN: &str = "20261122-0312-pangyo";

fn prove(player: &Player<'_>) -> Evidence {
    let evidence = evidence(player.plan, &player.entries).unwrap();
    the_screen_says_the_same(player, &evidence);
    for service in &evidence.services {
        let spent: Millis = service.spent.iter().map(|part| part.ms).sum();
        assert_eq!(service.back_ms.unwrap_or_default(), spent, "{}: {:?}", service.id, service.path);
        let mut at = Millis::ZERO;
        for leg in &service.path {
            assert_eq!(leg.from_ms, at, "{}: {}", service.id, leg.id);
            let within: Millis = leg.spent.iter().map(|part| part.ms).sum();
            assert_eq!(leg.to_ms - leg.from_ms, within, "{}: {}", service.id, leg.id);
            at = leg.to_ms;
        }
    }
    evidence
}

/// Whoever follows the run on the screen sees a service back when the report says that it was.
fn the_screen_says_the_same(player: &Player<'_>, evidence: &Evidence) {
    let view = view(player.plan, &player.script, &player.state, player.now);
    for (standing, on_paper) in view.services.iter().zip(&player.plan.services) {
        if let Some(service) = evidence.services.iter().find(|service| service.id == on_paper.id) {
            let back = standing.back.map(|back| back.since(evidence.opened));
            assert_eq!(service.back_ms, back, "{}", service.id);
        }
    }
}

fn service<'a>(evidence: &'a Evidence, id: &str) -> &'a ServiceAttained {
    evidence.services.iter().find(|service| service.id == id).unwrap()
}

fn spent(parts: &[Part], on: On) -> Millis {
    parts.iter().find(|part| part.on == on).map_or(Millis::ZERO, |part| part.ms)
}

/// The first step of text messages at the survivor that all others wait for; it is safe to repeat.
const LIMIT: &str = "text-message/limit@ansan";

#[test]
fn a_run_that_goes_as_planned_attains_what_the_plan_expects() {
    for site in ["pangyo", "ansan", "gasan", "chuncheon"] {
        let plan = talk::lost(site);
        let player = play(&plan, RUN, NIGHT);
        let evidence = prove(&player);
        assert_eq!(evidence.stands, Stands::Done);
        for service in &evidence.services {
            let planned = service.expected_ms;
            let back = service.back_ms.map(|back| back.0);
            // The machine starts a step as soon as it can, and asks for log positions and proofs besides.
            let near = |planned: Millis| back.is_some_and(|back| back <= planned.0 * 105 / 100 + 5_000);
            assert!(planned.is_none_or(near), "{site} {}: {back:?} for {planned:?}", service.id);
        }
        assert_eq!(evidence.coverage.never_reached, [""; 0]);
        let covered = evidence.coverage.ran.len() + evidence.coverage.confirmed.len();
        assert_eq!(covered, plan.steps.len());
    }
}

#[test]
fn slow_people_retries_and_slow_hosts_are_told_apart() {
    let plan = talk::lost("pangyo");
    let duration = plan.steps.iter().find(|step| step.id == LIMIT).unwrap().duration_ms;
    let mut player = Player::new(&plan, RUN, NIGHT);
    player.go(&mut |asked: Asked<'_>| {
        let start = Answer::Says(Command::Approve { what: "approval:start".to_owned() }, "go");
        let hosts = || (1..=8).map(|host| (format!("h{host}"), Millis::from_secs(if host < 7 { 10 } else { 1 })));
        match (asked.name, asked.attempt, asked.what) {
            ("approval:start", ..) => Some((Millis::from_secs(500), start)),
            (name, 1, Some(What::Do)) if name == LIMIT => Some((Millis::from_secs(5), Answer::End(End::Exit(1)))),
            (name, 2, Some(What::Do)) if name == LIMIT => {
                Some((duration + Millis::from_secs(10), Answer::Hosts(hosts().collect())))
            }
            _ => None,
        }
    });
    let evidence = prove(&player);
    let text = service(&evidence, "text-message");
    assert_eq!(spent(&text.spent, On::SlowHosts), Millis::from_secs(10), "{:?}", text.path);
    let retries = spent(&text.spent, On::Retries);
    assert!((5_000..15_000).contains(&retries.0), "{retries}");
    let first = &text.path[0];
    assert_eq!((first.id.as_str(), spent(&first.spent, On::People)), ("approval:start", Millis::from_secs(500)));
    let leg = text.path.iter().find(|leg| leg.id == LIMIT).unwrap();
    assert_eq!((leg.attempts, leg.planned_ms), (2, duration));
    assert_eq!(leg.slowest, ["h8", "h7"]);
    assert_eq!(text.verdict, Verdict::Missed);
    let tier = evidence.first.as_ref().unwrap();
    assert_eq!(tier.verdict, Verdict::Missed);
    assert!(tier.back_ms.unwrap() >= text.back_ms.unwrap());
}

#[test]
fn a_hold_and_a_dead_process_cost_what_they_cost() {
    let plan = talk::lost("pangyo");
    let mut player = Player::new(&plan, RUN, NIGHT);
    player.go_until(&mut |_| None, |player| player.entries.len() > 60);
    player.says(Command::Hold, "the network team looks first");
    let held = player.now;
    player.go_until(&mut |_| None, |player| player.state.is_at_rest());
    player.now = held.after(Millis::from_secs(900));
    player.says(Command::Resume, "they are done");
    player.go_until(&mut |_| None, |player| !player.state.is_at_rest());
    player.dies(Millis::from_secs(240));
    player.go(&mut |_| None);
    let evidence = prove(&player);
    assert_eq!(evidence.stands, Stands::Done);
    let last = evidence.services.iter().max_by_key(|service| service.back_ms).unwrap();
    assert!(spent(&last.spent, On::Held) > Millis::from_secs(300), "{:?}", last.spent);
    assert!(spent(&last.spent, On::Nobody) == Millis::from_secs(240), "{:?}", last.spent);
    let [hold] = evidence.holds.as_slice() else { panic!("{:?}", evidence.holds) };
    assert_eq!((hold.why.as_str(), hold.by.as_ref()), ("the network team looks first", Some(&who("jun"))));
    assert_eq!(hold.to_ms.map(|to| to - hold.from_ms), Some(Millis::from_secs(900)));
    let [first, second] = evidence.epochs.as_slice() else { panic!("{:?}", evidence.epochs) };
    assert_eq!((first.epoch, first.gap_ms), (1, Millis::ZERO));
    assert_eq!((second.gap_ms, second.in_flight.is_empty()), (Millis::from_secs(240), false));
}

#[test]
fn what_people_took_on_themselves_stands_with_their_reasons() {
    let plan = talk::lost("pangyo");
    let fence = plan.gates.iter().find(|gate| !gate.opened_by.is_empty()).unwrap();
    let loss = plan.gates.iter().find(|gate| gate.id.starts_with("data-loss:")).unwrap();
    let unknown = vec![Position { host: "as-db-01".to_owned(), position: "0/1".to_owned(), age: None }];
    let mut player = Player::new(&plan, RUN, NIGHT);
    player.go(&mut |asked: Asked<'_>| match asked.what {
        Some(What::Do) if fence.opened_by.iter().any(|step| step == asked.name) => {
            Some((Millis::from_secs(20), Answer::End(End::Unreachable("no route".to_owned()))))
        }
        Some(What::Positions) if asked.name == loss.id => {
            Some((Millis::from_secs(1), Answer::Positions(unknown.clone())))
        }
        _ => None,
    });
    player.go_until(&mut |_| None, |_| false);
    let evidence = prove(&player);
    let owed = evidence.owed.iter().find(|owed| owed.gate == fence.id);
    if let Some(owed) = owed {
        assert_eq!((owed.site.as_str(), owed.collected), ("pangyo", false));
        assert!(
            evidence.decisions.iter().any(|decision| decision.overrides && decision.about.as_ref() == Some(&fence.id))
        );
    }
    let lost = evidence.data.iter().find(|data| data.gate == loss.id).unwrap();
    if lost.declared_ms == Some(Millis::ZERO) {
        assert_eq!((lost.lost_ms, &lost.by), (Some(Millis::ZERO), &JudgedBy::Seen));
    } else {
        assert_eq!((lost.lost_ms, lost.verdict), (None, Verdict::Unknown));
        assert!(matches!(lost.by, JudgedBy::Person { .. }));
    }
    assert_eq!(evidence.sealed[0].site, "pangyo");
    let start = evidence.decisions.iter().find(|decision| decision.about.as_deref() == Some("approval:start")).unwrap();
    assert_eq!((start.what.as_str(), start.overrides), ("approved", false));
}

/// Looking at what the new writer has takes a while; where it is all there, nobody was asked.
#[test]
fn what_was_looked_at_and_found_good_took_no_person() {
    let plan = talk::lost("pangyo");
    let loss = plan.gates.iter().find(|gate| gate.id.starts_with("data-loss:")).unwrap();
    let mut player = Player::new(&plan, RUN, NIGHT);
    let all = vec![Position { host: "as-db-01".to_owned(), position: "0/1".to_owned(), age: Some(Millis::ZERO) }];
    let took = Millis::from_secs(3_000);
    player.go(&mut |asked: Asked<'_>| {
        let looks = asked.what == Some(What::Positions) && asked.name == loss.id;
        looks.then(|| (took, Answer::Positions(all.clone())))
    });
    let evidence = prove(&player);
    let store = service(&evidence, loss.service.as_deref().unwrap());
    let leg = store.path.iter().find(|leg| leg.id == loss.id).unwrap();
    assert_eq!((spent(&leg.spent, On::Proof), spent(&leg.spent, On::People)), (took, Millis::ZERO), "{leg:?}");
}

#[test]
fn what_was_skipped_is_told_and_a_run_in_the_middle_is_open() {
    let plan = talk::lost("pangyo");
    let serves = |step: &&Step| {
        step.service.as_deref() == Some("text-message")
            && step.phase == "shift"
            && matches!(step.effect, Some(Effect::Serves { .. }))
    };
    let step = plan.steps.iter().find(serves).unwrap().id.clone();
    let mut player = Player::new(&plan, RUN, NIGHT);
    player.go_until(&mut |_| None, |player| player.entries.len() > 100);
    let evidence = prove(&player);
    assert_eq!(evidence.stands, Stands::Going);
    assert_eq!(service(&evidence, "text-message").verdict, Verdict::Open);
    player.write(Event::Skipped { step: step.clone(), by: who("jun"), reason: "no time".to_owned() });
    player.go(&mut |_| None);
    let evidence = prove(&player);
    assert_eq!(evidence.stands, Stands::Done);
    assert_eq!(evidence.coverage.skipped, [step.as_str()]);
    let skipped = step;
    let text = service(&evidence, "text-message");
    // What raised it later changed how those are served who are there, and brought nobody.
    assert_eq!((text.back_ms, text.path.len()), (None, 0), "{skipped} was passed over");
    assert!(evidence.decisions.iter().any(|decision| decision.overrides && decision.reason == "no time"));
}

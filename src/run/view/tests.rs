//! When services are back, tried on Talk: a run in which everything takes as long as planned keeps the plan's own times.

use std::path::Path;

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::Effect;
use crate::plan::Inputs;
use crate::plan::Plan;
use crate::plan::Step;
use crate::plan::plan_on;
use crate::plan::prepare;
use crate::run::Command;
use crate::run::End;
use crate::run::Progress;
use crate::run::StepState;
use crate::run::Way;
use crate::run::played::OPENED;
use crate::run::played::Play;
use crate::run::view;
use crate::run::ways;

fn read(folder: &Path, root: &Path, sources: &mut Vec<SourceText>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read(&path, root, sources);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            sources.push(SourceText { path: name, bytes: std::fs::read(&path).unwrap() });
        }
    }
}

/// Talk without some of its sites.
fn without(sites: &[&str]) -> Plan {
    plan_of(Path::new(env!("CARGO_MANIFEST_DIR")), sites)
}

fn plan_of(root: &Path, sites: &[&str]) -> Plan {
    let settings = std::fs::read(root.join("bonghwa.toml")).unwrap();
    let mut sources = vec![SourceText { path: "bonghwa.toml".to_owned(), bytes: settings }];
    read(&root.join("topology"), root, &mut sources);
    read(&root.join("runbooks"), root, &mut sources);
    let estate = load(sources).estate;
    let lost = |site: &&str| (Scope::Site(estate.site_named(site).unwrap()), ScopeState::Lost);
    let incident = Incident {
        scopes: sites.iter().map(lost).collect(),
        surge: None,
        load: Ppm::ONE,
        began_before: None,
        to: Vec::new(),
        only_lifeline: false,
        accept_degraded: true,
        as_of: Date::new(2026, 11, 22).unwrap(),
    };
    let inputs = Inputs { sources: Vec::new(), effort: 20_000, errors_elsewhere: 0 };
    plan_on(&prepare(&estate), &incident, &Observation::default(), &inputs).unwrap()
}

/// Questions to the far side take a second each, which no plan knows of, and add up along a chain.
const QUESTIONS: Millis = Millis::from_secs(60);

#[test]
fn a_run_that_goes_as_planned_keeps_the_times_of_the_plan() {
    for site in ["pangyo", "ansan", "chuncheon"] {
        let mut play = Play::new(without(&[site]));
        let before = view(&play.plan, &play.script, &play.state, OPENED);
        for (service, standing) in play.plan.services.iter().zip(&before.services) {
            let expected = standing.expected_back.map(|back| back.since(OPENED));
            assert_eq!(expected, service.expected_back_ms, "{site}: {} before anything happened", service.id);
        }
        play.decide();
        play.until(Millis::from_secs(7_200));
        let after = view(&play.plan, &play.script, &play.state, play.now);
        assert_eq!(after.stops, []);
        for (service, standing) in play.plan.services.iter().zip(&after.services) {
            let back = standing.back.map(|back| back.since(OPENED));
            match (back, service.expected_back_ms) {
                (Some(back), Some(planned)) => {
                    assert!(back <= planned + QUESTIONS, "{site}: {} back {back}, planned {planned}", service.id);
                    assert_eq!(standing.progress, Progress::Back);
                    assert!(standing.share.0 + 10 >= service.admits.0, "{site}: {}", service.id);
                    assert_eq!(standing.level, service.level, "{site}: {}", service.id);
                }
                (back, planned) => assert_eq!(back, planned, "{site}: {}", service.id),
            }
        }
    }
}

#[test]
fn what_failed_blocks_whom_it_keeps_back_and_nobody_else() {
    let plan = without(&["pangyo"]);
    let mut play = Play::new(plan).ends("message-store/promote@ansan", End::Exit(1), "");
    play.decide();
    play.until(Millis::from_secs(3_600));
    let view = view(&play.plan, &play.script, &play.state, play.now);
    let at = |id: &str| play.plan.services.iter().position(|service| service.id == id).unwrap();
    let promote = play.script.find("message-store/promote@ansan").unwrap();
    for (id, progress) in
        [("message-store", Progress::Blocked), ("text-message", Progress::Blocked), ("pay-ledger", Progress::Back)]
    {
        assert_eq!(view.services[at(id)].progress, progress, "{id}");
    }
    let text = &view.services[at("text-message")];
    assert_eq!(text.blocked_by, [promote]);
    assert_eq!((text.back, text.expected_back), (None, None));
    assert!(text.share == Ppm::ZERO, "those who were left serve nobody before their messages are there");
    assert_eq!(view.stops.len(), 1);
    assert!(view.stops[0].services.contains(&at("text-message")));
    let can = ways(&play.script, &play.state, promote);
    let by_hand = Way { verb: "mark-done", reasoned: true };
    assert_eq!(can, [Way { verb: "retry", reasoned: false }, by_hand], "a writer is never passed over");
}

/// A fence that failed stays on the screen, since it is owed; but nobody waits for it once a person has attested it.
#[test]
fn what_a_person_took_on_themselves_keeps_nobody_back() {
    let toy = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init/ssh");
    let why = End::Unreachable("connection refused".to_owned());
    let mut play = Play::new(plan_of(&toy, &["north"])).ends("store/fence@north", why, "");
    play.decide();
    let fence = play.script.find("store/fence@north").unwrap();
    let kept_back = |play: &Play| {
        let shown = view(&play.plan, &play.script, &play.state, play.now);
        let stop = shown.stops.iter().find(|stop| stop.at == fence).map(|stop| stop.services.len());
        let blocked = shown.services.iter().filter(|standing| standing.blocked_by.contains(&fence)).count();
        (stop, blocked)
    };
    // Half a minute after it began, nobody has said yet that the old store is off.
    play.until(Millis::from_secs(90));
    assert_eq!(kept_back(&play), (Some(1), 1));
    play.until(Millis::from_secs(3_600));
    assert_eq!(kept_back(&play), (Some(0), 0));
}

#[test]
fn whoever_waits_knows_for_whom() {
    let mut play = Play::new(without(&["pangyo"])).unanswered("site:pangyo/border");
    play.decide();
    play.until(Millis::from_secs(200));
    let shown = view(&play.plan, &play.script, &play.state, play.now);
    let at = |id: &str| play.plan.services.iter().position(|service| service.id == id).unwrap();
    let border = play.script.find("site:pangyo/border").unwrap();
    let text = &shown.services[at("text-message")];
    assert_eq!(text.blocked_by, [border]);
    let names: Vec<&str> = text.waits_for.iter().map(|&at| play.script.name(at)).collect();
    assert!(names.contains(&"message-store/verify@ansan"), "{names:?}");
    assert!(shown.stops.iter().all(|stop| stop.asks));
    let approve = Way { verb: "approve", reasoned: false };
    assert_eq!(ways(&play.script, &play.state, border)[0], approve);
    play.say(Command::Reject { what: "site:pangyo/border".to_owned() }, "no answer");
    let asked = view(&play.plan, &play.script, &play.state, play.now);
    assert!(asked.stops.iter().any(|stop| stop.asks && play.script.name(stop.at).starts_with("fence:")));
}

/// A raise changes how those are served who are there: where the step that brings them was passed over, nobody is.
#[test]
fn nobody_is_back_by_a_raise_alone() {
    let plan = without(&["pangyo"]);
    let at = plan.services.iter().position(|service| service.id == "text-message").unwrap();
    let own = plan.steps.iter().filter(|step| step.service.as_deref() == Some("text-message"));
    let serves = |step: &&Step| matches!(step.effect, Some(Effect::Serves { .. }));
    let mut own: Vec<&Step> = own.filter(serves).collect();
    own.sort_by_key(|step| step.start_ms);
    let plan_share = plan.services[at].admits;
    let brings = own.iter().find(|step| step.phase == "shift").unwrap().id.clone();
    let raise = own.last().unwrap().id.clone();
    assert_ne!(brings, raise);
    let mut play = Play::new(plan).ends(&brings, End::Exit(1), "");
    play.decide();
    play.until(Millis::from_secs(3_600));
    play.say(Command::Skip { step: brings.clone() }, "the balancer is slow tonight");
    play.until(Millis::from_secs(7_200));
    let raise = play.script.find(&raise).unwrap();
    assert!(matches!(play.state.steps[raise].state, StepState::Done(_)), "{raise} is done");
    let standing = &view(&play.plan, &play.script, &play.state, play.now).services[at];
    assert_eq!((standing.back, standing.full), (None, None), "{brings} was passed over");
    assert!(standing.share < plan_share, "{}", standing.share.0);
}

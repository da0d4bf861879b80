//! Runs that are taken back: what is undone, in which order, and what stays.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Estate;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::ScopeState;
use crate::plan;
use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::Level;
use crate::plan::Plan;
use crate::plan::StaysWhy;
use crate::run::Amiss;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Found;
use crate::run::Retreat;
use crate::run::RunEnd;
use crate::run::Seen;
use crate::run::What;
use crate::run::left_behind;
use crate::run::observation;
use crate::run::retreat;
use crate::run::retreat_check;
use crate::run::tests::player::Answer;
use crate::run::tests::player::Asked;
use crate::run::tests::player::NIGHT;
use crate::run::tests::player::Player;
use crate::run::tests::player::play;
use crate::run::tests::retreat_estate::estate;
use crate::run::tests::retreat_estate::planned;
use crate::run::tests::talk;

const RUN: &str = "20261122-0312-north";

/// What is taken back, with the plan for it; the second pair of eyes agrees.
fn taken_back(plan: &Plan, entries: &[Entry], quarantined: &[&str]) -> (Retreat, Plan) {
    let quarantined: BTreeSet<String> = quarantined.iter().map(|site| (*site).to_owned()).collect();
    let judged = retreat(plan, entries, &quarantined).unwrap();
    let back = plan::retreat(plan, judged.undone.clone()).unwrap();
    assert_eq!(retreat_check(plan, entries, &quarantined, &back), []);
    (judged, back)
}

/// Plays until this step ends so.
fn until<'a>(plan: &'a Plan, step: &str, end: Option<End>) -> Player<'a> {
    let mut player = Player::new(plan, RUN, NIGHT);
    let mut hook = |asked: Asked<'_>| {
        let ends = asked.name == step && matches!(asked.what, Some(What::Do));
        ends.then(|| end.clone()).flatten().map(|end| (Millis::from_secs(1), Answer::End(end)))
    };
    player.go_until(&mut hook, |player| {
        let ended = |entry: &Entry| matches!(&entry.event, Event::Ended { step: of, .. } if of == step);
        player.entries.iter().any(ended)
    });
    player
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.as_str()).collect()
}

fn line(plan: &Plan, id: &str) -> String {
    let step = plan.steps.iter().find(|step| step.id == id).unwrap_or_else(|| panic!("{id} in {:?}", ids(plan)));
    if let ActionOnPaper::Ssh { line, .. } | ActionOnPaper::Exec { line, .. } = &step.action {
        return line.clone();
    }
    let ActionOnPaper::Confirm { question } = &step.action else { panic!("{:?}", step.action) };
    format!("ask {question}")
}

/// Plays a retreat to its end, and gives what was left behind by both.
fn after(estate: &Estate, plan: &Plan, entries: &[Entry], back: &Plan) -> Observation {
    let player = play(back, "20261122-0412-retreat", NIGHT.after(Millis::from_secs(3_600)));
    assert_eq!(player.state.ended, Some(RunEnd::Done));
    let left = [left_behind(plan, entries).unwrap(), left_behind(back, &player.entries).unwrap()];
    observation(estate, &left)
}

#[test]
fn nothing_that_was_done_is_nothing_to_undo() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    let player = Player::new(&plan, RUN, NIGHT);
    let (judged, back) = taken_back(&plan, &player.entries, &[]);
    assert!(back.steps.is_empty() && judged.undone.services.is_empty() && judged.undone.retreat.stays.is_empty());
}

#[test]
fn what_was_done_is_undone_by_its_way_back_the_last_first() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    let player = until(&plan, "web/switch@north>south", None);
    let (judged, back) = taken_back(&plan, &player.entries, &[]);
    assert_eq!(line(&back, "undo:web/start@south"), "stop");
    assert_eq!(line(&back, "undo:web/switch@north>south"), "switch north");
    assert!(line(&back, "undo:web/tune@south").starts_with("ask undo web/tune@south by hand"), "{:?}", ids(&back));
    assert!(!ids(&back).contains(&"undo:web/verify@south"), "what only looked has nothing to undo");
    let place = |id: &str| back.steps.iter().position(|step| step.id == id).unwrap();
    assert!(place("undo:web/switch@north>south") < place("undo:web/tune@south"));
    assert!(place("undo:web/tune@south") < place("undo:web/start@south"));
    let web = judged.undone.services.iter().find(|service| service.id == "web").unwrap();
    assert_eq!((web.from[0].site.as_str(), web.to[0].site.as_str()), ("south", "north"));
    // The world of the next plan is the one before the run.
    assert_eq!(after(&estate, &plan, &player.entries, &back).active, []);
}

#[test]
fn what_was_so_before_is_not_undone() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    let mut player = Player::new(&plan, RUN, NIGHT);
    let mut hook = |asked: Asked<'_>| {
        let so = asked.name == "web/start@south" && asked.what == Some(What::Check);
        so.then_some((Millis::ZERO, Answer::So(Seen::Yes)))
    };
    player.go_until(&mut hook, |player| {
        player.entries.iter().any(|entry| matches!(&entry.event, Event::Ended { step, .. } if step == "web/tune@south"))
    });
    let (_, back) = taken_back(&plan, &player.entries, &[]);
    assert!(!ids(&back).contains(&"undo:web/start@south"), "{:?}", ids(&back));
    assert!(ids(&back).contains(&"undo:web/tune@south"), "{:?}", ids(&back));
}

#[test]
fn a_fence_is_taken_back_where_no_promotion_had_an_effect() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    // The promotion never began on the far side, however often it was tried.
    for end in [None, Some(End::NeverBegan("no shell".to_owned())), Some(End::Unreachable("no route".to_owned()))] {
        let step = if end.is_some() { "store/promote@south" } else { "store/fence@north" };
        let player = until(&plan, step, end);
        let (judged, back) = taken_back(&plan, &player.entries, &[]);
        let unfence = back.steps.iter().find(|step| step.id == "undo:store/fence@north").unwrap();
        assert!(matches!(&unfence.effect, Some(Effect::Unfenced { level: Level::Full, share: Ppm::ONE })));
        assert_eq!(line(&back, "undo:store/quiesce@north"), "loud");
        assert!(unfence.after.iter().all(|id| id != "undo:store/quiesce@north"));
        assert!(judged.undone.retreat.stays.is_empty(), "{:?}", judged.undone.retreat);
        assert_eq!(after(&estate, &plan, &player.entries, &back).active, []);
    }
}

#[test]
fn a_promotion_that_may_have_had_an_effect_has_no_way_back() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    for end in [End::Ok, End::Exit(1), End::Signal(9)] {
        let player = until(&plan, "store/promote@south", Some(end));
        let (judged, back) = taken_back(&plan, &player.entries, &[]);
        let stays = judged.undone.retreat.stays.iter().find(|stays| stays.service.as_deref() == Some("store")).unwrap();
        assert_eq!(stays.why, StaysWhy::Final { step: "store/promote@south".to_owned() });
        assert!(stays.whole && stays.steps.contains(&"store/fence@north".to_owned()));
        assert!(!ids(&back).iter().any(|id| id.starts_with("undo:store/")), "{:?}", ids(&back));
        // Nothing of web was needed for it.
        assert!(ids(&back).contains(&"undo:web/start@south"), "{:?}", ids(&back));
    }
}

#[test]
fn a_promotion_that_was_so_before_has_no_way_back_either() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    let mut player = Player::new(&plan, RUN, NIGHT);
    let mut hook = |asked: Asked<'_>| {
        let so = asked.name == "store/promote@south" && asked.what == Some(What::Check);
        so.then_some((Millis::ZERO, Answer::So(Seen::Yes)))
    };
    player.go_until(&mut hook, |player| {
        player.entries.iter().any(|entry| matches!(&entry.event, Event::AlreadySo { .. }))
    });
    let (judged, back) = taken_back(&plan, &player.entries, &[]);
    assert!(judged.undone.retreat.stays.iter().any(|stays| stays.service.as_deref() == Some("store")));
    assert!(!ids(&back).contains(&"undo:store/fence@north"), "{:?}", ids(&back));
}

#[test]
fn a_fence_on_a_word_is_taken_back_by_a_word() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    let mut player = Player::new(&plan, RUN, NIGHT);
    let mut hook = |asked: Asked<'_>| {
        let fails = asked.name == "store/fence@north" && matches!(asked.what, Some(What::Do));
        fails.then_some((Millis::from_secs(1), Answer::End(End::Unreachable("no route".to_owned()))))
    };
    player.go_until(&mut hook, |player| {
        let opened =
            |entry: &Entry| matches!(&entry.event, Event::GateOpened { gate, .. } if gate == "fence:store@north");
        player.entries.iter().any(opened)
    });
    let (_, back) = taken_back(&plan, &player.entries, &[]);
    let word = "undo:fence:store@north";
    assert!(line(&back, word).contains("jun attested fence:store@north"), "{}", line(&back, word));
    let step = back.steps.iter().find(|step| step.id == word).unwrap();
    assert!(matches!(step.effect, Some(Effect::Unfenced { share: Ppm::ONE, .. })));
    // The step that should have fenced it was never there.
    assert!(!ids(&back).contains(&"undo:store/fence@north"), "{:?}", ids(&back));
    assert_eq!(after(&estate, &plan, &player.entries, &back).active, []);
}

#[test]
fn a_step_in_doubt_is_told_and_counts_as_done() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    let mut player = Player::new(&plan, RUN, NIGHT);
    let mut hook = |asked: Asked<'_>| match (asked.name, asked.what) {
        ("web/tune@south", Some(What::Do)) => Some((Millis::ZERO, Answer::End(End::Lost("gone".to_owned())))),
        ("web/tune@south", Some(What::Inquire)) => Some((Millis::ZERO, Answer::Found(Found::Gone))),
        _ => None,
    };
    player.go_until(&mut hook, |_| false);
    let quarantined = BTreeSet::new();
    let judged = retreat(&plan, &player.entries, &quarantined).unwrap();
    let undone = judged.undone.steps.iter().any(|step| step.id == "undo:web/tune@south");
    assert_eq!(judged.doubts, ["web/tune@south"]);
    assert!(undone, "nobody can rule out that it did something");
}

#[test]
fn nobody_is_sent_to_a_site_that_nobody_trusts() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Lost);
    let player = until(&plan, "web/switch@north>south", None);
    let (judged, back) = taken_back(&plan, &player.entries, &["north"]);
    let web = judged.undone.retreat.stays.iter().find(|stays| stays.service.as_deref() == Some("web")).unwrap();
    assert_eq!((&web.why, web.whole), (&StaysWhy::Quarantined { site: "north".to_owned() }, true));
    assert!(!ids(&back).iter().any(|id| id.starts_with("undo:web/")), "{:?}", ids(&back));
    // Once it is released they go home.
    let (judged, back) = taken_back(&plan, &player.entries, &[]);
    assert!(judged.undone.retreat.stays.iter().all(|stays| stays.service.as_deref() != Some("web")));
    assert!(ids(&back).contains(&"undo:web/switch@north>south"), "{:?}", ids(&back));
}

#[test]
fn a_fence_at_such_a_site_is_left_and_all_else_is_undone() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Lost);
    let mut player = until(&plan, "web/start@south", None);
    player.go_until(&mut |_| None, |player| {
        let ended = |of: &str| {
            player.entries.iter().any(|entry| matches!(&entry.event, Event::Ended { step, .. } if step == of))
        };
        ended("store/fence@north")
    });
    let (judged, back) = taken_back(&plan, &player.entries, &["north"]);
    let promoted = player.entries.iter().any(|entry| entry.event.subject() == Some("store/promote@south"));
    if !promoted {
        let left = judged.undone.retreat.stays.iter().find(|stays| !stays.whole).unwrap();
        assert_eq!(left.steps, ["store/fence@north"]);
    }
    assert!(!ids(&back).contains(&"undo:store/fence@north"), "{:?}", ids(&back));
    assert!(ids(&back).contains(&"undo:web/start@south"), "{:?}", ids(&back));
}

/// A model that knows nothing of services or edges: whatever is undone must be the last of all that it was built on. It
/// is asked after every entry of whole runs.
#[test]
fn after_every_entry_of_a_run_a_retreat_goes_back_through_states_of_the_plan() {
    let mine = estate();
    let shipped = talk::estate();
    let talk = |state| talk::plan(&shipped, "pangyo", state, &Observation::default());
    let plans = [
        (&mine, planned(&mine, ScopeState::Leaving), vec![]),
        (&mine, planned(&mine, ScopeState::Lost), vec![]),
        (&mine, planned(&mine, ScopeState::Lost), vec!["north"]),
        (&shipped, talk(ScopeState::Leaving), vec![]),
        (&shipped, talk(ScopeState::Lost), vec![]),
        (&shipped, talk(ScopeState::Lost), vec!["pangyo"]),
    ];
    let mut undone = 0;
    let mut stayed = 0;
    for (estate, plan, quarantined) in &plans {
        let player = play(plan, RUN, NIGHT);
        let stride = 1 + player.entries.len() / 24;
        for length in (2..=player.entries.len()).step_by(stride) {
            let entries = &player.entries[..length];
            let (judged, back) = taken_back(plan, entries, quarantined);
            undone += back.steps.len();
            stayed += judged.undone.retreat.stays.len();
            goes_back(plan, entries, &judged, &back);
            if judged.undone.retreat.stays.is_empty() && quarantined.is_empty() {
                let so = after(estate, plan, entries, &back);
                assert_eq!((so.active, so.low), (vec![], vec![]), "after {length} entries");
            }
        }
    }
    assert!(undone > 500 && stayed > 100, "{undone} {stayed}");
}

/// Plays the retreat, and looks at each of its steps whether anything that is still done was built on what it undoes.
fn goes_back(plan: &Plan, entries: &[Entry], judged: &Retreat, back: &Plan) {
    let behind = all_behind(plan);
    let begins = |entry: &Entry| if let Event::Started { step, .. } = &entry.event { Some(step.clone()) } else { None };
    // As if all that began were done: only what can be undone is looked at.
    let only = |id: &str| plan.steps.iter().any(|step| step.id == id && crate::run::retreat::only_looks(step));
    let mut so: BTreeSet<String> = entries.iter().filter_map(begins).filter(|id| !only(id)).collect();
    let left: BTreeSet<&String> =
        judged.undone.retreat.stays.iter().filter(|stays| !stays.whole).flat_map(|stays| &stays.steps).collect();
    let player = play(back, "20261122-0412-retreat", NIGHT);
    assert_eq!(player.state.ended, Some(RunEnd::Done));
    for entry in &player.entries {
        let Some(id) = begins(entry) else { continue };
        let of = id.strip_prefix("undo:").unwrap();
        let built = behind.get(of).into_iter().flatten();
        let built: Vec<&&str> = built.filter(|id| so.contains(**id) && !left.contains(&(**id).to_owned())).collect();
        assert!(built.is_empty(), "{of} is undone under {built:?}");
        so.remove(of);
    }
}

/// What was built on each step, by name; a gate is what stands between.
fn all_behind(plan: &Plan) -> BTreeMap<&str, BTreeSet<&str>> {
    let steps = plan.steps.iter().map(|step| (step.id.as_str(), &step.after, &[][..]));
    let gates = plan.gates.iter().map(|gate| (gate.id.as_str(), &gate.after, gate.opened_by.as_slice()));
    let nodes: Vec<(&str, Vec<&str>)> = steps
        .chain(gates)
        .map(|(id, after, proofs)| (id, after.iter().chain(proofs).map(String::as_str).collect()))
        .collect();
    let before: BTreeMap<&str, &Vec<&str>> = nodes.iter().map(|(id, before)| (*id, before)).collect();
    let mut behind: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, _) in &nodes {
        let mut seen = BTreeSet::new();
        let mut open = vec![*id];
        while let Some(one) = open.pop() {
            for &base in before[one] {
                if seen.insert(base) {
                    behind.entry(base).or_default().insert(id);
                    open.push(base);
                }
            }
        }
    }
    behind
}

#[test]
fn the_second_pair_of_eyes_sees_what_is_spoilt() {
    let estate = estate();
    let plan = planned(&estate, ScopeState::Leaving);
    let player = until(&plan, "store/fence@north", None);
    let (_, back) = taken_back(&plan, &player.entries, &[]);
    let nobody = BTreeSet::new();
    let seen = |entries: &[Entry], quarantined: &BTreeSet<String>, spoil: &dyn Fn(&mut Plan)| {
        let mut spoilt = back.clone();
        spoil(&mut spoilt);
        retreat_check(&plan, entries, quarantined, &spoilt)
    };
    let is = |found: Vec<Amiss>, which: fn(&Amiss) -> bool| assert!(found.iter().any(which), "{found:?}");
    is(seen(&player.entries, &nobody, &|plan| plan.steps.push(plan.steps[0].clone())), |one| {
        matches!(one, Amiss::OfNothing { .. })
    });
    is(seen(&player.entries, &nobody, &|plan| plan.steps[0].id = "undo:store/promote@south".to_owned()), |one| {
        matches!(one, Amiss::NotBegun { .. })
    });
    is(seen(&player.entries, &nobody, &|plan| plan.steps.iter_mut().for_each(|step| step.after.clear())), |one| {
        matches!(one, Amiss::Order { .. })
    });
    is(seen(&player.entries, &nobody, &|plan| plan.gates.clear()), |one| matches!(one, Amiss::Unasked { .. }));
    is(seen(&player.entries, &nobody, &|plan| plan.steps.retain(|step| step.id != "undo:web/tune@south")), |one| {
        matches!(one, Amiss::Needed { .. })
    });
    let north = BTreeSet::from(["north".to_owned()]);
    is(seen(&player.entries, &north, &|_| ()), |one| matches!(one, Amiss::Untrusted { .. }));
    let promoted = until(&plan, "store/promote@south", None);
    is(seen(&promoted.entries, &nobody, &|_| ()), |one| matches!(one, Amiss::SecondWriter { .. }));
}

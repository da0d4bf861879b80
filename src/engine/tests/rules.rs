//! Every rule of the engine is needed, and its loss is noticed: each is taken away alone, and seeded trials are run until
//! the stupid reader objects. With all of them in place it never does.

use std::sync::Arc;

use crate::driver::Dice;
use crate::driver::Fault as Trouble;
use crate::engine::Engine;
use crate::engine::Patience;
use crate::engine::People;
use crate::engine::Trial;
use crate::engine::people::Crowd;
use crate::engine::people::nobody;
use crate::engine::rehearse::hands;
use crate::engine::tests::estate;
use crate::engine::tests::watch::Watch;
use crate::journal::Journal;
use crate::journal::Memory;
use crate::model::Ppm;
use crate::model::ScopeState;
use crate::plan::Plan;
use crate::plan::tests::plan_of;
use crate::run::Command;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::broken::RULES;
use crate::run::broken::Rule;
use crate::run::broken::without;

/// Within so many trials the loss of a rule must be noticed.
const SEEDS: u64 = 400;
/// And in so many nothing must be found wrong where none is lost.
const CALM: u64 = 1_000;

type Staged = (Arc<Plan>, Arc<Script>);

/// The plan with every kind of step and gate, a switchover, and some of random estates.
fn stages() -> Vec<Staged> {
    let random = [5, 6, 7, 9, 11].into_iter().filter_map(|seed| plan_of(seed).1.ok());
    let random = random.map(|plan| {
        let script = Arc::new(Script::new(&plan).unwrap());
        (Arc::new(plan), script)
    });
    [estate::plan(), estate::planned("west", ScopeState::Leaving)].into_iter().chain(random).collect()
}

/// What goes wrong in one trial, and what somebody wants of the run once so much was written.
fn drawn(plan: &Plan, seed: u64) -> (Trial, Option<(u64, Command)>) {
    let mut dice = Dice::of(seed, "rules");
    let share = [0, 100_000, 400_000][usize::try_from(dice.below(3)).unwrap()];
    let steps: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    let faults = Trouble::draw(dice.throw(), &steps, Ppm(share));
    let people = match dice.below(4) {
        0 => People::Absent,
        1 | 2 => People::Erratic { seed: dice.throw() },
        _ => People::Spread { seed: dice.throw(), retries: 2 },
    };
    let interrupt = match dice.below(5) {
        0 => Some(Command::Hold),
        1 => Some(Command::Cancel),
        2 => Some(Command::Yield { plan: "another".to_owned() }),
        _ => None,
    };
    let after = 3 + dice.below(60);
    (Trial { seed: Some(dice.throw()), faults, people }, interrupt.map(|interrupt| (after, interrupt)))
}

fn run(plan: &Arc<Plan>, script: &Arc<Script>, seed: u64) -> Vec<Entry> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (trial, mut interrupt) = drawn(plan, seed);
        let mut journal = Memory::new();
        let reader = journal.reader();
        let opened = Event::Opened {
            format: 1,
            run: "rules".to_owned(),
            plan: plan.id.clone(),
            parent: None,
            program: "0".to_owned(),
        };
        let begun = journal.number(Stamp(1_000_000_000_000), vec![opened, Event::PenTaken { by: nobody("rules") }]);
        journal.append(&begun).unwrap();
        let (heard, listens) = tokio::sync::mpsc::unbounded_channel();
        let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
        let observer = Box::new(move |entries: &[Entry]| {
            let reached = entries.last().map(|entry| entry.seq);
            if let Some((_, command)) = interrupt.take_if(|(after, _)| reached >= Some(*after)) {
                drop(told.send(command));
            }
            drop(heard.send(entries.to_vec()));
        });
        let hands = Arc::new(hands(plan, &trial));
        let (plan, script) = (Arc::clone(plan), Arc::clone(script));
        let engine =
            Engine::begin(Arc::clone(&plan), script.clone(), journal, hands, &begun, Stamp(0), observer).unwrap();
        let handle = engine.handle();
        let mut crowd = Crowd::new(&plan, trial.people.clone(), engine.handle());
        crowd.find(&script, engine.state());
        tokio::spawn(crowd.listen(listens));
        tokio::spawn(async move {
            while let Some(command) = tells.recv().await {
                drop(handle.ask(command, nobody("person"), "wanted".to_owned()).await);
            }
        });
        drop(engine.run(Patience::ADay).await);
        reader.entries()
    })
}

/// What is found wrong first, and in which trial.
fn noticed(stages: &[Staged], rule: Option<Rule>, seeds: u64) -> Option<(u64, String)> {
    let spoilt: Vec<Staged> = stages
        .iter()
        .map(|(plan, script)| {
            let script = rule.map_or_else(|| Arc::clone(script), |rule| without(rule, script));
            (Arc::clone(plan), script)
        })
        .collect();
    (0..seeds).find_map(|seed| {
        let (plan, script) = &spoilt[usize::try_from(seed).unwrap() % spoilt.len()];
        let entries = run(plan, script, seed);
        // The fold is that of the machine without the rule: it has nothing to object to.
        Some((seed, Watch::read(plan, script, &entries).err()?))
    })
}

#[test]
fn with_all_its_rules_the_engine_is_never_caught() {
    assert_eq!(noticed(&stages(), None, CALM), None);
}

/// Who notices what: by the words of whoever does.
fn words(rule: Rule) -> &'static str {
    match rule {
        Rule::GatesAreWaitedFor | Rule::StepsAreWaitedFor | Rule::UnreachableIsNotDone | Rule::DoneIsProven => {
            "before "
        }
        Rule::FencesAreProven => "a fence that nothing proved",
        // Either "are taken by so many" or "it takes what is kept".
        Rule::PoolsHaveASize => "take",
        Rule::FirstThingsFirst => " waits for ",
        Rule::AShareIsKept => "kept for the first class",
        Rule::AttemptsEnd => ": attempt ",
        Rule::WritersAreGuarded => "by hand",
        Rule::AskedBeforeDone => "nobody asked whether it was so already",
        Rule::LossIsJudged => "more would be lost than was promised",
        Rule::SectionsAreFinished => "inside a critical section",
        Rule::TimeIsLimited => "for ever",
        Rule::DebtsAreCollected => "nobody fenced it",
    }
}

#[test]
fn the_loss_of_each_rule_is_noticed() {
    let stages = stages();
    for rule in RULES {
        let (_, why) = noticed(&stages, Some(rule), SEEDS).unwrap_or_else(|| panic!("nobody misses {rule:?}"));
        assert!(why.contains(words(rule)), "{rule:?}: {why}");
    }
}

//! Seeded faults under virtual time: hands that hang, refuse, answer late, die and lie; people who are slow, wrong or
//! absent; holds, cancels and crashes. A seed that fails is printed, and replays with `BONGHWA_SEED`.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use crate::driver;
use crate::driver::Dice;
use crate::driver::Fault as Trouble;
use crate::driver::World;
use crate::engine::Leave;
use crate::engine::People;
use crate::engine::Trial;
use crate::engine::rehearse::hands;
use crate::engine::rehearse::on;
use crate::engine::tests::estate;
use crate::engine::tests::watch::Watch;
use crate::journal::Fault;
use crate::journal::Memory;
use crate::model::Ppm;
use crate::plan::Plan;
use crate::plan::tests::plan_of;
use crate::run::Entry;
use crate::run::Event;
use crate::run::GateState;
use crate::run::Script;
use crate::run::State;
use crate::run::StepState;
use crate::run::Will;
use crate::run::fold;

/// Trials in a test run, over four tests that run side by side.
const SEEDS: u64 = 20_000;
/// Trials that share a plan: making one costs as much as several trials.
const TRIALS: u64 = 50;

/// What met what: kind of fault, state of the step.
type Met = BTreeMap<(&'static str, &'static str), u64>;

struct Seeded {
    plan: Arc<Plan>,
    script: Arc<Script>,
}

impl Seeded {
    /// The plan of a random estate, or of the one that has every kind of step and gate. Some incidents leave nothing to
    /// plan for: then there is none.
    fn new(seed: u64) -> Option<Self> {
        if (seed / 4).is_multiple_of(4) {
            let (plan, script) = estate::plan();
            return Some(Self { plan, script });
        }
        let plan = Arc::new(plan_of(seed).1.ok()?);
        let script = Arc::new(Script::new(&plan).unwrap());
        Some(Self { plan, script })
    }

    /// What goes wrong in one trial.
    fn trial(&self, dice: &mut Dice) -> Trial {
        let share = [0, 30_000, 100_000, 400_000][usize::try_from(dice.below(4)).unwrap()];
        let steps: Vec<&str> = self.plan.steps.iter().map(|step| step.id.as_str()).collect();
        let faults = Trouble::draw(dice.throw(), &steps, Ppm(share));
        let people = match dice.below(6) {
            0 => People::Absent,
            1 | 2 => People::Erratic { seed: dice.throw() },
            3 => People::AsPlanned { retries: 1 },
            _ => People::Spread { seed: dice.throw(), retries: 2 },
        };
        Trial { seed: Some(dice.throw()), faults, people }
    }

    /// Lives one after the other: in most trials one, in some the process dies once or twice.
    fn play(&self, trial: &Trial, dice: &mut Dice) -> (Vec<Entry>, World, Leave) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let hands: Arc<driver::Script> = Arc::new(hands(&self.plan, trial));
            let crashes = [0, 0, 0, 1, 2][usize::try_from(dice.below(5)).unwrap()];
            let mut journal = Memory::new();
            for _ in 0..crashes {
                let last = journal.reader().entries().len() as u64;
                journal = journal.with(Fault::DiesAfter(last + 2 + dice.below(60)));
                let reader = journal.reader();
                match on(&self.plan, &self.script, &trial.people, journal, Arc::clone(&hands)).await {
                    // It died, perhaps before it had begun.
                    Ok(Leave::JournalLost(_)) | Err(_) => {}
                    Ok(leave) => return (reader.entries(), hands.world(), leave),
                }
                if let Some(Event::RunEnded { end }) = reader.entries().last().map(|entry| &entry.event) {
                    return (reader.entries(), hands.world(), Leave::Ended(end.clone()));
                }
                journal = Memory::after(reader.entries());
            }
            let reader = journal.reader();
            let leave = on(&self.plan, &self.script, &trial.people, journal, Arc::clone(&hands)).await.unwrap();
            (reader.entries(), hands.world(), leave)
        })
    }

    fn check(&self, trial: &Trial, played: &(Vec<Entry>, World, Leave), met: &mut Met) -> Result<(), String> {
        let (entries, world, leave) = played;
        Watch::read(&self.plan, &self.script, entries)?;
        let state = self.state(trial, entries, met);
        self.ends(&state, leave)?;
        self.nothing_twice(entries, world)
    }

    fn state(&self, trial: &Trial, entries: &[Entry], met: &mut Met) -> State {
        let mut kinds: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for step in &self.plan.steps {
            let strikes = trial.faults.iter().filter(|fault| fault.step.matches(&step.id));
            kinds.insert(step.id.clone(), strikes.map(|fault| fault.kind.name()).collect());
        }
        let mut state = State::new(&self.script);
        for entry in entries {
            fold(&self.script, &mut state, entry).unwrap();
            let Some(at) = entry.event.subject().and_then(|name| self.script.find(name)) else { continue };
            if at < self.script.steps() {
                for kind in &kinds[self.script.name(at)] {
                    *met.entry((kind, state.steps[at].state.word())).or_default() += 1;
                }
            }
        }
        state
    }

    /// Every run ends done, cancelled, or held with a reason that a person can see.
    fn ends(&self, state: &State, leave: &Leave) -> Result<(), String> {
        match leave {
            Leave::Ended(_) if state.ended.is_some() => return Ok(()),
            Leave::AtRest => {}
            Leave::Ended(_) | Leave::Left | Leave::JournalLost(_) => return Err(format!("left with {leave:?}")),
        }
        let failed = state.steps.iter().any(|step| matches!(step.state, StepState::Failed(_)));
        let unanswered = state.gates.iter().any(|gate| match gate.state {
            GateState::Rejected { .. } | GateState::TimedOut => true,
            GateState::Waiting | GateState::Asked | GateState::Open(_) => false,
        });
        if failed || unanswered || state.will != Will::Going {
            return Ok(());
        }
        Err("it stands still, and nobody can see why".to_owned())
    }

    /// What must not be repeated is done at most once, unless a person wanted it again.
    fn nothing_twice(&self, entries: &[Entry], world: &World) -> Result<(), String> {
        for step in self.plan.steps.iter().filter(|step| step.limits.attempts <= 1 && step.done_if.is_none()) {
            let again =
                entries.iter().any(|entry| matches!(&entry.event, Event::Again { what, .. } if *what == step.id));
            let most = world.applied().filter(|(id, _, _)| *id == step.id).map(|(_, _, times)| times).max();
            if !again && most.is_some_and(|times| times > 1) {
                return Err(format!("{} took effect {most:?} times", step.id));
            }
        }
        Ok(())
    }
}

fn try_seeds(part: u64) {
    let only: Option<u64> = std::env::var_os("BONGHWA_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let mut met = Met::new();
    let (mut trials, mut ended) = (0, 0);
    for plan_seed in (0..SEEDS / TRIALS).filter(|seed| seed % 4 == part) {
        let Some(seeded) = Seeded::new(plan_seed) else { continue };
        for seed in (plan_seed * TRIALS..(plan_seed + 1) * TRIALS).filter(|seed| only.is_none_or(|only| only == *seed))
        {
            let mut dice = Dice::of(seed, "trial");
            let trial = seeded.trial(&mut dice);
            let played = seeded.play(&trial, &mut dice);
            if let Err(why) = seeded.check(&trial, &played, &mut met) {
                for entry in played.0.iter().filter(|_| only.is_some()) {
                    writeln!(std::io::stderr(), "{:>9} {:?}", entry.at.0 % 1_000_000_000, entry.event).unwrap();
                }
                panic!("seed {seed} ({}): {why}", plan_seed);
            }
            trials += 1;
            ended += u64::from(matches!(played.2, Leave::Ended(_)));
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{trials} trials, {ended} of them came to an end; what met what:").unwrap();
    for ((fault, state), times) in &met {
        writeln!(out, "  {fault:<12} {state:<16} {times:>8}").unwrap();
    }
    if only.is_none() {
        for pair in MATTER {
            assert!(met.contains_key(pair), "{pair:?} never met");
        }
    }
}

/// Faults and states that must have met in every quarter of the seeds.
const MATTER: &[(&str, &str)] = &[
    ("hang", "stopping"),
    ("hang", "in doubt"),
    ("hang", "resting"),
    ("hang", "done"),
    ("kill-fails", "in doubt"),
    ("kill-fails", "in doubt, held"),
    ("gone", "in doubt"),
    ("gone", "in doubt, held"),
    ("die", "in doubt"),
    ("die", "done"),
    ("die-before", "resting"),
    ("late", "stopping"),
    ("late", "done"),
    ("lie", "done"),
    ("lie", "verifying"),
    ("refuse", "failed"),
    ("refuse", "resting"),
    ("refuse", "skipped"),
    ("unreachable", "failed"),
    ("unreachable", "resting"),
];

#[test]
fn seeds_first_quarter() {
    try_seeds(0);
}

#[test]
fn seeds_second_quarter() {
    try_seeds(1);
}

#[test]
fn seeds_third_quarter() {
    try_seeds(2);
}

#[test]
fn seeds_fourth_quarter() {
    try_seeds(3);
}

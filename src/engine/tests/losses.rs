//! A second loss in the middle of a run, and an old site that answers again: a person plans anew, the successor takes over
//! in the same world, and a reader of both looks for what must never be. `BONGHWA_SEED` replays a seed that fails, and
//! `BONGHWA_FAMILIES` plays more of them than a test run does.

mod verdict;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use tokio::time::sleep_until;

use crate::driver::Dice;
use crate::driver::Fault as Trouble;
use crate::driver::Pattern;
use crate::driver::Silence;
use crate::driver::World;
use crate::engine::Patience;
use crate::engine::People;
use crate::engine::people::nobody;
use crate::engine::tests::night::BEGIN;
use crate::engine::tests::night::Hands;
use crate::engine::tests::night::Life;
use crate::engine::tests::night::Stage;
use crate::journal::Journal;
use crate::journal::Memory;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Role;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::Service;
use crate::model::ServiceKind;
use crate::model::SiteId;
use crate::plan::Inputs;
use crate::plan::Plan;
use crate::plan::Refusal;
use crate::plan::Step;
use crate::plan::plan_on;
use crate::plan::prepare;
use crate::plan::tests::estate_of;
use crate::run::Command;
use crate::run::Entry;
use crate::run::Event;
use crate::run::NoChild;
use crate::run::RunEnd;
use crate::run::SoNow;
use crate::run::State;
use crate::run::broken;
use crate::run::child;
use crate::run::inherit;
use crate::run::left_behind;
use crate::run::observation;
use crate::run::writers;

/// Families in a test run, over two tests that run side by side.
const SEEDS: u64 = 1_000;
/// Families that share an estate and a first plan.
const TRIALS: u64 = 10;
const SITES: [&str; 4] = ["alpha", "beta", "cloud", "delta"];
/// What is taken away from whoever hands over, to see who notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lapse {
    /// The next plan does not know which sites are sealed.
    ForgetsQuarantine,
    /// The next plan does not know what was promoted.
    ForgetsWriters,
    /// The successor begins while its parent has things in flight.
    DoesNotSettle,
    /// Fences that are owed are never tried again.
    ForgetsDebts,
}

/// What met what: loss or return, state of a step there.
type Met = BTreeMap<(&'static str, &'static str), u64>;

/// What happens to one family.
#[derive(Debug, Clone)]
struct Fate {
    /// Where in the world, and of what the person speaks.
    second: (Pattern, Scope),
    at: Millis,
    silences: Vec<Silence>,
    faults: Vec<Trouble>,
    people: People,
    /// The process is gone when the second loss comes.
    dies: bool,
    /// Whose loss the plan after the family answers.
    third: SiteId,
    spans: u64,
}

/// The estate, the first loss, and the plan that answers it.
struct Story {
    estate: Estate,
    incident: Incident,
    first: usize,
    stage: Stage,
    lapse: Option<Lapse>,
}

/// What was played.
struct Played {
    parent: Vec<Entry>,
    child: Option<(Stage, Vec<Entry>)>,
    world: World,
    /// Why there is no successor, in a word.
    word: &'static str,
    /// The state of the parent when the second loss came.
    struck: State,
}

fn site(estate: &Estate, at: usize) -> SiteId {
    estate.site_named(SITES[at]).unwrap()
}

fn incident(scope: Scope) -> Incident {
    Incident {
        scopes: vec![(scope, ScopeState::Lost)],
        surge: None,
        load: Ppm(600_000),
        began_before: None,
        to: Vec::new(),
        only_lifeline: false,
        accept_degraded: true,
        as_of: Date::new(2026, 11, 22).unwrap(),
    }
}

fn make(estate: &Estate, incident: &Incident, seen: &Observation) -> Result<Plan, Box<Refusal>> {
    let inputs = Inputs { sources: Vec::new(), effort: 0, errors_elsewhere: 0 };
    plan_on(&prepare(estate), incident, seen, &inputs)
}

impl Story {
    /// A random estate that loses a site at which something is written; one in five loses any.
    fn new(seed: u64, lapse: Option<Lapse>) -> Option<Self> {
        let made = (seed * 8..(seed + 1) * 8).find_map(|seed| {
            let estate = estate_of(seed);
            let writes = |at: usize| {
                let id = site(&estate, at);
                let written = |service: &&Service| {
                    let wrote = service.at(id).is_some_and(|replica| replica.role == Role::Active);
                    service.kind == ServiceKind::Stateful && wrote && service.replicas.len() > 1
                };
                estate.services.iter().filter(written).count()
            };
            let first = (0..4).max_by_key(|at| writes(*at)).filter(|at| writes(*at) > 0 || seed % 5 == 0)?;
            let incident = incident(Scope::Site(site(&estate, first)));
            let plan = make(&estate, &incident, &Observation::default()).ok()?;
            Some((estate, incident, first, plan))
        });
        let (estate, incident, first, plan) = made?;
        let mut stage = Stage::new(plan);
        if lapse == Some(Lapse::ForgetsDebts) {
            stage.script = broken::without(broken::Rule::DebtsAreCollected, &stage.script);
        }
        Some(Self { estate, incident, first, stage, lapse })
    }

    fn fate(&self, dice: &mut Dice) -> Fate {
        let pick = |dice: &mut Dice, many: usize| usize::try_from(dice.below(u64::try_from(many).unwrap())).unwrap();
        let whole = self.stage.plan.steps.iter().map(|step| step.start_ms.0 + step.duration_ms.0).max().unwrap_or(0);
        // Some runs are left alone for long.
        let late = if dice.below(4) == 0 { 1_800_000 } else { 0 };
        let at = Millis(dice.below(whole + whole / 4 + 60_000) + late);
        let promoted: Vec<usize> = (0..4)
            .filter(|at| {
                let to = |step: &&Step| step.phase == "promote" && step.site.as_deref() == Some(SITES[*at]);
                self.stage.plan.steps.iter().any(|step| to(&step))
            })
            .collect();
        let other = match dice.below(3) {
            0 | 1 if !promoted.is_empty() => SITES[promoted[pick(dice, promoted.len())]],
            _ => SITES[(self.first + 1 + pick(dice, 3)) % 4],
        };
        let id = self.estate.site_named(other).unwrap();
        let there: Vec<_> = (0..self.estate.services.len())
            .filter(|service| self.estate.services[*service].replicas.iter().any(|replica| replica.site == id))
            .collect();
        let second = match dice.below(3) {
            0 if !there.is_empty() => {
                let service = there[pick(dice, there.len())];
                let name = &self.estate.services[service].name;
                let hosts = Pattern::new(&format!("{other}-{}-*", &name[1..]));
                (hosts, Scope::Replica(self.estate.service_named(name).unwrap(), id))
            }
            _ => (Pattern::new(&format!("{other}-*")), Scope::Site(id)),
        };
        let back = |dice: &mut Dice, from: Millis| {
            (dice.below(4) > 0).then(|| Millis(from.0 + dice.below(whole + whole / 2 + 300_000)))
        };
        let first = Pattern::new(&format!("{}-*", SITES[self.first]));
        let silences = vec![
            Silence { hosts: first, from: Millis::ZERO, until: back(dice, Millis::ZERO) },
            Silence { hosts: second.0.clone(), from: at, until: back(dice, at) },
        ];
        let steps: Vec<&str> = self.stage.plan.steps.iter().map(|step| step.id.as_str()).collect();
        let share = [0, 0, 30_000, 200_000][pick(dice, 4)];
        let faults = Trouble::draw(dice.throw(), &steps, Ppm(share));
        let people = match dice.below(10) {
            0 => People::Absent,
            1 | 2 => People::Erratic { seed: dice.throw() },
            3 | 4 => People::Spread { seed: dice.throw(), retries: 2 },
            _ => People::AsPlanned { retries: 2 },
        };
        let third = site(&self.estate, pick(dice, 4));
        Fate { second, at, silences, faults, people, dies: dice.below(4) == 0, third, spans: dice.throw() }
    }

    /// What is so by these journals, as whoever plans next reads it.
    fn so_now(&self, runs: &[(&Plan, &[Entry])]) -> SoNow {
        let left: Vec<_> = runs.iter().map(|(plan, entries)| left_behind(plan, entries).unwrap()).collect();
        let mut so = SoNow { observation: observation(&self.estate, &left), writers: BTreeMap::new() };
        for (plan, entries) in runs {
            writers(plan, entries, &mut so.writers).unwrap();
        }
        if self.lapse == Some(Lapse::ForgetsQuarantine) {
            so.observation.quarantined.clear();
        }
        if self.lapse == Some(Lapse::ForgetsWriters) {
            so.writers.clear();
        }
        so
    }

    fn successor(&self, fate: &Fate, parent: &[Entry]) -> Result<Plan, &'static str> {
        let news = [(fate.second.1.clone(), ScopeState::Lost)];
        let (incident, _) = inherit(&self.incident, &news, fate.at).map_err(|_| "no news")?;
        let so = self.so_now(&[(&self.stage.plan, parent)]);
        let made = child(&self.estate, &incident, &so, |seen| make(&self.estate, &incident, seen));
        made.map_err(|no| match no {
            NoChild::Plan(_) => "refused",
            NoChild::SecondWriter { .. } => "second writer",
        })
    }

    fn play(&self, fate: &Fate) -> Played {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.night(fate))
    }

    async fn night(&self, fate: &Fate) -> Played {
        let hands = Hands::new(fate.spans, fate.faults.clone(), fate.silences.clone());
        hands.learn(&self.stage.plan);
        let journal = self.stage.opened("parent", None, BEGIN);
        let life = self.stage.live(journal, &hands, &fate.people, &[], Patience::ADay);
        sleep_until(hands.start + Duration::from_millis(fate.at.0)).await;
        let struck = self.stage.state(&life.reader.entries());
        let (parent, made) = self.handed_over(fate, &hands, life).await;
        let (child, word) = match made {
            Ok(stage) => {
                hands.learn(&stage.plan);
                let journal = stage.opened("child", Some("parent"), hands.now());
                let life = stage.live(journal, &hands, &fate.people, &[], Patience::ADay);
                life.running.await.unwrap();
                (Some((stage, life.reader.entries())), "taken over")
            }
            Err(word) => (None, word),
        };
        Played { parent, child, world: hands.far.world(), word, struck }
    }

    /// What a person does who hears of a second loss: settle, plan, name the successor. Where something became so
    /// meanwhile, the successor is planned anew from what is left behind.
    async fn handed_over(&self, fate: &Fate, hands: &Hands, life: Life) -> (Vec<Entry>, Result<Stage, &'static str>) {
        let stage = &self.stage;
        let mut life = life;
        if self.lapse == Some(Lapse::DoesNotSettle) {
            life.running.abort();
            return self.torn_away(fate, life.reader.entries());
        }
        let over = |life: &Life| stage.state(&life.reader.entries()).ended.is_some();
        if fate.dies && !over(&life) {
            life.running.abort();
            drop(life.running.await);
            let kept = Memory::after(life.reader.entries());
            life = stage.live(kept, hands, &People::Absent, &[Command::Hold], Patience::Leaves);
        }
        let Some(state) = stage.settle(&life).await else {
            let (by, reason) = (nobody("night"), "it never comes to rest".to_owned());
            drop(life.handle.ask(Command::Cancel, by, reason).await);
            drop(life.running.await);
            return (life.reader.entries(), Err("never at rest"));
        };
        let made = self.successor(fate, &life.reader.entries());
        let ended = state.ended.is_some();
        let plan = match made {
            Ok(plan) => plan,
            Err(word) => {
                drop(life.handle.ask(Command::Resume, nobody("night"), "nothing took over".to_owned()).await);
                return (self.to_the_end(hands, fate, life).await, Err(word));
            }
        };
        let give_way = || Command::Yield { plan: plan.id.clone() };
        if !ended {
            drop(life.handle.ask(give_way(), nobody("night"), "loss".to_owned()).await);
        }
        drop(life.running.await);
        // Its process had left, and nobody heard.
        if self.stage.state(&life.reader.entries()).ended.is_none() {
            let kept = Memory::after(life.reader.entries());
            life = stage.live(kept, hands, &People::Absent, &[give_way()], Patience::Leaves);
            drop(life.running.await);
        }
        let parent = life.reader.entries();
        if self.stage.state(&parent).ended.is_none() {
            return (parent, Err("did not give way"));
        }
        // From what it left behind: that may be more than when the plan was made.
        let made = self.successor(fate, &parent).map(Stage::new);
        (parent, made)
    }

    /// It goes on alone.
    async fn to_the_end(&self, hands: &Hands, fate: &Fate, life: Life) -> Vec<Entry> {
        if fate.dies {
            drop(life.running.await);
            if self.stage.state(&life.reader.entries()).ended.is_some() {
                return life.reader.entries();
            }
            let kept = Memory::after(life.reader.entries());
            let again = self.stage.live(kept, hands, &fate.people, &[Command::Resume], Patience::ADay);
            drop(again.running.await);
            return again.reader.entries();
        }
        drop(life.running.await);
        life.reader.entries()
    }

    /// A successor that waits for nothing.
    fn torn_away(&self, fate: &Fate, entries: Vec<Entry>) -> (Vec<Entry>, Result<Stage, &'static str>) {
        let state = self.stage.state(&entries);
        let made = self.successor(fate, &entries);
        let (Ok(plan), None) = (made, state.ended) else { return (entries, Err("over")) };
        let mut journal = Memory::after(entries);
        let (by, reason) = (nobody("night"), "at once".to_owned());
        let yields = Event::Yielding { plan: plan.id.clone(), by, reason };
        let events = vec![yields, Event::RunEnded { end: RunEnd::Succeeded { plan: plan.id.clone() } }];
        let told = journal.number(state.now, events);
        journal.append(&told).unwrap();
        (journal.reader().entries(), Ok(Stage::new(plan)))
    }
}

/// The first thing that is found wrong, and in which family.
fn noticed(seeds: impl Iterator<Item = u64>, lapse: Option<Lapse>, met: &mut Met) -> Option<(u64, String)> {
    let mut story: Option<(u64, Option<Story>)> = None;
    for seed in seeds {
        let (known, kept) = story.take().unwrap_or((u64::MAX, None));
        let current = if known == seed / TRIALS { kept } else { Story::new(seed / TRIALS, lapse) };
        if let Some(current) = &current {
            let fate = current.fate(&mut Dice::of(seed, "losses"));
            let played = current.play(&fate);
            if let Err(why) = current.check(&fate, &played) {
                return Some((seed, told(&fate, &played, &why)));
            }
            current.meet(&fate, &played, met);
        }
        story = Some((seed / TRIALS, current));
    }
    None
}

/// With everything that happened, where one seed is replayed.
fn told(fate: &Fate, played: &Played, why: &str) -> String {
    if std::env::var_os("BONGHWA_SEED").is_some() {
        let mut out = std::io::stderr().lock();
        writeln!(out, "{fate:#?} {}", played.word).unwrap();
        let child = played.child.iter().flat_map(|(_, entries)| entries);
        for entry in played.parent.iter().chain(child) {
            writeln!(out, "{:>9} {:?}", entry.at.since(BEGIN).0, entry.event).unwrap();
        }
    }
    why.to_owned()
}

fn try_seeds(half: u64) {
    let wish = |name: &str| -> Option<u64> { std::env::var_os(name).and_then(|wish| wish.to_str()?.parse().ok()) };
    let only = wish("BONGHWA_SEED");
    let many = wish("BONGHWA_FAMILIES").unwrap_or(SEEDS).max(only.map_or(0, |only| only + 1));
    let mut met = Met::new();
    let seeds = (0..many).filter(|seed| seed / TRIALS % 2 == half && only.is_none_or(|only| only == *seed));
    if let Some((seed, why)) = noticed(seeds, None, &mut met) {
        panic!("seed {seed}: {why}");
    }
    let mut out = std::io::stdout().lock();
    for ((what, state), times) in &met {
        writeln!(out, "  {what:<20} {state:<20} {times:>8}").unwrap();
    }
    for pair in MATTER.iter().filter(|_| only.is_none()) {
        assert!(met.contains_key(pair), "{pair:?} never met");
    }
}

/// What must have met in either half of the seeds.
const MATTER: &[(&str, &str)] = &[
    ("second loss", "waiting"),
    ("second loss", "running"),
    ("second loss", "failed"),
    ("second loss", "done"),
    ("return", "waiting"),
    ("return", "asked"),
    ("return", "owed"),
    ("return", "open"),
    ("return", "debt collected"),
    ("return, parent over", "owed"),
    ("successor", "taken over"),
];

#[test]
fn losses_first_half() {
    try_seeds(0);
}

#[test]
fn losses_second_half() {
    try_seeds(1);
}

#[test]
fn each_lapse_of_a_handover_is_noticed() {
    for (lapse, words) in [
        (Lapse::ForgetsQuarantine, "quarantined"),
        (Lapse::ForgetsWriters, "writer"),
        (Lapse::DoesNotSettle, "nobody owns it"),
        (Lapse::ForgetsDebts, "nobody fenced it"),
    ] {
        let found = noticed(0..SEEDS, Some(lapse), &mut Met::new());
        let (_, why) = found.unwrap_or_else(|| panic!("nobody misses anything where it {lapse:?}"));
        assert!(why.contains(words), "{lapse:?}: {why}");
    }
}

//! A crash at every append: what is left is gone on with, and ends as if nothing had happened.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::driver;
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
use crate::model::HostSet;
use crate::model::ScopeState;
use crate::plan;
use crate::plan::Plan;
use crate::run;
use crate::run::Entry;
use crate::run::Event;
use crate::run::RunEnd;
use crate::run::Script;

/// A plan, the hands that carry it out, and the one world that they share through all lives of the process.
struct Stage {
    plan: Arc<Plan>,
    script: Arc<Script>,
    trial: Trial,
}

impl Stage {
    fn new((plan, script): (Arc<Plan>, Arc<Script>), faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| Trouble::parse(fault).unwrap()).collect();
        Self { plan, script, trial: Trial { seed: None, faults, people: People::AsPlanned { retries: 2 } } }
    }

    /// One life after the other, each with something that goes wrong in it; the last one is left alone.
    fn lives(&self, faults: &[Fault]) -> (Vec<Entry>, World, Leave) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let hands = Arc::new(hands(&self.plan, &self.trial));
            let mut kept = Vec::new();
            for fault in faults {
                let journal = if kept.is_empty() { Memory::new() } else { Memory::after(kept) };
                let journal = journal.with(*fault);
                let reader = journal.reader();
                // The first append of a life may already fail: then there is no run yet, or it is where it was.
                drop(self.live(journal, &hands).await);
                kept = reader.entries();
            }
            let journal = if kept.is_empty() { Memory::new() } else { Memory::after(kept) };
            let reader = journal.reader();
            let leave = self.live(journal, &hands).await.unwrap();
            (reader.entries(), hands.world(), leave)
        })
    }

    async fn live(&self, journal: Memory, hands: &Arc<driver::Script>) -> Option<Leave> {
        let ended =
            journal.reader().entries().last().is_some_and(|entry| matches!(&entry.event, Event::RunEnded { .. }));
        if ended {
            return Some(Leave::Ended(RunEnd::Done));
        }
        on(&self.plan, &self.script, &self.trial.people, journal, Arc::clone(hands)).await.ok()
    }

    /// The same world and the same end as without any trouble, and a journal that holds together.
    fn same_as(&self, calm: &World, faults: &[Fault]) {
        let (entries, world, leave) = self.lives(faults);
        assert!(matches!(leave, Leave::Ended(RunEnd::Done)), "{faults:?}: {leave:?}");
        Watch::read(&self.plan, &self.script, &entries).unwrap_or_else(|why| panic!("{faults:?}: {why}"));
        let did = |world: &World| world.applied().map(|(step, host, times)| format!("{step} {host} {times}")).collect();
        let (done, should): (BTreeSet<String>, BTreeSet<String>) = (did(&world), did(calm));
        let differs: Vec<&String> = done.symmetric_difference(&should).collect();
        assert!(differs.is_empty(), "{faults:?}: {differs:?} of {entries:#?}");
    }
}

fn stages() -> Vec<Stage> {
    vec![
        Stage::new(estate::plan(), &[]),
        Stage::new(estate::planned("west", ScopeState::Leaving), &[]),
        // Everything that can be killed, asked after, repeated and proven is.
        Stage::new(
            estate::plan(),
            &[
                "talk/start@east=late:5",
                "store/promote@east=die",
                "gone/free=refuse:1",
                "ledger/fence@west=unreachable",
            ],
        ),
        Stage::new(
            estate::plan(),
            &[
                "talk/free=hang:1",
                "talk/start@east#e-talk-2=refuse:1",
                "talk/start@east#e-talk-3=refuse:1",
                "store/check@east=die:1",
            ],
        ),
    ]
}

#[test]
fn a_crash_at_every_entry_changes_nothing() {
    for stage in stages() {
        let (entries, calm, leave) = stage.lives(&[]);
        assert!(matches!(leave, Leave::Ended(RunEnd::Done)), "{leave:?} {:?}: {entries:#?}", stage.trial.faults);
        for seq in 1..=entries.len() as u64 {
            stage.same_as(&calm, &[Fault::DiesBefore(seq)]);
            stage.same_as(&calm, &[Fault::DiesAfter(seq)]);
        }
    }
}

#[test]
fn a_second_crash_while_the_first_is_mended_changes_nothing_either() {
    let stage = Stage::new(estate::plan(), &[]);
    let (entries, calm, _) = stage.lives(&[]);
    for seq in 3..entries.len() as u64 {
        for later in 1..4 {
            stage.same_as(&calm, &[Fault::DiesAfter(seq), Fault::DiesAfter(seq + later)]);
        }
    }
}

#[test]
fn a_journal_that_fails_at_any_call_loses_nothing() {
    let stage = Stage::new(estate::plan(), &[]);
    let (entries, calm, _) = stage.lives(&[]);
    for call in 1..=entries.len() as u64 {
        stage.same_as(&calm, &[Fault::Io { append: call }]);
        stage.same_as(&calm, &[Fault::NoRoom { reserve: call }]);
        stage.same_as(&calm, &[Fault::Full { reserve: call }]);
        for kept in 0..3 {
            stage.same_as(&calm, &[Fault::Short { append: call, kept }]);
        }
    }
}

/// The retreat of a run that was left before its first promotion, and the run.
fn retreat(state: ScopeState) -> (Vec<Entry>, Arc<Plan>, Arc<Plan>) {
    let stage = Stage::new(estate::planned("west", state), &[]);
    let (entries, _, _) = stage.lives(&[]);
    let promotes = |entry: &Entry| {
        let step = entry.event.subject().and_then(|id| stage.plan.steps.iter().find(|step| step.id == id));
        step.is_some_and(|step| step.phase == "promote" || step.irreversible)
    };
    let until = entries.iter().position(promotes).unwrap_or(entries.len());
    let entries = entries[..until].to_vec();
    let judged = run::retreat(&stage.plan, &entries, &BTreeSet::new()).unwrap();
    assert_eq!(judged.undone.retreat.stays, [], "{state:?}");
    let back = plan::retreat(&stage.plan, judged.undone).unwrap();
    assert_eq!(run::retreat_check(&stage.plan, &entries, &BTreeSet::new(), &back), []);
    (entries, stage.plan, Arc::new(back))
}

#[test]
fn a_retreat_undoes_once_what_was_done_wherever_it_crashes() {
    for state in [ScopeState::Leaving, ScopeState::Lost] {
        let (entries, plan, back) = retreat(state);
        let began = entries.iter().filter(|entry| matches!(entry.event, Event::Started { .. }));
        let began: BTreeSet<&str> = began.filter_map(|entry| entry.event.subject()).collect();
        let stage = Stage::new((Arc::clone(&back), Arc::new(Script::new(&back).unwrap())), &[]);
        let (written, calm, _) = stage.lives(&[]);
        let mut undone = 0;
        for (step, host, times) in calm.applied() {
            let of = step.strip_prefix("undo:").unwrap();
            let hosts = plan.steps.iter().find(|step| step.id == of).and_then(|step| step.hosts.as_ref());
            let there = hosts.is_none_or(|hosts| HostSet::parse(&hosts.set).unwrap().contains(host));
            assert!(began.contains(of) && times == 1 && there, "{step} {host} {times}");
            undone += 1;
        }
        assert!(undone >= 4, "{state:?} {undone}");
        for seq in 1..=written.len() as u64 {
            stage.same_as(&calm, &[Fault::DiesBefore(seq)]);
            stage.same_as(&calm, &[Fault::DiesAfter(seq)]);
        }
    }
}

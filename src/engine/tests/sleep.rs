//! A laptop that slept: what ran out meanwhile is overdue at once, and is asked after before anything else.

use std::sync::Arc;
use std::time::Duration;

use crate::driver::Fault as Trouble;
use crate::engine::Engine;
use crate::engine::Patience;
use crate::engine::People;
use crate::engine::Trial;
use crate::engine::people::nobody;
use crate::engine::rehearse::hands;
use crate::engine::tests::estate;
use crate::journal::Journal;
use crate::journal::Memory;
use crate::model::Millis;
use crate::run::Command;
use crate::run::Event;
use crate::run::Stamp;

#[test]
fn limits_go_on_while_the_machine_sleeps() {
    let (plan, script) = estate::plan();
    let faults = vec![Trouble::parse("talk/free=hang").unwrap()];
    let trial = Trial { seed: None, faults, people: People::Absent };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let entries = runtime.block_on(async {
        let hands = Arc::new(hands(&plan, &trial));
        let mut journal = Memory::new();
        let opening = Event::Opened {
            format: 1,
            run: "night".to_owned(),
            plan: plan.id.clone(),
            parent: None,
            program: "0".to_owned(),
        };
        let begun = journal.number(Stamp(1), vec![opening, Event::PenTaken { by: nobody("minji") }]);
        journal.append(&begun).unwrap();
        let reader = journal.reader();
        let engine = Engine::begin(plan, script, journal, hands, &begun, Stamp(1), Box::new(|_| {})).unwrap();
        let handle = engine.handle();
        let running = tokio::spawn(engine.run(Patience::Stays));
        let approve = Command::Approve { what: "approval:start".to_owned() };
        handle.ask(approve, nobody("minji"), String::new()).await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        handle.slept(Millis::from_secs(3_600));
        tokio::time::sleep(Duration::from_millis(1)).await;
        running.abort();
        reader.entries()
    });
    let slept = entries.iter().position(|entry| matches!(entry.event, Event::ClockJumped { .. })).unwrap();
    assert!(entries[slept].at.since(entries[slept - 1].at) >= Millis::from_secs(3_600));
    let stops =
        |entry: &&crate::run::Entry| matches!(&entry.event, Event::Stopping { step, .. } if step == "talk/free");
    assert!(entries[slept..].iter().any(|entry| stops(&entry)), "{entries:#?}");
}

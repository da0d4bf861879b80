//! A failover of what is copied asynchronously: the old site is off by a person's word, and more would be lost than was
//! promised. Nobody is promoted over a no, also after a crash; and a second look that finds less lets it go on.

use crate::engine::tests::estate;
use crate::engine::tests::watch::Watch;
use crate::model::Millis;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::run::Command;
use crate::run::End;
use crate::run::Event;
use crate::run::GateState;
use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::StepState;
use crate::run::What;
use crate::run::tests::player::Answer;
use crate::run::tests::player::Asked;
use crate::run::tests::player::NIGHT;
use crate::run::tests::player::Player;

const FENCE: &str = "ledger/fence@west";
const PROMOTE: &str = "ledger/promote@east";
const CHECK: &str = "ledger/check@east";
/// Far longer than everything else of this plan takes.
const LONG: Millis = Millis::from_secs(3 * 3_600);

/// The gates before the promotion: whether the old writer is off, and what may be lost.
fn gates(plan: &Plan) -> (String, String) {
    let promote = plan.steps.iter().find(|step| step.id == PROMOTE).expect("it is planned");
    let before = || plan.gates.iter().filter(|gate| promote.after.contains(&gate.id));
    let fence = before().find(|gate| matches!(gate.kind, GateKind::Fence { .. })).expect("a fence");
    let loss = before().find(|gate| matches!(gate.kind, GateKind::DataLoss { .. })).expect("a judgement");
    assert!(matches!(loss.kind, GateKind::DataLoss { objective_ms: Some(Millis(60_000)), .. }), "{:?}", loss.kind);
    (fence.id.clone(), loss.id.clone())
}

fn gate<'a>(player: &'a Player<'_>, id: &str) -> &'a GateState {
    &player.state.gate(&player.script, player.script.find(id).unwrap()).state
}

/// The old site answers nothing, and the copy is so far behind.
fn lost(behind: u64) -> impl FnMut(Asked<'_>) -> Option<(Millis, Answer)> {
    move |asked| match asked.what {
        Some(What::Positions) => {
            let age = Some(Millis::from_secs(behind));
            let seen = Position { host: "e-led-1".to_owned(), position: "17".to_owned(), age };
            Some((Millis::from_secs(1), Answer::Positions(vec![seen])))
        }
        Some(What::Do) if asked.name == FENCE => {
            Some((Millis::from_secs(5), Answer::End(End::Unreachable("no route".to_owned()))))
        }
        Some(_) | None => None,
    }
}

#[test]
fn nobody_is_promoted_over_a_no_to_what_would_be_lost() {
    let plan = (*estate::plan().0).clone();
    let (fence, loss) = gates(&plan);
    let mut player = Player::new(&plan, "copies", NIGHT);
    let is_seen = |player: &Player<'_>| {
        let seen = |event: &Event| matches!(event, Event::PositionsSeen { gate, .. } if *gate == loss);
        player.entries.iter().any(|entry| seen(&entry.event))
    };
    player.go_until(&mut lost(90), is_seen);
    assert_eq!(*gate(&player, &loss), GateState::Asked, "90 s are more than the minute that was promised");
    let by = gate(&player, &fence);
    assert!(matches!(by, GateState::Open(OpenedBy::Person { .. })), "the fence stands on a word: {by:?}");
    player.says(Command::Reject { what: loss.clone() }, "90 s of payments");

    // Nothing but another look brings it on, whoever carries the run and however long it goes on.
    player.dies(Millis::from_secs(30));
    let until = player.now.after(LONG);
    player.go_until(&mut lost(90), |player| player.now > until);
    let is_promoted = |player: &Player<'_>| {
        player
            .entries
            .iter()
            .any(|entry| matches!(entry.event, Event::Started { .. }) && entry.event.subject() == Some(PROMOTE))
    };
    assert!(!is_promoted(&player) && player.state.ended.is_none());
    assert!(matches!(gate(&player, &loss), GateState::Rejected { .. }));

    player.says(Command::Retry { what: loss.clone() }, "the copy has caught up");
    let until = player.now.after(LONG);
    let is_through = |player: &Player<'_>| {
        let check = &player.state.steps[player.script.find(CHECK).unwrap()].state;
        matches!(check, StepState::Done(_)) || player.now > until
    };
    player.go_until(&mut lost(20), is_through);
    let by = gate(&player, &loss);
    assert!(matches!(by, GateState::Open(OpenedBy::Judged { age: Some(Millis(20_000)) })), "{by:?}");
    assert!(is_promoted(&player));
    Watch::read(&plan, &player.script, &player.entries).expect("every entry is as it may be");
}

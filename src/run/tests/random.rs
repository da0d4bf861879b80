//! The machine against a stupid model of it: random graphs of steps and gates, and whatever can come in, in any order.
//!
//! The machine keeps sums and queues up to date with each entry. The model has none: it counts everything anew, each time.

use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::proptest;

use crate::model::Millis;
use crate::run::Command;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::FailWhy;
use crate::run::Found;
use crate::run::GateState;
use crate::run::HostEnd;
use crate::run::Input;
use crate::run::OpenedBy;
use crate::run::Position;
use crate::run::Script;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::command;
use crate::run::decide;
use crate::run::fold;
use crate::run::react;
use crate::run::script::Guard;
use crate::run::script::Judge;
use crate::run::script::Kind;
use crate::run::script::NodeAt;
use crate::run::tests::made;
use crate::run::tests::player::who;

/// Numbers that a test case is made of.
type Draws = Vec<u32>;

/// Takes one number after the other, and zeros when there are none left.
struct Dice<'a>(std::slice::Iter<'a, u32>);

impl Dice<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.0.next().map_or(0, |draw| usize::try_from(*draw).unwrap() % bound.max(1))
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    fn small(&mut self, bound: usize) -> u32 {
        u32::try_from(self.below(bound)).unwrap()
    }
}

/// A random graph. Everything waits only for what is earlier in a random order, in which gates stand among the steps.
fn script(dice: &mut Dice<'_>) -> Script {
    let (steps, gates) = (1 + dice.below(7), dice.below(4));
    let mut nodes = Vec::new();
    for at in 0..steps {
        let (mut node, mut step) = made::step(&format!("s{at}"));
        node.class = u8::try_from(dice.below(3)).unwrap();
        node.queue = dice.below(4);
        step.by_person = dice.below(6) == 5;
        step.collects = if step.by_person { 0 } else { step.collects };
        node.queue = if step.by_person { 0 } else { node.queue };
        step.has_done_if = dice.coin();
        step.has_verify = dice.coin();
        step.unreachable_ok = dice.below(4) == 3;
        step.attempts = 1 + dice.small(3);
        step.guarded = [None, None, Some(Guard::Fence), Some(Guard::Writer)][dice.below(4)];
        step.section = [None, Some(0), Some(1)][dice.below(3)];
        step.opens_section = step.section.is_some() && dice.coin();
        node.kind = Kind::Step(step);
        nodes.push(node);
    }
    for gate in 0..gates {
        let judge = match dice.below(3) {
            0 => Judge::Person,
            1 => Judge::Fence { service: None, site: "west".to_owned(), carried: dice.below(4) == 3 },
            _ => Judge::Positions { steps: vec![0], at_most: None, objective: Some(Millis::from_secs(5)) },
        };
        let fence = matches!(judge, Judge::Fence { .. });
        let opened_by = (0..steps).filter(|_| fence && dice.below(3) == 2).collect();
        nodes.push(made::gate(&format!("g{gate}"), judge, opened_by));
    }
    let mut order: Vec<NodeAt> = (0..nodes.len()).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, dice.below(last + 1));
    }
    let mut edges = Vec::new();
    for (place, &after) in order.iter().enumerate() {
        for &before in &order[..place] {
            let opens = matches!(&nodes[after].kind, Kind::Gate(gate) if gate.opened_by.contains(&before));
            if !opens && dice.below(4) == 3 {
                edges.push((before, after));
            }
        }
    }
    let pools = (0..2).map(|_| 1 + dice.small(3)).map(|size| (size, size.min(1))).collect();
    let queues = vec![Vec::new(), vec![(0, 1)], vec![(1, 1)], vec![(0, 1), (1, 1)]];
    made::script(nodes, &edges, pools, queues)
}

/// A run, and everything that was written of it.
struct Run {
    script: Script,
    state: State,
    entries: Vec<Entry>,
    now: Stamp,
    /// Everything hangs, is lost, and is found alive.
    stubborn: bool,
}

impl Run {
    fn new(script: Script, stubborn: bool) -> Self {
        let state = State::new(&script);
        let mut run = Self { script, state, entries: Vec::new(), now: Stamp(1_000_000), stubborn };
        run.write(vec![
            Event::Opened {
                format: 1,
                run: "random".to_owned(),
                plan: run.script.plan.clone(),
                parent: None,
                program: "0".to_owned(),
            },
            Event::PenTaken { by: who("mina") },
        ]);
        run
    }

    /// What the machine wants written is never refused.
    fn write(&mut self, events: Vec<Event>) {
        for event in events {
            let epoch = self.state.epoch + u32::from(matches!(event, Event::PenTaken { .. }));
            let entry = Entry { seq: self.state.seq + 1, at: self.now, epoch, event };
            let may = self.may(&entry.event);
            fold(&self.script, &mut self.state, &entry).unwrap_or_else(|why| panic!("{why} after {}", self.last()));
            assert!(may, "{:?} after {}", entry.event, self.last());
            self.entries.push(entry);
            self.recount();
        }
    }

    fn last(&self) -> String {
        let entries = &self.entries[self.entries.len().saturating_sub(20)..];
        entries.iter().map(|entry| format!("\n{:?}", entry.event)).collect()
    }

    fn over(&self, at: NodeAt) -> bool {
        if at < self.script.steps() {
            matches!(self.state.steps[at].state, StepState::Done(_) | StepState::Skipped)
        } else {
            matches!(self.state.gates[at - self.script.steps()].state, GateState::Open(_))
        }
    }

    fn waits_for(&self, at: NodeAt) -> usize {
        (0..self.script.len())
            .filter(|&before| !self.over(before))
            .map(|before| self.script.next(before).iter().filter(|&&next| next == at).count())
            .sum()
    }

    /// Whether the model thinks that this may be written now.
    fn may(&self, event: &Event) -> bool {
        let at = event.subject().and_then(|name| self.script.find(name));
        let Some(at) = at else { return true };
        let starts = matches!(event, Event::Started { .. });
        if matches!(event, Event::GateAsked { .. } | Event::GateOpened { .. }) || starts {
            let waits = |at: NodeAt| {
                let rests = matches!(self.state.steps[at].state, StepState::Waiting | StepState::Resting { .. });
                rests || self.collects(at)
            };
            return self.waits_for(at) == 0 && (!starts || waits(at));
        }
        true
    }

    /// Whether a person vouches for what this step failed to prove, so that it is tried again by itself.
    fn collects(&self, at: NodeAt) -> bool {
        let by_person = matches!(&self.script.nodes[at].kind, Kind::Step(step) if step.by_person);
        let fences = self.script.nodes.iter().filter(|node| match &node.kind {
            Kind::Gate(gate) => matches!(gate.judge, Judge::Fence { .. }) && gate.opened_by.contains(&at),
            Kind::Step(_) => false,
        });
        let mut vouched = false;
        for node in fences {
            let mut owed = false;
            for entry in &self.entries {
                if let Event::GateOpened { gate, by } = &entry.event
                    && *gate == node.id
                {
                    owed = matches!(by, OpenedBy::Person { .. } | OpenedBy::Earlier);
                }
                owed &= !matches!(entry.event, Event::Released { .. });
            }
            let Kind::Gate(gate) = &node.kind else { continue };
            let proven = |at: &NodeAt| matches!(self.state.steps[*at].state, StepState::Done(_));
            vouched |= owed && !gate.opened_by.iter().any(proven);
        }
        let known =
            matches!(&self.state.steps[at].state, StepState::Failed(why) if !matches!(why, FailWhy::InDoubt(_)));
        vouched && known && !by_person
    }

    /// Everything that the machine keeps up to date is what it would be if it were counted now.
    fn recount(&mut self) {
        drop(self.state.take_touched());
        let (script, state) = (&self.script, &self.state);
        for at in 0..script.len() {
            assert_eq!(state.waits_for(at) as usize, self.waits_for(at), "{}", script.name(at));
            assert_eq!(state.is_over(script, at), self.over(at));
        }
        let active: Vec<NodeAt> = (0..script.steps()).filter(|&at| state.steps[at].state.is_active()).collect();
        assert_eq!(state.active.iter().copied().collect::<Vec<_>>(), active);
        for (pool, &(size, _)) in script.pools.iter().enumerate() {
            let claims = |at: &NodeAt| {
                let queue = script.nodes[*at].queue;
                script.queues[queue].iter().filter(|(of, _)| *of == pool).map(|(_, amount)| *amount).sum::<u32>()
            };
            assert_eq!(state.used[pool], active.iter().map(claims).sum::<u32>());
            let late = state.steps.iter().any(|step| step.state == StepState::Verifying);
            // What answers after all was left to a person, and its place to others: it is let in for its proof.
            assert!(state.used[pool] <= size || late, "{} of {size}", state.used[pool]);
        }
        let failed = |at: &NodeAt| matches!(state.steps[*at].state, StepState::Failed(_));
        assert_eq!(
            state.failed.iter().copied().collect::<Vec<_>>(),
            (0..script.steps()).filter(failed).collect::<Vec<_>>()
        );
        let left: Vec<NodeAt> = (0..script.len()).filter(|&at| !self.over(at)).collect();
        assert_eq!(state.left_over, left.len());
        assert_eq!(state.first_left, left.iter().filter(|&&at| script.nodes[at].class == 0).count());
        for (section, members) in script.sections.iter().enumerate() {
            let whole = members.iter().all(|&at| self.over(at));
            assert!(!(state.entered[section] && whole));
        }
        let ready: Vec<NodeAt> = state.ready.iter().flatten().map(|&(_, _, at)| at).collect();
        for at in 0..script.steps() {
            let could = state.steps[at].state == StepState::Waiting && self.waits_for(at) == 0;
            assert_eq!(ready.contains(&at), could, "{}", script.name(at));
            let still = matches!(
                state.steps[at].state,
                StepState::Waiting | StepState::Failed(_) | StepState::Done(_) | StepState::Skipped
            );
            assert_eq!(state.timer[at].is_some(), !still || self.collects(at), "{}", script.name(at));
        }
    }

    fn decide(&mut self) {
        for _ in 0..100 {
            let events = decide(&self.script, &self.state, self.now);
            if events.is_empty() {
                return;
            }
            self.write(events);
        }
        panic!("it never comes to rest: {}", self.last());
    }

    fn turn(&mut self, dice: &mut Dice<'_>) {
        let kind = dice.below(10);
        if kind == 0 {
            self.now = self.now.after(Millis::from_secs(u64::from(dice.small(100))));
        }
        let events = match kind {
            0 | 1 => react(&self.script, &self.state, Input::Tick, self.now),
            2 | 3 => {
                let (wanted, reason) = (self.wanted(dice), ["", "because"][dice.below(2)]);
                command(&self.script, &self.state, wanted, who("jun"), reason).unwrap_or_default()
            }
            4 if dice.below(4) == 3 && self.state.ended.is_none() => vec![Event::PenTaken { by: who("mina") }],
            _ => {
                let stale = dice.below(6) == 5;
                let input = self.input(dice, stale);
                let about_a_step = !matches!(input, Input::Positions { .. } | Input::Signal | Input::NoRoom);
                let events = react(&self.script, &self.state, input, self.now);
                assert!(!(stale && about_a_step) || events.is_empty(), "a stale answer changed something: {events:?}");
                events
            }
        };
        self.write(events);
        self.decide();
    }

    fn wanted(&self, dice: &mut Dice<'_>) -> Command {
        let what = self.script.name(dice.below(self.script.len())).to_owned();
        match dice.below(14) {
            0..=2 => Command::Approve { what },
            3 => Command::Reject { what },
            4..=6 => Command::Retry { what },
            7 => Command::Skip { step: what },
            8 => Command::MarkDone { step: what },
            9 => Command::Hold,
            10 => Command::Resume,
            11 => Command::Cancel,
            12 => Command::Yield { plan: "another".to_owned() },
            _ => Command::Release { site: "west".to_owned() },
        }
    }

    fn input(&self, dice: &mut Dice<'_>, stale: bool) -> Input {
        let at = dice.below(self.script.steps());
        let attempt = self.state.steps[at].attempt + u32::from(stale);
        let said = String::new();
        if self.stubborn && dice.below(4) > 0 {
            let state = &self.state.steps[at].state;
            if *state == StepState::Acting {
                return Input::Ended { at, attempt, end: End::Lost("dark".to_owned()), said };
            }
            if *state == StepState::Checking {
                return Input::Checked { at, attempt, so: Seen::No, already: Vec::new() };
            }
            return Input::Inquired { at, attempt, found: Found::Alive, said: String::new() };
        }
        // Mostly what is waited for; else anything.
        let kind = match &self.state.steps[at].state {
            _ if dice.below(4) == 3 => dice.below(10),
            StepState::Checking => 0,
            StepState::Acting => 1,
            StepState::Verifying => 2,
            StepState::Stopping { .. } => 3,
            StepState::Inquiring { .. } => 4,
            StepState::Probing { .. } => 5,
            StepState::Waiting | StepState::Asked | StepState::Resting { .. } => dice.below(10),
            StepState::Failed(_) | StepState::Done(_) | StepState::Skipped => dice.below(10),
        };
        match kind {
            0 => Input::Checked { at, attempt, so: seen(dice), already: Vec::new() },
            1 => Input::Ended { at, attempt, end: end(dice), said },
            2 => Input::Verified { at, attempt, so: seen(dice), said },
            3 => Input::Stopped { at, attempt, confirmed: dice.coin() },
            4 => Input::Inquired { at, attempt, found: found(dice), said: String::new() },
            5 => Input::Probed { at, attempt, so: seen(dice) },
            6 => {
                let host = HostEnd { host: "h".to_owned(), end: end(dice), said: String::new() };
                Input::HostsEnded { at, attempt, hosts: vec![host] }
            }
            7 if self.script.len() > self.script.steps() => {
                let at = self.script.steps() + dice.below(self.script.len() - self.script.steps());
                let age = [None, Some(Millis(10)), Some(Millis(9_000))][dice.below(3)];
                Input::Positions { at, seen: vec![Position { host: "h".to_owned(), position: "1".to_owned(), age }] }
            }
            8 if dice.below(8) == 7 => Input::NoRoom,
            9 if dice.below(8) == 7 => Input::Signal,
            _ => Input::Ended { at, attempt, end: end(dice), said },
        }
    }
}

fn seen(dice: &mut Dice<'_>) -> Seen {
    [Seen::Yes, Seen::No, Seen::Unknown("dark".to_owned())][dice.below(3)].clone()
}

fn end(dice: &mut Dice<'_>) -> End {
    let why = "why".to_owned();
    match dice.below(10) {
        0 | 1 => End::Ok,
        2 => End::Exit(1),
        3 => End::Signal(9),
        4 => End::NeverBegan(why),
        5 => End::Unreachable(why),
        6 => End::NotEnough { ok: 1, of: 4 },
        7 => End::TimedOut,
        8 => End::Unexpected(why),
        _ => End::Lost(why),
    }
}

fn found(dice: &mut Dice<'_>) -> Found {
    match dice.below(6) {
        0 | 1 => Found::Alive,
        2 => Found::Ended(end(dice)),
        3 => Found::NeverBegan,
        4 => Found::Gone,
        _ => Found::Unknown("dark".to_owned()),
    }
}

/// What a state is, but for what was already done about it.
fn laid_bare(mut state: State) -> String {
    drop(state.take_touched());
    format!("{state:?}")
}

fn try_one(draws: &Draws) {
    let mut dice = Dice(draws.iter());
    let mut run = Run::new(script(&mut dice), draws.len().is_multiple_of(4));
    run.decide();
    let mut snapshot = (run.state.clone(), run.entries.len());
    let middle = dice.0.len() / 2;
    while dice.0.len() > 0 {
        run.turn(&mut dice);
        if snapshot.1 < 4 && dice.0.len() < middle {
            snapshot = (run.state.clone(), run.entries.len());
        }
    }
    let mut anew = State::new(&run.script);
    for entry in &run.entries {
        fold(&run.script, &mut anew, entry).unwrap();
    }
    for entry in &run.entries[snapshot.1..] {
        fold(&run.script, &mut snapshot.0, entry).unwrap();
    }
    let end = laid_bare(run.state);
    assert_eq!(laid_bare(anew), end);
    assert_eq!(laid_bare(snapshot.0), end);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in_the_machine_agrees_with_the_model(draws in prop::collection::vec(any::<u32>(), 60..1_000)) {
        try_one(&draws);
    }
}

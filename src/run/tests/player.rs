//! A run played forward for tests: the machine itself, hands that answer after the time that the plan gives them, and
//! people who answer every question. A test may answer in their place.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Millis;
use crate::plan::Plan;
use crate::run::Act;
use crate::run::Command;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Found;
use crate::run::GateState;
use crate::run::HostEnd;
use crate::run::Input;
use crate::run::NodeAt;
use crate::run::Position;
use crate::run::Script;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::What;
use crate::run::Who;
use crate::run::act;
use crate::run::command;
use crate::run::decide;
use crate::run::fold;
use crate::run::react;

/// When runs begin in tests: 2026-11-21 18:12 in UTC, 03:12 on the next day in Seoul.
pub(crate) const NIGHT: Stamp = Stamp(1_795_284_720_000);

/// What somebody answers in place of what would be answered otherwise.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// The action ends so.
    End(End),
    /// It ends well; these hosts end so long before.
    Hosts(Vec<(String, Millis)>),
    /// That became of it.
    Found(Found),
    /// It is so already, or it is proven.
    So(Seen),
    /// Log positions.
    Positions(Vec<Position>),
    /// A person says so.
    Says(Command, &'static str),
}

/// What is asked of whoever answers: a step or a gate, its attempt, and what is to be done; nothing where a person is
/// asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) name: &'a str,
    pub(crate) attempt: u32,
    pub(crate) what: Option<What>,
}

/// Answers in place of the plan, after a time.
pub(crate) type Hook<'a> = dyn FnMut(Asked<'_>) -> Option<(Millis, Answer)> + 'a;

#[derive(Debug, Clone)]
enum Due {
    Input(Input),
    Says(Command, &'static str),
}

/// A run, and all that will happen to it.
#[derive(Debug)]
pub(crate) struct Player<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) script: Script,
    pub(crate) state: State,
    pub(crate) entries: Vec<Entry>,
    pub(crate) now: Stamp,
    due: BTreeMap<(Stamp, usize), Due>,
    asked: BTreeSet<(NodeAt, u32, String)>,
    count: usize,
}

/// Somebody.
pub(crate) fn who(user: &str) -> Who {
    Who { user: user.to_owned(), uid: 1000, pid: 4711, host: "laptop".to_owned() }
}

/// Plays a plan to its end, with nobody answering otherwise.
pub(crate) fn play<'a>(plan: &'a Plan, run: &str, at: Stamp) -> Player<'a> {
    let mut player = Player::new(plan, run, at);
    player.go(&mut |_| None);
    player
}

impl<'a> Player<'a> {
    /// Opened, and the pen taken.
    pub(crate) fn new(plan: &'a Plan, run: &str, at: Stamp) -> Self {
        let script = Script::new(plan).expect("a plan that can be run");
        let state = State::new(&script);
        let mut player = Self {
            plan,
            script,
            state,
            entries: Vec::new(),
            now: at,
            due: BTreeMap::new(),
            asked: BTreeSet::new(),
            count: 0,
        };
        player.write(Event::Opened {
            format: 1,
            run: run.to_owned(),
            plan: plan.id.clone(),
            parent: None,
            program: "0.1.0".to_owned(),
        });
        player.write(Event::PenTaken { by: who("mina") });
        player
    }

    /// Writes one entry now.
    pub(crate) fn write(&mut self, event: Event) {
        let epoch = self.state.epoch + u32::from(matches!(event, Event::PenTaken { .. }));
        let entry = Entry { seq: self.state.seq + 1, at: self.now, epoch, event };
        fold(&self.script, &mut self.state, &entry).expect("a legal entry");
        self.entries.push(entry);
    }

    /// A person says something now.
    pub(crate) fn says(&mut self, said: Command, reason: &str) {
        let by = who("jun");
        let events = command(&self.script, &self.state, said, by, reason).expect("a command that can be carried out");
        events.into_iter().for_each(|event| self.write(event));
    }

    /// The process dies, and somebody takes the pen so much later. All that was in flight is answered anew.
    pub(crate) fn dies(&mut self, gone: Millis) {
        self.due.clear();
        self.asked.clear();
        self.now = self.now.after(gone);
        self.write(Event::PenTaken { by: who("jun") });
        for at in 0..self.script.len() {
            self.state.touched.push(at);
        }
    }

    /// Goes on until the run ends, or nothing will happen any more.
    pub(crate) fn go(&mut self, hook: &mut Hook<'_>) {
        self.go_until(hook, |_| false);
    }

    /// Goes on until then.
    pub(crate) fn go_until(&mut self, hook: &mut Hook<'_>, until: impl Fn(&Self) -> bool) {
        while !until(self) && self.state.ended.is_none() {
            let events = decide(&self.script, &self.state, self.now);
            if !events.is_empty() {
                events.into_iter().for_each(|event| self.write(event));
                continue;
            }
            self.ask(hook);
            let next = self.due.first_key_value().map(|(key, _)| *key);
            let timer = self.state.next_timer(self.now);
            match (next, timer) {
                (None, None) => return,
                (Some((at, _)), Some(tick)) if tick < at => self.tick(tick),
                (None, Some(tick)) => self.tick(tick),
                (Some(key), _) => {
                    self.now = self.now.max(key.0);
                    match self.due.remove(&key) {
                        Some(Due::Input(input)) => {
                            let events = react(&self.script, &self.state, input, self.now);
                            events.into_iter().for_each(|event| self.write(event));
                        }
                        Some(Due::Says(said, reason)) => self.says(said, reason),
                        None => {}
                    }
                }
            }
        }
    }

    fn tick(&mut self, at: Stamp) {
        self.now = self.now.max(at);
        let events = react(&self.script, &self.state, Input::Tick, self.now);
        events.into_iter().for_each(|event| self.write(event));
    }

    fn later(&mut self, after: Millis, due: Due) {
        self.count += 1;
        self.due.insert((self.now.after(after), self.count), due);
    }

    /// Asks hands and people about all that changed.
    fn ask(&mut self, hook: &mut Hook<'_>) {
        for at in self.state.take_touched() {
            let name = self.script.name(at).to_owned();
            let attempt = self.state.steps.get(at).map_or(0, |step| step.attempt);
            let act = act(&self.script, &self.state, at);
            let person = match at < self.script.steps() {
                true => self.state.steps[at].state == StepState::Asked,
                false => self.state.gate(&self.script, at).state == GateState::Asked,
            };
            let what = act.as_ref().map(|act| act.what);
            if !(person || act.is_some()) || !self.asked.insert((at, attempt, format!("{what:?}{}", self.tries(at)))) {
                continue;
            }
            let (after, answer) = match hook(Asked { name: &name, attempt, what }) {
                Some(answer) => answer,
                None => self.planned(at, what, &name),
            };
            self.answer(at, attempt, act, after, answer);
        }
    }

    /// Questions that are asked more than once within an attempt.
    fn tries(&self, at: NodeAt) -> String {
        self.state.steps.get(at).map_or(self.state.seq.to_string(), |step| format!("{:?}", step.state))
    }

    fn planned(&self, at: NodeAt, what: Option<What>, name: &str) -> (Millis, Answer) {
        let steps = self.script.steps();
        let duration = match at < steps {
            true => self.plan.steps[at].duration_ms,
            false => self.plan.gates[at - steps].duration_ms,
        };
        let seen = |age| vec![Position { host: "as-db-01".to_owned(), position: "0/16B3748".to_owned(), age }];
        match what {
            None => (duration, Answer::Says(Command::Approve { what: name.to_owned() }, "looked at it")),
            Some(What::Do | What::Adopt) => (duration, Answer::End(End::Ok)),
            Some(What::Check) => (Millis::ZERO, Answer::So(Seen::No)),
            Some(What::Verify | What::Probe | What::Stop | What::Inquire) => (Millis::ZERO, Answer::So(Seen::Yes)),
            Some(What::Positions) => (Millis::from_secs(1), Answer::Positions(seen(Some(Millis(400))))),
        }
    }

    fn answer(&mut self, at: NodeAt, attempt: u32, act: Option<Act>, after: Millis, answer: Answer) {
        let what = act.map(|act| act.what);
        let said = String::new();
        let input = match (answer, what) {
            (Answer::Says(said, reason), _) => return self.later(after, Due::Says(said, reason)),
            (Answer::End(end), Some(What::Inquire)) => {
                Input::Inquired { at, attempt, found: Found::Ended(end), said: String::new() }
            }
            (Answer::Found(found), _) => Input::Inquired { at, attempt, found, said: String::new() },
            (Answer::End(end), _) => Input::Ended { at, attempt, end, said },
            (Answer::Hosts(hosts), _) => {
                for (host, before) in hosts {
                    let hosts = vec![HostEnd { host, end: End::Ok, said: String::new() }];
                    let input = Input::HostsEnded { at, attempt, hosts };
                    self.later(after.saturating_sub(before), Due::Input(input));
                }
                Input::Ended { at, attempt, end: End::Ok, said }
            }
            (Answer::Positions(seen), _) => {
                // Where that does not open the gate, a person does.
                let what = self.script.name(at).to_owned();
                let judged = react(&self.script, &self.state, Input::Positions { at, seen: seen.clone() }, self.now);
                if judged.len() == 1 {
                    self.later(after + Millis::from_secs(60), Due::Says(Command::Approve { what }, "accepted"));
                }
                Input::Positions { at, seen }
            }
            (Answer::So(so), Some(What::Check)) => Input::Checked { at, attempt, so, already: Vec::new() },
            (Answer::So(so), Some(What::Probe)) => Input::Probed { at, attempt, so },
            (Answer::So(_), Some(What::Stop)) => Input::Stopped { at, attempt, confirmed: true },
            (Answer::So(_), Some(What::Inquire)) => {
                Input::Inquired { at, attempt, found: Found::Ended(End::Ok), said: String::new() }
            }
            (Answer::So(so), _) => Input::Verified { at, attempt, so, said },
        };
        self.later(after, Due::Input(input));
    }
}

mod plays {
    use super::NIGHT;
    use super::play;
    use crate::run::RunEnd;
    use crate::run::tests::talk;

    #[test]
    fn a_failover_of_talk_is_played_to_its_end_when_the_plan_says() {
        let plan = talk::lost("pangyo");
        let player = play(&plan, "20261122-0312-pangyo", NIGHT);
        assert_eq!(player.state.ended, Some(RunEnd::Done));
        let planned = plan.steps.iter().map(|step| step.start_ms + step.duration_ms).max().unwrap();
        let took = player.now.since(NIGHT);
        assert!(took.0 <= planned.0 * 11 / 10, "{took} for {planned}");
    }
}

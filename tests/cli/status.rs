//! `status` and `run --dry-run`, on a run that is played into a real journal by the machine itself.

use std::fs;

use bonghwa::journal::FileJournal;
use bonghwa::journal::Holder;
use bonghwa::journal::Journal;
use bonghwa::journal::Opening;
use bonghwa::journal::Pen;
use bonghwa::plan;
use bonghwa::run::Command;
use bonghwa::run::End;
use bonghwa::run::Event;
use bonghwa::run::Input;
use bonghwa::run::NodeAt;
use bonghwa::run::Script;
use bonghwa::run::Seen;
use bonghwa::run::Stamp;
use bonghwa::run::State;
use bonghwa::run::What;
use bonghwa::run::Who;
use bonghwa::run::act;
use bonghwa::run::command;
use bonghwa::run::decide;
use bonghwa::run::fold;
use bonghwa::run::react;

use crate::plan::compare;
use crate::run::Test;

const RUN: &str = "20261122-0312-north";

fn who() -> Who {
    Who { user: "minji".to_owned(), uid: 1000, pid: 4711, host: "ops1".to_owned() }
}

/// A run in a project that `init` wrote: the start is approved, so many steps end well, and the next one fails.
struct Played {
    test: Test,
    script: Script,
    state: State,
    journal: FileJournal,
    now: u64,
}

impl Played {
    fn new() -> Self {
        let test = Test::with_init();
        let text = test.plan(&["--lost", "north", "--json"]).code(0).out();
        let made = plan::from_bytes(text.as_bytes()).expect("a plan");
        let ours = test.path().join(".bonghwa");
        let folder = ours.join("runs").join(RUN);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("plan.json"), &text).expect("a plan in the run");
        let script = Script::new(&made).expect("a script");
        let now = 1_795_284_720_000;
        let holder = Holder { by: who(), run: RUN.to_owned(), since: Stamp(now) };
        let pen = Pen::take(&ours, holder).expect("the pen");
        let opening = Opening { run: RUN.to_owned(), plan: made.id.clone(), parent: None, program: "0.1.0".to_owned() };
        let (journal, entries) = FileJournal::create(&folder, pen, Stamp(now), opening).expect("a journal");
        let mut state = State::new(&script);
        for entry in &entries {
            fold(&script, &mut state, entry).expect("a legal entry");
        }
        let mut played = Self { test, script, state, journal, now };
        played.decide();
        played
    }

    fn append(&mut self, events: Vec<Event>) {
        let entries = self.journal.number(Stamp(self.now), events);
        for entry in &entries {
            fold(&self.script, &mut self.state, entry).expect("a legal entry");
        }
        self.journal.append(&entries).expect("written");
    }

    fn decide(&mut self) {
        loop {
            let events = decide(&self.script, &self.state, Stamp(self.now));
            if events.is_empty() {
                break;
            }
            self.append(events);
        }
    }

    fn approve(&mut self, what: &str) {
        let asked = Command::Approve { what: what.to_owned() };
        let events = command(&self.script, &self.state, asked, who(), "seen").expect("an answer");
        self.append(events);
        self.decide();
    }

    /// Whatever is in flight ends after ten seconds, as it is told.
    fn end(&mut self, how: impl Fn(&str) -> End) {
        self.now += 10_000;
        let flying: Vec<NodeAt> = self.state.in_flight().collect();
        for at in flying {
            let Some(act) = act(&self.script, &self.state, at) else { continue };
            let attempt = act.attempt;
            let input = match act.what {
                What::Check => Input::Checked { at, attempt, so: Seen::No, already: Vec::new() },
                What::Verify => Input::Verified { at, attempt, so: Seen::Yes, said: String::new() },
                What::Do | What::Adopt | What::Stop | What::Inquire | What::Probe | What::Positions => {
                    Input::Ended { at, attempt, end: how(self.script.name(at)), said: "no such table".to_owned() }
                }
            };
            let events = react(&self.script, &self.state, input, Stamp(self.now));
            self.append(events);
        }
        self.decide();
    }
}

#[test]
fn status_tells_what_wants_an_answer_and_who_acts() {
    let mut played = Played::new();
    let asked = played.test.run(&["status"]).code(4).out();
    assert!(asked.contains("bonghwa approve approval:start"), "{asked}");
    assert!(asked.contains(RUN), "{asked}");
    assert!(!asked.contains("NOBODY ACTS"), "{asked}");
    played.approve("approval:start");
    played.end(|_| End::Exit(3));
    let failed = played.test.run(&["status", "0312-north"]).code(5).out();
    assert!(failed.contains("FAILED") && failed.contains("bonghwa retry "), "{failed}");
    let Played { test, journal, .. } = played;
    drop(journal);
    let left = test.run(&["status", RUN]).code(5).out();
    assert!(left.contains(&format!("NOBODY ACTS for this run: `bonghwa resume {RUN}`")), "{left}");
    let none = test.run(&["status", "1999"]).code(2).err();
    assert!(none.contains(&format!("there are: {RUN}")), "{none}");
}

#[test]
fn a_followed_run_prints_a_line_for_each_event_until_it_is_over() {
    let mut played = Played::new();
    played.approve("approval:start");
    let asked = Command::Cancel;
    let events = command(&played.script, &played.state, asked, who(), "wrong site").expect("a cancel");
    played.append(events);
    played.end(|_| End::Exit(1));
    for _ in 0..20 {
        let stopping: Vec<NodeAt> = played.state.in_flight().collect();
        for at in stopping {
            let attempt = played.state.steps[at].attempt;
            let input = Input::Stopped { at, attempt, confirmed: true };
            let events = react(&played.script, &played.state, input, Stamp(played.now));
            played.append(events);
        }
        played.end(|_| End::Exit(1));
    }
    let out = played.test.run(&["status", "--follow"]).out();
    assert!(out.starts_with("T+00:00   run               20261122-0312-north opened, of plan "), "{out}");
    assert!(out.contains("approval:start: open, by minji@ops1: seen"), "{out}");
    assert!(out.contains("CANCELLED by minji@ops1: wrong site"), "{out}");
    assert!(out.ends_with("ENDED: it was cancelled\n"), "{out}");
}

#[test]
fn the_schema_of_a_status_names_every_key_of_a_real_one() {
    let mut played = Played::new();
    let parse = |text: String| serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
    let schema = parse(played.test.run(&["schema", "status"]).code(0).out());
    let mut missing = Vec::new();
    let first = parse(played.test.run(&["status", "--json"]).code(4).out());
    played.approve("approval:start");
    played.end(|_| End::Exit(3));
    let second = parse(played.test.run(&["status", "--json"]).code(5).out());
    for status in [&first, &second] {
        compare(&schema, &schema, status, "status", &mut missing);
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(!first["questions"].as_array().expect("a list").is_empty());
    assert!(!second["troubles"].as_array().expect("a list").is_empty());
}

#[test]
fn a_dry_run_tells_every_step_and_does_nothing() {
    let test = Test::with_init();
    let text = test.plan(&["--lost", "north", "--json"]).code(0).out();
    let test = test.file("plan.json", &text);
    let made = plan::from_bytes(text.as_bytes()).expect("a plan");
    let out = test.run(&["run", "plan.json", "--dry-run"]).code(0).out();
    assert!(out.starts_with("NOTHING IS EXECUTED."), "{out}");
    for step in &made.steps {
        assert!(out.contains(&step.id), "{}", step.id);
    }
    assert!(!out.contains("NOT SENT") && !out.contains("{{"), "{out}");
    assert!(!test.path().join(".bonghwa/runs").exists());
}

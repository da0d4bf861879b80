//! The one command for 03:12: what it shows, the one question that it asks, and all the ways in which nothing begins.

use std::fs;

use bonghwa::report::words;
use bonghwa::run::Event;
use bonghwa::run::OpenedBy;
use expect_test::expect;

use crate::small::Small;
use crate::terminal::large;
use crate::tty::Tty;

/// The oldest terminal.
const SMALL: (usize, usize) = (80, 24);
const QUESTION: &str = "Type north to run this plan; anything else, or Ctrl-C, does nothing:";

/// The only plan that is kept besides the one that the small estate begins with.
fn kept(small: &Small) -> String {
    let first = fs::read_to_string(small.test.path().join("plan.json")).expect("a plan");
    let plans = fs::read_dir(small.test.path().join(".bonghwa/plans")).expect("plans");
    let mut names: Vec<String> =
        plans.map(|plan| plan.expect("a plan").file_name().into_string().expect("a name")).collect();
    names.retain(|name| !first.contains(name.trim_end_matches(".json")));
    assert_eq!(names.len(), 1, "{names:?}");
    names.remove(0).trim_end_matches(".json").to_owned()
}

/// Nothing was begun: there is no run, and no step did anything.
fn is_untouched(small: &Small) {
    assert_eq!((small.folder(), small.world()), (None, Vec::new()));
}

#[test]
fn whoever_types_the_name_is_asked_nothing_twice() {
    let small = Small::new();
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("clear; bonghwa evacuate north");
    let shown = tty.sees(QUESTION);
    // The first screen and the question stand there together, and the question is where one types.
    let head = shown.iter().position(|line| line.starts_with("Small: failover, north lost: 북쪽 (north)"));
    assert!(head.is_some() && shown.iter().any(|line| line.starts_with("LIFELINE")), "{shown:#?}");
    assert_eq!(shown.last().map(String::as_str), Some(QUESTION), "{shown:#?}");
    let looked = "preflight of the lifeline: just now, no host is needed";
    assert_eq!(shown.iter().rev().nth(1).map(String::as_str), Some(looked), "{shown:#?}");
    assert!(shown.iter().any(|line| line.ends_with(&format!("plan {}", kept(&small)))), "{shown:#?}");
    is_untouched(&small);
    tty.types("north");
    small.seen("begin text");
    let by = small.entries().into_iter().find_map(|entry| {
        let Event::GateOpened { gate, by: OpenedBy::Person { reason, .. } } = entry.event else { return None };
        Some((gate, reason))
    });
    let reason = "typed north at the question of evacuate".to_owned();
    assert_eq!(by, Some(("approval:start".to_owned(), reason)));
    let plan = small.test.path().join(format!(".bonghwa/plans/{}.json", kept(&small)));
    fs::copy(plan, small.test.path().join("plan.json")).expect("it is kept");
    small.answer_all();
    tty.sees("is done");
    // What it left behind is told to whoever evacuates the same site once more.
    let again = small.run(&["evacuate", "north"]).code(3).err();
    assert!(again.contains("north was lost before, and nobody has released it"), "{again}");
    assert!(again.contains(&small.name()), "{again}");
    // A retreat is not answered by another plan in its place.
    let parent = small.name();
    small.run(&["release", "north", "--reason", "a false alarm"]).code(0);
    small.run(&["retreat", &parent, "--yes", "a false alarm", "--no-wait"]).code(4);
    let said = small.run(&["evacuate", "south"]).code(3).err();
    assert!(said.contains(&format!("takes run {parent} back since ")), "{said}");
    assert!(said.contains("`bonghwa cancel` ends it") && !said.contains("replan"), "{said}");
}

#[test]
fn any_other_answer_does_nothing_and_says_how_to_go_on() {
    let small = Small::new();
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    for wrong in ["", "y", "North", "north south", "북쪽"] {
        tty.types("clear; bonghwa evacuate north; echo left with $?");
        tty.until(QUESTION, |lines| lines.last().is_some_and(|line| line == QUESTION));
        tty.types(wrong);
        let shown = tty.sees("left with 3").join("\n");
        let id = kept(&small);
        assert!(
            shown.contains(&format!("refused: north was not typed, so nothing was done; plan {id} is kept")),
            "{shown}"
        );
        assert!(shown.contains(&format!("`bonghwa run {id}` carries it out")), "{shown}");
        is_untouched(&small);
    }
    // The terminal says that nothing more comes.
    tty.types("clear; bonghwa evacuate north; echo left with $?");
    tty.until(QUESTION, |lines| lines.last().is_some_and(|line| line == QUESTION));
    tty.press(&["C-d"]);
    tty.sees("left with 3");
    // And the interrupt: it asks nobody, and leaves the terminal as it was.
    tty.types("clear; bonghwa evacuate north; echo not reached");
    tty.until(QUESTION, |lines| lines.last().is_some_and(|line| line == QUESTION));
    tty.press(&["C-c"]);
    tty.prompts();
    tty.types("echo left with $?");
    tty.sees("left with 130");
    is_untouched(&small);
    // What is said to go on does go on.
    tty.types(&format!("clear; bonghwa run {}", kept(&small)));
    tty.sees("bonghwa approve approval:start");
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let small = Small::new();
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("clear; while test ! -e go; do sleep 0.02; done; clear; bonghwa evacuate north");
    tty.until("the shell to wait", |lines| lines.is_empty());
    tty.types("north");
    tty.sees("north");
    fs::write(small.test.path().join("go"), "").expect("a file");
    let asked = |lines: &[String]| lines.last().is_some_and(|line| line == QUESTION);
    tty.until(QUESTION, asked);
    tty.types("no");
    tty.sees("north was not typed");
    is_untouched(&small);
}

#[test]
fn what_the_look_at_the_lifeline_finds_is_told_and_stops_nothing() {
    let small = Small::new();
    let runbook = small.test.path().join("runbooks/plain.toml");
    let text = fs::read_to_string(&runbook).expect("a runbook");
    let asks = text.replacen("phase = \"start\"\n", "phase = \"start\"\nenv = { TOKEN = \"env:NOBODY\" }\n", 1);
    fs::write(&runbook, asks).expect("a runbook");
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("clear; bonghwa evacuate north");
    let shown = tty.sees(QUESTION);
    let at = |part: &str| shown.iter().position(|line| line.contains(part));
    let (detail, head) = (at("env:NOBODY"), at("Small: failover, north lost"));
    assert!(detail.is_some() && detail < head, "{shown:#?}");
    let told = "preflight of the lifeline: just now, no host is needed, 1 of 1 secrets missing";
    assert_eq!(shown.iter().rev().nth(1).map(String::as_str), Some(told), "{shown:#?}");
    tty.types("north");
    let opens = |event: &Event| matches!(event, Event::GateOpened { gate, .. } if gate == "approval:start");
    small.event("the start", opens);
    // Where nobody is asked, nobody looks.
    let quiet = Small::new();
    quiet.run(&["evacuate", "north"]).code(3);
    assert!(!quiet.test.path().join(".bonghwa/preflight").exists());
}

/// Nobody knows how long a question stands there.
#[test]
fn what_changed_while_the_question_stood_there_is_seen() {
    let small = Small::new();
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    let asks = || {
        tty.types("clear; bonghwa evacuate north; echo left with $?");
        tty.until(QUESTION, |lines| lines.last().is_some_and(|line| line == QUESTION));
    };
    asks();
    let settings = small.test.path().join("bonghwa.toml");
    let text = fs::read_to_string(&settings).expect("settings");
    fs::write(&settings, format!("{text}# somebody edits this\n")).expect("settings");
    tty.types("north");
    tty.sees("left with 3");
    tty.sees("this plan was made from other files than there are now: bonghwa.toml");
    is_untouched(&small);
    fs::write(&settings, text).expect("settings");
    asks();
    small.run(&["run", "plan.json", "--no-wait"]).code(4);
    tty.types("north");
    tty.sees("left with 3");
    let told = format!("refused: run {} came in while you were asked", small.name());
    tty.sees(&told);
    assert_eq!(small.world(), Vec::<String>::new());
}

#[test]
fn a_full_first_screen_and_its_question_fit_the_oldest_terminal() {
    let small = Small::of(&large());
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("clear; bonghwa evacuate north");
    let shown = tty.until(QUESTION, |lines| lines.last().is_some_and(|line| line == QUESTION));
    assert!(shown.len() <= SMALL.1 && shown.iter().all(|line| words::width(line) <= SMALL.0), "{shown:#?}");
    assert!(shown.iter().any(|line| line.starts_with("Small: failover, north lost")), "{shown:#?}");
}

#[test]
fn where_nobody_can_be_asked_nothing_begins() {
    let small = Small::new();
    let ended = small.run(&["evacuate", "north"]).code(3);
    let id = kept(&small);
    assert!(ended.out().starts_with("Small: failover, north lost"), "{}", ended.out());
    // The plan is another one every day.
    expect![[r"
        evacuate north: plan, check, show, ask, run; nothing changes until you answer
        refused: nobody can be asked here, so nothing was begun; plan PLAN is kept
          -> `bonghwa run PLAN` carries it out: `bonghwa approve start --reason WHY` lets it begin
          -> on a terminal, `bonghwa evacuate` asks for north
    "]]
    .assert_eq(&ended.err().replace(&id, "PLAN"));
    is_untouched(&small);
    // No word for yes is known to it, and no mistake in a name becomes a plan.
    for (wrong, told) in [
        (vec!["evacuate", "north", "--yes", "north"], "unexpected argument '--yes'"),
        (vec!["evacuate"], "name a site: north, south"),
        (vec!["evacuate", "nort"], "did you mean north?"),
        (vec!["evacuate", "north", "--to", "sout"], "did you mean south?"),
        (vec!["evacuate", "north", "--impaired", "north"], "north can't be lost and impaired at once"),
    ] {
        let said = small.run(&wrong).code(2).err();
        assert!(said.contains(told), "{said}");
    }
    let all = small.run(&["evacuate", "north", "--impaired", "south"]).code(3).err();
    assert!(all.contains("no site is left that could take anything"), "{all}");
}

#[test]
fn with_an_active_run_it_says_how_to_plan_again_for_that_one() {
    let small = Small::new();
    small.stop("text");
    let process = small.start(&["run", "plan.json"]);
    small.event("the first question", |event| matches!(event, Event::GateAsked { .. }));
    let name = small.name();
    let busy = |args: &[&str]| small.run(&[&["evacuate"], args].concat()).code(3).err();
    // Line by line, without what is another one each time.
    let told = |said: &str| {
        let line =
            |line: &str| line.split(" since ").next().and_then(|line| line.split("; ").next()).map(str::to_owned);
        said.replace(&name, "RUN").lines().filter_map(line).collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        refused: run RUN answers north lost
          because: one run acts at a time
          -> `bonghwa replan RUN --lost south` has it answer that, too
          -> `bonghwa status RUN --follow` shows where it stands"#]]
    .assert_eq(&told(&busy(&["south"])));
    // What the run answers is not told once more, and what a shell would change is quoted.
    let said = busy(&["north", "hosts:s-db-[1-2]", "--impaired", "service:text@south"]);
    let command = format!("`bonghwa replan {name} --lost 'hosts:s-db-[1-2]' --impaired service:text@south`");
    assert!(said.contains(&command), "{said}");
    let said = busy(&["north"]);
    assert!(!said.contains("replan") && said.contains("it answers what you named already"), "{said}");
    // Its process is gone: it still has not ended.
    process.crash();
    let said = busy(&["south"]);
    assert!(said.contains("one run acts at a time; its process is gone, and it has not ended"), "{said}");
    expect![[r#"
        refused: run RUN answers north lost
          because: one run acts at a time
          -> `bonghwa replan RUN --lost south` has it answer that, too
          -> `bonghwa resume RUN` goes on with it as it is"#]]
    .assert_eq(&told(&said));
    assert_eq!(small.world(), Vec::<String>::new());
}

//! The screen of a run in a real terminal: drawn, typed into, resized, stopped and left, and what is left behind afterwards.

use std::fs;
use std::path::Path;

use bonghwa::report::words;
use bonghwa::run::Event;
use rustix::process::Pid;
use rustix::process::Signal;

use crate::small::Small;
use crate::tty::Tty;

/// The sizes that must be good: the oldest one, and that of a large screen.
const SMALL: (usize, usize) = (80, 24);
const LARGE: (usize, usize) = (200, 50);

/// Where something begins in a line, in columns.
fn column(line: &str, part: &str) -> Option<usize> {
    line.find(part).map(|at| words::width(&line[..at]))
}

/// The last line of whoever carries a run out: what is typed.
const KEYS: &str = ">";

/// Holds, and then cancels. Two signals at once are one for whoever gets them, so the first must have been seen.
fn cancels(tty: &Tty) {
    tty.press(&["C-c"]);
    tty.sees("HELD ");
    tty.press(&["C-c"]);
    tty.sees("was cancelled");
    // What is typed before the terminal is the shell's again may be dropped.
    tty.prompts();
}

/// A shell that is usable: it echoes, it shows where one types, and a line is a line.
fn is_sane(tty: &Tty) {
    tty.prompts();
    assert_eq!(tty.about("#{cursor_flag}"), "1", "the cursor is shown");
    tty.types("clear; stty -a | grep -oE -e '-?(icanon|echo|isig)\\b' | sort | paste -sd,; echo o''k");
    tty.until("an answer", |lines| lines.iter().any(|line| line == "ok"));
    let lines = tty.lines();
    assert!(lines.iter().any(|line| line == "echo,icanon,isig"), "{lines:#?}");
}

/// The process that draws: it stands in front in the terminal.
fn process(small: &Small) -> Pid {
    let is_ours = |id: &Pid| {
        let exe = fs::read_link(format!("/proc/{}/exe", id.as_raw_nonzero()));
        exe.is_ok_and(|exe| exe == Path::new(env!("CARGO_BIN_EXE_bonghwa")))
    };
    small.processes().into_iter().find(is_ours).expect("it runs")
}

#[test]
fn a_run_is_seen_and_answered_in_its_own_screen_whatever_its_size() {
    let small = Small::new();
    small.stop("text");
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("bonghwa run plan.json");
    let shown = tty.frame(KEYS, "bonghwa approve approval:start   or reject");
    assert!(shown[0].contains("GOING  Small: north lost"), "{shown:#?}");
    // What was typed has no line of its own until it is typed, and is told when it is written down.
    tty.types("approve start the border is cut");
    tty.sees("approve start the border is cut: done, and written down");
    small.seen("begin text");
    tty.types("hold wait for the carrier");
    tty.frame(KEYS, "wait for the carrier; nothing new starts");
    // Titles have room in a wide terminal, and whatever their letters are, what stands beside them lines up.
    tty.resize(LARGE.0, LARGE.1);
    let shown = tty.frame(KEYS, "텍스트 (text)");
    let head = shown.iter().find_map(|line| column(line, "users")).expect("the columns have names");
    for name in [" text ", " store ", " photo "] {
        let line = shown.iter().find(|line| line.get(2..).is_some_and(|line| line.starts_with(name)));
        let line = line.unwrap_or_else(|| panic!("no line of {name}: {shown:#?}"));
        let reached = ["off", "full"].iter().find_map(|level| column(line, level));
        assert_eq!(reached, Some(head), "{shown:#?}");
    }
    // Smaller again: what the terminal made of the wide frame is gone.
    tty.resize(SMALL.0, SMALL.1);
    tty.until("the small frame", |lines| lines.iter().all(|line| !line.contains("텍스트")));
    tty.frame(KEYS, "HELD");
    tty.types("resume the carrier is ready");
    tty.frame(KEYS, "GOING");
    small.go("text");
    small.answer_all();
    tty.sees("is done");
    is_sane(&tty);
}

#[test]
fn a_run_that_was_stopped_is_drawn_anew() {
    let small = Small::new();
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("bonghwa run plan.json");
    tty.sees("bonghwa approve approval:start");
    tty.press(&["C-z"]);
    tty.sees("Stopped");
    is_sane(&tty);
    tty.types("fg");
    tty.frame(KEYS, "bonghwa approve approval:start");
    tty.until("an empty terminal", |lines| lines.first().is_some_and(|line| line.starts_with("T+")));
    // Keys are ours again, without an echo beside them.
    tty.types("hold");
    tty.frame(KEYS, "HELD");
    tty.types("bonghwa cancel --reason 'it was a drill'");
    tty.sees("was cancelled");
    is_sane(&tty);
}

#[test]
fn the_first_interrupt_holds_and_the_second_cancels() {
    let small = Small::new();
    small.stop("text");
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("bonghwa run plan.json");
    tty.sees("approval:start");
    tty.types("approve start");
    small.seen("begin text");
    tty.press(&["C-c"]);
    tty.frame(KEYS, "Ctrl-C; nothing new starts");
    assert!(!small.is_over());
    tty.press(&["C-c"]);
    tty.sees("was cancelled");
    is_sane(&tty);
    small.event("the end", |event| matches!(event, Event::RunEnded { .. }));
    assert!(!small.world().contains(&"end text".to_owned()));
}

#[test]
fn who_is_killed_leaves_a_terminal_that_can_be_used_and_a_run_that_goes_on() {
    let small = Small::new();
    small.stop("text");
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("bonghwa run plan.json");
    tty.sees("approval:start");
    tty.types("approve start");
    small.seen("begin text");
    rustix::process::kill_process(process(&small), Signal::KILL).expect("it lives");
    tty.sees("Killed");
    is_sane(&tty);
    tty.types("clear; bonghwa resume");
    tty.sees("T+");
    small.go("text");
    small.answer_all();
    tty.sees("is done");
    is_sane(&tty);
}

#[test]
fn colour_is_for_those_who_want_it_and_a_pipe_gets_lines() {
    let small = Small::new();
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    tty.types("bonghwa run plan.json");
    tty.sees("approval:start");
    assert!(tty.colored().contains("\u{1b}[1m"), "{}", tty.colored());
    cancels(&tty);
    tty.types("clear; NO_COLOR=1 bonghwa run plan.json");
    tty.sees("bonghwa approve approval:start");
    assert!(!tty.colored().contains("\u{1b}["), "{}", tty.colored());
    cancels(&tty);
    // Whoever writes into a pipe draws nothing, and leaves the keys to others.
    tty.types("clear; bonghwa run plan.json | tee -i told.txt");
    tty.sees("approval:start");
    tty.press(&["C-c"]);
    tty.sees("HELD: by");
    tty.press(&["C-c"]);
    tty.sees("was cancelled");
    is_sane(&tty);
    let told = fs::read_to_string(small.test.path().join("told.txt")).expect("what was told");
    assert!(told.contains("approval:start") && !told.contains('\u{1b}'), "{told}");
}

/// Seventy services with steps that can be done here, in four tiers, with titles in Korean.
pub(crate) fn large() -> String {
    let mut text = String::new();
    let tiers = [("lifeline", "10m"), ("core", "30m"), ("important", "2h"), ("rest", "8h")];
    for (tier, rto) in tiers {
        text += &format!(
            "[[tier]]\nid = \"{tier}\"\ntitle = \"{tier}: 먼저 돌아와야 하는 것\"\nrto = \"{rto}\"\nrpo = \"1m\"\n"
        );
    }
    for site in ["north", "south"] {
        text += &format!("[site.{site}]\ntitle = \"{site}\"\nkind = \"datacenter\"\ncapacity = {{ cores = 1000 }}\n");
    }
    for at in 0..72 {
        let (tier, _) = tiers[at / 18];
        text += &format!("[service.a-service-{at:02}]\ntitle = \"서비스 {at} (a service)\"\ntier = \"{tier}\"\n");
        text += "owner = \"talk\"\nkind = \"stateless\"\nrunbook = \"plain\"\nload = { cores = 2 }\n";
        for (site, role) in [("north", "active"), ("south", "warm")] {
            text += &format!("[service.a-service-{at:02}.at.{site}]\nrole = \"{role}\"\nhosts = \"h-{at}\"\n");
            text += "max-load = { cores = 3 }\n";
        }
    }
    text
}

/// Many services in the oldest terminal and in a large one, drawn by whoever runs them and by whoever watches.
#[test]
fn a_large_estate_fits_every_terminal() {
    let small = Small::of(&large());
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    let watcher = Tty::open(&small.test.path().join(".tools"), SMALL.0, SMALL.1);
    tty.types("clear; bonghwa run plan.json");
    tty.sees("bonghwa approve approval:start");
    watcher.types("clear; bonghwa status --follow");
    for (columns, lines) in [SMALL, LARGE] {
        for (tty, last) in [(&tty, ">"), (&watcher, "bonghwa hold")] {
            tty.resize(columns, lines);
            let shown = tty.frame(last, "bonghwa approve approval:start   or reject");
            // As many services as there is room for.
            tty.until("all of it", |shown| shown.len() + 2 >= lines);
            let has = |part: &str| shown.iter().any(|line| line.contains(part));
            assert!(has("   service "), "{shown:#?}");
            for tier in ["lifeline: 18 ", "core: 18 ", "important: 18 ", "rest: 18 "] {
                assert!(shown.iter().any(|line| line.starts_with(tier)), "{tier}{shown:#?}");
            }
        }
    }
    cancels(&tty);
    watcher.prompts();
    is_sane(&tty);
    is_sane(&watcher);
}

/// What a person sees who presses Tab in a real shell.
#[test]
fn names_complete_in_the_shell() {
    let small = Small::new();
    let tty = Tty::open(small.test.path(), SMALL.0, SMALL.1);
    let completes = |typed: &str, into: &str| {
        tty.press(&["C-u", "C-l"]);
        tty.tmux(&["send-keys", "-l", typed]);
        tty.press(&["Tab"]);
        tty.until(into, |lines| lines == [format!("ready$ {into}")]);
    };
    tty.types("source <(bonghwa completions bash)");
    completes("bonghwa appr", "bonghwa approve");
    completes("bonghwa plan --lost n", "bonghwa plan --lost north");
    completes("bonghwa plan --lost north so", "bonghwa plan --lost north south");
    completes("bonghwa plan --lost=n", "bonghwa plan --lost=north");
    completes("bonghwa plan --lost service:st", "bonghwa plan --lost service:store@");
    completes("bonghwa evacuate n", "bonghwa evacuate north");
    completes("bonghwa evacuate north so", "bonghwa evacuate north south");
    completes("bonghwa explain ph", "bonghwa explain photo");
    completes("bonghwa show pl", "bonghwa show plan.json");
    small.test.plan(&["--lost", "north", "--quiet"]).code(0);
    let kept = fs::read_dir(small.test.path().join(".bonghwa/plans")).expect("plans").next();
    let kept = kept.expect("a plan").expect("a file").file_name().into_string().expect("a name");
    let kept = kept.trim_end_matches(".json").to_owned();
    completes(&format!("bonghwa run {}", &kept[..3]), &format!("bonghwa run {kept}"));
    let run = small.start(&["run", "plan.json"]);
    small.event("the first question", |event| matches!(event, Event::GateAsked { .. }));
    // Only what waits for an answer; what could ever be answered, where nothing of that fits.
    completes("bonghwa approve ", "bonghwa approve approval:start");
    completes("bonghwa approve approval:s", "bonghwa approve approval:start");
    completes("bonghwa approve photo/c", "bonghwa approve photo/carrier@south");
    completes("bonghwa skip photo/st", "bonghwa skip photo/start@south");
    let name = small.name();
    completes("bonghwa status 2", &format!("bonghwa status {name}"));
    // Nobody's prompt is the place for what is wrong.
    fs::remove_file(small.test.path().join("bonghwa.toml")).expect("it was there");
    tty.press(&["C-u", "C-l"]);
    tty.tmux(&["send-keys", "-l", "bonghwa approve photo/c"]);
    tty.press(&["Tab", "."]);
    tty.until("nothing but what was typed", |lines| lines == ["ready$ bonghwa approve photo/c."]);
    run.crash();
}

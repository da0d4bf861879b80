//! What people see of a run, as goldens, at the smallest terminal and at a large one.

use expect_test::expect_file;

use crate::model::Millis;
use crate::report::paint::Paint;
use crate::report::run_screen::Size;
use crate::report::run_screen::screen;
use crate::report::sample_run;
use crate::report::words;
use crate::run::Command;
use crate::run::End;
use crate::run::played::Play;

const SMALL: Size = Size { columns: 80, lines: 24 };
const LARGE: Size = Size { columns: 200, lines: 50 };

fn secs(secs: u64) -> Millis {
    Millis::from_secs(secs)
}

/// The screen, which must fit, with and without colour.
fn shown(play: &Play, size: Size) -> String {
    let on =
        |color| screen(&play.plan, &play.script, &play.state, play.now, size, Paint { color, columns: size.columns });
    let (plain, colored) = (on(false), on(true));
    assert!(plain.lines().count() <= size.lines, "{plain}");
    for line in plain.lines() {
        assert!(words::width(line) <= size.columns, "{} columns: {line}", words::width(line));
    }
    let trimmed = |text: &str| text.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    assert_eq!(trimmed(&uncolored(&colored)), plain, "colour adds nothing but colour");
    plain
}

fn uncolored(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, kept)| kept))
}

fn both(play: &Play) -> String {
    let line = |size: Size| format!("{}x{}", size.columns, size.lines);
    format!("{}\n{}\n{}\n{}", line(SMALL), shown(play, SMALL), line(LARGE), shown(play, LARGE))
}

fn talk() -> Play {
    Play::new(sample_run::talk())
}

#[test]
fn it_waits_for_the_start() {
    let mut play = talk().unanswered("approval:start");
    play.decide();
    play.until(secs(42));
    expect_file!["../goldens/run-start.txt"].assert_eq(&both(&play));
}

/// The border is not cut, the fences are asked for, and something failed meanwhile.
fn in_the_middle() -> Play {
    let mut play = talk()
        .unanswered("site:pangyo/border")
        .unanswered("fence:message-store@pangyo")
        .unanswered("fence:pay-ledger@pangyo")
        .ends("coordination/verify@ansan", End::Exit(3), "cc-etc-02: no leader elected\n");
    play.decide();
    play.until(secs(190));
    play.say(Command::Reject { what: "site:pangyo/border".to_owned() }, "the second carrier does not answer");
    play.until(secs(252));
    play
}

#[test]
fn in_the_middle_gates_ask_and_a_step_failed() {
    expect_file!["../goldens/run-middle.txt"].assert_eq(&both(&in_the_middle()));
}

#[test]
fn data_of_unknown_age_is_asked_about_with_what_was_seen() {
    let mut play = talk().aged(Some(secs(4))).unanswered("data-loss:message-store@ansan");
    play.decide();
    play.until(secs(170));
    expect_file!["../goldens/run-data-loss.txt"].assert_eq(&both(&play));
}

#[test]
fn a_held_run_says_who_holds_it() {
    let mut play = talk();
    play.decide();
    play.until(secs(95));
    play.say(Command::Hold, "the carrier wants to talk first");
    play.until(secs(150));
    expect_file!["../goldens/run-held.txt"].assert_eq(&both(&play));
}

#[test]
fn what_is_in_doubt_says_so() {
    let mut play = talk().ends("message-store/promote@ansan", End::Lost("connection reset".to_owned()), "");
    play.decide();
    play.until(secs(168));
    let asked = shown(&play, SMALL);
    play.until(secs(230));
    expect_file!["../goldens/run-doubt.txt"].assert_eq(&format!("{asked}\n{}", both(&play)));
}

#[test]
fn a_cancelled_run_says_what_it_left_behind() {
    let mut play = talk();
    play.decide();
    play.until(secs(95));
    play.say(Command::Cancel, "wrong site");
    let ending = shown(&play, SMALL);
    play.until(secs(240));
    expect_file!["../goldens/run-cancelled.txt"].assert_eq(&format!("{ending}\n{}", both(&play)));
}

#[test]
fn a_finished_run_says_when_everything_came_back() {
    let mut play = talk();
    play.decide();
    play.until(secs(7_000));
    expect_file!["../goldens/run-done.txt"].assert_eq(&both(&play));
}

/// However little room there is, the screen keeps within it, and the first command is there.
#[test]
fn no_screen_runs_over() {
    let play = in_the_middle();
    for lines in [12, 16, 20, 24, 30, 100] {
        for columns in [60, 72, 80, 100, 109, 110, 132, 200, 300] {
            let text = shown(&play, Size { columns, lines });
            assert!(text.contains("bonghwa approve fence:message-store@pangyo"), "{columns}x{lines}\n{text}");
        }
    }
}

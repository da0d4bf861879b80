//! Questions to this machine: what passes, what does not, and what gives no answer.

use std::fs;
use std::time::Duration;

use tokio::time::Instant;

use super::exec;
use super::job;
use super::probe;
use super::workshop::Workshop;
use super::workshop::until;
use crate::driver::Answer;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Job;
use crate::driver::Probe;
use crate::driver::Task;
use crate::driver::Told;
use crate::model::Millis;

#[tokio::test]
async fn a_question_has_three_answers() {
    let shop = Workshop::new();
    let job = Job { timeout: Millis(300), ..job("web/start@ansan", "true") };
    let primary = |line: &str| Probe { expect_output: Some("primary".to_owned()), ..probe(line) };
    for (probe, is_so) in [
        (probe("true"), Some(true)),
        (probe("exit 1"), Some(false)),
        (probe("kill -9 $$"), Some(false)),
        (primary("echo role: primary"), Some(true)),
        (primary("echo role: primary >&2"), Some(true)),
        (primary("echo standby"), Some(false)),
        (primary("echo primary; exit 1"), Some(false)),
        (primary("yes | head -c 3000000; echo primary"), Some(true)),
        (probe("sleep 1000"), None),
        (Probe { ask: Box::new(Task::Ssh { line: "true".to_owned(), env: Vec::new() }), ..probe("true") }, None),
    ] {
        let answer = shop.hands.ask(job.clone(), probe.clone()).await;
        let heard = match &answer {
            Answer::Yes { .. } => Some(true),
            Answer::No { .. } => Some(false),
            Answer::Unknown { .. } => None,
        };
        assert_eq!(heard, is_so, "{probe:?}: {answer:?}");
    }
    assert!(!shop.record(&job).exists());
}

#[tokio::test]
async fn what_is_asked_too_long_dies_with_all_it_started() {
    let shop = Workshop::new();
    let line = "echo $$ > pid; trap '' TERM; sleep 1000 & sleep 1001";
    let alive = || {
        let group = fs::read_to_string(shop.path().join("pid")).unwrap_or_default();
        let output = std::process::Command::new("ps").args(["-eo", "pgid=,state="]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let ours = text.lines().filter_map(|row| row.trim().split_once(' '));
        ours.filter(|(found, state)| *found == group.trim() && !state.trim().starts_with('Z')).count()
    };
    let job = Job { timeout: Millis(500), ..job("web/start@ansan", "true") };
    let answer = shop.hands.ask(job.clone(), probe(line)).await;
    assert!(matches!(&answer, Answer::Unknown { reason, .. } if reason == "no answer within 500ms"), "{answer:?}");
    until("all of it is dead", || alive() == 0).await;

    fs::remove_file(shop.path().join("pid")).unwrap();
    let patient = Job { timeout: Millis(60_000), ..job };
    let asking = shop.hands.ask(patient, probe(line));
    let watching = until("it runs", || alive() >= 2);
    tokio::select! {
        answer = asking => panic!("{answer:?}"),
        () = watching => {}
    }
    until("nobody waits for it any more, so it is dead", || alive() == 0).await;
}

#[tokio::test]
async fn it_is_asked_until_it_passes_often_enough_in_a_row() {
    let shop = Workshop::new();
    // Yes, no, yes, yes.
    let line = "echo x >> asked; n=$(grep -c x asked); echo try $n; [ $n != 2 ]";
    let probe = Probe { within: Some(Millis(30_000)), times: 2, ..probe(line) };
    let answer = shop.hands.ask(job("web/start@ansan", "true"), probe).await;
    assert!(matches!(&answer, Answer::Yes { said, .. } if said.head == "try 4\n"), "{answer:?}");
}

#[tokio::test]
async fn a_probe_that_must_pass_is_a_job() {
    let shop = Workshop::new();
    let wait = |line: &str, within| Job {
        task: Task::Wait(Probe { within: Some(Millis(within)), ask: Box::new(exec(line)), ..probe("") }),
        ..job("web/healthy@ansan", "")
    };
    let outcome = shop.act(&wait("echo well", 30_000)).await;
    assert_eq!((outcome.end, outcome.said.head.as_str()), (End::Ok, "well\n"));
    let start = Instant::now();
    let outcome = shop.act(&wait("echo ill; exit 4", 100)).await;
    assert_eq!(outcome.said.head, "ill\n");
    assert_eq!(outcome.end, End::Unexpected("the probe did not pass".to_owned()));
    assert!(start.elapsed() < Duration::from_secs(20));
    let outcome = shop.hands.adopt(wait("sleep 1000", 100), Told::nobody()).await;
    assert!(matches!(outcome.end, End::Unreachable(_)), "{outcome:?}");
}

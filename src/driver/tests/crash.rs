//! Whoever asked is killed with -9, at any moment: the command is found again, goes on, and is not run twice.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use super::job;
use super::workshop::Workshop;
use super::workshop::hands;
use super::workshop::until;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::Said;
use crate::driver::Told;
use crate::model::Millis;

const FOLDER: &str = "BONGHWA_TEST_FOLDER";
const LINE: &str = "BONGHWA_TEST_LINE";

/// Not a test of its own: the others run it in a process that they can kill.
#[tokio::test]
async fn orchestrator() {
    let Some((folder, line)) = env::var_os(FOLDER).zip(env::var_os(LINE)) else { return };
    let hands = hands(Path::new(&folder), &[]);
    hands.act(job("web/start@ansan", line.to_str().unwrap()), Told::nobody()).await;
}

fn orchestrate(shop: &Workshop, job: &Job) -> Child {
    let crate::driver::Task::Exec { line, .. } = &job.task else { panic!("{job:?}") };
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "driver::tests::crash::orchestrator"]).env(FOLDER, shop.path()).env(LINE, line);
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

fn kill(mut orchestrator: Child) {
    orchestrator.kill().unwrap();
    orchestrator.wait().unwrap();
}

fn lines(shop: &Workshop, name: &str) -> usize {
    fs::read_to_string(shop.path().join(name)).map_or(0, |text| text.lines().count())
}

#[tokio::test]
async fn a_silent_command_is_adopted() {
    let line = "echo x >> ran; echo before; while [ ! -e go ]; do sleep 0.02; done; echo after; exit 5";
    let (shop, job) = (Workshop::new(), job("web/start@ansan", line));
    let orchestrator = orchestrate(&shop, &job);
    until("it runs", || lines(&shop, "ran") == 1).await;
    kill(orchestrator);
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::Alive);
    let go = shop.path().join("go");
    let (outcome, ()) = tokio::join!(shop.hands.adopt(job.clone(), Told::nobody()), async {
        fs::write(go, "").unwrap();
    });
    assert_eq!((outcome.end.clone(), outcome.said.clone()), (End::Exit(5), Said::just("before\nafter\n")));
    assert_eq!(lines(&shop, "ran"), 1);
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::Ended(outcome));
    assert_eq!(shop.act(&job).await.end, End::Exit(5));
    assert_eq!(lines(&shop, "ran"), 1);
    assert_eq!(shop.survivors(&job), [""; 0]);
}

#[tokio::test]
async fn a_noisy_command_does_not_die_of_its_reader() {
    let line = "i=0; while [ ! -e go ]; do i=$((i + 1)); echo line $i; echo $i > count; done; echo last; exit 6";
    let (shop, job) = (Workshop::new(), job("web/start@ansan", line));
    let orchestrator = orchestrate(&shop, &job);
    until("it runs", || shop.path().join("count").exists()).await;
    kill(orchestrator);
    let count = || fs::read_to_string(shop.path().join("count")).ok().and_then(|text| text.trim().parse().ok());
    let before: u64 = count().unwrap_or(0);
    until("it goes on", || count().is_some_and(|now: u64| now > before + 1000)).await;
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::Alive);
    fs::write(shop.path().join("go"), "").unwrap();
    let outcome = shop.hands.adopt(job.clone(), Told::nobody()).await;
    assert_eq!(outcome.end, End::Exit(6));
    assert!(outcome.said.head.starts_with("line 1\nline 2\n"));
    assert!(format!("{}{}", outcome.said.head, outcome.said.tail).ends_with("last\n"));
}

#[tokio::test]
async fn a_command_that_ended_meanwhile_says_how() {
    let line = "while [ ! -e go ]; do sleep 0.02; done; echo x >> ran; exit 7";
    let (shop, job) = (Workshop::new(), job("web/start@ansan", line));
    let orchestrator = orchestrate(&shop, &job);
    until("it runs", || shop.record(&job).join("leader").exists()).await;
    kill(orchestrator);
    fs::write(shop.path().join("go"), "").unwrap();
    until("it has ended", || shop.record(&job).join("status").exists()).await;
    assert!(matches!(shop.hands.inquire(job.clone()).await, Found::Ended(outcome) if outcome.end == End::Exit(7)));
    assert_eq!(shop.hands.adopt(job, Told::nobody()).await.end, End::Exit(7));
    assert_eq!(lines(&shop, "ran"), 1);
}

#[tokio::test]
async fn a_command_of_a_dead_orchestrator_can_be_killed() {
    let line = "trap '' TERM; sleep 1000 & (sleep 1001 &); echo x >> ran; while :; do sleep 1; done";
    let (shop, job) = (Workshop::new(), job("web/start@ansan", line));
    let orchestrator = orchestrate(&shop, &job);
    until("it runs", || lines(&shop, "ran") == 1).await;
    kill(orchestrator);
    assert_eq!(shop.hands.kill(job.clone()).await, Killed::Dead);
    assert_eq!(shop.survivors(&job), [""; 0]);
    assert!(matches!(shop.hands.inquire(job).await, Found::Ended(outcome) if outcome.end == End::Killed));
}

#[tokio::test]
async fn the_time_of_an_adopted_command_began_when_it_did() {
    let (shop, job) = (Workshop::new(), job("web/start@ansan", "echo x >> ran; sleep 1000"));
    let orchestrator = orchestrate(&shop, &job);
    until("it runs", || lines(&shop, "ran") == 1).await;
    kill(orchestrator);
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let short = Job { timeout: Millis(10), ..job.clone() };
    let start = tokio::time::Instant::now();
    assert_eq!(shop.hands.adopt(short, Told::nobody()).await.end, End::TimedOut);
    assert!(start.elapsed() < std::time::Duration::from_secs(30));
    assert_eq!(shop.survivors(&job), [""; 0]);
}

/// Killed at whatever moment: whatever is found, the command ran at most once, and what is found is true.
#[tokio::test]
async fn there_is_no_bad_moment() {
    for millis in (0..40).step_by(4) {
        let (shop, job) = (Workshop::new(), job("web/start@ansan", "echo x >> ran"));
        let orchestrator = orchestrate(&shop, &job);
        tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
        kill(orchestrator);
        let found = shop.hands.inquire(job.clone()).await;
        let before = lines(&shop, "ran");
        assert!(found != Found::NeverBegun || before == 0, "after {millis} ms");
        assert!(!matches!(found, Found::Gone | Found::Unknown(_)), "after {millis} ms: {found:?}");
        let end = shop.act(&job).await.end;
        assert_eq!(end, End::Ok, "after {millis} ms: {found:?}");
        assert_eq!(lines(&shop, "ran"), 1, "after {millis} ms: {found:?}");
    }
}

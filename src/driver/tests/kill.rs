//! Killing: all of the group, confirmed, and never anybody else.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use super::job;
use super::workshop::Workshop;
use super::workshop::until;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::record::WRAPPER;
use crate::model::Millis;

/// Commands that are hard to kill. Each of them says when it is ready.
const STUBBORN: &[&str] = &[
    "echo ready; exec sleep 1000",
    "trap '' TERM; sleep 1000 & echo ready; while :; do sleep 1; done",
    "trap 'echo not now' TERM; sleep 1000 & echo ready; while :; do sleep 1; done",
    "( ( sleep 1000 & ) & ); ( sh -c 'trap \"\" TERM HUP; sleep 1001; sleep 1002' & ); echo ready; sleep 1003",
    "echo ready; yes | yes | yes & yes",
    "echo ready; env -i sleep 1000",
];

#[tokio::test]
async fn nothing_of_it_survives() {
    for line in STUBBORN {
        let (shop, job) = (Workshop::new(), job("web/start@ansan", line));
        let killing = async {
            until("it is ready", || fs::metadata(shop.record(&job).join("out.0")).is_ok_and(|file| file.len() > 0))
                .await;
            assert_eq!(shop.hands.inquire(job.clone()).await, Found::Alive, "{line}");
            assert_eq!(shop.hands.kill(job.clone()).await, Killed::Dead, "{line}");
            assert_eq!(shop.survivors(&job), [""; 0], "{line}");
        };
        let (outcome, ()) = tokio::join!(shop.act(&job), killing);
        assert_eq!(outcome.end, End::Killed, "{line}");
        assert!(outcome.said.head.starts_with("ready\n"), "{line}");
        assert_eq!(shop.hands.inquire(job.clone()).await, Found::Ended(outcome), "{line}");
        assert_eq!(shop.hands.kill(job).await, Killed::Dead, "{line}");
    }
}

#[tokio::test]
async fn an_endless_writer_ends_with_its_time_and_fills_nothing() {
    let line = "sleep 1000 & ( sleep 1001 & ) ; yes";
    let shop = Workshop::new();
    let job = Job { timeout: Millis(700), output_bytes: 20_000, ..job("web/start@ansan", line) };
    let outcome = shop.act(&job).await;
    assert_eq!(outcome.end, End::TimedOut);
    assert_eq!(shop.survivors(&job), [""; 0]);
    assert!(shop.size(&job) < 1_500_000, "{}", shop.size(&job));
    assert!(outcome.said.dropped_bytes > 0);
    assert_eq!(outcome.said.head.len() + outcome.said.tail.len(), 20_000);
    assert_eq!(shop.hands.inquire(job).await, Found::Ended(outcome));
}

#[tokio::test]
async fn what_runs_privileged_says_how_it_is_killed() {
    let line = "trap '' TERM; echo ready; while [ ! -e stop ]; do sleep 0.02; done; touch stopped";
    let shop = Workshop::new();
    let stop = format!("touch '{0}/stop'; echo $BONGHWA_GROUP > '{0}/group'", shop.path().display());
    let job = Job { timeout: Millis(300), kill: Some(stop), ..job("web/start@ansan", line) };
    assert_eq!(shop.act(&job).await.end, End::TimedOut);
    assert!(shop.path().join("stopped").exists());
    let group: u32 = fs::read_to_string(shop.path().join("group")).unwrap().trim().parse().unwrap();
    assert!(group > 1);
}

#[tokio::test]
async fn what_was_killed_before_it_began_never_begins() {
    let (shop, job) = (Workshop::new(), job("web/start@ansan", "touch ran"));
    fs::create_dir_all(shop.record(&job)).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    fs::write(shop.record(&job).join("asked"), boot).unwrap();
    assert_eq!(shop.hands.kill(job.clone()).await, Killed::Dead);
    assert_eq!(shop.act(&job).await.end, End::Killed);
    assert!(!shop.path().join("ran").exists());
}

/// A wrapper that is killed before its command began leaves nobody behind who waits for ever, and is taken for the command.
#[tokio::test]
async fn a_wrapper_that_was_killed_before_its_command_leaves_nobody() {
    let (shop, job) = (Workshop::new(), job("web/start@ansan", "true"));
    let record = shop.record(&job);
    fs::create_dir_all(&record).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    fs::write(record.join("asked"), boot).unwrap();
    // The input of the command has nobody at its other end, so this is the moment before there is a command.
    assert!(Command::new("mkfifo").arg(record.join("stdin")).status().unwrap().success());
    let mut wrapper = Command::new("setsid");
    wrapper.arg("sh").args(["-c", WRAPPER, "bonghwa-wrapper", "run"]).arg(&record).arg("true");
    wrapper.env("BONGHWA_RECORD", &record).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut wrapper = wrapper.spawn().unwrap();
    let id = wrapper.id();
    let children = || {
        let text = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    until("who keeps the output", || record.join("out.0").exists()).await;
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::Alive);
    // Some shells have a process for the command by now.
    let ids = std::iter::once(id.to_string()).chain(children().into_iter().skip(1));
    assert!(Command::new("kill").arg("-KILL").args(ids).status().unwrap().success());
    wrapper.wait().unwrap();
    until("the end of all", || shop.survivors(&job).is_empty()).await;
    assert_eq!(shop.hands.inquire(job).await, Found::Gone);
}

/// A process that has nothing to do with us, and leads a group. It dies with the test.
struct Stranger(std::process::Child);

impl Stranger {
    fn new() -> Self {
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(Stdio::null()).process_group(0);
        Self(command.spawn().unwrap())
    }

    fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn a_number_that_was_given_to_somebody_else_is_left_alone() {
    let mut stranger = Stranger::new();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let pid = stranger.0.id();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let start: u64 = stat.rsplit(") ").next().unwrap().split(' ').nth(19).unwrap().parse().unwrap();
    for (boot, start) in [(boot.trim(), start - 1), ("another-boot", start)] {
        let (shop, job) = (Workshop::new(), job("web/start@ansan", "touch ran"));
        fs::create_dir_all(shop.record(&job)).unwrap();
        fs::write(shop.record(&job).join("asked"), boot).unwrap();
        fs::write(shop.record(&job).join("leader"), format!("{boot} {pid} {pid} {start}\n")).unwrap();
        assert_eq!(shop.hands.inquire(job.clone()).await, Found::Gone);
        assert_eq!(shop.hands.kill(job.clone()).await, Killed::Dead);
        assert!(stranger.is_alive());
        let outcome = shop.act(&job).await;
        assert!(matches!(outcome.end, End::Lost(_)), "{outcome:?}");
        assert!(!shop.path().join("ran").exists());
    }
    assert!(stranger.is_alive());
}

#[tokio::test]
async fn a_command_whose_wrapper_was_killed_is_lost_when_it_is_dead() {
    let line = "echo ready; while [ ! -e go ]; do sleep 0.02; done";
    let (shop, job) = (Workshop::new(), job("web/start@ansan", line));
    let killing = async {
        until("it is ready", || fs::metadata(shop.record(&job).join("out.0")).is_ok_and(|file| file.len() > 0)).await;
        let leader = fs::read_to_string(shop.record(&job).join("leader")).unwrap();
        let pid = leader.split(' ').nth(1).unwrap();
        assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
        assert_eq!(shop.hands.inquire(job.clone()).await, Found::Alive);
        tokio::time::sleep(Duration::from_millis(20)).await;
        fs::write(shop.path().join("go"), "").unwrap();
    };
    let (outcome, ()) = tokio::join!(shop.act(&job), killing);
    assert!(matches!(outcome.end, End::Lost(_)), "{outcome:?}");
    assert_eq!(shop.hands.inquire(job).await, Found::Gone);
}

//! Commands on the operator's machine. They outlive whoever asked, are found again, and are killed as a group.
//!
//! A command is begun at most once for each key, by the wrapper; here its record is followed. No value of a secret is
//! put anywhere but into the environment of the command.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Child;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Killed;
use crate::driver::News;
use crate::driver::Outcome;
use crate::driver::Secrets;
use crate::driver::Told;
use crate::driver::played::later;
use crate::driver::record::How;
use crate::driver::record::Record;
use crate::driver::record::Records;
use crate::driver::record::Start;
use crate::driver::record::State;
use crate::driver::shown::shown;
use crate::model::Millis;

/// What it takes to run commands here.
#[derive(Debug, Clone)]
pub(super) struct Exec {
    /// Where commands run.
    pub(super) folder: PathBuf,
    pub(super) secrets: Secrets,
    pub(super) records: Records,
    /// Between asking a command to end and making it.
    pub(super) grace: Duration,
}

/// What is run: a line, its secrets by reference, and its standard input where it has one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) env: &'a [(String, String)],
    pub(super) input: Option<&'a str>,
}

/// A record is looked at this often at first, for commands that take no time, and then less and less.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// How often it is made sure that a command, of which nothing is heard, still lives.
const ALIVE_EVERY: Duration = Duration::from_secs(1);
/// A command that ended may have left somebody behind who holds its output open: nobody waits longer than this.
const OUTPUT_MAX: Duration = Duration::from_secs(2);
/// News of a command that prints faster than anybody reads.
const NEWS_MAX: u64 = 16 * 1024;

impl Exec {
    /// Does it, or goes on with it where it was begun.
    pub(super) async fn act(&self, job: &Job, line: Line<'_>, told: &Told) -> Outcome {
        let record = self.records.of(&job.key);
        let state = match record.look().await {
            Ok(state) => state,
            Err(error) => return lost(format!("its record can't be read: {error}")),
        };
        if state != State::Never {
            return self.follow(job, &record, None, told).await;
        }
        let unsealed = match self.secrets.unseal(line.env) {
            Ok(unsealed) => unsealed,
            Err(error) => return Outcome::just(End::CouldNotStart(error.in_full())),
        };
        let mut env: Vec<_> = self.secrets.inherited().map(|(name, value)| (name.clone(), value.clone())).collect();
        env.extend(unsealed.env.into_iter().map(|(name, value)| (name.into(), value)));
        let start = Start {
            env,
            folder: &self.folder,
            mask: unsealed.mask.in_octal(),
            output_bytes: job.output_bytes,
            input: line.input,
        };
        match record.begin(line.text, start).await {
            Ok(child) => self.follow(job, &record, Some(child), told).await,
            Err(error) => Outcome::just(End::CouldNotStart(format!("its record can't be begun: {error}"))),
        }
    }

    /// Goes on with what was begun.
    pub(super) async fn adopt(&self, job: &Job, told: &Told) -> Outcome {
        let record = self.records.of(&job.key);
        match record.inquire().await {
            Ok(State::Never) => Outcome::just(End::CouldNotStart("it was never begun".to_owned())),
            Ok(State::Alive | State::Gone | State::Ended(_)) => self.follow(job, &record, None, told).await,
            Err(error) => lost(format!("its record can't be read: {error}")),
        }
    }

    /// What became of it.
    pub(super) async fn inquire(&self, job: &Job) -> Found {
        let record = self.records.of(&job.key);
        match record.inquire().await {
            Ok(State::Never) => Found::NeverBegun,
            Ok(State::Alive) => Found::Alive,
            Ok(State::Gone) => Found::Gone,
            Ok(State::Ended(how)) => {
                complete(&record).await;
                Found::Ended(outcome(&record, end_of(how), job))
            }
            Err(error) => Found::Unknown(format!("its record can't be read: {error}")),
        }
    }

    /// Kills all of it.
    pub(super) async fn kill(&self, job: &Job) -> Killed {
        match self.records.of(&job.key).kill(self.grace, "killed", job.kill.as_deref()).await {
            Ok(true) => Killed::Dead,
            Ok(false) => Killed::NotConfirmed("processes of its group are still there".to_owned()),
            Err(error) => Killed::NotConfirmed(format!("it can't be looked whether it is dead: {error}")),
        }
    }

    /// Takes its record away.
    pub(super) fn forget(&self, key: &Key) -> io::Result<()> {
        self.records.of(key).forget()
    }

    /// Waits until it has ended, or its time is over.
    async fn follow(&self, job: &Job, record: &Record, mut child: Option<Child>, told: &Told) -> Outcome {
        let age = record.age().unwrap_or_default();
        let deadline = later(Instant::now(), job.timeout.saturating_sub(age));
        let mut news = Listener::default();
        let mut pause = PAUSE_MIN;
        let mut alive_at: Option<Instant> = None;
        loop {
            news.listen(record, told, false);
            if let Some(how) = record.status() {
                return self.harvest(job, record, &mut news, told, end_of(how)).await;
            }
            if Instant::now() >= deadline {
                let end = self.time_is_over(job, record).await;
                return self.harvest(job, record, &mut news, told, end).await;
            }
            if child.is_none() && alive_at.is_none_or(|at| at.elapsed() >= ALIVE_EVERY) {
                alive_at = Some(Instant::now());
                match record.look().await {
                    Ok(State::Gone) => {
                        let end = End::Lost("it is dead, and left no word how it ended".to_owned());
                        return self.harvest(job, record, &mut news, told, end).await;
                    }
                    Ok(State::Never) => {
                        return Outcome::just(End::CouldNotStart("the wrapper did not run".to_owned()));
                    }
                    Ok(State::Ended(how)) => {
                        return self.harvest(job, record, &mut news, told, end_of(how)).await;
                    }
                    // What can't be looked at now may be later; its time is limited.
                    Ok(State::Alive) | Err(_) => {}
                }
            }
            let until = deadline.min(Instant::now() + pause);
            pause = (pause * 3 / 2).min(PAUSE_MAX);
            if wait(&mut child, until).await {
                // The wrapper is dead, so its last word stands there, or somebody killed it before the command.
                child = None;
                alive_at = None;
            }
        }
    }

    async fn time_is_over(&self, job: &Job, record: &Record) -> End {
        match record.kill(self.grace, "timed-out", job.kill.as_deref()).await {
            // It may have ended just before.
            Ok(true) => record.status().map_or(End::TimedOut, end_of),
            Ok(false) => End::Lost("its time was over, it was killed, and something of it still lives".to_owned()),
            Err(error) => End::Lost(format!("its time was over, and it can't be looked whether it is dead: {error}")),
        }
    }

    async fn harvest(&self, job: &Job, record: &Record, news: &mut Listener, told: &Told, end: End) -> Outcome {
        complete(record).await;
        news.listen(record, told, true);
        outcome(record, end, job)
    }
}

/// Waits for the wrapper, at most until then. Whether it is dead.
async fn wait(child: &mut Option<Child>, until: Instant) -> bool {
    match child {
        None => {
            tokio::time::sleep_until(until).await;
            false
        }
        Some(wrapper) => tokio::time::timeout_at(until, wrapper.wait()).await.is_ok(),
    }
}

/// Waits until all output is there, as far as it can be waited for.
async fn complete(record: &Record) {
    let limit = Instant::now() + OUTPUT_MAX;
    while !record.is_complete() && Instant::now() < limit {
        sleep(PAUSE_MIN).await;
    }
}

fn outcome(record: &Record, end: End, job: &Job) -> Outcome {
    Outcome { said: record.said(job.output_bytes), ..Outcome::just(end) }
}

fn lost(why: String) -> Outcome {
    Outcome::just(End::Lost(why))
}

/// How it ended, as others know it.
pub(super) fn end_of(how: How) -> End {
    match how {
        How::Exit(code) => end_of_code(code),
        How::Killed => End::Killed,
        How::TimedOut => End::TimedOut,
        How::NotBegun(why) => End::CouldNotStart(why),
    }
}

/// A shell says 128 and the number of the signal where a signal ended the command; nothing tells that from a command
/// that left with this code of itself.
pub(super) const fn end_of_code(code: i32) -> End {
    match code {
        0 => End::Ok,
        129..=192 => End::Signal(code - 128),
        _ => End::Exit(code),
    }
}

/// Tells output as it comes, line by line.
#[derive(Debug, Default)]
struct Listener {
    heard: u64,
    begun: Vec<u8>,
}

impl Listener {
    fn listen(&mut self, record: &Record, told: &Told, is_last: bool) {
        let (bytes, to) = record.news(self.heard, NEWS_MAX);
        if Millis(to - self.heard) > Millis(NEWS_MAX) {
            // What stood before it was not heard, so it is no line.
            self.begun.clear();
        }
        self.heard = to;
        self.begun.extend(bytes);
        let line_end = self.begun.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        let is_long = self.begun.len() > 4096;
        let ready = if is_last || is_long { self.begun.len() } else { line_end.unwrap_or(0) };
        if ready > 0 {
            let text: Vec<u8> = self.begun.drain(..ready).collect();
            told.tell(News::Output { host: None, text: shown(&text) });
        }
    }
}

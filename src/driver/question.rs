//! Questions to this machine: a command that changes nothing, asked until it passes. It leaves no record.
//!
//! It is killed as a group when its time is over, and when nobody waits for it any more.

use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process_group;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::process::Child;
use tokio::process::Command;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::driver::Answer;
use crate::driver::Job;
use crate::driver::Probe;
use crate::driver::Said;
use crate::driver::exec::Exec;
use crate::driver::exec::Line;
use crate::driver::kept::Kept;
use crate::driver::played::later;
use crate::model::Millis;

/// Between two tries: often enough that nobody waits for it, seldom enough that it is no load.
const PAUSE: Millis = Millis(1_000);
/// A command that ended may have left somebody behind who holds its output open.
const OUTPUT_MAX: Duration = Duration::from_millis(500);

/// Answers that we read ourselves are a line for each of a few sites.
const OWN_MAX: usize = 64 * 1024;

/// What one try came to.
pub(super) struct Try {
    /// Whether it passed; why there was no answer.
    pub(super) passed: Result<bool, String>,
    /// What was heard.
    pub(super) said: Said,
}

/// The rounds of one question, of whatever kind: how long a try may take, and what follows from it.
#[derive(Debug)]
pub(super) struct Rounds {
    limit: Instant,
    /// Whether there is time for more than one try that does not pass.
    has_time: bool,
    most: Duration,
    times: u32,
    in_a_row: u32,
}

impl Rounds {
    /// The time of the question begins.
    pub(super) fn begin(job: &Job, probe: &Probe) -> Self {
        Self {
            limit: later(Instant::now(), probe.within.unwrap_or_default()),
            has_time: probe.within.is_some(),
            most: Duration::from_millis(job.timeout.0),
            times: probe.times.max(1),
            in_a_row: 0,
        }
    }

    /// How long the next try may take.
    pub(super) fn most(&self) -> Duration {
        let left = self.limit.saturating_duration_since(Instant::now());
        if self.has_time && !left.is_zero() { self.most.min(left) } else { self.most }
    }

    /// The answer, where this try gives it; else it is time for another try when this returns.
    pub(super) async fn after(&mut self, tried: Try) -> Option<Answer> {
        self.in_a_row = if tried.passed == Ok(true) { self.in_a_row + 1 } else { 0 };
        if self.in_a_row >= self.times {
            return Some(Answer::Yes { said: tried.said, hosts: Vec::new() });
        }
        let left = self.limit.saturating_duration_since(Instant::now());
        // Without a time for it, what passed is asked again, and what did not is answered.
        let goes_on = if self.has_time { !left.is_zero() } else { self.in_a_row > 0 };
        if !goes_on {
            return Some(match tried.passed {
                Ok(_) => Answer::No { said: tried.said, hosts: Vec::new() },
                Err(reason) => Answer::Unknown { reason, hosts: Vec::new() },
            });
        }
        let pause = Duration::from_millis(PAUSE.0);
        sleep(if self.has_time { pause.min(left) } else { pause }).await;
        None
    }
}

impl Exec {
    /// Asks until it passes often enough in a row, or until the time for it is over.
    pub(super) async fn ask(&self, job: &Job, probe: &Probe, line: Line<'_>) -> Answer {
        let mut rounds = Rounds::begin(job, probe);
        loop {
            let tried = self.try_once(job, probe, line, rounds.most()).await;
            if let Some(answer) = rounds.after(tried).await {
                return answer;
            }
        }
    }

    async fn try_once(&self, job: &Job, probe: &Probe, line: Line<'_>, most: Duration) -> Try {
        match self.once(line, most, job.output_bytes).await {
            Ok(heard) => {
                let expected = probe.expect_output.as_deref().is_none_or(|text| heard.kept.has(text.as_bytes()));
                Try { passed: Ok(heard.status.success() && expected), said: heard.said }
            }
            Err(Mute::NotBegun(why)) => Try { passed: Err(why), said: Said::default() },
            Err(Mute::NoAnswer(why, said)) => Try { passed: Err(why), said },
        }
    }

    /// Runs a command to its end, at most this long. It leaves no record.
    ///
    /// # Errors
    ///
    /// There is no end to it that anybody knows.
    pub(super) async fn once(&self, line: Line<'_>, most: Duration, output_bytes: u64) -> Result<Heard, Mute> {
        let unsealed = self.secrets.unseal(line.env).map_err(|error| Mute::NotBegun(error.in_full()))?;
        let mut command = Command::new("sh");
        command.arg("-c").arg(line.text).current_dir(&self.folder).env_clear().envs(self.secrets.inherited());
        command.envs(unsealed.env).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let not_begun = |error| Mute::NotBegun(format!("the command can't be started: {error}"));
        let mut child = command.process_group(0).spawn().map_err(not_begun)?;
        let group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
        let mut kept = Kept::new(output_bytes, &unsealed.mask);
        let mut out = Vec::new();
        let ended = timeout(most, run(&mut child, &mut kept, &mut out)).await;
        let status = match ended {
            Err(_) => {
                drop(group);
                // It is dead, or will be: it can't refuse this signal.
                drop(timeout(OUTPUT_MAX, child.wait()).await);
                let why = format!("no answer within {}", Millis(u64::try_from(most.as_millis()).unwrap_or(u64::MAX)));
                return Err(Mute::NoAnswer(why, kept.said(&unsealed.mask)));
            }
            Ok(Err(error)) => {
                let why = format!("nobody can say how it ended: {error}");
                return Err(Mute::NoAnswer(why, Said::default()));
            }
            Ok(Ok(status)) => status,
        };
        // Its number may belong to somebody else from now on.
        group.leave();
        let said = kept.said(&unsealed.mask);
        Ok(Heard { status, out, said, kept })
    }
}

/// What a command came to.
pub(super) struct Heard {
    pub(super) status: ExitStatus,
    /// What it printed to its standard output, as it came: for us to read, never to be shown.
    pub(super) out: Vec<u8>,
    /// What may be shown of all that it printed.
    pub(super) said: Said,
    kept: Kept,
}

/// Why nobody knows what a command came to.
pub(super) enum Mute {
    /// It never ran.
    NotBegun(String),
    /// It ran, and has no end that anybody knows; and what it printed.
    NoAnswer(String, Said),
}

/// Reads all that it prints, and waits for its end.
async fn run(child: &mut Child, kept: &mut Kept, own: &mut Vec<u8>) -> std::io::Result<ExitStatus> {
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let (mut of_out, mut of_err) = (vec![0; 32 * 1024], vec![0; 32 * 1024]);
    let mut status = None;
    let mut limit = None;
    while out.is_some() || err.is_some() || status.is_none() {
        let until = limit.unwrap_or_else(|| later(Instant::now(), Millis(u64::MAX)));
        tokio::select! {
            read = next(&mut out, &mut of_out), if out.is_some() => match read {
                0 => out = None,
                read => {
                    kept.keep(&of_out[..read]);
                    own.extend(&of_out[..read.min(OWN_MAX.saturating_sub(own.len()))]);
                }
            },
            read = next(&mut err, &mut of_err), if err.is_some() => match read {
                0 => err = None,
                read => kept.keep(&of_err[..read]),
            },
            ended = child.wait(), if status.is_none() => {
                status = Some(ended?);
                limit = Some(Instant::now() + OUTPUT_MAX);
            }
            () = tokio::time::sleep_until(until) => break,
        }
    }
    status.ok_or_else(|| std::io::ErrorKind::TimedOut.into())
}

/// How much came; nothing at the end, and where it can't be read.
async fn next(from: &mut Option<impl AsyncRead + Unpin>, into: &mut [u8]) -> usize {
    match from {
        Some(from) => from.read(into).await.unwrap_or(0),
        None => 0,
    }
}

/// A process group that dies with this value, unless it was left.
struct Group(Option<Pid>);

impl Group {
    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Nothing is left to kill, or nothing can be done about it here.
            let _nothing_left = kill_process_group(group, Signal::KILL);
        }
    }
}

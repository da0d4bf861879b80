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
use crate::driver::mask::Mask;
use crate::driver::played::later;
use crate::driver::shown::said;
use crate::model::Millis;

/// Between two tries: often enough that nobody waits for it, seldom enough that it is no load.
const PAUSE: Millis = Millis(1_000);
/// A command that ended may have left somebody behind who holds its output open.
const OUTPUT_MAX: Duration = Duration::from_millis(500);

/// What one try came to.
struct Try {
    /// Whether it passed; why there was no answer.
    passed: Result<bool, String>,
    said: Said,
}

impl Exec {
    /// Asks until it passes often enough in a row, or until the time for it is over.
    pub(super) async fn ask(&self, job: &Job, probe: &Probe, line: Line<'_>) -> Answer {
        let limit = later(Instant::now(), probe.within.unwrap_or_default());
        let mut in_a_row = 0;
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            let most = Duration::from_millis(job.timeout.0);
            let most = if probe.within.is_some() && !left.is_zero() { most.min(left) } else { most };
            let tried = self.try_once(job, probe, line, most).await;
            in_a_row = if tried.passed == Ok(true) { in_a_row + 1 } else { 0 };
            if in_a_row >= probe.times.max(1) {
                return Answer::Yes { said: tried.said, hosts: Vec::new() };
            }
            let left = limit.saturating_duration_since(Instant::now());
            // Without a time for it, what passed is asked again, and what did not is answered.
            let goes_on = if probe.within.is_some() { !left.is_zero() } else { in_a_row > 0 };
            if !goes_on {
                return match tried.passed {
                    Ok(_) => Answer::No { said: tried.said, hosts: Vec::new() },
                    Err(reason) => Answer::Unknown { reason, hosts: Vec::new() },
                };
            }
            let pause = Duration::from_millis(PAUSE.0);
            sleep(if probe.within.is_some() { pause.min(left) } else { pause }).await;
        }
    }

    async fn try_once(&self, job: &Job, probe: &Probe, line: Line<'_>, most: Duration) -> Try {
        let silent = |why: String| Try { passed: Err(why), said: Said::default() };
        let unsealed = match self.secrets.unseal(line.env) {
            Ok(unsealed) => unsealed,
            Err(error) => return silent(error.in_full()),
        };
        let mut command = Command::new("sh");
        command.arg("-c").arg(line.text).current_dir(&self.folder).env_clear().envs(self.secrets.inherited());
        command.envs(unsealed.env).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match command.process_group(0).spawn() {
            Ok(child) => child,
            Err(error) => return silent(format!("the command can't be started: {error}")),
        };
        let group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
        let mut kept = Kept::new(job.output_bytes, &unsealed.mask);
        let ended = timeout(most, run(&mut child, &mut kept)).await;
        let status = match ended {
            Err(_) => {
                drop(group);
                // It is dead, or will be: it can't refuse this signal.
                drop(timeout(OUTPUT_MAX, child.wait()).await);
                let why = format!("no answer within {}", Millis(u64::try_from(most.as_millis()).unwrap_or(u64::MAX)));
                return Try { passed: Err(why), said: kept.said(&unsealed.mask) };
            }
            Ok(Err(error)) => return silent(format!("nobody can say how it ended: {error}")),
            Ok(Ok(status)) => status,
        };
        // Its number may belong to somebody else from now on.
        group.leave();
        let expected = probe.expect_output.as_deref().is_none_or(|text| kept.has(text.as_bytes()));
        Try { passed: Ok(status.success() && expected), said: kept.said(&unsealed.mask) }
    }
}

/// Reads all that it prints, and waits for its end.
async fn run(child: &mut Child, kept: &mut Kept) -> std::io::Result<ExitStatus> {
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let (mut of_out, mut of_err) = (vec![0; 32 * 1024], vec![0; 32 * 1024]);
    let mut status = None;
    let mut limit = None;
    while out.is_some() || err.is_some() || status.is_none() {
        let until = limit.unwrap_or_else(|| later(Instant::now(), Millis(u64::MAX)));
        tokio::select! {
            read = next(&mut out, &mut of_out), if out.is_some() => match read {
                0 => out = None,
                read => kept.keep(&of_out[..read]),
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

/// The beginning and the end of an output, with room for a secret at each cut.
struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    total: u64,
    cap: usize,
    slack: usize,
}

impl Kept {
    fn new(cap: u64, mask: &Mask) -> Self {
        let cap = usize::try_from(cap).unwrap_or(usize::MAX / 8);
        Self { head: Vec::new(), tail: Vec::new(), total: 0, cap, slack: mask.width() }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.total += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let room = (self.cap + self.slack).saturating_sub(self.head.len());
        self.head.extend(&bytes[..bytes.len().min(room)]);
        self.tail.extend(bytes);
        let most = self.cap + self.slack;
        if self.tail.len() > 2 * most + bytes.len() {
            self.tail.drain(..self.tail.len() - most);
        }
    }

    fn is_whole(&self) -> bool {
        u64::try_from(self.head.len()) == Ok(self.total)
    }

    fn has(&self, text: &[u8]) -> bool {
        let within = |bytes: &[u8]| text.is_empty() || bytes.windows(text.len()).any(|window| window == text);
        within(&self.head) || within(&self.tail)
    }

    fn said(&self, mask: &Mask) -> Said {
        let cap = u64::try_from(self.cap).unwrap_or(u64::MAX);
        let head = mask.apply(&self.head);
        if self.is_whole() {
            let total = u64::try_from(head.len()).unwrap_or(u64::MAX);
            return said(&head, &head, total, cap);
        }
        // At the cuts there may be a part of a secret that is not seen as one.
        let head = &head[..head.len().saturating_sub(self.slack)];
        let tail = mask.apply(&self.tail);
        let tail = &tail[self.slack.min(tail.len())..];
        said(head, tail, self.total.max(cap + 1), cap)
    }
}

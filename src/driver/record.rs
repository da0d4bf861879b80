//! Records of commands on this machine: one private folder for each key, kept by the wrapper and only followed here.
//!
//! What a command printed and how it ended is read from files, so it makes no difference who began it. Nothing here
//! waits for a command.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Child;
use tokio::process::Command;
use tokio::time::timeout;

use crate::driver::Key;
use crate::driver::Said;
use crate::driver::shown::said;
use crate::model::Millis;

/// The same text runs here and on far sides.
pub(super) const WRAPPER: &str = include_str!("wrapper.sh");
/// What the wrapper answers it answers within a few seconds; beyond this the machine itself is in trouble.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Where the records are.
#[derive(Debug, Clone)]
pub(super) struct Records {
    folder: PathBuf,
}

/// One record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    folder: PathBuf,
}

/// What the record of a job says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// The command was never begun.
    Never,
    /// Something of it lives.
    Alive,
    /// It is dead, and nobody knows how it ended.
    Gone,
    /// How it ended.
    Ended(How),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// With what the shell calls its exit code.
    Exit(i32),
    /// We killed it.
    Killed,
    /// We killed it because its time was over.
    TimedOut,
    /// The wrapper could not begin it.
    NotBegun(String),
}

/// What is put into the wrapper, besides the command.
pub(super) struct Start<'a> {
    /// The whole environment of the command.
    pub(super) env: Vec<(OsString, OsString)>,
    /// Where it runs.
    pub(super) folder: &'a Path,
    /// The secrets to be masked, as the wrapper wants them.
    pub(super) mask: String,
    /// How much output is kept.
    pub(super) output_bytes: u64,
    /// Its standard input, where it has one.
    pub(super) input: Option<&'a str>,
}

impl Records {
    /// Records in this folder, which need not exist yet.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The record of a key, whether or not there is one.
    pub(super) fn of(&self, key: &Key) -> Record {
        Record { folder: self.folder.join(key.file_name()) }
    }
}

impl Record {
    /// Begins the command, unless it was begun before. Returns when the wrapper runs, not when the command does.
    pub(super) async fn begin(&self, line: &str, start: Start<'_>) -> io::Result<Child> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        if let Some(input) = start.input {
            fs::write(self.folder.join("stdin"), input)?;
        }
        self.answer(&["ask"], &[]).await?;
        // After a crash of the machine "never begun" must be true: it was not only not kept.
        fs::File::open(self.folder.join("asked"))?.sync_all()?;
        fs::File::open(&self.folder)?.sync_all()?;
        if let Some(parent) = self.folder.parent() {
            fs::File::open(parent)?.sync_all()?;
        }
        let piece = (start.output_bytes / 2).max(4096);
        let arguments = ["-c", WRAPPER, "bonghwa-wrapper", "run"];
        let mut command = Command::new("setsid");
        command.arg("sh").args(arguments).arg(&self.folder).arg(line).env_clear().envs(start.env);
        command.env("BONGHWA_RECORD", &self.folder).env("BONGHWA_MASK", start.mask);
        command.env("BONGHWA_PIECE", piece.to_string()).current_dir(start.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    }

    /// What became of it by now.
    pub(super) async fn look(&self) -> io::Result<State> {
        self.state("look").await
    }

    /// What became of it. What was never begun will not begin later either, unless it is begun anew: whoever was killed
    /// may have been about to.
    pub(super) async fn inquire(&self) -> io::Result<State> {
        self.state("inquire").await
    }

    async fn state(&self, verb: &str) -> io::Result<State> {
        if !self.folder.exists() {
            return Ok(State::Never);
        }
        if let Some(how) = self.status() {
            return Ok(State::Ended(how));
        }
        let said = self.answer(&[verb], &[]).await?;
        match said.as_str() {
            "never" => Ok(State::Never),
            "alive" => Ok(State::Alive),
            "gone" => Ok(State::Gone),
            _ => match said.strip_prefix("ended ").and_then(How::parse) {
                Some(how) => Ok(State::Ended(how)),
                None => Err(io::Error::other(format!("the wrapper says {said:?}"))),
            },
        }
    }

    /// Kills it, and says whether all of it is dead.
    pub(super) async fn kill(&self, grace: Duration, how: &str, line: Option<&str>) -> io::Result<bool> {
        if !self.folder.exists() {
            return Ok(true);
        }
        let grace = grace.as_secs().to_string();
        let said = self.answer(&["kill"], &[&grace, how, line.unwrap_or_default()]).await?;
        match said.as_str() {
            "dead" => Ok(true),
            "alive" => Ok(false),
            _ => Err(io::Error::other(format!("the wrapper says {said:?}"))),
        }
    }

    /// How it ended, if that is known by now.
    pub(super) fn status(&self) -> Option<How> {
        How::parse(fs::read_to_string(self.folder.join("status")).ok()?.trim_end())
    }

    /// Whether there is no more output to come.
    pub(super) fn is_complete(&self) -> bool {
        self.folder.join("eof").exists()
    }

    /// How long ago it was begun, also over a sleep of the machine.
    pub(super) fn age(&self) -> Option<Millis> {
        let leader = fs::read_to_string(self.folder.join("leader")).ok()?;
        // Linux counts the starts of processes in hundredths of a second since it booted, on every machine.
        let begun: u64 = leader.split_whitespace().nth(3)?.parse().ok()?;
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let (seconds, hundredths) = uptime.split_whitespace().next()?.split_once('.')?;
        let now = seconds.parse::<u64>().ok()?.checked_mul(100)?.checked_add(hundredths.parse().ok()?)?;
        Some(Millis(now.saturating_sub(begun).saturating_mul(10)))
    }

    /// What is kept of its output.
    pub(super) fn said(&self, cap: u64) -> Said {
        let pieces = self.pieces();
        let total = pieces.last().map_or(0, |piece| piece.from + piece.length);
        let mut run = 0;
        let unbroken = pieces.iter().take_while(|piece| {
            let follows = piece.from == run;
            run += piece.length;
            follows
        });
        let unbroken = unbroken.last().map_or(0, |piece| piece.from + piece.length);
        let head = read(&pieces, 0, unbroken.min(cap));
        let tail = read(&pieces, total.saturating_sub(cap), total);
        said(&head, &tail, total, cap)
    }

    /// What it printed from byte `from` on, at most the latest `most` bytes, and up to which byte that is.
    pub(super) fn news(&self, from: u64, most: u64) -> (Vec<u8>, u64) {
        let pieces = self.pieces();
        let total = pieces.last().map_or(0, |piece| piece.from + piece.length);
        if total <= from {
            return (Vec::new(), from);
        }
        (read(&pieces, from.max(total.saturating_sub(most)), total), total)
    }

    /// Takes the record away.
    pub(super) fn forget(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// What is left of the output, in order.
    fn pieces(&self) -> Vec<Piece> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut pieces: Vec<Piece> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let from = entry.file_name().to_str()?.strip_prefix("out.")?.parse().ok()?;
                Some(Piece { from, length: entry.metadata().ok()?.len(), path: entry.path() })
            })
            .collect();
        pieces.sort_by_key(|piece| piece.from);
        pieces
    }

    /// What the wrapper says to a question. It runs in a group of its own, so that a Ctrl-C does not reach it.
    async fn answer(&self, verb: &[&str], rest: &[&str]) -> io::Result<String> {
        let mut command = Command::new("sh");
        command.args(["-c", WRAPPER, "bonghwa-wrapper"]).args(verb).arg(&self.folder).args(rest);
        command.stdin(Stdio::null()).stderr(Stdio::null()).process_group(0).kill_on_drop(true);
        let output = timeout(ANSWER_MAX, command.output()).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }
}

#[derive(Debug)]
struct Piece {
    from: u64,
    length: u64,
    path: PathBuf,
}

/// The bytes between two positions, as far as they are there.
fn read(pieces: &[Piece], from: u64, to: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.from < to && piece.from + piece.length > from) {
        // A piece may be dropped while we read: then those bytes are not there.
        let Ok(mut file) = fs::File::open(&piece.path) else { continue };
        let skip = from.saturating_sub(piece.from);
        let want = piece.length.min(to - piece.from) - skip;
        if file.seek(SeekFrom::Start(skip)).is_ok() {
            // What can't be read is missing, as what was dropped is.
            drop(file.take(want).read_to_end(&mut bytes));
        }
    }
    bytes
}

impl How {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            Some(("exit", code)) => code.parse().ok().map(Self::Exit),
            Some(("not-begun", why)) => Some(Self::NotBegun(why.to_owned())),
            None if text == "killed" => Some(Self::Killed),
            None if text == "timed-out" => Some(Self::TimedOut),
            Some(_) | None => None,
        }
    }
}

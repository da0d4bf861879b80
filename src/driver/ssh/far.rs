//! What the wrapper on a host is asked, and what its answer means. No line of a login, and no byte of a command, can be
//! taken for one of its own.

use std::ffi::OsString;
use std::sync::LazyLock;

use crate::driver::Said;
use crate::driver::exec::end_of;
use crate::driver::record::How;
use crate::driver::record::State;
use crate::driver::record::WRAPPER;
use crate::driver::shown::said;
use crate::model::Millis;

const FAR: &str = include_str!("far.sh");
/// Runs a script that comes as standard input, under any login shell. Messages of tools are to be the same everywhere.
pub(super) const SHELL: &str = "exec env LC_ALL=C sh -s";

/// A script for a host.
pub(super) struct Script {
    /// What is sent before what is the same for all hosts.
    pub(super) text: Vec<u8>,
    nonce: String,
}

/// What is asked of the wrapper.
pub(super) enum Verb<'a> {
    /// Begin it unless it was begun, and follow it to its end.
    Begin { line: &'a str, env: &'a [(String, OsString)], mask: String, output_bytes: u64 },
    /// Follow it to its end.
    Follow { output_bytes: u64 },
    /// What became of it.
    Inquire { output_bytes: u64 },
    /// Kill all of it.
    Kill { grace: u64, how: &'a str, way: &'a str },
    /// Take these records away, where it ended well.
    Forget { keys: &'a str },
}

/// What the wrapper said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// How far it came.
    pub(super) word: Word,
    /// What the command printed, as far as it was told.
    pub(super) said: Said,
    /// How long ago it was begun, where it was followed.
    pub(super) age: Option<Millis>,
}

/// How far it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Our script never ran.
    Silent,
    /// It ran, and did not come to its end.
    Broken,
    /// It would not begin it, for this reason.
    Refused(String),
    /// What became of it.
    State(State),
    /// Whether all of it is dead.
    Dead(bool),
}

impl Script {
    /// The script that asks this about the record of `key`. `nonce` stands in no output.
    pub(super) fn new(key: &str, nonce: String, verb: &Verb<'_>) -> Self {
        let mut text = Vec::with_capacity(512);
        let mut set = |name: &str, value: &[u8]| {
            text.extend(name.as_bytes());
            text.push(b'=');
            text.extend(quoted(value));
            text.push(b'\n');
        };
        set("nonce", nonce.as_bytes());
        set("key", key.as_bytes());
        let (word, cap) = match verb {
            Verb::Begin { output_bytes, .. } => ("begin", *output_bytes),
            Verb::Follow { output_bytes } => ("follow", *output_bytes),
            Verb::Inquire { output_bytes } => ("inquire", *output_bytes),
            Verb::Kill { .. } => ("kill", 0),
            Verb::Forget { .. } => ("forget", 0),
        };
        set("verb", word.as_bytes());
        set("cap", cap.to_string().as_bytes());
        match verb {
            Verb::Begin { line, env, mask, output_bytes } => {
                set("line", line.as_bytes());
                set("masks", mask.as_bytes());
                set("piece", (output_bytes / 2).max(4096).to_string().as_bytes());
                for (name, value) in *env {
                    set(&format!("export {name}"), std::os::unix::ffi::OsStrExt::as_bytes(value.as_os_str()));
                }
            }
            Verb::Kill { grace, how, way } => {
                set("grace", grace.to_string().as_bytes());
                set("how", how.as_bytes());
                set("way", way.as_bytes());
            }
            Verb::Forget { keys } => set("keys", keys.as_bytes()),
            Verb::Follow { .. } | Verb::Inquire { .. } => {}
        }
        Self { text, nonce }
    }

    /// What is sent behind it: the wrapper and who asks it, without what only people read.
    pub(super) fn rest() -> &'static [u8] {
        static REST: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let mut rest = b"wrapper=".to_vec();
            rest.extend(quoted(bare(WRAPPER).as_bytes()));
            rest.push(b'\n');
            rest.extend(bare(FAR).as_bytes());
            rest
        });
        &REST
    }

    /// What the answer means.
    pub(super) fn read(&self, bytes: &[u8], cap: u64) -> Answer {
        let mark = format!("\n{} ", self.nonce);
        let mut answer = Answer { word: Word::Silent, said: Said::default(), age: None };
        let mut output = Output::default();
        let mut last = None;
        let mut rest = bytes;
        while let Some(at) = find(rest, mark.as_bytes()) {
            rest = &rest[at + mark.len()..];
            let Some(end) = find(rest, b"\n") else { break };
            let line = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest = &rest[end..];
            let (word, more) = line.split_once(' ').unwrap_or((&line, ""));
            match word {
                "here" => answer.word = Word::Broken,
                "begun" => answer.age = more.parse().ok().map(|hundredths: u64| Millis(hundredths * 10)),
                "piece" => {
                    let place = more.split_once(' ');
                    let place =
                        place.and_then(|(from, count)| Some((from.parse().ok()?, count.parse::<usize>().ok()?)));
                    // The bytes begin behind the end of this line, and nothing in them is read as a word of ours.
                    if let Some((from, count)) = place {
                        let piece = rest.get(1..(1 + count).min(rest.len())).unwrap_or_default();
                        output.add(from, piece);
                        rest = &rest[piece.len()..];
                    }
                }
                "total" => output.total = more.parse().unwrap_or_default(),
                "done" => {
                    if let Some(word) = last.take() {
                        answer.word = word;
                    }
                }
                _ => last = Word::read(&line),
            }
        }
        if let Some(word) = last.filter(|_| matches!(answer.word, Word::Broken)) {
            // It was said before the connection broke, so it is so.
            answer.word = word;
        }
        answer.said = output.said(cap);
        answer
    }
}

impl Word {
    fn read(line: &str) -> Option<Self> {
        Some(match line {
            "never" => Self::State(State::Never),
            "alive" => Self::State(State::Alive),
            "gone" => Self::State(State::Gone),
            "dead" => Self::Dead(true),
            _ => match line.split_once(' ')? {
                ("ended", how) => Self::State(State::Ended(How::parse(how)?)),
                ("refused", why) => Self::Refused(why.to_owned()),
                _ => return None,
            },
        })
    }

    /// As the answer to a kill, where the same word means something else.
    pub(super) fn is_dead(&self) -> Option<bool> {
        match self {
            Self::Dead(dead) => Some(*dead),
            Self::State(State::Alive) => Some(false),
            Self::State(State::Never | State::Gone | State::Ended(_)) => Some(true),
            Self::Silent | Self::Broken | Self::Refused(_) => None,
        }
    }
}

/// The pieces of an output, in order, as far as they are unbroken from the beginning and up to the end.
#[derive(Default)]
struct Output {
    head: Option<(u64, Vec<u8>)>,
    tail: Option<(u64, Vec<u8>)>,
    total: u64,
}

impl Output {
    fn add(&mut self, from: u64, bytes: &[u8]) {
        match &mut self.tail {
            Some((start, run)) if from <= *start + length(run) => {
                let known = usize::try_from(*start + length(run) - from).unwrap_or(usize::MAX);
                run.extend(bytes.get(known..).unwrap_or_default());
            }
            Some(_) => {
                let run = self.tail.replace((from, bytes.to_vec()));
                self.head = self.head.take().or(run);
            }
            None => self.tail = Some((from, bytes.to_vec())),
        }
    }

    fn said(self, cap: u64) -> Said {
        let tail = self.tail.unwrap_or_default();
        let head = self.head.as_ref().unwrap_or(&tail);
        let head = if head.0 == 0 { head.1.as_slice() } else { &[] };
        let total = self.total.max(tail.0 + length(&tail.1));
        let tail = if tail.0 + length(&tail.1) == total { tail.1.as_slice() } else { &[] };
        said(head, tail, total, cap)
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Without lines that are comments.
fn bare(script: &str) -> String {
    script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .fold(String::new(), |text, line| text + line + "\n")
}

/// In quotes that every POSIX shell takes as they are.
pub(super) fn quoted(value: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in value {
        if byte == b'\'' {
            quoted.extend(b"'\\''");
        } else {
            quoted.push(byte);
        }
    }
    quoted.push(b'\'');
    quoted
}

/// A question is one line for the login shell: it has no record, and leaves none. With secrets it comes as a script, and
/// also where login shells differ in how they read what stands between single quotes: fish takes a backslash for special,
/// csh a bang, and the end of a line.
pub(super) fn question(line: &str, env: &[(String, OsString)]) -> (String, Vec<u8>) {
    let quoted_line = String::from_utf8_lossy(&quoted(line.as_bytes())).into_owned();
    if env.is_empty() && !line.contains(['\n', '\\', '!']) {
        return (format!("exec env LC_ALL=C sh -c {quoted_line} </dev/null"), Vec::new());
    }
    let mut script = Vec::new();
    for (name, value) in env {
        script.extend(format!("export {name}=").as_bytes());
        script.extend(quoted(std::os::unix::ffi::OsStrExt::as_bytes(value.as_os_str())));
        script.push(b'\n');
    }
    script.extend(format!("exec sh -c {quoted_line} </dev/null\n").as_bytes());
    (SHELL.to_owned(), script)
}

/// How a state reads as the end of a host.
pub(super) fn end_of_state(state: State) -> crate::driver::End {
    match state {
        State::Never => crate::driver::End::CouldNotStart("it was never begun there".to_owned()),
        State::Alive => crate::driver::End::Lost("it still runs, and nobody follows it".to_owned()),
        State::Gone => crate::driver::End::Lost("it is dead, and left no word how it ended".to_owned()),
        State::Ended(how) => end_of(how),
    }
}

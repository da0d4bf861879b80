//! What is asked of a pair of hands: plain data, complete, with nothing left to look up. Nothing here acts.

use std::fmt;

use crate::driver::Task;
use crate::model::Millis;
use crate::model::Ppm;

/// Which attempt at which step of which run: the same on both sides of a crash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The run.
    pub run: String,
    /// The step, as the plan names it: `message-store/promote@ansan`, `site:pangyo/border`.
    pub step: String,
    /// Which try, from 1.
    pub attempt: u32,
}

/// One job: a task, where it is done, and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its identity. Two jobs with one key are one job.
    pub key: Key,
    /// What is done.
    pub task: Task,
    /// On which hosts, where the task is done on hosts. Names are unique.
    pub hosts: Vec<HostAt>,
    /// At most this many hosts at once; 0 is read as 1.
    pub parallel: u32,
    /// The share of hosts that is enough.
    pub enough: Ppm,
    /// When it is given up and killed.
    pub timeout: Millis,
    /// Whether it was declared safe to repeat: then what nobody knows the end of may be done anew.
    pub repeatable: bool,
    /// How it is killed, where it runs privileged and its process group cannot be: a command line.
    pub kill: Option<String>,
    /// How much output is kept of each host, in bytes: half of it from the beginning, half from the end.
    pub output_bytes: u64,
}

/// A host, and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostAt {
    /// The name that people use.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// The user to log in as, where one was declared.
    pub user: Option<String>,
    /// The port.
    pub port: u16,
    /// Bastions to go through, in the order in which they are tried; a bastion may stand behind others itself. Directly
    /// where there is none.
    pub jump: Vec<HostAt>,
}

impl Key {
    /// A name for this key that every file system takes, and that no other key has: letters, digits and `-._@` stand
    /// for themselves, all else is `%` and two digits, and `+` parts the three.
    ///
    /// A part that would grow too long for a file's name ends in a digest of itself instead.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}+{}+{}", part(&self.run), part(&self.step), self.attempt)
    }
}

impl Key {
    /// The same on one of the hosts of the job: two names may lead to one machine, and must not share a record; nor must
    /// two runs of one name, which are told apart by `mark`.
    #[must_use]
    pub(super) fn file_name_on(&self, host: &str, mark: &str) -> String {
        let run = if mark.is_empty() { self.run.clone() } else { format!("{}.{mark}", self.run) };
        let key = Self { run, ..self.clone() }.file_name();
        let host = part(host);
        if host.len() <= 20 {
            format!("{key}+{host}")
        } else {
            format!("{key}+{}%~{:08x}", &host[..10], digest(&host) & 0xffff_ffff)
        }
    }
}

/// For people: `r-0312 message-store/promote@ansan #1`.
impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} #{}", self.run, self.step, self.attempt)
    }
}

/// Two parts of this length, the number and the marks stay below the 255 bytes that a file's name may have.
const PART_MAX: usize = 110;

fn part(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'@' => safe.push(char::from(byte)),
            // A name that begins with a dot is hidden, and `..` is a way out.
            b'.' if !safe.is_empty() => safe.push('.'),
            _ => safe.push_str(&format!("%{byte:02x}")),
        }
    }
    if safe.len() > PART_MAX {
        safe.truncate(PART_MAX - 18);
        safe.push_str(&format!("%~{:016x}", digest(text)));
    }
    safe
}

/// FNV-1a over 64 bits: it parts long names, and guards nothing.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::Key;

    fn name(run: &str, step: &str, attempt: u32) -> String {
        Key { run: run.into(), step: step.into(), attempt }.file_name()
    }

    #[test]
    fn a_key_has_a_name_that_every_file_system_takes() {
        assert_eq!(name("r-1", "message-store/promote@ansan", 2), "r-1+message-store%2fpromote@ansan+2");
        assert_eq!(name("r-1", "site:pangyo/border", 1), "r-1+site%3apangyo%2fborder+1");
        assert_eq!(name("..", "한", 1), "%2e.+%ed%95%9c+1");
    }

    #[test]
    fn runs_of_one_name_are_parted_on_hosts() {
        let key = Key { run: "r-1".into(), step: "a/b".into(), attempt: 1 };
        assert_eq!(key.file_name_on("db-1", ""), "r-1+a%2fb+1+db-1");
        assert_eq!(key.file_name_on("db-1", "19a-7f"), "r-1.19a-7f+a%2fb+1+db-1");
        let long = Key { run: "r".repeat(300), step: "s".repeat(300), attempt: u32::MAX };
        let [one, other] = ["1", "2"].map(|mark| long.file_name_on(&"h".repeat(300), mark));
        assert!(one != other && one.len() <= 255, "{one}");
    }

    #[test]
    fn no_two_keys_share_a_name() {
        let long = "x".repeat(300);
        let names = [
            name("a", "b", 1),
            name("a", "b", 11),
            name("a+b", "c", 1),
            name("a", "b+c", 1),
            name("a", "%62", 1),
            name("a", "%", 1),
            name("a", "%25", 1),
            name("a", &long, 1),
            name("a", &format!("{long}y"), 1),
        ];
        for (at, one) in names.iter().enumerate() {
            assert!(one.len() < 240, "{one}");
            assert!(names[at + 1..].iter().all(|other| other != one), "{one}");
        }
    }
}

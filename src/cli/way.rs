//! The real hands of whoever runs this: their name, their keys, whom they trust, and what their environment holds.

use std::ffi::OsStr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;

use crate::cli::error::CommandError;
use crate::cli::input;
use crate::cli::live::references;
use crate::driver::Hands;
use crate::driver::Secrets;
use crate::driver::SshSettings;
use crate::plan::Plan;
use crate::run::Entry;
use crate::run::Event;

/// Hands for a plan, whose commands run in the folder of the project and leave their records in that of the run.
///
/// # Errors
///
/// What is known of hosts can't be read.
pub(crate) fn hands(root: &Path, run: &Path, plan: &Plan, entries: &[Entry]) -> Result<Hands, CommandError> {
    more_files();
    let secrets = Secrets::new(input::environment()).hiding(references(plan));
    let hands = Hands::new(root.to_owned(), run.join("records"), secrets);
    let settings = SshSettings { mark: mark(entries), warm: room_for_sessions(), ..settings(root, plan) };
    hands.with_ssh(settings).map_err(|error| {
        CommandError::failed("the keys of hosts can't be read")
            .because(&error)
            .hint("see [ssh] known-hosts in bonghwa.toml, and who may read the file; without it no host is trusted")
    })
}

/// How many sessions may be kept with as many open files as we have: each takes four.
fn room_for_sessions() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let sessions = files.saturating_sub(OTHER_FILES) / FILES_OF_SESSION;
    usize::try_from(sessions).unwrap_or(SESSIONS).clamp(16, SESSIONS)
}

/// For journals, sockets, and commands on this machine.
const OTHER_FILES: u64 = 256;
const FILES_OF_SESSION: u64 = 4;
/// More of them would be a burden without a use: few steps have as many hosts.
const SESSIONS: usize = 2_048;

/// When the run was begun, and by which process. Its name says the minute only, and hosts are shared by all who begin runs.
fn mark(entries: &[Entry]) -> String {
    let taken = entries.iter().find_map(|entry| {
        let Event::PenTaken { by } = &entry.event else { return None };
        Some(format!("{:x}-{:x}", entry.at.0, by.pid))
    });
    taken.unwrap_or_default()
}

/// A session takes three files, and 1,024 in all are usual unless one asks for more: a third of 1,000 hosts then fails here.
const FILES_WANTED: u64 = 16_384;

/// Asks the system for as many open files as it grants without further ado. Where it grants fewer, whatever needs one says so.
fn more_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES_WANTED, |maximum| maximum.min(FILES_WANTED));
    if current.is_some_and(|current| current < wanted) {
        let _granted = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// How this operator reaches hosts.
fn settings(root: &Path, plan: &Plan) -> SshSettings {
    let environment = input::environment();
    let value = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str());
    let home = value("HOME").unwrap_or_else(|| OsStr::new("/"));
    let path = |text: &String| match text.strip_prefix("~/") {
        Some(rest) => Path::new(home).join(rest),
        None => root.join(text),
    };
    let ssh = &plan.ssh;
    let paths = |texts: &[String], usual: &[&str]| -> Vec<PathBuf> {
        if texts.is_empty() {
            usual.iter().map(|text| path(&(*text).to_owned())).collect()
        } else {
            texts.iter().map(path).collect()
        }
    };
    let mut identities = paths(&ssh.identities, IDENTITIES);
    if ssh.identities.is_empty() {
        identities.retain(|path| path.exists());
    }
    let user = value("USER").or_else(|| value("LOGNAME")).unwrap_or_else(|| OsStr::new("root"));
    SshSettings {
        user: user.to_string_lossy().into_owned(),
        known_hosts: paths(&ssh.known_hosts, KNOWN_HOSTS),
        identities,
        passphrase: ssh.passphrase.clone(),
        agent: value("SSH_AUTH_SOCK").filter(|socket| ssh.agent && !socket.is_empty()).map(PathBuf::from),
        handshakes: usize::try_from(plan.limits.ssh_handshakes).unwrap_or(usize::MAX),
        connect: Duration::from_millis(ssh.connect_ms.0),
        banner: Duration::from_millis(ssh.banner_ms.0),
        login: Duration::from_millis(ssh.login_ms.0),
        ..SshSettings::default()
    }
}

/// Those that ssh looks into.
const KNOWN_HOSTS: &[&str] = &["~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts"];
/// Those that ssh looks for, in its order.
const IDENTITIES: &[&str] = &["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"];

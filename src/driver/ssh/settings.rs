//! How this operator reaches hosts: who they are, what they hold, whom they trust, and how long they wait. Data only.

use std::path::PathBuf;
use std::time::Duration;

/// What it takes to open sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSettings {
    /// The user to log in as where nothing else was declared.
    pub user: String,
    /// Files with the keys of hosts. One that is not there is passed over; a host that stands in none is refused.
    pub known_hosts: Vec<PathBuf>,
    /// Files with private keys, in the order in which they are tried.
    pub identities: Vec<PathBuf>,
    /// Where the passphrase of encrypted keys is: `env:NAME` or `file:PATH`.
    pub passphrase: Option<String>,
    /// The socket of the agent, whose keys are tried before those in files.
    pub agent: Option<PathBuf>,
    /// Handshakes at once. More than about 64 make healthy hosts run out of time: 512 of them lost 129 of 900 hosts.
    pub handshakes: usize,
    /// Channels that one session to a bastion carries at once; beyond it, another session is opened.
    pub bastion_channels: usize,
    /// Sessions that are kept warm while nobody uses them. Each takes four files. A step on more hosts than this opens all of
    /// its sessions anew, since the oldest go first.
    pub warm: usize,
    /// Until a connection stands.
    pub connect: Duration,
    /// Until the host has said the first word.
    pub banner: Duration,
    /// From the first word to the login, without the time that it waited for its turn.
    pub login: Duration,
    /// What parts the records of this run on hosts from those of a run of the same name that somebody else began
    /// elsewhere. The same for whoever goes on with the run.
    pub mark: String,
    /// A session that carries something and has said nothing for as long is taken for dead.
    pub silence: Duration,
}

impl Default for SshSettings {
    fn default() -> Self {
        Self {
            user: String::new(),
            known_hosts: Vec::new(),
            identities: Vec::new(),
            passphrase: None,
            agent: None,
            handshakes: 64,
            // sshd takes ten sessions for each connection unless it is told otherwise.
            bastion_channels: 10,
            warm: 2048,
            connect: Duration::from_secs(10),
            banner: Duration::from_secs(10),
            login: Duration::from_secs(20),
            mark: String::new(),
            silence: Duration::from_secs(45),
        }
    }
}

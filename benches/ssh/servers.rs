//! Loopback hosts by the hundred: OpenSSH servers with keys of their own and a home without a profile, and hosts that hang
//! or refuse. They end with the bench.

use std::fs;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use bonghwa::driver::HostAt;
use bonghwa::driver::SshSettings;
use tempfile::TempDir;

/// sshd takes no more addresses for each of its processes.
const ADDRESSES: usize = 16;
/// A server that has not come up by then does not come up.
const TRIES: u32 = 600;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Servers, and whoever may log in to them.
pub(crate) struct Servers {
    folder: TempDir,
    daemons: Vec<Child>,
    pub(crate) port: u16,
    pub(crate) user: String,
    /// It takes connections, since the kernel does, and never says a word.
    mute: Vec<TcpListener>,
    /// How many hosts answer.
    pub(crate) count: usize,
}

impl Servers {
    /// So many hosts that answer, and so many that hang.
    pub(crate) fn start(count: usize, hung: usize) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("home")).expect("a folder");
        for key in ["key", "host"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.path().join(key));
            assert!(keygen.status().expect("ssh-keygen is missing: install openssh-client").success());
        }
        let user = Command::new("id").arg("-un").output().expect("id").stdout;
        let user = String::from_utf8(user).expect("a name").trim().to_owned();
        if user == "root" {
            // As root it wants an empty folder to lock itself up in.
            fs::create_dir_all("/run/sshd").expect("the folder of sshd");
        }
        let free = TcpListener::bind(("127.0.1.1", 0)).expect("a port");
        let port = free.local_addr().expect("a port").port();
        drop(free);
        let mut servers = Self { folder, daemons: Vec::new(), port, user, mute: Vec::new(), count };
        servers.mute = (0..hung).map(|at| TcpListener::bind((hung_address(at), port)).expect("a port")).collect();
        servers.write_client_files();
        let all: Vec<usize> = (0..count).collect();
        for (at, some) in all.chunks(ADDRESSES).enumerate() {
            servers.daemons.push(servers.daemon(at, some));
        }
        for at in (0..count).step_by(ADDRESSES) {
            servers.await_one(at);
        }
        servers
    }

    fn daemon(&self, number: usize, hosts: &[usize]) -> Child {
        let server = ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|path| Path::new(path).exists());
        let listen: String = hosts.iter().map(|at| format!("ListenAddress {}:{}\n", address(*at), self.port)).collect();
        let here = self.folder.path().display();
        let text = format!(
            "{listen}HostKey {here}/host\nPidFile none\nUsePAM no\nStrictModes no\nAuthorizedKeysFile {here}/key.pub\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 10000\n\
             MaxSessions 1000\nLogLevel QUIET\nSetEnv HOME={here}/home\n"
        );
        let config = self.path(&format!("sshd-{number}"));
        fs::write(&config, text).expect("a file");
        let mut sshd = Command::new(server.expect("sshd is missing: install openssh-server"));
        sshd.arg("-D").arg("-f").arg(config).stdin(Stdio::null()).stderr(Stdio::null());
        sshd.spawn().expect("sshd can't be started")
    }

    fn await_one(&self, at: usize) {
        for _ in 0..TRIES {
            if TcpStream::connect((address(at), self.port)).is_ok() {
                return;
            }
            thread::park_timeout(LOOK);
        }
        panic!("sshd does not come up at {}", address(at));
    }

    /// Known hosts, and how ssh is to reach them as fast as it can: without its costly new key exchange.
    fn write_client_files(&self) {
        let key = fs::read_to_string(self.path("host.pub")).expect("a key");
        let known: String = (0..self.count).map(|at| format!("[{}]:{} {key}", address(at), self.port)).collect();
        fs::write(self.path("known_hosts"), known).expect("a file");
        let here = self.folder.path().display();
        let config = format!(
            "Host *\nUser {}\nPort {}\nIdentityFile {here}/key\nIdentitiesOnly yes\nUserKnownHostsFile {here}/known_hosts\n\
             GlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\nBatchMode yes\nLogLevel ERROR\n\
             KexAlgorithms curve25519-sha256\nConnectTimeout 10\n",
            self.user, self.port
        );
        fs::write(self.path("ssh_config"), config).expect("a file");
        let hosts: Vec<String> = (0..self.count).map(address).collect();
        fs::write(self.path("hosts"), hosts.join("\n") + "\n").expect("a file");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Hosts that answer.
    pub(crate) fn hosts(&self, count: usize) -> Vec<HostAt> {
        (0..count).map(|at| self.host(address(at))).collect()
    }

    /// Hosts that hang.
    pub(crate) fn hung(&self) -> Vec<HostAt> {
        (0..self.mute.len()).map(|at| self.host(hung_address(at))).collect()
    }

    /// Hosts at which nobody listens.
    pub(crate) fn refusing(&self, count: usize) -> Vec<HostAt> {
        (0..count).map(|at| self.host(format!("127.9.{}.{}", at / 250, at % 250 + 1))).collect()
    }

    fn host(&self, address: String) -> HostAt {
        HostAt { name: address.clone(), address, user: None, port: self.port, jump: Vec::new() }
    }

    pub(crate) fn settings(&self) -> SshSettings {
        settings(self.folder.path(), &self.user)
    }

    /// What all servers have spent, in milliseconds of processors, once nobody is logged in any more.
    pub(crate) fn spent(&self) -> f64 {
        for _ in 0..TRIES {
            let busy = self.daemons.iter().any(|daemon| has_children(daemon.id()));
            if !busy {
                break;
            }
            thread::park_timeout(LOOK);
        }
        self.daemons.iter().map(|daemon| ticks(&format!("/proc/{}/stat", daemon.id()), 11, 4)).sum()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            drop(daemon.kill());
            drop(daemon.wait());
        }
    }
}

/// How a client reaches them, whose files lie in this folder.
pub(crate) fn settings(folder: &Path, user: &str) -> SshSettings {
    SshSettings {
        user: user.to_owned(),
        known_hosts: vec![folder.join("known_hosts")],
        identities: vec![folder.join("key")],
        ..SshSettings::default()
    }
}

fn has_children(process: u32) -> bool {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    children.is_ok_and(|children| !children.trim().is_empty())
}

/// Milliseconds of processors in a line of the kernel, from this field behind the name on.
pub(crate) fn ticks(path: &str, from: usize, fields: usize) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(from).take(fields);
    // A tick is a hundredth of a second wherever Linux runs.
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * 10.0
}

pub(crate) fn address(at: usize) -> String {
    format!("127.0.{}.{}", at / 250 + 1, at % 250 + 1)
}

fn hung_address(at: usize) -> String {
    format!("127.8.{}.{}", at / 250, at % 250 + 1)
}

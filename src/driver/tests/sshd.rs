//! Real OpenSSH servers on loopback, with keys of their own, that die with the test.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStderr;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::driver::HostAt;
use crate::driver::Secrets;
use crate::driver::ssh::Ssh;
use crate::driver::ssh::SshSettings;

/// One server.
pub(in crate::driver) struct Sshd {
    process: Child,
    pub(super) port: u16,
    user: String,
    folder: Option<TempDir>,
    log: Arc<Mutex<String>>,
}

/// Everything that a client has: a key that is let in, and whom it trusts.
pub(in crate::driver) struct Client {
    pub(super) folder: TempDir,
}

/// Who runs the tests.
pub(super) fn user() -> String {
    let said = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8(said.stdout).expect("a name").trim().to_owned()
}

pub(super) fn keygen(path: &Path, more: &[&str]) {
    let made = Command::new("ssh-keygen").arg("-q").args(more).arg("-f").arg(path).stdin(Stdio::null()).output();
    let made = made.expect("ssh-keygen is missing: install openssh-client");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

impl Sshd {
    /// Lets in the client's key, and whatever else `more` says.
    pub(in crate::driver) fn start(client: &Client, more: &str) -> Self {
        Self::launch(client, more, &user(), |server, _| Command::new(server))
    }

    /// Runs as somebody who is nobody special, also where root runs the tests, and can let in nobody else.
    pub(super) fn start_as_ordinary(client: &Client) -> Self {
        if user() != "root" {
            return Self::start(client, "");
        }
        let id = "12345";
        let client_folder = client.folder.path();
        Self::launch(client, "", "plain", |server, folder| {
            let passwd = format!("plain:x:{id}:{id}::{}:/bin/sh\n", folder.display());
            fs::write(folder.join("passwd"), passwd).expect("a file");
            fs::write(folder.join("group"), format!("plain:x:{id}:\n")).expect("a file");
            let given = Command::new("chown").args(["-R", id]).arg(folder).arg(client_folder).status();
            assert!(given.expect("chown").success());
            let mut command = Command::new("setpriv");
            command.args(["--reuid", id, "--regid", id, "--clear-groups", server]);
            command.env("LD_PRELOAD", "libnss_wrapper.so");
            command.env("NSS_WRAPPER_PASSWD", folder.join("passwd")).env("NSS_WRAPPER_GROUP", folder.join("group"));
            command
        })
    }

    fn launch(client: &Client, more: &str, user: &str, command: impl Fn(&str, &Path) -> Command) -> Self {
        let server = ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|path| Path::new(path).exists());
        let server = server.expect("sshd is missing: install openssh-server");
        let folder = TempDir::new().expect("a folder");
        let key = folder.path().join("host");
        keygen(&key, &["-t", "ed25519", "-N", ""]);
        if user == "root" {
            // As root it wants an empty folder to lock itself up in.
            fs::create_dir_all("/run/sshd").expect("the folder of sshd");
        }
        let mut said = String::new();
        for _ in 0..20 {
            let port = free_port();
            let config = folder.path().join("config");
            let here = folder.path().display();
            // sshd takes up to 16 addresses; a test that wants more of them starts another server.
            let listen: String = (1..=16).map(|at| format!("ListenAddress 127.0.0.{at}:{port}\n")).collect();
            let text = format!(
                "{listen}HostKey {here}/host\nPidFile none\nUsePAM no\nStrictModes no\n\
                 AuthorizedKeysFile {}/authorized\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
                 PermitRootLogin yes\nMaxStartups 10000\nLogLevel VERBOSE\n{more}\n",
                client.folder.path().display()
            );
            // What stands in the user's own profile has no part in this; reading it may take longer than the test.
            let text = format!("{text}SetEnv HOME={}\n", folder.path().display());
            fs::write(&config, text).expect("a file");
            let mut process = command(server, folder.path())
                .arg("-D")
                .arg("-e")
                .arg("-f")
                .arg(&config)
                .stdin(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("sshd can't be started");
            let log = Arc::new(Mutex::new(String::new()));
            let listens = listen_to(process.stderr.take().expect("a pipe"), Arc::clone(&log));
            let is_up = (0..16).all(|_| listens.recv_timeout(Duration::from_secs(30)).is_ok());
            let mut server = Self { process, port, user: user.to_owned(), folder: None, log };
            if is_up {
                server.folder = Some(folder);
                return server;
            }
            said = server.log();
        }
        panic!("sshd does not start: {said}");
    }

    /// The line for known_hosts.
    pub(in crate::driver) fn known(&self, name: &str) -> String {
        let key = fs::read_to_string(self.folder.as_ref().expect("a folder").path().join("host.pub")).expect("a key");
        format!("[{name}]:{} {key}", self.port)
    }

    /// A host that this server plays.
    pub(in crate::driver) fn host(&self, name: &str) -> HostAt {
        HostAt {
            name: name.to_owned(),
            address: "127.0.0.1".to_owned(),
            user: Some(self.user.clone()),
            port: self.port,
            jump: Vec::new(),
        }
    }

    /// Every process of this server: itself, and one or two for each connection.
    fn processes(&self) -> Vec<u32> {
        let said = Command::new("ps").args(["-A", "-o", "pid=", "-o", "ppid=", "-o", "comm="]).output().expect("ps");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let mut ours = vec![self.process.id()];
        // Children stand behind their parents as long as numbers grow; a second round finds the others.
        for _ in 0..3 {
            for line in said.lines() {
                let mut words = line.split_whitespace();
                let (Some(pid), Some(parent), Some(name)) = (words.next(), words.next(), words.next()) else {
                    continue;
                };
                let (Ok(pid), Ok(parent)) = (pid.parse(), parent.parse()) else { continue };
                if name.starts_with("sshd") && ours.contains(&parent) && !ours.contains(&pid) {
                    ours.push(pid);
                }
            }
        }
        ours
    }

    fn signal(&self, signal: &str, processes: &[u32]) {
        let sent = Command::new("kill").arg(signal).args(processes.iter().map(u32::to_string)).status();
        assert!(sent.expect("kill").success());
    }

    /// Takes every connection down, and goes on taking new ones.
    pub(in crate::driver) fn drop_links(&self) {
        self.signal("-KILL", &self.processes()[1..]);
    }

    /// It takes connections, since the kernel does, and says nothing.
    pub(super) fn freeze(&self) {
        self.signal("-STOP", &self.processes());
    }

    pub(super) fn thaw(&self) {
        self.signal("-CONT", &self.processes());
    }

    pub(in crate::driver) fn log(&self) -> String {
        self.log.lock().expect("a log").clone()
    }
}

/// Keeps what a server says, and tells of each address that it listens at.
fn listen_to(stderr: ChildStderr, log: Arc<Mutex<String>>) -> Receiver<()> {
    let (sender, listens) = mpsc::channel();
    let mut sender = Some(sender);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            log.lock().expect("a log").push_str(&format!("{line}\n"));
            if line.contains("Bind to port") {
                // Somebody took the port in between.
                sender = None;
            }
            if let Some(sender) = sender.as_ref().filter(|_| line.contains("Server listening on")) {
                // Whoever listened may have had enough.
                let _heard = sender.send(());
            }
        }
    });
    listens
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // It may be frozen, and must be dead either way.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Client {
    pub(in crate::driver) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        keygen(&folder.path().join("key"), &["-t", "ed25519", "-N", ""]);
        let client = Self { folder };
        client.let_in("key.pub");
        client
    }

    /// Lets a key of this folder in.
    pub(super) fn let_in(&self, public: &str) {
        let key = fs::read_to_string(self.path(public)).expect("a key");
        let file = self.path("authorized");
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(file, before + &key).expect("a file");
    }

    pub(in crate::driver) fn trust(&self, line: &str) {
        let file = self.path("known_hosts");
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(file, format!("{before}{}\n", line.trim_end())).expect("a file");
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(in crate::driver) fn settings(&self) -> SshSettings {
        SshSettings {
            user: user(),
            known_hosts: vec![self.path("known_hosts")],
            identities: vec![self.path("key")],
            agent: None,
            connect: Duration::from_secs(10),
            ..SshSettings::default()
        }
    }

    pub(in crate::driver) fn ssh(&self, settings: SshSettings) -> Ssh {
        let environment = std::env::vars_os();
        Ssh::new(settings, Secrets::new(environment), Duration::from_secs(1)).expect("settings that can be read")
    }
}

/// The small server of routers and appliances.
pub(super) struct Dropbear {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Dropbear {
    /// It looks for keys in the home of its user and nowhere else, so it is told another home.
    pub(super) fn start(client: &Client) -> Self {
        let server = ["/usr/sbin/dropbear", "/usr/bin/dropbear"].into_iter().find(|path| Path::new(path).exists());
        let server = server.expect("dropbear is missing: install dropbear-bin");
        let folder = TempDir::new().expect("a folder");
        let home = folder.path().join("home");
        fs::create_dir_all(home.join(".ssh")).expect("a folder");
        fs::copy(client.path("authorized"), home.join(".ssh/authorized_keys")).expect("a file");
        let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        let passwd = format!("{}:x:{uid}:{gid}::{}:/bin/sh\n", user(), home.display());
        fs::write(folder.path().join("passwd"), passwd).expect("a file");
        fs::write(folder.path().join("group"), format!("all:x:{gid}:\n")).expect("a file");
        let key = folder.path().join("host");
        let made = Command::new("dropbearkey").args(["-t", "ed25519", "-f"]).arg(&key).output().expect("dropbearkey");
        let public = String::from_utf8_lossy(&made.stdout).into_owned();
        let public = public.lines().find(|line| line.starts_with("ssh-")).expect("a key").to_owned();
        fs::write(folder.path().join("host.pub"), public).expect("a file");
        for _ in 0..20 {
            let port = free_port();
            let mut process = Command::new(server)
                .args(["-F", "-E", "-P", "/dev/null", "-r"])
                .arg(&key)
                .args(["-p", &format!("127.0.0.1:{port}")])
                .env("LD_PRELOAD", "libnss_wrapper.so")
                .env("NSS_WRAPPER_PASSWD", folder.path().join("passwd"))
                .env("NSS_WRAPPER_GROUP", folder.path().join("group"))
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("dropbear can't be started");
            if answers(port, &mut process) {
                return Self { process, port, folder };
            }
        }
        panic!("dropbear does not start");
    }

    pub(super) fn known(&self) -> String {
        let key = fs::read_to_string(self.folder.path().join("host.pub")).expect("a key");
        format!("[127.0.0.1]:{} {key}", self.port)
    }

    pub(super) fn host(&self, name: &str) -> HostAt {
        HostAt {
            name: name.to_owned(),
            address: "127.0.0.1".to_owned(),
            user: Some(user()),
            port: self.port,
            jump: Vec::new(),
        }
    }
}

impl Drop for Dropbear {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("a port").port()
}

/// Whether it says something before it dies.
fn answers(port: u16, process: &mut Child) -> bool {
    let limit = Instant::now() + Duration::from_secs(30);
    while Instant::now() < limit && process.try_wait().is_ok_and(|status| status.is_none()) {
        let said = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.read(&mut [0; 4])
        });
        if said.is_ok_and(|said| said > 0) {
            return true;
        }
        thread::yield_now();
    }
    false
}

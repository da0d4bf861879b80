//! A real OpenSSH server on loopback addresses, whose keys lie in a folder of its own. It ends with its test.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;

/// One server. Its folder holds `key`, which it lets in, and `known_hosts`, in which all its addresses stand.
pub(crate) struct Sshd {
    process: Child,
    port: u16,
}

/// How often somebody else may take the port that was free a moment before.
const TRIES: usize = 20;

impl Sshd {
    /// Listens at these addresses, at most 16 of them. Adds to what the folder holds.
    pub(crate) fn start(folder: &Path, addresses: &[String]) -> Self {
        let server = ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|path| Path::new(path).exists());
        let server = server.expect("sshd is missing: install openssh-server");
        if rustix::process::getuid().is_root() {
            // As root it wants an empty folder to lock itself up in.
            fs::create_dir_all("/run/sshd").expect("the folder of sshd");
        }
        for key in ["key", "host"] {
            keygen(&folder.join(key));
        }
        let key = fs::read_to_string(folder.join("host.pub")).expect("a key");
        for _ in 0..TRIES {
            let free = TcpListener::bind((addresses[0].as_str(), 0)).expect("a port");
            let port = free.local_addr().expect("a port").port();
            drop(free);
            let Some(process) = listen(server, folder, addresses, port) else { continue };
            let known = addresses.iter().map(|address| format!("[{address}]:{port} {key}")).collect::<String>();
            let file = folder.join("known_hosts");
            let before = fs::read_to_string(&file).unwrap_or_default();
            fs::write(file, before + &known).expect("a file");
            return Self { process, port };
        }
        panic!("sshd finds no port");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// Whoever runs this.
pub(crate) fn user() -> String {
    let said = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8(said.stdout).expect("a name").trim().to_owned()
}

pub(crate) fn keygen(path: &PathBuf) {
    if path.exists() {
        return;
    }
    let mut keygen = Command::new("ssh-keygen");
    let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).stdin(Stdio::null()).output();
    let made = made.expect("ssh-keygen is missing: install openssh-client");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// None where one of its addresses is taken.
fn listen(server: &str, folder: &Path, addresses: &[String], port: u16) -> Option<Child> {
    let here = folder.display();
    let listen: String = addresses.iter().map(|address| format!("ListenAddress {address}:{port}\n")).collect();
    let text = format!(
        "{listen}HostKey {here}/host\nPidFile none\nUsePAM no\nStrictModes no\nSetEnv HOME={here}\nAuthorizedKeysFile {here}/key.pub\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 10000\n"
    );
    let config = folder.join(format!("sshd-{port}"));
    fs::write(&config, text).expect("a file");
    let mut sshd = Command::new(server);
    sshd.args(["-D", "-e", "-f"]).arg(&config).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut process = sshd.spawn().expect("sshd can't be started");
    let mut said = BufReader::new(process.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let listens = said.by_ref().take_while(|line| !line.contains("Bind to port"));
    let listens = listens.filter(|line| line.contains("Server listening on")).take(addresses.len()).count();
    if listens < addresses.len() {
        drop(process.kill());
        drop(process.wait());
        return None;
    }
    // It must not come to wait for somebody who reads what it says.
    thread::spawn(move || said.for_each(drop));
    Some(process)
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

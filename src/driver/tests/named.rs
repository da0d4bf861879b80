//! Real name servers (BIND) on loopback, each in a folder of its own, that die with the test.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::path::Path;
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

/// The secret of both keys of every server: `bonghwa.` (SHA-256) and `bonghwa-512.` (SHA-512).
pub(in crate::driver) const SECRET: &str = "Ym9uZ2h3YS1rZXktb2YtYS10ZXN0LTAxMjM0NTY3ODk=";
/// Another secret.
pub(in crate::driver) const WRONG: &str = "YW5vdGhlci1rZXktb2YtYS10ZXN0LTAxMjM0NTY3ODk=";

/// What every zone begins with. A secondary that nobody tells looks every three seconds.
const ZONE: &str = "$TTL 1\n@ SOA ns1 hostmaster 1 3 1 600 1\n@ NS ns1\n@ NS ns9\nns1 A 127.0.0.1\n\
    ns9 A 198.18.99.1\nmsg A 198.18.10.1\nmsg A 198.18.10.2\nalias CNAME msg\n";

/// One server of the zone `talk.example`.
pub(in crate::driver) struct Named {
    process: Child,
    pub(in crate::driver) port: u16,
    /// Nobody else takes the port while this is held: named itself would share it without a word.
    _reserved: TcpListener,
    folder: TempDir,
    log: Arc<Mutex<String>>,
}

impl Named {
    /// The zone as it begins, with these records more. Both keys may change all of it.
    pub(in crate::driver) fn primary(more: &str) -> Self {
        let zone = format!("{ZONE}{more}");
        let keys = "grant bonghwa. zonesub ANY; grant bonghwa-512. zonesub ANY;";
        let text = format!("type primary; file \"zone\"; update-policy {{ {keys} }};");
        Self::start(&text, &zone, "running")
    }

    /// The zone as a primary has it. Nobody tells it of a change, so it is late by up to three seconds.
    pub(in crate::driver) fn secondary(primary: &Self) -> Self {
        let from = format!("primaries {{ 127.0.0.1 port {}; }};", primary.port);
        let text = format!("type secondary; {from} file \"copy\"; min-refresh-time 1; max-refresh-time 3;");
        Self::start(&text, ZONE, "Transfer status: success")
    }

    fn start(zone: &str, records: &str, up: &'static str) -> Self {
        let server = ["/usr/sbin/named", "/usr/bin/named"].into_iter().find(|path| Path::new(path).exists());
        let server = server.expect("named is missing: install bind9");
        let mut said = String::new();
        for _ in 0..20 {
            let (port, reserved) = reserved_port();
            let folder = TempDir::new().expect("a folder");
            let here = folder.path().display();
            let key =
                |name: &str, kind: &str| format!("key \"{name}\" {{ algorithm {kind}; secret \"{SECRET}\"; }};\n");
            let keys = key("bonghwa.", "hmac-sha256") + &key("bonghwa-512.", "hmac-sha512");
            let config = format!(
                "{keys}options {{ directory \"{here}\"; listen-on port {port} {{ 127.0.0.1; }}; \
                 listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; empty-zones-enable no; notify no; \
                 session-keyfile \"{here}/session.key\"; managed-keys-directory \"{here}\"; lock-file none; \
                 pid-file none; }};\ncontrols {{ }};\nzone \"talk.example\" {{ {zone} }};\n"
            );
            fs::write(folder.path().join("zone"), records).expect("a file");
            fs::write(folder.path().join("config"), config).expect("a file");
            let mut process = Command::new(server)
                .args(["-g", "-n", "1", "-c"])
                .arg(folder.path().join("config"))
                .stdin(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("named can't be started");
            let log = Arc::new(Mutex::new(String::new()));
            let is_up = listen_to(process.stderr.take().expect("a pipe"), Arc::clone(&log), up);
            let is_up = is_up.recv_timeout(Duration::from_secs(30)).is_ok();
            let server = Self { process, port, _reserved: reserved, folder, log };
            if is_up {
                return server;
            }
            said = server.log();
        }
        panic!("named does not start: {said}");
    }

    /// As it is declared.
    pub(in crate::driver) fn server(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it said so far.
    pub(in crate::driver) fn log(&self) -> String {
        self.log.lock().expect("a log").clone()
    }

    /// Somebody else, who has the key too, puts these addresses into a record.
    pub(in crate::driver) fn nsupdate(&self, record: &str, addresses: &[&str]) {
        let adds: String = addresses.iter().map(|to| format!("update add {record} 1 A {to}\n")).collect();
        let lines = format!(
            "server 127.0.0.1 {}\nkey hmac-sha256:bonghwa. {SECRET}\nzone talk.example\nupdate delete {record} A\n\
             {adds}send\n",
            self.port
        );
        let file = self.folder.path().join("update");
        fs::write(&file, lines).expect("a file");
        let done = Command::new("nsupdate").args(["-t", "10"]).arg(&file).output();
        let done = done.expect("nsupdate is missing: install bind9-dnsutils");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Keeps what a server says, and tells once that it is up. Whoever waits is told nothing where it can't get its port.
fn listen_to(stderr: ChildStderr, log: Arc<Mutex<String>>, up: &'static str) -> Receiver<()> {
    let (sender, is_up) = mpsc::channel();
    let mut sender = Some(sender);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            log.lock().expect("a log").push_str(&format!("{line}\n"));
            if line.contains("address in use") || line.contains("interface ignored") {
                sender = None;
            }
            if line.ends_with(up)
                && let Some(sender) = sender.take()
            {
                // Whoever waited may have had enough.
                let _heard = sender.send(());
            }
        }
    });
    is_up
}

/// A port that nobody else has, below those that connections get.
fn reserved_port() -> (u16, TcpListener) {
    let start = u16::try_from(std::process::id() % 12_000).expect("a small number");
    for step in 0..12_000 {
        let port = 20_000 + (start + step) % 12_000;
        // Held on another address of loopback, since named needs this one.
        let Ok(reserved) = TcpListener::bind((Ipv4Addr::new(127, 53, 53, 53), port)) else { continue };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return (port, reserved);
        }
    }
    panic!("no port is free");
}

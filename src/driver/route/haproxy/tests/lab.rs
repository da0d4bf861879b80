//! A real HAProxy in a folder of its own, sites that serve behind it, and clients that count what they get.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener as Reserved;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

/// Nothing here takes a tenth of it, unless the machine is very busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// One site: an HTTP server that says its name, and its health on a page.
pub(super) struct Site {
    pub(super) name: &'static str,
    pub(super) port: u16,
    health: Arc<AtomicU16>,
    server: JoinHandle<()>,
}

impl Site {
    pub(super) async fn start(name: &'static str) -> Self {
        Self::start_at(name, 0).await
    }

    /// At this port, so that one which was stopped comes back.
    pub(super) async fn start_at(name: &'static str, port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let health = Arc::new(AtomicU16::new(200));
        let page = Arc::clone(&health);
        let server = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(serve(stream, name, Arc::clone(&page)));
            }
        });
        Self { name, port, health, server }
    }

    /// As a route writes it.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on its health page has this status.
    pub(super) fn is(&self, status: u16) {
        self.health.store(status, Ordering::Relaxed);
    }

    /// Nobody listens there any more.
    pub(super) async fn stop(self) -> u16 {
        self.server.abort();
        drop(self.server.await);
        self.port
    }

    /// What makes it answer something else.
    pub(super) fn switch(&self) -> Arc<AtomicU16> {
        Arc::clone(&self.health)
    }
}

async fn serve(mut stream: TcpStream, name: &'static str, health: Arc<AtomicU16>) {
    let mut heard = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(read) => heard.extend(&chunk[..read]),
        }
        if !heard.windows(4).any(|window| window == b"\r\n\r\n") {
            continue;
        }
        let is_health = heard.starts_with(b"GET /health");
        heard.clear();
        let status = if is_health { health.load(Ordering::Relaxed) } else { 200 };
        if status == 0 {
            // It holds the line, and says nothing.
            sleep(PATIENCE).await;
        }
        // Some requests are on their way whenever a weight changes.
        sleep(Duration::from_millis(2)).await;
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{name}", name.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// One HAProxy, which dies with the test.
pub(super) struct Balancer {
    process: Child,
    folder: TempDir,
    /// Where users come in.
    pub(super) front: u16,
    /// Its runtime API over TCP.
    pub(super) api: u16,
}

impl Balancer {
    /// With a backend `be` that has these lines.
    pub(super) async fn start(lines: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        loop {
            let [front, api] = free_ports();
            let here = folder.path().display();
            let config = format!(
                "global\n stats socket {here}/admin mode 600 level admin\n \
                 stats socket {here}/operator mode 600 level operator\n \
                 stats socket {here}/user mode 600 level user\n \
                 stats socket ipv4@127.0.0.1:{api} level admin\n\
                 defaults\n mode http\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n\
                 frontend users\n bind 127.0.0.1:{front}\n default_backend be\nbackend be\n{lines}\n"
            );
            fs::write(folder.path().join("cfg"), config).expect("a file");
            let log = fs::File::create(folder.path().join("log")).expect("a file");
            // It is a server, so its folder is not on everybody's path.
            let program = if Path::new("/usr/sbin/haproxy").exists() { "/usr/sbin/haproxy" } else { "haproxy" };
            let mut process = Command::new(program)
                .arg("-db")
                .arg("-f")
                .arg(folder.path().join("cfg"))
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("a file"))
                .stderr(log)
                .spawn()
                .expect("haproxy is missing: install haproxy");
            if is_up(&mut process, &folder.path().join("admin")).await {
                return Self { process, folder, front, api };
            }
            // Somebody else may have taken a port in between; anything else is told.
            let said = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            assert!(said.contains("cannot bind"), "haproxy does not start: {said}");
        }
    }

    /// The socket of this level, as an estate names it.
    pub(super) fn socket(&self, level: &str) -> String {
        format!("unix:{}", self.path(level).display())
    }

    pub(super) fn path(&self, level: &str) -> PathBuf {
        self.folder.path().join(level)
    }

    /// As another hand would do it.
    pub(super) fn say(&self, line: &str) -> String {
        say(&self.path("admin"), line)
    }

    /// The weights of these servers, as another hand reads them.
    pub(super) fn weights(&self, servers: &[&str]) -> Vec<u32> {
        let weight = |server: &&str| {
            let told = self.say(&format!("get weight be/{server}"));
            told.split(' ').next().and_then(|weight| weight.parse().ok()).expect("a weight")
        };
        servers.iter().map(weight).collect()
    }

    /// Waits until its own checks have come to this.
    pub(super) async fn until(&self, server: &str, status: &str) {
        let limit = Instant::now() + PATIENCE;
        loop {
            let table = self.say("show stat be 4 -1");
            let row = table.lines().find(|line| line.starts_with(&format!("be,{server},"))).expect("a row");
            if row.split(',').nth(17) == Some(status) {
                return;
            }
            assert!(Instant::now() < limit, "{server} is never {status}: {row}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).expect("an id");
        kill_process(id, signal).expect("a process");
    }

    /// Its id, for whoever signals it from elsewhere.
    pub(super) fn id(&self) -> Pid {
        i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).expect("an id")
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // It may be dead already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

async fn is_up(process: &mut Child, socket: &Path) -> bool {
    let limit = Instant::now() + PATIENCE;
    while Instant::now() < limit {
        if UnixStream::connect(socket).is_ok() {
            return true;
        }
        if process.try_wait().expect("a process").is_some() {
            return false;
        }
        sleep(Duration::from_millis(10)).await;
    }
    false
}

/// One line through a socket.
pub(super) fn say(socket: &Path, line: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("a socket");
    stream.write_all(format!("{line}\n").as_bytes()).expect("a line");
    stream.shutdown(Shutdown::Write).expect("a socket");
    let mut told = String::new();
    stream.read_to_string(&mut told).expect("an answer");
    told
}

fn free_ports() -> [u16; 2] {
    let reserved = [(); 2].map(|()| Reserved::bind(("127.0.0.1", 0)).expect("a port"));
    reserved.map(|listener| listener.local_addr().expect("an address").port())
}

/// What gets lost on the way to a balancer, at the first weight that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    Question,
    Answer,
    /// And from then on nobody comes through.
    AnswerAndLine,
}

/// A way to a balancer on which something gets lost. Its address.
pub(super) async fn relay(socket: PathBuf, lost: Lost) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        let mut is_lost = false;
        loop {
            let Ok((mut near, _)) = listener.accept().await else { return };
            let mut far = tokio::net::UnixStream::connect(&socket).await.expect("a socket");
            let (mut asked, mut told) = ([0; 8192], [0; 8192]);
            loop {
                tokio::select! {
                    read = near.read(&mut asked) => {
                        let Ok(read @ 1..) = read else { break };
                        let is_weight = asked[..read].windows(8).any(|window| window == b" weight ");
                        if is_weight && !is_lost {
                            is_lost = true;
                            if lost != Lost::Question {
                                far.write_all(&asked[..read]).await.expect("a line");
                                assert!(far.read(&mut told).await.expect("an answer") > 0);
                            }
                            break;
                        }
                        far.write_all(&asked[..read]).await.expect("a line");
                    }
                    read = far.read(&mut told) => {
                        let Ok(read @ 1..) = read else { break };
                        near.write_all(&told[..read]).await.expect("a line");
                    }
                }
            }
            if is_lost && lost == Lost::AnswerAndLine {
                return;
            }
        }
    });
    address
}

/// Clients that ask without a pause, and count who answers.
pub(super) struct Load {
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
    asked: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    pub(super) fn start(port: u16, clients: usize) -> Self {
        let counts = Arc::new(Mutex::new(BTreeMap::new()));
        let (asked, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let client = |at: usize| {
            let (counts, asked, is_over) = (Arc::clone(&counts), Arc::clone(&asked), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut line = None;
                while !is_over.load(Ordering::Relaxed) {
                    asked.fetch_add(1, Ordering::Relaxed);
                    // Every other client keeps its connection, as browsers do.
                    let told =
                        ask(port, &mut line, at.is_multiple_of(2)).await.unwrap_or_else(|why| format!("lost: {why}"));
                    *counts.lock().expect("no panic").entry(told).or_default() += 1;
                }
            })
        };
        let all = (0..clients).map(client).collect();
        Self { counts, asked, is_over, clients: all }
    }

    /// Who has answered how often so far; `lost: …` where nobody did.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().expect("no panic").clone()
    }

    /// Ends it: how many were asked, and who answered.
    pub(super) async fn end(self) -> (u64, BTreeMap<String, u64>) {
        self.is_over.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.expect("a client");
        }
        let counts = self.counts.lock().expect("no panic").clone();
        (self.asked.load(Ordering::Relaxed), counts)
    }
}

async fn ask(port: u16, line: &mut Option<TcpStream>, is_kept: bool) -> Result<String, String> {
    let told = timeout(PATIENCE, async {
        let mut stream = match line.take() {
            Some(stream) => stream,
            None => TcpStream::connect(("127.0.0.1", port)).await?,
        };
        let more = if is_kept { "" } else { "Connection: close\r\n" };
        stream.write_all(format!("GET / HTTP/1.1\r\nHost: x\r\n{more}\r\n").as_bytes()).await?;
        let (mut heard, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut chunk).await?;
            heard.extend(&chunk[..read]);
            let text = String::from_utf8_lossy(&heard).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                if read == 0 {
                    return Err(std::io::Error::other(format!("half an answer: {text:?}")));
                }
                continue;
            };
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if read > 0 && length.is_none_or(|length: usize| body.len() < length) {
                continue;
            }
            if !head.starts_with("HTTP/1.1 200") {
                return Err(std::io::Error::other(head.lines().next().unwrap_or_default().to_owned()));
            }
            if is_kept {
                *line = Some(stream);
            }
            return Ok(body.to_owned());
        }
    });
    match told.await {
        Err(_) => Err("no answer".to_owned()),
        Ok(told) => told.map_err(|error| error.to_string()),
    }
}

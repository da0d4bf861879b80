//! Whoever uses what runs at the sites, as long as a test goes on: writers that note what a database has acknowledged, users
//! that note who has answered, and pages that answer them.

use std::fmt::Write as _;
use std::io;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use crate::net::Net;

/// So long anybody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two questions of one user.
const PAUSE: Duration = Duration::from_millis(10);

/// What somebody noted, and when.
pub(crate) type Notes<T> = Arc<Mutex<Vec<(Instant, T)>>>;

/// Everybody. They stop when this is gone.
#[derive(Default)]
pub(crate) struct Crowd {
    is_over: Arc<AtomicBool>,
    all: Vec<JoinHandle<()>>,
}

#[expect(clippy::disallowed_methods, reason = "what really passes is what this measures")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

impl Crowd {
    /// Writes rows at whichever of these databases takes them, the first first, and notes those that were acknowledged: by
    /// which database, and the number of the row. No two writers have the same rows.
    pub(crate) fn writer(&mut self, net: &Net, place: &str, number: i64, at: &[&str]) -> Notes<(String, i64)> {
        let (notes, is_over) = (Notes::default(), Arc::clone(&self.is_over));
        let (acknowledged, hosts) = (Arc::clone(&notes), at.iter().map(|&host| host.to_owned()).collect::<Vec<_>>());
        self.all.push(net.thread(place, move || {
            let mut id = number * 1_000_000;
            while !is_over.load(Ordering::Relaxed) {
                for host in &hosts {
                    // Whoever is cut off in the middle of a row does not know what became of it, and goes on with the next.
                    let wrote = write(host, &mut id, &is_over, &acknowledged);
                    drop(wrote);
                }
                thread::park_timeout(PAUSE);
            }
        }));
        notes
    }

    /// Asks for a page again and again, at an address that `find` gives, and notes what was answered: the page, or why there
    /// is none.
    pub(crate) fn user(
        &mut self,
        net: &Net,
        place: &str,
        find: impl Fn() -> io::Result<SocketAddr> + Send + 'static,
    ) -> Notes<String> {
        let (notes, is_over) = (Notes::default(), Arc::clone(&self.is_over));
        let answers = Arc::clone(&notes);
        self.all.push(net.thread(place, move || {
            while !is_over.load(Ordering::Relaxed) {
                let answer = find().and_then(page).unwrap_or_else(|error| error.to_string());
                answers.lock().expect("no panic").push((now(), answer));
                thread::park_timeout(PAUSE);
            }
        }));
        notes
    }

    /// A page at a site that says its name, once this file is there.
    pub(crate) fn page(&mut self, net: &Net, place: &'static str, address: &str, is_on: &Path) {
        let (address, is_on, is_over) = (address.to_owned(), is_on.to_owned(), Arc::clone(&self.is_over));
        self.all.push(net.thread(place, move || {
            let listener = TcpListener::bind(address).expect("an address");
            listener.set_nonblocking(true).expect("a listener");
            while !is_over.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let is_on = is_on.clone();
                        thread::spawn(move || drop(answer(stream, place, &is_on)));
                    }
                    Err(_) => thread::park_timeout(Duration::from_millis(2)),
                }
            }
        }));
    }
}

impl Crowd {
    /// Everybody goes, and nothing is noted any more.
    pub(crate) fn stop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for one in self.all.drain(..) {
            drop(one.join());
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn write(host: &str, id: &mut i64, is_over: &AtomicBool, notes: &Notes<(String, i64)>) -> io::Result<()> {
    let mut session = Session::open(host)?;
    if session.ask("select pg_is_in_recovery()")? == ["t"] {
        return Ok(());
    }
    while !is_over.load(Ordering::Relaxed) {
        *id += 1;
        session.ask(&format!("insert into letter values ({id})"))?;
        notes.lock().expect("no panic").push((now(), (host.to_owned(), *id)));
        thread::park_timeout(PAUSE);
    }
    Ok(())
}

/// A session with a PostgreSQL database, by version 3 of its protocol: as much of it as a simple query needs.
pub(crate) struct Session {
    stream: TcpStream,
}

impl Session {
    pub(crate) fn open(address: &str) -> io::Result<Self> {
        let address = address.parse().map_err(io::Error::other)?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut session = Self { stream };
        session.send(None, b"\0\x03\0\0user\0postgres\0database\0postgres\0\0")?;
        session.hear()?;
        Ok(session)
    }

    /// The first column of each row. An error is what the database says no to, or silence.
    pub(crate) fn ask(&mut self, line: &str) -> io::Result<Vec<String>> {
        self.send(Some(b'Q'), format!("{line}\0").as_bytes())?;
        self.hear()
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len() + 4).map_err(io::Error::other)?;
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(length.to_be_bytes());
        message.extend(body);
        self.stream.write_all(&message)
    }

    fn hear(&mut self) -> io::Result<Vec<String>> {
        let (mut rows, mut refused) = (Vec::new(), None);
        loop {
            let mut head = [0; 5];
            self.stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; usize::try_from(length).map_err(io::Error::other)?.saturating_sub(4)];
            self.stream.read_exact(&mut body)?;
            match head[0] {
                // After the number of columns, two bytes, and the length of the first, four bytes.
                b'D' if body.len() >= 6 => {
                    let length = usize::from(body[4]) << 8 | usize::from(body[5]);
                    rows.push(String::from_utf8_lossy(&body[6..6 + length.min(body.len() - 6)]).into_owned());
                }
                b'E' => refused = Some(String::from_utf8_lossy(&body).replace('\0', " ")),
                b'Z' => return refused.map_or(Ok(rows), |why| Err(io::Error::other(why))),
                _ => {}
            }
        }
    }
}

/// What a page says. Each question has a connection of its own.
fn page(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut told = String::new();
    stream.read_to_string(&mut told)?;
    match told.split_once("\r\n\r\n") {
        Some((head, body)) if head.contains(" 200 ") => Ok(body.to_owned()),
        Some(_) | None => Err(io::Error::other(told.lines().next().unwrap_or("half an answer").to_owned())),
    }
}

fn answer(mut stream: TcpStream, name: &str, is_on: &Path) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    // Longer than whoever asks: a page that hangs up is none.
    stream.set_read_timeout(Some(10 * PATIENCE))?;
    let (mut heard, mut chunk) = (Vec::<u8>::new(), [0; 1024]);
    while !heard.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        heard.extend(&chunk[..read]);
    }
    let status = if is_on.exists() { "200 OK" } else { "503 Not started" };
    let length = name.len();
    let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{name}");
    stream.write_all(answer.as_bytes())
}

/// The first address of a name, as a name server gives it.
pub(crate) fn resolve(server: &str, name: &str) -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(server)?;
    // Number 7, one question: the addresses (type 1) of a name in the internet (class 1).
    let mut question = vec![0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.trim_end_matches('.').split('.') {
        question.push(u8::try_from(label.len()).map_err(io::Error::other)?);
        question.extend(label.as_bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    socket.send(&question)?;
    let mut told = [0; 1024];
    let length = socket.recv(&mut told)?;
    // The first answer follows the question: a name of two bytes, then type, class, time and length, ten bytes.
    let at = question.len() + 12;
    if length < at + 4 || told[7] == 0 {
        return Err(io::Error::other("no address"));
    }
    let [a, b, c, d] = [told[at], told[at + 1], told[at + 2], told[at + 3]];
    Ok(SocketAddr::from(([a, b, c, d], 8000)))
}

/// How often each was noted between two moments.
pub(crate) fn counts(notes: &Notes<String>, from: Instant, to: Instant) -> String {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for (_, what) in notes.lock().expect("no panic").iter().filter(|(at, _)| from <= *at && *at < to) {
        *counts.entry(what.clone()).or_default() += 1;
    }
    counts.iter().fold(String::new(), |mut text, (what, count)| {
        write!(text, "{}{what} {count}", if text.is_empty() { "" } else { ", " }).expect("a text");
        text
    })
}

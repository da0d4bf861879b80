//! One conversation with the runtime API of one HAProxy: commands in, answers out, in order.
//!
//! It is held in interactive mode, in which each answer ends with a prompt, so that the end of an answer is seen and
//! many commands take one trip.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::UnixStream;
use tokio::time::Instant;
use tokio::time::timeout;
use tokio::time::timeout_at;

use crate::driver::HostAt;
use crate::driver::ssh::FarSocket;
use crate::driver::ssh::Held;
use crate::driver::ssh::Ssh;
use crate::model::far_socket;

/// HAProxy was seen to answer within 4 ms, and within 1 s where the machine had ten times too much to do.
const MOST: Duration = Duration::from_secs(2);
/// What it says of itself takes some hundred bytes for each server. A balancer that says more than this is none.
const ANSWER_MAX: usize = 8 * 1024 * 1024;
/// The end of each answer.
const PROMPT: &str = "\n> ";

/// Where a balancer is spoken to.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// `host:port`.
    Tcp(String),
    /// A socket of this machine.
    Unix(String),
    /// A socket of another host.
    Far(Box<Far>),
}

/// A socket of another host, and the hands that reach it.
#[derive(Debug, Clone)]
pub(super) struct Far {
    ssh: Ssh,
    host: HostAt,
    path: String,
}

impl Way {
    /// As it is written in an estate: `host:port`, `unix:/path`, or `ssh:HOST:/path`. A host is one of these.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn parse(text: &str, ssh: Option<&Ssh>, hosts: &[HostAt]) -> Result<Self, String> {
        let what =
            "write host:port, unix:/path for a socket of this machine, or ssh:HOST:/path for one of another host";
        if text.starts_with("ssh:") {
            let (name, path) = far_socket(text).ok_or_else(|| format!("{text}: {what}"))?;
            let ssh = ssh.ok_or_else(|| format!("{text}: nobody said how other hosts are reached"))?;
            let host = hosts.iter().find(|host| host.name == name);
            let host = host.ok_or_else(|| format!("{text}: the plan does not say how {name} is reached"))?;
            return Ok(Self::Far(Box::new(Far { ssh: ssh.clone(), host: host.clone(), path: path.to_owned() })));
        }
        if let Some(path) = text.strip_prefix("unix:") {
            let is_whole = path.starts_with('/') && !path.contains('\0');
            return if is_whole { Ok(Self::Unix(path.to_owned())) } else { Err(format!("{text}: {what}")) };
        }
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
                Ok(Self::Tcp(text.to_owned()))
            }
            Some(_) | None => Err(format!("{text}: {what}")),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Silence {
    /// For people.
    pub(super) why: String,
    /// How many commands were answered before.
    pub(super) answered: usize,
}

impl fmt::Display for Silence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.why)
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl Stream for TcpStream {}
impl Stream for UnixStream {}

/// A conversation.
pub(super) struct Talk {
    stream: Box<dyn Stream>,
    /// The session that it goes over, where it does.
    _held: Option<Held>,
    /// What came and belongs to no answer yet.
    heard: Vec<u8>,
}

impl Talk {
    /// Begins one.
    ///
    /// # Errors
    ///
    /// Why not, for people. Nothing was asked.
    pub(super) async fn begin(way: &Way) -> Result<Self, String> {
        let (stream, held) = connect(way).await?;
        let mut talk = Self { stream, _held: held, heard: Vec::new() };
        match talk.ask("prompt").await {
            Ok(answer) if answer.is_empty() => Ok(talk),
            Ok(_) => Err("what answers there is no runtime API of an HAProxy".to_owned()),
            Err(silence) => Err(silence.why),
        }
    }

    /// Asks one thing.
    pub(super) async fn ask(&mut self, command: &str) -> Result<String, Silence> {
        self.ask_all(&[command.to_owned()]).await.map(|mut answers| answers.pop().unwrap_or_default())
    }

    /// Asks all of these at once. There is an answer to each of them, without the line ends behind it, or silence.
    pub(super) async fn ask_all(&mut self, commands: &[String]) -> Result<Vec<String>, Silence> {
        let deadline = Instant::now() + MOST;
        let mut answers = Vec::with_capacity(commands.len());
        let text: String = commands.iter().flat_map(|command| [command.as_str(), "\n"]).collect();
        let silent = |why: String, answered| Silence { why, answered };
        match timeout_at(deadline, self.stream.write_all(text.as_bytes())).await {
            Err(_) => return Err(silent(no_answer(), 0)),
            Ok(Err(error)) => return Err(silent(broke_off(&error), 0)),
            Ok(Ok(())) => {}
        }
        while answers.len() < commands.len() {
            if let Some(answer) = self.take() {
                answers.push(answer);
                continue;
            }
            let mut chunk = [0; 16 * 1024];
            match timeout_at(deadline, self.stream.read(&mut chunk)).await {
                Err(_) => return Err(silent(no_answer(), answers.len())),
                Ok(Err(error)) => return Err(silent(broke_off(&error), answers.len())),
                Ok(Ok(0)) => return Err(silent("it closed the connection".to_owned(), answers.len())),
                Ok(Ok(read)) => self.heard.extend(&chunk[..read]),
            }
            if self.heard.len() > ANSWER_MAX {
                return Err(silent("its answer has no end".to_owned(), answers.len()));
            }
        }
        Ok(answers)
    }

    /// The next answer, where all of it is there.
    fn take(&mut self) -> Option<String> {
        let prompt = PROMPT.as_bytes();
        let end = self.heard.windows(prompt.len()).position(|window| window == prompt)?;
        let answer = String::from_utf8_lossy(&self.heard[..end]).trim_end_matches('\n').to_owned();
        self.heard.drain(..end + prompt.len());
        Some(answer)
    }
}

/// Connects: within [`MOST`] to what is written as a place, within what is allowed for SSH to another host.
async fn connect(way: &Way) -> Result<(Box<dyn Stream>, Option<Held>), String> {
    let connecting = async {
        let stream: Box<dyn Stream> = match way {
            Way::Tcp(place) => Box::new(TcpStream::connect(place).await?),
            Way::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Way::Far(far) => return Ok(Err(far)),
        };
        Ok::<_, io::Error>(Ok(stream))
    };
    let far = match timeout(MOST, connecting).await {
        Err(_) => return Err(format!("no connection within {} s", MOST.as_secs())),
        Ok(Err(error)) => return Err(not_there(&error, way)),
        Ok(Ok(Ok(stream))) => return Ok((stream, None)),
        Ok(Ok(Err(far))) => far,
    };
    let FarSocket { stream, held } = far.ssh.socket(&far.host, &far.path).await?;
    let stream = UnixStream::from_std(stream).map_err(|error| not_there(&error, way))?;
    Ok((Box::new(stream), Some(held)))
}

fn no_answer() -> String {
    format!("no answer within {} s", MOST.as_secs())
}

fn broke_off(error: &io::Error) -> String {
    format!("the connection broke off: {error}")
}

fn not_there(error: &io::Error, way: &Way) -> String {
    match (error.kind(), way) {
        (io::ErrorKind::ConnectionRefused, _) => "nothing listens there".to_owned(),
        (io::ErrorKind::NotFound, Way::Unix(_)) => "there is no such socket".to_owned(),
        (io::ErrorKind::PermissionDenied, Way::Unix(_)) => {
            "you may not use this socket: look at `mode`, `user` and `group` of its line in haproxy.cfg".to_owned()
        }
        (_, Way::Tcp(_) | Way::Unix(_) | Way::Far(_)) => format!("no connection: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Way;

    #[test]
    fn a_balancer_is_an_address_or_a_socket() {
        let parse = |text: &str| Way::parse(text, None, &[]);
        for text in ["lb1.ansan:9999", "[::1]:9999"] {
            assert!(matches!(parse(text), Ok(Way::Tcp(place)) if place == text), "{text}");
        }
        assert!(matches!(parse("unix:/run/lb.sock"), Ok(Way::Unix(path)) if path == "/run/lb.sock"));
        for odd in ["lb1", "lb1:", ":9999", "lb1:0", "lb1:70000", "unix:lb.sock", "ssh:lb1:9999", ""] {
            let why = parse(odd).unwrap_err();
            assert!(why.contains("write host:port"), "{odd}: {why}");
        }
        assert!(parse("ssh:lb1:/run/lb.sock").unwrap_err().contains("nobody said how other hosts"));
    }
}

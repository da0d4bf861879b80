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

/// HAProxy was seen to answer within 4 ms, and within 1 s where the machine had ten times too much to do.
const MOST: Duration = Duration::from_secs(2);
/// What it says of itself takes some hundred bytes for each server. A balancer that says more than this is none.
const ANSWER_MAX: usize = 8 * 1024 * 1024;
/// The end of each answer.
const PROMPT: &str = "\n> ";

/// Where a balancer is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// `host:port`.
    Tcp(String),
    /// A socket of this machine.
    Unix(String),
}

impl Way {
    /// As it is written in an estate: `host:port`, or `unix:/path`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let what = "write host:port, or unix:/path for a socket of this machine";
        if text.starts_with("ssh:") {
            return Err(format!("{text}: a balancer can't be spoken to through SSH; {what}"));
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
        let connected = timeout(MOST, async {
            Ok::<Box<dyn Stream>, io::Error>(match way {
                Way::Tcp(place) => Box::new(TcpStream::connect(place).await?),
                Way::Unix(path) => Box::new(UnixStream::connect(path).await?),
            })
        });
        let stream = match connected.await {
            Err(_) => return Err(format!("no connection within {} s", MOST.as_secs())),
            Ok(Err(error)) => return Err(not_there(&error, way)),
            Ok(Ok(stream)) => stream,
        };
        let mut talk = Self { stream, heard: Vec::new() };
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
        (_, Way::Tcp(_) | Way::Unix(_)) => format!("no connection: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Way;

    #[test]
    fn a_balancer_is_an_address_or_a_socket() {
        assert_eq!(Way::parse("lb1.ansan:9999"), Ok(Way::Tcp("lb1.ansan:9999".to_owned())));
        assert_eq!(Way::parse("[::1]:9999"), Ok(Way::Tcp("[::1]:9999".to_owned())));
        assert_eq!(Way::parse("unix:/run/lb.sock"), Ok(Way::Unix("/run/lb.sock".to_owned())));
        for odd in ["lb1", "lb1:", ":9999", "lb1:0", "lb1:70000", "unix:lb.sock", "ssh:lb1:/run/lb.sock", ""] {
            let why = Way::parse(odd).unwrap_err();
            assert!(why.contains("write host:port"), "{odd}: {why}");
        }
        assert!(Way::parse("ssh:lb1:/run/lb.sock").unwrap_err().contains("through SSH"));
    }
}

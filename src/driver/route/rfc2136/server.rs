//! One name server, and how bytes get there and back. What the bytes mean is not known here.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::UdpSocket;
use tokio::net::lookup_host;
use tokio::time::timeout;

/// A name server answers within a fraction of it, also from another continent; whoever has several waits for a dead one
/// first.
const PATIENCE: Duration = Duration::from_secs(2);
/// A question that got lost is asked again while there is still time for its answer.
const AGAIN: Duration = Duration::from_millis(700);
/// The port of DNS.
const PORT: u16 = 53;
/// The largest answer that fits into one datagram.
const DATAGRAM_MAX: usize = 64 * 1024;

/// Where a name server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// As it was declared.
    text: String,
    /// A name, or an address without brackets.
    pub(super) host: String,
    port: u16,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nothing got there.
    Unreached(String),
    /// It was sent, and nobody answered.
    Unanswered(String),
}

impl Server {
    /// `HOST`, `HOST:PORT`, or an IPv6 address with or without brackets.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let unclear = || format!("{text:?} is no name server: write HOST or HOST:PORT, with brackets around IPv6");
        let (host, port) = if text.parse::<Ipv6Addr>().is_ok() {
            (text, None)
        } else if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            host.parse::<Ipv6Addr>().map_err(|_| unclear())?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or_else(unclear)?) })
        } else {
            text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
        };
        let port = port.map_or(Ok(PORT), |port| port.parse().map_err(|_| unclear()))?;
        if host.is_empty() || port == 0 {
            return Err(unclear());
        }
        Ok(Self { text: text.to_owned(), host: host.to_owned(), port })
    }

    /// Sends a question that may be asked twice; in full over TCP where `is_cut` says that the answer did not fit. What
    /// does not answer the question, by `is_answer`, came from somebody else and is not heard.
    pub(super) async fn ask(
        &self,
        question: &[u8],
        is_answer: impl Fn(&[u8]) -> bool,
        is_cut: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, Silence> {
        let answer = self.over_udp(question, is_answer).await?;
        if is_cut(&answer) { self.tell(question).await } else { Ok(answer) }
    }

    /// Sends what may be sent once only. As long as there is no connection nothing was sent.
    pub(super) async fn tell(&self, message: &[u8]) -> Result<Vec<u8>, Silence> {
        let length = u16::try_from(message.len())
            .map_err(|_| Silence::Unreached(format!("{self} can't be asked: the message would be too long")))?;
        let connected = timeout(PATIENCE, async {
            let places = self.places().await?;
            TcpStream::connect(places.as_slice()).await
        });
        let mut stream = connected.await.unwrap_or_else(|_| Err(late())).map_err(|error| self.unreached(&error))?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(message);
        let answered = timeout(PATIENCE, async {
            stream.write_all(&framed).await?;
            let length = stream.read_u16().await?;
            let mut answer = vec![0; usize::from(length)];
            stream.read_exact(&mut answer).await?;
            Ok(answer)
        });
        answered.await.unwrap_or_else(|_| Err(late())).map_err(|error| self.unanswered(&error))
    }

    async fn over_udp(&self, question: &[u8], is_answer: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, Silence> {
        let places = timeout(PATIENCE, self.places()).await.unwrap_or_else(|_| Err(late()));
        let places = places.map_err(|error| self.unreached(&error))?;
        let each = PATIENCE / u32::try_from(places.len()).unwrap_or(u32::MAX).max(1);
        let mut last = late();
        for place in places {
            match timeout(each, round_trip(place, question, &is_answer)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => last = error,
                Err(_) => last = late(),
            }
        }
        Err(self.unreached(&last))
    }

    /// Where it is by its addresses. Never empty.
    pub(super) async fn places(&self) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, self.port)]);
        }
        let places: Vec<SocketAddr> = lookup_host((self.host.as_str(), self.port)).await?.collect();
        if places.is_empty() { Err(io::Error::other("its name has no address")) } else { Ok(places) }
    }

    fn unreached(&self, error: &io::Error) -> Silence {
        Silence::Unreached(format!("{self} can't be reached: {}", plain(error)))
    }

    fn unanswered(&self, error: &io::Error) -> Silence {
        Silence::Unanswered(format!("{self} was asked and did not answer: {}", plain(error)))
    }
}

impl Silence {
    /// In one line.
    pub(super) fn said(self) -> String {
        match self {
            Self::Unreached(why) | Self::Unanswered(why) => why,
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Until the first answer. Its caller says how long that may take.
async fn round_trip(place: SocketAddr, question: &[u8], is_answer: impl Fn(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let here: SocketAddr = if place.is_ipv6() { (Ipv6Addr::UNSPECIFIED, 0).into() } else { ([0, 0, 0, 0], 0).into() };
    let socket = UdpSocket::bind(here).await?;
    // So nobody else is heard, and a port where nobody listens is known at once.
    socket.connect(place).await?;
    let mut datagram = vec![0; DATAGRAM_MAX];
    loop {
        socket.send(question).await?;
        let heard = timeout(AGAIN, async {
            loop {
                let length = socket.recv(&mut datagram).await?;
                if is_answer(&datagram[..length]) {
                    return Ok::<usize, io::Error>(length);
                }
            }
        });
        if let Ok(length) = heard.await {
            datagram.truncate(length?);
            return Ok(datagram);
        }
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {}s", PATIENCE.as_secs()))
}

/// Without the number that the system has for it.
fn plain(error: &io::Error) -> String {
    let is_one_of = |kinds: &[io::ErrorKind]| kinds.contains(&error.kind());
    if is_one_of(&[io::ErrorKind::ConnectionRefused]) {
        "nobody listens there".to_owned()
    } else if is_one_of(&[io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset]) {
        "it hung up".to_owned()
    } else {
        error.to_string()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::net::UdpSocket;
    use tokio::time::Instant;

    use super::PATIENCE;
    use super::Server;
    use super::Silence;

    async fn datagrams() -> (UdpSocket, Server) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = Server::parse(&socket.local_addr().unwrap().to_string()).unwrap();
        (socket, server)
    }

    #[tokio::test]
    async fn a_lost_question_is_asked_again_and_other_voices_are_not_heard() {
        let (socket, server) = datagrams().await;
        let answering = tokio::spawn(async move {
            let mut bytes = [0; 16];
            let (_, lost) = socket.recv_from(&mut bytes).await.unwrap();
            let (length, from) = socket.recv_from(&mut bytes).await.unwrap();
            assert_eq!((lost, &bytes[..length]), (from, b"question".as_slice()));
            socket.send_to(b"noise", from).await.unwrap();
            socket.send_to(b"answer", from).await.unwrap();
        });
        let answer = server.ask(b"question", |heard| heard == b"answer", |_| false).await;
        assert_eq!(answer, Ok(b"answer".to_vec()));
        answering.await.unwrap();
    }

    #[tokio::test]
    async fn who_keeps_silent_is_not_waited_for_longer_than_others_can_wait() {
        let (_silent, server) = datagrams().await;
        let begun = Instant::now();
        let answer = server.ask(b"question", |_| true, |_| false).await;
        let expected = format!("{server} can't be reached: no answer within 2s");
        assert_eq!(answer, Err(Silence::Unreached(expected)));
        assert!(begun.elapsed() >= PATIENCE && begun.elapsed() < 3 * PATIENCE, "{:?}", begun.elapsed());
        // Whoever takes a connection and says nothing may have heard it all.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        let expected = format!("{server} was asked and did not answer: no answer within 2s");
        assert_eq!(server.tell(b"update").await, Err(Silence::Unanswered(expected)));
        drop(listener);
        let expected = format!("{server} can't be reached: nobody listens there");
        assert_eq!(server.tell(b"update").await, Err(Silence::Unreached(expected)));
        let nobody = Server::parse("nobody.invalid").unwrap();
        assert!(matches!(nobody.tell(b"update").await, Err(Silence::Unreached(_))));
    }

    #[test]
    fn servers_are_named_in_every_usual_way() {
        let is = |text: &str| Server::parse(text).map(|server| (server.host, server.port));
        let host = |host: &str, port| Ok((host.to_owned(), port));
        assert_eq!(is("ns1.ansan"), host("ns1.ansan", 53));
        assert_eq!(is("ns1.ansan:5353"), host("ns1.ansan", 5353));
        assert_eq!(is("192.0.2.1:53"), host("192.0.2.1", 53));
        assert_eq!(is("2001:db8::1"), host("2001:db8::1", 53));
        assert_eq!(is("[2001:db8::1]"), host("2001:db8::1", 53));
        assert_eq!(is("[2001:db8::1]:54"), host("2001:db8::1", 54));
        for bad in ["", ":53", "ns1:", "ns1:0", "ns1:70000", "ns1:dns", "[ns1]:53", "[::1]53", "[::1", "a:b:c"] {
            assert!(is(bad).is_err_and(|why| why.contains("write HOST or HOST:PORT")), "{bad}");
        }
    }
}

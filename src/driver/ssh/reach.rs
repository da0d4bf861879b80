//! From an address to a session: connect, hear the first word, shake hands, check the host, log in. Each stage has a limit
//! of its own, and an error of its own. What waits does so outside the permit, so that hung hosts take nobody's turn.

use std::io;
use std::net::ToSocketAddrs;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ssh2::MethodType;
use ssh2::Session;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio::time::timeout;

use crate::driver::ssh::error;
use crate::driver::ssh::error::ReachError;
use crate::driver::ssh::keeper::Keeper;
use crate::driver::ssh::keeper::Work;
use crate::driver::ssh::keys::Keys;
use crate::driver::ssh::known::KnownHosts;
use crate::driver::ssh::link::Link;
use crate::driver::ssh::settings::SshSettings;
use crate::driver::ssh::wire::Wire;
use crate::driver::ssh::wire::WireError;

/// What it takes to open sessions.
#[derive(Debug, Clone)]
pub(super) struct Means {
    pub(super) settings: Arc<SshSettings>,
    pub(super) keys: Keys,
    pub(super) known: Arc<KnownHosts>,
    pub(super) permits: Arc<Semaphore>,
}

/// Where somebody is to be logged in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) address: String,
    pub(super) port: u16,
}

/// A thread of ours needs little: what is read lies on the heap, and OpenSSL is modest. 1,000 sessions need 1,000 of them.
const STACK: usize = 256 * 1024;

impl Means {
    /// Connects directly.
    pub(super) async fn connect(&self, login: &Login) -> Result<Wire, ReachError> {
        let at = login.at();
        let limit = self.settings.connect;
        let address = login.address.clone();
        let port = login.port;
        let connecting = async {
            let looked_up = tokio::task::spawn_blocking(move || (address.as_str(), port).to_socket_addrs()).await;
            let no_address = |why: String| ReachError::NoAddress { name: login.address.clone(), why };
            let addresses = match looked_up {
                Ok(Ok(addresses)) => addresses.collect::<Vec<_>>(),
                Ok(Err(error)) if error::is_out_of_files(&error) => return Err(ReachError::here(&error)),
                Ok(Err(error)) => return Err(no_address(error.to_string())),
                Err(error) => return Err(no_address(error.to_string())),
            };
            let mut refused = ReachError::NoAddress { name: login.address.clone(), why: "none was found".to_owned() };
            for address in addresses {
                match TcpStream::connect(address).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) if error::is_out_of_files(&error) => return Err(ReachError::here(&error)),
                    Err(error) => {
                        refused = ReachError::Connect { at: at.clone(), why: in_words(&error) };
                    }
                }
            }
            Err(refused)
        };
        let stream = match timeout(limit, connecting).await {
            Ok(stream) => stream?,
            Err(_) => return Err(ReachError::ConnectTimeout { at, limit }),
        };
        // Without it a small command waits 40 ms for an acknowledgement.
        stream.set_nodelay(true).map_err(|error| ReachError::here(&error))?;
        match timeout(self.settings.banner, stream.peek(&mut [0; 1])).await {
            Ok(Ok(1..)) => {}
            Ok(Ok(0) | Err(_)) => return Err(ReachError::Silent { at }),
            Err(_) => return Err(ReachError::BannerTimeout { at, limit: self.settings.banner }),
        }
        Ok(Wire::tcp(stream.into_std().map_err(|error| ReachError::here(&error))?))
    }

    /// Waits for the first word of a host behind a bastion.
    pub(super) async fn behind(&self, login: &Login, stream: UnixStream) -> Result<Wire, ReachError> {
        let at = login.at();
        let limit = self.settings.banner;
        let stream = tokio::net::UnixStream::from_std(stream).map_err(|error| ReachError::here(&error))?;
        match timeout(limit, stream.readable()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(ReachError::Silent { at }),
            Err(_) => return Err(ReachError::BannerTimeout { at, limit }),
        }
        Ok(Wire::local(stream.into_std().map_err(|error| ReachError::here(&error))?))
    }

    /// Logs in on a wire that has spoken, and lets a thread keep the session.
    pub(super) async fn login(&self, login: &Login, wire: Wire) -> Result<Link, ReachError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|error| ReachError::Here(error.to_string()))?;
        let (told, answer) = oneshot::channel();
        let means = self.clone();
        let login = login.clone();
        let begun = thread::Builder::new()
            .name(format!("ssh {}", login.address))
            .stack_size(STACK)
            .spawn(move || live(&means, &login, wire, permit, told));
        begun.map_err(|error| ReachError::here(&error))?;
        answer.await.unwrap_or_else(|_| Err(ReachError::Here("a thread ended".to_owned())))
    }
}

/// Without the number behind it, which helps nobody at night.
fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or_else(|| text.clone(), |(words, _)| words.to_owned())
}

/// The life of a session, in its thread.
fn live(
    means: &Means,
    login: &Login,
    wire: Wire,
    permit: OwnedSemaphorePermit,
    told: oneshot::Sender<Result<Link, ReachError>>,
) {
    let session = match open(means, login, &wire) {
        Ok(session) => session,
        Err(error) => {
            wire.cut();
            drop(permit);
            drop(told.send(Err(error)));
            return;
        }
    };
    drop(permit);
    let pair = UnixStream::pair().and_then(|(wake, woken)| {
        wake.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        Ok((wake, woken))
    });
    let (wake, woken) = match pair {
        Ok(pair) => pair,
        Err(error) => {
            drop(told.send(Err(ReachError::here(&error))));
            return;
        }
    };
    let (sender, asks) = mpsc::channel();
    let is_dead = Arc::new(AtomicBool::new(false));
    let link = Link::new(sender, wake, Arc::clone(&is_dead));
    // Where nobody waits any more, the link is dropped here, and the session ends at once.
    drop(told.send(Ok(link)));
    let silence = means.settings.silence;
    Keeper { session, wire, woken, asks, is_dead, silence, work: Work::default() }.serve();
}

fn open(means: &Means, login: &Login, wire: &Wire) -> Result<Session, ReachError> {
    let limit = means.settings.login;
    let until = Instant::now() + limit;
    let mut session = Session::new().map_err(|error| ReachError::Here(error.message().to_owned()))?;
    session.set_blocking(false);
    session.set_tcp_stream(wire.clone());
    if let Some(algorithms) = means.known.algorithms(&login.address, login.port) {
        // A host has several keys, and shows the one that it is asked for.
        let preferred = session.method_pref(MethodType::HostKey, &algorithms);
        preferred.map_err(|error| failed(login, limit, error))?;
    }
    handshake(wire, &mut session, until).map_err(|error| error.handshake(&login.at(), limit))?;
    let key = session.host_key().map(|(key, _)| key.to_vec()).unwrap_or_default();
    means.known.check(&login.address, login.port, &key)?;
    means.keys.login(wire, &session, &login.user, until)?;
    Ok(session)
}

fn failed(login: &Login, limit: Duration, error: ssh2::Error) -> ReachError {
    WireError::Ssh(error).handshake(&login.at(), limit)
}

fn handshake(wire: &Wire, session: &mut Session, until: Instant) -> Result<(), WireError> {
    // Both are handles to the same session.
    let watched = session.clone();
    wire.drive(&watched, until, || session.handshake())
}

impl Login {
    /// For people: `10.0.0.7:2222`.
    pub(super) fn at(&self) -> String {
        format!("{}:{}", self.address, self.port)
    }
}

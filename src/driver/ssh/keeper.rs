//! The owner of a session: a thread of its own, since a session of libssh2 is not shared. It alone touches the session,
//! waits for the host and for us at the same time, and never for one channel only.

use std::collections::VecDeque;
use std::io;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use ssh2::Channel;
use ssh2::Session;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::driver::ssh::command::Order;
use crate::driver::ssh::command::Ran;
use crate::driver::ssh::command::RanEnd;
use crate::driver::ssh::command::Running;
use crate::driver::ssh::command::Step;
use crate::driver::ssh::tunnel::Carried;
use crate::driver::ssh::tunnel::Tunnel;
use crate::driver::ssh::wire::Wire;
use crate::driver::ssh::wire::is_again;
use crate::driver::ssh::wire::wait;
use crate::driver::ssh::wire::wanted;

/// What is asked of a session.
pub(super) enum Ask {
    /// Run something.
    Run(Order, oneshot::Sender<Ran>),
    /// Carry a connection on.
    Tunnel { to: Target, stream: UnixStream, reply: oneshot::Sender<Result<(), String>> },
}

/// Where a connection is carried on to, as the host sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// An address and its port.
    Tcp(String, u16),
    /// A socket of the host.
    Socket(String),
}

/// A session, and all that goes over it.
pub(super) struct Keeper {
    pub(super) session: Session,
    pub(super) wire: Wire,
    /// Readable when something is asked.
    pub(super) woken: UnixStream,
    pub(super) asks: Receiver<Ask>,
    pub(super) is_dead: Arc<AtomicBool>,
    /// When silence means death.
    pub(super) silence: Duration,
    pub(super) work: Work,
}

/// What goes over a session.
#[derive(Default)]
pub(super) struct Work {
    waiting: VecDeque<Ask>,
    /// Since when the first of those that wait is being opened: libssh2 opens one channel at a time.
    opening: Option<Instant>,
    running: Vec<Running>,
    tunnels: Vec<Tunnel>,
    /// Channels that nobody needs any more, until the other side has heard of it.
    closing: Vec<Channel>,
    /// How many the host takes, where it has said so by refusing one.
    most: Option<usize>,
}

/// sshd takes ten sessions at once for a connection unless it is told otherwise; two are kept for kills.
const RUNNING_MAX: usize = 8;
/// Where several go on at once, one may read from the wire what is another's that was looked at before, so nothing is waited
/// for without an end.
const LOOK: Duration = Duration::from_millis(100);
/// What goes on alone misses nothing. It is looked at nevertheless, to show the host a sign of life in time.
const LOOK_ALONE: Duration = Duration::from_secs(1);
/// With nothing to do, nothing happens before somebody asks.
const REST: Duration = Duration::from_secs(3_600);
/// A host that opens no channel within this time is frozen.
const OPEN_MAX: Duration = Duration::from_secs(20);

impl Keeper {
    /// Serves until nobody can ask any more, or the session breaks.
    pub(super) fn serve(mut self) {
        let every = self.silence / 3;
        self.session.set_keepalive(true, u32::try_from(every.as_secs()).unwrap_or(u32::MAX).max(1));
        let mut heard = Instant::now();
        let why = loop {
            let goes_on = self.take();
            match self.turn() {
                Err(why) => break why,
                Ok(true) => continue,
                Ok(false) => {}
            }
            let idle = self.work.is_idle();
            if idle && !goes_on {
                break String::new();
            }
            if !idle && heard.elapsed() > self.silence {
                break format!("it has been silent for {} s", heard.elapsed().as_secs());
            }
            let most = match self.work.count() {
                0 => REST,
                1 => LOOK_ALONE,
                _ => LOOK,
            };
            match self.rest(most) {
                Err(error) => break error.to_string(),
                Ok(true) => heard = Instant::now(),
                Ok(false) if idle => heard = Instant::now(),
                Ok(false) => drop(self.session.keepalive_send()),
            }
        };
        self.is_dead.store(true, Ordering::SeqCst);
        self.work.give_up(&why);
        while let Ok(ask) = self.asks.try_recv() {
            refuse(ask, &why);
        }
        drop(self.session.disconnect(None, "done", None));
        // From here on libssh2 can't wait for anybody while it takes the session down.
        self.wire.cut();
    }

    /// Takes what is asked. Whether anybody can still ask.
    fn take(&mut self) -> bool {
        loop {
            match self.asks.try_recv() {
                Ok(Ask::Run(order, reply)) if order.urgent => self.work.waiting.push_front(Ask::Run(order, reply)),
                Ok(ask) => self.work.waiting.push_back(ask),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Goes on with everything that need not wait. Whether anything moved; why the session is broken.
    fn turn(&mut self) -> Result<bool, String> {
        let mut moved = self.open()?;
        let work = &mut self.work;
        // libssh2 takes the answer to one channel's request for a failure of another's that waits for its own, so one
        // is asked at a time.
        let mut asking = work.running.iter().position(|running| running.is_asking().1);
        for at in (0..work.running.len()).rev() {
            if work.running[at].is_asking().0 && *asking.get_or_insert(at) != at {
                continue;
            }
            if work.running[at].is_forgotten() {
                work.closing.push(work.running.swap_remove(at).tell(RanEnd::Lost(String::new())));
                moved = true;
                continue;
            }
            match work.running[at].step() {
                Step::Waits => {}
                Step::Moved => moved = true,
                Step::Broken(why) => return Err(why),
                Step::Over(end) => {
                    work.closing.push(work.running.swap_remove(at).tell(end));
                    moved = true;
                }
            }
        }
        for at in (0..work.tunnels.len()).rev() {
            match work.tunnels[at].carry() {
                Carried::Nothing => {}
                Carried::Some => moved = true,
                Carried::Over => work.closing.push(work.tunnels.swap_remove(at).end()),
            }
        }
        work.closing.retain_mut(|channel| channel.close().is_err_and(|error| is_again(&error)));
        Ok(moved)
    }

    /// Opens the next channel that is wanted.
    fn open(&mut self) -> Result<bool, String> {
        let work = &mut self.work;
        if work.opening.is_none() {
            work.waiting.retain(|ask| !is_forgotten(ask));
            let room = work.most.unwrap_or(RUNNING_MAX).max(1);
            match work.waiting.front() {
                None => return Ok(false),
                Some(Ask::Run(order, _)) if !order.urgent && work.running.len() >= room => return Ok(false),
                Some(Ask::Run(..) | Ask::Tunnel { .. }) => {}
            }
        }
        let since = *work.opening.get_or_insert_with(Instant::now);
        let opened = match work.waiting.front() {
            None => return Ok(false),
            Some(Ask::Run(..)) => self.session.channel_session(),
            Some(Ask::Tunnel { to: Target::Tcp(host, port), .. }) => {
                self.session.channel_direct_tcpip(host, *port, None)
            }
            Some(Ask::Tunnel { to: Target::Socket(path), .. }) => self.session.channel_direct_streamlocal(path, None),
        };
        match opened {
            Err(error) if is_again(&error) && since.elapsed() > OPEN_MAX => {
                return Err(format!("it opened no channel within {} s", OPEN_MAX.as_secs()));
            }
            Err(error) if is_again(&error) => return Ok(false),
            Ok(channel) => match work.waiting.pop_front() {
                None => work.closing.push(channel),
                Some(Ask::Run(order, reply)) => work.running.push(Running::new(channel, order, reply)),
                Some(Ask::Tunnel { stream, reply, .. }) => {
                    work.tunnels.push(Tunnel::new(channel, stream));
                    drop(reply.send(Ok(())));
                }
            },
            Err(error) if error.code() != ssh2::ErrorCode::Session(CHANNEL_FAILURE) => {
                return Err(error.to_string());
            }
            // The host takes no more at once. What runs will end, and make room.
            Err(_) if matches!(work.waiting.front(), Some(Ask::Run(..))) && !work.running.is_empty() => {
                work.most = Some(work.running.len());
            }
            Err(error) => {
                if let Some(ask) = work.waiting.pop_front() {
                    refuse(ask, error.message());
                }
            }
        }
        work.opening = None;
        Ok(true)
    }

    /// Waits until somebody has something to say. Whether it was the host.
    fn rest(&mut self, most: Duration) -> io::Result<bool> {
        let idle = self.work.is_idle();
        // Nothing of libssh2 reads what comes in while nothing is under way (a host may ask whether we are alive), so it
        // would be there for ever. It is read when the next command begins; only that the host has gone counts.
        let of_host = if idle { PollFlags::RDHUP } else { wanted(&self.session) };
        let mut fds = vec![PollFd::new(&self.wire, of_host), PollFd::new(&self.woken, PollFlags::IN)];
        fds.extend(self.work.tunnels.iter().map(|tunnel| PollFd::new(tunnel, tunnel.wanted())));
        wait(&mut fds, most)?;
        let heard = !fds[0].revents().is_empty();
        let is_woken = !fds[1].revents().is_empty();
        drop(fds);
        if is_woken {
            // Each byte says that something is asked, and all that is asked is taken at once.
            let _nothing_more = self.woken.read(&mut [0; 64]);
        }
        if heard && idle {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(heard)
    }
}

impl Work {
    fn is_idle(&self) -> bool {
        self.count() == 0
    }

    /// How many things go on.
    fn count(&self) -> usize {
        self.waiting.len() + self.running.len() + self.tunnels.len()
    }

    fn give_up(&mut self, why: &str) {
        for ask in self.waiting.drain(..) {
            refuse(ask, why);
        }
        for running in self.running.drain(..) {
            drop(running.tell(RanEnd::Lost(why.to_owned())));
        }
        for tunnel in self.tunnels.drain(..) {
            drop(tunnel.end());
        }
    }
}

fn is_forgotten(ask: &Ask) -> bool {
    match ask {
        Ask::Run(_, reply) => reply.is_closed(),
        Ask::Tunnel { reply, .. } => reply.is_closed(),
    }
}

fn refuse(ask: Ask, why: &str) {
    match ask {
        Ask::Run(order, reply) => {
            drop(reply.send(Ran { end: RanEnd::NotSent(why.to_owned()), kept: order.kept }));
        }
        Ask::Tunnel { reply, .. } => drop(reply.send(Err(why.to_owned()))),
    }
}

/// LIBSSH2_ERROR_CHANNEL_FAILURE
const CHANNEL_FAILURE: i32 = -21;

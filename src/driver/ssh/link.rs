//! A session as others see it: commands and tunnels go in, answers come out. It can be cloned, and ends with its last clone.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

use tokio::sync::oneshot;

use crate::driver::ssh::command::Order;
use crate::driver::ssh::command::Ran;
use crate::driver::ssh::command::RanEnd;
use crate::driver::ssh::keeper::Ask;
use crate::driver::ssh::keeper::Target;

/// A session that somebody keeps.
#[derive(Debug, Clone)]
pub(super) struct Link(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    asks: Sender<Ask>,
    wake: UnixStream,
    is_dead: Arc<AtomicBool>,
    tunnels: AtomicUsize,
}

/// A place in a session to a bastion. Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Link);

impl Link {
    pub(super) fn new(asks: Sender<Ask>, wake: UnixStream, is_dead: Arc<AtomicBool>) -> Self {
        Self(Arc::new(Ends { asks, wake, is_dead, tunnels: AtomicUsize::new(0) }))
    }

    /// Whether it is known to be broken.
    pub(super) fn is_dead(&self) -> bool {
        self.0.is_dead.load(Ordering::SeqCst)
    }

    /// Whether nobody but the pool holds it.
    pub(super) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Runs something. If this is dropped, so is its channel; what runs on the host goes on.
    pub(super) async fn run(&self, order: Order) -> Ran {
        let (reply, answer) = oneshot::channel();
        let kept = order.kept.as_new();
        self.ask(Ask::Run(order, reply));
        let broken = || Ran { end: RanEnd::NotSent("the session is closed".to_owned()), kept };
        answer.await.unwrap_or_else(|_| broken())
    }

    /// Carries a connection on from the host to somewhere else. Gives our end of it.
    pub(super) async fn tunnel(&self, to: Target) -> Result<UnixStream, String> {
        let (ours, theirs) = UnixStream::pair().map_err(|error| error.to_string())?;
        for end in [&ours, &theirs] {
            end.set_nonblocking(true).map_err(|error| error.to_string())?;
        }
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Tunnel { to, stream: theirs, reply });
        answer.await.unwrap_or_else(|_| Err("the session is closed".to_owned()))?;
        Ok(ours)
    }

    /// A place for one more connection, if there is one.
    pub(super) fn seat(&self, most: usize) -> Option<Seat> {
        let take = |taken| (taken < most).then_some(taken + 1);
        let taken = self.0.tunnels.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        taken.ok().map(|_| Seat(self.clone()))
    }

    fn ask(&self, ask: Ask) {
        // Where nobody keeps it any more, the reply is dropped with the question.
        if self.0.asks.send(ask).is_ok() {
            // A full pipe wakes as well.
            let _woken = (&self.0.wake).write(&[1]);
        }
    }
}

impl Seat {
    pub(super) fn link(&self) -> &Link {
        &self.0
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.tunnels.fetch_sub(1, Ordering::SeqCst);
    }
}

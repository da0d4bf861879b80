//! A socket, and calls that would block on it: they are tried until they are done, or their time is over.

use std::io;
use std::net::Shutdown;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::fd::AsRawFd;
use std::os::fd::BorrowedFd;
use std::os::fd::RawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::event::poll;
use ssh2::BlockDirections;
use ssh2::ErrorCode;
use ssh2::Session;
use tokio::time::Instant;

use crate::driver::ssh::error::ReachError;

/// What libssh2 says when it has to wait.
const AGAIN: i32 = -37;

/// The socket of a session: to the host itself, or to whoever carries it on to a bastion. It never blocks.
#[derive(Debug, Clone)]
pub(super) struct Wire(Arc<Socket>);

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Local(UnixStream),
}

/// Why a call did not succeed.
#[derive(Debug)]
pub(super) enum WireError {
    /// Its time was over.
    Timeout,
    /// The other side, or libssh2, said no.
    Ssh(ssh2::Error),
    /// It can't be waited for.
    Poll(io::Error),
}

impl Wire {
    pub(super) fn tcp(stream: TcpStream) -> Self {
        Self(Arc::new(Socket::Tcp(stream)))
    }

    pub(super) fn local(stream: UnixStream) -> Self {
        Self(Arc::new(Socket::Local(stream)))
    }

    /// Tries until it is done.
    pub(super) fn drive<T>(
        &self,
        session: &Session,
        until: Instant,
        mut call: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<T, WireError> {
        loop {
            match call() {
                Ok(done) => return Ok(done),
                Err(error) if is_again(&error) => {}
                Err(error) => return Err(WireError::Ssh(error)),
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(WireError::Timeout);
            }
            let mut waits = [PollFd::new(&*self.0, wanted(session))];
            wait(&mut waits, left).map_err(WireError::Poll)?;
        }
    }

    /// Ends it, so that nothing that libssh2 still wants to send can block.
    pub(super) fn cut(&self) {
        // It may be closed already.
        let _closed = match &*self.0 {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Socket::Local(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

/// What has to be waited for. Incoming packets always count: they may be for anybody.
pub(super) fn wanted(session: &Session) -> PollFlags {
    match session.block_directions() {
        BlockDirections::Outbound | BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
        BlockDirections::None | BlockDirections::Inbound => PollFlags::IN,
    }
}

/// Waits for any of them; a signal that comes in between is as good as an event.
pub(super) fn wait(fds: &mut [PollFd<'_>], most: Duration) -> io::Result<()> {
    let most =
        Timespec { tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX), tv_nsec: most.subsec_nanos().into() };
    match poll(fds, Some(&most)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether a call only has to be made again.
pub(super) fn is_again(error: &ssh2::Error) -> bool {
    error.code() == ErrorCode::Session(AGAIN)
}

impl WireError {
    pub(super) fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// As the reason why a handshake failed.
    pub(super) fn handshake(self, at: &str, limit: Duration) -> ReachError {
        match self {
            Self::Timeout => ReachError::HandshakeTimeout { at: at.to_owned(), limit },
            Self::Ssh(error) => ReachError::Handshake { at: at.to_owned(), why: error.message().to_owned() },
            Self::Poll(error) => ReachError::here(&error),
        }
    }

    /// As the reason why a key did not let us in.
    pub(super) fn of_key(self) -> String {
        match self {
            Self::Timeout => "no answer".to_owned(),
            // LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED and LIBSSH2_ERROR_AUTHENTICATION_FAILED
            Self::Ssh(error) if matches!(error.code(), ErrorCode::Session(-18 | -19)) => "not accepted".to_owned(),
            Self::Ssh(error) => error.message().to_owned(),
            Self::Poll(error) => error.to_string(),
        }
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Local(stream) => stream.as_fd(),
        }
    }
}

/// libssh2 asks for it as a number.
impl AsRawFd for Wire {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

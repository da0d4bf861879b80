//! A connection through a bastion: a channel of its session on one side, a socket of ours on the other.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;

use rustix::event::PollFlags;
use ssh2::Channel;

/// What is carried at once. A handshake and small commands fit in it.
const CHUNK: usize = 32 * 1024;

/// Carries bytes both ways.
pub(super) struct Tunnel {
    channel: Channel,
    stream: UnixStream,
    /// Read from us, and not yet sent.
    out: Vec<u8>,
    /// Heard, and not yet handed to us.
    into: Vec<u8>,
    we_are_done: bool,
    they_are_done: bool,
}

/// What one look at it came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// Some bytes.
    Some,
    /// Nothing can be carried now.
    Nothing,
    /// It is over.
    Over,
}

impl Tunnel {
    pub(super) fn new(channel: Channel, stream: UnixStream) -> Self {
        Self { channel, stream, out: Vec::new(), into: Vec::new(), we_are_done: false, they_are_done: false }
    }

    /// Carries what can be carried without waiting.
    pub(super) fn carry(&mut self) -> Carried {
        match (self.outwards(), self.inwards()) {
            (Ok(one), Ok(other)) if self.they_are_done && self.into.is_empty() && !other && !one => Carried::Over,
            (Ok(false), Ok(false)) => Carried::Nothing,
            (Ok(_), Ok(_)) => Carried::Some,
            (Err(_), _) | (_, Err(_)) => Carried::Over,
        }
    }

    fn outwards(&mut self) -> io::Result<bool> {
        let mut moved = false;
        if self.out.is_empty() && !self.we_are_done {
            let mut buffer = [0; CHUNK];
            match ready(self.stream.read(&mut buffer))? {
                Some(0) => {
                    self.we_are_done = true;
                    // A session that was closed on our side has nothing more to hear.
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
                Some(read) => {
                    self.out.extend(&buffer[..read]);
                    moved = true;
                }
                None => {}
            }
        }
        while !self.out.is_empty() {
            match ready(self.channel.write(&self.out))? {
                Some(written) => {
                    self.out.drain(..written);
                    moved = true;
                }
                None => break,
            }
        }
        Ok(moved)
    }

    fn inwards(&mut self) -> io::Result<bool> {
        let mut moved = false;
        if self.into.is_empty() && !self.they_are_done {
            let mut buffer = [0; CHUNK];
            match ready(self.channel.read(&mut buffer))? {
                Some(0) if self.channel.eof() => self.they_are_done = true,
                Some(read) => {
                    moved = read > 0;
                    self.into.extend(&buffer[..read]);
                }
                None => {}
            }
        }
        while !self.into.is_empty() {
            match ready(self.stream.write(&self.into))? {
                Some(written) => {
                    self.into.drain(..written);
                    moved = true;
                }
                None => break,
            }
        }
        Ok(moved)
    }

    /// Ends it on our side: whoever holds the other end must not wait for more. The channel still has to be closed.
    pub(super) fn end(self) -> Channel {
        // It may be closed already.
        let _closed = self.stream.shutdown(Shutdown::Both);
        self.channel
    }

    /// What has to be waited for on our side.
    pub(super) fn wanted(&self) -> PollFlags {
        let mut flags = PollFlags::empty();
        if self.out.is_empty() && !self.we_are_done {
            flags |= PollFlags::IN;
        }
        if !self.into.is_empty() {
            flags |= PollFlags::OUT;
        }
        flags
    }
}

fn ready(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

impl AsFd for Tunnel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

//! One command on one channel of a session, one step at a time: it never waits.

use std::io;
use std::io::Read;
use std::io::Write;

use ssh2::Channel;
use ssh2::ErrorCode;
use ssh2::ExtendedData;
use tokio::sync::oneshot;

use crate::driver::kept::Kept;
use crate::driver::ssh::wire::is_again;

/// What is to be run.
#[derive(Debug)]
pub(super) struct Order {
    /// For the login shell, whichever that is.
    pub(super) line: String,
    /// Its standard input, behind which it ends.
    pub(super) input: Vec<u8>,
    /// What comes behind that, the same for everybody: a thousand hosts must not hold a thousand copies of it.
    pub(super) more: &'static [u8],
    /// What is kept of its output.
    pub(super) kept: Kept,
    /// Kills come before all else.
    pub(super) urgent: bool,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Ran {
    /// How it ended.
    pub(super) end: RanEnd,
    /// What it printed, stdout and stderr together.
    pub(super) kept: Kept,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RanEnd {
    /// With this code, and after the end of its output.
    Exit(i32),
    /// By this signal.
    Signal(String),
    /// It was never sent, so it changed nothing.
    NotSent(String),
    /// It was sent, and nobody can say what became of it.
    Lost(String),
}

/// A command under way.
pub(super) struct Running {
    channel: Channel,
    stage: Stage,
    order: Order,
    written: usize,
    has_asked: bool,
    /// Whoever waits. Who has gone wants it closed.
    reply: oneshot::Sender<Ran>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Merge,
    Exec,
    Write,
    SendEof,
    Read,
    WaitClose,
}

/// What one look at it came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Something went on.
    Moved,
    /// It waits for the other side.
    Waits,
    /// It is over.
    Over(RanEnd),
    /// The session itself is broken.
    Broken(String),
}

/// Read at once, so that others have their turn.
const TURN: usize = 16;
/// It lies on the stack of each session's thread, and what was once touched there stays resident.
const CHUNK: usize = 8 * 1024;
/// Written at once.
const WRITE_MAX: usize = 32 * 1024;

impl Running {
    pub(super) fn new(channel: Channel, order: Order, reply: oneshot::Sender<Ran>) -> Self {
        Self { channel, stage: Stage::Merge, order, written: 0, has_asked: false, reply }
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_forgotten(&self) -> bool {
        self.reply.is_closed()
    }

    /// Whether the host is about to be asked to run it, and whether it was asked and has not answered.
    pub(super) fn is_asking(&self) -> (bool, bool) {
        let is_next = self.stage == Stage::Exec;
        (is_next, is_next && self.has_asked)
    }

    /// Goes on as far as it can without waiting.
    pub(super) fn step(&mut self) -> Step {
        match self.stage {
            Stage::Merge => {
                let merged = self.channel.handle_extended_data(ExtendedData::Merge);
                self.after(merged, Stage::Exec)
            }
            Stage::Exec => {
                self.has_asked = true;
                let line = self.order.line.clone();
                let sent = self.channel.exec(&line);
                if let Err(error) = &sent
                    && error.code() == ErrorCode::Session(REQUEST_DENIED)
                {
                    return Step::Over(RanEnd::NotSent("it does not let us run commands".to_owned()));
                }
                self.after(sent, Stage::Write)
            }
            Stage::Write => self.write(),
            Stage::SendEof => {
                let sent = self.channel.send_eof();
                self.after(sent, Stage::Read)
            }
            Stage::Read => self.read(),
            Stage::WaitClose => match self.channel.wait_close() {
                Ok(()) => Step::Over(self.end()),
                Err(error) if is_again(&error) => Step::Waits,
                Err(error) => Step::Broken(error.to_string()),
            },
        }
    }

    fn after(&mut self, done: Result<(), ssh2::Error>, next: Stage) -> Step {
        match done {
            Ok(()) => {
                self.stage = next;
                Step::Moved
            }
            Err(error) if is_again(&error) => Step::Waits,
            Err(error) => Step::Broken(error.to_string()),
        }
    }

    fn write(&mut self) -> Step {
        let Order { input, more, .. } = &self.order;
        let rest = match self.written.checked_sub(input.len()) {
            Some(behind) => &more[behind..],
            None => &input[self.written..],
        };
        if rest.is_empty() {
            self.stage = Stage::SendEof;
            return Step::Moved;
        }
        match self.channel.write(&rest[..rest.len().min(WRITE_MAX)]) {
            Ok(written) => {
                self.written += written;
                Step::Moved
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Step::Waits,
            // It may have ended without reading its input: what it says decides.
            Err(_) if self.channel.eof() => {
                self.stage = Stage::Read;
                Step::Moved
            }
            Err(error) => Step::Broken(error.to_string()),
        }
    }

    fn read(&mut self) -> Step {
        let mut buffer = [0; CHUNK];
        for turn in 0..TURN {
            match self.channel.read(&mut buffer) {
                Ok(0) if self.channel.eof() => {
                    self.stage = Stage::WaitClose;
                    return Step::Moved;
                }
                Ok(0) => return if turn == 0 { Step::Waits } else { Step::Moved },
                Ok(read) => self.order.kept.keep(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return if turn == 0 { Step::Waits } else { Step::Moved };
                }
                Err(error) => return Step::Broken(error.to_string()),
            }
        }
        Step::Moved
    }

    /// An exit status counts only behind the end of the output, and only without a signal: libssh2 says 0 for a
    /// command that was killed, and for one that has not ended.
    fn end(&self) -> RanEnd {
        match self.channel.exit_signal() {
            Ok(signal) => match (signal.exit_signal, self.channel.exit_status()) {
                (Some(name), _) => RanEnd::Signal(name),
                (None, Ok(code)) => RanEnd::Exit(code),
                (None, Err(error)) => RanEnd::Lost(error.message().to_owned()),
            },
            Err(error) => RanEnd::Lost(error.message().to_owned()),
        }
    }

    /// Tells whoever waits, who may have gone. The channel still has to be closed.
    pub(super) fn tell(self, end: RanEnd) -> Channel {
        let never_sent = self.stage == Stage::Merge;
        let end = match end {
            RanEnd::Lost(why) if never_sent => RanEnd::NotSent(why),
            RanEnd::Lost(_) | RanEnd::NotSent(_) | RanEnd::Exit(_) | RanEnd::Signal(_) => end,
        };
        drop(self.reply.send(Ran { end, kept: self.order.kept }));
        self.channel
    }
}

/// LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED
const REQUEST_DENIED: i32 = -22;

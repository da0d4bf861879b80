//! The end of the socket at which the run is: hears who asks and what, and carries it to whoever decides.
//!
//! Nothing that comes in can stop the run, or keep others from being heard for long: lines end, time ends, and there are
//! only so many talks at once.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio::time::interval;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::control::Answer;
use crate::control::Listener;
use crate::control::Refusal;
use crate::control::Request;
use crate::control::wire::LINE_BYTES_MAX;
use crate::run::Who;

/// Within this a whole line must have come, and an answer must have been taken.
const LINE_WITHIN: Duration = Duration::from_secs(10);
/// More people than ever type at once, and fewer than files that a process may open.
const TALKS_MAX: usize = 64;
/// When no more can be accepted, it is because something is used up; it is not tried in a circle.
const PAUSE: Duration = Duration::from_millis(100);
/// How often it is looked whether the socket is still there.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What was asked before the end may still be answered for so long.
const GRACE: Duration = Duration::from_secs(1);
/// The user who may do everything anyway.
const ROOT: u32 = 0;

/// Hears what is asked, until `until` is over. Then the socket is gone, and whoever still waits for an answer gets it if
/// it comes soon.
///
/// The handler answers when what it did is durable, and not before. It may be called for many at once.
pub async fn serve<H, F>(mut listener: Listener, handler: H, until: impl Future<Output = ()>)
where
    H: Fn(Request, Who) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let handler = Arc::new(handler);
    let mut until = pin!(until);
    let mut talks = JoinSet::new();
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let accepted = tokio::select! {
            () = &mut until => break,
            // A handler that panicked ends one talk, and whoever asked learns that nothing is known.
            Some(_) = talks.join_next() => continue,
            _ = look.tick() => {
                listener.mend();
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(stream) if talks.len() >= TALKS_MAX => {
                // There is room for a line in a fresh socket; whether it is read is not our concern.
                drop(stream.try_write(&Answer::Refused(Refusal::Busy).line()));
            }
            Ok(stream) => {
                talks.spawn(talk(stream, listener.owner().clone(), Arc::clone(&handler)));
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
    drop(listener);
    drop(timeout(GRACE, async { while talks.join_next().await.is_some() {} }).await);
}

/// One question, one answer.
async fn talk<H, F>(mut stream: UnixStream, owner: Who, handler: Arc<H>)
where
    H: Fn(Request, Who) -> F,
    F: Future<Output = Answer>,
{
    let heard = match who(&stream, owner) {
        Ok(who) => hear(&mut stream).await.map(|request| (request, who)),
        Err(refusal) => Err(refusal),
    };
    let answer = match heard {
        Ok((request, who)) => handler(request, who).await,
        Err(refusal) => Answer::Refused(refusal),
    };
    let line = answer.line();
    drop(timeout(LINE_WITHIN, stream.write_all(&line)).await);
}

/// Who asks, as the system says, if they may.
fn who(stream: &UnixStream, owner: Who) -> Result<Who, Refusal> {
    let peer = stream.peer_cred().ok();
    let pid = peer.and_then(|peer| peer.pid()).and_then(|pid| u32::try_from(pid).ok());
    admitted(peer.map(|peer| peer.uid()), pid.unwrap_or_default(), owner)
}

/// Only the owner and root are heard, so their names need not be looked up: a directory of users may be among what was
/// lost.
pub(in crate::control) fn admitted(uid: Option<u32>, pid: u32, owner: Who) -> Result<Who, Refusal> {
    match uid {
        Some(uid) if uid == owner.uid => Ok(Who { pid, ..owner }),
        Some(uid @ ROOT) => Ok(Who { user: "root".to_owned(), uid, pid, host: owner.host }),
        Some(_) | None => Err(Refusal::NotYours { owner: owner.user }),
    }
}

/// One line, within its limits.
async fn hear(stream: &mut UnixStream) -> Result<Request, Refusal> {
    let mut line = Vec::new();
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut lines = BufReader::new(stream).take(limit);
    match timeout(LINE_WITHIN, lines.read_until(b'\n', &mut line)).await {
        Ok(Ok(_)) => Request::read(&line),
        Ok(Err(error)) => Err(Refusal::Garbled { why: error.to_string() }),
        Err(_) => Err(Refusal::TooSlow),
    }
}

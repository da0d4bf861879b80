//! The end of the socket at which people are: asks one thing of a run, and waits for its answer. It never asks twice:
//! whoever does not know whether it counted looks first.

use std::fs;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::control::Answer;
use crate::control::AskError;
use crate::control::Request;
use crate::control::listener::follow;
use crate::control::wire::LINE_BYTES_MAX;

/// Asks the run in this folder, and returns when it is done and durable. Waits for as long as `patience`.
///
/// # Errors
///
/// Why not. Only after [`AskError::NobodyKnows`] it may have happened all the same.
pub fn ask(run_folder: &Path, request: &Request, patience: Duration) -> Result<(), AskError> {
    let line = request.line()?;
    let stream = connect(run_folder)?;
    let limits = stream.set_read_timeout(Some(patience)).and_then(|()| stream.set_write_timeout(Some(patience)));
    limits.map_err(|cause| AskError::NotSent { cause })?;
    // Whoever is refused at the door is told so before anything is read. So an answer is looked for in any case.
    let sent = (&stream).write_all(&line);
    match (answer(&stream), sent) {
        (Ok(answer), _) => match answer {
            Answer::Done => Ok(()),
            Answer::No(no) => Err(AskError::No(no)),
            Answer::Refused(refusal) => Err(AskError::Refused(refusal)),
            Answer::Gone => Err(AskError::NobodyKnows { why: "the run went away meanwhile" }),
        },
        // Half a line is no command.
        (Err(_), Err(cause)) => Err(AskError::NotSent { cause }),
        (Err(why), Ok(())) => Err(AskError::NobodyKnows { why }),
    }
}

fn connect(run_folder: &Path) -> Result<UnixStream, AskError> {
    let (path, by) = follow(run_folder).map_err(unheard)?;
    // Else somebody could say yes in the name of a run that hears nothing.
    if fs::symlink_metadata(&path).map_err(unheard)?.uid() != by {
        return Err(AskError::Stranger(path));
    }
    UnixStream::connect(&path).map_err(unheard)
}

fn unheard(cause: io::Error) -> AskError {
    if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) {
        AskError::NobodyListens
    } else if cause.kind() == ErrorKind::PermissionDenied {
        AskError::NotAllowed
    } else {
        AskError::NotSent { cause }
    }
}

fn answer(stream: &UnixStream) -> Result<Answer, &'static str> {
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    match BufReader::new(stream).take(limit).read_until(b'\n', &mut line) {
        Ok(0) => Err("the run went away before it answered"),
        Ok(_) => Answer::read(&line).ok_or("its answer can't be understood"),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Err("no answer came in time")
        }
        Err(_) => Err("the run went away before it answered"),
    }
}

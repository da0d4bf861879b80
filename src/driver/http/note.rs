//! The note of one request on this machine's disk: that it was to be sent, and what came of it. Only what may be shown
//! stands in it.

use std::fs;
use std::io;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use crate::driver::End;
use crate::driver::Outcome;
use crate::driver::Said;

/// One note: a private folder with a name of its own.
#[derive(Debug, Clone)]
pub(super) struct Note {
    folder: PathBuf,
}

/// What a note says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was never begun.
    Never,
    /// It may have been sent, and nothing was heard.
    Sent,
    /// This came of it.
    Answered(Outcome),
}

const SENT: &str = "sent";
const ANSWER: &str = "answer";

impl Note {
    /// The note in this folder, whether or not there is one.
    pub(super) const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What it says.
    pub(super) fn read(&self) -> io::Result<State> {
        match fs::read_to_string(self.folder.join(ANSWER)) {
            Ok(text) => return parse(&text).map(State::Answered).ok_or_else(|| io::ErrorKind::InvalidData.into()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => {}
        }
        Ok(if self.folder.join(SENT).try_exists()? { State::Sent } else { State::Never })
    }

    /// Says that it will be sent now. After a crash of the machine "never begun" must be true.
    pub(super) fn begin(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        write(&self.folder.join(SENT), "")?;
        fs::File::open(&self.folder)?.sync_all()?;
        self.folder.parent().map_or(Ok(()), |records| fs::File::open(records)?.sync_all())
    }

    /// Says what came of it.
    pub(super) fn end(&self, outcome: &Outcome) -> io::Result<()> {
        let beside = self.folder.join("answer.new");
        write(&beside, &text(outcome))?;
        fs::rename(beside, self.folder.join(ANSWER))
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The end, the reason, what was dropped, how long the beginning is; then beginning and end of what was said.
fn text(outcome: &Outcome) -> String {
    let (word, why) = match &outcome.end {
        End::Ok => ("ok", ""),
        End::Unexpected(what) => ("unexpected", what.as_str()),
        End::Unreachable(why) => ("unreachable", why.as_str()),
        End::CouldNotStart(why) | End::Refused(why) => ("could-not-start", why.as_str()),
        End::Lost(why) => ("lost", why.as_str()),
        // Requests know neither codes nor signals, and nobody kills one that is noted down.
        End::Exit(_) | End::Signal(_) | End::TimedOut | End::Killed => ("lost", "nobody knows how it ended"),
    };
    let Said { head, tail, dropped_bytes } = &outcome.said;
    format!("{word}\n{}\n{dropped_bytes}\n{}\n{head}{tail}", why.replace('\n', " "), head.len())
}

fn parse(text: &str) -> Option<Outcome> {
    let mut parts = text.splitn(5, '\n');
    let (word, why) = (parts.next()?, parts.next()?.to_owned());
    let dropped_bytes = parts.next()?.parse().ok()?;
    let length: usize = parts.next()?.parse().ok()?;
    let said = parts.next()?;
    let (head, tail) = (said.get(..length)?.to_owned(), said.get(length..)?.to_owned());
    let end = match word {
        "ok" => End::Ok,
        "unexpected" => End::Unexpected(why),
        "unreachable" => End::Unreachable(why),
        "could-not-start" => End::CouldNotStart(why),
        "lost" => End::Lost(why),
        _ => return None,
    };
    Some(Outcome { said: Said { head, tail, dropped_bytes }, ..Outcome::just(end) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Note;
    use super::State;
    use crate::driver::End;
    use crate::driver::Outcome;
    use crate::driver::Said;

    #[test]
    fn what_came_of_a_request_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let why = || "status 404 Not Found".to_owned();
        let ends = [
            End::Ok,
            End::Unexpected(why()),
            End::Unreachable(why()),
            End::CouldNotStart(why()),
            End::Lost(String::new()),
        ];
        for (at, end) in ends.into_iter().enumerate() {
            let note = Note::at(folder.path().join(format!("{at}")));
            assert_eq!(note.read().unwrap(), State::Never);
            note.begin().unwrap();
            assert_eq!(note.read().unwrap(), State::Sent);
            let said = Said { head: "판교\n\nx".to_owned(), tail: "\nend".to_owned(), dropped_bytes: 7 };
            let outcome = Outcome { said, ..Outcome::just(end) };
            note.end(&outcome).unwrap();
            assert_eq!(note.read().unwrap(), State::Answered(outcome));
        }
        let torn = Note::at(folder.path().join("0"));
        fs::write(folder.path().join("0/answer"), "ok\n\n0\n99\nshort").unwrap();
        assert!(torn.read().is_err());
    }
}

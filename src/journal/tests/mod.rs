//! Stories of journals in files: begun, torn, changed, full, broken, followed. They know what a line looks like, never
//! what an event means.

mod disk;
mod follow;
mod sample;
mod torn;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::journal::FILE_NAME;
use crate::journal::FileJournal;
use crate::journal::Holder;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Loss;
use crate::journal::Opening;
use crate::journal::Pen;
use crate::journal::Taken;
use crate::journal::pen_holder;
use crate::journal::read;
use crate::run::Event;
use crate::run::Stamp;
use crate::run::Who;

/// A project with one run.
struct Project {
    folder: TempDir,
}

impl Project {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn ours(&self) -> PathBuf {
        self.folder.path().join(".bonghwa")
    }

    fn run(&self) -> PathBuf {
        self.ours().join("runs/r1")
    }

    fn path(&self) -> PathBuf {
        self.run().join(FILE_NAME)
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    /// The journal with these bytes, of which nobody has the pen.
    fn with(bytes: &[u8]) -> Self {
        let project = Self::new();
        fs::create_dir_all(project.run()).unwrap();
        fs::write(project.path(), bytes).unwrap();
        project
    }

    fn pen(&self) -> Pen {
        Pen::take(&self.ours(), holder("jo")).unwrap()
    }

    fn create(&self) -> FileJournal {
        FileJournal::create(&self.run(), self.pen(), Stamp(5), opening()).unwrap().0
    }

    fn take(&self) -> Result<Taken, JournalError> {
        FileJournal::take(&self.run(), self.pen(), Stamp(9))
    }
}

fn holder(user: &str) -> Holder {
    let by = Who { user: user.into(), uid: 1000, pid: 4711, host: "laptop".into() };
    Holder { by, run: "r1".into(), since: Stamp(3) }
}

fn opening() -> Opening {
    Opening { run: "r1".into(), plan: "0123abcd".into(), parent: None, program: "0.1.0".into() }
}

fn started(step: &str) -> Event {
    Event::Started { step: step.into(), attempt: 1 }
}

fn write(journal: &mut dyn Journal, events: Vec<Event>) -> Result<(), JournalError> {
    let entries = journal.number(Stamp(7), events);
    journal.append(&entries)
}

/// Eleven lines: two that begin it, a group of one, one of three, four of one, and one of one with other letters.
fn eleven() -> Vec<u8> {
    let project = Project::new();
    let mut journal = project.create();
    write(&mut journal, vec![started("a")]).unwrap();
    write(&mut journal, vec![started("b"), started("c"), started("d")]).unwrap();
    for step in ["e", "f", "g", "h", "메시지 \"\n\\"] {
        write(&mut journal, vec![started(step)]).unwrap();
    }
    project.bytes()
}

/// Where the lines begin, and where the last one ends.
fn lines(bytes: &[u8]) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    [0].into_iter().chain(ends).collect()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_written_is_read_again_by_whoever_comes_next() {
    let project = Project::new();
    let mut journal = project.create();
    write(&mut journal, vec![started("a"), started("b")]).unwrap();
    let digest = journal.digest();
    drop(journal);

    let reading = read(&project.run()).unwrap();
    assert_eq!((reading.entries.len(), Some(reading.digest), reading.torn), (4, digest, None));
    let Taken { mut journal, entries, cut } = project.take().unwrap();
    assert_eq!((entries.len(), cut, journal.last(), journal.epoch()), (5, None, 5, 2));
    write(&mut journal, vec![started("c")]).unwrap();
    drop(journal);
    let numbers: Vec<_> = read(&project.run()).unwrap().entries.iter().map(|entry| (entry.seq, entry.epoch)).collect();
    assert_eq!(numbers, [(1, 0), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2)]);
}

#[test]
fn nobody_else_may_read_what_is_kept() {
    let project = Project::new();
    drop(project.create());
    assert_eq!([mode(&project.ours()), mode(&project.run())], [0o700, 0o700]);
    assert_eq!([mode(&project.path()), mode(&project.ours().join("pen"))], [0o600, 0o600]);
}

#[test]
fn a_run_has_one_journal() {
    let project = Project::new();
    drop(project.create());
    let again = FileJournal::create(&project.run(), project.pen(), Stamp(5), opening());
    assert!(matches!(again, Err(JournalError::AlreadyThere)));
}

#[test]
fn whoever_wants_the_pen_is_told_who_has_it() {
    let project = Project::new();
    assert_eq!(pen_holder(&project.ours()).unwrap(), None);
    let pen = Pen::take(&project.ours(), holder("jo")).unwrap();
    let refused = Pen::take(&project.ours(), holder("min")).unwrap_err();
    assert_eq!(refused.to_string(), "jo@laptop has the pen of this project, in process 4711, for run r1");
    assert_eq!(pen_holder(&project.ours()).unwrap(), Some(holder("jo")));
    drop(pen);
    assert_eq!(pen_holder(&project.ours()).unwrap(), None);
    let pen = Pen::take(&project.ours(), holder("min")).unwrap();
    assert_eq!(pen_holder(&project.ours()).unwrap(), Some(holder("min")));
    drop(pen);
    let left: Vec<_> = fs::read_dir(project.ours()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["pen"]);
}

#[test]
fn a_pen_that_was_removed_is_lost_even_if_somebody_puts_it_back() {
    let project = Project::new();
    let mut journal = project.create();
    let pen = project.ours().join("pen");
    fs::rename(&pen, project.ours().join("elsewhere")).unwrap();
    assert!(matches!(write(&mut journal, vec![started("a")]), Err(JournalError::PenLost(Loss::Pen))));
    fs::rename(project.ours().join("elsewhere"), &pen).unwrap();
    assert!(matches!(write(&mut journal, vec![started("a")]), Err(JournalError::PenLost(Loss::Pen))));
    assert_eq!(read(&project.run()).unwrap().entries.len(), 2);
}

#[test]
fn somebody_who_pushed_us_aside_is_not_written_over() {
    let project = Project::new();
    let mut ours = project.create();
    fs::remove_file(project.ours().join("pen")).unwrap();
    let mut theirs = project.take().unwrap().journal;
    assert!(matches!(write(&mut ours, vec![started("a")]), Err(JournalError::PenLost(Loss::Pen))));
    write(&mut theirs, vec![started("b")]).unwrap();
    drop(ours);
    write(&mut theirs, vec![started("c")]).unwrap();
    assert_eq!(read(&project.run()).unwrap().entries.len(), 5);
}

#[test]
fn a_journal_that_was_replaced_or_written_to_by_others_is_lost() {
    let project = Project::new();
    let mut journal = project.create();
    fs::copy(project.path(), project.run().join("copy")).unwrap();
    fs::rename(project.run().join("copy"), project.path()).unwrap();
    assert!(matches!(write(&mut journal, vec![started("a")]), Err(JournalError::PenLost(Loss::Journal))));
    drop(journal);

    let mut journal = project.take().unwrap().journal;
    let mut longer = project.bytes();
    longer.extend(b"x");
    fs::write(project.path(), &longer).unwrap();
    assert!(matches!(write(&mut journal, vec![started("a")]), Err(JournalError::PenLost(Loss::Length))));
    drop(journal);
    assert_eq!(project.bytes(), longer);
}

//! The journal of a run in a file, which it alone may write: `journal.jsonl` in the folder of the run.
//!
//! One write and one sync for a group. An error of either is believed: the pages of a failed sync look clean afterwards,
//! and trying again would succeed and mean nothing. So the journal is of no use from then on, and whoever takes the pen
//! next writes the last group again before it is built on.

use std::fs;
use std::io;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use crate::journal::FILE_NAME;
use crate::journal::FORMAT;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Loss;
use crate::journal::Pen;
use crate::journal::Torn;
use crate::journal::disk::Disk;
use crate::journal::disk::OnDisk;
use crate::journal::goes_on;
use crate::journal::line::Head;
use crate::journal::numbered;
use crate::journal::place::private_folder;
use crate::journal::place::put;
use crate::journal::read::last_group;
use crate::journal::read::parse;
use crate::journal::read::unreadable;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Stamp;

/// Room is set aside in steps of this, so that not every append asks for some.
const ROOM_STEP: u64 = 256 * 1024;

/// A journal in a file.
pub struct FileJournal {
    disk: Box<dyn Disk>,
    pen: Pen,
    head: Head,
    /// Where the last entry ends.
    end: u64,
    /// How far the room goes that was set aside.
    room_end: u64,
    failed: Option<JournalError>,
    text: Vec<u8>,
}

/// What a new journal begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The name of the run.
    pub run: String,
    /// The digest of the plan.
    pub plan: String,
    /// The run that this one succeeds.
    pub parent: Option<String>,
    /// The version of this program.
    pub program: String,
}

/// A journal that somebody else wrote, and that is ours now.
pub struct Taken {
    /// To go on with.
    pub journal: FileJournal,
    /// Everything in it. The last entry says that we took the pen.
    pub entries: Vec<Entry>,
    /// What was cut off its end, because it was never written whole.
    pub cut: Option<Torn>,
}

impl FileJournal {
    /// Begins the journal of a run in its folder, with two entries: that it was opened, and who has the pen. There is a
    /// journal with both, or none.
    ///
    /// # Errors
    ///
    /// [`JournalError::AlreadyThere`], or what the disk says.
    pub fn create(folder: &Path, pen: Pen, at: Stamp, opening: Opening) -> Result<(Self, Vec<Entry>), JournalError> {
        let failed = |error| broken("beginning the journal", error);
        private_folder(folder).map_err(failed)?;
        let path = folder.join(FILE_NAME);
        if fs::symlink_metadata(&path).is_ok() {
            return Err(JournalError::AlreadyThere);
        }
        let beside = folder.join(format!(".{FILE_NAME}"));
        match fs::remove_file(&beside) {
            // Whoever has the pen is the only one here; somebody who had it died at this place.
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            Ok(()) | Err(_) => {}
        }
        let Opening { run, plan, parent, program } = opening;
        let opened = Event::Opened { format: FORMAT, run, plan, parent, program };
        let taken = Event::PenTaken { by: pen.holder().by.clone() };
        let entries = numbered(0, 0, at, vec![opened, taken]);
        let mut text = Vec::new();
        let head = Head::START.write(&entries, &mut text);
        let mut disk = OnDisk::make(&beside).map_err(failed)?;
        disk.write(&text, 0).and_then(|()| disk.sync()).and_then(|()| put(&beside, &path)).map_err(failed)?;
        disk.moved_to(&path);
        Ok((Self::on(Box::new(disk), pen, head, text.len() as u64), entries))
    }

    /// Takes over the journal in this folder: proves it, cuts what was never written whole, and appends that the pen was
    /// taken.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with the line; or what the disk says.
    pub fn take(folder: &Path, pen: Pen, at: Stamp) -> Result<Taken, JournalError> {
        let failed = |error| broken("taking over the journal", error);
        let path = folder.join(FILE_NAME);
        let mut disk = OnDisk::open(&path).map_err(unreadable)?;
        let bytes = fs::read(&path).map_err(unreadable)?;
        let parsed = parse(&bytes)?;
        let whole = &bytes[..parsed.end];
        // Room that was set aside stays, where nothing must be cut: the disk may be full.
        if parsed.torn.is_some() {
            disk.cut(whole.len() as u64).map_err(failed)?;
        }
        // It may be what a failed sync left in memory only. Written again, it becomes durable with the next sync.
        let group = last_group(whole);
        disk.write(&whole[group..], group as u64).map_err(failed)?;
        let taken = Event::PenTaken { by: pen.holder().by.clone() };
        let mut journal = Self::on(Box::new(disk), pen, parsed.head, whole.len() as u64);
        let mut entries = parsed.entries;
        let ours = journal.number(at, vec![taken]);
        journal.append(&ours)?;
        entries.extend(ours);
        Ok(Taken { journal, entries, cut: parsed.torn })
    }

    pub(in crate::journal) fn on(disk: Box<dyn Disk>, pen: Pen, head: Head, end: u64) -> Self {
        Self { disk, pen, head, end, room_end: end, failed: None, text: Vec::new() }
    }

    /// Goes on with another disk, on which no room is set aside yet.
    #[cfg(test)]
    pub(in crate::journal) fn go_on_with(&mut self, disk: Box<dyn Disk>) {
        self.disk = disk;
        self.room_end = self.end;
    }

    fn is_usable(&self) -> Result<(), JournalError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Nothing is believed from here on.
    fn fail(&mut self, error: JournalError) -> JournalError {
        self.failed = Some(error.clone());
        error
    }

    fn loss(&self) -> Option<Loss> {
        if self.pen.is_held() { self.disk.loss(self.end) } else { Some(Loss::Pen) }
    }

    /// Sees to it that so much can be written; a step more than that, where there is room for it.
    fn set_aside(&mut self, bytes: u64) -> Result<(), JournalError> {
        if self.end + bytes <= self.room_end {
            return Ok(());
        }
        for bytes in [bytes + ROOM_STEP, bytes] {
            match self.disk.set_aside(bytes, self.end) {
                Ok(()) => {
                    self.room_end = self.end + bytes;
                    return Ok(());
                }
                Err(error) if is_full(&error) => {}
                Err(error) => return Err(self.fail(broken("setting room aside for the journal", error))),
            }
        }
        Err(JournalError::NoRoom { bytes })
    }
}

impl Journal for FileJournal {
    fn last(&self) -> u64 {
        self.head.seq
    }

    fn epoch(&self) -> u32 {
        self.head.epoch
    }

    fn digest(&self) -> Option<String> {
        Some(self.head.letters())
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        self.is_usable()?;
        if entries.is_empty() {
            return Ok(());
        }
        goes_on(self, entries)?;
        if let Some(loss) = self.loss() {
            return Err(self.fail(JournalError::PenLost(loss)));
        }
        self.text.clear();
        let head = self.head.write(entries, &mut self.text);
        let bytes = self.text.len() as u64;
        self.set_aside(bytes)?;
        let written = self.disk.write(&self.text, self.end).and_then(|()| self.disk.sync());
        written.map_err(|error| self.fail(broken("writing to the journal", error)))?;
        (self.head, self.end) = (head, self.end + bytes);
        Ok(())
    }

    fn reserve(&mut self, bytes: u64) -> Result<(), JournalError> {
        self.is_usable()?;
        self.set_aside(bytes)
    }
}

impl Drop for FileJournal {
    /// Gives back the room that was not needed, where the file is surely still ours.
    fn drop(&mut self) {
        if self.failed.is_none() && self.loss().is_none() {
            drop(self.disk.cut(self.end));
        }
    }
}

fn broken(doing: &'static str, error: io::Error) -> JournalError {
    JournalError::Io { doing, cause: Arc::new(error) }
}

/// All ways in which a system says that there is no room.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

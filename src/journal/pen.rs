//! The pen: one for each project, so that one run acts at a time. It locks a file that names its holder, and never waits.
//!
//! The lock is the operating system's (`flock`), so it ends with the process, however that ends. It is good for one
//! machine. On a network file system it is as good as the server's word: some lock for all clients, some for one, and
//! some only pretend; people who share a project over one agree among themselves who runs.
//!
//! Whoever has the lock puts a new, locked file with their note in the place of the old one. So a note is read whole or
//! not at all, and a lock on a file that no longer has that place is worth nothing: everybody looks at the place again
//! after locking. For the instant between the two, whoever is refused may be told of the holder before.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;

use serde::Deserialize;
use serde::Serialize;

use crate::journal::JournalError;
use crate::journal::place::private_folder;
use crate::run::Stamp;
use crate::run::Who;

/// The name of the file in the folder of what this tool writes.
const FILE_NAME: &str = "pen";
/// Whoever looks who has the pen holds a lock for that instant. A refusal counts when it was met so often in a row.
const TRIES: usize = 20;

/// Who has the pen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who.
    #[serde(flatten)]
    pub by: Who,
    /// For which run.
    pub run: String,
    /// Since when.
    pub since: Stamp,
}

/// The right to write, and to act. It ends when this is dropped, or the process dies.
#[derive(Debug)]
pub struct Pen {
    path: PathBuf,
    /// Locked.
    file: File,
    holder: Holder,
}

impl Pen {
    /// Takes the pen of the project whose `.bonghwa` folder this is.
    ///
    /// # Errors
    ///
    /// [`JournalError::PenHeld`], with the note of whoever has it.
    pub fn take(folder: &Path, holder: Holder) -> Result<Self, JournalError> {
        let failed = |error: io::Error| JournalError::Io { doing: "taking the pen", cause: Arc::new(error) };
        private_folder(folder).map_err(failed)?;
        let path = folder.join(FILE_NAME);
        // Ready before the lock is asked for, so that the note of the holder before is seen as shortly as can be.
        let beside = folder.join(beside_name());
        let file = note(&beside, &holder).map_err(failed)?;
        let taken = take_place(&path, &beside);
        if !matches!(taken, Ok(Place::Taken)) {
            drop(fs::remove_file(&beside));
        }
        match taken.map_err(failed)? {
            Place::Taken => Ok(Self { path, file, holder }),
            Place::Refused(by) => Err(JournalError::PenHeld { by }),
        }
    }

    /// Who has it, as was said when it was taken.
    #[must_use]
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Whether it is still ours: nobody removed or replaced the file. The lock itself can't be lost while we live.
    #[must_use]
    pub fn is_held(&self) -> bool {
        is_at(&self.file, &self.path).unwrap_or(false)
    }
}

/// Who has the pen of the project whose `.bonghwa` folder this is. None where nobody has it: a note of somebody who is
/// gone is not told.
///
/// # Errors
///
/// Only what the system says.
pub fn pen_holder(folder: &Path) -> Result<Option<Holder>, JournalError> {
    let failed = |error: io::Error| JournalError::Io { doing: "looking who has the pen", cause: Arc::new(error) };
    let file = match File::open(folder.join(FILE_NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(read_note(file)),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

enum Place {
    Taken,
    Refused(Option<Box<Holder>>),
}

/// Puts the new file where the old one is, if that can be locked; else says who has it.
fn take_place(path: &Path, beside: &Path) -> io::Result<Place> {
    let mut refused = None;
    for _ in 0..TRIES {
        let old = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match old.try_lock() {
            Ok(()) if is_at(&old, path)? => {
                fs::rename(beside, path)?;
                return Ok(Place::Taken);
            }
            // It was replaced between opening and locking: the new one is looked at.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => refused = read_note(old).map(Box::new),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        thread::yield_now();
    }
    Ok(Place::Refused(refused))
}

/// A name that no other process, and nobody else in this one, uses.
fn beside_name() -> String {
    static USED: AtomicU64 = AtomicU64::new(0);
    format!(".{FILE_NAME}.{}.{}", process::id(), USED.fetch_add(1, Ordering::Relaxed))
}

/// A locked file with the note in it.
fn note(beside: &Path, holder: &Holder) -> io::Result<File> {
    match fs::remove_file(beside) {
        // Left by a process with the same number that died here.
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    file.try_lock().map_err(io::Error::from)?;
    serde_json::to_writer(&mut file, holder)?;
    file.write_all(b"\n")?;
    Ok(file)
}

/// None where nobody wrote one: a file that was just made.
fn read_note(file: File) -> Option<Holder> {
    serde_json::from_str(io::read_to_string(file).ok()?.trim_end()).ok()
}

/// Whether this file still has its place.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        there => there.map(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())),
    }
}

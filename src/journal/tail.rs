//! Follows a journal that somebody writes. It reads what was added since last time, never waits, and never needs the lock.

use std::fs::File;
use std::io::BufRead;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use crate::journal::FILE_NAME;
use crate::journal::JournalError;
use crate::journal::line::Head;
use crate::journal::read::parse;
use crate::journal::read::unreadable;
use crate::run::Entry;

/// Where a reader has come to.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    /// The file that was read last, as the file system numbers it.
    inode: Option<u64>,
    at: u64,
    head: Head,
}

/// What was added.
#[derive(Debug, Default)]
pub struct Added {
    /// In their order.
    pub entries: Vec<Entry>,
    /// What was read before is no longer so: these are all entries, from the first. After a crash of the machine, a
    /// reader elsewhere may have seen what never became durable.
    pub anew: bool,
}

impl Tail {
    /// Follows the journal in the folder of a run, from its beginning.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join(FILE_NAME), inode: None, at: 0, head: Head::START }
    }

    /// What was added since last time. A last line that is not finished, or does not fit yet, waits for the next time.
    ///
    /// # Errors
    ///
    /// What is wrong with the journal, with the line.
    pub fn added(&mut self) -> Result<Added, JournalError> {
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if self.inode == Some(about.ino()) && about.len() >= self.at {
            let mut text = Vec::new();
            file.seek(SeekFrom::Start(self.at)).and_then(|_| file.read_to_end(&mut text)).map_err(unreadable)?;
            if let Some(entries) = self.go_on(&text) {
                return Ok(Added { entries, anew: false });
            }
            file.rewind().map_err(unreadable)?;
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(unreadable)?;
        let parsed = parse(&text)?;
        let anew = self.inode.is_some();
        (self.inode, self.at, self.head) = (Some(about.ino()), parsed.end as u64, parsed.head);
        Ok(Added { entries: parsed.entries, anew })
    }

    /// The entries in what was added. None where it does not go on what was read before.
    fn go_on(&mut self, text: &[u8]) -> Option<Vec<Entry>> {
        let mut entries = Vec::new();
        let (mut head, mut at) = (self.head, 0);
        while at < text.len() {
            let mut rest = &text[at..];
            let long = rest.skip_until(b'\n').unwrap_or(0);
            let line = text[at..at + long].strip_suffix(b"\n");
            match line.map(|line| head.read(line)) {
                Some(Ok(entry)) => entries.push(entry),
                Some(Err(_)) if !rest.is_empty() => return None,
                Some(Err(_)) | None => break,
            }
            at += long;
        }
        (self.at, self.head) = (self.at + at as u64, head);
        Some(entries)
    }
}

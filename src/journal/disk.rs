//! What a journal asks of a disk. It is a seam because disks fail, and a test must say how and when; it never knows what
//! is in the bytes.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::FallocateFlags;
use rustix::fs::fallocate;
use rustix::io::Errno;

use crate::journal::Loss;

/// What is written as ballast at once, and given back at once.
const BALLAST_STEP: u64 = 16 * 1024;

/// One file that grows.
pub(in crate::journal) trait Disk: Send {
    /// Writes all of it at this place.
    fn write(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Returns when what was written is durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Sees to it that so many bytes can be written from this place, which is the end, even if the disk is full by then.
    fn set_aside(&mut self, bytes: u64, end: u64) -> io::Result<()>;
    /// Ends the file here, and gives back what was set aside.
    fn cut(&mut self, end: u64) -> io::Result<()>;
    /// Whether the file has its place no more, or ends elsewhere.
    fn loss(&self, end: u64) -> Option<Loss>;
}

/// A file on a real disk.
#[derive(Debug)]
pub(in crate::journal) struct OnDisk {
    path: PathBuf,
    file: File,
    /// Where the file system can set no room aside: a file that is as large as the room, and shrinks when the disk is full.
    ballast: Option<Ballast>,
}

impl OnDisk {
    /// Makes the file, for its owner only.
    pub(in crate::journal) fn make(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { path: path.to_owned(), file, ballast: None })
    }

    pub(in crate::journal) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, ballast: None })
    }

    /// The file was put elsewhere.
    pub(in crate::journal) fn moved_to(&mut self, path: &Path) {
        path.clone_into(&mut self.path);
    }

    /// As where the file system knows no other way.
    #[cfg(test)]
    pub(in crate::journal) fn use_ballast(&mut self) -> io::Result<()> {
        self.ballast = Some(Ballast::beside(&self.path)?);
        Ok(())
    }
}

impl Disk for OnDisk {
    fn write(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        loop {
            match self.file.write_all_at(bytes, at) {
                Err(error) if error.kind() == ErrorKind::StorageFull => match &mut self.ballast {
                    Some(ballast) if ballast.bytes > 0 => ballast.shrink()?,
                    Some(_) | None => return Err(error),
                },
                written => return written,
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn set_aside(&mut self, bytes: u64, end: u64) -> io::Result<()> {
        if self.ballast.is_none() {
            match fallocate(&self.file, FallocateFlags::KEEP_SIZE, end, bytes) {
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.ballast = Some(Ballast::beside(&self.path)?),
                done => return Ok(done?),
            }
        }
        self.ballast.as_mut().map_or(Ok(()), |ballast| ballast.grow(bytes))
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        if let Some(ballast) = self.ballast.take() {
            fs::remove_file(&ballast.path)?;
        }
        self.file.set_len(end)
    }

    fn loss(&self, end: u64) -> Option<Loss> {
        let (Ok(ours), Ok(there)) = (self.file.metadata(), fs::symlink_metadata(&self.path)) else {
            return Some(Loss::Journal);
        };
        if (ours.dev(), ours.ino()) == (there.dev(), there.ino()) {
            (ours.len() != end).then_some(Loss::Length)
        } else {
            Some(Loss::Journal)
        }
    }
}

/// A file of no use, which is given up for one that is.
#[derive(Debug)]
struct Ballast {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Ballast {
    fn beside(path: &Path) -> io::Result<Self> {
        let path = path.with_extension("ballast");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path, file, bytes })
    }

    /// Until it is so large, and a step more: what takes its place may need a block of its own.
    fn grow(&mut self, bytes: u64) -> io::Result<()> {
        let before = self.bytes;
        while self.bytes < bytes + BALLAST_STEP {
            let grown = self.file.write_all_at(&noise(self.bytes), self.bytes);
            // Some file systems say only now that they are full.
            if let Err(error) = grown.and_then(|()| self.file.sync_data()) {
                self.file.set_len(before)?;
                self.bytes = before;
                return Err(error);
            }
            self.bytes += BALLAST_STEP;
        }
        Ok(())
    }

    fn shrink(&mut self) -> io::Result<()> {
        self.bytes = self.bytes.saturating_sub(BALLAST_STEP);
        self.file.set_len(self.bytes)?;
        // Some file systems give room back only now.
        self.file.sync_all()
    }
}

/// Bytes that no file system can compress away.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..BALLAST_STEP / 8).flat_map(|_| next()).collect()
}

//! One entry as one line of text, in format 1. It writes, reads and checks lines, and never touches a file.
//!
//! A line is `{"seq":2,"at":…,"epoch":1,"event":{…},"digest":"…"}`. The digest is the SHA-256 of the 64 letters of the
//! digest before it (64 zeros in front of the first line) and of the line up to the comma before `"digest"`. So each line
//! vouches for itself and for everything before it, and the digest of the last one stands for the whole journal. The
//! further entries of a group say with `"group"` which entry it began with.

use std::io;
use std::io::Write;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use crate::journal::Tampering;
use crate::journal::epoch_at;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Stamp;

/// The version of what is written here.
pub const FORMAT: u32 = 1;

/// A digest as it stands in a line.
pub(in crate::journal) type Letters = [u8; 64];

/// More than everything in a line but the event itself can take: four numbers, their names, and the digest.
const AROUND_EVENT: u64 = 256;
const BEFORE_DIGEST: &[u8] = b",\"digest\":\"";
const AFTER_DIGEST: &[u8] = b"\"}";

/// Where a chain of lines has come to.
#[derive(Debug, Clone, Copy)]
pub(in crate::journal) struct Head {
    /// The number of the last entry; 0 before the first.
    pub(in crate::journal) seq: u64,
    pub(in crate::journal) epoch: u32,
    pub(in crate::journal) digest: Letters,
}

impl Head {
    /// Before the first line.
    pub(in crate::journal) const START: Self = Self { seq: 0, epoch: 0, digest: [b'0'; 64] };

    /// Reads the next line, without its newline, and goes on behind it.
    pub(in crate::journal) fn read(&mut self, line: &[u8]) -> Result<Entry, Tampering> {
        let (entry, digest) = read(line, &self.digest)?;
        self.pass(&entry, digest)?;
        Ok(entry)
    }

    /// Goes on behind an entry that was read, if it follows.
    pub(in crate::journal) fn pass(&mut self, entry: &Entry, digest: Letters) -> Result<(), Tampering> {
        if entry.seq != self.seq + 1 {
            return Err(Tampering::Sequence);
        }
        if entry.epoch != epoch_at(self.epoch, &entry.event) {
            return Err(Tampering::Epoch);
        }
        *self = Self { seq: entry.seq, epoch: entry.epoch, digest };
        Ok(())
    }

    /// The text of these entries, and where they lead. They must go on here.
    pub(in crate::journal) fn write(&self, entries: &[Entry], text: &mut Vec<u8>) -> Self {
        let mut head = *self;
        let first = self.seq + 1;
        for entry in entries {
            let digest = write(entry, first, &head.digest, text);
            head = Self { seq: entry.seq, epoch: entry.epoch, digest };
        }
        head
    }

    pub(in crate::journal) fn letters(&self) -> String {
        self.digest.iter().copied().map(char::from).collect()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at: Stamp,
    epoch: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<u64>,
    event: &'a Event,
}

/// Adds one line, and returns its digest.
fn write(entry: &Entry, group: u64, before: &Letters, text: &mut Vec<u8>) -> Letters {
    let start = text.len();
    let group = (group != entry.seq).then_some(group);
    let line = Line { seq: entry.seq, at: entry.at, epoch: entry.epoch, group, event: &entry.event };
    // An entry is plain data with text for keys, which JSON can always hold; and memory takes every write.
    serde_json::to_writer(&mut *text, &line).expect("an entry can be written as JSON");
    text.truncate(text.len() - 1);
    let digest = digest(before, &text[start..]);
    text.extend_from_slice(BEFORE_DIGEST);
    text.extend_from_slice(&digest);
    text.extend_from_slice(AFTER_DIGEST);
    text.push(b'\n');
    digest
}

/// What a line, without its newline, says, and its digest. Whether its numbers follow is not asked here.
pub(in crate::journal) fn read(line: &[u8], before: &Letters) -> Result<(Entry, Letters), Tampering> {
    let (said, told) = told_digest(line).ok_or(Tampering::NoEntry)?;
    if digest(before, said) != *told {
        return Err(Tampering::Digest);
    }
    let entry = serde_json::from_slice(line).map_err(|_| Tampering::NoEntry)?;
    Ok((entry, *told))
}

/// What a line, without its newline, is the digest of, and the digest that it tells. The end of a line has the same form
/// in all versions.
pub(in crate::journal) fn told_digest(line: &[u8]) -> Option<(&[u8], &Letters)> {
    let rest = line.strip_suffix(AFTER_DIGEST)?;
    let (rest, digest) = rest.split_last_chunk::<64>()?;
    Some((rest.strip_suffix(BEFORE_DIGEST)?, digest))
}

/// The entry that the group of this line began with, and the line's own number. None where it is no entry.
pub(in crate::journal) fn group(line: &[u8]) -> Option<(u64, u64)> {
    #[derive(Deserialize)]
    struct Grouped {
        seq: u64,
        group: Option<u64>,
    }
    let line: Grouped = serde_json::from_slice(line).ok()?;
    Some((line.group.unwrap_or(line.seq), line.seq))
}

pub(in crate::journal) fn digest(before: &Letters, said: &[u8]) -> Letters {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::new().chain_update(before).chain_update(said).finalize();
    let mut letters = [0; 64];
    for (pair, byte) in letters.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    letters
}

/// As much room as these events can take, whatever numbers they get. For
/// [`Journal::reserve`](crate::journal::Journal::reserve).
#[must_use]
pub fn room_for(events: &[Event]) -> u64 {
    events.iter().map(|event| AROUND_EVENT + written(event)).sum()
}

fn written(event: &Event) -> u64 {
    let mut counted = Counted(0);
    // As above; and counting can't fail.
    serde_json::to_writer(&mut counted, event).expect("an event can be written as JSON");
    counted.0
}

struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

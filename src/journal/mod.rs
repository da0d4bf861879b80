//! WHAT LASTS. Entries are written down before anybody acts on them, and whoever comes later reads them again.
//!
//! Read [`Journal`] first: it is the seam. [`FileJournal`] is the real one, behind a [`Pen`]; [`Memory`] is for rehearsals
//! and tests, and fails when it is told to. [`read()`] and [`Tail`] need no lock. An entry is numbered, then folded, then
//! appended; this room numbers and keeps entries, and never asks what they mean. It reads no clock: instants arrive with
//! the events.

mod disk;
mod error;
mod file;
mod line;
mod memory;
mod pen;
mod place;
mod read;
mod tail;
#[cfg(test)]
mod tests;

pub use error::JournalError;
pub use error::Loss;
pub use error::Tampering;
pub use file::FileJournal;
pub use file::Opening;
pub use file::Taken;
pub use line::FORMAT;
pub use line::room_for;
pub use memory::Fault;
pub use memory::Memory;
pub use memory::MemoryReader;
pub use pen::Holder;
pub use pen::Pen;
pub use pen::pen_holder;
pub use read::Reading;
pub use read::Torn;
pub use read::read;
pub use tail::Added;
pub use tail::Tail;

use crate::run::Entry;
use crate::run::Event;
use crate::run::Stamp;

/// The name of the journal in the folder of a run.
const FILE_NAME: &str = "journal.jsonl";

/// Where the entries of one run are kept.
///
/// A state is the fold of what is in here, so the order is: [`number`](Journal::number) the events, fold the entries on a
/// copy of the state or after asking whether they are legal, [`append`](Journal::append) them, act.
pub trait Journal: Send {
    /// The sequence number of the last entry; 0 in an empty journal.
    fn last(&self) -> u64;

    /// The number of times that the pen was taken.
    fn epoch(&self) -> u32;

    /// The digest of the last entry: with it, outside of the journal, everything up to there can be proven. None where
    /// the journal keeps no digests, or is empty.
    fn digest(&self) -> Option<String>;

    /// Appends entries as one group, and returns when all of them are durable. After a crash in the middle, a prefix of
    /// the group is there. What [`number`](Journal::number) returned is what fits; an empty group does nothing.
    ///
    /// # Errors
    ///
    /// [`JournalError::NoRoom`] and [`JournalError::OutOfOrder`] change nothing, and the journal stays usable. After any
    /// other error nobody knows what is on disk: every later call fails in the same way.
    fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError>;

    /// Sets room aside, so that entries of at least so many bytes can be appended from here even when the disk is full.
    /// What is appended uses it up; asking again for less than is left changes nothing. [`room_for`] tells how much a
    /// group of events needs.
    ///
    /// # Errors
    ///
    /// [`JournalError::NoRoom`] changes nothing: what was set aside before is still there.
    fn reserve(&mut self, bytes: u64) -> Result<(), JournalError>;

    /// Gives events the numbers that they have if they are appended next.
    fn number(&self, at: Stamp, events: Vec<Event>) -> Vec<Entry> {
        numbered(self.last(), self.epoch(), at, events)
    }
}

fn numbered(last: u64, mut epoch: u32, at: Stamp, events: Vec<Event>) -> Vec<Entry> {
    let numbered = (last + 1..).zip(events).map(|(seq, event)| {
        epoch = epoch_at(epoch, &event);
        Entry { seq, at, epoch, event }
    });
    numbered.collect()
}

/// The epoch of an event, when that of the one before it is known: taking the pen begins a new one.
fn epoch_at(before: u32, event: &Event) -> u32 {
    before.saturating_add(u32::from(matches!(event, Event::PenTaken { .. })))
}

/// Entries must go on where the journal ends.
fn goes_on(journal: &dyn Journal, entries: &[Entry]) -> Result<(), JournalError> {
    let mut epoch = journal.epoch();
    for (want, entry) in (journal.last() + 1..).zip(entries) {
        epoch = epoch_at(epoch, &entry.event);
        if (entry.seq, entry.epoch) != (want, epoch) {
            return Err(JournalError::OutOfOrder { want, given: entry.seq });
        }
    }
    Ok(())
}

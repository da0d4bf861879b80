//! A journal in memory: for rehearsals, of which there are thousands, and for tests, which make it fail.
//!
//! It keeps entries and no digests, and survives whoever writes to it, so that a test can read what a crash leaves. It
//! never touches a file.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::goes_on;
use crate::journal::room_for;
use crate::run::Entry;

/// A journal in memory.
#[derive(Debug, Default)]
pub struct Memory {
    kept: MemoryReader,
    last: u64,
    epoch: u32,
    faults: Vec<Fault>,
    appends: u64,
    reserves: u64,
    /// Counted only where the disk can become full.
    room: u64,
    failed: Option<JournalError>,
}

/// What a test wants to go wrong. Calls count from 1, in the life of one [`Memory`]; entries by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This call of reserve finds no room.
    NoRoom {
        /// Which.
        reserve: u64,
    },
    /// From this call of reserve on the disk is full: only what was set aside before can still be written.
    Full {
        /// Which.
        reserve: u64,
    },
    /// This append fails, and nothing of it is kept.
    Io {
        /// Which.
        append: u64,
    },
    /// This append fails, and only its first entries are kept.
    Short {
        /// Which.
        append: u64,
        /// So many.
        kept: usize,
    },
    /// The process dies before this entry is kept. What goes before it in its group is kept.
    DiesBefore(u64),
    /// The process dies as soon as this entry is kept. What follows it in its group is not kept, and nobody hears that it
    /// is kept.
    DiesAfter(u64),
}

/// Reads what a [`Memory`] holds, also after that is gone.
#[derive(Debug, Clone, Default)]
pub struct MemoryReader(Arc<Mutex<Vec<Entry>>>);

impl MemoryReader {
    /// Everything that is kept.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// What was kept after the first so many.
    #[must_use]
    pub fn entries_after(&self, last: u64) -> Vec<Entry> {
        let from = usize::try_from(last).unwrap_or(usize::MAX);
        self.lock().get(from..).unwrap_or_default().to_vec()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        // Whoever panicked with it left whole entries: they are pushed one at a time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that goes on behind these entries, as after a crash. Whoever takes it appends that the pen was taken.
    #[must_use]
    pub fn after(entries: Vec<Entry>) -> Self {
        let (last, epoch) = entries.last().map_or((0, 0), |entry| (entry.seq, entry.epoch));
        Self { kept: MemoryReader(Arc::new(Mutex::new(entries))), last, epoch, ..Self::default() }
    }

    /// Makes something go wrong.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Reads along, and after.
    #[must_use]
    pub fn reader(&self) -> MemoryReader {
        self.kept.clone()
    }

    fn is_usable(&self) -> Result<(), JournalError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Keeps these entries, and then fails for ever.
    fn keep_and_fail(&mut self, entries: &[Entry], error: JournalError) -> Result<(), JournalError> {
        self.keep(entries);
        self.failed = Some(error.clone());
        Err(error)
    }

    fn keep(&mut self, entries: &[Entry]) {
        if let Some(entry) = entries.last() {
            (self.last, self.epoch) = (entry.seq, entry.epoch);
        }
        self.kept.lock().extend_from_slice(entries);
    }

    /// So many of a group are kept before it fails, and why.
    fn fault_of(&self, entries: &[Entry]) -> Option<(usize, JournalError)> {
        let until = |seq: u64| entries.iter().take_while(|entry| entry.seq < seq).count();
        let meets = |seq: u64| entries.iter().any(|entry| entry.seq == seq);
        let mut met = self.faults.iter().filter_map(|fault| match *fault {
            Fault::Io { append } if append == self.appends => Some((0, broken(5))),
            Fault::Short { append, kept } if append == self.appends => Some((kept.min(entries.len()), broken(28))),
            Fault::DiesBefore(seq) if meets(seq) => Some((until(seq), JournalError::Stopped)),
            Fault::DiesAfter(seq) if meets(seq) => Some((until(seq) + 1, JournalError::Stopped)),
            Fault::Io { .. }
            | Fault::Short { .. }
            | Fault::DiesBefore(_)
            | Fault::DiesAfter(_)
            | Fault::NoRoom { .. }
            | Fault::Full { .. } => None,
        });
        met.next()
    }

    /// Whether the disk can become full, and is.
    fn fullness(&self) -> Option<bool> {
        let from = self.faults.iter().filter_map(|fault| match *fault {
            Fault::Full { reserve } => Some(reserve),
            Fault::Io { .. }
            | Fault::Short { .. }
            | Fault::DiesBefore(_)
            | Fault::DiesAfter(_)
            | Fault::NoRoom { .. } => None,
        });
        from.min().map(|from| self.reserves >= from)
    }
}

impl Journal for Memory {
    fn last(&self) -> u64 {
        self.last
    }

    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn digest(&self) -> Option<String> {
        None
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        self.is_usable()?;
        if entries.is_empty() {
            return Ok(());
        }
        goes_on(self, entries)?;
        if let Some(full) = self.fullness() {
            let bytes = entries.iter().map(|entry| room_for(std::slice::from_ref(&entry.event))).sum();
            if full && bytes > self.room {
                return Err(JournalError::NoRoom { bytes });
            }
            self.room = self.room.saturating_sub(bytes);
        }
        self.appends += 1;
        match self.fault_of(entries) {
            Some((kept, error)) => self.keep_and_fail(&entries[..kept], error),
            None => {
                self.keep(entries);
                Ok(())
            }
        }
    }

    fn reserve(&mut self, bytes: u64) -> Result<(), JournalError> {
        self.is_usable()?;
        self.reserves += 1;
        let now = Fault::NoRoom { reserve: self.reserves };
        let full = self.fullness() == Some(true) && bytes > self.room;
        if full || self.faults.contains(&now) {
            return Err(JournalError::NoRoom { bytes });
        }
        self.room = self.room.max(bytes);
        Ok(())
    }
}

/// What the system says by this number: 5 is EIO, 28 is ENOSPC.
fn broken(number: i32) -> JournalError {
    JournalError::Io { doing: "writing to the journal", cause: Arc::new(io::Error::from_raw_os_error(number)) }
}

#[cfg(test)]
mod tests {
    use super::Fault;
    use super::Memory;
    use super::MemoryReader;
    use crate::journal::Journal;
    use crate::journal::JournalError;
    use crate::journal::room_for;
    use crate::run::Event;
    use crate::run::RunEnd;
    use crate::run::Stamp;
    use crate::run::Who;

    fn started(step: &str) -> Event {
        Event::Started { step: step.into(), attempt: 1 }
    }

    fn ended(end: RunEnd) -> Event {
        Event::RunEnded { end }
    }

    fn taken() -> Event {
        Event::PenTaken { by: Who { user: "jo".into(), uid: 1, pid: 2, host: "h".into() } }
    }

    fn write(journal: &mut Memory, events: Vec<Event>) -> Result<(), JournalError> {
        let entries = journal.number(Stamp(7), events);
        journal.append(&entries)
    }

    /// Three groups: of two, of one, of three.
    fn run(journal: &mut Memory) -> Result<(), JournalError> {
        write(journal, vec![started("a"), started("b")])?;
        write(journal, vec![started("c")])?;
        write(journal, vec![started("d"), started("e"), started("f")])
    }

    fn seqs(reader: &MemoryReader) -> Vec<u64> {
        reader.entries().iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn entries_count_from_1_and_each_taking_of_the_pen_is_an_epoch() {
        let mut journal = Memory::new();
        write(&mut journal, vec![started("a"), taken(), started("b")]).unwrap();
        write(&mut journal, vec![taken(), started("c")]).unwrap();
        let numbers: Vec<_> = journal.reader().entries().iter().map(|entry| (entry.seq, entry.epoch)).collect();
        assert_eq!(numbers, [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)]);
        let mut next = Memory::after(journal.reader().entries());
        assert_eq!((next.last(), next.epoch()), (5, 2));
        write(&mut next, vec![taken()]).unwrap();
        assert_eq!((next.last(), next.epoch()), (6, 3));
        assert_eq!(next.reader().entries_after(5).len(), 1);
    }

    #[test]
    fn entries_that_do_not_go_on_are_refused_and_change_nothing() {
        let mut journal = Memory::new();
        let early = journal.number(Stamp(7), vec![started("a")]);
        journal.append(&early).unwrap();
        assert!(matches!(journal.append(&early), Err(JournalError::OutOfOrder { want: 2, given: 1 })));
        write(&mut journal, vec![started("b")]).unwrap();
        assert_eq!(seqs(&journal.reader()), [1, 2]);
    }

    #[test]
    fn a_crash_at_any_entry_leaves_exactly_what_is_before_it() {
        for dies in 1..=6 {
            let mut before = Memory::new().with(Fault::DiesBefore(dies));
            assert!(matches!(run(&mut before), Err(JournalError::Stopped)));
            assert_eq!(seqs(&before.reader()), (1..dies).collect::<Vec<_>>());
            assert!(matches!(write(&mut before, vec![started("x")]), Err(JournalError::Stopped)));

            let mut after = Memory::new().with(Fault::DiesAfter(dies));
            assert!(matches!(run(&mut after), Err(JournalError::Stopped)));
            assert_eq!(seqs(&after.reader()), (1..=dies).collect::<Vec<_>>());
        }
        let mut beyond = Memory::new().with(Fault::DiesAfter(7));
        run(&mut beyond).unwrap();
    }

    #[test]
    fn a_failed_write_is_believed_and_so_is_everything_after_it() {
        let mut journal = Memory::new().with(Fault::Io { append: 2 });
        assert!(matches!(run(&mut journal), Err(JournalError::Io { .. })));
        assert!(matches!(write(&mut journal, vec![started("x")]), Err(JournalError::Io { .. })));
        assert!(matches!(journal.reserve(1), Err(JournalError::Io { .. })));
        assert_eq!(seqs(&journal.reader()), [1, 2]);

        let mut short = Memory::new().with(Fault::Short { append: 3, kept: 2 });
        assert!(matches!(run(&mut short), Err(JournalError::Io { .. })));
        assert_eq!(seqs(&short.reader()), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn without_room_what_was_started_can_still_be_ended() {
        let mut journal = Memory::new().with(Fault::NoRoom { reserve: 1 }).with(Fault::Full { reserve: 3 });
        assert!(matches!(journal.reserve(100), Err(JournalError::NoRoom { bytes: 100 })));
        let end = vec![ended(RunEnd::Done)];
        journal.reserve(room_for(&[started("a")]) + room_for(&end)).unwrap();
        write(&mut journal, vec![started("a")]).unwrap();
        assert!(matches!(journal.reserve(10_000), Err(JournalError::NoRoom { .. })));
        let long = "b".repeat(10_000);
        assert!(matches!(write(&mut journal, vec![started(&long)]), Err(JournalError::NoRoom { .. })));
        write(&mut journal, end).unwrap();
        assert_eq!(seqs(&journal.reader()), [1, 2]);
    }
}

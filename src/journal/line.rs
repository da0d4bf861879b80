//! One entry as one line of text: the fields of the entry, and a digest that chains it to the line before.

use std::io;
use std::io::Write;

use crate::run::Event;

/// More than everything in a line but the event itself can take: four numbers, their names, and the digest.
const AROUND_EVENT: u64 = 256;

/// As much room as these events can take, whatever numbers they get. For [`Journal::reserve`](crate::journal::Journal::reserve).
#[must_use]
pub fn room_for(events: &[Event]) -> u64 {
    events.iter().map(|event| AROUND_EVENT + written(event)).sum()
}

fn written(event: &Event) -> u64 {
    let mut counted = Counted(0);
    // An event is plain data with text for keys, which JSON can always hold; and counting can't fail.
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

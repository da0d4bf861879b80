//! Keeps the beginning and the end of whatever is printed or answered, in bounded memory, and shows it masked.

use crate::driver::Said;
use crate::driver::mask::Mask;
use crate::driver::shown::said;

/// The beginning and the end of an output, with room for a secret at each cut.
#[derive(Debug)]
pub(super) struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    total: u64,
    cap: usize,
    slack: usize,
}

impl Kept {
    /// Keeps `cap` bytes in the end.
    pub(super) fn new(cap: u64, mask: &Mask) -> Self {
        let cap = usize::try_from(cap).unwrap_or(usize::MAX / 8);
        Self { head: Vec::new(), tail: Vec::new(), total: 0, cap, slack: mask.width() }
    }

    /// An empty one with the same room.
    pub(super) const fn as_new(&self) -> Self {
        Self { head: Vec::new(), tail: Vec::new(), total: 0, cap: self.cap, slack: self.slack }
    }

    /// The beginning, as it came: for what is read by us, and not shown.
    pub(super) fn raw(&self) -> &[u8] {
        &self.head
    }

    /// Takes in what came.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.total += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let room = (self.cap + self.slack).saturating_sub(self.head.len());
        self.head.extend(&bytes[..bytes.len().min(room)]);
        self.tail.extend(bytes);
        let most = self.cap + self.slack;
        if self.tail.len() > 2 * most + bytes.len() {
            self.tail.drain(..self.tail.len() - most);
        }
    }

    fn is_whole(&self) -> bool {
        u64::try_from(self.head.len()) == Ok(self.total)
    }

    /// Whether what is kept holds this.
    pub(super) fn has(&self, text: &[u8]) -> bool {
        let within = |bytes: &[u8]| text.is_empty() || bytes.windows(text.len()).any(|window| window == text);
        within(&self.head) || within(&self.tail)
    }

    /// What may be shown of it.
    pub(super) fn said(&self, mask: &Mask) -> Said {
        let cap = u64::try_from(self.cap).unwrap_or(u64::MAX);
        let head = mask.apply(&self.head);
        if self.is_whole() {
            let total = u64::try_from(head.len()).unwrap_or(u64::MAX);
            return said(&head, &head, total, cap);
        }
        // At the cuts there may be a part of a secret that is not seen as one.
        let head = &head[..head.len().saturating_sub(self.slack)];
        let tail = mask.apply(&self.tail);
        let tail = &tail[self.slack.min(tail.len())..];
        said(head, tail, self.total.max(cap + 1), cap)
    }
}

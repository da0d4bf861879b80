//! A short row of numbers that needs no memory of its own.
//!
//! Placement of ten thousand services makes a million rows of amounts, each as long as the estate has kinds of
//! resources: two or three. Were each a vector, asking for memory and giving it back would cost more than the sums.

use std::fmt;
use std::ops::Deref;
use std::ops::DerefMut;

/// Estates name cores, network, memory, disks; who names more gets vectors.
const FEW: usize = 4;

/// A row of numbers, read and written as a slice.
#[derive(Clone, PartialEq, Eq)]
pub struct Numbers(Held);

#[derive(Clone, PartialEq, Eq)]
enum Held {
    /// The first `len` count; the others are zero, so that equal rows are equal bytes.
    Few { len: u8, row: [u64; FEW] },
    /// More than [`FEW`].
    Many(Vec<u64>),
}

impl Numbers {
    /// So many zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        match u8::try_from(len) {
            Ok(few) if len <= FEW => Self(Held::Few { len: few, row: [0; FEW] }),
            Ok(_) | Err(_) => Self(Held::Many(vec![0; len])),
        }
    }
}

impl Default for Numbers {
    fn default() -> Self {
        Self::zeros(0)
    }
}

impl Deref for Numbers {
    type Target = [u64];

    #[inline]
    fn deref(&self) -> &[u64] {
        match &self.0 {
            Held::Few { len, row } => &row[..usize::from(*len)],
            Held::Many(row) => row,
        }
    }
}

impl DerefMut for Numbers {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u64] {
        match &mut self.0 {
            Held::Few { len, row } => &mut row[..usize::from(*len)],
            Held::Many(row) => row,
        }
    }
}

impl<'a> IntoIterator for &'a Numbers {
    type Item = &'a u64;
    type IntoIter = std::slice::Iter<'a, u64>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<&[u64]> for Numbers {
    fn from(row: &[u64]) -> Self {
        let mut numbers = Self::zeros(row.len());
        numbers.copy_from_slice(row);
        numbers
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn a_row_is_as_long_as_it_was_made() {
        for len in 0..9 {
            let mut row = Numbers::zeros(len);
            assert_eq!(row.len(), len);
            if let Some(last) = row.last_mut() {
                *last = 7;
            }
            assert_eq!(row, Numbers::from(&*row));
            assert_eq!(row.iter().sum::<u64>(), if len > 0 { 7 } else { 0 });
        }
    }
}

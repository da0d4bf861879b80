//! Takes secrets out of bytes: as they are, in base64, and as they stand in an address.
//!
//! Here and in the wrapper it is done by the same list. What is shorter than four bytes is not masked: it would tear
//! holes into every text, and is no secret.

use std::fmt;

/// What is to be taken out. Longest first, so that a secret that holds another one goes as a whole.
#[derive(Clone, Default)]
pub(super) struct Mask(Vec<Vec<u8>>);

const SHORTEST: usize = 4;
/// The wrapper may hold back this much when a chunk ends in what could be the beginning of a secret. A longer secret is
/// taken out piece by piece.
const LONGEST: usize = 200;
/// All of it goes to the wrapper through one variable, in octal, and Linux ends a variable at 128 KB. Where secrets are
/// so large, their forms are masked as far as there is room, the likeliest first.
const SIZE_MAX: usize = 20_000;

impl Mask {
    /// A mask for these values.
    pub(super) fn of<'v>(values: impl Iterator<Item = &'v [u8]>) -> Self {
        let values: Vec<&[u8]> = values.filter(|value| value.len() >= SHORTEST).collect();
        // A key of many lines is often printed line by line.
        let plain = values.iter().flat_map(|value| value.split(|byte| matches!(byte, b'\n' | b'\r')));
        let mut all: Vec<Vec<u8>> = Vec::new();
        for form in [
            plain.map(Form::bare).collect::<Vec<_>>(),
            values.iter().map(|value| base64(value, b'+', b'/')).collect(),
            values.iter().map(|value| escaped(value, true)).collect(),
            values.iter().map(|value| base64(value, b'-', b'_')).collect(),
            values.iter().map(|value| escaped(value, false)).collect(),
        ] {
            let size = |list: &[Vec<u8>]| list.iter().map(Vec::len).sum::<usize>();
            let form: Vec<Vec<u8>> = form.iter().flat_map(Form::pieces).collect();
            if !all.is_empty() && size(&all) + size(&form) > SIZE_MAX {
                break;
            }
            all.extend(form);
            all.retain(|piece| piece.len() >= SHORTEST);
            all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            all.dedup();
        }
        Self(all)
    }

    /// How many bytes at a cut may be a part of a secret that is no longer whole.
    pub(super) fn width(&self) -> usize {
        self.0.first().map_or(0, |longest| longest.len() - 1)
    }

    /// The same bytes, with `***` for every secret.
    pub(super) fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((first, others)) = rest.split_first() {
            if let Some(secret) = self.0.iter().find(|secret| rest.starts_with(secret)) {
                clean.extend(b"***");
                rest = &rest[secret.len()..];
            } else {
                clean.push(*first);
                rest = others;
            }
        }
        clean
    }

    /// The list as the wrapper wants it: bytes in octal, `\0141\0142`, parted by spaces.
    pub(super) fn in_octal(&self) -> String {
        let word = |secret: &Vec<u8>| secret.iter().map(|byte| format!("\\0{byte:03o}")).collect::<String>();
        self.0.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// A secret as it may be written.
struct Form {
    text: Vec<u8>,
    /// What may stand behind it or be missing, and is to go with it: it would tell something of its length.
    fill: &'static [u8],
}

impl Form {
    fn bare(text: &[u8]) -> Self {
        Self { text: text.to_vec(), fill: b"" }
    }

    /// What is looked for.
    fn pieces(&self) -> Vec<Vec<u8>> {
        if self.text.len() < SHORTEST {
            return Vec::new();
        }
        let count = self.text.len().div_ceil(LONGEST);
        let mut pieces: Vec<Vec<u8>> = self.text.chunks(self.text.len().div_ceil(count)).map(<[u8]>::to_vec).collect();
        if !self.fill.is_empty() {
            let filled = pieces.last().map(|last| [last.as_slice(), self.fill].concat());
            pieces.extend(filled);
        }
        pieces
    }
}

fn base64(bytes: &[u8], plus: u8, slash: u8) -> Form {
    let sign = |six: u32| match u8::try_from(six & 63).unwrap_or(0) {
        six @ 0..=25 => b'A' + six,
        six @ 26..=51 => b'a' + six - 26,
        six @ 52..=61 => b'0' + six - 52,
        62 => plus,
        _ => slash,
    };
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let word = three[0] << 16 | three[1] << 8 | three[2];
        let signs = [word >> 18, word >> 12, word >> 6, word].map(sign);
        text.extend(&signs[..=chunk.len()]);
    }
    let fill: &[u8] = match bytes.len() % 3 {
        0 => b"",
        1 => b"==",
        _ => b"=",
    };
    Form { text, fill }
}

/// As it stands in an address.
fn escaped(bytes: &[u8], upper: bool) -> Form {
    let mut text = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(*byte),
            _ if upper => text.extend(format!("%{byte:02X}").bytes()),
            _ => text.extend(format!("%{byte:02x}").bytes()),
        }
    }
    Form { text, fill: b"" }
}

impl fmt::Debug for Mask {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Mask({} pieces)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Mask;

    fn masked(secret: &str, text: &str) -> String {
        let mask = Mask::of([secret.as_bytes()].into_iter());
        String::from_utf8(mask.apply(text.as_bytes())).unwrap()
    }

    #[test]
    fn every_form_of_a_secret_is_masked() {
        assert_eq!(masked("p@ss word/1", "as p@ss word/1 is"), "as *** is");
        // By coreutils' base64, and by python's quote.
        assert_eq!(masked("p@ss word/1", "Authorization: cEBzcyB3b3JkLzE="), "Authorization: ***");
        assert_eq!(masked("p@ss word/1", "cEBzcyB3b3JkLzE, and cEBzcyB3b3JkLzE=="), "***, and ***=");
        assert_eq!(masked("p@ss word/1", "?k=p%40ss%20word%2F1&x"), "?k=***&x");
        assert_eq!(masked("p@ss word/1", "?k=p%40ss%20word%2f1&x"), "?k=***&x");
        assert_eq!(masked("\u{ff}\u{ff}?>x", "w7_Dvz8-eA w7/Dvz8+eA"), "*** ***");
        assert_eq!(masked("abc", "abc"), "abc");
        assert_eq!(masked("first line\nsecond line", "got second line, first line"), "got ***, ***");
    }

    #[test]
    fn a_long_secret_is_masked_piece_by_piece() {
        let secret: String = ('a'..='z').cycle().take(777).collect();
        let text = masked(&secret, &format!("<{secret}>"));
        assert!(text.bytes().all(|byte| b"<*>".contains(&byte)), "{text}");
        assert!(Mask::of([secret.as_bytes()].into_iter()).width() < 200);
    }

    #[test]
    fn what_is_shown_of_a_mask_is_nothing() {
        assert_eq!(format!("{:?}", Mask::of([b"hunter2".as_slice()].into_iter())), "Mask(3 pieces)");
        assert_eq!(
            Mask::of([b"aaaa".as_slice()].into_iter()).in_octal(),
            r"\0131\0127\0106\0150\0131\0121\0075\0075 \0131\0127\0106\0150\0131\0121 \0141\0141\0141\0141"
        );
    }
}

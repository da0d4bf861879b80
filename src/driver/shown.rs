//! Bytes that somebody printed, made safe for any terminal: no control character leaves this file but `\n` and `\t`.

use crate::driver::Said;

/// As text that can be shown: `^[` for an escape, `<U+202E>` for what turns the direction of a line.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut safe = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => safe.push(c),
            // A progress bar writes line over line.
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => safe.push('\n'),
            '\0'..='\u{1f}' => safe.extend(['^', char::from(c as u8 + b'@')]),
            '\u{7f}' => safe.push_str("^?"),
            '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{feff}' => escape(&mut safe, c),
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => escape(&mut safe, c),
            '\u{e0000}'..='\u{e007f}' => escape(&mut safe, c),
            _ => safe.push(c),
        }
    }
    safe
}

/// Of bytes of which the middle may be missing, what is kept: `cap` bytes, half of them from the beginning.
///
/// `head` is contiguous from the first byte on, `tail` ends with the last of `total`; they may overlap.
pub(super) fn said(head: &[u8], tail: &[u8], total: u64, cap: u64) -> Said {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let index = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    if length(head) == total && total <= cap {
        return Said { head: shown(head), ..Said::default() };
    }
    let head = &head[..head.len().min(index(cap / 2))];
    let room = (cap - cap / 2).min(total - length(head));
    let tail = &tail[tail.len().saturating_sub(index(room))..];
    let dropped_bytes = total - length(head) - length(tail);
    Said { head: shown(head), tail: shown(tail), dropped_bytes }
}

fn escape(safe: &mut String, c: char) {
    safe.push_str(&format!("<U+{:04X}>", u32::from(c)));
}

#[cfg(test)]
mod tests {
    use super::said;
    use super::shown;

    #[test]
    fn no_control_character_passes() {
        assert_eq!(shown(b"\x1b[2J\x1b]0;title\x07 a\tb\r\nc\rd\x7f\0"), "^[[2J^[]0;title^G a\tb\nc\nd^?^@");
        assert_eq!(shown("\u{9b}31m 한글 \u{202e}".as_bytes()), "<U+009B>31m 한글 <U+202E>");
        assert_eq!(shown(b"\xff\xfe"), "\u{fffd}\u{fffd}");
        for byte in 0..=255_u8 {
            assert!(shown(&[byte]).chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{byte}");
        }
    }

    #[test]
    fn the_middle_is_dropped_and_counted() {
        let is = |head: &str, tail: &str, total, cap| {
            let said = said(head.as_bytes(), tail.as_bytes(), total, cap);
            (said.head, said.tail, said.dropped_bytes)
        };
        assert_eq!(is("abcdef", "", 6, 6), ("abcdef".into(), String::new(), 0));
        assert_eq!(is("abcdef", "abcdef", 6, 4), ("ab".into(), "ef".into(), 2));
        assert_eq!(is("abc", "xyz", 100, 4), ("ab".into(), "yz".into(), 96));
        assert_eq!(is("abc", "xyz", 100, 0), (String::new(), String::new(), 100));
        assert_eq!(is("", "", 0, 0), (String::new(), String::new(), 0));
    }
}

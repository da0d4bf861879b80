//! The small words of every screen: instants, spans, levels, lists that fold, texts that fit a width.
//!
//! Width is counted in columns of a terminal, so that Korean lines up. Nothing here knows what a text is about.

use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Through;
use crate::plan::Impact;
use crate::plan::Level;
use crate::plan::Mode;

/// An instant counted from the declaration: `T+07:30`, from an hour on `T+1:07:30`. Rounded up: never promised too early.
#[must_use]
pub fn at(instant: Millis) -> String {
    let secs = instant.0.div_ceil(1_000);
    let (hours, minutes, secs) = (secs / 3_600, secs / 60 % 60, secs % 60);
    if hours == 0 { format!("T+{minutes:02}:{secs:02}") } else { format!("T+{hours}:{minutes:02}:{secs:02}") }
}

/// A span as people say it: `1m30s`. From a second on it is rounded up to whole seconds.
#[must_use]
pub fn span(span: Millis) -> String {
    if span.0 < 1_000 { span.to_string() } else { Millis::from_secs(span.0.div_ceil(1_000)).to_string() }
}

/// A span as far as it matters, rounded down: what is spare is never overstated. Seconds matter below ten minutes.
#[must_use]
pub fn rough(span: Millis) -> String {
    let unit = match span.0 {
        0..600_000 => 1_000,
        600_000..86_400_000 => 60_000,
        _ => 3_600_000,
    };
    Millis(span.0 / unit * unit).to_string()
}

/// A share in whole percent, rounded down: what is promised is never overstated.
#[must_use]
pub fn percent(share: Ppm) -> String {
    match share.0 {
        0 => "0 %".to_owned(),
        1..10_000 => "<1 %".to_owned(),
        some => format!("{} %", some / 10_000),
    }
}

/// A level in a word.
#[must_use]
pub const fn level(level: Level) -> &'static str {
    match level {
        Level::Shed => "shed",
        Level::Degraded => "degraded",
        Level::Full => "full",
    }
}

/// An impact in a word.
#[must_use]
pub const fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::Unaffected => "unaffected",
        Impact::Waiting => "waiting",
        Impact::Exposed => "exposed",
        Impact::Reduced => "reduced",
        Impact::Down => "down",
        Impact::Stranded => "stranded",
    }
}

/// A kind of plan in a word.
#[must_use]
pub const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Failover => "failover",
        Mode::Switchover => "switchover",
        Mode::Failback => "failback",
        Mode::Retreat => "retreat",
    }
}

/// In what way one service needs another, as the end of "… needs it".
#[must_use]
pub const fn through(through: Through) -> &'static str {
    match through {
        Through::Hard => "to serve",
        Through::Start => "to start",
        Through::Uses => "for the steps that recover it",
    }
}

/// `1 step`, `2 steps`.
#[must_use]
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// As a shell takes it. What was read as a scope holds no quote.
#[must_use]
pub fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.:@/+,=".contains(letter);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{text}'") }
}

/// How many columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text on one line, with a space for every character that a terminal would obey.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The text, cut to a width; what is cut ends in `…`. What a terminal would obey is taken out.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    let text = plain(text);
    if width(&text) <= columns {
        return text;
    }
    let mut kept = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        taken += letter.width().unwrap_or(0);
        if taken >= columns {
            break;
        }
        kept.push(letter);
    }
    format!("{}…", kept.trim_end())
}

/// The text, filled up with spaces to a width.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// As many names as fit, then how many more there are: `a, b, … and 7 more`. The first always stands, cut if it must.
#[must_use]
pub fn fold<T: AsRef<str>>(names: &[T], columns: usize) -> String {
    let more = |kept: usize| match names.len() - kept {
        0 => String::new(),
        left => format!(", … and {left} more"),
    };
    let mut line = String::new();
    for (kept, name) in names.iter().enumerate() {
        let parted = if kept == 0 { name.as_ref().to_owned() } else { format!("{line}, {}", name.as_ref()) };
        if width(&parted) + width(&more(kept + 1)) > columns {
            let rest = more(kept.max(1));
            let first = if kept == 0 { cut(name.as_ref(), columns.saturating_sub(width(&rest))) } else { line };
            return format!("{first}{rest}");
        }
        line = parted;
    }
    line
}

/// Lines of at most a width, broken between words only; a word that is longer stands on a line of its own.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in plain(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A paragraph: a head, then text beside it, each further line indented below the text.
#[must_use]
pub fn hang(head: &str, text: &str, columns: usize) -> String {
    let indent = width(head);
    let lines = wrap(text, columns.saturating_sub(indent).max(20));
    let mut out = format!("{head}{}\n", lines.first().map_or("", String::as_str));
    for line in lines.iter().skip(1) {
        out.push_str(&format!("{}{line}\n", " ".repeat(indent)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::at;
    use super::cut;
    use super::fold;
    use super::hang;
    use super::pad;
    use super::rough;
    use super::span;
    use super::width;
    use crate::model::Millis;

    #[test]
    fn instants_are_never_promised_too_early() {
        for (millis, text) in
            [(0, "T+00:00"), (1, "T+00:01"), (450_000, "T+07:30"), (3_599_001, "T+1:00:00"), (4_050_000, "T+1:07:30")]
        {
            assert_eq!(at(Millis(millis)), text);
        }
        assert_eq!(rough(Millis(28_358_900)), "7h52m");
        assert_eq!(rough(Millis(999)), "0s");
        assert_eq!(span(Millis(250)), "250ms");
        assert_eq!(span(Millis(89_500)), "1m30s");
    }

    #[test]
    fn korean_counts_double() {
        assert_eq!(width("판교 IDC"), 8);
        assert_eq!(cut("판교 IDC (Pangyo)", 8), "판교 ID…");
        assert_eq!(cut("텍스트", 4), "텍…");
        assert_eq!(pad("판교", 6), "판교  ");
    }

    #[test]
    fn a_list_folds_instead_of_running_over() {
        let names = ["session", "message-store", "push", "friends"];
        assert_eq!(fold(&names, 80), "session, message-store, push, friends");
        assert_eq!(fold(&names, 36), "session, message-store, … and 2 more");
        assert_eq!(fold(&names, 5), "…, … and 3 more");
        assert_eq!(fold::<&str>(&[], 5), "");
    }

    #[test]
    fn no_word_is_broken() {
        assert_eq!(
            hang("do: ", "start it by hand, then tell the others", 25),
            "do: start it by hand,\n    then tell the others\n"
        );
    }
}

//! How a frame gets onto a terminal: over the one before, in one piece, and each line ended as a line.
//!
//! indicatif keeps the pace and says what is drawn. Left to itself it empties the frame before it draws the next one, and
//! fills lines up with blanks until the terminal breaks them: then a slow line flickers, and a command that is marked in
//! order to be copied comes with the whole frame around it.

use std::io;
use std::io::Write;
use std::sync::Mutex;
use std::sync::PoisonError;

use indicatif::TermLike;

use crate::cli::ui::Ui;

/// A terminal, and the frame that stands on it.
#[derive(Debug)]
pub(crate) struct Frame {
    ui: Ui,
    drawn: Mutex<Drawn>,
}

#[derive(Debug, Default)]
struct Drawn {
    /// Lines of the frame that comes, and whether each leaves room at its right.
    next: Vec<(String, bool)>,
    /// What is written next fills a line up.
    fills: bool,
    /// How many lines stand there. The cursor is in the last of them.
    rows: usize,
}

impl Frame {
    pub(crate) fn new(ui: Ui) -> Self {
        Self { ui, drawn: Mutex::default() }
    }

    fn drawn(&self) -> std::sync::MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drawn {
    /// What puts the next frame over the one that stands there.
    fn bytes(&mut self) -> String {
        let lines = std::mem::take(&mut self.next);
        self.fills = false;
        let rows = std::mem::replace(&mut self.rows, lines.len());
        let mut out = String::new();
        if rows > 1 {
            out.push_str(&format!("\u{1b}[{}A", rows - 1));
        }
        out.push('\r');
        let Some(((last, _), before)) = lines.split_last() else { return out + BELOW };
        for (line, has_room) in before {
            out.push_str(line);
            // In the last column a terminal would take the letter that stands there.
            out.push_str(if *has_room { RIGHT } else { "" });
            out.push_str("\r\n");
        }
        out + BELOW + last
    }
}

/// Empties what is right of the cursor.
const RIGHT: &str = "\u{1b}[K";
/// Empties what is right of the cursor and below it.
const BELOW: &str = "\u{1b}[J";

impl TermLike for Frame {
    fn width(&self) -> u16 {
        u16::try_from(self.ui.size().columns).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(self.ui.size().lines).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.drawn().next.push((text.to_owned(), true));
        Ok(())
    }

    /// A line, and then the blanks that fill it up.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut drawn = self.drawn();
        drawn.fills = !drawn.fills;
        if drawn.fills {
            drawn.next.push((text.to_owned(), true));
        } else if let Some((_, has_room)) = drawn.next.last_mut() {
            *has_room = !text.is_empty();
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let bytes = self.drawn().bytes();
        let mut out = io::stdout().lock();
        out.write_all(bytes.as_bytes())?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::Drawn;

    fn lines(lines: &[(&str, bool)]) -> Vec<(String, bool)> {
        lines.iter().map(|(line, has_room)| ((*line).to_owned(), *has_room)).collect()
    }

    #[test]
    fn a_frame_is_written_over_the_one_before() {
        let mut drawn = Drawn { next: lines(&[("one", true), ("full", false), ("> ", true)]), ..Drawn::default() };
        assert_eq!(drawn.bytes(), "\rone\u{1b}[K\r\nfull\r\n\u{1b}[J> ");
        drawn.next = lines(&[("two", true), ("> a", true)]);
        assert_eq!(drawn.bytes(), "\u{1b}[2A\rtwo\u{1b}[K\r\n\u{1b}[J> a");
        assert_eq!(drawn.bytes(), "\u{1b}[1A\r\u{1b}[J");
        assert_eq!(drawn.bytes(), "\r\u{1b}[J");
    }
}

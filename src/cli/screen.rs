//! What is drawn again and again: one frame in place on a terminal, lines only in a pipe.
//!
//! The terminal stays in its usual mode, so there is nothing to undo when a process ends in a panic: the last frame stays
//! where it is, and what comes next stands below it.

use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressStyle;

use crate::cli::error::CommandError;
use crate::cli::frame::Frame;
use crate::cli::ui::Ui;
use crate::report::run_screen::Size;

/// More often than this nobody can read.
const FRAMES_PER_SECOND: u8 = 10;
/// The terminal is emptied, and drawing begins at its top.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// A frame on a terminal, or a pipe.
#[derive(Debug)]
pub(crate) struct Screen {
    ui: Ui,
    /// None in a pipe.
    bar: Option<ProgressBar>,
    size: Size,
}

impl Screen {
    /// Nothing is drawn yet.
    pub(crate) fn new(ui: Ui) -> Self {
        let bar = ui.terminal.then(|| {
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(Frame::new(ui)), FRAMES_PER_SECOND);
            let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::with_draw_target(None, target).with_style(style)
        });
        Self { ui, bar, size: ui.size() }
    }

    /// Whether frames are drawn; in a pipe only lines are written.
    pub(crate) const fn is_live(&self) -> bool {
        self.bar.is_some()
    }

    /// How much room a frame has now.
    pub(crate) fn size(&self) -> Size {
        self.ui.size()
    }

    /// Somebody else wrote here: the next frame is drawn into an empty terminal.
    pub(crate) fn anew(&self) {
        if let Some(bar) = &self.bar {
            bar.suspend(|| self.ui.data(CLEAR)).unwrap_or_default();
        }
    }

    /// Draws a frame that was made for this size in the place of the one before. In a pipe it does nothing.
    pub(crate) fn draw(&mut self, frame: &str, size: Size) -> Result<(), CommandError> {
        let Some(bar) = &self.bar else { return Ok(()) };
        if size != self.ui.size() {
            // It changed since: the next frame will fit.
            return Ok(());
        }
        bar.set_message(frame.trim_end_matches('\n').to_owned());
        if size == self.size {
            bar.tick();
        } else {
            // A terminal breaks its old lines anew when it changes: where they went nobody can say. What is drawn after the
            // pause is the frame that was set before it.
            self.size = size;
            bar.suspend(|| self.ui.data(CLEAR))?;
        }
        Ok(())
    }

    /// Writes a line that stays, above the frame.
    pub(crate) fn line(&self, text: &str) -> Result<(), CommandError> {
        let line = format!("{text}\n");
        match &self.bar {
            Some(bar) => bar.suspend(|| self.ui.data(&line)),
            None => self.ui.data(&line),
        }
    }

    /// The last frame stays, and what comes next stands below it.
    pub(crate) fn close(mut self) {
        self.leave();
    }

    fn leave(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.abandon();
            // The cursor is in the last line of the frame. Nobody can be told that the terminal is gone.
            self.ui.data("\n").unwrap_or_default();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

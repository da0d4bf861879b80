//! How text is put before eyes: its width, and colour where that is asked for. Colour never carries meaning alone: the
//! words say the same without it.

/// What a piece of text is, as far as its colour goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A heading.
    Head,
    /// Somebody must look at it now.
    Alarm,
    /// Somebody should look at it.
    Care,
    /// In order.
    Good,
    /// Of less weight than the rest.
    Quiet,
}

/// The width of the oldest terminal that anybody will open tonight. Everything fits into it.
pub const NARROW: usize = 80;
/// What a laptop shows beside a chat window; wider lines are hard to read.
pub const WIDE: usize = 100;

/// Puts colour on text, or leaves it, and says how wide it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// Whether colour is wanted.
    pub color: bool,
    /// How many columns a line may take, [`NARROW`] at least.
    pub columns: usize,
}

impl Paint {
    /// The text in its tone.
    #[must_use]
    pub fn tone(self, tone: Tone, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Head => "1",
            Tone::Alarm => "1;31",
            Tone::Care => "33",
            Tone::Good => "32",
            Tone::Quiet => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A heading.
    #[must_use]
    pub fn head(self, text: &str) -> String {
        self.tone(Tone::Head, text)
    }

    /// What somebody must look at now.
    #[must_use]
    pub fn alarm(self, text: &str) -> String {
        self.tone(Tone::Alarm, text)
    }
}

#[cfg(test)]
mod tests {
    use super::NARROW;
    use super::Paint;

    #[test]
    fn colour_comes_only_when_asked_for() {
        let paint = |color| Paint { color, columns: NARROW };
        assert_eq!(paint(false).alarm("MISSED"), "MISSED");
        assert_eq!(paint(true).alarm("MISSED"), "\u{1b}[1;31mMISSED\u{1b}[0m");
    }
}

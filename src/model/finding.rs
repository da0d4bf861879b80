//! A fault in something written, with its place in a file.

use crate::model::Fault;
use crate::model::FileId;

/// A fault in something written. The reason is a value; the sentence is made in report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether a plan can be made in spite of it.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// Other places that belong to it: the first declaration of a name declared twice.
    pub also: Vec<Place>,
    /// What is wrong.
    pub fault: Fault,
}

impl Finding {
    /// A fault at a place, as severe as its kind.
    #[must_use]
    pub const fn new(place: Place, fault: Fault) -> Self {
        Self { severity: fault.severity(), place, also: Vec::new(), fault }
    }

    /// The same, with another place that belongs to it.
    #[must_use]
    pub fn with(mut self, also: Place) -> Self {
        self.also.push(also);
        self
    }

    /// The stable code of its kind.
    #[must_use]
    pub fn code(&self) -> Code {
        self.fault.code()
    }
}

/// Whether a plan can be made in spite of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// What it concerns can't be used.
    Error,
    /// It can be used, and should be looked at.
    Warning,
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which file.
    pub file: FileId,
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
}

/// The stable code of a kind of finding: `BH012`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u16);

impl std::fmt::Display for Code {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "BH{:03}", self.0)
    }
}

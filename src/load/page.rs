//! One file while it is read: its text, and what was found in it so far.

use std::cell::RefCell;
use std::ops::Range;

use crate::model::Fault;
use crate::model::FileId;
use crate::model::Finding;
use crate::model::Place;

/// A name or word as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) text: String,
    pub(super) place: Place,
}

/// One file while it is read.
pub(super) struct Page<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    findings: RefCell<Vec<Finding>>,
}

impl<'t> Page<'t> {
    pub(super) const fn new(file: FileId, text: &'t str) -> Self {
        Self { file, text, findings: RefCell::new(Vec::new()) }
    }

    pub(super) const fn place(&self, range: &Range<usize>) -> Place {
        Place { file: self.file, start: range.start, end: range.end }
    }

    pub(super) fn tell(&self, range: &Range<usize>, fault: Fault) {
        self.tell_at(self.place(range), fault);
    }

    pub(super) fn tell_at(&self, place: Place, fault: Fault) {
        self.findings.borrow_mut().push(Finding::new(place, fault));
    }

    pub(super) fn tell_twice(&self, place: Place, first: Place, fault: Fault) {
        self.findings.borrow_mut().push(Finding::new(place, fault).with(first));
    }

    pub(super) fn named(&self, text: &str, range: &Range<usize>) -> Named {
        Named { text: text.to_owned(), place: self.place(range) }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings.into_inner()
    }
}

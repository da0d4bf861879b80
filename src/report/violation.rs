//! The sentences of the second pair of eyes: which law a plan breaks, and where.
//!
//! A violation is a fault of whatever made the plan, so each sentence names the items by their ids: somebody will look
//! them up. Nothing is judged here.

use crate::model::Millis;
use crate::model::Ppm;
use crate::model::amount_text;
use crate::plan::Level;
use crate::plan::Limit;
use crate::plan::Noun;
use crate::plan::Violation;
use crate::report::words;

/// A broken law, in a sentence without its full stop.
#[must_use]
pub fn violation(violation: &Violation) -> String {
    document(violation)
        .or_else(|| pools(violation))
        .or_else(|| needs(violation))
        .or_else(|| places(violation))
        .or_else(|| writers(violation))
        .or_else(|| room(violation))
        .unwrap_or_else(|| summary(violation))
}

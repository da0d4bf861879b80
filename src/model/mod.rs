//! NOUNS. What is declared, and what was seen. No algorithms, no files, no clocks.

mod time;

pub use time::Millis;
pub use time::SpanError;

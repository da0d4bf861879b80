//! THE LOOP. The only place where what was decided meets hands, a journal and time.
//!
//! Read `cycle.rs` first: take what came in, fold what follows from it, decide, write it down, act. Whatever is decided is
//! decided by room run; this room only carries. It knows no socket, no terminal and no file.

mod able;
mod capacity;
mod cycle;
mod hand;
mod inbox;
mod job;
mod people;
mod position;
mod preflight;
mod rehearse;
#[cfg(test)]
mod tests;

pub use able::unable;
pub use cycle::Engine;
pub use cycle::EngineError;
pub use cycle::Leave;
pub use cycle::Observer;
pub use cycle::Patience;
pub use inbox::Gone;
pub use inbox::Handle;
pub use people::People;
pub use preflight::Look;
pub use preflight::preflight;
pub use preflight::routes;
pub use rehearse::Rehearsed;
pub use rehearse::Trial;
pub use rehearse::rehearse;

//! WHAT IS SO. The pure state machine of execution: events, their fold, what follows from an input, what may start.
//!
//! Read `event.rs` first: it is all that a journal can hold. Nothing here waits, reads a clock or touches anything: time
//! arrives with what happened. A run sees classes, which are numbers; it has never heard of tiers, or of kinds of plans.

mod event;

pub use event::DoneHow;
pub use event::End;
pub use event::Entry;
pub use event::Event;
pub use event::FailWhy;
pub use event::Found;
pub use event::HoldWhy;
pub use event::HostEnd;
pub use event::OpenedBy;
pub use event::Position;
pub use event::RunEnd;
pub use event::Seen;
pub use event::Stamp;
pub use event::StopWhy;
pub use event::Who;
pub use event::is_enough;

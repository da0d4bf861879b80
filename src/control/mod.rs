//! THE SOCKET, BOTH ENDS. People in other terminals ask something of a run that is going on, and get an answer.
//!
//! Read `wire.rs` first: one line asks, one line answers. [`Listener`] is where a run can be found, [`serve`] carries what
//! is asked to whoever decides, [`ask`] is the other end. Nothing is decided here, and nothing is written down: the
//! handler answers when what it did is durable.

mod ask;
mod error;
mod listener;
mod place;
mod serve;
#[cfg(test)]
mod tests;
mod wire;

pub use ask::ask;
pub use error::AskError;
pub use error::ListenError;
pub use listener::Listener;
pub use place::socket_path;
pub use serve::serve;
pub use wire::Answer;
pub use wire::Refusal;
pub use wire::Request;
pub use wire::VERSION;

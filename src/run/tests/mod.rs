//! What tests of a whole run share: the estate that ships, and somebody who plays its plans forward.

mod home;
pub(crate) mod player;
pub(crate) mod talk;

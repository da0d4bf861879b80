//! What tests of a whole run share: the estate that ships, and somebody who plays its plans forward.

mod home;
mod made;
mod outcomes;
pub(crate) mod player;
mod random;
mod retreat;
mod retreat_estate;
pub(crate) mod talk;
mod unheard;

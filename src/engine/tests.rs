//! The loop under virtual time.

mod bounds;
mod crash;
mod estate;
mod faults;
mod rules;
mod sections;
mod sleep;
mod watch;

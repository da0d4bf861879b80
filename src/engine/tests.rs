//! The loop under virtual time.

mod crash;
mod estate;
mod faults;
mod watch;

//! The loop under virtual time.

mod bounds;
mod copies;
mod crash;
mod estate;
mod family;
mod faults;
mod losses;
mod night;
mod rules;
mod sections;
mod sleep;
mod watch;

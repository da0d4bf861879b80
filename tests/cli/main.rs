//! The tool as people meet it: arguments in; stdout, stderr and an exit code out.
//!
//! Every test has a project of its own in a folder that vanishes, no colour, and a fixed day.

mod answer;
#[cfg(feature = "aws")]
mod aws;
mod crowd;
mod estate;
mod evacuate;
mod far;
mod live;
mod live_end;
mod looked;
#[cfg(feature = "aws")]
#[path = "../../src/driver/tests/moto.rs"]
mod moto;
mod moved;
mod net;
mod observe;
mod owed;
mod plan;
mod played;
mod preflight;
mod project;
mod real;
mod replan;
mod retreat;
mod run;
mod runs;
mod scale;
mod schema;
mod screen;
mod servers;
mod several;
mod small;
mod sshd;
mod status;
mod terminal;
mod tty;
mod web;

//! Bonghwa proves, rehearses and runs the evacuation of a datacenter.
//!
//! What people declare becomes a plan by thinking; the plan becomes facts by acting; facts become a report by reading.
//! Nothing flows back. `ARCHITECTURE.md` is the map, and holds the law of the rooms below.

pub mod cli;
pub mod control;
pub mod driver;
pub mod engine;
pub mod evidence;
pub mod graph;
pub mod journal;
pub mod load;
pub mod model;
pub mod placement;
pub mod plan;
pub mod report;
pub mod run;
pub mod schedule;
pub mod template;

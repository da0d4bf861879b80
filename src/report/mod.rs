//! EYES. Facts become text and JSON; nothing is decided, and no reason is found again.

pub mod action;
pub mod advice;
pub mod advice_many;
pub mod diff_text;
pub mod dry_run;
pub mod edge_cost;
pub mod edges;
pub mod explain;
pub mod explain_code;
pub mod explain_estate;
pub mod explain_lifeline;
mod explain_services;
pub mod explain_step;
mod explain_steps;
mod explain_written;
pub mod fault;
mod fault_services;
pub mod finding;
pub mod first_screen;
pub mod gate;
pub mod graph_dot;
pub mod graph_facts;
pub mod graph_text;
mod headline;
pub mod json;
pub mod lifeline;
pub mod owed;
pub mod paint;
pub mod people;
pub mod plan_services;
pub mod plan_steps;
pub mod plan_text;
pub mod preflight;
pub mod reason;
pub mod rehearsal;
pub mod retreat_text;
pub mod routes;
pub mod run_line;
pub mod run_list;
pub mod run_report;
mod run_report_summary;
mod run_report_tables;
pub mod run_screen;
mod run_screen_asks;
mod run_screen_services;
pub mod run_words;
pub mod schema;
pub mod shift_screen;
pub mod status;
pub mod status_json;
pub mod table;
pub mod violation;
pub mod wall;
pub mod waves;
pub mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_run;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod variants;

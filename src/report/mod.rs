//! EYES. Facts become text and JSON; nothing is decided, and no reason is found again.

pub mod action;
pub mod advice;
pub mod first_screen;
pub mod gate;
pub mod lifeline;
pub mod paint;
pub mod plan_services;
pub mod plan_steps;
pub mod plan_text;
pub mod reason;
pub mod table;
pub mod waves;
pub mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod variants;

//! WHAT IS SO. The pure state machine of execution: events, their fold, what follows from an input, what may start.
//!
//! Read `event.rs` first: it is all that a journal can hold. Nothing here waits, reads a clock or touches anything: time
//! arrives with what happened. A run sees classes, which are numbers; it has never heard of tiers, or of kinds of plans.

mod alike;
mod asked;
mod child;
mod command;
mod debt;
mod decide;
mod detail;
mod entry;
mod event;
mod fold;
mod fold_step;
mod forecast;
mod gate_state;
mod history;
mod observation;
pub mod preflight;
mod react;
mod retreat;
mod retreat_check;
mod retreat_facts;
mod retreat_paper;
mod script;
mod state;
mod step_state;
mod view;
mod ways;
mod writers;

pub use alike::HostsAlike;
pub use alike::alike;
pub use asked::asked;
pub use child::NoChild;
pub use child::NoNews;
pub use child::SoNow;
pub use child::child;
pub use child::inherit;
pub use command::Command;
pub use command::No;
pub use command::command;
pub use debt::Debt;
pub use decide::Act;
pub use decide::What;
pub use decide::act;
pub use decide::decide;
pub use decide::is_settled;
pub use detail::End;
pub use detail::Found;
pub use detail::HoldWhy;
pub use detail::HostEnd;
pub use detail::OpenedBy;
pub use detail::Position;
pub use detail::RunEnd;
pub use detail::Seen;
pub use detail::StopWhy;
pub use entry::Entry;
pub use entry::Stamp;
pub use entry::Who;
pub use event::Event;
pub use fold::Illegal;
pub use fold::fold;
pub use gate_state::GateRun;
pub use gate_state::GateState;
pub use history::History;
pub use observation::Distrust;
pub use observation::LeftBehind;
pub use observation::Unseen;
pub use observation::distrust;
pub use observation::left_behind;
pub use observation::observation;
pub use react::Input;
pub use react::is_within_promise;
pub use react::react;
pub use retreat::Retreat;
pub use retreat::retreat;
pub use retreat_check::Amiss;
pub use retreat_check::retreat_check;
pub use script::BrokenPlan;
pub use script::Guard;
pub use script::NodeAt;
pub use script::Script;
pub use state::State;
pub use state::Will;
pub use step_state::DoneHow;
pub use step_state::Doubt;
pub use step_state::FailWhy;
pub use step_state::StepRun;
pub use step_state::StepState;
pub use view::Progress;
pub use view::Standing;
pub use view::Stop;
pub use view::View;
pub use view::view;
pub use ways::Way;
pub use ways::ways;
pub use writers::writers;

#[cfg(test)]
pub(crate) mod broken;
#[cfg(test)]
pub(crate) mod played;
#[cfg(test)]
pub(crate) mod tests;

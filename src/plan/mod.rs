//! WHAT EXACTLY. The last thinking before anything acts.
//!
//! Read `pipeline.rs` first: it fits on a screen. [`prepare`] works out what an estate is, [`plan_on`] makes a plan of an
//! incident, [`verify`] looks at any plan without trusting who made it. The document is closed and complete; nothing
//! here reads a clock or a file, and nothing here makes a sentence.

mod away;
mod blank;
mod bracket;
mod canon;
mod circles;
mod clock;
mod diff;
mod document;
mod draft;
mod effects;
mod fetch;
mod gates;
mod ground;
mod http_on_paper;
mod issue;
mod lane;
mod mention;
mod names;
mod order;
mod outlook;
mod paper;
mod paper_services;
mod paper_sites;
mod paper_steps;
mod pipeline;
mod refuse;
mod room;
mod scene;
mod select;
mod service_on_paper;
mod step_on_paper;
mod succeed;
mod supply;
mod timing;
mod verify;

pub use blank::blank;
pub use canon::FormatError;
pub use canon::from_bytes;
pub use canon::to_bytes;
pub use ground::Ground;
pub use ground::prepare;
pub use http_on_paper::HttpOnPaper;
pub use pipeline::Inputs;
pub use pipeline::plan_on;

pub use diff::Changed;
pub use diff::FieldChange;
pub use diff::Listed;
pub use diff::PlanDiff;
pub use diff::Seats;
pub use diff::ServiceChange;
pub use diff::SourceChange;
pub use diff::diff;
pub use document::ClassOnPaper;
pub use document::FORMAT;
pub use document::IncidentOnPaper;
pub use document::LedgerLine;
pub use document::LimitsOnPaper;
pub use document::Mode;
pub use document::NextLoss;
pub use document::Outlook;
pub use document::Plan;
pub use document::PoolOnPaper;
pub use document::Repair;
pub use document::ScopeOnPaper;
pub use document::SiteOnPaper;
pub use document::Source;
pub use issue::Issue;
pub use issue::Refusal;
pub use service_on_paper::Assignment;
pub use service_on_paper::DataLoss;
pub use service_on_paper::Link;
pub use service_on_paper::Milestone;
pub use service_on_paper::Rejected;
pub use service_on_paper::ServiceOnPaper;
pub use service_on_paper::Target;
pub use service_on_paper::WaitedFor;
pub use step_on_paper::ActionOnPaper;
pub use step_on_paper::BatchOnPaper;
pub use step_on_paper::ClaimOnPaper;
pub use step_on_paper::DurationFrom;
pub use step_on_paper::Effect;
pub use step_on_paper::Gate;
pub use step_on_paper::GateKind;
pub use step_on_paper::HostsOnPaper;
pub use step_on_paper::ProbeOnPaper;
pub use step_on_paper::RouteOnPaper;
pub use step_on_paper::Side;
pub use step_on_paper::Step;
pub use step_on_paper::StepLimits;
pub use succeed::succeed;

pub use crate::placement::Impact;
pub use crate::placement::Level;
pub use verify::Limit;
pub use verify::Noun;
pub use verify::OfApproval;
pub use verify::OfLimits;
pub use verify::OfNeeds;
pub use verify::OfPlaces;
pub use verify::OfRoom;
pub use verify::OfShape;
pub use verify::OfSummary;
pub use verify::OfWriters;
pub use verify::Violation;
pub use verify::verify;

#[cfg(test)]
pub(crate) mod tests;

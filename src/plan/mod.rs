//! WHAT EXACTLY. The last thinking before anything acts.

mod document;
mod issue;
mod service_on_paper;
mod step_on_paper;

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
pub use step_on_paper::HttpOnPaper;
pub use step_on_paper::ProbeOnPaper;
pub use step_on_paper::RouteOnPaper;
pub use step_on_paper::Side;
pub use step_on_paper::Step;
pub use step_on_paper::StepLimits;

pub use crate::placement::Impact;
pub use crate::placement::Level;

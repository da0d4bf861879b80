//! WHAT IT PROVES. A journal and the plan that it is of, read afterwards: when services were back against what was
//! promised and expected, what was lost, who decided what and why, what is still owed, and where the time went.
//!
//! Read `document.rs` first: it is all that is found out. Nothing here is remembered by the run; all of it is derived from
//! the entries, so that whoever has plan and journal comes to the same figures. It never judges people, and never guesses:
//! what the journal does not say is said to be unknown.

mod attained;
mod coverage;
mod data;
mod document;
mod hosts;
mod noted;
mod past;
mod people;
mod spent;
mod timeline;

pub use document::DataAttained;
pub use document::Evidence;
pub use document::FORMAT;
pub use document::FirstTier;
pub use document::JudgedBy;
pub use document::Leg;
pub use document::On;
pub use document::Part;
pub use document::PlannedLeg;
pub use document::ServiceAttained;
pub use document::Stands;
pub use document::Stood;
pub use document::Verdict;
pub use noted::Coverage;
pub use noted::Decision;
pub use noted::EpochSeen;
pub use noted::HoldSeen;
pub use noted::HostsSaid;
pub use noted::Jump;
pub use noted::Moment;
pub use noted::Owed;
pub use noted::SiteSealed;
pub use noted::StepSaid;

use crate::evidence::past::Past;
use crate::plan::Plan;
use crate::run::BrokenPlan;
use crate::run::Entry;
use crate::run::Illegal;
use crate::run::RunEnd;
use crate::run::State;
use crate::run::Will;

#[cfg(test)]
mod tests;

/// Why nothing can be proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEvidence {
    /// The plan is no plan that could have been run.
    #[error("the plan can't be run")]
    Plan(#[from] BrokenPlan),
    /// The journal is not one of this plan, or not legal.
    #[error("the journal does not tell a run of this plan")]
    Journal(#[from] Illegal),
    /// Not even its first entry is there.
    #[error("the journal is empty")]
    Empty,
}

/// Reads a journal against its plan.
///
/// # Errors
///
/// The two do not belong together, or the journal tells what can't have happened.
pub fn evidence(plan: &Plan, entries: &[Entry]) -> Result<Evidence, NoEvidence> {
    if entries.is_empty() {
        return Err(NoEvidence::Empty);
    }
    let past = Past::of(plan, entries)?;
    let services = attained::services(&past);
    let epochs = people::epochs(&past);
    Ok(Evidence {
        format: FORMAT,
        run: past.state.run.clone(),
        plan: plan.id.clone(),
        parent: people::parent(&past),
        title: plan.title.clone(),
        timezone: plan.timezone.clone(),
        scopes: plan.about(),
        began_before_ms: plan.incident.began_before_ms,
        opened: past.opened,
        last: past.last,
        took_ms: past.last.since(past.opened),
        entries: past.state.seq,
        head: None,
        stands: stands(&past.state),
        first: attained::first_tier(&past, &services),
        data: data::data(&past),
        coverage: coverage::coverage(&past),
        hosts: hosts::hosts(&past),
        decisions: people::decisions(&past),
        holds: people::holds(&past),
        owed: people::owed(&past),
        sealed: people::sealed(&past),
        jumps: people::jumps(&past),
        timeline: timeline::timeline(&past),
        services,
        epochs,
    })
}

fn stands(state: &State) -> Stands {
    match (&state.ended, &state.will) {
        (Some(RunEnd::Done), _) => Stands::Done,
        (Some(RunEnd::Cancelled), _) => Stands::Cancelled,
        (Some(RunEnd::Succeeded { plan }), _) => Stands::Succeeded { plan: plan.clone() },
        (None, _) if state.left => Stands::Left,
        (None, Will::Held(_)) => Stands::Held,
        (None, Will::Going | Will::Cancelled { .. } | Will::Yielding { .. }) => Stands::Going,
    }
}

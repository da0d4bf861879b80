//! What became of each step of the plan.

use crate::evidence::Coverage;
use crate::evidence::past::Past;
use crate::run::DoneHow;
use crate::run::FailWhy;
use crate::run::StepState;

/// Each step in exactly one list.
pub(in crate::evidence) fn coverage(past: &Past<'_>) -> Coverage {
    let mut coverage =
        Coverage { steps: u64::try_from(past.plan.steps.len()).unwrap_or(u64::MAX), ..Coverage::default() };
    for (step, run) in past.plan.steps.iter().zip(&past.state.steps) {
        let list = match &run.state {
            StepState::Waiting => &mut coverage.never_reached,
            StepState::Done(DoneHow::Ran) => &mut coverage.ran,
            StepState::Done(DoneHow::AlreadySo) => &mut coverage.already_so,
            StepState::Done(DoneHow::Found) => &mut coverage.found,
            StepState::Done(DoneHow::Confirmed) => &mut coverage.confirmed,
            StepState::Done(DoneHow::ByHand) => &mut coverage.by_hand,
            StepState::Done(DoneHow::Untold) => &mut coverage.untold,
            StepState::Skipped => &mut coverage.skipped,
            StepState::Failed(FailWhy::InDoubt(_)) => &mut coverage.in_doubt,
            StepState::Stopping { .. } | StepState::Inquiring { .. } | StepState::Probing { .. } => {
                &mut coverage.in_doubt
            }
            StepState::Failed(_) => &mut coverage.failed,
            StepState::Checking | StepState::Acting | StepState::Asked | StepState::Verifying => {
                &mut coverage.under_way
            }
            StepState::Resting { .. } => &mut coverage.under_way,
        };
        list.push(step.id.clone());
    }
    coverage
}

//! A plan with what the second pair of eyes says of it, and with its bytes.
//!
//! Whoever waits for a plan waits for all three, and neither of the last two needs the other: they are made side by side.

use crate::model::Incident;
use crate::model::Observation;
use crate::plan::Ground;
use crate::plan::Inputs;
use crate::plan::Plan;
use crate::plan::Refusal;
use crate::plan::Violation;
use crate::plan::canon;
use crate::plan::pipeline::nameless;
use crate::plan::verify;

/// A plan that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The plan.
    pub plan: Plan,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// Every law that it breaks; nothing where it may be run.
    pub violations: Vec<Violation>,
}

/// Makes a plan as [`plan_on`](crate::plan::plan_on) does, and looks at it as [`verify`] does.
///
/// # Errors
///
/// A [`Refusal`], as there. A plan that breaks a law is none: whoever shows it decides.
pub fn checked(
    ground: &Ground<'_>,
    incident: &Incident,
    observation: &Observation,
    inputs: &Inputs,
) -> Result<Checked, Box<Refusal>> {
    let mut plan = nameless(ground, incident, observation, inputs)?;
    let (written, violations) = rayon::join(|| canon::to_named_bytes(&plan), || verify(ground.estate, &plan));
    let (bytes, id) = written.map_err(|error| Refusal::Broken { violations: vec![error.to_string()] })?;
    plan.id = id;
    Ok(Checked { plan, bytes, violations })
}

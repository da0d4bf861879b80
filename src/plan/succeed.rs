//! A plan that takes over from another one: it names that, and says what was learnt meanwhile.

use crate::plan::FormatError;
use crate::plan::Issue;
use crate::plan::Plan;
use crate::plan::canon;

/// Makes a plan the successor of another one. `learnt` are edges that nobody had declared, caller and callee.
///
/// # Errors
///
/// Only what the serializer itself could say.
pub fn succeed(plan: &mut Plan, parent: &str, learnt: &[(String, String)]) -> Result<(), FormatError> {
    plan.parent = Some(parent.to_owned());
    let edges =
        learnt.iter().map(|(caller, callee)| Issue::LearntEdge { caller: caller.clone(), callee: callee.clone() });
    // Behind what is urgent, before all else.
    let at = plan.findings.iter().position(|issue| !issue.is_urgent()).unwrap_or(plan.findings.len());
    plan.findings.splice(at..at, edges);
    canon::name(plan)
}

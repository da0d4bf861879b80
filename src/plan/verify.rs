//! The second pair of eyes: checks any plan, however it was made, against the estate.
//!
//! It knows the model and the document, and shares no code with whatever makes plans: a mistake there must not hide
//! itself here. It never mends a plan, never prefers one to another, and trusts only `after` for what comes first:
//! times are expectations, and durations vary. Each law has a file; together they stay near linear in the plan.

mod approvals;
mod asked;
mod damage;
mod filled;
mod groups;
mod index;
mod limits;
mod load;
mod needs;
mod order;
mod owed;
mod paper;
mod pools;
mod room;
mod routes;
mod serving;
mod shape;
mod silence;
mod summary;
mod touch;
mod violation;
mod writers;

#[cfg(test)]
mod tests;

use crate::model::Estate;
use crate::plan::Plan;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::paper::Names;
use crate::plan::verify::paper::Paper;

pub use violation::Limit;
pub use violation::Noun;
pub use violation::OfApproval;
pub use violation::OfLimits;
pub use violation::OfNeeds;
pub use violation::OfPlaces;
pub use violation::OfRoom;
pub use violation::OfShape;
pub use violation::OfSummary;
pub use violation::OfWriters;
pub use violation::Violation;

/// Every law that the plan breaks, in a stable order; nothing where it may be run.
#[must_use]
pub fn verify(estate: &Estate, plan: &Plan) -> Vec<Violation> {
    let mut found = Vec::new();
    let names = Names::new(estate, plan);
    let after = names.after(plan);
    shape::names(estate, plan, &names, &after, &mut found);
    match Paper::new(estate, plan, names, &after) {
        Ok(paper) => laws(&paper, &mut found),
        Err(circle) => {
            let names = Names::new(estate, plan);
            found.push(Violation::Shape(OfShape::Circle {
                items: circle.0.iter().map(|&item| names.name(item)).collect(),
            }));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The laws of a plan whose items have an order.
fn laws(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    shape::times(paper, found);
    limits::check(paper, found);
    pools::check(paper, found);
    touch::check(paper, found);
    filled::check(paper, found);
    summary::check(paper, found);
    let mut asked = Asked::new(paper);
    routes::check(paper, &mut asked, found);
    needs::dependencies(paper, &mut asked);
    needs::uses(paper, &mut asked, found);
    writers::check(paper, &mut asked, found);
    owed::check(paper, found);
    silence::check(paper, &mut asked);
    serving::check(paper, &mut asked, found);
    approvals::check(paper, &mut asked, found);
    room::check(paper, &mut asked, found);
    groups::check(paper, found);
    found.extend(asked.demands.unmet(&paper.order).into_iter().map(|demand| asked::tell(paper, demand)));
}

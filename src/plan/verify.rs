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

use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

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
    let names = Names::new(estate, plan);
    let after = names.after(plan);
    let mut found = match Paper::new(estate, plan, names, &after) {
        Ok(paper) => laws(&paper, &after),
        Err(circle) => {
            let names = Names::new(estate, plan);
            let mut found = Vec::new();
            shape::names(estate, plan, &names, &after, &mut found);
            found.push(Violation::Shape(OfShape::Circle {
                items: circle.0.iter().map(|&item| names.name(item)).collect(),
            }));
            found
        }
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// A law that looks at the plan as it stands, and needs nobody else's answer.
type Law = fn(&Paper<'_>, &mut Vec<Violation>);

/// Those laws. They are asked side by side, since what they find is sorted in the end.
const LAWS: [Law; 8] = [
    shape::times,
    limits::check,
    pools::check,
    touch::check,
    filled::check,
    groups::check,
    summary::check,
    owed::check,
];

/// The laws of a plan whose items have an order.
fn laws(paper: &Paper<'_>, after: &[Vec<u32>]) -> Vec<Violation> {
    let named = || {
        let mut found = Vec::new();
        shape::names(paper.estate, paper.plan, paper.names(), after, &mut found);
        found
    };
    let each = || LAWS.par_iter().flat_map_iter(|law| asked_of(paper, *law)).collect::<Vec<_>>();
    let (mut found, (named, each)) = rayon::join(|| order(paper), || rayon::join(named, each));
    found.extend(named);
    found.extend(each);
    found
}

fn asked_of(paper: &Paper<'_>, law: Law) -> Vec<Violation> {
    let mut found = Vec::new();
    law(paper, &mut found);
    found
}

/// The laws of what must come before what: they share what they ask for, and it is answered at once.
fn order(paper: &Paper<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut asked = Asked::new(paper);
    routes::check(paper, &mut asked, &mut found);
    needs::dependencies(paper, &mut asked);
    needs::uses(paper, &mut asked, &mut found);
    writers::check(paper, &mut asked, &mut found);
    silence::check(paper, &mut asked);
    serving::check(paper, &mut asked, &mut found);
    approvals::check(paper, &mut asked, &mut found);
    room::check(paper, &mut asked, &mut found);
    found.extend(asked.demands.unmet(&paper.order).into_iter().map(|demand| asked::tell(paper, demand)));
    found
}

//! Runbooks: what their steps name.

use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use crate::load::draft::AddressDraft;
use crate::load::draft::Drafts;
use crate::load::draft::RunbookDraft;
use crate::load::draft::StepDraft;
use crate::load::draft::SubsetDraft;
use crate::load::resolve::Index;
use crate::load::resolve::reach::needs;
use crate::model::Action;
use crate::model::Estate;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::Noun;
use crate::model::Places;
use crate::model::PoolId;
use crate::model::RouteId;
use crate::model::Runbook;
use crate::model::RunbookId;
use crate::model::RunbookPlaces;
use crate::model::StepTemplate;
use crate::template::Text;

pub(super) fn resolve(
    drafts: &mut Drafts,
    index: &Index,
    estate: &mut Estate,
    places: &mut Places,
    findings: &mut Vec<Finding>,
) {
    // Drafts are used up one by one: beside each other, drafts and runbooks would take twice the room.
    let written = std::mem::take(&mut drafts.runbooks).into_par_iter().enumerate();
    let resolved: Vec<Resolved> = written.map(|(at, draft)| one(RunbookId::new(at), draft, index, estate)).collect();
    let mut runbooks = Vec::with_capacity(resolved.len());
    for one in resolved {
        runbooks.push(one.runbook);
        places.runbooks.push(one.places);
        drafts.subsets.extend(one.subsets);
        drafts.addresses.extend(one.addresses);
        findings.extend(one.findings);
    }
    estate.runbooks = runbooks;
}

/// A runbook whose names lead somewhere, and what only its users know.
struct Resolved {
    runbook: Runbook,
    places: RunbookPlaces,
    subsets: Vec<SubsetDraft>,
    addresses: Vec<AddressDraft>,
    findings: Vec<Finding>,
}

fn one(id: RunbookId, draft: RunbookDraft, index: &Index, estate: &Estate) -> Resolved {
    let RunbookDraft { name, runbook, reviewed, procedures } = draft;
    let mut resolved = Resolved {
        runbook,
        places: RunbookPlaces { name: name.place, reviewed, steps: Vec::new(), procedures: Vec::new() },
        subsets: Vec::new(),
        addresses: Vec::new(),
        findings: Vec::new(),
    };
    for (at, (procedure, mut steps)) in procedures.into_iter().enumerate() {
        order(&mut steps, &mut resolved.findings);
        for (step, draft) in steps.iter_mut().enumerate() {
            if let Some(name) = draft.subset.take() {
                resolved.subsets.push(SubsetDraft { runbook: id, procedure: at, step, name });
            }
            if let Some(place) = draft.address {
                resolved.addresses.push(AddressDraft { runbook: id, procedure: at, step, place });
            }
        }
        resolved.places.procedures.push(procedure);
        resolved.places.steps.push(steps.iter().map(|step| step.place).collect());
        let steps = steps.into_iter().map(|draft| step(draft, index, estate, &mut resolved.findings)).collect();
        resolved.runbook.procedures.push((procedure, steps));
    }
    resolved
}

fn step(draft: StepDraft, index: &Index, estate: &Estate, findings: &mut Vec<Finding>) -> StepTemplate {
    let mut step = draft.step;
    step.uses = needs(&draft.uses, index, estate, findings);
    for (pool, count) in &draft.claims {
        let Some(at) = index.pools.find(pool, findings) else { continue };
        let size = estate.pools[at].size;
        if *count > size {
            // A step that claims more than there is would never begin.
            let fault = Fault::OutOfRange { text: count.to_string(), low: 1, high: u64::from(size) };
            findings.push(Finding::new(pool.place, fault));
        }
        step.claims.push((PoolId::new(at), (*count).min(size)));
    }
    step.claims.sort_unstable();
    if let Some(name) = &draft.route {
        let route = index.routes.find(name, findings).map(RouteId::new);
        // Without the route that was meant the service's own must not be shifted in its place.
        step.action = route.map_or_else(|| Action::Confirm(step.title.clone()), |route| Action::Route(Some(route)));
    }
    if let Some(name) = &draft.undo_route {
        step.undo = index.routes.find(name, findings).map(|at| Box::new(Action::Route(Some(RouteId::new(at)))));
    }
    step
}

/// Steps that name an address which some service does not have, by their positions among those that name one: for such a
/// service they are put to a person.
pub(super) fn put_to_people(drafts: &Drafts, no_address: &[usize], estate: &mut Estate) {
    for draft in no_address.iter().map(|&at| &drafts.addresses[at]) {
        let step = &mut estate.runbooks[draft.runbook.at()].procedures[draft.procedure].1[draft.step];
        let named = |text: &Text| text.mentions("address");
        let title = if named(&step.title) { Text::plain(&step.id) } else { step.title.clone() };
        let by_hand = StepTemplate {
            action: Action::Confirm(title.clone()),
            done_if: None,
            verify: None,
            undo: None,
            position: None,
            kill: None,
            attest: step.attest.clone().map(|attest| if named(&attest) { title.clone() } else { attest }),
            title,
            ..step.clone()
        };
        step.by_hand = Some(Box::new(by_hand));
    }
}

/// What steps follow: names of the same procedure, and no circle. A circle leaves the order written.
fn order(steps: &mut [StepDraft], findings: &mut Vec<Finding>) {
    if steps.iter().all(|step| step.step.needs.is_none()) {
        return;
    }
    let told = findings.len();
    let mut ids: Vec<(String, usize)> = steps.iter().enumerate().map(|(at, step)| (step.step.id.clone(), at)).collect();
    ids.sort();
    let known = crate::load::names::Names::new(Noun::Step, ids.into_iter().map(|(id, at)| (id, Some(at))));
    let mut follows: Vec<Vec<usize>> = Vec::with_capacity(steps.len());
    for step in steps.iter() {
        let mut before = Vec::new();
        for name in &step.needs {
            before.extend(known.find(name, findings));
        }
        before.sort_unstable();
        before.dedup();
        follows.push(before);
    }
    known.suggest(&mut findings[told..]);
    let names: Vec<String> = steps.iter().map(|step| step.step.id.clone()).collect();
    for (step, before) in steps.iter_mut().zip(&follows) {
        if let Some(needs) = &mut step.step.needs {
            *needs = before.iter().map(|&at| names[at].clone()).collect();
        }
    }
    if let Some(circle) = circle(&follows) {
        let place = steps[circle[0]].place;
        let path = circle.iter().map(|&at| names[at].clone()).collect();
        findings.push(Finding::new(place, Fault::NeedsCycle(path)));
        for step in steps {
            step.step.needs = None;
        }
    }
}

/// The first circle, as a path that returns to its beginning. A step without `needs` follows nothing here: the order
/// written only ever leads forward, and is left where `needs` stands.
fn circle(follows: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut left: Vec<usize> = follows.iter().map(Vec::len).collect();
    let mut freed: Vec<Vec<usize>> = vec![Vec::new(); follows.len()];
    for (at, before) in follows.iter().enumerate() {
        for &first in before {
            freed[first].push(at);
        }
    }
    let mut ready: Vec<usize> = (0..follows.len()).filter(|&at| left[at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &next in &freed[at] {
            left[next] -= 1;
            if left[next] == 0 {
                ready.push(next);
            }
        }
    }
    let start = left.iter().position(|&left| left > 0)?;
    let mut path = vec![start];
    loop {
        let at = *path.last()?;
        let next = *follows[at].iter().find(|&&before| left[before] > 0)?;
        if let Some(known) = path.iter().position(|&step| step == next) {
            let mut circle = path.split_off(known);
            circle.push(next);
            return Some(circle);
        }
        path.push(next);
    }
}

//! What somebody vouched for in an earlier run: it is fenced as soon as it answers, nothing relies on it, and nothing is
//! brought up beside it. It believes the plan only in what is owed, which was observed, not declared.

use crate::model::On;
use crate::model::Phase;
use crate::model::Procedure;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::verify::OfWriters;
use crate::plan::verify::Violation;
use crate::plan::verify::damage::State;
use crate::plan::verify::paper::Paper;

/// Checks that every fence that is owed stands in the plan, and that nobody relies on it.
pub(super) fn check(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    for owed in &paper.plan.owed {
        let (service, site) = (owed.service.clone(), owed.site.clone());
        let known = paper.service_named(&owed.service).zip(paper.estate.site_named(&owed.site));
        let Some((id, at)) = known.filter(|(id, at)| paper.estate.service(*id).at(*at).is_some()) else {
            found.push(Violation::Writers(OfWriters::OwedUnknown { gate: owed.gate.clone() }));
            continue;
        };
        let gate = gate_of(paper, id, at);
        if can_be_fenced(paper, id, at) && gate.is_none_or(|gate| gate.opened_by.is_empty()) {
            found.push(Violation::Writers(OfWriters::OwedNotFenced { service, site }));
            continue;
        }
        if owed.carried && gate.is_none_or(|gate| gate.id != owed.gate) {
            found.push(Violation::Writers(OfWriters::OwedUnknown { gate: owed.gate.clone() }));
        }
    }
    let carried: Vec<u32> =
        paper.gates().filter(|(_, gate)| paper.plan.carries(&gate.id)).map(|(item, _)| item).collect();
    if carried.is_empty() {
        return;
    }
    // Such a gate opens on a word of long ago, before anything is proven.
    for (item, before) in paper.order.arrows().filter(|(_, before)| carried.contains(before)) {
        let (step, gate) = (paper.id(item), paper.id(before));
        found.push(Violation::Writers(OfWriters::OwedReliedOn { step, gate }));
    }
}

/// The fence gate of a service at a site.
fn gate_of<'a>(paper: &Paper<'a>, id: ServiceId, site: SiteId) -> Option<&'a Gate> {
    let gates = paper.gates_of[id.at()].iter().filter(|&&gate| paper.site_of(gate) == Some(site));
    gates.filter_map(|&gate| paper.gate(gate)).find(|gate| matches!(gate.kind, GateKind::Fence { .. }))
}

/// Whether anything that somebody wrote silences this writer: the service's own runbook, or that of a site which is lost
/// or sealed.
fn can_be_fenced(paper: &Paper<'_>, id: ServiceId, site: SiteId) -> bool {
    let runbooks = &paper.estate.runbooks;
    let own = paper.estate.service(id).runbook.map(|runbook| &runbooks[runbook.at()]);
    let occasions = [Procedure::Failover, Procedure::Switchover, Procedure::Failback];
    let steps = own.iter().flat_map(|runbook| occasions.iter().filter_map(|occasion| runbook.steps(*occasion)));
    let whole = paper.estate.site(site).runbook.map(|runbook| &runbooks[runbook.at()]);
    let is_shut = matches!(paper.damage.sites[site.at()], State::Lost | State::Impaired | State::Quarantined);
    steps.flatten().any(|step| step.on == On::Source && step.phase == Phase::Fence)
        || is_shut
            && whole.is_some_and(|runbook| runbook.steps(Procedure::Fence).is_some_and(|steps| !steps.is_empty()))
}

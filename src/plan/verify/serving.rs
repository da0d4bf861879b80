//! Nobody is sent to what is not verified, and nothing is let go before what replaces it is ready.

use crate::model::Phase;
use crate::model::Procedure;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::StepTemplate;
use crate::plan::verify::OfWriters;
use crate::plan::verify::Violation;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::asked::Why;
use crate::plan::verify::paper::Paper;
use crate::plan::verify::paper::is_recovery;

/// Asks for promote before verify before shift at each target, and for ready targets before what drains or stops.
pub(super) fn check(paper: &Paper<'_>, asked: &mut Asked<'_>, found: &mut Vec<Violation>) {
    for at in 0..paper.estate.services.len() {
        let id = ServiceId::new(at);
        if paper.steps_of[at].is_empty() {
            continue;
        }
        let of = |phase: Phase| -> Vec<u32> { paper.recovery(id, phase).collect() };
        let (promotes, verifies, shifts) = (of(Phase::Promote), of(Phase::Verify), of(Phase::Shift));
        let here = |one: u32, other: u32| {
            let (one, other) = (paper.site_of(one), paper.site_of(other));
            one == other || other.is_none()
        };
        for &verify in &verifies {
            for &promote in promotes.iter().filter(|&&promote| here(verify, promote)) {
                asked.demands.ask_one(verify, promote, Why::Promoted(promote));
            }
        }
        for &shift in &shifts {
            // What is verified after a shift has begun belongs to a later one: the raise to the full level.
            let earlier = |verify: &&u32| here(shift, **verify) && paper.start(**verify) <= paper.start(shift);
            let mut is_verified = false;
            for &verify in verifies.iter().filter(earlier) {
                is_verified = true;
                asked.demands.ask_one(shift, verify, Why::Verified(verify));
            }
            let site = paper.site_of(shift);
            if !is_verified && site.is_some_and(|site| could_verify(paper, id, site)) {
                found.push(Violation::Writers(OfWriters::NoVerify { step: paper.id(shift) }));
            }
        }
        drains(paper, asked, id);
    }
}

/// Whether the runbook of a service holds a step that verifies its replica at a site.
fn could_verify(paper: &Paper<'_>, id: ServiceId, site: SiteId) -> bool {
    let estate = paper.estate;
    let service = estate.service(id);
    let (Some(runbook), Some(replica)) = (service.runbook, service.at(site)) else { return false };
    let fits = |step: &StepTemplate| {
        step.phase == Phase::Verify
            && (step.when.is_empty() || step.when.contains(&replica.role))
            && step.at.is_none_or(|kind| kind == estate.site(site).kind)
    };
    let recovery = [Procedure::Failover, Procedure::Switchover, Procedure::Failback];
    let steps = recovery.into_iter().filter_map(|procedure| estate.runbooks[runbook.at()].steps(procedure));
    steps.flatten().any(fits)
}

/// What a service leaves is let go only when all that replaces it is ready.
fn drains(paper: &Paper<'_>, asked: &mut Asked<'_>, id: ServiceId) {
    let lets_go = |item: &u32| {
        let step = paper.step(*item);
        matches!(paper.phase_of(*item), Some(Phase::Drain | Phase::Stop))
            && step.is_some_and(|step| is_recovery(&step.procedure))
    };
    let leaving: Vec<u32> = paper.steps_of[id.at()].iter().copied().filter(lets_go).collect();
    if leaving.is_empty() {
        return;
    }
    let sites: Vec<SiteId> = paper.damage.seats[id.at()].iter().map(|seat| seat.site).collect();
    for site in sites {
        let Some(ready) = asked.ready_at(paper, id, site) else { continue };
        for &item in leaving.iter().filter(|&&item| paper.site_of(item) != Some(site)) {
            asked.demands.ask(item, Some(ready), None, Why::Ready(site));
        }
    }
}

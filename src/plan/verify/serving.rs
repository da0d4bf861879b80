//! Nobody is sent to what is not verified, and nothing is let go before what replaces it is ready.

use crate::model::Millis;
use crate::model::Phase;
use crate::model::Procedure;
use crate::model::Role;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::StepTemplate;
use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::Mode;
use crate::plan::verify::OfWriters;
use crate::plan::verify::Violation;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::asked::Why;
use crate::plan::verify::paper::Paper;
use crate::plan::verify::paper::is_recovery;

/// Asks for what brings a target up before verify before shift, and for ready targets before what drains or stops.
pub(super) fn check<'a>(paper: &Paper<'a>, asked: &mut Asked<'a>, found: &mut Vec<Violation>) {
    for at in 0..paper.estate.services.len() {
        let id = ServiceId::new(at);
        if paper.steps_of[at].is_empty() {
            continue;
        }
        let of = |phase: Phase| -> Vec<u32> { paper.recovery(id, phase).collect() };
        let (verifies, shifts) = (of(Phase::Verify), of(Phase::Shift));
        let mut ups: Vec<u32> =
            [Phase::Prepare, Phase::Start, Phase::Warm, Phase::Promote].into_iter().flat_map(of).collect();
        // What takes more users in its reduced form is reduced first.
        let degrades = |item: &u32| paper.step(*item).is_some_and(|step| step.procedure == Procedure::Degrade.word());
        ups.extend(paper.steps_of[at].iter().copied().filter(degrades));
        let here = |one: u32, other: u32| {
            let (one, other) = (paper.site_of(one), paper.site_of(other));
            one == other || other.is_none()
        };
        for &verify in &verifies {
            // What is brought up later than it is verified belongs to a later verification, but for a promotion.
            let counts = |up: &&u32| {
                let is_earlier = paper.start(**up) <= paper.start(verify);
                here(verify, **up) && (is_earlier || paper.phase_of(**up) == Some(Phase::Promote))
            };
            for &up in ups.iter().filter(counts) {
                asked.demands.ask_one(verify, up, Why::Up(up));
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
            // Where a route alone is moved, a person said so, and its health is asked for on the way.
            let is_ordered = paper.plan.moved_route().is_some();
            if !is_verified && !is_ordered && site.is_some_and(|site| could_verify(paper, id, site)) {
                found.push(Violation::Writers(OfWriters::NoVerify { step: paper.id(shift) }));
            }
        }
        drains(paper, asked, id);
        served(paper, asked, id);
    }
    shifted(paper, asked);
}

/// Whether the procedure that brings a service back on this occasion holds a step that verifies its replica at a site.
fn could_verify(paper: &Paper<'_>, id: ServiceId, site: SiteId) -> bool {
    let estate = paper.estate;
    let service = estate.service(id);
    let (Some(runbook), Some(replica)) = (service.runbook, service.at(site)) else { return false };
    let is_active = paper.damage.seat(id, site).is_some_and(|seat| seat.before.0 > 0);
    let role = if is_active { Role::Active } else { replica.role };
    let fits = |step: &StepTemplate| {
        step.phase == Phase::Verify
            && (step.when.is_empty() || step.when.contains(&role))
            && step.at.is_none_or(|kind| kind == estate.site(site).kind)
    };
    let own = match paper.plan.incident.mode {
        Mode::Failover => Procedure::Failover,
        Mode::Switchover => Procedure::Switchover,
        Mode::Failback | Mode::Retreat => Procedure::Failback,
    };
    // Each occasion that has no steps of its own falls back to failover's; what others verify is not asked for.
    let used = [own, Procedure::Failover].into_iter().find_map(|one| estate.runbooks[runbook.at()].steps(one));
    used.into_iter().flatten().any(fits)
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

/// Whatever decides what a replica serves comes in one order, so that it ends as the last of it says.
fn served(paper: &Paper<'_>, asked: &mut Asked<'_>, id: ServiceId) {
    let decides = |item: &u32| {
        let effect = paper.step(*item).and_then(|step| step.effect.as_ref());
        matches!(effect, Some(Effect::Holds { .. } | Effect::Serves { .. } | Effect::Ends))
    };
    let mut steps: Vec<u32> = paper.steps_of[id.at()].iter().copied().filter(decides).collect();
    steps.sort_by_key(|&item| (paper.site_of(item), paper.end(item), item));
    for pair in steps.windows(2).filter(|pair| paper.site_of(pair[0]) == paper.site_of(pair[1])) {
        asked.demands.ask_one(pair[1], pair[0], Why::Served(pair[0]));
    }
}

/// Shifts of one route come in one order, so that it ends as the last of them says.
fn shifted<'a>(paper: &Paper<'a>, asked: &mut Asked<'a>) {
    let mut shifts: Vec<(&str, Millis, u32)> = paper
        .steps()
        .filter_map(|(item, step)| match &step.action {
            ActionOnPaper::Route(route) => Some((route.route.as_str(), paper.start(item), item)),
            ActionOnPaper::Ssh { .. }
            | ActionOnPaper::Exec { .. }
            | ActionOnPaper::Http(_)
            | ActionOnPaper::Ttl(_)
            | ActionOnPaper::Scale { .. }
            | ActionOnPaper::Confirm { .. }
            | ActionOnPaper::Notify { .. }
            | ActionOnPaper::Wait(_)
            | ActionOnPaper::Fetch { .. } => None,
        })
        .collect();
    shifts.sort_unstable();
    for pair in shifts.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let (route, before, later) = (pair[0].0, pair[0].2, pair[1].2);
        asked.demands.ask_one(later, before, Why::Shifted { route, before });
    }
}

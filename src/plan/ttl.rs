//! How long answers may be kept: for less while a planned move is on its way, so that whoever is sent elsewhere, or back,
//! follows soon; and as long as ever when it is over.
//!
//! In a loss nothing is lowered. The answers that lead to what is lost are out already, and no change takes them back; to
//! wait for them first would keep waiting those whom a shift could bring back at once.

use std::collections::BTreeSet;

use crate::model::Action;
use crate::model::Estate;
use crate::model::Millis;
use crate::model::Phase;
use crate::model::Route;
use crate::model::RouteId;
use crate::model::ServiceId;
use crate::plan::DurationFrom;
use crate::plan::Mode;
use crate::plan::Side;
use crate::plan::TtlOnPaper;
use crate::plan::draft::Draft;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::draft::What;
use crate::plan::draft::number;
use crate::plan::scene::Scene;

/// How long answers of a route may be kept while a plan moves its users.
pub(in crate::plan) fn while_moving(estate: &Estate, mode: Mode, route: &Route) -> Millis {
    lowered_to(estate, mode, route).unwrap_or(route.ttl)
}

fn lowered_to(estate: &Estate, mode: Mode, route: &Route) -> Option<Millis> {
    match mode {
        Mode::Switchover | Mode::Failback => route.lowered(estate.providers[route.provider.at()].kind),
        Mode::Failover | Mode::Retreat => None,
    }
}

/// Whether a draft changes how long answers may be kept. It belongs to no replica, and runs beside those that do.
pub(in crate::plan) const fn is_one(draft: &Draft) -> bool {
    match draft.what {
        What::Lower(_) | What::Restore(_) => true,
        What::Authored { .. } | What::Launch | What::Fetch => false,
    }
}

/// What comes before and after the shifts of a service, once for each route.
pub(in crate::plan) fn around(
    scene: &Scene<'_>,
    id: ServiceId,
    drafts: &[Draft],
    lowered: &mut BTreeSet<RouteId>,
) -> Vec<Draft> {
    let estate = scene.estate();
    let shifts = drafts.iter().filter_map(|draft| Some((draft, shifted(scene, draft)?)));
    let mut around = Vec::new();
    for (shift, route) in shifts {
        let is_lower = lowered_to(estate, scene.mode, &estate.routes[route.at()]).is_some();
        if !is_lower || !lowered.insert(route) {
            continue;
        }
        let changes = [(What::Lower(route), Phase::Prepare), (What::Restore(route), Phase::Shift)];
        around.extend(changes.map(|(what, phase)| Draft {
            owner: Owner::Service(id),
            stage: Stage::First,
            what,
            procedure: shift.procedure,
            phase,
            rank: 0,
            lane: None,
            source: None,
            site: None,
            side: Side::Operator,
            class: scene.class(id),
            uses: Vec::new(),
            duration: Millis::ZERO,
            duration_from: DurationFrom::Route,
            late_after: None,
            effect: None,
        }));
    }
    around
}

/// The route that a draft shifts.
pub(in crate::plan) fn shifted(scene: &Scene<'_>, draft: &Draft) -> Option<RouteId> {
    let estate = scene.estate();
    let Some(Action::Route(named)) = draft.action(estate) else { return None };
    named.or_else(|| draft.service().and_then(|id| estate.service(id).route))
}

/// Nobody is moved before answers from before are gone, and no writer is silenced meanwhile; the old time comes back after
/// the last shift.
pub(in crate::plan) fn order(scene: &Scene<'_>, web: &mut Web) {
    let mut edges = Vec::new();
    for (at, draft) in web.drafts.iter().enumerate() {
        let (is_lower, route) = match draft.what {
            What::Lower(route) => (true, route),
            What::Restore(route) => (false, route),
            What::Authored { .. } | What::Launch | What::Fetch => continue,
        };
        for (other, shift) in web.drafts.iter().enumerate().filter(|(_, other)| shifted(scene, other) == Some(route)) {
            edges.push(if is_lower { (at, other) } else { (other, at) });
            let Some(id) = shift.service().filter(|_| is_lower) else { continue };
            let own = web.of(Owner::Service(id)).filter(|&own| is_bracketed(&web.drafts[own]));
            edges.extend(own.map(|own| (at, own)));
        }
    }
    web.edges.extend(edges.into_iter().map(|(before, behind)| (number(before), number(behind))));
}

/// Whether it stands between the silence of one writer and the promotion of another.
fn is_bracketed(draft: &Draft) -> bool {
    draft.stage == Stage::First && matches!(draft.phase, Phase::Quiesce | Phase::Fence | Phase::Promote)
}

/// Answers may be kept for less from now on, and those from before are waited for.
pub(in crate::plan) fn lowered(scene: &Scene<'_>, route: RouteId) -> TtlOnPaper {
    let estate = scene.estate();
    let written = &estate.routes[route.at()];
    TtlOnPaper { ttl_ms: while_moving(estate, scene.mode, written), wait_ms: written.ttl, ..restored(estate, route) }
}

/// Answers may be kept as long as ever.
pub(in crate::plan) fn restored(estate: &Estate, route: RouteId) -> TtlOnPaper {
    let written = &estate.routes[route.at()];
    TtlOnPaper {
        route: written.name.clone(),
        provider: estate.providers[written.provider.at()].name.clone(),
        ttl_ms: written.ttl,
        wait_ms: Millis::ZERO,
    }
}

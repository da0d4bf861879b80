//! Taking turns: room is given up before it is taken, users are taken before they are given away, and one route has one
//! writer at a time.

use std::collections::BTreeMap;

use crate::model::Action;
use crate::model::Phase;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::ServiceId;
use crate::placement::Part;
use crate::placement::SeatId;
use crate::placement::Serving;
use crate::plan::Mode;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::draft::Worth;
use crate::plan::draft::number;
use crate::plan::lane::Lane;
use crate::plan::order::lanes_of;
use crate::plan::ramp::order_of;
use crate::plan::scene::Scene;

/// Adds every edge of this kind.
pub(in crate::plan) fn in_turn(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane]) {
    takers_before_givers(scene, web, lanes);
    wait_for_room(scene, web, lanes);
    wait_for_leavers(scene, web, lanes);
    one_route_at_a_time(scene, web, lanes);
}

/// Where users move between replicas on the way to the last level, those that take them come first: nobody is without a
/// place in between.
fn takers_before_givers(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane]) {
    let share = |lane: &Lane| {
        let seat = lane.replica.map(|at| &scene.placed(lane.service).seats[at]);
        seat.map_or((Ppm::ZERO, Ppm::ZERO), |seat| (seat.first.share, seat.last.share))
    };
    for giver in lanes.iter().filter(|lane| lane.stage == Stage::Raise && share(lane).1 < share(lane).0) {
        for taker in lanes_of(lanes, giver.service).filter(|lane| lane.stage == Stage::Raise) {
            if share(taker).1 > share(taker).0 {
                web.order(taker.sinks(), giver.entries());
            }
        }
    }
}

/// Whoever takes room that others give up waits for their steps.
fn wait_for_room(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane]) {
    let mut gives: BTreeMap<SeatId, Vec<u32>> = BTreeMap::new();
    for lane in lanes {
        let Some(replica) = lane.replica else { continue };
        let seat = SeatId { service: lane.service, replica: number(replica) };
        let giving: Vec<u32> = lane
            .steps()
            .filter(|&step| matches!(web.drafts[step as usize].procedure, Procedure::Degrade | Procedure::Shed))
            .collect();
        gives.entry(seat).or_default().extend(giving);
    }
    for lane in lanes {
        let Some(replica) = lane.replica else { continue };
        let seat = &scene.placed(lane.service).seats[replica];
        let (waits, entries) = match lane.stage {
            Stage::First if seat.part == Part::Added => (&seat.waits_first, lane.entries_from(Phase::Start)),
            Stage::First => (&seat.waits_first, lane.entries_from(Phase::Warm)),
            Stage::Raise if seat.first.share == Ppm::ZERO => (&seat.waits_last, lane.entries_from(Phase::Start)),
            Stage::Raise => (&seat.waits_last, lane.entries()),
            Stage::SiteFence | Stage::Fetch | Stage::Victim | Stage::Detach | Stage::Owed => continue,
        };
        let own = SeatId { service: lane.service, replica: number(replica) };
        if let (Stage::First, Some(_), Some(steps)) = (lane.stage, seat.gives_way, gives.get(&own)) {
            web.order(&steps.clone(), lane.entries());
        }
        for victim in waits.iter().filter(|victim| **victim != own) {
            if let Some(steps) = gives.get(victim) {
                web.order(&steps.clone(), entries);
            }
        }
    }
}

/// On the way home a site can be full until those who leave it have left: whoever comes, and whoever is raised again
/// to its full level there, waits for them.
fn wait_for_leavers(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane]) {
    if scene.mode != Mode::Failback {
        return;
    }
    let holds = |id: ServiceId, serving: Serving| {
        let demand = scene.situation.demand(scene.estate(), id, serving.level);
        demand.times(serving.share)
    };
    for (site, account) in scene.placement.sites.iter().enumerate() {
        let mut all = account.before.clone();
        let mut takers = Vec::new();
        let mut leavers = Vec::new();
        for lane in lanes.iter().filter(|lane| lane.stage == Stage::First) {
            let seats = &scene.placed(lane.service).seats;
            for (at, seat) in seats.iter().enumerate() {
                if scene.site_of(lane.service, at).at() != site {
                    continue;
                }
                let more = holds(lane.service, seat.first).less(&holds(lane.service, seat.now));
                if lane.replica == Some(at) && !more.is_zero() {
                    all = all.plus(&more);
                    takers.extend(lane.entries_from(Phase::Start));
                } else if seat.last.share < seat.now.share {
                    leavers.extend(lane.sinks());
                }
            }
        }
        if !all.fits(&account.limit) {
            leavers.sort_unstable();
            leavers.dedup();
            web.prefer(&leavers, &takers, &Worth::Room);
        }
    }
}

/// One route has one writer: its shifts follow each other, survivors first.
fn one_route_at_a_time(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane]) {
    let mut shifts = Vec::new();
    for lane in lanes {
        let Some(at) = lane.replica else { continue };
        let order = order_of(&scene.placed(lane.service).seats[at], at, lane.stage);
        for step in lane.steps() {
            let draft = &web.drafts[step as usize];
            if draft.lane.is_some() && matches!(draft.action(scene.estate()), Some(Action::Route(_))) {
                shifts.push(((lane.service, lane.stage), (order, step)));
            }
        }
    }
    shifts.sort_unstable();
    shifts.dedup();
    for pair in shifts.windows(2) {
        if pair[0].0 == pair[1].0 {
            web.edges.push((pair[0].1.1, pair[1].1.1));
        }
    }
}

//! What is so when a step is done: who holds room, who serves, who is fenced, who is the writer.

use crate::model::Phase;
use crate::model::Ppm;
use crate::model::ServiceKind;
use crate::placement::Part;
use crate::placement::Seat;
use crate::placement::Serving;
use crate::plan::Effect;
use crate::plan::Side;
use crate::plan::draft::Draft;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::lane::Lane;
use crate::plan::scene::Scene;

/// Marks the steps whose end changes what users and ledgers see.
pub(in crate::plan) fn effects(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane]) {
    fences(web);
    for lane in lanes {
        let Some(replica) = lane.replica else { continue };
        let seat = &scene.placed(lane.service).seats[replica];
        match lane.stage {
            Stage::Victim => mark_last(web, lane, replica, serves_or_ends(seat.last)),
            Stage::First => first(scene, web, lane, replica, seat),
            Stage::Raise if seat.first.share == Ppm::ZERO => {
                holds(web, lane, replica, seat.last);
                mark_last(web, lane, replica, serves_or_ends(seat.last));
            }
            Stage::Raise => raise(web, lane, replica, seat),
            Stage::SiteFence | Stage::Fetch | Stage::Detach | Stage::Owed => {}
        }
        if scene.estate().service(lane.service).kind == ServiceKind::Stateful {
            let promote = lane.groups.iter().find(|group| group.phase == Phase::Promote);
            if let Some(&step) = promote.and_then(|group| group.steps.last()) {
                web.drafts[step as usize].effect = Some(Effect::Writer);
            }
        }
    }
}

/// The last fence step of each source, and of each site.
fn fences(web: &mut Web) {
    for at in 0..web.drafts.len() {
        let key = |draft: &Draft| (draft.owner, draft.source, draft.phase);
        let draft = &web.drafts[at];
        let fences = draft.phase == Phase::Fence
            && match draft.owner {
                Owner::Site(_) => draft.stage == Stage::SiteFence,
                Owner::Service(_) => draft.side == Side::Source,
                Owner::Kit(_) => false,
            };
        let last = web.drafts[at + 1..]
            .iter()
            .take_while(|next| next.owner == draft.owner)
            .all(|next| key(next) != key(draft) || next.side != draft.side);
        if fences && last {
            web.drafts[at].effect = Some(Effect::Fenced);
        }
    }
}

fn first(scene: &Scene<'_>, web: &mut Web, lane: &Lane, replica: usize, seat: &Seat) {
    let id = lane.service;
    if seat.part == Part::Added {
        holds(web, lane, replica, seat.first);
    }
    let lowers = lane.groups.iter().find(|group| group.phase == Phase::Free);
    let lowered = lowers.and_then(|group| group.steps.last()).filter(|_| seat.part == Part::Survivor);
    if let Some(&step) = lowered {
        let share = seat.now.share;
        if scene.placed(id).no_majority {
            // It serves nobody until most voters are there, but its room is given up.
            web.drafts[step as usize].effect = Some(Effect::Holds { level: seat.first.level, share });
            mark_last(web, lane, replica, serves_or_ends(seat.first));
            return;
        }
        web.drafts[step as usize].effect = Some(Effect::Serves { level: seat.first.level, share });
        if seat.first.share == share {
            return;
        }
    }
    if seat.first != seat.now || scene.placed(id).moves || scene.placed(id).no_majority {
        mark_last(web, lane, replica, serves_or_ends(seat.first));
    }
    let leaves = lane.groups.iter().rev().find(|group| matches!(group.phase, Phase::Drain | Phase::Stop));
    for &step in leaves.map_or(&[][..], |group| &group.steps) {
        if web.drafts[step as usize].side == Side::Source {
            web.drafts[step as usize].effect = Some(Effect::Ends);
        }
    }
}

/// Whoever takes users is raised before they come; whoever gives users away is raised when they are gone.
fn raise(web: &mut Web, lane: &Lane, replica: usize, seat: &Seat) {
    let moved = Serving { level: seat.first.level, share: seat.last.share };
    let raised = Serving { level: seat.last.level, share: seat.first.share };
    let gives = seat.last.share < seat.first.share;
    for group in &lane.groups {
        let serving = match group.phase {
            Phase::Prepare => continue,
            Phase::Shift if gives => moved,
            Phase::Shift | Phase::Drain => seat.last,
            Phase::Free | Phase::Start | Phase::Warm | Phase::Quiesce if gives => continue,
            Phase::Fence | Phase::Promote | Phase::Verify | Phase::Stop if gives => continue,
            Phase::Free | Phase::Start | Phase::Warm | Phase::Quiesce => raised,
            Phase::Fence | Phase::Promote | Phase::Verify | Phase::Stop => raised,
        };
        let last = group.steps.iter().rev().find(|&&step| web.drafts[step as usize].lane == Some(replica));
        if let Some(&step) = last {
            web.drafts[step as usize].effect = Some(serves_or_ends(serving));
        }
    }
    let last = lane.sinks().iter().copied().rfind(|&step| web.drafts[step as usize].lane == Some(replica));
    if let Some(step) = last {
        web.drafts[step as usize].effect = Some(serves_or_ends(seat.last));
    }
}

/// The first step that takes room: a start, or the first after it. A promotion is somebody's own effect.
fn holds(web: &mut Web, lane: &Lane, replica: usize, serving: Serving) {
    let mine = |step: u32| web.drafts[step as usize].lane == Some(replica);
    let takes = lane
        .groups
        .iter()
        .filter(|group| matches!(group.phase, Phase::Start | Phase::Warm))
        .flat_map(|group| group.steps.iter().copied())
        .find(|&step| mine(step));
    if let Some(step) = takes {
        web.drafts[step as usize].effect = Some(Effect::Holds { level: serving.level, share: serving.share });
    }
}

/// The last step of the lane that brings users, or shows that they can be served.
fn mark_last(web: &mut Web, lane: &Lane, replica: usize, effect: Effect) {
    let last = lane
        .groups
        .iter()
        .rev()
        .filter(|group| group.phase <= Phase::Shift)
        .flat_map(|group| group.steps.iter().rev().copied())
        .find(|&step| web.drafts[step as usize].lane == Some(replica));
    if let Some(step) = last {
        web.drafts[step as usize].effect = Some(effect);
    }
}

fn serves_or_ends(serving: Serving) -> Effect {
    if serving.share == Ppm::ZERO {
        Effect::Ends
    } else {
        Effect::Serves { level: serving.level, share: serving.share }
    }
}

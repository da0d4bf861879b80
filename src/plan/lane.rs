//! The order inside a service: one lane for each replica that takes over, phases in their order, steps as written.

use std::collections::BTreeMap;

use crate::model::Phase;
use crate::model::ServiceId;
use crate::plan::Mode;
use crate::plan::Side;
use crate::plan::draft::Draft;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::draft::number;
use crate::plan::scene::Scene;
use crate::plan::ttl;

/// The steps of one replica, for one stage of its service's recovery.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Lane {
    /// Whose steps they are.
    pub(in crate::plan) service: ServiceId,
    /// Which replica; none where the steps belong to the service as a whole.
    pub(in crate::plan) replica: Option<usize>,
    /// What brought them into the plan.
    pub(in crate::plan) stage: Stage,
    /// Phase by phase; only phases that have steps.
    pub(in crate::plan) groups: Vec<Group>,
}

/// The steps of one phase in a lane.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Group {
    pub(in crate::plan) phase: Phase,
    /// Every step, as written.
    pub(in crate::plan) steps: Vec<u32>,
    /// Those that wait for no other of the group.
    pub(in crate::plan) entries: Vec<u32>,
    /// Those that no other of the group waits for.
    pub(in crate::plan) sinks: Vec<u32>,
}

impl Lane {
    /// Where the lane is entered at this phase or later.
    pub(in crate::plan) fn entries_from(&self, phase: Phase) -> &[u32] {
        self.groups.iter().find(|group| group.phase >= phase).map_or(&[], |group| &group.entries)
    }

    /// Where the lane is left when this phase and all before it are done.
    pub(in crate::plan) fn sinks_until(&self, phase: Phase) -> &[u32] {
        self.groups.iter().rev().find(|group| group.phase <= phase).map_or(&[], |group| &group.sinks)
    }

    /// Every step that no other of the lane comes before.
    pub(in crate::plan) fn entries(&self) -> &[u32] {
        self.groups.first().map_or(&[], |group| &group.entries)
    }

    /// Every step that comes before no other of the lane.
    pub(in crate::plan) fn sinks(&self) -> &[u32] {
        self.groups.last().map_or(&[], |group| &group.sinks)
    }

    /// All steps.
    pub(in crate::plan) fn steps(&self) -> impl Iterator<Item = u32> {
        self.groups.iter().flat_map(|group| group.steps.iter().copied())
    }
}

/// Puts every service's steps into lanes, and adds the edges inside them.
pub(in crate::plan) fn lanes(scene: &Scene<'_>, web: &mut Web) -> Vec<Lane> {
    let mut by_owner: BTreeMap<(ServiceId, Stage), Vec<u32>> = BTreeMap::new();
    for (at, draft) in web.drafts.iter().enumerate() {
        if let Some(id) = draft.service().filter(|_| !ttl::is_one(draft)) {
            by_owner.entry((id, draft.stage)).or_default().push(number(at));
        }
    }
    let mut lanes = Vec::new();
    for ((service, stage), steps) in by_owner {
        let mut replicas: Vec<Option<usize>> =
            steps.iter().map(|&step| web.drafts[step as usize].lane).filter(Option::is_some).collect();
        replicas.sort_unstable();
        replicas.dedup();
        if replicas.is_empty() {
            replicas.push(None);
        }
        for replica in replicas {
            let mut members: Vec<u32> =
                steps.iter().copied().filter(|&step| in_lane(scene, &web.drafts[step as usize], replica)).collect();
            members.sort_by_key(|&step| {
                let draft = &web.drafts[step as usize];
                (draft.phase, draft.rank, step)
            });
            let groups = chain(scene, web, &members);
            lanes.push(Lane { service, replica, stage, groups });
        }
    }
    lanes
}

/// The fence of what need not answer runs beside everything else, and only its gate is waited for.
fn in_lane(scene: &Scene<'_>, draft: &Draft, replica: Option<usize>) -> bool {
    let silent = scene.mode == Mode::Failover
        || draft.service().zip(draft.source).is_some_and(|(id, source)| scene.is_silent(id, source));
    let silent = silent || draft.stage == Stage::Owed;
    let beside = silent && draft.phase == Phase::Fence && draft.side != Side::Target;
    !beside && (draft.lane == replica || draft.lane.is_none())
}

/// Phases follow each other; inside a phase the order written, unless `needs` says otherwise.
fn chain(scene: &Scene<'_>, web: &mut Web, members: &[u32]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut rest = members;
    while let Some(&first) = rest.first() {
        let phase = web.drafts[first as usize].phase;
        let count = rest.iter().take_while(|&&step| web.drafts[step as usize].phase == phase).count();
        let (steps, behind) = rest.split_at(count);
        rest = behind;
        let group = group(scene, web, phase, steps);
        if let Some(before) = groups.last() {
            let before = before.sinks.clone();
            web.order(&before, &group.entries);
        }
        groups.push(group);
    }
    groups
}

fn group(scene: &Scene<'_>, web: &mut Web, phase: Phase, steps: &[u32]) -> Group {
    let mut has_before = vec![false; steps.len()];
    let mut has_behind = vec![false; steps.len()];
    let mut edges = Vec::new();
    for (at, &step) in steps.iter().enumerate() {
        let draft = &web.drafts[step as usize];
        let template = draft.template(scene.estate());
        let before: Vec<usize> = match template.and_then(|template| template.needs.as_ref()) {
            Some(needs) => (0..steps.len())
                .filter(|&other| other != at)
                .filter(|&other| {
                    let other = web.drafts[steps[other] as usize].template(scene.estate());
                    other.is_some_and(|other| needs.contains(&other.id))
                })
                .collect(),
            None => at.checked_sub(1).into_iter().collect(),
        };
        for other in before {
            edges.push((steps[other], step));
            has_behind[other] = true;
            has_before[at] = true;
        }
    }
    web.edges.extend(edges);
    let pick = |flags: &[bool]| steps.iter().zip(flags).filter(|(_, flag)| !**flag).map(|(&step, _)| step).collect();
    Group { phase, steps: steps.to_vec(), entries: pick(&has_before), sinks: pick(&has_behind) }
}

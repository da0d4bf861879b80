//! The order across services: callees ready before callers, room given up before it is taken, tools before their users.

use std::collections::BTreeMap;

use crate::model::DependencyKind;
use crate::model::Phase;
use crate::model::Procedure;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::Supply;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::Part;
use crate::placement::gates_the_floor;
use crate::plan::GateKind;
use crate::plan::Issue;
use crate::plan::Mode;
use crate::plan::draft::How;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::draft::Worth;
use crate::plan::draft::number;
use crate::plan::gates;
use crate::plan::lane::Lane;
use crate::plan::records;
use crate::plan::room;
use crate::plan::scene::Scene;
use crate::plan::select::must_start;

/// For each service the steps and gates after which it is back; none where nobody must wait for it.
#[derive(Debug, Default)]
pub(in crate::plan) struct Ready {
    pub(in crate::plan) of: Vec<Vec<u32>>,
}

/// Finds out when each service is back, and makes gates for those that no step brings back.
pub(in crate::plan) fn ready(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane], issues: &mut Vec<Issue>) -> Ready {
    let mut of: Vec<Vec<u32>> = vec![Vec::new(); scene.estate().services.len()];
    for lane in lanes {
        match lane.stage {
            Stage::First => of[lane.service.at()].extend(lane.sinks_until(Phase::Shift)),
            Stage::Detach => of[lane.service.at()].extend(lane.sinks()),
            Stage::SiteFence | Stage::Fetch | Stage::Victim | Stage::Raise | Stage::Owed => {}
        }
    }
    let wanted = wanted(scene, web);
    for (at, nodes) in of.iter_mut().enumerate() {
        let id = ServiceId::new(at);
        if !scene.is_away(id) {
            continue;
        }
        note_targets_without_steps(scene, lanes, id, issues);
        nodes.sort_unstable();
        nodes.dedup();
        if !nodes.is_empty() && scene.placed(id).impact == Impact::Waiting && !shows_itself(web, lanes, id) {
            nodes.push(gates::health(scene, web, id));
        }
        if !nodes.is_empty() || gates::is_stranded(scene, id) && !wanted[at] {
            continue;
        }
        let name = scene.name(id);
        let class = scene.class(id);
        nodes.push(match scene.placed(id).impact {
            Impact::Waiting => gates::health(scene, web, id),
            Impact::Stranded => gates::break_glass(web, &format!("service:{name}"), class),
            Impact::Reduced if !scene.placed(id).moves => continue,
            Impact::Reduced | Impact::Down | Impact::Exposed | Impact::Unaffected => {
                gates::break_glass(web, &format!("runbook:{name}"), class)
            }
        });
    }
    Ready { of }
}

/// Whether any step of a service that only waits shows that it works again: one that is made smaller or larger
/// meanwhile has steps, but none that waits for what it calls.
fn shows_itself(web: &Web, lanes: &[Lane], id: ServiceId) -> bool {
    let mut steps = lanes_of(lanes, id).filter(|lane| lane.stage == Stage::First).flat_map(Lane::steps);
    steps.any(|step| {
        let draft = &web.drafts[step as usize];
        let resizes = matches!(draft.procedure, Procedure::Degrade | Procedure::Shed | Procedure::Restore);
        !resizes && draft.phase >= Phase::Promote
    })
}

/// By service: whether anything that this plan brings back waits for it. A person supplies what is stranded only then.
fn wanted(scene: &Scene<'_>, web: &Web) -> Vec<bool> {
    let estate = scene.estate();
    let mut wanted = vec![false; estate.services.len()];
    for (at, service) in estate.services.iter().enumerate() {
        let id = ServiceId::new(at);
        if scene.is_away(id) && !gates::is_stranded(scene, id) {
            for dependency in service.depends_on.iter().filter(|it| it.kind != DependencyKind::Soft) {
                wanted[dependency.service.at()] = true;
            }
        }
    }
    // Nobody is asked for the channel of a message.
    let asking = web.drafts.iter().filter(|draft| !draft.is_message(estate));
    for chosen in asking.flat_map(|draft| &draft.uses) {
        if let Supply::Service(id) | Supply::ServiceAt(id, _) = chosen.supply {
            wanted[id.at()] = true;
        }
    }
    wanted
}

fn note_targets_without_steps(scene: &Scene<'_>, lanes: &[Lane], id: ServiceId, issues: &mut Vec<Issue>) {
    for (at, seat) in scene.placed(id).seats.iter().enumerate() {
        let has = |lane: &Lane| lane.service == id && lane.replica == Some(at) && lane.steps().next().is_some();
        if seat.part == Part::Added && !lanes_of(lanes, id).any(has) {
            issues.push(Issue::NoSteps {
                service: scene.name(id).to_owned(),
                site: scene.site_name(scene.site_of(id, at)).to_owned(),
            });
        }
    }
}

/// The lanes of a service; they stand together, in order of service.
pub(in crate::plan) fn lanes_of(lanes: &[Lane], id: ServiceId) -> impl Iterator<Item = &Lane> {
    let from = lanes.partition_point(|lane| lane.service < id);
    lanes[from..].iter().take_while(move |lane| lane.service == id)
}

/// Adds every edge between services.
pub(in crate::plan) fn across(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane], ready: &Ready) {
    for lane in lanes {
        match (lane.stage, scene.mode) {
            (Stage::First, Mode::Failover) => wait_for_callees(scene, web, lanes, lane, ready),
            (Stage::First, Mode::Switchover | Mode::Failback | Mode::Retreat) => {
                move_in_order(scene, web, lanes, lane, ready)
            }
            (Stage::Raise, _) => {
                wait_for_the_full_level(scene, web, lane, ready);
                wait_to_start(scene, web, lane, ready);
            }
            (Stage::SiteFence | Stage::Fetch | Stage::Victim | Stage::Detach | Stage::Owed, _) => {}
        }
    }
    health_gates(scene, web, ready);
    room::in_turn(scene, web, lanes);
}

/// Promote, verify and shift wait until every hard dependency is ready; a start waits for what it needs to start.
fn wait_for_callees(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane], lane: &Lane, ready: &Ready) {
    let id = lane.service;
    for dependency in &scene.estate().service(id).depends_on {
        let callee = dependency.service;
        let nodes = &ready.of[callee.at()];
        if nodes.is_empty() || callee == id {
            continue;
        }
        if !gates_the_floor(scene.estate(), id, dependency) {
            if dependency.kind == DependencyKind::Hard && scene.placed(id).first_level == Level::Full {
                web.prefer(nodes, lane.entries_from(Phase::Promote), &Worth::FullLevel);
            }
            continue;
        }
        if scene.ground.are_together(id, callee) {
            for other in lanes_of(lanes, callee).filter(|other| other.stage == Stage::First) {
                web.order(other.sinks_until(Phase::Promote), lane.entries_from(Phase::Verify));
            }
        } else {
            web.order(nodes, lane.entries_from(Phase::Promote));
        }
    }
    wait_to_start(scene, web, lane, ready);
    wait_for_majority(scene, web, lane);
}

/// What lost its majority starts when a person has supplied one.
fn wait_for_majority(scene: &Scene<'_>, web: &mut Web, lane: &Lane) {
    let id = lane.service;
    if scene.placed(id).no_majority {
        let gate = gates::break_glass(web, &format!("quorum:{}", scene.name(id)), scene.class(id));
        web.order(&[gate], lane.entries_from(Phase::Start));
    }
}

/// A replica that must be started waits for what it needs to start.
fn wait_to_start(scene: &Scene<'_>, web: &mut Web, lane: &Lane, ready: &Ready) {
    let id = lane.service;
    let service = scene.estate().service(id);
    let added = lane.replica.filter(|&at| scene.placed(id).seats[at].part == Part::Added);
    if !added.is_some_and(|at| must_start(scene.role(id, at))) {
        return;
    }
    for dependency in service.depends_on.iter().filter(|dependency| dependency.kind == DependencyKind::Start) {
        let callee = dependency.service;
        // What is moved in order serves on meanwhile.
        let serves = scene.mode != Mode::Failover
            && matches!(scene.placed(callee).impact, Impact::Unaffected | Impact::Exposed)
            && !scene.placed(callee).no_majority;
        if callee != id && !serves {
            let supplied = Worth::Supplied(format!("service:{}", scene.name(callee)));
            web.prefer(&ready.of[callee.at()], lane.entries_from(Phase::Start), &supplied);
        }
    }
}

/// A planned move: targets up first, callees before callers; callers shift while they still call the old callee; then
/// the callee's bracket; drains last. An edge inside one site moves as one.
fn move_in_order(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane], lane: &Lane, ready: &Ready) {
    let id = lane.service;
    for dependency in &scene.estate().service(id).depends_on {
        let callee = dependency.service;
        let hard = dependency.kind == DependencyKind::Hard;
        if !hard || ready.of[callee.at()].is_empty() || callee == id || scene.ground.are_together(id, callee) {
            continue;
        }
        let gates = gates_the_floor(scene.estate(), id, dependency);
        match (scene.placed(callee).impact, gates) {
            (Impact::Unaffected, true) => {}
            (Impact::Unaffected, false) => continue,
            (_, false) if scene.placed(id).first_level == Level::Degraded => continue,
            (_, true) => {
                web.order(&ready.of[callee.at()], lane.entries_from(Phase::Promote));
                continue;
            }
            (_, false) => {
                web.prefer(&ready.of[callee.at()], lane.entries_from(Phase::Promote), &Worth::FullLevel);
                continue;
            }
        }
        for other in lanes_of(lanes, callee).filter(|other| other.stage == Stage::First) {
            web.prefer(other.sinks_until(Phase::Warm), lane.entries_from(Phase::Start), &Worth::Courtesy);
            if dependency.same_site {
                web.order(other.sinks_until(Phase::Shift), lane.entries_from(Phase::Quiesce));
                continue;
            }
            let bracket = other
                .groups
                .iter()
                .find(|group| matches!(group.phase, Phase::Quiesce | Phase::Fence | Phase::Promote | Phase::Shift));
            if let Some(group) = bracket {
                web.prefer(lane.sinks_until(Phase::Shift), &group.entries, &Worth::Courtesy);
            }
            web.prefer(lane.sinks_until(Phase::Drain), other.entries_from(Phase::Drain), &Worth::Courtesy);
        }
    }
    wait_to_start(scene, web, lane, ready);
    wait_for_majority(scene, web, lane);
}

/// The raise to the last level waits for the service itself, and for what only the full level needs.
fn wait_for_the_full_level(scene: &Scene<'_>, web: &mut Web, lane: &Lane, ready: &Ready) {
    let id = lane.service;
    web.order(&ready.of[id.at()], lane.entries());
    for dependency in &scene.estate().service(id).depends_on {
        if dependency.kind == DependencyKind::Hard {
            web.order(&ready.of[dependency.service.at()], lane.entries());
        }
    }
}

/// A service without steps of its own is back when all that it waits for is.
fn health_gates(scene: &Scene<'_>, web: &mut Web, ready: &Ready) {
    for at in 0..ready.of.len() {
        let id = ServiceId::new(at);
        let is_health = |node: &&u32| {
            let gate = (**node as usize).checked_sub(web.drafts.len());
            gate.is_some_and(|gate| web.gates[gate].service == Some(id) && web.gates[gate].kind == GateKind::Health)
        };
        let Some(&node) = ready.of[at].iter().find(is_health) else { continue };
        for need in &scene.estate().service(id).depends_on {
            let callee = need.service;
            if callee == id || !gates_the_floor(scene.estate(), id, need) {
                continue;
            }
            // Of those that it is recovered together with it waits for steps: their gates may wait for this one.
            let together = scene.ground.are_together(id, callee);
            let steps = web.drafts.len();
            let nodes = ready.of[callee.at()].iter().copied().filter(|&node| !together || (node as usize) < steps);
            web.order(&nodes.collect::<Vec<_>>(), &[node]);
        }
    }
}

/// The steps that cut a site off follow each other as written, unless `needs` says otherwise.
pub(in crate::plan) fn site_fences(scene: &Scene<'_>, web: &mut Web) {
    for at in 0..scene.estate().sites.len() {
        let steps: Vec<usize> = web.of(Owner::Site(SiteId::new(at))).collect();
        let class = |id: ServiceId| (!scene.sources(id).is_empty()).then(|| scene.class(id));
        let services = (0..scene.estate().services.len()).map(ServiceId::new);
        let most = if steps.is_empty() { u8::MAX } else { services.filter_map(class).min().unwrap_or(u8::MAX) };
        for (rank, &step) in steps.iter().enumerate() {
            web.drafts[step].class = most;
            let needs = web.drafts[step].template(scene.estate()).and_then(|template| template.needs.as_ref());
            let before: Vec<usize> = match needs {
                Some(needs) => steps
                    .iter()
                    .copied()
                    .filter(|&other| {
                        let other = web.drafts[other].template(scene.estate());
                        other.is_some_and(|other| needs.contains(&other.id))
                    })
                    .collect(),
                None => rank.checked_sub(1).map(|before| steps[before]).into_iter().collect(),
            };
            web.edges.extend(before.into_iter().map(|before| (number(before), number(step))));
        }
    }
}

/// Nothing begins before the plan is approved.
pub(in crate::plan) fn begin(web: &mut Web, start: u32) {
    let mut waits = vec![false; web.nodes()];
    for &(_, behind) in &web.edges {
        waits[behind as usize] = true;
    }
    let free = (0..web.nodes()).map(number).filter(|&node| node != start && !waits[node as usize]);
    web.edges.extend(free.map(|node| (start, node)).collect::<Vec<_>>());
}

/// Every step waits for what it uses: for the fetch of a kit, for a tool that this plan brings back, or for a person. So
/// does a shift whose keeper is lost as a whole.
pub(in crate::plan) fn uses(scene: &Scene<'_>, web: &mut Web, ready: &Ready) {
    let mut fetches: BTreeMap<u32, u32> = BTreeMap::new();
    for (at, draft) in web.drafts.iter().enumerate() {
        if let Owner::Kit(kit) = draft.owner {
            fetches.insert(kit.0, number(at));
        }
    }
    for at in 0..web.drafts.len() {
        // Whoever keeps the route can't be spoken to: a person moves it where it is kept.
        if let Some(keeper) = records::lost_keeper(scene, &web.drafts[at]) {
            let class = web.drafts[at].class;
            let gate = gates::break_glass(web, &format!("provider:{}", keeper.name), class);
            web.order(&[gate], &[number(at)]);
        }
        for chosen in web.drafts[at].uses.clone() {
            let class = web.drafts[at].class;
            let missing = gates::missing(scene, chosen);
            let before: Vec<u32> = match (chosen.how, chosen.supply) {
                (How::There, _) => continue,
                (How::Missing, _) if web.drafts[at].is_message(scene.estate()) => continue,
                (How::Fetched, Supply::Kit(kit)) => fetches.get(&kit.0).copied().into_iter().collect(),
                (How::Recovered, Supply::Service(id) | Supply::ServiceAt(id, _)) => {
                    web.prefer(&ready.of[id.at()], &[number(at)], &Worth::Supplied(missing));
                    continue;
                }
                (How::Missing | How::Fetched | How::Recovered, _) => {
                    vec![gates::break_glass(web, &missing, class)]
                }
            };
            web.order(&before, &[number(at)]);
        }
    }
}

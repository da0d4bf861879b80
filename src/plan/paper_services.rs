//! What the plan does with each service, on paper: from where to where, when, and because of what.

use crate::model::Millis;
use crate::model::Ppm;
use crate::model::Role;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::TierId;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::Part;
use crate::placement::Raise;
use crate::placement::Seat;
use crate::plan::Assignment;
use crate::plan::DataLoss;
use crate::plan::Effect;
use crate::plan::Link;
use crate::plan::Milestone;
use crate::plan::Mode;
use crate::plan::Rejected;
use crate::plan::ServiceOnPaper;
use crate::plan::Target;
use crate::plan::WaitedFor;
use crate::plan::clock::Clock;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::draft::number;
use crate::plan::gates::is_stranded;
use crate::plan::gates::lag;
use crate::plan::order::Ready;
use crate::plan::scene::Scene;
use crate::schedule::Chains;
use crate::schedule::Why;

/// In plans of more steps than this only so many services get their critical path written down: each costs a walk over
/// the whole plan.
const CHAINS_WHOLE: usize = 5_000;
const CHAINS_MAX: usize = 40;

/// All services that the plan touches, in order of urgency, then of recovery.
pub(in crate::plan) fn services(
    scene: &Scene<'_>,
    web: &Web,
    ready: &Ready,
    clock: &Clock,
    names: &[String],
) -> Vec<ServiceOnPaper> {
    let mut order: Vec<ServiceId> =
        (0..scene.estate().services.len()).map(ServiceId::new).filter(|&id| scene.is_planned(id)).collect();
    let back = |id: ServiceId| ready.of[id.at()].iter().map(|&node| clock.end(node)).max();
    order.sort_by_key(|&id| (scene.class(id), scene.estate().service(id).tier, back(id), id));
    let few = web.drafts.len() <= CHAINS_WHOLE;
    let most = if few { order.len() } else { CHAINS_MAX };
    let chains = Chains::of(&clock.problem, &clock.schedule);
    let mut stranded = stranded_by(scene);
    order
        .iter()
        .enumerate()
        .map(|(at, &id)| ServiceOnPaper {
            stranded_by: std::mem::take(&mut stranded[id.at()]),
            ..service(scene, web, ready, clock, names, id, chains.as_ref().filter(|_| at < most))
        })
        .collect()
}

fn service(
    scene: &Scene<'_>,
    web: &Web,
    ready: &Ready,
    clock: &Clock,
    names: &[String],
    id: ServiceId,
    chains: Option<&Chains>,
) -> ServiceOnPaper {
    let estate = scene.estate();
    let service = estate.service(id);
    let placed = scene.placed(id);
    let tier = |id: TierId| estate.tiers[id.at()].name.clone();
    let nodes = &ready.of[id.at()];
    let last = nodes.iter().copied().max_by_key(|&node| (clock.end(node), node));
    let milestones = behind_callees(milestones(scene, web, clock, nodes, id), callees_back(scene, ready, clock, id));
    let back = match placed.impact {
        Impact::Stranded => None,
        Impact::Down | Impact::Reduced if scene.mode != Mode::Switchover => for_good(&milestones, placed.admits),
        Impact::Down | Impact::Reduced | Impact::Unaffected | Impact::Waiting | Impact::Exposed => {
            last.map(|node| clock.end(node))
        }
    };
    let ends_full = placed.level == Level::Full && placed.admits > Ppm::ZERO;
    let full = ends_full.then(|| milestones.last().map(|milestone| milestone.at_ms)).flatten();
    let raised = scene.urgency.raised[id.at()];
    let goes = if scene.mode == Mode::Switchover { moved_impact(placed.impact) } else { placed.impact };
    ServiceOnPaper {
        id: service.name.clone(),
        title: service.title.clone(),
        owner: service.owner.clone(),
        tier: tier(service.tier),
        effective_tier: tier(scene.urgency.tier[id.at()]),
        raised: raised.map(|(by, through)| Raise { by: scene.name(by).to_owned(), through }),
        impact: goes,
        from: assignments(scene, id),
        to: targets(scene, id),
        level: placed.level,
        note: match (&service.degraded, placed.level.min(placed.first_level)) {
            (Some(degraded), Level::Degraded) if !degraded.note.is_empty() => Some(degraded.note.clone()),
            _ => None,
        },
        level_because: placed.level_because.clone(),
        admits: placed.admits,
        rejected: placed
            .rejected
            .iter()
            .map(|(at, because)| Rejected {
                site: scene.site_name(scene.site_of(id, *at)).to_owned(),
                because: because.clone(),
            })
            .collect(),
        stranded_by: Vec::new(),
        together_with: together_with(scene, id),
        milestones,
        expected_back_ms: back,
        without_people_ms: nodes
            .iter()
            .map(|&node| clock.without_people[node as usize])
            .max()
            .filter(|_| placed.impact != Impact::Stranded),
        expected_full_ms: full,
        objective_ms: estate.rto(id),
        bound_ms: nodes.iter().map(|&node| clock.earliest(node)).max(),
        data_loss: data_loss(scene, id),
        critical_path: last.zip(chains).map_or(Vec::new(), |(node, chains)| path(chains, clock, names, node)),
    }
}

/// In a planned move nothing is lost.
const fn moved_impact(impact: Impact) -> Impact {
    match impact {
        Impact::Down | Impact::Reduced | Impact::Unaffected | Impact::Exposed => Impact::Unaffected,
        Impact::Waiting => Impact::Waiting,
        Impact::Stranded => Impact::Stranded,
    }
}

/// As it stands in a plan.
pub(in crate::plan) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Active => "active",
        Role::Hot => "hot",
        Role::Warm => "warm",
        Role::Cold => "cold",
    }
}

fn assignments(scene: &Scene<'_>, id: ServiceId) -> Vec<Assignment> {
    let service = scene.estate().service(id);
    let replicas = service.replicas.iter().enumerate();
    replicas
        .map(|(at, replica)| Assignment {
            site: scene.site_name(replica.site).to_owned(),
            role: role_word(replica.role).to_owned(),
            share: scene.situation.seats[id.at()][at].before,
            survives: scene.fate(id, at).serves(),
        })
        .collect()
}

fn targets(scene: &Scene<'_>, id: ServiceId) -> Vec<Target> {
    let service = scene.estate().service(id);
    let seats = scene.placed(id).seats.iter().zip(&service.replicas);
    let serves = |seat: &&Seat| seat.first.share > Ppm::ZERO || seat.last.share > Ppm::ZERO;
    let given = |seat: &&Seat| seat.gives_way.is_some();
    seats
        .filter(|(seat, _)| serves(seat) || given(seat))
        .map(|(seat, replica)| Target {
            site: scene.site_name(replica.site).to_owned(),
            role: role_word(replica.role).to_owned(),
            first_level: seat.first.level,
            level: seat.last.level,
            first_share: seat.first.share,
            share: seat.last.share,
            because: seat.because.clone(),
        })
        .collect()
}

/// By service: what it needs, directly or through others, that has nowhere to go. Asked from those, who are few.
fn stranded_by(scene: &Scene<'_>) -> Vec<Vec<String>> {
    let count = scene.estate().services.len();
    let away = |id: ServiceId| scene.is_away(id);
    let mut by = vec![Vec::new(); count];
    let mut seen = vec![usize::MAX; count];
    // By id is by name.
    for stranded in (0..count).map(ServiceId::new).filter(|&id| is_stranded(scene, id) && away(id)) {
        seen[stranded.at()] = stranded.at();
        let mut open = vec![stranded];
        while let Some(callee) = open.pop() {
            for caller in scene.ground.calls.back(callee.at()).iter().map(|&caller| ServiceId(caller)) {
                if seen[caller.at()] != stranded.at() && away(caller) {
                    seen[caller.at()] = stranded.at();
                    by[caller.at()].push(scene.name(stranded).to_owned());
                    open.push(caller);
                }
            }
        }
    }
    by
}

fn together_with(scene: &Scene<'_>, id: ServiceId) -> Vec<String> {
    let others = scene.ground.together(id).into_iter().filter(|&other| scene.is_away(other));
    others.map(|other| scene.name(other).to_owned()).collect()
}

/// How service returns: T=0, then every step whose end changes who serves what.
fn milestones(scene: &Scene<'_>, web: &Web, clock: &Clock, ready: &[u32], id: ServiceId) -> Vec<Milestone> {
    let placed = scene.placed(id);
    let mut behind: Vec<(Level, Ppm)> = placed.seats.iter().map(|seat| (seat.first.level, seat.first.share)).collect();
    let waits = matches!(placed.impact, Impact::Waiting | Impact::Stranded) || placed.no_majority;
    let mut seats: Vec<(Level, Ppm)> = match waits {
        true => vec![(Level::Shed, Ppm::ZERO); placed.seats.len()],
        false => (0..placed.seats.len()).map(|at| at_once(scene, id, at)).collect(),
    };
    let mut changes: Vec<(Millis, Option<u32>)> = web
        .of(Owner::Service(id))
        .map(number)
        .filter(|&node| {
            matches!(web.drafts[node as usize].effect, Some(Effect::Serves { .. } | Effect::Ends | Effect::Fenced))
        })
        .filter(|&node| !waits || web.drafts[node as usize].stage != Stage::First)
        .map(|node| (clock.end(node), Some(node)))
        .collect();
    if waits && placed.impact != Impact::Stranded {
        changes.push((ready.iter().map(|&node| clock.end(node)).max().unwrap_or_default(), None));
    }
    changes.sort_unstable();
    let (level, share) = state(&seats);
    let mut milestones = vec![Milestone { at_ms: Millis::ZERO, level, share }];
    for (at_ms, node) in changes {
        let Some(node) = node else {
            seats.clone_from(&behind);
            let (level, share) = state(&seats);
            if at_ms == Millis::ZERO {
                milestones.clear();
            }
            milestones.push(Milestone { at_ms, level, share });
            continue;
        };
        let draft = &web.drafts[node as usize];
        let seat = match draft.effect {
            Some(Effect::Serves { level, share }) => draft.lane.map(|lane| (lane, (level, share))),
            Some(Effect::Ends | Effect::Fenced) => {
                draft.source.or(draft.lane).map(|replica| (replica, (Level::Shed, Ppm::ZERO)))
            }
            _ => None,
        };
        let Some((replica, serving)) = seat else { continue };
        behind[replica] = serving;
        if waits && milestones.len() == 1 {
            continue;
        }
        seats[replica] = serving;
        let (level, share) = state(&seats);
        let before = milestones.last().map(|last| (last.level, last.share));
        if before == Some((level, share)) {
            continue;
        }
        if milestones.last().is_some_and(|last| last.at_ms == at_ms) {
            milestones.pop();
        }
        milestones.push(Milestone { at_ms, level, share });
    }
    milestones
}

/// From when on a service serves all whom it will admit, and does not fall below that again.
fn for_good(milestones: &[Milestone], admits: Ppm) -> Option<Millis> {
    let enough = |milestone: &&Milestone| milestone.share >= admits && milestone.share > Ppm::ZERO;
    milestones.iter().rev().take_while(enough).last().map(|milestone| milestone.at_ms)
}

/// When the last of the callees that a reduced service can't serve without is back; at once where none is gone.
fn callees_back(scene: &Scene<'_>, ready: &Ready, clock: &Clock, id: ServiceId) -> Millis {
    if scene.placed(id).impact != Impact::Reduced || scene.mode == Mode::Switchover {
        return Millis::ZERO;
    }
    let callees = scene.ground.calls.out(id.at()).iter().map(|&callee| ServiceId(callee));
    callees
        .filter(|&callee| matches!(scene.placed(callee).impact, Impact::Waiting | Impact::Down | Impact::Stranded))
        .filter(|&callee| !scene.ground.are_together(id, callee))
        .flat_map(|callee| &ready.of[callee.at()])
        .map(|&node| clock.end(node))
        .max()
        .unwrap_or_default()
}

/// Whoever survives serves nobody until what it calls is there.
fn behind_callees(milestones: Vec<Milestone>, back: Millis) -> Vec<Milestone> {
    let Some(then) = milestones.iter().rfind(|milestone| milestone.at_ms <= back).filter(|_| back > Millis::ZERO)
    else {
        return milestones;
    };
    let gone = Milestone { at_ms: Millis::ZERO, level: Level::Shed, share: Ppm::ZERO };
    let then = Milestone { at_ms: back, ..then.clone() };
    let later = milestones.iter().filter(|milestone| milestone.at_ms > back).cloned();
    [gone, then].into_iter().chain(later).collect()
}

/// What a replica serves when the incident is declared.
fn at_once(scene: &Scene<'_>, id: ServiceId, at: usize) -> (Level, Ppm) {
    let seat = &scene.placed(id).seats[at];
    if scene.fate(id, at).serves() && seat.now.share == Ppm::ZERO {
        (Level::Full, scene.situation.seats[id.at()][at].before)
    } else {
        (seat.now.level, seat.now.share)
    }
}

/// The lowest level of those who serve, and the share of users that they serve together.
fn state(seats: &[(Level, Ppm)]) -> (Level, Ppm) {
    let serving = seats.iter().filter(|(_, share)| *share > Ppm::ZERO);
    let level = serving.clone().map(|(level, _)| *level).min().unwrap_or(Level::Shed);
    (level, Ppm(serving.map(|(_, share)| share.0).sum::<u64>().min(Ppm::ONE.0)))
}

fn data_loss(scene: &Scene<'_>, id: ServiceId) -> Option<DataLoss> {
    let service = scene.estate().service(id);
    if service.kind != ServiceKind::Stateful || scene.mode != Mode::Failover {
        return None;
    }
    let target = scene.placed(id).seats.iter().position(|seat| seat.part == Part::Added)?;
    Some(DataLoss {
        site: scene.site_name(scene.site_of(id, target)).to_owned(),
        at_most_ms: lag(scene, id, target),
        objective_ms: scene.estate().rpo(id),
    })
}

fn path(chains: &Chains, clock: &Clock, names: &[String], node: u32) -> Vec<Link> {
    chains
        .to(node)
        .into_iter()
        .map(|link| Link {
            id: names[link.task as usize].clone(),
            start_ms: link.start,
            end_ms: link.finish,
            waited_for: match link.why {
                Why::Nothing => WaitedFor::Nothing,
                Why::After(_) => WaitedFor::Before,
                Why::Pool { pool, .. } => WaitedFor::Pool(clock.pools[pool as usize].id.clone()),
                Why::Kept { pool } => WaitedFor::Kept(clock.pools[pool as usize].id.clone()),
            },
        })
        .collect()
}

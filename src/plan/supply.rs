//! What steps use, and from where it is had: from what survives, from what this plan brings back, from a person's kit,
//! or not at all.

use crate::model::Action;
use crate::model::Ask;
use crate::model::DependencyKind;
use crate::model::HostSet;
use crate::model::Need;
use crate::model::Ppm;
use crate::model::Probe;
use crate::model::ProviderId;
use crate::model::Server;
use crate::model::ServiceId;
use crate::model::StepTemplate;
use crate::model::Supply;
use crate::model::Whereabouts;
use crate::model::far_socket;
use crate::placement::Fate;
use crate::placement::Impact;
use crate::placement::Need as Pull;
use crate::placement::Part;
use crate::placement::Through;
use crate::plan::Side;
use crate::plan::draft::Chosen;
use crate::plan::draft::Draft;
use crate::plan::draft::How;
use crate::plan::draft::Owner;
use crate::plan::draft::What;
use crate::plan::scene::Scene;
use crate::plan::select::must_start;

/// Fills in what every draft uses.
pub(in crate::plan) fn supply(scene: &Scene<'_>, drafts: &mut [Draft]) {
    for draft in drafts {
        let own = draft.service();
        let needs = needs(scene, draft);
        let chosen: Vec<Chosen> = needs.iter().filter_map(|need| choose(scene, need, own)).collect();
        for chosen in chosen {
            if !draft.uses.contains(&chosen) {
                draft.uses.push(chosen);
            }
        }
    }
}

/// Everything that a draft needs in order to run at all.
fn needs(scene: &Scene<'_>, draft: &Draft) -> Vec<Need> {
    let estate = scene.estate();
    let mut needs = Vec::new();
    let silent = draft.service().zip(draft.source).is_some_and(|(id, source)| scene.is_silent(id, source));
    if draft.side == Side::Source && silent {
        return needs;
    }
    let Some(template) = draft.template(estate) else {
        if draft.what == What::Launch {
            needs.extend(launcher(scene, draft).into_iter().flat_map(|provider| provider_uses(scene, provider)));
        }
        if let What::Lower(route) | What::Restore(route) = draft.what {
            needs.extend(provider_uses(scene, estate.routes[route.at()].provider));
        }
        return needs;
    };
    needs.extend(template.uses.iter().cloned());
    if says_ssh(template) {
        needs.extend(reach(scene, draft));
    }
    match &template.action {
        Action::Route(named) => {
            let route = named.or_else(|| draft.service().and_then(|id| estate.service(id).route));
            needs.extend(route.into_iter().flat_map(|route| provider_uses(scene, estate.routes[route.at()].provider)));
        }
        Action::Scale => {
            needs.extend(launcher(scene, draft).into_iter().flat_map(|provider| provider_uses(scene, provider)));
        }
        Action::Ssh(_) | Action::Exec(_) | Action::Http(_) => {}
        Action::Confirm(_) | Action::Notify(_) | Action::Wait(_) => {}
    }
    needs
}

/// What a provider needs by declaration, and what it takes to reach its sockets on other hosts.
fn provider_uses(scene: &Scene<'_>, provider: ProviderId) -> Vec<Need> {
    let provider = &scene.estate().providers[provider.at()];
    let mut needs = provider.uses.clone();
    let there = |server: &&Server| server.site.is_none_or(|site| scene.situation.sites[site.at()].serves());
    for server in provider.servers.iter().filter(there) {
        let set = far_socket(&server.address).and_then(|(host, _)| HostSet::parse(host).ok());
        needs.extend(set.into_iter().flat_map(|set| way_to(scene, &set)));
    }
    needs
}

/// Who launches for the draft's replica.
pub(in crate::plan) fn launcher(scene: &Scene<'_>, draft: &Draft) -> Option<ProviderId> {
    let replica = &scene.estate().service(draft.service()?).replicas[draft.lane?];
    replica.scale.as_ref().map(|scale| scale.provider)
}

fn says_ssh(step: &StepTemplate) -> bool {
    let probe = |probe: &Option<Box<Probe>>| probe.as_ref().is_some_and(|probe| matches!(probe.ask, Ask::Ssh(_)));
    let acts = match &step.action {
        Action::Ssh(_) => true,
        Action::Wait(waited) => matches!(waited.ask, Ask::Ssh(_)),
        Action::Exec(_) | Action::Http(_) | Action::Route(_) | Action::Scale => false,
        Action::Confirm(_) | Action::Notify(_) => false,
    };
    acts || probe(&step.done_if) || probe(&step.verify) || probe(&step.position)
}

/// What it takes to reach the draft's hosts: the rule's bastions, and its `uses` or the orchestrator's.
fn reach(scene: &Scene<'_>, draft: &Draft) -> Vec<Need> {
    let estate = scene.estate();
    let replica = match draft.side {
        Side::Source => draft.source,
        Side::Target | Side::Operator => draft.lane,
    };
    let hosts = draft.service().zip(replica).and_then(|(id, at)| estate.service(id).replicas[at].hosts.as_ref());
    hosts.map_or_else(|| estate.orchestrator.uses.clone(), |hosts| way_to(scene, hosts))
}

fn way_to(scene: &Scene<'_>, hosts: &HostSet) -> Vec<Need> {
    let estate = scene.estate();
    let rule = estate.host_rule(&hosts.first());
    let mut needs = rule.and_then(|rule| rule.uses.clone()).unwrap_or_else(|| estate.orchestrator.uses.clone());
    let jump: Vec<Supply> = rule
        .map(|rule| rule.jump.iter().map(|&(service, site)| Supply::ServiceAt(service, site)).collect())
        .unwrap_or_default();
    if !jump.is_empty() {
        needs.push(Need { any_of: jump });
    }
    needs
}

/// The first supply that is there; else the first that this plan brings back; else what is missing. Nothing waits for
/// itself: a step that brings back the only thing that it would use has no need of it.
fn choose(scene: &Scene<'_>, need: &Need, own: Option<ServiceId>) -> Option<Chosen> {
    let mut found: Option<Chosen> = None;
    let mut is_own = false;
    for &supply in &need.any_of {
        let how = how(scene, supply);
        let itself = matches!(supply, Supply::Service(id) | Supply::ServiceAt(id, _) if Some(id) == own);
        if itself && how != How::There {
            is_own = true;
            continue;
        }
        if found.is_none_or(|best| how < best.how) {
            found = Some(Chosen { supply, how });
        }
    }
    match found {
        Some(chosen) if chosen.how == How::Missing && is_own => None,
        chosen => chosen,
    }
}

fn how(scene: &Scene<'_>, supply: Supply) -> How {
    match supply {
        Supply::Kit(kit) => {
            let held = &scene.estate().kits[kit.at()].held_at;
            let there = held.iter().any(|place| match place {
                Whereabouts::Site(site) => scene.situation.sites[site.at()].serves(),
                Whereabouts::Place(_) => true,
            });
            if there { How::Fetched } else { How::Missing }
        }
        Supply::Service(id) => {
            let placed = scene.placed(id);
            let works = !matches!(placed.impact, Impact::Waiting | Impact::Down | Impact::Stranded);
            if works && placed.seats.iter().any(|seat| seat.now.share > Ppm::ZERO) {
                return How::There;
            }
            if works && scene.situation.survives(id) {
                return How::There;
            }
            if placed.impact != Impact::Stranded && scene.is_away(id) { How::Recovered } else { How::Missing }
        }
        Supply::ServiceAt(id, site) => {
            let replicas = &scene.estate().service(id).replicas;
            let Some(at) = replicas.iter().position(|replica| replica.site == site) else {
                return How::Missing;
            };
            let seat = &scene.placed(id).seats[at];
            if !matches!(scene.fate(id, at), Fate::Up | Fate::Leaving) {
                How::Missing
            } else if matches!(seat.part, Part::Survivor | Part::Left) || !must_start(scene.role(id, at)) {
                How::There
            } else if seat.part == Part::Added {
                How::Recovered
            } else {
                How::Missing
            }
        }
    }
}

/// Who pulls whom to a more urgent tier, beyond hard edges: what steps use, and what must be there for a start.
pub(in crate::plan) fn pulls(scene: &Scene<'_>, drafts: &[Draft]) -> Vec<Pull> {
    let mut pulls: Vec<Pull> = Vec::new();
    for draft in drafts {
        let Owner::Service(caller) = draft.owner else {
            continue;
        };
        for chosen in &draft.uses {
            let (Supply::Service(callee) | Supply::ServiceAt(callee, _)) = chosen.supply else {
                continue;
            };
            if callee != caller {
                pulls.push(Pull { caller, callee, through: Through::Uses });
            }
        }
    }
    for (at, service) in scene.estate().services.iter().enumerate() {
        let caller = ServiceId::new(at);
        if starts(scene, caller) {
            let needed = service.depends_on.iter().filter(|dependency| dependency.kind == DependencyKind::Start);
            pulls.extend(needed.map(|dependency| Pull { caller, callee: dependency.service, through: Through::Start }));
        }
    }
    pulls.sort_unstable();
    pulls.dedup();
    pulls
}

/// Whether the service comes back on a replica that must be started.
pub(in crate::plan) fn starts(scene: &Scene<'_>, id: ServiceId) -> bool {
    let mut seats = scene.placed(id).seats.iter().enumerate();
    seats.any(|(at, seat)| seat.part == Part::Added && must_start(scene.role(id, at)))
}

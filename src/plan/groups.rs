//! How many instances auto-scaling groups are asked for: a group is told one number, whoever it is for.
//!
//! So each launch asks for all that stands in the group, for what more urgent launches need, and for its own. Numbers only
//! rise from one launch to the next, and an urgent one never waits for what is less urgent.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Amounts;
use crate::model::Estate;
use crate::model::Ppm;
use crate::model::Provider;
use crate::model::ProviderId;
use crate::model::ProviderKind;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::placement::Level;
use crate::plan::ActionOnPaper;
use crate::plan::Step;
use crate::plan::scene::Scene;

/// Fills in what the launches among these steps ask their groups for. Steps stand in their order on paper.
pub(in crate::plan) fn fill(scene: &Scene<'_>, steps: &mut [Step]) {
    let estate = scene.estate();
    let mut launches: Vec<(usize, ProviderId, ServiceId, SiteId)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let actions = std::iter::once(&step.action).chain(&step.undo);
        let Some(provider) = actions.filter_map(|action| group(estate, action)).next() else { continue };
        let service = step.service.as_ref().and_then(|name| estate.service_named(name));
        let site = step.site.as_ref().and_then(|name| estate.site_named(name));
        if let Some((service, site)) = service.zip(site) {
            launches.push((at, provider, service, site));
        }
    }
    if launches.is_empty() {
        return;
    }
    launches.sort_by_key(|&(at, provider, _, _)| (provider, steps[at].class, at));
    let mut reached: BTreeMap<ProviderId, Option<u64>> = BTreeMap::new();
    let mut counted = BTreeSet::new();
    for (at, id, service, site) in launches {
        let provider = &estate.providers[id.at()];
        let before = *reached.entry(id).or_insert_with(|| standing(scene, id, site));
        let mut now = before;
        if counted.insert((id, service, site)) {
            let seats = scene.placed(service).seats.iter().zip(&estate.service(service).replicas);
            let launched = seats.filter(|(_, replica)| replica.site == site).map(|(seat, _)| &seat.launched);
            for launched in launched {
                now = add(now, provider.instances_for(launched));
            }
            reached.insert(id, now);
        }
        let step = &mut steps[at];
        for action in std::iter::once(&mut step.action).chain(&mut step.undo) {
            if let ActionOnPaper::Scale { instances, .. } = action {
                *instances = now;
            }
        }
    }
}

/// The group that an action asks.
fn group(estate: &Estate, action: &ActionOnPaper) -> Option<ProviderId> {
    let ActionOnPaper::Scale { provider, .. } = action else { return None };
    let is_it = |known: &Provider| known.kind == ProviderKind::AwsAutoscaling && known.name == *provider;
    estate.providers.iter().position(is_it).map(ProviderId::new)
}

/// What is in a group when the incident begins: its own, and what replicas that serve there already carry beyond their
/// hosts, or beyond what the site has at once. An earlier run launched that.
fn standing(scene: &Scene<'_>, id: ProviderId, site: SiteId) -> Option<u64> {
    let estate = scene.estate();
    let provider = &estate.providers[id.at()];
    let mut sum = Some(provider.standing);
    let mut launched = Amounts::zero(estate.resources.len());
    for (at, service) in estate.services.iter().enumerate() {
        for (lane, replica) in service.replicas.iter().enumerate().filter(|(_, replica)| replica.site == site) {
            let now = &scene.situation.seats[at][lane];
            if !now.fate.serves() || now.before == Ppm::ZERO {
                continue;
            }
            let Some(scale) = &replica.scale else { continue };
            let service = ServiceId::new(at);
            let carried = scene.situation.demand(estate, service, Level::Full).times(now.before);
            let beyond = carried.less(&scene.situation.carries(service, lane, replica));
            launched = launched.plus(&beyond);
            if scale.provider == id {
                sum = add(sum, provider.instances_for(&beyond));
            }
        }
    }
    let account = &scene.placement.sites[site.at()];
    let crowded = account.before.less(&account.limit).less(&launched);
    // Only what grows in this group can have grown it.
    let crowded = crowded.with(&provider.instance, |crowded, gives| if gives == 0 { 0 } else { crowded });
    add(sum, provider.instances_for(&crowded))
}

fn add(sum: Option<u64>, more: Option<u64>) -> Option<u64> {
    Some(sum?.saturating_add(more?))
}

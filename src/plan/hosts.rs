//! How hosts are reached, on paper: addresses, users, and the bastions that are still there.

use std::collections::BTreeMap;

use crate::model::HostSet;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::plan::BastionOnPaper;
use crate::plan::HostsOnPaper;
use crate::plan::Step;
use crate::plan::scene::Scene;

/// Hosts of a site, by the rule that fits them.
pub(in crate::plan) fn on_paper(scene: &Scene<'_>, site: SiteId, set: &HostSet) -> HostsOnPaper {
    let estate = scene.estate();
    let rule = estate.host_rule(&set.first());
    let address = rule.and_then(|rule| rule.address.as_ref()).map_or("{{ host }}".to_owned(), ToString::to_string);
    let user = rule.and_then(|rule| rule.user.clone()).or_else(|| estate.site(site).user.clone());
    HostsOnPaper {
        set: set.to_string(),
        count: set.count(),
        user,
        address,
        port: rule.map_or(22, |rule| rule.port),
        jump: bastions_of(scene, set).map(|(id, site)| name(scene, id, site)).collect(),
    }
}

/// What an incident that takes single hosts leaves of a set.
pub(in crate::plan) fn left(scene: &Scene<'_>, set: &HostSet) -> Option<HostSet> {
    let lost = scene.incident.scopes.iter().filter_map(|(scope, state)| match (scope, state) {
        (Scope::Hosts(hosts), ScopeState::Lost | ScopeState::Impaired) => Some(hosts),
        _ => None,
    });
    lost.into_iter().try_fold(set.clone(), |set, hosts| set.without(hosts))
}

/// All bastions that the hosts of these steps are reached through, and those that these are reached through.
pub(in crate::plan) fn bastions(scene: &Scene<'_>, steps: &[Step]) -> Vec<BastionOnPaper> {
    let mut found: BTreeMap<String, HostsOnPaper> = BTreeMap::new();
    let mut open: Vec<String> =
        steps.iter().filter_map(|step| step.hosts.as_ref()).flat_map(|it| it.jump.clone()).collect();
    while let Some(name) = open.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let Some(hosts) = bastion(scene, &name) else { continue };
        open.extend(hosts.jump.iter().cloned());
        found.insert(name, hosts);
    }
    found.into_iter().map(|(name, hosts)| BastionOnPaper { name, hosts }).collect()
}

fn bastion(scene: &Scene<'_>, wanted: &str) -> Option<HostsOnPaper> {
    let all = scene.estate().host_rules.iter().flat_map(|rule| rule.jump.iter());
    let &(id, site) = all.into_iter().find(|(id, site)| name(scene, *id, *site) == wanted)?;
    let replica = scene.estate().service(id).at(site)?;
    Some(on_paper(scene, site, &left(scene, replica.hosts.as_ref()?)?))
}

/// The bastions of some hosts that are there and trusted: nobody goes through one that is lost.
fn bastions_of(scene: &Scene<'_>, set: &HostSet) -> impl Iterator<Item = (ServiceId, SiteId)> {
    let rule = scene.estate().host_rule(&set.first());
    let all = rule.map_or(&[][..], |rule| &rule.jump).iter().copied();
    all.filter(|&(id, site)| {
        let replicas = &scene.estate().service(id).replicas;
        replicas.iter().position(|replica| replica.site == site).is_some_and(|at| scene.fate(id, at).serves())
    })
}

fn name(scene: &Scene<'_>, id: ServiceId, site: SiteId) -> String {
    format!("{}@{}", scene.name(id), scene.site_name(site))
}

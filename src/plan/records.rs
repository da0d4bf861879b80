//! What the shifts of a plan lead to: the records of its routes, and who keeps them, without what is lost.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Provider;
use crate::model::ProviderKind;
use crate::model::Route;
use crate::model::RouteId;
use crate::model::SecretRef;
use crate::model::Server;
use crate::placement::Situation;
use crate::plan::ActionOnPaper;
use crate::plan::FormatError;
use crate::plan::HealthOnPaper;
use crate::plan::HostsOnPaper;
use crate::plan::Issue;
use crate::plan::Plan;
use crate::plan::ProviderOnPaper;
use crate::plan::RecordOnPaper;
use crate::plan::RouteOnPaper;
use crate::plan::Step;
use crate::plan::TsigOnPaper;
use crate::plan::TtlOnPaper;
use crate::plan::blank;
use crate::plan::draft::Draft;
use crate::plan::draft::Web;
use crate::plan::draft::What;
use crate::plan::hosts::Net;
use crate::plan::ramp;
use crate::plan::scene::Scene;
use crate::plan::ttl::shifted;

/// Every route that a step shifts, by name.
pub(in crate::plan) fn records(estate: &Estate, steps: &[Step]) -> Vec<RecordOnPaper> {
    let mut shifted: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for step in steps {
        for action in std::iter::once(&step.action).chain(&step.undo) {
            if let ActionOnPaper::Route(RouteOnPaper { route, .. }) | ActionOnPaper::Ttl(TtlOnPaper { route, .. }) =
                action
            {
                shifted.entry(route).or_insert(step.service.as_deref());
            }
        }
    }
    let routes = shifted.into_iter().filter_map(|(name, service)| {
        let route = estate.routes.iter().find(|route| route.name == name)?;
        Some(record(estate, route, service.unwrap_or_default()))
    });
    routes.collect()
}

fn record(estate: &Estate, route: &Route, service: &str) -> RecordOnPaper {
    RecordOnPaper {
        name: route.name.clone(),
        provider: estate.providers[route.provider.at()].name.clone(),
        record: route.record.clone(),
        ttl_ms: route.ttl,
        at: route.at.iter().map(|(site, addresses)| (estate.site(*site).name.clone(), addresses.clone())).collect(),
        health: route.health.as_ref().map(|health| HealthOnPaper {
            url: health.http.fill(|name| (name == "service").then_some(service)).to_string(),
            expect_status: health.expect_status,
            max_error_rate: health.max_error_rate,
        }),
    }
}

/// Every provider that a step speaks to, by name.
pub(in crate::plan) fn providers(net: Net<'_>, steps: &[Step]) -> Vec<ProviderOnPaper> {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for step in steps {
        for action in std::iter::once(&step.action).chain(&step.undo) {
            match action {
                ActionOnPaper::Route(route) => drop(named.insert(&route.provider)),
                ActionOnPaper::Ttl(ttl) => drop(named.insert(&ttl.provider)),
                ActionOnPaper::Scale { provider, .. } => drop(named.insert(provider)),
                ActionOnPaper::Ssh { .. } | ActionOnPaper::Exec { .. } | ActionOnPaper::Http(_) => {}
                ActionOnPaper::Confirm { .. } | ActionOnPaper::Notify { .. } | ActionOnPaper::Wait(_) => {}
                ActionOnPaper::Fetch { .. } => {}
            }
        }
    }
    let all = net.estate.providers.iter().filter(|provider| named.contains(provider.name.as_str()));
    let mut all: Vec<ProviderOnPaper> = all.map(|provider| on_paper(net, provider)).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// A plan that does nothing, and knows of these routes all that it takes to look at them.
///
/// # Errors
///
/// Only what the serializer itself could say.
pub fn looking(
    estate: &Estate,
    observation: &Observation,
    as_of: Date,
    routes: &[RouteId],
) -> Result<Plan, FormatError> {
    let mut plan = blank(estate, as_of)?;
    let incident = Incident::nothing(as_of);
    let situation = Situation::new(estate, &incident, observation);
    let net = Net { estate, situation: &situation, incident: &incident };
    let service = |id: RouteId| estate.services.iter().find(|service| service.route == Some(id));
    let named = |id: RouteId| service(id).map_or("", |service| service.name.as_str());
    plan.routes = routes.iter().map(|id| record(estate, &estate.routes[id.at()], named(*id))).collect();
    let mut keepers: Vec<usize> = routes.iter().map(|id| estate.routes[id.at()].provider.at()).collect();
    keepers.sort_unstable();
    keepers.dedup();
    plan.providers = keepers.into_iter().map(|at| on_paper(net, &estate.providers[at])).collect();
    plan.bastions = net.bastions(&[], &plan.providers);
    Ok(plan)
}

/// Whether a server is where nothing is lost, or nobody said where it is.
fn is_there(situation: &Situation, server: &Server) -> bool {
    server.site.is_none_or(|site| situation.sites[site.at()].serves())
}

/// The keeper of the route that a draft changes, where every server of it is in what is lost.
pub(in crate::plan) fn lost_keeper<'a>(scene: &Scene<'a>, draft: &Draft) -> Option<&'a Provider> {
    let estate = scene.ground.estate;
    let route = match draft.what {
        What::Lower(route) | What::Restore(route) => route,
        What::Authored { .. } | What::Launch | What::Fetch => shifted(scene, draft)?,
    };
    let provider = &estate.providers[estate.routes[route.at()].provider.at()];
    let is_lost = provider.servers.iter().all(|server| !is_there(scene.situation, server));
    (!provider.servers.is_empty() && is_lost).then_some(provider)
}

/// Who gets more users than were placed there, and whose every server is lost.
pub(in crate::plan) fn issues(scene: &Scene<'_>, web: &Web, issues: &mut Vec<Issue>) {
    let estate = scene.estate();
    let mut lost: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for draft in &web.drafts {
        let Some(id) = shifted(scene, draft) else { continue };
        let route = &estate.routes[id.at()];
        if let Some(provider) = lost_keeper(scene, draft) {
            lost.entry(&provider.name).or_default().insert(&route.name);
        }
        if let Some((service, (site, placed, gets))) = draft.service().zip(ramp::uneven(scene, draft, id)) {
            issues.push(Issue::RouteUneven {
                service: scene.name(service).to_owned(),
                route: route.name.clone(),
                site: scene.site_name(site).to_owned(),
                placed,
                gets,
            });
        }
    }
    let named = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
    issues.extend(
        lost.into_iter()
            .map(|(provider, routes)| Issue::ProviderLost { provider: provider.to_owned(), routes: named(routes) }),
    );
}

/// The hosts whose sockets are spoken to, of those that are there.
fn far_servers<'a>(net: Net<'a>, provider: &'a Provider) -> impl Iterator<Item = HostsOnPaper> + 'a {
    let is_far = provider.kind == ProviderKind::Haproxy;
    let kept = provider.servers.iter().filter(move |server| is_far && is_there(net.situation, server));
    kept.filter_map(move |server| net.server(server))
}

fn on_paper(net: Net<'_>, provider: &Provider) -> ProviderOnPaper {
    let those = |servers: &[Server], there: bool| -> Vec<String> {
        let kept = servers.iter().filter(|server| is_there(net.situation, server) == there);
        kept.map(|server| server.address.clone()).collect()
    };
    let mut left_out = those(&provider.servers, false);
    left_out.extend(those(&provider.also, false));
    ProviderOnPaper {
        name: provider.name.clone(),
        kind: provider.kind,
        servers: those(&provider.servers, true),
        hosts: far_servers(net, provider).collect(),
        left_out,
        also: those(&provider.also, true),
        zone: provider.zone.clone(),
        tsig: provider.tsig.as_ref().map(|tsig| TsigOnPaper {
            name: tsig.name.clone(),
            algorithm: tsig.algorithm.clone(),
            secret: tsig.secret.to_string(),
        }),
        group: provider.group.clone(),
        region: provider.region.clone(),
        read: provider.read.as_ref().map(ToString::to_string),
        write: provider.write.as_ref().map(ToString::to_string),
        look: provider.look.as_ref().map(ToString::to_string),
        env: provider.env.iter().map(|(name, from): &(String, SecretRef)| (name.clone(), from.to_string())).collect(),
    }
}

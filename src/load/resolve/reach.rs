//! Providers, routes, host rules, the orchestrator; and what anything uses.

use crate::load::draft::Drafts;
use crate::load::draft::HostDraft;
use crate::load::draft::RouteDraft;
use crate::load::draft::ServerDraft;
use crate::load::draft::UseDraft;
use crate::load::page::Named;
use crate::load::resolve::Index;
use crate::load::resolve::amounts;
use crate::load::resolve::sites::whereabouts;
use crate::model::Away;
use crate::model::Estate;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::KitId;
use crate::model::Need;
use crate::model::Orchestrator;
use crate::model::Places;
use crate::model::Provider;
use crate::model::ProviderId;
use crate::model::ProviderKind;
use crate::model::Route;
use crate::model::Server;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::Supply;

/// Providers and routes; what providers use waits for the services.
pub(super) fn providers_and_routes(
    drafts: &mut Drafts,
    index: &Index,
    estate: &mut Estate,
    places: &mut Places,
    findings: &mut Vec<Finding>,
) {
    drafts.providers.retain(|draft| draft.provider.is_some());
    for draft in &mut drafts.providers {
        places.providers.push(draft.name.place);
        if let Some(provider) = draft.provider.take() {
            let [servers, also] = [&draft.servers, &draft.also].map(|drafts| servers(drafts, index, findings));
            let instance = amounts(&draft.instance, index, estate.resources.len(), findings);
            estate.providers.push(Provider { servers, also, instance, ..provider });
        }
    }
    for draft in &drafts.routes {
        if let Some(route) = route(draft, index, estate, findings) {
            places.routes.push(draft.name.place);
            estate.routes.push(route);
        }
    }
}

fn servers(drafts: &[ServerDraft], index: &Index, findings: &mut Vec<Finding>) -> Vec<Server> {
    let site = |draft: &ServerDraft, findings: &mut Vec<Finding>| {
        draft.site.as_ref().and_then(|site| index.sites.find(site, findings)).map(SiteId::new)
    };
    drafts.iter().map(|draft| Server { address: draft.address.clone(), site: site(draft, findings) }).collect()
}

fn route(draft: &RouteDraft, index: &Index, estate: &Estate, findings: &mut Vec<Finding>) -> Option<Route> {
    let mut at: Vec<(SiteId, Vec<String>)> = Vec::with_capacity(draft.at.len());
    for (site, addresses) in &draft.at {
        if let Some(site) = index.sites.find(site, findings)
            && !addresses.is_empty()
        {
            at.push((SiteId::new(site), addresses.clone()));
        }
    }
    at.sort();
    let name = draft.provider.as_ref()?;
    let provider = ProviderId::new(index.providers.find(name, findings)?);
    let kind = estate.providers[provider.at()].kind;
    if kind == ProviderKind::AwsAutoscaling {
        let fault = Fault::WrongProvider { provider: name.text.clone(), kind, scale: false };
        findings.push(Finding::new(name.place, fault));
    }
    if let Some(text) = estate.providers[provider.at()].names_any(&["amounts", "service", "site"]) {
        findings.push(Finding::new(name.place, Fault::VariableAway { name: text, why: Away::Routes }));
    }
    (!at.is_empty()).then(|| Route { provider, at, ..draft.route.clone() })
}

/// Host rules and the orchestrator, and what they and providers use.
pub(super) fn hosts_and_uses(
    drafts: &mut Drafts,
    index: &Index,
    estate: &mut Estate,
    places: &mut Places,
    findings: &mut Vec<Finding>,
) {
    for (at, draft) in drafts.providers.iter().enumerate() {
        estate.providers[at].uses = needs(&draft.uses, index, estate, findings);
    }
    for draft in drafts.hosts.drain(..) {
        let HostDraft { place, mut rule, jump, uses } = draft;
        for name in jump {
            match replica_named(&name, index, estate, findings) {
                Some(Supply::ServiceAt(service, site)) => rule.jump.push((service, site)),
                Some(Supply::Service(_) | Supply::Kit(_)) => {
                    let fault = Fault::BadForm { text: name.text, expected: "\"SERVICE@SITE\"" };
                    findings.push(Finding::new(name.place, fault));
                }
                None => {}
            }
        }
        rule.uses = uses.map(|uses| needs(&uses, index, estate, findings));
        places.host_rules.push(place);
        estate.host_rules.push(rule);
    }
    if let Some(draft) = &drafts.settings.orchestrator {
        estate.orchestrator = Orchestrator {
            copies_at: whereabouts(&draft.copies_at, index, findings),
            uses: needs(&draft.uses, index, estate, findings),
        };
    }
}

/// What is used, by name. A need none of whose alternatives is known is left out: its names are told.
pub(super) fn needs(drafts: &[UseDraft], index: &Index, estate: &Estate, findings: &mut Vec<Finding>) -> Vec<Need> {
    let mut needs = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let any_of: Vec<Supply> =
            draft.any_of.iter().filter_map(|name| supply(name, index, estate, findings)).collect();
        if !any_of.is_empty() {
            needs.push(Need { any_of });
        }
    }
    needs
}

fn supply(name: &Named, index: &Index, estate: &Estate, findings: &mut Vec<Finding>) -> Option<Supply> {
    if let Some(kit) = name.text.strip_prefix("kit:") {
        let kit = Named { text: kit.to_owned(), place: name.place };
        return index.kits.find(&kit, findings).map(|at| Supply::Kit(KitId::new(at)));
    }
    replica_named(name, index, estate, findings)
}

/// `SERVICE` or `SERVICE@SITE`, where it has a replica.
fn replica_named(name: &Named, index: &Index, estate: &Estate, findings: &mut Vec<Finding>) -> Option<Supply> {
    let Some((service, site)) = name.text.split_once('@') else {
        return index.services.find(name, findings).map(|at| Supply::Service(ServiceId::new(at)));
    };
    let part = |text: &str| Named { text: text.to_owned(), place: name.place };
    let id = index.services.find(&part(service), findings).map(ServiceId::new);
    let at = index.sites.find(&part(site), findings).map(SiteId::new);
    let (id, at) = (id?, at?);
    if estate.service(id).at(at).is_none() {
        let fault = Fault::NotAReplica { service: service.to_owned(), site: site.to_owned() };
        findings.push(Finding::new(name.place, fault));
        return None;
    }
    Some(Supply::ServiceAt(id, at))
}

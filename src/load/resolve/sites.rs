//! Sites, places and kits.

use std::collections::BTreeSet;

use crate::load::draft::Drafts;
use crate::load::draft::SiteDraft;
use crate::load::page::Named;
use crate::load::resolve::Index;
use crate::load::resolve::amounts;
use crate::model::DomainId;
use crate::model::Estate;
use crate::model::Finding;
use crate::model::HeldPlace;
use crate::model::Kit;
use crate::model::Millis;
use crate::model::OnDemand;
use crate::model::PlaceId;
use crate::model::Places;
use crate::model::RunbookId;
use crate::model::Site;
use crate::model::SiteId;
use crate::model::SitePlaces;
use crate::model::Whereabouts;

/// The kinds of resources that a site names: there are no others.
pub(super) fn resources(site: &SiteDraft) -> impl Iterator<Item = &str> {
    let on_demand = site.on_demand.iter().flat_map(|on_demand| &on_demand.capacity.named);
    site.capacity.named.iter().chain(on_demand).map(|(name, _)| name.text.as_str())
}

pub(super) fn resolve(
    drafts: &mut Drafts,
    index: &Index,
    estate: &mut Estate,
    places: &mut Places,
    findings: &mut Vec<Finding>,
) {
    let kinds = estate.resources.len();
    for draft in drafts.sites.drain(..) {
        let domain = |name: &Named| estate.domain_named(&name.text);
        let mut domains: Vec<DomainId> = draft.domains.iter().filter_map(domain).collect();
        domains.sort_unstable();
        domains.dedup();
        let proved = draft.on_demand.as_ref().and_then(|on_demand| on_demand.launch_proved);
        places.sites.push(SitePlaces { name: draft.name.place, launch_proved: proved.map(|(_, place)| place) });
        estate.sites.push(Site {
            title: draft.title.unwrap_or_else(|| draft.name.text.clone()),
            name: draft.name.text,
            kind: draft.kind,
            domains,
            capacity: amounts(&draft.capacity, index, kinds, findings),
            fill_limit: draft.fill_limit,
            on_demand: draft.on_demand.map(|on_demand| OnDemand {
                capacity: amounts(&on_demand.capacity, index, kinds, findings),
                ready_in: on_demand.ready_in,
                launch_proved: proved.map(|(date, _)| date),
            }),
            runbook: draft.runbook.and_then(|name| index.runbooks.find(&name, findings)).map(RunbookId::new),
            user: draft.user,
        });
    }
    for (name, title) in drafts.places.drain(..) {
        estate.places.push(HeldPlace { title: title.unwrap_or_else(|| name.text.clone()), name: name.text });
    }
    for kit in drafts.kits.drain(..) {
        let held_at = whereabouts(&kit.held_at, index, findings);
        if held_at.is_empty() {
            continue;
        }
        places.kits.push(kit.name.place);
        estate.kits.push(Kit {
            title: kit.title.unwrap_or_else(|| kit.name.text.clone()),
            name: kit.name.text,
            held_at,
            fetch: kit.fetch.unwrap_or(Millis::ZERO),
        });
    }
}

/// Sites and places by name; each once.
pub(super) fn whereabouts(names: &[Named], index: &Index, findings: &mut Vec<Finding>) -> Vec<Whereabouts> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for name in names {
        let site = index.sites.position(&name.text).map(|at| Whereabouts::Site(SiteId::new(at)));
        let place = || index.places.position(&name.text).map(|at| Whereabouts::Place(PlaceId::new(at)));
        match site.or_else(place) {
            Some(known) if !seen.insert(known) => {}
            Some(known) => found.push(known),
            None => {
                index.whereabouts.find(name, findings);
            }
        }
    }
    found
}

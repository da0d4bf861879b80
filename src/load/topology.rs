//! Reads the files below `topology/`: the root, tiers, sites, places and kits.

use crate::load::draft::Drafts;
use crate::load::draft::KitDraft;
use crate::load::draft::OnDemandDraft;
use crate::load::draft::SiteDraft;
use crate::load::fields::HOST;
use crate::load::fields::KIT;
use crate::load::fields::PLACE;
use crate::load::fields::PROVIDER;
use crate::load::fields::ROUTE;
use crate::load::fields::SERVICE;
use crate::load::fields::SITE;
use crate::load::fields::TIER;
use crate::load::page::Named;
use crate::load::reach;
use crate::load::row;
use crate::load::row::Row;
use crate::load::service;
use crate::load::settings::references;
use crate::load::value;
use crate::model::Fault;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::SiteKind;
use crate::model::Table;
use crate::model::Tier;

/// A plan fills sites to this share unless their author says otherwise: the rest absorbs what the model does not know.
const FILL_LIMIT: Ppm = Ppm(850_000);

/// Reads one file of the topology.
pub(super) fn read(root: Row<'_, '_>, drafts: &mut Drafts) {
    for value in root.list("tier") {
        if let Some(row) = Row::of(root.page, &TIER, value) {
            drafts.tiers.extend(tier(row));
        }
    }
    each(&root, "site", &SITE, |name, row| drafts.sites.push(site(name, row)));
    each(&root, "place", &PLACE, |name, row| {
        drafts.places.push((name, row.text("title")));
        row.done();
    });
    each(&root, "kit", &KIT, |name, row| drafts.kits.push(kit(name, row)));
    each(&root, "service", &SERVICE, |name, row| drafts.services.push(service::read(name, row)));
    for value in root.list("host") {
        if let Some(row) = Row::of(root.page, &HOST, value) {
            drafts.hosts.extend(reach::host(row));
        }
    }
    each(&root, "route", &ROUTE, |name, row| drafts.routes.push(reach::route(name, row)));
    each(&root, "provider", &PROVIDER, |name, row| drafts.providers.push(reach::provider(name, row)));
    root.done();
}

/// Every table below `key`, by its name. What has no good name is read for its mistakes, and then forgotten.
fn each<'p, 't: 'p>(
    root: &Row<'p, 't>,
    key: &'static str,
    spec: &'static Table,
    mut read: impl FnMut(Named, Row<'p, 't>),
) {
    for (key, value) in root.map(key) {
        let name = root.page.named(key.get_ref(), &key.span());
        value::good_name(root.page, &name);
        if let Some(row) = Row::under(root.page, spec, key, value) {
            read(name, row);
        }
    }
}

fn tier(row: Row<'_, '_>) -> Option<(Named, Tier)> {
    let name = row.name("id");
    let tier = Tier {
        name: name.as_ref().map(|name| name.text.clone()).unwrap_or_default(),
        title: row.text("title").or(name.as_ref().map(|name| name.text.clone())).unwrap_or_default(),
        rto: row.span("rto"),
        rpo: row.span("rpo"),
    };
    row.done();
    Some((name?, tier))
}

fn site(name: Named, row: Row<'_, '_>) -> SiteDraft {
    let kind = row.choice("kind", &[SiteKind::Datacenter, SiteKind::Cloud]);
    let on_demand = row.table("on-demand").map(|row| {
        let capacity = row::amounts(row.page, row.rest());
        let ready_in = row.span("ready-in").unwrap_or(Millis::ZERO);
        let launch_proved = row.date("launch-proved").map(|date| (date, row.place_of("launch-proved")));
        row.done();
        OnDemandDraft { capacity, ready_in, launch_proved }
    });
    let user = row.table("defaults").and_then(|row| {
        let user = row.name("user");
        row.done();
        user.map(|user| user.text)
    });
    let domains = row.list("fault-domains").iter().filter_map(|value| value::name(row.page, value)).collect();
    let draft = SiteDraft {
        title: row.text("title"),
        // A site that may be a cloud and isn't is filled too late; one that is and may not be is only less used.
        kind: kind.unwrap_or(SiteKind::Datacenter),
        domains,
        capacity: row.amounts("capacity").unwrap_or_default(),
        fill_limit: row.share("fill-limit").unwrap_or(FILL_LIMIT),
        on_demand,
        runbook: row.reference("runbook"),
        user,
        name,
    };
    let rented = draft.on_demand.is_some() && draft.kind == SiteKind::Cloud;
    if draft.capacity.named.iter().all(|(_, amount)| *amount == 0) && !draft.capacity.torn && !rented {
        row.tell(Fault::NoCapacity(draft.name.text.clone()));
    }
    row.done();
    draft
}

fn kit(name: Named, row: Row<'_, '_>) -> KitDraft {
    let held_at = references(&row, "held-at");
    if held_at.is_empty() && row.has("held-at") {
        row.page.tell_at(row.place_of("held-at"), Fault::KitNowhere(name.text.clone()));
    }
    let draft = KitDraft { title: row.text("title"), held_at, fetch: row.span("fetch"), name };
    row.done();
    draft
}

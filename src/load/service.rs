//! Reads services and their replicas.

use std::collections::BTreeMap;

use crate::load::draft::DegradedDraft;
use crate::load::draft::DependencyDraft;
use crate::load::draft::ReplicaDraft;
use crate::load::draft::ReplicationDraft;
use crate::load::draft::ScaleDraft;
use crate::load::draft::ServiceDraft;
use crate::load::fields::CACHE;
use crate::load::fields::DEPENDENCY;
use crate::load::fields::REPLICA;
use crate::load::page::Named;
use crate::load::page::Page;
use crate::load::row::Key;
use crate::load::row::Row;
use crate::load::value;
use crate::load::value::Value;
use crate::model::Cache;
use crate::model::CacheKind;
use crate::model::DependencyKind;
use crate::model::Fault;
use crate::model::Noun;
use crate::model::Place;
use crate::model::Reconnect;
use crate::model::ReplicationMode;
use crate::model::Role;
use crate::model::ServiceKind;

/// Reads one service.
pub(super) fn read(name: Named, row: Row<'_, '_>) -> ServiceDraft {
    let page = row.page;
    let kinds = [
        ServiceKind::Stateless,
        ServiceKind::Sticky,
        ServiceKind::Replicated,
        ServiceKind::Stateful,
        ServiceKind::Quorum,
    ];
    let surge = |(key, value): (&Key<'_>, &Value<'_>)| {
        let name = page.named(key.get_ref(), &key.span());
        let factor = value::factor(page, value)?;
        value::good_name(page, &name).then_some((name, factor))
    };
    let param = |(key, value): (&Key<'_>, &Value<'_>)| {
        Some((page.named(key.get_ref(), &key.span()), value::text(page, value)?.to_owned()))
    };
    let replica =
        |(key, value)| Some(replica(page.named(key_text(key), &key.span()), Row::under(page, &REPLICA, key, value)?));
    let draft = ServiceDraft {
        title: row.text("title"),
        tier: row.reference("tier"),
        owner: row.text("owner").unwrap_or_default(),
        kind: row.choice("kind", &kinds),
        depends_on: row.list("depends-on").iter().filter_map(|value| dependency(page, value)).collect(),
        deps_reviewed: row.date("deps-reviewed").map(|date| (date, row.place_of("deps-reviewed"))),
        load: row.amounts("load").unwrap_or_default(),
        degraded: row.table("degraded").map(degraded),
        surges: row.map("surge").filter_map(surge).collect(),
        caches: caches(&row),
        reconnect: row.table("reconnect").and_then(reconnect),
        route: row.reference("route"),
        rto: row.span("rto"),
        rpo: row.span("rpo"),
        runbook: row.reference("runbook"),
        params: row.map("params").filter_map(param).collect(),
        replicas: row.map("at").filter_map(replica).collect(),
        name,
    };
    row.done();
    draft
}

fn key_text<'k>(key: &'k Key<'_>) -> &'k str {
    key.get_ref()
}

fn dependency(page: &Page<'_>, value: &Value<'_>) -> Option<DependencyDraft> {
    if value.get_ref().as_str().is_some() {
        let service = value::reference(page, value)?;
        return Some(DependencyDraft { service, kind: DependencyKind::Hard, full_only: false, same_site: false });
    }
    let Some(table) = value.get_ref().as_table() else {
        return value::wrong(page, value, "the name of a service, or { service = \"NAME\", … }");
    };
    let row = Row::open(page, &DEPENDENCY, table, value.span());
    let service = row.reference("service");
    let kinds = [DependencyKind::Hard, DependencyKind::Soft, DependencyKind::Start];
    let kind = row.choice("kind", &kinds).unwrap_or(DependencyKind::Hard);
    let full_only = row.choice("unless", &[true]).unwrap_or(false);
    let same_site = row.choice("reach", &[true]).unwrap_or(false);
    row.done();
    Some(DependencyDraft { service: service?, kind, full_only, same_site })
}

fn degraded(row: Row<'_, '_>) -> DegradedDraft {
    let place = row.place();
    let load = row.amounts("load").unwrap_or_default();
    let note = row.text("note").unwrap_or_default();
    row.done();
    DegradedDraft { place, load, note }
}

fn caches(row: &Row<'_, '_>) -> Vec<Cache> {
    let page = row.page;
    let mut caches = Vec::new();
    let mut known: BTreeMap<String, Place> = BTreeMap::new();
    for row in row.list("caches").iter().filter_map(|value| Row::of(page, &CACHE, value)) {
        let name = row.name("name");
        let kind = row.choice("kind", &[CacheKind::Capacity, CacheKind::Latency]);
        let warm = row.span("warm");
        row.done();
        let (Some(name), Some(kind), Some(warm)) = (name, kind, warm) else { continue };
        if let Some(first) = known.get(&name.text) {
            let fault = Fault::DeclaredTwice { what: Noun::Cache, name: name.text };
            page.tell_twice(name.place, *first, fault);
            continue;
        }
        known.insert(name.text.clone(), name.place);
        caches.push(Cache { name: name.text, kind, warm });
    }
    caches
}

fn reconnect(row: Row<'_, '_>) -> Option<Reconnect> {
    let clients = row.count("clients");
    let per_second = row.count("per-second");
    row.done();
    Some(Reconnect { clients: clients?, per_second: per_second? })
}

fn replica(site: Named, row: Row<'_, '_>) -> ReplicaDraft {
    let page = row.page;
    let subset = |(key, value): (&Key<'_>, &Value<'_>)| {
        let name = page.named(key.get_ref(), &key.span());
        let hosts = value::hosts(page, value)?;
        value::good_name(page, &name).then_some((name, hosts))
    };
    let mut draft = ReplicaDraft {
        role: row.choice("role", &[Role::Active, Role::Hot, Role::Warm, Role::Cold]),
        share: row.share("share").map(|share| (share, row.place_of("share"))),
        share_torn: row.has("share"),
        hosts: row.hosts("hosts"),
        hosts_torn: row.has("hosts"),
        subsets: row.map("subsets").filter_map(subset).collect(),
        max_load: row.amounts("max-load"),
        standing: row.amounts("standing").map(|standing| (standing, row.place_of("standing"))),
        scale: row.table("scale").map(scale),
        replication: row.table("replication").map(replication),
        voters: row.count32("voters").map(|voters| (voters, row.place_of("voters"))),
        site,
    };
    draft.share_torn &= draft.share.is_none();
    draft.hosts_torn &= draft.hosts.is_none();
    row.done();
    draft
}

fn scale(row: Row<'_, '_>) -> ScaleDraft {
    let place = row.place();
    let provider = row.reference("provider");
    let max_load = row.amounts("max-load").unwrap_or_default();
    row.done();
    ScaleDraft { place, provider, max_load }
}

fn replication(row: Row<'_, '_>) -> ReplicationDraft {
    let from = row.reference("from");
    // What is not known to be synchronous may lose data.
    let mode = row.choice("mode", &[ReplicationMode::Sync, ReplicationMode::Async]).unwrap_or(ReplicationMode::Async);
    let max_lag = row.span("max-lag");
    row.done();
    ReplicationDraft { from, mode, max_lag }
}

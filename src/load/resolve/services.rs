//! Services and their replicas.

use std::collections::BTreeMap;

use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelRefMutIterator;
use rayon::iter::ParallelIterator;

use crate::load::draft::AmountsDraft;
use crate::load::draft::DegradedDraft;
use crate::load::draft::DependencyDraft;
use crate::load::draft::Drafts;
use crate::load::draft::ReplicaDraft;
use crate::load::draft::ReplicationDraft;
use crate::load::draft::ScaleDraft;
use crate::load::draft::ServiceDraft;
use crate::load::page::Named;
use crate::load::resolve::Index;
use crate::load::resolve::amounts;
use crate::load::resolve::shares;
use crate::model::Amounts;
use crate::model::Away;
use crate::model::Degraded;
use crate::model::Dependency;
use crate::model::Estate;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::HostSet;
use crate::model::Place;
use crate::model::Places;
use crate::model::Ppm;
use crate::model::ProviderId;
use crate::model::ProviderKind;
use crate::model::Replica;
use crate::model::Replication;
use crate::model::Role;
use crate::model::RouteId;
use crate::model::RunbookId;
use crate::model::Scale;
use crate::model::Service;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::ServicePlaces;
use crate::model::SiteId;
use crate::model::SiteKind;
use crate::model::SurgeId;
use crate::model::TierId;

/// What the parts of a service are resolved with.
struct Desk<'a> {
    index: &'a Index,
    estate: &'a Estate,
    findings: &'a mut Vec<Finding>,
}

pub(super) fn resolve(
    drafts: &mut Drafts,
    index: &Index,
    estate: &mut Estate,
    places: &mut Places,
    findings: &mut Vec<Finding>,
) {
    // Without any tier there is no order of recovery: nothing could be planned.
    if estate.tiers.is_empty() {
        drafts.services.clear();
    }
    // Names lead somewhere by now, and no service is looked at for another: they are resolved side by side.
    let known: &Estate = estate;
    let one = |(at, draft): (usize, &mut ServiceDraft)| {
        let mut own = Vec::new();
        let mut desk = Desk { index, estate: known, findings: &mut own };
        (desk.service(ServiceId::new(at), draft), own)
    };
    let resolved: Vec<_> = drafts.services.par_iter_mut().enumerate().map(one).collect();
    let mut services = Vec::with_capacity(resolved.len());
    places.services.reserve(resolved.len());
    for ((service, place), own) in resolved {
        services.push(service);
        places.services.push(place);
        findings.extend(own);
    }
    estate.services = services;
}

impl Desk<'_> {
    fn tell(&mut self, place: Place, fault: Fault) {
        self.findings.push(Finding::new(place, fault));
    }

    fn amounts(&mut self, draft: &AmountsDraft) -> Amounts {
        amounts(draft, self.index, self.estate.resources.len(), self.findings)
    }

    fn service(&mut self, id: ServiceId, draft: &mut ServiceDraft) -> (Service, ServicePlaces) {
        let load = self.amounts(&draft.load);
        let degraded = draft.degraded.take().map(|degraded| self.degraded(degraded, &load, draft.load.torn));
        let (depends_on, dependency_places) = self.dependencies(id, &draft.depends_on, &draft.name);
        let written = draft.replicas.len();
        let drafts = self.replicas_at_sites(std::mem::take(&mut draft.replicas));
        // What is missing may be at a site that is not known.
        let known = drafts.len() == written;
        let shares = shares::shares(draft, &drafts, known, self.findings);
        shares::recipe(draft, &drafts, known, self.findings);
        let replica_places = drafts.iter().map(|(_, replica)| replica.site.place).collect();
        let sites: Vec<SiteId> = drafts.iter().map(|(site, _)| *site).collect();
        let replicas = drafts
            .into_iter()
            .zip(shares)
            .map(|((site, replica), share)| self.replica(site, replica, share, &load, &sites));
        let replicas = replicas.collect();
        let surge = |(name, factor): &(Named, Ppm)| Some((self.estate.surge_named(&name.text)?, *factor));
        let mut surges: Vec<(SurgeId, Ppm)> = draft.surges.iter().filter_map(surge).collect();
        surges.sort_unstable();
        let service = Service {
            name: draft.name.text.clone(),
            title: draft.title.take().unwrap_or_else(|| draft.name.text.clone()),
            tier: self.tier(draft.tier.as_ref()),
            owner: std::mem::take(&mut draft.owner),
            // Of all recipes that of a single writer does the least harm where the kind is not known.
            kind: draft.kind.unwrap_or(ServiceKind::Stateful),
            depends_on,
            deps_reviewed: draft.deps_reviewed.map(|(date, _)| date),
            load,
            degraded,
            surges,
            caches: std::mem::take(&mut draft.caches),
            reconnect: draft.reconnect,
            route: draft.route.as_ref().and_then(|name| self.index.routes.find(name, self.findings)).map(RouteId::new),
            rto: draft.rto,
            rpo: draft.rpo,
            runbook: self.runbook(draft),
            params: draft.params.iter().map(|(name, value)| (name.text.clone(), value.clone())).collect(),
            replicas,
        };
        let place = ServicePlaces {
            name: draft.name.place,
            depends_on: dependency_places,
            replicas: replica_places,
            deps_reviewed: draft.deps_reviewed.map(|(_, place)| place),
        };
        (service, place)
    }

    /// An unknown tier is the one that was probably meant, else the last.
    fn tier(&mut self, name: Option<&Named>) -> TierId {
        let last = self.estate.tiers.len().saturating_sub(1);
        let Some(name) = name else { return TierId::new(last) };
        let near = || self.index.tiers.near(&name.text).and_then(|near| self.index.tiers.position(near));
        TierId::new(self.index.tiers.find(name, self.findings).or_else(near).unwrap_or(last))
    }

    fn runbook(&mut self, draft: &ServiceDraft) -> Option<RunbookId> {
        let own = self.index.runbooks.position(&draft.name.text);
        match &draft.runbook {
            Some(name) => self.index.runbooks.find(name, self.findings).map(RunbookId::new),
            None => own.map(RunbookId::new),
        }
    }

    fn degraded(&mut self, draft: DegradedDraft, full: &Amounts, torn: bool) -> Degraded {
        let mut load = self.amounts(&draft.load);
        for (at, full) in full.0.iter().enumerate() {
            if load.0[at] > *full {
                let resource = self.estate.resources[at].clone();
                if !torn {
                    self.tell(draft.place, Fault::DegradedAboveLoad { resource, degraded: load.0[at], load: *full });
                }
                load.0[at] = *full;
            }
        }
        Degraded { load, note: draft.note }
    }

    fn dependencies(
        &mut self,
        id: ServiceId,
        drafts: &[DependencyDraft],
        own: &Named,
    ) -> (Vec<Dependency>, Vec<Place>) {
        let mut dependencies: Vec<Dependency> = Vec::with_capacity(drafts.len());
        let mut places: Vec<Place> = Vec::with_capacity(drafts.len());
        let mut known: BTreeMap<ServiceId, Place> = BTreeMap::new();
        for draft in drafts {
            let Some(service) = self.index.services.find(&draft.service, self.findings).map(ServiceId::new) else {
                continue;
            };
            if service == id {
                self.tell(draft.service.place, Fault::DependsOnItself(own.text.clone()));
                continue;
            }
            if let Some(first) = known.get(&service) {
                let fault = Fault::DependsTwice(draft.service.text.clone());
                self.findings.push(Finding::new(draft.service.place, fault).with(*first));
                continue;
            }
            known.insert(service, draft.service.place);
            let DependencyDraft { kind, full_only, same_site, .. } = *draft;
            dependencies.push(Dependency { service, kind, full_only, same_site });
            places.push(draft.service.place);
        }
        (dependencies, places)
    }

    fn replicas_at_sites(&mut self, drafts: Vec<ReplicaDraft>) -> Vec<(SiteId, ReplicaDraft)> {
        let mut replicas: Vec<(SiteId, ReplicaDraft)> = Vec::with_capacity(drafts.len());
        for draft in drafts {
            if let Some(site) = self.index.sites.find(&draft.site, self.findings) {
                replicas.push((SiteId::new(site), draft));
            }
        }
        replicas.sort_by_key(|(site, _)| *site);
        replicas
    }

    fn replica(&mut self, site: SiteId, draft: ReplicaDraft, share: Ppm, load: &Amounts, sites: &[SiteId]) -> Replica {
        let role = draft.role.unwrap_or(Role::Cold);
        let max_load = match &draft.max_load {
            Some(max_load) => self.amounts(max_load),
            None if role == Role::Active => load.times(share),
            None => {
                if draft.role.is_some() {
                    self.tell(draft.site.place, Fault::MaxLoadMissing);
                }
                Amounts::zero(self.estate.resources.len())
            }
        };
        let standing = self.standing(draft.standing.as_ref(), draft.max_load.as_ref().map(|_| &max_load));
        // Where the hosts are not known, nobody can tell who is among them.
        let subsets = if draft.hosts_torn { Vec::new() } else { self.subsets(draft.subsets, draft.hosts.as_ref()) };
        let from = draft.replication.and_then(|replication| self.replication(site, replication, sites));
        Replica {
            site,
            role,
            share,
            hosts: draft.hosts,
            subsets,
            scale: draft.scale.and_then(|scale| self.scale(site, scale, &max_load)),
            max_load,
            standing,
            replication: from,
            voters: draft.voters.map_or(0, |(voters, _)| voters),
        }
    }

    fn standing(&mut self, draft: Option<&(AmountsDraft, Place)>, max_load: Option<&Amounts>) -> Amounts {
        let Some((draft, place)) = draft else { return Amounts::zero(self.estate.resources.len()) };
        let standing = self.amounts(draft);
        for (at, &standing) in standing.0.iter().enumerate() {
            let max_load = max_load.map_or(u64::MAX, |max_load| max_load.0[at]);
            // A resource that the limit does not name is not limited by it.
            if standing > max_load && max_load > 0 {
                let resource = self.estate.resources[at].clone();
                self.tell(*place, Fault::StandingAboveMaxLoad { resource, standing, max_load });
            }
        }
        standing
    }

    fn subsets(&mut self, drafts: Vec<(Named, HostSet)>, hosts: Option<&HostSet>) -> Vec<(String, HostSet)> {
        let mut subsets = Vec::with_capacity(drafts.len());
        for (name, subset) in drafts {
            let stranger = subset.iter().find(|host| !hosts.is_some_and(|hosts| hosts.contains(host)));
            match stranger {
                Some(host) => self.tell(name.place, Fault::SubsetNotInHosts { subset: name.text, host }),
                None => subsets.push((name.text, subset)),
            }
        }
        subsets
    }

    fn replication(&mut self, at: SiteId, draft: ReplicationDraft, sites: &[SiteId]) -> Option<Replication> {
        let name = draft.from?;
        let from = SiteId::new(self.index.sites.find(&name, self.findings)?);
        let itself = from == at;
        if itself || sites.binary_search(&from).is_err() {
            self.tell(name.place, Fault::BadReplicationSource { site: name.text, itself });
            return None;
        }
        Some(Replication { from, mode: draft.mode, max_lag: draft.max_lag })
    }

    fn scale(&mut self, at: SiteId, draft: ScaleDraft, max_load: &Amounts) -> Option<Scale> {
        let site = self.estate.site(at);
        let cloud = site.kind == SiteKind::Cloud;
        if !cloud || site.on_demand.is_none() {
            let site = site.name.clone();
            self.tell(draft.place, Fault::ScaleWithoutOnDemand { site, cloud });
        }
        let scaled = self.amounts(&draft.max_load);
        if scaled.fits(max_load) {
            self.tell(draft.place, Fault::ScaleGainsNothing);
        }
        let name = draft.provider?;
        let provider = ProviderId::new(self.index.providers.find(&name, self.findings)?);
        let kind = self.estate.providers[provider.at()].kind;
        if matches!(kind, ProviderKind::Rfc2136 | ProviderKind::Haproxy | ProviderKind::Route53) {
            self.tell(name.place, Fault::WrongProvider { provider: name.text, kind, scale: true });
            return None;
        }
        if let Some(text) = self.estate.providers[provider.at()].names_any(&["record", "shares"]) {
            self.tell(name.place, Fault::VariableAway { name: text, why: Away::Capacity });
        }
        Some(Scale { provider, max_load: scaled })
    }
}

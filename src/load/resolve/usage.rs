//! Who uses what: runbooks and their users, routes and their services, subsets and their steps.

use std::collections::BTreeSet;

use crate::load::draft::AddressDraft;
use crate::load::draft::Drafts;
use crate::load::draft::ServiceDraft;
use crate::load::draft::SubsetDraft;
use crate::load::names::near;
use crate::load::page::Named;
use crate::load::resolve::Index;
use crate::model::Action;
use crate::model::Estate;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::NoAddress;
use crate::model::Noun;
use crate::model::On;
use crate::model::Place;
use crate::model::Places;
use crate::model::Procedure;
use crate::model::Replica;
use crate::model::Role;
use crate::model::RouteId;
use crate::model::Service;
use crate::model::SiteId;
use crate::model::StepTemplate;

/// What usage is judged with.
struct Desk<'a> {
    drafts: &'a Drafts,
    index: &'a Index,
    estate: &'a Estate,
    places: &'a Places,
    findings: &'a mut Vec<Finding>,
    /// By runbook, the services and the sites that use it.
    services_of: Vec<Vec<usize>>,
    sites_of: Vec<Vec<usize>>,
}

/// Tells of all of it. Gives back which steps name an address that some service does not have, by their positions among
/// those that name one.
pub(super) fn check(
    drafts: &Drafts,
    index: &Index,
    estate: &Estate,
    places: &Places,
    findings: &mut Vec<Finding>,
) -> Vec<usize> {
    let mut services_of = vec![Vec::new(); estate.runbooks.len()];
    let mut sites_of = vec![Vec::new(); estate.runbooks.len()];
    for (at, service) in estate.services.iter().enumerate() {
        if let Some(runbook) = service.runbook {
            services_of[runbook.at()].push(at);
        }
    }
    for (at, site) in estate.sites.iter().enumerate() {
        if let Some(runbook) = site.runbook {
            sites_of[runbook.at()].push(at);
        }
    }
    let mut desk = Desk { drafts, index, estate, places, findings, services_of, sites_of };
    for at in 0..estate.services.len() {
        desk.service(at);
    }
    for at in 0..estate.runbooks.len() {
        desk.runbook(at);
    }
    for subset in &drafts.subsets {
        desk.subset(subset);
    }
    let no_address = (0..drafts.addresses.len()).filter(|&at| !desk.address(&drafts.addresses[at])).collect();
    desk.routes();
    no_address
}

impl Desk<'_> {
    fn tell(&mut self, place: Place, fault: Fault) {
        self.findings.push(Finding::new(place, fault));
    }

    /// Whether a service has the runbook that is meant, and gives it what it wants.
    fn service(&mut self, at: usize) {
        let (service, draft) = (&self.estate.services[at], &self.drafts.services[at]);
        let place = draft.name.place;
        let own = self.index.runbooks.position(&service.name);
        if let (Some(named), Some(own)) = (&draft.runbook, own)
            && named.text != service.name
            && self.services_of[own].is_empty()
            && self.sites_of[own].is_empty()
        {
            let fault = Fault::TwoRunbooks { service: service.name.clone(), named: named.text.clone() };
            let finding = Finding::new(named.place, fault).with(self.places.runbooks[own].name);
            self.findings.push(finding);
        }
        if service.runbook.is_none() && draft.runbook.is_none() && service.replicas.len() > 1 {
            self.tell(place, Fault::NoRunbook(service.name.clone()));
        }
        self.params(service, draft);
    }

    fn params(&mut self, service: &Service, draft: &ServiceDraft) {
        let Some(runbook) = service.runbook.map(|id| &self.estate.runbooks[id.at()]) else {
            // Nobody asks for them; where a runbook was named that is unknown, that is told already.
            if draft.runbook.is_none() {
                for (name, _) in &draft.params {
                    self.unknown_param(name, &[]);
                }
            }
            return;
        };
        for (name, _) in &draft.params {
            if runbook.params.binary_search_by(|(param, _)| param.cmp(&name.text)).is_err() {
                self.unknown_param(name, &runbook.params);
            }
        }
        for (param, default) in &runbook.params {
            if default.is_none() && service.params.binary_search_by(|(name, _)| name.cmp(param)).is_err() {
                let fault = Fault::MissingParam { service: service.name.clone(), param: param.clone() };
                self.tell(draft.name.place, fault);
            }
        }
    }

    fn unknown_param(&mut self, name: &Named, known: &[(String, Option<String>)]) {
        let near = near(&name.text, known.iter().map(|(param, _)| param.as_str())).map(str::to_owned);
        self.tell(name.place, Fault::UnknownName { what: Noun::Param, name: name.text.clone(), near });
    }

    /// Whether a runbook has users, and only procedures that they have.
    fn runbook(&mut self, at: usize) {
        let (runbook, places) = (&self.estate.runbooks[at], &self.places.runbooks[at]);
        let name = &runbook.name;
        let service = self.services_of[at].first().map(|&service| self.estate.services[service].name.clone());
        let site = self.sites_of[at].first().map(|&site| self.estate.sites[site].name.clone());
        match (&service, &site) {
            (None, None) if !self.index.services.knows(name) => {
                self.tell(places.name, Fault::RunbookUnused(name.clone()));
            }
            (Some(service), Some(site)) => {
                let fault = Fault::RunbookOfBoth { service: service.clone(), site: site.clone() };
                self.tell(places.name, fault);
                return;
            }
            (None | Some(_), None | Some(_)) => {}
        }
        for ((procedure, _), steps) in runbook.procedures.iter().zip(&places.steps) {
            let of_site = matches!(procedure, Procedure::Fence | Procedure::Release);
            let (user, foreign) = if of_site { (Noun::Service, &service) } else { (Noun::Site, &site) };
            if let Some(name) = foreign {
                let fault = Fault::ForeignProcedure { procedure: *procedure, user, name: name.clone() };
                self.tell(steps.first().copied().unwrap_or(places.name), fault);
            }
        }
    }

    /// A step on a part of the hosts runs nowhere, where a replica has no such part; and nowhere is not success.
    fn subset(&mut self, draft: &SubsetDraft) {
        let (runbook, subset) = (draft.runbook.at(), &draft.name);
        // Whose runbook it is must be settled first: see `runbook`.
        if !self.sites_of[runbook].is_empty() {
            return;
        }
        let step = &self.estate.runbooks[runbook].procedures[draft.procedure].1[draft.step];
        for &service in &self.services_of[runbook] {
            let replicas = &self.estate.services[service].replicas;
            let lacks = replicas.iter().position(|replica| {
                concerns(step, replica, self.estate)
                    && replica.subsets.binary_search_by(|(name, _)| name.cmp(&subset.text)).is_err()
            });
            let Some(lacks) = lacks else { continue };
            let known = replicas.iter().flat_map(|replica| replica.subsets.iter().map(|(name, _)| name.as_str()));
            let near = near(&subset.text, known.filter(|name| *name != subset.text)).map(str::to_owned);
            let fault = Fault::UnknownName { what: Noun::Subset, name: subset.text.clone(), near };
            let finding = Finding::new(subset.place, fault);
            self.findings.push(match self.places.services[service].replicas.get(lacks) {
                Some(replica) => finding.with(*replica),
                None => finding,
            });
            return;
        }
    }

    /// An address is that of the service's route at the site of the step. Where there is none, or more than one, the
    /// name has no meaning; and nothing is sent with a name in it. Tells whether every service has one.
    fn address(&mut self, draft: &AddressDraft) -> bool {
        let step = &self.estate.runbooks[draft.runbook.at()].procedures[draft.procedure].1[draft.step];
        for &service in &self.services_of[draft.runbook.at()] {
            let service = &self.estate.services[service];
            if let Some(why) = no_address(self.estate, service, step) {
                let fault = Fault::NoAddress { service: service.name.clone(), why };
                self.tell(draft.place, fault);
                return false;
            }
        }
        true
    }

    /// Whether routes lead to services, and services to routes.
    fn routes(&mut self) {
        let estate = self.estate;
        let mut reached: Vec<Option<BTreeSet<SiteId>>> = vec![None; estate.routes.len()];
        for service in &estate.services {
            if let Some(route) = service.route {
                let sites = service.replicas.iter().map(|replica| replica.site);
                reached[route.at()].get_or_insert_default().extend(sites);
            }
        }
        let mut shifted: Vec<bool> = vec![false; estate.routes.len()];
        for route in estate.runbooks.iter().flat_map(|runbook| &runbook.procedures).flat_map(|(_, steps)| steps) {
            for route in [Some(&route.action), route.undo.as_deref()].into_iter().flatten().filter_map(route_of) {
                shifted[route.at()] = true;
            }
        }
        for (at, route) in estate.routes.iter().enumerate() {
            let place = self.places.routes[at];
            match &reached[at] {
                None if !shifted[at] => self.tell(place, Fault::RouteUnused(route.name.clone())),
                None => {}
                Some(sites) => {
                    for (site, _) in route.at.iter().filter(|(site, _)| !sites.contains(site)) {
                        let site = estate.site(*site).name.clone();
                        let place = self.site_of_route(&route.name, &site).unwrap_or(place);
                        self.tell(place, Fault::RouteWithoutReplica { route: route.name.clone(), site });
                    }
                }
            }
        }
    }

    fn site_of_route(&self, route: &str, site: &str) -> Option<Place> {
        let at = self.drafts.routes.binary_search_by(|draft| draft.name.text.as_str().cmp(route)).ok()?;
        self.drafts.routes[at].at.iter().find(|(name, _)| name.text == site).map(|(name, _)| name.place)
    }
}

/// Why a service has no single address wherever a step may be about it.
fn no_address(estate: &Estate, service: &Service, step: &StepTemplate) -> Option<NoAddress> {
    let route = service.route.map(|route| &estate.routes[route.at()]);
    let mut replicas = service.replicas.iter().filter(|replica| is_about(step, replica, estate));
    replicas.find_map(|replica| {
        let site = || estate.site(replica.site).name.clone();
        match route.map(|route| route.at.iter().find(|(at, _)| *at == replica.site)) {
            None => Some(NoAddress::NoRoute),
            Some(None) => Some(NoAddress::NoneAt(site())),
            Some(Some((_, addresses))) => (addresses.len() > 1).then(|| NoAddress::ManyAt(site())),
        }
    })
}

fn route_of(action: &Action) -> Option<RouteId> {
    if let Action::Route(route) = action { *route } else { None }
}

/// Whether a step may come to run on the hosts of a replica.
fn concerns(step: &StepTemplate, replica: &Replica, estate: &Estate) -> bool {
    step.on != On::Operator && replica.hosts.is_some() && is_about(step, replica, estate)
}

/// Whether a step may come to be about a replica.
fn is_about(step: &StepTemplate, replica: &Replica, estate: &Estate) -> bool {
    let role = step.when.is_empty() || step.when.contains(&replica.role);
    let kind = step.at.is_none_or(|kind| estate.site(replica.site).kind == kind);
    match step.on {
        On::Source => replica.role == Role::Active,
        On::Target | On::Operator => role && kind,
    }
}

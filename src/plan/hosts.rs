//! How hosts are reached, on paper: addresses, users, and the bastions that are still there.

use std::collections::BTreeMap;

use crate::model::Estate;
use crate::model::HostSet;
use crate::model::Incident;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::Server;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::far_socket;
use crate::placement::Situation;
use crate::plan::BastionOnPaper;
use crate::plan::HostsOnPaper;
use crate::plan::ProviderOnPaper;
use crate::plan::Step;
use crate::plan::scene::Scene;

/// Hosts of a site, by the rule that fits them.
pub(in crate::plan) fn on_paper(scene: &Scene<'_>, site: SiteId, set: &HostSet) -> HostsOnPaper {
    Net::of(scene).on_paper(Some(site), set)
}

/// What an incident that takes single hosts leaves of a set.
pub(in crate::plan) fn left(scene: &Scene<'_>, set: &HostSet) -> Option<HostSet> {
    Net::of(scene).left(set)
}

/// What it takes to know how hosts are reached.
#[derive(Debug, Clone, Copy)]
pub(in crate::plan) struct Net<'a> {
    pub(in crate::plan) estate: &'a Estate,
    pub(in crate::plan) situation: &'a Situation,
    pub(in crate::plan) incident: &'a Incident,
}

impl<'a> Net<'a> {
    pub(in crate::plan) fn of(scene: &'a Scene<'_>) -> Self {
        Self { estate: scene.estate(), situation: scene.situation, incident: scene.incident }
    }

    fn on_paper(&self, site: Option<SiteId>, set: &HostSet) -> HostsOnPaper {
        let rule = self.estate.host_rule(&set.first());
        let address = rule.and_then(|rule| rule.address.as_ref()).map_or("{{ host }}".to_owned(), ToString::to_string);
        let user = rule.and_then(|rule| rule.user.clone());
        HostsOnPaper {
            set: set.to_string(),
            count: set.count(),
            user: user.or_else(|| site.and_then(|site| self.estate.site(site).user.clone())),
            address,
            port: rule.map_or(22, |rule| rule.port),
            jump: self.bastions_of(set).map(|(id, site)| self.name(id, site)).collect(),
        }
    }

    /// The host of a server that is a socket on another host.
    pub(in crate::plan) fn server(&self, server: &Server) -> Option<HostsOnPaper> {
        let set = HostSet::parse(far_socket(&server.address)?.0).ok()?;
        Some(self.on_paper(server.site, &set))
    }

    /// All bastions that the hosts of these steps and providers are reached through, and those that these are reached
    /// through.
    pub(in crate::plan) fn bastions(&self, steps: &[Step], providers: &[ProviderOnPaper]) -> Vec<BastionOnPaper> {
        let mut found: BTreeMap<String, HostsOnPaper> = BTreeMap::new();
        let hosts = steps.iter().filter_map(|step| step.hosts.as_ref());
        let hosts = hosts.chain(providers.iter().flat_map(|provider| &provider.hosts));
        let mut open: Vec<String> = hosts.flat_map(|hosts| hosts.jump.clone()).collect();
        while let Some(name) = open.pop() {
            if found.contains_key(&name) {
                continue;
            }
            let Some(hosts) = self.bastion(&name) else { continue };
            open.extend(hosts.jump.iter().cloned());
            found.insert(name, hosts);
        }
        found.into_iter().map(|(name, hosts)| BastionOnPaper { name, hosts }).collect()
    }

    fn left(&self, set: &HostSet) -> Option<HostSet> {
        let lost = self.incident.scopes.iter().filter_map(|(scope, state)| match (scope, state) {
            (Scope::Hosts(hosts), ScopeState::Lost | ScopeState::Impaired) => Some(hosts),
            _ => None,
        });
        lost.into_iter().try_fold(set.clone(), |set, hosts| set.without(hosts))
    }

    fn bastion(&self, wanted: &str) -> Option<HostsOnPaper> {
        let all = self.estate.host_rules.iter().flat_map(|rule| rule.jump.iter());
        let &(id, site) = all.into_iter().find(|(id, site)| self.name(*id, *site) == wanted)?;
        let replica = self.estate.service(id).at(site)?;
        Some(self.on_paper(Some(site), &self.left(replica.hosts.as_ref()?)?))
    }

    /// The bastions of some hosts that are there and trusted: nobody goes through one that is lost.
    fn bastions_of(&self, set: &HostSet) -> impl Iterator<Item = (ServiceId, SiteId)> {
        let rule = self.estate.host_rule(&set.first());
        let all = rule.map_or(&[][..], |rule| &rule.jump).iter().copied();
        all.filter(|&(id, site)| {
            let replicas = &self.estate.service(id).replicas;
            let at = replicas.iter().position(|replica| replica.site == site);
            at.is_some_and(|at| self.situation.seats[id.at()][at].fate.serves())
        })
    }

    fn name(&self, id: ServiceId, site: SiteId) -> String {
        format!("{}@{}", self.estate.service(id).name, self.estate.site(site).name)
    }
}

//! The estate: all that is declared, in one value whose references all lead somewhere.

use crate::model::DomainId;
use crate::model::HeldPlace;
use crate::model::HostRule;
use crate::model::Kit;
use crate::model::Millis;
use crate::model::Need;
use crate::model::Provider;
use crate::model::Replica;
use crate::model::ResourceId;
use crate::model::Route;
use crate::model::Runbook;
use crate::model::SecretRef;
use crate::model::Service;
use crate::model::ServiceId;
use crate::model::Site;
use crate::model::SiteId;
use crate::model::SurgeId;
use crate::model::Tier;
use crate::model::Whereabouts;

/// All that is declared. Lists are sorted by name, but for tiers, host rules and what is ordered by its author.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estate {
    /// What the project is called.
    pub project: Project,
    /// Where this tool, its files and its journal live.
    pub orchestrator: Orchestrator,
    /// Names of the kinds of resources: `cores`, `gbps`.
    pub resources: Vec<String>,
    /// Names of the fault domains: `power:bundang`.
    pub domains: Vec<String>,
    /// Names of the surges: `new-year`.
    pub surges: Vec<String>,
    /// What steps compete for.
    pub pools: Vec<Pool>,
    /// Limits for the whole run.
    pub limits: Limits,
    /// How operators reach hosts.
    pub ssh: Ssh,
    /// In order of recovery; the first is the lifeline's.
    pub tiers: Vec<Tier>,
    /// Datacenters and cloud regions.
    pub sites: Vec<Site>,
    /// Where people and kits can be, besides sites.
    pub places: Vec<HeldPlace>,
    /// What people hold.
    pub kits: Vec<Kit>,
    /// What is recovered.
    pub services: Vec<Service>,
    /// In the order written; the first match is taken.
    pub host_rules: Vec<HostRule>,
    /// How users reach services.
    pub routes: Vec<Route>,
    /// Who changes routes and launches capacity.
    pub providers: Vec<Provider>,
    /// What is done.
    pub runbooks: Vec<Runbook>,
}

/// What the project is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// For people.
    pub title: String,
    /// An IANA name; UTC where none was written.
    pub timezone: String,
}

impl Project {
    /// Whether a timezone is one of the IANA database that comes with this program.
    #[must_use]
    pub fn knows_zone(name: &str) -> bool {
        jiff::tz::TimeZoneDatabase::bundled().get(name).is_ok()
    }
}

/// Where this tool, its files and its journal live; audited like everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orchestrator {
    /// Where copies are.
    pub copies_at: Vec<Whereabouts>,
    /// What every ssh step uses, unless its host rule says otherwise.
    pub uses: Vec<Need>,
}

/// What steps compete for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Its name, unique among pools.
    pub name: String,
    /// At least 1.
    pub size: u32,
    /// What is kept for the first tier until that is back; below `size`.
    pub kept_for_first: u32,
}

/// Limits for the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// SSH handshakes at once, over all hosts.
    pub ssh_handshakes: u32,
    /// Steps at once per site.
    pub steps_per_site: u32,
    /// How long a gate waits for people before the run holds.
    pub gate_wait: Millis,
    /// Output kept per host and step, in bytes.
    pub output_bytes: u64,
}

impl Default for Limits {
    /// 64 handshakes is where loopback sshd's own CPU becomes the limit; 64 steps per site keeps one site's recovery
    /// from starving another's; four hours outlast a shift change; 64 KiB holds the head and tail of any sane output.
    fn default() -> Self {
        Self { ssh_handshakes: 64, steps_per_site: 64, gate_wait: Millis(4 * 3_600_000), output_bytes: 65_536 }
    }
}

/// How operators reach hosts, whatever host it is. Paths may begin with `~/`, which is whoever runs this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// Files with the keys of hosts; those of ssh where none is written.
    pub known_hosts: Vec<String>,
    /// Files with private keys, in the order in which they are tried; those of ssh where none is written.
    pub identities: Vec<String>,
    /// Where the passphrase of encrypted keys is.
    pub passphrase: Option<SecretRef>,
    /// Whether keys of the agent are tried, before those in files.
    pub agent: bool,
    /// Until a connection stands.
    pub connect: Millis,
    /// Until a host has said the first word.
    pub banner: Millis,
    /// From the first word to the login.
    pub login: Millis,
}

impl Default for Ssh {
    /// A host that has not answered for ten seconds is not worth more in an incident; a login waits for the host's own
    /// work besides, and for that of a hundred others that begin at once.
    fn default() -> Self {
        Self {
            known_hosts: Vec::new(),
            identities: Vec::new(),
            passphrase: None,
            agent: true,
            connect: Millis::from_secs(10),
            banner: Millis::from_secs(10),
            login: Millis::from_secs(20),
        }
    }
}

impl Estate {
    /// The service with this name.
    #[must_use]
    pub fn service_named(&self, name: &str) -> Option<ServiceId> {
        self.services.binary_search_by(|service| service.name.as_str().cmp(name)).ok().map(ServiceId::new)
    }

    /// The site with this name.
    #[must_use]
    pub fn site_named(&self, name: &str) -> Option<SiteId> {
        self.sites.binary_search_by(|site| site.name.as_str().cmp(name)).ok().map(SiteId::new)
    }

    /// The fault domain with this name.
    #[must_use]
    pub fn domain_named(&self, name: &str) -> Option<DomainId> {
        self.domains.binary_search_by(|domain| domain.as_str().cmp(name)).ok().map(DomainId::new)
    }

    /// The surge with this name.
    #[must_use]
    pub fn surge_named(&self, name: &str) -> Option<SurgeId> {
        self.surges.binary_search_by(|surge| surge.as_str().cmp(name)).ok().map(SurgeId::new)
    }

    /// The kind of resource with this name.
    #[must_use]
    pub fn resource_named(&self, name: &str) -> Option<ResourceId> {
        self.resources.binary_search_by(|resource| resource.as_str().cmp(name)).ok().map(ResourceId::new)
    }

    /// A service by its position.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[id.at()]
    }

    /// A site by its position.
    #[must_use]
    pub fn site(&self, id: SiteId) -> &Site {
        &self.sites[id.at()]
    }

    /// The promise on downtime that a service is held to: its own, else its declared tier's.
    #[must_use]
    pub fn rto(&self, id: ServiceId) -> Option<Millis> {
        let service = self.service(id);
        service.rto.or(self.tiers[service.tier.at()].rto)
    }

    /// The promise on lost data that a service is held to: its own, else its declared tier's.
    #[must_use]
    pub fn rpo(&self, id: ServiceId) -> Option<Millis> {
        let service = self.service(id);
        service.rpo.or(self.tiers[service.tier.at()].rpo)
    }

    /// The address of a service's route at a site; none where there are several, since nothing says which is meant.
    #[must_use]
    pub fn address(&self, id: ServiceId, site: SiteId) -> Option<&str> {
        let (_, addresses) = self.routes[self.service(id).route?.at()].at.iter().find(|(at, _)| *at == site)?;
        match addresses.as_slice() {
            [one] => Some(one),
            [] | [_, _, ..] => None,
        }
    }

    /// The rule by which a host is reached, where any matches.
    #[must_use]
    pub fn host_rule(&self, host: &str) -> Option<&HostRule> {
        self.host_rules.iter().find(|rule| rule.matches(host))
    }
}

impl Service {
    /// The replica at `site`, where there is one.
    #[must_use]
    pub fn at(&self, site: SiteId) -> Option<&Replica> {
        self.replicas.binary_search_by_key(&site, |replica| replica.site).ok().map(|at| &self.replicas[at])
    }
}

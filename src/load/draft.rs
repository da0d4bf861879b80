//! What was written, file by file, before names lead anywhere: other things are still texts with places.

use crate::load::page::Named;
use crate::model::Cache;
use crate::model::Date;
use crate::model::DependencyKind;
use crate::model::HostRule;
use crate::model::HostSet;
use crate::model::Limits;
use crate::model::Millis;
use crate::model::Place;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::Project;
use crate::model::Provider;
use crate::model::Reconnect;
use crate::model::ReplicationMode;
use crate::model::Role;
use crate::model::Route;
use crate::model::Runbook;
use crate::model::RunbookId;
use crate::model::ServiceKind;
use crate::model::SiteKind;
use crate::model::Ssh;
use crate::model::StepTemplate;
use crate::model::Tier;

/// Everything that was written.
#[derive(Default)]
pub(super) struct Drafts {
    pub(super) settings: Settings,
    pub(super) tiers: Vec<(Named, Tier)>,
    pub(super) sites: Vec<SiteDraft>,
    pub(super) places: Vec<(Named, Option<String>)>,
    pub(super) kits: Vec<KitDraft>,
    pub(super) services: Vec<ServiceDraft>,
    pub(super) hosts: Vec<HostDraft>,
    pub(super) routes: Vec<RouteDraft>,
    pub(super) providers: Vec<ProviderDraft>,
    pub(super) runbooks: Vec<RunbookDraft>,
    /// Known when runbooks are resolved.
    pub(super) subsets: Vec<SubsetDraft>,
    pub(super) addresses: Vec<AddressDraft>,
}

/// What `bonghwa.toml` says.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) project: Project,
    pub(super) limits: Limits,
    pub(super) ssh: Ssh,
    pub(super) orchestrator: Option<OrchestratorDraft>,
    pub(super) pools: Vec<PoolDraft>,
}

impl Drafts {
    /// What the next file says besides. Settings are those of one file, and stay as they are.
    pub(super) fn add(&mut self, next: Self) {
        let Self {
            settings: _,
            tiers,
            sites,
            places,
            kits,
            services,
            hosts,
            routes,
            providers,
            runbooks,
            subsets,
            addresses,
        } = next;
        self.tiers.extend(tiers);
        self.sites.extend(sites);
        self.places.extend(places);
        self.kits.extend(kits);
        self.services.extend(services);
        self.hosts.extend(hosts);
        self.routes.extend(routes);
        self.providers.extend(providers);
        self.runbooks.extend(runbooks);
        self.subsets.extend(subsets);
        self.addresses.extend(addresses);
    }
}

/// Amounts by resource, in thousandths.
#[derive(Default)]
pub(super) struct AmountsDraft {
    pub(super) named: Vec<(Named, u64)>,
    /// One of them could not be read: nothing is concluded from the others.
    pub(super) torn: bool,
}

/// One thing that is used: alternatives.
pub(super) struct UseDraft {
    pub(super) any_of: Vec<Named>,
}

pub(super) struct OrchestratorDraft {
    pub(super) place: Place,
    pub(super) copies_at: Vec<Named>,
    pub(super) uses: Vec<UseDraft>,
}

pub(super) struct PoolDraft {
    pub(super) name: Named,
    pub(super) size: u32,
    pub(super) kept: Option<(u32, Place)>,
}

pub(super) struct SiteDraft {
    pub(super) name: Named,
    pub(super) title: Option<String>,
    pub(super) kind: SiteKind,
    pub(super) domains: Vec<Named>,
    pub(super) capacity: AmountsDraft,
    pub(super) fill_limit: Ppm,
    pub(super) on_demand: Option<OnDemandDraft>,
    pub(super) runbook: Option<Named>,
    pub(super) user: Option<String>,
}

pub(super) struct OnDemandDraft {
    pub(super) capacity: AmountsDraft,
    pub(super) ready_in: Millis,
    /// With its place.
    pub(super) launch_proved: Option<(Date, Place)>,
}

pub(super) struct KitDraft {
    pub(super) name: Named,
    pub(super) title: Option<String>,
    pub(super) held_at: Vec<Named>,
    pub(super) fetch: Option<Millis>,
}

pub(super) struct ServiceDraft {
    pub(super) name: Named,
    pub(super) title: Option<String>,
    pub(super) tier: Option<Named>,
    pub(super) owner: String,
    /// Nothing where the word is missing or unknown.
    pub(super) kind: Option<ServiceKind>,
    pub(super) depends_on: Vec<DependencyDraft>,
    /// With its place.
    pub(super) deps_reviewed: Option<(Date, Place)>,
    pub(super) load: AmountsDraft,
    pub(super) degraded: Option<DegradedDraft>,
    pub(super) surges: Vec<(Named, Ppm)>,
    pub(super) caches: Vec<Cache>,
    pub(super) reconnect: Option<Reconnect>,
    pub(super) route: Option<Named>,
    pub(super) rto: Option<Millis>,
    pub(super) rpo: Option<Millis>,
    pub(super) runbook: Option<Named>,
    pub(super) params: Vec<(Named, String)>,
    pub(super) replicas: Vec<ReplicaDraft>,
}

pub(super) struct DegradedDraft {
    pub(super) place: Place,
    pub(super) load: AmountsDraft,
    pub(super) note: String,
}

pub(super) struct DependencyDraft {
    pub(super) service: Named,
    pub(super) kind: DependencyKind,
    pub(super) full_only: bool,
    pub(super) same_site: bool,
}

pub(super) struct ReplicaDraft {
    pub(super) site: Named,
    /// Nothing where the word is missing or unknown.
    pub(super) role: Option<Role>,
    pub(super) share: Option<(Ppm, Place)>,
    /// A share was written, and could not be read.
    pub(super) share_torn: bool,
    pub(super) hosts: Option<HostSet>,
    /// Hosts were written, and could not be read.
    pub(super) hosts_torn: bool,
    pub(super) subsets: Vec<(Named, HostSet)>,
    pub(super) max_load: Option<AmountsDraft>,
    pub(super) standing: Option<(AmountsDraft, Place)>,
    pub(super) scale: Option<ScaleDraft>,
    pub(super) replication: Option<ReplicationDraft>,
    pub(super) voters: Option<(u32, Place)>,
}

pub(super) struct ScaleDraft {
    pub(super) place: Place,
    pub(super) provider: Option<Named>,
    pub(super) max_load: AmountsDraft,
}

pub(super) struct ReplicationDraft {
    pub(super) from: Option<Named>,
    pub(super) mode: ReplicationMode,
    pub(super) max_lag: Option<Millis>,
}

/// `rule` is whole, but for where it jumps and what it uses.
pub(super) struct HostDraft {
    pub(super) place: Place,
    pub(super) rule: HostRule,
    pub(super) jump: Vec<Named>,
    pub(super) uses: Option<Vec<UseDraft>>,
}

/// `route` is whole, but for its provider and its sites.
pub(super) struct RouteDraft {
    pub(super) name: Named,
    pub(super) provider: Option<Named>,
    pub(super) at: Vec<(Named, Vec<String>)>,
    pub(super) route: Route,
}

/// One server of a provider, before its site is known to exist.
pub(super) struct ServerDraft {
    pub(super) address: String,
    pub(super) site: Option<Named>,
}

/// `provider` is whole, but for what it uses.
pub(super) struct ProviderDraft {
    pub(super) name: Named,
    pub(super) uses: Vec<UseDraft>,
    /// Nothing where its kind is missing or unknown.
    pub(super) servers: Vec<ServerDraft>,
    pub(super) also: Vec<ServerDraft>,
    pub(super) instance: AmountsDraft,
    pub(super) provider: Option<Provider>,
}

/// `runbook` is whole, but for its procedures.
pub(super) struct RunbookDraft {
    pub(super) name: Named,
    pub(super) runbook: Runbook,
    /// Where the day of its review stands.
    pub(super) reviewed: Option<Place>,
    pub(super) procedures: Vec<(Procedure, Vec<StepDraft>)>,
}

/// A part of the hosts that a step names, which only its users know.
pub(super) struct SubsetDraft {
    pub(super) runbook: RunbookId,
    /// By their positions in the runbook.
    pub(super) procedure: usize,
    pub(super) step: usize,
    pub(super) name: Named,
}

/// A step that names its service's address, which only its users know.
pub(super) struct AddressDraft {
    pub(super) runbook: RunbookId,
    /// By their positions in the runbook.
    pub(super) procedure: usize,
    pub(super) step: usize,
    pub(super) place: Place,
}

/// `step` is whole, but for routes, pools and what it uses.
pub(super) struct StepDraft {
    pub(super) place: Place,
    pub(super) step: StepTemplate,
    pub(super) subset: Option<Named>,
    pub(super) uses: Vec<UseDraft>,
    pub(super) claims: Vec<(Named, u32)>,
    pub(super) needs: Vec<Named>,
    pub(super) route: Option<Named>,
    pub(super) undo_route: Option<Named>,
    /// Where it first names the address of its service.
    pub(super) address: Option<Place>,
}

//! From drafts to the estate: names are sorted, and lead somewhere from then on.

mod groups;
mod reach;
mod records;
mod runbooks;
mod services;
mod settled;
mod shares;
mod sites;
mod usage;

use crate::load::draft::AmountsDraft;
use crate::load::draft::Drafts;
use crate::load::names::Names;
use crate::load::page::Named;
use crate::load::resolve::settled::settle;
use crate::model::Amounts;
use crate::model::Estate;
use crate::model::Fault;
use crate::model::FileId;
use crate::model::Finding;
use crate::model::Limits;
use crate::model::Noun;
use crate::model::Place;
use crate::model::Places;
use crate::model::Pool;
use crate::model::Project;

/// What every name leads to.
struct Index {
    tiers: Names,
    sites: Names,
    places: Names,
    whereabouts: Names,
    kits: Names,
    services: Names,
    routes: Names,
    providers: Names,
    runbooks: Names,
    pools: Names,
    resources: Names,
}

impl Index {
    /// Says of names that lead nowhere what may have been meant.
    fn suggest(&self, findings: &mut [Finding]) {
        let Self { tiers, sites, places, whereabouts, kits, services, routes, providers, runbooks, pools, resources } =
            self;
        for names in [tiers, sites, places, whereabouts, kits, services, routes, providers, runbooks, pools, resources]
        {
            names.suggest(findings);
        }
    }
}

/// Makes the estate; tells of every name that leads nowhere, and of whatever contradicts itself.
pub(super) fn resolve(mut drafts: Drafts, findings: &mut Vec<Finding>) -> (Estate, Places) {
    settle_all(&mut drafts, findings);
    nothing_declared(&drafts, findings);
    let mut estate = Estate {
        project: Project {
            timezone: zone(&drafts.settings.project),
            title: std::mem::take(&mut drafts.settings.project.title),
        },
        limits: Limits { ..drafts.settings.limits },
        ssh: drafts.settings.ssh.clone(),
        tiers: drafts.tiers.iter().map(|(_, tier)| tier.clone()).collect(),
        resources: distinct(drafts.sites.iter().flat_map(sites::resources)),
        domains: distinct(drafts.sites.iter().flat_map(|site| site.domains.iter().map(|name| name.text.as_str()))),
        surges: distinct(drafts.services.iter().flat_map(|s| s.surges.iter().map(|(name, _)| name.text.as_str()))),
        pools: pools(&drafts, findings),
        ..Estate::default()
    };
    let index = index(&drafts, &estate);
    let mut places = Places {
        tiers: drafts.tiers.iter().map(|(name, _)| name.place).collect(),
        orchestrator: drafts.settings.orchestrator.as_ref().map(|orchestrator| orchestrator.place),
        ..Places::default()
    };
    sites::resolve(&mut drafts, &index, &mut estate, &mut places, findings);
    reach::providers_and_routes(&mut drafts, &index, &mut estate, &mut places, findings);
    records::check(&estate, &places, findings);
    services::resolve(&mut drafts, &index, &mut estate, &mut places, findings);
    groups::check(&estate, &places, findings);
    reach::hosts_and_uses(&mut drafts, &index, &mut estate, &mut places, findings);
    runbooks::resolve(&mut drafts, &index, &mut estate, &mut places, findings);
    let no_address = usage::check(&drafts, &index, &estate, &places, findings);
    runbooks::put_to_people(&drafts, &no_address, &mut estate);
    index.suggest(findings);
    (estate, places)
}

/// Sorts every list by name; of two with the same name the first is kept.
fn settle_all(drafts: &mut Drafts, findings: &mut Vec<Finding>) {
    settle(Noun::Site, &mut drafts.sites, |site| &site.name, findings);
    settle(Noun::Place, &mut drafts.places, |place| &place.0, findings);
    settle(Noun::Kit, &mut drafts.kits, |kit| &kit.name, findings);
    settle(Noun::Service, &mut drafts.services, |service| &service.name, findings);
    settle(Noun::Route, &mut drafts.routes, |route| &route.name, findings);
    settle(Noun::Provider, &mut drafts.providers, |provider| &provider.name, findings);
    settle(Noun::Pool, &mut drafts.settings.pools, |pool| &pool.name, findings);
    settle(Noun::Runbook, &mut drafts.runbooks, |runbook| &runbook.name, findings);
    settled::tiers(&mut drafts.tiers, findings);
    settled::sites_and_places(drafts, findings);
}

fn nothing_declared(drafts: &Drafts, findings: &mut Vec<Finding>) {
    let place = Place { file: FileId(0), start: 0, end: 0 };
    let kinds = [
        (drafts.sites.is_empty(), Noun::Site),
        (drafts.services.is_empty(), Noun::Service),
        (drafts.tiers.is_empty(), Noun::Tier),
    ];
    let none = kinds.into_iter().filter(|(none, _)| *none).map(|(_, what)| what);
    findings.extend(none.map(|what| Finding::new(place, Fault::NothingDeclared(what))));
}

fn zone(project: &Project) -> String {
    if project.timezone.is_empty() { "UTC".to_owned() } else { project.timezone.clone() }
}

fn index(drafts: &Drafts, estate: &Estate) -> Index {
    let texts = |names: Vec<&Named>| names.into_iter().map(|name| name.text.clone()).collect::<Vec<_>>().into_iter();
    let sites = texts(drafts.sites.iter().map(|site| &site.name).collect());
    let places = texts(drafts.places.iter().map(|place| &place.0).collect());
    let kept = |name: &Named, kept: bool, at: &mut usize| {
        let position = kept.then_some(*at);
        *at += usize::from(kept);
        (name.text.clone(), position)
    };
    let (mut kits, mut routes, mut providers, mut services) = (0, 0, 0, 0);
    let known = |name: &Named| {
        drafts.sites.binary_search_by(|site| site.name.text.cmp(&name.text)).is_ok()
            || drafts.places.binary_search_by(|place| place.0.text.cmp(&name.text)).is_ok()
    };
    let is_provider = |name: &Named| {
        let found = drafts.providers.binary_search_by(|provider| provider.name.text.cmp(&name.text));
        found.is_ok_and(|at| drafts.providers[at].provider.is_some())
    };
    let is_site = |name: &Named| drafts.sites.binary_search_by(|site| site.name.text.cmp(&name.text)).is_ok();
    Index {
        tiers: Names::in_order(Noun::Tier, estate.tiers.iter().map(|tier| tier.name.clone())),
        whereabouts: Names::new(Noun::Whereabouts, sites.clone().chain(places.clone()).map(|name| (name, None))),
        sites: Names::in_order(Noun::Site, sites),
        places: Names::in_order(Noun::Place, places),
        kits: Names::new(
            Noun::Kit,
            drafts.kits.iter().map(|kit| kept(&kit.name, kit.held_at.iter().any(known), &mut kits)),
        ),
        services: Names::new(
            Noun::Service,
            drafts.services.iter().map(|service| kept(&service.name, !estate.tiers.is_empty(), &mut services)),
        ),
        routes: Names::new(
            Noun::Route,
            drafts.routes.iter().map(|route| {
                let leads = route.at.iter().any(|(site, addresses)| is_site(site) && !addresses.is_empty());
                kept(&route.name, leads && route.provider.as_ref().is_some_and(is_provider), &mut routes)
            }),
        ),
        providers: Names::new(
            Noun::Provider,
            drafts.providers.iter().map(|provider| kept(&provider.name, provider.provider.is_some(), &mut providers)),
        ),
        runbooks: Names::in_order(Noun::Runbook, drafts.runbooks.iter().map(|runbook| runbook.name.text.clone())),
        pools: Names::in_order(Noun::Pool, estate.pools.iter().map(|pool| pool.name.clone())),
        resources: Names::in_order(Noun::Resource, estate.resources.iter().cloned()),
    }
}

/// Names without repetition, sorted.
fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}

/// The pools, with the operators among them: people are always competed for.
fn pools(drafts: &Drafts, findings: &mut Vec<Finding>) -> Vec<Pool> {
    let usual = |size: u32| u32::from(size > 1);
    let mut pools = Vec::new();
    for draft in &drafts.settings.pools {
        let kept = match draft.kept {
            Some((kept, place)) if kept >= draft.size => {
                let fault = Fault::OutOfRange { text: kept.to_string(), low: 0, high: u64::from(draft.size - 1) };
                findings.push(Finding::new(place, fault));
                usual(draft.size)
            }
            Some((kept, _)) => kept,
            None => usual(draft.size),
        };
        pools.push(Pool { name: draft.name.text.clone(), size: draft.size, kept_for_first: kept });
    }
    if let Err(at) = pools.binary_search_by(|pool| pool.name.as_str().cmp("operators")) {
        // Three people is what a night shift that calls for help has within minutes.
        pools.insert(at, Pool { name: "operators".to_owned(), size: 3, kept_for_first: 1 });
    }
    pools
}

/// Amounts by resource as a row of numbers.
fn amounts(draft: &AmountsDraft, index: &Index, kinds: usize, findings: &mut Vec<Finding>) -> Amounts {
    let mut amounts = Amounts::zero(kinds);
    for (resource, amount) in &draft.named {
        if let Some(at) = index.resources.find(resource, findings) {
            amounts.0[at] = *amount;
        }
    }
    amounts
}

//! Whatever was written, the estate holds together: every id leads somewhere, every list keeps its promise.

use crate::load::Loaded;
use crate::model::Amounts;
use crate::model::Estate;
use crate::model::Need;
use crate::model::Ppm;
use crate::model::Role;
use crate::model::StepTemplate;
use crate::model::Supply;
use crate::model::Whereabouts;

/// Asserts all that the model promises.
pub(super) fn assert_consistent(loaded: &Loaded) {
    let estate = &loaded.estate;
    sorted(estate.sites.iter().map(|site| site.name.as_str()));
    sorted(estate.places.iter().map(|place| place.name.as_str()));
    sorted(estate.kits.iter().map(|kit| kit.name.as_str()));
    sorted(estate.services.iter().map(|service| service.name.as_str()));
    sorted(estate.routes.iter().map(|route| route.name.as_str()));
    sorted(estate.providers.iter().map(|provider| provider.name.as_str()));
    sorted(estate.pools.iter().map(|pool| pool.name.as_str()));
    sorted(estate.runbooks.iter().map(|runbook| runbook.name.as_str()));
    sorted(estate.resources.iter().map(String::as_str));
    sorted(estate.domains.iter().map(String::as_str));
    sorted(estate.surges.iter().map(String::as_str));
    assert!(estate.pools.iter().any(|pool| pool.name == "operators"));
    assert!(estate.pools.iter().all(|pool| pool.size >= 1 && pool.kept_for_first < pool.size));
    assert!(!estate.project.timezone.is_empty());
    sites_hold(estate);
    services_hold(estate);
    reach_holds(estate);
    for runbook in &estate.runbooks {
        assert!(runbook.procedures.is_sorted_by(|a, b| a.0 < b.0));
        for (_, steps) in &runbook.procedures {
            assert!(!steps.is_empty());
            steps.iter().for_each(|step| step_holds(estate, step, steps));
        }
    }
    places_hold(loaded);
}

fn sorted<'n>(names: impl Iterator<Item = &'n str>) {
    let names: Vec<&str> = names.collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
}

fn whole(estate: &Estate, amounts: &Amounts) {
    assert_eq!(amounts.0.len(), estate.resources.len());
}

fn whereabouts_hold(estate: &Estate, all: &[Whereabouts]) {
    for known in all {
        match known {
            Whereabouts::Site(site) => assert!(site.at() < estate.sites.len()),
            Whereabouts::Place(place) => assert!(place.at() < estate.places.len()),
        }
    }
}

fn needs_hold(estate: &Estate, needs: &[Need]) {
    for supply in needs.iter().flat_map(|need| &need.any_of) {
        match supply {
            Supply::Service(service) => assert!(service.at() < estate.services.len()),
            Supply::ServiceAt(service, site) => assert!(estate.service(*service).at(*site).is_some()),
            Supply::Kit(kit) => assert!(kit.at() < estate.kits.len()),
        }
    }
    assert!(needs.iter().all(|need| !need.any_of.is_empty()));
}

fn sites_hold(estate: &Estate) {
    for site in &estate.sites {
        whole(estate, &site.capacity);
        site.on_demand.iter().for_each(|on_demand| whole(estate, &on_demand.capacity));
        assert!(site.fill_limit <= Ppm::ONE);
        assert!(site.domains.iter().all(|domain| domain.at() < estate.domains.len()));
        assert!(site.runbook.is_none_or(|runbook| runbook.at() < estate.runbooks.len()));
    }
    for kit in &estate.kits {
        assert!(!kit.held_at.is_empty());
        whereabouts_hold(estate, &kit.held_at);
    }
    whereabouts_hold(estate, &estate.orchestrator.copies_at);
    needs_hold(estate, &estate.orchestrator.uses);
}

fn services_hold(estate: &Estate) {
    for (at, service) in estate.services.iter().enumerate() {
        assert!(service.tier.at() < estate.tiers.len());
        whole(estate, &service.load);
        assert!(service.degraded.iter().all(|degraded| degraded.load.fits(&service.load)));
        assert!(service.depends_on.iter().all(|d| d.service.at() < estate.services.len() && d.service.at() != at));
        assert!(service.surges.iter().all(|(surge, factor)| surge.at() < estate.surges.len() && *factor > Ppm::ZERO));
        assert!(service.route.is_none_or(|route| route.at() < estate.routes.len()));
        assert!(service.runbook.is_none_or(|runbook| runbook.at() < estate.runbooks.len()));
        assert!(service.params.is_sorted());
        assert!(service.replicas.is_sorted_by(|a, b| a.site < b.site));
        let shares: u64 = service.replicas.iter().map(|replica| replica.share.0).sum();
        let active = service.replicas.iter().any(|replica| replica.role == Role::Active);
        assert_eq!(shares, if active { Ppm::ONE.0 } else { 0 }, "{}", service.name);
        for replica in &service.replicas {
            assert!(replica.site.at() < estate.sites.len());
            assert!(replica.role == Role::Active || replica.share == Ppm::ZERO);
            whole(estate, &replica.max_load);
            whole(estate, &replica.standing);
            let hosts = |host: &String| replica.hosts.as_ref().is_some_and(|hosts| hosts.contains(host));
            assert!(replica.subsets.iter().all(|(_, subset)| subset.iter().all(|host| hosts(&host))));
            assert!(replica.subsets.is_sorted_by(|a, b| a.0 < b.0));
            if let Some(scale) = &replica.scale {
                assert!(scale.provider.at() < estate.providers.len());
                whole(estate, &scale.max_load);
            }
            let from = replica.replication.map(|replication| replication.from);
            assert!(from.is_none_or(|from| from != replica.site && service.at(from).is_some()));
        }
    }
}

fn reach_holds(estate: &Estate) {
    for route in &estate.routes {
        assert!(route.provider.at() < estate.providers.len());
        assert!(!route.at.is_empty() && route.at.is_sorted_by(|a, b| a.0 < b.0));
        assert!(route.at.iter().all(|(site, records)| site.at() < estate.sites.len() && !records.is_empty()));
        assert_eq!(route.ramp.last(), Some(&Ppm::ONE));
        assert!(route.ramp.is_sorted_by(|a, b| a < b) && route.ramp[0] > Ppm::ZERO);
    }
    for provider in &estate.providers {
        needs_hold(estate, &provider.uses);
    }
    for rule in &estate.host_rules {
        assert!(rule.jump.iter().all(|(service, site)| estate.service(*service).at(*site).is_some()));
        rule.uses.iter().for_each(|uses| needs_hold(estate, uses));
    }
}

fn step_holds(estate: &Estate, step: &StepTemplate, steps: &[StepTemplate]) {
    assert_eq!(steps.iter().filter(|other| other.id == step.id).count(), 1, "{}", step.id);
    needs_hold(estate, &step.uses);
    assert!(step.claims.iter().all(|(pool, count)| estate.pools[pool.at()].size >= *count));
    let known = |id: &String| steps.iter().any(|other| other.id == *id);
    assert!(step.needs.iter().flatten().all(known));
    assert!(step.retry.attempts >= 1);
    assert!(step.batch.is_none_or(|batch| batch.parallel >= 1 && batch.enough > Ppm::ZERO));
    if let crate::model::Action::Route(Some(route)) = &step.action {
        assert!(route.at() < estate.routes.len());
    }
}

fn places_hold(loaded: &Loaded) {
    let (estate, places) = (&loaded.estate, &loaded.places);
    assert_eq!(places.tiers.len(), estate.tiers.len());
    assert_eq!(places.sites.len(), estate.sites.len());
    assert_eq!(places.kits.len(), estate.kits.len());
    assert_eq!(places.routes.len(), estate.routes.len());
    assert_eq!(places.providers.len(), estate.providers.len());
    assert_eq!(places.host_rules.len(), estate.host_rules.len());
    assert_eq!(places.services.len(), estate.services.len());
    for (place, service) in places.services.iter().zip(&estate.services) {
        assert_eq!(place.depends_on.len(), service.depends_on.len());
        assert_eq!(place.replicas.len(), service.replicas.len());
    }
    assert_eq!(places.runbooks.len(), estate.runbooks.len());
    for (place, runbook) in places.runbooks.iter().zip(&estate.runbooks) {
        let steps: Vec<usize> = place.steps.iter().map(Vec::len).collect();
        assert_eq!(steps, runbook.procedures.iter().map(|(_, steps)| steps.len()).collect::<Vec<_>>());
    }
    for finding in &loaded.findings {
        for place in finding.also.iter().chain([&finding.place]) {
            let text = loaded.sources.text(place.file);
            assert!(text.get(place.start..place.end).is_some(), "{finding:?}");
        }
    }
}

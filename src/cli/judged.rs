//! What `check` judges beyond single files: days that have not come yet, and hosts that stand at two sites.

use std::collections::BTreeMap;

use crate::load::Loaded;
use crate::model::Date;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::Place;

/// What is said to have been done after `today`.
pub(crate) fn dates(loaded: &Loaded, today: Date) -> Vec<Finding> {
    let (estate, places) = (&loaded.estate, &loaded.places);
    let mut all = Vec::new();
    let mut judge = |place: Option<Place>, key: &str, date: Option<Date>| {
        if let Some((place, date)) = place.zip(date.filter(|date| *date > today)) {
            let (key, date) = (key.to_owned(), date.to_string());
            all.push(Finding::new(place, Fault::FutureDate { key, date }));
        }
    };
    for (service, place) in estate.services.iter().zip(&places.services) {
        judge(Some(place.name), "deps-reviewed", service.deps_reviewed);
    }
    for (runbook, place) in estate.runbooks.iter().zip(&places.runbooks) {
        judge(Some(place.name), "reviewed", runbook.reviewed);
    }
    for (site, place) in estate.sites.iter().zip(&places.sites) {
        judge(Some(*place), "launch-proved", site.on_demand.as_ref().and_then(|on_demand| on_demand.launch_proved));
    }
    all
}

/// A range of hosts, and whose it is.
struct Hosts {
    low: u64,
    high: u64,
    service: usize,
    replica: usize,
}

/// Replicas that name hosts of a replica at another site; each is told once.
pub(crate) fn hosts(loaded: &Loaded) -> Vec<Finding> {
    let (estate, places) = (&loaded.estate, &loaded.places);
    let mut by_name: BTreeMap<(String, usize, String), Vec<Hosts>> = BTreeMap::new();
    for (service, declared) in estate.services.iter().enumerate() {
        for (replica, seat) in declared.replicas.iter().enumerate() {
            for (before, width, after, low, high) in seat.hosts.iter().flat_map(|hosts| hosts.ranges()) {
                by_name.entry((before, width, after)).or_default().push(Hosts { low, high, service, replica });
            }
        }
    }
    let mut all = Vec::new();
    for ((before, width, after), mut ranges) in by_name {
        ranges.sort_by_key(|hosts| (hosts.low, hosts.service, hosts.replica));
        // The range that reaches furthest is enough to see whether anything overlaps.
        let mut furthest: Option<&Hosts> = None;
        for hosts in &ranges {
            if let Some(first) = furthest.filter(|first| hosts.low <= first.high) {
                let (one, other) = (
                    &estate.services[first.service].replicas[first.replica],
                    &estate.services[hosts.service].replicas[hosts.replica],
                );
                let place = |hosts: &Hosts| places.services.get(hosts.service)?.replicas.get(hosts.replica).copied();
                if let Some((at, earlier)) = place(hosts).zip(place(first)).filter(|_| one.site != other.site) {
                    let number = if width == 0 { String::new() } else { format!("{:0width$}", hosts.low) };
                    let fault = Fault::HostsTwice {
                        hosts: format!("{before}{number}{after}"),
                        service: estate.services[first.service].name.clone(),
                        site: estate.site(one.site).name.clone(),
                    };
                    all.push(Finding::new(at, fault).with(earlier));
                }
            }
            if furthest.is_none_or(|first| hosts.high > first.high) {
                furthest = Some(hosts);
            }
        }
    }
    all
}

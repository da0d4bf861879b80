//! What routes lead to, against what their keepers can hold.

// Addresses alone: nothing of `core` opens a socket.
use core::net::IpAddr;
use std::collections::BTreeMap;

use crate::model::Estate;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::Millis;
use crate::model::Places;
use crate::model::Ppm;
use crate::model::ProviderKind;
use crate::model::RecordError;
use crate::model::Route;

/// Looks at every route.
pub(super) fn check(estate: &Estate, places: &Places, findings: &mut Vec<Finding>) {
    let mut kept: BTreeMap<(usize, String), &str> = BTreeMap::new();
    for (route, place) in estate.routes.iter().zip(&places.routes) {
        let provider = &estate.providers[route.provider.at()];
        let mut whys = Vec::new();
        twice(estate, route, &mut whys);
        if matches!(provider.kind, ProviderKind::Rfc2136 | ProviderKind::Route53) {
            in_dns(route, provider.zone.as_deref(), &mut whys);
        }
        if let Some(low) = route.low_ttl {
            let is_lower = low > Millis::ZERO && low < route.ttl;
            whys.extend((!is_lower).then_some(RecordError::NotLower));
            whys.extend((!provider.kind.keeps_ttl()).then_some(RecordError::KeepsNoTtl));
        }
        if provider.kind == ProviderKind::Rfc2136 || provider.kind == ProviderKind::Route53 {
            findings.extend(gap(estate, route).map(|fault| Finding::new(*place, fault)));
        }
        findings.extend(fine(route, provider.kind).map(|fault| Finding::new(*place, fault)));
        let record = (route.provider.at(), bare(&route.record));
        match kept.get(&record) {
            Some(other) => whys.push(RecordError::AlsoBy((*other).to_owned())),
            None => drop(kept.insert(record, &route.name)),
        }
        let fault = |why| Fault::BadRecord { route: route.name.clone(), why };
        findings.extend(whys.into_iter().map(|why| Finding::new(*place, fault(why))));
    }
}

/// Whoever is sent to an address of two sites is sent to neither.
fn twice(estate: &Estate, route: &Route, whys: &mut Vec<RecordError>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, (_, addresses)) in route.at.iter().enumerate() {
        for address in addresses {
            let first = *seen.entry(address).or_insert(at);
            if first != at {
                let name = |at: usize| estate.site(route.at[at].0).name.clone();
                whys.push(RecordError::TwoSites { place: address.clone(), first: name(first), second: name(at) });
            }
        }
    }
}

/// Whoever asks for one family of addresses is led to the sites that have such, and to nobody where none of those is left.
fn gap(estate: &Estate, route: &Route) -> Option<Fault> {
    let mut all = route.at.iter().flat_map(|(_, addresses)| addresses);
    if all.any(|address| address.parse::<IpAddr>().is_err()) {
        // That is told, and nobody knows of which family it should have been.
        return None;
    }
    let is_of = |address: &String, is_v6: bool| address.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6() == is_v6);
    [("IPv4", false), ("IPv6", true)].into_iter().find_map(|(family, is_v6)| {
        let (mut has, mut lacks) = (Vec::new(), Vec::new());
        for (site, addresses) in &route.at {
            let named = if addresses.iter().any(|address| is_of(address, is_v6)) { &mut has } else { &mut lacks };
            named.push(estate.site(*site).name.clone());
        }
        let is_gap = !has.is_empty() && !lacks.is_empty();
        is_gap.then(|| Fault::FamilyGap { route: route.name.clone(), family, has, lacks })
    })
}

/// A stage below what weights can express sends nobody, or more than was meant. What addresses come to by turns depends on
/// who else is in the record, and a plan says so.
fn fine(route: &Route, kind: ProviderKind) -> Option<Fault> {
    let least = match kind {
        // One part against the largest weight of another: 256, and 255.
        ProviderKind::Haproxy => Ppm(Ppm::ONE.0 / 257),
        ProviderKind::Route53 => Ppm(Ppm::ONE.0 / 256),
        // Percentages with one digit behind the point.
        ProviderKind::Http | ProviderKind::Command => Ppm(1_000),
        ProviderKind::Rfc2136 | ProviderKind::AwsAutoscaling => return None,
    };
    let first = route.ramp.iter().copied().min().filter(|first| *first < least)?;
    Some(Fault::RampTooFine { route: route.name.clone(), kind, first, least })
}

fn in_dns(route: &Route, zone: Option<&str>, whys: &mut Vec<RecordError>) {
    let all = route.at.iter().flat_map(|(_, addresses)| addresses);
    let odd = all.filter(|address| address.parse::<IpAddr>().is_err());
    whys.extend(odd.map(|address| RecordError::NoAddress(address.clone())));
    let Some(zone) = zone else { return };
    let (record, zone) = (bare(&route.record), bare(zone));
    let is_inside = record == zone || record.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.'));
    if !is_inside {
        whys.push(RecordError::OutsideZone(zone));
    }
}

/// A name as DNS compares it.
fn bare(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

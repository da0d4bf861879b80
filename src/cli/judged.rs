//! What `check` judges beyond single files: days that have not come yet, and hosts that are not reached as they should be.

use std::collections::BTreeSet;

use crate::load::Loaded;
use crate::model::Date;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::HostRule;
use crate::model::HostSet;
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
        judge(place.deps_reviewed, "deps-reviewed", service.deps_reviewed);
    }
    for (runbook, place) in estate.runbooks.iter().zip(&places.runbooks) {
        judge(place.reviewed, "reviewed", runbook.reviewed);
    }
    for (site, place) in estate.sites.iter().zip(&places.sites) {
        judge(
            place.launch_proved,
            "launch-proved",
            site.on_demand.as_ref().and_then(|on_demand| on_demand.launch_proved),
        );
    }
    all
}

/// Sets some of whose hosts another rule is for than for the first, which all of them are reached by.
pub(crate) fn rules(loaded: &Loaded) -> Vec<Finding> {
    let (estate, places) = (&loaded.estate, &loaded.places);
    let mut all = Vec::new();
    for (service, written) in estate.services.iter().zip(&places.services) {
        for (replica, place) in service.replicas.iter().zip(&written.replicas) {
            let Some(hosts) = replica.hosts.as_ref().filter(|hosts| is_split(&estate.host_rules, hosts)) else {
                continue;
            };
            let first = hosts.first();
            let rule = estate.host_rule(&first);
            if let Some(host) = hosts.iter().find(|host| !is_same(rule, estate.host_rule(host))) {
                let other = estate.host_rules.iter().position(|rule| rule.matches(&host));
                let finding = Finding::new(*place, Fault::HostRulesDiffer { first, host });
                all.push(match other.and_then(|at| places.host_rules.get(at)) {
                    Some(rule) => finding.with(*rule),
                    None => finding,
                });
            }
        }
    }
    all
}

/// Whether different rules may be for hosts of a set. Where what its names begin with decides, none is written out.
fn is_split(rules: &[HostRule], hosts: &HostSet) -> bool {
    let mut decided = BTreeSet::new();
    for beginning in hosts.beginnings() {
        let mut rule = None;
        for (at, HostRule { pattern, .. }) in rules.iter().enumerate() {
            let (fixed, rest) = pattern.split_once('*').unwrap_or((pattern, "."));
            if beginning.starts_with(fixed) && rest.is_empty() {
                rule = Some(at);
                break;
            }
            if beginning.starts_with(fixed) || fixed.starts_with(beginning) {
                return true;
            }
        }
        decided.insert(rule);
    }
    decided.len() > 1
}

/// Whether hosts are reached alike by two rules, or by none.
fn is_same(one: Option<&HostRule>, other: Option<&HostRule>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => *one == HostRule { pattern: one.pattern.clone(), ..other.clone() },
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

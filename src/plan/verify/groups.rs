//! Auto-scaling groups: what a plan asks of them is enough for all whom it launches for, and for whoever is there already.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Amounts;
use crate::model::Estate;
use crate::model::Ppm;
use crate::model::ProviderKind;
use crate::model::ResourceId;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::plan::ActionOnPaper;
use crate::plan::verify::OfRoom;
use crate::plan::verify::Violation;
use crate::plan::verify::load::before;
use crate::plan::verify::load::carries;
use crate::plan::verify::paper::Paper;

/// One launch in a group.
struct Launch {
    item: u32,
    states: u64,
    own: Option<u64>,
}

/// Each launch asks for what stands there, for its own, and all of them together for the sum.
pub(super) fn check(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    let mut groups: BTreeMap<usize, Vec<Launch>> = BTreeMap::new();
    let mut counted: BTreeSet<(usize, ServiceId, SiteId)> = BTreeSet::new();
    let mut sums: BTreeMap<usize, Option<u64>> = BTreeMap::new();
    for (item, step) in paper.steps() {
        let ActionOnPaper::Scale { provider, to, instances } = &step.action else { continue };
        let Some(at) = group(paper.estate, provider) else { continue };
        let (Some(service), Some(site)) = (paper.service_of(item), paper.site_of(item)) else { continue };
        let own = many(paper, at, &beyond_hosts(paper, service, site, to));
        groups.entry(at).or_default().push(Launch { item, states: instances.unwrap_or(0), own });
        let sum = sums.entry(at).or_insert_with(|| standing(paper, at));
        if counted.insert((at, service, site)) {
            *sum = add(*sum, own);
        }
    }
    for (at, launches) in groups {
        let stands = standing(paper, at);
        let sum = sums.get(&at).copied().flatten();
        let most = launches.iter().map(|launch| launch.states).max().unwrap_or(0);
        for Launch { item, states, own } in launches {
            // The last of them asks for all; the others at least for themselves.
            let needed = if states == most { sum } else { add(stands, own) };
            if let Some(needed) = needed.filter(|needed| states < *needed) {
                let step = paper.id(item);
                found.push(Violation::Room(OfRoom::GroupTooSmall { step, instances: states, needed }));
            }
        }
    }
}

fn group(estate: &Estate, name: &str) -> Option<usize> {
    estate.providers.iter().position(|it| it.kind == ProviderKind::AwsAutoscaling && it.name == name)
}

/// Its own instances, and those that carry what replicas had beyond their hosts before the incident.
fn standing(paper: &Paper<'_>, at: usize) -> Option<u64> {
    let mut sum = Some(paper.estate.providers[at].standing);
    for (service, seats) in paper.estate.services.iter().zip(&paper.damage.seats) {
        let Some(id) = paper.service_named(&service.name) else { continue };
        for (replica, seat) in service.replicas.iter().zip(seats) {
            let is_its = replica.scale.as_ref().is_some_and(|scale| scale.provider.at() == at);
            if is_its && seat.state.is_trusted() && seat.before > Ppm::ZERO {
                let beyond = before(paper, id, replica, seat).less(&carries(replica, seat));
                sum = add(sum, many(paper, at, &beyond));
            }
        }
    }
    sum
}

/// What is launched beyond the hosts of a replica, and beyond what it had.
fn beyond_hosts(paper: &Paper<'_>, id: ServiceId, site: SiteId, to: &[(String, u64)]) -> Amounts {
    let mut all = Amounts::zero(paper.estate.resources.len());
    for (resource, amount) in to {
        if let Some(kind) = paper.estate.resource_named(resource).map(ResourceId::at) {
            all.0[kind] = *amount;
        }
    }
    let replicas = paper.estate.service(id).replicas.iter().zip(&paper.damage.seats[id.at()]);
    for (replica, seat) in replicas.filter(|(replica, _)| replica.site == site) {
        let carries = carries(replica, seat).with(&before(paper, id, replica, seat), u64::max);
        all = all.less(&carries);
    }
    all
}

/// How many instances that takes: the most that any resource asks for. Nothing where an instance gives nothing of one of
/// them: then it can't be counted, and a finding of the estate says so.
fn many(paper: &Paper<'_>, at: usize, wanted: &Amounts) -> Option<u64> {
    let gives = &paper.estate.providers[at].instance;
    let wanted = wanted.0.iter().zip(&gives.0).filter(|(wanted, _)| **wanted > 0);
    wanted
        .map(|(wanted, gives)| wanted.checked_div(*gives).map(|whole| whole + u64::from(wanted % gives > 0)))
        .try_fold(0, |most, many| Some(most.max(many?)))
}

fn add(sum: Option<u64>, more: Option<u64>) -> Option<u64> {
    Some(sum?.saturating_add(more?))
}

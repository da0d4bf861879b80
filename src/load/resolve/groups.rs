//! Auto-scaling groups, against what plans would launch in them.

use std::collections::BTreeMap;

use crate::model::Estate;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::GroupError;
use crate::model::Places;
use crate::model::ProviderKind;
use crate::model::SiteId;

/// Looks at every group, and at every replica that grows by one.
pub(super) fn check(estate: &Estate, places: &Places, findings: &mut Vec<Finding>) {
    let mut whys: BTreeMap<usize, Vec<GroupError>> = BTreeMap::new();
    twice(estate, &mut whys);
    let mut sites: BTreeMap<usize, SiteId> = BTreeMap::new();
    for replica in estate.services.iter().flat_map(|service| &service.replicas) {
        let Some(scale) = &replica.scale else { continue };
        let (at, provider) = (scale.provider.at(), &estate.providers[scale.provider.at()]);
        // Where nothing is launched at all, that is told instead.
        let launches = estate.site(replica.site).on_demand.is_some();
        if provider.kind != ProviderKind::AwsAutoscaling || !launches {
            continue;
        }
        let mut tell = |why| {
            let all = whys.entry(at).or_default();
            if !all.contains(&why) {
                all.push(why);
            }
        };
        let first = *sites.entry(at).or_insert(replica.site);
        if first != replica.site {
            let name = |site: SiteId| estate.site(site).name.clone();
            tell(GroupError::TwoSites { first: name(first), second: name(replica.site) });
        }
        let beyond = scale.max_load.less(&replica.max_load);
        let gives_none = |kind: &usize| beyond.0[*kind] > 0 && provider.instance.0[*kind] == 0;
        for kind in (0..estate.resources.len()).filter(gives_none) {
            tell(GroupError::GivesNone(estate.resources[kind].clone()));
        }
    }
    for (at, whys) in whys {
        let fault = |why| Fault::BadGroup { provider: estate.providers[at].name.clone(), why };
        findings.extend(whys.into_iter().map(|why| Finding::new(places.providers[at], fault(why))));
    }
}

/// Two who ask one group would each count only what they launch themselves.
fn twice(estate: &Estate, whys: &mut BTreeMap<usize, Vec<GroupError>>) {
    let mut known = BTreeMap::new();
    let groups = estate.providers.iter().enumerate().filter(|(_, it)| it.kind == ProviderKind::AwsAutoscaling);
    for (at, provider) in groups.filter(|(_, provider)| provider.group.is_some()) {
        let servers: Vec<&str> = provider.servers.iter().map(|server| server.address.as_str()).collect();
        let first = *known.entry((&provider.group, &provider.region, servers)).or_insert(at);
        if first != at {
            whys.entry(at).or_default().push(GroupError::AlsoBy(estate.providers[first].name.clone()));
        }
    }
}

//! Roles and shares: what the replicas of one service say about each other.

use crate::load::draft::ReplicaDraft;
use crate::load::draft::ServiceDraft;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::Ppm;
use crate::model::Role;
use crate::model::ServiceKind;
use crate::model::SiteId;

/// How far the shares of a service may be from 1: three times `33.33%` is meant to be all of it.
const SUM_SLACK: u64 = 100;

/// The share of each replica; those of active ones add up to exactly 1, where there is any.
pub(super) fn shares(
    service: &ServiceDraft,
    replicas: &[(SiteId, ReplicaDraft)],
    known: bool,
    findings: &mut Vec<Finding>,
) -> Vec<Ppm> {
    let active = |replica: &ReplicaDraft| replica.role == Some(Role::Active);
    let actives = replicas.iter().filter(|(_, replica)| active(replica)).count();
    let mut whole = known && replicas.iter().all(|(_, replica)| replica.role.is_some() && !replica.share_torn);
    let mut shares = Vec::with_capacity(replicas.len());
    for (_, replica) in replicas {
        let share = match (active(replica), replica.share) {
            (true, Some((share, _))) if share > Ppm::ZERO => share,
            (true, None) if actives == 1 => Ppm::ONE,
            (true, None) if replica.share_torn => Ppm::ZERO,
            (true, share) => {
                let place = share.map_or(replica.site.place, |(_, place)| place);
                findings.push(Finding::new(place, Fault::ActiveWithoutShare));
                whole = false;
                Ppm::ZERO
            }
            (false, Some((_, place))) if replica.role.is_some() => {
                findings.push(Finding::new(place, Fault::ShareNotActive));
                Ppm::ZERO
            }
            (false, _) => Ppm::ZERO,
        };
        shares.push(share);
    }
    if actives == 0 {
        if whole {
            findings.push(Finding::new(service.name.place, Fault::NoActive(service.name.text.clone())));
        }
        return shares;
    }
    let sum = shares.iter().fold(0, |sum, share| sum + share.0);
    if whole && sum.abs_diff(Ppm::ONE.0) > SUM_SLACK {
        findings.push(Finding::new(service.name.place, Fault::SharesSum(Ppm(sum))));
    }
    made_whole(&mut shares, replicas.iter().map(|(_, replica)| active(replica)));
    shares
}

/// Stretches shares so that they add up to exactly 1; the last one takes what rounding leaves.
fn made_whole(shares: &mut [Ppm], active: impl Iterator<Item = bool>) {
    let actives: Vec<usize> = active.enumerate().filter(|(_, active)| *active).map(|(at, _)| at).collect();
    let sum: u64 = actives.iter().map(|&at| shares[at].0).sum();
    let count = u64::try_from(actives.len()).unwrap_or(1);
    let mut left = Ppm::ONE.0;
    for &at in &actives {
        let share = (shares[at].0 * Ppm::ONE.0).checked_div(sum).unwrap_or(Ppm::ONE.0 / count);
        shares[at] = Ppm(share);
        left -= share;
    }
    if let Some(&last) = actives.last() {
        shares[last].0 += left;
    }
}

/// What the kind of a service asks of its replicas.
pub(super) fn recipe(
    service: &ServiceDraft,
    replicas: &[(SiteId, ReplicaDraft)],
    known: bool,
    findings: &mut Vec<Finding>,
) {
    let Some(kind) = service.kind else { return };
    let active = replicas.iter().filter(|(_, replica)| replica.role == Some(Role::Active)).count();
    let name = &service.name;
    if kind == ServiceKind::Stateful {
        if active > 1 {
            let fault = Fault::NotOneActive { service: name.text.clone(), active };
            findings.push(Finding::new(name.place, fault));
        }
        let standby = |replica: &&ReplicaDraft| replica.role.is_some_and(|role| role != Role::Active);
        for replica in replicas.iter().map(|(_, replica)| replica).filter(standby) {
            if replica.replication.is_none() {
                findings.push(Finding::new(replica.site.place, Fault::NoReplication));
            }
        }
    }
    for (_, place) in replicas.iter().filter_map(|(_, replica)| replica.voters) {
        if kind != ServiceKind::Quorum {
            findings.push(Finding::new(place, Fault::VotersNotQuorum));
        }
    }
    let voters = replicas.iter().filter_map(|(_, replica)| replica.voters).any(|(voters, _)| voters > 0);
    if kind == ServiceKind::Quorum && !voters && known {
        findings.push(Finding::new(name.place, Fault::NoVoters(name.text.clone())));
    }
}

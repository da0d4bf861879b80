//! Effective tiers: how urgent a service is because of all that need it.

use crate::model::Dependency;
use crate::model::DependencyKind;
use crate::model::Estate;
use crate::model::ServiceId;
use crate::model::TierId;
use crate::placement::Through;
use crate::placement::work::can_degrade;

/// One service needs another for its recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Who needs.
    pub caller: ServiceId,
    /// What is needed.
    pub callee: ServiceId,
    /// In what way.
    pub through: Through,
}

/// The urgency of every service, by `ServiceId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urgency {
    /// The most urgent tier among the service and all that reach it.
    pub tier: Vec<TierId>,
    /// By whom it was raised, where it was.
    pub raised: Vec<Option<(ServiceId, Through)>>,
}

/// Whether the service can't be back without it, at whatever level. What is needed for the full level only never gates
/// the floor; where there is no reduced form, or no steps that lead there, the full level is the floor.
#[must_use]
pub fn gates_the_floor(estate: &Estate, caller: ServiceId, dependency: &Dependency) -> bool {
    dependency.kind == DependencyKind::Hard && (!dependency.full_only || !can_degrade(estate, caller))
}

/// Hard edges that count at every level: what is needed for the full level only raises nobody.
#[must_use]
pub fn hard_needs(estate: &Estate) -> Vec<Need> {
    let mut needs = Vec::new();
    for (at, service) in estate.services.iter().enumerate() {
        for dependency in &service.depends_on {
            if gates_the_floor(estate, ServiceId::new(at), dependency) {
                needs.push(Need { caller: ServiceId::new(at), callee: dependency.service, through: Through::Hard });
            }
        }
    }
    needs
}

/// Spreads tiers along needs: the most urgent first, each service once, so the first to arrive is its reason.
#[must_use]
pub fn urgency(estate: &Estate, needs: &[Need]) -> Urgency {
    let count = estate.services.len();
    let mut starts = vec![0_usize; count + 1];
    for need in needs {
        starts[need.caller.at() + 1] += 1;
    }
    for at in 0..count {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut sorted: Vec<usize> = vec![0; needs.len()];
    for (at, need) in needs.iter().enumerate() {
        sorted[next[need.caller.at()]] = at;
        next[need.caller.at()] += 1;
    }
    let mut tier: Vec<Option<TierId>> = vec![None; count];
    let mut raised = vec![None; count];
    for (level, _) in estate.tiers.iter().enumerate() {
        let level = TierId::new(level);
        let mut open: Vec<ServiceId> = (0..count)
            .map(ServiceId::new)
            .filter(|id| estate.service(*id).tier == level && tier[id.at()].is_none())
            .collect();
        for id in &open {
            tier[id.at()] = Some(level);
        }
        let mut done = 0;
        while done < open.len() {
            let caller = open[done].at();
            done += 1;
            for &at in &sorted[starts[caller]..starts[caller + 1]] {
                let Need { caller, callee, through } = needs[at];
                if tier[callee.at()].is_none() {
                    tier[callee.at()] = Some(level);
                    if estate.service(callee).tier != level {
                        raised[callee.at()] = Some((caller, through));
                    }
                    open.push(callee);
                }
            }
        }
    }
    let tier = tier.into_iter().zip(&estate.services).map(|(tier, service)| tier.unwrap_or(service.tier)).collect();
    Urgency { tier, raised }
}

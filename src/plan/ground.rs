//! What is worked out once for an estate, before anything has happened.

use crate::graph::Arrows;
use crate::model::Estate;
use crate::model::ServiceId;
use crate::placement::Need;
use crate::placement::hard_needs;

/// An estate, made ready for planning.
#[derive(Debug)]
pub struct Ground<'a> {
    /// What is declared.
    pub estate: &'a Estate,
    /// Hard edges that count at every level.
    pub(in crate::plan) needs: Vec<Need>,
    /// The same as arrows from caller to callee.
    pub(in crate::plan) calls: Arrows,
    /// By service: which group of services that need each other it is in.
    pub(in crate::plan) group: Vec<u32>,
    /// Groups of services that need each other, callees first. Most hold one service.
    pub(in crate::plan) groups: Vec<Vec<u32>>,
}

/// Makes an estate ready. Cost grows with services and dependencies.
#[must_use]
pub fn prepare(estate: &Estate) -> Ground<'_> {
    let needs = hard_needs(estate);
    let pairs: Vec<(u32, u32)> = needs.iter().map(|need| (need.caller.0, need.callee.0)).collect();
    let calls = Arrows::new(estate.services.len(), &pairs);
    let groups = calls.components();
    let mut group = vec![0; estate.services.len()];
    for (at, members) in groups.iter().enumerate() {
        for &member in members {
            group[member as usize] = u32::try_from(at).unwrap_or(u32::MAX);
        }
    }
    Ground { estate, needs, calls, group, groups }
}

impl Ground<'_> {
    /// The others that a service needs and that need it.
    pub(in crate::plan) fn together(&self, id: ServiceId) -> Vec<ServiceId> {
        let members = &self.groups[self.group[id.at()] as usize];
        members.iter().map(|&member| ServiceId(member)).filter(|&member| member != id).collect()
    }

    /// Whether two services are recovered together.
    pub(in crate::plan) fn are_together(&self, one: ServiceId, other: ServiceId) -> bool {
        self.group[one.at()] == self.group[other.at()]
    }
}

//! A route that several services share is shifted by one of them after the other: where it ends must not be decided by
//! whichever is slower.

use std::collections::BTreeMap;

use crate::graph::Arrows;
use crate::model::RouteId;
use crate::model::ServiceId;
use crate::plan::draft::Web;
use crate::plan::draft::number;
use crate::plan::scene::Scene;
use crate::plan::ttl::shifted;

/// Puts the shifts of each shared route in one order: by urgency, then as everything else has them. Called when whatever
/// comes before something is as urgent as that, so that no circle can come of it.
pub(in crate::plan) fn in_turn(scene: &Scene<'_>, web: &mut Web) {
    let mut shifts: BTreeMap<RouteId, Vec<(ServiceId, u32)>> = BTreeMap::new();
    for (at, draft) in web.drafts.iter().enumerate() {
        if let Some((route, service)) = shifted(scene, draft).zip(draft.service()) {
            shifts.entry(route).or_default().push((service, number(at)));
        }
    }
    shifts.retain(|_, all| all.iter().any(|(service, _)| *service != all[0].0));
    if shifts.is_empty() {
        return;
    }
    let arrows = Arrows::new(web.nodes(), &web.edges);
    let Some(order) = arrows.callees_first() else { return };
    let mut place = vec![0; web.nodes()];
    for (at, node) in order.into_iter().rev().enumerate() {
        place[node as usize] = at;
    }
    for mut all in shifts.into_values() {
        all.sort_by_key(|(_, node)| (web.drafts[*node as usize].class, place[*node as usize]));
        let pairs = all.windows(2).map(|pair| (pair[0].1, pair[1].1));
        web.edges.extend(pairs);
    }
    web.edges.sort_unstable();
    web.edges.dedup();
}

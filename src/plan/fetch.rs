//! Kits that a person must fetch, once for each kit whatever number of steps use it.

use std::collections::BTreeMap;

use crate::model::Millis;
use crate::model::Phase;
use crate::model::Procedure;
use crate::model::Supply;
use crate::plan::DurationFrom;
use crate::plan::Side;
use crate::plan::draft::Draft;
use crate::plan::draft::How;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::What;

/// Adds a step for each kit that is used, at the urgency of its most urgent user.
pub(in crate::plan) fn add(drafts: &mut Vec<Draft>) {
    let mut kits = BTreeMap::new();
    for draft in drafts.iter() {
        for chosen in &draft.uses {
            if let (Supply::Kit(kit), How::Fetched) = (chosen.supply, chosen.how) {
                let class = kits.entry(kit).or_insert(u8::MAX);
                *class = draft.class.min(*class);
            }
        }
    }
    drafts.extend(kits.into_iter().map(|(kit, class)| Draft {
        owner: Owner::Kit(kit),
        stage: Stage::Fetch,
        what: What::Fetch,
        procedure: Procedure::Failover,
        phase: Phase::Prepare,
        rank: 0,
        lane: None,
        source: None,
        site: None,
        side: Side::Operator,
        class,
        uses: Vec::new(),
        duration: Millis::ZERO,
        duration_from: DurationFrom::Person,
        late_after: None,
        effect: None,
    }));
}

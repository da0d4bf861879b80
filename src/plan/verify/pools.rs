//! What steps and gates claim of pools, at every instant.

use crate::model::Millis;
use crate::plan::PoolOnPaper;
use crate::plan::verify::OfLimits;
use crate::plan::verify::Violation;
use crate::plan::verify::paper::Paper;

/// Checks that pools are as declared, that nobody holds more than there is, and that later classes leave what is kept.
pub(super) fn check(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    for pool in &paper.plan.pools {
        declared(paper, pool, found);
    }
    slots(paper, found);
    let urgent = paper.order.urgency(&(0..paper.count()).map(|item| paper.class(item)).collect::<Vec<_>>());
    let first = (0..paper.count()).filter(|&item| urgent[item as usize] == 0);
    let first_done = first.map(|item| paper.end(item)).max();
    let mut events: Vec<Event> = Vec::new();
    let mut pools: Vec<(&str, usize)> =
        paper.plan.pools.iter().enumerate().map(|(at, pool)| (pool.id.as_str(), at)).collect();
    pools.sort_unstable();
    for item in 0..paper.count() {
        let (start, end) = (paper.start(item), paper.end(item));
        for claim in paper.claims(item).iter().filter(|_| start < end) {
            let Ok(at) = pools.binary_search_by(|(id, _)| (*id).cmp(claim.pool.as_str())) else { continue };
            let amount = i64::from(claim.amount);
            let later = if urgent[item as usize] > 0 { amount } else { 0 };
            let pool = pools[at].1;
            events.push(Event { pool, at: start, all: amount, later });
            events.push(Event { pool, at: end, all: -amount, later: -later });
        }
    }
    events.sort_unstable();
    for part in events.chunk_by(|one, other| one.pool == other.pool) {
        sweep(&paper.plan.pools[part[0].pool], part, first_done, found);
    }
}

/// A change of what is held. The order of the fields sorts ends before starts at the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    pool: usize,
    at: Millis,
    all: i64,
    later: i64,
}

fn sweep(pool: &PoolOnPaper, events: &[Event], first_done: Option<Millis>, found: &mut Vec<Violation>) {
    let (mut all, mut later) = (0, 0);
    let left = pool.size.saturating_sub(pool.kept_for_first);
    let (mut is_over, mut is_kept) = (false, false);
    for event in events {
        all += event.all;
        later += event.later;
        if all > i64::from(pool.size) && !is_over {
            is_over = true;
            let taken = all.unsigned_abs();
            found.push(Violation::Limits(OfLimits::PoolOverrun {
                pool: pool.id.clone(),
                at: event.at,
                taken,
                size: pool.size,
            }));
        }
        if later > i64::from(left) && first_done.is_some_and(|done| event.at < done) && !is_kept {
            is_kept = true;
            let taken = later.unsigned_abs();
            found.push(Violation::Limits(OfLimits::KeptOverrun { pool: pool.id.clone(), at: event.at, taken, left }));
        }
    }
}

/// A pool has the size that was declared for it, and keeps as much.
fn declared(paper: &Paper<'_>, pool: &PoolOnPaper, found: &mut Vec<Violation>) {
    let declared = match pool.id.strip_prefix("site:") {
        Some(_) => Some((paper.estate.limits.steps_per_site, 0)),
        None => {
            let named = paper.estate.pools.iter().find(|declared| declared.name == pool.id);
            named.map(|declared| (declared.size, declared.kept_for_first))
        }
    };
    let Some((declared_size, declared_kept)) = declared else { return };
    if pool.size > declared_size || pool.kept_for_first < declared_kept {
        let (name, size, kept) = (pool.id.clone(), pool.size, pool.kept_for_first);
        found.push(Violation::Limits(OfLimits::PoolDiffers { pool: name, size, kept, declared_size, declared_kept }));
    }
}

/// Whatever runs on a site's hosts holds a slot of that site.
fn slots(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    for (_, step) in paper.steps() {
        let Some(site) = step.site.as_ref().filter(|_| step.action.is_on_hosts()) else { continue };
        let pool = format!("site:{site}");
        if !step.claims.iter().any(|claim| claim.pool == pool && claim.amount > 0) {
            found.push(Violation::Limits(OfLimits::SlotNotClaimed { step: step.id.clone(), pool }));
        }
    }
}

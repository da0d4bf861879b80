//! What each replica takes over time, recomputed from the estate and the effects of steps alone.
//!
//! Sums are exact and rounded once: a plan that rounds on the way may claim a little more than this, never less.

use crate::model::Amounts;
use crate::model::Millis;
use crate::model::Phase;
use crate::model::Ppm;
use crate::model::Replica;
use crate::model::Role;
use crate::model::ServiceId;
use crate::placement::Level;
use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::verify::damage::Seat;
use crate::plan::verify::paper::Paper;

/// A time during which a replica holds room.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) from: Millis,
    /// Until this instant, which is not part of it, and the step that ends it; for good where there is none.
    pub(super) until: Option<(Millis, u32)>,
    pub(super) amount: Amounts,
    /// The step that takes it; none for what was taken before.
    pub(super) by: Option<u32>,
    /// The level for which it is taken.
    pub(super) level: Level,
}

/// What a share of a service takes at a level, under the incident's surge and load factor.
pub(super) fn takes(paper: &Paper<'_>, id: ServiceId, level: Level, share: Ppm) -> Amounts {
    let service = paper.estate.service(id);
    let load = match (level, &service.degraded) {
        (Level::Shed, _) => return Amounts::zero(service.load.0.len()),
        (Level::Degraded, Some(degraded)) => &degraded.load,
        (Level::Degraded, None) | (Level::Full, _) => &service.load,
    };
    let named = service.surges.iter().find(|(surge, _)| Some(*surge) == paper.damage.surge);
    let surge = named.map_or(Ppm::ONE, |(_, factor)| *factor);
    let factor = paper.plan.incident.load;
    let one = u128::from(Ppm::ONE.0);
    let scaled = |amount: u64| {
        let part = u128::from(amount) * u128::from(share.0);
        let factors = u128::from(surge.0) * u128::from(factor.0);
        let exact = part.checked_mul(factors).map(|product| product.div_ceil(one * one * one));
        // Factors that no calendar knows: what does not fit is told as overfull.
        exact.and_then(|exact| u64::try_from(exact).ok()).unwrap_or(u64::MAX)
    };
    load.each(scaled)
}

/// What a replica took before the incident.
pub(super) fn before(paper: &Paper<'_>, id: ServiceId, replica: &Replica, seat: &Seat) -> Amounts {
    if seat.before > Ppm::ZERO || replica.role == Role::Active {
        takes(paper, id, Level::Full, seat.before)
    } else {
        replica.standing.clone()
    }
}

/// What the hosts of a replica that are left can carry.
pub(super) fn carries(replica: &Replica, seat: &Seat) -> Amounts {
    let (left, all) = seat.hosts;
    let part = |amount: u64| {
        let part = u128::from(amount) * u128::from(left) / u128::from(all.max(1));
        u64::try_from(part).unwrap_or(u64::MAX)
    };
    replica.max_load.each(part)
}

/// Users who leave a replica without a step of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Giving {
    /// When they have left.
    pub(super) at: Millis,
    /// The step that takes the last of them.
    pub(super) by: u32,
    /// The level that is left.
    pub(super) level: Level,
    /// The share that is left.
    pub(super) share: Ppm,
}

/// What a replica keeps that gives users away and has no step that says so: they are gone when the last of those who
/// take users of this service serves. No user is in two places; that the targets add up is told elsewhere.
pub(super) fn gives_silently(paper: &Paper<'_>, id: ServiceId, seat: &Seat) -> Option<Giving> {
    let entry = paper.entries[id.at()]?;
    let effect = |item: u32| paper.step(item).and_then(|step| step.effect.as_ref());
    let mut last = None;
    for &item in &paper.steps_of[id.at()] {
        match effect(item) {
            Some(Effect::Serves { .. } | Effect::Unfenced { .. } | Effect::Ends | Effect::Fenced)
                if paper.site_of(item) == Some(seat.site) =>
            {
                return None;
            }
            Some(Effect::Serves { share, .. } | Effect::Unfenced { share, .. }) => {
                let site = paper.site_of(item).and_then(|site| paper.damage.seat(id, site));
                if site.is_some_and(|other| *share > other.before) {
                    last = last.max(Some((paper.end(item), item)));
                }
            }
            Some(Effect::Ends | Effect::Fenced | Effect::Holds { .. } | Effect::Writer) | None => {}
        }
    }
    let name = &paper.estate.site(seat.site).name;
    let target = entry.to.iter().find(|target| target.site == *name);
    let (level, share) = target.map_or((Level::Shed, Ppm::ZERO), |target| (target.level, target.share));
    let (at, by) = last.filter(|_| share < seat.before)?;
    Some(Giving { at, by, level, share })
}

/// All times during which a replica holds room, with what was held before; nothing of it where it is lost.
pub(super) fn spans(paper: &Paper<'_>, id: ServiceId, replica: &Replica, seat: &Seat) -> Vec<Span> {
    let mut steps: Vec<u32> = paper.steps_of[id.at()].clone();
    steps.retain(|&item| paper.site_of(item) == Some(seat.site));
    let effect = |item: u32| paper.step(item).and_then(|step| step.effect.as_ref());
    let settles: Vec<(Millis, u32)> = {
        // What is made smaller gives up room though it may not serve yet: it lost its majority.
        let settling = |item: &u32| match effect(*item) {
            Some(Effect::Serves { .. } | Effect::Unfenced { .. } | Effect::Ends | Effect::Fenced) => true,
            Some(Effect::Holds { .. }) => seat.before > Ppm::ZERO && paper.phase_of(*item) == Some(Phase::Free),
            Some(Effect::Writer) | None => false,
        };
        let mut ends: Vec<(Millis, u32)> =
            steps.iter().copied().filter(settling).map(|item| (paper.end(item), item)).collect();
        ends.sort_unstable();
        ends
    };
    let next = |after: Millis| settles.iter().copied().find(|(end, _)| *end > after);
    let mut spans = Vec::new();
    if !seat.state.is_gone() {
        let amount = before(paper, id, replica, seat);
        let is_serving = seat.before > Ppm::ZERO;
        // A standby's room is given back when it is started; an active one's when it next settles.
        let holds = |item: &u32| matches!(effect(*item), Some(Effect::Holds { .. } | Effect::Serves { .. }));
        let started = steps.iter().copied().filter(holds).map(|item| (paper.start(item), item)).min();
        let gives = gives_silently(paper, id, seat);
        let gone = gives.as_ref().map(|gives| (gives.at, gives.by));
        let until = if is_serving { settles.first().copied().or(gone) } else { started };
        let amount = if is_serving { amount.least(&carries(replica, seat)) } else { amount };
        spans.push(Span { from: Millis::ZERO, until, amount, by: None, level: Level::Full });
        if let Some(Giving { at, level, share, .. }) = gives {
            spans.push(Span { from: at, until: None, amount: takes(paper, id, level, share), by: None, level });
        }
    }
    for &item in &steps {
        let (level, share, is_settled) = match effect(item) {
            Some(Effect::Holds { level, share }) => (*level, *share, false),
            Some(Effect::Serves { level, share } | Effect::Unfenced { level, share }) => (*level, *share, true),
            Some(Effect::Ends | Effect::Fenced | Effect::Writer) | None => continue,
        };
        // A launch can't take what is not there yet: its room begins with its end.
        let is_launch = paper.step(item).is_some_and(|step| matches!(step.action, ActionOnPaper::Scale { .. }));
        let from = if is_launch { paper.end(item) } else { paper.start(item) };
        let until = next(if is_settled { paper.end(item) } else { from });
        spans.push(Span { from, until, amount: takes(paper, id, level, share), by: Some(item), level });
    }
    spans
}

/// What a whole site took before the incident.
pub(super) fn sites_before(paper: &Paper<'_>) -> Vec<Amounts> {
    let estate = paper.estate;
    let mut sums = vec![Amounts::zero(estate.resources.len()); estate.sites.len()];
    for (at, service) in estate.services.iter().enumerate() {
        for (replica, seat) in service.replicas.iter().zip(&paper.damage.seats[at]) {
            let sum = &mut sums[replica.site.at()];
            *sum = sum.plus(&before(paper, ServiceId::new(at), replica, seat));
        }
    }
    sums
}

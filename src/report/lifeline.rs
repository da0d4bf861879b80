//! What a plan says of the first tier: when text messages are back, at which level, for whom, and how sure that is.
//!
//! Read off the plan, never computed anew: a service's own milestones are combined by taking the worst of each moment.

use std::collections::BTreeSet;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Level;
use crate::plan::Milestone;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;

/// The first tier, as far as the plan touches it.
#[derive(Debug, Clone)]
pub struct Lifeline<'a> {
    /// The tier's title.
    pub title: &'a str,
    /// The services that were declared to be of it.
    pub promised: Vec<&'a ServiceOnPaper>,
    /// Every service that is planned with its urgency: those, and what was raised because they can't live without it.
    pub closure: Vec<&'a ServiceOnPaper>,
}

/// The first tier of a plan.
#[must_use]
pub fn lifeline(plan: &Plan) -> Lifeline<'_> {
    let of = |tier_of: fn(&ServiceOnPaper) -> &str| -> Vec<&ServiceOnPaper> {
        let first = first_tier(plan);
        plan.services.iter().filter(|service| Some(tier_of(service)) == first).collect()
    };
    Lifeline {
        title: &plan.lifeline,
        promised: of(|service| &service.tier),
        closure: of(|service| &service.effective_tier),
    }
}

/// The name of the first tier, where the plan has a step for it; the first of the classes need not be of the first tier.
fn first_tier(plan: &Plan) -> Option<&str> {
    let first = plan.classes.first()?;
    let steps = plan.steps.iter().filter(|step| step.class == 0).filter_map(|step| step.service.as_ref());
    let services: BTreeSet<&String> = steps.collect();
    let of_it = |service: &ServiceOnPaper| service.effective_tier == first.tier && services.contains(&service.id);
    plan.services.iter().any(of_it).then_some(first.tier.as_str())
}

impl<'a> Lifeline<'a> {
    /// The service that comes back last, where all of them come back.
    #[must_use]
    pub fn last_back(&self) -> Option<&'a ServiceOnPaper> {
        if !self.never_back().is_empty() {
            return None;
        }
        self.promised.iter().copied().max_by_key(|service| service.expected_back_ms)
    }

    /// The services that go off, wholly or in part, and that nothing in the plan brings back.
    #[must_use]
    pub fn never_back(&self) -> Vec<&'a str> {
        let never = |service: &&&ServiceOnPaper| service.expected_back_ms.is_none() && !throughout(service);
        self.promised.iter().filter(never).map(|service| service.id.as_str()).collect()
    }

    /// Whether no user of any of its services notices anything.
    #[must_use]
    pub fn serves_throughout(&self) -> bool {
        self.promised.iter().all(|service| throughout(service))
    }

    /// From when on it does how much for how many: the worst of its services at each moment.
    #[must_use]
    pub fn milestones(&self) -> Vec<Milestone> {
        let times: BTreeSet<Millis> =
            self.promised.iter().flat_map(|service| service.milestones.iter().map(|at| at.at_ms)).collect();
        let mut all: Vec<Milestone> = Vec::new();
        for at_ms in times {
            let states = || self.promised.iter().map(|service| state_at(service, at_ms));
            let level = states().map(|(level, _)| level).min().unwrap_or(Level::Shed);
            let share = states().map(|(_, share)| share).min().unwrap_or(Ppm::ZERO);
            let share = if level == Level::Shed { Ppm::ZERO } else { share };
            let level = if share == Ppm::ZERO { Level::Shed } else { level };
            if all.last().is_none_or(|last| (last.level, last.share) != (level, share)) {
                all.push(Milestone { at_ms, level, share });
            }
        }
        all
    }

    /// The strictest promise on downtime among its services.
    #[must_use]
    pub fn objective(&self) -> Option<Millis> {
        self.promised.iter().filter_map(|service| service.objective_ms).min()
    }

    /// By how much the worst of its services misses its own promise.
    #[must_use]
    pub fn missed_by(&self, mode: Mode) -> Option<Millis> {
        self.promised.iter().filter_map(|service| late(mode, service)).max()
    }

    /// The longest that any of its services is off.
    #[must_use]
    pub fn downtime(&self, mode: Mode) -> Option<Millis> {
        self.promised
            .iter()
            .map(|service| downtime(mode, service))
            .try_fold(Millis::ZERO, |most, off| off.map(|off| most.max(off)))
    }

    /// No schedule brings all of it back earlier.
    #[must_use]
    pub fn bound(&self) -> Option<Millis> {
        self.promised.iter().filter_map(|service| service.bound_ms).max()
    }

    /// When it would be back if every person answered at once.
    #[must_use]
    pub fn without_people(&self) -> Option<Millis> {
        self.promised.iter().map(|service| service.without_people_ms).max().flatten()
    }
}

/// How long users are without a service: after a loss until it is back; in a planned move only while it is off on the
/// way. None where it does not come back.
#[must_use]
pub fn downtime(mode: Mode, service: &ServiceOnPaper) -> Option<Millis> {
    match mode {
        Mode::Failover | Mode::Retreat => service.expected_back_ms,
        Mode::Switchover | Mode::Failback => {
            let moments = &service.milestones;
            let off = |moment: &Milestone| moment.share == Ppm::ZERO || moment.level == Level::Shed;
            if moments.last().is_none_or(off) {
                return None;
            }
            let gaps = moments.windows(2).filter(|pair| off(&pair[0]));
            Some(gaps.map(|pair| pair[1].at_ms.saturating_sub(pair[0].at_ms)).sum())
        }
    }
}

/// By how much a service misses its promise on downtime.
#[must_use]
pub fn late(mode: Mode, service: &ServiceOnPaper) -> Option<Millis> {
    let (off, objective) = downtime(mode, service).zip(service.objective_ms)?;
    (off > objective).then(|| off.saturating_sub(objective))
}

/// Whether a service is there for all of its users all the time, at its full level.
fn throughout(service: &ServiceOnPaper) -> bool {
    service.milestones.iter().all(|moment| moment.share == Ppm::ONE && moment.level == Level::Full)
}

/// What a service does at a moment, by its milestones.
fn state_at(service: &ServiceOnPaper, at: Millis) -> (Level, Ppm) {
    let reached = service.milestones.iter().rfind(|milestone| milestone.at_ms <= at);
    reached.map_or((Level::Shed, Ppm::ZERO), |milestone| (milestone.level, milestone.share))
}

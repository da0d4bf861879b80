//! The summary doesn't lie: what a plan says of its services is what its steps make so, and what the estate declares.

use crate::model::DependencyKind;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::placement::Impact;
use crate::placement::Level;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::Issue;
use crate::plan::Mode;
use crate::plan::ServiceOnPaper;
use crate::plan::verify::OfSummary;
use crate::plan::verify::Violation;
use crate::plan::verify::asked::all_ready;
use crate::plan::verify::load::carries;
use crate::plan::verify::load::gives_silently;
use crate::plan::verify::load::takes;
use crate::plan::verify::paper::Paper;

/// Checks every service's entry, and what is said of classes.
pub(super) fn check(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    let urgency = urgency(paper);
    for (at, entry) in paper.entries.iter().enumerate() {
        let Some(entry) = entry else { continue };
        let id = ServiceId::new(at);
        declared(paper, id, entry, &urgency, found);
        let curve = Curve::new(paper, id);
        milestones(entry, &curve, found);
        back(paper, id, entry, &curve, found);
        let is_moved = paper.plan.incident.mode == Mode::Failback && !paper.steps_of[at].is_empty();
        if is_moved || matches!(entry.impact, Impact::Down | Impact::Reduced) {
            targets(paper, entry, &curve, found);
        }
        path(paper, entry, found);
    }
    classes(paper, found);
}

/// Who serves which share at which level, from each instant on at which that changes.
struct Curve(Vec<(Millis, Vec<Serving>)>);

/// A site, and what is served there.
type Serving = (SiteId, Level, Ppm);

impl Curve {
    fn new(paper: &Paper<'_>, id: ServiceId) -> Self {
        let service = paper.estate.service(id);
        let whole = takes(paper, id, Level::Full, Ppm::ONE);
        let seats = service.replicas.iter().zip(&paper.damage.seats[id.at()]);
        // Hosts that are lost serve nobody, wherever the others go.
        let left = seats.filter(|(_, seat)| seat.state.is_trusted()).map(|(replica, seat)| {
            let is_whole = seat.hosts.0 == seat.hosts.1;
            let fits = if is_whole { Ppm::ONE } else { whole.share_that_fits(&carries(replica, seat)) };
            (seat.site, Level::Full, seat.before.min(fits))
        });
        let left: Vec<Serving> = left.collect();
        // Who lost its majority serves nobody, though some of it still runs, until each is brought back.
        let mut now = if paper.damage.survives(paper.estate, id) { left.clone() } else { Vec::new() };
        let mut changes: Vec<(Millis, u32, SiteId, Level, Ppm)> = Vec::new();
        for &item in &paper.steps_of[id.at()] {
            let (Some(site), Some(step)) = (paper.site_of(item), paper.step(item)) else { continue };
            let (level, share) = match &step.effect {
                Some(Effect::Serves { level, share } | Effect::Unfenced { level, share }) => (*level, *share),
                Some(Effect::Ends | Effect::Fenced) => (Level::Shed, Ppm::ZERO),
                Some(Effect::Holds { .. } | Effect::Writer) | None => continue,
            };
            changes.push((paper.end(item), item, site, level, share));
        }
        for seat in paper.damage.seats[id.at()].iter().filter(|seat| seat.state.is_trusted()) {
            if let Some(gives) = gives_silently(paper, id, seat) {
                changes.push((gives.at, gives.by, seat.site, gives.level, gives.share));
            }
        }
        changes.sort_unstable();
        let mut curve = vec![(Millis::ZERO, now.clone())];
        if now.is_empty() && changes.is_empty() {
            // Nothing has to be done there but what a person does at the gate.
            curve.extend(person_brings_majority(paper, id).map(|at| (at, left.clone())));
        }
        for (at, _, site, level, share) in changes {
            now.retain(|(one, _, _)| *one != site);
            now.push((site, level, share));
            if curve.last().is_some_and(|(last, _)| *last == at) {
                curve.pop();
            }
            curve.push((at, now.clone()));
        }
        Self(curve)
    }

    /// What is so at an instant.
    fn at(&self, at: Millis) -> &[Serving] {
        let behind = self.0.partition_point(|(from, _)| *from <= at);
        behind.checked_sub(1).map_or(&[], |last| &self.0[last].1)
    }

    /// From when on, and for good, a share of users is served at a level or better.
    fn for_good(&self, level: Level, share: Ppm) -> Option<Millis> {
        let is_enough = |(_, now): &&(Millis, Vec<_>)| is_near(served(now, level), share);
        self.0.iter().rev().take_while(is_enough).last().map(|(from, _)| *from)
    }
}

/// When a person has supplied the majority that a service lost, and it was seen to work, where the plan asks for that.
fn person_brings_majority(paper: &Paper<'_>, id: ServiceId) -> Option<Millis> {
    let wanted = format!("quorum:{}", paper.estate.service(id).name);
    let is_it = |kind: &GateKind| matches!(kind, GateKind::BreakGlass { missing } if *missing == wanted);
    let (gate, _) = paper.gates().find(|(_, gate)| is_it(&gate.kind))?;
    all_ready(paper, id).into_iter().chain([gate]).map(|item| paper.end(item)).max()
}

/// Whether a share is as large as another, but for what is lost in rounding: a hundred-thousandth of all users.
fn is_near(share: Ppm, wanted: Ppm) -> bool {
    share.0.saturating_add(10) >= wanted.0
}

/// The share of users that is served at a level or better.
fn served(now: &[Serving], level: Level) -> Ppm {
    let shares = now.iter().filter(|(_, one, _)| *one >= level).map(|(_, _, share)| share.0);
    Ppm(shares.fold(0, u64::saturating_add))
}

/// The most urgent tier among each service and all that can't serve without it, by `ServiceId`.
fn urgency(paper: &Paper<'_>) -> Vec<usize> {
    let services = &paper.estate.services;
    let mut urgent: Vec<usize> = services.iter().map(|service| service.tier.at()).collect();
    let mut open: Vec<usize> = (0..services.len()).collect();
    open.sort_by_key(|&at| std::cmp::Reverse(urgent[at]));
    while let Some(at) = open.pop() {
        for dependency in &services[at].depends_on {
            let callee = dependency.service.at();
            if dependency.kind == DependencyKind::Hard && !dependency.full_only && urgent[callee] > urgent[at] {
                urgent[callee] = urgent[at];
                open.push(callee);
            }
        }
    }
    urgent
}

/// Tier, effective tier and promise are those of the estate; whoever is needed is as urgent as who needs it.
fn declared(paper: &Paper<'_>, id: ServiceId, entry: &ServiceOnPaper, urgency: &[usize], found: &mut Vec<Violation>) {
    let estate = paper.estate;
    let service = estate.service(id);
    let tier_at = |name: &str| estate.tiers.iter().position(|tier| tier.name == name);
    let mut differs = |stated: &str, is: usize| {
        let is = estate.tiers.get(is).map_or_else(String::new, |tier| tier.name.clone());
        let stated = stated.to_owned();
        found.push(Violation::Summary(OfSummary::TierDiffers { service: entry.id.clone(), stated, is }));
    };
    if tier_at(&entry.tier) != Some(service.tier.at()) {
        differs(&entry.tier, service.tier.at());
    }
    let effective = tier_at(&entry.effective_tier).unwrap_or(usize::MAX);
    // More urgent than its callers make it: then it is raised by somebody as urgent, and says by whom.
    let by = entry.raised.as_ref().and_then(|raise| paper.service_named(&raise.by));
    // One that the plan does not touch has no entry: what else makes it urgent is not on paper.
    let by = by.map(|by| paper.entries[by.at()].and_then(|by| tier_at(&by.effective_tier)).unwrap_or_default());
    let is_raised = effective < service.tier.at();
    if effective > urgency[id.at()] || (is_raised && by.is_none_or(|by| by > effective)) {
        differs(&entry.effective_tier, urgency[id.at()]);
    }
    let declared = estate.rto(id);
    if entry.objective_ms != declared {
        let (service, stated) = (entry.id.clone(), entry.objective_ms);
        found.push(Violation::Summary(OfSummary::ObjectiveDiffers { service, stated, declared }));
    }
}

/// Milestones begin at T=0, go forward, and promise nothing that the steps have not made so.
fn milestones(entry: &ServiceOnPaper, curve: &Curve, found: &mut Vec<Violation>) {
    let mut last: Option<Millis> = None;
    for milestone in &entry.milestones {
        let at = milestone.at_ms;
        if last.map_or(at != Millis::ZERO, |last| at <= last) {
            found.push(Violation::Summary(OfSummary::MilestonesDisorder { service: entry.id.clone(), at }));
        }
        last = Some(at);
        let now = curve.at(at);
        let really = served(now, milestone.level);
        if milestone.level != Level::Shed && !is_near(really, milestone.share) {
            let level = now.iter().filter(|(_, _, share)| share.0 > 0).map(|(_, level, _)| *level).min();
            let steps = (level.unwrap_or(Level::Shed), served(now, Level::Degraded));
            let stated = (milestone.level, milestone.share);
            found.push(Violation::Summary(OfSummary::MilestoneTooGood {
                service: entry.id.clone(),
                at,
                stated,
                steps,
            }));
        }
    }
}

/// Whether a time is said otherwise than the steps make it. A reduced service may be said to be back later than its own
/// steps make it so: what survives of it serves nobody while what it calls is gone.
fn differs(impact: Impact, stated: Option<Millis>, steps: Option<Millis>) -> bool {
    match (stated, steps) {
        (Some(stated), Some(steps)) if impact == Impact::Reduced => stated < steps,
        _ => stated != steps,
    }
}

/// A service is back when its steps make it so, and not before whatever it waits for.
fn back(paper: &Paper<'_>, id: ServiceId, entry: &ServiceOnPaper, curve: &Curve, found: &mut Vec<Violation>) {
    let service = || entry.id.clone();
    match entry.impact {
        Impact::Down | Impact::Reduced => {
            let floor = if paper.estate.service(id).degraded.is_some() { Level::Degraded } else { Level::Full };
            let steps = curve.for_good(floor, entry.admits).filter(|_| entry.admits > Ppm::ZERO);
            // Nobody comes back where those who are left are all that will be served: any time may be told.
            let is_silent = steps == Some(Millis::ZERO);
            if differs(entry.impact, entry.expected_back_ms, steps) && !is_silent {
                found.push(Violation::Summary(OfSummary::BackDiffers {
                    service: service(),
                    stated: entry.expected_back_ms,
                    steps,
                }));
            }
            let is_full = entry.level == Level::Full && entry.admits > Ppm::ZERO;
            let steps = curve.for_good(Level::Full, entry.admits).filter(|_| is_full);
            // Whoever can't admit everybody need not call itself full.
            let is_silent =
                entry.expected_full_ms.is_none() && (entry.admits < Ppm::ONE || steps == Some(Millis::ZERO));
            if differs(entry.impact, entry.expected_full_ms, steps) && !is_silent {
                found.push(Violation::Summary(OfSummary::FullDiffers {
                    service: service(),
                    stated: entry.expected_full_ms,
                    steps,
                }));
            }
        }
        Impact::Waiting => {
            let steps = all_ready(paper, id).into_iter().map(|item| paper.end(item)).max();
            if let Some((stated, steps)) = entry.expected_back_ms.zip(steps)
                && stated < steps
            {
                let (stated, steps) = (Some(stated), Some(steps));
                found.push(Violation::Summary(OfSummary::BackDiffers { service: service(), stated, steps }));
            }
        }
        Impact::Stranded => {
            if entry.expected_back_ms.is_some() {
                let stated = entry.expected_back_ms;
                found.push(Violation::Summary(OfSummary::BackDiffers { service: service(), stated, steps: None }));
            }
        }
        Impact::Unaffected | Impact::Exposed => {}
    }
}

/// Targets end as the steps leave them, and together serve all whom the service admits.
fn targets(paper: &Paper<'_>, entry: &ServiceOnPaper, curve: &Curve, found: &mut Vec<Violation>) {
    let end = curve.at(Millis(u64::MAX));
    for target in &entry.to {
        let site = paper.estate.site_named(&target.site);
        let is = end.iter().find(|(one, _, _)| Some(*one) == site);
        let steps = is.map_or((Level::Shed, Ppm::ZERO), |(_, level, share)| (*level, *share));
        let is_nothing = target.share == Ppm::ZERO && steps.1 == Ppm::ZERO;
        let is_so = target.level == steps.0 && is_near(steps.1, target.share) && is_near(target.share, steps.1);
        if !is_so && !is_nothing {
            let (service, site) = (entry.id.clone(), target.site.clone());
            // Said in the open: nobody wrote the steps that would bring it up there.
            if paper.plan.findings.contains(&Issue::NoSteps { service: service.clone(), site: site.clone() }) {
                continue;
            }
            found.push(Violation::Summary(OfSummary::TargetDiffers {
                service,
                site,
                stated: (target.level, target.share),
                steps,
            }));
        }
    }
    let sum = Ppm(entry.to.iter().map(|target| target.share.0).fold(0, u64::saturating_add));
    if sum != entry.admits || sum > Ppm::ONE {
        found.push(Violation::Summary(OfSummary::AdmitsDiffers {
            service: entry.id.clone(),
            stated: entry.admits,
            targets: sum,
        }));
    }
}

/// A critical path leads over items of this plan, at their own times.
fn path(paper: &Paper<'_>, entry: &ServiceOnPaper, found: &mut Vec<Violation>) {
    for link in &entry.critical_path {
        let item = paper.item(&link.id);
        if item.is_none_or(|item| (paper.start(item), paper.end(item)) != (link.start_ms, link.end_ms)) {
            found.push(Violation::Summary(OfSummary::PathDiffers { service: entry.id.clone(), link: link.id.clone() }));
        }
    }
}

/// No class is said to be done before the last step of it, and of those before it, ends.
fn classes(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    for class in &paper.plan.classes {
        let Some(tier) = paper.estate.tiers.iter().position(|tier| tier.name == class.tier) else { continue };
        let last = paper
            .steps()
            .filter(|(_, step)| usize::from(step.class) <= tier)
            .max_by_key(|(item, _)| (paper.end(*item), std::cmp::Reverse(*item)));
        if let Some((item, step)) = last.filter(|(item, _)| paper.end(*item) > class.finish_ms) {
            let (tier, stated, end) = (class.tier.clone(), class.finish_ms, paper.end(item));
            found.push(Violation::Summary(OfSummary::ClassEndsEarly { tier, stated, step: step.id.clone(), end }));
        }
    }
}

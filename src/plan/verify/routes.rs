//! Where users are sent: never nowhere, never to what is lost, never more than all of them.

use std::collections::BTreeMap;

use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Mode;
use crate::plan::RouteOnPaper;
use crate::plan::Step;
use crate::plan::TtlOnPaper;
use crate::plan::verify::OfPlaces;
use crate::plan::verify::Violation;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::asked::Why;
use crate::plan::verify::damage::State;
use crate::plan::verify::paper::Paper;

/// Checks every shift of a route, and where each route points after its last one.
pub(super) fn check<'a>(paper: &Paper<'a>, asked: &mut Asked<'a>, found: &mut Vec<Violation>) {
    kept(paper, asked, found);
    let mut last: BTreeMap<&str, (u32, &Step, &RouteOnPaper)> = BTreeMap::new();
    for (item, step) in paper.steps() {
        let ActionOnPaper::Route(route) = &step.action else { continue };
        shift(paper, item, step, route, found);
        let place = last.entry(&route.route).or_insert((item, step, route));
        if (paper.end(place.0), place.0) <= (paper.end(item), item) {
            *place = (item, step, route);
        }
    }
    for (item, step, route) in last.into_values() {
        for (site, share) in route.to.iter().filter(|(_, share)| *share > Ppm::ZERO) {
            let at = paper.estate.site_named(site);
            if at.is_some_and(|at| paper.damage.state(paper.service_of(item), at) == State::Leaving) {
                let (step, route, site) = (step.id.clone(), route.route.clone(), site.clone());
                found.push(Violation::Places(OfPlaces::RouteStaysAtLeaving { step, route, site, share: *share }));
            }
        }
    }
}

/// How long answers may be kept is lowered before users are moved, and restored after that, or left alone. Nothing is
/// lowered where users are served by nobody: what leads them there is out already.
fn kept<'a>(paper: &Paper<'a>, asked: &mut Asked<'a>, found: &mut Vec<Violation>) {
    let changes: Vec<(u32, &Step, &TtlOnPaper)> = paper
        .steps()
        .filter_map(
            |(item, step)| if let ActionOnPaper::Ttl(ttl) = &step.action { Some((item, step, ttl)) } else { None },
        )
        .collect();
    let declared = |route: &str| paper.route(route).map(|route| route.ttl);
    for (_, step, ttl) in &changes {
        let (id, route) = (step.id.clone(), ttl.route.clone());
        let keeper = paper.route(&route).map(|route| &paper.estate.providers[route.provider.at()].name);
        if keeper.is_some_and(|keeper| *keeper != ttl.provider) {
            let provider = ttl.provider.clone();
            found.push(Violation::Places(OfPlaces::RouteDiffers { step: id, route, provider }));
            continue;
        }
        if declared(&route).is_none_or(|declared| ttl.ttl_ms >= declared) {
            continue;
        }
        let restores = |other: &TtlOnPaper| other.route == route && Some(other.ttl_ms) == declared(&route);
        if !changes.iter().any(|(_, _, other)| restores(other)) {
            let (step, route) = (id.clone(), route.clone());
            found.push(Violation::Places(OfPlaces::TtlStaysLow { step, route }));
        }
        if paper.plan.incident.mode == Mode::Failover {
            found.push(Violation::Places(OfPlaces::LoweredInLoss { step: id, route }));
        }
    }
    for (item, step) in paper.steps() {
        let ActionOnPaper::Route(shift) = &step.action else { continue };
        let Some(ttl) = declared(&shift.route) else { continue };
        let own = changes.iter().filter(|(_, _, change)| change.route == shift.route);
        if shift.ttl_ms != ttl {
            let lowers = |change: &TtlOnPaper| change.ttl_ms <= shift.ttl_ms && change.wait_ms >= ttl;
            let waits = own.clone().filter(|(at, _, change)| {
                lowers(change) && paper.end(*at).saturating_sub(paper.start(*at)) >= change.wait_ms
            });
            let lowered = asked.demands.set(waits.map(|(at, _, _)| *at).collect());
            asked.demands.ask(item, None, Some(lowered), Why::Lowered(&shift.route));
        }
        for (at, _, _) in own.filter(|(_, _, change)| change.ttl_ms >= ttl) {
            asked.demands.ask_one(*at, item, Why::Restored(&shift.route));
        }
    }
}

fn shift(paper: &Paper<'_>, item: u32, step: &Step, route: &RouteOnPaper, found: &mut Vec<Violation>) {
    let (id, name) = (&step.id, &route.route);
    let sum = route.to.iter().fold(0_u64, |sum, (_, share)| sum.saturating_add(share.0));
    if sum == 0 {
        found.push(Violation::Places(OfPlaces::RouteEmpty { step: id.clone(), route: name.clone() }));
    }
    if sum > Ppm::ONE.0 {
        found.push(Violation::Places(OfPlaces::RouteOverfull { step: id.clone(), route: name.clone(), sum }));
    }
    if !is_a_way(route) {
        found.push(Violation::Places(OfPlaces::RampFalls { step: id.clone(), route: name.clone() }));
    }
    let declared = paper.route(name);
    if declared.is_some_and(|declared| paper.estate.providers[declared.provider.at()].name != route.provider) {
        let provider = route.provider.clone();
        found.push(Violation::Places(OfPlaces::RouteDiffers { step: id.clone(), route: name.clone(), provider }));
    }
    let named: BTreeMap<&str, Ppm> = all_named(route);
    for (site, share) in &named {
        let Some(at) = paper.estate.site_named(site) else { continue };
        let state = paper.damage.state(paper.service_of(item), at);
        let (step, route, site) = (id.clone(), name.clone(), (*site).to_owned());
        if matches!(state, State::Lost | State::Impaired | State::Quarantined) {
            found.push(Violation::Places(OfPlaces::RouteToLost { step, route, site, state: state.word().to_owned() }));
        } else if let Some(declared) = declared.filter(|_| *share > Ppm::ZERO)
            && !declared.at.iter().any(|(one, addresses)| *one == at && !addresses.is_empty())
        {
            found.push(Violation::Places(OfPlaces::RouteWithoutAddress { step, route, site }));
        }
    }
}

/// Every site that any stage names, with the most that it gets.
fn all_named(route: &RouteOnPaper) -> BTreeMap<&str, Ppm> {
    let mut named: BTreeMap<&str, Ppm> = BTreeMap::new();
    for (site, share) in route.to.iter().chain(route.stages.iter().flat_map(|stage| &stage.to)) {
        let most = named.entry(site).or_default();
        *most = (*most).max(*share);
    }
    named
}

/// Whether its stages lead where it goes: each sends somebody somewhere and never more than all, and whoever has more in
/// the end than in the first stage never falls in between.
fn is_a_way(route: &RouteOnPaper) -> bool {
    let sum = |to: &[(String, Ppm)]| to.iter().fold(0_u64, |sum, (_, share)| sum.saturating_add(share.0));
    let share = |to: &[(String, Ppm)], site: &str| {
        to.iter().find(|(named, _)| named == site).map_or(Ppm::ZERO, |(_, share)| *share)
    };
    let (Some(first), Some(last)) = (route.stages.first(), route.stages.last()) else { return false };
    let full = route.stages.iter().all(|stage| (1..=Ppm::ONE.0).contains(&sum(&stage.to)));
    let gains = last.to.iter().filter(|(site, goal)| *goal > share(&first.to, site)).map(|(site, _)| site);
    let rises =
        |site: &String| route.stages.windows(2).all(|pair| share(&pair[0].to, site) <= share(&pair[1].to, site));
    last.to == route.to && full && gains.clone().all(rises)
}

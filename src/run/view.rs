//! Where every service stands in a run: what it has reached and since when, what it works on, whom it waits for, and what
//! keeps it from coming back.
//!
//! Derived from the plan and the state, never kept. A service is back when the steps that are done serve, at its floor
//! or better, all users whom it will admit.

mod stops;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Effect;
use crate::plan::Impact;
use crate::plan::Level;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::run::Stamp;
use crate::run::forecast::Edges;
use crate::run::forecast::forecast;
use crate::run::forecast::planned_end;
use crate::run::gate_state::GateState;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::state::State;
use crate::run::state::Will;
use crate::run::step_state::StepState;
pub use crate::run::view::stops::Stop;
use crate::run::view::stops::stopped;
use crate::run::view::stops::stops;

/// Shares that differ by a hundred-thousandth of all users are the same: they were rounded.
const ROUNDED: u64 = 10;

/// Where everything stands.
#[derive(Debug, Clone)]
pub struct View {
    /// By position in the plan's list of services.
    pub services: Vec<Standing>,
    /// What only a person can clear away, in the order of the plan.
    pub stops: Vec<Stop>,
    /// When each step and gate is done: really, or as far as that can be told.
    pub ends: Vec<Option<Stamp>>,
}

/// Where one service stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// In a word.
    pub progress: Progress,
    /// The lowest level of those who serve.
    pub level: Level,
    /// The share of users that they serve.
    pub share: Ppm,
    /// Since when that is so.
    pub since: Stamp,
    /// Since when it serves all whom it will admit.
    pub back: Option<Stamp>,
    /// When it will, as far as that can be told; really, where it does.
    pub expected_back: Option<Stamp>,
    /// Since when it is at its full level, where it will ever be.
    pub full: Option<Stamp>,
    /// Its steps that are in flight, between two attempts, or with a person.
    pub working: Vec<NodeAt>,
    /// What its next steps wait for, themselves left aside. Empty where they only wait for their turn.
    pub waits_for: Vec<NodeAt>,
    /// The nearest things before its steps that only a person can clear away: what went wrong, then what is asked.
    pub blocked_by: Vec<NodeAt>,
    /// How many steps and gates it has.
    pub steps: usize,
    /// How many of those are over.
    pub over: usize,
}

/// Where a service stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Something failed, or was refused, and nothing of it moves.
    Blocked,
    /// Something of it is in flight.
    UnderWay,
    /// Its turn has not come.
    Waiting,
    /// All that was done for it is over, and it is not back: something was passed over, or the run ended.
    Short,
    /// It is back; steps that make it better may still come.
    Back,
    /// It gives way to others, and never was to come back.
    GivesWay,
    /// It serves all the time; nothing is done to it.
    Throughout,
    /// The plan has no place for it.
    Nowhere,
}

/// Where everything stands.
#[must_use]
pub fn view(plan: &Plan, script: &Script, state: &State, now: Stamp) -> View {
    let edges = Edges::new(script);
    let ends = forecast(plan, script, state, &edges, now);
    let own = Own::new(plan);
    let stops = stops(script, state, &edges, &own);
    let mut blocked: Vec<Vec<NodeAt>> = vec![Vec::new(); plan.services.len()];
    // What went wrong comes before what is only asked.
    for stop in stops.iter().filter(|stop| !stop.asks).chain(stops.iter().filter(|stop| stop.asks)) {
        for &service in &stop.services {
            blocked[service].push(stop.at);
        }
    }
    let of =
        |(at, blocked_by)| Scene { plan, script, state, edges: &edges, ends: &ends }.standing(at, &own, blocked_by);
    View { services: blocked.into_iter().enumerate().map(of).collect(), stops, ends }
}

/// Which steps and gates belong to which service.
struct Own {
    /// By step or gate.
    service: Vec<Option<usize>>,
    /// By service.
    nodes: Vec<Vec<NodeAt>>,
}

impl Own {
    fn new(plan: &Plan) -> Self {
        let known: BTreeMap<&str, usize> =
            plan.services.iter().enumerate().map(|(at, service)| (service.id.as_str(), at)).collect();
        let owners = plan.steps.iter().map(|step| &step.service).chain(plan.gates.iter().map(|gate| &gate.service));
        let service: Vec<Option<usize>> = owners.map(|owner| known.get(owner.as_deref()?).copied()).collect();
        let mut nodes = vec![Vec::new(); plan.services.len()];
        for (at, service) in service.iter().enumerate() {
            if let Some(service) = service {
                nodes[*service].push(at);
            }
        }
        Self { service, nodes }
    }
}

/// From when on how much of a service is there.
type Curve = Vec<(Stamp, Level, Ppm)>;

struct Scene<'a> {
    plan: &'a Plan,
    script: &'a Script,
    state: &'a State,
    edges: &'a Edges,
    ends: &'a [Option<Stamp>],
}

impl Scene<'_> {
    fn standing(&self, at: usize, own: &Own, blocked_by: Vec<NodeAt>) -> Standing {
        let service = &self.plan.services[at];
        let nodes = &own.nodes[at];
        let woken_by = self.woken_by(service, nodes);
        let curve = self.curve(service, nodes, woken_by.as_deref());
        let back = self.back(service, nodes, &curve);
        let (_, level, share) = curve.last().copied().unwrap_or((self.state.opened, Level::Shed, Ppm::ZERO));
        let same = curve.iter().rev().take_while(|is| (is.1, is.2) == (level, share)).last();
        let since = same.map_or(self.state.opened, |is| is.0);
        let working: Vec<NodeAt> = nodes.iter().copied().filter(|&at| self.moves(at)).collect();
        let over = nodes.iter().filter(|&&at| self.state.is_over(self.script, at)).count();
        let mut standing = Standing {
            progress: Progress::Waiting,
            level,
            share,
            since,
            back,
            expected_back: back.or_else(|| self.expected_back(service, nodes, woken_by.as_deref())),
            full: service.expected_full_ms.and_then(|_| from(&curve, Level::Full, service.admits)),
            working,
            waits_for: self.waits_for(nodes),
            blocked_by,
            steps: nodes.len(),
            over,
        };
        standing.progress = self.progress(service, nodes, &standing);
        standing
    }

    fn progress(&self, service: &ServiceOnPaper, nodes: &[NodeAt], standing: &Standing) -> Progress {
        let broken = |at: &NodeAt| stopped(self.script, self.state, *at) == Some(false);
        let is_over = standing.over == standing.steps;
        let mut steps = nodes.iter().filter_map(|&at| self.state.steps.get(at));
        let began = steps.any(|step| step.state.is_over());
        if service.impact == Impact::Stranded && standing.steps == 0 {
            return Progress::Nowhere;
        }
        if standing.back.is_some() {
            return Progress::Back;
        }
        if service.level == Level::Shed && is_over {
            return Progress::GivesWay;
        }
        if is_over && service.expected_back_ms.is_none() {
            return Progress::Throughout;
        }
        if self.state.ended.is_some() {
            return Progress::Short;
        }
        if !standing.working.is_empty() {
            return Progress::UnderWay;
        }
        match (standing.blocked_by.iter().any(broken), is_over) {
            (true, _) => Progress::Blocked,
            (false, true) => Progress::Short,
            (false, false) if began => Progress::UnderWay,
            (false, false) => Progress::Waiting,
        }
    }

    /// Whether what waits will ever have its turn.
    fn goes_on(&self) -> bool {
        self.state.ended.is_none() && matches!(self.state.will, Will::Going | Will::Held(_))
    }

    /// Whether somebody or something is at work on it.
    fn moves(&self, at: NodeAt) -> bool {
        let Some(step) = self.state.steps.get(at) else {
            return self.state.gate(self.script, at).state == GateState::Asked;
        };
        step.state.is_active() || matches!(step.state, StepState::Asked | StepState::Resting { .. })
    }

    /// What the first of its waiting steps wait for.
    fn waits_for(&self, nodes: &[NodeAt]) -> Vec<NodeAt> {
        let open = |at: &NodeAt| !self.state.is_over(self.script, *at);
        let is_own = |at: &NodeAt| nodes.binary_search(at).is_ok();
        let mut found: BTreeSet<NodeAt> = BTreeSet::new();
        for &at in nodes.iter().filter(|at| open(at) && !self.moves(**at)) {
            let before = || self.edges.before[at].iter().copied().filter(open);
            if !before().any(|one| is_own(&one)) {
                found.extend(before());
            }
        }
        found.into_iter().collect()
    }

    /// What must be over before those who were left serve anybody, where the plan says that they don't at once.
    fn woken_by(&self, service: &ServiceOnPaper, nodes: &[NodeAt]) -> Option<Vec<NodeAt>> {
        let survives = service.from.iter().any(|one| one.survives && one.share > Ppm::ZERO);
        let asleep = service.milestones.first().is_some_and(|first| first.share == Ppm::ZERO);
        if !survives || !asleep {
            return None;
        }
        // Never, where there is no second milestone.
        let Some(then) = service.milestones.get(1).map(|milestone| milestone.at_ms) else {
            return Some(nodes.to_vec());
        };
        let by_then = |at: &NodeAt| planned_end(self.plan, *at) <= then;
        if nodes.iter().any(|&at| planned_end(self.plan, at) == then) {
            return Some(nodes.iter().copied().filter(by_then).collect());
        }
        let before = nodes.iter().flat_map(|&at| &self.edges.before[at]).copied();
        let foreign: BTreeSet<NodeAt> = before.filter(|at| nodes.binary_search(at).is_err()).filter(by_then).collect();
        if foreign.is_empty() {
            let all = 0..self.script.len();
            return Some(all.filter(|&at| planned_end(self.plan, at) == then).collect());
        }
        Some(foreign.into_iter().collect())
    }

    /// When the last of them was over.
    fn all_over(&self, nodes: impl IntoIterator<Item = NodeAt>) -> Option<Stamp> {
        let mut last = self.state.opened;
        for at in nodes {
            if !self.state.is_over(self.script, at) {
                return None;
            }
            last = last.max(self.since(at));
        }
        Some(last)
    }

    fn since(&self, at: NodeAt) -> Stamp {
        match self.state.steps.get(at) {
            Some(step) => step.since,
            None => self.state.gate(self.script, at).since,
        }
    }

    /// What its own steps have made of it, and from when on that is worth something.
    fn curve(&self, service: &ServiceOnPaper, nodes: &[NodeAt], woken_by: Option<&[NodeAt]>) -> Curve {
        let opened = self.state.opened;
        let left = service.from.iter().filter(|one| one.survives && one.share > Ppm::ZERO);
        let mut serving: BTreeMap<&str, (Level, Ppm)> =
            left.map(|one| (one.site.as_str(), (Level::Full, one.share))).collect();
        let brings = self.brings(nodes, &serving);
        let first = match (woken_by, service.milestones.first()) {
            (None, Some(first)) => (first.level, first.share),
            (Some(_), _) | (None, None) => sum(&serving),
        };
        let mut own: Curve = vec![(opened, first.0, first.1)];
        for (at, node) in self.done(nodes) {
            let step = &self.plan.steps[node];
            let Some(site) = step.site.as_deref() else { continue };
            match &step.effect {
                Some(Effect::Serves { level, share }) => {
                    let there = serving.get(site).map_or(Ppm::ZERO, |is| is.1);
                    let share = if brings.contains(&node) { *share } else { there.min(*share) };
                    serving.insert(site, (*level, share));
                }
                Some(Effect::Unfenced { level, share }) => {
                    serving.insert(site, (*level, *share));
                }
                Some(Effect::Ends | Effect::Fenced) => drop(serving.remove(site)),
                Some(Effect::Holds { .. } | Effect::Writer) | None => continue,
            }
            let (level, share) = sum(&serving);
            own.push((at, level, share));
        }
        let Some(woken_by) = woken_by else { return own };
        let asleep = (opened, Level::Shed, Ppm::ZERO);
        let Some(woken) = self.all_over(woken_by.iter().copied()) else { return vec![asleep] };
        let (level, share) =
            own.iter().rfind(|(at, _, _)| *at <= woken).map_or((Level::Shed, Ppm::ZERO), |is| (is.1, is.2));
        let later = own.iter().filter(|(at, _, _)| *at > woken).copied();
        [asleep, (woken, level, share)].into_iter().chain(later).collect()
    }

    /// Its steps that bring users to a site, as planned. Others change only how those are served who are there already: where
    /// what was to bring them was passed over, nobody is.
    fn brings(&self, nodes: &[NodeAt], left: &BTreeMap<&str, (Level, Ppm)>) -> BTreeSet<NodeAt> {
        let mut shares: BTreeMap<&str, Ppm> = left.iter().map(|(&site, is)| (site, is.1)).collect();
        let mut steps: Vec<NodeAt> = nodes.iter().copied().filter(|&at| at < self.script.steps()).collect();
        steps.sort_unstable_by_key(|&at| (planned_end(self.plan, at), at));
        let mut brings = BTreeSet::new();
        for at in steps {
            let step = &self.plan.steps[at];
            let (Some(site), Some(effect)) = (step.site.as_deref(), &step.effect) else { continue };
            let share = match effect {
                Effect::Serves { share, .. } | Effect::Unfenced { share, .. } => *share,
                Effect::Ends | Effect::Fenced => Ppm::ZERO,
                Effect::Holds { .. } | Effect::Writer => continue,
            };
            if share > shares.insert(site, share).unwrap_or(Ppm::ZERO) {
                brings.insert(at);
            }
        }
        brings
    }

    /// Its steps that are done, in the order in which that happened.
    fn done(&self, nodes: &[NodeAt]) -> impl Iterator<Item = (Stamp, NodeAt)> {
        let mut done: Vec<(Stamp, Millis, NodeAt)> = nodes
            .iter()
            .filter(|&&at| self.state.steps.get(at).is_some_and(|step| matches!(step.state, StepState::Done(_))))
            .map(|&at| (self.since(at), planned_end(self.plan, at), at))
            .collect();
        done.sort_unstable();
        done.into_iter().map(|(at, _, node)| (at, node))
    }

    fn back(&self, service: &ServiceOnPaper, nodes: &[NodeAt], curve: &Curve) -> Option<Stamp> {
        let planned = service.expected_back_ms?;
        match service.impact {
            Impact::Down | Impact::Reduced => from(curve, Level::Degraded, service.admits),
            Impact::Unaffected | Impact::Waiting | Impact::Exposed | Impact::Stranded => {
                self.all_over(nodes.iter().copied().filter(|&at| planned_end(self.plan, at) <= planned))
            }
        }
    }

    fn expected_back(&self, service: &ServiceOnPaper, nodes: &[NodeAt], woken_by: Option<&[NodeAt]>) -> Option<Stamp> {
        let planned = service.expected_back_ms.filter(|_| self.goes_on())?;
        let own = nodes.iter().copied().filter(|&at| planned_end(self.plan, at) <= planned);
        let mut last = None;
        for at in own.chain(woken_by.unwrap_or_default().iter().copied()) {
            last = last.max(Some(self.ends[at]?));
        }
        last
    }
}

/// The lowest level of those who serve, and the share that they serve.
fn sum(serving: &BTreeMap<&str, (Level, Ppm)>) -> (Level, Ppm) {
    let serving = serving.values().filter(|(level, share)| *level > Level::Shed && *share > Ppm::ZERO);
    let level = serving.clone().map(|(level, _)| *level).min().unwrap_or(Level::Shed);
    let share = serving.map(|(_, share)| share.0).fold(0, u64::saturating_add);
    (level, Ppm(share.min(Ppm::ONE.0)))
}

/// Since when, until now, so much is there at that level or better.
fn from(curve: &Curve, level: Level, share: Ppm) -> Option<Stamp> {
    let enough =
        |(_, reached, now): &&(Stamp, Level, Ppm)| *reached >= level && *now > Ppm::ZERO && now.0 + ROUNDED >= share.0;
    curve.iter().rev().take_while(enough).last().map(|(since, _, _)| *since)
}

#[cfg(test)]
mod tests;

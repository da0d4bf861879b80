//! What is already so: what the runs of a project left behind, the oldest first. Who serves now, what is not to be
//! trusted, which fences are owed. It tells what journals say, and guesses nothing about what happened outside of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Estate;
use crate::model::Observation;
use crate::model::Owed;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Level;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::Side;
use crate::plan::Step;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Illegal;
use crate::run::OpenedBy;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::fold;
use crate::run::script::BrokenPlan;
use crate::run::script::Judge;

/// Why a journal says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unseen {
    /// Its plan can't have been run.
    #[error("the plan can't be run")]
    Plan(#[from] BrokenPlan),
    /// The journal is not legal.
    #[error("the journal does not tell a run of this plan")]
    Journal(#[from] Illegal),
}

/// What one run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// Its name.
    pub run: String,
    /// Services of which a step that is done changed who serves.
    services: Vec<Changed>,
    /// What was said of sites, in order.
    sites: Vec<(String, Said)>,
}

/// What was said of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Quarantined,
    Released,
    /// This fence, of this service where it is about one, stands on a person's word.
    Owed(String, Option<String>),
    /// The fence behind this gate is proven, whatever a person said of it before.
    Proven(String),
}

/// Reads what one run left behind.
///
/// # Errors
///
/// Plan and journal don't belong together, or tell what can't have happened.
pub fn left_behind(plan: &Plan, entries: &[Entry]) -> Result<LeftBehind, Unseen> {
    let script = Script::new(plan)?;
    let mut state = State::new(&script);
    let mut sites = Vec::new();
    for entry in entries {
        fold(&script, &mut state, entry)?;
        sites.extend(said(&script, &entry.event));
    }
    let is_owed = |gate: &String| state.debts.iter().any(|debt| debt.gate == *gate);
    sites.retain(|(_, said)| !matches!(said, Said::Owed(gate, _) if !is_owed(gate)));
    let is_done = |step: &String| {
        let run = script.find(step).and_then(|at| state.steps.get(at));
        run.is_some_and(|run| matches!(run.state, StepState::Done(_)))
    };
    let proven = plan.gates.iter().filter(|gate| gate.opened_by.iter().any(is_done));
    sites.extend(proven.filter_map(|gate| Some((fenced_site(gate)?, Said::Proven(gate.id.clone())))));
    let services = plan.services.iter().filter_map(|service| changed(plan, &state, service)).collect();
    Ok(LeftBehind { run: state.run, services, sites })
}

fn said(script: &Script, event: &Event) -> Option<(String, Said)> {
    if let Event::Quarantined { site } = event {
        return Some((site.clone(), Said::Quarantined));
    }
    if let Event::Released { site, .. } = event {
        return Some((site.clone(), Said::Released));
    }
    let Event::GateOpened { gate, by: OpenedBy::Person { .. } | OpenedBy::Earlier } = event else { return None };
    let Judge::Fence { site, service, .. } = &script.gate_at(script.find(gate)?)?.judge else { return None };
    Some((site.clone(), Said::Owed(gate.clone(), service.clone())))
}

fn fenced_site(gate: &Gate) -> Option<String> {
    if let GateKind::Fence { site, .. } = &gate.kind { Some(site.clone()) } else { None }
}

/// What a run changed of who serves a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Changed {
    service: String,
    /// Who served before, which share, and whether that was still so when the run began.
    from: Vec<(String, Ppm, bool)>,
    /// What changed, in order: who serves at which level and for which share, or no longer does.
    changes: Vec<(String, Option<(Level, Ppm)>)>,
    /// Where users go whom nobody serves in the middle of it: home, where a run was taken back.
    home: Vec<(String, Level, Ppm)>,
}

pub(in crate::run) fn changed(plan: &Plan, state: &State, service: &ServiceOnPaper) -> Option<Changed> {
    let mut done: Vec<(Stamp, &Step)> = Vec::new();
    let mut whole = true;
    for (step, run) in plan.steps.iter().zip(&state.steps) {
        // A retreat is over when all of it is, whatever its steps say of who serves.
        if step.service.as_ref() != Some(&service.id) || step.effect.is_none() && plan.retreat.is_none() {
            continue;
        }
        if matches!(run.state, StepState::Done(_)) {
            done.push((run.since, step));
        } else {
            whole = false;
        }
    }
    done.sort_by_key(|(since, _)| *since);
    let mut changes: Vec<(String, Option<(Level, Ppm)>)> =
        done.into_iter().filter_map(|(_, step)| change(step)).collect();
    let is_back = whole && plan.retreat.is_some();
    if changes.is_empty() && !is_back {
        return None;
    }
    if whole {
        // Whoever only gives users away has no step of its own: all that the plan has for it is done, so it is as planned.
        changes = service.from.iter().map(|from| (from.site.clone(), None)).collect();
        changes.extend(service.to.iter().map(|to| (to.site.clone(), Some((to.level, to.share)))));
    }
    let from = service.from.iter().map(|from| (from.site.clone(), from.share, from.survives)).collect();
    let home = service.to.iter().filter(|_| plan.retreat.is_some());
    let home = home.map(|to| (to.site.clone(), to.level, to.share)).collect();
    Some(Changed { service: service.id.clone(), from, changes, home })
}

impl Changed {
    /// Whether a step that is done let this site serve.
    fn serves_at(&self, site: &str) -> bool {
        self.changes.iter().any(|(at, serves)| at == site && serves.is_some())
    }
}

fn change(step: &Step) -> Option<(String, Option<(Level, Ppm)>)> {
    let now = match &step.effect {
        Some(Effect::Serves { level, share } | Effect::Unfenced { level, share }) => Some((*level, *share)),
        Some(Effect::Ends) => None,
        Some(Effect::Fenced) if step.on == Side::Source => None,
        Some(Effect::Fenced | Effect::Holds { .. } | Effect::Writer) | None => return None,
    };
    Some((step.site.clone()?, now))
}

/// Sites that nobody trusts after all runs, by name. Sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distrust {
    /// Lost, and not released.
    pub quarantined: BTreeSet<String>,
    /// Fences that stand on a person's word: site, gate, and whose, where it is about one service.
    pub owed: BTreeSet<(String, String, Option<String>)>,
}

impl Distrust {
    /// Whether this fence is owed there.
    #[must_use]
    pub fn owes(&self, site: &str, gate: &str) -> bool {
        self.owed.iter().any(|(at, owed, _)| at == site && owed == gate)
    }
}

/// What is said of sites after all runs, the oldest first.
#[must_use]
pub fn distrust(runs: &[LeftBehind]) -> Distrust {
    let mut now = Distrust::default();
    for run in runs {
        for changed in &run.services {
            // No plan brings anything up where a fence is owed. A retreat may have let it act again.
            now.owed
                .retain(|(site, _, service)| service.as_ref() != Some(&changed.service) || !changed.serves_at(site));
        }
        for (site, said) in &run.sites {
            match said {
                Said::Quarantined => drop(now.quarantined.insert(site.clone())),
                Said::Owed(gate, service) => drop(now.owed.insert((site.clone(), gate.clone(), service.clone()))),
                Said::Proven(gate) => now.owed.retain(|(at, owed, _)| at != site || owed != gate),
                Said::Released => {
                    now.quarantined.remove(site);
                    now.owed.retain(|(at, _, _)| at != site);
                }
            }
        }
    }
    now
}

/// What all runs left behind, the oldest first, as far as the estate still knows of it.
#[must_use]
pub fn observation(estate: &Estate, runs: &[LeftBehind]) -> Observation {
    let mut serving: BTreeMap<ServiceId, BTreeMap<SiteId, (Level, Ppm)>> = BTreeMap::new();
    for run in runs {
        for changed in &run.services {
            let Some(id) = estate.service_named(&changed.service) else { continue };
            let before = serving.remove(&id).unwrap_or_default();
            serving.insert(id, after(|site| estate.site_named(site), &before, changed));
        }
    }
    let now = distrust(runs);
    let quarantined: BTreeSet<SiteId> = now.quarantined.iter().filter_map(|site| estate.site_named(site)).collect();
    let owed = now.owed.into_iter().filter_map(|(site, gate, service)| {
        let service = service.and_then(|service| estate.service_named(&service));
        Some(Owed { site: estate.site_named(&site)?, gate, service })
    });
    let owed: BTreeSet<Owed> = owed.collect();
    let mut observation = Observation {
        quarantined: quarantined.into_iter().collect(),
        owed: owed.into_iter().collect(),
        runs: runs.iter().map(|run| run.run.clone()).collect(),
        ..Observation::default()
    };
    for (id, sites) in serving {
        let low = sites.iter().filter(|(_, (level, share))| *level == Level::Degraded && *share > Ppm::ZERO);
        observation.low.extend(low.map(|(site, _)| (id, *site)));
        let share = |site: SiteId| sites.get(&site).map_or(Ppm::ZERO, |(_, share)| *share);
        let replicas = &estate.service(id).replicas;
        if replicas.iter().any(|replica| share(replica.site) != replica.share) {
            let shares = replicas.iter().map(|replica| (replica.site, share(replica.site)));
            observation.active.push((id, shares.collect()));
        }
    }
    observation
}

/// Who serves a service after a run: whoever served before, and what the run changed of that. What nobody took over from a
/// lost site stays with that site, so that the next plan brings it back.
pub(in crate::run) fn after<Site: Ord + Copy>(
    known: impl Fn(&str) -> Option<Site>,
    before: &BTreeMap<Site, (Level, Ppm)>,
    changed: &Changed,
) -> BTreeMap<Site, (Level, Ppm)> {
    let level = |site: &Site| before.get(site).map_or(Level::Full, |(level, _)| *level);
    let mut now: BTreeMap<Site, (Level, Ppm)> = BTreeMap::new();
    let mut lost: Vec<(Site, Ppm)> = Vec::new();
    let mut touched: BTreeSet<Site> = BTreeSet::new();
    for (site, share, survives) in &changed.from {
        let Some(site) = known(site) else { continue };
        if *survives {
            now.insert(site, (level(&site), *share));
        } else {
            lost.push((site, *share));
        }
    }
    for (site, change) in &changed.changes {
        let Some(site) = known(site) else { continue };
        touched.insert(site);
        match change {
            Some(serves) => drop(now.insert(site, *serves)),
            None => drop(now.remove(&site)),
        }
    }
    // In the middle of a move whoever takes users has them, and whoever gives them away keeps the rest.
    let sum = |now: &BTreeMap<Site, (Level, Ppm)>| now.values().map(|(_, share)| share.0).sum::<u64>();
    let mut over = sum(&now).saturating_sub(Ppm::ONE.0);
    for (_, (_, share)) in now.iter_mut().filter(|(site, _)| !touched.contains(site)) {
        let gives = share.0.min(over);
        *share = Ppm(share.0 - gives);
        over -= gives;
    }
    let mut left = Ppm::ONE.0.saturating_sub(sum(&now));
    for (site, level, share) in &changed.home {
        let Some(site) = known(site) else { continue };
        let (_, has) = now.entry(site).or_insert((*level, Ppm::ZERO));
        let gets = share.0.saturating_sub(has.0).min(left);
        *has = Ppm(has.0 + gets);
        left -= gets;
    }
    for (site, share) in lost {
        let stays = share.0.min(left);
        left -= stays;
        now.entry(site).or_insert((Level::Full, Ppm(stays)));
    }
    now.retain(|_, (_, share)| *share > Ppm::ZERO);
    now
}

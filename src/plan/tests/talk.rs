//! Talk keeps its promises: the estate that ships, under every loss that its authors promise to survive.

use std::path::Path;

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Owed;
use crate::model::Ppm;
use crate::model::Role;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::SiteKind;
use crate::placement::Level;
use crate::plan::Effect;
use crate::plan::Inputs;
use crate::plan::Issue;
use crate::plan::Plan;
use crate::plan::Refusal;
use crate::plan::ServiceOnPaper;
use crate::plan::Step;
use crate::plan::plan_on;
use crate::plan::prepare;
use crate::plan::verify;

fn read(folder: &Path, root: &Path, sources: &mut Vec<SourceText>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read(&path, root, sources);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            sources.push(SourceText { path: name, bytes: std::fs::read(&path).unwrap() });
        }
    }
}

fn talk() -> Estate {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    let settings = std::fs::read(root.join("bonghwa.toml")).unwrap();
    sources.push(SourceText { path: "bonghwa.toml".to_owned(), bytes: settings });
    read(&root.join("topology"), root, &mut sources);
    read(&root.join("runbooks"), root, &mut sources);
    let loaded = load(sources);
    assert_eq!(loaded.findings, [], "Talk has no findings");
    loaded.estate
}

struct Case<'a> {
    sites: &'a [&'a str],
    state: ScopeState,
    surge: Option<&'a str>,
    load: u64,
}

impl<'a> Case<'a> {
    const fn lost(sites: &'a [&'a str]) -> Self {
        Self { sites, state: ScopeState::Lost, surge: None, load: 1_000_000 }
    }

    fn plan(&self, estate: &Estate) -> Result<Plan, Box<Refusal>> {
        self.plan_from(estate, &Observation::default())
    }

    fn plan_from(&self, estate: &Estate, so: &Observation) -> Result<Plan, Box<Refusal>> {
        let incident = Incident {
            scopes: self.sites.iter().map(|site| (Scope::Site(estate.site_named(site).unwrap()), self.state)).collect(),
            surge: self.surge.map(|surge| estate.surge_named(surge).unwrap()),
            load: Ppm(self.load),
            began_before: None,
            to: Vec::new(),
            only_lifeline: false,
            accept_degraded: true,
            as_of: Date::new(2026, 11, 22).unwrap(),
        };
        let inputs = Inputs { sources: Vec::new(), effort: 20_000, errors_elsewhere: 0 };
        plan_on(&prepare(estate), &incident, so, &inputs)
    }
}

/// The fence of one replica stands on a person's word since an earlier run; the rest of its site is trusted.
#[test]
fn where_a_fence_is_owed_it_is_tried_and_nothing_is_brought_up() {
    let estate = talk();
    let lost = Case::lost(&["pangyo"]).plan(&estate).unwrap();
    let promotion = lost.steps.iter().find(|step| step.phase == "promote").unwrap();
    let (service, took) = (promotion.service.clone().unwrap(), promotion.site.clone().unwrap());
    let (id, site) = (estate.service_named(&service).unwrap(), estate.site_named(&took).unwrap());
    let gate = format!("fence:{service}@{took}");
    let owed = vec![Owed { site, gate: gate.clone(), service: Some(id) }];
    let so = Observation { owed, runs: vec!["an-earlier-run".to_owned()], ..Observation::default() };

    let plan = Case::lost(&["pangyo"]).plan_from(&estate, &so).unwrap();
    assert_eq!(verify(&estate, &plan), []);
    let there = |step: &&Step| step.service.as_ref() == Some(&service) && step.site.as_ref() == Some(&took);
    let steps: Vec<&Step> = plan.steps.iter().filter(there).collect();
    assert!(!steps.is_empty() && steps.iter().all(|step| step.phase == "fence" && plan.collects(&step.id)));
    let opened_by = &plan.gates.iter().find(|one| one.id == gate).unwrap().opened_by;
    assert!(plan.carries(&gate) && steps.iter().any(|step| opened_by.contains(&step.id)));
    let gates = plan.gates.iter().flat_map(|gate| &gate.after);
    let waits = plan.steps.iter().flat_map(|step| &step.after).chain(gates).any(|before| *before == gate);
    assert!(!waits, "nothing waits for what may never answer");

    let sites = [took.as_str()];
    let returns = Case { state: ScopeState::Returning, ..Case::lost(&sites) };
    let refused = returns.plan_from(&estate, &so).map(|plan| plan.id);
    assert_eq!(refused, Err(Box::new(Refusal::Quarantined { site: took.clone() })));
}

fn own_sites(estate: &Estate) -> Vec<&str> {
    let own = estate.sites.iter().filter(|site| site.kind == SiteKind::Datacenter);
    own.map(|site| site.name.as_str()).collect()
}

fn text(plan: &Plan) -> Option<&ServiceOnPaper> {
    plan.services.iter().find(|service| service.id == "text-message")
}

#[test]
fn talk_is_as_large_as_its_story() {
    let estate = talk();
    assert!(estate.services.len() >= 70);
    assert!(own_sites(&estate).len() >= 4);
    assert!(estate.sites.len() >= own_sites(&estate).len() + 2);
    let hosts = estate.services.iter().flat_map(|service| &service.replicas).filter_map(|it| it.hosts.as_ref());
    assert!(hosts.map(|hosts| hosts.count()).sum::<u64>() > 5_000);
    for service in &estate.services {
        assert!(service.runbook.is_some() || service.replicas.len() < 2, "{} has no runbook", service.name);
    }
}

#[test]
fn losing_any_own_site_leaves_text_messages_within_their_promise() {
    let estate = talk();
    for site in own_sites(&estate) {
        for surge in [None, Some("new-year")] {
            let sites = [site];
            let plan = Case { surge, ..Case::lost(&sites) }.plan(&estate).unwrap();
            let Some(text) = text(&plan) else { continue };
            assert_eq!(text.admits, Ppm::ONE, "{site} {surge:?}");
            assert!(text.level >= Level::Degraded, "{site} {surge:?}");
            if let Some(back) = text.expected_back_ms {
                assert!(back <= text.objective_ms.unwrap(), "{site} {surge:?}: {back}");
            }
        }
    }
}

#[test]
fn losing_all_own_sites_leaves_text_only_on_the_cloud_and_says_what_is_lost() {
    let estate = talk();
    let own = own_sites(&estate);
    let plan = Case::lost(&own).plan(&estate).unwrap();
    let text = text(&plan).unwrap();
    assert_eq!((text.admits, text.level), (Ppm::ONE, Level::Degraded));
    for target in &text.to {
        assert_eq!(estate.site(estate.site_named(&target.site).unwrap()).kind, SiteKind::Cloud);
    }
    let store = plan.services.iter().find(|service| service.id == "message-store").unwrap();
    let loss = store.data_loss.as_ref().unwrap();
    assert!(loss.at_most_ms.unwrap() > loss.objective_ms.unwrap());
    assert!(plan.gates.iter().any(|gate| gate.id.starts_with("data-loss:message-store@") && gate.person));
}

/// From the first step that silences a service's writer until the next one may write, and how much of that is its steps.
fn silence(plan: &Plan, service: &str) -> Option<(Millis, Millis)> {
    let steps = plan.steps.iter().filter(|step| step.service.as_deref() == Some(service));
    let bracket: Vec<_> = steps.filter(|step| matches!(step.phase.as_str(), "quiesce" | "fence" | "promote")).collect();
    let promoted = bracket.iter().filter(|step| step.effect == Some(Effect::Writer));
    let end = promoted.map(|step| step.start_ms + step.duration_ms).max()?;
    let start = bracket.iter().map(|step| step.start_ms).min()?;
    Some((Millis(end.0 - start.0), Millis(bracket.iter().map(|step| step.duration_ms.0).sum())))
}

#[test]
fn in_a_planned_move_a_writer_is_silent_for_its_own_steps_only() {
    let estate = talk();
    for site in own_sites(&estate) {
        let plan = Case { state: ScopeState::Leaving, ..Case::lost(&[site]) }.plan(&estate).unwrap();
        for service in &estate.services {
            if let Some((silent, steps)) = silence(&plan, &service.name) {
                assert_eq!(silent, steps, "{} leaves {site}", service.name);
            }
        }
    }
    let plan = Case { state: ScopeState::Leaving, ..Case::lost(&["pangyo"]) }.plan(&estate).unwrap();
    assert_eq!(silence(&plan, "message-store").unwrap().0, Millis::from_secs(40));
    // Its promotion has no way back: people are asked before the old ledger is closed.
    assert_eq!(silence(&plan, "pay-ledger").unwrap().0, Millis::from_secs(31));
}

/// Findings that a reader must look at, without those about what was assumed.
fn urgent(plan: &Plan) -> usize {
    plan.findings.iter().filter(|issue| issue.is_urgent()).count()
}

#[test]
fn slower_steps_and_smaller_standbys_are_told() {
    let estate = talk();
    let before = Case::lost(&["pangyo"]).plan(&estate).unwrap();
    let mut slow = estate.clone();
    for step in slow.runbooks.iter_mut().flat_map(|book| &mut book.procedures).flat_map(|(_, steps)| steps) {
        step.expect = step.expect.map(|expect| Millis(expect.0 * 2));
        step.answer = Some(Millis(step.answer.unwrap_or(Millis::from_secs(60)).0 * 2));
    }
    for cache in slow.services.iter_mut().flat_map(|service| &mut service.caches) {
        cache.warm = Millis(cache.warm.0 * 2);
    }
    for route in &mut slow.routes {
        route.ttl = Millis(route.ttl.0 * 2);
        route.hold = Millis(route.hold.0 * 2);
    }
    for service in &mut slow.services {
        if let Some(reconnect) = &mut service.reconnect {
            reconnect.per_second /= 2;
        }
    }
    let after = Case::lost(&["pangyo"]).plan(&slow).unwrap();
    assert!(after.findings.iter().any(|issue| matches!(issue, Issue::RtoMissed { .. })), "{:?}", after.findings);
    assert!(urgent(&after) > urgent(&before));
    let mut small = estate.clone();
    for replica in small.services.iter_mut().flat_map(|service| &mut service.replicas) {
        if replica.role != Role::Active {
            replica.max_load = replica.max_load.times_down(Ppm(700_000));
        }
    }
    let low = |plan: &Plan| plan.services.iter().filter(|it| it.level != Level::Full || it.admits < Ppm::ONE).count();
    let after = Case::lost(&["pangyo"]).plan(&small).unwrap();
    assert!(low(&after) > low(&before));
}

#[test]
fn the_second_pair_of_eyes_agrees_with_every_plan_of_talk() {
    let estate = talk();
    let sites: Vec<&str> = estate.sites.iter().map(|site| site.name.as_str()).collect();
    let mut bad = Vec::new();
    for (at, &site) in sites.iter().enumerate() {
        let other = sites[(at + 1) % sites.len()];
        for lost in [vec![site], vec![site, other]] {
            for state in [ScopeState::Lost, ScopeState::Impaired, ScopeState::Leaving, ScopeState::Returning] {
                for (surge, load) in
                    [(None, 1_000_000), (Some("new-year"), 1_000_000), (None, 500_000), (None, 1_800_000)]
                {
                    let case = Case { sites: &lost, state, surge, load };
                    let told = match case.plan(&estate) {
                        Ok(plan) => format!("{:?}", verify(&estate, &plan).into_iter().take(3).collect::<Vec<_>>()),
                        Err(refusal) if matches!(*refusal, Refusal::Overrun { .. } | Refusal::WouldDegrade { .. }) => {
                            continue;
                        }
                        Err(refusal) => format!("{refusal:?}"),
                    };
                    if told != "[]" {
                        bad.push(format!("{lost:?} {state:?} {surge:?} {load}: {told}"));
                    }
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}:\n{}", bad.len(), bad.join("\n"));
}

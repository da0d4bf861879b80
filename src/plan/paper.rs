//! The plan is written down: nothing is decided here any more.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use crate::model::Action;
use crate::model::Amounts;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Owed;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::Supply;
use crate::model::Whereabouts;
use crate::placement::Because;
use crate::placement::Fate;
use crate::placement::Impact;
use crate::plan::ClassOnPaper;
use crate::plan::DurationFrom;
use crate::plan::FORMAT;
use crate::plan::Gate;
use crate::plan::IncidentOnPaper;
use crate::plan::Inputs;
use crate::plan::Issue;
use crate::plan::LimitsOnPaper;
use crate::plan::Mode;
use crate::plan::Outlook;
use crate::plan::OwedOnPaper;
use crate::plan::Plan;
use crate::plan::ScopeOnPaper;
use crate::plan::ServedOnPaper;
use crate::plan::ServiceOnPaper;
use crate::plan::ShareOnPaper;
use crate::plan::Source;
use crate::plan::SshOnPaper;
use crate::plan::Step;
use crate::plan::clock::Clock;
use crate::plan::draft::How;
use crate::plan::draft::Owner;
use crate::plan::draft::Web;
use crate::plan::draft::number;
use crate::plan::gates::is_stranded;
use crate::plan::gates::missing;
use crate::plan::groups;
use crate::plan::hosts::Net;
use crate::plan::order::Ready;
use crate::plan::paper_services::services;
use crate::plan::paper_sites::sites;
use crate::plan::paper_sites::taken_after;
use crate::plan::paper_steps::step;
use crate::plan::records;
use crate::plan::scene::Scene;
use crate::plan::select::fences_site;

/// The plan on paper, without its name and its outlook.
pub(in crate::plan) fn write(
    scene: &Scene<'_>,
    web: &Web,
    ready: &Ready,
    clock: &Clock,
    names: &[String],
    mut issues: Vec<Issue>,
    inputs: &Inputs,
) -> Plan {
    let estate = scene.estate();
    let (services, (gates, steps)) =
        rayon::join(|| services(scene, web, ready, clock, names), || nodes(scene, web, clock, names));
    step_issues(scene, web, names, &mut issues);
    service_issues(scene, web, &services, &mut issues);
    site_issues(scene, &mut issues);
    input_issues(scene, web, inputs, &mut issues);
    issues.dedup();
    sort(&mut issues, &services);
    let net = Net::of(scene);
    let providers = records::providers(net, &steps);
    let mut pools = clock.pools.clone();
    pools.sort_by(|one, other| one.id.cmp(&other.id));
    Plan {
        format: FORMAT,
        id: String::new(),
        parent: None,
        retreat: None,
        title: estate.project.title.clone(),
        lifeline: estate.tiers.first().map(|tier| tier.title.clone()).unwrap_or_default(),
        timezone: estate.project.timezone.clone(),
        incident: incident(estate, scene.incident, scene.mode, inputs),
        sources: inputs.sources.clone(),
        classes: classes(scene, clock),
        sites: sites(scene),
        elsewhere: Vec::new(),
        owed: Vec::new(),
        untouched: count(estate.services.len() - services.len() - unplanned(scene)),
        unplanned: count(unplanned(scene)),
        services,
        bastions: net.bastions(&steps, &providers),
        routes: records::records(estate, &steps),
        providers,
        gates,
        steps,
        pools,
        limits: LimitsOnPaper {
            ssh_handshakes: estate.limits.ssh_handshakes,
            output_bytes: estate.limits.output_bytes,
        },
        ssh: SshOnPaper::from(&estate.ssh),
        findings: issues,
        outlook: Outlook::default(),
    }
}

/// Who serves what the plan leaves as it is, where that is otherwise than declared: nobody reads it off the estate.
pub(in crate::plan) fn elsewhere(plan: &mut Plan, estate: &Estate, observation: &Observation) {
    let planned: BTreeSet<&str> = plan.services.iter().map(|service| service.id.as_str()).collect();
    let left = observation.active.iter().filter(|(id, _)| !planned.contains(estate.service(*id).name.as_str()));
    let served = left.map(|(id, shares)| ServedOnPaper {
        id: estate.service(*id).name.clone(),
        at: shares
            .iter()
            .filter(|(_, share)| *share > Ppm::ZERO)
            .map(|(site, share)| ShareOnPaper { site: estate.site(*site).name.clone(), share: *share })
            .collect(),
    });
    plan.elsewhere = served.collect();
}

/// Fences that stand on somebody's word in an earlier run, and which of them this plan tries to prove.
pub(in crate::plan) fn owed(plan: &mut Plan, scene: &Scene<'_>, web: &Web) {
    let replica = |owed: &Owed| owed.service.filter(|id| scene.estate().service(*id).at(owed.site).is_some());
    let known = scene.situation.owed.iter().filter_map(|owed| Some((owed, replica(owed)?)));
    let listed = known.map(|(owed, service)| OwedOnPaper {
        gate: owed.gate.clone(),
        service: scene.name(service).to_owned(),
        site: scene.site_name(owed.site).to_owned(),
        carried: web.gates.iter().any(|gate| gate.carried && gate.id == owed.gate),
    });
    plan.owed = listed.collect();
}

/// What was taken to be so, and where that was learnt.
pub(in crate::plan) fn premises(plan: &mut Plan, estate: &Estate, observation: &Observation) {
    learnt_from_runs(plan, estate, observation);
    if let Some(asked) = &observation.asked {
        let service = |id: ServiceId| estate.service(id).name.clone();
        let site = |id: SiteId| estate.site(id).name.clone();
        let sites = |at: &[SiteId]| at.iter().map(|id| site(*id)).collect::<Vec<_>>().join("+");
        plan.findings.retain(|issue| *issue != Issue::DeclaredOnly);
        plan.findings.push(Issue::Asked {
            at_unix_ms: asked.at_unix_ms,
            as_known: count(asked.as_known.len()),
            elsewhere: asked.elsewhere.iter().map(|(id, at)| format!("{}@{}", service(*id), site(*at))).collect(),
            unclear: asked.unclear.iter().map(|(id, at)| format!("{}@{}", service(*id), sites(at))).collect(),
            unseen: asked.unseen.iter().map(|id| service(*id)).collect(),
            mute: count(asked.mute.len()),
        });
    }
    cite(plan, observation);
}

/// Names among the sources of a plan where it was learnt what is so.
pub(in crate::plan) fn cite(plan: &mut Plan, observation: &Observation) {
    let learnt = observation.sources.iter();
    plan.sources.extend(learnt.map(|(path, sha256)| Source { path: path.clone(), sha256: sha256.clone() }));
    plan.sources.sort_by(|one, other| one.path.cmp(&other.path));
}

fn learnt_from_runs(plan: &mut Plan, estate: &Estate, observation: &Observation) {
    let Some(last) = observation.runs.last() else { return };
    let site = |id: SiteId| estate.site(id).name.clone();
    let told = |issue: &&mut Issue| {
        **issue == Issue::DeclaredOnly || **issue == Issue::AssumedAway && !observation.active.is_empty()
    };
    for issue in plan.findings.iter_mut().filter(told) {
        *issue = Issue::Observed {
            runs: count(observation.runs.len()),
            last: last.clone(),
            away: count(observation.active.len()),
            quarantined: observation.quarantined.iter().map(|id| site(*id)).collect(),
            owed: observation.owed.iter().map(|owed| owed.gate.clone()).collect(),
        };
    }
}

/// The urgent first; among those what concerns the most urgent services.
fn sort(issues: &mut [Issue], services: &[ServiceOnPaper]) {
    let names: Vec<(&str, usize)> = {
        let mut names: Vec<_> = services.iter().enumerate().map(|(at, it)| (it.id.as_str(), at)).collect();
        names.sort_unstable();
        names
    };
    let place = |issue: &Issue| {
        let name = issue.service()?;
        names.binary_search_by(|(other, _)| (*other).cmp(name)).ok().map(|at| names[at].1)
    };
    issues.sort_by_cached_key(|issue| (!issue.is_urgent(), place(issue).unwrap_or(usize::MAX)));
}

fn count(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}

/// How many services the incident touches and the plan leaves out.
fn unplanned(scene: &Scene<'_>) -> usize {
    let touched = |id: &ServiceId| scene.placed(*id).impact != Impact::Unaffected || scene.placed(*id).moves;
    let services = (0..scene.estate().services.len()).map(ServiceId::new);
    services.filter(touched).filter(|id| !scene.is_planned(*id)).count()
}

fn incident(estate: &Estate, incident: &Incident, mode: Mode, inputs: &Inputs) -> IncidentOnPaper {
    let site = |id: SiteId| estate.site(id).name.clone();
    let scopes = incident.scopes.iter().map(|(scope, state)| ScopeOnPaper {
        scope: match scope {
            Scope::Site(id) => site(*id),
            Scope::Domain(id) => format!("domain:{}", estate.domains[id.at()]),
            Scope::Hosts(hosts) => format!("hosts:{hosts}"),
            Scope::Replica(service, at) => format!("service:{}@{}", estate.service(*service).name, site(*at)),
        },
        state: state.word().to_owned(),
    });
    IncidentOnPaper {
        mode,
        scopes: scopes.collect(),
        surge: incident.surge.map(|surge| estate.surges[surge.at()].clone()),
        load: incident.load,
        began_before_ms: incident.began_before,
        to: incident.to.iter().map(|id| site(*id)).collect(),
        only_lifeline: incident.only_lifeline,
        accept_degraded: incident.accept_degraded,
        as_of: incident.as_of.to_string(),
        effort: inputs.effort,
    }
}

fn classes(scene: &Scene<'_>, clock: &Clock) -> Vec<ClassOnPaper> {
    let tiers = &scene.estate().tiers;
    let finishes = clock.schedule.finish_by_class.iter();
    finishes
        .filter_map(|finish| {
            let at = usize::from(finish.class);
            let packing = scene.placement.packing.get(at)?;
            Some(ClassOnPaper {
                tier: tiers.get(at)?.name.clone(),
                title: tiers.get(at)?.title.clone(),
                finish_ms: finish.finish,
                bound_ms: finish.bound,
                proven: finish.proven,
                wanted: packing.wanted,
                whole: packing.whole,
                whole_bound: packing.bound,
            })
        })
        .collect()
}

fn nodes(scene: &Scene<'_>, web: &Web, clock: &Clock, names: &[String]) -> (Vec<Gate>, Vec<Step>) {
    let after = |node: u32| {
        let before = &clock.problem.tasks[node as usize].after;
        let mut after: Vec<String> = before.iter().map(|&before| names[before as usize].clone()).collect();
        after.sort();
        after
    };
    // By start, then by name: numbers are sorted, because a step on paper is large.
    let sorted = |nodes: std::ops::Range<usize>| {
        let mut nodes: Vec<u32> = nodes.map(number).collect();
        nodes.sort_by_key(|&node| (clock.start(node), &names[node as usize]));
        nodes
    };
    let count = web.drafts.len();
    let gates = sorted(count..web.nodes())
        .into_iter()
        .map(|node| {
            let gate = &web.gates[node as usize - count];
            Gate {
                id: gate.id.clone(),
                kind: gate.kind.clone(),
                service: gate.service.map(|id| scene.name(id).to_owned()),
                after: after(node),
                opened_by: gate.opened_by.iter().map(|&step| names[step as usize].clone()).collect(),
                person: gate.person,
                start_ms: clock.start(node),
                duration_ms: gate.duration,
                limit_ms: scene.estate().limits.gate_wait,
                class: gate.class,
                claims: clock.claims(node),
            }
        })
        .collect();
    let mut steps: Vec<Step> = sorted(0..count)
        .into_par_iter()
        .map(|node| step(scene, &web.drafts[node as usize], node, names, clock, after(node)))
        .collect();
    groups::fill(scene, &mut steps);
    (gates, steps)
}

fn step_issues(scene: &Scene<'_>, web: &Web, names: &[String], issues: &mut Vec<Issue>) {
    for (at, draft) in web.drafts.iter().enumerate() {
        for chosen in &draft.uses {
            if chosen.how != How::Missing {
                continue;
            }
            let step = names[at].clone();
            let missing = missing(scene, *chosen);
            issues.push(if draft.is_message(scene.estate()) {
                Issue::ChannelLost { step, missing }
            } else if missing.contains('@') {
                Issue::JumpLost { step, jump: vec![missing] }
            } else {
                Issue::UsesStranded { step, missing }
            });
        }
    }
    let defaults = web.drafts.iter().filter(|draft| draft.duration_from == DurationFrom::Default).count();
    if defaults > 0 {
        issues.push(Issue::DefaultDurations { steps: u64::try_from(defaults).unwrap_or(u64::MAX) });
    }
}

fn service_issues(scene: &Scene<'_>, web: &Web, services: &[ServiceOnPaper], issues: &mut Vec<Issue>) {
    let users = users(web);
    for service in services {
        let Some(id) = scene.estate().service_named(&service.id) else { continue };
        if is_stranded(scene, id) {
            let callers = scene.ground.calls.back(id.at()).iter();
            let mut needed_by: Vec<String> = callers.map(|&caller| scene.name(ServiceId(caller)).to_owned()).collect();
            needed_by.extend(users.get(&id).into_iter().flatten().map(|&user| scene.name(user).to_owned()));
            needed_by.sort();
            needed_by.dedup();
            issues.push(Issue::Stranded { service: service.id.clone(), needed_by });
        } else if service.admits < Ppm::ONE && scene.is_away(id) {
            issues.push(Issue::AdmitsPart { service: service.id.clone(), share: service.admits });
        }
        let promise = service.expected_back_ms.zip(service.objective_ms);
        if let Some((expected, objective)) = promise.filter(|(expected, objective)| expected > objective)
            && scene.mode == Mode::Failover
        {
            let bound = service.bound_ms.unwrap_or_default();
            issues.push(Issue::RtoMissed { service: service.id.clone(), expected, objective, bound });
        }
        for target in &service.to {
            issues.extend(target.because.iter().filter_map(|because| target_issue(scene, id, &target.site, because)));
        }
        if service.together_with.first().is_some_and(|first| service.id < *first) {
            let mut cycle = vec![service.id.clone()];
            cycle.extend(service.together_with.iter().cloned());
            cycle.push(service.id.clone());
            issues.push(Issue::RecoveredTogether { cycle });
        }
    }
}

/// By service: whose steps use it.
fn users(web: &Web) -> BTreeMap<ServiceId, BTreeSet<ServiceId>> {
    let mut users: BTreeMap<ServiceId, BTreeSet<ServiceId>> = BTreeMap::new();
    for draft in &web.drafts {
        let Some(user) = draft.service() else { continue };
        for chosen in &draft.uses {
            if let Supply::Service(used) | Supply::ServiceAt(used, _) = chosen.supply {
                users.entry(used).or_default().insert(user);
            }
        }
    }
    users
}

/// What a reason for a choice makes a reader look at.
fn target_issue(scene: &Scene<'_>, id: ServiceId, site: &str, because: &Because) -> Option<Issue> {
    let service = scene.name(id).to_owned();
    let site = site.to_owned();
    match because {
        Because::OnDemand { .. } if scene.class(id) == 0 => {
            let launch_proved = proved(scene.estate(), &site);
            Some(Issue::OnDemandInPromise { service, site, launch_proved })
        }
        Because::SharesDomain { domain } => Some(Issue::SharesDomain { service, site, domain: domain.clone() }),
        Because::OnDemand { .. } | Because::Survivor { .. } | Because::Stays | Because::Hot => None,
        Because::Warm | Because::Cold | Because::FollowsSync | Because::FollowsAsync { .. } => None,
        Because::Home | Because::OnlyCandidate | Because::Asked | Because::CloudAfterOwn => None,
        Because::Admits { .. } | Because::AboveFillLimit { .. } => None,
        Because::AfterVictims { .. } | Because::MovedAside { .. } => None,
    }
}

fn proved(estate: &Estate, site: &str) -> Option<String> {
    let site = estate.site(estate.site_named(site)?);
    site.on_demand.as_ref().and_then(|more| more.launch_proved).map(|date| date.to_string())
}

fn site_issues(scene: &Scene<'_>, issues: &mut Vec<Issue>) {
    let estate = scene.estate();
    let after = taken_after(scene);
    for (at, account) in scene.placement.sites.iter().enumerate() {
        let more = after[at].less(&account.limit).least(&after[at].less(&account.before));
        for (kind, &by) in more.0.iter().enumerate().filter(|(_, by)| **by > 0) {
            let resource = estate.resources[kind].clone();
            issues.push(Issue::OverLimitAfter { site: estate.sites[at].name.clone(), resource, by });
        }
        let over: Amounts = account.before.less(&account.limit);
        let site = SiteId::new(at);
        for (kind, &by) in over.0.iter().enumerate() {
            if by > 0 && scene.situation.sites[at].is_target() {
                let resource = estate.resources[kind].clone();
                issues.push(Issue::OverLimitBefore { site: scene.site_name(site).to_owned(), resource, by });
            }
        }
        if matches!(scene.situation.sites[at], Fate::Lost | Fate::Impaired) && !fences_site(scene, site) {
            issues.push(Issue::SiteWithoutFence { site: scene.site_name(site).to_owned() });
        }
    }
    let copies = &estate.orchestrator.copies_at;
    let there = |place: &Whereabouts| match place {
        Whereabouts::Site(site) => scene.situation.sites[site.at()].serves(),
        Whereabouts::Place(_) => true,
    };
    if !copies.is_empty() && !copies.iter().any(there) {
        issues.push(Issue::OrchestratorLost);
    }
}

fn input_issues(scene: &Scene<'_>, web: &Web, inputs: &Inputs, issues: &mut Vec<Issue>) {
    for at in 0..scene.estate().services.len() {
        let id = ServiceId::new(at);
        let service = scene.estate().service(id);
        let Some(route) = service.route.filter(|_| scene.placed(id).moves && scene.is_planned(id)) else { continue };
        let steps = &web.drafts[web.of(Owner::Service(id))];
        let is_route = |action: &Action| matches!(action, Action::Route(_));
        if !steps.iter().any(|draft| draft.action(scene.estate()).is_some_and(is_route)) {
            let route = scene.estate().routes[route.at()].name.clone();
            issues.push(Issue::RouteNotShifted { service: service.name.clone(), route });
        }
    }
    records::issues(scene, web, issues);
    if inputs.errors_elsewhere > 0 {
        issues.push(Issue::FaultsElsewhere { errors: inputs.errors_elsewhere });
    }
    issues.push(if scene.mode == Mode::Failback { Issue::AssumedAway } else { Issue::DeclaredOnly });
}

//! The steps that take a run back, on paper: each undoes one step, after all that came later.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::HostSet;
use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Assignment;
use crate::plan::ByHand;
use crate::plan::DurationFrom;
use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::HostsOnPaper;
use crate::plan::Impact;
use crate::plan::Level;
use crate::plan::Plan;
use crate::plan::RouteOnPaper;
use crate::plan::ServiceOnPaper;
use crate::plan::Side;
use crate::plan::StageOnPaper;
use crate::plan::Step;
use crate::plan::StepLimits;
use crate::plan::Target;
use crate::run::StepState;
use crate::run::observation::after;
use crate::run::observation::changed;
use crate::run::retreat::is_by_hand;
use crate::run::retreat::only_looks;
use crate::run::retreat_facts::Did;
use crate::run::retreat_facts::Facts;
use crate::run::script::NodeAt;

/// Who serves a service, by site.
type Seats<'a> = BTreeMap<&'a str, (Level, Ppm)>;

/// The steps that undo these, and the services that they bring back.
pub(in crate::run) fn paper(
    plan: &Plan,
    facts: &Facts,
    before: &[Vec<NodeAt>],
    undone: &BTreeSet<NodeAt>,
) -> (Vec<Step>, Vec<ServiceOnPaper>) {
    let page = Page { plan, facts, undone, done: done(plan, facts) };
    let mut waits: BTreeMap<NodeAt, Vec<String>> = BTreeMap::new();
    for &at in undone {
        for base in nearest(before, undone, at) {
            waits.entry(base).or_default().push(page.id(at));
        }
    }
    let effects = page.effects();
    let steps = undone.iter().map(|&at| {
        let mut after = waits.remove(&at).unwrap_or_default();
        after.sort();
        let effect = effects.get(&at).cloned();
        match at.checked_sub(plan.steps.len()) {
            None => Step { after, effect, ..page.step(at) },
            Some(gate) => Step { after, effect, ..page.attested(at, &plan.gates[gate]) },
        }
    });
    let steps: Vec<Step> = steps.collect();
    let back = |service: &&ServiceOnPaper| steps.iter().any(|step| step.service.as_ref() == Some(&service.id));
    let services = plan.services.iter().filter(back).map(|service| page.service(service)).collect();
    (steps, services)
}

/// To write how long answers may be kept, and to read it back from every server.
const READ_BACK: Millis = Millis::from_secs(5);

/// What is undone among all that came before this, without what lies behind another such.
fn nearest(before: &[Vec<NodeAt>], undone: &BTreeSet<NodeAt>, at: NodeAt) -> BTreeSet<NodeAt> {
    let mut seen: BTreeSet<NodeAt> = BTreeSet::new();
    let mut found = BTreeSet::new();
    let mut open = vec![at];
    while let Some(one) = open.pop() {
        for &base in &before[one] {
            if undone.contains(&base) {
                found.insert(base);
            } else if seen.insert(base) {
                open.push(base);
            }
        }
    }
    found.remove(&at);
    found
}

/// Steps that are done, in the order in which that happened.
fn done(plan: &Plan, facts: &Facts) -> Vec<NodeAt> {
    let state = |at: usize| &facts.state.steps[at];
    let mut done: Vec<NodeAt> =
        (0..plan.steps.len()).filter(|&at| matches!(state(at).state, StepState::Done(_))).collect();
    done.sort_by_key(|&at| (state(at).since, at));
    done
}

struct Page<'a> {
    plan: &'a Plan,
    facts: &'a Facts,
    undone: &'a BTreeSet<NodeAt>,
    /// In the order in which that happened.
    done: Vec<NodeAt>,
}

impl<'a> Page<'a> {
    fn id(&self, at: NodeAt) -> String {
        format!("undo:{}", self.facts.script.name(at))
    }

    fn step(&self, at: NodeAt) -> Step {
        let step = &self.plan.steps[at];
        let action = self.way_back(at);
        let by_person = matches!(action, ActionOnPaper::Confirm { .. });
        let answer = self.plan.gates.iter().find(|gate| gate.kind == GateKind::ApproveStart);
        let (answer, patience) =
            answer.map_or((step.duration_ms, step.limits.timeout_ms), |gate| (gate.duration_ms, gate.limit_ms));
        let takes = if let ActionOnPaper::Ttl(ttl) = &action { ttl.wait_ms + READ_BACK } else { step.duration_ms };
        let (duration_ms, timeout_ms) = if by_person { (answer, patience) } else { (takes, step.limits.timeout_ms) };
        Step {
            id: self.id(at),
            title: format!("Undo: {}", step.title),
            procedure: "retreat".to_owned(),
            phase: "undo".to_owned(),
            hosts: self.hosts(at).filter(|_| !by_person),
            duration_ms,
            duration_from: if by_person { DurationFrom::Person } else { DurationFrom::Default },
            late_after_ms: None,
            limits: StepLimits {
                timeout_ms,
                // Nobody said that it may be repeated.
                attempts: 1,
                backoff_ms: Millis::ZERO,
                kill: step.limits.kill.clone(),
            },
            done_if: None,
            verify: None,
            undo: None,
            attest: None,
            position: None,
            irreversible: false,
            unreachable_ok: false,
            start_ms: Millis::ZERO,
            action,
            ..step.clone()
        }
    }

    /// Somebody said that an old writer can never write again, and says now that it can.
    fn attested(&self, at: NodeAt, gate: &Gate) -> Step {
        let site = fenced_at(gate).cloned();
        let who = match &self.facts.did[at] {
            Did::Attested(who) => who.user.clone(),
            Did::Nothing | Did::Something | Did::ByHand => String::new(),
        };
        let question = ByHand::Attested { gate: gate.id.clone(), who }.question();
        Step {
            id: self.id(at),
            title: format!("Undo: {}", gate.id),
            service: gate.service.clone(),
            procedure: "retreat".to_owned(),
            phase: "undo".to_owned(),
            site,
            on: Side::Operator,
            hosts: None,
            action: ActionOnPaper::Confirm { question },
            done_if: None,
            verify: None,
            undo: None,
            attest: None,
            position: None,
            uses: Vec::new(),
            after: Vec::new(),
            start_ms: Millis::ZERO,
            duration_ms: gate.duration_ms,
            duration_from: DurationFrom::Person,
            late_after_ms: None,
            limits: StepLimits { timeout_ms: gate.limit_ms, attempts: 1, backoff_ms: Millis::ZERO, kill: None },
            batch: None,
            irreversible: false,
            unreachable_ok: false,
            class: gate.class,
            claims: gate.claims.clone(),
            effect: None,
        }
    }

    /// The hosts on which it had an effect, or may have.
    fn hosts(&self, at: NodeAt) -> Option<HostsOnPaper> {
        let mut hosts = self.plan.steps[at].hosts.clone()?;
        let mut set = HostSet::parse(&hosts.set).ok()?;
        for host in &self.facts.already[at] {
            let Ok(host) = HostSet::parse(host) else { continue };
            set = set.without(&host)?;
        }
        hosts.count = set.count();
        hosts.set = set.to_string();
        Some(hosts)
    }

    /// As it was written; for a route the shares before; else a person.
    fn way_back(&self, at: NodeAt) -> ActionOnPaper {
        let step = &self.plan.steps[at];
        let (id, title) = (step.id.clone(), step.title.clone());
        if only_looks(step) || !self.facts.changed(at) {
            let sites = self.home(step.service.as_deref()).map(|(site, _)| site.to_owned()).collect();
            let service = step.service.clone().unwrap_or_default();
            return ActionOnPaper::Confirm { question: ByHand::Serves { service, sites }.question() };
        }
        if is_by_hand(&self.facts.did[at]) {
            return ActionOnPaper::Confirm { question: ByHand::WasByHand { id, title }.question() };
        }
        // A route or a launch that was written as a way back says the same as the way there.
        let written = |undo: &&ActionOnPaper| !matches!(undo, ActionOnPaper::Route(_) | ActionOnPaper::Scale { .. });
        if let Some(undo) = step.undo.as_ref().filter(written) {
            return undo.clone();
        }
        let route = route_of(step).and_then(|route| self.table_before(at, route));
        match route {
            Some(route) => ActionOnPaper::Route(route),
            None => ActionOnPaper::Confirm { question: ByHand::NoUndo { id, title }.question() },
        }
    }

    /// Where a route led before it was shifted.
    fn table_before(&self, at: NodeAt, route: &RouteOnPaper) -> Option<RouteOnPaper> {
        let table = |at: &NodeAt| route_of(&self.plan.steps[*at]).filter(|other| other.route == route.route);
        let before = self.done.iter().take_while(|&&one| one != at);
        let last = before.filter_map(table).last().map(|route| route.to.clone());
        // What was read right before is better than what anybody planned.
        let to = self.facts.led.get(&at).cloned().or(last).unwrap_or_else(|| {
            let home = self.home(self.plan.steps[at].service.as_deref());
            home.map(|(site, share)| (site.to_owned(), share)).collect()
        });
        (!to.is_empty()).then(|| RouteOnPaper {
            stages: vec![StageOnPaper { to: to.clone(), hold_ms: route.ttl_ms }],
            leaves: route
                .to
                .iter()
                .map(|(site, _)| site)
                .filter(|site| !to.iter().any(|(stays, _)| stays == *site))
                .cloned()
                .collect(),
            barred: Vec::new(),
            to,
            ..route.clone()
        })
    }

    /// Who served a service when the run began.
    fn home(&self, service: Option<&str>) -> impl Iterator<Item = (&'a str, Ppm)> {
        let service = self.plan.services.iter().find(|on_paper| Some(on_paper.id.as_str()) == service);
        let from = service.into_iter().flat_map(|service| &service.from).filter(|from| from.share > Ppm::ZERO);
        from.map(|from| (from.site.as_str(), from.share))
    }

    /// What is so of who serves when each step is undone.
    fn effects(&self) -> BTreeMap<NodeAt, Effect> {
        let mut own: BTreeMap<&str, Vec<NodeAt>> = BTreeMap::new();
        for &at in &self.done {
            if let Some(service) = &self.plan.steps[at].service {
                own.entry(service).or_default().push(at);
            }
        }
        let mut effects = BTreeMap::new();
        for service in &self.plan.services {
            let own = own.get(service.id.as_str()).map_or(&[][..], Vec::as_slice);
            self.effects_of(service, own, &mut effects);
        }
        effects.extend(self.undone.iter().filter_map(|&at| Some((at, self.unfenced(at)?))));
        effects
    }

    /// What was so before each of its steps. What only looked goes with the step that is undone next.
    fn effects_of(&self, service: &ServiceOnPaper, own: &[NodeAt], effects: &mut BTreeMap<NodeAt, Effect>) {
        let mut seats = first(service);
        let mut next = own.iter().copied().find(|at| self.undone.contains(at));
        for &at in own {
            let step = &self.plan.steps[at];
            if self.undone.contains(&at) {
                next = Some(at);
            }
            let site = step.site.as_deref().unwrap_or_default();
            let back = match seats.get(site) {
                Some(&(level, share)) => Effect::Serves { level, share },
                None => Effect::Ends,
            };
            let moves = matches!(step.effect, Some(Effect::Serves { .. } | Effect::Ends));
            change(&mut seats, step);
            let there = |of: &NodeAt| self.plan.steps[*of].site.as_deref() == Some(site);
            if let Some(of) = next.filter(there).filter(|_| moves) {
                // The first of them is what it was before all of them.
                effects.entry(of).or_insert(back);
            }
        }
    }

    /// Whoever was fenced may act again as before.
    fn unfenced(&self, at: NodeAt) -> Option<Effect> {
        let (service, site) = match at.checked_sub(self.plan.steps.len()) {
            None => {
                let step = &self.plan.steps[at];
                (&step.service, step.site.as_ref().filter(|_| step.effect == Some(Effect::Fenced))?)
            }
            Some(gate) => (&self.plan.gates[gate].service, fenced_at(&self.plan.gates[gate])?),
        };
        let service = self.plan.services.iter().find(|on_paper| Some(&on_paper.id) == service.as_ref());
        let had = service.and_then(|service| first(service).get(site.as_str()).copied());
        let (level, share) = had.unwrap_or((Level::Full, Ppm::ZERO));
        Some(Effect::Unfenced { level, share })
    }

    /// From where the run left it to where it was.
    fn service(&self, service: &ServiceOnPaper) -> ServiceOnPaper {
        let level = level_before(service);
        let role = |site: &str| {
            let from = service.from.iter().find(|from| from.site == site).map(|from| from.role.clone());
            from.or_else(|| service.to.iter().find(|to| to.site == site).map(|to| to.role.clone())).unwrap_or_default()
        };
        let now: Seats<'_> = match changed(self.plan, &self.facts.state, service) {
            None => service.from.iter().map(|from| (from.site.as_str(), (level, from.share))).collect(),
            Some(changed) => {
                let known = |name: &str| {
                    let from = service.from.iter().map(|from| from.site.as_str());
                    from.chain(service.to.iter().map(|to| to.site.as_str())).find(|site| *site == name)
                };
                after(known, &first(service), &changed)
            }
        };
        let lost = |site: &str| service.from.iter().any(|from| from.site == site && !from.survives);
        let from = now.into_iter().filter(|(_, (_, share))| *share > Ppm::ZERO).map(|(site, (_, share))| Assignment {
            site: site.to_owned(),
            role: role(site),
            share,
            survives: !lost(site) || service.to.iter().any(|to| to.site == site),
        });
        let to: Vec<Target> = self
            .home(Some(&service.id))
            .map(|(site, share)| Target {
                site: site.to_owned(),
                role: role(site),
                first_level: level,
                level,
                first_share: share,
                share,
                because: Vec::new(),
            })
            .collect();
        ServiceOnPaper {
            raised: None,
            impact: Impact::Unaffected,
            from: from.collect(),
            admits: Ppm(to.iter().map(|to| to.share.0).sum()),
            to,
            level,
            note: service.note.clone().filter(|_| level < Level::Full),
            level_because: None,
            rejected: Vec::new(),
            stranded_by: Vec::new(),
            together_with: Vec::new(),
            milestones: Vec::new(),
            expected_back_ms: None,
            without_people_ms: None,
            expected_full_ms: None,
            objective_ms: None,
            bound_ms: None,
            data_loss: None,
            critical_path: Vec::new(),
            ..service.clone()
        }
    }
}

/// Where an old writer can never write again.
fn fenced_at(gate: &Gate) -> Option<&String> {
    if let GateKind::Fence { site, .. } = &gate.kind { Some(site) } else { None }
}

fn route_of(step: &Step) -> Option<&RouteOnPaper> {
    if let ActionOnPaper::Route(route) = &step.action { Some(route) } else { None }
}

/// Who served when the run began.
fn first(service: &ServiceOnPaper) -> Seats<'_> {
    let level = level_before(service);
    let from = service.from.iter().filter(|from| from.share > Ppm::ZERO);
    from.map(|from| (from.site.as_str(), (level, from.share))).collect()
}

/// The level at which it served when the run began; full where nothing of it did.
fn level_before(service: &ServiceOnPaper) -> Level {
    let first = service.milestones.first().filter(|first| first.share > Ppm::ZERO && first.level > Level::Shed);
    first.map_or(Level::Full, |first| first.level)
}

fn change<'a>(seats: &mut Seats<'a>, step: &'a Step) {
    let Some(site) = step.site.as_deref() else { return };
    match &step.effect {
        Some(Effect::Serves { level, share } | Effect::Unfenced { level, share }) => {
            seats.insert(site, (*level, *share));
        }
        Some(Effect::Ends) => {
            seats.remove(site);
        }
        Some(Effect::Fenced) if step.on == Side::Source => {
            seats.remove(site);
        }
        Some(Effect::Fenced | Effect::Holds { .. } | Effect::Writer) | None => {}
    }
}

//! Whether the document is of one piece: names that lead somewhere, an order without circles, times that respect it.

use crate::model::Estate;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::Role;
use crate::plan::ActionOnPaper;
use crate::plan::ClaimOnPaper;
use crate::plan::FORMAT;
use crate::plan::GateKind;
use crate::plan::Issue;
use crate::plan::Plan;
use crate::plan::verify::Noun;
use crate::plan::verify::OfShape;
use crate::plan::verify::Violation;
use crate::plan::verify::damage::is_scope;
use crate::plan::verify::paper::Names;
use crate::plan::verify::paper::Paper;
use crate::plan::verify::paper::phase_named;
use crate::plan::verify::paper::route_named;

/// What can be told before there is an order: the format, names that stand twice, and names that lead nowhere.
pub(super) fn names(estate: &Estate, plan: &Plan, items: &Names<'_>, after: &[Vec<u32>], found: &mut Vec<Violation>) {
    if plan.format != FORMAT {
        found.push(Violation::Shape(OfShape::UnknownFormat { format: plan.format }));
    }
    let mut lists: Vec<Vec<&str>> = vec![
        plan.services.iter().map(|service| service.id.as_str()).collect(),
        plan.sites.iter().map(|site| site.id.as_str()).collect(),
        plan.pools.iter().map(|pool| pool.id.as_str()).collect(),
    ];
    for list in &mut lists {
        list.sort_unstable();
    }
    let twice = lists.iter().flat_map(|list| list.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
    found
        .extend(items.twice().chain(twice).map(|name| Violation::Shape(OfShape::TwiceNamed { name: name.to_owned() })));
    let mut names = Reader { estate, plan, items, found };
    names.incident();
    names.services();
    names.steps();
    names.gates();
    let ids = plan.steps.iter().map(|step| (&step.id, &step.after));
    let ids = ids.chain(plan.gates.iter().map(|gate| (&gate.id, &gate.after)));
    for ((id, written), read) in ids.zip(after) {
        if read.len() < written.len() {
            names.after(id, written);
        }
    }
}

struct Reader<'a, 'f> {
    estate: &'a Estate,
    plan: &'a Plan,
    items: &'a Names<'a>,
    found: &'f mut Vec<Violation>,
}

impl Reader<'_, '_> {
    fn miss(&mut self, item: &str, noun: Noun, name: &str) {
        let (item, name) = (item.to_owned(), name.to_owned());
        self.found.push(Violation::Shape(OfShape::NoSuchName { item, noun, name }));
    }

    fn service(&mut self, item: &str, name: &str) {
        if self.items.service(name).is_none() {
            self.miss(item, Noun::Service, name);
        }
    }

    fn site(&mut self, item: &str, name: &str) {
        if self.estate.site_named(name).is_none() {
            self.miss(item, Noun::Site, name);
        }
    }

    /// Only where the service and the site are known: one mistake is told once.
    fn replica(&mut self, item: &str, service: &str, site: &str) {
        self.site(item, site);
        if let (Some(id), Some(at)) = (self.items.service(service), self.estate.site_named(site))
            && self.estate.service(id).at(at).is_none()
        {
            self.miss(item, Noun::Replica, &format!("{service}@{site}"));
        }
    }

    fn after(&mut self, item: &str, after: &[String]) {
        for name in after {
            if self.items.get(name).is_none() {
                self.found
                    .push(Violation::Shape(OfShape::NoSuchPredecessor { item: item.to_owned(), after: name.clone() }));
            }
        }
    }

    fn claims(&mut self, item: &str, claims: &[ClaimOnPaper]) {
        for claim in claims {
            if !self.plan.pools.iter().any(|pool| pool.id == claim.pool) {
                self.miss(item, Noun::Pool, &claim.pool);
            }
        }
    }

    /// A plan that moves a route does nothing else.
    fn moved(&mut self, name: &str) {
        if !self.estate.routes.iter().any(|route| route.name == name) {
            self.miss("incident", Noun::Route, name);
        }
        let moves = |action: &ActionOnPaper| matches!(action, ActionOnPaper::Route(shift) if shift.route == name);
        for step in self.plan.steps.iter().filter(|step| !moves(&step.action)) {
            let step = step.id.clone();
            self.found.push(Violation::Shape(OfShape::BesideTheMove { step, route: name.to_owned() }));
        }
    }

    fn incident(&mut self) {
        let plan = self.plan;
        if let Some(name) = plan.moved_route() {
            self.moved(name);
            return;
        }
        for scope in plan.incident.scopes.iter().filter(|scope| !is_scope(self.estate, scope)) {
            let (scope, state) = (scope.scope.clone(), scope.state.clone());
            self.found.push(Violation::Shape(OfShape::BadScope { scope, state }));
        }
        if let Some(surge) = &plan.incident.surge
            && self.estate.surge_named(surge).is_none()
        {
            self.miss("incident", Noun::Surge, surge);
        }
        for site in plan.incident.to.iter().chain(plan.sites.iter().map(|site| &site.id)) {
            self.site("incident", site);
        }
        for pool in &plan.pools {
            let site = pool.id.strip_prefix("site:");
            let is_known = match site {
                Some(site) => self.estate.site_named(site).is_some(),
                None => self.estate.pools.iter().any(|declared| declared.name == pool.id),
            };
            if !is_known {
                self.miss("pools", Noun::Pool, &pool.id);
            }
        }
        for class in &plan.classes {
            self.tier("classes", &class.tier);
        }
    }

    fn tier(&mut self, item: &str, name: &str) {
        if !self.estate.tiers.iter().any(|tier| tier.name == name) {
            self.miss(item, Noun::Tier, name);
        }
    }

    fn services(&mut self) {
        let plan = self.plan;
        let is_declared = |id: &str| starts_as_declared(plan, id);
        for entry in &plan.services {
            self.service("services", &entry.id);
            self.tier(&entry.id, &entry.tier);
            self.tier(&entry.id, &entry.effective_tier);
            let from = entry.from.iter().map(|from| &from.site);
            for site in from.chain(entry.to.iter().map(|target| &target.site)) {
                self.replica(&entry.id, &entry.id, site);
            }
            for other in entry.stranded_by.iter().chain(&entry.together_with) {
                self.service(&entry.id, other);
            }
            let from: Vec<(&str, Ppm)> = entry.from.iter().map(|from| (from.site.as_str(), from.share)).collect();
            if is_declared(&entry.id) {
                self.before(&entry.id, &from);
            }
        }
        for entry in &plan.elsewhere {
            self.service("elsewhere", &entry.id);
            for at in &entry.at {
                self.replica(&entry.id, &entry.id, &at.site);
            }
            let at: Vec<(&str, Ppm)> = entry.at.iter().map(|at| (at.site.as_str(), at.share)).collect();
            if is_declared(&entry.id) {
                self.before(&entry.id, &at);
            }
        }
    }

    /// Where nothing was observed, everybody serves as declared.
    fn before(&mut self, service: &str, from: &[(&str, Ppm)]) {
        let estate = self.estate;
        let Some(id) = self.items.service(service) else { return };
        for replica in &estate.service(id).replicas {
            let site = &estate.site(replica.site).name;
            let stated = from.iter().find(|(at, _)| at == site).map_or(Ppm::ZERO, |(_, share)| *share);
            let declared = if replica.role == Role::Active { replica.share } else { Ppm::ZERO };
            if stated != declared {
                let (service, site) = (service.to_owned(), site.clone());
                self.found.push(Violation::Shape(OfShape::BeforeDiffers { service, site, stated, declared }));
            }
        }
    }

    fn steps(&mut self) {
        let plan = self.plan;
        for step in &plan.steps {
            self.claims(&step.id, &step.claims);
            if let Some(service) = &step.service {
                self.service(&step.id, service);
                if phase_named(&step.phase).is_none() {
                    self.miss(&step.id, Noun::Phase, &step.phase);
                }
                if !Procedure::ALL.iter().any(|procedure| procedure.word() == step.procedure) {
                    self.miss(&step.id, Noun::Procedure, &step.procedure);
                }
            }
            match (&step.service, &step.site) {
                (Some(service), Some(site)) => self.replica(&step.id, service, site),
                (None, Some(site)) => self.site(&step.id, site),
                (_, None) => {}
            }
            self.action(&step.id, &step.action);
        }
    }

    fn action(&mut self, item: &str, action: &ActionOnPaper) {
        match action {
            ActionOnPaper::Route(route) => {
                if route_named(self.estate, &route.route).is_none() {
                    self.miss(item, Noun::Route, &route.route);
                }
                for (site, _) in &route.to {
                    self.site(item, site);
                }
            }
            ActionOnPaper::Ttl(ttl) => {
                if route_named(self.estate, &ttl.route).is_none() {
                    self.miss(item, Noun::Route, &ttl.route);
                }
            }
            ActionOnPaper::Scale { provider, to, instances: _ } => {
                if !self.estate.providers.iter().any(|declared| declared.name == *provider) {
                    self.miss(item, Noun::Provider, provider);
                }
                for (resource, _) in to {
                    if self.estate.resource_named(resource).is_none() {
                        self.miss(item, Noun::Resource, resource);
                    }
                }
            }
            ActionOnPaper::Fetch { kit, .. } => {
                if !self.estate.kits.iter().any(|declared| declared.name == *kit) {
                    self.miss(item, Noun::Kit, kit);
                }
            }
            ActionOnPaper::Ssh { .. }
            | ActionOnPaper::Exec { .. }
            | ActionOnPaper::Http(_)
            | ActionOnPaper::Confirm { .. }
            | ActionOnPaper::Notify { .. }
            | ActionOnPaper::Wait(_) => {}
        }
    }

    fn gates(&mut self) {
        let plan = self.plan;
        let is_step = |name: &str| self.items.get(name).is_some_and(|item| (item as usize) < plan.steps.len());
        let missing: Vec<(&str, &str)> = plan
            .gates
            .iter()
            .flat_map(|gate| gate.opened_by.iter().map(|by| (gate.id.as_str(), by.as_str())))
            .filter(|(_, by)| !is_step(by))
            .collect();
        for (gate, by) in missing {
            self.miss(gate, Noun::Step, by);
        }
        for gate in &plan.gates {
            self.claims(&gate.id, &gate.claims);
            if let Some(service) = &gate.service {
                self.service(&gate.id, service);
            }
            match &gate.kind {
                GateKind::ApproveStart | GateKind::Health | GateKind::BreakGlass { .. } => {}
                GateKind::ApproveVictims { services } => {
                    for service in services {
                        self.service(&gate.id, service);
                    }
                }
                GateKind::ApproveIrreversible { step } => {
                    if self.items.get(step).is_none_or(|item| (item as usize) >= plan.steps.len()) {
                        self.miss(&gate.id, Noun::Step, step);
                    }
                }
                GateKind::Fence { site, .. } | GateKind::DataLoss { site, .. } => self.site(&gate.id, site),
            }
        }
    }
}

/// What can be told once there is an order: times that respect it and that add up, and states that fit the incident.
pub(super) fn times(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    for item in 0..paper.count() {
        let duration = paper.end(item).saturating_sub(paper.start(item));
        if paper.start(item) > LATEST || duration > LATEST {
            found.push(Violation::Shape(OfShape::Overflow { item: paper.id(item) }));
        }
    }
    for (item, one) in paper.order.arrows() {
        let (start, end) = (paper.start(item), paper.end(one));
        if start < end {
            let (item, after) = (paper.id(item), paper.id(one));
            found.push(Violation::Shape(OfShape::StartsEarly { item, start, after, end }));
        }
    }
    for (item, gate) in paper.gates().filter(|(_, gate)| !gate.person && !gate.opened_by.is_empty()) {
        let opens = gate.opened_by.iter().filter_map(|name| paper.item(name)).map(|one| paper.end(one)).min();
        if opens.is_some_and(|opens| paper.end(item) < opens) {
            let opened_by = gate.opened_by.clone();
            found.push(Violation::Shape(OfShape::GateOpensEarly {
                gate: gate.id.clone(),
                end: paper.end(item),
                opened_by,
            }));
        }
    }
    for site in &paper.plan.sites {
        if let Some(id) = paper.estate.site_named(&site.id) {
            let is = paper.damage.sites[id.at()].word();
            if site.state != is {
                let (stated, is) = (site.state.clone(), is.to_owned());
                found.push(Violation::Shape(OfShape::SiteStateDiffers { site: site.id.clone(), stated, is }));
            }
        }
    }
}

/// Whether a service serves as declared when the plan begins: no journal and no answer says otherwise.
fn starts_as_declared(plan: &Plan, service: &str) -> bool {
    let is_it = |writer: &String| writer.split_once('@').is_some_and(|(id, _)| id == service);
    let is_known = |issue: &Issue| matches!(issue, Issue::Observed { .. } | Issue::AssumedAway);
    let says_so = |issue: &Issue| {
        *issue == Issue::DeclaredOnly || matches!(issue, Issue::Asked { elsewhere, .. } if !elsewhere.iter().any(is_it))
    };
    plan.findings.iter().any(says_so) && !plan.findings.iter().any(is_known)
}

/// 50,000 steps of a year each, one after the other: what lies beyond is no time, and sums of it might not fit.
const LATEST: Millis = Millis(Millis::MAX_AUTHORED.0 * 50_000);

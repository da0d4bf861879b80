//! The plan, read against the estate: names have become positions, and items are numbered, steps before gates.
//!
//! It looks up and never judges: what can't be looked up is left out here, and told by `shape`.

use crate::model::Estate;
use crate::model::Millis;
use crate::model::Phase;
use crate::model::Procedure;
use crate::model::Route;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::plan::ActionOnPaper;
use crate::plan::ClaimOnPaper;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::Side;
use crate::plan::Step;
use crate::plan::verify::damage::Damage;
use crate::plan::verify::index::Index;
use crate::plan::verify::order::Circle;
use crate::plan::verify::order::Order;
use crate::plan::verify::order::u32_of;

/// The plan, read against the estate.
pub(super) struct Paper<'a> {
    pub(super) estate: &'a Estate,
    pub(super) plan: &'a Plan,
    /// What the incident leaves.
    pub(super) damage: Damage,
    /// What comes after what.
    pub(super) order: Order,
    /// Steps of each service, by `ServiceId`, in the plan's order.
    pub(super) steps_of: Vec<Vec<u32>>,
    /// The gates of each service, by `ServiceId`; those of no service stand in the last place.
    pub(super) gates_of: Vec<Vec<u32>>,
    /// The entry of each service, by `ServiceId`.
    pub(super) entries: Vec<Option<&'a ServiceOnPaper>>,
    service_of: Vec<Option<ServiceId>>,
    site_of: Vec<Option<SiteId>>,
    phase_of: Vec<Option<Phase>>,
    /// Start and end of each item: a step on paper is large, and laws look at times far more often than at steps.
    times: Vec<(Millis, Millis)>,
    names: Names<'a>,
}

/// Items and services by name.
pub(super) struct Names<'a> {
    items: Index<'a>,
    services: Index<'a>,
}

impl<'a> Names<'a> {
    /// The steps of a plan, then its gates.
    pub(super) fn new(estate: &'a Estate, plan: &'a Plan) -> Self {
        let ids = plan.steps.iter().map(|step| step.id.as_str()).chain(plan.gates.iter().map(|gate| gate.id.as_str()));
        let services = estate.services.iter().map(|service| service.name.as_str());
        Self { items: Index::new(ids), services: Index::new(services) }
    }

    /// The item with this name.
    pub(super) fn get(&self, name: &str) -> Option<u32> {
        self.items.get(name)
    }

    /// The service with this name.
    pub(super) fn service(&self, name: &str) -> Option<ServiceId> {
        self.services.get(name).map(ServiceId)
    }

    /// For each item those that it comes after; names that lead nowhere are left out.
    pub(super) fn after(&self, plan: &Plan) -> Vec<Vec<u32>> {
        let after = plan.steps.iter().map(|step| &step.after).chain(plan.gates.iter().map(|gate| &gate.after));
        let read = |after: &Vec<String>| {
            let mut read = Vec::with_capacity(after.len());
            read.extend(after.iter().filter_map(|name| self.get(name)));
            read
        };
        after.map(read).collect()
    }

    /// The name of an item.
    pub(super) fn name(&self, item: u32) -> String {
        self.items.name(item).to_owned()
    }

    /// Names that stand more than once.
    pub(super) fn twice(&self) -> impl Iterator<Item = &'a str> {
        self.items.twice()
    }
}

impl<'a> Paper<'a> {
    /// Reads it; a plan whose items wait for each other has no order, and nothing more can be said of it.
    pub(super) fn new(
        estate: &'a Estate,
        plan: &'a Plan,
        names: Names<'a>,
        after: &[Vec<u32>],
    ) -> Result<Self, Circle> {
        let order = Order::new(after)?;
        let mut entries = vec![None; estate.services.len()];
        for entry in &plan.services {
            if let Some(id) = names.service(&entry.id) {
                entries[id.at()] = Some(entry);
            }
        }
        let named = |name: &Option<String>| name.as_deref().and_then(|name| names.service(name));
        let service_of: Vec<Option<ServiceId>> = plan
            .steps
            .iter()
            .map(|step| named(&step.service))
            .chain(plan.gates.iter().map(|gate| named(&gate.service)))
            .collect();
        let mut steps_of = vec![Vec::new(); estate.services.len()];
        let mut gates_of = vec![Vec::new(); estate.services.len() + 1];
        for (at, service) in service_of.iter().enumerate() {
            match service {
                Some(id) if at < plan.steps.len() => steps_of[id.at()].push(u32_of(at)),
                Some(id) => gates_of[id.at()].push(u32_of(at)),
                None if at >= plan.steps.len() => gates_of[estate.services.len()].push(u32_of(at)),
                None => {}
            }
        }
        let site_of = plan
            .steps
            .iter()
            .map(|step| step.site.as_deref())
            .chain(plan.gates.iter().map(|gate| match &gate.kind {
                GateKind::Fence { site, .. } | GateKind::DataLoss { site, .. } => Some(site.as_str()),
                GateKind::ApproveStart
                | GateKind::Health
                | GateKind::ApproveVictims { .. }
                | GateKind::ApproveIrreversible { .. }
                | GateKind::BreakGlass { .. } => None,
            }))
            .map(|site| site.and_then(|site| estate.site_named(site)))
            .collect();
        let phase_of = plan.steps.iter().map(|step| phase_named(&step.phase)).collect();
        let times = plan.steps.iter().map(|step| (step.start_ms, step.start_ms + step.duration_ms));
        let times = times.chain(plan.gates.iter().map(|gate| (gate.start_ms, gate.start_ms + gate.duration_ms)));
        let times = times.collect();
        let damage = Damage::new(estate, plan);
        Ok(Self {
            estate,
            plan,
            damage,
            order,
            steps_of,
            gates_of,
            entries,
            service_of,
            site_of,
            phase_of,
            times,
            names,
        })
    }

    /// How many items there are.
    pub(super) fn count(&self) -> u32 {
        u32_of(self.plan.steps.len() + self.plan.gates.len())
    }

    /// All steps, by number.
    pub(super) fn steps(&self) -> impl Iterator<Item = (u32, &'a Step)> {
        (0..).zip(&self.plan.steps)
    }

    /// All gates, by number.
    pub(super) fn gates(&self) -> impl Iterator<Item = (u32, &'a Gate)> {
        (u32_of(self.plan.steps.len())..).zip(&self.plan.gates)
    }

    /// A step by its number; none where it is a gate's.
    pub(super) fn step(&self, item: u32) -> Option<&'a Step> {
        self.plan.steps.get(item as usize)
    }

    /// A gate by its number; none where it is a step's.
    pub(super) fn gate(&self, item: u32) -> Option<&'a Gate> {
        (item as usize).checked_sub(self.plan.steps.len()).and_then(|at| self.plan.gates.get(at))
    }

    /// Items and services by name.
    pub(super) const fn names(&self) -> &Names<'a> {
        &self.names
    }

    /// The service with this name.
    pub(super) fn service_named(&self, name: &str) -> Option<ServiceId> {
        self.names.service(name)
    }

    /// The item with this name.
    pub(super) fn item(&self, name: &str) -> Option<u32> {
        self.names.get(name)
    }

    /// The name of an item.
    pub(super) fn id(&self, item: u32) -> String {
        let step = self.step(item).map(|step| &step.id);
        step.or_else(|| self.gate(item).map(|gate| &gate.id)).cloned().unwrap_or_default()
    }

    /// When an item starts.
    pub(super) fn start(&self, item: u32) -> Millis {
        self.times.get(item as usize).map_or(Millis::ZERO, |(start, _)| *start)
    }

    /// When an item ends.
    pub(super) fn end(&self, item: u32) -> Millis {
        self.times.get(item as usize).map_or(Millis::ZERO, |(_, end)| *end)
    }

    /// The class of an item, as written.
    pub(super) fn class(&self, item: u32) -> u8 {
        let step = self.step(item).map(|step| step.class);
        step.or_else(|| self.gate(item).map(|gate| gate.class)).unwrap_or_default()
    }

    /// What an item claims.
    pub(super) fn claims(&self, item: u32) -> &'a [ClaimOnPaper] {
        let step = self.step(item).map(|step| step.claims.as_slice());
        step.or_else(|| self.gate(item).map(|gate| gate.claims.as_slice())).unwrap_or_default()
    }

    /// The service that an item belongs to.
    pub(super) fn service_of(&self, item: u32) -> Option<ServiceId> {
        self.service_of.get(item as usize).copied().flatten()
    }

    /// The site that an item is about.
    pub(super) fn site_of(&self, item: u32) -> Option<SiteId> {
        self.site_of.get(item as usize).copied().flatten()
    }

    /// The phase of a step.
    pub(super) fn phase_of(&self, item: u32) -> Option<Phase> {
        self.phase_of.get(item as usize).copied().flatten()
    }

    /// The steps of a service in one phase that recover it: not those on what is left, not those by which it gives up
    /// room, and not what only changes how long answers are kept.
    pub(super) fn recovery(&self, service: ServiceId, phase: Phase) -> impl Iterator<Item = u32> {
        self.steps_of[service.at()].iter().copied().filter(move |&item| {
            self.phase_of(item) == Some(phase)
                && self.step(item).is_some_and(|step| {
                    let recovers = step.on != Side::Source && is_recovery(&step.procedure);
                    recovers && !matches!(step.action, ActionOnPaper::Ttl(_))
                })
        })
    }

    /// The route with this name.
    pub(super) fn route(&self, name: &str) -> Option<&'a Route> {
        route_named(self.estate, name)
    }

    /// The name of a service.
    pub(super) fn service_name(&self, id: ServiceId) -> String {
        self.estate.service(id).name.clone()
    }

    /// The name of a site.
    pub(super) fn site_name(&self, id: SiteId) -> String {
        self.estate.site(id).name.clone()
    }
}

/// The route with this name; routes are sorted by name.
pub(super) fn route_named<'a>(estate: &'a Estate, name: &str) -> Option<&'a Route> {
    estate.routes.binary_search_by(|route| route.name.as_str().cmp(name)).ok().map(|at| &estate.routes[at])
}

/// Whether an occasion moves a service, rather than makes it smaller.
pub(super) fn is_recovery(procedure: &str) -> bool {
    [Procedure::Failover, Procedure::Switchover, Procedure::Failback].iter().any(|one| one.word() == procedure)
}

/// The phase with this word.
pub(super) fn phase_named(word: &str) -> Option<Phase> {
    Phase::ALL.into_iter().find(|phase| phase.word() == word)
}

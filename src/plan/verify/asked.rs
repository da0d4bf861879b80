//! What laws ask of the order, and how an unmet demand is told.
//!
//! Laws share two kinds of sets: the items by which a service is ready, and the gates by which a person supplies it
//! by other means. Both are made once per service, however many ask for them.

use std::collections::BTreeMap;

use crate::model::DependencyKind;
use crate::model::KitId;
use crate::model::Millis;
use crate::model::Need;
use crate::model::Phase;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::Supply;
use crate::placement::Impact;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::Mode;
use crate::plan::verify::OfApproval;
use crate::plan::verify::OfNeeds;
use crate::plan::verify::OfPlaces;
use crate::plan::verify::OfRoom;
use crate::plan::verify::OfSummary;
use crate::plan::verify::OfWriters;
use crate::plan::verify::Violation;
use crate::plan::verify::order::Demand;
use crate::plan::verify::order::Demands;
use crate::plan::verify::order::SetId;
use crate::plan::verify::paper::Paper;

/// Which law a demand is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Why<'a> {
    Dependency(ServiceId),
    Stranded(ServiceId),
    Full(ServiceId),
    Start(ServiceId),
    Uses(&'a str),
    Kit(&'a str),
    Need(&'a Need),
    Jump,
    Keeper(&'a str),
    Fence(SiteId),
    TwoWriters(u32),
    DataLoss { lag: Option<Millis>, objective: Option<Millis> },
    DataLossFence(SiteId),
    Verified(u32),
    Up(u32),
    Shifted { route: &'a str, before: u32 },
    Lowered(&'a str),
    Restored(&'a str),
    Served(u32),
    Ready(SiteId),
    StartApproval,
    Irreversible,
    Victim(ServiceId),
    Launch(u32),
    Silent(u32),
}

/// Demands on the order, with the sets that laws share.
pub(super) struct Asked<'a> {
    pub(super) demands: Demands<Why<'a>>,
    ready: Vec<Option<Option<SetId>>>,
    ready_at: BTreeMap<(ServiceId, SiteId), Option<SetId>>,
    glass: BTreeMap<Supply, Option<SetId>>,
    glasses: Vec<(Supply, u32)>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(paper: &Paper<'_>) -> Self {
        let glasses = paper
            .gates()
            .filter_map(|(item, gate)| match &gate.kind {
                GateKind::BreakGlass { missing } => Some((supply_named(paper, missing)?, item)),
                GateKind::ApproveStart
                | GateKind::Health
                | GateKind::ApproveVictims { .. }
                | GateKind::ApproveIrreversible { .. }
                | GateKind::Fence { .. }
                | GateKind::DataLoss { .. } => None,
            })
            .collect();
        Self {
            demands: Demands::new(),
            ready: vec![None; paper.estate.services.len()],
            ready_at: BTreeMap::new(),
            glass: BTreeMap::new(),
            glasses,
        }
    }

    /// All items by which a service is back at its first level, at all its targets. A service that only waits and has
    /// no steps of its own is back with what it waits for. None where nothing in the plan brings it back.
    pub(super) fn ready(&mut self, paper: &Paper<'_>, id: ServiceId) -> Option<SetId> {
        if let Some(known) = self.ready[id.at()] {
            return known;
        }
        let items = all_ready(paper, id);
        let set = (!items.is_empty()).then(|| self.demands.set(items));
        self.ready[id.at()] = Some(set);
        set
    }

    /// The same at one site.
    pub(super) fn ready_at(&mut self, paper: &Paper<'_>, id: ServiceId, site: SiteId) -> Option<SetId> {
        let demands = &mut self.demands;
        *self.ready_at.entry((id, site)).or_insert_with(|| {
            let items = ready_items(paper, id, site);
            (!items.is_empty()).then(|| demands.set(items))
        })
    }

    /// The gates at which a person supplies it by other means.
    pub(super) fn glass(&mut self, supply: Supply) -> Option<SetId> {
        let (demands, glasses) = (&mut self.demands, &self.glasses);
        *self.glass.entry(supply).or_insert_with(|| {
            let items: Vec<u32> =
                glasses.iter().filter(|(missing, _)| fills(*missing, supply)).map(|(_, item)| *item).collect();
            (!items.is_empty()).then(|| demands.set(items))
        })
    }

    /// The gates of several supplies together.
    pub(super) fn glass_of_any(&mut self, supplies: &[Supply]) -> Option<SetId> {
        let is_one = |missing: Supply| supplies.iter().any(|supply| fills(missing, *supply));
        let items: Vec<u32> =
            self.glasses.iter().filter(|(missing, _)| is_one(*missing)).map(|(_, item)| *item).collect();
        (!items.is_empty()).then(|| self.demands.set(items))
    }

    /// The same, as items.
    pub(super) fn glass_items(&self, supply: Supply) -> Vec<u32> {
        self.glasses.iter().filter(|(missing, _)| fills(*missing, supply)).map(|(_, item)| *item).collect()
    }
}

/// Whether what a person supplies for `missing` fills a need for `wanted`: what is missing everywhere is missing at
/// each site, and who needs it anywhere is served by one supplied at some site.
fn fills(missing: Supply, wanted: Supply) -> bool {
    match (missing, wanted) {
        (Supply::Kit(one), Supply::Kit(other)) => one == other,
        (Supply::ServiceAt(one, here), Supply::ServiceAt(other, there)) => one == other && here == there,
        (Supply::Service(one) | Supply::ServiceAt(one, _), Supply::Service(other))
        | (Supply::Service(one), Supply::ServiceAt(other, _)) => one == other,
        (Supply::Kit(_), _) | (_, Supply::Kit(_)) => false,
    }
}

/// `service:bastion@ansan`, `service:deploy`, `quorum:etcd`, `kit:sealed-credentials`.
pub(super) fn supply_named(paper: &Paper<'_>, text: &str) -> Option<Supply> {
    let estate = paper.estate;
    let (kind, name) = text.split_once(':')?;
    match kind {
        "kit" => estate.kits.iter().position(|kit| kit.name == name).map(|at| Supply::Kit(KitId::new(at))),
        "service" | "quorum" => match name.split_once('@') {
            Some((service, site)) => Some(Supply::ServiceAt(paper.service_named(service)?, estate.site_named(site)?)),
            None => paper.service_named(name).map(Supply::Service),
        },
        _ => None,
    }
}

/// The items by which a service is ready, wherever it comes up.
pub(super) fn all_ready(paper: &Paper<'_>, id: ServiceId) -> Vec<u32> {
    let mut items = Vec::new();
    let mut open = vec![id];
    let mut seen = vec![id];
    while let Some(one) = open.pop() {
        let ready = own_ready(paper, one);
        if !ready.is_empty() || paper.entries[one.at()].is_none_or(|entry| entry.impact != Impact::Waiting) {
            items.extend(ready);
            continue;
        }
        for dependency in &paper.estate.service(one).depends_on {
            let gates = dependency.kind == DependencyKind::Hard && !dependency.full_only;
            if gates && !seen.contains(&dependency.service) && !is_there(paper, dependency.service) {
                seen.push(dependency.service);
                open.push(dependency.service);
            }
        }
    }
    items
}

/// Whether those who need a service can have it without any step of the plan: it survives, waits for nothing that has
/// to come back, and what is left of it need not first take the users of what is lost. A source that is left in order
/// serves on.
pub(super) fn is_there(paper: &Paper<'_>, id: ServiceId) -> bool {
    let is_behind = match paper.entries[id.at()].map(|entry| entry.impact) {
        Some(Impact::Waiting) => true,
        Some(Impact::Reduced) => paper.plan.incident.mode == Mode::Failover && !own_ready(paper, id).is_empty(),
        Some(Impact::Unaffected | Impact::Exposed | Impact::Down | Impact::Stranded) | None => false,
    };
    !is_behind && paper.damage.survives(paper.estate, id)
}

/// The items by which a service is ready: at each of its targets, and where nobody wrote how to see it, its health.
fn own_ready(paper: &Paper<'_>, id: ServiceId) -> Vec<u32> {
    let is_health = |gate: &u32| paper.gate(*gate).is_some_and(|gate| gate.kind == GateKind::Health);
    let health = paper.gates_of[id.at()].iter().copied().filter(is_health);
    let seats = paper.damage.seats[id.at()].iter();
    seats.flat_map(|seat| ready_items(paper, id, seat.site)).chain(health).collect()
}

/// The items by which a service is ready at one site: whatever verifies it and brings users, until it first serves.
fn ready_items(paper: &Paper<'_>, id: ServiceId, site: SiteId) -> Vec<u32> {
    let entry = paper.entries[id.at()];
    let name = &paper.estate.site(site).name;
    let target = entry.and_then(|entry| entry.to.iter().find(|target| target.site == *name));
    if target.is_some_and(|target| target.first_share.0 == 0) {
        return Vec::new();
    }
    let is_here = |item: &u32| paper.site_of(*item).is_none_or(|at| at == site);
    let mut here = false;
    let mut found = Vec::new();
    for phase in [Phase::Verify, Phase::Shift, Phase::Promote, Phase::Warm, Phase::Start] {
        found.extend(paper.recovery(id, phase).filter(is_here));
        here |= found.iter().any(|&item| paper.site_of(item) == Some(site));
        if here && phase >= Phase::Shift {
            break;
        }
        if !here && phase != Phase::Verify {
            found.clear();
        }
    }
    if !here {
        return Vec::new();
    }
    let serves = paper.steps_of[id.at()].iter().filter(|&&item| {
        paper.site_of(item) == Some(site)
            && paper.step(item).is_some_and(|step| matches!(step.effect, Some(Effect::Serves { .. })))
    });
    if let Some(first) = serves.copied().min_by_key(|&item| (paper.end(item), item)) {
        let cut = paper.end(first);
        found.retain(|&item| paper.end(item) <= cut);
        found.push(first);
    }
    found
}

/// What an unmet demand means.
pub(super) fn tell(paper: &Paper<'_>, demand: Demand<Why<'_>>) -> Violation {
    let step = paper.id(demand.later);
    let service = |id: ServiceId| paper.service_name(id);
    match demand.why {
        Why::Dependency(id) => Violation::Needs(OfNeeds::BeforeDependency { step, needs: service(id) }),
        Why::Stranded(id) => Violation::Needs(OfNeeds::BeforeStranded { step, needs: service(id) }),
        Why::Full(id) => Violation::Needs(OfNeeds::FullBeforeDependency { step, needs: service(id) }),
        Why::Start(id) => Violation::Needs(OfNeeds::StartBeforeDependency { step, needs: service(id) }),
        Why::Uses(uses) => Violation::Needs(OfNeeds::UsesUnavailable { step, uses: uses.to_owned() }),
        Why::Kit(kit) => Violation::Needs(OfNeeds::KitNotFetched { step, kit: kit.to_owned() }),
        Why::Need(need) => Violation::Needs(OfNeeds::NeedUnfilled {
            step,
            any_of: need.any_of.iter().map(|one| supply_text(paper, *one)).collect(),
        }),
        Why::Jump => {
            let hosts = paper.step(demand.later).and_then(|step| step.hosts.as_ref());
            Violation::Needs(OfNeeds::JumpLost { step, jump: hosts.map_or_else(Vec::new, |hosts| hosts.jump.clone()) })
        }
        Why::Keeper(provider) => Violation::Needs(OfNeeds::KeeperLost { step, provider: provider.to_owned() }),
        Why::Fence(site) => Violation::Writers(OfWriters::NoFenceBefore { step, site: paper.site_name(site) }),
        Why::TwoWriters(first) => {
            let id = paper.service_of(demand.later).map_or_else(String::new, service);
            Violation::Writers(OfWriters::TwoWriters { service: id, first: paper.id(first), second: step })
        }
        Why::DataLoss { lag, objective } => Violation::Writers(OfWriters::NoDataLossGate { step, lag, objective }),
        Why::DataLossFence(site) => {
            Violation::Writers(OfWriters::DataLossBeforeFence { gate: step, site: paper.site_name(site) })
        }
        Why::Verified(verify) => Violation::Writers(OfWriters::ShiftBeforeVerify { step, verify: paper.id(verify) }),
        Why::Up(before) => Violation::Writers(OfWriters::VerifyBeforeUp { step, before: paper.id(before) }),
        Why::Shifted { route, before } => {
            let (route, first) = (route.to_owned(), paper.id(before));
            Violation::Places(OfPlaces::RouteByClock { route, first, second: step })
        }
        Why::Lowered(route) => Violation::Places(OfPlaces::ShiftBeforeLowering { step, route: route.to_owned() }),
        Why::Restored(route) => Violation::Places(OfPlaces::TtlRestoredEarly { step, route: route.to_owned() }),
        Why::Served(before) => Violation::Summary(OfSummary::ServedByClock { first: paper.id(before), second: step }),
        Why::Ready(site) => Violation::Writers(OfWriters::DrainBeforeReady { step, target: paper.site_name(site) }),
        Why::StartApproval => Violation::Approval(OfApproval::BeforeStartApproval { step }),
        Why::Irreversible => Violation::Approval(OfApproval::IrreversibleUnapproved { step }),
        Why::Victim(id) => Violation::Approval(OfApproval::VictimUnapproved { step, service: service(id) }),
        Why::Silent(before) => Violation::Needs(OfNeeds::SilencedEarly { step, needs: paper.id(before) }),
        Why::Launch(scale) => Violation::Room(OfRoom::ScaleNotAwaited { step, scale: paper.id(scale) }),
    }
}

/// As a plan writes it.
pub(super) fn supply_text(paper: &Paper<'_>, supply: Supply) -> String {
    match supply {
        Supply::Service(id) => format!("service:{}", paper.service_name(id)),
        Supply::ServiceAt(id, site) => format!("service:{}@{}", paper.service_name(id), paper.site_name(site)),
        Supply::Kit(kit) => format!("kit:{}", paper.estate.kits[kit.at()].name),
    }
}

//! Which authored steps a plan takes, once for each source and target that they name.

use std::collections::BTreeSet;

use crate::model::Action;
use crate::model::CacheKind;
use crate::model::Millis;
use crate::model::On;
use crate::model::Phase;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::ReplicationMode;
use crate::model::Role;
use crate::model::RunbookId;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::StepTemplate;
use crate::placement::Fate;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::Part;
use crate::plan::DurationFrom;
use crate::plan::Mode;
use crate::plan::Side;
use crate::plan::draft::Draft;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::What;
use crate::plan::mention::mentions;
use crate::plan::scene::Scene;
use crate::plan::ttl;

/// Every step that the plan takes, service by service, without what it uses and how long it takes.
pub(in crate::plan) fn select(scene: &Scene<'_>) -> Vec<Draft> {
    let mut drafts = site_fences(scene);
    let mut lowered = BTreeSet::new();
    for at in 0..scene.estate().services.len() {
        let id = ServiceId::new(at);
        let from = drafts.len();
        if scene.is_planned(id) {
            drafts.extend(of_service(scene, id));
            let around = ttl::around(scene, id, &drafts[from..], &mut lowered);
            drafts.extend(around);
        }
        let owed = owed(scene, id, &drafts[from..]);
        drafts.extend(owed);
    }
    drafts
}

/// The fences of old writers that stand fenced on somebody's word only, where nothing else in the plan fences them.
fn owed(scene: &Scene<'_>, id: ServiceId, others: &[Draft]) -> Vec<Draft> {
    let Some(runbook) = scene.estate().service(id).runbook else { return Vec::new() };
    let desk = Desk { scene, id, runbook };
    let is_there = |at: usize| others.iter().any(|draft| fences(draft, at));
    let mut drafts = Vec::new();
    for at in scene.owed(id).filter(|&at| !is_there(at) && !scene.is_cut_off(scene.site_of(id, at))) {
        drafts.extend(desk.fences(at));
    }
    drafts
}

/// Whether a step of a service silences the writer of this replica.
pub(in crate::plan) fn fences(draft: &Draft, source: usize) -> bool {
    draft.source == Some(source) && draft.side == Side::Source && draft.phase == Phase::Fence
}

/// The procedure that fences an old writer which may not answer: failover's, where that has a fence.
fn fencing(scene: &Scene<'_>, id: ServiceId) -> Option<Procedure> {
    let runbook = scene.estate().service(id).runbook.map(|runbook| &scene.estate().runbooks[runbook.at()])?;
    let fences = |step: &StepTemplate| step.on == On::Source && step.phase == Phase::Fence;
    [Procedure::Failover, Procedure::Switchover, Procedure::Failback]
        .into_iter()
        .find(|procedure| runbook.steps(*procedure).is_some_and(|steps| steps.iter().any(fences)))
}

/// The steps that cut off sites that are lost or not trusted.
fn site_fences(scene: &Scene<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (at, fate) in scene.situation.sites.iter().enumerate() {
        let site = SiteId::new(at);
        let cut_off = scene.is_cut_off(site) || *fate == Fate::Quarantined && owes_to_site(scene, site);
        if cut_off && fences_site(scene, site) {
            let Some(runbook) = scene.estate().site(site).runbook else { continue };
            let steps = scene.estate().runbooks[runbook.at()].steps(Procedure::Fence).unwrap_or_default();
            drafts.extend((0..steps.len()).map(|index| Draft {
                owner: Owner::Site(site),
                stage: Stage::SiteFence,
                what: What::Authored { runbook, index },
                procedure: Procedure::Fence,
                phase: Phase::Fence,
                rank: index,
                lane: None,
                source: None,
                site: Some(site),
                side: Side::Operator,
                class: u8::MAX,
                uses: Vec::new(),
                duration: Millis::ZERO,
                duration_from: DurationFrom::Default,
                late_after: None,
                effect: None,
            }));
        }
    }
    drafts
}

/// Whether a fence is owed at a site that only the fence of the whole site can prove.
fn owes_to_site(scene: &Scene<'_>, site: SiteId) -> bool {
    let there = scene.situation.owed.iter().filter(|owed| owed.site == site).filter_map(|owed| owed.service);
    there.into_iter().any(|id| fencing(scene, id).is_none())
}

/// Whether the site's own runbook says how to cut it off.
pub(in crate::plan) fn fences_site(scene: &Scene<'_>, site: SiteId) -> bool {
    let runbook = scene.estate().site(site).runbook.map(|runbook| &scene.estate().runbooks[runbook.at()]);
    runbook.is_some_and(|runbook| runbook.steps(Procedure::Fence).is_some())
}

/// The steps of one service: as a victim, as one that lost its standby, as one that comes back, as one that is raised.
pub(in crate::plan) fn of_service(scene: &Scene<'_>, id: ServiceId) -> Vec<Draft> {
    let placed = scene.placed(id);
    let mut drafts = Vec::new();
    if let Some(runbook) = scene.estate().service(id).runbook {
        let desk = Desk { scene, id, runbook };
        for at in 0..placed.seats.len() {
            drafts.extend(desk.gives_way(at));
        }
        if scene.is_in_scope(id) && stalls(scene, id) {
            for at in (0..placed.seats.len()).filter(|&at| placed.seats[at].part == Part::Survivor) {
                drafts.extend(desk.pick(Procedure::Detach, Stage::Detach, Some(at), &|_| true));
            }
        }
        if let Some(procedure) = scene.procedure(id).filter(|_| scene.is_in_scope(id)) {
            drafts.extend(desk.pick(procedure, Stage::First, None, &|step| is_common(scene, id, step)));
            for at in 0..placed.seats.len() {
                drafts.extend(desk.comes_back(procedure, at));
            }
        }
        for (at, seat) in placed.seats.iter().enumerate() {
            if seat.first.level == Level::Degraded && seat.last.level == Level::Full {
                drafts.extend(desk.pick(Procedure::Restore, Stage::Raise, Some(at), &|_| true));
            } else if seat.now.level == Level::Degraded && seat.first.level == Level::Full {
                drafts.extend(desk.pick(Procedure::Restore, Stage::First, Some(at), &|_| true));
            }
        }
    }
    let launches = launches(scene, id, &drafts);
    drafts.extend(launches);
    drafts
}

/// A primary that waits for a copy which is gone: synchronous replication from it to what is lost.
fn stalls(scene: &Scene<'_>, id: ServiceId) -> bool {
    let service = scene.estate().service(id);
    scene.placed(id).seats.iter().any(|seat| seat.part == Part::Survivor)
        && service.replicas.iter().enumerate().any(|(at, replica)| {
            let gone = matches!(scene.fate(id, at), Fate::Lost | Fate::Impaired);
            gone && replica.replication.is_some_and(|replication| replication.mode == ReplicationMode::Sync)
        })
}

fn has_capacity_cache(scene: &Scene<'_>, id: ServiceId) -> bool {
    scene.estate().service(id).caches.iter().any(|cache| cache.kind == CacheKind::Capacity)
}

/// A step on the source, or by the operator for the service as a whole.
fn is_common(scene: &Scene<'_>, id: ServiceId, step: &StepTemplate) -> bool {
    let placed = scene.placed(id);
    let recovers = placed.seats.iter().any(|seat| seat.part == Part::Added) || !scene.sources(id).is_empty();
    let common = step.on == On::Source || step.on == On::Operator && !mentions(step, "target");
    // Where nothing comes back, there is nothing to prepare, to announce or to burn the boats for: only fences are left.
    let stranded = placed.seats.iter().all(|seat| seat.first.share == Ppm::ZERO && seat.last.share == Ppm::ZERO);
    common && recovers && is_in_order(scene, step) && (!stranded || step.phase == Phase::Fence)
}

/// A step for a target replica.
fn fits(scene: &Scene<'_>, id: ServiceId, at: usize, step: &StepTemplate) -> bool {
    let replica = &scene.estate().service(id).replicas[at];
    let site = scene.estate().site(replica.site);
    let lane = step.on == On::Target || step.on == On::Operator && mentions(step, "target");
    lane && (step.when.is_empty() || step.when.contains(&scene.role(id, at)))
        && step.at.is_none_or(|kind| kind == site.kind)
        && is_in_order(scene, step)
}

/// Whether the kind of plan has this phase at all.
fn is_in_order(scene: &Scene<'_>, step: &StepTemplate) -> bool {
    let leaves = matches!(step.phase, Phase::Quiesce | Phase::Drain | Phase::Stop);
    match scene.mode {
        Mode::Failover => !leaves && (step.on != On::Source || step.phase == Phase::Fence),
        Mode::Switchover | Mode::Failback | Mode::Retreat => true,
    }
}

/// The launches that replicas declare, where no authored step does them.
fn launches(scene: &Scene<'_>, id: ServiceId, drafts: &[Draft]) -> Vec<Draft> {
    let estate = scene.estate();
    let mut launches = Vec::new();
    for (at, seat) in scene.placed(id).seats.iter().enumerate() {
        let authored = drafts
            .iter()
            .any(|draft| draft.lane == Some(at) && draft.action(estate).is_some_and(|it| *it == Action::Scale));
        if seat.launched.is_zero() || authored {
            continue;
        }
        let first = seat.launched_first;
        launches.push(Draft {
            owner: Owner::Service(id),
            stage: if first { Stage::First } else { Stage::Raise },
            what: What::Launch,
            procedure: Procedure::Failover,
            phase: Phase::Prepare,
            rank: 0,
            lane: Some(at),
            source: None,
            site: Some(scene.site_of(id, at)),
            side: Side::Operator,
            class: if first { scene.class(id) } else { scene.raise_class(id) },
            uses: Vec::new(),
            duration: Millis::ZERO,
            duration_from: DurationFrom::Launch,
            late_after: None,
            effect: None,
        });
    }
    launches
}

/// A service and its runbook, from which steps are picked.
struct Desk<'a> {
    scene: &'a Scene<'a>,
    id: ServiceId,
    runbook: RunbookId,
}

impl Desk<'_> {
    /// A replica gives up room for another service, or comes back at its floor.
    fn gives_way(&self, at: usize) -> Vec<Draft> {
        let seat = &self.scene.placed(self.id).seats[at];
        if seat.gives_way.is_some() {
            let procedure = if seat.last.level == Level::Shed { Procedure::Shed } else { Procedure::Degrade };
            return self.pick(procedure, Stage::Victim, Some(at), &|_| true);
        }
        if seat.first.level == Level::Degraded && seat.now.level != Level::Degraded {
            return self.pick(Procedure::Degrade, Stage::First, Some(at), &|_| true);
        }
        Vec::new()
    }

    /// What brings a replica into service, and what raises its share later.
    fn comes_back(&self, procedure: Procedure, at: usize) -> Vec<Draft> {
        let (scene, id) = (self.scene, self.id);
        let placed = scene.placed(id);
        let seat = &placed.seats[at];
        let warms = has_capacity_cache(scene, id) && seat.first.share > seat.now.share;
        let waits = placed.impact == Impact::Waiting && !placed.moves;
        let serves = seat.first.share > Ppm::ZERO;
        let mut drafts = match seat.part {
            Part::Added if serves => self.pick(procedure, Stage::First, Some(at), &|step| fits(scene, id, at, step)),
            Part::Added if seat.last.share > Ppm::ZERO => {
                self.pick(procedure, Stage::Raise, Some(at), &|step| fits(scene, id, at, step))
            }
            Part::Survivor if waits && serves => self.pick(procedure, Stage::First, Some(at), &|step| {
                step.phase == Phase::Verify && fits(scene, id, at, step)
            }),
            Part::Survivor if placed.no_majority => {
                self.pick(procedure, Stage::First, Some(at), &|step| fits(scene, id, at, step))
            }
            Part::Survivor if seat.first.share > seat.now.share => {
                self.pick(procedure, Stage::First, Some(at), &|step| {
                    let warm = warms && step.phase == Phase::Warm;
                    (warm || matches!(step.phase, Phase::Verify | Phase::Shift)) && fits(scene, id, at, step)
                })
            }
            Part::Survivor | Part::Added | Part::Bystander | Part::Left => Vec::new(),
        };
        if serves && seat.last.share != seat.first.share {
            let gains = seat.last.share > seat.first.share;
            drafts.extend(self.pick(procedure, Stage::Raise, Some(at), &|step| {
                let warms = gains && step.phase == Phase::Warm && has_capacity_cache(scene, id);
                (warms || matches!(step.phase, Phase::Verify | Phase::Shift)) && fits(scene, id, at, step)
            }));
        }
        drafts
    }

    /// The steps that silence the writer of a replica, whoever took over from it.
    fn fences(&self, at: usize) -> Vec<Draft> {
        let Some(procedure) = fencing(self.scene, self.id) else { return Vec::new() };
        let steps = self.scene.estate().runbooks[self.runbook.at()].steps(procedure).unwrap_or_default();
        let occasion = Occasion { procedure, stage: Stage::Owed, lane: None, class: self.class(Stage::Owed, None) };
        let fences = steps.iter().enumerate().filter(|(_, step)| step.on == On::Source && step.phase == Phase::Fence);
        fences.map(|(index, step)| self.draft(&occasion, index, step, Some(at))).collect()
    }

    fn class(&self, stage: Stage, lane: Option<usize>) -> u8 {
        let seat = lane.map(|lane| &self.scene.placed(self.id).seats[lane]);
        match (stage, seat.and_then(|seat| seat.gives_way.map(|beneficiary| (seat, beneficiary)))) {
            (Stage::Victim, Some((seat, beneficiary))) if seat.first == seat.last => self.scene.class(beneficiary),
            (Stage::Victim, Some((_, beneficiary))) => self.scene.raise_class(beneficiary),
            (Stage::Raise, _) => self.scene.raise_class(self.id),
            (Stage::SiteFence | Stage::Fetch | Stage::Victim | Stage::First | Stage::Detach, _) => {
                self.scene.class(self.id)
            }
            // Nothing waits for it, and it may hang: everything else comes first.
            (Stage::Owed, _) => u8::MAX,
        }
    }

    fn pick(
        &self,
        procedure: Procedure,
        stage: Stage,
        lane: Option<usize>,
        keep: &dyn Fn(&StepTemplate) -> bool,
    ) -> Vec<Draft> {
        let steps = self.scene.estate().runbooks[self.runbook.at()].steps(procedure).unwrap_or_default();
        let occasion = Occasion { procedure, stage, lane, class: self.class(stage, lane) };
        let mut drafts = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            if !keep(step) || !self.has_object(lane, step) {
                continue;
            }
            if step.on == On::Source || mentions(step, "source") {
                let sources = self.scene.sources(self.id).into_iter();
                let reached = sources.filter(|&source| self.reaches(step, source));
                drafts.extend(reached.map(|source| self.draft(&occasion, index, step, Some(source))));
            } else {
                drafts.push(self.draft(&occasion, index, step, None));
            }
        }
        drafts
    }

    /// A route or a launch needs something to shift or to launch.
    fn has_object(&self, lane: Option<usize>, step: &StepTemplate) -> bool {
        let estate = self.scene.estate();
        match &step.action {
            Action::Route(named) => {
                let route = named.or(estate.service(self.id).route).map(|route| &estate.routes[route.at()]);
                let site = lane.map(|lane| self.scene.site_of(self.id, lane));
                route.is_some_and(|route| site.is_none_or(|site| route.at.iter().any(|(at, _)| *at == site)))
            }
            Action::Scale => lane.is_some_and(|lane| !self.scene.placed(self.id).seats[lane].launched.is_zero()),
            Action::Ssh(_) | Action::Exec(_) | Action::Http(_) | Action::Confirm(_) => true,
            Action::Notify(_) | Action::Wait(_) => true,
        }
    }

    /// Nothing is asked of a source that is gone but to be fenced, and in a failover not even that where its whole site is
    /// fenced.
    fn reaches(&self, step: &StepTemplate, source: usize) -> bool {
        if self.scene.mode != Mode::Failover && self.scene.is_silent(self.id, source) {
            return step.on == On::Source && step.phase == Phase::Fence;
        }
        if self.scene.mode != Mode::Failover || step.on != On::Source {
            return true;
        }
        let site = self.scene.site_of(self.id, source);
        let whole = self.scene.situation.sites[site.at()] == Fate::Lost && fences_site(self.scene, site);
        !whole
    }

    fn draft(&self, occasion: &Occasion, index: usize, step: &StepTemplate, source: Option<usize>) -> Draft {
        let Occasion { procedure, stage, lane, class } = *occasion;
        let (side, replica) = match step.on {
            On::Source => (Side::Source, source),
            On::Target => (Side::Target, lane),
            On::Operator => (Side::Operator, lane),
        };
        let lowers = procedure == Procedure::Degrade && stage == Stage::First;
        let raises = procedure == Procedure::Restore;
        let seat = lane.map(|lane| &self.scene.placed(self.id).seats[lane]);
        let added = seat.is_some_and(|seat| seat.part == Part::Added);
        let gives = seat.is_some_and(|seat| seat.last.share < seat.first.share);
        let phase = match (lowers, added) {
            (true, true) => Phase::Start,
            (true, false) => Phase::Free,
            (false, _) if raises && gives => Phase::Drain,
            (false, _) if raises => Phase::Verify,
            (false, _) => step.phase,
        };
        Draft {
            owner: Owner::Service(self.id),
            stage,
            what: What::Authored { runbook: self.runbook, index },
            procedure,
            phase,
            rank: if lowers || stage == Stage::Raise && !raises { index + usize::from(u16::MAX) } else { index },
            lane,
            source,
            site: replica.map(|replica| self.scene.site_of(self.id, replica)),
            side,
            class,
            uses: Vec::new(),
            duration: Millis::ZERO,
            duration_from: DurationFrom::Default,
            late_after: None,
            effect: None,
        }
    }
}

/// For what, and for which replica, steps are picked.
struct Occasion {
    procedure: Procedure,
    stage: Stage,
    lane: Option<usize>,
    class: u8,
}

/// Whether a replica must be started, rather than only taken into service.
pub(in crate::plan) fn must_start(role: Role) -> bool {
    matches!(role, Role::Warm | Role::Cold)
}

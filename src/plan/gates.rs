//! Where people and probes stand in the way: what must be approved, fenced, judged, or supplied by hand.

use crate::model::Millis;
use crate::model::Phase;
use crate::model::Procedure;
use crate::model::ReplicationMode;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::SiteId;
use crate::model::Supply;
use crate::placement::Fate;
use crate::placement::Impact;
use crate::placement::Part;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::Issue;
use crate::plan::Mode;
use crate::plan::bracket::Brackets;
use crate::plan::draft::Chosen;
use crate::plan::draft::GateDraft;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::draft::number;
use crate::plan::lane::Lane;
use crate::plan::paper_steps::Fill;
use crate::plan::scene::Scene;
use crate::plan::select::fences;
use crate::plan::select::fences_site;
use crate::plan::timing::ANSWER;
use crate::plan::timing::BREAK_GLASS;

/// The name of the gate that the whole plan waits for.
pub(in crate::plan) const START: &str = "approval:start";

/// One answer at the start.
pub(in crate::plan) fn start(web: &mut Web) -> u32 {
    web.gate(
        GateDraft {
            id: START.to_owned(),
            kind: GateKind::ApproveStart,
            service: None,
            opened_by: Vec::new(),
            person: true,
            duration: ANSWER,
            class: u8::MAX,
            carried: false,
        },
        &[],
    )
}

/// One answer for all that is degraded or shed, beyond what the lifeline needs: that is covered by the first.
pub(in crate::plan) fn victims(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane]) {
    let mut names: Vec<String> = Vec::new();
    let mut entries: Vec<u32> = Vec::new();
    let mut class = u8::MAX;
    for lane in lanes {
        let seats = &scene.placed(lane.service).seats;
        let beneficiaries = seats.iter().filter_map(|seat| seat.gives_way);
        let least = beneficiaries.map(|id| scene.class(id)).max().unwrap_or_else(|| scene.class(lane.service));
        let lowers = |step: &u32| matches!(web.drafts[*step as usize].procedure, Procedure::Degrade | Procedure::Shed);
        let steps: Vec<u32> = lane.steps().filter(lowers).collect();
        if least > 0 && !steps.is_empty() {
            names.push(scene.name(lane.service).to_owned());
            class = steps.iter().map(|&step| web.drafts[step as usize].class).fold(class, u8::min);
            entries.extend(steps);
        }
    }
    if names.is_empty() {
        return;
    }
    names.sort();
    names.dedup();
    let kind = GateKind::ApproveVictims { services: names };
    let id = "approval:victims".to_owned();
    let gate = GateDraft {
        id,
        kind,
        service: None,
        opened_by: Vec::new(),
        person: true,
        duration: ANSWER,
        class,
        carried: false,
    };
    let node = web.gate(gate, &[]);
    web.order(&[node], &entries);
}

/// Fence, then judge what may be lost, then promote: the gates of every service whose writer moves.
pub(in crate::plan) fn brackets(scene: &Scene<'_>, web: &mut Web, lanes: &[Lane], issues: &mut Vec<Issue>) {
    let mut passed = Vec::new();
    for lane in lanes.iter().filter(|lane| lane.stage == Stage::First) {
        let id = lane.service;
        let Some(replica) = lane.replica else { continue };
        let added = scene.placed(id).seats[replica].part == Part::Added;
        if scene.estate().service(id).kind != ServiceKind::Stateful || !added {
            continue;
        }
        let behind = lane.entries_from(Phase::Promote).to_vec();
        let mut gates = Vec::new();
        for source in scene.sources(id) {
            let gate = fence(scene, web, id, source, issues);
            gates.push(gate);
            // The gate is what is waited for, and not the steps that open it: where they fail, a person may.
            let own = web.of(Owner::Service(id)).filter(|&at| fences(&web.drafts[at], source)).map(number);
            passed.extend(own.flat_map(|step| behind.iter().map(move |&entry| (step, entry))));
        }
        web.order(&gates, &behind);
        let unheard = scene.sources(id).iter().any(|&source| scene.is_silent(id, source));
        if scene.mode != Mode::Switchover || unheard {
            let gate = data_loss(scene, web, id, replica, issues);
            web.order(&gates, &[gate]);
            web.order(&[gate], &behind);
        }
    }
    passed.sort_unstable();
    web.edges.retain(|edge| passed.binary_search(edge).is_err());
}

/// What answers and is not trusted is fenced, even where nothing takes over from it.
pub(in crate::plan) fn untrusted(scene: &Scene<'_>, web: &mut Web, issues: &mut Vec<Issue>) {
    for at in 0..scene.estate().services.len() {
        let id = ServiceId::new(at);
        let moved = scene.placed(id).seats.iter().any(|seat| seat.part == Part::Added);
        if scene.estate().service(id).kind != ServiceKind::Stateful || moved || !scene.is_planned(id) {
            continue;
        }
        for source in scene.sources(id) {
            if scene.fate(id, source) == Fate::Impaired {
                fence(scene, web, id, source, issues);
            }
        }
    }
}

/// What somebody vouched for in an earlier run is proven beside everything else; nothing waits for that.
pub(in crate::plan) fn owed(scene: &Scene<'_>, web: &mut Web, start: u32) {
    for owed in &scene.situation.owed {
        let Some(id) = owed.service.filter(|_| web.gate_named(&owed.gate).is_none()) else { continue };
        let place = scene.estate().service(id).replicas.iter().position(|replica| replica.site == owed.site);
        let Some(source) = place else { continue };
        let own = web.of(Owner::Service(id)).filter(|&at| fences(&web.drafts[at], source));
        let opened_by: Vec<u32> = own.map(number).chain(site_fence(web, owed.site)).collect();
        if opened_by.is_empty() {
            continue;
        }
        let gate = GateDraft {
            id: owed.gate.clone(),
            kind: GateKind::Fence { site: scene.site_name(owed.site).to_owned(), attest: None },
            service: Some(id),
            opened_by: opened_by.clone(),
            person: false,
            duration: Millis::ZERO,
            class: u8::MAX,
            carried: true,
        };
        let gate = web.gate(gate, &opened_by);
        web.order(&[start], &[gate]);
    }
}

fn fence(scene: &Scene<'_>, web: &mut Web, id: ServiceId, source: usize, issues: &mut Vec<Issue>) -> u32 {
    let site = scene.site_of(id, source);
    let own: Vec<u32> = web.of(Owner::Service(id)).filter(|&at| fences(&web.drafts[at], source)).map(number).collect();
    let fate = scene.fate(id, source);
    let whole = matches!(scene.situation.sites[site.at()], Fate::Lost | Fate::Impaired) && fences_site(scene, site);
    let site_steps = if whole { site_fence(web, site) } else { Vec::new() };
    if own.is_empty() && site_steps.is_empty() {
        issues.push(Issue::NoFence { service: scene.name(id).to_owned(), site: scene.site_name(site).to_owned() });
    }
    // On the way home whoever stood in is up, and answers as what is left in order does.
    let answers = match fate {
        Fate::Leaving | Fate::Impaired => true,
        Fate::Up | Fate::Returning => scene.mode == Mode::Failback,
        Fate::Lost | Fate::Quarantined => false,
    };
    let answers = answers && !own.is_empty();
    let person = site_steps.is_empty() && !answers;
    let attest = own.iter().find_map(|&step| {
        let draft = &web.drafts[step as usize];
        let question = draft.template(scene.estate())?.attest.as_ref()?;
        Some(Fill::new(scene, draft).said(question))
    });
    let mut after = site_steps.clone();
    if fate != Fate::Lost || site_steps.is_empty() {
        after.extend(&own);
    }
    let gate = GateDraft {
        id: format!("fence:{}@{}", scene.name(id), scene.site_name(site)),
        kind: GateKind::Fence { site: scene.site_name(site).to_owned(), attest },
        service: Some(id),
        opened_by: own.into_iter().chain(site_steps).collect(),
        person,
        duration: if person { ANSWER } else { Millis::ZERO },
        class: scene.class(id),
        carried: false,
    };
    web.gate(gate, &after)
}

/// The last steps of a site's own fence.
fn site_fence(web: &Web, site: SiteId) -> Vec<u32> {
    web.of(Owner::Site(site)).filter(|&at| web.drafts[at].effect == Some(Effect::Fenced)).map(number).collect()
}

fn data_loss(scene: &Scene<'_>, web: &mut Web, id: ServiceId, replica: usize, issues: &mut Vec<Issue>) -> u32 {
    let site = scene.site_name(scene.site_of(id, replica)).to_owned();
    let at_most = lag(scene, id, replica);
    let objective = scene.estate().rpo(id);
    let within = at_most.is_some_and(|lag| objective.is_none_or(|objective| lag <= objective));
    if let (false, Some(objective), Mode::Failover) = (within, objective, scene.mode) {
        issues.push(Issue::RpoAtRisk {
            service: scene.name(id).to_owned(),
            site: site.clone(),
            lag: at_most,
            objective,
        });
    }
    let gate = GateDraft {
        id: format!("data-loss:{}@{site}", scene.name(id)),
        kind: GateKind::DataLoss { site, at_most_ms: at_most, objective_ms: objective },
        service: Some(id),
        opened_by: Vec::new(),
        person: !within,
        duration: if within { Millis::ZERO } else { ANSWER },
        class: scene.class(id),
        carried: false,
    };
    web.gate(gate, &[])
}

/// How far behind a copy may be, as declared; nothing is known of a copy that says nothing.
pub(in crate::plan) fn lag(scene: &Scene<'_>, id: ServiceId, replica: usize) -> Option<Millis> {
    let replication = scene.estate().service(id).replicas[replica].replication?;
    match replication.mode {
        ReplicationMode::Sync => Some(replication.max_lag.unwrap_or_default()),
        ReplicationMode::Async => replication.max_lag,
    }
}

/// The gate for something that nobody can bring back: one for each missing thing.
pub(in crate::plan) fn break_glass(web: &mut Web, missing: &str, class: u8) -> u32 {
    let id = format!("break-glass:{missing}");
    if let Some(node) = web.gate_named(&id) {
        let at = node as usize - web.drafts.len();
        web.gates[at].class = web.gates[at].class.min(class);
        return node;
    }
    let gate = GateDraft {
        id,
        kind: GateKind::BreakGlass { missing: missing.to_owned() },
        service: None,
        opened_by: Vec::new(),
        person: true,
        duration: BREAK_GLASS,
        class,
        carried: false,
    };
    web.gate(gate, &[])
}

/// The gate of a service that works again once what it waits for is back.
pub(in crate::plan) fn health(scene: &Scene<'_>, web: &mut Web, id: ServiceId) -> u32 {
    let gate = GateDraft {
        id: format!("health:{}", scene.name(id)),
        kind: GateKind::Health,
        service: Some(id),
        opened_by: Vec::new(),
        person: false,
        duration: Millis::ZERO,
        class: scene.class(id),
        carried: false,
    };
    web.gate(gate, &[])
}

/// What is missing, as a plan names it.
pub(in crate::plan) fn missing(scene: &Scene<'_>, chosen: Chosen) -> String {
    match chosen.supply {
        Supply::Service(id) => format!("service:{}", scene.name(id)),
        Supply::ServiceAt(id, site) => format!("service:{}@{}", scene.name(id), scene.site_name(site)),
        Supply::Kit(kit) => format!("kit:{}", scene.estate().kits[kit.at()].name),
    }
}

/// One answer for each step without a way back that no other gate guards. What came before the step now comes before
/// its gate; nobody is asked while a writer is silent, so the gates of a bracket stand before all of it. Called when all
/// other edges are there.
pub(in crate::plan) fn irreversible(
    scene: &Scene<'_>,
    web: &mut Web,
    brackets: &Brackets,
    start: u32,
    step_id: impl Fn(&Web, u32) -> String,
) {
    for at in 0..web.drafts.len() {
        let draft = &web.drafts[at];
        let guarded = draft.phase == Phase::Promote
            && scene.mode == Mode::Failover
            && draft.service().is_some_and(|id| scene.estate().service(id).kind == ServiceKind::Stateful);
        if guarded || !draft.template(scene.estate()).is_some_and(|template| template.irreversible) {
            continue;
        }
        let node = number(at);
        let step = step_id(web, node);
        let gate = GateDraft {
            id: format!("approval:{step}"),
            kind: GateKind::ApproveIrreversible { step },
            service: draft.service(),
            opened_by: Vec::new(),
            person: true,
            duration: ANSWER,
            class: draft.class,
            carried: false,
        };
        let new = web.gate(gate, &[]);
        match brackets.of(node) {
            Some(bracket) => {
                let before = if bracket.outside.is_empty() { &[start][..] } else { &bracket.outside };
                web.order(before, &[new]);
                web.order(&[new], &bracket.entries);
            }
            None => web.edges.iter_mut().filter(|edge| edge.1 == node).for_each(|edge| edge.1 = new),
        }
        web.edges.push((new, node));
    }
}

/// Whether the service has nowhere to go.
pub(in crate::plan) fn is_stranded(scene: &Scene<'_>, id: ServiceId) -> bool {
    scene.placed(id).impact == Impact::Stranded
}

//! What can be asked on the spot before anything is planned: whether a replica is the writer. Runbooks say how to see that,
//! by the `done-if` of the step that promotes; where they don't, nobody guesses.

use crate::model::Ask;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::On;
use crate::model::Phase;
use crate::model::Probe;
use crate::model::Procedure;
use crate::model::Service;
use crate::model::ServiceId;
use crate::model::ServiceKind;
use crate::model::SiteId;
use crate::model::StepTemplate;
use crate::placement::Situation;
use crate::placement::place;
use crate::placement::urgency;
use crate::plan::ActionOnPaper;
use crate::plan::DurationFrom;
use crate::plan::FormatError;
use crate::plan::Ground;
use crate::plan::Plan;
use crate::plan::ProbeOnPaper;
use crate::plan::Refusal;
use crate::plan::Side;
use crate::plan::Step;
use crate::plan::StepLimits;
use crate::plan::blank;
use crate::plan::draft::Draft;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::What;
use crate::plan::hosts;
use crate::plan::hosts::Net;
use crate::plan::paper_steps::Fill;
use crate::plan::paper_steps::subset;
use crate::plan::refuse;
use crate::plan::scene::Scene;
use crate::plan::scene::mode_of;

/// Questions about who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questions {
    /// They stand as steps of a plan that does nothing, so that they are asked as any step is looked at.
    pub plan: Plan,
    /// Whom each of its steps is about.
    pub about: Vec<(ServiceId, SiteId)>,
    /// Services with one writer of which nothing says how to see it.
    pub mute: Vec<ServiceId>,
}

/// A question that takes longer has no answer.
const TRY: Millis = Millis(10_000);

/// Asks of every service with one writer, at each of its sites, whether that is the writer.
///
/// # Errors
///
/// What can't be meant by this incident, as when it is planned.
pub fn questions(
    ground: &Ground<'_>,
    incident: &Incident,
    observation: &Observation,
) -> Result<Questions, Box<Refusal>> {
    let estate = ground.estate;
    refuse::before(estate, incident)?;
    let mode = mode_of(incident).ok_or(Refusal::MixedStates)?;
    let situation = Situation::new(estate, incident, observation);
    let urgency = urgency(estate, &ground.needs);
    let placement = place(estate, incident, &situation, &urgency);
    let scene = Scene { ground, incident, mode, situation: &situation, placement: &placement, urgency: &urgency };
    let broken = |error: FormatError| Refusal::Broken { violations: vec![error.to_string()] };
    let mut questions =
        Questions { plan: blank(estate, incident.as_of).map_err(broken)?, about: Vec::new(), mute: Vec::new() };
    for (at, service) in estate.services.iter().enumerate() {
        if service.kind != ServiceKind::Stateful {
            continue;
        }
        let id = ServiceId::new(at);
        let before = questions.about.len();
        for lane in 0..service.replicas.len() {
            let Some(step) = question(&scene, id, service, lane) else { continue };
            questions.plan.steps.push(step);
            questions.about.push((id, service.replicas[lane].site));
        }
        if questions.about.len() == before {
            questions.mute.push(id);
        }
    }
    questions.plan.bastions = Net::of(&scene).bastions(&questions.plan.steps, &[]);
    Ok(questions)
}

fn question(scene: &Scene<'_>, id: ServiceId, service: &Service, lane: usize) -> Option<Step> {
    let estate = scene.estate();
    let replica = &service.replicas[lane];
    let runbook = service.runbook?;
    let steps = estate.runbooks[runbook.at()].steps(Procedure::Failover)?;
    let kind = estate.site(replica.site).kind;
    let promotes = |step: &StepTemplate| step.phase == Phase::Promote && step.on == On::Target;
    let index = steps.iter().position(|step| promotes(step) && step.at.is_none_or(|at| at == kind))?;
    let (template, probe) = (&steps[index], steps[index].done_if.as_ref()?);
    // What is asked about the replica that is left can't be asked before one is.
    if mentions_source(probe) {
        return None;
    }
    let draft = draft(id, lane, replica.site, What::Authored { runbook, index });
    let is_on_hosts = matches!(probe.ask, Ask::Ssh(_));
    let set = subset(replica, template.subset.as_deref()).and_then(|declared| hosts::left(scene, declared));
    let hosts = set.map(|set| hosts::on_paper(scene, replica.site, &set));
    if is_on_hosts && hosts.is_none() {
        return None;
    }
    let probe = Fill::new(scene, &draft).probe(probe);
    Some(Step {
        id: format!("{}/writer@{}", service.name, scene.site_name(replica.site)),
        title: format!("Is {} the writer at {}?", service.name, scene.site_name(replica.site)),
        hosts: hosts.filter(|_| is_on_hosts),
        ..asked(scene, id, replica.site, probe)
    })
}

fn mentions_source(probe: &Probe) -> bool {
    match &probe.ask {
        Ask::Ssh(command) | Ask::Exec(command) => command.line.mentions("source"),
        Ask::Http(call) => call.url.mentions("source"),
    }
}

fn draft(id: ServiceId, lane: usize, site: SiteId, what: What) -> Draft {
    Draft {
        owner: Owner::Service(id),
        stage: Stage::First,
        what,
        procedure: Procedure::Failover,
        phase: Phase::Promote,
        rank: 0,
        lane: Some(lane),
        source: None,
        site: Some(site),
        side: Side::Target,
        class: 0,
        uses: Vec::new(),
        duration: Millis::ZERO,
        duration_from: DurationFrom::Default,
        late_after: None,
        effect: None,
    }
}

/// A step that only waits for an answer. One host that says nothing does not speak for the others.
fn asked(scene: &Scene<'_>, id: ServiceId, site: SiteId, probe: ProbeOnPaper) -> Step {
    Step {
        id: String::new(),
        title: String::new(),
        service: Some(scene.name(id).to_owned()),
        procedure: Procedure::Failover.word().to_owned(),
        phase: Phase::Promote.word().to_owned(),
        site: Some(scene.site_name(site).to_owned()),
        on: Side::Target,
        hosts: None,
        action: ActionOnPaper::Wait(probe),
        done_if: None,
        verify: None,
        undo: None,
        attest: None,
        position: None,
        uses: Vec::new(),
        after: Vec::new(),
        start_ms: Millis::ZERO,
        duration_ms: Millis::ZERO,
        duration_from: DurationFrom::Default,
        late_after_ms: None,
        limits: StepLimits { timeout_ms: TRY, attempts: 1, backoff_ms: Millis::ZERO, kill: None },
        batch: None,
        irreversible: false,
        unreachable_ok: true,
        class: scene.class(id),
        claims: Vec::new(),
        effect: None,
    }
}

impl Questions {
    /// Whether there is nothing to ask.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.about.is_empty()
    }
}

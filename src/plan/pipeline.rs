//! The whole of planning on one screen: from an incident to a plan.

use crate::model::Incident;
use crate::model::Observation;
use crate::model::Spans;
use crate::placement::Placement;
use crate::placement::Situation;
use crate::placement::Urgency;
use crate::placement::place;
use crate::placement::urgency;
use crate::plan::DurationFrom;
use crate::plan::Ground;
use crate::plan::Mode;
use crate::plan::Plan;
use crate::plan::Refusal;
use crate::plan::Source;
use crate::plan::away;
use crate::plan::bracket;
use crate::plan::canon;
use crate::plan::circles;
use crate::plan::clock;
use crate::plan::draft::Draft;
use crate::plan::draft::Web;
use crate::plan::effects::effects;
use crate::plan::fetch;
use crate::plan::gates;
use crate::plan::lane::lanes;
use crate::plan::names;
use crate::plan::order;
use crate::plan::outlook::outlook;
use crate::plan::paper;
use crate::plan::refuse;
use crate::plan::scene::Scene;
use crate::plan::scene::mode_of;
use crate::plan::select::select;
use crate::plan::shared;
use crate::plan::supply;
use crate::plan::timing;
use crate::plan::ttl;

/// Inputs of a plan besides the estate and the incident; they are named in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// The files that the estate came from.
    pub sources: Vec<Source>,
    /// The work that may be spent on a better schedule, in step placements.
    pub effort: u64,
    /// Errors in files that are left out of the estate.
    pub errors_elsewhere: u64,
}

/// How often tiers may rise before the search for a stable answer ends. They only rise, and there are few of them, so
/// that two or three rounds are what is seen.
const ROUNDS: usize = 16;

/// Makes a plan, or says why there can be none. The same inputs give the same bytes on every machine.
///
/// # Errors
///
/// A [`Refusal`]: only what would destroy, or what can't be meant. All else is planned around and said.
pub fn plan_on(
    ground: &Ground<'_>,
    incident: &Incident,
    observation: &Observation,
    inputs: &Inputs,
) -> Result<Plan, Box<Refusal>> {
    let mut plan = nameless(ground, incident, observation, inputs)?;
    canon::name(&mut plan).map_err(|error| Refusal::Broken { violations: vec![error.to_string()] })?;
    Ok(plan)
}

/// The same, before it has its name.
pub(in crate::plan) fn nameless(
    ground: &Ground<'_>,
    incident: &Incident,
    observation: &Observation,
    inputs: &Inputs,
) -> Result<Plan, Box<Refusal>> {
    let estate = ground.estate;
    refuse::before(estate, incident)?;
    let mode = mode_of(incident).ok_or(Refusal::MixedStates)?;
    let assumed = away::assume(ground, incident, observation, mode);
    let situation = Situation::new(estate, incident, &assumed.observation);
    refuse::quarantined(estate, incident, &situation, observation)?;
    refuse::nothing_left(&situation, &incident.to)?;
    let (urgency, placement, mut drafts) = settle(ground, incident, &situation, mode, &assumed);
    let scene = Scene { ground, incident, mode, situation: &situation, placement: &placement, urgency: &urgency };
    refuse::degrading_move(&scene)?;
    refuse::crowded_home(&scene)?;
    fetch::add(&mut drafts);
    time(&scene, &mut drafts, &observation.spans);
    let mut web = Web { drafts, ..Web::default() };
    let mut issues = Vec::new();
    let lanes = lanes(&scene, &mut web);
    order::site_fences(&scene, &mut web);
    effects(&scene, &mut web, &lanes);
    let start = gates::start(&mut web);
    gates::victims(&scene, &mut web, &lanes);
    let ready = order::ready(&scene, &mut web, &lanes, &mut issues);
    gates::brackets(&scene, &mut web, &lanes, &mut issues);
    gates::untrusted(&scene, &mut web, &mut issues);
    gates::owed(&scene, &mut web, start);
    order::across(&scene, &mut web, &lanes, &ready);
    order::uses(&scene, &mut web, &ready);
    ttl::order(&scene, &mut web);
    circles::cut(&scene, &mut web, &mut issues);
    let brackets = bracket::hold_back(&scene, &mut web);
    order::begin(&mut web, start);
    gates::irreversible(&scene, &mut web, &brackets, start, |web, node| {
        names::step_id(&scene, &web.drafts[node as usize])
    });
    web.edges.sort_unstable();
    web.edges.dedup();
    clock::spread_urgency(&mut web);
    shared::in_turn(&scene, &mut web);
    let names = names::names(&scene, &web);
    // What the next loss would do needs nothing of this: it is found meanwhile.
    let (outlook, written) = rayon::join(
        || outlook(ground, incident, &situation, &urgency, mode),
        || -> Result<Plan, Box<Refusal>> {
            let clock = clock::solve(&scene, &web, inputs.effort, &names)?;
            Ok(paper::write(&scene, &web, &ready, &clock, &names, issues, inputs))
        },
    );
    let mut plan = written?;
    plan.outlook = outlook;
    paper::owed(&mut plan, &scene, &web);
    paper::elsewhere(&mut plan, estate, observation);
    paper::premises(&mut plan, estate, observation);
    Ok(plan)
}

/// Places, sees what the steps need, raises what they need, and places again, until nothing rises any more.
fn settle(
    ground: &Ground<'_>,
    incident: &Incident,
    situation: &Situation,
    mode: Mode,
    assumed: &away::Assumed,
) -> (Urgency, Placement, Vec<Draft>) {
    let estate = ground.estate;
    let mut needs = ground.needs.clone();
    let mut tiers = urgency(estate, &needs);
    let mut rounds = 0;
    loop {
        let placement = match mode {
            Mode::Failover | Mode::Switchover => place(estate, incident, situation, &tiers),
            Mode::Failback | Mode::Retreat => away::home(ground, incident, situation, &tiers, assumed),
        };
        let scene = Scene { ground, incident, mode, situation, placement: &placement, urgency: &tiers };
        let mut drafts = select(&scene);
        supply::supply(&scene, &mut drafts);
        needs.extend(supply::pulls(&scene, &drafts));
        needs.sort_unstable();
        needs.dedup();
        let risen = urgency(estate, &needs);
        rounds += 1;
        if risen.tier == tiers.tier || rounds == ROUNDS {
            return (tiers, placement, drafts);
        }
        tiers = risen;
    }
}

/// As finished runs have it, else as its author said, else a default for its kind of action.
fn time(scene: &Scene<'_>, drafts: &mut [Draft], spans: &[(String, Spans)]) {
    for draft in drafts {
        let seats = draft.service().map_or(&[][..], |id| &scene.placed(id).seats);
        let (duration, from) = timing::duration(scene.estate(), scene.situation, scene.mode, draft, seats);
        draft.duration = duration;
        draft.duration_from = from;
        if !spans.is_empty() && draft.duration_from != DurationFrom::Person {
            let id = names::step_id(scene, draft);
            let seen = spans.binary_search_by(|(known, _)| known.cmp(&id)).ok().map(|at| spans[at].1);
            if let Some(seen) = seen {
                draft.duration = seen.median;
                draft.duration_from = DurationFrom::History;
                draft.late_after = Some(seen.p75);
            }
        }
    }
}

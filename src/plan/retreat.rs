//! A plan that takes a run back: the document around steps that somebody else has chosen. It says when they are due, and
//! what is asked of people first; it decides nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::plan::ClaimOnPaper;
use crate::plan::ClassOnPaper;
use crate::plan::FORMAT;
use crate::plan::FormatError;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::IncidentOnPaper;
use crate::plan::Mode;
use crate::plan::Outlook;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::SiteOnPaper;
use crate::plan::Step;
use crate::plan::canon;
use crate::plan::timing;
use crate::schedule::Claim;
use crate::schedule::Effort;
use crate::schedule::Pool;
use crate::schedule::Problem;
use crate::schedule::Schedule;
use crate::schedule::ScheduleError;
use crate::schedule::Task;
use crate::schedule::schedule;

/// The gate that everything else stands behind.
const START: &str = "approval:start";

/// Which run a plan takes back, and what of it stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RetreatOnPaper {
    /// The name of the run.
    pub run: String,
    /// What stays as that run left it. Services in the order of that run's plan, then what belongs to none.
    pub stays: Vec<StaysOnPaper>,
}

/// Something that a retreat leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StaysOnPaper {
    /// The service; none where it belongs to a site or a kit.
    pub service: Option<String>,
    /// Its steps and gates that had an effect, and keep it.
    pub steps: Vec<String>,
    /// Whether all that was done for the service stays. Else only these steps do.
    pub whole: bool,
    /// Why.
    pub why: StaysWhy,
}

/// Why something stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum StaysWhy {
    /// A step without a way back began. What is left is a failback.
    Final {
        /// Which.
        step: String,
    },
    /// Something that stays was built on it.
    NeededBy {
        /// A service, or a step that belongs to none.
        by: String,
    },
    /// It would touch a site, or send users to one, that nobody trusts yet.
    Quarantined {
        /// Which.
        site: String,
    },
}

/// What is to be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// In which order does not matter: what comes before what stands in `after`. Times are not set yet.
    pub steps: Vec<Step>,
    /// Whom it brings back. When is not set yet.
    pub services: Vec<ServiceOnPaper>,
    /// What stays.
    pub retreat: RetreatOnPaper,
    /// Sites that nobody trusts.
    pub quarantined: Vec<String>,
}

/// What a person undoes, or says of it, because nobody wrote how a machine does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByHand {
    /// A step has no undo.
    NoUndo {
        /// The step.
        id: String,
        /// For people.
        title: String,
    },
    /// A person did it, and nobody knows how.
    WasByHand {
        /// The step.
        id: String,
        /// For people.
        title: String,
    },
    /// A fence stands on somebody's word.
    Attested {
        /// The gate.
        gate: String,
        /// Who gave it.
        who: String,
    },
    /// Nothing is to be undone for it, so nothing shows by itself that it is back.
    Serves {
        /// The service.
        service: String,
        /// Where it served.
        sites: Vec<String>,
    },
}

impl ByHand {
    /// As it stands in the document.
    #[must_use]
    pub fn question(&self) -> String {
        match self {
            Self::NoUndo { id, title } => format!("undo {id} by hand ({title}): it has no undo. Is it undone?"),
            Self::WasByHand { id, title } => format!("undo {id} by hand, as it was done ({title}). Is it undone?"),
            Self::Attested { gate, who } => {
                format!("{who} attested {gate}. Let the old writer act again, and look. Does it?")
            }
            Self::Serves { service, sites } => format!("does {service} serve at {} again?", sites.join(", ")),
        }
    }
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum RetreatError {
    /// The steps have no order, or claim more than there is. The plan that they come from was not of one piece then.
    #[error("giving the steps their times")]
    Schedule(#[from] ScheduleError),
    /// Only what the serializer itself could say.
    #[error("writing the plan as JSON")]
    Format(#[from] FormatError),
}

/// Writes the plan that undoes these steps of a run of `parent`.
///
/// # Errors
///
/// Says why there is none: see [`RetreatError`].
pub fn retreat(parent: &Plan, undone: Undone) -> Result<Plan, RetreatError> {
    let Undone { mut steps, mut services, retreat, quarantined } = undone;
    let mut start = start_gate(parent, &steps);
    for step in &mut steps {
        step.after.push(START.to_owned());
        step.after.sort();
        step.after.dedup();
    }
    let timed = timed(parent, &steps, &start)?;
    for (step, begins) in steps.iter_mut().zip(&timed.starts) {
        step.start_ms = *begins;
    }
    start.start_ms = timed.starts.last().copied().unwrap_or_default();
    steps.sort_by(|one, other| (one.start_ms, &one.id).cmp(&(other.start_ms, &other.id)));
    for service in &mut services {
        let own = steps.iter().filter(|step| step.service.as_ref() == Some(&service.id));
        service.expected_back_ms = own.map(|step| step.start_ms + step.duration_ms).max();
    }
    let mut plan = Plan {
        format: FORMAT,
        id: String::new(),
        parent: Some(parent.id.clone()),
        title: parent.title.clone(),
        lifeline: parent.lifeline.clone(),
        timezone: parent.timezone.clone(),
        incident: IncidentOnPaper { mode: Mode::Retreat, effort: 0, ..parent.incident.clone() },
        sources: parent.sources.clone(),
        classes: classes(parent, &services, &timed),
        sites: parent.sites.iter().map(|site| now(site, &quarantined)).collect(),
        elsewhere: parent.elsewhere.clone(),
        owed: Vec::new(),
        untouched: parent.untouched
            + u64::try_from(parent.services.len().saturating_sub(services.len())).unwrap_or_default(),
        services,
        unplanned: 0,
        gates: vec![start],
        steps,
        bastions: parent.bastions.clone(),
        routes: parent.routes.clone(),
        providers: parent.providers.clone(),
        pools: parent.pools.clone(),
        limits: parent.limits.clone(),
        ssh: parent.ssh.clone(),
        findings: Vec::new(),
        outlook: Outlook::default(),
        retreat: Some(retreat),
    };
    canon::name(&mut plan)?;
    Ok(plan)
}

/// Asked as the start of the parent was.
fn start_gate(parent: &Plan, steps: &[Step]) -> Gate {
    let class = steps.iter().map(|step| step.class).min().unwrap_or_default();
    let known = parent.gates.iter().find(|gate| gate.kind == GateKind::ApproveStart);
    let limit = timing::timeout(timing::ANSWER);
    Gate {
        id: START.to_owned(),
        kind: GateKind::ApproveStart,
        service: None,
        after: Vec::new(),
        opened_by: Vec::new(),
        person: true,
        start_ms: Millis::ZERO,
        duration_ms: known.map_or(timing::ANSWER, |gate| gate.duration_ms),
        limit_ms: known.map_or(limit, |gate| gate.limit_ms),
        class,
        claims: known.map_or(Vec::new(), |gate| gate.claims.clone()),
    }
}

/// When steps start; the gate last.
fn timed(parent: &Plan, steps: &[Step], start: &Gate) -> Result<Schedule, ScheduleError> {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let claims = |claims: &[ClaimOnPaper]| -> Vec<Claim> {
        let known = claims.iter().filter_map(|claim| {
            let pool = parent.pools.iter().position(|pool| pool.id == claim.pool)?;
            Some(Claim { pool: number(pool), amount: claim.amount })
        });
        known.collect()
    };
    let names = steps.iter().map(|step| step.id.as_str()).chain([START]).zip(0_u32..);
    let places: BTreeMap<&str, u32> = names.collect();
    let place = |id: &String| places.get(id.as_str()).copied();
    let mut tasks: Vec<Task> = steps
        .iter()
        .map(|step| Task {
            duration: step.duration_ms,
            class: step.class,
            after: step.after.iter().filter_map(place).collect(),
            claims: claims(&step.claims),
        })
        .collect();
    let claimed = claims(&start.claims);
    tasks.push(Task { duration: start.duration_ms, class: start.class, after: Vec::new(), claims: claimed });
    let pools = parent.pools.iter().map(|pool| Pool { size: pool.size, kept_for_first: pool.kept_for_first }).collect();
    schedule(&Problem { tasks, pools }, Effort::default())
}

/// When each tier is back that has anybody to come back.
fn classes(parent: &Plan, services: &[ServiceOnPaper], timed: &Schedule) -> Vec<ClassOnPaper> {
    let of = |class: &ClassOnPaper| {
        let own = services.iter().filter(|service| service.effective_tier == class.tier);
        let finish = own.clone().filter_map(|service| service.expected_back_ms).max()?;
        let count = u64::try_from(own.count()).unwrap_or(u64::MAX);
        // No schedule ends earlier than the earliest of all classes could.
        let bound = timed.finish_by_class.first().map_or(Millis::ZERO, |class| class.bound).min(finish);
        Some(ClassOnPaper {
            tier: class.tier.clone(),
            title: class.title.clone(),
            finish_ms: finish,
            bound_ms: bound,
            proven: bound == finish,
            wanted: count,
            whole: count,
            whole_bound: count,
        })
    };
    parent.classes.iter().filter_map(of).collect()
}

/// A site as it is now. What a retreat gives back of it was counted in the parent, and is not counted again.
fn now(site: &SiteOnPaper, quarantined: &[String]) -> SiteOnPaper {
    let state = if quarantined.contains(&site.id) { "quarantined" } else { "up" };
    SiteOnPaper { id: site.id.clone(), title: site.title.clone(), state: state.to_owned(), ledger: Vec::new() }
}

//! Two plans compared, as values. What matters to operators has a field of its own; all else is told by its key in the
//! document, so that nothing that differs can be left out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Issue;
use crate::plan::Level;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::Source;

/// What is different in the second of two plans.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanDiff {
    /// The digest of the first plan.
    pub before: String,
    /// The digest of the second plan.
    pub after: String,
    /// What is different in the incident, by its key.
    pub incident: Vec<FieldChange>,
    /// Files that are different, new or gone.
    pub sources: Vec<SourceChange>,
    /// Services that only the second plan touches.
    pub services_added: Vec<String>,
    /// Services that only the first plan touches.
    pub services_removed: Vec<String>,
    /// Services that both touch, differently, in the order of the second plan.
    pub services: Vec<ServiceChange>,
    /// Steps and gates.
    pub steps: Listed,
    /// What people or probes open.
    pub gates: Listed,
    /// Warnings that only the second plan has.
    pub findings_new: Vec<Issue>,
    /// Warnings that only the first plan has.
    pub findings_gone: Vec<Issue>,
    /// All else in the document, by its key.
    pub other: Vec<FieldChange>,
}

/// Something with another value than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FieldChange {
    /// Its key in the document.
    pub field: String,
    /// What it was.
    pub before: Value,
    /// What it is.
    pub after: Value,
}

/// A file that is not what it was. A digest is missing where the file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SourceChange {
    /// Relative to the project.
    pub path: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// What is different for one service. What is the same is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceChange {
    /// Which.
    pub service: String,
    /// It ends at other sites, or with other shares.
    pub moved: Option<(Seats, Seats)>,
    /// It ends at another level.
    pub level: Option<(Level, Level)>,
    /// It admits another share of users.
    pub admits: Option<(Ppm, Ppm)>,
    /// It is back at another time, or was never expected.
    pub back: Option<(Option<Millis>, Option<Millis>)>,
    /// It is as urgent as another tier.
    pub tier: Option<(String, String)>,
    /// Other keys that are different.
    pub other: Vec<String>,
}

/// Who serves which share.
pub type Seats = Vec<(String, Ppm)>;

/// Things with an id that are new, gone or different.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Listed {
    /// Only in the second plan.
    pub added: Vec<String>,
    /// Only in the first plan.
    pub removed: Vec<String>,
    /// In both, with what is different.
    pub changed: Vec<Changed>,
}

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Changed {
    /// Which.
    pub id: String,
    /// What is different in it.
    pub fields: Vec<FieldChange>,
}

/// Keys of the document that are compared in their own way; the id follows from everything else.
const COMPARED: [&str; 7] = ["id", "incident", "sources", "services", "gates", "steps", "findings"];
/// Keys of a service that have a field of their own in [`ServiceChange`], or follow from one.
const TOLD: [&str; 6] = ["to", "level", "admits", "expected-back-ms", "effective-tier", "milestones"];

/// What is different in `after`.
#[must_use]
pub fn diff(before: &Plan, after: &Plan) -> PlanDiff {
    let services = services(before, after);
    let (findings_new, findings_gone) = findings(before, after);
    PlanDiff {
        before: before.id.clone(),
        after: after.id.clone(),
        incident: fields(&before.incident, &after.incident),
        sources: sources(&before.sources, &after.sources),
        services_added: services.0,
        services_removed: services.1,
        services: services.2,
        steps: listed(
            before.steps.iter().map(|step| (&step.id, step)),
            after.steps.iter().map(|step| (&step.id, step)),
        ),
        gates: listed(
            before.gates.iter().map(|gate| (&gate.id, gate)),
            after.gates.iter().map(|gate| (&gate.id, gate)),
        ),
        findings_new,
        findings_gone,
        other: fields(&bare(before), &bare(after))
            .into_iter()
            .filter(|change| !COMPARED.contains(&change.field.as_str()))
            .collect(),
    }
}

impl PlanDiff {
    /// Whether the two plans say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let same = Self { before: self.before.clone(), after: self.after.clone(), ..Self::default() };
        *self == same
    }
}

/// The plan without its long lists, which are compared by themselves.
fn bare(plan: &Plan) -> Plan {
    Plan {
        sources: Vec::new(),
        services: Vec::new(),
        gates: Vec::new(),
        steps: Vec::new(),
        findings: Vec::new(),
        format: plan.format,
        id: String::new(),
        parent: plan.parent.clone(),
        retreat: plan.retreat.clone(),
        title: plan.title.clone(),
        lifeline: plan.lifeline.clone(),
        timezone: plan.timezone.clone(),
        incident: plan.incident.clone(),
        classes: plan.classes.clone(),
        sites: plan.sites.clone(),
        elsewhere: plan.elsewhere.clone(),
        owed: plan.owed.clone(),
        untouched: plan.untouched,
        unplanned: plan.unplanned,
        bastions: plan.bastions.clone(),
        routes: plan.routes.clone(),
        providers: plan.providers.clone(),
        pools: plan.pools.clone(),
        limits: plan.limits.clone(),
        ssh: plan.ssh.clone(),
        outlook: plan.outlook.clone(),
    }
}

/// The keys of two values of one kind that differ, in order of the keys.
fn fields<T: Serialize + PartialEq>(before: &T, after: &T) -> Vec<FieldChange> {
    if before == after {
        return Vec::new();
    }
    let (Value::Object(before), Value::Object(after)) = (value(before), value(after)) else { return Vec::new() };
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .map(|key| (key, before.get(key).unwrap_or(&Value::Null), after.get(key).unwrap_or(&Value::Null)))
        .filter(|(_, before, after)| before != after)
        .map(|(key, before, after)| FieldChange { field: key.clone(), before: before.clone(), after: after.clone() })
        .collect()
}

/// Everything in a plan can be written as JSON: its keys are text, and its numbers are integers.
fn value<T: Serialize>(part: &T) -> Value {
    serde_json::to_value(part).unwrap_or(Value::Null)
}

fn sources(before: &[Source], after: &[Source]) -> Vec<SourceChange> {
    let digests = |sources: &[Source]| -> BTreeMap<String, String> {
        sources.iter().map(|source| (source.path.clone(), source.sha256.clone())).collect()
    };
    let (before, after) = (digests(before), digests(after));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| SourceChange {
            path: path.clone(),
            before: before.get(path).cloned(),
            after: after.get(path).cloned(),
        })
        .collect()
}

fn services(before: &Plan, after: &Plan) -> (Vec<String>, Vec<String>, Vec<ServiceChange>) {
    let index = |plan: &'_ Plan| -> BTreeMap<String, usize> {
        plan.services.iter().enumerate().map(|(at, service)| (service.id.clone(), at)).collect()
    };
    let (old, new) = (index(before), index(after));
    let only = |plan: &Plan, other: &BTreeMap<String, usize>| -> Vec<String> {
        plan.services.iter().filter(|service| !other.contains_key(&service.id)).map(|one| one.id.clone()).collect()
    };
    let changed = after
        .services
        .iter()
        .filter_map(|service| service_change(&before.services[*old.get(&service.id)?], service))
        .collect();
    (only(after, &old), only(before, &new), changed)
}

fn service_change(before: &ServiceOnPaper, after: &ServiceOnPaper) -> Option<ServiceChange> {
    if before == after {
        return None;
    }
    let changed = fields(before, after);
    Some(ServiceChange {
        service: after.id.clone(),
        moved: pair(seats(before), seats(after)),
        level: pair(before.level, after.level),
        admits: pair(before.admits, after.admits),
        back: pair(before.expected_back_ms, after.expected_back_ms),
        tier: pair(before.effective_tier.clone(), after.effective_tier.clone()),
        other: changed.into_iter().map(|change| change.field).filter(|field| !TOLD.contains(&field.as_str())).collect(),
    })
}

/// Both, where they differ.
fn pair<T: PartialEq>(before: T, after: T) -> Option<(T, T)> {
    (before != after).then_some((before, after))
}

fn seats(service: &ServiceOnPaper) -> Seats {
    service.to.iter().map(|target| (target.site.clone(), target.share)).collect()
}

fn listed<'a, T: Serialize + PartialEq + 'a>(
    before: impl Iterator<Item = (&'a String, &'a T)>,
    after: impl Iterator<Item = (&'a String, &'a T)>,
) -> Listed {
    let before: BTreeMap<&String, &T> = before.collect();
    let after: BTreeMap<&String, &T> = after.collect();
    let only = |these: &BTreeMap<&String, &T>, others: &BTreeMap<&String, &T>| -> Vec<String> {
        these.keys().filter(|id| !others.contains_key(**id)).map(|id| (*id).clone()).collect()
    };
    let changed = after.iter().filter_map(|(id, after)| {
        let fields = fields(*before.get(id)?, after);
        (!fields.is_empty()).then(|| Changed { id: (*id).clone(), fields })
    });
    Listed { added: only(&after, &before), removed: only(&before, &after), changed: changed.collect() }
}

fn findings(before: &Plan, after: &Plan) -> (Vec<Issue>, Vec<Issue>) {
    let texts =
        |plan: &Plan| -> BTreeSet<String> { plan.findings.iter().map(|issue| value(issue).to_string()).collect() };
    let (old, new) = (texts(before), texts(after));
    let only = |plan: &Plan, others: &BTreeSet<String>| -> Vec<Issue> {
        plan.findings.iter().filter(|issue| !others.contains(&value(issue).to_string())).cloned().collect()
    };
    (only(after, &old), only(before, &new))
}

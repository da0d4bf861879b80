//! What follows from the answers to who writes: where each writer is, as far as exactly one site says that it is that one.
//! What is not clear changes nothing, and is told.

use std::collections::BTreeMap;

use crate::model::Asked;
use crate::model::Estate;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::plan::Questions;
use crate::run::preflight::Preflight;
use crate::run::preflight::StepSeen;
use crate::run::preflight::Tag;

/// What is known, and what was seen on top of it. `seen` are the answers to these questions.
#[must_use]
pub fn asked(estate: &Estate, mut known: Observation, questions: &Questions, seen: &Preflight) -> Observation {
    let by_step: BTreeMap<&str, &StepSeen> = seen.steps.iter().map(|step| (step.step.as_str(), step)).collect();
    let mut answers: BTreeMap<ServiceId, Vec<(SiteId, Says)>> = BTreeMap::new();
    for (step, (service, site)) in questions.plan.steps.iter().zip(&questions.about) {
        let says = by_step.get(step.id.as_str()).map_or(Says::Nothing, |step| Says::of(&step.tag));
        answers.entry(*service).or_default().push((*site, says));
    }
    let mut asked = Asked { at_unix_ms: seen.at_unix_ms, mute: questions.mute.clone(), ..Asked::default() };
    for (service, answers) in answers {
        let at = |wanted: &[Says]| -> Vec<SiteId> {
            answers.iter().filter(|(_, says)| wanted.contains(says)).map(|(site, _)| *site).collect()
        };
        let (whole, some) = (at(&[Says::Yes]), at(&[Says::Yes, Says::InPart]));
        let before = writers(estate, &known, service);
        match some.as_slice() {
            [] => asked.unseen.push(service),
            _ if some == whole && some == before => asked.as_known.push(service),
            [site] if some == whole => {
                asked.elsewhere.push((service, *site));
                move_to(estate, &mut known, service, *site);
            }
            [_, ..] => asked.unclear.push((service, some)),
        }
    }
    known.asked = Some(asked);
    known
}

/// What a site says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Yes,
    InPart,
    No,
    Nothing,
}

impl Says {
    const fn of(tag: &Tag) -> Self {
        match tag {
            Tag::Probed { done: true, .. } => Self::Yes,
            Tag::Probed { so: 0, .. } => Self::No,
            Tag::Probed { .. } => Self::InPart,
            Tag::Predicted | Tag::Refused | Tag::Opaque { .. } | Tag::Unreachable { .. } => Self::Nothing,
        }
    }
}

/// Where it is known to be served, sorted.
fn writers(estate: &Estate, known: &Observation, service: ServiceId) -> Vec<SiteId> {
    let serves = |(site, share): (SiteId, Ppm)| (share > Ppm::ZERO).then_some(site);
    match known.active.iter().find(|(id, _)| *id == service) {
        Some((_, shares)) => shares.iter().copied().filter_map(serves).collect(),
        None => {
            let replicas = estate.service(service).replicas.iter();
            replicas.map(|replica| (replica.site, replica.share)).filter_map(serves).collect()
        }
    }
}

/// All users are with the only writer.
fn move_to(estate: &Estate, known: &mut Observation, service: ServiceId, site: SiteId) {
    let share = |at: SiteId| if at == site { Ppm::ONE } else { Ppm::ZERO };
    let replicas = &estate.service(service).replicas;
    known.active.retain(|(id, _)| *id != service);
    // Where journals said otherwise and it is as declared after all, nothing is left to be told.
    if replicas.iter().any(|replica| replica.share != share(replica.site)) {
        let shares = replicas.iter().map(|replica| (replica.site, share(replica.site))).collect();
        known.active.push((service, shares));
        known.active.sort();
    }
    known.low.retain(|(id, at)| *id != service || *at == site);
}

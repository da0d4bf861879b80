//! The plan that takes over from a run, as far as it can be reasoned: which incident it answers, what it starts from, and
//! that it makes no second writer. Who makes the plan, and from which files, is not asked here.

use std::collections::BTreeMap;

use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::Plan;

/// What is so, as far as plans start from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SoNow {
    /// Who serves where, what is quarantined and owed, as [`observation`](crate::run::observation) gives it.
    pub observation: Observation,
    /// Writers that runs made, by service, as [`writers`](crate::run::writers) gives them.
    pub writers: BTreeMap<String, String>,
}

impl SoNow {
    /// Whether a plan that was made from the one fits the other too.
    #[must_use]
    pub fn fits(&self, other: &Self) -> bool {
        let (one, two) = (&self.observation, &other.observation);
        let seen = |seen: &Observation| (seen.active.clone(), seen.low.clone(), seen.quarantined.clone());
        seen(one) == seen(two) && one.owed == two.owed && self.writers == other.writers
    }
}

/// What was lost, or is not trusted, was so already when the parent was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoNews {
    /// Which of what was said to be new, by position.
    pub at: usize,
    /// What it was.
    pub known: ScopeState,
}

/// Why there is no successor.
#[derive(Debug, PartialEq, Eq)]
pub enum NoChild<E> {
    /// The planner says no.
    Plan(E),
    /// It would make a writer beside one that it does not fence.
    SecondWriter {
        /// Of which service.
        service: String,
        /// Where that one is, or may be.
        site: String,
    },
}

/// The parent's incident, `later` after it was declared, with what is lost or not trusted since. Gives also the positions
/// of the parent's scopes that a loss leaves behind: what is moved in order can wait where it stands.
///
/// # Errors
///
/// Something was so already.
pub fn inherit(
    parent: &Incident,
    news: &[(Scope, ScopeState)],
    later: Millis,
) -> Result<(Incident, Vec<usize>), NoNews> {
    let mut scopes: Vec<(Scope, ScopeState)> = Vec::new();
    let mut dropped = Vec::new();
    for (at, (scope, state)) in parent.scopes.iter().enumerate() {
        if !news.is_empty() && matches!(state, ScopeState::Leaving | ScopeState::Returning) {
            dropped.push(at);
        } else {
            scopes.push((scope.clone(), *state));
        }
    }
    for (at, (scope, state)) in news.iter().enumerate() {
        match scopes.iter_mut().find(|(known, _)| known == scope) {
            Some((_, known)) if known == state || *known == ScopeState::Lost => {
                return Err(NoNews { at, known: *known });
            }
            Some((_, known)) => *known = *state,
            None => scopes.push((scope.clone(), *state)),
        }
    }
    let began_before = Some(parent.began_before.unwrap_or(Millis::ZERO) + later);
    Ok((Incident { scopes, began_before, ..parent.clone() }, dropped))
}

/// Makes a successor from what is so. `make` is the planner; it is asked again where somebody is a writer whose users were
/// not moved there yet.
///
/// # Errors
///
/// The planner says no, or there would be a second writer.
pub fn child<E>(
    estate: &Estate,
    incident: &Incident,
    so: &SoNow,
    mut make: impl FnMut(&Observation) -> Result<Plan, E>,
) -> Result<Plan, NoChild<E>> {
    let second =
        |service: &str, site: &str| NoChild::SecondWriter { service: service.to_owned(), site: site.to_owned() };
    let mut observation = so.observation.clone();
    let mut plan = make(&observation).map_err(NoChild::Plan)?;
    for (service, site) in unfenced(&plan, &so.writers) {
        let (Some(id), Some(at)) = (estate.service_named(service), estate.site_named(site)) else { continue };
        if !hits(estate, incident, id, at) {
            return Err(second(service, site));
        }
        // Its users were not moved there yet, but what it wrote is there: it is what is lost now.
        let replicas = estate.service(id).replicas.iter();
        let shares = replicas.map(|one| (one.site, if one.site == at { Ppm::ONE } else { Ppm::ZERO })).collect();
        observation.active.retain(|(other, _)| *other != id);
        observation.active.push((id, shares));
        observation.active.sort_by_key(|(service, _)| *service);
        plan = make(&observation).map_err(NoChild::Plan)?;
    }
    match unfenced(&plan, &so.writers).first() {
        Some((service, site)) => Err(second(service, site)),
        None => Ok(plan),
    }
}

/// Writers that a plan would leave unfenced beside a new one.
fn unfenced<'a>(plan: &Plan, writers: &'a BTreeMap<String, String>) -> Vec<(&'a str, &'a str)> {
    let alone = |(service, site): &(&String, &String)| {
        let made = plan.steps.iter().any(|step| {
            step.effect == Some(Effect::Writer)
                && step.service.as_ref() == Some(service)
                && step.site.as_ref() != Some(site)
        });
        let fenced = plan.gates.iter().any(|gate| {
            let of = gate.service.is_none() || gate.service.as_ref() == Some(service);
            let here = matches!(&gate.kind, GateKind::Fence { site: at, .. } if at == *site);
            of && here && !plan.carries(&gate.id)
        });
        made && !fenced
    };
    writers.iter().filter(alone).map(|(service, site)| (service.as_str(), site.as_str())).collect()
}

/// Whether a replica is among what is lost or not trusted.
fn hits(estate: &Estate, incident: &Incident, service: ServiceId, site: SiteId) -> bool {
    incident.scopes.iter().any(|(scope, state)| {
        let is_bad = matches!(state, ScopeState::Lost | ScopeState::Impaired);
        let is_there = match scope {
            Scope::Site(at) => *at == site,
            Scope::Domain(domain) => estate.site(site).domains.contains(domain),
            Scope::Replica(of, at) => *of == service && *at == site,
            Scope::Hosts(hosts) => {
                let replica = estate.service(service).at(site);
                replica.and_then(|replica| replica.hosts.as_ref()).is_some_and(|set| set.count_in(hosts) > 0)
            }
        };
        is_bad && is_there
    })
}

#[cfg(test)]
mod tests {
    use super::NoNews;
    use super::hits;
    use super::inherit;
    use crate::load::SourceText;
    use crate::load::load;
    use crate::model::Date;
    use crate::model::Estate;
    use crate::model::HostSet;
    use crate::model::Incident;
    use crate::model::Millis;
    use crate::model::Ppm;
    use crate::model::Scope;
    use crate::model::ScopeState;

    fn estate() -> Estate {
        let text = |path: &str, text: &str| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
        let topology = include_str!("../../tests/cli/three/topology.toml")
            .replace("title = \"South\"", "title = \"South\"\nfault-domains = [\"power:grid\"]");
        let settings = include_str!("../../tests/cli/three/bonghwa.toml");
        load(vec![text("bonghwa.toml", settings), text("topology/all.toml", &topology)]).estate
    }

    fn incident(scope: Scope, state: ScopeState) -> Incident {
        Incident {
            scopes: vec![(scope, state)],
            surge: None,
            load: Ppm::ONE,
            began_before: None,
            to: Vec::new(),
            only_lifeline: false,
            accept_degraded: false,
            as_of: Date::new(2026, 11, 22).unwrap(),
        }
    }

    #[test]
    fn a_loss_is_added_to_what_was_lost_and_leaves_what_was_moved() {
        let estate = estate();
        let [north, south] = ["north", "south"].map(|name| Scope::Site(estate.site_named(name).unwrap()));
        let later = Millis::from_secs(60);
        let news = [(south.clone(), ScopeState::Lost)];
        let (both, left) = inherit(&incident(north.clone(), ScopeState::Lost), &news, later).unwrap();
        assert_eq!((both.scopes.len(), both.began_before, left.len()), (2, Some(later), 0));
        let (alone, left) = inherit(&incident(north.clone(), ScopeState::Leaving), &news, later).unwrap();
        assert_eq!((alone.scopes, left), (news.to_vec(), vec![0]));
        // Where only an edge was learnt, it goes on being left.
        let (same, left) = inherit(&incident(north, ScopeState::Leaving), &[], later).unwrap();
        assert_eq!((same.scopes.len(), left.len()), (1, 0));
        let twice = inherit(&incident(south, ScopeState::Lost), &news, later);
        assert_eq!(twice, Err(NoNews { at: 0, known: ScopeState::Lost }));
    }

    #[test]
    fn a_replica_is_hit_by_whatever_covers_it() {
        let estate = estate();
        let (store, mail) = (estate.service_named("store").unwrap(), estate.service_named("mail").unwrap());
        let site = |name: &str| estate.site_named(name).unwrap();
        let hit =
            |scope: Scope, service, at: &str| hits(&estate, &incident(scope, ScopeState::Lost), service, site(at));
        let south = || Scope::Site(site("south"));
        assert!(hit(south(), store, "south") && !hit(south(), store, "north"));
        let grid = || Scope::Domain(estate.domain_named("power:grid").unwrap());
        assert!(hit(grid(), store, "south") && !hit(grid(), store, "west"));
        let replica = || Scope::Replica(store, site("south"));
        assert!(hit(replica(), store, "south") && !hit(replica(), mail, "south"));
        let hosts = || Scope::Hosts(HostSet::parse("so-mail-1").unwrap());
        assert!(hit(hosts(), mail, "south") && !hit(hosts(), store, "south"));
        let impaired = incident(south(), ScopeState::Impaired);
        let leaving = incident(south(), ScopeState::Leaving);
        assert!(hits(&estate, &impaired, store, site("south")) && !hits(&estate, &leaving, store, site("south")));
    }
}

//! The dependency graph as facts, ready to be drawn: tiers with their services, what each needs, and the circles.

use serde::Serialize;

use crate::graph::Arrows;
use crate::model::DependencyKind;
use crate::model::Estate;
use crate::model::Role;
use crate::model::Service;
use crate::model::ServiceId;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::report::edges;
use crate::report::words;

/// The graph, as `graph --format json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Graph {
    /// The version of this shape.
    pub format: u32,
    /// In order of recovery.
    pub tiers: Vec<TierOfGraph>,
    /// Services that need each other.
    pub cycles: Vec<Cycle>,
}

/// Services that need each other: all of them, and a shortest way around.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cycle {
    /// A path that leads back to its first.
    pub path: Vec<String>,
    /// Everyone who takes part, by name.
    pub services: Vec<String>,
}

/// A tier and its services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TierOfGraph {
    /// Its name.
    pub id: String,
    /// For people.
    pub title: String,
    /// As declared, by name.
    pub services: Vec<Node>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Node {
    /// Its name.
    pub id: String,
    /// For people.
    pub title: String,
    /// Where it is: site and role.
    pub at: Vec<(String, String)>,
    /// What it needs, in the order written.
    pub needs: Vec<Edge>,
    /// What the incident does to it, where one was named.
    pub impact: Option<String>,
    /// The tier that it is as urgent as, where an incident was named.
    pub effective_tier: Option<String>,
}

/// One thing that a service needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Edge {
    /// What is needed.
    pub service: String,
    /// `hard`, `soft` or `start`.
    pub kind: String,
    /// Needed for the full level only.
    pub full_only: bool,
    /// Needed in the caller's own site.
    pub same_site: bool,
}

/// The version of the shape.
const FORMAT: u32 = 1;

/// The graph of an estate; a plan marks what its incident does.
#[must_use]
pub fn graph(estate: &Estate, plan: Option<&Plan>) -> Graph {
    let tiers = estate.tiers.iter().enumerate().map(|(at, tier)| TierOfGraph {
        id: tier.name.clone(),
        title: tier.title.clone(),
        services: estate
            .services
            .iter()
            .filter(|service| service.tier.at() == at)
            .map(|service| node(estate, service, plan))
            .collect(),
    });
    Graph { format: FORMAT, tiers: tiers.collect(), cycles: cycles(estate) }
}

/// A service as it is declared.
#[must_use]
pub fn declared(estate: &Estate, id: ServiceId) -> Node {
    node(estate, estate.service(id), None)
}

fn node(estate: &Estate, service: &Service, plan: Option<&Plan>) -> Node {
    let planned = plan.map(|plan| plan.services.iter().find(|planned| planned.id == service.name));
    let impact =
        |planned: Option<&ServiceOnPaper>| planned.map_or("unaffected", |one| words::impact(one.impact)).to_owned();
    let urgency = |planned: Option<&ServiceOnPaper>| {
        planned.map_or(estate.tiers[service.tier.at()].name.clone(), |one| one.effective_tier.clone())
    };
    Node {
        id: service.name.clone(),
        title: service.title.clone(),
        at: service
            .replicas
            .iter()
            .map(|one| (estate.site(one.site).name.clone(), role(one.role).to_owned()))
            .collect(),
        needs: service
            .depends_on
            .iter()
            .map(|edge| Edge {
                service: estate.service(edge.service).name.clone(),
                kind: edges::kind_word(edge.kind).to_owned(),
                full_only: edge.full_only,
                same_site: edge.same_site,
            })
            .collect(),
        impact: planned.map(impact),
        effective_tier: planned.map(urgency),
    }
}

/// The word for a role.
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Active => "active",
        Role::Hot => "hot",
        Role::Warm => "warm",
        Role::Cold => "cold",
    }
}

/// Services that can't serve without each other: circles of hard edges that the floor needs.
fn cycles(estate: &Estate) -> Vec<Cycle> {
    let mut arrows = Vec::new();
    for (at, service) in (0_u32..).zip(&estate.services) {
        let hard = service.depends_on.iter().filter(|edge| edge.kind == DependencyKind::Hard && !edge.full_only);
        arrows.extend(hard.map(|edge| (at, edge.service.0)));
    }
    let arrows = Arrows::new(estate.services.len(), &arrows);
    let circles = arrows
        .components()
        .into_iter()
        .filter(|component| component.len() > 1 || component.first().is_some_and(|node| arrows.loops(*node as usize)));
    let name = |at: u32| estate.services[at as usize].name.clone();
    let mut all: Vec<Cycle> = circles
        .map(|component| Cycle {
            path: arrows.circle(&component).into_iter().map(name).collect(),
            services: component.into_iter().map(name).collect(),
        })
        .collect();
    all.sort();
    all
}

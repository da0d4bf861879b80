//! Circles among what is declared, told by `check`: reading knows no graph, so nobody else has told of them.

use crate::graph::Arrows;
use crate::load::Loaded;
use crate::model::Dependency;
use crate::model::DependencyKind;
use crate::model::Fault;
use crate::model::Finding;

/// All circles of hard edges, all of start edges, and those that need both kinds, each at the edge with which it begins.
pub(crate) fn circles(loaded: &Loaded) -> Vec<Finding> {
    let hard = |edge: &Dependency| edge.kind == DependencyKind::Hard && !edge.full_only;
    let start = |edge: &Dependency| edge.kind == DependencyKind::Start;
    let mut all = circles_of(loaded, hard, Fault::HardCycle);
    all.extend(circles_of(loaded, start, Fault::StartCycle));
    let told: Vec<String> = all.iter().flat_map(|finding| names(&finding.fault)).cloned().collect();
    let both = |edge: &Dependency| hard(edge) || start(edge);
    let mixed = circles_of(loaded, both, Fault::MixedCycle);
    all.extend(mixed.into_iter().filter(|finding| !names(&finding.fault).iter().any(|name| told.contains(name))));
    all
}

/// The services of a circle.
fn names(fault: &Fault) -> &[String] {
    if let Fault::HardCycle(names) | Fault::StartCycle(names) | Fault::MixedCycle(names) = fault { names } else { &[] }
}

fn circles_of(
    loaded: &Loaded,
    counts: impl Fn(&Dependency) -> bool + Copy,
    fault: fn(Vec<String>) -> Fault,
) -> Vec<Finding> {
    let services = &loaded.estate.services;
    let edges = (0_u32..).zip(services).flat_map(|(at, service)| {
        service.depends_on.iter().filter(|edge| counts(edge)).map(move |edge| (at, edge.service.0))
    });
    let arrows = Arrows::new(services.len(), &edges.collect::<Vec<_>>());
    let circles = arrows.components().into_iter().filter(|component| component.len() > 1);
    let finding = |component: Vec<u32>| {
        let path = arrows.circle(&component);
        let (caller, callee) = (*path.first()?, *path.get(1)?);
        let edges = services.get(caller as usize)?.depends_on.iter();
        let at = edges.clone().position(|edge| edge.service.0 == callee && counts(edge))?;
        let place = loaded.places.services.get(caller as usize)?.depends_on.get(at)?;
        let names = path.iter().map(|node| services[*node as usize].name.clone()).collect();
        Some(Finding::new(*place, fault(names)))
    };
    circles.filter_map(finding).collect()
}

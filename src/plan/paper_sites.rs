//! The ledger of a plan: what every site carries before it, and when it is done.

use crate::model::Amounts;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::placement::Fate;
use crate::placement::Level;
use crate::plan::LedgerLine;
use crate::plan::SiteOnPaper;
use crate::plan::scene::Scene;

/// Every site, with what is taken there before and after.
pub(in crate::plan) fn sites(scene: &Scene<'_>) -> Vec<SiteOnPaper> {
    let estate = scene.estate();
    let after = taken_after(scene);
    let gone = taken_before(scene);
    let accounts = scene.placement.sites.iter().zip(&estate.sites).enumerate();
    accounts
        .map(|(at, (account, site))| SiteOnPaper {
            id: site.name.clone(),
            title: site.title.clone(),
            state: scene.situation.sites[at].word().to_owned(),
            ledger: (0..estate.resources.len())
                .map(|kind| LedgerLine {
                    resource: estate.resources[kind].clone(),
                    capacity: account.capacity.0[kind],
                    limit: account.limit.0[kind],
                    before: account.before.0[kind] + gone[at].0[kind],
                    after: after[at].0[kind],
                    on_demand: account.on_demand.0[kind],
                })
                .collect(),
        })
        .collect()
}

/// What was there of what the incident takes away: placement has no account of it, and a reader looks for it.
fn taken_before(scene: &Scene<'_>) -> Vec<Amounts> {
    let estate = scene.estate();
    let mut gone = vec![Amounts::zero(estate.resources.len()); estate.sites.len()];
    for (at, service) in estate.services.iter().enumerate() {
        let id = ServiceId::new(at);
        for (replica, now) in service.replicas.iter().zip(&scene.situation.seats[at]) {
            if !matches!(now.fate, Fate::Lost | Fate::Impaired) {
                continue;
            }
            let taken = &mut gone[replica.site.at()];
            *taken = match now.before {
                Ppm::ZERO => taken.plus(&replica.standing),
                share => taken.plus(&scene.situation.demand(estate, id, Level::Full).times(share)),
            };
        }
    }
    gone
}

/// What every site carries when the plan is done, without what a cloud launched.
pub(in crate::plan) fn taken_after(scene: &Scene<'_>) -> Vec<Amounts> {
    let estate = scene.estate();
    let mut after = vec![Amounts::zero(estate.resources.len()); estate.sites.len()];
    for (at, service) in estate.services.iter().enumerate() {
        let seats = scene.placement.services[at].seats.iter().zip(&scene.situation.seats[at]);
        for ((seat, now), replica) in seats.zip(&service.replicas) {
            let taken = &mut after[replica.site.at()];
            if seat.last.share > Ppm::ZERO {
                *taken = taken.plus(&seat.held);
            } else if now.fate.is_target() {
                *taken = taken.plus(&replica.standing);
            }
        }
    }
    after
}

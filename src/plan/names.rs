//! The names of steps: stable from plan to plan, and the same for the same work.

use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

use crate::model::Procedure;
use crate::plan::draft::Draft;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::Web;
use crate::plan::draft::What;
use crate::plan::scene::Scene;

/// `message-store/promote@ansan`, `pay/degrade.knobs@ansan`, `site:pangyo/cut`, `kit:sealed-credentials/fetch`.
pub(in crate::plan) fn step_id(scene: &Scene<'_>, draft: &Draft) -> String {
    let own = match (draft.what, draft.template(scene.estate())) {
        (What::Launch, _) => "launch",
        (What::Lower(_), _) => "lower-ttl",
        (What::Restore(_), _) => "restore-ttl",
        (What::Fetch, _) => "fetch",
        (What::Authored { .. }, Some(template)) => &template.id,
        (What::Authored { .. }, None) => "step",
    };
    let occasion = match (draft.stage, draft.procedure) {
        (Stage::Raise, Procedure::Failover | Procedure::Switchover | Procedure::Failback) => "raise.",
        (_, Procedure::Failover | Procedure::Switchover | Procedure::Failback) => "",
        (_, Procedure::Fence | Procedure::Release) => "",
        (_, Procedure::Detach) => "detach.",
        (_, Procedure::Degrade) => "degrade.",
        (_, Procedure::Shed) => "shed.",
        (_, Procedure::Restore) => "restore.",
    };
    // A service has a route of its own; another one is named.
    let other = match draft.what {
        What::Lower(route) | What::Restore(route) => {
            let is_own = draft.service().is_some_and(|id| scene.estate().service(id).route == Some(route));
            if is_own { String::new() } else { format!(".{}", scene.estate().routes[route.at()].name) }
        }
        What::Authored { .. } | What::Launch | What::Fetch => String::new(),
    };
    match draft.owner {
        Owner::Site(site) => format!("site:{}/{own}", scene.site_name(site)),
        Owner::Kit(kit) => format!("kit:{}/{own}", scene.estate().kits[kit.at()].name),
        Owner::Service(id) => {
            let at = |replica: usize| scene.site_name(scene.site_of(id, replica));
            let whose = match (draft.source, draft.lane) {
                (Some(source), Some(target)) => format!("@{}>{}", at(source), at(target)),
                (Some(source), None) => format!("@{}", at(source)),
                (None, Some(target)) => format!("@{}", at(target)),
                (None, None) => String::new(),
            };
            format!("{}/{occasion}{own}{other}{whose}", scene.name(id))
        }
    }
}

/// The names of all steps and gates, by node.
pub(in crate::plan) fn names(scene: &Scene<'_>, web: &Web) -> Vec<String> {
    let steps = web.drafts.par_iter().map(|draft| step_id(scene, draft));
    let mut names: Vec<String> = steps.collect();
    names.extend(web.gates.iter().map(|gate| gate.id.clone()));
    names
}

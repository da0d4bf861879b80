//! A large plan is judged as a small one is.

use crate::model::Estate;
use crate::model::Millis;
use crate::model::ServiceId;
use crate::plan::Plan;
use crate::plan::verify::tests::estate::estate;
use crate::plan::verify::tests::plan::plan;
use crate::plan::verify::tests::unhook;
use crate::plan::verify::verify;

/// The small estate and its plan many times over; each text also needs the stores of the five before it.
fn many(count: usize) -> (Estate, Plan) {
    let sound = plan();
    let mut plan = sound.clone();
    plan.services.clear();
    plan.steps.clear();
    plan.gates.truncate(1);
    for at in 0..count {
        copy_services(&sound, &mut plan, at);
        copy_items(&sound, &mut plan, at);
    }
    plan.classes.iter_mut().for_each(|class| class.finish_ms = later(count));
    (many_estates(count), plan)
}

fn many_estates(count: usize) -> Estate {
    let small = estate();
    let mut estate = small.clone();
    estate.services.clear();
    for service in &small.services {
        for at in 0..count {
            let mut copy = service.clone();
            copy.name = named(&service.name, at);
            copy.route = None;
            for need in &mut copy.depends_on {
                need.service = ServiceId::new(need.service.at() * count + at);
            }
            for back in 1..=5.min(at) {
                let mut more = copy.depends_on.first().cloned();
                more.iter_mut().for_each(|more| more.service = ServiceId::new(more.service.at() - back));
                copy.depends_on.extend(more);
            }
            for replica in &mut copy.replicas {
                replica.max_load.0[0] *= 1_000_000;
            }
            estate.services.push(copy);
        }
    }
    for site in &mut estate.sites {
        site.capacity.0[0] *= 1_000_000;
    }
    estate.orchestrator.uses.clear();
    estate.host_rules.clear();
    estate
}

fn copy_services(sound: &Plan, plan: &mut Plan, at: usize) {
    for service in &sound.services {
        let mut copy = service.clone();
        copy.id = named(&service.id, at);
        copy.critical_path.clear();
        copy.level_because = None;
        copy.raised.iter_mut().for_each(|raise| raise.by = named(&raise.by, at));
        copy.milestones.iter_mut().skip(1).for_each(|one| one.at_ms = one.at_ms + later(at));
        copy.expected_back_ms = copy.expected_back_ms.map(|one| one + later(at));
        copy.expected_full_ms = copy.expected_full_ms.map(|one| one + later(at));
        plan.services.push(copy);
    }
}

fn copy_items(sound: &Plan, plan: &mut Plan, at: usize) {
    for step in &sound.steps {
        let mut copy = step.clone();
        copy.id = renamed(&step.id, at);
        copy.service = step.service.as_ref().map(|service| named(service, at));
        copy.after = step.after.iter().map(|id| renamed(id, at)).collect();
        if step.id == "text/verify@beta" {
            copy.after.extend((1..=5.min(at)).map(|back| renamed("store/verify@beta", at - back)));
        }
        copy.uses.clear();
        copy.start_ms = copy.start_ms + later(at);
        copy.hosts.iter_mut().for_each(|hosts| hosts.jump.clear());
        if step.id == "text/shift@beta" {
            // The copies have no routes.
            let verify = sound.steps.iter().find(|step| step.id == "text/verify@beta").unwrap();
            copy.action = verify.action.clone();
            copy.hosts.clone_from(&verify.hosts);
            copy.hosts.iter_mut().for_each(|hosts| hosts.jump.clear());
        }
        plan.steps.push(copy);
    }
    let mut fence = sound.gates[1].clone();
    fence.id = renamed(&fence.id, at);
    fence.service = fence.service.map(|service| named(&service, at));
    fence.opened_by = fence.opened_by.iter().map(|id| renamed(id, at)).collect();
    fence.start_ms = fence.start_ms + later(at);
    plan.gates.push(fence);
}

/// One copy after the other, so that pools hold all of them.
fn later(at: usize) -> Millis {
    Millis::from_secs(400 * at as u64)
}

fn named(name: &str, at: usize) -> String {
    format!("{name}-{at:06}")
}

fn renamed(id: &str, at: usize) -> String {
    if let Some((service, rest)) = id.split_once('/') {
        return format!("{}/{rest}", named(service, at));
    }
    match id.strip_prefix("fence:") {
        Some(rest) => format!("fence:{}", rest.replace('@', &format!("-{at:06}@"))),
        None => id.to_owned(),
    }
}

#[test]
fn a_large_plan_breaks_no_law_and_one_missing_edge_is_found() {
    let (estate, mut plan) = many(40);
    assert_eq!(verify(&estate, &plan), []);
    unhook(&mut plan, "text-000030/verify@beta", "store-000026/verify@beta");
    let found = format!("{:?}", verify(&estate, &plan));
    assert_eq!(found.matches("BeforeDependency").count(), 3, "{found}");
}

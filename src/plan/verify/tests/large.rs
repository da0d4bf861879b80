//! A large plan is judged as a small one is.

use crate::model::Estate;
use crate::model::Millis;
use crate::model::ServiceId;
use crate::plan::Plan;
use crate::plan::verify::tests::estate::estate;
use crate::plan::verify::tests::plan::plan;
use crate::plan::verify::tests::unhook;
use crate::plan::verify::verify;

/// The small estate and its plan many times over; each text also needs those of the five before it.
fn many(count: usize) -> (Estate, Plan) {
    let (small, sound) = (estate(), plan());
    let (mut estate, mut plan) = (small.clone(), sound.clone());
    estate.services.clear();
    plan.services.clear();
    plan.steps.clear();
    plan.gates.truncate(1);
    let named = |name: &str, at: usize| format!("{name}-{at:06}");
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
    let rename = |id: &str, at: usize| match id.split_once('/') {
        Some((service, rest)) => format!("{}/{rest}", named(service, at)),
        None => match id.split_once(':') {
            Some(("fence", rest)) => format!("fence:{}", rest.replace('@', &format!("-{at:06}@"))),
            _ => id.to_owned(),
        },
    };
    for at in 0..count {
        let later = Millis::from_secs(400 * at as u64);
        for service in &sound.services {
            let mut copy = service.clone();
            copy.id = named(&service.id, at);
            copy.critical_path.clear();
            copy.level_because = None;
            copy.raised.iter_mut().for_each(|raise| raise.by = named(&raise.by, at));
            copy.milestones.iter_mut().skip(1).for_each(|one| one.at_ms = one.at_ms + later);
            copy.expected_back_ms = copy.expected_back_ms.map(|one| one + later);
            copy.expected_full_ms = copy.expected_full_ms.map(|one| one + later);
            plan.services.push(copy);
        }
        for step in &sound.steps {
            let mut copy = step.clone();
            copy.id = rename(&step.id, at);
            copy.service = step.service.as_ref().map(|service| named(service, at));
            copy.after = step.after.iter().map(|id| rename(id, at)).collect();
            for back in 1..=5.min(at) {
                if step.id == "text/verify@beta" {
                    copy.after.push(rename("store/verify@beta", at - back));
                }
            }
            copy.uses.clear();
            copy.start_ms = copy.start_ms + later;
            copy.hosts.iter_mut().for_each(|hosts| hosts.jump.clear());
            if step.id == "text/shift@beta" {
                copy.action = sound.steps[1].action.clone();
                copy.hosts = sound.steps.iter().find(|step| step.id == "text/verify@beta").unwrap().hosts.clone();
            }
            plan.steps.push(copy);
        }
        let mut fence = sound.gates[1].clone();
        fence.id = rename(&fence.id, at);
        fence.service = fence.service.map(|service| named(&service, at));
        fence.opened_by = fence.opened_by.iter().map(|id| rename(id, at)).collect();
        fence.start_ms = fence.start_ms + later;
        plan.gates.push(fence);
    }
    plan.classes.iter_mut().for_each(|class| class.finish_ms = Millis::from_secs(400 * count as u64));
    (estate, plan)
}

#[test]
fn a_large_plan_breaks_no_law_and_one_missing_edge_is_found() {
    let (estate, mut plan) = many(40);
    assert_eq!(verify(&estate, &plan), []);
    unhook(&mut plan, "text-000030/verify@beta", "store-000026/verify@beta");
    let found = format!("{:?}", verify(&estate, &plan));
    assert_eq!(found.matches("BeforeDependency").count(), 3, "{found}");
}

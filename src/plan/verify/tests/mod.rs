//! A plan that keeps every law, and each law broken by hand.

mod estate;
mod plan;

mod bounds;
mod dependencies;
mod large;
mod permission;
mod room;
mod shape;
mod silence;
mod summary;
mod writers;

use crate::plan::Gate;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::Step;
use crate::plan::verify::tests::estate::estate;
use crate::plan::verify::tests::plan::plan;
use crate::plan::verify::verify;

#[test]
fn a_sound_plan_breaks_no_law() {
    assert_eq!(verify(&estate(), &plan()), []);
}

/// What is found once the plan is broken, one violation a line.
fn broken(change: impl FnOnce(&mut Plan)) -> String {
    let mut plan = plan();
    change(&mut plan);
    verify(&estate(), &plan).iter().map(|one| serde_json::to_string(one).unwrap() + "\n").collect()
}

fn step<'a>(plan: &'a mut Plan, id: &str) -> &'a mut Step {
    plan.steps.iter_mut().find(|step| step.id == id).unwrap()
}

fn gate<'a>(plan: &'a mut Plan, id: &str) -> &'a mut Gate {
    plan.gates.iter_mut().find(|gate| gate.id == id).unwrap()
}

fn service<'a>(plan: &'a mut Plan, id: &str) -> &'a mut ServiceOnPaper {
    plan.services.iter_mut().find(|service| service.id == id).unwrap()
}

/// Takes an item out of what another comes after.
fn unhook(plan: &mut Plan, item: &str, after: &str) {
    let after_of = |after: &mut Vec<String>, gone: &str| after.retain(|one| one != gone);
    plan.steps.iter_mut().filter(|step| step.id == item).for_each(|step| after_of(&mut step.after, after));
    plan.gates.iter_mut().filter(|gate| gate.id == item).for_each(|gate| after_of(&mut gate.after, after));
}

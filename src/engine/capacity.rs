//! A look at the capacity that steps launch, before anything is done: how much is in service, and whether more would be
//! given. It changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::driver;
use crate::driver::Key;
use crate::driver::ScaleTask;
use crate::driver::Scout;
use crate::driver::Task;
use crate::engine::job;
use crate::plan::Plan;
use crate::run::preflight::CapacitySeen;

/// The launches among these steps, in the order of the plan.
pub(in crate::engine) fn launches(plan: &Plan, steps: &[usize], run: &str) -> Vec<(String, ScaleTask)> {
    let launch = |at: &usize| {
        let step = &plan.steps[*at];
        let key = Key { run: run.to_owned(), step: step.id.clone(), attempt: 0 };
        match job::job(plan, step, key, &BTreeSet::new())?.task {
            Task::Scale(task) => Some((step.id.clone(), *task)),
            Task::Ssh { .. } | Task::Exec { .. } | Task::Http(_) | Task::Route(_) => None,
            Task::Ttl(_) | Task::Notify { .. } | Task::Wait(_) => None,
        }
    };
    steps.iter().filter_map(launch).collect()
}

/// Asks for all of them at once: a plan has a few, each with a provider that is asked once.
pub(in crate::engine) async fn see<H: Scout>(
    hands: &Arc<H>,
    launches: Vec<(String, ScaleTask)>,
    until: Instant,
) -> Vec<CapacitySeen> {
    let mut asking = JoinSet::new();
    for (at, (step, task)) in launches.into_iter().enumerate() {
        let hands = Arc::clone(hands);
        asking.spawn(async move {
            let (provider, wanted) = (task.provider.name.clone(), task.to.clone());
            let seen = match timeout_at(until, hands.capacity(task)).await {
                Ok(driver::CapacitySeen { in_service: Ok(there), troubles }) => (Some(there), troubles),
                Ok(driver::CapacitySeen { in_service: Err(why), mut troubles }) => {
                    troubles.insert(0, why);
                    (None, troubles)
                }
                Err(_) => (None, vec![format!("{provider} did not answer in time")]),
            };
            let (in_service, troubles) = seen;
            (at, CapacitySeen { step, provider, wanted, in_service, troubles })
        });
    }
    let mut all = asking.join_all().await;
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, seen)| seen).collect()
}

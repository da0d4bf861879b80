//! Capacity of an auto-scaling group: its desired capacity is raised to a number, and its instances are counted.
//!
//! It is never lowered, and never above the group's own MaxSize. The API can't compare and write in one, so all who ask a
//! group here take turns, and each looks right before it writes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::config::BehaviorVersion;
use aws_sdk_autoscaling::config::Region;
use aws_sdk_autoscaling::types::Activity;
use aws_sdk_autoscaling::types::AutoScalingGroup;
use aws_sdk_autoscaling::types::Instance;
use aws_sdk_autoscaling::types::LifecycleState;
use aws_sdk_autoscaling::types::ScalingActivityStatusCode;

use crate::driver::INSTANCES;
use crate::driver::ScaleTask;
use crate::driver::Secrets;
use crate::driver::aws;
use crate::driver::aws::Came;
use crate::driver::scale::capacity;
use crate::driver::scale::capacity::Capacity;
use crate::driver::scale::launcher::Launcher;
use crate::driver::scale::launcher::Present;
use crate::driver::scale::launcher::Trouble;

/// One group, for whoever asks it.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// Who asks a group next: each waits for its turn. By region and name of the group.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    all: Arc<Mutex<BTreeMap<(String, String), Turn>>>,
}

impl Turns {
    fn of(&self, region: &str, group: &str) -> Turn {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry((region.to_owned(), group.to_owned())).or_default())
    }
}

/// One launch in one group.
pub(super) struct Autoscaling {
    client: Client,
    /// The provider, as people call it.
    name: String,
    region: String,
    group: String,
    wanted: Capacity,
    turn: Turn,
    /// Activities that had failed before we looked first: they say nothing of what we ask for.
    before: Mutex<Option<BTreeSet<String>>>,
}

/// The last activities; a group that can't launch tries again every few seconds.
const ACTIVITIES_MAX: i32 = 20;

/// By these words EC2 says that an account may have no more. It has no code where a group tells of it.
const QUOTAS: &[&str] = &["vcpu limit", "instance limit", "limitexceeded", "quota"];

impl Autoscaling {
    /// From what is authored, with the credentials that it refers to, or those of the standard variables.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn new(task: &ScaleTask, secrets: &Secrets, turns: &Turns) -> Result<Self, String> {
        let provider = &task.provider;
        let name = provider.name.clone();
        let missing = |key: &str| format!("the provider {name} has no `{key}`");
        let group = provider.group.clone().ok_or_else(|| missing("group"))?;
        let region = provider.region.clone().ok_or_else(|| missing("region"))?;
        let wanted: Capacity = task.to.iter().cloned().collect();
        if !wanted.contains_key(INSTANCES) {
            return Err(format!("the plan does not say how many instances {name} is to have: plan again"));
        }
        let mut config = aws_sdk_autoscaling::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(aws::credentials(provider, secrets)?)
            .http_client(aws::http())
            .timeout_config(aws::timeouts())
            .retry_config(aws::retries());
        if let Some(server) = provider.servers.first() {
            config = config.endpoint_url(server);
        }
        let (client, turn) = (Client::from_conf(config.build()), turns.of(&region, &group));
        Ok(Self { client, name, region, group, wanted, turn, before: Mutex::default() })
    }

    async fn described(&self) -> Result<AutoScalingGroup, Trouble> {
        let described = self.client.describe_auto_scaling_groups().auto_scaling_group_names(&self.group).send().await;
        let described = described.map_err(|error| {
            let (came, says) = aws::failed(&error, false);
            let why = format!("{}: the group can't be looked at: {says}", self.name);
            if came == Came::No { Trouble::Refused(why) } else { Trouble::Silent(why) }
        })?;
        let is_it = |group: &&AutoScalingGroup| group.auto_scaling_group_name() == Some(&self.group);
        let (group, region) = (&self.group, &self.region);
        let found = described.auto_scaling_groups().iter().find(is_it).cloned().ok_or_else(|| {
            Trouble::Refused(format!(
                "{}: there is no group {group} in {region}: compare `group` and `region` with the account's",
                self.name
            ))
        })?;
        match found.status() {
            None => Ok(found),
            Some(status) => Err(Trouble::Refused(format!("{}: {group}: {status}", self.name))),
        }
    }

    /// What the group says of launches that failed since we first looked, the last first.
    async fn failures(&self) -> Vec<String> {
        let listed = self.client.describe_scaling_activities().auto_scaling_group_name(&self.group);
        // Nothing depends on it but what people are told.
        let Ok(listed) = listed.max_records(ACTIVITIES_MAX).send().await else { return Vec::new() };
        let failed = |it: &&Activity| {
            matches!(it.status_code(), Some(ScalingActivityStatusCode::Failed | ScalingActivityStatusCode::Cancelled))
        };
        let failed: Vec<&Activity> = listed.activities().iter().filter(failed).collect();
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = before.is_none();
        let known = before.get_or_insert_default();
        if is_first {
            known.extend(failed.iter().filter_map(|it| it.activity_id()).map(str::to_owned));
        }
        let is_new = |it: &&&Activity| it.activity_id().is_some_and(|id| !known.contains(id));
        failed.iter().filter(is_new).filter_map(|it| it.status_message()).map(str::to_owned).collect()
    }
}

/// In thousandths, as all capacity is.
fn thousandths(count: i32) -> u64 {
    u64::try_from(count).unwrap_or(0).saturating_mul(1_000)
}

fn instances(amount: u64) -> Capacity {
    Capacity::from([(INSTANCES.to_owned(), amount)])
}

/// What an instance counts for: one, unless the group weighs them.
fn counts(instance: &Instance) -> u64 {
    let is_there = instance.lifecycle_state() == Some(&LifecycleState::InService);
    let is_well = instance.health_status().is_some_and(|health| health.eq_ignore_ascii_case("healthy"));
    let weight = instance.weighted_capacity().and_then(|weight| weight.parse::<u64>().ok()).unwrap_or(1);
    if is_there && is_well { weight.saturating_mul(1_000) } else { 0 }
}

impl Launcher for Autoscaling {
    async fn read(&self) -> Result<Present, Trouble> {
        let group = self.described().await?;
        let in_service = instances(group.instances().iter().map(counts).sum());
        let mut present = Present {
            in_service,
            asked: Some(instances(thousandths(group.desired_capacity().unwrap_or(0)))),
            most: group.max_size().map(|most| instances(thousandths(most))),
            most_by: "the MaxSize of its group",
            ..Present::default()
        };
        if capacity::covers(&present.in_service, &self.wanted) {
            return Ok(present);
        }
        if group.suspended_processes().iter().any(|process| process.process_name() == Some("Launch")) {
            present.refused = Some(format!("launching is suspended in {}: let the group resume it", self.group));
            return Ok(present);
        }
        let failures = self.failures().await;
        let is_quota = |why: &&String| QUOTAS.iter().any(|quota| why.to_lowercase().contains(quota));
        present.refused = failures.iter().find(is_quota).cloned();
        present.note = failures.into_iter().next();
        Ok(present)
    }

    async fn ask(&self, total: &Capacity) -> Result<(), Trouble> {
        let _turn = self.turn.lock().await;
        let wanted = total.get(INSTANCES).copied().unwrap_or(0).div_ceil(1_000);
        let wanted = i32::try_from(wanted).map_err(|_| Trouble::Refused(format!("no group has {wanted} instances")))?;
        if self.described().await?.desired_capacity().is_some_and(|desired| desired >= wanted) {
            return Ok(());
        }
        let asked = self.client.set_desired_capacity().auto_scaling_group_name(&self.group);
        let asked = asked.desired_capacity(wanted).honor_cooldown(false).send().await;
        asked.map(drop).map_err(|error| match aws::failed(&error, true) {
            (Came::No, says) => Trouble::Refused(says),
            (Came::Silent, says) => Trouble::Silent(format!("{}: {says}", self.name)),
            (Came::Open, says) => Trouble::Open(format!("{}: {says}", self.name)),
        })
    }
}

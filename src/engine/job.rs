//! From a step on paper to what hands are asked: the same, with its hosts counted out and its run named.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::driver::HealthTask;
use crate::driver::HostAt;
use crate::driver::HttpTask;
use crate::driver::INSTANCES;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Probe;
use crate::driver::ProviderTask;
use crate::driver::RouteStage;
use crate::driver::RouteTask;
use crate::driver::ScaleTask;
use crate::driver::Task;
use crate::driver::TsigTask;
use crate::driver::TtlTask;
use crate::model::HostSet;
use crate::model::Ppm;
use crate::model::ProviderKind;
use crate::plan::ActionOnPaper;
use crate::plan::HostsOnPaper;
use crate::plan::HttpOnPaper;
use crate::plan::Plan;
use crate::plan::ProbeOnPaper;
use crate::plan::ProviderOnPaper;
use crate::plan::RecordOnPaper;
use crate::plan::RouteOnPaper;
use crate::plan::StageOnPaper;
use crate::plan::Step;
use crate::plan::TtlOnPaper;
use crate::template::Text;

/// What hands are asked to do for a step. None for what only a person does.
pub(in crate::engine) fn job(plan: &Plan, step: &Step, key: Key, done: &BTreeSet<String>) -> Option<Job> {
    let task = task(plan, step, &step.action, &key.run)?;
    Some(on(plan, step, key, task, done))
}

/// The job of a question about a step: who is asked, and within which limits.
pub(in crate::engine) fn about(plan: &Plan, step: &Step, key: Key, probe: &ProbeOnPaper) -> Option<(Job, Probe)> {
    let probe = probe_of(plan, step, probe, &key.run)?;
    let mut job = on(plan, step, key, Task::Wait(probe.clone()), &BTreeSet::new());
    if !probe.ask.is_on_hosts() {
        job.hosts = Vec::new();
    }
    Some((job, probe))
}

fn on(plan: &Plan, step: &Step, key: Key, task: Task, done: &BTreeSet<String>) -> Job {
    let hosts = if task.is_on_hosts() { hosts(plan, step, done) } else { Vec::new() };
    let batch = step.batch.as_ref();
    // Hands on hosts name the host in it; on this machine it is done as it is.
    let on_hosts = task.is_on_hosts();
    let kill = step.limits.kill.as_ref();
    let kill = kill.map(|kill| if on_hosts { with_run(kill, &key.run) } else { finished(kill, &key.run) });
    Job {
        key,
        task,
        parallel: batch.map_or(u32::MAX, |batch| batch.parallel),
        enough: enough(step, done, hosts.len()),
        hosts,
        timeout: step.limits.timeout_ms,
        // More than one attempt is granted only to what is safe to repeat.
        repeatable: step.limits.attempts > 1,
        kill,
        output_bytes: plan.limits.output_bytes,
    }
}

/// The hosts that a step or its questions are about, none where all of it is done elsewhere.
pub(in crate::engine) fn hosts_of(plan: &Plan, step: &Step) -> Vec<HostAt> {
    let probes = [&step.done_if, &step.verify, &step.position].into_iter().flatten().map(|probe| &*probe.ask);
    let on_hosts = std::iter::once(&step.action).chain(probes).any(ActionOnPaper::is_on_hosts);
    if on_hosts { hosts(plan, step, &BTreeSet::new()) } else { Vec::new() }
}

fn hosts(plan: &Plan, step: &Step, done: &BTreeSet<String>) -> Vec<HostAt> {
    let Some(hosts) = &step.hosts else { return Vec::new() };
    let jump = bastions(plan, hosts, &mut Vec::new());
    each(hosts, &jump).into_iter().filter(|host| !done.contains(&host.name)).collect()
}

/// The hosts of a set, one by one.
fn each(hosts: &HostsOnPaper, jump: &[HostAt]) -> Vec<HostAt> {
    let Ok(set) = HostSet::parse(&hosts.set) else { return Vec::new() };
    set.iter()
        .map(|name| HostAt {
            address: fill(&hosts.address, &[("host", &name)]),
            user: hosts.user.clone(),
            port: hosts.port,
            jump: jump.to_vec(),
            name,
        })
        .collect()
}

/// The bastions of some hosts, in the order in which they are tried, each with its own. Nobody reaches a bastion through
/// itself: `way` holds those that stand before it already, as where one rule for all hosts names it.
fn bastions(plan: &Plan, hosts: &HostsOnPaper, way: &mut Vec<String>) -> Vec<HostAt> {
    let mut all = Vec::new();
    for name in &hosts.jump {
        let Some(bastion) = plan.bastions.iter().find(|bastion| bastion.name == *name) else { continue };
        if !way.contains(name) {
            way.push(name.clone());
            let jump = bastions(plan, &bastion.hosts, way);
            all.extend(each(&bastion.hosts, &jump));
            way.pop();
        }
    }
    all
}

/// How many of the missing hosts are enough, so that enough of all hosts are done. Rounded down, since whoever counts
/// against it rounds up.
fn enough(step: &Step, done: &BTreeSet<String>, missing: usize) -> Ppm {
    let enough = step.batch.as_ref().map_or(Ppm::ONE, |batch| batch.enough);
    let all = step.hosts.as_ref().map_or(0, |hosts| hosts.count);
    let done = u64::try_from(done.len()).unwrap_or(u64::MAX);
    let missing = u64::try_from(missing).unwrap_or(u64::MAX).max(1);
    let needed = (u128::from(enough.0) * u128::from(all)).div_ceil(u128::from(Ppm::ONE.0));
    let needed = needed.saturating_sub(u128::from(done));
    let share = needed * u128::from(Ppm::ONE.0) / u128::from(missing);
    Ppm(u64::try_from(share).unwrap_or(u64::MAX).min(Ppm::ONE.0))
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    // The plan was checked when it was made: what is no template any more is taken as it stands.
    let filled = Text::parse(text).map(|parsed| parsed.fill(value));
    filled.map_or_else(|_| text.to_owned(), |filled| filled.finish().unwrap_or_else(|_| text.to_owned()))
}

/// What hands are asked, for an action. None for what only a person does.
pub(in crate::engine) fn task(plan: &Plan, step: &Step, action: &ActionOnPaper, run: &str) -> Option<Task> {
    let named = |line: &String| finished(line, run);
    Some(match action {
        ActionOnPaper::Ssh { line, env } => Task::Ssh { line: with_run(line, run), env: env.clone() },
        ActionOnPaper::Exec { line, env } => Task::Exec { line: named(line), env: env.clone() },
        ActionOnPaper::Http(http) => Task::Http(http_task(http, run)),
        ActionOnPaper::Route(shift) => Task::Route(Box::new(route_task(plan, shift, run)?)),
        ActionOnPaper::Ttl(ttl) => Task::Ttl(Box::new(ttl_task(plan, ttl, run)?)),
        ActionOnPaper::Scale { provider, to, instances } => Task::Scale(Box::new(ScaleTask {
            provider: provider_task(plan, provider, run),
            service: step.service.clone().unwrap_or_default(),
            site: step.site.clone().unwrap_or_default(),
            // A group knows instances, and no resources.
            to: match instances {
                Some(instances) => vec![(INSTANCES.to_owned(), instances.saturating_mul(1_000))],
                None => to.clone(),
            },
        })),
        ActionOnPaper::Notify { message, via } => Task::Notify { message: named(message), via: named(via) },
        ActionOnPaper::Wait(probe) => Task::Wait(probe_of(plan, step, probe, run)?),
        ActionOnPaper::Confirm { .. } | ActionOnPaper::Fetch { .. } => return None,
    })
}

/// Names the run in a line, and leaves the names of hosts for whoever knows them: it is a template still.
fn with_run(line: &str, run: &str) -> String {
    // Most lines have neither a name nor an escape in them.
    if !line.contains('{') {
        return line.to_owned();
    }
    let filled = Text::parse(line).map(|text| text.fill(|name| (name == "run").then_some(run)));
    filled.map_or_else(|_| line.to_owned(), |text| text.to_string())
}

/// A line as it is sent, where nobody but the run is named in it.
fn finished(line: &str, run: &str) -> String {
    if line.contains('{') { fill(line, &[("run", run)]) } else { line.to_owned() }
}

fn probe_of(plan: &Plan, step: &Step, probe: &ProbeOnPaper, run: &str) -> Option<Probe> {
    Some(Probe {
        ask: Box::new(task(plan, step, &probe.ask, run)?),
        expect_output: probe.expect_output.clone(),
        within: probe.within_ms,
        times: probe.times,
    })
}

fn http_task(http: &HttpOnPaper, run: &str) -> HttpTask {
    let named = |text: &String| finished(text, run);
    HttpTask {
        method: http.method.clone(),
        url: named(&http.url),
        headers: http.headers.iter().map(|(name, value)| (name.clone(), named(value))).collect(),
        body: http.body.as_ref().map(named),
        body_from: http.body_from.clone(),
        expect_status: http.expect_status.clone(),
        expect_body: http.expect_body.clone(),
        redirects: http.redirects,
        ca: http.ca.clone(),
    }
}

/// Every route that these steps shift, once, as the first of them does.
pub(in crate::engine) fn shifts(plan: &Plan, steps: &[usize], run: &str) -> Vec<RouteTask> {
    let mut found: BTreeMap<&str, &RouteOnPaper> = BTreeMap::new();
    for at in steps {
        if let ActionOnPaper::Route(shift) = &plan.steps[*at].action {
            found.entry(&shift.route).or_insert(shift);
        }
    }
    found.into_values().filter_map(|shift| route_task(plan, shift, run)).collect()
}

/// Every route of a plan, to be looked at and not to be shifted.
pub(in crate::engine) fn all_routes(plan: &Plan, run: &str) -> Vec<RouteTask> {
    plan.routes.iter().map(|route| looked_at(plan, route, run)).collect()
}

fn looked_at(plan: &Plan, route: &RecordOnPaper, run: &str) -> RouteTask {
    RouteTask {
        route: route.name.clone(),
        provider: provider_task(plan, &route.provider, run),
        record: route.record.clone(),
        ttl: route.ttl_ms,
        at: route.at.clone(),
        stages: Vec::new(),
        leaves: Vec::new(),
        barred: Vec::new(),
        health: route.health.as_ref().map(|health| HealthTask {
            url: health.url.clone(),
            expect_status: health.expect_status,
            max_error_rate: health.max_error_rate,
        }),
    }
}

/// None where the plan does not say where the route can lead: it was not made by this program.
fn route_task(plan: &Plan, shift: &RouteOnPaper, run: &str) -> Option<RouteTask> {
    let route = plan.routes.iter().find(|route| route.name == shift.route)?;
    let stage = |stage: &StageOnPaper| RouteStage { to: stage.to.clone(), hold: stage.hold_ms };
    Some(RouteTask {
        stages: shift.stages.iter().map(stage).collect(),
        leaves: shift.leaves.clone(),
        barred: shift.barred.clone(),
        ttl: shift.ttl_ms,
        ..looked_at(plan, route, run)
    })
}

fn ttl_task(plan: &Plan, ttl: &TtlOnPaper, run: &str) -> Option<TtlTask> {
    let route = plan.routes.iter().find(|route| route.name == ttl.route)?;
    Some(TtlTask { route: RouteTask { ttl: ttl.ttl_ms, ..looked_at(plan, route, run) }, wait: ttl.wait_ms })
}

/// Where a provider is spoken to. The endpoint of an account is the only one, lost or not: in its place nobody is asked.
fn spoken_to(provider: &ProviderOnPaper) -> Vec<String> {
    let is_account = matches!(provider.kind, ProviderKind::Route53 | ProviderKind::AwsAutoscaling);
    if is_account && provider.servers.is_empty() { provider.left_out.clone() } else { provider.servers.clone() }
}

/// The hosts of a provider's sockets, each with its bastions.
fn far_hosts(plan: &Plan, provider: &ProviderOnPaper) -> Vec<HostAt> {
    provider.hosts.iter().flat_map(|hosts| each(hosts, &bastions(plan, hosts, &mut Vec::new()))).collect()
}

/// A provider that the plan does not know can do nothing, and says so when it is asked.
fn provider_task(plan: &Plan, name: &str, run: &str) -> ProviderTask {
    let known = plan.providers.iter().find(|provider| provider.name == name);
    let text = |text: &Option<String>| text.as_ref().map(|text| with_run(text, run));
    ProviderTask {
        name: name.to_owned(),
        kind: known.map_or(ProviderKind::Command, |known| known.kind),
        servers: known.map(spoken_to).unwrap_or_default(),
        hosts: known.map(|known| far_hosts(plan, known)).unwrap_or_default(),
        also: known.map(|known| known.also.clone()).unwrap_or_default(),
        zone: known.and_then(|known| known.zone.clone()),
        tsig: known.and_then(|known| known.tsig.as_ref()).map(|tsig| TsigTask {
            name: tsig.name.clone(),
            algorithm: tsig.algorithm.clone(),
            secret: tsig.secret.clone(),
        }),
        group: known.and_then(|known| known.group.clone()),
        region: known.and_then(|known| known.region.clone()),
        read: known.and_then(|known| text(&known.read)),
        write: known.and_then(|known| text(&known.write)),
        look: known.and_then(|known| text(&known.look)),
        env: known.map(|known| known.env.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::finished;
    use super::with_run;

    #[test]
    fn what_is_escaped_is_sent_as_text_and_only_the_run_is_named_before_a_host_is() {
        let line = r"docker ps --format '\{{.Names}}' \{{ run }} {{ host }} {{ run }} 한{";
        assert_eq!(with_run(line, "r1"), r"docker ps --format '\{{.Names}}' \{{ run }} {{ host }} r1 한{");
        let line = r"echo $\{#a} \{{ run }} {{ run }} \\{a}";
        assert_eq!(finished(line, "r1"), r"echo ${#a} {{ run }} r1 \\{a}");
        // A run's name is no template, whatever is in it; and plans of before may hold what is none.
        assert_eq!(finished("{{ run }}", "{{ host }}"), "{{ host }}");
        assert_eq!(finished("ps {{.Names}}", "r1"), "ps {{.Names}}");
    }
}

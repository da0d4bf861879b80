//! Commands on other hosts, over SSH: hundreds at once, each begun at most once, found again, and killed for certain.
//!
//! Read in this order: `far` is what a host is asked and answers; `pool` gives a session to it; `reach` opens one, `keeper`
//! owns it in a thread, `link` is how the rest sees it. What is reached and asked here is decided elsewhere.

mod command;
mod error;
mod far;
mod far_host;
mod keeper;
mod keys;
mod known;
mod link;
mod look;
mod pool;
mod reach;
mod settings;
mod socket;
mod sweep;
mod tunnel;
mod wire;

pub use settings::SshSettings;
pub(in crate::driver) use socket::FarSocket;
pub(in crate::driver) use socket::Held;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::driver::Answer;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::HostAnswer;
use crate::driver::HostAt;
use crate::driver::HostOutcome;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::News;
use crate::driver::Outcome;
use crate::driver::Probe;
use crate::driver::Secrets;
use crate::driver::Told;
use crate::driver::played::later;
use crate::driver::record::State;
use crate::driver::secret::Unsealed;
use crate::driver::ssh::far_host::Errand;
use crate::driver::ssh::far_host::FarHost;
use crate::driver::ssh::pool::Pool;
use crate::template::Text;

/// Hands on other hosts.
#[derive(Debug, Clone)]
pub(super) struct Ssh {
    pool: Pool,
    secrets: Secrets,
    grace: Duration,
}

/// A command line and its secrets by reference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) env: &'a [(String, String)],
}

impl Ssh {
    /// With these settings; keys and known hosts are read now.
    pub(super) fn new(settings: SshSettings, secrets: Secrets, grace: Duration) -> std::io::Result<Self> {
        Ok(Self { pool: Pool::new(settings, &secrets)?, secrets, grace })
    }

    pub(super) fn set_grace(&mut self, grace: Duration) {
        self.grace = grace;
    }

    /// Does it on all hosts.
    pub(super) async fn act(&self, job: &Job, line: Line<'_>, told: &Told) -> Outcome {
        let Unsealed { env, mask } = match self.secrets.unseal(line.env) {
            Ok(unsealed) => unsealed,
            Err(error) => return Outcome::just(End::CouldNotStart(error.in_full())),
        };
        let until = later(Instant::now(), job.timeout);
        let errand = Errand::Begin { line: line.text.to_owned(), env: Arc::new(env), mask };
        self.on_all(job, errand, until, told).await
    }

    /// Goes on with it on all hosts.
    pub(super) async fn adopt(&self, job: &Job, told: &Told) -> Outcome {
        self.on_all(job, Errand::Follow, later(Instant::now(), job.timeout), told).await
    }

    async fn on_all(&self, job: &Job, errand: Errand, until: Instant, told: &Told) -> Outcome {
        let errand = Arc::new(errand);
        let told = told.clone();
        let ends = self.each(job, move |host, far| {
            let (errand, told) = (Arc::clone(&errand), told.clone());
            async move {
                let (end, said) = far.carry_out(&errand, until).await;
                let outcome = HostOutcome { host: host.name, end, said };
                told.tell(News::Host(outcome.clone()));
                outcome
            }
        });
        Outcome::of_hosts(ends.await, job.enough)
    }

    /// What became of it, on all hosts together.
    pub(super) async fn inquire(&self, job: &Job) -> Found {
        let states = self.each(job, |host, far| async move { (host.name, far.inquire().await) }).await;
        let mut hosts = Vec::new();
        let (mut alive, mut gone, mut begun) = (false, false, false);
        let mut unknown = None;
        for (host, state) in states {
            match state {
                Err(why) => unknown = unknown.or(Some(format!("{host}: {why}"))),
                Ok((state, said)) => {
                    alive |= state == State::Alive;
                    gone |= state == State::Gone;
                    begun |= state != State::Never;
                    hosts.push(HostOutcome { host, end: far::end_of_state(state), said });
                }
            }
        }
        match unknown {
            // What lives is followed, and whoever could not be asked is asked again then.
            _ if alive => Found::Alive,
            Some(why) => Found::Unknown(why),
            None if !begun => Found::NeverBegun,
            None if gone && hosts.len() == 1 => Found::Gone,
            None => Found::Ended(Outcome::of_hosts(hosts, job.enough)),
        }
    }

    /// Kills it on all hosts.
    pub(super) async fn kill(&self, job: &Job) -> Killed {
        let dead = self.each(job, |host, far| async move { (host.name, far.kill("killed").await) }).await;
        let alive = dead.into_iter().filter_map(|(host, dead)| dead.err().map(|why| format!("{host}: {why}")));
        let alive: Vec<String> = alive.collect();
        match alive.first() {
            None => Killed::Dead,
            Some(first) if alive.len() == 1 => Killed::NotConfirmed(first.clone()),
            Some(first) => Killed::NotConfirmed(format!("{first}; and {} more hosts", alive.len() - 1)),
        }
    }

    /// Asks all hosts.
    pub(super) async fn ask(&self, job: &Job, probe: &Probe, line: Line<'_>) -> Answer {
        let Unsealed { env, mask } = match self.secrets.unseal(line.env) {
            Ok(unsealed) => unsealed,
            Err(error) => return Answer::Unknown { reason: error.in_full(), hosts: Vec::new() },
        };
        let env: Arc<Vec<(String, OsString)>> = Arc::new(env);
        let (probe, text) = (Arc::new(probe.clone()), Arc::new(line.text.to_owned()));
        let answers = self.each(job, move |host, far| {
            let (env, mask, probe, text) = (Arc::clone(&env), mask.clone(), Arc::clone(&probe), Arc::clone(&text));
            async move {
                let (is_so, said) = far.ask(&probe, &text, &env, &mask).await;
                HostAnswer { host: host.name, is_so, said }
            }
        });
        Answer::of_hosts(answers.await)
    }

    /// Does something for each host, as many at once as the job may.
    async fn each<T, F>(&self, job: &Job, call: impl Fn(HostAt, FarHost) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let turns = usize::try_from(job.parallel).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        let turns = Arc::new(Semaphore::new(turns));
        let mut tasks = JoinSet::new();
        let shared = Arc::new(job.clone());
        for host in &job.hosts {
            let (pool, job) = (self.pool.clone(), Arc::clone(&shared));
            let far = FarHost { pool, host: host.clone(), job, grace: self.grace };
            let turns = Arc::clone(&turns);
            let call = call(host.clone(), far);
            tasks.spawn(async move {
                let turn = turns.acquire_owned().await;
                let done = call.await;
                drop(turn);
                done
            });
        }
        let mut all = Vec::with_capacity(job.hosts.len());
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(done) => all.push(done),
                // A panic in a task is a bug of ours, and must not look like a host that was left out.
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => {}
            }
        }
        all
    }
}

/// Names the host in a line.
fn fill(line: &str, host: &HostAt) -> String {
    let Ok(text) = Text::parse(line) else { return line.to_owned() };
    let filled = text.fill(|name| match name {
        "host" => Some(host.name.as_str()),
        "host-address" => Some(host.address.as_str()),
        _ => None,
    });
    // The plan was checked when it was made: what is no template any more is taken as it stands.
    filled.finish().unwrap_or_else(|_| line.to_owned())
}

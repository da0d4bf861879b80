//! Shifts through a real HAProxy: under load, against its no, with other hands in it, stopped, and dead.

mod far;
mod lab;
mod moved;
mod refused;

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::driver::End;
use crate::driver::HealthTask;
use crate::driver::Outcome;
use crate::driver::ProviderTask;
use crate::driver::RouteStage;
use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::Told;
use crate::driver::route::haproxy::Haproxy;
use crate::driver::route::haproxy::tests::lab::Balancer;
use crate::driver::route::haproxy::tests::lab::Site;
use crate::driver::route::health::OverHttp;
use crate::driver::route::ramp::Pace;
use crate::driver::route::ramp::Ramp;
use crate::driver::ssh::Ssh;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderKind;

/// Fast enough for a test; health is asked 20 times a second.
const PACE: Pace = Pace { pause: Duration::from_millis(50), settle: Duration::from_millis(1_500) };
const HOLD: Millis = Millis(300);

/// Three sites behind one balancer, as on a normal day: half of the users at pangyo, half at ansan, nobody at tokyo.
struct Lab {
    pangyo: Site,
    ansan: Site,
    tokyo: Site,
    balancer: Balancer,
}

impl Lab {
    async fn start() -> Self {
        Self::with("balance roundrobin", "").await
    }

    /// With another way to balance, and more words for tokyo's server.
    async fn with(balance: &str, more: &str) -> Self {
        let (pangyo, ansan, tokyo) =
            (Site::start("pangyo").await, Site::start("ansan").await, Site::start("tokyo").await);
        let lines = format!(
            "{balance}\nserver p1 {} weight 100\nserver a1 {} weight 100\nserver t1 {} weight 0 {more}\n",
            pangyo.address(),
            ansan.address(),
            tokyo.address()
        );
        let balancer = Balancer::start(&lines).await;
        Self { pangyo, ansan, tokyo, balancer }
    }

    /// The way to tokyo, by stages in percent.
    fn task(&self, stages: &[&[(&str, u64)]]) -> RouteTask {
        let at = [&self.ansan, &self.pangyo, &self.tokyo];
        let at = at.map(|site| (site.name.to_owned(), vec![site.address()]));
        task(&[self.balancer.socket("admin")], &at, stages)
    }
}

fn task(servers: &[String], at: &[(String, Vec<String>)], stages: &[&[(&str, u64)]]) -> RouteTask {
    let share = |(site, percent): &(&str, u64)| ((*site).to_owned(), Ppm(percent * 10_000));
    let stage = |to: &&[(&str, u64)]| RouteStage { to: to.iter().map(share).collect(), hold: HOLD };
    RouteTask {
        route: "text".to_owned(),
        provider: ProviderTask {
            name: "lb".to_owned(),
            kind: ProviderKind::Haproxy,
            servers: servers.to_vec(),
            hosts: Vec::new(),
            also: Vec::new(),
            zone: None,
            tsig: None,
            group: None,
            region: None,
            read: None,
            write: None,
            look: None,
            env: Vec::new(),
        },
        record: "be".to_owned(),
        ttl: Millis::ZERO,
        at: at.to_vec(),
        stages: stages.iter().map(stage).collect(),
        leaves: vec!["pangyo".to_owned()],
        barred: Vec::new(),
        health: None,
    }
}

fn watched(task: RouteTask) -> RouteTask {
    let url = "http://{{ address }}/health".to_owned();
    RouteTask { health: Some(HealthTask { url, expect_status: 200, max_error_rate: Ppm(10_000) }), ..task }
}

/// Ten times as long as any of these takes.
const LONG: Duration = Duration::from_secs(60);

async fn go(task: &RouteTask, told: &Told, most: Duration) -> Outcome {
    go_by(task, None, told, most).await
}

async fn go_by(task: &RouteTask, ssh: Option<&Ssh>, told: &Told, most: Duration) -> Outcome {
    let secrets = Secrets::new([]);
    let (stop, stopped) = watch::channel(false);
    let provider = match Haproxy::new(task, ssh) {
        Ok(provider) => provider,
        Err(why) => return Outcome::just(End::CouldNotStart(format!("{why}; nothing was changed"))),
    };
    let ramp = Ramp {
        task,
        provider,
        pulse: OverHttp::new(task, &secrets).expect("a pulse"),
        told,
        stop: stopped,
        deadline: Instant::now() + most,
        is_resumed: false,
        pace: PACE,
    };
    let outcome = ramp.run().await;
    drop(stop);
    outcome
}

async fn moved(task: &RouteTask) -> Outcome {
    go(task, &Told::nobody(), LONG).await
}

#[track_caller]
fn never_began(outcome: &Outcome) -> &str {
    let End::CouldNotStart(why) = &outcome.end else { panic!("{outcome:?}") };
    assert!(why.ends_with("; nothing was changed"), "{why}");
    why
}

#[track_caller]
fn held(outcome: &Outcome) -> &str {
    let End::Unexpected(why) = &outcome.end else { panic!("{outcome:?}") };
    why
}

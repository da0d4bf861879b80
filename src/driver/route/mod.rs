//! Routes: where users are sent, moved in stages by whoever keeps them. One file for each kind of keeper.
//!
//! Read in this order: [`table`] is where a route leads; [`provider`] is the seam to its keeper; [`ramp`] is the way from
//! one table to the next. A shift is safe to repeat by its nature: it begins with a look at how it is, and goes on from
//! there, so whoever takes over after a crash just goes on with it.

mod change;
mod haproxy;
mod health;
mod outside;
mod percents;
mod provider;
mod pulse;
mod ramp;
mod retime;
mod rfc2136;
#[cfg(feature = "aws")]
mod route53;
mod table;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::Led;
use crate::driver::Outcome;
use crate::driver::RouteSeen;
use crate::driver::RouteTask;
use crate::driver::Told;
use crate::driver::TtlTask;
use crate::driver::exec::Exec;
use crate::driver::flights::Flights;
use crate::driver::route::haproxy::Haproxy;
use crate::driver::route::health::OverHttp;
use crate::driver::route::outside::Outside;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Trouble;
use crate::driver::route::ramp::Pace;
use crate::driver::route::ramp::Ramp;
use crate::driver::route::rfc2136::Rfc2136;
#[cfg(feature = "aws")]
use crate::driver::route::route53::Route53;
use crate::driver::route::table::Table;
use crate::driver::ssh::Ssh;
use crate::model::Millis;
use crate::model::ProviderKind;

/// What it takes to move routes.
#[derive(Debug, Clone)]
pub(super) struct Routes {
    exec: Exec,
    flights: Flights,
    /// None where nobody said how other hosts are reached.
    ssh: Option<Ssh>,
}

/// Whether routes of this kind can be moved; if not, the reason, for people.
pub(super) const fn can_move(kind: ProviderKind) -> Result<(), &'static str> {
    match kind {
        ProviderKind::Rfc2136 | ProviderKind::Haproxy | ProviderKind::Http | ProviderKind::Command => Ok(()),
        ProviderKind::Route53 if cfg!(feature = "aws") => Ok(()),
        ProviderKind::Route53 => {
            Err("this build can't change Route 53: build it with `cargo build --release --features aws`")
        }
        ProviderKind::AwsAutoscaling => Err("an auto-scaling group keeps no routes"),
    }
}

/// Whether answers of such routes are kept for a time that can be changed; if not, the reason, for people.
pub(super) const fn can_retime(kind: ProviderKind) -> Result<(), &'static str> {
    if kind.keeps_ttl() { can_move(kind) } else { Err("nobody keeps answers of such a provider") }
}

/// How long Route 53 may take to carry a change to its name servers: usually below a minute, as it says itself.
#[cfg(feature = "aws")]
const SYNC_MAX: Duration = Duration::from_secs(120);

impl Routes {
    /// With whoever can run the commands of tools, and knows the secrets.
    pub(super) fn new(exec: Exec) -> Self {
        Self { exec, flights: Flights::default(), ssh: None }
    }

    /// With a way to other hosts.
    pub(super) fn set_ssh(&mut self, ssh: Ssh) {
        self.ssh = Some(ssh);
    }

    /// Moves it, or goes on with it.
    pub(super) async fn act(&self, job: &Job, task: &RouteTask, told: &Told) -> Outcome {
        self.go(job, task, told, false).await
    }

    /// Goes on with what somebody began who may be gone.
    pub(super) async fn adopt(&self, job: &Job, task: &RouteTask, told: &Told) -> Outcome {
        self.go(job, task, told, true).await
    }

    async fn go(&self, job: &Job, task: &RouteTask, told: &Told, is_resumed: bool) -> Outcome {
        self.fly(job, task, Aim::Stages, told, is_resumed).await
    }

    /// Changes how long its answers may be kept, or goes on with that.
    pub(super) async fn retime(&self, job: &Job, task: &TtlTask, told: &Told, is_resumed: bool) -> Outcome {
        self.fly(job, &task.route, Aim::Ttl(task.wait), told, is_resumed).await
    }

    async fn fly(&self, job: &Job, task: &RouteTask, aim: Aim, told: &Told, is_resumed: bool) -> Outcome {
        let (task, told, exec, ssh) = (task.clone(), told.clone(), self.exec.clone(), self.ssh.clone());
        let way = |stop, deadline| async move {
            Way { task: &task, aim, told: &told, exec: &exec, ssh: ssh.as_ref(), stop, deadline, is_resumed }.go().await
        };
        self.flights.fly(job, way).await
    }

    /// What became of it.
    pub(super) fn inquire(&self, job: &Job) -> Found {
        self.flights.inquire(job)
    }

    /// It ends where it is. What was moved stays moved.
    pub(super) async fn kill(&self, job: &Job) -> Killed {
        self.flights.kill(job).await
    }

    /// Looks at it without changing anything.
    pub(super) async fn see(&self, task: &RouteTask) -> RouteSeen {
        match task.provider.kind {
            ProviderKind::Rfc2136 => see(Rfc2136::new(task, &self.exec.secrets)).await,
            ProviderKind::Haproxy => see(Haproxy::new(task, self.ssh.as_ref())).await,
            ProviderKind::Http | ProviderKind::Command => see(Outside::new(task, &self.exec)).await,
            #[cfg(feature = "aws")]
            ProviderKind::Route53 => see(Route53::new(task, &self.exec.secrets)).await,
            #[cfg(not(feature = "aws"))]
            kind @ ProviderKind::Route53 => nobody(kind),
            kind @ ProviderKind::AwsAutoscaling => nobody(kind),
        }
    }
}

async fn see<P: Provider>(provider: Result<P, String>) -> RouteSeen {
    let provider = match provider {
        Ok(provider) => provider,
        Err(why) => return RouteSeen::nothing(&why),
    };
    let led = |table: Result<Table, Trouble>| match table {
        Ok(table) => Ok(Led {
            shares: table.shares().into_iter().collect(),
            foreign: table.foreign().into_iter().map(str::to_owned).collect(),
            ttl: table.ttl,
            fact: table.fact(),
        }),
        Err(trouble) => Err(trouble.to_string()),
    };
    // What is looked at is judged by what was read.
    let read = provider.read().await;
    let look = async { if provider.has_look() { provider.look().await } else { Vec::new() } };
    let (looks, standing) = tokio::join!(look, provider.standing());
    RouteSeen {
        read: led(read),
        looks: looks.into_iter().map(|sight| (sight.server, led(sight.table))).collect(),
        troubles: standing.troubles,
        remarks: standing.remarks,
    }
}

fn nobody(kind: ProviderKind) -> RouteSeen {
    RouteSeen::nothing(can_move(kind).err().unwrap_or("nobody can ask this provider"))
}

fn refused(kind: ProviderKind) -> Outcome {
    Outcome::just(End::Refused(can_move(kind).err().unwrap_or("nobody can do this").to_owned()))
}

/// What is changed of a route.
#[derive(Debug, Clone, Copy)]
enum Aim {
    /// Where it leads.
    Stages,
    /// How long its answers may be kept, and how long those from before are waited for.
    Ttl(Millis),
}

/// One change of a route, before its keeper is known.
struct Way<'a> {
    task: &'a RouteTask,
    aim: Aim,
    told: &'a Told,
    exec: &'a Exec,
    ssh: Option<&'a Ssh>,
    stop: watch::Receiver<bool>,
    deadline: Instant,
    is_resumed: bool,
}

impl Way<'_> {
    async fn go(self) -> Outcome {
        match self.task.provider.kind {
            ProviderKind::Rfc2136 => {
                let provider = Rfc2136::new(self.task, &self.exec.secrets);
                self.by(provider).await
            }
            ProviderKind::Haproxy => {
                let provider = Haproxy::new(self.task, self.ssh);
                self.by(provider).await
            }
            ProviderKind::Http | ProviderKind::Command => {
                let provider = Outside::new(self.task, self.exec);
                let mut pace = Pace::default();
                pace.settle += provider.as_ref().map_or(Duration::ZERO, |provider| provider.lags(self.task.ttl));
                self.at(pace, provider).await
            }
            #[cfg(feature = "aws")]
            ProviderKind::Route53 => {
                let provider = Route53::new(self.task, &self.exec.secrets);
                self.at(Pace { settle: SYNC_MAX, ..Pace::default() }, provider).await
            }
            #[cfg(not(feature = "aws"))]
            kind @ ProviderKind::Route53 => refused(kind),
            kind @ ProviderKind::AwsAutoscaling => refused(kind),
        }
    }

    async fn by<P: Provider>(self, provider: Result<P, String>) -> Outcome {
        self.at(Pace::default(), provider).await
    }

    async fn at<P: Provider>(self, pace: Pace, provider: Result<P, String>) -> Outcome {
        let never = |why: String| Outcome::just(End::CouldNotStart(format!("{why}; nothing was changed")));
        let provider = match provider {
            Ok(provider) => provider,
            Err(why) => return never(why),
        };
        let pulse = match OverHttp::new(self.task, &self.exec.secrets) {
            Ok(pulse) => pulse,
            Err(why) => return never(why),
        };
        let Self { task, aim, told, stop, deadline, is_resumed, exec: _, ssh: _ } = self;
        let ramp = Ramp { task, provider, pulse, told, stop, deadline, is_resumed, pace };
        match aim {
            Aim::Stages => ramp.run().await,
            Aim::Ttl(wait) => ramp.retime(wait).await,
        }
    }
}

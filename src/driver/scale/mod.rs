//! Cloud capacity: asked of whoever launches it, and waited for until it is in service. One file for each kind.
//!
//! Read in this order: [`capacity`] is how much; [`launcher`] is the seam to whoever launches; [`launch`] is the way from
//! what is there to what is wanted. A total is asked for, never an increment, and never less than there is: so a launch
//! is safe to repeat by its nature, and whoever takes over after a crash just goes on with it.

#[cfg(feature = "aws")]
mod autoscaling;
mod capacity;
mod launch;
mod launcher;
mod outside;
#[cfg(test)]
mod tests;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::driver::CapacitySeen;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::Outcome;
use crate::driver::ScaleTask;
use crate::driver::Told;
use crate::driver::exec::Exec;
use crate::driver::flights::Flights;
#[cfg(feature = "aws")]
use crate::driver::scale::autoscaling::Autoscaling;
#[cfg(feature = "aws")]
use crate::driver::scale::autoscaling::Turns;
use crate::driver::scale::launch::Launch;
use crate::driver::scale::launch::Pace;
use crate::driver::scale::launch::beyond;
use crate::driver::scale::launch::unsaid;
use crate::driver::scale::launcher::Launcher;
use crate::driver::scale::outside::Outside;
use crate::model::ProviderKind;

/// What it takes to bring capacity up.
#[derive(Debug, Clone)]
pub(super) struct Launches {
    exec: Exec,
    flights: Flights,
    #[cfg(feature = "aws")]
    turns: Turns,
}

/// Whether a provider of this kind can launch; if not, the reason, for people.
pub(super) const fn can_launch(kind: ProviderKind) -> Result<(), &'static str> {
    match kind {
        ProviderKind::Http | ProviderKind::Command => Ok(()),
        ProviderKind::AwsAutoscaling if cfg!(feature = "aws") => Ok(()),
        ProviderKind::AwsAutoscaling => {
            Err("this build can't ask an auto-scaling group: build it with `cargo build --release --features aws`")
        }
        ProviderKind::Rfc2136 | ProviderKind::Haproxy | ProviderKind::Route53 => {
            Err("who keeps routes launches nothing")
        }
    }
}

impl Launches {
    /// With whoever can run the commands of tools, and knows the secrets.
    pub(super) fn new(exec: Exec) -> Self {
        Self {
            exec,
            flights: Flights::default(),
            #[cfg(feature = "aws")]
            turns: Turns::default(),
        }
    }

    /// Asks for it and waits, or goes on with it.
    pub(super) async fn act(&self, job: &Job, task: &ScaleTask, told: &Told) -> Outcome {
        self.go(job, task, told, false).await
    }

    /// Goes on with what somebody began who may be gone.
    pub(super) async fn adopt(&self, job: &Job, task: &ScaleTask, told: &Told) -> Outcome {
        self.go(job, task, told, true).await
    }

    async fn go(&self, job: &Job, task: &ScaleTask, told: &Told, is_resumed: bool) -> Outcome {
        let (task, told, exec) = (task.clone(), told.clone(), self.exec.clone());
        #[cfg(feature = "aws")]
        let turns = self.turns.clone();
        let way = |stop, deadline| async move {
            let way = Way { task: &task, told: &told, stop, deadline, is_resumed };
            match task.provider.kind {
                ProviderKind::Http | ProviderKind::Command => way.by(Outside::new(&task, &exec)).await,
                #[cfg(feature = "aws")]
                ProviderKind::AwsAutoscaling => way.by(Autoscaling::new(&task, &exec.secrets, &turns)).await,
                #[cfg(not(feature = "aws"))]
                kind @ ProviderKind::AwsAutoscaling => Outcome::just(End::Refused(nobody(kind).to_owned())),
                kind @ (ProviderKind::Rfc2136 | ProviderKind::Haproxy | ProviderKind::Route53) => {
                    Outcome::just(End::Refused(nobody(kind).to_owned()))
                }
            }
        };
        self.flights.fly(job, way).await
    }

    /// What became of it.
    pub(super) fn inquire(&self, job: &Job) -> Found {
        self.flights.inquire(job)
    }

    /// Nobody waits for it any more. What was asked for stays asked for.
    pub(super) async fn kill(&self, job: &Job) -> Killed {
        self.flights.kill(job).await
    }

    /// Looks at it without changing anything.
    pub(super) async fn see(&self, task: &ScaleTask) -> CapacitySeen {
        match task.provider.kind {
            ProviderKind::Http | ProviderKind::Command => see(task, Outside::new(task, &self.exec)).await,
            #[cfg(feature = "aws")]
            ProviderKind::AwsAutoscaling => see(task, Autoscaling::new(task, &self.exec.secrets, &self.turns)).await,
            #[cfg(not(feature = "aws"))]
            kind @ ProviderKind::AwsAutoscaling => CapacitySeen::nothing(nobody(kind)),
            kind @ (ProviderKind::Rfc2136 | ProviderKind::Haproxy | ProviderKind::Route53) => {
                CapacitySeen::nothing(nobody(kind))
            }
        }
    }
}

fn nobody(kind: ProviderKind) -> &'static str {
    can_launch(kind).err().unwrap_or("nobody can ask this provider")
}

async fn see<L: Launcher>(task: &ScaleTask, launcher: Result<L, String>) -> CapacitySeen {
    let launcher = match launcher {
        Ok(launcher) => launcher,
        Err(why) => return CapacitySeen::nothing(&why),
    };
    match launcher.read().await {
        Ok(present) => {
            let limit = present.refused.clone().or_else(|| beyond(&present, &task.to.iter().cloned().collect()));
            let limit = limit.map(|why| format!("{why}; raise the quota or plan again with less"));
            let troubles = unsaid(task, &present).into_iter().chain(limit);
            CapacitySeen { troubles: troubles.collect(), in_service: Ok(present.in_service.into_iter().collect()) }
        }
        Err(trouble) => CapacitySeen::nothing(&trouble.to_string()),
    }
}

/// One launch, before it is known who launches.
struct Way<'a> {
    task: &'a ScaleTask,
    told: &'a Told,
    stop: watch::Receiver<bool>,
    deadline: Instant,
    is_resumed: bool,
}

impl Way<'_> {
    async fn by<L: Launcher>(self, launcher: Result<L, String>) -> Outcome {
        let launcher = match launcher {
            Ok(launcher) => launcher,
            Err(why) => return Outcome::just(End::CouldNotStart(format!("{why}; nothing was changed"))),
        };
        let Self { task, told, stop, deadline, is_resumed } = self;
        Launch { task, launcher, told, stop, deadline, is_resumed, pace: Pace::default() }.run().await
    }
}

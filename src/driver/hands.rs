//! The real hands: each kind of task goes to whoever can do it. What nobody here can do yet is refused, not tried.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::driver::Answer;
use crate::driver::CapacitySeen;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::HostAt;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Killed;
use crate::driver::Outcome;
use crate::driver::Probe;
use crate::driver::RouteSeen;
use crate::driver::RouteTask;
use crate::driver::Said;
use crate::driver::ScaleTask;
use crate::driver::Scout;
use crate::driver::Secret;
use crate::driver::Secrets;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::TtlTask;
use crate::driver::Unreached;
use crate::driver::exec::Exec;
use crate::driver::exec::Line;
use crate::driver::http::CA_MAX;
use crate::driver::http::Call;
use crate::driver::http::Http;
use crate::driver::record::Records;
use crate::driver::route::Routes;
use crate::driver::route::can_move;
use crate::driver::route::can_retime;
use crate::driver::scale::Launches;
use crate::driver::scale::can_launch;
use crate::driver::secret::SECRET_MAX;
use crate::driver::ssh as far;
use crate::driver::ssh::Ssh;
use crate::driver::ssh::SshSettings;
use crate::model::Millis;

/// The hands that touch real things.
#[derive(Debug, Clone)]
pub struct Hands {
    exec: Exec,
    http: Http,
    routes: Routes,
    launches: Launches,
    /// None where nobody said how other hosts are reached.
    ssh: Option<Ssh>,
}

/// Between asking a command to end and making it: long enough to put something away, short enough for an incident.
const GRACE: Duration = Duration::from_secs(5);

impl Hands {
    /// Hands whose commands run in `folder` and leave their records in `records`. Both are absolute, so that another
    /// process finds the same.
    #[must_use]
    pub fn new(folder: PathBuf, records: PathBuf, secrets: Secrets) -> Self {
        let http = Http::new(records.clone(), secrets.clone());
        let exec = Exec { folder, secrets, records: Records::new(records), grace: GRACE };
        Self { routes: Routes::new(exec.clone()), launches: Launches::new(exec.clone()), exec, http, ssh: None }
    }

    /// With a way to other hosts. Keys and known hosts are read now.
    ///
    /// # Errors
    ///
    /// A file with known hosts can't be read.
    pub fn with_ssh(mut self, settings: SshSettings) -> io::Result<Self> {
        let ssh = Ssh::new(settings, self.exec.secrets.clone(), self.exec.grace)?;
        self.routes.set_ssh(ssh.clone());
        self.ssh = Some(ssh);
        Ok(self)
    }

    /// With another time between asking a command to end and making it. Whole seconds.
    #[must_use]
    pub fn with_grace(mut self, grace: Millis) -> Self {
        self.exec.grace = Duration::from_millis(grace.0);
        if let Some(ssh) = &mut self.ssh {
            ssh.set_grace(self.exec.grace);
        }
        self
    }

    /// Takes the record of a job away, once its outcome is kept elsewhere. What still runs goes on, and is not found
    /// again.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn forget(&self, key: &Key) -> io::Result<()> {
        self.exec.forget(key)
    }
}

impl Scout for Hands {
    async fn reach(&self, host: HostAt, holds_records: bool) -> Result<(), Unreached> {
        match &self.ssh {
            Some(ssh) => ssh.reach(&host, holds_records).await,
            None => Err(Unreached::here("nobody said how other hosts are reached")),
        }
    }

    fn secret(&self, secret: &Secret) -> Result<(), String> {
        let most = if secret.is_certificates { CA_MAX } else { SECRET_MAX };
        // The value is dropped here; only whether there is one leaves this place.
        self.exec.secrets.long_value(&secret.reference, most).map(drop).map_err(|error| error.in_full())
    }

    async fn route(&self, task: RouteTask) -> RouteSeen {
        self.routes.see(&task).await
    }

    async fn capacity(&self, task: ScaleTask) -> CapacitySeen {
        self.launches.see(&task).await
    }
}

/// Whether this version can do a task; if not, the reason. The door asks before a plan is begun.
///
/// # Errors
///
/// The reason, for people.
pub fn can_do(task: &Task) -> Result<(), &'static str> {
    match task {
        Task::Exec { .. } | Task::Ssh { .. } => Ok(()),
        Task::Http(_) | Task::Notify { .. } => Ok(()),
        Task::Wait(probe) => match *probe.ask {
            Task::Wait(_) | Task::Notify { .. } | Task::Route(_) => Err("this is no question"),
            Task::Ttl(_) | Task::Scale(_) => Err("this is no question"),
            Task::Exec { .. } | Task::Ssh { .. } | Task::Http(_) => can_do(&probe.ask),
        },
        Task::Route(task) => can_move(task.provider.kind),
        Task::Ttl(task) => can_retime(task.route.provider.kind),
        Task::Scale(task) => can_launch(task.provider.kind),
    }
}

const COMMAND: &str = "command ";
const WEBHOOK: &str = "webhook ";

/// What a task comes to on this machine.
enum Here<'a> {
    Line(Line<'a>),
    Far(&'a Ssh, far::Line<'a>),
    Call(Call<'a>),
    Route(&'a RouteTask),
    Ttl(&'a TtlTask),
    Scale(&'a ScaleTask),
    Question(&'a Probe),
    Refused(&'static str),
}

fn here<'a>(hands: &'a Hands, task: &'a Task) -> Here<'a> {
    if let Err(why) = can_do(task) {
        return Here::Refused(why);
    }
    match task {
        Task::Exec { line, env } => Here::Line(Line { text: line, env, input: None }),
        Task::Http(task) => Here::Call(Call::Request(task)),
        Task::Notify { message, via } => match via.strip_prefix(WEBHOOK) {
            Some(hook) => Here::Call(Call::Message { text: message, hook }),
            None => {
                let text = via.strip_prefix(COMMAND).unwrap_or_default();
                Here::Line(Line { text, env: &[], input: Some(message) })
            }
        },
        Task::Wait(probe) => Here::Question(probe),
        Task::Ssh { line, env } => match &hands.ssh {
            Some(ssh) => Here::Far(ssh, far::Line { text: line, env }),
            None => Here::Refused("nobody said how other hosts are reached"),
        },
        Task::Route(task) => Here::Route(task),
        Task::Ttl(task) => Here::Ttl(task),
        Task::Scale(task) => Here::Scale(task),
    }
}

impl Driver for Hands {
    async fn act(&self, job: Job, told: Told) -> Outcome {
        match here(self, &job.task) {
            Here::Line(line) => self.exec.act(&job, line, &told).await,
            Here::Far(ssh, line) => ssh.act(&job, line, &told).await,
            Here::Call(call) => self.http.act(&job, call, &told).await,
            Here::Route(task) => self.routes.act(&job, task, &told).await,
            Here::Ttl(task) => self.routes.retime(&job, task, &told, false).await,
            Here::Scale(task) => self.launches.act(&job, task, &told).await,
            Here::Question(probe) => self.wait_for(&job, probe).await,
            Here::Refused(why) => Outcome::just(End::Refused(why.to_owned())),
        }
    }

    async fn adopt(&self, job: Job, told: Told) -> Outcome {
        match here(self, &job.task) {
            Here::Line(_) => self.exec.adopt(&job, &told).await,
            Here::Far(ssh, _) => ssh.adopt(&job, &told).await,
            Here::Call(call) => self.http.adopt(&job, call, &told).await,
            Here::Route(task) => self.routes.adopt(&job, task, &told).await,
            Here::Ttl(task) => self.routes.retime(&job, task, &told, true).await,
            Here::Scale(task) => self.launches.adopt(&job, task, &told).await,
            // It changes nothing, so it is asked anew.
            Here::Question(probe) => self.wait_for(&job, probe).await,
            Here::Refused(why) => Outcome::just(End::Refused(why.to_owned())),
        }
    }

    async fn ask(&self, job: Job, probe: Probe) -> Answer {
        let unknown = |why: &str| Answer::Unknown { reason: why.to_owned(), hosts: Vec::new() };
        match here(self, &probe.ask) {
            Here::Line(line) if line.input.is_none() => self.exec.ask(&job, &probe, line).await,
            Here::Far(ssh, line) => ssh.ask(&job, &probe, line).await,
            Here::Call(call @ Call::Request(_)) => self.http.ask(&job, &probe, call).await,
            Here::Line(_) | Here::Call(Call::Message { .. }) | Here::Question(_) => unknown("this is no question"),
            Here::Route(_) | Here::Ttl(_) | Here::Scale(_) => unknown("this is no question"),
            Here::Refused(why) => unknown(why),
        }
    }

    async fn inquire(&self, job: Job) -> Found {
        match here(self, &job.task) {
            Here::Line(_) => self.exec.inquire(&job).await,
            Here::Far(ssh, _) => ssh.inquire(&job).await,
            Here::Call(call) => self.http.inquire(&job, call),
            Here::Route(_) | Here::Ttl(_) => self.routes.inquire(&job),
            Here::Scale(_) => self.launches.inquire(&job),
            // Whoever asked is dead, and the question is asked anew.
            Here::Question(_) => Found::Alive,
            Here::Refused(_) => Found::NeverBegun,
        }
    }

    async fn sweep(&self, jobs: Vec<Job>) {
        let Some(ssh) = &self.ssh else { return };
        // What was done on this machine lies in the folder of its run, and stays with it.
        let far: Vec<Job> = jobs.into_iter().filter(|job| matches!(job.task, Task::Ssh { .. })).collect();
        ssh.sweep(&far).await;
    }

    async fn kill(&self, job: Job) -> Killed {
        match here(self, &job.task) {
            Here::Line(_) => self.exec.kill(&job).await,
            Here::Far(ssh, _) => ssh.kill(&job).await,
            Here::Call(call) => self.http.kill(&job, call).await,
            Here::Route(_) | Here::Ttl(_) => self.routes.kill(&job).await,
            Here::Scale(_) => self.launches.kill(&job).await,
            Here::Question(_) | Here::Refused(_) => Killed::Dead,
        }
    }
}

impl Hands {
    /// A probe that must pass, as a job: it never takes longer than the job may.
    async fn wait_for(&self, job: &Job, probe: &Probe) -> Outcome {
        let within = probe.within.unwrap_or(job.timeout);
        let probe = Probe { within: Some(Millis(within.0.min(job.timeout.0))), ..probe.clone() };
        let (end, said) = match self.ask(job.clone(), probe).await {
            Answer::Yes { said, .. } => (End::Ok, said),
            Answer::No { said, .. } => (End::Unexpected("the probe did not pass".to_owned()), said),
            Answer::Unknown { reason, .. } => (End::Unreachable(reason), Said::default()),
        };
        Outcome { end, hosts: Vec::new(), said }
    }
}

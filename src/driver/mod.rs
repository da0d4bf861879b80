//! HANDS. One action in, one outcome out.
//!
//! Read in this order: [`Job`] is what is asked; [`Driver`] is the seam; [`Outcome`] is what came of it. This room never
//! decides what is done next, never tries a second time of itself, and has never heard of a plan: it is told, it does
//! it, it says how it ended. What it cannot know it calls [`End::Lost`], and never success or failure.

#[cfg(feature = "aws")]
mod aws;
mod dice;
mod exec;
mod fault;
mod flights;
mod hands;
mod http;
mod job;
mod kept;
mod look;
mod mask;
mod outcome;
mod played;
mod question;
mod record;
mod route;
mod scale;
mod script;
mod secret;
mod shown;
mod ssh;
mod task;
#[cfg(test)]
mod tests;
mod told;
mod tool;
mod world;

pub use dice::Dice;
pub use fault::Fault;
pub use fault::FaultError;
pub use fault::FaultKind;
pub use fault::Pattern;
pub use fault::Silence;
pub use hands::Hands;
pub use hands::can_do;
pub use job::HostAt;
pub use job::Job;
pub use job::Key;
pub use look::CapacitySeen;
pub use look::Led;
pub use look::RouteSeen;
pub use look::Scout;
pub use look::Secret;
pub use look::Stage;
pub use look::Unreached;
pub use outcome::Answer;
pub use outcome::End;
pub use outcome::Found;
pub use outcome::HostAnswer;
pub use outcome::HostOutcome;
pub use outcome::Killed;
pub use outcome::Outcome;
pub use outcome::Said;
pub use played::spread;
pub use script::Script;
pub use secret::SecretError;
pub use secret::Secrets;
pub use ssh::SshSettings;
pub use task::HealthTask;
pub use task::HttpTask;
pub use task::INSTANCES;
pub use task::Probe;
pub use task::ProviderTask;
pub use task::RouteStage;
pub use task::RouteTask;
pub use task::ScaleTask;
pub use task::Task;
pub use task::TsigTask;
pub use task::TtlTask;
pub use told::News;
pub use told::Shift;
pub use told::Told;
pub use world::Effect;
pub use world::World;

/// A pair of hands. Real ones and scripted ones stand behind this; whoever calls cannot tell them apart.
///
/// A future that is dropped stops nothing: the job goes on, and [`Driver::inquire`] finds it. Only
/// [`Driver::kill`], and the job's own timeout while somebody waits for it, end one.
pub trait Driver: Send + Sync + 'static {
    /// Does it. Returns when it ended, or when nobody can say whether it did. `told` receives the results of hosts, and
    /// output, as they come.
    ///
    /// A job whose key was begun before is not begun again: it is gone on with, as by [`Driver::adopt`].
    fn act(&self, job: Job, told: Told) -> impl Future<Output = Outcome> + Send;

    /// Goes on with a job that was begun earlier, by this process or by one that is dead, and that is alive or has
    /// ended. It is never begun a second time. The timeout counts from when it was begun.
    fn adopt(&self, job: Job, told: Told) -> impl Future<Output = Outcome> + Send;

    /// A question that changes nothing. It is asked until it passes `times` in a row, or until `within` is over; the
    /// job's timeout is the limit of each single try.
    fn ask(&self, job: Job, probe: Probe) -> impl Future<Output = Answer> + Send;

    /// What became of a job that may have been begun earlier. Changes nothing, except that a job that is found never to
    /// have begun will not begin later of itself: whoever died may have been about to.
    fn inquire(&self, job: Job) -> impl Future<Output = Found> + Send;

    /// Takes away what these jobs left behind on hosts so that they could be found again. For when their outcomes are kept
    /// elsewhere and nobody will ask again. What did not end well stays, and so does what can't be had without a new
    /// connection. Whoever calls limits how long it may take.
    fn sweep(&self, jobs: Vec<Job>) -> impl Future<Output = ()> + Send {
        drop(jobs);
        std::future::ready(())
    }

    /// Kills the whole process group, and looks whether it is dead. What is not confirmed is not confirmed.
    fn kill(&self, job: Job) -> impl Future<Output = Killed> + Send;
}

//! Scripted hands, for rehearsals and tests: every job takes its time, ends as it is told to, and changes a [`World`].
//!
//! They touch nothing, and wait by tokio's clock only, so they are as fast as virtual time is. What probes and inquiries
//! say is read off that world, so it is true whatever the job itself said. One `Script` is the far side: it lives on
//! when whoever asked is dead, as long as it is asked under the same clock.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::sleep_until;

use crate::driver::Answer;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Fault;
use crate::driver::Found;
use crate::driver::HostAnswer;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Killed;
use crate::driver::News;
use crate::driver::Outcome;
use crate::driver::Probe;
use crate::driver::Said;
use crate::driver::Silence;
use crate::driver::Told;
use crate::driver::World;
use crate::driver::played::Dark;
use crate::driver::played::Played;
use crate::driver::played::is_dark;
use crate::driver::played::later;
use crate::model::Millis;

/// How long a job takes.
type Takes = dyn Fn(&Job) -> Millis + Send + Sync;
/// What a probe is answered, where it is not left to the world.
type Answers = dyn Fn(&Job, &Probe) -> Option<Answer> + Send + Sync;

/// Hands that do what is written.
pub struct Script {
    takes: Box<Takes>,
    answers: Box<Answers>,
    faults: Vec<Fault>,
    silences: Vec<Silence>,
    far_side: Mutex<FarSide>,
}

/// What lives on when whoever asked is dead.
#[derive(Debug, Default)]
struct FarSide {
    world: World,
    jobs: BTreeMap<Key, (Played, Arc<Notify>)>,
    /// Jobs of which something may still happen, and when at the earliest.
    open: Vec<(Instant, Key)>,
    first: Option<Instant>,
}

/// Between two tries of a probe that did not pass.
const PROBE_PAUSE: Millis = Millis(1_000);

impl Script {
    /// Hands whose jobs take as long as `takes` says, and go well.
    #[must_use]
    pub fn new(takes: impl Fn(&Job) -> Millis + Send + Sync + 'static) -> Self {
        Self {
            takes: Box::new(takes),
            answers: Box::new(|_, _| None),
            faults: Vec::new(),
            silences: Vec::new(),
            far_side: Mutex::new(FarSide::default()),
        }
    }

    /// With these faults. Where two exclude each other on one host, the first one counts.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    /// With hosts that answer nothing for a while.
    #[must_use]
    pub fn with_silences(mut self, silences: Vec<Silence>) -> Self {
        self.silences = silences;
        self
    }

    /// With answers to probes that the world knows nothing about, such as log positions or the health of what was never
    /// touched. Where nothing is given, the answer is whether the step took effect.
    #[must_use]
    pub fn with_answers(mut self, answers: impl Fn(&Job, &Probe) -> Option<Answer> + Send + Sync + 'static) -> Self {
        self.answers = Box::new(answers);
        self
    }

    /// The world as it is now, inside of the runtime under whose clock it is asked.
    #[must_use]
    pub fn world(&self) -> World {
        self.far_side(Instant::now()).world.clone()
    }

    /// What a step brought about is no more.
    pub fn undo(&self, step: &str) {
        self.far_side(Instant::now()).world.undo(step);
    }

    /// The far side, with everything done that is due.
    fn far_side(&self, now: Instant) -> MutexGuard<'_, FarSide> {
        let mut guard = self.far_side.lock().unwrap_or_else(PoisonError::into_inner);
        let FarSide { world, jobs, open, first } = &mut *guard;
        let first = *first.get_or_insert(now);
        // In the order in which things were due, since the world keeps a log of them.
        while let Some(at) = (0..open.len()).filter(|at| open[*at].0 <= now).min_by_key(|at| open[*at].0) {
            let (due, key) = &open[at];
            let next = jobs.get_mut(key).and_then(|(played, _)| {
                played.settle(key, *due, first, world);
                played.next()
            });
            match next {
                Some(due) => open[at].0 = due,
                None => drop(open.remove(at)),
            }
        }
        guard
    }

    /// When a host answers nothing.
    fn dark(&self, host: &str, first: Instant) -> Vec<Dark> {
        let of = self.silences.iter().filter(|silence| !host.is_empty() && silence.hosts.matches(host));
        of.map(|silence| (later(first, silence.from), silence.until.map(|until| later(first, until)))).collect()
    }

    /// Begins a job, unless it was begun before.
    fn begin(&self, job: &Job) {
        let now = Instant::now();
        let mut far_side = self.far_side(now);
        if far_side.jobs.contains_key(&job.key) {
            return;
        }
        let first = far_side.first.unwrap_or(now);
        let played = Played::begin(job, &self.faults, |host| self.dark(host, first), (self.takes)(job), now);
        far_side.open.extend(played.next().map(|due| (due, job.key.clone())));
        far_side.jobs.insert(job.key.clone(), (played, Arc::new(Notify::new())));
    }

    /// Waits until a job is over or its time is.
    async fn follow(&self, job: &Job, told: &Told) -> Outcome {
        let mut heard = 0;
        loop {
            let (news, wake, until) = {
                let now = Instant::now();
                let mut far_side = self.far_side(now);
                let Some((played, notify)) = far_side.jobs.get_mut(&job.key) else {
                    return Outcome::just(End::CouldNotStart("it was never begun".to_owned()));
                };
                let limit = later(played.begun, job.timeout);
                if !played.is_over() && limit <= now {
                    let (end, _) = kill(played, &End::TimedOut, now);
                    if let Some(end) = end {
                        return Outcome::just(end);
                    }
                }
                let news = played.news(heard);
                let until = (!played.is_over()).then(|| played.next().map_or(limit, |next| next.min(limit)));
                let wake = Arc::clone(notify).notified_owned();
                (news, wake, until.ok_or_else(|| played.outcome(job)))
            };
            heard += news.len();
            for host in news {
                told.tell(News::Host(host));
            }
            match until {
                Err(outcome) => return outcome,
                Ok(until) => tokio::select! {
                    () = sleep_until(until) => {}
                    () = wake => {}
                },
            }
        }
    }

    /// Whether any host of this job answers nothing now.
    fn is_silent(&self, job: &Job) -> bool {
        let now = Instant::now();
        let first = self.far_side(now).first.unwrap_or(now);
        !self.silences.is_empty() && job.hosts.iter().any(|host| is_dark(&self.dark(&host.name, first), now))
    }

    /// What the world says to a probe now.
    fn look(&self, job: &Job) -> Answer {
        let now = Instant::now();
        let far_side = self.far_side(now);
        let silent = far_side.jobs.get(&job.key).is_some_and(|(played, _)| played.is_silent(now));
        let first = far_side.first.unwrap_or(now);
        let is_so = |host: &str| match silent || is_dark(&self.dark(host, first), now) {
            true => Err("no answer".to_owned()),
            false => Ok(far_side.world.is_so(&job.key.step, host)),
        };
        if !job.hosts.is_empty() {
            let answers = job.hosts.iter().map(|host| HostAnswer {
                host: host.name.clone(),
                is_so: is_so(&host.name),
                said: Said::default(),
            });
            return Answer::of_hosts(answers.collect());
        }
        let (said, hosts) = (Said::default(), Vec::new());
        match is_so("") {
            Ok(true) => Answer::Yes { said, hosts },
            Ok(false) => Answer::No { said, hosts },
            Err(reason) => Answer::Unknown { reason, hosts },
        }
    }
}

impl Driver for Script {
    async fn act(&self, job: Job, told: Told) -> Outcome {
        self.begin(&job);
        self.follow(&job, &told).await
    }

    async fn adopt(&self, job: Job, told: Told) -> Outcome {
        self.follow(&job, &told).await
    }

    async fn ask(&self, job: Job, probe: Probe) -> Answer {
        let limit = later(Instant::now(), probe.within.unwrap_or_default());
        loop {
            let known = (self.answers)(&job, &probe).filter(|_| !self.is_silent(&job));
            let answer = known.unwrap_or_else(|| self.look(&job));
            let left = limit.saturating_duration_since(Instant::now());
            if answer.is_yes() || left.is_zero() {
                return answer;
            }
            sleep(left.min(std::time::Duration::from_millis(PROBE_PAUSE.0))).await;
        }
    }

    async fn inquire(&self, job: Job) -> Found {
        let now = Instant::now();
        let mut far_side = self.far_side(now);
        match far_side.jobs.get_mut(&job.key) {
            Some((played, _)) => played.found(&job, now),
            None => Found::NeverBegun,
        }
    }

    async fn kill(&self, job: Job) -> Killed {
        let now = Instant::now();
        let mut far_side = self.far_side(now);
        let Some((played, notify)) = far_side.jobs.get_mut(&job.key) else { return Killed::Dead };
        let (_, killed) = kill(played, &End::Killed, now);
        if killed == Killed::Dead {
            notify.notify_waiters();
        }
        killed
    }
}

/// Kills it, and gives what whoever waits hears where that is not confirmed.
fn kill(played: &mut Played, end: &End, now: Instant) -> (Option<End>, Killed) {
    if played.is_over() && !played.is_dark(now) {
        return (None, Killed::Dead);
    }
    if played.kill_fails || played.is_silent(now) {
        let why = "nobody can confirm that it is dead".to_owned();
        return (Some(End::Lost(why.clone())), Killed::NotConfirmed(why));
    }
    played.stop(end);
    (None, Killed::Dead)
}

impl fmt::Debug for Script {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Script")
            .field("faults", &self.faults)
            .field("far_side", &self.far_side)
            .finish_non_exhaustive()
    }
}

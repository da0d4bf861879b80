//! HTTP requests: sent once for each key, followed to their answer, and never sent a second time of itself.
//!
//! A request that was sent can't be found again, and can't be unsent. So it is noted down before it is sent, and what
//! came of it afterwards; a note without an answer is a doubt, except for requests that change nothing: those are sent
//! anew. Nobody's end stops a request but the end of this process.

mod answer;
mod client;
mod failure;
mod hop;
mod note;
mod request;

pub(super) use crate::driver::http::answer::Came;
pub(super) use crate::driver::http::hop::exchange;
pub(super) use crate::driver::http::request::CA_MAX;
pub(super) use crate::driver::http::request::Ready;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::driver::Answer;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::HttpTask;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Killed;
use crate::driver::News;
use crate::driver::Outcome;
use crate::driver::Probe;
use crate::driver::Said;
use crate::driver::Secrets;
use crate::driver::Told;
use crate::driver::http::note::Note;
use crate::driver::http::note::State;
use crate::driver::question::Rounds;
use crate::driver::question::Try;

/// What it takes to send requests.
#[derive(Debug, Clone)]
pub(super) struct Http {
    secrets: Secrets,
    records: PathBuf,
    flights: Arc<Mutex<BTreeMap<Key, Flight>>>,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call<'a> {
    /// A request as it was written.
    Request(&'a HttpTask),
    /// A message for people, to a webhook.
    Message {
        /// What it says.
        text: &'a str,
        /// The reference to its address.
        hook: &'a str,
    },
}

/// A request that is on its way.
#[derive(Debug, Clone)]
struct Flight {
    outcome: watch::Receiver<Option<Outcome>>,
    task: AbortHandle,
}

/// Whoever wants a request to end waits this long for its answer: an answer is better than a doubt.
const GRACE: Duration = Duration::from_secs(5);
const DARK: &str = "the request was sent, and whether it was done can't be asked";

impl Call<'_> {
    /// Whether it changes nothing, so that it may be sent any number of times.
    fn is_safe(self) -> bool {
        match self {
            Self::Request(task) => matches!(task.method.as_str(), "GET" | "HEAD"),
            Self::Message { .. } => false,
        }
    }
}

impl Http {
    /// Requests that leave their notes in `records`, beside the records of commands.
    pub(super) fn new(records: PathBuf, secrets: Secrets) -> Self {
        Self { secrets, records, flights: Arc::default() }
    }

    /// Sends it, or goes on with it where it was sent before.
    pub(super) async fn act(&self, job: &Job, call: Call<'_>, told: &Told) -> Outcome {
        let outcome = match self.begin(job, call) {
            Ok(flight) => landed(flight.outcome).await,
            Err(over) => over,
        };
        if !outcome.said.head.is_empty() {
            told.tell(News::Output { host: None, text: outcome.said.head.clone() });
        }
        outcome
    }

    /// Goes on with what was sent before.
    pub(super) async fn adopt(&self, job: &Job, call: Call<'_>, told: &Told) -> Outcome {
        let is_new = self.flight(&job.key).is_none() && matches!(self.note(&job.key).read(), Ok(State::Never));
        if is_new && !call.is_safe() {
            return Outcome::just(End::CouldNotStart("it was never begun".to_owned()));
        }
        self.act(job, call, told).await
    }

    /// Asks until it passes often enough in a row. A question leaves no note, and is never in doubt.
    pub(super) async fn ask(&self, job: &Job, probe: &Probe, call: Call<'_>) -> Answer {
        let ready = match Ready::new(call, job, &self.secrets) {
            Ok(ready) => ready.wanting(probe.expect_output.as_deref()),
            Err(reason) => return Answer::Unknown { reason, hosts: Vec::new() },
        };
        let mut rounds = Rounds::begin(job, probe);
        loop {
            let tried = match exchange(&ready, rounds.most()).await {
                Came::Expected(said) => Try { passed: Ok(true), said },
                Came::Unexpected(what, said) => {
                    let said = Said { head: format!("{what}\n{}", said.head), ..said };
                    Try { passed: Ok(false), said }
                }
                Came::NotSent(why) | Came::Open(why, _) => Try { passed: Err(why), said: Said::default() },
            };
            if let Some(answer) = rounds.after(tried).await {
                return answer;
            }
        }
    }

    /// What became of it. What changes nothing can always be gone on with: it is sent anew.
    pub(super) fn inquire(&self, job: &Job, call: Call<'_>) -> Found {
        if let Some(flight) = self.flight(&job.key) {
            return flight.outcome.borrow().clone().map_or(Found::Alive, Found::Ended);
        }
        let open = |why: String| if job.repeatable { Found::Gone } else { Found::Unknown(why) };
        match self.note(&job.key).read() {
            Ok(State::Answered(outcome)) => match outcome.end {
                End::Lost(why) => open(why),
                End::Ok | End::Exit(_) | End::Unexpected(_) | End::Signal(_) | End::CouldNotStart(_) => {
                    Found::Ended(outcome)
                }
                End::Unreachable(_) | End::TimedOut | End::Killed | End::Refused(_) => Found::Ended(outcome),
            },
            Ok(State::Never | State::Sent) if call.is_safe() => Found::Alive,
            Ok(State::Never) => Found::NeverBegun,
            Ok(State::Sent) => open(DARK.to_owned()),
            Err(error) => Found::Unknown(format!("its note can't be read: {error}")),
        }
    }

    /// What was sent can't be unsent; what was not sent, or changes nothing, is dead.
    pub(super) async fn kill(&self, job: &Job, call: Call<'_>) -> Killed {
        let unsent = || Killed::NotConfirmed("what was sent can't be unsent".to_owned());
        if let Some(flight) = self.flight(&job.key) {
            if call.is_safe() {
                flight.task.abort();
                self.flights().remove(&job.key);
                return Killed::Dead;
            }
            drop(timeout(GRACE, landed(flight.outcome)).await);
            return unsent();
        }
        match self.note(&job.key).read() {
            Ok(State::Never) => Killed::Dead,
            Ok(State::Sent | State::Answered(_)) if call.is_safe() => Killed::Dead,
            Ok(State::Answered(outcome)) if !outcome.end.is_in_doubt() => Killed::Dead,
            Ok(State::Sent | State::Answered(_)) => unsent(),
            Err(error) => Killed::NotConfirmed(format!("its note can't be read: {error}")),
        }
    }

    /// The request is on its way when this returns; or it is over already, and this is what came of it.
    fn begin(&self, job: &Job, call: Call<'_>) -> Result<Flight, Outcome> {
        // Held until it is noted down who flies: two who ask for one key get one request.
        let mut flights = self.flights();
        if let Some(flight) = flights.get(&job.key) {
            return Ok(flight.clone());
        }
        let note = self.note(&job.key);
        let lost = |why: String| Err(Outcome::just(End::Lost(why)));
        match note.read() {
            Ok(State::Answered(outcome)) => return Err(outcome),
            Ok(State::Sent) if !call.is_safe() => return lost(DARK.to_owned()),
            Ok(State::Never | State::Sent) => {}
            Err(error) => return lost(format!("its note can't be read: {error}")),
        }
        let never = |why: String| Outcome::just(End::CouldNotStart(why));
        let ready = Ready::new(call, job, &self.secrets).map_err(never)?;
        note.begin().map_err(|error| never(format!("its note can't be written: {error}")))?;
        let (tell, outcome) = watch::channel(None);
        let (most, is_safe) = (Duration::from_millis(job.timeout.0), call.is_safe());
        let (key, all) = (job.key.clone(), Arc::clone(&self.flights));
        let task = tokio::spawn(async move {
            let outcome = exchange(&ready, most).await.outcome(is_safe);
            let is_kept = note.end(&outcome).is_ok();
            tell.send_replace(Some(outcome));
            // What can't be kept is known here, as long as we live.
            if is_kept {
                all.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            }
        });
        let flight = Flight { outcome, task: task.abort_handle() };
        flights.insert(job.key.clone(), flight.clone());
        Ok(flight)
    }

    fn flight(&self, key: &Key) -> Option<Flight> {
        self.flights().get(key).cloned()
    }

    fn flights(&self) -> MutexGuard<'_, BTreeMap<Key, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, key: &Key) -> Note {
        Note::at(self.records.join(key.file_name()))
    }
}

/// Waits for what comes of a request.
async fn landed(mut outcome: watch::Receiver<Option<Outcome>>) -> Outcome {
    match outcome.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone().unwrap_or_else(|| Outcome::just(End::Killed)),
        // Only what changes nothing is ever given up.
        Err(_) => Outcome::just(End::Killed),
    }
}

//! Jobs that are gone on with by a look: they are on their way in this process, or begin anew where another one left them.
//!
//! Nothing of them is written down here. Whoever takes over after a crash looks how it is, and does what is left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Killed;
use crate::driver::Outcome;
use crate::driver::played::later;

/// What is on its way, or ended in this process.
#[derive(Debug, Clone, Default)]
pub(super) struct Flights {
    all: Arc<Mutex<BTreeMap<Key, Flight>>>,
}

#[derive(Debug, Clone)]
struct Flight {
    outcome: watch::Receiver<Option<Outcome>>,
    stop: watch::Sender<bool>,
}

impl Flights {
    /// Begins it, unless it is on its way, and waits for its end. What is begun gets a word that becomes true when it is to
    /// end where it is, and the instant at which its time is over.
    pub(super) async fn fly<F>(&self, job: &Job, begin: impl FnOnce(watch::Receiver<bool>, Instant) -> F) -> Outcome
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut outcome = self.begin(job, begin).outcome;
        match outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(|| Outcome::just(End::Killed)),
            // The task that did it is gone without a word.
            Err(_) => Outcome::just(End::Lost("it broke off".to_owned())),
        }
    }

    fn begin<F>(&self, job: &Job, begin: impl FnOnce(watch::Receiver<bool>, Instant) -> F) -> Flight
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut flights = self.flights();
        if let Some(flight) = flights.get(&job.key) {
            return flight.clone();
        }
        let (tell, outcome) = watch::channel(None);
        let (stop, stopped) = watch::channel(false);
        let way = begin(stopped, later(Instant::now(), job.timeout));
        tokio::spawn(async move {
            tell.send_replace(Some(way.await));
        });
        let flight = Flight { outcome, stop };
        flights.insert(job.key.clone(), flight.clone());
        flight
    }

    /// Whatever was begun before can be gone on with: it begins with a look.
    pub(super) fn inquire(&self, job: &Job) -> Found {
        let flight = self.flights().get(&job.key).cloned();
        let ended = flight.and_then(|flight| flight.outcome.borrow().clone());
        ended.map_or(Found::Alive, Found::Ended)
    }

    /// It ends where it is. What was done stays done.
    pub(super) async fn kill(&self, job: &Job) -> Killed {
        let Some(mut flight) = self.flights().get(&job.key).cloned() else { return Killed::Dead };
        flight.stop.send_replace(true);
        match flight.outcome.wait_for(Option::is_some).await {
            Ok(_) | Err(_) => Killed::Dead,
        }
    }

    fn flights(&self) -> MutexGuard<'_, BTreeMap<Key, Flight>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What is heard of a job before it ends. For eyes only: nothing may be decided by it but the results of hosts.
//!
//! One thing is more than news: where users are about to be sent. It is written down before it is done.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::driver::HostOutcome;
use crate::model::Ppm;

/// News of a job that still runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// One host is done. Each host is told once, and stands in the outcome too.
    Host(HostOutcome),
    /// It printed something: masked, and safe to show.
    Output {
        /// On which host, where it has hosts.
        host: Option<String>,
        /// What is new. Where a job prints faster than anybody reads, only the latest of it.
        text: String,
    },
}

/// A change of where users are sent: how it is, and how it is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The shares by site, as they were just read. Sorted by site.
    pub from: Vec<(String, Ppm)>,
    /// The shares by site as they will be. Sorted by site.
    pub to: Vec<(String, Ppm)>,
    /// How it is, in the provider's own words: what somebody would write back by hand.
    pub fact: String,
}

type Listener = Arc<dyn Fn(News) + Send + Sync>;
type Ledger = Arc<dyn Fn(Shift) -> oneshot::Receiver<()> + Send + Sync>;

/// Somebody who listens to a job. It is called from the hands' own tasks, so it must not block.
#[derive(Clone, Default)]
pub struct Told {
    listener: Option<Listener>,
    ledger: Option<Ledger>,
}

impl Told {
    /// Calls `listener` for all news.
    #[must_use]
    pub fn to(listener: impl Fn(News) + Send + Sync + 'static) -> Self {
        Self { listener: Some(Arc::new(listener)), ledger: None }
    }

    /// Nobody listens.
    #[must_use]
    pub const fn nobody() -> Self {
        Self { listener: None, ledger: None }
    }

    /// With somebody who writes down where users are about to be sent. What they give back is answered once it is
    /// durable, and dropped where it can't be.
    #[must_use]
    pub fn with_ledger(mut self, ledger: impl Fn(Shift) -> oneshot::Receiver<()> + Send + Sync + 'static) -> Self {
        self.ledger = Some(Arc::new(ledger));
        self
    }

    /// Tells it.
    pub fn tell(&self, news: News) {
        if let Some(listener) = &self.listener {
            listener(news);
        }
    }

    /// Has a change written down. Only after a true answer may it be done; where nobody keeps a ledger, at once.
    pub(super) async fn first(&self, shift: Shift) -> bool {
        match &self.ledger {
            Some(ledger) => ledger(shift).await.is_ok(),
            None => true,
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.listener.is_some() { "Told(somebody)" } else { "Told(nobody)" })
    }
}

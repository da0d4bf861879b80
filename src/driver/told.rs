//! What is heard of a job before it ends. For eyes only: nothing may be decided by it but the results of hosts.

use std::fmt;
use std::sync::Arc;

use crate::driver::HostOutcome;

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

/// Somebody who listens to a job. It is called from the hands' own tasks, so it must not block.
#[derive(Clone)]
pub struct Told(Option<Arc<dyn Fn(News) + Send + Sync>>);

impl Told {
    /// Calls `listener` for all news.
    #[must_use]
    pub fn to(listener: impl Fn(News) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Nobody listens.
    #[must_use]
    pub const fn nobody() -> Self {
        Self(None)
    }

    /// Tells it.
    pub fn tell(&self, news: News) {
        if let Some(listener) = &self.0 {
            listener(news);
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "Told(somebody)" } else { "Told(nobody)" })
    }
}

//! Looking without touching: whether hosts let us in, and whether secrets are there. It changes nothing, and shows no value.

use crate::driver::HostAt;
use crate::driver::RouteTask;
use crate::driver::ScaleTask;
use crate::model::Millis;
use crate::model::Ppm;

/// Who can look at what a plan needs before anything is done.
pub trait Scout: Send + Sync + 'static {
    /// Connects and logs in, and keeps the session warm for whatever is asked next. With `holds_records` it is also looked
    /// whether commands can be begun there so that they outlive their connection; nothing is made for it.
    ///
    /// # Errors
    ///
    /// How far it came, and why no further.
    fn reach(&self, host: HostAt, holds_records: bool) -> impl Future<Output = Result<(), Unreached>> + Send;

    /// Whether there is a value behind a reference, as its user would read it.
    ///
    /// # Errors
    ///
    /// Why there is none, for people. It holds no value.
    fn secret(&self, secret: &Secret) -> Result<(), String>;

    /// Where a route leads, and whether its keeper would take a change. It takes a few seconds at most for each server.
    fn route(&self, task: RouteTask) -> impl Future<Output = RouteSeen> + Send;

    /// How much capacity is in service, and whether whoever launches would give what is wanted. It takes a few seconds.
    fn capacity(&self, task: ScaleTask) -> impl Future<Output = CapacitySeen> + Send;
}

/// What was seen of capacity without changing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacitySeen {
    /// What is in service, by resource, in thousandths; why nobody can say.
    pub in_service: Result<Vec<(String, u64)>, String>,
    /// What stands in the way of what is wanted, one line each, with what to do.
    pub troubles: Vec<String>,
}

/// What was seen of a route without changing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSeen {
    /// As its keeper says; why it does not.
    pub read: Result<Led, String>,
    /// As each server says that answers for it, asked by another way; why it does not.
    pub looks: Vec<(String, Result<Led, String>)>,
    /// What stands in the way of a change, one line each, with what to do.
    pub troubles: Vec<String>,
    /// What people should know besides.
    pub remarks: Vec<String>,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Led {
    /// The shares by site. Sorted by site.
    pub shares: Vec<(String, Ppm)>,
    /// Places that get traffic and belong to no site of the route: somebody else wrote them.
    pub foreign: Vec<String>,
    /// How long answers may be kept by whoever got one; none where nobody keeps them, or where nobody can say.
    pub ttl: Option<Millis>,
    /// In the keeper's own words.
    pub fact: String,
}

impl CapacitySeen {
    /// Nobody could be asked.
    pub(super) fn nothing(why: &str) -> Self {
        Self { in_service: Err(why.to_owned()), troubles: Vec::new() }
    }

    /// Whether it can be read, and nothing stands in the way.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        self.in_service.is_ok() && self.troubles.is_empty()
    }
}

impl RouteSeen {
    /// Nobody could be asked.
    pub(super) fn nothing(why: &str) -> Self {
        Self { read: Err(why.to_owned()), looks: Vec::new(), troubles: Vec::new(), remarks: Vec::new() }
    }

    /// Whether it can be read, and nothing stands in the way of a change.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.read.as_ref().is_ok_and(|led| led.foreign.is_empty()) && self.troubles.is_empty()
    }
}

/// A reference that somebody will ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    /// `env:NAME` or `file:PATH`.
    pub reference: String,
    /// It holds the certificates of authorities, which may be longer than a secret is.
    pub is_certificates: bool,
}

/// How far a host was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Its name has no address.
    Address,
    /// No connection stands.
    Connect,
    /// It took the connection, and is no SSH server that answers.
    Banner,
    /// The two found no common language.
    Handshake,
    /// It is not proven who answers.
    HostKey,
    /// It does not let us in.
    Login,
    /// A bastion before it does not let us through.
    Bastion,
    /// It lets us in, and can't keep a record of what is done there.
    Record,
    /// This machine can't.
    Here,
}

/// Why a host was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    /// How far it came.
    pub stage: Stage,
    /// Why, without what differs from host to host.
    pub reason: String,
    /// Why, in full: with addresses, fingerprints and what was tried.
    pub detail: String,
}

impl Unreached {
    /// Not even tried.
    pub(super) fn here(why: &str) -> Self {
        Self { stage: Stage::Here, reason: why.to_owned(), detail: why.to_owned() }
    }
}

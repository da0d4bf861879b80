//! Runbooks: authored procedures for one service, a template for many, or the procedures of a site.

use crate::model::Action;
use crate::model::Date;
use crate::model::KitId;
use crate::model::Millis;
use crate::model::PoolId;
use crate::model::Ppm;
use crate::model::Probe;
use crate::model::Role;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::SiteKind;
use crate::template::Text;

/// Authored procedures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runbook {
    /// Its name, unique among runbooks.
    pub name: String,
    /// For people.
    pub title: String,
    /// The team that answers for it.
    pub owner: String,
    /// When somebody last read it through.
    pub reviewed: Option<Date>,
    /// The names that it wants from services, each with its default. Sorted.
    pub params: Vec<(String, Option<String>)>,
    /// What is done, by occasion, in the order of [`Procedure`]. An occasion without steps is not listed.
    pub procedures: Vec<(Procedure, Vec<StepTemplate>)>,
}

impl Runbook {
    /// The steps for one occasion, where any were written.
    #[must_use]
    pub fn steps(&self, procedure: Procedure) -> Option<&[StepTemplate]> {
        self.procedures.iter().find(|(occasion, _)| *occasion == procedure).map(|(_, steps)| steps.as_slice())
    }
}

/// An occasion for which steps can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Procedure {
    /// The source is gone, or not trusted.
    Failover,
    /// The source still serves, and is left in order.
    Switchover,
    /// The way home.
    Failback,
    /// Let a primary go on without its lost standby.
    Detach,
    /// Go to the reduced form.
    Degrade,
    /// Go off, deliberately.
    Shed,
    /// The way back from both.
    Restore,
    /// Of a site: cut it off, so that nothing in it can act.
    Fence,
    /// Of a site: let it act again.
    Release,
}

impl Procedure {
    /// Every occasion, in the order in which they are written down.
    pub const ALL: [Self; 9] = [
        Self::Failover,
        Self::Switchover,
        Self::Failback,
        Self::Detach,
        Self::Degrade,
        Self::Shed,
        Self::Restore,
        Self::Fence,
        Self::Release,
    ];

    /// The word for it in files, plans and on screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Switchover => "switchover",
            Self::Failback => "failback",
            Self::Detach => "detach",
            Self::Degrade => "degrade",
            Self::Shed => "shed",
            Self::Restore => "restore",
            Self::Fence => "fence",
            Self::Release => "release",
        }
    }
}

/// Where in the recovery of a service a step belongs. The order is the order of recovery inside a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Make room.
    Free,
    /// Long restores and launches: waits for nobody.
    Prepare,
    /// Bring processes up.
    Start,
    /// Fill caches.
    Warm,
    /// Stop writes on a source that still answers.
    Quiesce,
    /// Make sure that the source can never act again.
    Fence,
    /// Make the target the writer.
    Promote,
    /// See that it works.
    Verify,
    /// Bring users.
    Shift,
    /// Let the rest of the users go.
    Drain,
    /// Stop what is no longer needed.
    Stop,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 11] = [
        Self::Free,
        Self::Prepare,
        Self::Start,
        Self::Warm,
        Self::Quiesce,
        Self::Fence,
        Self::Promote,
        Self::Verify,
        Self::Shift,
        Self::Drain,
        Self::Stop,
    ];

    /// The word for it in files, plans and on screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Prepare => "prepare",
            Self::Start => "start",
            Self::Warm => "warm",
            Self::Quiesce => "quiesce",
            Self::Fence => "fence",
            Self::Promote => "promote",
            Self::Verify => "verify",
            Self::Shift => "shift",
            Self::Drain => "drain",
            Self::Stop => "stop",
        }
    }
}

/// One authored step. What few steps have stands in a box of its own: an estate has tens of thousands of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTemplate {
    /// Its name, unique in its procedure.
    pub id: String,
    /// For people.
    pub title: Text,
    /// Where in the recovery it belongs.
    pub phase: Phase,
    /// Whose hosts it runs on.
    pub on: On,
    /// Which of the replica's hosts; all of them where none is named.
    pub subset: Option<String>,
    /// What it does.
    pub action: Action,
    /// Already so? Then it is not done again.
    pub done_if: Option<Box<Probe>>,
    /// Proof that it worked.
    pub verify: Option<Box<Probe>>,
    /// The way back.
    pub undo: Option<Box<Action>>,
    /// What a person is asked when the effect can't be proven.
    pub attest: Option<Text>,
    /// What it needs in order to run at all, beyond what every such step needs.
    pub uses: Vec<Need>,
    /// Asks for the log position and its age, for the DataLoss gate.
    pub position: Option<Box<Probe>>,
    /// Only for target replicas in these roles; all where it is empty.
    pub when: Vec<Role>,
    /// Only at sites of this kind.
    pub at: Option<SiteKind>,
    /// How long it typically takes.
    pub expect: Option<Millis>,
    /// Where that figure came from, in words.
    pub expect_source: Option<String>,
    /// When an attempt is given up.
    pub timeout: Option<Millis>,
    /// How often it may be tried; only for steps that are safe to repeat.
    pub retry: Retry,
    /// How it spreads over its hosts.
    pub batch: Option<Batch>,
    /// There is no way back.
    pub irreversible: bool,
    /// Steps of the same procedure that come before it, in place of the order written. `None` keeps the order.
    pub needs: Option<Vec<String>>,
    /// What it claims of the declared pools while it runs.
    pub claims: Vec<(PoolId, u32)>,
    /// A host that can't be reached counts as done, not as failed.
    pub unreachable_ok: bool,
    /// How long a person's answer takes.
    pub answer: Option<Millis>,
    /// How a privileged command is killed.
    pub kill: Option<Text>,
    /// The same step for a person, where its texts name an address and a service that uses the runbook has none: no
    /// command goes out with a name in it, and no step is lost.
    pub by_hand: Option<Box<Self>>,
}

/// Whose hosts a step runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// The replica that is left.
    Source,
    /// The replica that takes over.
    Target,
    /// The operator's machine.
    Operator,
}

/// How often a step may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// At least 1.
    pub attempts: u32,
    /// Between two attempts.
    pub backoff: Millis,
}

/// How a step spreads over its hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// At most this many hosts at once; at least 1.
    pub parallel: u32,
    /// The share of hosts that is enough; capacity then counts the survivors only.
    pub enough: Ppm,
}

/// One thing that a step or provider uses: the first supply that is there is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Never empty.
    pub any_of: Vec<Supply>,
}

/// What can fill a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Supply {
    /// A service, anywhere.
    Service(ServiceId),
    /// A service at one site.
    ServiceAt(ServiceId, SiteId),
    /// A kit.
    Kit(KitId),
}

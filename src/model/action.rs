//! What may be asked of a pair of hands: a closed set. Actions are data; nothing here acts.

use crate::model::HttpCall;
use crate::model::Millis;
use crate::model::RouteId;
use crate::model::SecretRef;
use crate::template::Text;

/// The one thing that a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A command on the hosts of the step.
    Ssh(Command),
    /// A command on the operator's machine.
    Exec(Command),
    /// One HTTP request.
    Http(Box<HttpCall>),
    /// Shift a route: this one, or the service's own. A step without a route to shift is left out of the plan.
    Route(Option<RouteId>),
    /// Bring the target's cloud capacity up to what the placement promised there. Left out where nothing is missing.
    Scale,
    /// A person does or decides something.
    Confirm(Text),
    /// Tell somebody. A failure never holds a run.
    Notify(Box<Notify>),
    /// A probe that must pass.
    Wait(Probe),
}

/// A command line, and the secrets that it gets through its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The command line, for a POSIX shell.
    pub line: Text,
    /// Variables by reference. Sorted.
    pub env: Vec<(String, SecretRef)>,
}

/// A message to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// What it says.
    pub message: Text,
    /// Where it goes.
    pub via: Channel,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// A webhook, whose address is a secret.
    Webhook(SecretRef),
    /// A program on the operator's machine; the message is its standard input.
    Command(Text),
}

/// A question that is answered without changing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What is asked.
    pub ask: Ask,
    /// The output must contain this, where it is given.
    pub expect_output: Option<String>,
    /// How long it may take until it passes.
    pub within: Option<Millis>,
    /// How many times in a row it must pass; at least 1.
    pub times: u32,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A command on the hosts of the step.
    Ssh(Command),
    /// A command on the operator's machine.
    Exec(Command),
    /// One HTTP request.
    Http(Box<HttpCall>),
}

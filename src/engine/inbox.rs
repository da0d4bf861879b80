//! What reaches the loop: answers of hands, and what people ask. There is one inbox, and it is read in order.

use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::model::Millis;
use crate::run::Command;
use crate::run::HostEnd;
use crate::run::Input;
use crate::run::No;
use crate::run::NodeAt;
use crate::run::Who;

/// One message.
#[derive(Debug)]
pub(in crate::engine) enum Message {
    /// What hands answer, or what happened to the process.
    Input(Input),
    /// The machine slept for so long: the clock of the loop stood still meanwhile.
    Slept(Millis),
    /// One host of a step is done.
    Host {
        /// Which step.
        at: NodeAt,
        /// Which attempt.
        attempt: u32,
        /// Where, and how.
        host: HostEnd,
    },
    /// A step is about to send users elsewhere.
    Shifting {
        /// What it is, for the run.
        input: Input,
        /// Answered once it is durable, and dropped where the step may not go on.
        reply: oneshot::Sender<()>,
    },
    /// What a person asks.
    Ask {
        /// What.
        command: Command,
        /// Who.
        by: Who,
        /// Why.
        reason: String,
        /// Where the answer goes, once it is durable.
        reply: oneshot::Sender<Result<(), No>>,
    },
}

/// A way to reach a run from elsewhere in its process.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(in crate::engine) inbox: mpsc::UnboundedSender<Message>,
}

/// The run does not listen any more: it ended, or its journal failed. Nobody knows whether the command counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run does not listen any more")]
pub struct Gone;

impl Handle {
    /// Asks for something. Answered only once it is durable.
    ///
    /// # Errors
    ///
    /// The run is gone; the inner error says why it is not done.
    pub async fn ask(&self, command: Command, by: Who, reason: String) -> Result<Result<(), No>, Gone> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Ask { command, by, reason, reply }).map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }

    /// The process was told to end: nothing new starts, and the loop leaves when nothing is in flight any more.
    pub fn signal(&self) {
        // A loop that is gone needs no telling.
        drop(self.inbox.send(Message::Input(Input::Signal)));
    }

    /// The machine slept for so long, and the clock that limits are measured by stood still meanwhile.
    pub fn slept(&self, span: Millis) {
        drop(self.inbox.send(Message::Slept(span)));
    }

    pub(in crate::engine) fn input(&self, input: Input) {
        drop(self.inbox.send(Message::Input(input)));
    }
}

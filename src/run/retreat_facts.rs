//! What of a run may have had an effect, step by step, as its journal tells. What nobody can rule out counts.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::Step;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Found;
use crate::run::HostEnd;
use crate::run::OpenedBy;
use crate::run::Script;
use crate::run::State;
use crate::run::Unseen;
use crate::run::Who;
use crate::run::fold;
use crate::run::script::NodeAt;

/// What is known of a run that is to be taken back.
pub(in crate::run) struct Facts {
    pub(in crate::run) script: Script,
    pub(in crate::run) state: State,
    /// By step or gate.
    pub(in crate::run) did: Vec<Did>,
    /// By step: hosts on which it was so before, and which therefore are not about it.
    pub(in crate::run) already: Vec<BTreeSet<String>>,
    /// By step: where users were before it first sent any elsewhere, as it was read then.
    pub(in crate::run) led: BTreeMap<NodeAt, Vec<(String, Ppm)>>,
}

/// Whether something had an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) enum Did {
    /// It provably had none.
    Nothing,
    /// It had one, or may have.
    Something,
    /// A person brought it about, in its place.
    ByHand,
    /// A person attested a fence.
    Attested(Who),
}

impl Facts {
    /// Reads a journal.
    pub(in crate::run) fn new(plan: &Plan, entries: &[Entry]) -> Result<Self, Unseen> {
        let script = Script::new(plan)?;
        let mut state = State::new(&script);
        let mut did = vec![Did::Nothing; script.len()];
        let mut already = vec![BTreeSet::new(); script.steps()];
        let mut led = BTreeMap::new();
        // Attempts of which nobody has heard yet that they had no effect.
        let mut open = vec![false; script.steps()];
        // Attempts that are being asked whether it is so already. Until that is answered nobody can say.
        let mut checking: BTreeSet<NodeAt> = BTreeSet::new();
        for entry in entries {
            fold(&script, &mut state, entry)?;
            drop(state.take_touched());
            if matches!(entry.event, Event::PenTaken { .. }) {
                // Whoever asked is gone, and had not begun.
                checking.clear();
            }
            let Some(at) = entry.event.subject().and_then(|name| script.find(name)) else { continue };
            if let Event::Shifting { from, .. } = &entry.event {
                led.entry(at).or_insert_with(|| from.clone());
            }
            if let Event::NotYetSo { already: hosts, .. } = &entry.event {
                already[at].extend(hosts.iter().cloned());
            }
            if let Event::GateOpened { by: OpenedBy::Person { by, .. }, .. } = &entry.event
                && matches!(plan.gates[at - script.steps()].kind, GateKind::Fence { .. })
            {
                did[at] = Did::Attested(by.clone());
            }
            if at >= script.steps() {
                continue;
            }
            checking.remove(&at);
            match tells(&plan.steps[at], &entry.event) {
                Tells::Nothing => {}
                Tells::Asks => drop(checking.insert(at)),
                Tells::Begins => {
                    // An attempt that was left open, and another one after it: the first may have had an effect.
                    did[at] = if open[at] { Did::Something } else { did[at].clone() };
                    open[at] = true;
                }
                Tells::Without => open[at] = false,
                Tells::With => {
                    open[at] = false;
                    did[at] = Did::Something;
                }
                Tells::ByHand if did[at] == Did::Nothing && !open[at] => did[at] = Did::ByHand,
                Tells::ByHand => {}
            }
        }
        for at in (0..script.steps()).filter(|at| open[*at] || checking.contains(at)) {
            did[at] = Did::Something;
        }
        Ok(Self { script, state, did, already, led })
    }

    /// Whether it had an effect, or may have.
    pub(in crate::run) fn changed(&self, at: NodeAt) -> bool {
        self.did[at] != Did::Nothing
    }
}

/// What an entry tells of the effect of its step.
enum Tells {
    Nothing,
    Asks,
    Begins,
    With,
    Without,
    ByHand,
}

fn tells(step: &Step, event: &Event) -> Tells {
    match event {
        Event::Started { .. } if is_for_people(&step.action) => Tells::Nothing,
        // Where it is asked first whether it is so, nothing begins before the answer.
        Event::Started { .. } if step.done_if.is_some() => Tells::Asks,
        Event::Started { .. } | Event::NotYetSo { .. } => Tells::Begins,
        Event::HostsEnded { hosts, .. } => {
            let touched = |host: &HostEnd| !had_no_effect(&host.end);
            if hosts.iter().any(touched) { Tells::With } else { Tells::Nothing }
        }
        Event::Shifting { .. } => Tells::With,
        Event::Ended { end, .. } | Event::Inquired { found: Found::Ended(end), .. } => {
            if had_no_effect(end) {
                Tells::Without
            } else {
                Tells::With
            }
        }
        Event::Inquired { found: Found::NeverBegan, .. } => Tells::Without,
        Event::Confirmed { .. } => Tells::With,
        Event::MarkedDone { .. } => Tells::ByHand,
        Event::Inquired { .. }
        | Event::AlreadySo { .. }
        | Event::Verified { .. }
        | Event::Stopping { .. }
        | Event::Stopped { .. }
        | Event::Probed { .. }
        | Event::Denied { .. }
        | Event::Unanswered { .. }
        | Event::Skipped { .. }
        | Event::Again { .. }
        | Event::Opened { .. }
        | Event::PenTaken { .. }
        | Event::ClockJumped { .. }
        | Event::GateAsked { .. }
        | Event::PositionsSeen { .. }
        | Event::GateOpened { .. }
        | Event::GateRejected { .. }
        | Event::GateTimedOut { .. }
        | Event::Held { .. }
        | Event::Resumed { .. }
        | Event::Cancelled { .. }
        | Event::Yielding { .. }
        | Event::Left { .. }
        | Event::Quarantined { .. }
        | Event::Released { .. }
        | Event::RunEnded { .. } => Tells::Nothing,
    }
}

fn is_for_people(action: &ActionOnPaper) -> bool {
    matches!(action, ActionOnPaper::Confirm { .. } | ActionOnPaper::Fetch { .. })
}

/// Whether whoever says so also says that nothing was changed.
fn had_no_effect(end: &End) -> bool {
    match end {
        End::NeverBegan(_) | End::Unreachable(_) => true,
        End::Ok | End::Exit(_) | End::Signal(_) | End::Unexpected(_) | End::NotEnough { .. } => false,
        End::TimedOut | End::Lost(_) => false,
    }
}

//! Whom a plan waits for: gates that a person opens, and steps that a person takes.

use crate::model::Millis;
use crate::plan::ActionOnPaper;
use crate::plan::Plan;
use crate::plan::Step;
use crate::report::gate;
use crate::report::words;

/// Something that a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// When.
    pub at: Millis,
    /// What.
    pub what: String,
}

/// All that people are asked or sent for, in order of time.
#[must_use]
pub fn asked(plan: &Plan) -> Vec<Asked> {
    let gates = plan.gates.iter().filter(|gate| gate.person);
    let gates = gates.map(|gate| (&gate.id, Asked { at: gate.start_ms, what: gate::ask_within(gate, usize::MAX) }));
    let steps = plan.steps.iter().filter_map(|step| Some((&step.id, Asked { at: step.start_ms, what: task(step)? })));
    let mut all: Vec<(&String, Asked)> = gates.chain(steps).collect();
    all.sort_by(|(one, asked), (other, later)| (asked.at, one).cmp(&(later.at, other)));
    all.into_iter().map(|(_, asked)| asked).collect()
}

/// What a person does in a step; none where a machine does it.
fn task(step: &Step) -> Option<String> {
    match &step.action {
        ActionOnPaper::Confirm { question } => Some(words::plain(question)),
        ActionOnPaper::Fetch { kit, held_at } => Some(format!("fetch {kit} from {}", held_at.join(", "))),
        ActionOnPaper::Ssh { .. }
        | ActionOnPaper::Exec { .. }
        | ActionOnPaper::Http(_)
        | ActionOnPaper::Route(_)
        | ActionOnPaper::Ttl(_)
        | ActionOnPaper::Scale { .. }
        | ActionOnPaper::Notify { .. }
        | ActionOnPaper::Wait(_) => None,
    }
}

/// Whether a step is a person's word.
#[must_use]
pub fn is_confirmation(step: &Step) -> bool {
    matches!(step.action, ActionOnPaper::Confirm { .. })
}

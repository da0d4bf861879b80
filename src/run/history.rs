//! What ran teaches: how long steps really took. Only what went well at its first attempt counts; what a person did, or
//! what was so already, says nothing about machines.

use std::collections::BTreeMap;

use crate::model::Millis;
use crate::model::Spans;
use crate::plan::Plan;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Stamp;

/// Two runs may both have met a bad day; of three, the one in the middle has not.
const RUNS_LEAST: usize = 3;

/// How long steps took, in every run that was learnt from.
#[derive(Debug, Clone, Default)]
pub struct History {
    took: BTreeMap<String, Vec<Millis>>,
}

impl History {
    /// Learns from a run. A step that was in flight when the pen was taken teaches nothing: nobody saw when it ended.
    pub fn learn(&mut self, plan: &Plan, entries: &[Entry]) {
        let verified: BTreeMap<&str, bool> =
            plan.steps.iter().map(|step| (step.id.as_str(), step.verify.is_some())).collect();
        let mut began: BTreeMap<&str, Stamp> = BTreeMap::new();
        for entry in entries {
            match &entry.event {
                Event::PenTaken { .. } => began.clear(),
                Event::Started { step, attempt: 1 } => drop(began.insert(step, entry.at)),
                Event::Ended { step, attempt: 1, end: End::Ok, .. } => {
                    if verified.get(step.as_str()) == Some(&false) {
                        self.note(step, began.remove(step.as_str()), entry.at);
                    }
                }
                Event::Verified { step, attempt: 1, passed: true, .. } => {
                    self.note(step, began.remove(step.as_str()), entry.at);
                }
                Event::Ended { step, .. } | Event::Verified { step, .. } | Event::Stopping { step, .. } => {
                    began.remove(step.as_str());
                }
                Event::Opened { .. }
                | Event::ClockJumped { .. }
                | Event::GateAsked { .. }
                | Event::PositionsSeen { .. }
                | Event::GateOpened { .. }
                | Event::GateRejected { .. }
                | Event::GateTimedOut { .. }
                | Event::Started { .. }
                | Event::AlreadySo { .. }
                | Event::NotYetSo { .. }
                | Event::HostsEnded { .. }
                | Event::Shifting { .. }
                | Event::Stopped { .. }
                | Event::Inquired { .. }
                | Event::Probed { .. }
                | Event::Confirmed { .. }
                | Event::Denied { .. }
                | Event::Unanswered { .. }
                | Event::MarkedDone { .. }
                | Event::Skipped { .. }
                | Event::Again { .. }
                | Event::Held { .. }
                | Event::Resumed { .. }
                | Event::Cancelled { .. }
                | Event::Yielding { .. }
                | Event::Left { .. }
                | Event::Quarantined { .. }
                | Event::Released { .. }
                | Event::RunEnded { .. } => {}
            }
        }
    }

    fn note(&mut self, step: &str, began: Option<Stamp>, ended: Stamp) {
        if let Some(began) = began {
            self.took.entry(step.to_owned()).or_default().push(ended.since(began));
        }
    }

    /// How long steps take, by their ids, sorted; only of those that ran often enough.
    #[must_use]
    pub fn spans(&self) -> Vec<(String, Spans)> {
        let often = self.took.iter().filter(|(_, took)| took.len() >= RUNS_LEAST);
        often
            .map(|(step, took)| {
                let mut took = took.clone();
                took.sort_unstable();
                // The nearest rank: a span that was really seen.
                let rank = |percent: usize| took[(took.len() * percent).div_ceil(100).max(1) - 1];
                let runs = u64::try_from(took.len()).unwrap_or(u64::MAX);
                (step.clone(), Spans { median: rank(50), p75: rank(75), runs })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::History;
    use crate::model::Millis;
    use crate::run::Event;
    use crate::run::Stamp;
    use crate::run::played::Play;
    use crate::run::tests::talk;

    /// Talk loses a site three times, and each time everything goes as planned: then history says what the plan said.
    #[test]
    fn three_runs_teach_and_two_do_not() {
        let plan = talk::lost("pangyo");
        let mut play = Play::new(plan.clone());
        play.decide();
        play.until(Millis::from_secs(4 * 3_600));
        let mut history = History::default();
        history.learn(&plan, &play.entries);
        history.learn(&plan, &play.entries);
        assert!(history.spans().is_empty());
        history.learn(&plan, &play.entries);
        let spans = history.spans();
        let promote = spans.iter().find(|(step, _)| step == "message-store/promote@ansan").map(|(_, spans)| *spans);
        let promote = promote.expect("a promotion ran");
        assert_eq!((promote.runs, promote.median), (3, promote.p75));
        assert!(promote.median >= Millis::from_secs(25), "{promote:?}");
        assert!(!spans.iter().any(|(step, _)| step == "site:pangyo/border"), "what people do is not learnt");
    }

    /// What was in flight over a crash says nothing about how long it takes.
    #[test]
    fn a_crash_teaches_nothing() {
        let plan = talk::lost("pangyo");
        let mut play = Play::new(plan.clone());
        play.decide();
        play.until(Millis::from_secs(70));
        let mut entries = play.entries.clone();
        let started = entries.iter().position(|entry| matches!(entry.event, Event::Started { .. })).unwrap();
        let mut crash = entries[1].clone();
        crash.at = Stamp(entries[started].at.0 + 1);
        entries.insert(started + 1, crash);
        let first = entries[started].event.subject().unwrap().to_owned();
        let mut history = History::default();
        for _ in 0..3 {
            history.learn(&plan, &entries);
        }
        assert!(!history.spans().iter().any(|(step, _)| *step == first));
    }
}

//! What scripted hands change: which step took effect on which host, how often, and when. It never forgets of itself.

use std::collections::BTreeMap;

use crate::model::Millis;

/// A world that only scripted hands change, so that it can be compared with another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    applied: BTreeMap<String, BTreeMap<String, u32>>,
    log: Vec<Effect>,
}

/// One thing that took effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// In which run.
    pub run: String,
    /// By which step.
    pub step: String,
    /// On which host; empty where the step is not done on hosts.
    pub host: String,
    /// When, counted from the first thing that was asked of these hands.
    pub at: Millis,
}

impl World {
    /// How often a step took effect on a host (empty where it is not done on hosts).
    #[must_use]
    pub fn times(&self, step: &str, host: &str) -> u32 {
        self.applied.get(step).and_then(|hosts| hosts.get(host)).copied().unwrap_or(0)
    }

    /// Every step and host that took effect, with how often. Sorted.
    pub fn applied(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        self.applied
            .iter()
            .flat_map(|(step, hosts)| hosts.iter().map(|(host, times)| (step.as_str(), host.as_str(), *times)))
    }

    /// What took effect, in order.
    #[must_use]
    pub fn log(&self) -> &[Effect] {
        &self.log
    }

    /// Whether what a step brings about is so: on this host, or wherever the step is done where it has no hosts.
    #[must_use]
    pub fn is_so(&self, step: &str, host: &str) -> bool {
        match self.applied.get(step) {
            None => false,
            Some(_) if host.is_empty() => true,
            Some(hosts) => hosts.contains_key(host) || hosts.contains_key(""),
        }
    }

    /// Something takes effect.
    pub fn apply(&mut self, effect: Effect) {
        *self.applied.entry(effect.step.clone()).or_default().entry(effect.host.clone()).or_default() += 1;
        self.log.push(effect);
    }

    /// What a step brought about is no more: it was undone, or its site was lost. The log keeps it.
    pub fn undo(&mut self, step: &str) {
        self.applied.remove(step);
    }
}

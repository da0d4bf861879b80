//! What the stupid reader knows of silence and of critical sections, from the text of the plan alone.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Millis;
use crate::plan::Plan;
use crate::plan::Step;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Stamp;

/// What killing, asking after and the slowest of links may add to a step's own limit.
const SLACK: Millis = Millis::from_secs(70);
/// How long a proof may take where the plan does not say.
const PROOF: Millis = Millis::from_secs(60);

/// How long nobody has heard of what was asked.
pub(in crate::engine) struct Silence<'a> {
    limits: BTreeMap<&'a str, Millis>,
    heard: BTreeMap<String, Stamp>,
}

impl<'a> Silence<'a> {
    pub(in crate::engine) fn new(plan: &'a Plan) -> Self {
        let step = |step: &'a Step| {
            let within = step.verify.as_ref().map(|probe| probe.within_ms.unwrap_or(PROOF)).unwrap_or_default();
            (step.id.as_str(), step.limits.timeout_ms + within + SLACK)
        };
        let gates = plan.gates.iter().map(|gate| (gate.id.as_str(), gate.limit_ms + SLACK));
        Self { limits: plan.steps.iter().map(step).chain(gates).collect(), heard: BTreeMap::new() }
    }

    /// Nothing that is waited for is silent for longer than its limits together.
    pub(in crate::engine) fn entry<'b>(
        &mut self,
        entry: &Entry,
        mut waits: impl Iterator<Item = &'b String>,
    ) -> Result<(), String> {
        // While nobody held the pen nobody could be told anything.
        if matches!(entry.event, Event::PenTaken { .. }) {
            self.heard.values_mut().for_each(|heard| *heard = entry.at);
        }
        let too_long = |id: &&String| {
            let silent = self.heard.get(*id).map(|heard| entry.at.since(*heard));
            silent.zip(self.limits.get(id.as_str())).is_some_and(|(silent, limit)| silent > *limit)
        };
        if let Some(id) = waits.find(too_long) {
            return Err(format!("nobody looked at {id} for too long"));
        }
        if let Some(subject) = entry.event.subject() {
            self.heard.insert(subject.to_owned(), entry.at);
        }
        Ok(())
    }
}

/// What must not be left half done: for each service that gets a new writer, the steps that belong together, and those
/// with which it begins.
pub(in crate::engine) struct Sections<'a> {
    all: Vec<(BTreeSet<&'a str>, BTreeSet<&'a str>)>,
}

impl<'a> Sections<'a> {
    pub(in crate::engine) fn new(plan: &'a Plan) -> Self {
        let all = plan.services.iter().filter_map(|service| {
            let own = || plan.steps.iter().filter(|step| step.service.as_deref() == Some(service.id.as_str()));
            let promotes = || own().filter(|step| step.phase == "promote");
            promotes().next()?;
            let proves = |step: &Step| step.phase == "verify" && promotes().any(|promote| promote.site == step.site);
            let writes = |site: &str| service.from.iter().any(|from| from.site == site && from.survives);
            let begins = |step: &Step| match step.phase.as_str() {
                "quiesce" | "promote" => true,
                "fence" => step.site.as_deref().is_some_and(writes),
                _ => false,
            };
            let member = |step: &Step| matches!(step.phase.as_str(), "quiesce" | "fence" | "promote") || proves(step);
            let members = own().filter(|step| member(step)).map(|step| step.id.as_str()).collect();
            Some((members, own().filter(|step| begins(step)).map(|step| step.id.as_str()).collect()))
        });
        Self { all: all.collect() }
    }

    /// Whether it belongs to a section of which something began already.
    pub(in crate::engine) fn entered(&self, id: &str, began: impl Fn(&str) -> bool) -> bool {
        self.all.iter().any(|(members, begins)| members.contains(id) && begins.iter().any(|first| began(first)))
    }

    /// A step that could begin, of a section that was entered.
    pub(in crate::engine) fn left_inside(
        &self,
        began: impl Fn(&str) -> bool,
        could: impl Fn(&str) -> bool,
    ) -> Option<&'a str> {
        let entered = self.all.iter().filter(|(_, begins)| begins.iter().any(|first| began(first)));
        entered.flat_map(|(members, _)| members).copied().find(|id| !began(id) && could(id))
    }
}

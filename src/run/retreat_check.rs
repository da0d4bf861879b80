//! The second pair of eyes on a retreat: it shares nothing with what makes one, and reads the plan and the journal by
//! itself. A retreat undoes only what began, after all that came later; nothing that stays loses what it was built on;
//! whoever was fenced acts again only where nobody else may have become the writer; and nobody whom nobody trusts is
//! touched, or sent users to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::HttpOnPaper;
use crate::plan::Plan;
use crate::plan::Step;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Found;
use crate::run::OpenedBy;

/// What must never be in a retreat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Amiss {
    /// It undoes what the plan has no step or gate for, or the same thing twice.
    #[error("{step} undoes nothing that the run could have done, or undoes it a second time")]
    OfNothing {
        /// The step of the retreat.
        step: String,
    },
    /// It undoes what the run never began.
    #[error("{step} undoes what the run never began")]
    NotBegun {
        /// The step of the retreat.
        step: String,
    },
    /// What came first is undone before what came later.
    #[error("{step} does not wait until {later} is undone, which came after it")]
    Order {
        /// The step of the retreat.
        step: String,
        /// What came later.
        later: String,
    },
    /// Something that stays was built on it.
    #[error("{step} undoes what {by} was built on, which stays")]
    Needed {
        /// The step of the retreat.
        step: String,
        /// The step that stays.
        by: String,
    },
    /// It lets an old writer act while there may be a new one.
    #[error("{step} lets an old writer act, and {promotion} may have made another one")]
    SecondWriter {
        /// The step of the retreat.
        step: String,
        /// The promotion that began.
        promotion: String,
    },
    /// It acts where nobody trusts what answers, or sends users there.
    #[error("{step} acts at {site} or sends users there, and nobody released it")]
    Untrusted {
        /// The step of the retreat.
        step: String,
        /// The site.
        site: String,
    },
    /// Nobody is asked before it begins.
    #[error("{step} does not wait for the approval of the start")]
    Unasked {
        /// The step of the retreat.
        step: String,
    },
}

/// Everything that is wrong with a retreat of a run of `parent`, sorted; nothing where it may be carried out.
#[must_use]
pub fn retreat_check(parent: &Plan, entries: &[Entry], quarantined: &BTreeSet<String>, retreat: &Plan) -> Vec<Amiss> {
    let then = Web::new(parent, true);
    let now = Web::new(retreat, false);
    let told = Told::new(parent, entries);
    let mut found = Vec::new();
    let mut undone: BTreeMap<&str, &Step> = BTreeMap::new();
    for step in &retreat.steps {
        let id = step.id.clone();
        let of = step.id.strip_prefix("undo:").filter(|of| then.before.contains_key(of));
        match of {
            Some(of) if undone.insert(of, step).is_none() => {}
            _ => found.push(Amiss::OfNothing { step: id.clone() }),
        }
        if of.is_some_and(|of| !told.began.contains(of)) {
            found.push(Amiss::NotBegun { step: id.clone() });
        }
        let asks = |id: &str| retreat.gates.iter().any(|gate| gate.id == id && gate.person);
        if !step.after.iter().any(|id| asks(id)) && !now.above(&step.id, |_| false).into_iter().any(asks) {
            found.push(Amiss::Unasked { step: id.clone() });
        }
        found.extend(sent_to(step, quarantined).map(|site| Amiss::Untrusted { step: id.clone(), site }));
    }
    for (&of, step) in &undone {
        // What lies behind another one that is undone follows from that.
        let above = then.above(of, |id| undone.contains_key(id));
        let waits = |on: &Step| on.after.contains(&step.id) || now.above(&on.id, |_| false).contains(step.id.as_str());
        for first in above.iter().filter_map(|first| undone.get(first)) {
            if !waits(first) {
                found.push(Amiss::Order { step: first.id.clone(), later: step.id.clone() });
            }
        }
        for promotion in promotions(parent, of, step).filter(|id| !told.was_harmless(id)) {
            found.push(Amiss::SecondWriter { step: step.id.clone(), promotion: promotion.to_owned() });
        }
    }
    let stay = parent.steps.iter().filter(|step| told.done.contains(step.id.as_str()) && leaves_something(step));
    let mut seen = BTreeSet::new();
    for stays in stay.filter(|step| !undone.contains_key(step.id.as_str())) {
        // What was seen once is not told again: one reason is enough.
        let above = then.above(&stays.id, |id| !seen.insert(id));
        for step in above.iter().filter_map(|id| undone.get(id)) {
            found.push(Amiss::Needed { step: step.id.clone(), by: stays.id.clone() });
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Who comes before whom, by name.
struct Web<'a> {
    before: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Web<'a> {
    /// `proofs`: whether a gate waits also for what could open it.
    fn new(plan: &'a Plan, proofs: bool) -> Self {
        let mut before: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for step in &plan.steps {
            before.insert(&step.id, step.after.iter().map(String::as_str).collect());
        }
        for gate in &plan.gates {
            let opened_by = gate.opened_by.iter().filter(|_| proofs);
            before.insert(&gate.id, gate.after.iter().chain(opened_by).map(String::as_str).collect());
        }
        Self { before }
    }

    /// All that comes before it, but not what comes before those at which it stops.
    fn above(&self, id: &str, mut stops: impl FnMut(&'a str) -> bool) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = self.before.get(id).cloned().unwrap_or_default();
        while let Some(one) = open.pop() {
            if seen.insert(one) && !stops(one) {
                open.extend(self.before.get(one).into_iter().flatten());
            }
        }
        seen
    }
}

/// What a journal says in so many words.
struct Told<'a> {
    began: BTreeSet<&'a str>,
    done: BTreeSet<&'a str>,
    /// Beginnings that were answered by "nothing was changed", and all beginnings.
    harmless: BTreeMap<&'a str, u32>,
    attempts: BTreeMap<&'a str, u32>,
}

impl<'a> Told<'a> {
    fn new(parent: &Plan, entries: &'a [Entry]) -> Self {
        let asks: BTreeSet<&str> =
            parent.steps.iter().filter(|step| step.done_if.is_some()).map(|step| step.id.as_str()).collect();
        let mut asking: BTreeSet<&str> = BTreeSet::new();
        let mut told = Self {
            began: BTreeSet::new(),
            done: BTreeSet::new(),
            harmless: BTreeMap::new(),
            attempts: BTreeMap::new(),
        };
        for event in entries.iter().map(|entry| &entry.event) {
            if matches!(event, Event::PenTaken { .. }) {
                // Whoever asked whether it is so is gone, and had not begun.
                std::mem::take(&mut asking).into_iter().for_each(|name| *told.harmless.entry(name).or_default() += 1);
            }
            let Some(name) = event.subject() else { continue };
            let asks = matches!(event, Event::Started { .. }) && asks.contains(name);
            asking.remove(name);
            if asks {
                asking.insert(name);
            }
            if matches!(event, Event::Started { .. }) {
                *told.attempts.entry(name).or_default() += 1;
            }
            let by_somebody = matches!(
                event,
                Event::Started { .. }
                    | Event::MarkedDone { .. }
                    | Event::Confirmed { .. }
                    | Event::GateOpened { by: OpenedBy::Person { .. }, .. }
            );
            if by_somebody {
                told.began.insert(name);
            }
            if let Event::Ended { end, .. } | Event::Inquired { found: Found::Ended(end), .. } = event {
                match end {
                    End::Ok => drop(told.done.insert(name)),
                    End::NeverBegan(_) | End::Unreachable(_) => *told.harmless.entry(name).or_default() += 1,
                    End::Exit(_) | End::Signal(_) | End::Unexpected(_) | End::NotEnough { .. } => {}
                    End::TimedOut | End::Lost(_) => {}
                }
            }
            if matches!(event, Event::Inquired { found: Found::NeverBegan, .. }) {
                *told.harmless.entry(name).or_default() += 1;
            }
            // What somebody marked as done was not built on anything of the run.
            if matches!(event, Event::Confirmed { .. }) {
                told.done.insert(name);
            }
        }
        told
    }

    /// Whether it never began, or each beginning is known to have changed nothing.
    fn was_harmless(&self, id: &str) -> bool {
        !self.began.contains(id) || self.attempts.get(id).is_some_and(|all| self.harmless.get(id) == Some(all))
    }
}

/// Quarantined sites at which a step acts, or to which it sends users.
fn sent_to<'a>(step: &'a Step, quarantined: &'a BTreeSet<String>) -> impl Iterator<Item = String> + 'a {
    let there =
        step.site.iter().filter(|_| step.hosts.is_some() || matches!(step.effect, Some(Effect::Unfenced { .. })));
    let led = if let ActionOnPaper::Route(route) = &step.action { route.to.as_slice() } else { &[] };
    let led = led.iter().filter(|(_, share)| share.0 > 0).map(|(site, _)| site);
    there.chain(led).filter(|site| quarantined.contains(*site)).cloned()
}

/// Promotions after which this must not be undone, where it lets an old writer act.
fn promotions<'a>(parent: &'a Plan, of: &'a str, step: &'a Step) -> impl Iterator<Item = &'a str> {
    let original = parent.steps.iter().find(|one| one.id == of);
    let is_fence = matches!(step.effect, Some(Effect::Unfenced { .. }))
        || original.is_some_and(|one| one.phase == "fence" || one.effect == Some(Effect::Fenced));
    let gates = parent.gates.iter().filter(move |gate| {
        let own = gate.id == of || gate.opened_by.iter().any(|by| by == of);
        matches!(gate.kind, GateKind::Fence { .. }) && own
    });
    let services: BTreeSet<&str> =
        gates.filter_map(|gate| gate.service.as_deref()).chain(step.service.as_deref()).collect();
    let promotes = |one: &&Step| one.phase == "promote" || one.effect == Some(Effect::Writer);
    let all = parent.steps.iter().filter(move |_| is_fence).filter(promotes);
    all.filter(move |one| one.service.as_deref().is_some_and(|of| services.contains(of))).map(|one| one.id.as_str())
}

/// Whether there is anything of it that could be built on something else. A fence that stays needs nobody.
fn leaves_something(step: &Step) -> bool {
    let asks = |call: &HttpOnPaper| call.method == "GET" || call.method == "HEAD";
    let looks = step.phase == "verify"
        || matches!(step.action, ActionOnPaper::Wait(_) | ActionOnPaper::Notify { .. } | ActionOnPaper::Fetch { .. })
        || matches!(&step.action, ActionOnPaper::Http(call) if asks(call));
    (!looks || step.undo.is_some()) && step.phase != "fence" && step.effect != Some(Effect::Fenced)
}

//! A second, stupid reader of what a run and its successor did together: both plans as text, both journals, and the world.
//! It shares no rule with the machine, with the planner, or with what reads journals for the next plan.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::driver::Fault as Trouble;
use crate::driver::Silence;
use crate::driver::World;
use crate::engine::tests::watch::Watch;
use crate::model::Millis;
use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::plan::Side;
use crate::plan::Step;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::OpenedBy;
use crate::run::Stamp;

/// A fence that is owed is tried again after fifteen seconds, then after as long as it has been owed, at the latest after eight
/// minutes. With its own limit, and other hands that are busy, it takes so much longer.
const SOON: Millis = Millis::from_secs(15);
const EIGHT_MINUTES: Millis = Millis::from_secs(480);
const BUSY: Millis = Millis::from_secs(150);

/// One run of the family: its plan, what was written, and what the reader of single journals knows at its end.
pub(in crate::engine) struct Member<'a> {
    pub(in crate::engine) name: &'a str,
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) entries: &'a [Entry],
    pub(in crate::engine) watch: Watch<'a>,
}

/// A run, its successors, and what became of the world.
pub(in crate::engine) struct Family<'a> {
    pub(in crate::engine) members: Vec<Member<'a>>,
    pub(in crate::engine) world: &'a World,
    pub(in crate::engine) silences: &'a [Silence],
    pub(in crate::engine) faults: &'a [Trouble],
    /// The instant of the first thing that was asked of hands.
    pub(in crate::engine) begin: Stamp,
}

impl Family<'_> {
    /// Everything that must hold of all of them together.
    pub(in crate::engine) fn check(&self) -> Result<(), String> {
        self.one_after_the_other()?;
        self.one_writer()?;
        self.one_writer_in_the_world()?;
        self.nothing_twice()?;
        self.debts_are_collected()?;
        for at in 1..self.members.len() {
            sealed_sites_are_left_alone(&self.members[..at], self.members[at].plan)?;
        }
        Ok(())
    }

    /// When a run is over nothing of it is in flight, and nothing that it began takes effect later, but what a person was
    /// told of: what nobody could find out about.
    fn one_after_the_other(&self) -> Result<(), String> {
        let Some((_, others)) = self.members.split_last() else { return Ok(()) };
        for member in others {
            if let Some(step) = member.watch.in_flight().next() {
                return Err(format!("{step} of {} is in flight, and nobody owns it", member.name));
            }
            let over = member.entries.last().map_or(self.begin, |entry| entry.at).since(self.begin);
            let late = self.world.log().iter().find(|effect| {
                effect.run == member.name && effect.at > over && !member.watch.may_still_act(&effect.step)
            });
            if let Some(effect) = late {
                return Err(format!("{} took effect after {} had given way", effect.step, member.name));
            }
        }
        Ok(())
    }

    /// A writer is made only where every other one, made by whichever run, was fenced since.
    fn one_writer(&self) -> Result<(), String> {
        let mut writers = first_writers(&self.members);
        for member in &self.members {
            let steps: BTreeMap<&str, &Step> = member.plan.steps.iter().map(|step| (step.id.as_str(), step)).collect();
            for entry in member.entries {
                if let Event::GateOpened { gate, .. } = &entry.event {
                    let gate = member.plan.gates.iter().find(|one| one.id == *gate).ok_or("no such gate")?;
                    let GateKind::Fence { site, .. } = &gate.kind else { continue };
                    for ((service, at), fenced) in &mut writers {
                        *fenced |= at == site && gate.service.as_ref().is_none_or(|of| of == service);
                    }
                }
                let Some(step) = acting(&steps, &entry.event) else { continue };
                let (Some(service), Some(site)) = (&step.service, &step.site) else { continue };
                let other = writers.iter().find(|((of, at), fenced)| of == service && at != site && !**fenced);
                if let Some(((_, at), _)) = other {
                    return Err(format!("{}: {} makes a second writer beside {at}", member.name, step.id));
                }
                writers.insert((service.clone(), site.clone()), false);
            }
        }
        Ok(())
    }

    /// The same in the world: whoever really can write when another one is made stands on a person's word.
    fn one_writer_in_the_world(&self) -> Result<(), String> {
        let mut alive: BTreeSet<(String, String)> = first_writers(&self.members).into_keys().collect();
        for effect in self.world.log() {
            let Some(of) = self.members.iter().find(|member| member.name == effect.run) else { continue };
            let Some(step) = of.plan.steps.iter().find(|step| step.id == effect.step) else { continue };
            let (Some(service), Some(site)) = (&step.service, &step.site) else { continue };
            if step.effect == Some(Effect::Fenced) {
                alive.remove(&(service.clone(), site.clone()));
            }
            if step.effect != Some(Effect::Writer) {
                continue;
            }
            let others = alive.iter().filter(|(of, at)| of == service && at != site);
            for (_, at) in others.filter(|(_, at)| !self.is_silent(at, effect.at)) {
                if !self.is_vouched_for(service, at, self.begin.after(effect.at)) {
                    return Err(format!("{} takes effect beside a writer at {at} that answers", step.id));
                }
            }
            alive.insert((service.clone(), site.clone()));
        }
        Ok(())
    }

    fn is_silent(&self, site: &str, at: Millis) -> bool {
        let host = format!("{site}-0-1");
        let of = self.silences.iter().filter(|silence| silence.hosts.matches(&host));
        of.into_iter().any(|silence| silence.from <= at && silence.until.is_none_or(|until| at < until))
    }

    /// Whether a person had opened the fence of this writer by then, or had said that its site is cut off.
    fn is_vouched_for(&self, service: &str, site: &str, by: Stamp) -> bool {
        self.members.iter().any(|member| {
            let gates = member.plan.gates.iter().filter(|gate| {
                let of = gate.service.as_ref().is_none_or(|of| of == service);
                of && matches!(&gate.kind, GateKind::Fence { site: at, .. } if at == site)
            });
            let names: BTreeSet<&str> = gates.map(|gate| gate.id.as_str()).collect();
            let opened = |entry: &&Entry| matches!(&entry.event, Event::GateOpened { gate, .. } if names.contains(gate.as_str()));
            member.entries.iter().filter(opened).any(|entry| entry.at <= by)
        })
    }

    /// Whatever has no way back takes effect once on each host, whoever asks for it, unless a person wanted it again.
    fn nothing_twice(&self) -> Result<(), String> {
        let again = |id: &str| {
            let entries = self.members.iter().flat_map(|member| member.entries);
            entries.into_iter().any(|entry| matches!(&entry.event, Event::Again { what, .. } if what == id))
        };
        let steps = self.members.iter().flat_map(|member| &member.plan.steps).filter(|step| step.irreversible);
        let ids: BTreeSet<&str> = steps.map(|step| step.id.as_str()).collect();
        let twice = self.world.applied().find(|(id, _, times)| *times > 1 && ids.contains(id) && !again(id));
        twice.map_or(Ok(()), |(id, host, times)| Err(format!("{id} took effect {times} times on {host}")))
    }

    /// Where the old site answers again, and a run goes on, a fence that stood on a person's word is proven soon.
    fn debts_are_collected(&self) -> Result<(), String> {
        for member in &self.members {
            for (gate, since) in vouched(member) {
                let GateKind::Fence { site, .. } = &gate.kind else { continue };
                let Some(back) = self.back(site) else { continue };
                let from = since.max(self.begin.after(back));
                let until = from.after((from.since(since) + SOON).min(EIGHT_MINUTES) + BUSY);
                let own: Vec<&Step> =
                    member.plan.steps.iter().filter(|step| gate.opened_by.contains(&step.id)).collect();
                let by_hosts = !own.is_empty() && own.iter().all(|step| step.hosts.is_some());
                if !by_hosts
                    || !goes_on(member.entries, from, until)
                    || own.iter().any(|step| is_odd(member, step, until) || self.is_faulty(step))
                {
                    continue;
                }
                let effect = |step: &&&Step| {
                    self.world.log().iter().any(|one| one.step == step.id && self.begin.after(one.at) <= until)
                };
                if own.iter().find(effect).is_none() {
                    return Err(format!("{}: {} was owed, {site} answers, and nobody fenced it", member.name, gate.id));
                }
            }
        }
        Ok(())
    }

    /// Whether hands fail, or lie, at this step whoever answers.
    fn is_faulty(&self, step: &Step) -> bool {
        self.faults.iter().any(|fault| fault.step.matches(&step.id))
    }

    /// When a site that was silent answered again.
    fn back(&self, site: &str) -> Option<Millis> {
        let host = format!("{site}-0-1");
        let of = self.silences.iter().filter(|silence| silence.hosts.matches(&host));
        let back: Option<Vec<Millis>> = of.map(|silence| silence.until).collect();
        back?.into_iter().max()
    }
}

/// Nothing is brought up, and nobody is sent, where a site was lost and not released.
pub(in crate::engine) fn sealed_sites_are_left_alone(before: &[Member<'_>], plan: &Plan) -> Result<(), String> {
    let mut sealed: BTreeSet<&str> = BTreeSet::new();
    for entry in before.iter().flat_map(|member| member.entries) {
        if let Event::Quarantined { site } = &entry.event {
            sealed.insert(site);
        }
        if let Event::Released { site, .. } = &entry.event {
            sealed.remove(site.as_str());
        }
    }
    let is_sealed = |site: &Option<String>| site.as_ref().is_some_and(|site| sealed.contains(site.as_str()));
    if let Some(step) = plan.steps.iter().find(|step| step.on == Side::Target && is_sealed(&step.site)) {
        return Err(format!("{} brings something up at a quarantined site", step.id));
    }
    for service in &plan.services {
        if let Some(to) = service.to.iter().find(|to| to.share.0 > 0 && sealed.contains(to.site.as_str())) {
            return Err(format!("{} is sent to {}, which is quarantined", service.id, to.site));
        }
    }
    Ok(())
}

/// Who wrote before anything happened: whoever served what is written somewhere, by the first plan that moves a writer.
fn first_writers(members: &[Member<'_>]) -> BTreeMap<(String, String), bool> {
    let mut writers: BTreeMap<(String, String), bool> = BTreeMap::new();
    for plan in members.iter().map(|member| member.plan) {
        let promotes = |service: &&ServiceOnPaper| {
            plan.steps.iter().any(|step| step.phase == "promote" && step.service.as_ref() == Some(&service.id))
        };
        for service in plan.services.iter().filter(promotes) {
            if writers.keys().all(|(known, _)| *known != service.id) {
                let from = service.from.iter().filter(|from| from.share.0 > 0);
                writers.extend(from.map(|from| ((service.id.clone(), from.site.clone()), false)));
            }
        }
    }
    writers
}

/// The promotion that may take effect from this entry on.
fn acting<'a>(steps: &BTreeMap<&str, &'a Step>, event: &Event) -> Option<&'a Step> {
    let asked = matches!(event, Event::NotYetSo { .. });
    let begins = asked || matches!(event, Event::Started { .. });
    let id = event.subject().filter(|_| begins)?;
    let step = steps.get(id)?;
    (step.effect == Some(Effect::Writer) && step.done_if.is_some() == asked).then_some(*step)
}

/// Fence gates that a person opened, now or in an earlier run, and when.
fn vouched<'a>(member: &Member<'a>) -> Vec<(&'a Gate, Stamp)> {
    let opened = member.entries.iter().filter_map(|entry| {
        let Event::GateOpened { gate, by: OpenedBy::Person { .. } | OpenedBy::Earlier } = &entry.event else {
            return None;
        };
        Some((gate, entry.at))
    });
    let gates = |(id, at): (&String, Stamp)| Some((member.plan.gates.iter().find(|gate| gate.id == *id)?, at));
    opened.filter_map(gates).collect()
}

/// Whether a run goes on all that time: nobody holds it, dies, or ends it. Whoever is not at its end waits for a day.
fn goes_on(entries: &[Entry], from: Stamp, until: Stamp) -> bool {
    let mut going = true;
    let mut since = entries.first().map_or(until, |entry| entry.at);
    for entry in entries.iter().take_while(|entry| entry.at <= until) {
        let stops = matches!(entry.event, Event::Held { .. } | Event::Cancelled { .. } | Event::Yielding { .. });
        if stops || matches!(entry.event, Event::RunEnded { .. }) {
            going = false;
        }
        if matches!(entry.event, Event::Resumed { .. }) {
            (going, since) = (true, entry.at);
        }
        if matches!(entry.event, Event::PenTaken { .. }) {
            since = entry.at;
        }
    }
    going && since <= from
}

/// Whether something went wrong with a fence beyond the silence, so that only a person may try it again.
fn is_odd(member: &Member<'_>, step: &Step, until: Stamp) -> bool {
    let of = member.entries.iter().filter(|entry| entry.at <= until && entry.event.subject() == Some(step.id.as_str()));
    of.into_iter().any(|entry| {
        let doubt = matches!(entry.event, Event::Stopping { .. } | Event::Stopped { .. } | Event::Inquired { .. });
        let wanted = matches!(entry.event, Event::Again { .. });
        let Event::Ended { end, .. } = &entry.event else { return doubt || wanted };
        !matches!(end, End::Unreachable(_) | End::Ok)
    })
}

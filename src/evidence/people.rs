//! What people did: decisions and overrides, holds, fences that stand on their word, sites that were sealed and released,
//! and who held the pen.

use crate::evidence::Decision;
use crate::evidence::EpochSeen;
use crate::evidence::HoldSeen;
use crate::evidence::Jump;
use crate::evidence::Owed;
use crate::evidence::SiteSealed;
use crate::evidence::past::Past;
use crate::evidence::past::Phase;
use crate::evidence::past::ends_a_hold;
use crate::evidence::timeline::hold_why;
use crate::evidence::timeline::person;
use crate::model::Millis;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::run::Event;
use crate::run::HoldWhy;
use crate::run::OpenedBy;
use crate::run::Stamp;
use crate::run::Who;

/// The run that this one succeeds.
pub(in crate::evidence) fn parent(past: &Past<'_>) -> Option<String> {
    let first = past.entries.first()?;
    if let Event::Opened { parent, .. } = &first.event { parent.clone() } else { None }
}

/// Whatever a person decided, in order. Taking the pen is no decision about the run, and stands among the epochs.
pub(in crate::evidence) fn decisions(past: &Past<'_>) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for (entry, at) in past.moments() {
        let Some(said) = person(&entry.event) else { continue };
        if matches!(entry.event, Event::PenTaken { .. }) {
            continue;
        }
        decisions.push(Decision {
            at,
            t_ms: past.t(at),
            by: said.by.clone(),
            what: said.what.to_owned(),
            about: said.about.map(str::to_owned),
            reason: said.reason.unwrap_or_default().to_owned(),
            overrides: overrides(past, &entry.event),
        });
    }
    decisions
}

/// What the plan would have had done, proven or waited for. A start, victims and what is irreversible are asked of people in
/// any case: a yes to those is no override.
fn overrides(past: &Past<'_>, event: &Event) -> bool {
    if let Event::GateOpened { gate, .. } = event {
        return gate_named(past, gate).is_some_and(|gate| match gate.kind {
            GateKind::Fence { .. } | GateKind::DataLoss { .. } | GateKind::BreakGlass { .. } | GateKind::Health => true,
            GateKind::ApproveStart | GateKind::ApproveVictims { .. } | GateKind::ApproveIrreversible { .. } => false,
        });
    }
    matches!(event, Event::Skipped { .. } | Event::MarkedDone { .. })
}

fn gate_named<'a>(past: &Past<'a>, name: &str) -> Option<&'a Gate> {
    past.plan.gates.iter().find(|gate| gate.id == name)
}

/// When nothing new was started, why, and who ended it.
pub(in crate::evidence) fn holds(past: &Past<'_>) -> Vec<HoldSeen> {
    let mut holds: Vec<HoldSeen> = Vec::new();
    for (entry, at) in past.moments() {
        if let Event::Held { why } = &entry.event {
            holds.push(HoldSeen {
                from_ms: past.t(at),
                to_ms: None,
                why: hold_why(why),
                by: match why {
                    HoldWhy::Person { by, .. } => Some(by.clone()),
                    HoldWhy::Signal | HoldWhy::GateTimedOut { .. } | HoldWhy::NoRoom => None,
                },
                resumed_by: None,
            });
            continue;
        }
        let Some(hold) = holds.last_mut().filter(|hold| hold.to_ms.is_none() && ends_a_hold(&entry.event)) else {
            continue;
        };
        hold.to_ms = Some(past.t(at));
        if let Event::Resumed { by, .. } = &entry.event {
            hold.resumed_by = Some(by.clone());
        }
    }
    holds
}

/// Every fence gate that a person opened, in this run or in an earlier one. It is collected once its fence was proven after all, or the site released.
pub(in crate::evidence) fn owed(past: &Past<'_>) -> Vec<Owed> {
    let mut owed: Vec<Owed> = Vec::new();
    for (entry, at) in past.moments() {
        let Event::GateOpened { gate, by } = &entry.event else { continue };
        let (by, reason) = match by {
            OpenedBy::Person { by, reason } => (Some(by.clone()), reason.clone()),
            OpenedBy::Earlier => (None, String::new()),
            OpenedBy::Step(_) | OpenedBy::Judged { .. } => continue,
        };
        let Some(gate) = gate_named(past, gate) else { continue };
        let GateKind::Fence { site, .. } = &gate.kind else { continue };
        owed.push(Owed {
            gate: gate.id.clone(),
            service: gate.service.clone(),
            site: site.clone(),
            by,
            reason,
            t_ms: past.t(at),
            collected: past.state.debts.iter().all(|debt| debt.gate != gate.id),
        });
    }
    owed
}

/// Sites that were sealed, and who opened them again.
pub(in crate::evidence) fn sealed(past: &Past<'_>) -> Vec<SiteSealed> {
    let mut sealed: Vec<SiteSealed> = Vec::new();
    for (entry, at) in past.moments() {
        if let Event::Quarantined { site } = &entry.event {
            sealed.push(SiteSealed { site: site.clone(), t_ms: past.t(at), released_by: None, reason: None });
        }
        let Event::Released { site, by, reason } = &entry.event else { continue };
        for seal in sealed.iter_mut().filter(|seal| seal.site == *site) {
            seal.released_by = Some(by.clone());
            seal.reason = Some(reason.clone());
        }
    }
    sealed
}

/// Who held the pen from when to when, and what they found in flight.
pub(in crate::evidence) fn epochs(past: &Past<'_>) -> Vec<EpochSeen> {
    let mut epochs: Vec<EpochSeen> = Vec::new();
    let mut before = past.opened;
    for (entry, at) in past.moments() {
        match (&entry.event, epochs.last_mut()) {
            (Event::PenTaken { by }, _) => epochs.push(EpochSeen {
                epoch: entry.epoch,
                by: by.clone(),
                from_ms: past.t(at),
                to_ms: past.t(at),
                left: false,
                gap_ms: if entry.epoch > 1 { at.since(before) } else { Millis::ZERO },
                in_flight: if entry.epoch > 1 { in_flight(past, at) } else { Vec::new() },
            }),
            (event, Some(epoch)) => {
                epoch.to_ms = past.t(at);
                epoch.left = matches!(event, Event::Left { .. });
            }
            (_, None) => {}
        }
        before = at;
    }
    epochs
}

/// Steps of which something was in flight just before this instant.
fn in_flight(past: &Past<'_>, at: Stamp) -> Vec<String> {
    let active = |node: &usize| {
        let stand = past.tracks[*node].iter().rev().find(|stand| stand.from < at);
        stand.is_some_and(|stand| matches!(stand.phase, Phase::Running | Phase::Proving | Phase::Doubt))
    };
    (0..past.script.steps()).filter(active).map(|node| past.script.name(node).to_owned()).collect()
}

/// Where the clock of the machine jumped.
pub(in crate::evidence) fn jumps(past: &Past<'_>) -> Vec<Jump> {
    let mut jumps = Vec::new();
    for (entry, at) in past.moments() {
        if let Event::ClockJumped { forwards, backwards } = &entry.event {
            jumps.push(Jump { t_ms: past.t(at), forwards_ms: *forwards, backwards_ms: *backwards });
        }
    }
    jumps
}

/// What a person did in an entry.
#[derive(Debug, Clone, Copy)]
pub(in crate::evidence) struct Said<'a> {
    pub(in crate::evidence) by: &'a Who,
    pub(in crate::evidence) what: &'static str,
    pub(in crate::evidence) about: Option<&'a str>,
    pub(in crate::evidence) reason: Option<&'a str>,
}

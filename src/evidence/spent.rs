//! Where the time went: back from the moment at which a service was there, along what actually released what.
//!
//! Each link begins when the last of those before it was over, so the links leave no gap between them, and what they
//! spent adds up to the whole.

use crate::evidence::Leg;
use crate::evidence::On;
use crate::evidence::Part;
use crate::evidence::past::Past;
use crate::evidence::past::Phase;
use crate::evidence::past::Stand;
use crate::model::Millis;
use crate::run::DoneHow;
use crate::run::Event;
use crate::run::GateState;
use crate::run::NodeAt;
use crate::run::OpenedBy;
use crate::run::Stamp;
use crate::run::StepState;

/// Of fewer hosts a quarter is no host at all, and nothing can be said of the rest.
const HOSTS_LEAST: usize = 4;
/// So many of the slowest hosts are named: as many as somebody looks at.
const HOSTS_NAMED: usize = 3;

/// What each kind of time adds up to, over a whole path.
pub(in crate::evidence) fn sum(path: &[Leg]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for part in path.iter().flat_map(|leg| &leg.spent) {
        add(&mut parts, part.on, part.ms);
    }
    parts
}

fn add(parts: &mut Vec<Part>, on: On, ms: Millis) {
    if ms == Millis::ZERO {
        return;
    }
    match parts.binary_search_by_key(&on, |part| part.on) {
        Ok(at) => parts[at].ms = parts[at].ms + ms,
        Err(at) => parts.insert(at, Part { on, ms }),
    }
}

/// What released what, from T=0 until this was over.
pub(in crate::evidence) fn path(past: &Past<'_>, last: NodeAt) -> Vec<Leg> {
    let mut legs = Vec::new();
    let mut next = past.over(last).map(|over| (last, over));
    while let Some((at, until)) = next {
        let released = released(past, at, until);
        let from = released.map_or(past.opened, |(_, over)| over);
        legs.push(leg(past, at, from, until));
        next = released;
    }
    legs.reverse();
    legs
}

/// Who let it begin: the last of those before it that was over, or had failed where that counts, when it began.
fn released(past: &Past<'_>, at: NodeAt, until: Stamp) -> Option<(NodeAt, Stamp)> {
    let begun = past.tracks[at].iter().find(|stand| stand.phase != Phase::Waiting).map_or(until, |stand| stand.from);
    let opens = |step: NodeAt| {
        let gate = at.checked_sub(past.script.steps()).map(|gate| &past.plan.gates[gate]);
        gate.is_some_and(|gate| gate.opened_by.iter().any(|name| name == past.script.name(step)))
    };
    let settled = |before: NodeAt| {
        let counts = |stand: &&Stand| match stand.phase {
            Phase::Over => true,
            Phase::Failed => opens(before),
            Phase::Waiting | Phase::Running | Phase::Proving | Phase::Asked | Phase::Resting | Phase::Doubt => false,
        };
        let stand = past.tracks[before].iter().rev().find(|stand| stand.from <= begun && counts(stand))?;
        Some((stand.from, before))
    };
    // Of several at the same instant the last in the order of the plan: a gate before what it waited for.
    let (over, before) = past.before[at].iter().filter_map(|&before| settled(before)).max()?;
    Some((before, over))
}

fn leg(past: &Past<'_>, at: NodeAt, from: Stamp, until: Stamp) -> Leg {
    let (planned_ms, attempts) = match at.checked_sub(past.script.steps()) {
        None => (past.plan.steps[at].duration_ms, past.state.steps[at].attempt),
        Some(gate) => (past.plan.gates[gate].duration_ms, 0),
    };
    let counted = counted(past, at);
    let slow = counted.and_then(|attempt| slow(past, at, attempt));
    let slow_from = slow.as_ref().map(|(from, _)| *from);
    let mut parts = Vec::new();
    let track = &past.tracks[at];
    for (number, stand) in track.iter().enumerate() {
        let end = track.get(number + 1).map_or(until, |next| next.from).min(until);
        let begin = stand.from.max(from);
        let mut cuts: Vec<Stamp> = past.gaps.iter().chain(&past.held).flat_map(|(from, to)| [*from, *to]).collect();
        cuts.extend(slow_from.into_iter().chain([begin, end]));
        cuts.retain(|cut| (begin..=end).contains(cut));
        cuts.sort_unstable();
        for pair in cuts.windows(2) {
            let on = on(past, at, stand, counted, slow_from, pair[0]);
            add(&mut parts, on, pair[1].since(pair[0]));
        }
    }
    Leg {
        id: past.script.name(at).to_owned(),
        from_ms: past.t(from),
        to_ms: past.t(until),
        planned_ms,
        attempts,
        slowest: slow
            .filter(|_| parts.iter().any(|part| part.on == On::SlowHosts))
            .map_or(Vec::new(), |(_, hosts)| hosts),
        spent: parts,
    }
}

/// What an instant went into.
fn on(
    past: &Past<'_>,
    at: NodeAt,
    stand: &Stand,
    counted: Option<u32>,
    slow_from: Option<Stamp>,
    instant: Stamp,
) -> On {
    let within = |spans: &[(Stamp, Stamp)]| spans.iter().any(|(from, to)| (*from..*to).contains(&instant));
    let counts = counted == Some(stand.attempt);
    if within(&past.gaps) {
        return On::Nobody;
    }
    match stand.phase {
        Phase::Waiting | Phase::Resting if within(&past.held) => On::Held,
        // What was looked at and found to be good was no person's answer.
        Phase::Waiting | Phase::Asked if is_judged(past, at) => On::Proof,
        // Whoever opens a gate before it was asked answered all the same.
        Phase::Waiting if at >= past.script.steps() => On::People,
        Phase::Waiting => On::Room,
        Phase::Running if counts && slow_from.is_some_and(|from| from <= instant) => On::SlowHosts,
        Phase::Running if counts => On::Running,
        Phase::Proving if counts => On::Proof,
        Phase::Running | Phase::Proving | Phase::Resting => On::Retries,
        Phase::Doubt => On::Doubt,
        // What is over takes no time of its own: it ends a link.
        Phase::Asked | Phase::Failed | Phase::Over => On::People,
    }
}

/// A gate that was opened by what was seen behind it.
fn is_judged(past: &Past<'_>, at: NodeAt) -> bool {
    let is_gate = at >= past.script.steps();
    is_gate && matches!(past.state.gate(&past.script, at).state, GateState::Open(OpenedBy::Judged { .. }))
}

/// The attempt that brought it about; none where a person did it by hand, or let it be.
fn counted(past: &Past<'_>, at: NodeAt) -> Option<u32> {
    let run = past.state.steps.get(at)?;
    match run.state {
        StepState::Done(DoneHow::ByHand) | StepState::Skipped => None,
        StepState::Done(DoneHow::Ran | DoneHow::AlreadySo | DoneHow::Found | DoneHow::Confirmed | DoneHow::Untold) => {
            Some(run.attempt)
        }
        StepState::Waiting | StepState::Checking | StepState::Acting | StepState::Asked | StepState::Verifying => None,
        StepState::Stopping { .. } | StepState::Inquiring { .. } | StepState::Probing { .. } => None,
        StepState::Resting { .. } | StepState::Failed(_) => None,
    }
}

/// From when on only the slowest quarter of its hosts was waited for, and the last of them, the slowest first.
fn slow(past: &Past<'_>, at: NodeAt, attempt: u32) -> Option<(Stamp, Vec<String>)> {
    let name = past.script.name(at);
    let mut ended: Vec<(Stamp, &str)> = Vec::new();
    for (entry, at) in past.moments() {
        if let Event::HostsEnded { step, attempt: of, hosts } = &entry.event
            && step == name
            && *of == attempt
        {
            ended.extend(hosts.iter().map(|host| (at, host.host.as_str())));
        }
    }
    if ended.len() < HOSTS_LEAST {
        return None;
    }
    let most = ended.len() - ended.len() / 4;
    let from = ended[most - 1].0;
    let late = ended[most..].iter().rev().filter(|(at, _)| *at > from);
    Some((from, late.take(HOSTS_NAMED).map(|(_, host)| (*host).to_owned()).collect()))
}

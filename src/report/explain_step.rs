//! What a step does exactly, on which hosts, for what it waits and who waits for it; and the same for a gate.

use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::HostsOnPaper;
use crate::plan::Plan;
use crate::plan::Side;
use crate::plan::Step;
use crate::report::action;
use crate::report::explain::answer;
use crate::report::gate;
use crate::report::paint::Paint;
use crate::report::reason;
use crate::report::words;

/// Those who wait that are named; the approval of the start has hundreds.
const WAITERS: usize = 16;

/// All that a plan says of a step.
#[must_use]
pub fn step(plan: &Plan, step: &Step, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.head(&format!("step:{}", step.id)));
    text.push_str(&format!("  {}\n", words::plain(&step.title)));
    let kind = format!("{}, phase {}", step.procedure, step.phase);
    let way_back = if step.irreversible { "; THERE IS NO WAY BACK" } else { "" };
    text.push_str(&format!("  {kind}{way_back}\n"));
    let answers = [
        ("what", what(step)),
        ("where", place(step)),
        ("when", when(step)),
        ("waits for", waits(plan, &step.after)),
        ("who waits for it", waiters(plan, &step.id)),
        ("needs", step.uses.clone()),
        ("limits", limits(step)),
        ("claims", claims(step)),
    ];
    for (question, lines) in answers {
        text.push_str(&answer(paint, question, &lines));
    }
    text
}

/// All that a plan says of a gate.
#[must_use]
pub fn gate(plan: &Plan, gate: &Gate, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.head(&format!("gate {}", gate.id)));
    let asked = format!("{} at {}", gate::kind(&gate.kind), words::at(gate.start_ms));
    let answers = [
        ("asks", vec![gate::ask(gate)]),
        ("opened by", vec![gate::opened(plan, gate)]),
        (
            "when",
            vec![
                format!("{asked}; an answer is expected to take {}", words::span(gate.duration_ms)),
                format!("without an answer the run holds after {}", words::span(gate.limit_ms)),
            ],
        ),
        ("waits for", waits(plan, &gate.after)),
        ("who waits for it", waiters(plan, &gate.id)),
    ];
    for (question, lines) in answers {
        text.push_str(&answer(paint, question, &lines));
    }
    text
}

fn what(step: &Step) -> Vec<String> {
    let mut lines = vec![action::line(&step.action)];
    lines.extend(action::details(&step.action).into_iter().map(|(name, value)| format!("{name}: {value}")));
    lines.extend(step.done_if.iter().map(|probe| format!("not done again if {}", action::probe_line(probe))));
    lines.extend(step.verify.iter().map(|probe| format!("proved by {}", action::probe_line(probe))));
    lines.extend(step.position.iter().map(|probe| format!("position asked by {}", action::probe_line(probe))));
    lines.extend(step.undo.iter().map(|undo| format!("undone by {}", action::line(undo))));
    lines.extend(step.attest.iter().map(|ask| format!("if its effect can't be proven, a person is asked: {ask}")));
    lines.extend(step.effect.as_ref().map(effect));
    lines
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Holds { level, share } => {
            format!("from its start on it holds the room for {} and {}", words::level(*level), reason::users(*share))
        }
        Effect::Serves { level, share } => {
            format!("then the replica serves {} for {}", words::level(*level), reason::users(*share))
        }
        Effect::Ends => "then the replica no longer serves".to_owned(),
        Effect::Fenced => "then the replica can't act again until a person lets it".to_owned(),
        Effect::Writer => "then the replica is the writer".to_owned(),
        Effect::Unfenced { .. } => "then the replica may act again as it did before it was fenced".to_owned(),
    }
}

fn place(step: &Step) -> Vec<String> {
    let side = match step.on {
        Side::Source => "the replica that is left",
        Side::Target => "the replica that takes over",
        Side::Operator => "the operator's machine",
    };
    let site = step.site.as_ref().map_or(String::new(), |site| format!(", {site}"));
    let mut lines = vec![format!("{side}{site}")];
    lines.extend(step.hosts.iter().flat_map(hosts));
    lines
}

fn hosts(hosts: &HostsOnPaper) -> Vec<String> {
    let user = hosts.user.as_ref().map_or(String::new(), |user| format!("{user}@"));
    let mut lines = vec![
        format!("{} ({})", hosts.set, words::count(usize::try_from(hosts.count).unwrap_or(usize::MAX), "host")),
        format!("reached as {user}{}, port {}", hosts.address, hosts.port),
    ];
    if !hosts.jump.is_empty() {
        lines.push(format!("through {}", hosts.jump.join(", else ")));
    }
    lines
}

fn when(step: &Step) -> Vec<String> {
    let ends = words::at(step.start_ms + step.duration_ms);
    vec![
        format!("{} to {ends}, {}", words::at(step.start_ms), words::span(step.duration_ms)),
        format!("the duration is {}", reason::duration_from(&step.duration_from)),
    ]
}

/// Steps and gates by id, each with when it ends and what it is.
fn waits(plan: &Plan, ids: &[String]) -> Vec<String> {
    let described = |id: &String| {
        let step = plan.steps.iter().find(|step| step.id == *id);
        let gate = plan.gates.iter().find(|gate| gate.id == *id);
        match (step, gate) {
            (Some(step), _) => format!("{id}: {} (ends {})", step.title, words::at(step.start_ms + step.duration_ms)),
            (None, Some(gate)) => {
                format!("{id}: {} (opens {})", gate::ask(gate), words::at(gate.start_ms + gate.duration_ms))
            }
            (None, None) => id.clone(),
        }
    };
    if ids.is_empty() { vec!["nothing".to_owned()] } else { ids.iter().map(described).collect() }
}

fn waiters(plan: &Plan, id: &str) -> Vec<String> {
    let waits = |after: &[String]| after.iter().any(|before| before == id);
    let gates = plan.gates.iter().filter(|gate| waits(&gate.after)).map(|gate| gate.id.clone());
    let steps = plan.steps.iter().filter(|step| waits(&step.after)).map(|step| format!("{}: {}", step.id, step.title));
    let mut all: Vec<String> = gates.chain(steps).collect();
    if all.is_empty() {
        return vec!["nobody".to_owned()];
    }
    let more = all.len().saturating_sub(WAITERS);
    if more > 0 {
        all.truncate(WAITERS);
        all.push(format!("… and {more} more"));
    }
    all
}

fn limits(step: &Step) -> Vec<String> {
    let limits = &step.limits;
    let tries = match limits.attempts {
        1 => "it is tried once".to_owned(),
        many => format!("it is tried up to {many} times, {} apart", words::span(limits.backoff_ms)),
    };
    let mut lines = vec![format!("given up after {}; {tries}", words::span(limits.timeout_ms))];
    lines.extend(limits.kill.iter().map(|kill| format!("killed by {kill}")));
    lines.extend(
        step.batch
            .iter()
            .map(|batch| format!("at most {} hosts at once; {} of them are enough", batch.parallel, batch.enough)),
    );
    if step.unreachable_ok {
        lines.push("a host that can't be reached counts as done".to_owned());
    }
    lines
}

fn claims(step: &Step) -> Vec<String> {
    step.claims.iter().map(|claim| format!("{} of {}", claim.amount, reason::pool_name(&claim.pool))).collect()
}

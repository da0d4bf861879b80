//! A plan as it would be carried out, on paper: every command as it would be sent, per host, in order, with the gates and
//! questions in their places. Nothing is asked of anybody, and nothing is executed.

use crate::model::HostSet;
use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Gate;
use crate::plan::HostsOnPaper;
use crate::plan::Plan;
use crate::plan::ProbeOnPaper;
use crate::plan::Step;
use crate::report::action;
use crate::report::gate;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::plan_text::SHORT_ID;
use crate::report::words;
use crate::template::Text;

/// What stands where the name of the run will.
const RUN: &str = "RUN";
/// Asked before anything is done.
const DONE_IF: &str = "done if";
/// Texts stand beside instants.
const INDENT: &str = "           ";

/// The walk through a plan. Hosts that get the same command are told together, unless all are wanted.
#[must_use]
pub fn dry_run(plan: &Plan, all: bool, paint: Paint) -> String {
    let walk = Walk { all, paint };
    let mut out = vec![walk.head(plan)];
    for one in in_order(plan) {
        out.push(match one {
            One::Gate(gate) => walk.gate(plan, gate),
            One::Step(step) => walk.step(step),
        });
    }
    let (steps, gates) = (words::count(plan.steps.len(), "step"), words::count(plan.gates.len(), "gate"));
    out.push(vec![paint.head(&format!("{steps} and {gates}; nothing was executed, and nothing was asked."))]);
    out.into_iter().map(|lines| lines.join("\n") + "\n").collect::<Vec<_>>().join("\n")
}

enum One<'a> {
    Gate(&'a Gate),
    Step(&'a Step),
}

/// By start, then by id; a gate stands before what it lets through.
fn in_order(plan: &Plan) -> impl Iterator<Item = One<'_>> {
    let gates = plan.gates.iter().map(|gate| (gate.start_ms, 0, &gate.id, One::Gate(gate)));
    let steps = plan.steps.iter().map(|step| (step.start_ms, 1, &step.id, One::Step(step)));
    let mut all: Vec<_> = gates.chain(steps).collect();
    all.sort_by_key(|(at, kind, id, _)| (*at, *kind, *id));
    all.into_iter().map(|(_, _, _, one)| one)
}

struct Walk {
    all: bool,
    paint: Paint,
}

impl Walk {
    fn head(&self, plan: &Plan) -> Vec<String> {
        let short = plan.id.get(..SHORT_ID).unwrap_or(&plan.id);
        let mut lines = vec![
            self.paint.head("NOTHING IS EXECUTED. This is what would be done, in this order."),
            format!("plan {short}; {RUN} stands where the name of the run will, and times are those of the plan."),
            "Secrets stand here by reference; their values are read only when they are needed.".to_owned(),
        ];
        if !self.all {
            lines.push("Hosts that get the same command are told together; `--all` tells each.".to_owned());
        }
        lines
    }

    fn gate(&self, plan: &Plan, gate: &Gate) -> Vec<String> {
        let mut lines =
            vec![format!("{}  {}", Self::at(gate.start_ms), self.paint.tone(Tone::Care, &format!("gate {}", gate.id)))];
        lines.push(format!("{INDENT}asks     {}", words::plain(&gate::ask_within(gate, usize::MAX))));
        lines.push(format!("{INDENT}opens by {}", gate::opened_within(plan, gate, usize::MAX)));
        let limit = words::span(gate.limit_ms);
        lines.push(format!("{INDENT}limit    the run holds where nobody answers within {limit}"));
        lines
    }

    fn step(&self, step: &Step) -> Vec<String> {
        let mut lines = vec![format!("{}  {}", Self::at(step.start_ms), self.paint.head(&step.id))];
        lines.push(format!("{INDENT}{}", words::plain(&step.title)));
        lines.extend(self.hosts(step));
        if let Some(probe) = &step.done_if {
            lines.extend(self.probe(DONE_IF, step, probe));
        }
        if let Some(probe) = &step.position {
            lines.extend(self.probe("position", step, probe));
        }
        lines.extend(self.action("do", step, &step.action));
        if let Some(probe) = &step.verify {
            lines.extend(self.probe("verify", step, probe));
        }
        if let Some(undo) = &step.undo {
            lines.extend(self.action("undo", step, undo));
        }
        lines.push(format!("{INDENT}{:8} {}", "limits", limits(step)));
        if step.irreversible {
            lines.push(format!("{INDENT}{}", self.paint.alarm("there is no way back from it")));
        }
        lines
    }

    fn at(at: Millis) -> String {
        words::pad(&words::at(at), INDENT.len() - 2)
    }

    fn probe(&self, word: &str, step: &Step, probe: &ProbeOnPaper) -> Vec<String> {
        let mut lines = self.action(word, step, &probe.ask);
        let mut wants = Vec::new();
        wants.extend(probe.expect_output.as_ref().map(|output| format!("it says {output:?}")));
        wants.extend((probe.times > 1).then(|| format!("{} times in a row", probe.times)));
        wants.extend(probe.within_ms.map(|within| format!("within {}", words::span(within))));
        if !wants.is_empty() {
            // Nothing must be so before the step: where it is, the step is not taken at all.
            let when = if word == DONE_IF { "not done again where" } else { "must pass:" };
            lines.push(format!("{INDENT}{:8} {when} {}", "", words::plain(&wants.join(", "))));
        }
        lines
    }

    fn action(&self, word: &str, step: &Step, action: &ActionOnPaper) -> Vec<String> {
        let mut lines = match (action, &step.hosts) {
            (ActionOnPaper::Wait(probe), _) => return self.probe(word, step, probe),
            (ActionOnPaper::Ssh { line, .. }, Some(hosts)) => self.on_hosts(word, hosts, line),
            (ActionOnPaper::Exec { line, .. }, _) => labelled(word, &format!("here: {}", filled(line, &[]))),
            (ActionOnPaper::Ssh { .. }, None)
            | (ActionOnPaper::Http(_), _)
            | (ActionOnPaper::Route(_), _)
            | (ActionOnPaper::Ttl(_), _)
            | (ActionOnPaper::Scale { .. }, _)
            | (ActionOnPaper::Confirm { .. }, _)
            | (ActionOnPaper::Notify { .. }, _)
            | (ActionOnPaper::Fetch { .. }, _) => labelled(word, &filled(&action::line(action), &[])),
        };
        let details = action::details(action);
        lines.extend(details.iter().map(|(what, value)| format!("{INDENT}{:8} {what} {}", "", filled(value, &[]))));
        lines
    }

    /// On which hosts, and how they are reached.
    fn hosts(&self, step: &Step) -> Vec<String> {
        let Some(hosts) = &step.hosts else { return Vec::new() };
        let asks = step.done_if.iter().chain(&step.verify).chain(&step.position);
        let is_on_hosts = step.action.is_on_hosts() || asks.into_iter().any(|probe| probe.ask.is_on_hosts());
        if !is_on_hosts {
            return Vec::new();
        }
        let user = hosts.user.as_ref().map_or(String::new(), |user| format!("{user}@"));
        let all = each(hosts);
        let login = all.first().map_or(String::new(), |(_, address)| format!("{user}{address}:{}", hosts.port));
        let others = if all.len() > 1 { " and so on" } else { "" };
        let mut lines = labelled("on", &action::hosts_line(hosts));
        lines.extend(labelled("ssh", &format!("{login}{others}")));
        if !hosts.jump.is_empty() {
            lines.extend(labelled("through", &hosts.jump.join(", or ")));
        }
        if let Some(batch) = &step.batch {
            let enough = if batch.enough < Ppm::ONE {
                format!("; {} of them are enough", words::percent(batch.enough))
            } else {
                String::new()
            };
            lines.extend(labelled("at once", &format!("{} hosts{enough}", batch.parallel)));
        }
        lines
    }

    /// A command as it is sent to each host.
    fn on_hosts(&self, word: &str, hosts: &HostsOnPaper, line: &str) -> Vec<String> {
        let sent: Vec<(String, String, String)> = each(hosts)
            .into_iter()
            .map(|(host, address)| {
                let told = filled(line, &[("host", &host), ("host-address", &address)]);
                (host, address, told)
            })
            .collect();
        let same = sent.windows(2).all(|pair| pair[0].2 == pair[1].2);
        match sent.first() {
            None => labelled(word, &format!("{}: no host set that can be read", words::plain(&hosts.set))),
            Some(_) if self.all => {
                let name = |host: &str, address: &str| {
                    if host == address { host.to_owned() } else { format!("{host} at {address}") }
                };
                let each = sent.iter().enumerate().flat_map(|(at, (host, address, told))| {
                    labelled(if at == 0 { word } else { "" }, &format!("{}: {told}", name(host, address)))
                });
                each.collect()
            }
            Some((_, _, told)) if same => labelled(word, told),
            Some((host, _, told)) => {
                let mut lines = labelled(word, told);
                lines.extend(labelled("", &format!("so on {host}, and on each of the others with its own name")));
                lines
            }
        }
    }
}

/// The hosts of a set and their addresses.
fn each(hosts: &HostsOnPaper) -> Vec<(String, String)> {
    let Ok(set) = HostSet::parse(&hosts.set) else { return Vec::new() };
    let address = |host: &str| filled(&hosts.address, &[("host", host)]);
    set.iter().map(|host| (host.clone(), address(&host))).collect()
}

fn labelled(word: &str, text: &str) -> Vec<String> {
    vec![format!("{INDENT}{word:8} {text}")]
}

/// A text with its names filled in, on one line. A name that nobody fills in is told: it would never be sent.
fn filled(text: &str, names: &[(&str, &str)]) -> String {
    let value = |wanted: &str| {
        let known = names.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        known.or((wanted == "run").then_some(RUN))
    };
    let Ok(parsed) = Text::parse(text) else { return words::plain(text) };
    words::plain(&match parsed.fill(value).finish() {
        Ok(text) => text,
        Err(left) => format!("{left}  (NOT SENT: nobody fills in {})", left.names().collect::<Vec<_>>().join(", ")),
    })
}

fn limits(step: &Step) -> String {
    let limits = &step.limits;
    let mut text =
        format!("{} expected, given up after {}", words::span(step.duration_ms), words::span(limits.timeout_ms));
    if limits.attempts > 1 {
        let apart = words::span(limits.backoff_ms);
        text.push_str(&format!(", {} attempts, {apart} apart", limits.attempts));
    }
    if let Some(kill) = &limits.kill {
        text.push_str(&format!(", ended by `{}`", words::plain(kill)));
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::dry_run;
    use crate::model::Ppm;
    use crate::plan::ActionOnPaper;
    use crate::plan::BatchOnPaper;
    use crate::plan::Plan;
    use crate::report::paint::NARROW;
    use crate::report::paint::Paint;
    use crate::report::sample;

    /// With everything that a step can say.
    fn plan() -> Plan {
        let mut plan = sample::talk();
        let step = plan.steps.iter_mut().find(|step| step.id == "message-store/promote@ansan").unwrap();
        step.action = ActionOnPaper::Ssh {
            line: "svcctl promote message-store --run {{ run }} --as {{ host }} \\{{.Names}}".to_owned(),
            env: vec![("DB_PASSWORD".to_owned(), "env:TALK_DB".to_owned())],
        };
        step.done_if = step.verify.clone();
        step.position = step.verify.clone();
        step.undo = Some(ActionOnPaper::Exec { line: "demote {{ nobody }}".to_owned(), env: Vec::new() });
        step.batch = Some(BatchOnPaper { parallel: 2, enough: Ppm(900_000) });
        plan
    }

    #[test]
    fn a_plan_is_walked_without_doing_anything() {
        let told = |all| dry_run(&plan(), all, Paint { color: false, columns: NARROW });
        expect_file!["goldens/dry-run.txt"].assert_eq(&told(false));
        expect_file!["goldens/dry-run-all.txt"].assert_eq(&told(true));
    }
}

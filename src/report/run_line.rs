//! One readable line for each event of a run, for pipes and logs: `T+00:42  message-store  promote at ansan: done in 14s`.
//!
//! It is told with the state that the event led to, so that the line says what follows too. What only leads from one
//! question to the next has no line.

use crate::model::Millis;
use crate::plan::ActionOnPaper;
use crate::plan::Plan;
use crate::report::action;
use crate::report::gate;
use crate::report::plan_text::SHORT_ID;
use crate::report::run_words;
use crate::report::words;
use crate::run::DoneHow;
use crate::run::End;
use crate::run::Entry;
use crate::run::Event;
use crate::run::FailWhy;
use crate::run::HostEnd;
use crate::run::Position;
use crate::run::RunEnd;
use crate::run::Script;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::alike;
use crate::run::is_within_promise;
use crate::run::ways;

/// Whose it is stands in so many columns, where it fits.
const WHOSE: usize = 16;
/// Hosts that are named one by one.
const HOSTS: usize = 4;

/// The line for an entry, told after it was applied to the state; none where it says nothing to a person.
#[must_use]
pub fn event_line(plan: &Plan, script: &Script, after: &State, entry: &Entry) -> Option<String> {
    let told = Told { plan, script, after, at: entry.at };
    let (whose, what) = told.event(&entry.event)?;
    let clock = words::pad(&run_words::clock(entry.at.since(after.opened)), 8);
    Some(words::plain(&format!("{clock}  {}  {what}", words::pad(&whose, WHOSE))))
}

struct Told<'a> {
    plan: &'a Plan,
    script: &'a Script,
    after: &'a State,
    at: Stamp,
}

impl Told<'_> {
    /// Whose it is, and what happened.
    fn event(&self, event: &Event) -> Option<(String, String)> {
        let gate = |id: &str, what: String| Some((self.whose(id), format!("{id}: {what}")));
        let step = |id: &str, what: String| {
            let (whose, name) = run_words::step(id);
            Some((whose.to_owned(), format!("{name}: {what}")))
        };
        let run = |what: String| Some(("run".to_owned(), what));
        let why = run_words::who_why;
        match event {
            Event::Opened { run: name, plan, parent, .. } => run(opened(name, plan, parent.as_deref())),
            Event::PenTaken { by } => {
                run(format!("{} acts for it from now on (process {})", run_words::who(by), by.pid))
            }
            Event::ClockJumped { forwards, backwards } => run(jumped(*forwards, *backwards)),
            Event::GateAsked { gate: id } => gate(id, self.asked(id)),
            Event::PositionsSeen { gate: id, seen } => gate(id, self.seen(id, seen)),
            Event::GateOpened { gate: id, by } => gate(id, format!("open, {}", run_words::opened(by))),
            Event::GateRejected { gate: id, by, reason } => {
                gate(id, format!("REJECTED by {}; nothing behind it goes on", why(by, reason)))
            }
            Event::GateTimedOut { gate: id } => {
                gate(id, "SILENCE: nobody answered in time; nothing behind it goes on".to_owned())
            }
            Event::Started { step: id, attempt } => step(id, self.started(id, *attempt)?),
            Event::AlreadySo { step: id, .. } => step(id, "it is so already; nothing was done".to_owned()),
            Event::NotYetSo { already, .. } if already.is_empty() => None,
            Event::NotYetSo { step: id, already, .. } => {
                step(id, format!("it is so already on {}", few(already, ", ")))
            }
            Event::HostsEnded { step: id, hosts, .. } => step(id, hosts_line(hosts)),
            Event::Shifting { step: id, from, to, .. } => step(id, run_words::shifting(from, to)),
            Event::Ended { step: id, attempt, end, .. } => step(id, self.ended(id, *attempt, end)?),
            Event::Verified { step: id, attempt, passed, said } => {
                let told = if *passed {
                    format!("proven, done{}", self.took(id))
                } else {
                    format!("NOT PROVEN: {}{}", said.trim(), self.follows(id)?)
                };
                step(id, format!("{told}{}", tried(*attempt)))
            }
            Event::Stopping { step: id, why, .. } => step(id, format!("{}; it is being ended", run_words::stop(*why))),
            Event::Stopped { step: id, confirmed, .. } => {
                let told = if *confirmed { "nothing of it is left" } else { "nobody can say whether it was ended" };
                step(id, format!("{told}{}", self.follows(id)?))
            }
            Event::Inquired { step: id, found, .. } => {
                step(id, format!("{}{}", run_words::found(found), self.follows(id)?))
            }
            Event::Probed { step: id, so, .. } => step(id, format!("{}{}", probed(so), self.follows(id)?)),
            Event::Confirmed { step: id, by, reason } => step(id, format!("done, by {}", why(by, reason))),
            Event::Denied { step: id, by, reason } => step(id, format!("FAILED: no, by {}", why(by, reason))),
            Event::Unanswered { step: id } => step(id, "FAILED: nobody answered in time".to_owned()),
            Event::MarkedDone { step: id, by, reason } => step(id, format!("marked done by {}", why(by, reason))),
            Event::Skipped { step: id, by, reason } => step(id, format!("SKIPPED by {}", why(by, reason))),
            Event::Again { what, by, reason } => self.again(what, format!("again, by {}", why(by, reason))),
            Event::Held { why } => run(format!("HELD: {}; nothing new starts  (bonghwa resume)", run_words::hold(why))),
            Event::Resumed { by, reason } => run(format!("goes on, by {}", why(by, reason))),
            Event::Cancelled { by, reason } => {
                run(format!("CANCELLED by {}; what runs is being ended", why(by, reason)))
            }
            Event::Yielding { plan, by, reason } => {
                run(format!("gives way to plan {}, by {}", short(plan), why(by, reason)))
            }
            Event::Left { by } => run(format!("its process leaves, sent by {}; nobody acts now", run_words::who(by))),
            Event::Quarantined { site } => run(format!("{site} is quarantined until a person releases it")),
            Event::Released { site, by, reason } => run(format!("{site} released by {}", why(by, reason))),
            Event::RunEnded { end } => run(over(end)),
        }
    }

    /// The service that a gate belongs to.
    fn whose(&self, id: &str) -> String {
        let of = self.plan.gates.iter().find(|gate| gate.id == id);
        of.and_then(|gate| gate.service.clone()).unwrap_or_else(|| "gate".to_owned())
    }

    /// A person is asked, but where hosts are asked first: nobody is alarmed by what may open by itself.
    fn asked(&self, id: &str) -> String {
        let judges = self.script.find(id).map_or(&[][..], |at| self.script.judges(at));
        if judges.is_empty() { self.question(id) } else { "asking how far the writes have come there".to_owned() }
    }

    fn seen(&self, id: &str, seen: &[Position]) -> String {
        let told = format!("seen: {}", run_words::seen(seen));
        let opens = self.script.find(id).is_some_and(|at| is_within_promise(self.script, at, seen));
        if opens { told } else { format!("{told}; {}", self.question(id)) }
    }

    fn question(&self, id: &str) -> String {
        let of = self.plan.gates.iter().find(|gate| gate.id == id);
        format!("ASKS: {}{}", of.map_or(String::new(), gate::ask), self.answer(id))
    }

    /// The command that answers a question, while it is open.
    fn answer(&self, id: &str) -> String {
        let ways = self.script.find(id).map(|at| ways(self.script, self.after, at)).unwrap_or_default();
        let approve = ways.into_iter().find(|way| way.verb == "approve");
        approve.map_or(String::new(), |way| format!("  ({})", run_words::command(way, id)))
    }

    fn again(&self, what: &str, told: String) -> Option<(String, String)> {
        if self.script.find(what)? >= self.script.steps() {
            return Some((self.whose(what), format!("{what}: {told}")));
        }
        let (whose, name) = run_words::step(what);
        Some((whose.to_owned(), format!("{name}: {told}")))
    }

    fn started(&self, id: &str, attempt: u32) -> Option<String> {
        let at = self.script.find(id)?;
        if self.after.steps.get(at)?.state == StepState::Asked {
            let question = match &self.plan.steps.get(at)?.action {
                ActionOnPaper::Confirm { question } => question.clone(),
                ActionOnPaper::Fetch { .. }
                | ActionOnPaper::Ssh { .. }
                | ActionOnPaper::Exec { .. }
                | ActionOnPaper::Http(_)
                | ActionOnPaper::Route(_)
                | ActionOnPaper::Ttl(_)
                | ActionOnPaper::Scale { .. }
                | ActionOnPaper::Notify { .. }
                | ActionOnPaper::Wait(_) => action::line(&self.plan.steps.get(at)?.action),
            };
            return Some(format!("ASKS: {question}{}{}", tried(attempt), self.answer(id)));
        }
        let expected = words::span(self.plan.steps.get(at)?.duration_ms);
        Some(format!("started{}, expected to take {expected}", tried(attempt)))
    }

    fn ended(&self, id: &str, attempt: u32, end: &End) -> Option<String> {
        let run = self.after.steps.get(self.script.find(id)?)?;
        let told = match (end, run.state.is_over()) {
            (End::Ok, true) => format!("done{}", self.took(id)),
            (End::Ok, false) => format!("it ran{}", self.follows(id)?),
            (_, _) => format!("{}{}", run_words::end(end), self.follows(id)?),
        };
        Some(format!("{told}{}", tried(attempt)))
    }

    /// How long it took, all attempts together.
    fn took(&self, id: &str) -> String {
        let run = self.script.find(id).and_then(|at| self.after.steps.get(at));
        let started = run.and_then(|run| run.started);
        started.map_or(String::new(), |started| format!(" in {}", words::span(self.at.since(started))))
    }

    /// What follows for the step, as the end of a sentence.
    fn follows(&self, id: &str) -> Option<String> {
        let at = self.script.find(id)?;
        let run = self.after.steps.get(at)?;
        if let Some(again) = self.after.collected_at(self.script, at) {
            return Some(format!("; the fence is owed, and tried again in {}", words::span(again.since(self.at))));
        }
        Some(match &run.state {
            StepState::Done(DoneHow::Untold) => "; NOBODY WAS TOLD, and the run goes on".to_owned(),
            StepState::Done(_) => format!("; done{}", self.took(id)),
            StepState::Verifying => "; now it is verified".to_owned(),
            StepState::Resting { until } => match until.since(self.at) {
                Millis::ZERO => "; again at once".to_owned(),
                rest => format!("; again in {}", words::span(rest)),
            },
            StepState::Failed(FailWhy::Ended(_) | FailWhy::NotProven | FailWhy::NotSo) => "; FAILED".to_owned(),
            StepState::Failed(FailWhy::InDoubt(_)) => "; IN DOUBT: a person must look".to_owned(),
            StepState::Failed(why) => format!("; FAILED: {}", run_words::fail(why)),
            StepState::Inquiring { .. } => "; IN DOUBT: it is asked what became of it".to_owned(),
            StepState::Probing { .. } => "; IN DOUBT: it is asked whether its effect is there".to_owned(),
            StepState::Stopping { .. } => "; it is being ended".to_owned(),
            StepState::Acting => "; it is followed".to_owned(),
            StepState::Waiting | StepState::Checking | StepState::Asked | StepState::Skipped => String::new(),
        })
    }
}

fn short(plan: &str) -> &str {
    plan.get(..SHORT_ID).unwrap_or(plan)
}

/// Which attempt it was, where it was not the first.
fn tried(attempt: u32) -> String {
    if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() }
}

fn opened(run: &str, plan: &str, parent: Option<&str>) -> String {
    let after = parent.map_or(String::new(), |parent| format!(", which succeeds {parent}"));
    format!("{run} opened, of plan {}{after}", short(plan))
}

fn jumped(forwards: Millis, backwards: Millis) -> String {
    if forwards > Millis::ZERO {
        return format!("the clock jumped forwards by {}: this machine slept, or was set", words::span(forwards));
    }
    format!("the clock jumped backwards by {}", words::span(backwards))
}

fn probed(so: &Seen) -> String {
    match so {
        Seen::Yes => "what it should bring about is so".to_owned(),
        Seen::No => "what it should bring about is not so".to_owned(),
        Seen::Unknown(why) => format!("nobody can say whether its effect is there: {why}"),
    }
}

fn over(end: &RunEnd) -> String {
    match end {
        RunEnd::Done => "DONE: every step is done or skipped, every gate open".to_owned(),
        RunEnd::Cancelled => "ENDED: it was cancelled".to_owned(),
        RunEnd::Succeeded { plan } => format!("ENDED: plan {} took over", short(plan)),
    }
}

/// How it ended on some hosts: those that did it in a number, the others by name, and with what they said last.
fn hosts_line(hosts: &[HostEnd]) -> String {
    let ok = hosts.iter().filter(|host| host.end == End::Ok).count();
    let bad: Vec<HostEnd> = hosts.iter().filter(|host| host.end != End::Ok).cloned().collect();
    let bad: Vec<String> = alike(&bad).iter().map(run_words::hosts_alike).collect();
    match (ok, bad.is_empty()) {
        (ok, true) => format!("done on {}", words::count(ok, "host")),
        (0, false) => few(&bad, "; "),
        (ok, false) => format!("done on {}; {}", words::count(ok, "host"), few(&bad, "; ")),
    }
}

/// The first of them, and how many more.
fn few<T: AsRef<str>>(names: &[T], between: &str) -> String {
    let told: Vec<&str> = names.iter().take(HOSTS).map(AsRef::as_ref).collect();
    let more = if names.len() > HOSTS { format!(", and {} more", names.len() - HOSTS) } else { String::new() };
    format!("{}{more}", told.join(between))
}

#[cfg(test)]
mod tests;

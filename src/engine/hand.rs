//! One act, from what the state asks for to the input that records what came of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::driver;
use crate::driver::Answer;
use crate::driver::Driver;
use crate::driver::HostOutcome;
use crate::driver::Key;
use crate::driver::Killed;
use crate::driver::News;
use crate::driver::Outcome;
use crate::driver::Said;
use crate::driver::Shift;
use crate::driver::Told;
use crate::engine::inbox::Handle;
use crate::engine::inbox::Message;
use crate::engine::job;
use crate::engine::position;
use crate::model::Millis;
use crate::plan::Plan;
use crate::plan::ProbeOnPaper;
use crate::plan::Step;
use crate::run::Act;
use crate::run::End;
use crate::run::Found;
use crate::run::HostEnd;
use crate::run::Input;
use crate::run::NodeAt;
use crate::run::Script;
use crate::run::Seen;
use crate::run::What;

/// How much of what a step said stands in the journal.
const SAID_MAX: usize = 2_048;
/// The same for each of its hosts: enough to tell them apart, and a step may have thousands.
const HOST_SAID_MAX: usize = 240;

/// What an act needs.
pub(in crate::engine) struct Context<D> {
    pub(in crate::engine) plan: Arc<Plan>,
    pub(in crate::engine) script: Arc<Script>,
    pub(in crate::engine) driver: Arc<D>,
    pub(in crate::engine) handle: Handle,
    pub(in crate::engine) run: String,
}

/// Carries an act out, and puts what came of it into the inbox. `done` are the hosts that need nothing any more.
pub(in crate::engine) async fn carry_out<D: Driver>(context: Context<D>, act: Act, done: BTreeSet<String>) {
    if act.wait.0 > 0 {
        tokio::time::sleep(Duration::from_millis(act.wait.0)).await;
    }
    let input = match act.what {
        What::Do | What::Adopt => work(&context, &act, &done).await,
        What::Check => check(&context, &act).await,
        What::Verify => verify(&context, &act).await,
        What::Stop => stop(&context, &act, &done).await,
        What::Inquire => inquire(&context, &act, &done).await,
        What::Probe => probe(&context, &act).await,
        What::Positions => positions(&context, act.at).await,
    };
    context.handle.input(input);
}

impl<D> Context<D> {
    fn step(&self, at: NodeAt) -> &Step {
        &self.plan.steps[at]
    }

    fn key(&self, at: NodeAt, attempt: u32) -> Key {
        Key { run: self.run.clone(), step: self.step(at).id.clone(), attempt }
    }

    fn job(&self, act: &Act, done: &BTreeSet<String>) -> Option<driver::Job> {
        job::job(&self.plan, self.step(act.at), self.key(act.at, act.attempt), done)
    }
}

async fn work<D: Driver>(context: &Context<D>, act: &Act, done: &BTreeSet<String>) -> Input {
    let Act { at, attempt, .. } = *act;
    let Some(job) = context.job(act, done) else {
        let end = End::NeverBegan("only a person can do this".to_owned());
        return Input::Ended { at, attempt, end, said: String::new() };
    };
    let inbox = context.handle.clone();
    let told = Told::to(move |news| {
        if let News::Host(host) = news {
            drop(inbox.inbox.send(Message::Host { at, attempt, host: host_end(&host) }));
        }
    });
    let inbox = context.handle.clone();
    let told = told.with_ledger(move |shift| {
        let (reply, durable) = oneshot::channel();
        let Shift { from, to, fact } = shift;
        let input = Input::Shifting { at, attempt, from, to, fact };
        drop(inbox.inbox.send(Message::Shifting { input, reply }));
        durable
    });
    let outcome = match act.what {
        What::Adopt => context.driver.adopt(job, told).await,
        What::Do | What::Check | What::Verify | What::Stop | What::Inquire | What::Probe | What::Positions => {
            context.driver.act(job, told).await
        }
    };
    Input::Ended { at, attempt, end: whole_end(&outcome, done), said: shorten(&outcome.said, SAID_MAX) }
}

async fn check<D: Driver>(context: &Context<D>, act: &Act) -> Input {
    let Act { at, attempt, .. } = *act;
    let answer = ask(context, act, context.step(at).done_if.as_ref()).await;
    let already = hosts_of(&answer).filter(|(_, so)| *so).map(|(host, _)| host.to_owned()).collect();
    Input::Checked { at, attempt, so: seen(&answer), already }
}

async fn verify<D: Driver>(context: &Context<D>, act: &Act) -> Input {
    let Act { at, attempt, .. } = *act;
    let answer = ask(context, act, context.step(at).verify.as_ref()).await;
    let said = match &answer {
        Answer::Yes { said, .. } | Answer::No { said, .. } => shorten(said, SAID_MAX),
        Answer::Unknown { reason, .. } => reason.clone(),
    };
    Input::Verified { at, attempt, so: seen(&answer), said }
}

async fn probe<D: Driver>(context: &Context<D>, act: &Act) -> Input {
    let Act { at, attempt, .. } = *act;
    let step = context.step(at);
    let answer = ask(context, act, step.done_if.as_ref().or(step.verify.as_ref())).await;
    Input::Probed { at, attempt, so: seen(&answer) }
}

async fn stop<D: Driver>(context: &Context<D>, act: &Act, done: &BTreeSet<String>) -> Input {
    let Act { at, attempt, .. } = *act;
    let killed = match context.job(act, done) {
        Some(job) => context.driver.kill(job).await,
        None => Killed::Dead,
    };
    Input::Stopped { at, attempt, confirmed: killed == Killed::Dead }
}

async fn inquire<D: Driver>(context: &Context<D>, act: &Act, done: &BTreeSet<String>) -> Input {
    let Act { at, attempt, .. } = *act;
    let found = match context.job(act, done) {
        Some(job) => context.driver.inquire(job).await,
        None => driver::Found::NeverBegun,
    };
    let mut said = String::new();
    let found = match found {
        driver::Found::Alive => Found::Alive,
        driver::Found::Ended(outcome) => {
            for host in &outcome.hosts {
                drop(context.handle.inbox.send(Message::Host { at, attempt, host: host_end(host) }));
            }
            said = shorten(&outcome.said, SAID_MAX);
            let end = whole_end(&outcome, done);
            if let End::Lost(why) = end {
                Found::Unknown(why)
            } else if end == End::TimedOut {
                Found::Gone
            } else {
                Found::Ended(end)
            }
        }
        driver::Found::NeverBegun => Found::NeverBegan,
        driver::Found::Gone => Found::Gone,
        driver::Found::Unknown(why) => Found::Unknown(why),
    };
    Input::Inquired { at, attempt, found, said }
}

/// Asks every step behind a data-loss gate how far its candidates are.
async fn positions<D: Driver>(context: &Context<D>, gate: NodeAt) -> Input {
    let mut seen = Vec::new();
    for &at in context.script.judges(gate) {
        let step = context.step(at);
        let act = Act { at, attempt: 0, what: What::Positions, wait: Millis::ZERO };
        let answer = ask(context, &act, step.position.as_ref()).await;
        let (whole, hosts) = match &answer {
            Answer::Yes { said, hosts } | Answer::No { said, hosts } => (said.head.as_str(), hosts),
            Answer::Unknown { hosts, .. } => ("", hosts),
        };
        if hosts.is_empty() {
            seen.push(position::read(step.site.as_deref().unwrap_or(&step.id), whole));
        }
        seen.extend(hosts.iter().map(|host| position::read(&host.host, &host.said.head)));
    }
    Input::Positions { at: gate, seen }
}

async fn ask<D: Driver>(context: &Context<D>, act: &Act, probe: Option<&ProbeOnPaper>) -> Answer {
    let key = context.key(act.at, act.attempt);
    let asked = probe.and_then(|probe| job::about(&context.plan, context.step(act.at), key, probe));
    match asked {
        Some((job, probe)) => context.driver.ask(job, probe).await,
        None => Answer::Unknown { reason: "nothing to ask".to_owned(), hosts: Vec::new() },
    }
}

fn seen(answer: &Answer) -> Seen {
    match answer {
        Answer::Yes { .. } => Seen::Yes,
        Answer::No { .. } => Seen::No,
        Answer::Unknown { reason, .. } => Seen::Unknown(reason.clone()),
    }
}

fn hosts_of(answer: &Answer) -> impl Iterator<Item = (&str, bool)> {
    let (Answer::Yes { hosts, .. } | Answer::No { hosts, .. } | Answer::Unknown { hosts, .. }) = answer;
    hosts.iter().map(|host| (host.host.as_str(), host.is_so == Ok(true)))
}

fn host_end(host: &HostOutcome) -> HostEnd {
    HostEnd {
        host: host.host.clone(),
        end: end(&host.end),
        said: shorten(&host.said, HOST_SAID_MAX).trim_end().to_owned(),
    }
}

/// How the whole ended. Where it did not go well, the host of which least is known decides: one that may still be running
/// must not hide behind one that failed for certain.
fn whole_end(outcome: &Outcome, done: &BTreeSet<String>) -> End {
    let whole = end(&outcome.end);
    if whole == End::Ok || outcome.hosts.len() < 2 {
        return whole;
    }
    let worst = |wanted: fn(&driver::End) -> bool| outcome.hosts.iter().map(|host| &host.end).find(|end| wanted(end));
    let in_doubt = worst(|end| matches!(end, driver::End::Lost(_)))
        .or_else(|| worst(|end| matches!(end, driver::End::TimedOut | driver::End::Killed)));
    if let Some(doubt) = in_doubt {
        return end(doubt);
    }
    let ok = outcome.hosts.iter().filter(|host| host.end.is_ok()).count() + done.len();
    let of = outcome.hosts.len() + done.len();
    let every = |wanted: fn(&driver::End) -> bool| outcome.hosts.iter().all(|host| wanted(&host.end));
    if every(|end| matches!(end, driver::End::Unreachable(_))) {
        return whole;
    }
    End::NotEnough { ok: u64::try_from(ok).unwrap_or(u64::MAX), of: u64::try_from(of).unwrap_or(u64::MAX) }
}

fn end(end: &driver::End) -> End {
    match end {
        driver::End::Ok => End::Ok,
        driver::End::Exit(code) => End::Exit(*code),
        driver::End::Unexpected(what) => End::Unexpected(what.clone()),
        driver::End::Signal(number) => End::Signal(*number),
        driver::End::CouldNotStart(why) | driver::End::Refused(why) => End::NeverBegan(why.clone()),
        driver::End::Unreachable(why) => End::Unreachable(why.clone()),
        driver::End::TimedOut | driver::End::Killed => End::TimedOut,
        driver::End::Lost(why) => End::Lost(why.clone()),
    }
}

/// The beginning and the end of what was said, about `most` bytes of it.
fn shorten(said: &Said, most: usize) -> String {
    let whole = if said.dropped_bytes > 0 {
        format!("{}\n[{} bytes left out]\n{}", said.head, said.dropped_bytes, said.tail)
    } else {
        format!("{}{}", said.head, said.tail)
    };
    if whole.len() <= most {
        return whole;
    }
    let head = whole.floor_char_boundary(most / 2);
    let tail = whole.ceil_char_boundary(whole.len() - most / 2);
    format!("{}\n[{} bytes left out]\n{}", &whole[..head], tail - head, &whole[tail..])
}

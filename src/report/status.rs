//! Where a run stands, gathered from its plan and its state: the facts that the screen and `status --json` share.
//!
//! What a service has reached is worked out in `run`; here it only gets its names.

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Level;
use crate::plan::Plan;
use crate::plan::ServiceOnPaper;
use crate::report::gate;
use crate::report::lifeline::lifeline;
use crate::report::run_words;
use crate::report::status_json::DebtNow;
use crate::report::status_json::HostsSaid;
use crate::report::status_json::LifelineNow;
use crate::report::status_json::ProgressCounts;
use crate::report::status_json::Question;
use crate::report::status_json::STATUS_FORMAT;
use crate::report::status_json::ServiceNow;
use crate::report::status_json::Status;
use crate::report::status_json::StepCounts;
use crate::report::status_json::TierNow;
use crate::report::status_json::Trouble;
use crate::report::status_json::Work;
use crate::run::FailWhy;
use crate::run::GateState;
use crate::run::HoldWhy;
use crate::run::HostsAlike;
use crate::run::NodeAt;
use crate::run::Progress;
use crate::run::RunEnd;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::Standing;
use crate::run::State;
use crate::run::StepState;
use crate::run::Stop;
use crate::run::View;
use crate::run::Way;
use crate::run::Who;
use crate::run::Will;
use crate::run::alike;
use crate::run::view;
use crate::run::ways;

/// Where a run stands.
#[must_use]
pub fn status(plan: &Plan, script: &Script, state: &State, now: Stamp) -> Status {
    // The clock stands still when the run is over.
    let now = if state.ended.is_some() { state.now } else { now };
    let view = view(plan, script, state, now);
    let facts = Facts { plan, script, state, now, view: &view };
    let (is, by, why) = will(state);
    let services: Vec<ServiceNow> =
        plan.services.iter().zip(&view.services).map(|(service, standing)| facts.service(service, standing)).collect();
    Status {
        format: STATUS_FORMAT,
        run: state.run.clone(),
        plan: plan.id.clone(),
        title: plan.title.clone(),
        scopes: plan.about(),
        opened_unix_ms: state.opened.0,
        clock_ms: now.since(state.opened),
        entry: state.seq,
        is,
        by,
        why,
        left: state.left,
        holder: state.holder.clone(),
        notes: Vec::new(),
        steps: counts(state),
        lifeline: first_tier(plan, &services),
        questions: facts.questions(),
        troubles: facts.troubles(),
        tiers: tiers(plan, &view),
        services,
        debts: debts(state),
        quarantined: state.quarantined.iter().cloned().collect(),
    }
}

/// What people want of it, or how it ended: the word, who, and why.
fn will(state: &State) -> (&'static str, Option<Who>, Option<String>) {
    let (by, why) = match &state.will {
        Will::Going => (None, None),
        Will::Held(HoldWhy::Person { by, reason }) => (Some(by.clone()), Some(reason.clone())),
        Will::Held(why) => (None, Some(run_words::hold(why))),
        Will::Cancelled { by, reason } => (Some(by.clone()), Some(reason.clone())),
        Will::Yielding { plan } => (None, Some(format!("plan {plan} takes over"))),
    };
    match &state.ended {
        None => (state.will.word(), by, why),
        Some(RunEnd::Done) => ("done", None, None),
        Some(RunEnd::Cancelled) => ("ended", by, why),
        Some(RunEnd::Succeeded { plan }) => ("succeeded", None, Some(format!("plan {plan} took over"))),
    }
}

fn counts(state: &State) -> StepCounts {
    let mut counts = StepCounts { all: state.steps.len(), ..StepCounts::default() };
    for step in &state.steps {
        let count = match &step.state {
            StepState::Waiting => &mut counts.waiting,
            StepState::Checking | StepState::Acting | StepState::Asked | StepState::Verifying => &mut counts.under_way,
            StepState::Stopping { .. } | StepState::Inquiring { .. } => &mut counts.under_way,
            StepState::Probing { .. } | StepState::Resting { .. } => &mut counts.under_way,
            StepState::Failed(_) => &mut counts.failed,
            StepState::Done(_) => &mut counts.done,
            StepState::Skipped => &mut counts.skipped,
        };
        *count += 1;
    }
    counts
}

fn first_tier(plan: &Plan, services: &[ServiceNow]) -> LifelineNow {
    let lifeline = lifeline(plan);
    let promised: Vec<&ServiceNow> = services
        .iter()
        .filter(|service| service.planned_back_ms.is_some())
        .filter(|service| lifeline.promised.iter().any(|promised| promised.id == service.id))
        .collect();
    let all_back = promised.iter().map(|service| service.expected_back_ms).collect::<Option<Vec<Millis>>>();
    LifelineNow {
        title: plan.lifeline.clone(),
        all: promised.len(),
        back: promised.iter().filter(|service| service.back_ms.is_some()).count(),
        expected_back_ms: all_back.and_then(|all| all.into_iter().max()),
        objective_ms: lifeline.objective(),
    }
}

fn tiers(plan: &Plan, view: &View) -> Vec<TierNow> {
    let mut tiers: Vec<TierNow> = Vec::new();
    for (service, standing) in plan.services.iter().zip(&view.services) {
        let at = tiers.iter().position(|tier| tier.tier == service.effective_tier).unwrap_or_else(|| {
            let class = plan.classes.iter().find(|class| class.tier == service.effective_tier);
            let title = class.map_or(String::new(), |class| class.title.clone());
            let services = ProgressCounts::default();
            tiers.push(TierNow { tier: service.effective_tier.clone(), title, services });
            tiers.len() - 1
        });
        let counts = &mut tiers[at].services;
        *match standing.progress {
            Progress::Blocked => &mut counts.blocked,
            Progress::UnderWay => &mut counts.under_way,
            Progress::Waiting => &mut counts.waiting,
            Progress::Short => &mut counts.short,
            Progress::Back => &mut counts.back,
            Progress::GivesWay => &mut counts.give_way,
            Progress::Throughout => &mut counts.throughout,
            Progress::Nowhere => &mut counts.nowhere,
        } += 1;
    }
    tiers
}

fn debts(state: &State) -> Vec<DebtNow> {
    let debts = state.debts.iter();
    debts
        .map(|debt| DebtNow {
            gate: debt.gate.clone(),
            service: debt.service.clone(),
            site: debt.site.clone(),
            by: debt.by.clone(),
        })
        .collect()
}

/// Where a service stands, in a word.
#[must_use]
pub const fn progress(progress: Progress) -> &'static str {
    match progress {
        Progress::Blocked => "blocked",
        Progress::UnderWay => "under way",
        Progress::Waiting => "waiting",
        Progress::Short => "not back",
        Progress::Back => "back",
        Progress::GivesWay => "gives way",
        Progress::Throughout => "serves",
        Progress::Nowhere => "nowhere",
    }
}

struct Facts<'a> {
    plan: &'a Plan,
    script: &'a Script,
    state: &'a State,
    now: Stamp,
    view: &'a View,
}

impl Facts<'_> {
    /// Since T=0.
    fn clock(&self, at: Stamp) -> Millis {
        at.since(self.state.opened)
    }

    fn names(&self, nodes: &[NodeAt]) -> Vec<String> {
        nodes.iter().map(|&at| self.script.name(at).to_owned()).collect()
    }

    fn keeps_back(&self, stop: &Stop) -> Vec<String> {
        stop.services.iter().map(|&service| self.plan.services[service].id.clone()).collect()
    }

    fn commands(&self, at: NodeAt, wanted: impl Fn(&Way) -> bool) -> Vec<String> {
        let ways = ways(self.script, self.state, at).into_iter().filter(wanted);
        ways.map(|way| run_words::command(way, self.script.name(at))).collect()
    }

    /// What still wants an answer: nothing does once the run is over.
    fn questions(&self) -> Vec<Question> {
        let asks = self.view.stops.iter().filter(|stop| stop.asks && self.state.ended.is_none());
        asks.map(|stop| self.question(stop)).collect()
    }

    fn question(&self, stop: &Stop) -> Question {
        let id = self.script.name(stop.at).to_owned();
        let answers = |way: &Way| matches!(way.verb, "approve" | "reject");
        let (kind, service, question, seen, asked) = match stop.at.checked_sub(self.plan.steps.len()) {
            None => {
                let step = &self.plan.steps[stop.at];
                let question = match &step.action {
                    ActionOnPaper::Confirm { question } => question.clone(),
                    ActionOnPaper::Fetch { kit, held_at } => format!("Fetch {kit} from {}.", held_at.join(" or ")),
                    ActionOnPaper::Ssh { .. }
                    | ActionOnPaper::Exec { .. }
                    | ActionOnPaper::Http(_)
                    | ActionOnPaper::Route(_)
                    | ActionOnPaper::Ttl(_)
                    | ActionOnPaper::Scale { .. }
                    | ActionOnPaper::Notify { .. }
                    | ActionOnPaper::Wait(_) => step.title.clone(),
                };
                ("task", step.service.clone(), question, Vec::new(), self.state.steps[stop.at].since)
            }
            Some(at) => {
                let (gate, run) = (&self.plan.gates[at], &self.state.gates[at]);
                (gate::kind(&gate.kind), gate.service.clone(), gate::ask(gate), run.seen.clone(), run.since)
            }
        };
        Question {
            id,
            kind,
            service,
            question: sentence(&question),
            seen,
            asked_ms: self.clock(asked),
            for_ms: self.now.since(asked),
            behind: stop.behind,
            keeps_back: self.keeps_back(stop),
            commands: self.commands(stop.at, answers),
        }
    }

    /// What failed, and then what is being asked after.
    fn troubles(&self) -> Vec<Trouble> {
        let failed = self.view.stops.iter().filter(|stop| !stop.asks).map(|stop| self.trouble(stop));
        let doubted = (0..self.script.steps()).filter(|&at| {
            matches!(self.state.steps[at].state, StepState::Inquiring { .. } | StepState::Probing { .. })
        });
        let doubted = doubted.map(|at| {
            let stop = Stop { at, asks: false, services: Vec::new(), behind: 0 };
            Trouble { commands: Vec::new(), ..self.trouble(&stop) }
        });
        failed.chain(doubted).collect()
    }

    fn trouble(&self, stop: &Stop) -> Trouble {
        let id = self.script.name(stop.at).to_owned();
        let (title, service, is, why, said, attempt, since) = match stop.at.checked_sub(self.plan.steps.len()) {
            None => {
                let (step, run) = (&self.plan.steps[stop.at], &self.state.steps[stop.at]);
                let (is, why) = match &run.state {
                    StepState::Failed(why @ FailWhy::InDoubt(_)) => ("in doubt", run_words::fail(why)),
                    StepState::Failed(why) => ("failed", run_words::fail(why)),
                    StepState::Inquiring { .. } => ("in doubt", "it is being asked what became of it".to_owned()),
                    StepState::Probing { .. } => {
                        ("in doubt", "it runs no more; it is being asked whether its effect is there".to_owned())
                    }
                    StepState::Waiting | StepState::Checking | StepState::Acting | StepState::Asked => {
                        ("", String::new())
                    }
                    StepState::Verifying | StepState::Stopping { .. } | StepState::Resting { .. } => {
                        ("", String::new())
                    }
                    StepState::Done(_) | StepState::Skipped => ("", String::new()),
                };
                let said = run.said.clone();
                (step.title.clone(), step.service.clone(), is, why, said, run.attempt, run.since)
            }
            Some(at) => {
                let (gate, run) = (&self.plan.gates[at], &self.state.gates[at]);
                let why = match &run.state {
                    GateState::Rejected { by, reason } => format!("by {}", run_words::who_why(by, reason)),
                    GateState::TimedOut => "nobody answered in time".to_owned(),
                    GateState::Waiting | GateState::Asked | GateState::Open(_) => String::new(),
                };
                (gate::ask(gate), gate.service.clone(), run.state.word(), why, String::new(), 0, run.since)
            }
        };
        let hosts = self.state.steps.get(stop.at).map_or_else(Vec::new, |run| alike(&run.hosts));
        let hosts = hosts.iter().map(hosts_said).collect();
        Trouble {
            id,
            title,
            service,
            is,
            why,
            said,
            hosts,
            attempt,
            since_ms: self.clock(since),
            for_ms: self.now.since(since),
            behind: stop.behind,
            keeps_back: self.keeps_back(stop),
            commands: self.commands(stop.at, |_| true),
        }
    }

    fn service(&self, service: &ServiceOnPaper, standing: &Standing) -> ServiceNow {
        let clock = |at: Option<Stamp>| at.map(|at| self.clock(at));
        let reaches = standing.share > Ppm::ZERO;
        ServiceNow {
            id: service.id.clone(),
            title: service.title.clone(),
            tier: service.effective_tier.clone(),
            impact: service.impact,
            is: progress(standing.progress),
            level: if reaches { standing.level } else { Level::Shed },
            share: standing.share,
            since_ms: self.clock(standing.since),
            back_ms: clock(standing.back),
            expected_back_ms: clock(standing.expected_back),
            planned_back_ms: service.expected_back_ms,
            objective_ms: service.objective_ms,
            full_ms: clock(standing.full),
            working: standing.working.iter().map(|&at| self.work(at)).collect(),
            waits_for: self.names(&standing.waits_for),
            blocked_by: self.names(&standing.blocked_by),
            steps: standing.steps,
            over: standing.over,
        }
    }

    fn work(&self, at: NodeAt) -> Work {
        let id = self.script.name(at).to_owned();
        let Some(gate) = at.checked_sub(self.plan.steps.len()) else {
            let (step, run) = (&self.plan.steps[at], &self.state.steps[at]);
            let rests_ms = match run.state {
                StepState::Resting { until } => Some(until.since(self.now)),
                StepState::Waiting | StepState::Checking | StepState::Acting | StepState::Asked => None,
                StepState::Verifying | StepState::Stopping { .. } | StepState::Inquiring { .. } => None,
                StepState::Probing { .. } | StepState::Failed(_) | StepState::Done(_) | StepState::Skipped => None,
            };
            let for_ms = self.now.since(run.began.unwrap_or(run.since));
            let (is, attempt) = (run.state.word(), run.attempt);
            let expected_ms = step.late_after_ms.unwrap_or(step.duration_ms);
            return Work { id, is, attempt, for_ms, expected_ms, rests_ms };
        };
        let (gate, run) = (&self.plan.gates[gate], &self.state.gates[gate]);
        let (for_ms, expected_ms) = (self.now.since(run.since), gate.duration_ms);
        Work { id, is: run.state.word(), attempt: 0, for_ms, expected_ms, rests_ms: None }
    }
}

fn hosts_said(alike: &HostsAlike) -> HostsSaid {
    let HostsAlike { hosts, count, end, said } = alike;
    let line = run_words::hosts_alike(alike);
    HostsSaid { hosts: hosts.clone(), count: *count, how: run_words::end(end), said: said.clone(), line }
}

/// With a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

//! A look at what a plan needs, before anything is done: every host is reached, every secret looked for, every declared
//! probe asked once. It changes nothing, keeps nothing, and ends in time whatever hangs.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::driver;
use crate::driver::Answer;
use crate::driver::Driver;
use crate::driver::HostAt;
use crate::driver::Key;
use crate::driver::RouteTask;
use crate::driver::Scout;
use crate::driver::Secret;
use crate::engine::capacity;
use crate::engine::job;
use crate::engine::position;
use crate::model::Millis;
use crate::plan::ActionOnPaper;
use crate::plan::Plan;
use crate::plan::ProbeOnPaper;
use crate::plan::Step;
use crate::run::Position;
use crate::run::Stamp;
use crate::run::preflight;
use crate::run::preflight::CapacitySeen;
use crate::run::preflight::Heard;
use crate::run::preflight::HostSeen;
use crate::run::preflight::LookSeen;
use crate::run::preflight::MissingSecret;
use crate::run::preflight::PREFLIGHT_FORMAT;
use crate::run::preflight::Preflight;
use crate::run::preflight::RouteSeen;
use crate::run::preflight::Stage;
use crate::run::preflight::StepSeen;
use crate::run::preflight::Why;

/// How to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Only at the steps of the first class.
    pub only_lifeline: bool,
    /// After this, what has not answered counts as unreachable.
    pub within: Millis,
    /// When it begins.
    pub at: Stamp,
}

/// Hosts that are tried at once. Those that hang hold their place until their time is over, so there are more places than
/// the 64 handshakes at once; with 256 places 33 of 1,000 hosts behind one busy machine came too late to say a word.
const HOSTS_AT_ONCE: usize = 128;
/// Questions that are asked from this machine at once, each by a process or a connection of its own. Those on hosts go over
/// sessions that stand already.
const QUESTIONS_AT_ONCE: usize = 64;
/// What stands for the name of the run in a question.
const RUN: &str = "preflight";

/// What became of a host, as soon as that is known.
type Seen = watch::Receiver<Option<Result<(), Why>>>;

/// What all questions share.
struct Scene<H> {
    plan: Arc<Plan>,
    hands: Arc<H>,
    hosts: BTreeMap<HostAt, Seen>,
    turns: Semaphore,
    until: Instant,
}

/// Looks, and says what was seen. Steps stand in the order of the plan.
pub async fn preflight<H: Driver + Scout>(plan: &Arc<Plan>, hands: &Arc<H>, look: Look) -> Preflight {
    let begun = Instant::now();
    let within = Duration::from_millis(look.within.0);
    let until = begun + within;
    let (secrets, missing) = secrets(plan, hands.as_ref(), look);
    let steps: Vec<usize> = preflight::looked_at(plan, look.only_lifeline).collect();
    let wanted = wanted(plan, &steps);
    // Hosts may take two thirds of the time, so that those that answer can still be asked.
    let hosts_until = begun + within * 2 / 3;
    let turns = Arc::new(Semaphore::new(HOSTS_AT_ONCE));
    let mut reaching = JoinSet::new();
    let mut hosts = BTreeMap::new();
    for (host, want) in &wanted {
        let (tell, seen) = watch::channel(None);
        hosts.insert(host.clone(), seen);
        let (hands, turns, host, holds) = (Arc::clone(hands), Arc::clone(&turns), host.clone(), want.holds_records);
        reaching.spawn(async move {
            let reached = async {
                let _turn = turns.acquire().await;
                hands.reach(host, holds).await
            };
            let reached = match timeout_at(hosts_until, reached).await {
                Ok(reached) => reached.map_err(why),
                Err(_) => Err(late()),
            };
            tell.send_replace(Some(reached));
        });
    }
    let turns = Semaphore::new(QUESTIONS_AT_ONCE);
    let scene = Arc::new(Scene { plan: Arc::clone(plan), hands: Arc::clone(hands), hosts, turns, until });
    let shifts = job::shifts(plan, &steps, RUN);
    let launches = capacity::launches(plan, &steps, RUN);
    let mut asking = JoinSet::new();
    for at in steps {
        let scene = Arc::clone(&scene);
        asking.spawn(async move { (at, scene.see(at).await) });
    }
    let (routes, capacity) =
        tokio::join!(see_routes(plan, hands, shifts, until), capacity::see(hands, launches, until));
    let mut seen = BTreeMap::new();
    while let Some(step) = asking.join_next().await {
        match step {
            Ok((at, step)) => drop(seen.insert(at, step)),
            // A panic in a task is a bug of ours, and must not look like a step that was not there.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
    let mut all = Vec::with_capacity(wanted.len());
    for (host, want) in wanted {
        let unreached = scene.reached(&host).await.err();
        all.push(HostSeen { host: host.name, excused: want.excused, unreached });
    }
    Preflight {
        format: PREFLIGHT_FORMAT,
        plan: plan.id.clone(),
        at_unix_ms: look.at.0,
        took_ms: Millis(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)),
        within_ms: look.within,
        only_lifeline: look.only_lifeline,
        hosts: u64::try_from(all.len()).unwrap_or(u64::MAX),
        unreached: preflight::folded(&all),
        secrets,
        missing,
        steps: seen.into_iter().map(|(at, step)| looked(&plan.steps[at], step, &routes, &capacity)).collect(),
        routes,
        capacity,
    }
}

/// Looks at every route of a plan, whatever its steps do. `within` is how long it may take.
pub async fn routes<H: Driver + Scout>(plan: &Plan, hands: &Arc<H>, within: Millis) -> Vec<RouteSeen> {
    let until = Instant::now() + Duration::from_millis(within.0);
    see_routes(plan, hands, job::all_routes(plan, RUN), until).await
}

async fn see_routes<H: Driver + Scout>(
    plan: &Plan,
    hands: &Arc<H>,
    routes: Vec<RouteTask>,
    until: Instant,
) -> Vec<RouteSeen> {
    let turns = Arc::new(Semaphore::new(QUESTIONS_AT_ONCE));
    let mut asking = JoinSet::new();
    for task in routes {
        let (hands, turns) = (Arc::clone(hands), Arc::clone(&turns));
        // A shift of a planned move counts on a lower one.
        let declared = plan.routes.iter().find(|route| route.name == task.route).map(|route| route.ttl_ms);
        asking.spawn(async move {
            let (route, provider) = (task.route.clone(), task.provider.name.clone());
            let look = async {
                let _turn = turns.acquire().await;
                hands.route(task).await
            };
            match timeout_at(until, look).await {
                Ok(seen) => route_seen(route, provider, declared, seen),
                Err(_) => {
                    let troubles = vec![format!("{provider} did not answer in time")];
                    RouteSeen { route, provider, leads: None, looks: Vec::new(), troubles, remarks: Vec::new() }
                }
            }
        });
    }
    let mut all = asking.join_all().await;
    all.sort_by(|one, other| one.route.cmp(&other.route));
    all
}

fn route_seen(route: String, provider: String, declared: Option<Millis>, seen: driver::RouteSeen) -> RouteSeen {
    let driver::RouteSeen { read, looks, mut troubles, mut remarks } = seen;
    let leads = match read {
        Ok(led) => {
            if !led.foreign.is_empty() {
                let foreign = led.foreign.join(", ");
                troubles
                    .push(format!("it leads to {foreign}, which no site of the route has: somebody else wrote that"));
            }
            let differs = looks.iter().filter_map(|(server, table)| Some((server, table.as_ref().ok()?)));
            let differs = differs.filter(|(_, table)| table.shares != led.shares);
            remarks.extend(differs.map(|(server, table)| format!("{server} says otherwise: {}", table.fact)));
            remarks.extend(declared.zip(led.ttl).and_then(|(declared, ttl)| other_ttl(declared, ttl)));
            Some(led.shares)
        }
        // What stands in the way often says the same.
        Err(why) if troubles.contains(&why) => None,
        Err(why) => {
            troubles.insert(0, why);
            None
        }
    };
    let looks = looks.into_iter().map(|(server, table)| match table {
        Ok(led) => LookSeen { server, leads: Some(led.shares), says: led.fact },
        Err(why) => LookSeen { server, leads: None, says: why },
    });
    RouteSeen { route, provider, leads, looks: looks.collect(), troubles, remarks }
}

/// What is to be told where answers are kept for another time than was declared.
fn other_ttl(declared: Millis, ttl: Millis) -> Option<String> {
    // Answers count whole seconds.
    let declared = Millis(declared.0.div_ceil(1_000).saturating_mul(1_000));
    let so = match ttl.cmp(&declared) {
        Ordering::Equal => return None,
        Ordering::Greater => {
            "until then, old answers live longer than a plan counts on, and a shift that waits for them may end as not as \
             expected"
        }
        Ordering::Less => "where a planned move has it lowered now, it restores it itself",
    };
    Some(format!(
        "the TTL of the record is {ttl}, and the `ttl` of the route is {declared}: set the record to {declared}, or write \
         {ttl} as `ttl`; {so}"
    ))
}

/// What a look at its route says of a shift.
fn shifted(step: &Step, seen: StepSeen, routes: &[RouteSeen]) -> StepSeen {
    let of = |name: &String| routes.iter().find(|route| route.route == *name);
    let tag = if let ActionOnPaper::Route(shift) = &step.action {
        preflight::shift_tag(shift, of(&shift.route))
    } else if let ActionOnPaper::Ttl(ttl) = &step.action {
        preflight::ttl_tag(of(&ttl.route))
    } else {
        return seen;
    };
    StepSeen { tag, ..seen }
}

/// What looks at its route and its capacity say of a step.
fn looked(step: &Step, seen: StepSeen, routes: &[RouteSeen], capacity: &[CapacitySeen]) -> StepSeen {
    launched(shifted(step, seen, routes), capacity)
}

/// What a look at its capacity says of a launch.
fn launched(seen: StepSeen, capacity: &[CapacitySeen]) -> StepSeen {
    match capacity.iter().find(|capacity| capacity.step == seen.step) {
        Some(capacity) => StepSeen { tag: preflight::scale_tag(capacity), ..seen },
        None => seen,
    }
}

/// What a host is needed for.
#[derive(Debug, Clone, Copy)]
struct Want {
    holds_records: bool,
    excused: bool,
}

/// Every host of these steps, and every bastion before it.
fn wanted(plan: &Plan, steps: &[usize]) -> BTreeMap<HostAt, Want> {
    let mut all = BTreeMap::new();
    for step in steps.iter().map(|at| &plan.steps[*at]) {
        let holds_records = matches!(step.action, ActionOnPaper::Ssh { .. });
        for host in job::hosts_of(plan, step) {
            want(&mut all, host, Want { holds_records, excused: preflight::is_provided_for(step) });
        }
    }
    all
}

fn want(all: &mut BTreeMap<HostAt, Want>, host: HostAt, wanted: Want) {
    if let Some(known) = all.get_mut(&host) {
        let is_more = known.excused && !wanted.excused;
        known.holds_records |= wanted.holds_records;
        known.excused &= wanted.excused;
        if !is_more {
            return;
        }
    }
    for bastion in &host.jump {
        want(all, bastion.clone(), Want { holds_records: false, ..wanted });
    }
    all.entry(host).or_insert(wanted);
}

fn secrets<H: Scout>(plan: &Plan, hands: &H, look: Look) -> (u64, Vec<MissingSecret>) {
    let named = preflight::references(plan, look.only_lifeline);
    let count = u64::try_from(named.len()).unwrap_or(u64::MAX);
    let missing = named.into_iter().filter_map(|named| {
        let secret = Secret { reference: named.reference.to_owned(), is_certificates: named.is_certificates };
        let why = hands.secret(&secret).err()?;
        let steps = named.steps.into_iter().map(str::to_owned).collect();
        Some(MissingSecret { reference: secret.reference, why, steps })
    });
    (count, missing.collect())
}

impl<H: Driver + Scout> Scene<H> {
    /// Waits until it is known whether this host was reached.
    async fn reached(&self, host: &HostAt) -> Result<(), Why> {
        let Some(seen) = self.hosts.get(host) else { return Err(late()) };
        let mut seen = seen.clone();
        match seen.wait_for(Option::is_some).await {
            Ok(known) => known.clone().unwrap_or_else(|| Err(late())),
            Err(_) => Err(late()),
        }
    }

    /// What can be said of one step.
    async fn see(&self, at: usize) -> StepSeen {
        let step = &self.plan.steps[at];
        let hosts = job::hosts_of(&self.plan, step);
        let count = u64::try_from(hosts.len()).unwrap_or(u64::MAX);
        let mut reached = Vec::new();
        let mut unreached = Vec::new();
        for host in hosts {
            match self.reached(&host).await {
                Ok(()) => reached.push(host),
                Err(_) => unreached.push(host.name),
            }
        }
        let mut heard = None;
        if let Some((by, probe)) = preflight::question(step) {
            heard = self.ask(step, probe, &reached).await.map(|answer| (by, heard_of(answer)));
        }
        let mut positions = Vec::new();
        if let Some(probe) = &step.position {
            let answer = self.ask(step, probe, &reached).await.unwrap_or(None);
            positions = answer.as_ref().map_or_else(Vec::new, |answer| positions_of(step, answer));
        }
        StepSeen { step: step.id.clone(), tag: preflight::tag(step, count, &unreached, heard), positions }
    }

    /// Asks once. None where there is nobody to ask, and no answer inside where the time is over.
    async fn ask(&self, step: &Step, probe: &ProbeOnPaper, reached: &[HostAt]) -> Option<Option<Answer>> {
        let once = ProbeOnPaper { within_ms: None, times: 1, ..probe.clone() };
        let key = Key { run: RUN.to_owned(), step: step.id.clone(), attempt: 0 };
        let (mut job, probe) = job::about(&self.plan, step, key, &once)?;
        let is_on_hosts = probe.ask.is_on_hosts();
        if is_on_hosts {
            if reached.is_empty() {
                return None;
            }
            job.hosts = reached.to_vec();
        }
        let answer = async {
            let _turn = if is_on_hosts { None } else { self.turns.acquire().await.ok() };
            self.hands.ask(job, probe).await
        };
        Some(timeout_at(self.until, answer).await.ok())
    }
}

fn heard_of(answer: Option<Answer>) -> Heard {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let (so, hosts) = match answer {
        None => return Heard::Late,
        Some(Answer::Unknown { reason, .. }) => return Heard::Nothing(reason),
        Some(Answer::Yes { hosts, .. }) => (true, hosts),
        Some(Answer::No { hosts, .. }) => (false, hosts),
    };
    let hosts_so = hosts.iter().filter(|host| host.is_so == Ok(true)).count();
    Heard::Answer { so, hosts_so: count(hosts_so), hosts: count(hosts.len()) }
}

/// How far each host is; what it did not say is unknown.
fn positions_of(step: &Step, answer: &Answer) -> Vec<Position> {
    let (whole, hosts) = match answer {
        Answer::Yes { said, hosts } | Answer::No { said, hosts } => (said.head.as_str(), hosts),
        Answer::Unknown { hosts, .. } => ("", hosts),
    };
    if hosts.is_empty() {
        return vec![position::read(step.site.as_deref().unwrap_or(&step.id), whole)];
    }
    hosts.iter().map(|host| position::read(&host.host, &host.said.head)).collect()
}

fn why(unreached: driver::Unreached) -> Why {
    let driver::Unreached { stage, reason, detail } = unreached;
    let stage = match stage {
        driver::Stage::Address => Stage::Address,
        driver::Stage::Connect => Stage::Connect,
        driver::Stage::Banner => Stage::Banner,
        driver::Stage::Handshake => Stage::Handshake,
        driver::Stage::HostKey => Stage::HostKey,
        driver::Stage::Login => Stage::Login,
        driver::Stage::Bastion => Stage::Bastion,
        driver::Stage::Record => Stage::Record,
        driver::Stage::Here => Stage::Here,
    };
    Why { stage, reason, detail }
}

fn late() -> Why {
    let why = "no answer in time".to_owned();
    Why { stage: Stage::Time, reason: why.clone(), detail: why }
}

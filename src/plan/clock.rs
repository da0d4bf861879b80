//! When everything happens: the web becomes a problem that the schedule room can solve, and its answer comes back.

use crate::graph::Arrows;
use crate::model::Action;
use crate::model::Millis;
use crate::plan::ClaimOnPaper;
use crate::plan::DurationFrom;
use crate::plan::PoolOnPaper;
use crate::plan::Refusal;
use crate::plan::Side;
use crate::plan::draft::Draft;
use crate::plan::draft::Owner;
use crate::plan::draft::Web;
use crate::plan::draft::What;
use crate::plan::draft::number;
use crate::plan::scene::Scene;
use crate::schedule::Claim;
use crate::schedule::Effort;
use crate::schedule::Pool;
use crate::schedule::Problem;
use crate::schedule::Schedule;
use crate::schedule::ScheduleError;
use crate::schedule::Task;
use crate::schedule::greedy;
use crate::schedule::schedule;

/// The pool of people; every project has it.
const OPERATORS: &str = "operators";

/// When everything happens.
#[derive(Debug)]
pub(in crate::plan) struct Clock {
    /// The problem as the schedule room saw it.
    pub(in crate::plan) problem: Problem,
    /// Its answer.
    pub(in crate::plan) schedule: Schedule,
    /// When each node would end if every person answered at once.
    pub(in crate::plan) without_people: Vec<Millis>,
    /// The pools, by number.
    pub(in crate::plan) pools: Vec<PoolOnPaper>,
}

impl Clock {
    pub(in crate::plan) fn start(&self, node: u32) -> Millis {
        self.schedule.starts[node as usize]
    }

    pub(in crate::plan) fn end(&self, node: u32) -> Millis {
        self.start(node) + self.problem.tasks[node as usize].duration
    }

    /// The earliest possible end.
    pub(in crate::plan) fn earliest(&self, node: u32) -> Millis {
        self.schedule.heads[node as usize] + self.problem.tasks[node as usize].duration
    }

    /// What a node claims, by name.
    pub(in crate::plan) fn claims(&self, node: u32) -> Vec<ClaimOnPaper> {
        let claims = &self.problem.tasks[node as usize].claims;
        claims
            .iter()
            .map(|claim| ClaimOnPaper { pool: self.pools[claim.pool as usize].id.clone(), amount: claim.amount })
            .collect()
    }
}

/// Gives every node the urgency of the most urgent that waits for it.
pub(in crate::plan) fn spread_urgency(web: &mut Web) {
    let arrows = Arrows::new(web.nodes(), &web.edges);
    let Some(order) = arrows.callees_first() else {
        return;
    };
    let steps = web.drafts.len();
    for node in order {
        let most = arrows.out(node as usize).iter().map(|&behind| class(web, behind)).min().unwrap_or(u8::MAX);
        match (node as usize).checked_sub(steps) {
            Some(gate) => web.gates[gate].class = web.gates[gate].class.min(most),
            None => {
                let draft = &mut web.drafts[node as usize];
                draft.class = draft.class.min(most);
            }
        }
    }
}

fn class(web: &Web, node: u32) -> u8 {
    match (node as usize).checked_sub(web.drafts.len()) {
        Some(gate) => web.gates[gate].class,
        None => web.drafts[node as usize].class,
    }
}

/// Solves the web.
pub(in crate::plan) fn solve(
    scene: &Scene<'_>,
    web: &Web,
    effort: u64,
    names: &[String],
) -> Result<Clock, Box<Refusal>> {
    let pools = pools(scene);
    let problem = problem(scene, web, &pools);
    let (solved, quick) = rayon::join(|| schedule(&problem, Effort(effort)), || without_people(&problem, web));
    let solved = solved.map_err(|error| Box::new(refusal(error, names, &pools)))?;
    // Never later than with people.
    let with_people = |at: usize| solved.starts[at] + problem.tasks[at].duration;
    let least = |at: usize| quick.as_ref().map_or(with_people(at), |ends| ends[at].min(with_people(at)));
    let without_people = (0..problem.tasks.len()).map(least).collect();
    Ok(Clock { problem, schedule: solved, without_people, pools })
}

fn pools(scene: &Scene<'_>) -> Vec<PoolOnPaper> {
    let estate = scene.estate();
    let declared = estate.pools.iter().map(|pool| PoolOnPaper {
        id: pool.name.clone(),
        size: pool.size,
        kept_for_first: pool.kept_for_first,
    });
    let size = estate.limits.steps_per_site;
    let sites = estate.sites.iter().map(|site| PoolOnPaper {
        id: format!("site:{}", site.name),
        size,
        kept_for_first: u32::from(size > 1),
    });
    declared.chain(sites).collect()
}

fn problem(scene: &Scene<'_>, web: &Web, pools: &[PoolOnPaper]) -> Problem {
    let operators = pools.iter().position(|pool| pool.id == OPERATORS).map(number);
    let mut tasks: Vec<Task> = Vec::with_capacity(web.nodes());
    for draft in &web.drafts {
        tasks.push(Task {
            duration: draft.duration,
            class: draft.class,
            after: Vec::new(),
            claims: claims(scene, draft, operators),
        });
    }
    for gate in &web.gates {
        let claims = operators.filter(|_| gate.person).map(|pool| Claim { pool, amount: 1 });
        tasks.push(Task {
            duration: gate.duration,
            class: gate.class,
            after: Vec::new(),
            claims: claims.into_iter().collect(),
        });
    }
    let mut counts = vec![0; tasks.len()];
    for &(_, behind) in &web.edges {
        counts[behind as usize] += 1;
    }
    for (task, count) in tasks.iter_mut().zip(counts) {
        task.after.reserve_exact(count);
    }
    for &(before, behind) in &web.edges {
        tasks[behind as usize].after.push(before);
    }
    let pools = pools.iter().map(|pool| Pool { size: pool.size, kept_for_first: pool.kept_for_first }).collect();
    Problem { tasks, pools }
}

fn claims(scene: &Scene<'_>, draft: &Draft, operators: Option<u32>) -> Vec<Claim> {
    let estate = scene.estate();
    let template = draft.template(estate);
    let mut claims: Vec<Claim> = template
        .map(|template| template.claims.iter().map(|&(pool, amount)| Claim { pool: pool.0, amount }).collect())
        .unwrap_or_default();
    let person = draft.what == What::Fetch || template.is_some_and(|it| matches!(it.action, Action::Confirm(_)));
    if let Some(pool) = operators.filter(|pool| person && claims.iter().all(|claim| claim.pool != *pool)) {
        claims.push(Claim { pool, amount: 1 });
    }
    let at_site = draft.side != Side::Operator && matches!(draft.owner, Owner::Service(_));
    if let Some(site) = draft.site.filter(|_| at_site) {
        claims.push(Claim { pool: number(estate.pools.len() + site.at()), amount: 1 });
    }
    claims
}

/// When each node ends if every person answers at once: each as early as those before it allow, pools kept.
fn without_people(problem: &Problem, web: &Web) -> Option<Vec<Millis>> {
    let of_drafts = web.drafts.iter().map(|draft| draft.duration_from == DurationFrom::Person);
    let of_people: Vec<bool> = of_drafts.chain(web.gates.iter().map(|gate| gate.person)).collect();
    let starts = greedy(problem, |task| of_people[task]).ok()?;
    let lasts = |at: usize| if of_people[at] { Millis::ZERO } else { problem.tasks[at].duration };
    Some(starts.iter().enumerate().map(|(at, start)| *start + lasts(at)).collect())
}

fn refusal(error: ScheduleError, names: &[String], pools: &[PoolOnPaper]) -> Refusal {
    match error {
        ScheduleError::Cycle(tasks) => {
            Refusal::StepCycle { steps: tasks.into_iter().map(|task| names[task as usize].clone()).collect() }
        }
        ScheduleError::Impossible { task, pool, amount, available } => Refusal::ClaimTooLarge {
            step: names[task as usize].clone(),
            pool: pools[pool as usize].id.clone(),
            amount,
            size: available,
        },
        other @ (ScheduleError::UnknownPredecessor { .. }
        | ScheduleError::UnknownPool { .. }
        | ScheduleError::TooLong) => Refusal::Broken { violations: vec![other.to_string()] },
    }
}

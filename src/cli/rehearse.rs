//! `bonghwa rehearse`: a plan on scripted hands and virtual time, once or a thousand times.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::store;
use crate::driver::Fault;
use crate::engine;
use crate::engine::Leave;
use crate::engine::People;
use crate::engine::Trial;
use crate::model::Millis;
use crate::plan::Plan;
use crate::report::json;
use crate::report::rehearsal;
use crate::report::rehearsal::Rehearsal;
use crate::report::rehearsal::Rehearsed;
use crate::report::rehearsal::Spread;
use crate::report::run_line::event_line;
use crate::run::Entry;
use crate::run::Script;
use crate::run::State;
use crate::run::StepState;
use crate::run::fold;
use crate::run::view;

const AFTER_HELP: &str = "\
Nothing is touched: hands are scripted, the clock jumps, and no command is sent anywhere.
The engine is the one that carries plans out. The same arguments give the same result.

A FAULT is STEP[#HOST]=KIND[:N], with * for anything. Kinds:
  hang          never ends until it is killed      die          takes effect, then the line is dead
  refuse        ends with code 1                   die-before   the line is dead before it began
  late:N        takes N times as long              lie          says that all is well, and did nothing
  unreachable   can't be reached at all            kill-fails   nobody can confirm that it was killed
  gone          dead, and nobody knows how far it got
N is the number of first attempts that it strikes; without it, all of them.

Examples:
  bonghwa rehearse 4f2a                             once, as the plan expects
  bonghwa rehearse 4f2a --trials 1000 --seed 7      P50 and P95 of every service
  bonghwa rehearse 4f2a --fault 'message-store/promote@*=hang:1'
  bonghwa rehearse 4f2a --lines                     every event, one line each";

/// How often people in a rehearsal try again what failed, before they leave it.
const RETRIES: u32 = 1;
/// More trials say nothing more about a 95th percentile.
const TRIALS_MAX: u64 = 100_000;

/// Rehearse a plan.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RehearseArgs {
    /// A file, or the first letters of the digest of a plan that was kept
    plan: String,
    /// Something that goes wrong; may be repeated
    #[arg(long, value_name = "FAULT")]
    fault: Vec<String>,
    /// Draw how long steps and people take by this number
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How often; the seed counts up from one trial to the next
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=TRIALS_MAX))]
    trials: u64,
    /// Show every event of the one rehearsal
    #[arg(long, conflicts_with = "json")]
    lines: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Rehearses a plan, and shows what came of it.
pub(crate) fn run(args: &RehearseArgs, door: &Door) -> Result<Exit, CommandError> {
    if args.lines && args.trials > 1 {
        return Err(CommandError::usage("--lines shows one rehearsal, and --trials wants several"));
    }
    let plan = store::open(project::root(door).as_deref(), &args.plan)?;
    let faults = faults(&plan, &args.fault)?;
    // A thousand trials that are all alike say nothing.
    let seed = args.seed.or((args.trials > 1).then_some(0));
    let plan = Arc::new(if faults.iter().any(|fault| fault.host.is_some()) { plan } else { without_hosts(plan) });
    let broken = |error: &dyn std::error::Error| CommandError::failed("this plan can't be run").because(error);
    let script = Arc::new(Script::new(&plan).map_err(|error| broken(&error))?);
    let mut tally = Tally::new(&plan, seed, &faults);
    for trial in 0..args.trials {
        let seed = seed.map(|seed| seed.wrapping_add(trial));
        let people = match seed {
            Some(seed) => People::Spread { seed, retries: RETRIES },
            None => People::AsPlanned { retries: RETRIES },
        };
        let trial = Trial { seed, faults: faults.clone(), people };
        let rehearsed = engine::rehearse(&plan, &script, &trial).map_err(|error| broken(&error))?;
        if args.lines {
            door.ui.data(&lines(&plan, &script, &rehearsed.entries))?;
        }
        tally.count(&plan, &script, &rehearsed.entries, &rehearsed.leave);
    }
    let rehearsal = tally.end(&plan);
    if args.json {
        door.ui.data(&json::text(&rehearsal))?;
    } else {
        door.ui.data(&rehearsal::text(&rehearsal, door.ui.paint))?;
    }
    Ok(if rehearsal.done == rehearsal.trials { Exit::Done } else { Exit::Held })
}

/// Reads the faults; each must strike something, or somebody believes to have tried what was never tried.
fn faults(plan: &Plan, texts: &[String]) -> Result<Vec<Fault>, CommandError> {
    let mut faults = Vec::new();
    for text in texts {
        let fault = Fault::parse(text).map_err(|error| CommandError::usage(error.to_string()))?;
        if !plan.steps.iter().any(|step| fault.step.matches(&step.id)) {
            let hint = "`bonghwa show PLAN --all` lists the steps; * stands for anything";
            return Err(CommandError::usage(format!("no step of the plan is struck by {text}")).hint(hint));
        }
        faults.push(fault);
    }
    Ok(faults)
}

/// Hosts say nothing more where none of them is struck by itself, and there are thousands of them.
fn without_hosts(mut plan: Plan) -> Plan {
    plan.steps.iter_mut().for_each(|step| step.hosts = None);
    plan
}

fn lines(plan: &Plan, script: &Script, entries: &[Entry]) -> String {
    let mut state = State::new(script);
    let mut text = String::new();
    for entry in entries {
        if fold(script, &mut state, entry).is_err() {
            break;
        }
        drop(state.take_touched());
        if let Some(line) = event_line(plan, script, &state, entry) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

/// Counts over trials.
struct Tally {
    rehearsal: Rehearsal,
    whole: Vec<Millis>,
    stuck: BTreeMap<String, u64>,
    /// By position in the plan's services.
    back: Vec<Vec<Millis>>,
}

impl Tally {
    fn new(plan: &Plan, seed: Option<u64>, faults: &[Fault]) -> Self {
        let faults = faults.iter().map(ToString::to_string).collect();
        Self {
            rehearsal: Rehearsal::new(plan, seed, faults),
            whole: Vec::new(),
            stuck: BTreeMap::new(),
            back: vec![Vec::new(); plan.services.len()],
        }
    }

    fn count(&mut self, plan: &Plan, script: &Script, entries: &[Entry], leave: &Leave) {
        let mut state = State::new(script);
        for entry in entries {
            // The loop has just folded the same.
            if fold(script, &mut state, entry).is_err() {
                return;
            }
        }
        self.rehearsal.trials += 1;
        let opened = state.opened;
        if matches!(leave, Leave::Ended(_)) {
            self.rehearsal.done += 1;
            self.whole.push(state.now.since(opened));
        }
        for (at, step) in state.steps.iter().enumerate() {
            if matches!(step.state, StepState::Failed(_)) && state.ended.is_none() {
                *self.stuck.entry(format!("{} ({})", script.name(at), step.state.word())).or_default() += 1;
            }
        }
        for (spans, standing) in self.back.iter_mut().zip(view(plan, script, &state, state.now).services) {
            spans.extend(standing.back.map(|back| back.since(opened)));
        }
    }

    fn end(mut self, plan: &Plan) -> Rehearsal {
        let wanted = plan.services.iter().zip(self.back).filter(|(service, _)| service.expected_back_ms.is_some());
        for (service, spans) in wanted {
            let within = |span: &&Millis| service.objective_ms.is_none_or(|objective| **span <= objective);
            self.rehearsal.services.push(Rehearsed {
                id: service.id.clone(),
                title: service.title.clone(),
                tier: service.effective_tier.clone(),
                expected_ms: service.expected_back_ms,
                objective_ms: service.objective_ms,
                back: u64::try_from(spans.len()).unwrap_or(u64::MAX),
                within: u64::try_from(spans.iter().filter(within).count()).unwrap_or(u64::MAX),
                spread: Spread::of(spans),
            });
        }
        self.rehearsal.whole = Spread::of(self.whole);
        self.rehearsal.stuck = self.stuck.into_iter().collect();
        self.rehearsal.stuck.sort_by_key(|(what, times)| (std::cmp::Reverse(*times), what.clone()));
        self.rehearsal
    }
}

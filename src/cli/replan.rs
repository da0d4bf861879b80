//! `bonghwa replan`: the world changed while a run goes on. A new plan from what is so, and a handover to it.

use std::path::Path;

use clap::Args;

use crate::cli::Door;
use crate::cli::child::Family;
use crate::cli::child::News;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::handover;
use crate::cli::handover::Parent;
use crate::cli::incident::span;
use crate::cli::live;
use crate::cli::past_runs;
use crate::cli::project::Project;
use crate::cli::question;
use crate::cli::run::Begin;
use crate::cli::run::begin;
use crate::cli::run::is_possible;
use crate::cli::run::nobody_else;
use crate::cli::run_folder;
use crate::cli::run_folder::RunFolder;
use crate::cli::store;
use crate::cli::ui::say;
use crate::model::Millis;
use crate::plan;
use crate::plan::ActionOnPaper;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::report::diff_text::diff_text;
use crate::report::first_screen::first_screen;
use crate::report::plan_text::View;
use crate::report::words;
use crate::run::Command;
use crate::run::FailWhy;
use crate::run::SoNow;
use crate::run::State;
use crate::run::StepState;

const AFTER_HELP: &str = "\
The new plan starts from what is so: what the run has done is not done again. It is shown beside what the run carries out.
Until you say yes the run goes on. Then it begins nothing any more, what it has in flight comes to its end, it names its
successor, and the new plan begins in this terminal. Nothing is ever in flight that nobody owns.

Examples:
  bonghwa replan --lost ansan                       a second site is gone, too
  bonghwa replan 0312-pangyo --impaired service:pay@ansan
  bonghwa replan --edge text-message:spam-filter    it can't serve without, and nobody had declared that
  bonghwa replan --lost ansan --yes 'power is out'  where nobody can be asked";

/// Plan again for a run that goes on, and hand over to the new plan.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ReplanArgs {
    /// Its name, or a part of it that fits no other [default: the one that has not ended]
    run: Option<String>,
    /// What is gone now, besides what the run knows: SITE, domain:NAME, hosts:SET or service:NAME@SITE
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    lost: Vec<String>,
    /// What answers, and is not trusted any more
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    impaired: Vec<String>,
    /// A service that can't serve without another one, which was just learnt
    #[arg(long, value_name = "CALLER:CALLEE", num_args = 1..)]
    edge: Vec<String>,
    /// Hand over without asking, for this reason; it is written down
    #[arg(long, value_name = "REASON")]
    yes: Option<String>,
    /// How long the run may take to settle what it has in flight
    #[arg(long, value_name = "SPAN", default_value = "30m", value_parser = span)]
    within: Millis,
    /// Leave as soon as nothing goes on without a person
    #[arg(long)]
    no_wait: bool,
}

impl ReplanArgs {
    /// What is new, as it must be typed to say yes.
    fn word(&self) -> Result<&str, CommandError> {
        self.lost.iter().chain(&self.impaired).chain(&self.edge).next().map(String::as_str).ok_or_else(|| {
            CommandError::usage("nothing has changed")
                .hint("say what did: `--lost SCOPE`, `--impaired SCOPE`, `--edge A:B`")
        })
    }
}

/// Plans again, asks, and hands over.
pub(crate) fn run(args: &ReplanArgs, door: &Door) -> Result<Exit, CommandError> {
    let word = args.word()?;
    if args.yes.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(CommandError::usage("`--yes` needs a reason"));
    }
    let mut project = Project::open(door)?;
    project.root = project
        .root
        .canonicalize()
        .map_err(|error| CommandError::failed("the folder of the project is gone").because(&error))?;
    let parent = parent(&project.root, args.run.as_deref())?;
    nobody_else(&project.root, Some(&parent.name))?;
    let state = handover::state(&parent)?;
    handover::can_give_way(&parent, &state)?;
    let news = News { lost: &args.lost, impaired: &args.impaired, edges: &args.edge };
    let family = Family::new(&project, &parent.plan, news, live::now().since(state.opened))?;
    let plan = family.make(&family.so_now())?;
    is_possible(&plan)?;
    show(&project.root, &parent.plan, &plan, door)?;
    tell(&parent, &state, &family.dropped, door);
    tell_twice(&parent, &state, &plan);
    let replan = Replan { args, door, family: &family, parent: &parent, root: &project.root, word };
    let exit = replan.begin(&plan);
    for toml in family.toml() {
        say("what was learnt stands in this plan only; write it into the topology, or the next one does not know it:");
        say(toml.trim_end());
    }
    exit
}

/// The run that is meant: by its name; else the one that acts, the last that has not ended, or the last.
pub(crate) fn parent(root: &Path, named: Option<&str>) -> Result<RunFolder, CommandError> {
    let acting = || run_folder::holder(root).map(|holder| holder.run);
    let open = || {
        let names = past_runs::names(root);
        let goes_on = |name: &&String| {
            let run = run_folder::open(root, Some(name)).and_then(|run| handover::state(&run));
            run.is_ok_and(|state| state.ended.is_none())
        };
        names.iter().rev().find(goes_on).cloned()
    };
    let name = named.map(str::to_owned).or_else(acting).or_else(open);
    run_folder::open(root, name.as_deref())
}

/// Keeps a plan, and shows it beside the one before.
fn show(root: &Path, before: &Plan, plan: &Plan, door: &Door) -> Result<(), CommandError> {
    store::keep(root, plan, &store::bytes(plan)?)?;
    let paint = door.ui.paint;
    let screen = first_screen(plan, View { paint, all: false });
    door.ui.data(&format!("{screen}\n{}", diff_text(&plan::diff(before, plan), false, paint)))
}

/// What of the run is not settled, and what is left as it stands.
fn tell(parent: &RunFolder, state: &State, dropped: &[String], door: &Door) {
    let name = &parent.name;
    let flight = handover::in_flight(parent, state);
    if !flight.is_empty() {
        let steps = words::count(flight.len(), "step");
        door.ui
            .status(&format!("run {name} has {steps} in flight, and settles them first: {}", handover::list(&flight)));
    }
    let doubt: Vec<String> = (0..parent.script.steps())
        .filter(|&at| matches!(state.steps[at].state, StepState::Failed(FailWhy::InDoubt(_))))
        .map(|at| parent.script.name(at).to_owned())
        .collect();
    if !doubt.is_empty() {
        let steps = words::count(doubt.len(), "step");
        say(&format!("warning: nobody knows how far {steps} of run {name} got: {}", handover::list(&doubt)));
    }
    for scope in dropped {
        say(&format!(
            "warning: the new plan answers the loss alone; {scope} stays as it stands: plan for it afterwards"
        ));
    }
}

/// What the run has done, and the new plan does again because nothing tells that it is so.
fn tell_twice(parent: &RunFolder, state: &State, plan: &Plan) {
    let is_done = |at: usize| matches!(state.steps[at].state, StepState::Done(_));
    let again =
        plan.steps.iter().filter(|step| step.done_if.is_none() && !matches!(step.action, ActionOnPaper::Wait(_)));
    let again =
        again.filter(|step| parent.script.find(&step.id).is_some_and(|at| at < state.steps.len() && is_done(at)));
    let again: Vec<String> = again.map(|step| step.id.clone()).collect();
    if !again.is_empty() {
        let steps =
            if let [_] = again.as_slice() { "1 step is".to_owned() } else { format!("{} steps are", again.len()) };
        say(&format!(
            "warning: {steps} done a second time, since no `done-if` tells that they are so: {}",
            handover::list(&again)
        ));
    }
}

struct Replan<'a> {
    args: &'a ReplanArgs,
    door: &'a Door,
    family: &'a Family<'a>,
    parent: &'a RunFolder,
    root: &'a Path,
    word: &'a str,
}

impl Replan<'_> {
    fn begin(&self, plan: &Plan) -> Result<Exit, CommandError> {
        if self.args.yes.is_none() {
            self.door.ui.status(&format!("run {} goes on until you say yes", self.parent.name));
        }
        let reason = self.approve(plan, "to hand over to it")?;
        self.hand_over(plan, &reason)
    }

    /// One question; never where nobody can answer it.
    fn approve(&self, plan: &Plan, what: &str) -> Result<String, CommandError> {
        let id = short(plan);
        if let Some(reason) = &self.args.yes {
            return Ok(reason.trim().to_owned());
        }
        if !question::can_be_asked() {
            return Err(CommandError::refused(format!(
                "nobody can be asked here; plan {id} is kept, and nothing was handed over"
            ))
            .hint("`--yes REASON` hands over without asking"));
        }
        if !question::is_typed(self.word, what)? {
            let mut error = CommandError::refused(format!("{} was not typed: nothing was handed over", self.word));
            error.exit = Exit::Held;
            return Err(error.hint(format!("plan {id} is kept")));
        }
        Ok(format!("typed {}", self.word))
    }

    fn hand_over(&self, shown: &Plan, reason: &str) -> Result<Exit, CommandError> {
        let Self { root, door, .. } = *self;
        let parent = Parent { root, run: self.parent, reason, within: self.args.within, door };
        // It may be over already: then there is nobody to hand over, but what it left behind.
        let is_over = handover::state(self.parent)?.ended.is_some();
        let ours = parent.settle()?;
        let (plan, so) = match self.settled(shown) {
            Ok(made) => made,
            Err(error) => {
                if ours {
                    parent.let_go();
                }
                return Err(error);
            }
        };
        if !is_over {
            parent.give_way(&plan.id)?;
        }
        if !self.family.so_now().fits(&so) {
            return Err(CommandError::refused(
                "something else became so while the run gave way; nothing new was begun",
            )
            .hint(format!("type the same again: it starts from what run {} left behind", self.parent.name)));
        }
        let how = Begin {
            parent: Some(self.parent.name.clone()),
            leaves: self.args.no_wait,
            first: start(&plan).map(|what| (Command::Approve { what }, reason.to_owned())),
        };
        begin(root, plan, how, door)
    }

    /// The plan from where the run came to rest. Where that is another one than was shown, it is shown, too.
    fn settled(&self, shown: &Plan) -> Result<(Plan, SoNow), CommandError> {
        let so = self.family.so_now();
        let plan = self.family.make(&so)?;
        is_possible(&plan)?;
        if does_the_same(&plan, shown) {
            store::keep(self.root, &plan, &store::bytes(&plan)?)?;
        } else {
            self.door.ui.status("run has come to rest further on than when you were asked: this is what is left");
            show(self.root, shown, &plan, self.door)?;
            say(&format!("run {} begins nothing until you answer", self.parent.name));
            self.approve(&plan, "to hand over to what is left")?;
        }
        Ok((plan, so))
    }
}

/// Whether two plans ask for the same steps and questions, and lead to the same end. When is another matter.
fn does_the_same(one: &Plan, other: &Plan) -> bool {
    let steps = |plan: &Plan| -> Vec<_> {
        let mut steps: Vec<_> =
            plan.steps.iter().map(|step| (step.id.clone(), step.action.clone(), step.after.clone())).collect();
        steps.sort_by(|one, other| one.0.cmp(&other.0));
        steps
    };
    let gates = |plan: &Plan| -> Vec<_> {
        let mut gates: Vec<_> = plan.gates.iter().map(|gate| (gate.id.clone(), gate.after.clone())).collect();
        gates.sort();
        gates
    };
    let ends = |plan: &Plan| -> Vec<_> {
        let mut ends: Vec<_> = plan.services.iter().map(|service| (service.id.clone(), service.to.clone())).collect();
        ends.sort_by(|one, other| one.0.cmp(&other.0));
        ends
    };
    steps(one) == steps(other) && gates(one) == gates(other) && ends(one) == ends(other)
}

/// The gate of which the answer was given before the plan began.
pub(crate) fn start(plan: &Plan) -> Option<String> {
    plan.gates.iter().find(|gate| gate.kind == GateKind::ApproveStart).map(|gate| gate.id.clone())
}

pub(crate) fn short(plan: &Plan) -> &str {
    plan.id.get(..crate::report::plan_text::SHORT_ID).unwrap_or(&plan.id)
}

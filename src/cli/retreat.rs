//! `bonghwa retreat`: a run is taken back. What can be undone is, the last step first, by a plan of its own; what can't is
//! told, with the command that leads home.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::handover;
use crate::cli::handover::Parent;
use crate::cli::incident::span;
use crate::cli::observed;
use crate::cli::past_runs;
use crate::cli::project::Project;
use crate::cli::question;
use crate::cli::replan;
use crate::cli::run::Begin;
use crate::cli::run::begin;
use crate::cli::run::is_possible;
use crate::cli::run::nobody_else;
use crate::cli::run_folder::RunFolder;
use crate::cli::store;
use crate::cli::ui::say;
use crate::journal;
use crate::model::Millis;
use crate::plan;
use crate::plan::Plan;
use crate::plan::StaysOnPaper;
use crate::plan::StaysWhy;
use crate::report::dry_run::dry_run;
use crate::report::first_screen::first_screen;
use crate::report::plan_text::View;
use crate::report::retreat_text::ways_on;
use crate::report::run_words;
use crate::report::words;
use crate::run;
use crate::run::Command;
use crate::run::State;
use crate::run::ways;

const AFTER_HELP: &str = "\
Every step that was done is undone by what its runbook says under `undo`, the last one first, and a route gets the shares
that it had before. Where nobody wrote an undo, a person is asked to do it by hand.
A service of which a step without a way back began stays where it is, with all that it was built on: a new writer has
taken writes, and only a failback brings it home. No undo touches a site that nobody has released, or sends users there.
Until you say yes the run goes on. Then it begins nothing any more, what it has in flight comes to its end, it names its
successor, and the retreat begins in this terminal.

Examples:
  bonghwa retreat                          take back the run that has not ended, or the last one
  bonghwa retreat 0312-pangyo              a run by a part of its name
  bonghwa retreat --dry-run                only print every command, as it would be sent, in order
  bonghwa retreat --yes 'a false alarm'    where nobody can be asked";

/// What is typed to say yes.
const WORD: &str = "retreat";

/// Take a run back: undo what it did, the last step first.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RetreatArgs {
    /// Its name, or a part of it that fits no other [default: the one that has not ended]
    run: Option<String>,
    /// Begin without asking, for this reason; it is written down
    #[arg(long, value_name = "REASON")]
    yes: Option<String>,
    /// How long the run may take to settle what it has in flight
    #[arg(long, value_name = "SPAN", default_value = "30m", value_parser = span)]
    within: Millis,
    /// Leave as soon as nothing goes on without a person
    #[arg(long)]
    no_wait: bool,
    /// Only print what would be undone; nothing is executed, and nobody is asked
    #[arg(long, conflicts_with_all = ["yes", "no_wait"])]
    dry_run: bool,
    /// With --dry-run: print the plan itself, as canonical JSON
    #[arg(long, requires = "dry_run")]
    json: bool,
}

/// Judges what can be taken back, asks, and hands over.
pub(crate) fn run(args: &RetreatArgs, door: &Door) -> Result<Exit, CommandError> {
    if args.yes.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(CommandError::usage("`--yes` needs a reason"));
    }
    let mut project = Project::open(door)?;
    project.root = project
        .root
        .canonicalize()
        .map_err(|error| CommandError::failed("the folder of the project is gone").because(&error))?;
    let parent = replan::parent(&project.root, args.run.as_deref())?;
    let back = Back { args, door, project: &project, parent: &parent };
    back.is_the_last()?;
    nobody_else(&project.root, Some(&parent.name))?;
    let state = handover::state(&parent)?;
    handover::can_give_way(&parent, &state)?;
    let plan = back.make()?;
    if args.dry_run {
        return back.dry(&plan);
    }
    back.show(&plan)?;
    let flight = handover::in_flight(&parent, &state);
    if !flight.is_empty() {
        let steps = words::count(flight.len(), "step");
        let name = &parent.name;
        door.ui
            .status(&format!("run {name} has {steps} in flight, and settles them first: {}", handover::list(&flight)));
    }
    let exit = back.approve(&plan).and_then(|reason| back.hand_over(&plan, &reason));
    let ways = ways_on(&plan);
    if exit.is_ok() && !ways.is_empty() {
        say(&format!("what stays as it is goes home by: {}", ways.join(", then ")));
    }
    exit
}

struct Back<'a> {
    args: &'a RetreatArgs,
    door: &'a Door,
    project: &'a Project,
    parent: &'a RunFolder,
}

impl Back<'_> {
    fn root(&self) -> &Path {
        &self.project.root
    }

    /// What other runs did since was built on this one, and what takes a run back has no way back itself.
    fn is_the_last(&self) -> Result<(), CommandError> {
        let name = &self.parent.name;
        if let Some(retreat) = &self.parent.plan.retreat {
            let error = CommandError::refused(format!("run {name} takes run {} back itself", retreat.run));
            return Err(error
                .hint(format!("`bonghwa resume {name}` goes on with it"))
                .hint("`bonghwa plan` makes a new plan, which starts from what is so"));
        }
        let opened = past_runs::open(self.root(), name)?.opened();
        for other in past_runs::names(self.root()).into_iter().filter(|other| other != name) {
            // What can't be read is told by whoever looks what is so.
            let Ok(run) = past_runs::open(self.root(), &other) else { continue };
            if !run.plan.steps.is_empty() && (run.opened(), &run.name) > (opened, name) {
                return Err(CommandError::refused(format!(
                    "run {other} came after run {name}, and started from what that did"
                ))
                .hint(format!("`bonghwa retreat {other}` takes back the last one"))
                .hint("`bonghwa plan` makes a new plan, which starts from what is so"));
            }
        }
        Ok(())
    }

    /// What can be undone as the run stands, looked at by the second pair of eyes.
    fn make(&self) -> Result<Plan, CommandError> {
        let name = &self.parent.name;
        let reading = journal::read(&self.parent.path).map_err(|error| self.parent.unreadable(&error))?;
        let (parent, entries) = (&self.parent.plan, &reading.entries);
        let quarantined = self.quarantined();
        let judged = run::retreat(parent, entries, &quarantined).map_err(|error| {
            CommandError::failed(format!("nobody can say what of run {name} is to be undone")).because(&error)
        })?;
        if !judged.doubts.is_empty() {
            return Err(self.in_doubt(&handover::state(self.parent)?, &judged.doubts));
        }
        let made = plan::retreat(parent, judged.undone)
            .map_err(|error| CommandError::failed("could not write the retreat").because(&error))?;
        if made.steps.is_empty() {
            return Err(self.nothing(&made)?);
        }
        let amiss = run::retreat_check(parent, entries, &quarantined, &made);
        if !amiss.is_empty() {
            let mut error = CommandError::refused("this retreat could destroy something, and is not carried out");
            error.chain.extend(amiss.iter().map(ToString::to_string));
            return Err(error.hint("that is a fault of bonghwa: undo by hand what `bonghwa report` lists"));
        }
        is_possible(&made)?;
        Ok(made)
    }

    fn quarantined(&self) -> BTreeSet<String> {
        let estate = &self.project.loaded.estate;
        let seen = observed::observation(self.root(), estate);
        seen.quarantined.into_iter().map(|site| estate.site(site).name.clone()).collect()
    }

    /// What nobody knows is settled before anything is undone: it may still run.
    fn in_doubt(&self, state: &State, doubts: &[String]) -> CommandError {
        let name = &self.parent.name;
        let steps = words::count(doubts.len(), "step");
        let mut error = CommandError::refused(format!(
            "nobody knows how far {steps} of run {name} got, so nothing is undone: {}",
            handover::list(doubts)
        ));
        error.exit = Exit::InDoubt;
        let lives = handover::lives(self.root(), self.parent);
        if !lives {
            error = error.hint(format!("`bonghwa resume {name}` in another terminal takes the run up again"));
        }
        let script = &self.parent.script;
        let first = doubts.iter().take(DOUBTS).filter_map(|step| script.find(step));
        let ways = first.flat_map(|at| {
            ways(script, state, at).into_iter().map(move |way| run_words::command(way, script.name(at)))
        });
        let ways: Vec<String> = ways.map(|way| format!("`{way}`")).collect();
        error.hint(format!("look how far it got, then {}", ways.join(" or ")))
    }

    /// How the run is ended, where it is not over: whoever carries it out must hear that.
    fn ends(&self, state: &State) -> Option<String> {
        let name = &self.parent.name;
        match (state.ended.is_some(), handover::lives(self.root(), self.parent)) {
            (true, _) => None,
            (false, true) => Some("`bonghwa cancel` ends the run, where it is not to go on".to_owned()),
            (false, false) => Some(format!(
                "nobody carries it out: `bonghwa resume {name}` takes it up, and `bonghwa cancel` then ends it"
            )),
        }
    }

    /// Nothing is to be undone, or nothing can be.
    fn nothing(&self, made: &Plan) -> Result<CommandError, CommandError> {
        let name = &self.parent.name;
        let stays = made.retreat.as_ref().is_some_and(|retreat| !retreat.stays.is_empty());
        if !stays {
            let what = format!("run {name} has changed nothing: there is nothing to take back");
            let ends = self.ends(&handover::state(self.parent)?);
            return Ok(ends.into_iter().fold(CommandError::refused(what), CommandError::hint));
        }
        self.door.ui.data(&first_screen(made, View { paint: self.door.ui.paint, all: false }))?;
        let mut error = CommandError::refused(format!("nothing of run {name} can be taken back"));
        error = self.ends(&handover::state(self.parent)?).into_iter().fold(error, CommandError::hint);
        let kept = made.retreat.iter().flat_map(|retreat| &retreat.stays);
        let is_kept = |stays: &StaysOnPaper| matches!(stays.why, StaysWhy::Quarantined { .. });
        if kept.clone().any(|stays| stays.whole && is_kept(stays)) {
            let sites = made.sites.iter().filter(|site| site.state == "quarantined");
            let sites: Vec<String> = sites.map(|site| format!("`bonghwa release {} --reason WHY`", site.id)).collect();
            error = error.hint(format!(
                "where its users came from can be trusted again: {}, and `bonghwa retreat {name}` once more",
                sites.join(", ")
            ));
        }
        if kept.clone().any(|stays| matches!(stays.why, StaysWhy::Final { .. })) {
            let ways = ways_on(made).join("`, then `");
            error = error.hint(format!("what has no way back goes home by a failback: `{ways}`"));
        }
        Ok(error)
    }

    /// Keeps a retreat, and shows it.
    fn show(&self, plan: &Plan) -> Result<(), CommandError> {
        store::keep(self.root(), plan, &store::bytes(plan)?)?;
        self.door.ui.data(&first_screen(plan, View { paint: self.door.ui.paint, all: false }))
    }

    fn dry(&self, plan: &Plan) -> Result<Exit, CommandError> {
        if self.args.json {
            self.door.ui.bytes(&store::bytes(plan)?)?;
        } else {
            self.show(plan)?;
            self.door.ui.data(&format!("\n{}", dry_run(plan, false, self.door.ui.paint)))?;
        }
        Ok(Exit::Done)
    }

    /// One question; never where nobody can answer it.
    fn approve(&self, plan: &Plan) -> Result<String, CommandError> {
        let name = &self.parent.name;
        if let Some(reason) = &self.args.yes {
            return Ok(reason.trim().to_owned());
        }
        if !question::can_be_asked() {
            let id = replan::short(plan);
            return Err(CommandError::refused(format!(
                "nobody can be asked here; plan {id} is kept, and nothing was undone"
            ))
            .hint("`--yes REASON` begins without asking"));
        }
        if !question::is_typed(WORD, &format!("to take run {name} back"))? {
            let mut error = CommandError::refused(format!("{WORD} was not typed: nothing was undone"));
            error.exit = Exit::Held;
            return Err(error);
        }
        Ok(format!("typed {WORD}"))
    }

    fn hand_over(&self, shown: &Plan, reason: &str) -> Result<Exit, CommandError> {
        let Self { door, .. } = *self;
        let parent = Parent { root: self.root(), run: self.parent, reason, within: self.args.within, door };
        // It may be over already: then there is nobody to hand over, but what it left behind.
        let is_over = handover::state(self.parent)?.ended.is_some();
        let ours = parent.settle()?;
        let plan = match self.settled(shown) {
            Ok(plan) => plan,
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
        let how = Begin {
            parent: Some(self.parent.name.clone()),
            leaves: self.args.no_wait,
            first: replan::start(&plan).map(|what| (Command::Approve { what }, reason.to_owned())),
        };
        begin(self.root(), plan, how, door)
    }

    /// The retreat from where the run came to rest. Where that is another one than was shown, it is shown, too.
    fn settled(&self, shown: &Plan) -> Result<Plan, CommandError> {
        let plan = self.make()?;
        if plan.id != shown.id {
            self.door.ui.status("run has come to rest further on than when you were asked: this is what is undone now");
            self.show(&plan)?;
            self.approve(&plan)?;
        }
        Ok(plan)
    }
}

/// Steps in doubt for which the commands are spelled out: a few lines, and a person begins with the first.
const DOUBTS: usize = 3;

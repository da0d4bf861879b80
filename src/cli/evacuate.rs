//! `bonghwa evacuate`: the one command for 03:12. It is a door over `plan` and `run` with one question between them.

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::handover;
use crate::cli::incident::EFFORT;
use crate::cli::incident::IncidentArgs;
use crate::cli::incident::Only;
use crate::cli::incident::factor;
use crate::cli::incident::span;
use crate::cli::live;
use crate::cli::observed;
use crate::cli::past_runs;
use crate::cli::plan;
use crate::cli::preflight;
use crate::cli::project::Project;
use crate::cli::question;
use crate::cli::replan;
use crate::cli::run::Begin;
use crate::cli::run::carry_out;
use crate::cli::run::is_possible;
use crate::cli::run::nobody_else;
use crate::cli::run::unrecorded;
use crate::cli::run_folder;
use crate::cli::run_folder::RunFolder;
use crate::cli::scope;
use crate::cli::store;
use crate::cli::ui::say;
use crate::journal::Holder;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::plan::Plan;
use crate::report::first_screen::first_screen;
use crate::report::plan_text::View;
use crate::report::preflight::preflight_line;
use crate::report::preflight::preflight_lines;
use crate::report::wall::Wall;
use crate::report::words;
use crate::run::Command;
use crate::run::State;

const AFTER_HELP: &str = "\
It makes a plan from what earlier runs left, has it checked by the second pair
of eyes, keeps it, looks for ten seconds at what the lifeline needs, shows the
first screen, and asks one question. What the look finds stops nothing. Whoever
types the names that stand behind `evacuate` approves the start, and the run
begins in this terminal. Any other answer, or Ctrl-C, does nothing, and
`bonghwa run PLAN` still carries the plan out. No flag answers the question, and
it is not asked where nobody can read it.

If a run is active, it says so, and how to plan again for that one.
A site that works is left in order: `bonghwa plan --leave SITE`, then `run`.

A SCOPE is SITE, domain:NAME, hosts:SET or service:NAME@SITE.

Examples:
  bonghwa evacuate pangyo                     the site is gone
  bonghwa evacuate pangyo ansan               two of them are
  bonghwa evacuate domain:power:bundang       all sites on one power feed are
  bonghwa evacuate pangyo --impaired ansan    ansan answers, and is not trusted
  bonghwa evacuate pangyo --only lifeline     text messages alone";

/// Nobody who is waited for at 03:12 has longer; what has not answered then is told as unreachable.
const LOOK: Millis = Millis::from_secs(10);

/// Plan, show, ask one question, run.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct EvacuateArgs {
    /// What is gone; nothing that answers there is trusted
    #[arg(value_name = "SCOPE")]
    lost: Vec<String>,
    /// It answers, and is not trusted: never a target, and always fenced
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    impaired: Vec<String>,
    /// Only these sites may take anything
    #[arg(long, value_name = "SITE", num_args = 1..)]
    to: Vec<String>,
    /// Plan for the first tier alone, and for all that it can't live without
    #[arg(long, value_enum, value_name = "lifeline", hide_possible_values = true)]
    only: Option<Only>,
    /// A named surge, such as new-year, multiplies the loads
    #[arg(long, value_name = "NAME")]
    surge: Option<String>,
    /// Multiplies every load; 1.0 is the daily peak
    #[arg(long, value_name = "F", default_value = "1.0", value_parser = factor, allow_hyphen_values = true)]
    load: Ppm,
    /// How long before now it began, such as 7m
    #[arg(long, value_name = "SPAN", value_parser = span, allow_hyphen_values = true)]
    began: Option<Millis>,
}

impl EvacuateArgs {
    /// What happened, as `plan` is told.
    fn told(&self) -> IncidentArgs {
        IncidentArgs {
            lost: self.lost.clone(),
            impaired: self.impaired.clone(),
            leave: Vec::new(),
            returning: Vec::new(),
            to: self.to.clone(),
            only: self.only,
            surge: self.surge.clone(),
            load: self.load,
            as_of: None,
            began: self.began,
            accept_degraded: false,
            effort: EFFORT,
        }
    }

    /// What must be typed: every scope once, in the order in which it was named.
    fn word(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for text in self.lost.iter().chain(&self.impaired) {
            if !words.contains(&text.as_str()) {
                words.push(text);
            }
        }
        words.join(" ")
    }
}

/// Plans, shows, asks, and runs.
pub(crate) fn run(args: &EvacuateArgs, door: &Door) -> Result<Exit, CommandError> {
    let project = Project::open(door)?;
    let estate = &project.loaded.estate;
    let incident = plan::incident(&project, estate, &args.told())?;
    let word = args.word();
    if word.is_empty() {
        let sites: Vec<&str> = estate.sites.iter().map(|site| site.name.as_str()).collect();
        return Err(CommandError::usage("evacuate what?").hint(format!("name a site: {}", sites.join(", "))));
    }
    let evacuation = Evacuation { args, door, project: &project, word: &word };
    evacuation.nobody_acts()?;
    door.ui.status(&format!("evacuate {word}: plan, check, show, ask, run; nothing changes until you answer"));
    let runs = past_runs::names(&project.root);
    let observation = observed::observation(&project.root, estate);
    evacuation.tell_quarantined(&incident, &observation);
    let (plan, bytes) = plan::make_with_bytes(&project, estate, &incident, &observation, EFFORT)?;
    let kept = store::keep(&project.root, &plan, &bytes);
    let possible = is_possible(&plan);
    let asks = kept.is_ok() && possible.is_ok() && question::can_be_asked();
    let seen = if asks { evacuation.look(&plan) } else { String::new() };
    // Also a plan that can't be kept or carried out from here is read by people, who act on it.
    door.ui.data(&first_screen(&plan, View { paint: door.ui.paint, all: false }))?;
    kept.map_err(unrecorded)?;
    possible?;
    evacuation.ask(&plan, &seen)?;
    evacuation.begin(plan, &runs)
}

struct Evacuation<'a> {
    args: &'a EvacuateArgs,
    door: &'a Door,
    project: &'a Project,
    word: &'a str,
}

impl Evacuation<'_> {
    /// One run acts at a time. What is lost besides is a matter for a new plan of that one.
    fn nobody_acts(&self) -> Result<(), CommandError> {
        let root = &self.project.root;
        let Err(busy) = nobody_else(root, None) else { return Ok(()) };
        let open = replan::parent(root, None).and_then(|run| Ok((handover::state(&run)?, run)));
        match open {
            Ok((state, run)) if state.ended.is_none() => Err(self.busy(&run, &state)),
            // What can't be read is told as `run` tells it.
            Ok(_) | Err(_) => Err(busy),
        }
    }

    fn busy(&self, run: &RunFolder, state: &State) -> CommandError {
        let RunFolder { name, plan, .. } = run;
        let does = match &plan.retreat {
            Some(retreat) => format!("takes run {} back", retreat.run),
            None => {
                let scopes = plan.incident.scopes.iter().map(|scope| format!("{} {}", scope.scope, scope.state));
                format!("answers {}", scopes.collect::<Vec<_>>().join(", "))
            }
        };
        let ago = live::now().since(state.opened);
        let ago = words::span(Millis(ago.0 / 1_000 * 1_000));
        let opened = Wall::of(&plan.timezone).time(state.opened);
        let mut error = CommandError::refused(format!("run {name} {does} since {opened} ({ago})"));
        let holder = run_folder::holder(&self.project.root).filter(|holder| holder.run == *name);
        let (who, go_on) = match holder {
            Some(Holder { by, .. }) => (
                format!("{} on {} acts for it, process {}", by.user, by.host, by.pid),
                format!("`bonghwa status {name} --follow` shows where it stands"),
            ),
            None => (
                "its process is gone, and it has not ended".to_owned(),
                format!("`bonghwa resume {name}` goes on with it as it is"),
            ),
        };
        error.chain.push(format!("one run acts at a time; {who}"));
        let news = self.news(plan);
        if let Err(no) = handover::can_give_way(run, state) {
            error.chain.extend(no.chain);
            error.hints.extend(no.hints);
        } else if plan.retreat.is_some() {
            // What it takes back may never have been lost: a plan in its place would leave that site out.
            error = error.hint("`bonghwa cancel` ends it; then type this again, and it starts from what is so");
        } else if news.is_empty() {
            error = error.hint("it answers what you named already: nothing else was begun");
        } else {
            error = error.hint(format!("`bonghwa replan {name}{news}` has it answer that, too; it asks first"));
        }
        error.hint(go_on)
    }

    /// What a plan does not answer yet, as `replan` wants to hear it.
    fn news(&self, plan: &Plan) -> String {
        let estate = &self.project.loaded.estate;
        let known: Vec<(Scope, &str)> = plan
            .incident
            .scopes
            .iter()
            .filter_map(|old| Some((scope::scope(estate, &old.scope).ok()?, old.state.as_str())))
            .collect();
        let is_known = |text: &str, state: ScopeState| {
            let scope = scope::scope(estate, text).ok();
            // What is gone can't be lost once more, nor be less trusted.
            let says = |old: &str| old == state.word() || old == ScopeState::Lost.word();
            known.iter().any(|(old, word)| scope.as_ref() == Some(old) && says(word))
        };
        let mut news = String::new();
        for (flag, texts, state) in
            [("--lost", &self.args.lost, ScopeState::Lost), ("--impaired", &self.args.impaired, ScopeState::Impaired)]
        {
            let texts: Vec<String> =
                texts.iter().filter(|text| !is_known(text, state)).map(|text| words::quoted(text)).collect();
            if !texts.is_empty() {
                news.push_str(&format!(" {flag} {}", texts.join(" ")));
            }
        }
        news
    }

    /// What was lost before, and nobody released, was answered by another run; people may have forgotten it.
    fn tell_quarantined(&self, incident: &Incident, observation: &Observation) {
        let named = |site| incident.scopes.iter().any(|(scope, _)| *scope == Scope::Site(site));
        let last = observation.runs.last().map_or("", String::as_str);
        for site in observation.quarantined.iter().copied().filter(|site| named(*site)) {
            let name = &self.project.loaded.estate.site(site).name;
            self.door.ui.status(&format!(
                "{name} was lost before, and nobody has released it: this starts from what run {last} left"
            ));
        }
    }

    /// Looks what the lifeline needs. Whatever comes of it stops nobody: it is told, at length before the first screen, and in
    /// one line behind it.
    fn look(&self, plan: &Plan) -> String {
        let within = words::span(LOOK);
        self.door.ui.status(&format!("looking at what the lifeline needs, for {within} at most; this only reads"));
        match preflight::look(&self.project.root, plan, true, LOOK) {
            Ok(seen) => {
                if !seen.is_fine() {
                    say(preflight_lines(&seen, self.door.ui.paint.columns).trim_end());
                }
                preflight_line(&seen, live::now().0)
            }
            Err(error) => {
                say(error.text().trim_end());
                "preflight: nobody could look; that stops nothing".to_owned()
            }
        }
    }

    /// One question; never where nobody can answer it.
    fn ask(&self, plan: &Plan, seen: &str) -> Result<(), CommandError> {
        let (id, word) = (replan::short(plan), self.word);
        if !question::can_be_asked() {
            return Err(CommandError::refused(format!(
                "nobody can be asked here, so nothing was begun; plan {id} is kept"
            ))
            .hint(format!("`bonghwa run {id}` carries it out: `bonghwa approve start --reason WHY` lets it begin"))
            .hint(format!("on a terminal, `bonghwa evacuate` asks for {word}")));
        }
        say(seen);
        if question::is_typed(word, "to run this plan")? {
            return Ok(());
        }
        Err(CommandError::refused(format!("{word} was not typed, so nothing was done; plan {id} is kept"))
            .hint(format!("`bonghwa run {id}` carries it out"))
            .hint(format!("`bonghwa show {id} | less` shows all of it")))
    }

    /// The same door as `run`: it looks again, since nobody knows how long the question stood there.
    fn begin(&self, plan: Plan, runs: &[String]) -> Result<Exit, CommandError> {
        let project = Project::open(self.door)?;
        if let Some(other) = past_runs::names(&project.root).iter().find(|name| !runs.contains(name)) {
            return Err(CommandError::refused(format!(
                "run {other} came in while you were asked, and this plan does not know what it did: nothing was begun"
            ))
            .hint("type the same again: it starts from what is so now"));
        }
        let reason = format!("typed {} at the question of evacuate", self.word);
        let first = replan::start(&plan).map(|what| (Command::Approve { what }, reason));
        carry_out(&project, plan, Begin { first, ..Begin::default() }, self.door)
    }
}

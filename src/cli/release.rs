//! `bonghwa release`: a person looked at a quarantined site, and says that it can be trusted again. It is written down as a
//! run of its own that does nothing else, so that every next plan knows it.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::incident;
use crate::cli::observed;
use crate::cli::past_runs;
use crate::cli::past_runs::PLAN;
use crate::cli::project::Project;
use crate::cli::scope;
use crate::cli::store;
use crate::cli::who;
use crate::journal::FileJournal;
use crate::journal::Holder;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Opening;
use crate::journal::Pen;
use crate::model::Observation;
use crate::plan;
use crate::report::owed;
use crate::run::Event;
use crate::run::RunEnd;
use crate::run::Stamp;

const AFTER_HELP: &str = "\
A site that was lost stays quarantined until somebody says otherwise: what answers there may still write.
A fence that stands on a person's word is collected first: look at the old writer, then name its gate and what you saw.
Or have it tried again: `bonghwa evacuate` of the same site does that beside whatever else is left to do, after its one
question. A fence that is proven needs nobody's word.

Examples:
  bonghwa release pangyo --reason 'power is back, all old writers are stopped'
  bonghwa release pangyo --reason 'power is back' \\
    --collected 'fence:message-store@pangyo=postgres is stopped and masked on pg-mdb-[001-100]'";

/// Release a site.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ReleaseArgs {
    /// Which site
    site: String,
    /// Why it can be trusted again
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// A fence that was owed there, and what somebody saw; once for each
    #[arg(long, value_name = "GATE=WHAT")]
    collected: Vec<String>,
}

/// Writes down that a site is trusted again.
pub(crate) fn run(args: &ReleaseArgs, door: &Door) -> Result<Exit, CommandError> {
    let project = Project::open(door)?;
    let estate = &project.loaded.estate;
    let site = scope::site(estate, &args.site)?;
    let observation = observed::observation(&project.root, estate);
    let owes = observation.owed.iter().any(|owed| owed.site == site);
    if !observation.quarantined.contains(&site) && !owes {
        return Err(CommandError::usage(format!("{} is not quarantined, and owes no fence", args.site)));
    }
    let owed: Vec<&str> =
        observation.owed.iter().filter(|owed| owed.site == site).map(|owed| owed.gate.as_str()).collect();
    let reason = reason(args, &owed).map_err(|error| match owed.is_empty() || error.exit != Exit::Refused {
        true => error,
        false => error.hint(format!("or {}: what it proves needs nobody's word", way(&project.root, &observation))),
    })?;
    let plan = plan::blank(estate, incident::today(&estate.project.timezone)?)
        .map_err(|error| CommandError::failed("could not write the plan as JSON").because(&error))?;
    let now = now();
    let name = name(&args.site, &estate.project.timezone, now, &project.root);
    let who = who::me();
    let ours = project.root.join(store::OURS);
    store::keep_out_of_git(&project.root)?;
    let pen =
        Pen::take(&ours, Holder { by: who.clone(), run: name.clone(), since: now }).map_err(|error| failed(&error))?;
    let folder = past_runs::folder(&project.root).join(&name);
    store::private_folder(&folder)?;
    store::write(&folder.join(PLAN), &store::bytes(&plan)?)?;
    let opening =
        Opening { run: name.clone(), plan: plan.id, parent: None, program: env!("CARGO_PKG_VERSION").to_owned() };
    let (mut journal, _) = FileJournal::create(&folder, pen, now, opening).map_err(|error| failed(&error))?;
    let released = Event::Released { site: args.site.clone(), by: who, reason };
    let entries = journal.number(now, vec![released, Event::RunEnded { end: RunEnd::Done }]);
    journal.append(&entries).map_err(|error| failed(&error))?;
    door.ui.status(&format!("{} is released; written down as {name}", args.site));
    Ok(Exit::Done)
}

/// The reason, with what was seen of every fence that was owed.
fn reason(args: &ReleaseArgs, owed: &[&str]) -> Result<String, CommandError> {
    let mut reason = args.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(CommandError::usage("a release needs a reason"));
    }
    let mut missing = owed.to_vec();
    for collected in &args.collected {
        let parts = collected.split_once('=').map(|(gate, what)| (gate.trim(), what.trim()));
        let Some((gate, what)) = parts.filter(|(_, what)| !what.is_empty()) else {
            return Err(CommandError::usage(format!("{collected} does not say what was seen: write GATE=WHAT")));
        };
        if !owed.contains(&gate) {
            return Err(CommandError::usage(format!("{gate} is not owed at {}", args.site)));
        }
        missing.retain(|owed| *owed != gate);
        reason.push_str(&format!("; collected {gate}: {what}"));
    }
    if missing.is_empty() {
        return Ok(reason);
    }
    let error = CommandError::refused(format!("{} is owed {}", args.site, missing.join(", ")));
    Err(missing.iter().fold(error, |error, gate| {
        error.hint(format!("look at the old writer, then add `--collected '{gate}=WHAT YOU SAW'`"))
    }))
}

/// What tries them again: to answer once more what the last run answered.
fn way(root: &Path, observation: &Observation) -> String {
    let plans = observation.runs.iter().rev().filter_map(|run| past_runs::open(root, run).ok());
    let about = plans.map(|run| run.plan.about()).find(|about| owed::tries_again(about).is_some());
    owed::way(&about.unwrap_or_default())
}

fn failed(error: &JournalError) -> CommandError {
    let held = matches!(error, JournalError::PenHeld { .. });
    let mut told = CommandError::failed("nothing was released").because(error);
    told.exit = if held { Exit::PenLost } else { Exit::JournalUnavailable };
    if held { told.hint("a run acts (`bonghwa status`): release the site once it is over") } else { told }
}

/// `20261122-0712-release-pangyo`, with a number behind it where there is one already.
fn name(site: &str, zone: &str, now: Stamp, root: &Path) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let instant = i64::try_from(now.0).ok().and_then(|now| Timestamp::from_millisecond(now).ok()).unwrap_or_default();
    let name = format!("{}-release-{site}", instant.to_zoned(zone).strftime("%Y%m%d-%H%M"));
    let free = |name: &String| !past_runs::folder(root).join(name).exists();
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name)
}

fn now() -> Stamp {
    Stamp(u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default())
}

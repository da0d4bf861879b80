//! `bonghwa shift`: moves one route, and nothing else, as a plan of one step through the same engine as any other.

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::incident;
use crate::cli::observed;
use crate::cli::project::Project;
use crate::cli::question;
use crate::cli::replan;
use crate::cli::routes;
use crate::cli::run::Begin;
use crate::cli::run::carry_out;
use crate::cli::run::is_possible;
use crate::cli::run::is_sound;
use crate::cli::run::nobody_else;
use crate::cli::run::unrecorded;
use crate::cli::scope;
use crate::cli::store;
use crate::model::Estate;
use crate::model::Ppm;
use crate::model::SiteId;
use crate::plan;
use crate::plan::Move;
use crate::plan::MoveRefusal;
use crate::plan::Plan;
use crate::report::shift_screen::shift_screen;
use crate::run::Command;
use crate::run::preflight::RouteSeen;

const AFTER_HELP: &str = "\
It looks where the route leads, shows where it would go and through which stages, and asks one question;
whoever types the name of the route approves it, and it begins. Health is judged on the way as the route
declares it: a breach takes the last good shares back, and missing answers hold it where it is.

Sites that are not named get nobody, and the shares must add up to 100. It refuses a site that is
quarantined, that has no address in the route, or that can't carry its share. It is a run like any other:
`status`, `report` and `retreat` know it.

Examples:
  bonghwa shift text ansan=100               everybody to ansan
  bonghwa shift text pangyo=90 ansan=10      a tenth of them
  bonghwa routes text                        where they are now";

/// Move one route.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ShiftArgs {
    /// Which route
    route: String,
    /// The share of each site in percent; they add up to 100
    #[arg(value_name = "SITE=SHARE", required = true)]
    shares: Vec<String>,
}

/// Looks, plans, shows, asks, and runs.
pub(crate) fn run(args: &ShiftArgs, door: &Door) -> Result<Exit, CommandError> {
    let project = Project::open(door)?;
    let estate = &project.loaded.estate;
    let route = scope::route(estate, &args.route)?;
    let to = shares(estate, &args.shares)?;
    nobody_else(&project.root, None)?;
    let observation = observed::observation(&project.root, estate);
    door.ui.status(&format!("shift {}: looking where it leads; nothing changes until you answer", args.route));
    let seen = routes::look(&project, &observation, &[route])?;
    let now = leads(estate, seen.first(), &args.route)?;
    let as_of = incident::today(&estate.project.timezone)?;
    let wanted = Move { route, now, to, as_of };
    let plan = plan::moving(estate, &observation, project.sources.clone(), &wanted)
        .map_err(|why| refused(&args.route, &why))?;
    store::bytes(&plan).and_then(|bytes| store::keep(&project.root, &plan, &bytes)).map_err(unrecorded)?;
    is_sound(&plan, &project)?;
    is_possible(&plan)?;
    door.ui.data(&shift_screen(&plan, door.ui.paint))?;
    ask(&plan, &args.route)?;
    let reason = format!("typed {} at the question of shift", args.route);
    let first = replan::start(&plan).map(|what| (Command::Approve { what }, reason));
    carry_out(&project, plan, Begin { first, ..Begin::default() }, door)
}

/// Where it leads; a refusal where nobody can say, or where its keeper would refuse.
fn leads(estate: &Estate, seen: Option<&RouteSeen>, route: &str) -> Result<Vec<(SiteId, Ppm)>, CommandError> {
    let no = |why: &str| CommandError::refused(format!("{route} can't be shifted now: {why}; nothing was changed"));
    let Some(seen) = seen else { return Err(no("nobody looked at it")) };
    if let Some((first, rest)) = seen.troubles.split_first() {
        let mut error = no(first);
        error.chain.extend(rest.iter().cloned());
        return Err(error.hint(format!("`bonghwa routes {route}` looks again")));
    }
    let Some(leads) = &seen.leads else { return Err(no("nobody can say where it leads")) };
    let known = leads.iter().filter_map(|(site, share)| Some((estate.site_named(site)?, *share)));
    Ok(known.collect())
}

fn shares(estate: &Estate, texts: &[String]) -> Result<Vec<(SiteId, Ppm)>, CommandError> {
    let mut found: Vec<(SiteId, Ppm)> = Vec::new();
    for text in texts {
        let bad = || {
            CommandError::usage(format!("{text:?} is no share of a site"))
                .hint("write SITE=PERCENT, such as ansan=67 or ansan=12.5%")
        };
        let (site, share) = text.split_once('=').ok_or_else(bad)?;
        let site = scope::site(estate, site)?;
        let share = percent(share).ok_or_else(bad)?;
        if found.iter().any(|(known, _)| *known == site) {
            return Err(CommandError::usage(format!("{} is named twice", estate.site(site).name)));
        }
        found.push((site, share));
    }
    found.sort_unstable();
    Ok(found)
}

/// `67`, `67%`, `12.5%`; up to four digits behind the point, which is what a share can tell.
fn percent(text: &str) -> Option<Ppm> {
    let text = text.strip_suffix('%').unwrap_or(text).trim();
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(rest) || rest.len() > 4 || whole.len() > 3 {
        return None;
    }
    let share: u64 = format!("{whole}{rest:0<4}").parse().ok()?;
    (share <= Ppm::ONE.0).then_some(Ppm(share))
}

fn refused(route: &str, why: &MoveRefusal) -> CommandError {
    let error = CommandError::refused(format!("{route} is not shifted: {why}"));
    match why {
        MoveRefusal::NotWhole(_) => error.hint("name every site that is to get users; those not named get nobody"),
        MoveRefusal::AlreadySo => error.hint("there is nothing to do"),
        MoveRefusal::NoService => error.hint(format!("give a service `route = \"{route}\"`")),
        MoveRefusal::NoAddress(site) => error.hint(format!("add `{site}` to `at` of [route.{route}]")),
        MoveRefusal::NotTrusted(site) => {
            error.hint(format!("look at it, then `bonghwa release {site} --reason 'what you saw'`"))
        }
        MoveRefusal::NoReplica { .. } => error.hint("users can be sent only to where the service is"),
        MoveRefusal::Overload { .. } | MoveRefusal::SiteFull { .. } => {
            error.hint("send it less, or make room there first")
        }
        MoveRefusal::Format(_) => error,
    }
}

/// One question; never where nobody can answer it.
fn ask(plan: &Plan, route: &str) -> Result<(), CommandError> {
    let id = replan::short(plan);
    let kept = format!("`bonghwa run {id}` carries it out: `bonghwa approve start --reason WHY` lets it begin");
    if !question::can_be_asked() {
        let why = format!("nobody can be asked here, so nothing was begun; plan {id} is kept");
        return Err(CommandError::refused(why).hint(kept));
    }
    if question::is_typed(route, "to shift it")? {
        return Ok(());
    }
    Err(CommandError::refused(format!("{route} was not typed, so nothing was done; plan {id} is kept")).hint(kept))
}

#[cfg(test)]
mod tests {
    use super::percent;
    use crate::model::Ppm;

    #[test]
    fn a_share_is_a_percentage() {
        assert_eq!(percent("67"), Some(Ppm(670_000)));
        assert_eq!(percent("12.5%"), Some(Ppm(125_000)));
        assert_eq!(percent("100%"), Some(Ppm::ONE));
        assert_eq!(percent("0"), Some(Ppm::ZERO));
        assert_eq!(percent("0.0001"), Some(Ppm(1)));
        for bad in ["", "%", "-1", "101", "1e2", "1.00001", "½", "9999999999999999999"] {
            assert_eq!(percent(bad), None, "{bad}");
        }
    }
}

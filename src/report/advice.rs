//! The sentences for what a reader must know before a plan is run, and for why none was made; each with what to do.

use crate::model::Millis;
use crate::model::Ppm;
use crate::model::amount_text;
use crate::plan::Issue;
use crate::plan::Plan;
use crate::plan::Refusal;
use crate::report::reason;
use crate::report::wall::Wall;
use crate::report::words;
use crate::run::Stamp;

/// So many columns for names.
const NAMED: usize = 60;

/// What is so, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What is so: a sentence without its full stop.
    pub what: String,
    /// What to do: a sentence without its full stop.
    pub act: String,
}

impl Advice {
    fn new(what: impl Into<String>, act: impl Into<String>) -> Self {
        Self { what: what.into(), act: act.into() }
    }
}

/// What to know of a plan, and what to do about it; who is to be called by name, where the plan knows it.
#[must_use]
pub fn in_plan(plan: &Plan, one: &Issue) -> Advice {
    let owner = one.service().and_then(|name| owner(plan, name));
    let mut advice = issue(one);
    if let Some(owner) = owner {
        advice.act = advice.act.replacen(OWNER, owner, 1);
    }
    advice
}

/// The same, with every name in it, however many there are.
#[must_use]
pub fn whole(plan: &Plan, one: &Issue) -> Advice {
    let mut advice = in_plan(plan, one);
    if let Issue::Stranded { service, needed_by } = one {
        advice.what = stranded(service, needed_by, usize::MAX).what;
    }
    if let Issue::JumpLost { step, jump } = one {
        advice.what = jump_lost(step, jump, usize::MAX).what;
    }
    advice
}

fn channel_lost(step: &str, missing: &str) -> Advice {
    Advice::new(
        format!("{step} will not get through: it goes by {missing}, which nothing brings back"),
        "tell those people by telephone; the run goes on without it",
    )
}

fn jump_lost(step: &str, jump: &[String], columns: usize) -> Advice {
    Advice::new(
        format!("{step} can't reach its hosts: every way leads through {}", words::fold(jump, columns)),
        "find a way in that does not pass there: a console, a VPN, a person on the floor",
    )
}

/// How much of a line names may take where not everything is wanted.
const NAMES: usize = 48;

/// Who answers for a service, where somebody was declared.
pub(super) fn owner<'p>(plan: &'p Plan, name: &str) -> Option<&'p str> {
    let service = plan.services.iter().find(|service| service.id == name)?;
    (!service.owner.is_empty()).then_some(service.owner.as_str())
}

/// How an owner is called whom nobody named.
const OWNER: &str = "its owner";

/// What to know, and what to do about it.
#[must_use]
pub fn issue(issue: &Issue) -> Advice {
    match issue {
        Issue::Stranded { service, needed_by } => stranded(service, needed_by, NAMES),
        Issue::RtoMissed { service, expected, objective, bound } => rto_missed(service, *expected, *objective, *bound),
        Issue::RpoAtRisk { service, site, lag, objective } => rpo_at_risk(service, site, *lag, *objective),
        Issue::AdmitsPart { service, share } => Advice::new(
            format!("{service} can admit {}; the rest is turned away", reason::users(*share)),
            format!("tell users now; what is short: `explain service:{service}`"),
        ),
        Issue::OnDemandInPromise { service, site, launch_proved } => on_demand(service, site, launch_proved.as_deref()),
        Issue::SharesDomain { service, site, domain } => Advice::new(
            format!("{service} goes to {site}, which shares {domain} with what is lost"),
            format!("ask who runs {domain} whether it holds at {site}; `--to` names another site"),
        ),
        Issue::OverLimitBefore { site, resource, by } => over_before(site, resource, *by),
        Issue::OverLimitAfter { site, resource, by } => Advice::new(
            format!("the lifeline fills {site} beyond its limit, by {} {resource}", amount_text(*by)),
            format!("watch {site} closely, and take other load off it as soon as you can"),
        ),
        Issue::RecoveredTogether { cycle } => together(cycle),
        Issue::BootstrapCycle { step, missing } => Advice::new(
            format!("{step} uses {missing}, and {missing} can't start before it"),
            format!("have a person ready to do {step} without {missing}; a gate asks for it"),
        ),
        Issue::UsesStranded { step, missing } => Advice::new(
            format!("{step} uses {missing}, which nothing brings back"),
            format!("find another way to do what {missing} does; a gate asks for it"),
        ),
        Issue::JumpLost { step, jump } => jump_lost(step, jump, 60),
        Issue::ChannelLost { step, missing } => channel_lost(step, missing),
        Issue::NoSteps { service, site } => no_steps(service, site),
        Issue::RouteNotShifted { service, route } => not_shifted(service, route),
        Issue::RouteUneven { service, route, site, placed, gets } => uneven(service, route, site, (*placed, *gets)),
        Issue::ProviderLost { provider, routes } => provider_lost(provider, routes),
        Issue::NoFence { service, site } => Advice::new(
            format!("{service} gets a new writer, and nothing fences the old one at {site}"),
            format!("make sure that {site} is cut off or powered down before you open its gate"),
        ),
        Issue::OrchestratorLost => Advice::new(
            "every declared copy of this tool is in what is lost",
            "keep this copy, its folder and its credentials alive: put a second one elsewhere now",
        ),
        Issue::SiteWithoutFence { site } => Advice::new(
            format!("nothing fences {site} as a whole, so every service there is fenced by itself"),
            format!("if you can cut {site}'s network at the border, do so, and attest it once"),
        ),
        Issue::DefaultDurations { steps } => default_durations(*steps),
        Issue::FaultsElsewhere { errors } => Advice::new(
            format!("{} in files that this incident does not touch", words::count(to_usize(*errors), "error")),
            "go on; `check` shows them afterwards",
        ),
        Issue::AssumedAway => Advice::new(
            "where services are now was not observed: the loss is taken to have been answered as planned here",
            "compare with where they really are before running this",
        ),
        Issue::Observed { runs, last, away, quarantined, owed } => observed(*runs, last, *away, quarantined, owed),
        Issue::Asked { at_unix_ms, as_known, elsewhere, unclear, unseen, mute } => {
            asked(Stamp(*at_unix_ms), *as_known, [elsewhere, unclear, unseen], *mute)
        }
        Issue::LearntEdge { caller, callee } => learnt(caller, callee),
        Issue::DeclaredOnly => Advice::new(
            "where services run now is declared, not observed",
            "compare it with what you see before you approve the start",
        ),
    }
}

fn together(cycle: &[String]) -> Advice {
    Advice::new(
        format!("each needs the other, so they are started together: {}", cycle.join(" > ")),
        "watch them as one: if one stays down, look at all; then break the circle in `depends-on`",
    )
}

fn not_shifted(service: &str, route: &str) -> Advice {
    Advice::new(
        format!("{service} is reached by route {route}, which none of its steps shifts"),
        format!("shift {route} by hand after it is verified, and add a `route = true` step"),
    )
}

fn uneven(service: &str, route: &str, site: &str, (placed, gets): (Ppm, Ppm)) -> Advice {
    let (gets, placed) = (words::percent(gets), words::percent(placed));
    Advice::new(
        format!("{site} gets {gets} of {service}'s users by turns, and {placed} were placed there: DNS has no weights"),
        format!("watch {site} while {route} is shifted; give its other sites more addresses, or a balancer"),
    )
}

fn provider_lost(provider: &str, routes: &[String]) -> Advice {
    Advice::new(
        format!("every server of {provider} is in what is lost, so it can't shift {}", words::fold(routes, 60)),
        "shift them by hand where they are kept, open its gate and mark the shift done; then give it a server elsewhere",
    )
}

fn learnt(caller: &str, callee: &str) -> Advice {
    Advice::new(
        format!("{caller} needs {callee}: that was learnt while the plan before this one ran, and is declared nowhere"),
        format!("add {callee} to `depends-on` of {caller}, or the next plan does not know it"),
    )
}

fn observed(runs: u64, last: &str, away: u64, quarantined: &[String], owed: &[String]) -> Advice {
    let mut so = vec![format!("{} not where declared", words::count(to_usize(away), "service"))];
    if !quarantined.is_empty() {
        so.push(format!("quarantined: {}", quarantined.join(", ")));
    }
    if !owed.is_empty() {
        so.push(format!("{} owed", words::count(owed.len(), "fence")));
    }
    let runs = words::count(to_usize(runs), "run");
    Advice::new(
        format!("where services run now is what {runs} left behind, the last being {last}: {}", so.join("; ")),
        "compare it with what you see: what was done by hand since then stands in no journal",
    )
}

/// The instant is told in UTC: what is asked in one place is read in another.
fn asked(at: Stamp, as_known: u64, [elsewhere, unclear, unseen]: [&[String]; 3], mute: u64) -> Advice {
    let mut so = vec![format!("{} where known", words::count(to_usize(as_known), "writer"))];
    let mut tell = |what: &str, names: &[String]| {
        if !names.is_empty() {
            so.push(format!("{what}: {}", words::fold(names, NAMED)));
        }
    };
    tell("elsewhere", elsewhere);
    tell("MORE THAN ONE, or a part of one", unclear);
    tell("nobody says so", unseen);
    if mute > 0 {
        so.push(format!("{} without a probe for it", words::count(to_usize(mute), "service")));
    }
    let act = if unclear.is_empty() {
        "compare all else with what you see: it is as declared, or as journals say"
    } else {
        "find out who writes there, and stop the other one, before you approve the start"
    };
    Advice::new(format!("who writes was asked on {}: {}", Wall::of("UTC").day(at), so.join("; ")), act)
}

fn stranded(service: &str, needed_by: &[String], columns: usize) -> Advice {
    let needs = match needed_by {
        [] => "nobody else needs it".to_owned(),
        _ => format!("needed by {}", words::fold(needed_by, columns)),
    };
    Advice::new(
        format!("{service} has nowhere to go; {needs}"),
        format!("call {OWNER}; why nowhere: `explain service:{service}`"),
    )
}

fn no_steps(service: &str, site: &str) -> Advice {
    Advice::new(
        format!("{service} should come up at {site}, and no runbook says how"),
        format!("call {OWNER} and do it by hand; then write the runbook"),
    )
}

fn rto_missed(service: &str, expected: Millis, objective: Millis, bound: Millis) -> Advice {
    let late = words::span(expected.saturating_sub(objective));
    let act = if bound > objective {
        format!("no order is fast enough (at best {}): tell users, then shorten its steps", words::at(bound))
    } else {
        format!("why so late: `explain service:{service}`; more people may help")
    };
    let promised = words::span(objective);
    Advice::new(format!("{service} is back {late} later than promised ({} of {promised})", words::at(expected)), act)
}

fn rpo_at_risk(service: &str, site: &str, lag: Option<Millis>, objective: Millis) -> Advice {
    let behind = match lag {
        Some(lag) => format!("may be {} behind", words::span(lag)),
        None => "is behind by nobody knows how much".to_owned(),
    };
    Advice::new(
        format!("{service} at {site} {behind}; {} were promised", words::span(objective)),
        "decide who may accept lost data before its gate asks",
    )
}

fn on_demand(service: &str, site: &str, launch_proved: Option<&str>) -> Advice {
    let proved = launch_proved.map_or("never proved".to_owned(), |day| format!("last proved {day}"));
    Advice::new(
        format!("{service} leans on capacity that {site} must launch first ({proved})"),
        format!("call {site}'s support now, and ask for the capacity by name"),
    )
}

fn over_before(site: &str, resource: &str, by: u64) -> Advice {
    Advice::new(
        format!("{site} was over its limit before, by {} {resource}", amount_text(by)),
        "nothing in this plan makes it worse; take load off it when this is over",
    )
}

fn default_durations(steps: u64) -> Advice {
    Advice::new(
        format!("nobody said how long {} {}", words::count(to_usize(steps), "step"), take(steps)),
        "read the times as rough; write `expect` into the runbooks after a drill",
    )
}

fn take(steps: u64) -> &'static str {
    if steps == 1 { "takes" } else { "take" }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Why no plan was made, and what to do about it.
#[must_use]
pub fn refusal(refusal: &Refusal) -> Advice {
    match refusal {
        Refusal::NothingLost => Advice::new(
            "nothing is lost, impaired, leaving or returning",
            "say what happened: `--lost SITE`, `--leave SITE` or `--return SITE`",
        ),
        Refusal::MixedStates => Advice::new(
            "what is lost and what leaves or returns can't be in one plan: their orders contradict each other",
            "plan for what is lost first; move or return the rest when that is done",
        ),
        Refusal::NoSuchHosts { hosts } => Advice::new(
            format!("no replica has any of the hosts {hosts}"),
            "compare with `hosts = …` in topology/: an empty set is never taken for all",
        ),
        Refusal::NoSuchReplica { service, site } => Advice::new(
            format!("{service} has no replica at {site}"),
            format!("`explain service:{service}` lists where it is"),
        ),
        Refusal::Quarantined { site } => Advice::new(
            format!("{site} is quarantined: nobody has said that it can be trusted again"),
            format!("see that nothing there writes or serves, then `bonghwa release {site} --reason …`"),
        ),
        Refusal::NothingLeft => Advice::new(
            "no site is left that could take anything",
            "name less as lost, widen `--to`, or add a site to topology/",
        ),
        Refusal::WouldDegrade { services } => Advice::new(
            format!("this planned move would end below full for {}", words::fold(services, 60)),
            "add capacity or move less; `--accept-degraded` moves all the same",
        ),
        Refusal::Overrun { site, resource, by } => Advice::new(
            format!("going home now would overfill {site} by {} {resource}", amount_text(*by)),
            "wait until the load falls, or plan for it with `--load`",
        ),
        Refusal::EmptyEstate => Advice::new(
            "the estate declares no service and site that could be planned",
            "`bonghwa init` in an empty folder writes an estate to begin with",
        ),
        Refusal::StepCycle { steps } => Advice::new(
            format!("these steps wait for each other in a circle: {}", steps.join(" > ")),
            "take one `needs` out of the runbook that holds the first of them",
        ),
        Refusal::ClaimTooLarge { step, pool, amount, size } => Advice::new(
            format!("{step} claims {amount} of {pool}, and there are {size}"),
            "lower its `claims`, or raise the pool's `size` in bonghwa.toml",
        ),
        Refusal::Broken { violations } => Advice::new(
            format!("the plan failed its own check: {}", violations.join("; ")),
            "this is a fault of bonghwa: please report it with these lines; nothing was written",
        ),
    }
}

//! The sentences of the second pair of eyes: which law a plan breaks, and where.
//!
//! A violation is a fault of whatever made the plan, so each sentence names items by their ids: somebody will look
//! them up. Nothing is judged here.

#[cfg(test)]
mod tests;

use crate::model::Millis;
use crate::model::Ppm;
use crate::model::amount_text;
use crate::plan::Level;
use crate::plan::Limit;
use crate::plan::Noun;
use crate::plan::OfApproval;
use crate::plan::OfLimits;
use crate::plan::OfNeeds;
use crate::plan::OfPlaces;
use crate::plan::OfRoom;
use crate::plan::OfShape;
use crate::plan::OfSummary;
use crate::plan::OfWriters;
use crate::plan::Violation;
use crate::report::words;

/// A broken law in a sentence, without its full stop.
#[must_use]
pub fn violation(violation: &Violation) -> String {
    match violation {
        Violation::Shape(of) => shape(of),
        Violation::Limits(of) => limits(of),
        Violation::Needs(of) => needs(of),
        Violation::Places(of) => places(of),
        Violation::Writers(of) => writers(of),
        Violation::Room(of) => room(of),
        Violation::Approval(of) => approval(of),
        Violation::Summary(of) => summary(of),
    }
}

fn shape(of: &OfShape) -> String {
    match of {
        OfShape::UnknownFormat { format } => format!("format {format} is none that this version can judge"),
        OfShape::TwiceNamed { name } => format!("{name} is the name of two things"),
        OfShape::NoSuchPredecessor { item, after } => format!("{item} comes after {after}, which is not in the plan"),
        OfShape::Circle { items } => format!("these wait for each other: {}", items.join(" → ")),
        OfShape::StartsEarly { item, start, after, end } => {
            format!("{item} starts at {}, before {after} ends at {}", exactly(*start), exactly(*end))
        }
        OfShape::Overflow { item } => format!("the times of {item} are beyond any calendar"),
        OfShape::NoSuchName { item, noun, name } => {
            format!("{item} names {name}, and there is no such {}", what(*noun))
        }
        OfShape::BesideTheMove { step, route } => {
            format!("{step} is no shift of {route}, and the plan is for that alone")
        }
        OfShape::BadScope { scope, state } => format!("the scope {scope} ({state}) can't be read against the estate"),
        OfShape::SiteStateDiffers { site, stated, is } => {
            format!("{site} is said to be {stated}, and is {is} by the incident")
        }
        OfShape::BeforeDiffers { service, site, stated, declared } => format!(
            "{service} is said to have carried {stated} at {site}; {declared} is declared, and nothing was observed"
        ),
        OfShape::GateOpensEarly { gate, end, opened_by } => {
            format!("{gate} opens at {}, before its proof is there: {}", exactly(*end), words::fold(opened_by, 60))
        }
    }
}

fn limits(of: &OfLimits) -> String {
    match of {
        OfLimits::PoolDiffers { pool, size, kept, declared_size, declared_kept } => format!(
            "the pool {pool} is {size} with {kept} kept for the first tier; declared are {declared_size} and {declared_kept}"
        ),
        OfLimits::PoolOverrun { pool, at, taken, size } => {
            format!("{taken} of {pool} are claimed at {}, and there are {size}", exactly(*at))
        }
        OfLimits::KeptOverrun { pool, at, taken, left } => format!(
            "later tiers claim {taken} of {pool} at {}; {left} are left beside what is kept for the first",
            exactly(*at)
        ),
        OfLimits::SlotNotClaimed { step, pool } => format!("{step} runs on hosts, and claims no slot of {pool}"),
        OfLimits::NoLimit { item, limit } => format!("{item} has no limit on {}", how_far(*limit)),
    }
}

fn needs(of: &OfNeeds) -> String {
    match of {
        OfNeeds::BeforeDependency { step, needs } => format!("{step} does not wait until {needs} is ready"),
        OfNeeds::BeforeStranded { step, needs } => {
            format!("{step} needs {needs}, which nothing brings back, and no person stands between")
        }
        OfNeeds::FullBeforeDependency { step, needs } => {
            format!("{step} goes to the full level, and does not wait until {needs} is ready")
        }
        OfNeeds::StartBeforeDependency { step, needs } => {
            format!("{step} needs {needs} to start, and does not wait until it is ready")
        }
        OfNeeds::UsesUnavailable { step, uses } => format!("{step} uses {uses}, which is not sure to be there by then"),
        OfNeeds::KitNotFetched { step, kit } => format!("{step} needs the kit {kit} from where it still is"),
        OfNeeds::NeedUnfilled { step, any_of } => {
            format!("{step} needs one of these, and uses none: {}", any_of.join(", "))
        }
        OfNeeds::NameUnfilled { step, name } => {
            format!("{step} would be sent with {{{{ {name} }}}} in it, which has no value")
        }
        OfNeeds::JumpLost { step, jump } => {
            format!("every way to the hosts of {step} leads through what is lost: {}", jump.join(", "))
        }
        OfNeeds::KeeperLost { step, provider } => {
            format!("{step} needs a server of {provider}, all of which are lost, and asks nobody")
        }
        OfNeeds::SilencedEarly { step, needs } => {
            format!("{step} silences a writer whose successor may still wait for {needs}")
        }
    }
}

fn places(of: &OfPlaces) -> String {
    match of {
        OfPlaces::ActsOnLost { step, site, state } => format!("{step} acts at {site}, which is {state}"),
        OfPlaces::FenceTooLong { step, timeout, limit } => {
            format!("{step} may try for {timeout} at what is lost, and {limit} is the limit")
        }
        OfPlaces::HostsLost { step, hosts } => format!("{step} acts on hosts that are lost, in {hosts}"),
        OfPlaces::TargetUntrusted { service, site, state } => {
            format!("{service} is to come up at {site}, which is {state}")
        }
        OfPlaces::NoHosts { step } => format!("{step} acts on hosts, and names none"),
        OfPlaces::HostsDiffer { step, hosts } => {
            format!("{hosts} of {step} are not hosts of its replica, or are miscounted")
        }
        OfPlaces::RouteEmpty { step, route } => format!("{step} leaves the route {route} without any site"),
        OfPlaces::RouteOverfull { step, route, sum } => format!("{step} sends {} of all users over {route}", Ppm(*sum)),
        OfPlaces::RouteToLost { step, route, site, state } => {
            format!("{step} sends {route} to {site}, which is {state}")
        }
        OfPlaces::RouteStaysAtLeaving { step, route, site, share } => {
            format!("after {step}, the last shift of {route}, {share} of its users are still sent to {site}")
        }
        OfPlaces::RouteWithoutAddress { step, route, site } => {
            format!("{step} sends {route} to {site}, where it has no address")
        }
        OfPlaces::RouteDiffers { step, route, provider } => {
            format!("{step} shifts {route} by {provider}, which is not its provider")
        }
        OfPlaces::RouteByClock { route, first, second } => {
            format!("{second} does not wait for {first}, and both shift {route}")
        }
        OfPlaces::RampFalls { step, route } => {
            format!("the stages of {route} in {step} do not rise to where it goes")
        }
        OfPlaces::ShiftBeforeLowering { step, route } => {
            format!("{step} counts on a low TTL of {route}, and does not wait until answers from before it are gone")
        }
        OfPlaces::TtlRestoredEarly { step, route } => {
            format!("{step} restores the TTL of {route} while its users may still be moved")
        }
        OfPlaces::TtlStaysLow { step, route } => {
            format!("{step} lowers the TTL of {route}, and nothing restores it")
        }
        OfPlaces::LoweredInLoss { step, route } => {
            format!("{step} lowers the TTL of {route} first, while its users are served by nobody")
        }
    }
}

fn writers(of: &OfWriters) -> String {
    match of {
        OfWriters::NoFenceBefore { step, site } => {
            format!("{step} does not wait until the old writer at {site} is fenced")
        }
        OfWriters::FenceOpenedWrongly { gate, by: Some(by) } => {
            format!("{gate} is opened by {by}, which fences nothing there")
        }
        OfWriters::FenceOpenedWrongly { gate, by: None } => format!("{gate} is opened by nothing and nobody"),
        OfWriters::FenceMissing { service, site } => {
            format!("nothing fences {service} at {site}, which answers and is not trusted")
        }
        OfWriters::OwedUnknown { gate } => {
            format!("{gate} is owed, and is about nothing that the estate or the plan knows")
        }
        OfWriters::OwedNotFenced { service, site } => {
            format!("the fence of {service} at {site} stands on a person's word, and nothing tries to prove it")
        }
        OfWriters::OwedReliedOn { step, gate } => {
            format!("{step} waits for {gate}, which opens on what somebody said in an earlier run")
        }
        OfWriters::TwoWriters { service, first, second } => {
            format!("{service} has two writers: {second} does not wait for a fence of what {first} made")
        }
        OfWriters::NoDataLossGate { step, lag, objective } => {
            let lag = lag.map_or_else(|| "an unknown span".to_owned(), |lag| format!("up to {lag}"));
            let promised = objective.map_or(String::new(), |objective| format!(" ({objective} promised)"));
            format!("{step} may lose {lag} of data{promised}, and nobody is asked")
        }
        OfWriters::DataLossBeforeFence { gate, site } => {
            format!("{gate} is judged before the old writer at {site} is fenced")
        }
        OfWriters::NoVerify { step } => {
            format!("{step} brings users to what no step verifies, though its runbook could")
        }
        OfWriters::ShiftBeforeVerify { step, verify } => format!("{step} does not wait for {verify}"),
        OfWriters::VerifyBeforeUp { step, before } => format!("{step} does not wait for {before}"),
        OfWriters::DrainBeforeReady { step, target } => {
            format!("{step} lets go of users before {target} is ready for them")
        }
    }
}

fn room(of: &OfRoom) -> String {
    match of {
        OfRoom::SiteOverfull { site, resource, at, taken, limit } => {
            format!("{site} carries {} at {}", of_limit(*taken, *limit, resource), exactly(*at))
        }
        OfRoom::ReplicaOverfull { service, site, resource, at, taken, limit } => {
            format!("{service} at {site} carries {} at {}", of_limit(*taken, *limit, resource), exactly(*at))
        }
        OfRoom::RoomByClock { site, resource, taken, limit } => format!(
            "what waits for none of those who give up room at {site} takes {}",
            of_limit(*taken, *limit, resource)
        ),
        OfRoom::ScaleNotAwaited { step, scale } => {
            format!("{step} takes what {scale} launches, and does not wait for it")
        }
        OfRoom::ScaleBeyond { step, resource, amount, limit } => {
            format!("{step} launches {}", of_limit(*amount, *limit, resource))
        }
        OfRoom::GroupTooSmall { step, instances, needed } => {
            format!("{step} asks its group for {instances} instances in all, and {needed} are needed")
        }
    }
}

fn approval(of: &OfApproval) -> String {
    match of {
        OfApproval::StartApprovals { count: 0 } => "nobody is asked whether the plan may start".to_owned(),
        OfApproval::StartApprovals { count } => format!("{count} gates ask whether the plan may start; one should"),
        OfApproval::BeforeStartApproval { step } => format!("{step} changes something before the plan is approved"),
        OfApproval::IrreversibleUnapproved { step } => format!("{step} has no way back, and no gate guards it"),
        OfApproval::VictimUnapproved { step, service } => {
            format!("{step} makes {service} give up room, and nobody approves it")
        }
    }
}

fn summary(of: &OfSummary) -> String {
    match of {
        OfSummary::TierDiffers { service, stated, is } => {
            format!("the tier of {service} is said to be {stated}; it is {is}")
        }
        OfSummary::ObjectiveDiffers { service, stated, declared } => format!(
            "{service} is said to be promised {}; declared is {}",
            span(stated.as_ref()),
            span(declared.as_ref())
        ),
        OfSummary::TargetDiffers { service, site, stated, steps } => {
            format!("{service} is said to end {} at {site}; its steps leave it {}", serving(*stated), serving(*steps))
        }
        OfSummary::AdmitsDiffers { service, stated, targets } => {
            format!("{service} is said to admit {stated}, and its targets serve {targets}")
        }
        OfSummary::BackDiffers { service, stated, steps } => {
            format!("{service} is said to be back {}; its steps say {}", when(*stated), when(*steps))
        }
        OfSummary::FullDiffers { service, stated, steps } => {
            format!("{service} is said to be full {}; its steps say {}", when(*stated), when(*steps))
        }
        OfSummary::MilestonesDisorder { service, at } => {
            format!("the milestones of {service} do not go forward from T=0, at {}", exactly(*at))
        }
        OfSummary::MilestoneTooGood { service, at, stated, steps } => {
            format!("{service} is said to be {} at {}; it is {}", serving(*stated), exactly(*at), serving(*steps))
        }
        OfSummary::ServedByClock { first, second } => {
            format!("{second} does not wait for {first}, and both decide what is served there")
        }
        OfSummary::PathDiffers { service, link } => {
            format!("the critical path of {service} leads over {link}, which is not in the plan at that time")
        }
        OfSummary::ClassEndsEarly { tier, stated, step, end } => {
            format!("{tier} is said to be done {}, and {step} ends {}", when(Some(*stated)), when(Some(*end)))
        }
    }
}

/// To the millisecond where seconds would hide the fault.
fn exactly(at: Millis) -> String {
    let rest = at.0 % 1_000;
    if rest == 0 { words::at(at) } else { format!("{}.{rest:03}", words::at(Millis(at.0 - rest))) }
}

fn when(at: Option<Millis>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| format!("at {}", exactly(at)))
}

fn span(span: Option<&Millis>) -> String {
    span.map_or_else(|| "nothing".to_owned(), Millis::to_string)
}

fn serving((level, share): (Level, Ppm)) -> String {
    format!("{} for {share}", words::level(level))
}

fn of_limit(taken: u64, limit: u64, resource: &str) -> String {
    format!("{} of at most {} {resource}", amount_text(taken), amount_text(limit))
}

const fn what(noun: Noun) -> &'static str {
    match noun {
        Noun::Service => "service",
        Noun::Site => "site",
        Noun::Replica => "replica",
        Noun::Pool => "pool",
        Noun::Route => "route",
        Noun::Provider => "provider",
        Noun::Kit => "kit",
        Noun::Tier => "tier",
        Noun::Surge => "surge",
        Noun::Resource => "resource",
        Noun::Phase => "phase",
        Noun::Procedure => "procedure",
        Noun::Step => "step",
        Noun::Supply => "service or kit to use",
    }
}

const fn how_far(limit: Limit) -> &'static str {
    match limit {
        Limit::Timeout => "the time of an attempt",
        Limit::Attempts => "its attempts",
        Limit::Wait => "how long it waits",
        Limit::Parallel => "how many hosts at once",
        Limit::Enough => "how many hosts are enough",
        Limit::Handshakes => "handshakes at once",
        Limit::Output => "the output that is kept",
    }
}

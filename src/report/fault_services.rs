//! What is said of faults in services, in what leads to them, and in what is done for them.

use crate::model::Fault;
use crate::model::GroupError;
use crate::model::NoAddress;
use crate::model::Noun;
use crate::model::Ppm;
use crate::model::ProviderKind;
use crate::model::RecordError;
use crate::model::amount_text;
use crate::report::fault::FaultWords;
use crate::report::fault::away;
use crate::report::fault::either;
use crate::report::fault::quoted;
use crate::report::fault::ramp;
use crate::report::fault::says;
use crate::template::TextFault;

fn path(names: &[String]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" → ")
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the next of these functions knows the others")]
pub(super) fn service(fault: &Fault) -> Option<FaultWords> {
    Some(match fault {
        Fault::DependsOnItself(service) => says(format!("{} depends on itself", quoted(service)), "itself")
            .help("remove it: to wait for oneself is to wait for ever"),
        Fault::DependsTwice(service) => says(format!("{} is listed twice", quoted(service)), "listed again")
            .help("the first one counts")
            .also("first listed here"),
        Fault::HardCycle(names) => says(format!("services need each other: {}", path(names)), "part of a circle")
            .help("they are recovered together: all start, then all verify")
            .help("if one of them can serve without the other for a while, make that edge soft or start"),
        Fault::StartCycle(names) => says(format!("services need each other to start: {}", path(names)), "part of a circle")
            .help("from nothing, none of them can be first: break the circle with an alternative (any-of) or a kit"),
        Fault::MixedCycle(names) => says(
            format!("services need each other to serve and to start: {}", path(names)),
            "part of a circle",
        )
        .help("from nothing, none of them can be first: break the circle with an alternative (any-of) or a kit"),
        Fault::FutureDate { key, date } => {
            says(format!("`{key}` is {date}, a day that has not come yet"), "not yet")
                .help("write the day on which it was really done: ages are judged by it")
        }
        Fault::NoAddress { service, why } => no_address(service, why),
        Fault::SharesSum(sum) => says(format!("the shares of the active replicas add up to {sum}"), "must be 100 %")
            .help("every user is somewhere: let the shares of active replicas add up to 1"),
        Fault::ShareNotActive => says("a replica that takes no traffic has a share of it", "only active replicas have shares")
            .help("make its role \"active\", or remove the share"),
        Fault::ActiveWithoutShare => says("an active replica has no share of the load", "which share?")
            .help("add `share`; only the single active replica of a service may leave it out"),
        Fault::NoActive(service) => says(format!("no replica of {} is active", quoted(service)), "nobody takes its traffic")
            .help("give one replica role = \"active\""),
        Fault::NotOneActive { service, active } => {
            says(format!("{} is stateful and has {active} active replicas", quoted(service)), "must have exactly one")
                .help("two writers destroy data; if copies really follow each other by a recipe of their own, the kind is \"replicated\"")
        }
        Fault::NoReplication => says("this copy does not say how its data follows", "no replication")
            .help("add replication = { from = \"SITE\", mode = \"sync\" or \"async\", max-lag = … }")
            .help("without it nobody knows what a promotion here would lose"),
        Fault::BadReplicationSource { site, itself: true } => {
            says(format!("the data at {} is said to come from itself", quoted(site)), "itself")
        }
        Fault::BadReplicationSource { site, itself: false } => {
            says(format!("the service has no replica at {}", quoted(site)), "no data can come from there")
        }
        Fault::VotersNotQuorum => says("voters in a service that is no quorum", "only kind = \"quorum\" votes"),
        Fault::NoVoters(service) => says(format!("no replica of {} votes", quoted(service)), "a quorum needs voters")
            .help("add `voters` to its replicas: who survives is judged by their majority"),
        Fault::MaxLoadMissing => says("this replica does not say what it can carry", "`max-load` is missing")
            .help("add max-load = { … }: cores of a site can't be lent to hosts that don't have them"),
        Fault::DegradedAboveLoad { resource, degraded, load } => says(
            format!("degraded takes {} {resource}, more than full with {}", amount_text(*degraded), amount_text(*load)),
            "the floor is above the ceiling",
        ),
        Fault::StandingAboveMaxLoad { resource, standing, max_load } => says(
            format!("waiting takes {} {resource}, where {} is the most", amount_text(*standing), amount_text(*max_load)),
            "more than max-load",
        ),
        Fault::SubsetNotInHosts { subset, host } => {
            says(format!("{} is not among the hosts of this replica", quoted(host)), format!("subset {}", quoted(subset)))
        }
        _ => return None,
    })
}

/// Why a service has no address, or no single one.
fn no_address(service: &str, why: &NoAddress) -> FaultWords {
    let (what, site, help) = match why {
        NoAddress::NoRoute => {
            ("no address", None, "its address is that of its route: give it one, or name what it is reached by")
        }
        NoAddress::NoneAt(site) => {
            ("no address", Some(site), "write the address at this site into its route, or name what it is reached by")
        }
        NoAddress::ManyAt(site) => {
            ("several addresses", Some(site), "name the one that is meant, for example as a parameter of the runbook")
        }
    };
    let at = site.map_or_else(String::new, |site| format!(" at {}", quoted(site)));
    let label = if matches!(why, NoAddress::ManyAt(_)) { "which one?" } else { "no value" };
    says(format!("{} has {what}{at}", quoted(service)), label).help(help)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the next of these functions knows the others")]
pub(super) fn reach(fault: &Fault) -> Option<FaultWords> {
    Some(match fault {
        Fault::HostsTwice { hosts, service, site } => {
            says(format!("{hosts} is also a host of {} at {}", quoted(service), quoted(site)), "at two sites")
                .help("a host stands at one site: the loss of the one would be planned on hosts of the other")
                .also("first written here")
        }
        Fault::HostRulesDiffer { first, host } => says(
            format!("{host} is reached by another rule than {first}, which is in the same set"),
            "reached as the first of them",
        )
        .help("the hosts of a set are reached alike: give the rules the same address, user, port, bastions and uses")
        .help("or write a rule that is for all of them before the others: the first that matches counts")
        .also("its rule"),
        Fault::ScaleWithoutOnDemand { site, cloud } => {
            let why = if *cloud { "declares nothing on demand" } else { "is no cloud" };
            says(format!("{} {why}: nothing can be launched there", quoted(site)), "can't scale")
                .help("declare on-demand = { … } at the site, or remove `scale`")
        }
        Fault::ScaleGainsNothing => says("scaled, this replica carries no more than without", "no gain")
            .help("max-load of `scale` counts the replica's own hosts too"),
        Fault::NoCapacity(site) => says(format!("{} has no capacity", quoted(site)), "nothing fits in here")
            .help("add capacity = { cores = …, … }"),
        Fault::KitNowhere(kit) => says(format!("the kit {} is held nowhere", quoted(kit)), "no site, no place")
            .help("name where copies of it are: a kit that nobody holds opens nothing"),
        Fault::OrchestratorNowhere => says("this tool has no copy anywhere", "no site, no place")
            .help("name where copies of it are; in 2022 the switch-over tool stood only in the site that burnt"),
        Fault::NotAReplica { service, site } => {
            says(format!("{} has no replica at {}", quoted(service), quoted(site)), "not there")
        }
        Fault::RouteWithoutReplica { route, site } => says(
            format!("{} leads to {}, where its service has no replica", quoted(route), quoted(site)),
            "nobody there",
        )
        .help("users that are sent there find nothing: remove the site from the route, or declare the replica"),
        Fault::RouteUnused(route) => says(format!("nobody uses the route {}", quoted(route)), "never shifted")
            .help("a service names its route: route = \"NAME\""),
        Fault::EmptyRecords => says("a route without addresses", "empty")
            .help("an empty record set takes a service off the net: name addresses, or leave the site out"),
        Fault::BadRecord { route, why } => record(route, why),
        Fault::FamilyGap { route, family, has, lacks } => family_gap(route, family, has, lacks),
        Fault::RampTooFine { route, kind, first, least } => too_fine(route, *kind, (*first, *least)),
        Fault::BadGroup { provider, why } => group(provider, why),
        Fault::BadRamp(why) => {
            says("this is no ramp", ramp(*why)).help("write ramp = [\"1%\", \"10%\", \"50%\", \"100%\"]")
        }
        Fault::KeyNotForKind { key, kind } => {
            says(format!("a provider of kind {} has no `{key}`", provider(*kind)), "not for this kind")
        }
        Fault::KeyForKind { key, kind } => {
            says(format!("a provider of kind {} needs `{key}`", provider(*kind)), format!("`{key}` is missing here"))
        }
        Fault::WrongProvider { provider: name, kind, scale } => {
            let (can, may) = if *scale {
                ("launches no capacity", "`aws-autoscaling`, `http` or `command`")
            } else {
                ("shifts no routes", "`rfc2136`, `haproxy`, `route53`, `http` or `command`")
            };
            says(format!("{} is of kind {}, which {can}", quoted(name), provider(*kind)), "can't do this")
                .help(format!("use a provider of kind {may}"))
        }
        _ => return None,
    })
}

const fn provider(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Rfc2136 => "rfc2136",
        ProviderKind::Haproxy => "haproxy",
        ProviderKind::Route53 => "route53",
        ProviderKind::AwsAutoscaling => "aws-autoscaling",
        ProviderKind::Http => "http",
        ProviderKind::Command => "command",
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the next of these functions knows the others")]
pub(super) fn step(fault: &Fault) -> Option<FaultWords> {
    Some(match fault {
        Fault::NeedsCycle(names) => says(format!("steps wait for each other: {}", path(names)), "part of a circle")
            .help("none of them could ever begin; until it is mended the order written counts"),
        Fault::Template(why) => template(why),
        Fault::NoAction => says("nothing is done here", "no action")
            .help("write exactly one: ssh, exec, http, route, scale, confirm, notify or wait (a probe asks by ssh, exec or http)"),
        Fault::ManyActions(actions) => says(format!("more than one thing is done here: {}", either(actions).replace(" or ", " and ")), "one too many")
            .help("one step does one thing, so that it is known what was done: part it into several"),
        Fault::ActionAway { action, why } => says(format!("`{action}` is not available here"), away(*why)),
        Fault::PhaseMissing(procedure) => says(format!("a step of [[{}]] lacks its phase", procedure.word()), "`phase` is missing here")
            .help("free → prepare → start → warm → quiesce → fence → promote → verify → shift → drain → stop"),
        Fault::PhaseAway(procedure) => says(format!("steps of [[{}]] have no phase", procedure.word()), "not here")
            .help("they run in the order written; remove `phase`"),
        Fault::RetryIrreversible => says("a step that can't be undone is tried again, and can't tell whether it is done", "tried again")
            .help("add `done-if`: then a second try finds out first"),
        Fault::EnoughZero => says("a batch that is satisfied with no host at all", "nothing is not success")
            .help("name the share of hosts that is enough, above 0"),
        Fault::TimeoutShort => says("the step is given up before it typically ends", "shorter than `expect`")
            .help("a timeout leaves the step in doubt: let it be well above what it typically takes"),
        _ => return None,
    })
}

fn template(why: &TextFault) -> FaultWords {
    let ours = "names stand alone between braces: {{ service }}";
    match why {
        TextFault::Unclosed => says("`{{` without its `}}`", "never closed").help(ours),
        TextFault::Empty => says("no name between the braces", "empty").help(ours),
        TextFault::NotAName(text) => says(format!("`{}` is no name", quoted(text)), "only names are filled in")
            .help(ours)
            .help("text that belongs to another tool is written with a backslash: \\{{ … }} (in single quotes)"),
        TextFault::Block(text) => {
            says(format!("`{}` opens a block, and there are no blocks", quoted(text)), "no logic here").help(ours)
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the functions before this one know the others")]
pub(super) fn usage(fault: &Fault) -> Option<FaultWords> {
    Some(match fault {
        Fault::MissingParam { service, param } => {
            says(format!("{} gives no value for `{}`", quoted(service), quoted(param)), "its runbook wants one")
                .help(format!("add params = {{ {} = \"…\" }}", quoted(param)))
        }
        Fault::ForeignProcedure { procedure, user, name } => {
            let whose = if *user == Noun::Service { "sites" } else { "services" };
            let words = says(
                format!(
                    "[[{}]] is a procedure of {whose}, and the {} {} uses this runbook",
                    procedure.word(),
                    user.word(),
                    quoted(name)
                ),
                "never run",
            );
            if *user == Noun::Service {
                words.help("a service is fenced by a step of [[failover]] with phase = \"fence\"")
            } else {
                words
            }
        }
        Fault::RunbookOfBoth { service, site } => says(
            format!("the runbook is used by the service {} and by the site {}", quoted(service), quoted(site)),
            "of which of both?",
        )
        .help("their procedures are different ones: write two runbooks"),
        Fault::RunbookUnused(runbook) => says(format!("nobody uses the runbook {}", quoted(runbook)), "never run")
            .help("a service takes the runbook that it names, else the one of its own name; a site names its own"),
        Fault::TwoRunbooks { service, named } => says(
            format!(
                "{} takes the runbook {}, and nobody takes the one of its own name",
                quoted(service),
                quoted(named)
            ),
            "this one is run",
        )
        .help("remove `runbook`, or the runbook that nobody takes")
        .also("this one is not"),
        Fault::NoRunbook(service) => {
            says(format!("{} has somewhere to go, and no runbook to get there", quoted(service)), "no runbook")
                .help("name one, a template for many services will do: runbook = \"NAME\"")
        }
        _ => return None,
    })
}

/// What is wrong with an auto-scaling group.
fn group(provider: &str, why: &GroupError) -> FaultWords {
    match why {
        GroupError::AlsoBy(other) => {
            says(format!("{} and {} name the same group", quoted(provider), quoted(other)), "one group, two providers")
                .help("a plan adds up what is launched by one provider: let both be one")
        }
        GroupError::TwoSites { first, second } => {
            says(format!("{} launches at {first} and at {second}", quoted(provider)), "one group, two sites")
                .help("a group is in one region: give each site a provider of its own")
        }
        GroupError::GivesNone(resource) => says(
            format!("an instance of {} gives no {resource}, and services grow by it", quoted(provider)),
            "gives nothing of it",
        )
        .help(format!("say how much one instance gives: instance = {{ {resource} = …, … }}")),
    }
}

fn family_gap(route: &str, family: &str, has: &[String], lacks: &[String]) -> FaultWords {
    says(
        format!("{} has {family} addresses at {} and none at {}", quoted(route), has.join(", "), lacks.join(", ")),
        "not everywhere",
    )
    .help(
        "who asks for such an address never comes to a site without one, and finds nobody where it is alone: give each \
         site both kinds, or leave one kind out",
    )
}

fn too_fine(route: &str, kind: ProviderKind, (first, least): (Ppm, Ppm)) -> FaultWords {
    says(
        format!("the ramp of {} begins at {first}, and {} gives no less than {least}", quoted(route), provider(kind)),
        "too small a share",
    )
    .help("begin with a share that can be given: a smaller stage sends nobody, or more than it says")
}

/// What is wrong with where a route leads.
fn record(route: &str, why: &RecordError) -> FaultWords {
    match why {
        RecordError::NoAddress(place) => {
            says(format!("{} leads to {}, which is no IP address", quoted(route), quoted(place)), "not for DNS")
                .help("a record holds addresses; a backend or a server belongs to a provider of kind haproxy")
        }
        RecordError::TwoSites { place, first, second } => says(
            format!("{} leads to {} at {first} and at {second}", quoted(route), quoted(place)),
            "one place, two sites",
        )
        .help("nobody could tell which of them gets the users: give each site its own"),
        RecordError::OutsideZone(zone) => {
            says(format!("the record of {} is not in the zone {zone}", quoted(route)), "another zone")
                .help("write the whole name of the record, or name the provider that keeps its zone")
        }
        RecordError::AlsoBy(other) => {
            says(format!("{} and {} change the same record", quoted(route), quoted(other)), "two writers")
                .help("one record has one route; services may share it")
        }
        RecordError::NotLower => {
            says(format!("`low-ttl` of {} is not between 0s and its `ttl`", quoted(route)), "not lower").help(
                "it is how long answers may be kept during a planned move: write less than `ttl`, or leave it out",
            )
        }
        RecordError::KeepsNoTtl => says(
            format!("`low-ttl` of {} has no effect: its keeper gives no answers that are kept", quoted(route)),
            "unused",
        )
        .help("take it out: only a record that is kept by rfc2136 or route53 has one"),
    }
}

//! The keys of the files below `topology/`.

use crate::load::fields::may;
use crate::load::fields::must;
use crate::load::fields::settings::USE;
use crate::model::Field;
use crate::model::Kind;
use crate::model::Noun;
use crate::model::Table;

const AMOUNTS: Kind = Kind::Map(&Kind::Amount);
const ENV: Field = may("env", Kind::Map(&Kind::Secret), "Secrets by reference, handed over as variables.");

pub(in crate::load) static TOPOLOGY: Table = Table {
    title: "topology",
    doc: "Sites, services and how they are reached, in any number of files.",
    rest: None,
    fields: &[
        may("tier", Kind::List(&Kind::Table(&TIER)), "Tiers in order of recovery, all in one file."),
        may("site", Kind::Map(&Kind::Table(&SITE)), "Sites by name."),
        may("place", Kind::Map(&Kind::Table(&PLACE)), "Places by name."),
        may("kit", Kind::Map(&Kind::Table(&KIT)), "Kits by name."),
        may("service", Kind::Map(&Kind::Table(&SERVICE)), "Services by name."),
        may("host", Kind::List(&Kind::Table(&HOST)), "How hosts are reached; the first match is taken."),
        may("route", Kind::Map(&Kind::Table(&ROUTE)), "Routes by name."),
        may("provider", Kind::Map(&Kind::Table(&PROVIDER)), "Providers by name."),
    ],
};

pub(in crate::load) static TIER: Table = Table {
    title: "[[tier]]",
    doc: "How soon a service matters; the first tier is first.",
    rest: None,
    fields: &[
        must("id", Kind::Name, "Its name."),
        may("title", Kind::Text, "For people."),
        may("rto", Kind::Span, "Promised limit on downtime."),
        may("rpo", Kind::Span, "Promised limit on lost data."),
    ],
};

pub(in crate::load) static SITE: Table = Table {
    title: "[site.NAME]",
    doc: "What is lost whole: a datacenter or a cloud region.",
    rest: None,
    fields: &[
        may("title", Kind::Text, "For people."),
        must("kind", Kind::Word(&["datacenter", "cloud"]), "Own hardware, or rented by the minute."),
        may(
            "fault-domains",
            Kind::List(&Kind::Name),
            "What it shares with other sites, and can take them down together.",
        ),
        may("capacity", AMOUNTS, "What is there at once: own hardware, or reserved capacity of a cloud."),
        may("fill-limit", Kind::Share, "A plan never promises to fill the site beyond this share (0.85)."),
        may("on-demand", Kind::Table(&ON_DEMAND), "What a cloud launches on request."),
        may("runbook", Kind::Ref(Noun::Runbook), "Its own procedures: fence the whole site, release it."),
        may("defaults", Kind::Table(&DEFAULTS), "What its hosts have in common."),
    ],
};

pub(in crate::load) static DEFAULTS: Table = Table {
    title: "defaults",
    doc: "What the hosts of a site have in common.",
    rest: None,
    fields: &[may("user", Kind::Name, "The user of ssh steps, where no host rule names one.")],
};

pub(in crate::load) static ON_DEMAND: Table = Table {
    title: "on-demand",
    doc: "Resources by name, and what is known about launching them.",
    rest: Some(Kind::Amount),
    fields: &[
        must("ready-in", Kind::Span, "From the request until it serves."),
        may("launch-proved", Kind::Date, "When a launch of this size last worked."),
    ],
};

pub(in crate::load) static PLACE: Table = Table {
    title: "[place.NAME]",
    doc: "Where people and kits can be, besides sites.",
    rest: None,
    fields: &[may("title", Kind::Text, "For people.")],
};

pub(in crate::load) static KIT: Table = Table {
    title: "[kit.NAME]",
    doc: "Something held by people, not by a machine.",
    rest: None,
    fields: &[
        may("title", Kind::Text, "For people."),
        must("held-at", Kind::List(&Kind::Ref(Noun::Whereabouts)), "Sites and places that hold a copy."),
        may("fetch", Kind::Span, "What it takes a person to use it."),
    ],
};

pub(in crate::load) static SERVICE: Table = Table {
    title: "[service.NAME]",
    doc: "The unit that is recovered.",
    rest: None,
    fields: &[
        may("title", Kind::Text, "For people."),
        must("tier", Kind::Ref(Noun::Tier), "How soon it matters."),
        may("owner", Kind::Text, "The team that answers for it."),
        must(
            "kind",
            Kind::Word(&["stateless", "sticky", "replicated", "stateful", "quorum"]),
            "The recipe that it needs.",
        ),
        may(
            "depends-on",
            Kind::List(&Kind::Either(&[Kind::Ref(Noun::Service), Kind::Table(&DEPENDENCY)])),
            "What it needs.",
        ),
        may("deps-reviewed", Kind::Date, "When somebody last looked at that list."),
        may("load", AMOUNTS, "What the whole service takes at its daily peak."),
        may("degraded", Kind::Table(&DEGRADED), "The reduced form that still does its job."),
        may("surge", Kind::Map(&Kind::Factor), "By which factor a named surge multiplies both levels."),
        may("caches", Kind::List(&Kind::Table(&CACHE)), "What is empty after a start."),
        may("reconnect", Kind::Table(&RECONNECT), "The herd that comes back when it does."),
        may("route", Kind::Ref(Noun::Route), "How users reach it."),
        may("rto", Kind::Span, "Its own promise on downtime; the tier's unless written."),
        may("rpo", Kind::Span, "Its own promise on lost data; the tier's unless written."),
        may("runbook", Kind::Ref(Noun::Runbook), "Its procedures; the runbook of its own name unless written."),
        may("params", Kind::Map(&Kind::Text), "Values for the names that its runbook wants."),
        may("at", Kind::Map(&Kind::Table(&REPLICA)), "Its replicas, by site."),
    ],
};

pub(in crate::load) static DEPENDENCY: Table = Table {
    title: "depends-on",
    doc: "One thing that a service needs.",
    rest: None,
    fields: &[
        must("service", Kind::Ref(Noun::Service), "What is needed."),
        may(
            "kind",
            Kind::Word(&["hard", "soft", "start"]),
            "Can't serve without it, serves with less, or only to start.",
        ),
        may("unless", Kind::Word(&["degraded"]), "Needed for the full level only."),
        may("reach", Kind::Word(&["same-site"]), "It must be in the caller's own site."),
    ],
};

pub(in crate::load) static DEGRADED: Table = Table {
    title: "degraded",
    doc: "The reduced form of a service: its floor.",
    rest: None,
    fields: &[
        must("load", AMOUNTS, "What the whole service takes in that form."),
        may("note", Kind::Text, "What users notice."),
    ],
};

pub(in crate::load) static CACHE: Table = Table {
    title: "caches",
    doc: "Something that is empty after a start.",
    rest: None,
    fields: &[
        must("name", Kind::Name, "Its name within the service."),
        must("kind", Kind::Word(&["capacity", "latency"]), "Whether the load can't be carried while it is empty."),
        must("warm", Kind::Span, "How long it takes to fill."),
    ],
};

pub(in crate::load) static RECONNECT: Table = Table {
    title: "reconnect",
    doc: "The herd: clients that come back all at once.",
    rest: None,
    fields: &[
        must("clients", Kind::Count { low: 0, high: 100_000_000_000 }, "Clients with a connection at the daily peak."),
        must("per-second", Kind::Count { low: 1, high: 1_000_000_000 }, "How many may come back per second."),
    ],
};

pub(in crate::load) static REPLICA: Table = Table {
    title: "[service.NAME.at.SITE]",
    doc: "One service at one site.",
    rest: None,
    fields: &[
        must("role", Kind::Word(&["active", "hot", "warm", "cold"]), "What it does in normal times."),
        may("share", Kind::Share, "Of the load, in normal times; the shares of active replicas add up to 1."),
        may("hosts", Kind::Hosts, "Its hosts; none for what is run by others."),
        may("subsets", Kind::Map(&Kind::Hosts), "Named parts of its hosts."),
        may(
            "max-load",
            AMOUNTS,
            "What these hosts can carry; an active replica's is its share of the load unless written.",
        ),
        may("standing", AMOUNTS, "What it takes while it waits; given back when it is started."),
        may("scale", Kind::Table(&SCALE), "How it grows beyond its hosts, in a cloud."),
        may("replication", Kind::Table(&REPLICATION), "How its data follows the active replica."),
        may("voters", Kind::Count { low: 0, high: 99 }, "How many voters of a quorum are here."),
    ],
};

pub(in crate::load) static SCALE: Table = Table {
    title: "scale",
    doc: "How a replica grows beyond its hosts.",
    rest: None,
    fields: &[
        must("provider", Kind::Ref(Noun::Provider), "Who launches."),
        must("max-load", AMOUNTS, "What it can carry at most when scaled, hosts included."),
    ],
};

pub(in crate::load) static REPLICATION: Table = Table {
    title: "replication",
    doc: "How the data of a replica follows.",
    rest: None,
    fields: &[
        must("from", Kind::Ref(Noun::Site), "The site that its data comes from."),
        must("mode", Kind::Word(&["sync", "async"]), "Whether a write waits for this copy."),
        may("max-lag", Kind::Span, "How far behind it may be."),
    ],
};

pub(in crate::load) static HOST: Table = Table {
    title: "[[host]]",
    doc: "How to reach hosts, by name pattern.",
    rest: None,
    fields: &[
        must("match", Kind::Form("a pattern of host names, in which * stands for anything"), "Which hosts."),
        may("address", Kind::Template, "Where they are reached; their own name unless written."),
        may("user", Kind::Name, "The user to log in as."),
        may("port", Kind::Count { low: 1, high: 65_535 }, "The port (22)."),
        may("jump", Kind::List(&Kind::Form("\"SERVICE@SITE\"")), "Bastions, tried in turn."),
        may("uses", Kind::List(&USE), "What an ssh step on such a host uses, in place of the orchestrator's uses."),
    ],
};

pub(in crate::load) static ROUTE: Table = Table {
    title: "[route.NAME]",
    doc: "How users reach a service.",
    rest: None,
    fields: &[
        must("provider", Kind::Ref(Noun::Provider), "Who changes it."),
        must("name", Kind::Text, "The record, backend or path that the provider knows it by."),
        must("ttl", Kind::Span, "How long an answer may be kept by whoever asked."),
        may("low-ttl", Kind::Span, "The same while a planned move is on its way, for rfc2136 and route53 (30s)."),
        must("at", Kind::Map(&Kind::List(&Kind::Text)), "Addresses by site."),
        may("ramp", Kind::List(&Kind::Share), "The shares that a target passes through (100%)."),
        may("hold", Kind::Span, "Between two steps of the ramp (0s)."),
        may("health", Kind::Table(&HEALTH), "How health is judged on the way."),
    ],
};

pub(in crate::load) static HEALTH: Table = Table {
    title: "health",
    doc: "How the health of a target is judged.",
    rest: None,
    fields: &[
        must("http", Kind::Template, "What is fetched; may name address and site."),
        may("expect-status", Kind::Count { low: 100, high: 599 }, "The status that means healthy (200)."),
        may("max-error-rate", Kind::Share, "The share of failed answers above which a ramp goes back (0)."),
    ],
};

pub(in crate::load) static PROVIDER: Table = Table {
    title: "[provider.NAME]",
    doc: "Who changes routes or launches capacity.",
    rest: None,
    fields: &[
        must(
            "kind",
            Kind::Word(&["rfc2136", "haproxy", "route53", "aws-autoscaling", "http", "command"]),
            "How it is spoken to.",
        ),
        may(
            "servers",
            Kind::List(&SERVER_FORMS),
            "Where it is spoken to: name servers are tried in turn, balancers are all changed.",
        ),
        may(
            "also",
            Kind::List(&SERVER_FORMS),
            "Further servers that answer for it: looked at after a change, never changed.",
        ),
        may("zone", Kind::Text, "The DNS zone, for rfc2136; its name or its identifier, for route53."),
        may("tsig", Kind::Table(&TSIG), "The key that signs updates, for rfc2136."),
        may("group", Kind::Text, "The auto-scaling group, for aws-autoscaling."),
        may("region", Kind::Name, "The region that the group is in."),
        may("instance", AMOUNTS, "What one instance of the group gives."),
        may(
            "standing",
            Kind::Count { low: 0, high: 1_000_000 },
            "How many instances the group has in normal times, for what no plan launches.",
        ),
        may("read", Kind::Template, "What reads the present state, for http and command."),
        may("write", Kind::Template, "What changes it, for http and command."),
        may("look", Kind::Template, "What sees where a route leads by another way, for http and command."),
        ENV,
        may("uses", Kind::List(&USE), "What it needs in order to work at all."),
    ],
};

const SERVER_FORMS: Kind = Kind::Either(&[Kind::Text, Kind::Table(&SERVER)]);

pub(in crate::load) static SERVER: Table = Table {
    title: "server",
    doc: "One server of a provider.",
    rest: None,
    fields: &[
        must("address", Kind::Text, "Where it is spoken to."),
        may("site", Kind::Ref(Noun::Site), "Where it is: whoever loses that site loses this server."),
    ],
};

pub(in crate::load) static TSIG: Table = Table {
    title: "tsig",
    doc: "A key that signs DNS updates.",
    rest: None,
    fields: &[
        must("name", Kind::Text, "The key's name."),
        may("algorithm", Kind::Word(&["hmac-sha256", "hmac-sha512"]), "How it signs (hmac-sha256)."),
        must("secret", Kind::Secret, "Where the key is."),
    ],
};

//! Names on the command line, found in the estate; an unknown one is answered with what may have been meant.

use crate::cli::error::CommandError;
use crate::load;
use crate::model::Estate;
use crate::model::HostSet;
use crate::model::HostSetError;
use crate::model::RouteId;
use crate::model::Scope;
use crate::model::ServiceId;
use crate::model::SiteId;

/// How scopes are written, for hints.
const SHAPES: &str = "a scope is SITE, domain:NAME, hosts:SET or service:NAME@SITE";

/// Reads `SITE`, `domain:NAME`, `hosts:SET` or `service:NAME@SITE`.
pub(crate) fn scope(estate: &Estate, text: &str) -> Result<Scope, CommandError> {
    if text.trim().is_empty() {
        return Err(CommandError::usage("an empty text names no scope").hint(SHAPES));
    }
    if let Some(name) = text.strip_prefix("domain:") {
        let known = || estate.domains.iter().map(String::as_str);
        return estate.domain_named(name).map(Scope::Domain).ok_or_else(|| unknown("fault domain", name, known()));
    }
    if let Some(set) = text.strip_prefix("hosts:") {
        return HostSet::parse(set).map(Scope::Hosts).map_err(|why| hosts(set, &why));
    }
    if let Some(replica) = text.strip_prefix("service:") {
        let Some((name, at)) = replica.split_once('@') else {
            return Err(CommandError::usage(format!("{text} does not say at which site")).hint(SHAPES));
        };
        return Ok(Scope::Replica(service(estate, name)?, site(estate, at)?));
    }
    site(estate, text).map(Scope::Site).map_err(|error| site_hint(estate, text, error))
}

/// A site by its name.
pub(crate) fn site(estate: &Estate, name: &str) -> Result<SiteId, CommandError> {
    let known = estate.sites.iter().map(|site| site.name.as_str());
    estate.site_named(name).ok_or_else(|| unknown("site", name, known))
}

/// A route by its name.
pub(crate) fn route(estate: &Estate, name: &str) -> Result<RouteId, CommandError> {
    let known = estate.routes.iter().map(|route| route.name.as_str());
    let found = estate.routes.iter().position(|route| route.name == name);
    found.map(RouteId::new).ok_or_else(|| unknown("route", name, known))
}

/// A service by its name.
pub(crate) fn service(estate: &Estate, name: &str) -> Result<ServiceId, CommandError> {
    let known = estate.services.iter().map(|service| service.name.as_str());
    estate.service_named(name).ok_or_else(|| unknown("service", name, known))
}

/// What to say of a name that nobody declared: what may have been meant, else a few of those that there are.
pub(crate) fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str> + Clone) -> CommandError {
    /// A terminal's line of names; more help nobody.
    const SHOWN: usize = 8;
    let error = CommandError::usage(format!("there is no {what} {name}"));
    if let Some(near) = load::near(name, known.clone()) {
        return error.hint(format!("did you mean {near}?"));
    }
    let all: Vec<&str> = known.collect();
    match all.len() {
        0 => error.hint(format!("no {what} is declared")),
        1..=SHOWN => error.hint(format!("declared: {}", all.join(", "))),
        many => error.hint(format!("declared: {}, and {} more", all[..SHOWN].join(", "), many - SHOWN)),
    }
}

/// A name that is no site may be something else that was meant.
fn site_hint(estate: &Estate, text: &str, error: CommandError) -> CommandError {
    if estate.domain_named(text).is_some() {
        return error.hint(format!("the fault domain of that name is domain:{text}"));
    }
    if let Some(id) = estate.service_named(text) {
        let sites = estate.service(id).replicas.iter().map(|replica| estate.site(replica.site).name.as_str());
        let scopes: Vec<String> = sites.map(|site| format!("service:{text}@{site}")).collect();
        return error.hint(format!("the service of that name is {}", scopes.join(" or ")));
    }
    error.hint(SHAPES)
}

fn hosts(set: &str, why: &HostSetError) -> CommandError {
    let why = match why {
        HostSetError::Empty => "it names no host, and that never means all".to_owned(),
        HostSetError::Character(odd) => format!("{odd:?} can't be in the name of a host"),
        HostSetError::Range(part) => format!("{part} is no range: write pg-msg-[001-120]"),
        HostSetError::Backwards(part) => format!("the range of {part} runs backwards"),
        HostSetError::TooMany => "it names more than 100,000 hosts".to_owned(),
        HostSetError::Twice(host) => format!("it names {host} twice"),
    };
    CommandError::usage(format!("hosts:{set} is no set of hosts: {why}"))
}

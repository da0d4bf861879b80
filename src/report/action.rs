//! What a step does and where, in one line, and in full.

use crate::model::Millis;
use crate::model::amount_text;
use crate::plan::ActionOnPaper;
use crate::plan::HostsOnPaper;
use crate::plan::HttpOnPaper;
use crate::plan::ProbeOnPaper;
use crate::plan::RouteOnPaper;
use crate::plan::Side;
use crate::plan::StageOnPaper;
use crate::plan::Step;
use crate::plan::TtlOnPaper;
use crate::report::words;

/// What is done, in one line.
#[must_use]
pub fn line(action: &ActionOnPaper) -> String {
    match action {
        ActionOnPaper::Ssh { line, .. } => format!("ssh {}", one_line(line)),
        ActionOnPaper::Exec { line, .. } => format!("exec {}", one_line(line)),
        ActionOnPaper::Http(call) => format!("{} {}", call.method, call.url),
        ActionOnPaper::Route(route) => route_line(route),
        ActionOnPaper::Ttl(ttl) => ttl_line(ttl),
        ActionOnPaper::Scale { provider, to, instances } => {
            let to: Vec<String> = to.iter().map(|(what, amount)| format!("{} {what}", amount_text(*amount))).collect();
            let to = to.join(", ");
            match instances {
                None => format!("ask {provider} for {to}"),
                Some(1) => format!("ask {provider} for 1 instance in all: {to} here"),
                Some(instances) => {
                    let instances = amount_text(instances.saturating_mul(1_000));
                    format!("ask {provider} for {instances} instances in all: {to} here")
                }
            }
        }
        ActionOnPaper::Confirm { question } => format!("ask \"{}\"", one_line(question)),
        ActionOnPaper::Notify { message, via } => format!("tell by {via}: {}", one_line(message)),
        ActionOnPaper::Wait(probe) => format!("wait until {}", probe_line(probe)),
        ActionOnPaper::Fetch { kit, held_at } => format!("fetch {kit} from {}", held_at.join(", ")),
    }
}

/// Where a step acts: `as-msg-[001-100] (100 hosts)`, or whose machine it is.
#[must_use]
pub fn place(step: &Step) -> String {
    match (&step.hosts, &step.site) {
        (Some(hosts), _) if step.action.is_on_hosts() => hosts_line(hosts),
        (_, Some(site)) if step.on != Side::Operator => format!("for {site}"),
        (_, _) => "operator".to_owned(),
    }
}

/// `as-msg-[001-100] (100 hosts)`.
#[must_use]
pub fn hosts_line(hosts: &HostsOnPaper) -> String {
    let count = words::count(usize::try_from(hosts.count).unwrap_or(usize::MAX), "host");
    format!("{} ({count})", words::plain(&hosts.set))
}

/// A probe in one line.
#[must_use]
pub fn probe_line(probe: &ProbeOnPaper) -> String {
    let mut text = line(&probe.ask);
    if let Some(output) = &probe.expect_output {
        text.push_str(&format!(" says {output:?}"));
    }
    if probe.times > 1 {
        text.push_str(&format!(", {} times in a row", probe.times));
    }
    if let Some(within) = probe.within_ms {
        text.push_str(&format!(", within {}", words::span(within)));
    }
    text
}

/// Everything about an action that one line leaves out, as pairs of a word and its value.
#[must_use]
pub fn details(action: &ActionOnPaper) -> Vec<(&'static str, String)> {
    match action {
        ActionOnPaper::Ssh { env, .. } | ActionOnPaper::Exec { env, .. } => {
            env.iter().map(|(name, secret)| ("secret", format!("{name} from {secret}"))).collect()
        }
        ActionOnPaper::Http(call) => http_details(call),
        ActionOnPaper::Route(route) => route_details(route),
        ActionOnPaper::Ttl(ttl) => vec![("provider", ttl.provider.clone())],
        ActionOnPaper::Notify { via, .. } if via.starts_with("webhook ") => {
            vec![("sends", "POST {\"text\": the message} as JSON; any 2xx means success".to_owned())]
        }
        ActionOnPaper::Scale { .. }
        | ActionOnPaper::Confirm { .. }
        | ActionOnPaper::Notify { .. }
        | ActionOnPaper::Fetch { .. } => Vec::new(),
        ActionOnPaper::Wait(probe) => details(&probe.ask),
    }
}

fn route_line(route: &RouteOnPaper) -> String {
    let to: Vec<String> = route.to.iter().map(|(site, share)| format!("{site} {}", words::percent(*share))).collect();
    format!("shift route {} to {}", route.route, to.join(", "))
}

fn ttl_line(ttl: &TtlOnPaper) -> String {
    let kept = format!("set the TTL of {} to {}", ttl.route, words::span(ttl.ttl_ms));
    let wait = format!(", wait {} for old answers", words::span(ttl.wait_ms));
    if ttl.wait_ms == Millis::ZERO { kept } else { kept + &wait }
}

fn route_details(route: &RouteOnPaper) -> Vec<(&'static str, String)> {
    let mut all = vec![("provider", route.provider.clone())];
    all.extend(route.stages.iter().map(|stage| ("stage", stage_line(stage))));
    all.push(("old answers", format!("live up to {} (TTL)", words::span(route.ttl_ms))));
    if !route.leaves.is_empty() {
        all.push(("leaves", route.leaves.join(", ")));
    }
    all.extend(route.admit_per_second.map(|rate| ("admits", format!("{rate} clients per second"))));
    all
}

fn stage_line(stage: &StageOnPaper) -> String {
    let to: Vec<String> = stage.to.iter().map(|(site, share)| format!("{site} {}", words::percent(*share))).collect();
    format!("{}, held {}", to.join(", "), words::span(stage.hold_ms))
}

fn http_details(call: &HttpOnPaper) -> Vec<(&'static str, String)> {
    let mut all: Vec<(&'static str, String)> =
        call.headers.iter().map(|(name, value)| ("header", format!("{name}: {value}"))).collect();
    all.extend(call.body.iter().map(|body| ("body", one_line(body))));
    all.extend(call.body_from.iter().map(|from| ("body", format!("from {from}"))));
    all.extend(call.ca.iter().map(|from| ("trusts", format!("only the authorities in {from}"))));
    all.extend((call.redirects > 0).then(|| ("follows", words::count(call.redirects as usize, "redirect"))));
    let each: Vec<String> = call.expect_status.iter().map(ToString::to_string).collect();
    let status = if each.is_empty() { "any 2xx".to_owned() } else { each.join(" or ") };
    let body = call.expect_body.as_ref().map_or(String::new(), |body| format!(" and a body with {body:?}"));
    all.push(("expects", format!("{status}{body}")));
    all
}

/// A text of several lines in one.
fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

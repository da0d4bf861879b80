//! Reads what is asked of a pair of hands: actions, probes, requests, messages.

use crate::load::fields::ACTION;
use crate::load::fields::HTTP;
use crate::load::fields::METHODS;
use crate::load::fields::PROBE;
use crate::load::fields::STATUS;
use crate::load::page::Named;
use crate::load::page::Page;
use crate::load::reach::env;
use crate::load::row::Key;
use crate::load::row::Row;
use crate::load::text;
use crate::load::text::Scene;
use crate::load::value;
use crate::load::value::Value;
use crate::model::Action;
use crate::model::Ask;
use crate::model::Body;
use crate::model::Channel;
use crate::model::Command;
use crate::model::Fault;
use crate::model::HeaderValue;
use crate::model::HttpCall;
use crate::model::Kind;
use crate::model::Notify;
use crate::model::Probe;
use crate::model::SecretRef;
use crate::template::Text;

/// The keys of actions, in the order in which they are explained.
pub(super) const ACTIONS: [&str; 8] = ["ssh", "exec", "http", "route", "scale", "confirm", "notify", "wait"];
const ASKS: [&str; 3] = ["ssh", "exec", "http"];
/// Headers that carry secrets; one that is written out would be in the plan, in the journal and on screens.
const SECRET_HEADERS: [&str; 6] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "x-vault-token"];

/// Secrets that a command gets.
pub(super) type Env = Vec<(String, SecretRef)>;

/// Reads the one action of a table; a route by name is given back beside it.
pub(super) fn action(row: &Row<'_, '_>, scene: Scene<'_>) -> Option<(Action, Option<Named>)> {
    let secrets = env(row);
    let key = one_of(row, &ACTIONS);
    let mut route = None;
    // Every key is read, so that every mistake is told, though only one can count.
    let mut read = None;
    for name in ACTIONS {
        let action = row.value(name).and_then(|value| one(row.page, name, value, scene, &secrets, &mut route));
        if key == Some(name) {
            read = action;
        }
    }
    read.map(|action| (action, route))
}

fn one(
    page: &Page<'_>,
    key: &str,
    value: &Value<'_>,
    scene: Scene<'_>,
    secrets: &Env,
    route: &mut Option<Named>,
) -> Option<Action> {
    let template = |scene| text::template(page, value, scene);
    let command = |line: Text| Command { line, env: secrets.clone() };
    match key {
        "ssh" => Some(Action::Ssh(command(template(scene.on_hosts())?))),
        "exec" => Some(Action::Exec(command(template(scene)?))),
        "http" => Some(Action::Http(Box::new(http(page, value, scene)?))),
        "route" => {
            *route = route_name(page, value)?;
            Some(Action::Route(None))
        }
        "scale" => yes(page, value).then_some(Action::Scale),
        "confirm" => Some(Action::Confirm(template(scene.for_people())?)),
        "notify" => notify(page, value, scene).map(|notify| Action::Notify(Box::new(notify))),
        _ => probe_of(page, value, scene, secrets).map(Action::Wait),
    }
}

/// Which one of several keys was written.
fn one_of(row: &Row<'_, '_>, keys: &[&'static str]) -> Option<&'static str> {
    let written: Vec<&'static str> = keys.iter().copied().filter(|key| row.has(key)).collect();
    match written.as_slice() {
        [] => {
            row.tell(Fault::NoAction);
            None
        }
        [one] => Some(one),
        [_, second, ..] => {
            row.page.tell_at(row.place_of(second), Fault::ManyActions(written.clone()));
            None
        }
    }
}

fn route_name(page: &Page<'_>, value: &Value<'_>) -> Option<Option<Named>> {
    match value.get_ref().as_bool() {
        Some(true) => Some(None),
        Some(false) => value::wrong(page, value, "true, or the name of a route"),
        None if value.get_ref().as_str().is_some() => value::reference(page, value).map(Some),
        None => value::wrong(page, value, "true, or the name of a route"),
    }
}

fn yes(page: &Page<'_>, value: &Value<'_>) -> bool {
    value.get_ref().as_bool() == Some(true) || value::wrong(page, value, "true").unwrap_or(false)
}

/// Reads an action that stands in a table of its own: the way back of a step.
pub(super) fn undo(page: &Page<'_>, value: &Value<'_>, scene: Scene<'_>) -> Option<(Action, Option<Named>)> {
    let row = Row::of(page, &ACTION, value)?;
    let read = action(&row, scene);
    row.done();
    read
}

/// Reads a probe; it gets the secrets of its step unless it names its own.
pub(super) fn probe(row: &Row<'_, '_>, key: &'static str, scene: Scene<'_>, secrets: &Env) -> Option<Box<Probe>> {
    probe_of(row.page, row.value(key)?, scene, secrets).map(Box::new)
}

fn probe_of(page: &Page<'_>, value: &Value<'_>, scene: Scene<'_>, secrets: &Env) -> Option<Probe> {
    let row = Row::of(page, &PROBE, value)?;
    let own = env(&row);
    let secrets = if own.is_empty() { secrets.clone() } else { own };
    let key = one_of(&row, &ASKS);
    let command = |scene: Scene<'_>, value: &Value<'_>| {
        text::template(page, value, scene).map(|line| Command { line, env: secrets.clone() })
    };
    let ssh = row.value("ssh").and_then(|value| command(scene.on_hosts(), value)).map(Ask::Ssh);
    let exec = row.value("exec").and_then(|value| command(scene, value)).map(Ask::Exec);
    let http = row.value("http").and_then(|value| http(page, value, scene)).map(|call| Ask::Http(Box::new(call)));
    let expect_output = row.text("expect-output");
    let within = row.span("within");
    let times = row.count32("times").unwrap_or(1);
    row.done();
    let ask = key.and_then(|_| ssh.or(exec).or(http))?;
    Some(Probe { ask, expect_output, within, times })
}

/// Reads a request, which is an address alone or a table.
pub(super) fn http(page: &Page<'_>, value: &Value<'_>, scene: Scene<'_>) -> Option<HttpCall> {
    if value.get_ref().as_str().is_some() {
        return Some(HttpCall {
            method: "GET".to_owned(),
            url: address(page, value, scene)?,
            headers: Vec::new(),
            body: None,
            expect_status: Vec::new(),
            expect_body: None,
            redirects: 0,
            ca: None,
        });
    }
    let Some(table) = value.get_ref().as_table() else {
        return value::wrong(page, value, "an address in quotes, or { method, url, … }");
    };
    let row = Row::open(page, &HTTP, table, value.span());
    let url = row.value("url").and_then(|value| address(page, value, scene));
    let method = row.choice("method", METHODS).unwrap_or("GET").to_owned();
    let headers = row.map("headers").filter_map(|(key, value)| header(page, key, value, scene)).collect();
    let text = row.value("body").and_then(|value| text::template(page, value, scene)).map(Body::Text);
    let from = match row.value("body-from") {
        Some(value) if row.has("body") => value::wrong(page, value, "either body or body-from, and not both"),
        Some(_) => row.secret("body-from").map(Body::From),
        None => None,
    };
    let expect_status = row.value("expect-status").map(|value| statuses(&row, value)).unwrap_or_default();
    let expect_body = row.text("expect-body");
    let redirects = row.count32("redirects").unwrap_or(0);
    let ca = row.secret("ca");
    row.done();
    Some(HttpCall { method, url: url?, headers, body: text.or(from), expect_status, expect_body, redirects, ca })
}

/// An address, as far as it can be judged before its names are filled in.
fn address(page: &Page<'_>, value: &Value<'_>, scene: Scene<'_>) -> Option<Text> {
    let written = value.get_ref().as_str().unwrap_or_default();
    if written.starts_with("{{") {
        return text::template(page, value, scene);
    }
    let Some(rest) = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://")) else {
        return value::wrong(page, value, "an address in quotes that begins with https:// or http://");
    };
    if rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
        // What stands there is not shown either.
        page.tell(&value.span(), Fault::NotAReference { key: "password in url".to_owned() });
        return None;
    }
    text::template(page, value, scene)
}

/// One status, or a list of them.
fn statuses(row: &Row<'_, '_>, value: &Value<'_>) -> Vec<u16> {
    let Kind::Count { low, high } = STATUS else { return Vec::new() };
    let status = |value| value::count(row.page, value, low, high).and_then(|status| u16::try_from(status).ok());
    let Some(list) = value.get_ref().as_array() else { return status(value).into_iter().collect() };
    if list.is_empty() {
        row.page.tell(&value.span(), Fault::EmptyList { key: "expect-status" });
    }
    list.iter().filter_map(status).collect()
}

fn header(page: &Page<'_>, key: &Key<'_>, value: &Value<'_>, scene: Scene<'_>) -> Option<(String, HeaderValue)> {
    let name: &str = key.get_ref();
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let odd = name.chars().find(|&c| !fine(c));
    if odd.is_some() || name.is_empty() {
        page.tell(&key.span(), Fault::BadName { name: name.to_owned(), odd });
        return None;
    }
    let refers = value.get_ref().as_str().is_some_and(|text| text.starts_with("env:") || text.starts_with("file:"));
    if refers || SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Some((name.to_owned(), HeaderValue::Secret(value::secret(page, name, value)?)));
    }
    Some((name.to_owned(), HeaderValue::Text(text::template(page, value, scene)?)))
}

fn notify(page: &Page<'_>, value: &Value<'_>, scene: Scene<'_>) -> Option<Notify> {
    let row = Row::of(page, &crate::load::fields::NOTIFY, value)?;
    let message = row.value("message").and_then(|value| text::template(page, value, scene));
    let key = one_of(&row, &["webhook", "command"]);
    let webhook = row.secret("webhook").map(Channel::Webhook);
    let command = row.value("command").and_then(|value| text::template(page, value, scene)).map(Channel::Command);
    row.done();
    let via = key.and_then(|_| webhook.or(command))?;
    Some(Notify { message: message?, via })
}

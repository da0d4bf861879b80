//! Reads what leads to services and hosts: routes, providers, host rules.

use crate::load::draft::HostDraft;
use crate::load::draft::ProviderDraft;
use crate::load::draft::RouteDraft;
use crate::load::draft::ServerDraft;
use crate::load::fields::SERVER;
use crate::load::page::Named;
use crate::load::page::Page;
use crate::load::row::Key;
use crate::load::row::Row;
use crate::load::settings::references;
use crate::load::settings::texts;
use crate::load::settings::uses;
use crate::load::text;
use crate::load::text::Scene;
use crate::load::text::Stage;
use crate::load::value;
use crate::load::value::Value;
use crate::model::Amounts;
use crate::model::Fault;
use crate::model::Health;
use crate::model::HostRule;
use crate::model::Millis;
use crate::model::Place;
use crate::model::Ppm;
use crate::model::Provider;
use crate::model::ProviderId;
use crate::model::ProviderKind;
use crate::model::RampError;
use crate::model::Route;
use crate::model::SecretRef;
use crate::model::Tsig;
use crate::model::far_socket;
use crate::template::Text;

/// Reads one host rule.
pub(super) fn host(row: Row<'_, '_>) -> Option<HostDraft> {
    let pattern = row.text("match").filter(|pattern| {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
        let odd = pattern.chars().find(|&c| !fine(c));
        if odd.is_some() || pattern.is_empty() {
            row.page.tell_at(row.place_of("match"), Fault::BadName { name: pattern.clone(), odd });
        }
        odd.is_none() && !pattern.is_empty()
    });
    let scene = Scene::beside(Stage::HostAddress);
    let address = row.value("address").and_then(|value| text::template(row.page, value, scene));
    let user = row.name("user").map(|user| user.text);
    let port = row.count("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(22);
    let jump = references(&row, "jump");
    let uses = row.value("uses").map(|_| uses(row.page, row.list("uses")));
    let place = row.place_of("match");
    row.done();
    let rule = HostRule { pattern: pattern?, address, user, port, jump: Vec::new(), uses: None };
    Some(HostDraft { place, rule, jump, uses })
}

/// Reads one route.
pub(super) fn route(name: Named, row: Row<'_, '_>) -> RouteDraft {
    let page = row.page;
    let provider = row.reference("provider");
    let at = row.map("at").map(|(site, value)| records(page, site, value)).collect::<Vec<_>>();
    if at.is_empty() && row.has("at") {
        page.tell_at(row.place_of("at"), Fault::EmptyRecords);
    }
    let ramp = ramp(&row);
    let route = Route {
        name: name.text.clone(),
        // Filled in when names lead somewhere.
        provider: ProviderId(0),
        at: Vec::new(),
        record: row.text("name").unwrap_or_default(),
        ttl: row.span("ttl").unwrap_or(Millis::ZERO),
        low_ttl: row.span("low-ttl"),
        ramp,
        hold: row.span("hold").unwrap_or(Millis::ZERO),
        health: row.table("health").and_then(health),
    };
    row.done();
    RouteDraft { name, provider, at, route }
}

fn records(page: &Page<'_>, site: &Key<'_>, value: &Value<'_>) -> (Named, Vec<String>) {
    let addresses = texts(page, value);
    let written = value.get_ref().as_array().is_some_and(|list| !list.is_empty());
    if !written && value.get_ref().as_array().is_some() {
        page.tell(&value.span(), Fault::EmptyRecords);
    }
    let fine = addresses.into_iter().filter(|address| {
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']' | '/');
        let fine = !address.is_empty() && address.chars().all(name);
        if !fine {
            let expected = "an address or the name of a backend";
            page.tell(&value.span(), Fault::BadForm { text: address.clone(), expected });
        }
        fine
    });
    (page.named(site.get_ref(), &site.span()), fine.collect())
}

fn ramp(row: &Row<'_, '_>) -> Vec<Ppm> {
    let list = row.list("ramp");
    let shares: Vec<Ppm> = list.iter().filter_map(|value| value::share(row.page, value)).collect();
    let whole = vec![Ppm::ONE];
    if !row.has("ramp") || shares.len() < list.len() {
        return whole;
    }
    let why = match shares.last() {
        None => RampError::Empty,
        Some(_) if shares.windows(2).any(|pair| pair[0] >= pair[1]) || shares[0] == Ppm::ZERO => RampError::NotRising,
        Some(last) if *last != Ppm::ONE => RampError::NotWhole,
        Some(_) => return shares,
    };
    row.page.tell_at(row.place_of("ramp"), Fault::BadRamp(why));
    whole
}

fn health(row: Row<'_, '_>) -> Option<Health> {
    let http = row.value("http").and_then(|value| text::template(row.page, value, Scene::beside(Stage::Health)));
    let expect_status = row.count("expect-status").and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let max_error_rate = row.share("max-error-rate").unwrap_or(Ppm::ZERO);
    row.done();
    Some(Health { http: http?, expect_status, max_error_rate })
}

/// Reads one provider.
pub(super) fn provider(name: Named, row: Row<'_, '_>) -> ProviderDraft {
    let page = row.page;
    let kinds = [
        ProviderKind::Rfc2136,
        ProviderKind::Haproxy,
        ProviderKind::Route53,
        ProviderKind::AwsAutoscaling,
        ProviderKind::Http,
        ProviderKind::Command,
    ];
    let kind = row.choice("kind", &kinds);
    if let Some(kind) = kind {
        keys_of_kind(&row, kind);
    }
    let template = |key: &'static str| -> Option<Text> {
        let scene = Scene::beside(Stage::Provider { writes: key == "write" });
        row.value(key).and_then(|value| text::template(page, value, scene))
    };
    let provider = Provider {
        name: name.text.clone(),
        kind: kind.unwrap_or(ProviderKind::Command),
        // Filled in when names lead somewhere.
        servers: Vec::new(),
        also: Vec::new(),
        zone: row.text("zone"),
        tsig: row.table("tsig").and_then(tsig),
        group: row.text("group"),
        region: row.name("region").map(|region| region.text),
        // Filled in when names lead somewhere.
        instance: Amounts::default(),
        standing: row.count("standing").unwrap_or(0),
        read: template("read"),
        write: template("write"),
        look: template("look"),
        env: env(&row),
        uses: Vec::new(),
    };
    let uses = uses(page, row.list("uses"));
    let [servers, also] = ["servers", "also"]
        .map(|key| row.list(key).iter().filter_map(|value| server(page, value, kind)).collect::<Vec<ServerDraft>>());
    if matches!(kind, Some(ProviderKind::Route53 | ProviderKind::AwsAutoscaling)) {
        endpoint(page, row.place_of("servers"), &servers);
    }
    let instance = row.amounts("instance").unwrap_or_default();
    row.done();
    ProviderDraft { name, uses, servers, also, instance, provider: kind.map(|_| provider) }
}

/// An account of AWS has one endpoint for each service: there is no other to turn to.
fn endpoint(page: &Page<'_>, place: Place, servers: &[ServerDraft]) {
    if servers.len() > 1 {
        let fault = Fault::BadForm { text: format!("{} servers", servers.len()), expected: "one endpoint" };
        page.tell_at(place, fault);
    }
    let is_url = |address: &str| address.starts_with("https://") || address.starts_with("http://");
    for server in servers.iter().filter(|server| !is_url(&server.address)) {
        let expected = "an address that begins with https:// or http://";
        page.tell_at(place, Fault::BadForm { text: server.address.clone(), expected });
    }
}

fn server(page: &Page<'_>, value: &Value<'_>, kind: Option<ProviderKind>) -> Option<ServerDraft> {
    let (address, site) = if value.get_ref().as_table().is_none() {
        (value::text(page, value).map(str::to_owned), None)
    } else {
        let row = Row::of(page, &SERVER, value)?;
        let found = (row.text("address"), row.reference("site"));
        row.done();
        found
    };
    let address = address?;
    if kind == Some(ProviderKind::Haproxy) && address.starts_with("ssh:") && far_socket(&address).is_none() {
        let expected = "\"ssh:HOST:/path\", the socket of a balancer on one host";
        page.tell(&value.span(), Fault::BadForm { text: address, expected });
        return None;
    }
    Some(ServerDraft { address, site })
}

/// Keys that only some kinds of providers have.
const KEYS_OF_KINDS: [&str; 12] =
    ["servers", "also", "zone", "tsig", "group", "region", "instance", "standing", "read", "write", "look", "env"];

/// Which keys a provider of a kind must have, and which it may have.
fn keys_of_kind(row: &Row<'_, '_>, kind: ProviderKind) {
    let (must, may): (&[&'static str], &[&'static str]) = match kind {
        ProviderKind::Rfc2136 => (&["servers", "zone"], &["tsig", "also"]),
        ProviderKind::Haproxy => (&["servers"], &[]),
        ProviderKind::Route53 => (&["zone"], &["servers", "env"]),
        ProviderKind::AwsAutoscaling => (&["group", "region", "instance", "standing"], &["servers", "env"]),
        // What can't be read back is not written.
        ProviderKind::Http | ProviderKind::Command => (&["read", "write"], &["servers", "look", "env"]),
    };
    for key in must.iter().copied().filter(|key| !row.has(key)) {
        row.tell(Fault::KeyForKind { key, kind });
    }
    for key in KEYS_OF_KINDS {
        if row.has(key) && !must.contains(&key) && !may.contains(&key) {
            row.page.tell_at(row.place_of(key), Fault::KeyNotForKind { key, kind });
        }
    }
    if must.contains(&"servers") && row.value("servers").is_some_and(texts_none) {
        row.page.tell_at(row.place_of("servers"), Fault::EmptyList { key: "servers" });
    }
}

fn texts_none(value: &Value<'_>) -> bool {
    value.get_ref().as_array().is_some_and(|list| list.is_empty())
}

fn tsig(row: Row<'_, '_>) -> Option<Tsig> {
    let name = row.text("name");
    let algorithm = row.choice("algorithm", &["hmac-sha256", "hmac-sha512"]).unwrap_or("hmac-sha256").to_owned();
    let secret = row.secret("secret");
    row.done();
    Some(Tsig { name: name?, algorithm, secret: secret? })
}

/// Variables by reference, sorted.
pub(super) fn env(row: &Row<'_, '_>) -> Vec<(String, SecretRef)> {
    let one = |(key, value): (&Key<'_>, &Value<'_>)| {
        let name: &str = key.get_ref();
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let odd = name.chars().find(|&c| !fine(c)).or(name.chars().next().filter(char::is_ascii_digit));
        if odd.is_some() || name.is_empty() {
            row.page.tell(&key.span(), Fault::BadName { name: name.to_owned(), odd });
            return None;
        }
        Some((name.to_owned(), value::secret(row.page, name, value)?))
    };
    row.map("env").filter_map(one).collect()
}

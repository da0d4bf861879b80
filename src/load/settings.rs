//! Reads `bonghwa.toml`, and the lists of `uses` that stand in every kind of file.

use crate::load::draft::OrchestratorDraft;
use crate::load::draft::PoolDraft;
use crate::load::draft::Settings;
use crate::load::draft::UseDraft;
use crate::load::fields::ANY_OF;
use crate::load::fields::LIMITS;
use crate::load::fields::ORCHESTRATOR;
use crate::load::fields::POOL;
use crate::load::fields::PROJECT;
use crate::load::fields::SSH;
use crate::load::fields::USE_FORM;
use crate::load::page::Named;
use crate::load::page::Page;
use crate::load::row;
use crate::load::row::Row;
use crate::load::value;
use crate::load::value::Value;
use crate::model::Fault;
use crate::model::Limits;
use crate::model::Project;
use crate::model::Ssh;

/// Reads the settings of the project.
pub(super) fn read(root: Row<'_, '_>) -> Settings {
    let mut settings = Settings::default();
    let page = root.page;
    if let Some(row) = root.value("project").and_then(|value| Row::of(page, &PROJECT, value)) {
        settings.project = project(row);
    }
    if let Some(row) = root.value("orchestrator").and_then(|value| Row::of(page, &ORCHESTRATOR, value)) {
        settings.orchestrator = Some(orchestrator(row));
    }
    for (key, value) in root.map("pools") {
        let name = page.named(key.get_ref(), &key.span());
        let fine = value::good_name(page, &name);
        if let Some(row) = Row::under(page, &POOL, key, value)
            && let Some(pool) = pool(name, row)
            && fine
        {
            settings.pools.push(pool);
        }
    }
    if let Some(row) = root.value("limits").and_then(|value| Row::of(page, &LIMITS, value)) {
        settings.limits = limits(row);
    }
    if let Some(row) = root.value("ssh").and_then(|value| Row::of(page, &SSH, value)) {
        settings.ssh = ssh(row);
    }
    root.done();
    settings
}

fn project(row: Row<'_, '_>) -> Project {
    let title = row.text("title").unwrap_or_default();
    let timezone = row.text("timezone").filter(|zone| {
        let known = Project::knows_zone(zone);
        if !known {
            row.page.tell_at(row.place_of("timezone"), Fault::UnknownZone(zone.clone()));
        }
        known
    });
    row.done();
    Project { title, timezone: timezone.unwrap_or_else(|| "UTC".to_owned()) }
}

fn orchestrator(row: Row<'_, '_>) -> OrchestratorDraft {
    let place = row.place();
    let copies_at = references(&row, "copies-at");
    let uses = uses(row.page, row.list("uses"));
    if row.has("copies-at") && copies_at.is_empty() {
        row.page.tell_at(row.place_of("copies-at"), Fault::OrchestratorNowhere);
    }
    row.done();
    OrchestratorDraft { place, copies_at, uses }
}

fn pool(name: Named, row: Row<'_, '_>) -> Option<PoolDraft> {
    let size = row.count32("size");
    let kept = row.count32("kept-for-first-tier").map(|kept| (kept, row.place_of("kept-for-first-tier")));
    row.done();
    Some(PoolDraft { name, size: size?, kept })
}

fn limits(row: Row<'_, '_>) -> Limits {
    let usual = Limits::default();
    let limits = Limits {
        ssh_handshakes: row.count32("ssh-handshakes").unwrap_or(usual.ssh_handshakes),
        steps_per_site: row.count32("steps-per-site").unwrap_or(usual.steps_per_site),
        gate_wait: row.span("gate-wait").unwrap_or(usual.gate_wait),
        output_bytes: row.count("output-bytes").unwrap_or(usual.output_bytes),
    };
    row.done();
    limits
}

fn ssh(row: Row<'_, '_>) -> Ssh {
    let usual = Ssh::default();
    let files = |key: &'static str| row.value(key).map(|value| texts(row.page, value)).unwrap_or_default();
    let ssh = Ssh {
        known_hosts: files("known-hosts"),
        identities: files("identities"),
        passphrase: row.secret("passphrase"),
        agent: row.flag("agent").unwrap_or(usual.agent),
        connect: row.span("connect").unwrap_or(usual.connect),
        banner: row.span("banner").unwrap_or(usual.banner),
        login: row.span("login").unwrap_or(usual.login),
    };
    row.done();
    ssh
}

/// A list of names of things that are declared elsewhere.
pub(super) fn references(row: &Row<'_, '_>, key: &'static str) -> Vec<Named> {
    row.list(key).iter().filter_map(|value| value::reference(row.page, value)).collect()
}

/// A list of things that are used.
pub(super) fn uses(page: &Page<'_>, list: &[Value<'_>]) -> Vec<UseDraft> {
    list.iter().filter_map(|value| one_use(page, value)).collect()
}

fn one_use(page: &Page<'_>, value: &Value<'_>) -> Option<UseDraft> {
    if value.get_ref().as_str().is_some() {
        return Some(UseDraft { any_of: vec![value::reference(page, value)?] });
    }
    let Some(table) = value.get_ref().as_table() else {
        return value::wrong(page, value, USE_FORM);
    };
    let row = Row::open(page, &ANY_OF, table, value.span());
    let any_of: Vec<Named> = row.list("any-of").iter().filter_map(|one| value::reference(page, one)).collect();
    if any_of.is_empty() && row.has("any-of") {
        page.tell_at(row.place_of("any-of"), Fault::EmptyList { key: "any-of" });
    }
    row.done();
    (!any_of.is_empty()).then_some(UseDraft { any_of })
}

/// Texts of a list, one line each.
pub(super) fn texts(page: &Page<'_>, value: &Value<'_>) -> Vec<String> {
    let list = row::list(page, value).unwrap_or(&[]);
    list.iter().filter_map(|one| value::text(page, one).map(str::to_owned)).collect()
}

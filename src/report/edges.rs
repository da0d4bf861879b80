//! What a service needs, in words.

use crate::model::Dependency;
use crate::model::DependencyKind;
use crate::model::Estate;
use crate::model::ServiceId;

/// All that a service needs in one line: `session, message-store, push (soft), registry (start)`.
#[must_use]
pub fn needs(estate: &Estate, id: ServiceId) -> String {
    let all: Vec<String> = estate.service(id).depends_on.iter().map(|edge| need(estate, edge)).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

/// One of them, with what kind of need it is where it is not a plain one.
fn need(estate: &Estate, edge: &Dependency) -> String {
    let marks = marks(edge);
    let name = &estate.service(edge.service).name;
    if marks.is_empty() { name.clone() } else { format!("{name} ({})", marks.join(", ")) }
}

/// What is special about an edge; nothing where it is hard and plain.
#[must_use]
pub fn marks(edge: &Dependency) -> Vec<&'static str> {
    let kind = match edge.kind {
        DependencyKind::Hard => None,
        DependencyKind::Soft => Some("soft"),
        DependencyKind::Start => Some("start"),
    };
    let full_only = edge.full_only.then_some("full only");
    let same_site = edge.same_site.then_some("same site");
    kind.into_iter().chain(full_only).chain(same_site).collect()
}

/// All that a service needs, as it is written: to be put in the place of what its file says.
#[must_use]
pub fn written(estate: &Estate, id: ServiceId) -> String {
    let service = estate.service(id);
    let mut text = format!("[service.{}]\ndepends-on = [\n", service.name);
    for edge in &service.depends_on {
        let name = &estate.service(edge.service).name;
        let kind = match edge.kind {
            DependencyKind::Hard => "",
            DependencyKind::Soft => ", kind = \"soft\"",
            DependencyKind::Start => ", kind = \"start\"",
        };
        let full_only = if edge.full_only { ", unless = \"degraded\"" } else { "" };
        let same_site = if edge.same_site { ", reach = \"same-site\"" } else { "" };
        let marks = format!("{kind}{full_only}{same_site}");
        let line = if marks.is_empty() { format!("\"{name}\"") } else { format!("{{ service = \"{name}\"{marks} }}") };
        text.push_str(&format!("    {line},\n"));
    }
    text + "]\n"
}

/// The word for a kind of edge in JSON.
#[must_use]
pub const fn kind_word(kind: DependencyKind) -> &'static str {
    match kind {
        DependencyKind::Hard => "hard",
        DependencyKind::Soft => "soft",
        DependencyKind::Start => "start",
    }
}

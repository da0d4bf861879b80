//! What is declared of a service and of the lifeline, where no incident was named.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::DependencyKind;
use crate::model::Estate;
use crate::model::ServiceId;
use crate::report::edges;
use crate::report::explain::answer;
use crate::report::graph_facts::role;
use crate::report::paint::Paint;
use crate::report::words;

/// What is declared of a service, and who leans on it.
#[must_use]
pub fn service(estate: &Estate, id: ServiceId, paint: Paint) -> String {
    let service = estate.service(id);
    let title = if service.title == service.name { String::new() } else { format!(": {}", service.title) };
    let mut text = format!("{}\n", paint.head(&format!("service:{}{title}", service.name)));
    text.push_str(&format!("  tier {}, owner {}\n", estate.tiers[service.tier.at()].name, service.owner));
    let at = service.replicas.iter().map(|replica| {
        let share = if replica.share.0 > 0 { format!(", {}", replica.share) } else { String::new() };
        let hosts = replica.hosts.as_ref().map_or(String::new(), |hosts| format!(", hosts {hosts}"));
        format!("{}: {}{share}{hosts}", estate.site(replica.site).name, role(replica.role))
    });
    let promises = [("back within", estate.rto(id)), ("losing at most", estate.rpo(id))];
    let promises = promises.into_iter().filter_map(|(what, limit)| Some(format!("{what} {}", words::span(limit?))));
    let answers = [
        ("where", at.collect()),
        ("promised", promises.collect()),
        ("needs", vec![edges::needs(estate, id)]),
        ("needed by", callers(estate, id)),
        ("why it may be as urgent as the first tier", urgent(estate, id)),
    ];
    for (question, lines) in answers {
        text.push_str(&answer(paint, question, &lines));
    }
    text + "\nWhat becomes of it depends on what happens: add --lost SITE, or --plan PLAN\n"
}

/// The first tier and all that it can't live without, by what is declared.
#[must_use]
pub fn lifeline(estate: &Estate, paint: Paint) -> String {
    let Some(tier) = estate.tiers.first() else { return "no tier is declared\n".to_owned() };
    let closure = closure(estate);
    let head = format!("lifeline: tier {}, {}", tier.name, words::count(closure.len(), "service"));
    let mut text = format!("{}\n  {}\n", paint.head(&head), words::plain(&tier.title));
    let lines: Vec<String> = closure
        .iter()
        .map(|(id, by)| {
            let because =
                by.map_or(String::new(), |by| format!(" [{} can't serve without it]", estate.service(by).name));
            format!("{}{because}: needs {}", estate.service(*id).name, edges::needs(estate, *id))
        })
        .collect();
    text.push_str(&answer(paint, "who needs whom", &lines));
    text + "\nStart edges and what recovery uses may add to this: add --lost SITE, or --plan PLAN\n"
}

/// The services of the first tier and all that they can't live without, by what is declared.
#[must_use]
pub fn lifeline_services(estate: &Estate) -> Vec<ServiceId> {
    closure(estate).into_keys().collect()
}

/// Every service that one of the first tier reaches by hard edges, with who needs it first.
fn closure(estate: &Estate) -> BTreeMap<ServiceId, Option<ServiceId>> {
    let mut reached: BTreeMap<ServiceId, Option<ServiceId>> = BTreeMap::new();
    let first = (0..estate.services.len()).map(ServiceId::new).filter(|id| estate.service(*id).tier.at() == 0);
    let mut open: Vec<ServiceId> = first.collect();
    reached.extend(open.iter().map(|id| (*id, None)));
    while let Some(id) = open.pop() {
        for edge in &estate.service(id).depends_on {
            let needed = edge.kind == DependencyKind::Hard && !edge.full_only;
            if needed && !reached.contains_key(&edge.service) {
                reached.insert(edge.service, Some(id));
                open.push(edge.service);
            }
        }
    }
    reached
}

fn callers(estate: &Estate, id: ServiceId) -> Vec<String> {
    let callers: BTreeSet<String> = estate
        .services
        .iter()
        .filter_map(|caller| {
            let edge = caller.depends_on.iter().find(|edge| edge.service == id)?;
            let marks = edges::marks(edge);
            let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
            Some(format!("{}{marks}", caller.name))
        })
        .collect();
    if callers.is_empty() {
        vec!["nobody".to_owned()]
    } else {
        vec![callers.into_iter().collect::<Vec<_>>().join(", ")]
    }
}

/// The chain of hard edges that leads from the first tier to it.
fn urgent(estate: &Estate, id: ServiceId) -> Vec<String> {
    let closure = closure(estate);
    let mut path = vec![estate.service(id).name.clone()];
    let mut at = id;
    while let Some(Some(by)) = closure.get(&at) {
        path.push(estate.service(*by).name.clone());
        at = *by;
    }
    path.reverse();
    if path.len() > 1 { vec![format!("{} (each can't serve without the next)", path.join(" > "))] } else { Vec::new() }
}

//! The dependency graph as text: tier by tier, each service with where it is and what it needs.

use std::collections::BTreeMap;

use crate::report::graph_facts::Edge;
use crate::report::graph_facts::Graph;
use crate::report::graph_facts::Node;
use crate::report::paint::Paint;
use crate::report::words;

/// The graph in order of recovery; circles last, by name.
#[must_use]
pub fn graph_text(graph: &Graph, paint: Paint) -> String {
    let mut callers: BTreeMap<&str, usize> = BTreeMap::new();
    let nodes = || graph.tiers.iter().flat_map(|tier| &tier.services);
    for edge in nodes().flat_map(|node| &node.needs) {
        *callers.entry(&edge.service).or_default() += 1;
    }
    let mut text = String::new();
    for tier in graph.tiers.iter().filter(|tier| !tier.services.is_empty()) {
        let services = words::count(tier.services.len(), "service");
        let title = words::cut(&tier.title, 60);
        text.push_str(&format!("{}  {title} ({services})\n", paint.head(&tier.id)));
        for node in &tier.services {
            text.push_str(&service(node, &tier.id, callers.get(node.id.as_str()).copied().unwrap_or(0), paint));
        }
        text.push('\n');
    }
    if graph.cycles.is_empty() {
        text.push_str("no circles: every service can be started after all that it needs\n");
    }
    for cycle in &graph.cycles {
        let path = format!("{} ({})", cycle.path.join(" > "), words::count(cycle.services.len(), "service"));
        text.push_str(&words::hang("CIRCLE  ", &path, paint.columns).replacen("CIRCLE", &paint.alarm("CIRCLE"), 1));
    }
    text
}

fn service(node: &Node, tier: &str, callers: usize, paint: Paint) -> String {
    let at: Vec<String> = node.at.iter().map(|(site, role)| format!("{site} {role}")).collect();
    let needed = if callers == 0 { String::new() } else { format!("; needed by {callers}") };
    let raised = node.effective_tier.as_ref().filter(|effective| *effective != tier);
    let raised = raised.map_or(String::new(), |effective| format!("  ^ as urgent as {effective}"));
    let impact = node.impact.as_ref().filter(|impact| *impact != "unaffected");
    let impact = impact.map_or(String::new(), |impact| format!("  {}", paint.alarm(impact)));
    let mut text = format!("  {}{impact}{raised}\n", paint.head(&node.id));
    text.push_str(&words::hang("    at    ", &format!("{}{needed}", at.join(", ")), paint.columns));
    if !node.needs.is_empty() {
        let needs: Vec<String> = node.needs.iter().map(need).collect();
        text.push_str(&words::hang("    needs ", &needs.join(", "), paint.columns));
    }
    text
}

/// `push (soft)`, `link-preview (full only)`; a plain hard edge has no mark.
fn need(edge: &Edge) -> String {
    let mut marks = Vec::new();
    if edge.kind != "hard" {
        marks.push(edge.kind.as_str());
    }
    if edge.full_only {
        marks.push("full only");
    }
    if edge.same_site {
        marks.push("same site");
    }
    if marks.is_empty() { edge.service.clone() } else { format!("{} ({})", edge.service, marks.join(", ")) }
}

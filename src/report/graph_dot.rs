//! The dependency graph for graphviz: a cluster for each tier, a line style for each kind of need.

use crate::report::graph_facts::Edge;
use crate::report::graph_facts::Graph;
use crate::report::graph_facts::Node;

/// The graph as dot. Every name is quoted, so that no name can break it.
#[must_use]
pub fn graph_dot(graph: &Graph) -> String {
    let mut text = "digraph estate {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n".to_owned();
    for (at, tier) in graph.tiers.iter().enumerate() {
        text.push_str(&format!(
            "  subgraph cluster_{at} {{\n    label={};\n",
            quoted(&format!("{}: {}", tier.id, tier.title))
        ));
        for service in &tier.services {
            text.push_str(&format!("    {};\n", node(service)));
        }
        text.push_str("  }\n");
    }
    for service in graph.tiers.iter().flat_map(|tier| &tier.services) {
        for edge in &service.needs {
            text.push_str(&format!("  {} -> {}{};\n", quoted(&service.id), quoted(&edge.service), style(edge)));
        }
    }
    text + "}\n"
}

fn node(node: &Node) -> String {
    let impact = node.impact.as_deref().filter(|impact| *impact != "unaffected");
    let mut label = node.id.clone();
    if node.title != node.id {
        label.push_str(&format!("\n{}", node.title));
    }
    if let Some(impact) = impact {
        label.push_str(&format!("\n{impact}"));
    }
    let pen = impact.map_or("", |_| ", penwidth=3");
    format!("{} [label={}{pen}]", quoted(&node.id), quoted(&label))
}

fn style(edge: &Edge) -> &'static str {
    match (edge.kind.as_str(), edge.full_only) {
        ("hard", false) => "",
        ("hard", true) => " [style=dashed, label=\"full only\"]",
        ("start", _) => " [style=dotted, label=\"start\"]",
        (_, _) => " [style=dashed, label=\"soft\"]",
    }
}

/// A quoted string of the dot language: quotes and backslashes escaped, line ends as `\n`.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            letter if letter.is_control() => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn no_name_breaks_the_drawing() {
        assert_eq!(quoted("a \"b\" \\ c\nd\te"), r#""a \"b\" \\ c\nd e""#);
    }
}

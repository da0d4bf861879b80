//! ORDER. Reachability, cycles and condensation; the only home of petgraph.
//!
//! Knows numbers only: whoever asks says what they stand for. Nothing here recurses, so that a chain of 100,000 nodes
//! costs no stack.

mod cycle;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use petgraph::graph::NodeIndex;

/// Arrows between the nodes `0..nodes`, kept in both directions, each list in the order in which it was given.
#[derive(Debug, Clone, Default)]
pub struct Arrows {
    out: Lists,
    into: Lists,
}

/// Lists of numbers in one allocation.
#[derive(Debug, Clone, Default)]
struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn new(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_u32; count + 1];
        for (key, _) in pairs.clone() {
            starts[key as usize + 1] += 1;
        }
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts[count] as usize];
        for (key, item) in pairs {
            let slot = &mut next[key as usize];
            items[*slot as usize] = item;
            *slot += 1;
        }
        Self { starts, items }
    }

    fn of(&self, key: usize) -> &[u32] {
        &self.items[self.starts[key] as usize..self.starts[key + 1] as usize]
    }
}

impl Arrows {
    /// Takes arrows `(from, to)` between nodes below `nodes`.
    #[must_use]
    pub fn new(nodes: usize, arrows: &[(u32, u32)]) -> Self {
        Self {
            out: Lists::new(nodes, arrows.iter().copied()),
            into: Lists::new(nodes, arrows.iter().map(|&(from, to)| (to, from))),
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.out.starts.len().saturating_sub(1)
    }

    /// Where the arrows of `node` lead.
    #[must_use]
    pub fn out(&self, node: usize) -> &[u32] {
        self.out.of(node)
    }

    /// Where the arrows that lead to `node` come from.
    #[must_use]
    pub fn back(&self, node: usize) -> &[u32] {
        self.into.of(node)
    }

    /// Every node after all that its arrows lead to; none where arrows lead in a circle. Among those that are free the
    /// lowest number is not promised first, but the order is always the same.
    #[must_use]
    pub fn callees_first(&self) -> Option<Vec<u32>> {
        let mut open: Vec<usize> = (0..self.nodes()).map(|node| self.out(node).len()).collect();
        let mut order: Vec<u32> = (0..self.nodes()).filter(|&node| open[node] == 0).map(number).collect();
        let mut done = 0;
        while done < order.len() {
            for &caller in self.back(order[done] as usize) {
                open[caller as usize] -= 1;
                if open[caller as usize] == 0 {
                    order.push(caller);
                }
            }
            done += 1;
        }
        (order.len() == self.nodes()).then_some(order)
    }

    /// Strongly connected components, each sorted; a component comes after all that its arrows lead to.
    #[must_use]
    pub fn components(&self) -> Vec<Vec<u32>> {
        let mut graph = DiGraph::<(), (), u32>::with_capacity(self.nodes(), self.out.items.len());
        for _ in 0..self.nodes() {
            graph.add_node(());
        }
        for node in 0..self.nodes() {
            for &to in self.out(node) {
                graph.add_edge(NodeIndex::new(node), NodeIndex::new(to as usize), ());
            }
        }
        let mut components: Vec<Vec<u32>> = kosaraju_scc(&graph)
            .into_iter()
            .map(|component| component.into_iter().map(|node| number(node.index())).collect())
            .collect();
        for component in &mut components {
            component.sort_unstable();
        }
        components
    }

    /// Whether `node` has an arrow to itself.
    #[must_use]
    pub fn loops(&self, node: usize) -> bool {
        self.out(node).iter().any(|&to| to as usize == node)
    }

    /// A shortest circle through the component's lowest node, told as a path that ends where it began; empty where the
    /// component holds no circle.
    #[must_use]
    pub fn circle(&self, component: &[u32]) -> Vec<u32> {
        cycle::shortest(self, component)
    }
}

/// Nodes are counted by `u32`: 100,000 services with 50 steps each stay a thousand times below its end.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Arrows;

    #[test]
    fn callees_come_first_and_circles_have_no_order() {
        let arrows = Arrows::new(4, &[(0, 1), (1, 2), (3, 1)]);
        assert_eq!(arrows.callees_first(), Some(vec![2, 1, 0, 3]));
        assert_eq!(Arrows::new(3, &[(0, 1), (1, 2), (2, 0)]).callees_first(), None);
    }

    #[test]
    fn components_are_condensed_callees_first() {
        let arrows = Arrows::new(5, &[(0, 1), (1, 2), (2, 1), (2, 3), (4, 0)]);
        assert_eq!(arrows.components(), [vec![3], vec![1, 2], vec![0], vec![4]]);
        assert_eq!(arrows.circle(&[1, 2]), [1, 2, 1]);
        assert_eq!(arrows.circle(&[3]), Vec::<u32>::new());
    }

    #[test]
    fn the_shortest_circle_is_told() {
        let arrows = Arrows::new(5, &[(0, 1), (1, 2), (2, 3), (3, 0), (2, 0), (0, 4), (4, 0)]);
        assert_eq!(arrows.circle(&[0, 1, 2, 3, 4]), [0, 4, 0]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_costs_no_stack() {
        let chain: Vec<(u32, u32)> = (0..99_999).map(|node| (node, node + 1)).collect();
        let arrows = Arrows::new(100_000, &chain);
        assert_eq!(arrows.components().len(), 100_000);
        assert_eq!(arrows.callees_first().map(|order| order[0]), Some(99_999));
    }
}

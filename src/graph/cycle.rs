//! A circle told as a path that a person can follow. Knows one component at a time.

use std::collections::VecDeque;

use crate::graph::Arrows;

/// A shortest circle through the component's lowest node, by breadth-first search inside the component.
pub(in crate::graph) fn shortest(arrows: &Arrows, component: &[u32]) -> Vec<u32> {
    let Some(&start) = component.first() else {
        return Vec::new();
    };
    let mut from: Vec<Option<u32>> = vec![None; component.len()];
    let inside = |node: u32| component.binary_search(&node).ok();
    let mut open = VecDeque::from([start]);
    while let Some(node) = open.pop_front() {
        for &to in arrows.out(node as usize) {
            if to == start {
                return path(component, &from, node, start);
            }
            if let Some(at) = inside(to).filter(|&at| from[at].is_none()) {
                from[at] = Some(node);
                open.push_back(to);
            }
        }
    }
    Vec::new()
}

fn path(component: &[u32], from: &[Option<u32>], last: u32, start: u32) -> Vec<u32> {
    let mut back = vec![start, last];
    let mut node = last;
    while node != start {
        let before = component.binary_search(&node).ok().and_then(|at| from[at]);
        node = before.unwrap_or(start);
        back.push(node);
    }
    if last == start {
        back.pop();
    }
    back.reverse();
    if back.len() == 1 {
        back.push(start);
    }
    back
}

//! What an HAProxy says no with, and what to do about it. It answers in words only: there are no codes.

use crate::driver::shown::shown;

/// Where a no came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Which balancer.
    pub(super) on: &'a str,
    pub(super) backend: &'a str,
    /// The route, as people call it.
    pub(super) route: &'a str,
}

/// Whether this answer is the one to somebody who asked for a backend that is not there.
pub(super) fn is_no_backend(answer: &str) -> bool {
    answer.starts_with("Can't find backend")
        || answer.starts_with("No such backend")
        || answer.starts_with("No such proxy")
}

/// A no, in our own words.
pub(super) fn refusal(place: Place<'_>, asked: &str, answer: &str) -> String {
    let Place { on, backend, route } = place;
    if is_no_backend(answer) {
        return format!("{on} has no backend {backend}: look at the `name` of the route {route}");
    }
    if answer.starts_with("Permission denied") {
        return format!("{on} lets us look and change nothing: the line of its `stats socket` needs `level admin`");
    }
    if answer.starts_with("No such server") {
        return format!(
            "{on} has no such server in backend {backend} any more (we asked: {asked}): was its configuration loaded \
             anew? Look at it, then retry"
        );
    }
    if answer.contains("static LB algorithm") {
        return format!(
            "{on} balances backend {backend} by an algorithm whose weights are fixed while it runs: use roundrobin, \
             leastconn or random, or add `hash-type consistent`"
        );
    }
    if answer.contains("weight can only be between") || answer.contains("weight string") {
        return format!("{on} takes other weights than the one that it was sent (we asked: {asked})");
    }
    if answer.starts_with("Unknown command") {
        return format!(
            "{on} does not know what we ask ({asked}): its HAProxy is older than 1.6, or this is the socket of a master \
             process; name the `stats socket` of its worker"
        );
    }
    let said = shown(answer.lines().next().unwrap_or_default().as_bytes());
    format!("{on} says no ({said}) to what we asked: {asked}")
}

#[cfg(test)]
mod tests {
    use super::Place;
    use super::refusal;

    #[test]
    fn each_no_that_was_seen_has_its_own_words() {
        let place = Place { on: "lb1:9999", backend: "be", route: "text" };
        let all = [
            ("No such backend.", "has no backend be: look at the `name` of the route text"),
            ("Can't find backend.", "has no backend be"),
            ("No such proxy.", "has no backend be"),
            ("No such server.", "no such server in backend be any more (we asked: set it)"),
            ("Permission denied", "needs `level admin`"),
            ("Absolute weight can only be between 0 and 256 inclusive.", "takes other weights"),
            ("Empty weight string empty or preceded by garbage", "takes other weights"),
            (
                "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.",
                "hash-type consistent",
            ),
            (
                "Unknown command, but maybe one of the following ones is a better match:\n  x",
                "socket of a master process",
            ),
            ("Something \x1bnew.\nsecond line", "says no (Something ^[new.) to what we asked: set it"),
        ];
        for (answer, words) in all {
            let told = refusal(place, "set it", answer);
            assert!(told.starts_with("lb1:9999 ") && told.contains(words), "{answer}: {told}");
        }
    }
}

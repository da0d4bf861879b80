//! Warnings of one kind told together, so that nine services with the same trouble take one line of a first screen.

use std::collections::BTreeSet;
use std::mem::discriminant;

use crate::model::Millis;
use crate::plan::Issue;
use crate::plan::Plan;
use crate::report::advice::Advice;
use crate::report::advice::in_plan;
use crate::report::advice::owner;
use crate::report::words;

/// How much of a line names may take.
const NAMES: usize = 34;

/// Advice for all issues, those of one kind together, in the order in which their kinds first appear.
#[must_use]
pub fn together(plan: &Plan, issues: &[&Issue]) -> Vec<Advice> {
    let mut kinds: Vec<Vec<&Issue>> = Vec::new();
    for &one in issues {
        match kinds.iter_mut().find(|kind| discriminant(kind[0]) == discriminant(one)) {
            Some(kind) => kind.push(one),
            None => kinds.push(vec![one]),
        }
    }
    kinds.iter().map(|kind| if let [one] = kind[..] { in_plan(plan, one) } else { several(plan, kind) }).collect()
}

/// At least two issues of one kind.
fn several(plan: &Plan, issues: &[&Issue]) -> Advice {
    let count = issues.len();
    let names = words::fold(&services(issues), NAMES);
    let (what, act) = match issues[0] {
        Issue::Stranded { .. } => (
            format!("{count} services have nowhere to go: {names}"),
            "call their owners; why nowhere: `explain service:NAME`",
        ),
        Issue::RtoMissed { .. } => (
            format!("{count} services come back later than promised: {names}"),
            "tell those who wait for them; what they wait for: `explain service:NAME`",
        ),
        Issue::RpoAtRisk { .. } => (
            format!("{count} writers may be behind, {}: {names}", worst(issues)),
            "decide who may accept lost data before their gates ask",
        ),
        Issue::AdmitsPart { .. } => (
            format!("{count} services turn some of their users away: {names}"),
            "tell users now; what is short: `explain service:NAME`",
        ),
        Issue::OnDemandInPromise { .. } => (
            format!("{count} services need capacity that a cloud must launch: {names}"),
            "call the cloud's support now, and ask for the capacity by name",
        ),
        Issue::BootstrapCycle { .. } | Issue::UsesStranded { .. } => (
            format!("{count} steps use what nothing brings back in time: {names}"),
            "find another way to do what is missing; gates ask for it",
        ),
        Issue::ChannelLost { .. } => (
            format!("{count} messages will not get through, because their channels are lost: {names}"),
            "tell those people by telephone; the run goes on without them",
        ),
        Issue::JumpLost { .. } => (
            format!("{count} steps can't reach their hosts: {names}"),
            "find a way in: a console, a VPN, a person on the floor",
        ),
        Issue::NoSteps { .. } => (
            format!("{count} services should come up, and no runbook says how: {names}"),
            "call their owners; do it by hand, then write runbooks",
        ),
        Issue::RouteUneven { .. } => (
            format!("{count} routes are DNS records, and by turns some site gets more users than it should: {names}"),
            "watch those sites while they are shifted; give their others more addresses, or a balancer",
        ),
        Issue::NoFence { .. } => (
            format!("{count} services get a new writer without a fence: {names}"),
            "make sure that the old sites are cut off before you open their gates",
        ),
        Issue::SharesDomain { .. }
        | Issue::OverLimitBefore { .. }
        | Issue::OverLimitAfter { .. }
        | Issue::RecoveredTogether { .. }
        | Issue::RouteNotShifted { .. }
        | Issue::ProviderLost { .. }
        | Issue::OrchestratorLost
        | Issue::SiteWithoutFence { .. }
        | Issue::DefaultDurations { .. }
        | Issue::FaultsElsewhere { .. }
        | Issue::DeclaredOnly
        | Issue::Observed { .. }
        | Issue::Asked { .. }
        | Issue::LearntEdge { .. }
        | Issue::AssumedAway => {
            let Advice { what, act } = in_plan(plan, issues[0]);
            return Advice { what: format!("{what} (and {} more like it)", count - 1), act };
        }
    };
    Advice { what, act: act.replacen(OWNERS, &owners(plan, issues), 1) }
}

fn services<'i>(issues: &[&'i Issue]) -> Vec<&'i str> {
    let mut names: Vec<&str> = issues.iter().filter_map(|issue| issue.service()).collect();
    names.dedup();
    names
}

/// How owners are called whom nobody named.
const OWNERS: &str = "their owners";

/// How much of a line they may take: what to type behind them must never be cut.
const OWNED: usize = 30;

/// Who answers for these services, where somebody was declared for each and all of them fit.
fn owners(plan: &Plan, issues: &[&Issue]) -> String {
    let named: Option<BTreeSet<&str>> =
        issues.iter().map(|issue| issue.service().and_then(|name| owner(plan, name))).collect();
    let named = named.map(|named| named.into_iter().collect::<Vec<_>>().join(", "));
    named.filter(|named| words::width(named) <= OWNED).unwrap_or_else(|| OWNERS.to_owned())
}

/// The longest that any copy may be behind.
fn worst(issues: &[&Issue]) -> String {
    let mut longest = Some(Millis::ZERO);
    for issue in issues {
        if let Issue::RpoAtRisk { lag, .. } = issue {
            longest = longest.zip(*lag).map(|(one, other)| one.later(other));
        }
    }
    longest.map_or("by how much is unknown".to_owned(), |lag| format!("by up to {}", words::span(lag)))
}

#[cfg(test)]
mod tests {
    use super::together;
    use crate::model::Millis;
    use crate::plan::Issue;
    use crate::report::sample;

    #[test]
    fn what_is_of_one_kind_takes_one_line() {
        let at_risk = |service: &str, lag| Issue::RpoAtRisk {
            service: service.to_owned(),
            site: "tokyo".to_owned(),
            lag,
            objective: Millis::ZERO,
        };
        let plan = sample::talk();
        let lost = Issue::OrchestratorLost;
        let (one, other) = (at_risk("a", Some(Millis::from_secs(8))), at_risk("b", Some(Millis::from_secs(3))));
        let told: Vec<String> = together(&plan, &[&one, &lost, &other]).into_iter().map(|advice| advice.what).collect();
        assert_eq!(
            told,
            ["2 writers may be behind, by up to 8s: a, b", "every declared copy of this tool is in what is lost"]
        );
        let unknown = at_risk("c", None);
        assert_eq!(together(&plan, &[&one, &unknown])[0].what, "2 writers may be behind, by how much is unknown: a, c");
    }
}

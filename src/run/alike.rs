//! Hosts that ended alike and said the same, as one: what 118 of 120 hosts say is read once, and the other two are seen.

use std::collections::BTreeMap;

use crate::model::HostSet;
use crate::run::End;
use crate::run::HostEnd;

/// Hosts that ended alike and said the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostsAlike {
    /// Which: `pg-msg-[007-008]`.
    pub hosts: String,
    /// How many.
    pub count: u64,
    /// How they ended.
    pub end: End,
    /// What each of them printed, masked and cut.
    pub said: String,
}

/// Hosts, those that are alike together: the larger groups first. Of a host that is told twice, the last word counts.
#[must_use]
pub fn alike(hosts: &[HostEnd]) -> Vec<HostsAlike> {
    let last: BTreeMap<&str, &HostEnd> = hosts.iter().map(|host| (host.host.as_str(), host)).collect();
    let mut groups: BTreeMap<(&End, &str), Vec<&str>> = BTreeMap::new();
    for (name, host) in last {
        groups.entry((&host.end, host.said.as_str())).or_default().push(name);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by(|(_, some), (_, others)| others.len().cmp(&some.len()).then_with(|| some.cmp(others)));
    let told = groups.into_iter().map(|((end, said), names)| HostsAlike {
        hosts: folded(&names),
        count: u64::try_from(names.len()).unwrap_or(u64::MAX),
        end: end.clone(),
        said: said.to_owned(),
    });
    told.collect()
}

fn folded(names: &[&str]) -> String {
    // What no set can name stands as it is.
    HostSet::of(names).map_or_else(|| names.join(","), |set| set.to_string())
}

#[cfg(test)]
mod tests {
    use super::alike;
    use crate::run::End;
    use crate::run::HostEnd;

    #[test]
    fn hosts_that_said_the_same_are_one_and_the_last_word_counts() {
        let host = |at: u32, end: End, said: &str| HostEnd { host: format!("pg-{at:03}"), end, said: said.to_owned() };
        let mut hosts: Vec<HostEnd> = (1..=20).map(|at| host(at, End::Ok, "started")).collect();
        hosts[6] = host(7, End::Exit(3), "no table");
        hosts.push(host(12, End::Exit(3), "no table"));
        hosts.push(host(14, End::Ok, "was up already"));
        let told: Vec<_> = alike(&hosts).into_iter().map(|it| (it.count, it.hosts, it.end, it.said)).collect();
        let is = |count, hosts: &str, end, said: &str| (count, hosts.to_owned(), end, said.to_owned());
        assert_eq!(
            told,
            [
                is(17, "pg-[001-006],pg-[008-011],pg-013,pg-[015-020]", End::Ok, "started"),
                is(2, "pg-007,pg-012", End::Exit(3), "no table"),
                is(1, "pg-014", End::Ok, "was up already"),
            ]
        );
    }
}

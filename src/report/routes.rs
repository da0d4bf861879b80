//! Where routes lead, for people: now, by whom, and against what they should.

use serde::Serialize;

use crate::model::Ppm;
use crate::report::paint::Paint;
use crate::report::paint::Tone;
use crate::report::words;
use crate::run::preflight::RouteSeen;

/// Where a route should lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Wanted {
    /// The record, backend or path that its keeper knows it by.
    pub record: String,
    /// The shares by site, sorted by site; none where no service is reached by it.
    pub shares: Vec<(String, Ppm)>,
    /// The last run, where a run left it so; none where it is as declared.
    pub by: Option<String>,
}

/// By turns, or in weights, shares come only near to what was planned.
const NEAR: u64 = 50_000;
/// Texts stand beside their heads.
const HEAD: usize = 11;

impl Wanted {
    /// Whether a route could be read, would take a change, and leads where it should, as its keeper and all say who see it
    /// by another way.
    #[must_use]
    pub fn is_met_by(&self, seen: &RouteSeen) -> bool {
        seen.troubles.is_empty()
            && seen.leads.as_ref().is_some_and(|leads| self.is_near(leads))
            && seen.looks.iter().filter_map(|look| look.leads.as_ref()).all(|leads| self.is_near(leads))
    }

    fn is_near(&self, leads: &[(String, Ppm)]) -> bool {
        let share = |table: &[(String, Ppm)], site: &str| {
            table.iter().find(|(at, _)| at == site).map_or(Ppm::ZERO, |(_, share)| *share)
        };
        let near = |(site, _): &(String, Ppm)| is_near(share(leads, site), share(&self.shares, site));
        self.shares.is_empty() || leads.iter().chain(&self.shares).all(near)
    }
}

/// Whether a share is as it was meant, as far as it can be. Nobody is never near to some.
const fn is_near(leads: Ppm, wanted: Ppm) -> bool {
    leads.0.abs_diff(wanted.0) <= NEAR && (leads.0 == 0) == (wanted.0 == 0)
}

/// All of them.
#[must_use]
pub fn routes_text(all: &[(RouteSeen, Wanted)], paint: Paint) -> String {
    let mut out = String::new();
    for (seen, wanted) in all {
        out.push_str(&one(seen, wanted, paint));
    }
    out
}

fn one(seen: &RouteSeen, wanted: &Wanted, paint: Paint) -> String {
    let title = format!("{} ({}, kept by {})", seen.route, wanted.record, seen.provider);
    let mut out = format!("{}\n", paint.head(&title));
    let mut line = |head: &str, tone: Tone, text: &str| {
        let plain = words::hang(&words::pad(&format!("  {head}"), HEAD), text, paint.columns);
        out.push_str(&plain.replacen(head, &paint.tone(tone, head), 1));
    };
    match &seen.leads {
        Some(leads) if wanted.is_near(leads) => line("now", Tone::Good, &shares(leads)),
        Some(leads) => line("NOW", Tone::Alarm, &shares(leads)),
        None => line("NOW", Tone::Alarm, "nobody can say"),
    }
    match (&wanted.by, wanted.shares.is_empty()) {
        (_, true) => line("wanted", Tone::Quiet, "no service is reached by it"),
        (Some(run), false) => {
            line("wanted", Tone::Quiet, &format!("{} (as runs left it, the last: {run})", shares(&wanted.shares)));
        }
        (None, false) => line("wanted", Tone::Quiet, &format!("{} (declared)", shares(&wanted.shares))),
    }
    let same: Vec<&str> = seen
        .looks
        .iter()
        .filter(|look| look.leads.is_some() && look.leads == seen.leads)
        .map(|look| look.server.as_str())
        .collect();
    if !same.is_empty() {
        line("seen by", Tone::Good, &same.join(", "));
    }
    for look in seen.looks.iter().filter(|look| look.leads.is_none()) {
        line("silent", Tone::Care, &format!("{}: {}", look.server, look.says));
    }
    for trouble in &seen.troubles {
        line("TROUBLE", Tone::Alarm, trouble);
    }
    for remark in &seen.remarks {
        line("note", Tone::Care, remark);
    }
    out
}

/// `ansan 67 %, chuncheon 33 %`.
#[must_use]
pub fn shares(table: &[(String, Ppm)]) -> String {
    let one = |(site, share): &(String, Ppm)| format!("{site} {}", words::percent(*share));
    if table.is_empty() { "nowhere".to_owned() } else { table.iter().map(one).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::Wanted;
    use super::routes_text;
    use crate::model::Ppm;
    use crate::report::paint::NARROW;
    use crate::report::paint::Paint;
    use crate::run::preflight::LookSeen;
    use crate::run::preflight::RouteSeen;

    fn table(parts: &[(&str, u64)]) -> Vec<(String, Ppm)> {
        parts.iter().map(|(site, percent)| ((*site).to_owned(), Ppm(percent * 10_000))).collect()
    }

    #[test]
    fn people_see_where_users_are_and_who_says_so() {
        let look = |server: &str, leads: Option<&[(&str, u64)]>, says: &str| LookSeen {
            server: server.into(),
            leads: leads.map(table),
            says: says.into(),
        };
        let text = RouteSeen {
            route: "text".into(),
            provider: "gslb".into(),
            leads: Some(table(&[("ansan", 67), ("chuncheon", 33)])),
            looks: vec![
                look("ns1.ansan:53", Some(&[("ansan", 67), ("chuncheon", 33)]), "198.18.20.11 1 (ansan)"),
                look("ns1.tokyo:53", None, "ns1.tokyo:53 did not answer within 2s"),
            ],
            troubles: Vec::new(),
            remarks: vec!["the zone is also answered by ns9.example.: name it in `also`".into()],
        };
        let other = RouteSeen {
            route: "more".into(),
            provider: "edge".into(),
            leads: Some(table(&[("pangyo", 100)])),
            looks: Vec::new(),
            troubles: vec!["edge.ansan:9999 lets us look and change nothing".into()],
            remarks: Vec::new(),
        };
        let wanted = |shares: &[(&str, u64)], by: Option<&str>| Wanted {
            record: "msg.talk.example.".into(),
            shares: table(shares),
            by: by.map(str::to_owned),
        };
        let all = [
            (text, wanted(&[("ansan", 65), ("chuncheon", 35)], Some("20261122-0312-pangyo"))),
            (other, wanted(&[("ansan", 100)], None)),
        ];
        assert!(all[0].1.is_met_by(&all[0].0) && !all[1].1.is_met_by(&all[1].0));
        expect![[r#"
            text (msg.talk.example., kept by gslb)
              now      ansan 67 %, chuncheon 33 %
              wanted   ansan 65 %, chuncheon 35 % (as runs left it, the last:
                       20261122-0312-pangyo)
              seen by  ns1.ansan:53
              silent   ns1.tokyo:53: ns1.tokyo:53 did not answer within 2s
              note     the zone is also answered by ns9.example.: name it in `also`
            more (msg.talk.example., kept by edge)
              NOW      pangyo 100 %
              wanted   ansan 100 % (declared)
              TROUBLE  edge.ansan:9999 lets us look and change nothing
        "#]]
        .assert_eq(&routes_text(&all, Paint { color: false, columns: NARROW }));
    }
}

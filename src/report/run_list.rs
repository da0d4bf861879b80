//! The runs of a project, one line each: what was lost, how it ended, and when the first tier was back.

use serde::Serialize;

use crate::evidence::Evidence;
use crate::evidence::Stands;
use crate::evidence::Verdict;
use crate::model::Millis;
use crate::report::plan_text::SHORT_ID;
use crate::report::table::left;
use crate::report::table::right;
use crate::report::table::table;
use crate::report::wall::Wall;
use crate::report::words;
use crate::run::Distrust;
use crate::run::Stamp;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Line {
    /// Its name.
    pub run: String,
    /// When it was opened: milliseconds since the Unix epoch.
    pub opened: Stamp,
    /// The same on the wall, in the project's timezone.
    pub when: String,
    /// What was affected: `pangyo lost`.
    pub what: String,
    /// `done`, `cancelled`, `succeeded`, `held`, `active` or `dead`.
    pub stands: &'static str,
    /// When the first tier was back, from T=0.
    pub first_back_ms: Option<Millis>,
    /// Against its promises.
    pub promise: Option<Verdict>,
    /// Fences that are owed since then, and still are.
    pub owed: u64,
    /// Sites that are quarantined since then, and still are.
    pub quarantined: Vec<String>,
    /// The digest of its plan.
    pub plan: String,
}

/// The line of a run. Whether somebody holds the pen for it, and what all runs together say of sites, the door knows.
#[must_use]
pub fn line(evidence: &Evidence, held: bool, now: &Distrust) -> Line {
    let scopes: Vec<String> = evidence.scopes.iter().map(|scope| format!("{} {}", scope.scope, scope.state)).collect();
    let owed = evidence.owed.iter().filter(|owed| now.owes(&owed.site, &owed.gate)).count();
    let sealed = evidence.sealed.iter().filter(|sealed| now.quarantined.contains(&sealed.site));
    Line {
        run: evidence.run.clone(),
        opened: evidence.opened,
        when: Wall::of(&evidence.timezone).minute(evidence.opened),
        what: scopes.join(", "),
        stands: match (&evidence.stands, held) {
            (Stands::Done, _) => "done",
            (Stands::Cancelled, _) => "cancelled",
            (Stands::Succeeded { .. }, _) => "succeeded",
            (Stands::Held, true) => "held",
            (Stands::Going | Stands::Left, true) => "active",
            (Stands::Held | Stands::Going | Stands::Left, false) => "dead",
        },
        first_back_ms: evidence.first.as_ref().and_then(|first| first.back_ms),
        promise: evidence.first.as_ref().map(|first| first.verdict),
        owed: u64::try_from(owed).unwrap_or(u64::MAX),
        quarantined: sealed.map(|sealed| sealed.site.clone()).collect(),
        plan: evidence.plan.clone(),
    }
}

/// The list.
#[must_use]
pub fn text(lines: &[Line], columns: usize) -> String {
    let shape = [
        left("run", 32),
        left("opened", 16),
        left("what", 20),
        left("stands", 9),
        right("first tier", 10),
        left("", 7),
        left("plan", SHORT_ID),
    ];
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let promise = match line.promise {
                Some(Verdict::Met) => "kept",
                Some(Verdict::Missed) => "MISSED",
                Some(Verdict::Open) => "open",
                Some(Verdict::NoPromise | Verdict::Unknown) | None => "",
            };
            vec![
                line.run.clone(),
                line.when.clone(),
                line.what.clone(),
                line.stands.to_owned(),
                line.first_back_ms.map_or("-".to_owned(), words::at),
                promise.to_owned(),
                line.plan.get(..SHORT_ID).unwrap_or(&line.plan).to_owned(),
            ]
        })
        .collect();
    let mut text = table(&shape, &rows, columns).join("\n") + "\n";
    for line in lines {
        let mut owes: Vec<String> = line.quarantined.iter().map(|site| format!("{site} is quarantined")).collect();
        if line.owed > 0 {
            let fences = words::count(usize::try_from(line.owed).unwrap_or(usize::MAX), "fence");
            owes.push(format!("{fences} owed"));
        }
        if !owes.is_empty() {
            text.push_str(&words::hang("  ", &format!("{}: {}", line.run, owes.join(", ")), columns));
        }
    }
    text
}

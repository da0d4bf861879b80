//! What rehearsals came to: when each service would be back, over all trials, against the plan and the promise.

use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Plan;
use crate::report::paint::Paint;
use crate::report::table::left;
use crate::report::table::right;
use crate::report::table::table;
use crate::report::words;

/// The format that this version writes.
const FORMAT: u32 = 1;
/// Titles may be long.
const TITLE: usize = 40;
/// Names of services are not cut on any terminal that people use.
const NAME: usize = 24;
/// Spans and counts.
const NUMBER: usize = 12;

/// What rehearsals came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rehearsal {
    /// The version of this document.
    pub format: u32,
    /// The digest of the plan.
    pub plan: String,
    /// How often it was rehearsed.
    pub trials: u64,
    /// What the spans of steps were drawn by; as the plan expects them where nothing is given.
    pub seed: Option<u64>,
    /// What went wrong, as it was written.
    pub faults: Vec<String>,
    /// In how many trials everything was done in the end.
    pub done: u64,
    /// How long the whole took, in trials that came to an end.
    pub whole: Option<Spread>,
    /// What was left for people to decide, and in how many trials.
    pub stuck: Vec<(String, u64)>,
    /// Every service that the plan brings back.
    pub services: Vec<Rehearsed>,
}

/// One service, over all trials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rehearsed {
    /// Its name.
    pub id: String,
    /// For people.
    pub title: String,
    /// Its effective tier.
    pub tier: String,
    /// When the plan expects it back.
    pub expected_ms: Option<Millis>,
    /// The promise.
    pub objective_ms: Option<Millis>,
    /// In how many trials it came back.
    pub back: u64,
    /// In how many trials it came back within the promise.
    pub within: u64,
    /// When it came back, where it did.
    pub spread: Option<Spread>,
}

/// How something spreads over trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Spread {
    /// Half of the trials are faster.
    pub p50_ms: Millis,
    /// Nineteen of twenty are faster.
    pub p95_ms: Millis,
    /// The slowest.
    pub most_ms: Millis,
}

impl Spread {
    /// Of some spans; none of none.
    #[must_use]
    pub fn of(mut spans: Vec<Millis>) -> Option<Self> {
        spans.sort_unstable();
        // The nearest rank: a span that was really seen.
        let rank = |percent: usize| spans.get((spans.len() * percent).div_ceil(100).max(1) - 1).copied();
        Some(Self { p50_ms: rank(50)?, p95_ms: rank(95)?, most_ms: rank(100)? })
    }
}

impl Rehearsal {
    /// Nothing rehearsed yet.
    #[must_use]
    pub fn new(plan: &Plan, seed: Option<u64>, faults: Vec<String>) -> Self {
        Self {
            format: FORMAT,
            plan: plan.id.clone(),
            trials: 0,
            seed,
            faults,
            done: 0,
            whole: None,
            stuck: Vec::new(),
            services: Vec::new(),
        }
    }
}

/// As people read it.
#[must_use]
pub fn text(rehearsal: &Rehearsal, paint: Paint) -> String {
    let mut out = String::new();
    let trials = usize::try_from(rehearsal.trials).unwrap_or(usize::MAX);
    let spans = match rehearsal.seed {
        Some(seed) => format!("steps and people take 0.75 to 2 times what the plan expects, drawn by seed {seed}"),
        None => "steps and people take what the plan expects".to_owned(),
    };
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(paint.head(&format!("Rehearsed {}: nothing was touched", words::count(trials, "time"))));
    words::wrap(&spans, paint.columns).into_iter().for_each(&mut line);
    for fault in &rehearsal.faults {
        line(format!("with {fault}"));
    }
    let done = format!("done in {} of {}", rehearsal.done, rehearsal.trials);
    line(match rehearsal.whole {
        Some(whole) if rehearsal.trials > 1 => {
            let ends = format!("half by {}, 95 % by {}", words::at(whole.p50_ms), words::at(whole.p95_ms));
            format!("{done}; all steps: {ends}, the slowest {}", words::at(whole.most_ms))
        }
        Some(whole) => format!("{done}, at {}", words::at(whole.most_ms)),
        None => done,
    });
    for (what, times) in &rehearsal.stuck {
        line(paint.alarm(&format!("left to people in {times}: {what}")));
    }
    line(String::new());
    for row in rows(rehearsal, paint) {
        line(row);
    }
    out
}

fn rows(rehearsal: &Rehearsal, paint: Paint) -> Vec<String> {
    let span = |span: Option<Millis>| span.map_or("-".to_owned(), words::at);
    let single = rehearsal.trials == 1;
    let mut shape = vec![left("service", NAME), left("tier", NAME), right("promise", NUMBER), right("plan", NUMBER)];
    if single {
        shape.push(right("rehearsed", NUMBER));
    } else {
        shape.extend([right("P50", NUMBER), right("P95", NUMBER), right("in time", NUMBER)]);
    }
    shape.push(left("title", TITLE));
    let rows: Vec<Vec<String>> = rehearsal
        .services
        .iter()
        .map(|service| {
            let mut row =
                vec![service.id.clone(), service.tier.clone(), span(service.objective_ms), span(service.expected_ms)];
            let never = || if single { "not back".to_owned() } else { "never".to_owned() };
            row.push(service.spread.map_or_else(never, |spread| words::at(spread.p50_ms)));
            if !single {
                row.push(service.spread.map_or_else(never, |spread| words::at(spread.p95_ms)));
                let share = service.within.saturating_mul(Ppm::ONE.0).checked_div(rehearsal.trials).unwrap_or(0);
                row.push(words::percent(Ppm(share)));
            }
            row.push(service.title.clone());
            row
        })
        .collect();
    table(&shape, &rows, paint.columns)
}

#[cfg(test)]
mod tests {
    use super::Spread;
    use crate::model::Millis;

    #[test]
    fn ranks_are_spans_that_were_seen() {
        let of = |spans: &[u64]| Spread::of(spans.iter().copied().map(Millis).collect());
        assert_eq!(of(&[]), None);
        let one = of(&[7]).unwrap();
        assert_eq!((one.p50_ms, one.p95_ms, one.most_ms), (Millis(7), Millis(7), Millis(7)));
        let all: Vec<u64> = (1..=100).rev().collect();
        let hundred = of(&all).unwrap();
        assert_eq!((hundred.p50_ms, hundred.p95_ms, hundred.most_ms), (Millis(50), Millis(95), Millis(100)));
    }
}

//! What the runs of this project left behind: their journals, read for the next plan. What can't be read is told, and left
//! out: at 03:12 a plan that knows less is better than none.

use std::fs;
use std::path::Path;

use crate::cli::input;
use crate::cli::past_runs;
use crate::cli::past_runs::JOURNAL;
use crate::cli::store;
use crate::cli::ui::say;
use crate::model::Estate;
use crate::model::Observation;
use crate::plan::Source;
use crate::run;
use crate::run::LeftBehind;
use crate::run::Stamp;

/// A run that was read, and the digest of its journal.
struct Seen {
    opened: Stamp,
    left: LeftBehind,
    source: (String, String),
}

/// What is so, as far as the journals of this project tell it.
pub(crate) fn observation(root: &Path, estate: &Estate) -> Observation {
    let (seen, history) = seen(root);
    let sources = seen.iter().map(|seen| seen.source.clone()).collect();
    let left: Vec<LeftBehind> = seen.into_iter().map(|seen| seen.left).collect();
    Observation { sources, spans: history.spans(), ..run::observation(estate, &left) }
}

/// Runs that changed what is so after a plan with these sources was made: those that went on, or came to be. Empty where it
/// still starts from what is so.
pub(crate) fn changed_since(root: &Path, estate: &Estate, sources: &[Source]) -> Vec<String> {
    let (seen, _) = seen(root);
    let known = |seen: &Seen| sources.iter().find(|source| source.path == seen.source.0);
    let is_as_it_was = |seen: &Seen| known(seen).is_some_and(|source| source.sha256 == seen.source.1);
    let went_on = seen.iter().filter(|seen| known(seen).is_some() && !is_as_it_was(seen));
    let changed: Vec<String> = went_on.map(|seen| seen.left.run.clone()).collect();
    if !changed.is_empty() {
        return changed;
    }
    let (then, new): (Vec<Seen>, Vec<Seen>) = seen.into_iter().partition(is_as_it_was);
    let names: Vec<String> = new.iter().map(|seen| seen.left.run.clone()).collect();
    let so = |seen: &[&Seen]| {
        let left: Vec<LeftBehind> = seen.iter().map(|seen| seen.left.clone()).collect();
        let so = run::observation(estate, &left);
        (so.active, so.low, so.quarantined, so.owed)
    };
    let before: Vec<&Seen> = then.iter().collect();
    let mut now: Vec<&Seen> = then.iter().chain(&new).collect();
    now.sort_by(|one, other| (one.opened, &one.left.run).cmp(&(other.opened, &other.left.run)));
    if so(&before) == so(&now) { Vec::new() } else { names }
}

/// All runs that can be read, the oldest first, and how long their steps took.
fn seen(root: &Path) -> (Vec<Seen>, run::History) {
    let mut seen: Vec<Seen> = Vec::new();
    let mut history = run::History::default();
    for name in past_runs::names(root) {
        let unseen = |why: &str| say(&format!("warning: run {name} is not looked at for what is so now: {why}"));
        let run = match past_runs::open(root, &name) {
            Ok(run) => run,
            Err(error) => {
                unseen(&error.chain.join(": "));
                continue;
            }
        };
        let left = match run::left_behind(&run.plan, &run.entries) {
            Ok(left) => left,
            Err(error) => {
                unseen(&error.to_string());
                continue;
            }
        };
        history.learn(&run.plan, &run.entries);
        let digest = match fs::read(past_runs::folder(root).join(&name).join(JOURNAL)) {
            Ok(bytes) => input::digest(&bytes),
            Err(error) => {
                unseen(&error.to_string());
                continue;
            }
        };
        let source = (format!("{}/runs/{name}/{JOURNAL}", store::OURS), digest);
        seen.push(Seen { opened: run.opened(), left, source });
    }
    seen.sort_by(|one, other| (one.opened, &one.left.run).cmp(&(other.opened, &other.left.run)));
    (seen, history)
}

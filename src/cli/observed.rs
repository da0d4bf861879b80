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
use crate::run;
use crate::run::LeftBehind;
use crate::run::Stamp;

/// What is so, as far as the journals of this project tell it.
pub(crate) fn observation(root: &Path, estate: &Estate) -> Observation {
    let mut seen: Vec<(Stamp, LeftBehind)> = Vec::new();
    let mut sources = Vec::new();
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
        match run::left_behind(&run.plan, &run.entries) {
            Ok(left) => {
                history.learn(&run.plan, &run.entries);
                seen.push((run.opened(), left));
            }
            Err(error) => {
                unseen(&error.to_string());
                continue;
            }
        }
        if let Ok(bytes) = fs::read(past_runs::folder(root).join(&name).join(JOURNAL)) {
            sources.push((format!("{}/runs/{name}/{JOURNAL}", store::OURS), input::digest(&bytes)));
        }
    }
    seen.sort_by(|one, other| (one.0, &one.1.run).cmp(&(other.0, &other.1.run)));
    let left: Vec<LeftBehind> = seen.into_iter().map(|(_, left)| left).collect();
    Observation { sources, spans: history.spans(), ..run::observation(estate, &left) }
}

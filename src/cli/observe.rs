//! `bonghwa plan --observe`: asks on the spot who writes, and keeps what was seen as one of the plan's sources.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::cli::error::CommandError;
use crate::cli::input;
use crate::cli::live;
use crate::cli::plan::refused;
use crate::cli::preflight;
use crate::cli::store;
use crate::cli::ui::say;
use crate::cli::way;
use crate::engine;
use crate::engine::Look;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::ScopeState;
use crate::plan;
use crate::report::json;
use crate::report::words;
use crate::run;

/// The folder of what was seen.
const FOLDER: &str = "observed";
/// Whoever plans at night waits as long as before `evacuate`.
const WITHIN: Millis = Millis(10_000);

/// What is known, and what is seen on the spot on top of it.
pub(crate) fn observation(
    root: &Path,
    estate: &Estate,
    incident: &Incident,
    known: Observation,
) -> Result<Observation, CommandError> {
    let is_return = incident.scopes.iter().any(|(_, state)| *state == ScopeState::Returning);
    if is_return && known.runs.is_empty() {
        let error = CommandError::usage("who writes is not enough to know who is to come home");
        return Err(
            error.hint("take in the run that answered the loss (`bonghwa runs import`), or leave --observe out")
        );
    }
    let ground = plan::prepare(estate);
    let questions = plan::questions(&ground, incident, &known).map_err(|refusal| refused(&refusal))?;
    let mute = words::count(questions.mute.len(), "service");
    if questions.is_empty() {
        say(&format!(
            "warning: nothing was observed: no `promote` step with a `done-if` says how to see who writes ({mute} with one writer)"
        ));
        return Ok(known);
    }
    let root = root.canonicalize().map_err(|error| preflight::failed(&error))?;
    let folder = root.join(store::OURS).join(FOLDER);
    // Nothing is begun, so there is never a record in that folder.
    let hands = Arc::new(way::hands(&root, &folder, &questions.plan, &[])?);
    let asked = Arc::new(questions.plan.clone());
    let look = Look { only_lifeline: false, within: WITHIN, at: live::now() };
    let seen = preflight::within_runtime(engine::preflight(&asked, &hands, look))?;
    let text = json::text(&seen);
    store::keep_out_of_git(&root)?;
    store::private_folder(&folder)?;
    let name = format!("{}.json", seen.at_unix_ms);
    store::write(&folder.join(&name), text.as_bytes())?;
    let written = fs::read(folder.join(&name)).map_err(|error| preflight::failed(&error))?;
    let mut observed = run::asked(estate, known, &questions, &seen);
    observed.sources.push((format!("{}/{FOLDER}/{name}", store::OURS), input::digest(&written)));
    Ok(observed)
}

//! Where runs made a writer, or may have: whoever plans again must fence it before there is another one.

use std::collections::BTreeMap;

use crate::plan::Effect;
use crate::plan::Plan;
use crate::plan::Step;
use crate::run::Entry;
use crate::run::Script;
use crate::run::Stamp;
use crate::run::State;
use crate::run::StepState;
use crate::run::Unseen;
use crate::run::fold;

/// The writers that one run made after those that are known, by service. A promotion that began counts, however it
/// ended: nobody can say that it had no effect. A fence that is done takes a writer away.
///
/// # Errors
///
/// Plan and journal don't belong together, or tell what can't have happened.
pub fn writers(plan: &Plan, entries: &[Entry], known: &mut BTreeMap<String, String>) -> Result<(), Unseen> {
    let script = Script::new(plan)?;
    let mut state = State::new(&script);
    for entry in entries {
        fold(&script, &mut state, entry)?;
        drop(state.take_touched());
    }
    let mut told: Vec<(Stamp, bool, &Step)> = Vec::new();
    for (step, run) in plan.steps.iter().zip(&state.steps) {
        let is_done = matches!(run.state, StepState::Done(_));
        match step.effect {
            Some(Effect::Writer | Effect::Unfenced { .. }) if is_done || run.attempt > 0 => {
                told.push((run.since, true, step))
            }
            Some(Effect::Fenced) if is_done => told.push((run.since, false, step)),
            Some(Effect::Writer | Effect::Unfenced { .. } | Effect::Fenced | Effect::Ends) | None => {}
            Some(Effect::Holds { .. } | Effect::Serves { .. }) => {}
        }
    }
    // A fence of an instant comes before a promotion of the same one.
    told.sort_by_key(|(since, makes, _)| (*since, *makes));
    for (_, makes, step) in told {
        match (makes, &step.service, &step.site) {
            (true, Some(service), Some(site)) => drop(known.insert(service.clone(), site.clone())),
            (false, Some(service), Some(site)) if known.get(service) == Some(site) => drop(known.remove(service)),
            (false, None, Some(site)) => known.retain(|_, at| at != site),
            (true | false, _, _) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::writers;
    use crate::model::Millis;
    use crate::model::Observation;
    use crate::model::ScopeState;
    use crate::plan::Effect;
    use crate::run::Event;
    use crate::run::left_behind;
    use crate::run::observation;
    use crate::run::tests::player::NIGHT;
    use crate::run::tests::player::play;
    use crate::run::tests::talk;

    #[test]
    fn a_promotion_counts_from_its_beginning_and_until_it_is_fenced() {
        let estate = talk::estate();
        let plan = talk::plan(&estate, "pangyo", ScopeState::Lost, &Observation::default());
        let run = play(&plan, "20261122-0312-pangyo", NIGHT);
        let makes = |step: &str| plan.steps.iter().find(|one| one.id == step && one.effect == Some(Effect::Writer));
        let begins = run
            .entries
            .iter()
            .position(|entry| matches!(&entry.event, Event::Started { step, .. } if makes(step).is_some()));
        let begins = begins.expect("a promotion");
        let told = |entries: usize| {
            let mut known = BTreeMap::new();
            writers(&plan, &run.entries[..entries], &mut known).unwrap();
            known
        };
        assert_eq!(told(begins), BTreeMap::new());
        let first = makes(run.entries[begins].event.subject().unwrap()).unwrap();
        let (service, site) = (first.service.clone().unwrap(), first.site.clone().unwrap());
        assert_eq!(told(begins + 1).get(&service), Some(&site));
        // The next loss fences it where it is, and makes another one.
        let mut known = told(run.entries.len());
        let seen = observation(&estate, &[left_behind(&plan, &run.entries).unwrap()]);
        let next = talk::plan(&estate, &site, ScopeState::Lost, &seen);
        let after = play(&next, "20261122-0412-next", NIGHT.after(Millis::from_secs(3_600)));
        writers(&next, &after.entries, &mut known).unwrap();
        assert_ne!(known.get(&service), Some(&site));
    }
}

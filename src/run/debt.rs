//! Fences that stand on a person's word are owed: what should have proven them is tried again, at growing intervals, until
//! the old site answers, a person releases it, or the run is over. Nothing waits for that.

use crate::model::Millis;
use crate::run::OpenedBy;
use crate::run::Stamp;
use crate::run::Who;
use crate::run::fold::Fold;
use crate::run::gate_state::GateState;
use crate::run::script::Judge;
use crate::run::script::NodeAt;
use crate::run::script::Script;
use crate::run::state::State;
use crate::run::step_state::FailWhy;
use crate::run::step_state::StepState;

/// Before it is tried again for the first time; each pause is twice the one before, up to 32 of these, which is eight
/// minutes. What comes back may serve writes from then on, and a line that was cut is often back within the first minute,
/// so the first look is soon. A look costs a connection that nobody answers.
const PAUSE: Millis = Millis::from_secs(15);
const DOUBLED_AT_MOST: u32 = 5;

/// A fence that was attested, and not proven: it is collected when the site answers again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// The gate that was opened on a person's word.
    pub gate: String,
    /// Whose old writer.
    pub service: Option<String>,
    /// Where.
    pub site: String,
    /// Who attested it; none where that was in an earlier run.
    pub by: Option<Who>,
}

impl State {
    /// When a fence that is owed is tried again, or was to be, where it is.
    #[must_use]
    pub fn collected_at(&self, script: &Script, at: NodeAt) -> Option<Stamp> {
        let due = self.timer.get(at).copied().flatten();
        due.filter(|_| matches!(self.steps[at].state, StepState::Failed(_)) && self.is_owed(script, at))
    }

    /// Whether what this step should have proven stands on a person's word.
    pub(in crate::run) fn is_owed(&self, script: &Script, at: NodeAt) -> bool {
        let Some(step) = script.step_at(at) else { return false };
        let owed = |gate: &NodeAt| self.debts.iter().any(|debt| debt.gate == script.name(*gate));
        step.collects > 0 && !self.debts.is_empty() && step.opens.iter().any(owed)
    }
}

impl Fold<'_> {
    /// A fence that stands on a person's word is owed.
    pub(in crate::run) fn owe(&mut self, at: NodeAt, next: &GateState) {
        let Some(gate) = self.script.gate_at(at) else { return };
        let by = match next {
            GateState::Open(OpenedBy::Person { by, .. }) => Some(by.clone()),
            GateState::Open(OpenedBy::Earlier) => None,
            GateState::Open(OpenedBy::Step(_) | OpenedBy::Judged { .. }) => return,
            GateState::Waiting | GateState::Asked | GateState::Rejected { .. } | GateState::TimedOut => return,
        };
        let Judge::Fence { service, site, .. } = &gate.judge else { return };
        let debt = Debt { gate: self.script.name(at).to_owned(), service: service.clone(), site: site.clone(), by };
        self.state.debts.push(debt);
        for &step in &gate.opened_by {
            if let StepState::Failed(why) = &self.state.steps[step].state {
                let until = self.collects(step, why);
                self.state.set_timer(step, until);
            }
        }
    }

    /// It is proven after all.
    pub(in crate::run) fn collected(&mut self, at: NodeAt) {
        let opens = self.script.step_at(at).map_or(&[][..], |step| &step.opens);
        if !self.state.debts.is_empty() && !opens.is_empty() {
            let script = self.script;
            self.state.debts.retain(|debt| !opens.iter().any(|&gate| script.name(gate) == debt.gate));
            self.rest();
        }
    }

    /// Somebody looked, and trusts the site again: nothing is owed there.
    pub(in crate::run) fn forgive(&mut self, site: &str) {
        self.state.debts.retain(|debt| debt.site != site);
        self.rest();
    }

    /// What is owed no more is not tried again.
    fn rest(&mut self) {
        for at in self.state.failed.clone() {
            if !self.state.is_owed(self.script, at) {
                self.state.set_timer(at, None);
            }
        }
    }

    /// When a step that failed is tried again by itself. Where nobody knows whether the last attempt still acts, only a
    /// person may.
    pub(in crate::run) fn collects(&self, at: NodeAt, why: &FailWhy) -> Option<Stamp> {
        let tries = self.state.steps[at].collects;
        let known = !matches!(why, FailWhy::InDoubt(_));
        let more = self.script.step_at(at).is_some_and(|step| tries < step.collects);
        (known && more && self.state.is_owed(self.script, at))
            .then(|| self.at.after(Millis(PAUSE.0 << tries.min(DOUBLED_AT_MOST))))
    }
}

#[cfg(test)]
mod tests {
    use crate::load::SourceText;
    use crate::load::load;
    use crate::model::Estate;
    use crate::model::Millis;
    use crate::model::Observation;
    use crate::model::ScopeState;
    use crate::plan::Plan;
    use crate::run::Command;
    use crate::run::End;
    use crate::run::Event;
    use crate::run::Stamp;
    use crate::run::StepState;
    use crate::run::What;
    use crate::run::left_behind;
    use crate::run::observation;
    use crate::run::tests::player::Answer;
    use crate::run::tests::player::Asked;
    use crate::run::tests::player::NIGHT;
    use crate::run::tests::player::Player;
    use crate::run::tests::talk;

    const SILENT: Millis = Millis::from_secs(20);

    fn estate() -> Estate {
        let text = |path: &str, text: &str| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
        let loaded = load(vec![
            text("bonghwa.toml", include_str!("../../tests/cli/three/bonghwa.toml")),
            text("topology/all.toml", include_str!("../../tests/cli/three/topology.toml")),
            text("runbooks/cut-off.toml", include_str!("../../tests/cli/three/cut-off.toml")),
            text("runbooks/mail.toml", include_str!("../../tests/cli/three/mail.toml")),
            text("runbooks/store.toml", include_str!("../../tests/cli/three/store.toml")),
        ]);
        loaded.estate
    }

    /// The plan for the loss of the site where the store is written.
    fn plan() -> Plan {
        talk::plan(&estate(), "north", ScopeState::Lost, &Observation::default())
    }

    /// Something that no run of this plan ends without, and that never comes to its end.
    fn last(plan: &Plan) -> String {
        let mail = plan.steps.iter().filter(|step| step.service.as_deref() == Some("mail"));
        mail.max_by_key(|step| step.start_ms).unwrap().id.clone()
    }

    fn fences(plan: &Plan) -> Vec<String> {
        plan.gates.iter().flat_map(|gate| gate.opened_by.clone()).collect()
    }

    /// Whoever fences hears nothing, as long as it is not `until`, or `why`; people attest. One step never ends.
    fn played<'a>(plan: &'a Plan, until: Stamp, why: &End, to: Stamp) -> Player<'a> {
        let (fences, last) = (fences(plan), last(plan));
        let mut player = Player::new(plan, "night", NIGHT);
        go(&mut player, &fences, &last, until, why, to);
        player
    }

    fn go(player: &mut Player<'_>, fences: &[String], last: &str, until: Stamp, why: &End, to: Stamp) {
        let now = std::cell::Cell::new(player.now);
        let mut hook = |asked: Asked<'_>| {
            let fence = fences.iter().any(|fence| fence == asked.name);
            match asked.what {
                Some(What::Do) if fence && now.get() < until => Some((SILENT, Answer::End(why.clone()))),
                None if fence => {
                    Some((SILENT, Answer::Says(Command::Reject { what: asked.name.to_owned() }, "no way")))
                }
                Some(What::Do) if asked.name == last => Some((Millis::from_secs(1), Answer::End(End::Exit(1)))),
                Some(_) | None => None,
            }
        };
        while player.now < to && player.state.ended.is_none() {
            let entries = player.entries.len();
            now.set(player.now);
            player.go_until(&mut hook, |player| player.entries.len() > entries);
            if player.entries.len() == entries {
                return;
            }
        }
    }

    /// When attempts of this step began.
    fn began(player: &Player<'_>, id: &str) -> Vec<Stamp> {
        let of = |event: &Event| matches!(event, Event::Started { step, .. } if step == id);
        player.entries.iter().filter(|entry| of(&entry.event)).map(|entry| entry.at).collect()
    }

    /// A fence that hosts do, and that is owed.
    fn owed(player: &Player<'_>, plan: &Plan) -> String {
        let mut fences = fences(plan).into_iter().filter_map(|id| player.script.find(&id).zip(Some(id)));
        fences.find(|(at, _)| player.state.is_owed(&player.script, *at)).unwrap().1
    }

    #[test]
    fn what_is_owed_is_tried_until_the_old_site_answers() {
        let plan = plan();
        let (back, to) = (NIGHT.after(Millis::from_secs(7_200)), NIGHT.after(Millis::from_secs(9_000)));
        let silent = End::Unreachable("no route".to_owned());
        let before = played(&plan, back, &silent, back);
        let fence = owed(&before, &plan);
        let gaps: Vec<u64> = began(&before, &fence).windows(2).map(|two| two[1].since(two[0]).0 / 1_000).collect();
        let doubling = gaps.windows(2).all(|two| two[0] <= two[1] + 1) && gaps.iter().all(|gap| *gap <= 480 + 60);
        assert!(doubling && gaps.len() > 10, "{gaps:?}");
        let estate = estate();
        let left = |player: &Player<'_>| observation(&estate, &[left_behind(&plan, &player.entries).unwrap()]).owed;
        assert!(!left(&before).is_empty());

        let after = played(&plan, back, &silent, to);
        let at = after.script.find(&fence).unwrap();
        assert!(matches!(after.state.steps[at].state, StepState::Done(_)), "{:?}", after.state.steps[at].state);
        let gates: Vec<&str> = after.state.debts.iter().map(|debt| debt.gate.as_str()).collect();
        let opens: Vec<&str> =
            plan.gates.iter().filter(|gate| gate.opened_by.contains(&fence)).map(|gate| gate.id.as_str()).collect();
        assert!(!opens.is_empty() && opens.iter().all(|gate| !gates.contains(gate)), "{gates:?}");
        assert!(left(&after).iter().all(|owed| !opens.contains(&owed.gate.as_str())));
    }

    #[test]
    fn nothing_is_tried_while_the_run_holds_or_after_the_release() {
        let plan = plan();
        let silent = End::Unreachable("no route".to_owned());
        let to = NIGHT.after(Millis::from_secs(3_600));
        for asked in [Command::Hold, Command::Release { site: "north".to_owned() }] {
            let mut player = played(&plan, to, &silent, to);
            let fence = owed(&player, &plan);
            player.says(asked, "the old writers are stopped");
            player.go_until(&mut |_| None, |player| player.state.is_at_rest());
            let tries = began(&player, &fence).len();
            let more = to.after(Millis::from_secs(7_200));
            go(&mut player, &fences(&plan), &last(&plan), more, &silent, more);
            assert_eq!(began(&player, &fence).len(), tries);
        }
    }

    /// The run after that one: the site that took over is lost, too. The first one answers, or does not.
    fn next<'a>(plan: &'a Plan, answers: bool) -> Player<'a> {
        let carried: Vec<&String> =
            plan.gates.iter().filter(|gate| plan.carries(&gate.id)).flat_map(|gate| &gate.opened_by).collect();
        let mut player = Player::new(plan, "next", NIGHT.after(Millis::from_secs(86_400)));
        let mut hook = |asked: Asked<'_>| {
            let owed = carried.iter().any(|step| *step == asked.name) && asked.what == Some(What::Do);
            let end = if answers { End::Ok } else { End::Unreachable("no route".to_owned()) };
            owed.then_some((SILENT, Answer::End(end)))
        };
        player.go(&mut hook);
        player
    }

    #[test]
    fn what_is_owed_when_a_run_is_over_is_tried_by_the_next_one_and_delays_nothing() {
        let (estate, first) = (estate(), plan());
        let over = NIGHT.after(Millis::from_secs(3_600));
        let silent = End::Unreachable("no route".to_owned());
        let before = left_behind(&first, &played(&first, over, &silent, over).entries).unwrap();
        let so = observation(&estate, std::slice::from_ref(&before));
        assert!(!so.owed.is_empty());
        let second = talk::plan(&estate, "south", ScopeState::Lost, &so);
        let owed = &so.owed[0].gate;
        let gate = second.gates.iter().find(|gate| gate.id == *owed).unwrap();
        assert!(second.carries(owed) && !gate.opened_by.is_empty(), "{gate:?}");
        assert_eq!(crate::plan::verify(&estate, &second), Vec::new());

        for answers in [false, true] {
            let player = next(&second, answers);
            assert_eq!(player.state.ended, Some(crate::run::RunEnd::Done));
            let asked = |event: &Event| matches!(event, Event::GateAsked { gate } if gate == owed);
            assert!(!player.entries.iter().any(|entry| asked(&entry.event)), "nobody is asked twice");
            let after = left_behind(&second, &player.entries).unwrap();
            let so = observation(&estate, &[before.clone(), after]);
            assert_eq!(so.owed.iter().any(|one| one.gate == *owed), !answers);
        }
    }

    #[test]
    fn a_plan_that_forgets_what_is_owed_or_builds_on_it_is_seen() {
        let (estate, first) = (estate(), plan());
        let over = NIGHT.after(Millis::from_secs(3_600));
        let silent = End::Unreachable("no route".to_owned());
        let before = left_behind(&first, &played(&first, over, &silent, over).entries).unwrap();
        let so = observation(&estate, &[before]);
        let good = talk::plan(&estate, "south", ScopeState::Lost, &so);
        let owed = good.owed.iter().find(|owed| owed.carried).unwrap().gate.clone();
        let seen = |change: &dyn Fn(&mut Plan), word: &str| {
            let mut bad = good.clone();
            change(&mut bad);
            let found = format!("{:?}", crate::plan::verify(&estate, &bad));
            assert!(found.contains(word), "{word}: {found}");
        };
        seen(&|plan| plan.gates.retain(|gate| gate.id != owed), "OwedNotFenced");
        let closed = |plan: &mut Plan| {
            plan.gates.iter_mut().filter(|gate| gate.id == owed).for_each(|gate| gate.opened_by.clear())
        };
        seen(&closed, "OwedNotFenced");
        let builds = |plan: &mut Plan| {
            let last = plan.steps.iter_mut().max_by_key(|step| step.start_ms).unwrap();
            last.after.push(owed.clone());
        };
        seen(&builds, "OwedReliedOn");
        seen(&|plan| plan.owed[0].site = "nowhere".to_owned(), "OwedUnknown");
    }

    #[test]
    fn where_nobody_knows_what_the_last_attempt_does_only_a_person_tries_again() {
        let plan = plan();
        let to = NIGHT.after(Millis::from_secs(3_600));
        let player = played(&plan, to, &End::TimedOut, to);
        for debt in &player.state.debts {
            let gate = plan.gates.iter().find(|gate| gate.id == debt.gate).unwrap();
            for step in &gate.opened_by {
                let tries = plan.steps.iter().find(|one| one.id == *step).map_or(0, |step| step.limits.attempts);
                assert!(began(&player, step).len() <= tries.max(1) as usize, "{step}");
            }
        }
        assert!(!player.state.debts.is_empty());
    }
}

//! The fold of what happens to one step: from where it stands to where it stands then.

use crate::model::Millis;
use crate::run::End;
use crate::run::Event;
use crate::run::Found;
use crate::run::HostEnd;
use crate::run::Seen;
use crate::run::Stamp;
use crate::run::StopWhy;
use crate::run::fold::Fold;
use crate::run::fold::Illegal;
use crate::run::script::NodeAt;
use crate::run::script::StepNode;
use crate::run::state::GRACE;
use crate::run::state::INQUIRE_LIMIT;
use crate::run::state::STOP_LIMIT;
use crate::run::step_state::DoneHow;
use crate::run::step_state::Doubt;
use crate::run::step_state::FailWhy;
use crate::run::step_state::StepState;

/// How often the same question is asked of the far side before a person is.
pub(in crate::run) const TRIES: u32 = 3;

impl Fold<'_> {
    pub(in crate::run) fn step(&mut self, event: &Event, at: NodeAt) -> Result<(), Illegal> {
        let run = &self.state.steps[at];
        let from = run.state.clone();
        if event.attempt().is_some_and(|of| of != run.attempt) && !matches!(event, Event::Started { .. }) {
            return Err(self.illegal(event, at, "in another attempt"));
        }
        let Some(node) = self.script.step_at(at) else { return Ok(()) };
        let next = match event {
            Event::HostsEnded { hosts, .. } => {
                if !self.hosts_ended(at, &from, hosts) {
                    return Err(self.illegal(event, at, from.word()));
                }
                return Ok(());
            }
            // Where users are is not for the run to know: it is there for whoever takes it back, and for people.
            Event::Shifting { .. } if from == StepState::Acting => return Ok(()),
            Event::Shifting { .. } => None,
            Event::Started { attempt, .. } => self.started(at, node, &from, *attempt),
            Event::AlreadySo { .. } | Event::NotYetSo { .. } => self.checked(at, &from, event),
            Event::Ended { end, said, .. } => self.ended_from(at, &from, end, said),
            Event::Verified { passed, said, .. } => self.verified(at, &from, *passed, said),
            Event::Stopping { why, .. } => {
                (from == StepState::Acting).then_some(StepState::Stopping { why: *why, tries: 0 })
            }
            Event::Stopped { confirmed, .. } => self.stopped(at, &from, *confirmed),
            Event::Inquired { found, said, .. } => {
                if !said.is_empty() {
                    self.state.steps[at].said.clone_from(said);
                }
                self.inquired(at, &from, found)
            }
            Event::Probed { so, .. } => self.probed(at, &from, so),
            Event::Confirmed { .. }
            | Event::Denied { .. }
            | Event::Unanswered { .. }
            | Event::MarkedDone { .. }
            | Event::Skipped { .. }
            | Event::Again { .. } => self.said_by_a_person(at, node, &from, event),
            Event::Opened { .. }
            | Event::PenTaken { .. }
            | Event::ClockJumped { .. }
            | Event::GateAsked { .. }
            | Event::PositionsSeen { .. }
            | Event::GateOpened { .. }
            | Event::GateRejected { .. }
            | Event::GateTimedOut { .. }
            | Event::Held { .. }
            | Event::Resumed { .. }
            | Event::Cancelled { .. }
            | Event::Yielding { .. }
            | Event::Left { .. }
            | Event::Quarantined { .. }
            | Event::Released { .. }
            | Event::RunEnded { .. } => None,
        };
        let next = next.ok_or_else(|| self.illegal(event, at, from.word()))?;
        // A message that did not get through keeps nobody back.
        let is_untold = node.is_message && matches!(next, StepState::Failed(_));
        let next = if is_untold { StepState::Done(DoneHow::Untold) } else { next };
        self.change(at, next);
        Ok(())
    }

    fn started(&mut self, at: NodeAt, node: &StepNode, from: &StepState, attempt: u32) -> Option<StepState> {
        let waits = self.state.waits_for[at] > 0;
        let collects = matches!(from, StepState::Failed(why) if self.collects(at, why).is_some());
        let legal = (collects || matches!(from, StepState::Waiting | StepState::Resting { .. })) && !waits;
        let run = &mut self.state.steps[at];
        if !legal || attempt != run.attempt + 1 {
            return None;
        }
        run.attempt = attempt;
        run.collects += u32::from(collects);
        run.tries_left = run.tries_left.saturating_sub(1);
        run.adopted = 0;
        run.unheard = None;
        run.hosts_before.clone_from(&run.hosts_done);
        run.hosts.clear();
        run.started.get_or_insert(self.at);
        run.began = Some(self.at);
        if let (true, Some(section)) = (node.opens_section, node.section) {
            self.state.entered[section] = true;
        }
        Some(match (node.by_person, node.has_done_if) {
            (true, _) => StepState::Asked,
            (false, true) => StepState::Checking,
            (false, false) => StepState::Acting,
        })
    }

    fn checked(&mut self, at: NodeAt, from: &StepState, event: &Event) -> Option<StepState> {
        if *from != StepState::Checking {
            return None;
        }
        let Event::NotYetSo { already, .. } = event else { return Some(StepState::Done(DoneHow::AlreadySo)) };
        let run = &mut self.state.steps[at];
        run.hosts_done.extend(already.iter().cloned());
        run.hosts_before.clone_from(&run.hosts_done);
        Some(StepState::Acting)
    }

    fn hosts_ended(&mut self, at: NodeAt, from: &StepState, hosts: &[HostEnd]) -> bool {
        if !matches!(from, StepState::Acting | StepState::Stopping { .. } | StepState::Inquiring { .. }) {
            return false;
        }
        let ok = hosts.iter().filter(|host| host.end == End::Ok).map(|host| host.host.clone());
        self.state.steps[at].hosts_done.extend(ok);
        self.state.steps[at].hosts.extend(hosts.iter().cloned());
        true
    }

    fn ended_from(&mut self, at: NodeAt, from: &StepState, end: &End, said: &str) -> Option<StepState> {
        match from {
            StepState::Checking | StepState::Acting | StepState::Stopping { .. } | StepState::Inquiring { .. } => {}
            // It answered after all, when nobody expected it any more.
            StepState::Failed(FailWhy::InDoubt(_)) => {}
            StepState::Waiting | StepState::Asked | StepState::Verifying | StepState::Probing { .. } => return None,
            StepState::Resting { .. } | StepState::Failed(_) | StepState::Done(_) | StepState::Skipped => return None,
        }
        said.clone_into(&mut self.state.steps[at].said);
        self.state.steps[at].unheard = None;
        Some(self.ended(at, end))
    }

    fn verified(&mut self, at: NodeAt, from: &StepState, passed: bool, said: &str) -> Option<StepState> {
        if *from != StepState::Verifying {
            return None;
        }
        said.clone_into(&mut self.state.steps[at].said);
        if passed {
            return Some(StepState::Done(DoneHow::Ran));
        }
        // What its hosts said is not believed any more.
        self.state.steps[at].hosts_done.clear();
        if let Some(doubt) = &self.state.steps[at].unheard {
            return Some(StepState::Failed(FailWhy::InDoubt(doubt.clone())));
        }
        Some(self.again_or(at, FailWhy::NotProven))
    }

    fn stopped(&self, at: NodeAt, from: &StepState, confirmed: bool) -> Option<StepState> {
        let StepState::Stopping { why, tries } = *from else { return None };
        Some(if confirmed { self.gone(at, Some(why), None) } else { StepState::Inquiring { tries, stop: Some(why) } })
    }

    fn said_by_a_person(&mut self, at: NodeAt, node: &StepNode, from: &StepState, event: &Event) -> Option<StepState> {
        let asked = *from == StepState::Asked;
        let still = matches!(from, StepState::Waiting | StepState::Resting { .. } | StepState::Failed(_));
        let said = |legal: bool, next| legal.then_some(next);
        if matches!(event, Event::Again { .. }) && matches!(from, StepState::Failed(_)) {
            self.state.steps[at].tries_left = node.attempts;
            return Some(StepState::Resting { until: self.at });
        }
        if matches!(event, Event::Confirmed { .. }) {
            return said(asked, StepState::Done(DoneHow::Confirmed));
        }
        if matches!(event, Event::Denied { .. }) {
            return said(asked, StepState::Failed(FailWhy::Denied));
        }
        if matches!(event, Event::Unanswered { .. }) {
            return said(asked, StepState::Failed(FailWhy::Unanswered));
        }
        if matches!(event, Event::MarkedDone { .. }) {
            return said(asked || still, StepState::Done(DoneHow::ByHand));
        }
        said(matches!(event, Event::Skipped { .. }) && (asked || still), StepState::Skipped)
    }

    /// An attempt ended: proven, repeated, or left to a person.
    fn ended(&mut self, at: NodeAt, end: &End) -> StepState {
        self.state.steps[at].last_end = Some(end.clone());
        let Some(node) = self.script.step_at(at) else { return StepState::Waiting };
        let good = match end {
            End::Ok => true,
            End::Unreachable(_) => node.unreachable_ok,
            End::Lost(_) => return StepState::Inquiring { tries: 0, stop: None },
            // It is dead.
            End::TimedOut => return self.gone(at, Some(StopWhy::Timeout), None),
            End::Exit(_) | End::Unexpected(_) | End::Signal(_) => false,
            End::NeverBegan(_) | End::NotEnough { .. } => false,
        };
        match (good, node.has_verify) {
            (true, true) => StepState::Verifying,
            (true, false) => StepState::Done(DoneHow::Ran),
            (false, _) => self.again_or(at, FailWhy::Ended(end.clone())),
        }
    }

    /// Another attempt, if one is left.
    fn again_or(&self, at: NodeAt, why: FailWhy) -> StepState {
        let backoff = self.script.step_at(at).map_or(Millis::ZERO, |step| step.backoff);
        if self.state.steps[at].tries_left == 0 {
            return StepState::Failed(why);
        }
        StepState::Resting { until: self.at.after(backoff) }
    }

    /// It runs no more, and nobody knows how it ended.
    fn gone(&self, at: NodeAt, stop: Option<StopWhy>, lost: Option<&str>) -> StepState {
        let Some(node) = self.script.step_at(at) else { return StepState::Waiting };
        if node.has_done_if || node.has_verify {
            return StepState::Probing { stop };
        }
        // Only what is declared safe to repeat has more than one attempt.
        match stop {
            Some(StopWhy::Cancelled) => StepState::Failed(FailWhy::Cancelled),
            Some(StopWhy::Timeout) if node.attempts > 1 => self.again_or(at, FailWhy::Ended(End::TimedOut)),
            None if node.attempts > 1 => {
                self.again_or(at, FailWhy::Ended(End::Lost(lost.unwrap_or_default().to_owned())))
            }
            Some(StopWhy::Timeout) => StepState::Failed(FailWhy::InDoubt(Doubt::TimedOut)),
            None => StepState::Failed(FailWhy::InDoubt(Doubt::Gone)),
        }
    }

    fn inquired(&mut self, at: NodeAt, from: &StepState, found: &Found) -> Option<StepState> {
        let StepState::Inquiring { tries, stop } = *from else { return None };
        Some(match (found, stop) {
            (Found::Alive, None) if self.state.steps[at].adopted < TRIES => {
                self.state.steps[at].adopted += 1;
                StepState::Acting
            }
            // It is there, and whoever follows it loses it again and again.
            (Found::Alive, None) => StepState::Stopping { why: StopWhy::Timeout, tries },
            (Found::Alive, Some(why)) if tries + 1 < TRIES => StepState::Stopping { why, tries: tries + 1 },
            (Found::Alive, Some(_)) => StepState::Failed(FailWhy::InDoubt(Doubt::Alive)),
            (Found::Ended(end), _) => self.ended(at, end),
            (Found::NeverBegan, Some(StopWhy::Cancelled)) => StepState::Failed(FailWhy::Cancelled),
            // Whether the line or we were to blame: an attempt is an attempt, or a dead line would be tried for ever.
            (Found::NeverBegan, Some(StopWhy::Timeout) | None) => {
                self.again_or(at, FailWhy::Ended(End::NeverBegan("it never began".to_owned())))
            }
            (Found::Gone, _) => self.gone(at, stop, Some("it runs no more")),
            (Found::Unknown(_), _) if tries + 1 < TRIES => StepState::Inquiring { tries: tries + 1, stop },
            (Found::Unknown(why), _) => self.unheard(at, stop, why),
        })
    }

    /// Nobody can say whether it still runs. What it should bring about may be so all the same, and then it is done; else it
    /// is not begun anew beside itself, and a person looks.
    fn unheard(&mut self, at: NodeAt, stop: Option<StopWhy>, why: &str) -> StepState {
        let doubt = Doubt::NoAnswer(why.to_owned());
        if self.script.step_at(at).is_some_and(|node| node.has_done_if || node.has_verify) {
            self.state.steps[at].unheard = Some(doubt);
            return StepState::Probing { stop };
        }
        StepState::Failed(FailWhy::InDoubt(doubt))
    }

    fn probed(&mut self, at: NodeAt, from: &StepState, so: &Seen) -> Option<StepState> {
        let StepState::Probing { stop } = *from else { return None };
        if *so == Seen::No {
            self.state.steps[at].hosts_done.clear();
        }
        let node = self.script.step_at(at)?;
        if let (Seen::No | Seen::Unknown(_), Some(doubt)) = (so, &self.state.steps[at].unheard) {
            return Some(StepState::Failed(FailWhy::InDoubt(doubt.clone())));
        }
        Some(match (so, stop) {
            (Seen::Yes, _) if node.has_done_if && node.has_verify => StepState::Verifying,
            (Seen::Yes, _) => StepState::Done(DoneHow::Found),
            (Seen::No, Some(StopWhy::Cancelled)) => StepState::Failed(FailWhy::Cancelled),
            // It is dead, and what it should bring about is not so: with that known, it is safe to begin anew.
            (Seen::No, Some(StopWhy::Timeout) | None) if node.attempts > 1 || node.has_done_if => {
                self.again_or(at, FailWhy::NotSo)
            }
            (Seen::No, Some(StopWhy::Timeout) | None) => StepState::Failed(FailWhy::NotSo),
            (Seen::Unknown(why), _) => StepState::Failed(FailWhy::InDoubt(Doubt::NoAnswer(why.clone()))),
        })
    }

    /// Sets a step's state, and all that hangs on it: slots, timers, who may go on.
    pub(in crate::run) fn change(&mut self, at: NodeAt, next: StepState) {
        let was_active = self.state.steps[at].state.is_active();
        let is_active = next.is_active();
        if was_active != is_active {
            self.state.claim(self.script, at, is_active);
        }
        let until = self.limit(at, &next);
        self.state.dequeue(self.script, at);
        self.state.set_timer(at, until);
        let over = next.is_over();
        if matches!(next, StepState::Failed(_)) {
            self.state.failed.insert(at);
        } else {
            self.state.failed.remove(&at);
        }
        let settled = over || matches!(next, StepState::Failed(_));
        if matches!(next, StepState::Done(_)) {
            self.collected(at);
        }
        self.state.steps[at].state = next;
        self.state.steps[at].since = self.at;
        self.state.touched.push(at);
        if over {
            self.state.over(self.script, at);
        }
        if settled {
            for gate in self.script.step_at(at).map_or(&[][..], |step| &step.opens) {
                self.state.due(self.script, *gate);
            }
        }
    }

    /// When somebody must look at it again.
    fn limit(&self, at: NodeAt, next: &StepState) -> Option<Stamp> {
        let step = self.script.step_at(at)?;
        let span = match next {
            StepState::Checking | StepState::Acting => step.timeout + GRACE,
            StepState::Asked => step.timeout,
            StepState::Verifying => step.within + step.timeout,
            StepState::Stopping { .. } => STOP_LIMIT,
            StepState::Inquiring { .. } | StepState::Probing { .. } => INQUIRE_LIMIT,
            StepState::Resting { until } => return Some(*until),
            StepState::Failed(why) => return self.collects(at, why),
            StepState::Waiting | StepState::Done(_) | StepState::Skipped => return None,
        };
        Some(self.at.after(span))
    }
}

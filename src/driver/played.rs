//! One scripted job as the far side knows it: when each host ends, how, and what anybody hears of it.
//!
//! It is reckoned when somebody looks, so a job goes on while nobody waits for it. It reads no clock: instants arrive.

use tokio::time::Instant;

use crate::driver::Dice;
use crate::driver::Effect;
use crate::driver::End;
use crate::driver::Fault;
use crate::driver::FaultKind;
use crate::driver::Found;
use crate::driver::HostOutcome;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Outcome;
use crate::driver::Said;
use crate::driver::World;
use crate::model::Millis;

/// How long whoever knocks waits for a host that answers nothing.
const NO_ANSWER: Millis = Millis::from_secs(10);

/// A scripted job that was begun.
#[derive(Debug)]
pub(super) struct Played {
    /// When.
    pub(super) begun: Instant,
    /// Nobody can confirm that it was killed.
    pub(super) kill_fails: bool,
    /// It can be neither asked nor killed.
    unreachable: bool,
    /// What anybody hears of it is that it is dead.
    gone: bool,
    /// In the order in which they end; one without a name where the job is not done on hosts.
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    host: String,
    due: Option<Instant>,
    fate: Fate,
    ended: Option<End>,
    /// When its host answers nothing.
    dark: Vec<Dark>,
}

/// From when on a host answers nothing, and until when.
pub(super) type Dark = (Instant, Option<Instant>);

/// Whether a host answers nothing at this instant.
pub(super) fn is_dark(dark: &[Dark], now: Instant) -> bool {
    dark.iter().any(|(from, until)| *from <= now && until.is_none_or(|until| now < until))
}

/// What becomes of one host, unless it is killed before.
#[derive(Debug, Clone, Default)]
struct Fate {
    hangs: bool,
    no_effect: bool,
    says: Option<End>,
    far_end: FarEnd,
}

/// What the record of the far side says when it is over.
#[derive(Debug, Clone, Default)]
enum FarEnd {
    #[default]
    AsSaid,
    Ok,
    NeverBegun,
    /// It died, and nothing tells how far it had come.
    Gone,
}

impl Part {
    /// Where its host answers nothing now, it never begins; where it falls silent in the middle of it, it dies there.
    fn darken(&mut self, now: Instant, after: Instant) {
        let until = self.due;
        let falls = self.dark.iter().map(|(from, _)| *from).filter(|from| *from > now);
        let falls = falls.filter(|from| until.is_none_or(|due| *from <= due)).min();
        let (says, far_end, due) = match (is_dark(&self.dark, now), falls) {
            (true, _) => (End::Unreachable("no answer".to_owned()), FarEnd::NeverBegun, after),
            (false, Some(falls)) => (End::Lost("the line is dead".to_owned()), FarEnd::Gone, falls),
            (false, None) => return,
        };
        self.due = Some(due);
        self.fate = Fate { hangs: false, no_effect: true, says: Some(says), far_end };
    }
}

impl Played {
    /// Begins it.
    pub(super) fn begin(
        job: &Job,
        faults: &[Fault],
        dark: impl Fn(&str) -> Vec<Dark>,
        takes: Millis,
        now: Instant,
    ) -> Self {
        let alone = [String::new()];
        let names: Vec<&String> = if job.hosts.is_empty() {
            alone.iter().collect()
        } else {
            job.hosts.iter().map(|host| &host.name).collect()
        };
        let mut played = Self {
            begun: now,
            kill_fails: false,
            unreachable: false,
            gone: false,
            parts: Vec::with_capacity(names.len()),
        };
        let parallel = if job.hosts.is_empty() { 1 } else { u64::from(job.parallel.max(1)) };
        let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
        let waves = count.div_ceil(parallel);
        for (at, host) in std::iter::zip(1_u64.., names) {
            let (fate, times) = played.fate(job, faults, host);
            let wave = at.div_ceil(parallel);
            // The whole takes as long as it should, and its hosts end wave by wave.
            let span = u128::from(takes.0) * u128::from(wave) * u128::from(times) / u128::from(waves);
            let due = later(now, Millis(u64::try_from(span).unwrap_or(u64::MAX)));
            let due = (!fate.hangs).then_some(due);
            let mut part = Part { host: host.clone(), due, fate, ended: None, dark: dark(host) };
            part.darken(now, later(now, takes.min(NO_ANSWER)));
            played.parts.push(part);
        }
        played
    }

    fn fate(&mut self, job: &Job, faults: &[Fault], host: &str) -> (Fate, u32) {
        let mut fate = None;
        let mut times = 1;
        for fault in faults.iter().filter(|fault| fault.strikes(&job.key.step, job.key.attempt, host)) {
            let lost = || Some(End::Lost("the line is dead".to_owned()));
            let (no_effect, says, far_end) = match fault.kind {
                FaultKind::Late(longer) => {
                    times = longer;
                    continue;
                }
                FaultKind::KillFails => {
                    self.kill_fails = true;
                    continue;
                }
                FaultKind::Gone => {
                    self.gone = true;
                    continue;
                }
                FaultKind::Hang => (true, None, FarEnd::AsSaid),
                FaultKind::Refuse => (true, Some(End::Exit(1)), FarEnd::AsSaid),
                FaultKind::Die => (false, lost(), FarEnd::Ok),
                FaultKind::DieBefore => (true, lost(), FarEnd::NeverBegun),
                FaultKind::Lie => (true, Some(End::Ok), FarEnd::AsSaid),
                FaultKind::Unreachable => {
                    self.unreachable = true;
                    (true, Some(End::Unreachable("no answer".to_owned())), FarEnd::NeverBegun)
                }
            };
            let hangs = fault.kind == FaultKind::Hang;
            fate.get_or_insert(Fate { hangs, no_effect, says, far_end });
        }
        (fate.unwrap_or_default(), times)
    }

    /// Everything that is due takes effect. Gives the hosts that ended since the last look.
    pub(super) fn settle(&mut self, key: &Key, now: Instant, first: Instant, world: &mut World) {
        for part in &mut self.parts {
            let Some(due) = part.due.filter(|due| part.ended.is_none() && *due <= now) else { continue };
            if !part.fate.no_effect {
                let at = Millis(u64::try_from((due - first).as_millis()).unwrap_or(u64::MAX));
                let (run, step) = (key.run.clone(), key.step.clone());
                world.apply(Effect { run, step, host: part.host.clone(), at });
            }
            part.ended = Some(part.fate.says.clone().unwrap_or(End::Ok));
        }
    }

    /// When the next host ends; nothing where none will.
    pub(super) fn next(&self) -> Option<Instant> {
        self.parts.iter().filter(|part| part.ended.is_none()).filter_map(|part| part.due).min()
    }

    /// Whether it can be neither asked nor killed.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        self.unreachable || self.is_dark(now)
    }

    /// Whether one of its hosts answers nothing now.
    pub(super) fn is_dark(&self, now: Instant) -> bool {
        self.parts.iter().any(|part| is_dark(&part.dark, now))
    }

    /// Whether all of it is over.
    pub(super) fn is_over(&self) -> bool {
        self.parts.iter().all(|part| part.ended.is_some())
    }

    /// What has not ended, ends so.
    pub(super) fn stop(&mut self, end: &End) {
        for part in self.parts.iter_mut().filter(|part| part.ended.is_none()) {
            // From here on the record says the same.
            part.fate.far_end = FarEnd::AsSaid;
            part.ended = Some(end.clone());
        }
    }

    /// The hosts that have ended, behind the first `told` of them.
    pub(super) fn news(&self, told: usize) -> Vec<HostOutcome> {
        let ended = self.parts.iter().filter(|part| !part.host.is_empty());
        let ended = ended.filter_map(|part| part.ended.clone().map(|end| host_outcome(&part.host, end)));
        ended.skip(told).collect()
    }

    /// How it ended, for whoever waited.
    pub(super) fn outcome(&self, job: &Job) -> Outcome {
        self.whole(job, |part| part.ended.clone())
    }

    /// What became of it, for whoever asks afterwards.
    pub(super) fn found(&mut self, job: &Job, now: Instant) -> Found {
        if self.is_silent(now) {
            return Found::Unknown("no answer".to_owned());
        }
        let died = self.parts.iter().any(|part| part.ended.is_some() && matches!(part.fate.far_end, FarEnd::Gone));
        if self.gone || died {
            // It is dead from now on, so nothing of it may happen later.
            self.stop(&End::Lost("it is gone".to_owned()));
            return Found::Gone;
        }
        if !self.is_over() {
            return Found::Alive;
        }
        if self.parts.iter().all(|part| matches!(part.fate.far_end, FarEnd::NeverBegun)) {
            return Found::NeverBegun;
        }
        Found::Ended(self.whole(job, |part| match part.fate.far_end {
            FarEnd::AsSaid => part.ended.clone(),
            FarEnd::Ok => Some(End::Ok),
            FarEnd::NeverBegun => Some(End::CouldNotStart("it was never begun".to_owned())),
            FarEnd::Gone => Some(End::Lost("it is gone".to_owned())),
        }))
    }

    fn whole(&self, job: &Job, end_of: impl Fn(&Part) -> Option<End>) -> Outcome {
        let open = || End::Lost("it has not ended".to_owned());
        match self.parts.as_slice() {
            [alone] if alone.host.is_empty() => Outcome::just(end_of(alone).unwrap_or_else(open)),
            parts => {
                let hosts = parts.iter().map(|part| host_outcome(&part.host, end_of(part).unwrap_or_else(open)));
                Outcome::of_hosts(hosts.collect(), job.enough)
            }
        }
    }
}

/// A span around what is typical, that depends on the seed and on the job, and on nothing else.
#[must_use]
pub fn spread(seed: u64, job: &Job, typical: Millis) -> Millis {
    Dice::of(seed.wrapping_add(u64::from(job.key.attempt)), &job.key.step).around(typical)
}

fn host_outcome(host: &str, end: End) -> HostOutcome {
    HostOutcome { host: host.to_owned(), end, said: Said::default() }
}

/// Later by this much; what lies beyond the end of time is thirty years away.
pub(super) fn later(now: Instant, span: Millis) -> Instant {
    const FAR: Millis = Millis(30 * 365 * 24 * 3_600_000);
    now + std::time::Duration::from_millis(span.0.min(FAR.0))
}

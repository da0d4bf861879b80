//! The way of a route from where it leads to where it should: stage by stage, each written down before it is done, read
//! back by another way, held, and watched.
//!
//! It ends where it is when anybody else changes the route, when nobody can say how the targets do, or when its time is
//! over; and goes back to the last good stage when they do badly. It never goes on from there of itself.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep_until;
use tokio::time::timeout_at;

use crate::driver::End;
use crate::driver::News;
use crate::driver::Outcome;
use crate::driver::RouteStage;
use crate::driver::RouteTask;
use crate::driver::Said;
use crate::driver::Told;
use crate::driver::played::later;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Trouble;
use crate::driver::route::pulse::Count;
use crate::driver::route::pulse::Pulse;
use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;
use crate::driver::route::table::aim;
use crate::driver::shown::shown;
use crate::model::Millis;
use crate::model::Ppm;

/// Fewer rounds than this say nothing: one bad answer of one is no rate.
const ROUNDS_MIN: u32 = 3;

/// How fast it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Between two looks, beats of health, or tries to reach a provider that does not answer.
    pub(super) pause: Duration,
    /// How long whoever answers for a route may take to follow a change, or to see that a place is up.
    pub(super) settle: Duration,
}

/// An error must be seen within seconds, and a health page asked once a second is no load. A secondary name server was
/// seen to follow within half a second when it is told, and after 18 s when the telling was lost.
impl Default for Pace {
    fn default() -> Self {
        Self { pause: Duration::from_secs(1), settle: Duration::from_secs(30) }
    }
}

/// One shift on its way.
pub(super) struct Ramp<'a, P, H> {
    pub(super) task: &'a RouteTask,
    pub(super) provider: P,
    /// None where nobody said how health is judged.
    pub(super) pulse: Option<H>,
    pub(super) told: &'a Told,
    /// Becomes true when it is to end where it is.
    pub(super) stop: watch::Receiver<bool>,
    /// When its time is over.
    pub(super) deadline: Instant,
    /// Whoever began it is gone, and may have changed something a moment before.
    pub(super) is_resumed: bool,
    pub(super) pace: Pace,
}

/// What it has come to so far.
pub(super) struct Way {
    pub(super) now: Table,
    pub(super) is_changed: bool,
    /// Until when somebody may hold an answer from before the last change.
    pub(super) old_answers: Instant,
    log: String,
}

impl Way {
    /// Before the first look.
    pub(super) fn new() -> Self {
        Self { now: Table::default(), is_changed: false, old_answers: Instant::now(), log: String::new() }
    }

    /// What was said so far.
    pub(super) fn said(&self) -> &str {
        &self.log
    }
}

impl<P: Provider, H: Pulse> Ramp<'_, P, H> {
    /// Goes all the way, or as far as it may. What was seen and done stands in what is said.
    pub(super) async fn run(self) -> Outcome {
        let mut way = Way::new();
        let end = self.go(&mut way).await.err().unwrap_or(End::Ok);
        if let Some(note) = self.provider.note().filter(|_| way.is_changed) {
            self.say(&mut way, note);
        }
        Outcome { end, hosts: Vec::new(), said: Said::just(&shown(way.log.as_bytes())) }
    }

    async fn go(&self, way: &mut Way) -> Result<(), End> {
        way.now = self.first().await?;
        if self.is_resumed
            && let Some(ttl) = way.now.ttl
        {
            // When the last change was, and what answers were given until then, nobody here knows.
            way.old_answers = later(Instant::now(), ttl.max(self.task.ttl));
        }
        self.say(way, &format!("{} leads to {}", self.task.record, words(&way.now.shares())));
        self.is_ours(way)?;
        let (last, before) = self.task.stages.split_last().ok_or_else(|| refused("no stage was planned"))?;
        let goal = aim(last, &way.now.shares(), &self.task.leaves);
        let gains = gaining(&way.now.shares(), &goal);
        if !gains.is_empty() {
            self.can_take(way, &gains).await?;
        }
        for stage in before {
            let next = aim(stage, &way.now.shares(), &[]);
            // Where an earlier try came further than this, nobody is sent back.
            let is_named = |site: &String| stage.to.iter().any(|(named, _)| named == site);
            let now = way.now.shares();
            let falls = gains.iter().any(|site| is_named(site) && share(&next, site) < share(&now, site));
            if !falls {
                self.pass(way, stage, &next).await?;
            }
        }
        let goal = aim(last, &way.now.shares(), &self.task.leaves);
        self.pass(way, last, &goal).await?;
        self.confirm(&way.now).await.map_err(|why| self.stays(way, &why))?;
        // Only whoever leads away from a site for good must know that nobody is sent there any more.
        if self.task.leaves.is_empty() {
            return Ok(());
        }
        self.wait_for_old_answers(way, way.old_answers).await
    }

    /// The first look at it. As long as nothing was changed, who can't be reached ends it.
    pub(super) async fn first(&self) -> Result<Table, End> {
        self.provider.read().await.map_err(|trouble| match trouble {
            Trouble::Unreachable(why) | Trouble::Open(why) => End::Unreachable(why),
            Trouble::Refused(why) | Trouble::Changed(why) | Trouble::Partly(why) | Trouble::Down(why) => refused(&why),
        })
    }

    /// A place that no site of the route has was put there by somebody who knows something that we don't.
    pub(super) fn is_ours(&self, way: &Way) -> Result<(), End> {
        let foreign = way.now.foreign();
        if foreign.is_empty() {
            return Ok(());
        }
        Err(End::CouldNotStart(format!(
            "{} leads to {}, which no site of the route {} has: somebody else points it there; nothing was changed. \
             Take it out of the record, or declare it in the route, then retry",
            self.task.record,
            foreign.join(", "),
            self.task.route
        )))
    }

    /// Whoever gains users must be well before the first of them comes.
    async fn can_take(&self, way: &mut Way, gains: &[String]) -> Result<(), End> {
        let Some(pulse) = &self.pulse else { return Ok(()) };
        let count = match self.beat_for(pulse, gains, Duration::ZERO).await {
            Ok(count) => count,
            Err(End::Unexpected(why)) => return Err(self.stays(way, &why)),
            Err(end) => return Err(end),
        };
        if self.is_bad(&count) {
            return Err(self.stays(way, &format!("{}: {}", gains.join(", "), self.verdict(&count))));
        }
        self.say(way, &format!("{} are well: {count}", gains.join(", ")));
        Ok(())
    }

    /// One stage: written, read back, held and watched.
    async fn pass(&self, way: &mut Way, stage: &RouteStage, next: &Shares) -> Result<(), End> {
        let good = way.now.clone();
        let aimed = self.aimed(way, next).await?;
        if aimed == good {
            return Ok(());
        }
        self.allowed(&good, &aimed).map_err(|why| self.stays(way, &why))?;
        let gains = gaining(&good.shares(), &aimed.shares());
        self.change(way, aimed).await?;
        self.say(way, &format!("{} leads to {}", self.task.record, words(&way.now.shares())));
        let hold = Duration::from_millis(stage.hold.0);
        let Some(pulse) = self.pulse.as_ref().filter(|_| !gains.is_empty()) else {
            return self.wait_until(way, later(Instant::now(), stage.hold)).await;
        };
        let count = match self.beat_for(pulse, &gains, hold).await {
            Ok(count) => count,
            Err(End::Unexpected(why)) => return Err(self.stays(way, &why)),
            Err(end) => return Err(end),
        };
        if !self.is_bad(&count) {
            self.say(way, &format!("{} are well: {count}", gains.join(", ")));
            return Ok(());
        }
        let verdict = format!("{}: {}", gains.join(", "), self.verdict(&count));
        self.say(way, &verdict);
        self.back(way, good, &verdict).await
    }

    /// The table with these shares, on what is there now. Who is down may come up in a moment, and is waited for; who
    /// can't be reached may be there again as long as there is time.
    async fn aimed(&self, way: &Way, next: &Shares) -> Result<Table, End> {
        let settled = Instant::now() + self.pace.settle;
        loop {
            let found = match self.provider.read().await {
                Ok(table) if table != way.now => return Err(self.stays(way, &self.other(&table))),
                Ok(_) => self.provider.table(&way.now, next),
                Err(trouble) => Err(trouble),
            };
            let (until, is_silent, why) = match found {
                Ok(aimed) => return Ok(aimed),
                Err(Trouble::Down(why)) => (settled.min(self.deadline), false, why),
                Err(Trouble::Unreachable(why) | Trouble::Open(why)) => (self.deadline, true, why),
                Err(Trouble::Refused(why) | Trouble::Changed(why) | Trouble::Partly(why)) => {
                    return Err(self.stays(way, &why));
                }
            };
            if Instant::now() + self.pace.pause >= until {
                let is_untouched = is_silent && !way.is_changed;
                return Err(if is_untouched { End::Unreachable(why) } else { self.stays(way, &why) });
            }
            self.pause().await?;
        }
    }

    /// The last good stage again.
    async fn back(&self, way: &mut Way, good: Table, verdict: &str) -> Result<(), End> {
        match self.change(way, good).await {
            Ok(()) => {
                let back = words(&way.now.shares());
                self.say(way, &format!("{} leads to {back} again", self.task.record));
                Err(End::Unexpected(format!("{verdict}; it was taken back to {back}, and waits for you")))
            }
            Err(End::Unexpected(why) | End::Lost(why)) => {
                Err(End::Unexpected(format!("{verdict}; and it could not be taken back: {why}")))
            }
            Err(end) => Err(end),
        }
    }

    /// Never nowhere, and never more to a site that is not trusted.
    fn allowed(&self, now: &Table, next: &Table) -> Result<(), String> {
        if !next.leads_somewhere() {
            return Err("the next stage would lead nowhere".to_owned());
        }
        let (before, after) = (now.shares(), next.shares());
        match self.task.barred.iter().find(|site| share(&after, site) > share(&before, site)) {
            Some(site) => Err(format!("the next stage would send users to {site}, which is not trusted")),
            None => Ok(()),
        }
    }

    /// Beats through the hold; without any answer as long as there is time.
    async fn beat_for(&self, pulse: &H, sites: &[String], hold: Duration) -> Result<Count, End> {
        let until = Instant::now() + hold;
        let mut stop = self.stop.clone();
        let mut count = Count::default();
        let mut rounds = 0;
        loop {
            let next = Instant::now() + self.pace.pause;
            match timeout_at(self.deadline, pulse.beat(sites)).await {
                Ok(heard) => count.add(&heard),
                Err(_) => return Err(no_time(&count)),
            }
            rounds += 1;
            let is_judged = rounds >= ROUNDS_MIN && count.answered() > 0;
            if is_judged && (Instant::now() >= until || self.is_bad(&count)) {
                return Ok(count);
            }
            if Instant::now() >= self.deadline {
                return Err(no_time(&count));
            }
            tokio::select! {
                () = sleep_until(next) => {}
                _ = stop.wait_for(|stop| *stop) => return Err(End::Killed),
            }
        }
    }

    fn is_bad(&self, count: &Count) -> bool {
        let most = self.task.health.as_ref().map_or(Ppm::ONE, |health| health.max_error_rate);
        count.answered() > 0 && count.error_rate() > most
    }

    fn verdict(&self, count: &Count) -> String {
        let most = self.task.health.as_ref().map_or(Ppm::ONE, |health| health.max_error_rate);
        format!("{count}, and at most {} may be bad", percent(most))
    }

    /// Until nobody has an answer from before.
    pub(super) async fn wait_for_old_answers(&self, way: &mut Way, until: Instant) -> Result<(), End> {
        if until <= Instant::now() {
            return Ok(());
        }
        let left = Millis(u64::try_from((until - Instant::now()).as_millis()).unwrap_or(u64::MAX));
        if until > self.deadline {
            return Err(End::Unexpected(format!(
                "{} leads where it should, but answers from before may be kept for another {}s, longer than the step \
                 may take; once they are gone, mark it done",
                self.task.record,
                left.0.div_ceil(1_000)
            )));
        }
        self.say(way, &format!("waiting {}s until old answers are forgotten", left.0.div_ceil(1_000)));
        self.wait_until(way, until).await
    }

    async fn wait_until(&self, way: &Way, until: Instant) -> Result<(), End> {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = sleep_until(until.min(self.deadline)) => {}
            _ = stop.wait_for(|stop| *stop) => return Err(End::Killed),
        }
        if until > self.deadline { Err(self.stays(way, "its time was over before its hold was")) } else { Ok(()) }
    }

    /// It leads elsewhere than it did.
    pub(super) fn other(&self, table: &Table) -> String {
        format!("somebody else changed {}: it leads to {} now", self.task.record, table.fact())
    }

    /// It ends where it is, and says where that is.
    pub(super) fn stays(&self, way: &Way, why: &str) -> End {
        let now = words(&way.now.shares());
        if way.is_changed {
            End::Unexpected(format!("{why}; {} stays as we last knew it: {now}", self.task.record))
        } else {
            End::CouldNotStart(format!("{why}; nothing was changed"))
        }
    }

    pub(super) fn say(&self, way: &mut Way, line: &str) {
        let text = format!("{line}\n");
        self.told.tell(News::Output { host: None, text: shown(text.as_bytes()) });
        way.log.push_str(&text);
    }
}

fn no_time(count: &Count) -> End {
    End::Unexpected(match count.answered() {
        0 => format!("nobody can say how the target does: {count}; without that it does not go on"),
        _ => "its time was over before its hold was".to_owned(),
    })
}

fn refused(why: &str) -> End {
    End::CouldNotStart(format!("{why}; nothing was changed"))
}

fn share(shares: &Shares, site: &str) -> Ppm {
    shares.get(site).copied().unwrap_or(Ppm::ZERO)
}

fn gaining(now: &Shares, next: &Shares) -> Vec<String> {
    next.iter().filter(|(site, share_of)| **share_of > share(now, site)).map(|(site, _)| site.clone()).collect()
}

/// `ansan 67 %, aws-tokyo 33 %`.
fn words(shares: &Shares) -> String {
    if shares.is_empty() {
        return "nowhere".to_owned();
    }
    shares.iter().map(|(site, share)| format!("{site} {}", percent(*share))).collect::<Vec<_>>().join(", ")
}

/// With as many digits as tell a small share from none.
pub(super) fn percent(share: Ppm) -> String {
    let tenths = (share.0 + 500) / 1_000;
    match (tenths % 10, share.0) {
        (_, 1..=499) => "below 0.1 %".to_owned(),
        (0, _) => format!("{} %", tenths / 10),
        (rest, _) => format!("{}.{rest} %", tenths / 10),
    }
}

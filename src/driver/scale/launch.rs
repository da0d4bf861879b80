//! The way from the capacity that is there to the capacity that is wanted: asked for once it counts, and waited for.
//!
//! Three ends are told apart, since each wants another answer: less came than was wanted; the provider says no; nobody is
//! there to ask. It never gives anything back.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep_until;
use tokio::time::timeout_at;

use crate::driver::End;
use crate::driver::News;
use crate::driver::Outcome;
use crate::driver::Said;
use crate::driver::ScaleTask;
use crate::driver::Told;
use crate::driver::scale::capacity;
use crate::driver::scale::capacity::Capacity;
use crate::driver::scale::launcher::Launcher;
use crate::driver::scale::launcher::Present;
use crate::driver::scale::launcher::Trouble;
use crate::driver::shown::shown;
use crate::model::Millis;

/// How fast it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Between two looks, or two tries to reach whoever launches.
    pub(super) pause: Duration,
    /// How long whoever launches may give no answer before anything was asked for.
    pub(super) silence: Duration,
}

/// Capacity takes minutes, and a look every five seconds is no load for an API. One that is restarted, or that throttles,
/// answers again within a minute; who waits longer for it should plan without it.
impl Default for Pace {
    fn default() -> Self {
        Self { pause: Duration::from_secs(5), silence: Duration::from_secs(60) }
    }
}

/// One launch on its way.
pub(super) struct Launch<'a, L> {
    pub(super) task: &'a ScaleTask,
    pub(super) launcher: L,
    pub(super) told: &'a Told,
    /// Becomes true when nobody waits for it any more.
    pub(super) stop: watch::Receiver<bool>,
    /// When its time is over.
    pub(super) deadline: Instant,
    /// Whoever began it is gone, and may have asked for it.
    pub(super) is_resumed: bool,
    pub(super) pace: Pace,
}

/// What it has come to so far.
struct Way {
    begun: Instant,
    /// It may have been asked for.
    is_asked: bool,
    /// What was last seen.
    now: Present,
    log: String,
}

impl<L: Launcher> Launch<'_, L> {
    /// Goes all the way, or as far as it may. What was seen and done stands in what is said.
    pub(super) async fn run(self) -> Outcome {
        let mut way =
            Way { begun: Instant::now(), is_asked: self.is_resumed, now: Present::default(), log: String::new() };
        let end = self.go(&mut way).await.err().unwrap_or(End::Ok);
        Outcome { end, hosts: Vec::new(), said: Said::just(&shown(way.log.as_bytes())) }
    }

    async fn go(&self, way: &mut Way) -> Result<(), End> {
        let wanted: Capacity = self.task.to.iter().cloned().collect();
        if wanted.is_empty() {
            return Err(End::CouldNotStart("no capacity is wanted; nothing was changed".to_owned()));
        }
        way.now = self.first(way).await?;
        self.say(way, &format!("in service: {}", capacity::of(&way.now.in_service, &wanted)));
        if capacity::covers(&way.now.in_service, &wanted) {
            return Ok(());
        }
        let is_coming = way.now.asked.as_ref().is_some_and(|asked| capacity::covers(asked, &wanted));
        if is_coming {
            self.say(way, "so much was asked for before");
        } else {
            if let Some(why) = way.now.refused.clone().or_else(|| beyond(&way.now, &wanted)) {
                return Err(self.refused(way, &why));
            }
            let total = capacity::at_least(&wanted, [&way.now.in_service].into_iter().chain(&way.now.asked));
            self.ask(way, &total).await?;
            self.say(way, &format!("asked {} for {}", self.name(), capacity::words(&total)));
        }
        self.wait(way, &wanted).await
    }

    /// How it is at first: asked until somebody answers.
    async fn first(&self, way: &Way) -> Result<Present, End> {
        let silent = way.begun + self.pace.silence;
        loop {
            match self.launcher.read().await {
                Ok(present) => {
                    return match unsaid(self.task, &present) {
                        Some(why) => Err(End::CouldNotStart(format!("{why}; nothing was changed"))),
                        None => Ok(present),
                    };
                }
                Err(Trouble::Refused(why)) => return Err(self.never(way, &why)),
                Err(Trouble::Silent(why) | Trouble::Open(why)) => {
                    self.pause_until(silent, |end| match end {
                        None => self.outage(way, &why),
                        Some(end) => end,
                    })
                    .await?
                }
            }
        }
    }

    /// Asks until it counts, or is refused.
    async fn ask(&self, way: &mut Way, total: &Capacity) -> Result<(), End> {
        let silent = Instant::now() + self.pace.silence;
        loop {
            match self.launcher.ask(total).await {
                Ok(()) => {
                    way.is_asked = true;
                    return Ok(());
                }
                Err(Trouble::Refused(why)) => return Err(self.refused(way, &why)),
                Err(Trouble::Silent(why)) => {
                    self.pause_until(silent, |end| match end {
                        None => self.outage(way, &why),
                        Some(end) => end,
                    })
                    .await?
                }
                // It asks for a total, so to ask again changes nothing where it counted.
                Err(Trouble::Open(why)) => {
                    way.is_asked = true;
                    self.say(way, &format!("nobody knows whether it counted: {why}"));
                    self.pause_until(silent, |end| match end {
                        None => self.outage(way, &why),
                        Some(end) => end,
                    })
                    .await?;
                }
            }
        }
    }

    /// Looks until all of it is in service.
    async fn wait(&self, way: &mut Way, wanted: &Capacity) -> Result<(), End> {
        let mut silence = None;
        loop {
            self.pause_until(self.deadline, |end| match end {
                None => self.partly(way, wanted, silence.as_deref()),
                Some(end) => end,
            })
            .await?;
            let read = match timeout_at(self.deadline, self.launcher.read()).await {
                Ok(read) => read,
                Err(_) => return Err(self.partly(way, wanted, Some("its last answer did not come in time"))),
            };
            match read {
                Ok(present) => {
                    silence = None;
                    if present.in_service != way.now.in_service {
                        self.say(way, &format!("in service: {}", capacity::of(&present.in_service, wanted)));
                    }
                    way.now = present;
                    if capacity::covers(&way.now.in_service, wanted) {
                        return Ok(());
                    }
                    if let Some(why) = &way.now.refused {
                        return Err(self.refused(way, why));
                    }
                    if let Some(asked) = way.now.asked.as_ref().filter(|asked| !capacity::covers(asked, wanted)) {
                        return Err(End::Unexpected(format!(
                            "somebody else lowered what {} is asked for: {} now; {} are in service; find out who, then \
                             repeat the step",
                            self.name(),
                            capacity::of(asked, wanted),
                            capacity::of(&way.now.in_service, wanted)
                        )));
                    }
                }
                Err(trouble) => silence = Some(trouble.to_string()),
            }
        }
    }

    /// Pauses; ends with what `over` says, where there is no time for another look (none), or nobody waits any more.
    async fn pause_until(&self, until: Instant, over: impl FnOnce(Option<End>) -> End) -> Result<(), End> {
        let until = until.min(self.deadline);
        let next = Instant::now() + self.pace.pause;
        let mut stop = self.stop.clone();
        tokio::select! {
            () = sleep_until(next.min(until)) => {}
            _ = stop.wait_for(|stop| *stop) => return Err(over(Some(End::Killed))),
        }
        if next >= until { Err(over(None)) } else { Ok(()) }
    }

    /// Nobody is there to ask.
    fn outage(&self, way: &Way, why: &str) -> End {
        let after = self.after(way);
        if way.is_asked {
            return End::Lost(format!(
                "{why}; nobody answered within {after}, and whether the capacity was asked for is not known: repeat the \
                 step once {} answers, it asks for a total and never for more",
                self.name()
            ));
        }
        End::Unreachable(format!(
            "{why}; nobody answered within {after}, and nothing was changed: repeat the step once {} answers, or plan again \
             without it",
            self.name()
        ))
    }

    /// The provider says no.
    fn refused(&self, way: &Way, why: &str) -> End {
        let why = format!("{} refuses: {}; raise the quota or plan again with less", self.name(), sentence(why));
        if way.is_asked {
            let wanted = self.task.to.iter().cloned().collect();
            End::Unexpected(format!("{why}; {} are in service", capacity::of(&way.now.in_service, &wanted)))
        } else {
            End::CouldNotStart(format!("{why}; nothing was changed"))
        }
    }

    /// It can't be read at all.
    fn never(&self, way: &Way, why: &str) -> End {
        if way.is_asked {
            End::Lost(format!("{why}; what was asked for before is not known"))
        } else {
            End::CouldNotStart(format!("{why}; nothing was changed"))
        }
    }

    /// Its time is over.
    fn partly(&self, way: &Way, wanted: &Capacity, silence: Option<&str>) -> End {
        let there = capacity::of(&way.now.in_service, wanted);
        let note = way.now.note.as_ref().map(|note| format!("; {} says: {note}", self.name())).unwrap_or_default();
        let last = silence.map(|why| format!(", as last seen: {why}")).unwrap_or_default();
        End::Unexpected(format!(
            "{there} are in service after {}{last}{note}; more may still come: repeat the step to go on waiting, or plan \
             again with what is there",
            self.after(way)
        ))
    }

    fn after(&self, way: &Way) -> Millis {
        let all = Millis(u64::try_from(way.begun.elapsed().as_millis()).unwrap_or(u64::MAX));
        // Nobody needs the thousandths of what took longer than a second.
        if all.0 < 1_000 { all } else { Millis(all.0 / 1_000 * 1_000) }
    }

    fn name(&self) -> &str {
        &self.task.provider.name
    }

    fn say(&self, way: &mut Way, line: &str) {
        let text = format!("{line}\n");
        self.told.tell(News::Output { host: None, text: shown(text.as_bytes()) });
        way.log.push_str(&text);
    }
}

/// What somebody said, so that more can follow.
fn sentence(said: &str) -> &str {
    said.trim_end().trim_end_matches('.')
}

/// What of the wanted resources whoever launches says nothing of.
pub(super) fn unsaid(task: &ScaleTask, present: &Present) -> Option<String> {
    let unsaid = |resource: &&String| !present.in_service.contains_key(*resource);
    let names: Vec<&str> = task.to.iter().map(|(resource, _)| resource).filter(unsaid).map(String::as_str).collect();
    let name = &task.provider.name;
    let all = names.join(" and ");
    (!names.is_empty()).then(|| format!("{name} does not say how much {all} is in service, as `{} 0`", names[0]))
}

/// Of which more is wanted than is ever given.
pub(super) fn beyond(present: &Present, wanted: &Capacity) -> Option<String> {
    let most = present.most.as_ref().filter(|most| !capacity::covers(most, wanted))?;
    let most = capacity::of(most, wanted);
    Some(if present.most_by.is_empty() {
        format!("it gives at most {most}")
    } else {
        format!("{} allows {most}", present.most_by)
    })
}

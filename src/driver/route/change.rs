//! One change of a route: written down, done, and looked at by another way.
//!
//! Where nobody answers, it is read until it is known what became of it, and written again only where it did not count.

use tokio::time::Instant;
use tokio::time::sleep;

use crate::driver::End;
use crate::driver::Shift;
use crate::driver::played::later;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Sight;
use crate::driver::route::provider::Trouble;
use crate::driver::route::pulse::Pulse;
use crate::driver::route::ramp::Ramp;
use crate::driver::route::ramp::Way;
use crate::driver::route::table::Entry;
use crate::driver::route::table::Table;
use crate::model::Millis;
use crate::model::Ppm;

impl<P: Provider, H: Pulse> Ramp<'_, P, H> {
    /// Writes it down, does it, and looks whether it is so.
    pub(super) async fn change(&self, way: &mut Way, to: Table) -> Result<(), End> {
        if *self.stop.borrow() {
            return Err(End::Killed);
        }
        let from = way.now.clone();
        let shift = Shift { from: listed(&from), to: listed(&to), fact: from.fact() };
        if !self.told.first(shift).await {
            return Err(self.stays(way, "it can't be written down any more, so nothing more is changed"));
        }
        match self.write(way, &from, &to).await? {
            Ok(()) => {}
            Err(Trouble::Unreachable(why) | Trouble::Open(why) | Trouble::Partly(why)) => {
                way.is_changed = true;
                return Err(self.stays(way, &why));
            }
            Err(Trouble::Refused(why) | Trouble::Changed(why) | Trouble::Down(why)) => {
                return Err(self.stays(way, &why));
            }
        }
        way.is_changed = true;
        way.now = to;
        self.confirm(&way.now).await.map_err(|why| self.stays(way, &why))?;
        // Until now somebody may have been given an answer from before.
        way.old_answers = way.old_answers.max(later(Instant::now(), self.kept(&from)));
        Ok(())
    }

    /// How long answers may be kept that lead where a table says: of an alias nobody here knows, so what was declared counts.
    fn kept(&self, table: &Table) -> Millis {
        let is_alias = self.task.provider.kind.keeps_ttl() && table.leads_somewhere();
        table.ttl.or(is_alias.then_some(self.task.ttl)).unwrap_or_default()
    }

    /// Writes until somebody answers. A no to a later try says nothing of an earlier one that nobody answered.
    async fn write(&self, way: &mut Way, from: &Table, to: &Table) -> Result<Result<(), Trouble>, End> {
        let mut written = self.provider.write(from, to).await;
        let mut is_open = false;
        let mut said = String::new();
        while let Err(trouble @ (Trouble::Open(_) | Trouble::Unreachable(_))) = &written {
            is_open |= matches!(trouble, Trouble::Open(_));
            let why = trouble.to_string();
            if why != said {
                self.say(way, &why);
                said.clone_from(&why);
            }
            written = self.after_silence(way, to, &why, is_open).await?;
        }
        if let Err(Trouble::Refused(why) | Trouble::Changed(why) | Trouble::Down(why)) = &written
            && is_open
        {
            return match self.provider.read().await {
                Ok(table) if table == *to => Ok(Ok(())),
                Ok(_) | Err(_) => {
                    Err(End::Lost(format!("{why}; an earlier try was not answered, and may have counted or may yet")))
                }
            };
        }
        Ok(written)
    }

    /// Nobody heard whether a change counted. It is read until that is known, and written again where it did not.
    async fn after_silence(&self, way: &Way, to: &Table, why: &str, is_open: bool) -> Result<Result<(), Trouble>, End> {
        let over = || match (is_open, way.is_changed) {
            (true, _) => End::Lost(why.to_owned()),
            (false, true) => self.stays(way, why),
            (false, false) => End::Unreachable(format!("{why}; nothing was changed")),
        };
        loop {
            if *self.stop.borrow() {
                return Err(if is_open { over() } else { End::Killed });
            }
            if Instant::now() + self.pace.pause >= self.deadline {
                return Err(over());
            }
            sleep(self.pace.pause).await;
            match self.provider.read().await {
                Ok(table) if table == *to => return Ok(Ok(())),
                Ok(table) if is_on_the_way(&table, &way.now, to) => {
                    return Ok(self.provider.write(&way.now, to).await);
                }
                Ok(table) => return Ok(Err(Trouble::Partly(format!("{why}; {}", self.other(&table))))),
                Err(_) => {}
            }
        }
    }

    /// Whether those who answer for the route say the same. Who does not answer at all is no proof of anything; at least
    /// one must.
    pub(super) async fn confirm(&self, wanted: &Table) -> Result<(), String> {
        let until = self.deadline.min(Instant::now() + self.pace.settle);
        loop {
            let sights = self.provider.look().await;
            let mut is_answered = false;
            let mut wrong = None;
            let mut silent = None;
            for sight in sights {
                match self.judge(sight, wanted) {
                    Ok(()) => is_answered = true,
                    Err(Trouble::Unreachable(why) | Trouble::Refused(why)) => {
                        silent.get_or_insert(why);
                    }
                    Err(Trouble::Down(why) | Trouble::Changed(why) | Trouble::Open(why) | Trouble::Partly(why)) => {
                        wrong.get_or_insert(why);
                    }
                }
            }
            if is_answered && wrong.is_none() {
                return Ok(());
            }
            if Instant::now() + self.pace.pause >= until {
                return Err(wrong.or(silent).unwrap_or_else(|| "nobody answers for it".to_owned()));
            }
            sleep(self.pace.pause).await;
        }
    }

    fn judge(&self, sight: Sight, wanted: &Table) -> Result<(), Trouble> {
        let table = sight.table?;
        if is_same(&table, wanted, &sight.server) {
            return Ok(());
        }
        let (server, record) = (&sight.server, &self.task.record);
        let told = table.fact();
        Err(Trouble::Changed(format!("{server} says that {record} leads to {told}, which is not what was written")))
    }

    /// A short pause before it is tried again.
    pub(super) async fn pause(&self) -> Result<(), End> {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = sleep(self.pace.pause) => Ok(()),
            _ = stop.wait_for(|stop| *stop) => Err(End::Killed),
        }
    }
}

/// Whether a part of a change has come to be, and nothing else. Only several balancers can stand so; a table that is
/// changed as one was changed by somebody else.
fn is_on_the_way(table: &Table, from: &Table, to: &Table) -> bool {
    if table == from {
        return true;
    }
    let is_known = |(at, entry): (usize, &Entry)| {
        let is = |other: &Table| other.entries.get(at) == Some(entry);
        !entry.on.is_empty() && (is(from) || is(to))
    };
    table.entries.len() == from.entries.len() && table.ttl == from.ttl && table.entries.iter().enumerate().all(is_known)
}

fn is_same(seen: &Table, wanted: &Table, server: &str) -> bool {
    let own = wanted.entries.iter().filter(|entry| entry.on.is_empty() || entry.on == server);
    seen.entries.iter().eq(own) && (wanted.ttl.is_none() || seen.ttl == wanted.ttl)
}

fn listed(table: &Table) -> Vec<(String, Ppm)> {
    table.shares().into_iter().collect()
}

//! Routes that somebody else's tool keeps: an appliance, a vendor's command, an API. A command or a request reads the
//! shares, another one writes them.
//!
//! Nothing is written that can't be read back. There is no way to compare and write in one, so it is read again right
//! before it is written. A third one, `look`, is another way to see what counts. Where nobody declared it, only the keeper
//! itself can be read back, and whoever looks at the route is told so.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::driver::RouteTask;
use crate::driver::exec::Exec;
use crate::driver::route::percents;
use crate::driver::route::percents::Percents;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Sight;
use crate::driver::route::provider::Standing;
use crate::driver::route::provider::Trouble;
use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;
use crate::driver::tool::Failed;
use crate::driver::tool::Tool;
use crate::driver::tool::Unread;
use crate::model::Millis;
use crate::template::Text;

/// One route behind a tool.
pub(super) struct Outside {
    tool: Tool,
    record: String,
    percents: Percents,
    read: String,
    write: Text,
    look: Option<String>,
}

impl Outside {
    /// From what is authored.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn new(task: &RouteTask, exec: &Exec) -> Result<Self, String> {
        let tool = Tool::new(&task.provider, exec);
        let is_plain = |c: char| c.is_alphanumeric() || "-_.:/@".contains(c);
        if tool.is_command() && !task.record.chars().all(is_plain) {
            return Err(format!(
                "{:?} must not stand in a command line: give the route {} a `name` of letters, digits and -_.:/@",
                task.record, task.route
            ));
        }
        let record = |name: &str| (name == "record").then_some(task.record.as_str());
        let (read, write) = Tool::texts(&task.provider, record, "shares")?;
        let look = Tool::look(&task.provider, record)?;
        let sites = task.at.iter().map(|(site, _)| site.clone()).collect();
        let percents = Percents { sites, barred: task.barred.clone() };
        let found = Self { tool, record: task.record.clone(), percents, read, write, look };
        // What is wrong with the addresses is told before anything is asked.
        found.tool.check(&found.read, &found.filled(""), found.look.as_deref())?;
        Ok(found)
    }

    /// How much longer than its keeper whoever looks may see what was there before: a resolver keeps answers for `ttl`.
    pub(super) fn lags(&self, ttl: Millis) -> Duration {
        if self.look.is_some() { Duration::from_millis(ttl.0) } else { Duration::ZERO }
    }

    fn table_of(&self, key: &str, told: Result<String, Unread>) -> Result<Table, Trouble> {
        let text = told.map_err(|unread| match unread {
            Unread::Silent(why) => Trouble::Unreachable(why),
            Unread::Refused(why) => Trouble::Refused(why),
        })?;
        self.percents.parse(&text).map_err(|why| Trouble::Refused(format!("`{key}` of {}: {why}", self.tool.name)))
    }

    fn filled(&self, words: &str) -> String {
        let shares = |name: &str| (name == "shares").then_some(words);
        // That it names nothing else was looked at when it was taken.
        self.write.fill(shares).finish().unwrap_or_else(|text| text.to_string())
    }

    /// What a no means, which may have come after a part was done.
    async fn after_no(&self, why: String, from: &Table, to: &Table) -> Result<(), Trouble> {
        let why = format!("{}: {why}", self.tool.name);
        match self.read().await {
            Ok(table) if table == *to => Ok(()),
            Ok(table) if table == *from => Err(Trouble::Refused(why)),
            Ok(table) => Err(Trouble::Partly(format!("{why}; {} leads to {} now", self.record, table.fact()))),
            Err(trouble) => Err(Trouble::Open(format!("{why}; and {trouble}"))),
        }
    }
}

impl Provider for Outside {
    async fn read(&self) -> Result<Table, Trouble> {
        self.table_of("read", self.tool.told(&self.read).await)
    }

    fn table(&self, now: &Table, aim: &Shares) -> Result<Table, Trouble> {
        let known: BTreeMap<_, _> = aim.iter().map(|(site, share)| (site.as_str(), *share)).collect();
        match aim.keys().find(|site| !self.percents.sites.contains(site)) {
            Some(site) => Err(Trouble::Refused(format!("the route has no place at {site}"))),
            None => Ok(self.percents.nearest(now, &known)),
        }
    }

    async fn write(&self, from: &Table, to: &Table) -> Result<(), Trouble> {
        let now = self.read().await?;
        if now == *to {
            return Ok(());
        }
        if now != *from {
            let (was, is) = (from.fact(), now.fact());
            return Err(Trouble::Changed(format!(
                "{} led to {was}, and leads to {is} now: somebody else changed it",
                self.record
            )));
        }
        let named = |why: String| format!("{}: {why}", self.tool.name);
        match self.tool.done(&self.filled(&percents::words(to)), &percents::lines(to)).await {
            Ok(()) => Ok(()),
            Err(Failed::Never(why)) => Err(Trouble::Refused(named(why))),
            Err(Failed::Unsent(why)) => Err(Trouble::Unreachable(named(why))),
            Err(Failed::Open(why)) => Err(Trouble::Open(named(why))),
            Err(Failed::Told(why) | Failed::Later(why)) => self.after_no(why, from, to).await,
        }
    }

    async fn look(&self) -> Vec<Sight> {
        let name = &self.tool.name;
        vec![match &self.look {
            Some(look) => {
                let told = self.tool.seen(look, &self.read).await;
                Sight { server: format!("`look` of {name}"), table: self.table_of("look", told) }
            }
            None => Sight { server: name.clone(), table: self.read().await },
        }]
    }

    fn has_look(&self) -> bool {
        self.look.is_some()
    }

    async fn standing(&self) -> Standing {
        let mut standing = Standing::default();
        if self.look.is_none() {
            standing.remarks.push(format!(
                "there is no independent look: what is read back is read from {0}, its keeper, itself; give the provider \
                 {0} a `look`, which sees where users are sent by another way",
                self.tool.name
            ));
        }
        standing
    }
}

//! Routes that somebody else's tool keeps: an appliance, a vendor's command, an API. A command or a request reads the
//! shares, another one writes them.
//!
//! Nothing is written that can't be read back. There is no way to compare and write in one, so it is read again right
//! before it is written. The independent look is another reading: it is as independent as its author made it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::driver::HttpTask;
use crate::driver::RouteTask;
use crate::driver::exec::Exec;
use crate::driver::exec::Line;
use crate::driver::http::Came;
use crate::driver::http::Ready;
use crate::driver::http::exchange;
use crate::driver::question::Mute;
use crate::driver::route::percents;
use crate::driver::route::percents::Percents;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Sight;
use crate::driver::route::provider::Trouble;
use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;
use crate::model::Millis;
use crate::model::ProviderKind;
use crate::template::Text;

/// One route behind a tool.
pub(super) struct Outside {
    /// The provider, as people call it.
    name: String,
    record: String,
    percents: Percents,
    read: String,
    write: Text,
    env: Vec<(String, String)>,
    by: By,
    exec: Exec,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Command,
    Http,
}

/// A tool that takes longer to say how it stands can't be asked in the middle of a shift.
const READ_MAX: Duration = Duration::from_secs(10);
/// Appliances that commit a configuration were said to take half of it.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// A table has a line for each site.
const TABLE_BYTES: u64 = 64 * 1024;
/// What a tool says of a failure is for a line.
const WORDS_MAX: usize = 300;

impl Outside {
    /// From what is authored.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn new(task: &RouteTask, exec: &Exec) -> Result<Self, String> {
        let provider = &task.provider;
        let name = provider.name.clone();
        let by = if provider.kind == ProviderKind::Http { By::Http } else { By::Command };
        let missing = |key: &str| format!("the provider {name} has no `{key}`: what can't be read back is not written");
        let read = provider.read.as_deref().ok_or_else(|| missing("read"))?;
        let write = provider.write.as_deref().ok_or_else(|| missing("write"))?;
        let is_plain = |c: char| c.is_alphanumeric() || "-_.:/@".contains(c);
        if by == By::Command && !task.record.chars().all(is_plain) {
            return Err(format!(
                "{:?} must not stand in a command line: give the route {} a `name` of letters, digits and -_.:/@",
                task.record, task.route
            ));
        }
        let record = |name: &str| (name == "record").then_some(task.record.as_str());
        let parsed = |text: &str, key: &str| match Text::parse(text) {
            Ok(text) => Ok(text.fill(record)),
            Err(_) => Err(format!("`{key}` of the provider {name} can't be read: {text}")),
        };
        let unknown =
            |key: &str, text: &Text| format!("`{key}` of the provider {name} names what has no value: {text}");
        let read = parsed(read, "read")?.finish().map_err(|text| unknown("read", &text))?;
        let write = parsed(write, "write")?;
        if write.names().any(|name| name != "shares") {
            return Err(unknown("write", &write));
        }
        let sites = task.at.iter().map(|(site, _)| site.clone()).collect();
        let percents = Percents { sites, barred: task.barred.clone() };
        let (record, env, exec) = (task.record.clone(), provider.env.clone(), exec.clone());
        let found = Self { name, record, percents, read, write, env, by, exec };
        if by == By::Http {
            // What is wrong with the addresses is told before anything is asked.
            found.get()?;
            found.put("", "")?;
        }
        Ok(found)
    }

    fn line<'a>(&'a self, text: &'a str) -> Line<'a> {
        Line { text, env: &self.env, input: None }
    }

    /// The request that reads.
    fn get(&self) -> Result<Ready, String> {
        self.ready("GET", &self.read, None, READ_MAX)
    }

    /// The request that writes: `METHOD URL`, or `URL` alone for a PUT.
    fn put(&self, words: &str, lines: &str) -> Result<Ready, String> {
        let filled = self.filled(words);
        let (method, url) = match filled.trim().split_once(char::is_whitespace) {
            Some((method, url)) if matches!(method, "PUT" | "POST" | "PATCH" | "DELETE") => (method, url.trim()),
            Some((method, _)) if method.chars().all(|c| c.is_ascii_uppercase()) => {
                return Err(format!(
                    "`write` of the provider {} must be PUT, POST, PATCH or DELETE, not {method}",
                    self.name
                ));
            }
            Some(_) | None => ("PUT", filled.trim()),
        };
        self.ready(method, url, Some(lines.to_owned()), WRITE_MAX)
    }

    fn filled(&self, words: &str) -> String {
        let shares = |name: &str| (name == "shares").then_some(words);
        // That it names nothing else was looked at when it was taken.
        self.write.fill(shares).finish().unwrap_or_else(|text| text.to_string())
    }

    fn ready(&self, method: &str, url: &str, body: Option<String>, most: Duration) -> Result<Ready, String> {
        // A name of a variable has no dashes, and a header has no underscores.
        let mut headers: Vec<(String, String)> =
            self.env.iter().map(|(name, value)| (name.replace('_', "-"), value.clone())).collect();
        if body.is_some() {
            headers.push(("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned()));
        }
        let task = HttpTask {
            method: method.to_owned(),
            url: url.to_owned(),
            headers,
            body,
            body_from: None,
            expect_status: Vec::new(),
            expect_body: None,
            redirects: 0,
            ca: None,
        };
        let most = Millis(u64::try_from(most.as_millis()).unwrap_or(u64::MAX));
        Ready::at(&task, None, (most, TABLE_BYTES), &self.exec.secrets)
    }

    /// The text of the table.
    async fn told(&self) -> Result<String, Trouble> {
        let silent = |why: String| Trouble::Unreachable(format!("{} can't be asked: {why}", self.name));
        match self.by {
            By::Command => match self.exec.once(self.line(&self.read), READ_MAX, TABLE_BYTES).await {
                Ok(heard) if heard.status.success() => String::from_utf8(heard.out)
                    .map_err(|_| Trouble::Refused(format!("what `read` of {} prints is no text", self.name))),
                Ok(heard) => Err(silent(format!("`read` ended with {}{}", heard.status, words(&heard.said.head)))),
                Err(Mute::NotBegun(why)) => Err(Trouble::Refused(format!("{}: {why}", self.name))),
                Err(Mute::NoAnswer(why, said)) => Err(silent(format!("`read`: {why}{}", words(&said.head)))),
            },
            By::Http => {
                let ready = self.get().map_err(Trouble::Refused)?;
                match exchange(&ready, READ_MAX).await {
                    Came::Expected(said) => Ok(said.head),
                    Came::Unexpected(what, said) => {
                        let why = format!("`read` of {}: {what}{}", self.name, words(&said.head));
                        Err(if is_of_server(&what) { Trouble::Unreachable(why) } else { Trouble::Refused(why) })
                    }
                    Came::NotSent(why) | Came::Open(why, _) => Err(silent(why)),
                }
            }
        }
    }

    /// Does it. The first of a failure says what happened, the second whether it may still come to be.
    async fn done(&self, to: &Table) -> Result<(), Failed> {
        let (spoken, lines) = (percents::words(to), percents::lines(to));
        match self.by {
            By::Command => {
                let line = self.filled(&spoken);
                match self.exec.once(self.line(&line), WRITE_MAX, TABLE_BYTES).await {
                    Ok(heard) if heard.status.success() => Ok(()),
                    Ok(heard) => {
                        Err(Failed::Told(format!("`write` ended with {}{}", heard.status, words(&heard.said.head))))
                    }
                    Err(Mute::NotBegun(why)) => Err(Failed::Never(why)),
                    Err(Mute::NoAnswer(why, said)) => {
                        Err(Failed::Open(format!("`write`: {why}, and it was killed{}", words(&said.head))))
                    }
                }
            }
            By::Http => {
                let ready = self.put(&spoken, &lines).map_err(Failed::Never)?;
                match exchange(&ready, WRITE_MAX).await {
                    Came::Expected(_) => Ok(()),
                    Came::Unexpected(what, said) => {
                        let why = format!("`write`: {what}{}", words(&said.head));
                        Err(if is_of_server(&what) { Failed::Open(why) } else { Failed::Told(why) })
                    }
                    Came::NotSent(why) => Err(Failed::Unsent(why)),
                    Came::Open(why, _) => Err(Failed::Open(why)),
                }
            }
        }
    }

    /// What a no means, which may have come after a part was done.
    async fn after_no(&self, why: String, from: &Table, to: &Table) -> Result<(), Trouble> {
        let why = format!("{}: {why}", self.name);
        match self.read().await {
            Ok(table) if table == *to => Ok(()),
            Ok(table) if table == *from => Err(Trouble::Refused(why)),
            Ok(table) => Err(Trouble::Partly(format!("{why}; {} leads to {} now", self.record, table.fact()))),
            Err(trouble) => Err(Trouble::Open(format!("{why}; and {trouble}"))),
        }
    }
}

/// Why it was not done.
enum Failed {
    /// It can't have been done.
    Never(String),
    /// Nobody was there.
    Unsent(String),
    /// It was answered with a no.
    Told(String),
    /// Nobody knows.
    Open(String),
}

/// Whether the fault is the other side's, so that it may pass, and may have come after it was done.
fn is_of_server(what: &str) -> bool {
    what.starts_with("status 5")
}

/// The last line of what was said, behind a colon.
fn words(said: &str) -> String {
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let end = last.floor_char_boundary(WORDS_MAX);
    if last.is_empty() { String::new() } else { format!(": {}", &last[..end]) }
}

impl Provider for Outside {
    async fn read(&self) -> Result<Table, Trouble> {
        let text = self.told().await?;
        self.percents.parse(&text).map_err(|why| Trouble::Refused(format!("`read` of {}: {why}", self.name)))
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
        let named = |why: String| format!("{}: {why}", self.name);
        match self.done(to).await {
            Ok(()) => Ok(()),
            Err(Failed::Never(why)) => Err(Trouble::Refused(named(why))),
            Err(Failed::Unsent(why)) => Err(Trouble::Unreachable(named(why))),
            Err(Failed::Open(why)) => Err(Trouble::Open(named(why))),
            Err(Failed::Told(why)) => self.after_no(why, from, to).await,
        }
    }

    async fn look(&self) -> Vec<Sight> {
        vec![Sight { server: self.name.clone(), table: self.read().await }]
    }
}

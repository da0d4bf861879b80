//! A tool of somebody else that reads and changes something for us: a command here, or a request to an API.
//!
//! It is run or sent once, within limits, and what came of it is told apart: whether it can have counted is what matters.

use std::time::Duration;

use crate::driver::HttpTask;
use crate::driver::ProviderTask;
use crate::driver::exec::Exec;
use crate::driver::exec::Line;
use crate::driver::http::Came;
use crate::driver::http::Ready;
use crate::driver::http::exchange;
use crate::driver::question::Mute;
use crate::model::Millis;
use crate::model::ProviderKind;
use crate::template::Text;

/// How one provider's tool is run.
#[derive(Debug)]
pub(super) struct Tool {
    /// The provider, as people call it.
    pub(super) name: String,
    env: Vec<(String, String)>,
    by: By,
    exec: Exec,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Command,
    Http,
}

/// Why nothing was read.
#[derive(Debug)]
pub(super) enum Unread {
    /// Nobody was there to ask, or who was there has a trouble that may pass.
    Silent(String),
    /// It can't be asked this way.
    Refused(String),
}

/// Why it was not done.
#[derive(Debug)]
pub(super) enum Failed {
    /// It can't have been done.
    Never(String),
    /// Nobody was there.
    Unsent(String),
    /// It was answered with a no.
    Told(String),
    /// It was answered with: not now. It was not done, and may be asked for again.
    Later(String),
    /// Nobody knows.
    Open(String),
}

/// What `sysexits.h` calls a failure that passes: whoever wraps an API says by it that the API is not there now.
const TEMPORARY: i32 = 75;

/// A tool that takes longer to say how it stands can't be asked in the middle of a shift.
const READ_MAX: Duration = Duration::from_secs(10);
/// Appliances that commit a configuration were said to take half of it.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// A table has a line for each site.
const TABLE_BYTES: u64 = 64 * 1024;
/// What a tool says of a failure is for a line.
const WORDS_MAX: usize = 300;

impl Tool {
    /// Of a provider of kind `http` or `command`.
    pub(super) fn new(provider: &ProviderTask, exec: &Exec) -> Self {
        let by = if provider.kind == ProviderKind::Http { By::Http } else { By::Command };
        Self { name: provider.name.clone(), env: provider.env.clone(), by, exec: exec.clone() }
    }

    /// Whether its texts are lines for a shell.
    pub(super) fn is_command(&self) -> bool {
        self.by == By::Command
    }

    /// `read` and `write` of a provider, where all that they name but `late` has a value. `late` is filled in when
    /// something is written.
    ///
    /// # Errors
    ///
    /// What is missing, for people.
    pub(super) fn texts<'v>(
        provider: &ProviderTask,
        value: impl Fn(&str) -> Option<&'v str>,
        late: &str,
    ) -> Result<(String, Text), String> {
        let name = &provider.name;
        let missing = |key: &str| format!("the provider {name} has no `{key}`: what can't be read back is not written");
        let read = provider.read.as_deref().ok_or_else(|| missing("read"))?;
        let write = provider.write.as_deref().ok_or_else(|| missing("write"))?;
        let read = whole(name, "read", read, &value)?;
        let write = parsed(name, "write", write, &value)?;
        if write.names().any(|name| name != late) {
            return Err(unknown(name, "write", &write));
        }
        Ok((read, write))
    }

    /// `look` of a provider, where it has one and all that it names has a value.
    ///
    /// # Errors
    ///
    /// What is missing, for people.
    pub(super) fn look<'v>(
        provider: &ProviderTask,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<Option<String>, String> {
        provider.look.as_deref().map(|look| whole(&provider.name, "look", look, &value)).transpose()
    }

    /// Looks whether these could be asked, and asks nobody.
    ///
    /// # Errors
    ///
    /// What is wrong with an address, for people.
    pub(super) fn check(&self, read: &str, write: &str, look: Option<&str>) -> Result<(), String> {
        if self.by == By::Http {
            self.get(read)?;
            self.put(write, "")?;
            look.map(|look| self.get_beside(look, read)).transpose()?;
        }
        Ok(())
    }

    fn line<'a>(&'a self, text: &'a str) -> Line<'a> {
        Line { text, env: &self.env, input: None }
    }

    /// The request that reads.
    fn get(&self, read: &str) -> Result<Ready, String> {
        self.ready("GET", read, None, READ_MAX)
    }

    /// The request that looks. The headers hold secrets of whoever keeps the state: they go where `read` goes, and to
    /// nobody else.
    fn get_beside(&self, look: &str, read: &str) -> Result<Ready, String> {
        let bare = self.request("GET", look, Vec::new(), None, READ_MAX)?;
        if bare.is_at(&self.get(read)?) { self.get(look) } else { Ok(bare) }
    }

    /// The request that writes: `METHOD URL`, or `URL` alone for a PUT.
    fn put(&self, write: &str, lines: &str) -> Result<Ready, String> {
        let (method, url) = match write.trim().split_once(char::is_whitespace) {
            Some((method, url)) if matches!(method, "PUT" | "POST" | "PATCH" | "DELETE") => (method, url.trim()),
            Some((method, _)) if method.chars().all(|c| c.is_ascii_uppercase()) => {
                return Err(format!(
                    "`write` of the provider {} must be PUT, POST, PATCH or DELETE, not {method}",
                    self.name
                ));
            }
            Some(_) | None => ("PUT", write.trim()),
        };
        self.ready(method, url, Some(lines.to_owned()), WRITE_MAX)
    }

    fn ready(&self, method: &str, url: &str, body: Option<String>, most: Duration) -> Result<Ready, String> {
        // A name of a variable has no dashes, and a header has no underscores.
        let headers: Vec<(String, String)> =
            self.env.iter().map(|(name, value)| (name.replace('_', "-"), value.clone())).collect();
        self.request(method, url, headers, body, most)
    }

    fn request(
        &self,
        method: &str,
        url: &str,
        mut headers: Vec<(String, String)>,
        body: Option<String>,
        most: Duration,
    ) -> Result<Ready, String> {
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

    /// What `read` gives.
    pub(super) async fn told(&self, read: &str) -> Result<String, Unread> {
        self.heard("read", read, || self.get(read)).await
    }

    /// What `look` gives.
    pub(super) async fn seen(&self, look: &str, read: &str) -> Result<String, Unread> {
        self.heard("look", look, || self.get_beside(look, read)).await
    }

    async fn heard(
        &self,
        key: &str,
        text: &str,
        request: impl FnOnce() -> Result<Ready, String>,
    ) -> Result<String, Unread> {
        let silent = |why: String| Unread::Silent(format!("{} can't be asked: {why}", self.name));
        match self.by {
            By::Command => match self.exec.once(self.line(text), READ_MAX, TABLE_BYTES).await {
                Ok(heard) if heard.status.success() => String::from_utf8(heard.out)
                    .map_err(|_| Unread::Refused(format!("what `{key}` of {} prints is no text", self.name))),
                Ok(heard) => Err(silent(format!("`{key}` ended with {}{}", heard.status, words(&heard.said.head)))),
                Err(Mute::NotBegun(why)) => Err(Unread::Refused(format!("{}: {why}", self.name))),
                Err(Mute::NoAnswer(why, said)) => Err(silent(format!("`{key}`: {why}{}", words(&said.head)))),
            },
            By::Http => {
                let ready = request().map_err(Unread::Refused)?;
                match exchange(&ready, READ_MAX).await {
                    Came::Expected(said) => Ok(said.head),
                    Came::Unexpected(what, said) => {
                        let why = format!("`{key}` of {}: {what}{}", self.name, words(&said.head));
                        Err(if is_of_server(&what) || passes(&what) {
                            Unread::Silent(why)
                        } else {
                            Unread::Refused(why)
                        })
                    }
                    Came::NotSent(why) | Came::Open(why, _) => Err(silent(why)),
                }
            }
        }
    }

    /// Does what `write` says; `lines` are the body of a request.
    pub(super) async fn done(&self, write: &str, lines: &str) -> Result<(), Failed> {
        match self.by {
            By::Command => match self.exec.once(self.line(write), WRITE_MAX, TABLE_BYTES).await {
                Ok(heard) if heard.status.success() => Ok(()),
                Ok(heard) => {
                    let why = format!("`write` ended with {}{}", heard.status, words(&heard.said.head));
                    let passes = heard.status.code() == Some(TEMPORARY);
                    Err(if passes { Failed::Later(why) } else { Failed::Told(why) })
                }
                Err(Mute::NotBegun(why)) => Err(Failed::Never(why)),
                Err(Mute::NoAnswer(why, said)) => {
                    Err(Failed::Open(format!("`write`: {why}, and it was killed{}", words(&said.head))))
                }
            },
            By::Http => {
                let ready = self.put(write, lines).map_err(Failed::Never)?;
                match exchange(&ready, WRITE_MAX).await {
                    Came::Expected(_) => Ok(()),
                    Came::Unexpected(what, said) => {
                        let why = format!("`write`: {what}{}", words(&said.head));
                        Err(match what {
                            what if is_of_server(&what) => Failed::Open(why),
                            what if passes(&what) => Failed::Later(why),
                            _ => Failed::Told(why),
                        })
                    }
                    Came::NotSent(why) => Err(Failed::Unsent(why)),
                    Came::Open(why, _) => Err(Failed::Open(why)),
                }
            }
        }
    }
}

fn parsed<'v>(name: &str, key: &str, text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Result<Text, String> {
    match Text::parse(text) {
        Ok(text) => Ok(text.fill(value)),
        Err(_) => Err(format!("`{key}` of the provider {name} can't be read: {text}")),
    }
}

fn whole<'v>(name: &str, key: &str, text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, String> {
    parsed(name, key, text, value)?.finish().map_err(|text| unknown(name, key, &text))
}

fn unknown(name: &str, key: &str, text: &Text) -> String {
    format!("`{key}` of the provider {name} names what has no value: {text}")
}

/// Whether the fault is the other side's, so that it may pass, and may have come after it was done.
fn is_of_server(what: &str) -> bool {
    what.starts_with("status 5")
}

/// Whether the other side only wants to be asked later: too many requests, or it did not wait for this one.
fn passes(what: &str) -> bool {
    what.starts_with("status 429") || what.starts_with("status 408")
}

/// Lines `NAME NUMBER`, or words `NAME=NUMBER`, in the words of a form such as `SITE SHARE`.
///
/// # Errors
///
/// The line that is neither.
pub(super) fn pairs<'t>(text: &'t str, (name, number): (&str, &str)) -> Result<Vec<(&'t str, &'t str)>, String> {
    let odd = |line: &str| {
        let end = line.floor_char_boundary(100);
        format!("{:?} is neither a line `{name} {number}` nor words `{name}={number}`", &line[..end])
    };
    let mut pairs = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.contains('=') {
            for word in line.split_whitespace() {
                pairs.push(word.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| odd(line))?);
            }
            continue;
        }
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, number] = fields.as_slice() else { return Err(odd(line)) };
        pairs.push((*name, *number));
    }
    Ok(pairs)
}

/// The last line of what was said, behind a colon.
fn words(said: &str) -> String {
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let end = last.floor_char_boundary(WORDS_MAX);
    if last.is_empty() { String::new() } else { format!(": {}", &last[..end]) }
}

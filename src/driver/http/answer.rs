//! Reads an answer in bounded memory, up to a deadline, and says whether it is the one that means success.

use reqwest::Response;
use reqwest::StatusCode;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::driver::End;
use crate::driver::Outcome;
use crate::driver::Said;
use crate::driver::http::failure::deepest;
use crate::driver::http::failure::span;
use crate::driver::http::request::Ready;
use crate::driver::kept::Kept;

/// What came of a request.
#[derive(Debug)]
pub(in crate::driver) enum Came {
    /// The answer that means success.
    Expected(Said),
    /// Another answer: which one, and what was expected.
    Unexpected(String, Said),
    /// It was not sent, so nothing was done.
    NotSent(String),
    /// It was sent, and no full answer came.
    Open(String, Said),
}

impl Came {
    /// As the end of a job. Where nothing can have been changed there is no doubt.
    pub(super) fn outcome(self, is_safe: bool) -> Outcome {
        let (end, said) = match self {
            Self::Expected(said) => (End::Ok, said),
            Self::Unexpected(what, said) => (End::Unexpected(what), said),
            Self::NotSent(why) => (End::Unreachable(why), Said::default()),
            Self::Open(why, said) if is_safe => (End::Unreachable(why), said),
            Self::Open(why, said) => (End::Lost(why), said),
        };
        Outcome { end, hosts: Vec::new(), said }
    }
}

/// The deadline of a request, with its length for people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) whole: std::time::Duration,
}

/// Nobody waits longer than this for the words of an answer whose status says all: they only help to understand it.
const WORDS_MAX: std::time::Duration = std::time::Duration::from_secs(5);

/// Reads an answer to its end.
pub(super) async fn read(mut response: Response, ready: &Ready, is_safe: bool, deadline: Deadline) -> Came {
    let status = response.status();
    let told = status_text(status);
    let mut body = Body::new(ready);
    if !is_expected(ready, status) {
        let limit = deadline.at.min(Instant::now() + WORDS_MAX);
        // Its status is what matters; of its words there is as much as came.
        drop(timeout_at(limit, body.read(&mut response)).await);
        let mut what = format!("status {told}, where {} means success", expected(ready));
        if status.is_redirection() && ready.redirects == 0 {
            what.push_str(&points_to(&response, ready));
        }
        if matches!(status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) && !is_safe {
            what.push_str("; a gateway says so, and behind it it may have been done");
        }
        return Came::Unexpected(what, body.said(ready));
    }
    match timeout_at(deadline.at, body.read(&mut response)).await {
        Err(_) => {
            let why = format!("status {told} came, and the body did not end within {}", span(deadline.whole));
            Came::Open(why, body.said(ready))
        }
        Ok(Err(error)) => {
            let why = format!("status {told} came, and the body broke off: {}", deepest(&error));
            Came::Open(ready.clean(&why), body.said(ready))
        }
        Ok(Ok(())) => match body.missing() {
            None => Came::Expected(body.said(ready)),
            Some(text) => {
                let what = format!("status {told}, and the body does not hold {text:?}");
                Came::Unexpected(what, body.said(ready))
            }
        },
    }
}

/// Whether this status means success.
pub(super) fn is_expected(ready: &Ready, status: StatusCode) -> bool {
    if ready.expect_status.is_empty() { status.is_success() } else { ready.expect_status.contains(&status.as_u16()) }
}

fn expected(ready: &Ready) -> String {
    if ready.expect_status.is_empty() {
        return "any 2xx".to_owned();
    }
    ready.expect_status.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// `404 Not Found`, in the words of the standard: those of the other side are not trusted.
fn status_text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_str()),
        None => status.as_str().to_owned(),
    }
}

fn points_to(response: &Response, ready: &Ready) -> String {
    let Some(location) = response.headers().get(reqwest::header::LOCATION) else { return String::new() };
    let location = ready.clean(&String::from_utf8_lossy(location.as_bytes()));
    format!("; it points to {location}, and a redirect is followed only where `redirects` allows it")
}

/// What comes of a body: its beginning and its end, and whether it holds what is wanted, wherever that stands.
struct Body<'r> {
    kept: Kept,
    wanted: Vec<Wanted<'r>>,
}

struct Wanted<'r> {
    text: &'r str,
    is_found: bool,
    /// The end of what came, in which the text may have begun.
    rest: Vec<u8>,
}

impl<'r> Body<'r> {
    fn new(ready: &'r Ready) -> Self {
        let wanted = |text: &'r String| Wanted { text, is_found: text.is_empty(), rest: Vec::new() };
        Self {
            kept: Kept::new(ready.output_bytes, &ready.mask),
            wanted: ready.expect_body.iter().map(wanted).collect(),
        }
    }

    async fn read(&mut self, response: &mut Response) -> reqwest::Result<()> {
        while let Some(chunk) = response.chunk().await? {
            self.kept.keep(&chunk);
            for wanted in self.wanted.iter_mut().filter(|wanted| !wanted.is_found) {
                wanted.search(&chunk);
            }
        }
        Ok(())
    }

    fn missing(&self) -> Option<&'r str> {
        self.wanted.iter().find(|wanted| !wanted.is_found).map(|wanted| wanted.text)
    }

    fn said(&self, ready: &Ready) -> Said {
        self.kept.said(&ready.mask)
    }
}

impl Wanted<'_> {
    fn search(&mut self, chunk: &[u8]) {
        let text = self.text.as_bytes();
        self.rest.extend(chunk);
        self.is_found = self.rest.windows(text.len()).any(|window| window == text);
        let keep = self.rest.len().min(text.len() - 1);
        self.rest.drain(..self.rest.len() - keep);
    }
}

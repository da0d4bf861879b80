//! From a request to its answer, over as many redirects as were allowed.
//!
//! Secrets go to the origin that they were written for and to nobody else.

use std::time::Duration;

use reqwest::Client;
use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use reqwest::Url;
use reqwest::header::HeaderMap;
use reqwest::header::LOCATION;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::driver::Said;
use crate::driver::http::answer::Came;
use crate::driver::http::answer::Deadline;
use crate::driver::http::answer::is_expected;
use crate::driver::http::answer::read;
use crate::driver::http::failure::failure;
use crate::driver::http::failure::span;
use crate::driver::http::request::Ready;

/// One request on the way to an answer.
struct Hop {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    /// How many more redirects may be followed.
    left: u32,
    /// Whether a request before this one may have changed something.
    is_changed: bool,
}

/// Where a redirect leads.
enum Next {
    /// It is an answer.
    Stays,
    Goes(Box<Hop>),
    /// It must not be followed, and why.
    Refused(String),
}

/// Sends a request, and reads its answer. Never takes longer than `whole`.
pub(in crate::driver) async fn exchange(ready: &Ready, whole: Duration) -> Came {
    let deadline = Deadline { at: Instant::now() + whole, whole };
    let mut hop = Hop {
        method: ready.method.clone(),
        url: ready.url.clone(),
        headers: ready.headers.clone(),
        body: ready.body.clone(),
        left: ready.redirects,
        is_changed: false,
    };
    loop {
        let response = match timeout_at(deadline.at, hop.send(&ready.client)).await {
            Err(_) => {
                return Came::Open(format!("it was sent, and no answer came within {}", span(whole)), Said::default());
            }
            Ok(Err(error)) => return hop.failed(&error, ready),
            Ok(Ok(response)) => response,
        };
        match hop.next(&response, ready) {
            Next::Stays => return read(response, ready, hop.method.is_safe(), deadline).await,
            Next::Refused(why) => return Came::Unexpected(ready.clean(&why), Said::default()),
            Next::Goes(next) => hop = *next,
        }
    }
}

impl Hop {
    async fn send(&self, client: &Client) -> reqwest::Result<Response> {
        let request = client.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
        match &self.body {
            Some(body) => request.body(body.clone()).send().await,
            None => request.send().await,
        }
    }

    fn failed(&self, error: &reqwest::Error, ready: &Ready) -> Came {
        let host = self.url.host_str().unwrap_or_default();
        let is_first = self.url == ready.url;
        let name = if is_first { ready.name.clone() } else { format!("{} (by a redirect)", authority(&self.url)) };
        let failure = failure(error, &name, host, ready.knock);
        let why = ready.clean(&failure.why);
        // What was answered by "look there" was done, or may have been.
        if failure.is_sent || self.is_changed { Came::Open(why, Said::default()) } else { Came::NotSent(why) }
    }

    fn next(&self, response: &Response, ready: &Ready) -> Next {
        let status = response.status();
        let is_wanted = !ready.expect_status.is_empty() && is_expected(ready, status);
        let location = response.headers().get(LOCATION);
        let (true, false, Some(location)) = (is_redirect(status) && ready.redirects > 0, is_wanted, location) else {
            return Next::Stays;
        };
        if self.left == 0 {
            return Next::Refused(format!("more than {} redirects", ready.redirects));
        }
        let there = std::str::from_utf8(location.as_bytes()).ok().and_then(|text| self.url.join(text).ok());
        let Some(mut url) = there else {
            return Next::Refused(format!("status {status}, and it points to what is no address"));
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Next::Refused(format!("status {status}, and it points to {}, which is not followed", url.scheme()));
        }
        // A password that somebody else wrote is not used either.
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return Next::Refused(format!("status {status}, and it points to what is no address"));
        }
        self.follow(status, url, ready)
    }

    fn follow(&self, status: StatusCode, url: Url, ready: &Ready) -> Next {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        let mut headers = self.headers.clone();
        if url.origin() != self.url.origin() {
            for name in &ready.secret_headers {
                headers.remove(name);
            }
            if self.body.is_some() && ready.is_body_secret && !becomes_get {
                let there = authority(&url);
                return Next::Refused(format!(
                    "status {status}, and it points to {there}, which must not get what is secret in the body"
                ));
            }
        }
        let (method, body) = if becomes_get { (Method::GET, None) } else { (self.method.clone(), self.body.clone()) };
        if body.is_none() {
            headers.remove(reqwest::header::CONTENT_TYPE);
        }
        let is_changed = self.is_changed || (becomes_get && !self.method.is_safe());
        Next::Goes(Box::new(Self { method, url, headers, body, left: self.left - 1, is_changed }))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Host and port, as people write them.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

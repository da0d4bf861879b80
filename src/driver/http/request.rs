//! A request, ready to be sent: references have become values, and whatever is shown of it is masked.
//!
//! No error in this file holds a value, or an address that is secret.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Certificate;
use reqwest::Client;
use reqwest::Method;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;

use crate::driver::HttpTask;
use crate::driver::Job;
use crate::driver::Secrets;
use crate::driver::http::Call;
use crate::driver::http::client::Trust;
use crate::driver::http::client::client;
use crate::driver::http::client::knock;
use crate::driver::http::hop::authority;
use crate::driver::mask::Mask;
use crate::driver::shown::shown;
use crate::model::Millis;

/// A request with all that it takes to send it.
pub(in crate::driver) struct Ready {
    pub(super) client: Client,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// Headers that go to the first origin only.
    pub(super) secret_headers: Vec<HeaderName>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) is_body_secret: bool,
    pub(super) expect_status: Vec<u16>,
    /// Texts that the body of the answer must hold.
    pub(super) expect_body: Vec<String>,
    pub(super) redirects: u32,
    pub(super) mask: Mask,
    /// What people call the other side.
    pub(super) name: String,
    pub(super) knock: Duration,
    pub(super) output_bytes: u64,
}

/// A bundle of all authorities that a machine trusts is a third of it.
pub(in crate::driver) const CA_MAX: u64 = 1024 * 1024;
/// A piece of a secret this long is secret by itself; a shorter one is a word like any other.
const PIECE_MIN: usize = 12;
/// What stands in an error is for a line.
const SHOWN_MAX: usize = 500;

impl Ready {
    /// Makes it ready.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people. Nothing was sent.
    pub(super) fn new(call: Call<'_>, job: &Job, secrets: &Secrets) -> Result<Self, String> {
        let parts = match call {
            Call::Request(task) => Parts::of_request(task, secrets)?,
            Call::Message { text, hook } => Parts::of_message(text, hook, secrets)?,
        };
        Self::of(parts, None, job.timeout, job.output_bytes)
    }

    /// A request that is sent to this very address, whatever the name in its own address stands for elsewhere: one of
    /// several places that answer to one name.
    ///
    /// # Errors
    ///
    /// As of [`Ready::new`].
    pub(in crate::driver) fn at(
        task: &HttpTask,
        place: Option<SocketAddr>,
        (most, output_bytes): (Millis, u64),
        secrets: &Secrets,
    ) -> Result<Self, String> {
        Self::of(Parts::of_request(task, secrets)?, place, most, output_bytes)
    }

    /// Whether it goes to the same origin as that one.
    pub(in crate::driver) fn is_at(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }

    fn of(mut parts: Parts, place: Option<SocketAddr>, most: Millis, output_bytes: u64) -> Result<Self, String> {
        let knock = knock(Duration::from_millis(most.0));
        let is_plain = parts.url.scheme() == "http" && parts.redirects == 0;
        let trust = match parts.ca.take() {
            Some(ca) => Trust::Only(ca),
            None if is_plain => Trust::Nobody,
            None => Trust::Machine,
        };
        Ok(Self {
            client: client(trust, knock, parts.url.host_str().zip(place))?,
            mask: Mask::of(parts.masked.iter().map(Vec::as_slice)),
            method: parts.method,
            url: parts.url,
            headers: parts.headers,
            secret_headers: parts.secret_headers,
            body: parts.body,
            is_body_secret: parts.is_body_secret,
            expect_status: parts.expect_status,
            expect_body: parts.expect_body,
            redirects: parts.redirects,
            name: parts.name,
            knock,
            output_bytes,
        })
    }

    /// The body of the answer must hold this besides.
    pub(super) fn wanting(mut self, text: Option<&str>) -> Self {
        self.expect_body.extend(text.map(str::to_owned));
        self
    }

    /// A text that may hold what the other side said, in one line that can be shown.
    pub(super) fn clean(&self, text: &str) -> String {
        let masked = shown(&self.mask.apply(text.as_bytes())).replace(['\n', '\t'], " ");
        let end = masked.floor_char_boundary(SHOWN_MAX);
        if end < masked.len() { format!("{}…", &masked[..end]) } else { masked }
    }
}

struct Parts {
    method: Method,
    url: Url,
    name: String,
    headers: HeaderMap,
    secret_headers: Vec<HeaderName>,
    body: Option<Vec<u8>>,
    is_body_secret: bool,
    expect_status: Vec<u16>,
    expect_body: Vec<String>,
    redirects: u32,
    ca: Option<Vec<Certificate>>,
    masked: Vec<Vec<u8>>,
}

impl Parts {
    fn of_request(task: &HttpTask, secrets: &Secrets) -> Result<Self, String> {
        let method =
            Method::from_bytes(task.method.as_bytes()).map_err(|_| format!("{:?} is no method", task.method))?;
        let url = address(&task.url, &task.url)?;
        let mut parts = Self {
            name: authority(&url),
            method,
            url,
            headers: HeaderMap::new(),
            secret_headers: Vec::new(),
            body: task.body.as_ref().map(|body| body.clone().into_bytes()),
            is_body_secret: false,
            expect_status: task.expect_status.clone(),
            expect_body: task.expect_body.iter().cloned().collect(),
            redirects: task.redirects,
            ca: task.ca.as_deref().map(|reference| authorities(reference, secrets)).transpose()?,
            masked: Vec::new(),
        };
        for (name, value) in &task.headers {
            parts.header(name, value, secrets)?;
        }
        if let Some(reference) = &task.body_from {
            let body = secrets.value(reference).map_err(|error| error.in_full())?;
            parts.masked.push(body.clone());
            parts.masked.extend(pieces(&body, |byte| byte.is_ascii_whitespace() || b"\"'&=<>".contains(&byte)));
            parts.body = Some(body);
            parts.is_body_secret = true;
        }
        Ok(parts)
    }

    fn of_message(text: &str, hook: &str, secrets: &Secrets) -> Result<Self, String> {
        let value = secrets.value(hook).map_err(|error| error.in_full())?;
        let written = std::str::from_utf8(&value).map_err(|_| format!("{hook} holds no address"))?;
        let url = address(written.trim(), &format!("what {hook} holds"))?;
        let mut masked = vec![value.clone(), url.as_str().as_bytes().to_vec()];
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        // A path of one sign is no secret.
        masked.extend((path.len() >= PIECE_MIN).then(|| path.as_bytes().to_vec()));
        masked.extend(pieces(path.as_bytes(), |byte| b"/?&=".contains(&byte)));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self {
            method: Method::POST,
            name: format!("the webhook of {hook}"),
            url,
            headers,
            secret_headers: Vec::new(),
            body: Some(format!("{{\"text\":{}}}", quoted(text)).into_bytes()),
            is_body_secret: false,
            expect_status: Vec::new(),
            expect_body: Vec::new(),
            redirects: 0,
            ca: None,
            masked,
        })
    }

    fn header(&mut self, name: &str, value: &str, secrets: &Secrets) -> Result<(), String> {
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no name of a header"))?;
        let is_secret = value.starts_with("env:") || value.starts_with("file:");
        let bytes =
            if is_secret { secrets.value(value).map_err(|error| error.in_full())? } else { value.as_bytes().to_vec() };
        let mut sent = HeaderValue::from_bytes(&bytes)
            .map_err(|_| format!("the value of the header {name} has a line end or a control character in it"))?;
        if is_secret {
            sent.set_sensitive(true);
            self.masked.extend(pieces(&bytes, |byte| byte.is_ascii_whitespace()));
            self.masked.push(bytes);
            self.secret_headers.push(header.clone());
        }
        self.headers.append(header, sent);
        Ok(())
    }
}

/// An address that a request can be sent to. `told` is what may be said of it.
fn address(text: &str, told: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{told} is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(format!("{told} begins neither with http:// nor with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let why = "it would be in the plan and on screens";
        return Err(format!("an address must not hold a password: {why}; use an authorization header by reference"));
    }
    Ok(url)
}

/// The authorities in a file.
fn authorities(reference: &str, secrets: &Secrets) -> Result<Vec<Certificate>, String> {
    let text = secrets.long_value(reference, CA_MAX).map_err(|error| error.in_full())?;
    let all = Certificate::from_pem_bundle(&text).unwrap_or_default();
    if all.is_empty() { Err(format!("{reference} holds no certificate in PEM")) } else { Ok(all) }
}

fn pieces(bytes: &[u8], is_between: impl Fn(u8) -> bool) -> Vec<Vec<u8>> {
    bytes.split(|byte| is_between(*byte)).filter(|piece| piece.len() >= PIECE_MIN).map(<[u8]>::to_vec).collect()
}

/// As a string of JSON.
fn quoted(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\n' => json.push_str("\\n"),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::address;
    use super::quoted;

    #[test]
    fn a_message_is_a_string_of_json() {
        assert_eq!(quoted("판교 \"lost\" \\ \n\t\0"), r#""판교 \"lost\" \\ \n\u0009\u0000""#);
        let text = "a\u{1f}\u{7f}\u{2028}\"{}";
        assert_eq!(serde_json::from_str::<String>(&quoted(text)).unwrap(), text);
    }

    #[test]
    fn an_address_is_http_and_holds_no_password() {
        let why = |text| address(text, "it").map(|url| url.to_string());
        assert_eq!(why("http://a:81/b?c"), Ok("http://a:81/b?c".to_owned()));
        assert!(why("file:///etc/passwd").is_err_and(|why| why.contains("neither")));
        assert!(why("unix:/run/x").is_err_and(|why| why.contains("neither")));
        assert!(why("a/b").is_err_and(|why| why.contains("no address")));
        assert!(why("https://u:p@a/").is_err_and(|why| why.contains("password") && !why.contains(":p@")));
    }
}

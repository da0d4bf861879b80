//! One HTTP request as it was written.

use crate::model::SecretRef;
use crate::template::Text;

/// One HTTP request, and what counts as success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// The method, in capitals.
    pub method: String,
    /// The whole address.
    pub url: Text,
    /// Headers as written, in order.
    pub headers: Vec<(String, HeaderValue)>,
    /// The body, where there is one.
    pub body: Option<Body>,
    /// Each status that means success; any 2xx where none is given.
    pub expect_status: Vec<u16>,
    /// The body of the answer must contain this, where it is given.
    pub expect_body: Option<String>,
    /// How many redirects are followed.
    pub redirects: u32,
    /// The certificates of the authorities that are trusted, and nobody else; whom the machine trusts where none is
    /// given.
    pub ca: Option<SecretRef>,
}

/// What is sent as a body: text, or all of it by reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Text, with names filled in.
    Text(Text),
    /// A secret, or what is too long to be written.
    From(SecretRef),
}

/// The value of a header: text, or a secret by reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// Text, with names filled in.
    Text(Text),
    /// A secret.
    Secret(SecretRef),
}

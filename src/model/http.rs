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
    pub body: Option<Text>,
    /// The status that means success; any 2xx where none is given.
    pub expect_status: Option<u16>,
    /// The body of the answer must contain this, where it is given.
    pub expect_body: Option<String>,
}

/// The value of a header: text, or a secret by reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// Text, with names filled in.
    Text(Text),
    /// A secret.
    Secret(SecretRef),
}

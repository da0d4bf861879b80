//! What a request that failed means: whether it was sent, and why there is no answer, with what to do about it.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use rustls::InvalidMessage;

use crate::model::Millis;

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Failure {
    /// Whether it may have been sent.
    pub(super) is_sent: bool,
    /// For people.
    pub(super) why: String,
}

/// Reads an error. `name` is what people call the other side, `host` the name that its certificate should have.
pub(super) fn failure(error: &reqwest::Error, name: &str, host: &str, knock: Duration) -> Failure {
    let not_sent = |why: String| Failure { is_sent: false, why };
    if let Some(error) = chain(error).find_map(|error| error.downcast_ref()) {
        return not_sent(tls(error, name, host));
    }
    if error.is_builder() {
        return not_sent(format!("the request can't be made: {}", deepest(error)));
    }
    if !error.is_connect() {
        let why = format!("it was sent, and no full answer came: {}", deepest(error));
        return Failure { is_sent: true, why };
    }
    not_sent(if error.is_dns() {
        format!("{name} can't be resolved: {}", deepest(error))
    } else if chain(error).any(is_refused) {
        format!("{name} refused the connection: nothing listens there")
    } else if error.is_timeout() {
        format!("no connection to {name} within {}", span(knock))
    } else {
        format!("no connection to {name}: {}", deepest(error))
    })
}

/// The cause of all causes: the others only say that there is one.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// A span for people.
pub(super) fn span(span: Duration) -> Millis {
    Millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        // What an error of input and output wraps is no source of it.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => (*error).source(),
        }
    })
}

fn is_refused(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

fn tls(error: &rustls::Error, name: &str, host: &str) -> String {
    if let rustls::Error::InvalidCertificate(error) = error {
        return certificate(error, name, host);
    }
    let is_no_tls = matches!(error, rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType));
    if is_no_tls {
        return format!("{name} does not speak TLS: should the address begin with http:// instead?");
    }
    format!("no TLS with {name}: {error}")
}

fn certificate(error: &CertificateError, name: &str, host: &str) -> String {
    let is = |text: &str| format!("the certificate of {name} {text}");
    if matches!(error, CertificateError::Expired | CertificateError::ExpiredContext { .. }) {
        return is("has expired: have it renewed, or set the clock of this machine if that is wrong");
    }
    if matches!(error, CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) {
        return is("is not valid yet: look whether the clock of this machine is right");
    }
    if matches!(error, CertificateError::UnknownIssuer) {
        return is("comes from nobody who is trusted here: name the authority with `ca`, if it is your own");
    }
    if matches!(error, CertificateError::BadSignature) {
        return is(
            "is signed by another authority of the same name than the one that is trusted here: look which is right",
        );
    }
    if matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) {
        return is(&format!("is for another name than {host}: use a name that it was made for"));
    }
    if matches!(error, CertificateError::Revoked) {
        return is("was revoked: whoever shows it may not be who it says");
    }
    is(&format!("is not good: {error}"))
}

//! Accounts of AWS: credentials by reference, one HTTP client, limits of every request, and what a failed one means.
//!
//! It knows no service of AWS; it never looks for credentials anywhere but where a provider says, or in the standard
//! variables.

use std::time::Duration;

use aws_sdk_route53::config::Credentials;
use aws_sdk_route53::config::SharedHttpClient;
use aws_sdk_route53::config::retry::RetryConfig;
use aws_sdk_route53::config::timeout::TimeoutConfig;
use aws_sdk_route53::error::ProvideErrorMetadata;
use aws_sdk_route53::error::SdkError;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls;

use crate::driver::ProviderTask;
use crate::driver::Secrets;

/// A try takes a tenth of it, also from another continent.
const TRY_MAX: Duration = Duration::from_secs(5);
/// All tries of one request. Nothing here may wait longer than people would for a command.
const ALL_MAX: Duration = Duration::from_secs(20);
/// Throttling and errors of the service are tried again, with growing pauses.
const TRIES: u32 = 4;

/// The credentials that a provider refers to, or those of the standard variables.
///
/// # Errors
///
/// Which of them is missing, for people.
pub(super) fn credentials(provider: &ProviderTask, secrets: &Secrets) -> Result<Credentials, String> {
    let value = |variable: &str| {
        let own = provider.env.iter().find(|(known, _)| known == variable).map(|(_, from)| from.clone());
        secrets.text(&own.unwrap_or_else(|| format!("env:{variable}"))).map_err(|error| error.in_full())
    };
    let (id, key) = (value("AWS_ACCESS_KEY_ID")?, value("AWS_SECRET_ACCESS_KEY")?);
    Ok(Credentials::new(id, key, value("AWS_SESSION_TOKEN").ok(), None, "bonghwa"))
}

/// TLS with ring, as everywhere here.
pub(super) fn http() -> SharedHttpClient {
    Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
}

/// How long a request may take.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(TRY_MAX).operation_timeout(ALL_MAX).build()
}

/// How often it is tried.
pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(TRIES)
}

/// What a failed request comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// It was answered with a no.
    No,
    /// Nobody was there to answer, or not now. It did not count.
    Silent,
    /// It may have counted.
    Open,
}

/// What a failed request comes to, and what was said. `is_write` where it may have counted.
pub(super) fn failed<E: ProvideErrorMetadata>(error: &SdkError<E>, is_write: bool) -> (Came, String) {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.code().unwrap_or_default();
    let says = match (status, error.message()) {
        (Some(status), Some(message)) => format!("{code} ({status}): {message}"),
        (Some(status), None) => format!("status {status} {code}").trim_end().to_owned(),
        (None, _) if is_late(error) => "no answer in time".to_owned(),
        (None, _) if matches!(error, SdkError::DispatchFailure(_)) => "no connection".to_owned(),
        (None, _) => format!("the request can't be made: {error}"),
    };
    let was_sent = !matches!(error, SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_user());
    match status {
        Some(_) if is_later(code) => (Came::Silent, format!("{says}; it was tried {TRIES} times")),
        Some(500..) if is_write => (Came::Open, says),
        None if is_write && was_sent => (Came::Open, says),
        Some(500..) | None => (Came::Silent, says),
        Some(_) => (Came::No, format!("{says}{}", advice(code))),
    }
}

fn is_late<E>(error: &SdkError<E>) -> bool {
    let is_slow = matches!(error, SdkError::DispatchFailure(failure) if failure.is_timeout());
    is_slow || matches!(error, SdkError::TimeoutError(_))
}

/// Whether it is refused for now only: too many ask, or somebody else's change is on its way.
fn is_later(code: &str) -> bool {
    matches!(
        code,
        "Throttling"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "PriorRequestNotComplete"
            | "ResourceContention"
            | "ScalingActivityInProgress"
    )
}

/// What to do about a no, whichever service said it.
fn advice(code: &str) -> &'static str {
    match code {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => "; let these credentials do that",
        "InvalidClientTokenId" | "SignatureDoesNotMatch" | "UnrecognizedClientException" | "ExpiredToken" => {
            "; compare AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY with the account's"
        }
        _ => "",
    }
}

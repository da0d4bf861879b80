//! The client of one request: whom it trusts, how long it knocks, and all that it must not do of itself.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Certificate;
use reqwest::Client;
use reqwest::redirect::Policy;

/// A host that lives answers within a fraction of it, also from another continent.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Whom a client trusts.
pub(super) enum Trust {
    /// Whom this machine trusts.
    Machine,
    /// These and nobody else.
    Only(Vec<Certificate>),
    /// Nobody is asked for a certificate.
    Nobody,
}

/// How long may be knocked, where the whole may take this long. It is less than the whole, so that whatever takes longer
/// than the whole was sent.
pub(super) fn knock(whole: Duration) -> Duration {
    CONNECT_MAX.min(whole / 2)
}

/// A client that sends what it is given once, to whom it is told, and follows nobody. A name with a `place` is not looked
/// up; its port is that of the request where the place has none.
pub(super) fn client(trust: Trust, knock: Duration, place: Option<(&str, SocketAddr)>) -> Result<Client, String> {
    // Whoever was first has put the same there.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .user_agent(concat!("bonghwa/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(knock)
        // Each try of a question knocks anew, or it would see who had answered before.
        .pool_max_idle_per_host(0);
    let builder = match place {
        Some((name, place)) => builder.resolve(name, place),
        None => builder,
    };
    let builder = match trust {
        Trust::Machine => builder,
        Trust::Only(certificates) => builder.tls_certs_only(certificates),
        Trust::Nobody => builder.tls_certs_only([]),
    };
    let told =
        |error: reqwest::Error| format!("TLS can't be set up: {}", crate::driver::http::failure::deepest(&error));
    builder.build().map_err(told)
}

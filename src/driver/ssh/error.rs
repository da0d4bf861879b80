//! Why a host could not be reached: one reason for each stage, so that people know where to look. Nothing was changed on
//! the host in any of these.

use std::io;
use std::time::Duration;

/// Why there is no session.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub(super) enum ReachError {
    #[error("its name {name} has no address: {why}")]
    NoAddress { name: String, why: String },
    #[error("{at} can't be connected to: {why}")]
    Connect { at: String, why: String },
    #[error("{at} did not answer within {} s", .limit.as_secs())]
    ConnectTimeout { at: String, limit: Duration },
    #[error("{at} took the connection and said nothing within {} s: it may hang", .limit.as_secs())]
    BannerTimeout { at: String, limit: Duration },
    #[error("{at} closed the connection before it said anything: it may be overloaded, or no SSH server")]
    Silent { at: String },
    #[error("{at}: the handshake failed: {why}")]
    Handshake { at: String, why: String },
    #[error("{at}: the handshake was not done within {} s", .limit.as_secs())]
    HandshakeTimeout { at: String, limit: Duration },
    #[error("its host key is not known ({kind} {fingerprint}): add it to known_hosts, if it is right")]
    UnknownHost { kind: String, fingerprint: String },
    #[error(
        "its host key is not the one in {place} ({kind} {fingerprint}): it may have been installed anew, or somebody \
         answers in its place"
    )]
    ChangedKey { kind: String, fingerprint: String, place: String },
    #[error("its host key is revoked in {place} ({kind} {fingerprint})")]
    RevokedKey { kind: String, fingerprint: String, place: String },
    #[error("user {user} has no key that could be tried: {}", .tried.join("; "))]
    NoKeys { user: String, tried: Vec<String> },
    #[error("it does not let user {user} in (it takes {offered}); tried: {}", .tried.join("; "))]
    Refused { user: String, offered: String, tried: Vec<String> },
    #[error("the login of user {user} was not done within {} s", .limit.as_secs())]
    LoginTimeout { user: String, limit: Duration },
    #[error("no way through {}", .0.join("; nor through "))]
    NoWay(Vec<String>),
    #[error("{bastion} does not let us through to {at}: {why}")]
    Tunnel { bastion: String, at: String, why: String },
    #[error("this machine is out of threads, memory or files: {0}")]
    Here(String),
}

impl ReachError {
    pub(super) fn here(error: &io::Error) -> Self {
        Self::Here(error.to_string())
    }
}

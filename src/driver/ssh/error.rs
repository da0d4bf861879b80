//! Why a host could not be reached: one reason for each stage, so that people know where to look. Nothing was changed on
//! the host in any of these.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use rustix::io::Errno;

use crate::driver::look::Stage;

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
    #[error("no way through {}", each(.0, ToString::to_string))]
    NoWay(Vec<(String, Self)>),
    #[error("{bastion} does not let us through to {at}: {why}")]
    Tunnel { bastion: String, at: String, why: String },
    #[error(
        "this machine has no more open files for it, so the host was not tried: raise the limit (`ulimit -Hn`), or do the \
         step on fewer hosts at once"
    )]
    OutOfFiles,
    #[error("this machine is out of threads or memory: {0}")]
    Here(String),
}

impl ReachError {
    pub(super) fn here(error: &io::Error) -> Self {
        if is_out_of_files(error) { Self::OutOfFiles } else { Self::Here(error.to_string()) }
    }

    /// How far it came.
    pub(super) const fn stage(&self) -> Stage {
        match self {
            Self::NoAddress { .. } => Stage::Address,
            Self::Connect { .. } | Self::ConnectTimeout { .. } => Stage::Connect,
            Self::BannerTimeout { .. } | Self::Silent { .. } => Stage::Banner,
            Self::Handshake { .. } | Self::HandshakeTimeout { .. } => Stage::Handshake,
            Self::UnknownHost { .. } | Self::ChangedKey { .. } | Self::RevokedKey { .. } => Stage::HostKey,
            Self::NoKeys { .. } | Self::Refused { .. } | Self::LoginTimeout { .. } => Stage::Login,
            Self::NoWay(_) | Self::Tunnel { .. } => Stage::Bastion,
            Self::OutOfFiles | Self::Here(_) => Stage::Here,
        }
    }

    /// Why, without what differs from host to host: what has one reason is told as one.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::NoAddress { .. } => "its name has no address".to_owned(),
            Self::Connect { why, .. } => why.clone(),
            Self::ConnectTimeout { limit, .. } => format!("it did not answer within {} s", limit.as_secs()),
            Self::BannerTimeout { limit, .. } => {
                format!("it took the connection and said nothing within {} s: it may hang", limit.as_secs())
            }
            Self::Silent { .. } => {
                "it closed the connection before it said anything: it may be overloaded, or no SSH server".to_owned()
            }
            Self::Handshake { why, .. } => format!("the handshake failed: {why}"),
            Self::HandshakeTimeout { limit, .. } => {
                format!("the handshake was not done within {} s", limit.as_secs())
            }
            Self::UnknownHost { .. } => "its host key is not known".to_owned(),
            Self::ChangedKey { .. } => "its host key is not the one in known_hosts".to_owned(),
            Self::RevokedKey { .. } => "its host key is revoked".to_owned(),
            Self::NoWay(ways) => no_way(ways),
            Self::Tunnel { bastion, why, .. } => format!("{bastion} does not let us through: {why}"),
            Self::NoKeys { .. } | Self::Refused { .. } | Self::LoginTimeout { .. } => self.to_string(),
            Self::OutOfFiles | Self::Here(_) => self.to_string(),
        }
    }
}

/// Whether this process, or this machine, may open no more: then it says nothing about the host.
pub(super) fn is_out_of_files(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    errno == Some(Errno::MFILE) || errno == Some(Errno::NFILE)
}

/// Bastions that are closed for one reason stand together, in one order for all hosts behind them.
fn no_way(ways: &[(String, ReachError)]) -> String {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (bastion, error) in ways {
        by_reason.entry(error.reason()).or_default().push(bastion);
    }
    let told = by_reason.into_iter().map(|(why, mut bastions)| {
        bastions.sort_unstable();
        format!("{}: {why}", bastions.join(", "))
    });
    format!("no way through {}", told.collect::<Vec<_>>().join("; nor through "))
}

/// Ways that were tried, each with what was wrong with it.
fn each(ways: &[(String, ReachError)], told: fn(&ReachError) -> String) -> String {
    let told = ways.iter().map(|(bastion, error)| format!("{bastion}: {}", told(error)));
    told.collect::<Vec<_>>().join("; nor through ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::ReachError;
    use crate::driver::look::Stage;

    #[test]
    fn who_has_no_files_left_hears_what_to_do_and_the_host_is_not_blamed() {
        for errno in [Errno::MFILE, Errno::NFILE] {
            let error = ReachError::here(&io::Error::from(errno));
            assert_eq!(error.stage(), Stage::Here);
            assert!(error.reason().contains("raise the limit (`ulimit -Hn`)"), "{error}");
        }
        let other = ReachError::here(&io::Error::from(Errno::NOMEM));
        assert!(other.to_string().starts_with("this machine is out of threads or memory: "), "{other}");
    }
}

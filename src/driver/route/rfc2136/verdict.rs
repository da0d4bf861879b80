//! What an answer of a name server means, and what to do about it, in one line each.

use std::fmt;
use std::net::IpAddr;

use hickory_proto::op::Message;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::Name;
use hickory_proto::rr::RecordType;

use crate::driver::route::provider::Trouble;
use crate::driver::route::rfc2136::key::Key;
use crate::driver::route::rfc2136::key::Signed;
use crate::driver::route::rfc2136::message::family;
use crate::driver::route::rfc2136::server::Server;

/// How it ends where something was sent and no answer can be believed.
pub(super) const DOUBT: &str = ", so nobody knows whether the change counted";

/// Of what record an answer speaks.
#[derive(Debug)]
pub(super) struct Subject {
    /// As it was declared.
    pub(super) record: String,
    pub(super) name: Name,
    pub(super) zone: Name,
    /// As people call who keeps it.
    pub(super) provider: String,
}

/// One set of records.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) addresses: Vec<IpAddr>,
    /// In seconds; none where there is no address.
    pub(super) ttl: Option<u32>,
}

impl Subject {
    /// What an answer to a question says of the record.
    pub(super) fn found(&self, server: &Server, answer: &Message, kind: RecordType) -> Result<Found, Trouble> {
        let Self { record, zone, provider, .. } = self;
        let code = Code::from(answer.metadata.response_code);
        let no = match code {
            Code::NoError | Code::NxDomain if answer.metadata.authoritative => None,
            Code::NoError | Code::NxDomain => Some(format!(
                "{server} does not answer for the zone {zone} itself: it is a resolver, or the zone is elsewhere; name \
                 servers of the zone in the provider {provider}"
            )),
            Code::Refused | Code::NotAuth => Some(format!(
                "{server} does not serve the zone {zone} to us ({code}): compare its zones with the provider \
                 {provider}, and who may ask it"
            )),
            Code::ServFail => {
                let why = format!("{server} can't answer for the zone {zone} (SERVFAIL): look at its log");
                return Err(Trouble::Unreachable(why));
            }
            Code::FormErr
            | Code::NotImp
            | Code::YxDomain
            | Code::YxRrset
            | Code::NxRrset
            | Code::NotZone
            | Code::Other(_) => Some(format!("{server} does not say where {record} leads ({code})")),
        };
        if let Some(why) = no {
            return Err(Trouble::Refused(why));
        }
        // What a CNAME leads to may stand in the same answer.
        let ours = |kind: RecordType| {
            answer.answers.iter().filter(move |one| one.record_type() == kind && one.name == self.name)
        };
        if ours(RecordType::CNAME).next().is_some() {
            // More than a no of one server: users go elsewhere.
            return Err(Trouble::Changed(format!(
                "{record} is an alias (CNAME) on {server}, so it has no addresses of its own to change: name the record \
                 that it leads to in the route"
            )));
        }
        let addresses = ours(kind).filter_map(|one| one.data.ip_addr()).filter(|address| family(*address) == kind);
        Ok(Found { addresses: addresses.collect(), ttl: ours(kind).map(|one| one.ttl).max() })
    }

    /// What an answer to an update says. `signed` is none where it was not signed.
    pub(super) fn done(
        &self,
        server: &Server,
        code: Code,
        key: Option<&Key>,
        signed: Option<&Signed>,
    ) -> Result<(), Trouble> {
        if let (Some(Signed::Refused(objection)), Some(key)) = (signed, key) {
            return Err(Trouble::Refused(format!("{server} {}", key.advice(*objection))));
        }
        if signed == Some(&Signed::Badly) {
            let why = format!("{server} answered with a signature that is not that of the key{DOUBT}");
            return Err(Trouble::Open(why));
        }
        let is_unsigned = signed == Some(&Signed::Not);
        // Only a no can be believed unsigned: it leads to nothing.
        let is_no = matches!(code, Code::Refused | Code::NotAuth | Code::NotZone | Code::FormErr | Code::NotImp);
        if is_unsigned && !is_no {
            return Err(Trouble::Open(format!("{server} answered {code} without a signature{DOUBT}")));
        }
        let Self { record, zone, provider, .. } = self;
        let refused = |why: String| Err(Trouble::Refused(why));
        match code {
            Code::NoError => Ok(()),
            Code::NxRrset | Code::YxRrset | Code::NxDomain | Code::YxDomain => Err(Trouble::Changed(format!(
                "{record} is no longer as it was just read ({code}, by {server}): somebody else changes it; find out \
                 who, then retry"
            ))),
            Code::NotAuth if is_unsigned || key.is_none() => refused(format!(
                "{server} is not in charge of the zone {zone}, or does not accept {} (NOTAUTH): compare its zones and \
                 keys with the provider {provider}",
                if key.is_some() { "the key" } else { "what is not signed" }
            )),
            Code::NotAuth => refused(format!(
                "{server} is not in charge of the zone {zone} (NOTAUTH): compare its zones with the provider {provider}"
            )),
            Code::NotZone => {
                refused(format!("{server} says that {record} is not in the zone {zone} (NOTZONE): name the right zone"))
            }
            Code::Refused => refused(self.denied(server, key, is_unsigned)),
            Code::ServFail => Err(Trouble::Open(format!("{server} failed (SERVFAIL: look at its log){DOUBT}"))),
            Code::FormErr | Code::NotImp => refused(format!(
                "{server} takes no dynamic updates ({code}): name a server in the provider {provider} that does"
            )),
            Code::Other(_) => refused(format!("{server} did not change {record} ({code})")),
        }
    }

    fn denied(&self, server: &Server, key: Option<&Key>, is_unsigned: bool) -> String {
        let Self { record, provider, .. } = self;
        let Some(key) = key else {
            return format!(
                "{server} refused the update (REFUSED): it was not signed; declare a tsig for the provider {provider}, \
                 or name its primary"
            );
        };
        let or_wrong = if is_unsigned { ", or the key is wrong" } else { "" };
        format!(
            "{server} refused the update (REFUSED): it is a secondary, or the key {} may not change {record}{or_wrong}",
            key.name()
        )
    }
}

/// The codes that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    NoError,
    FormErr,
    ServFail,
    NxDomain,
    NotImp,
    Refused,
    YxDomain,
    YxRrset,
    NxRrset,
    NotAuth,
    NotZone,
    Other(u16),
}

impl From<ResponseCode> for Code {
    fn from(code: ResponseCode) -> Self {
        match u16::from(code) {
            0 => Self::NoError,
            1 => Self::FormErr,
            2 => Self::ServFail,
            3 => Self::NxDomain,
            4 => Self::NotImp,
            5 => Self::Refused,
            6 => Self::YxDomain,
            7 => Self::YxRrset,
            8 => Self::NxRrset,
            9 => Self::NotAuth,
            10 => Self::NotZone,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = match self {
            Self::NoError => "NOERROR",
            Self::FormErr => "FORMERR",
            Self::ServFail => "SERVFAIL",
            Self::NxDomain => "NXDOMAIN",
            Self::NotImp => "NOTIMP",
            Self::Refused => "REFUSED",
            Self::YxDomain => "YXDOMAIN",
            Self::YxRrset => "YXRRSET",
            Self::NxRrset => "NXRRSET",
            Self::NotAuth => "NOTAUTH",
            Self::NotZone => "NOTZONE",
            Self::Other(code) => return write!(out, "code {code}"),
        };
        out.write_str(known)
    }
}

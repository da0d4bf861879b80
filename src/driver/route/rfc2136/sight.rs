//! What can be found out about the servers of a zone before anything is changed: whether they answer for it, whom the
//! zone names besides, and whether they accept the key.

use std::collections::BTreeSet;
use std::net::IpAddr;

use hickory_proto::rr::Name;
use hickory_proto::rr::RData;
use hickory_proto::rr::RecordType;

use crate::driver::route::provider;
use crate::driver::route::provider::Trouble;
use crate::driver::route::rfc2136::Rfc2136;
use crate::driver::route::rfc2136::ask;
use crate::driver::route::rfc2136::message;
use crate::driver::route::rfc2136::message::FAMILIES;
use crate::driver::route::rfc2136::server::Server;
use crate::driver::route::rfc2136::verdict::DOUBT;

/// A signed update is refused beyond five minutes (RFC 8945, 5.2.3): a minute is a warning.
const CLOCK_MAX: i64 = 60;

/// How one server stands to the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Which.
    pub(super) server: String,
    /// Whether it answers for the zone itself; if not, why.
    pub(super) zone: Result<(), String>,
    /// Name servers of the zone, as it says, that nobody declared. Sorted.
    pub(super) undeclared: Vec<String>,
    /// Whether it accepts updates with the key as far as can be asked without a change; if not, why. That the key may
    /// change this very record is not proved: a server looks at that after it has compared, if ever.
    pub(super) update: Result<(), String>,
    /// How many seconds its clock is ahead of ours, where it says that.
    pub(super) clock_ahead: Option<i64>,
}

impl Rfc2136 {
    /// Asks each server that can be changed. Nothing is changed.
    pub(super) async fn sight(&self) -> Vec<Standing> {
        let mut declared = BTreeSet::new();
        for server in self.servers.iter().chain(&self.also) {
            declared.extend(server.places().await.unwrap_or_default().into_iter().map(|place| place.ip()));
        }
        let mut all = Vec::new();
        for server in &self.servers {
            let (zone, undeclared) = match self.servers_of_zone(server, &declared).await {
                Ok(undeclared) => (Ok(()), undeclared),
                Err(trouble) => (Err(trouble.to_string()), Vec::new()),
            };
            let (update, clock_ahead) = self.knock(server).await;
            all.push(Standing { server: server.to_string(), zone, undeclared, update, clock_ahead });
        }
        all
    }

    /// The same in sentences. A server that only answers badly is no trouble while another one takes changes.
    pub(super) async fn stand(&self) -> provider::Standing {
        let all = self.sight().await;
        let mut told = provider::Standing::default();
        let takes = all.iter().any(|one| one.zone.is_ok() && one.update.is_ok());
        let mut undeclared: BTreeSet<&str> = BTreeSet::new();
        for one in &all {
            undeclared.extend(one.undeclared.iter().map(String::as_str));
            let wrong = one.zone.as_ref().err().or(one.update.as_ref().err());
            if let Some(wrong) = wrong {
                if takes { told.remarks.push(wrong.clone()) } else { told.troubles.push(wrong.clone()) }
            }
            if let Some(ahead) = one.clock_ahead.filter(|ahead| ahead.abs() > CLOCK_MAX) {
                told.remarks
                    .push(format!("the clock of {} is {ahead}s ahead of ours: beyond 300s it refuses", one.server));
            }
        }
        if !undeclared.is_empty() {
            let names = undeclared.into_iter().collect::<Vec<_>>().join(", ");
            told.remarks.push(format!(
                "the zone is also answered by {names}: name them in `also`, so that they are looked at after a change"
            ));
        }
        told
    }

    /// The name servers of the zone, as this one says, that nobody declared.
    async fn servers_of_zone(&self, server: &Server, declared: &BTreeSet<IpAddr>) -> Result<Vec<String>, Trouble> {
        let subject = &self.reader.subject;
        let zone = &subject.zone;
        let answer = ask(server, zone, RecordType::NS).await?;
        // The same words as for the record itself.
        subject.found(server, &answer, RecordType::NS)?;
        let of_zone = answer.answers.iter().filter(|one| one.name == *zone);
        let names = of_zone.filter_map(|one| if let RData::NS(ns) = &one.data { Some(&ns.0) } else { None });
        let mut undeclared = Vec::new();
        for name in names {
            if !self.is_declared(server, name, declared).await {
                undeclared.push(name.to_ascii());
            }
        }
        undeclared.sort();
        Ok(undeclared)
    }

    async fn is_declared(&self, server: &Server, name: &Name, declared: &BTreeSet<IpAddr>) -> bool {
        let bare = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
        if self.servers.iter().chain(&self.also).any(|one| bare(&one.host) == bare(&name.to_ascii())) {
            return true;
        }
        for kind in FAMILIES {
            let answer = ask(server, name, kind).await.map(|answer| answer.answers).unwrap_or_default();
            if answer.iter().filter_map(|one| one.data.ip_addr()).any(|address| declared.contains(&address)) {
                return true;
            }
        }
        false
    }

    /// An update that comes to nothing: whoever gets as far as to compare has accepted the key.
    async fn knock(&self, server: &Server) -> (Result<(), String>, Option<i64>) {
        let subject = &self.reader.subject;
        let update = match message::idle(&subject.zone) {
            Ok(update) => update,
            Err(why) => return (Err(format!("{server} can't be asked whether it takes updates: {why}")), None),
        };
        let (done, ahead) = self.update(server, update).await;
        let update = match done {
            // That nobody has the name is the answer that was hoped for.
            Ok(()) | Err(Trouble::Changed(_)) => Ok(()),
            // There was nothing that could have counted.
            Err(Trouble::Open(why)) => Err(why.strip_suffix(DOUBT).unwrap_or(&why).to_owned()),
            Err(trouble) => Err(trouble.to_string()),
        };
        (update, ahead)
    }
}

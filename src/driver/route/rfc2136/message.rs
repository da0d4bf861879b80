//! Questions and updates as DNS messages (RFC 1035, RFC 2136), and what an answer says of a record.

use std::net::IpAddr;

use hickory_proto::ProtoError;
use hickory_proto::op::Message;
use hickory_proto::op::MessageType;
use hickory_proto::op::OpCode;
use hickory_proto::op::Query;
use hickory_proto::rr::DNSClass;
use hickory_proto::rr::Name;
use hickory_proto::rr::RData;
use hickory_proto::rr::Record;
use hickory_proto::rr::RecordType;

/// The kinds of addresses. Each has a record set of its own.
pub(super) const FAMILIES: [RecordType; 2] = [RecordType::A, RecordType::AAAA];

/// The kind of one address.
pub(super) const fn family(address: IpAddr) -> RecordType {
    match address {
        IpAddr::V4(_) => RecordType::A,
        IpAddr::V6(_) => RecordType::AAAA,
    }
}

/// A question to the server itself: what it does not know it shall not ask anybody else.
pub(super) fn question(name: &Name, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = false;
    message.add_query(Query::query(name.clone(), kind));
    message
}

/// One update that compares and swaps: the record sets must be exactly `from`, and become exactly `to`. How long answers
/// may be kept is not compared (RFC 2136, 2.4.2).
pub(super) fn swap(zone: &Name, name: &Name, from: &[IpAddr], to: &[IpAddr], ttl: u32) -> Message {
    let mut message = update(zone);
    // An address next to a CNAME would be ignored in silence.
    message.add_answer(bare(name, RecordType::CNAME, DNSClass::NONE));
    for kind in FAMILIES {
        let of = |list: &[IpAddr], ttl| -> Vec<Record> {
            let these = list.iter().filter(|address| family(**address) == kind);
            these.map(|address| Record::from_rdata(name.clone(), ttl, RData::from(*address))).collect()
        };
        let (before, after) = (of(from, 0), of(to, ttl));
        if before.is_empty() {
            message.add_answer(bare(name, kind, DNSClass::NONE));
        } else {
            message.add_answers(before);
            message.add_authority(bare(name, kind, DNSClass::ANY));
        }
        message.add_authorities(after);
    }
    message
}

/// An update that changes nothing, and is refused even so: a name that nobody has must be in use.
pub(super) fn idle(zone: &Name) -> Result<Message, ProtoError> {
    let mut message = update(zone);
    let nobody = zone.prepend_label(format!("bonghwa-nobody-{:04x}", message.metadata.id).as_str())?;
    message.add_answer(bare(&nobody, RecordType::ANY, DNSClass::ANY));
    Ok(message)
}

fn update(zone: &Name) -> Message {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.metadata.recursion_desired = false;
    message.add_query(Query::query(zone.clone(), RecordType::SOA));
    message
}

/// A record without content: it speaks of a whole set.
fn bare(name: &Name, kind: RecordType, class: DNSClass) -> Record {
    let mut record = Record::update0(name.clone(), 0, kind);
    record.dns_class = class;
    record
}

/// The answer to what was sent; none where it is no answer to it.
pub(super) fn answer(sent: &Message, bytes: &[u8]) -> Option<Message> {
    let answer = Message::from_vec(bytes).ok()?;
    let is_it = answer.metadata.id == sent.metadata.id
        && answer.metadata.message_type == MessageType::Response
        && answer.metadata.op_code == sent.metadata.op_code
        // Whoever refuses may leave the question out.
        && (answer.queries.is_empty() || answer.queries == sent.queries);
    is_it.then_some(answer)
}

/// Whether it has the number of what was sent, and says that it is an answer. It may not be a whole message.
pub(super) fn is_answer(sent: &Message, bytes: &[u8]) -> bool {
    bytes.starts_with(&sent.metadata.id.to_be_bytes()) && bytes.get(2).is_some_and(|flags| flags & 0x80 != 0)
}

/// Whether the answer was cut because it did not fit: the bit TC. What follows may not be a whole message.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    bytes.get(2).is_some_and(|flags| flags & 0x02 != 0)
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Message;
    use hickory_proto::op::MessageType;
    use hickory_proto::rr::DNSClass;
    use hickory_proto::rr::Name;
    use hickory_proto::rr::Record;
    use hickory_proto::rr::RecordType;

    use super::answer;
    use super::is_answer;
    use super::is_cut;
    use super::question;
    use super::swap;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    /// Name, kind, class and TTL of each record of a section, and whether it has content.
    fn section(records: &[Record]) -> Vec<(RecordType, DNSClass, u32, bool)> {
        let of =
            |record: &Record| (record.record_type(), record.dns_class, record.ttl, record.data.ip_addr().is_some());
        records.iter().map(of).collect()
    }

    #[test]
    fn one_update_compares_and_swaps() {
        let from = ["198.18.1.1".parse().unwrap(), "198.18.1.2".parse().unwrap()];
        let to = ["198.18.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        let sent = swap(&name("talk.example."), &name("msg.talk.example."), &from, &to, 30);
        let read = Message::from_vec(&sent.to_vec().unwrap()).unwrap();
        let must = [
            (RecordType::CNAME, DNSClass::NONE, 0, false),
            (RecordType::A, DNSClass::IN, 0, true),
            (RecordType::A, DNSClass::IN, 0, true),
            (RecordType::AAAA, DNSClass::NONE, 0, false),
        ];
        let does = [
            (RecordType::A, DNSClass::ANY, 0, false),
            (RecordType::A, DNSClass::IN, 30, true),
            (RecordType::AAAA, DNSClass::IN, 30, true),
        ];
        assert_eq!(section(&read.answers), must);
        assert_eq!(section(&read.authorities), does);
        assert!(!read.metadata.recursion_desired);
    }

    #[test]
    fn only_the_answer_is_heard() {
        let sent = question(&name("msg.talk.example."), RecordType::A);
        let is_heard = |change: &dyn Fn(&mut Message)| {
            let mut reply = sent.clone().into_response();
            change(&mut reply);
            answer(&sent, &reply.to_vec().unwrap()).is_some()
        };
        assert!(is_heard(&|_| {}));
        assert!(is_heard(&|reply| reply.queries.clear()));
        assert!(!is_heard(&|reply| reply.metadata.id ^= 1));
        assert!(!is_heard(&|reply| reply.queries = question(&name("b.example."), RecordType::A).queries));
        assert!(!is_heard(&|reply| reply.metadata.message_type = MessageType::Query));
        assert!(answer(&sent, &[]).is_none() && !is_answer(&sent, &[]) && !is_cut(&[]));
        let mut cut = sent.clone().into_response();
        cut.metadata.truncation = true;
        let bytes = cut.to_vec().unwrap();
        assert!(is_cut(&bytes) && is_answer(&sent, &bytes) && is_answer(&sent, &bytes[..5]));
        assert!(!is_answer(&sent, &sent.to_vec().unwrap()));
        assert!(answer(&sent, &sent.to_vec().unwrap()).is_none());
    }
}

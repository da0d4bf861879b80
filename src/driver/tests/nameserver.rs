//! A small name server of our own for what no real one does: it keeps silent, lies, or forgets to sign.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;

use hickory_proto::op::Message;
use hickory_proto::op::OpCode;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::DNSClass;
use hickory_proto::rr::RData;
use hickory_proto::rr::Record;
use hickory_proto::rr::RecordType;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// What it does with updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Manner {
    /// Takes them, does nothing, and never answers.
    Deaf,
    /// Does it, and hangs up without an answer.
    Mute,
    /// Hangs up at the first, and does it when the next one comes, which then finds another record than it expects.
    Late,
    /// Says that it was done, does nothing, and signs nothing.
    Liar,
    /// Answers with this code, does nothing, and signs nothing.
    Says(ResponseCode),
}

/// It serves one record, whatever it is called, and lives as long as this value.
pub(in crate::driver) struct NameServer {
    port: u16,
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

struct Shared {
    manner: Manner,
    addresses: Mutex<Vec<IpAddr>>,
    updates: Mutex<u32>,
}

impl NameServer {
    pub(in crate::driver) async fn start(manner: Manner, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
        let shared = Arc::new(Shared { manner, addresses: Mutex::new(addresses), updates: Mutex::default() });
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            // Somebody else may have the same number for datagrams.
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().expect("an address")).await {
                break (tcp, udp);
            }
        };
        let port = tcp.local_addr().expect("an address").port();
        let tasks =
            [tokio::spawn(over_udp(udp, Arc::clone(&shared))), tokio::spawn(over_tcp(tcp, Arc::clone(&shared)))];
        Self { port, shared, tasks }
    }

    /// As it is declared.
    pub(in crate::driver) fn server(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How many updates it got.
    pub(in crate::driver) fn updates(&self) -> u32 {
        *self.shared.updates.lock().expect("a count")
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn over_udp(socket: UdpSocket, shared: Arc<Shared>) {
    let mut datagram = vec![0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut datagram).await {
        if let Ok(asked) = Message::from_vec(&datagram[..length]) {
            let answer = shared.answer(asked).to_vec().expect("a message");
            socket.send_to(&answer, from).await.expect("a datagram");
        }
    }
}

async fn over_tcp(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Whoever hangs up is done.
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    let length = stream.read_u16().await?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).await?;
    let asked = Message::from_vec(&bytes).expect("a message");
    if asked.metadata.op_code == OpCode::Update {
        let updates = {
            let mut updates = shared.updates.lock().expect("a count");
            *updates += 1;
            *updates
        };
        match shared.manner {
            Manner::Deaf => std::future::pending().await,
            Manner::Mute => {
                shared.take_in(&asked);
                return Ok(());
            }
            Manner::Late if updates == 1 => return Ok(()),
            Manner::Late => shared.take_in(&asked),
            Manner::Liar | Manner::Says(_) => {}
        }
    }
    let answer = shared.answer(asked).to_vec().expect("a message");
    stream.write_u16(u16::try_from(answer.len()).expect("a short message")).await?;
    stream.write_all(&answer).await
}

impl Shared {
    /// Does what an update says.
    fn take_in(&self, update: &Message) {
        let added = update.authorities.iter().filter(|record| record.dns_class == DNSClass::IN);
        *self.addresses.lock().expect("addresses") = added.filter_map(|record| record.data.ip_addr()).collect();
    }

    fn answer(&self, asked: Message) -> Message {
        let mut answer = asked.into_response();
        answer.signature = None;
        answer.metadata.authoritative = true;
        if answer.metadata.op_code == OpCode::Update {
            answer.answers.clear();
            answer.authorities.clear();
            answer.metadata.response_code = match self.manner {
                Manner::Says(code) => code,
                Manner::Late => ResponseCode::NXRRSet,
                Manner::Deaf | Manner::Mute | Manner::Liar => ResponseCode::NoError,
            };
            return answer;
        }
        let (name, kind) = (answer.queries[0].name().clone(), answer.queries[0].query_type());
        for address in self.addresses.lock().expect("addresses").iter() {
            if address.is_ipv4() == (kind == RecordType::A) {
                answer.add_answer(Record::from_rdata(name.clone(), 1, RData::from(*address)));
            }
        }
        answer
    }
}

//! DNS records moved on real name servers, and on one that misbehaves.

use std::ffi::OsString;
use std::net::IpAddr;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::op::Query;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::Name;
use hickory_proto::rr::Record;
use hickory_proto::rr::RecordType;
use tokio::sync::oneshot;

use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Hands;
use crate::driver::Job;
use crate::driver::Outcome;
use crate::driver::ProviderTask;
use crate::driver::RouteStage;
use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::Shift;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::TsigTask;
use crate::driver::tests::job;
use crate::driver::tests::named::Named;
use crate::driver::tests::named::SECRET;
use crate::driver::tests::named::WRONG;
use crate::driver::tests::nameserver::Manner;
use crate::driver::tests::nameserver::NameServer;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderKind;

const PANGYO: [&str; 2] = ["198.18.10.1", "198.18.10.2"];
const ANSAN: [&str; 2] = ["198.18.20.1", "198.18.20.2"];

/// From Pangyo to Ansan, all at once, by these servers.
pub(in crate::driver) fn task(servers: &[String]) -> RouteTask {
    let list = |places: &[&str]| places.iter().map(|place| (*place).to_owned()).collect::<Vec<_>>();
    RouteTask {
        route: "text".to_owned(),
        provider: ProviderTask {
            name: "gslb".to_owned(),
            kind: ProviderKind::Rfc2136,
            servers: servers.to_vec(),
            hosts: Vec::new(),
            also: Vec::new(),
            zone: Some("talk.example.".to_owned()),
            tsig: Some(key("bonghwa.", "hmac-sha256", "env:KEY")),
            group: None,
            region: None,
            read: None,
            write: None,
            look: None,
            env: Vec::new(),
        },
        record: "msg.talk.example.".to_owned(),
        ttl: Millis(1_000),
        at: vec![("ansan".to_owned(), list(&ANSAN)), ("pangyo".to_owned(), list(&PANGYO))],
        stages: vec![stage(100)],
        leaves: vec!["pangyo".to_owned()],
        barred: vec!["pangyo".to_owned()],
        health: None,
    }
}

pub(in crate::driver) fn key(name: &str, algorithm: &str, secret: &str) -> TsigTask {
    TsigTask { name: name.to_owned(), algorithm: algorithm.to_owned(), secret: secret.to_owned() }
}

pub(in crate::driver) fn secrets() -> Secrets {
    Secrets::new([("KEY", SECRET), ("WRONG", WRONG)].map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

fn stage(percent: u64) -> RouteStage {
    RouteStage { to: vec![("ansan".to_owned(), Ppm(percent * 10_000))], hold: Millis(50) }
}

async fn act(task: &RouteTask, seconds: u64, told: Told) -> Outcome {
    let job =
        Job { task: Task::Route(Box::new(task.clone())), timeout: Millis(seconds * 1_000), ..job("shift", "true") };
    // A route of this kind runs no command, so it needs no folder.
    let hands = Hands::new(PathBuf::new(), PathBuf::new(), secrets());
    let outcome = hands.act(job, told).await;
    let shown = format!("{outcome:?}");
    assert!(!shown.contains(SECRET) && !shown.contains(WRONG) && !shown.contains("bonghwa-key"), "{shown}");
    outcome
}

async fn end(task: &RouteTask, seconds: u64) -> End {
    act(task, seconds, Told::nobody()).await.end
}

/// Why it never began.
async fn refused(task: &RouteTask) -> String {
    let end = end(task, 60).await;
    let End::CouldNotStart(why) = end else { panic!("{end:?}") };
    why
}

/// What a server answers, sorted.
pub(in crate::driver) fn addresses(server: &str, record: &str) -> Vec<String> {
    let all = answers(server, record).into_iter().filter_map(|one| one.data.ip_addr());
    let mut found: Vec<String> = all.map(|one: IpAddr| one.to_string()).collect();
    found.sort();
    found
}

/// How long what a server answers may be kept, in seconds.
pub(in crate::driver) fn ttl(server: &str, record: &str) -> u32 {
    answers(server, record).first().expect("it answers").ttl
}

fn answers(server: &str, record: &str) -> Vec<Record> {
    let mut found: Vec<Record> = Vec::new();
    for kind in [RecordType::A, RecordType::AAAA] {
        let mut question = Message::query();
        question.add_query(Query::query(Name::from_ascii(record).unwrap(), kind));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.send_to(&question.to_vec().unwrap(), server).unwrap();
        let mut bytes = [0; 4096];
        let length = socket.recv(&mut bytes).unwrap();
        let answer = Message::from_vec(&bytes[..length]).unwrap();
        found.extend(answer.answers);
    }
    found
}

/// Somebody who writes down each change, after doing something else first.
pub(in crate::driver) fn ledger(first: impl Fn() + Send + Sync + 'static) -> (Told, Arc<Mutex<Vec<Shift>>>) {
    let shifts = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&shifts);
    let told = Told::nobody().with_ledger(move |shift| {
        first();
        kept.lock().unwrap().push(shift);
        let (sender, durable) = oneshot::channel();
        sender.send(()).unwrap();
        durable
    });
    (told, shifts)
}

#[tokio::test]
async fn a_record_goes_over_by_stages_and_each_is_written_down_before() {
    let named = Named::primary("");
    let mut task = task(&[named.server()]);
    task.stages = vec![stage(33), stage(50), stage(100)];
    let (told, shifts) = ledger(|| {});
    let outcome = act(&task, 60, told).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(addresses(&named.server(), "msg.talk.example."), ANSAN);
    let ansan = |shift: &Shift| shift.to.iter().find(|(site, _)| site == "ansan").map(|(_, share)| share.0);
    let shifts = std::mem::take(&mut *shifts.lock().unwrap());
    assert_eq!(shifts.iter().map(ansan).collect::<Vec<_>>(), [Some(333_333), Some(500_000), Some(1_000_000)]);
    assert_eq!(shifts[0].fact, "198.18.10.1 1 (pangyo), 198.18.10.2 1 (pangyo); TTL 1s");
    // Again, and nothing is left to do.
    assert_eq!(end(&task, 60).await, End::Ok);
}

#[tokio::test]
async fn both_families_a_longer_hash_and_a_new_record_are_fine() {
    let named = Named::primary("six A 198.18.10.1\nsix AAAA 2001:db8:10::1\n");
    let mut task = task(&[named.server()]);
    task.provider.tsig = Some(key("bonghwa-512.", "hmac-sha512", "env:KEY"));
    task.at[0].1.push("2001:db8:20::1".to_owned());
    task.at[1].1.push("2001:db8:10::1".to_owned());
    for record in ["six.talk.example.", "Nobody-Yet.talk.example"] {
        task.record = record.to_owned();
        let outcome = act(&task, 60, Told::nobody()).await;
        assert_eq!(outcome.end, End::Ok, "{outcome:?}");
        assert_eq!(addresses(&named.server(), record), ["198.18.20.1", "198.18.20.2", "2001:db8:20::1"]);
    }
}

#[tokio::test]
async fn what_does_not_fit_into_a_datagram_is_moved_too() {
    let many: Vec<String> = (1..=60).map(|at| format!("198.18.10.{at}")).collect();
    let named = Named::primary(&many.iter().map(|place| format!("big A {place}\n")).collect::<String>());
    let mut task = task(&[named.server()]);
    task.record = "big.talk.example.".to_owned();
    task.at[1].1 = many;
    assert_eq!(end(&task, 60).await, End::Ok);
    assert_eq!(addresses(&named.server(), "big.talk.example."), ANSAN);
}

#[tokio::test]
async fn what_another_hand_changed_in_between_is_left_alone() {
    let named = Arc::new(Named::primary(""));
    let other = Arc::clone(&named);
    let (told, _) = ledger(move || other.nsupdate("msg.talk.example.", &["198.18.10.2"]));
    let outcome = act(&task(&[named.server()]), 60, told).await;
    let expected = format!(
        "msg.talk.example. is no longer as it was just read (NXRRSET, by {}): somebody else changes it; find out who, \
         then retry; nothing was changed",
        named.server()
    );
    assert_eq!(outcome.end, End::CouldNotStart(expected));
    assert_eq!(addresses(&named.server(), "msg.talk.example."), ["198.18.10.2"]);
    // A record that came into being in between is as bad.
    let other = Arc::clone(&named);
    let (told, _) = ledger(move || other.nsupdate("new.talk.example.", &["198.18.10.1"]));
    let mut task = task(&[named.server()]);
    task.record = "new.talk.example.".to_owned();
    let End::CouldNotStart(why) = act(&task, 60, told).await.end else { panic!("it was changed") };
    assert!(why.contains("(YXRRSET, by"), "{why}");
}

#[tokio::test]
async fn a_key_that_does_not_fit_is_told_by_what_is_wrong_with_it() {
    let named = Named::primary("");
    let server = named.server();
    let with = |tsig: Option<TsigTask>| {
        let mut task = task(&[named.server()]);
        task.provider.tsig = tsig;
        task
    };
    let why = refused(&with(Some(key("bonghwa.", "hmac-sha256", "env:WRONG")))).await;
    let expected = format!(
        "{server} says that the signature is wrong (BADSIG): it has another secret for the key bonghwa. than env:WRONG \
         holds, so give both the same; nothing was changed"
    );
    assert_eq!(why, expected);
    for (name, algorithm) in [("nobody.", "hmac-sha256"), ("bonghwa.", "hmac-sha512")] {
        let why = refused(&with(Some(key(name, algorithm, "env:KEY")))).await;
        let expected = format!("{server} does not know the key {name} with {algorithm} (BADKEY): compare name and");
        assert!(why.starts_with(&expected), "{why}");
    }
    let why = refused(&with(None)).await;
    assert!(why.starts_with(&format!("{server} refused the update (REFUSED): it was not signed; declare a tsig")));
    let why = refused(&with(Some(key("bonghwa.", "hmac-sha256", "env:NOBODY")))).await;
    assert_eq!(why, "env:NOBODY: no such variable is set, or it is empty; nothing was changed");
    assert_eq!(addresses(&server, "msg.talk.example."), PANGYO);
}

#[tokio::test]
async fn a_record_that_is_not_there_to_be_moved_is_told() {
    let named = Named::primary("");
    let server = named.server();
    let of = |record: &str, zone: &str| {
        let mut task = task(&[named.server()]);
        task.record = record.to_owned();
        task.provider.zone = Some(zone.to_owned());
        task
    };
    let why = refused(&of("msg.other.example.", "other.example.")).await;
    assert!(why.starts_with(&format!("{server} does not serve the zone other.example. to us (REFUSED): ")), "{why}");
    let why = refused(&of("alias.talk.example.", "talk.example.")).await;
    assert!(why.starts_with("alias.talk.example. is an alias (CNAME) on "), "{why}");
    let why = refused(&of("msg.talk.example.", "other.example.")).await;
    assert!(why.starts_with("msg.talk.example. is not in the zone other.example. of gslb: write the whole"), "{why}");
    // The zone above is read as well as the right one, but an update must name the right one.
    let why = refused(&of("msg.talk.example.", "example.")).await;
    assert!(why.starts_with(&format!("{server} is not in charge of the zone example. (NOTAUTH): ")), "{why}");
    named.nsupdate("msg.talk.example.", &["198.18.10.1", "203.0.113.9"]);
    let why = refused(&of("msg.talk.example.", "talk.example.")).await;
    assert!(why.starts_with("msg.talk.example. leads to 203.0.113.9, which no site of the route text has"), "{why}");
}

#[tokio::test]
async fn servers_are_tried_in_turn() {
    let named = Named::primary("");
    let secondary = Named::secondary(&named);
    let nowhere = Named::primary("").server();
    let why = refused(&task(&[secondary.server()])).await;
    let expected = format!("{} refused the update (REFUSED): it is a secondary, or", secondary.server());
    assert!(why.starts_with(&expected), "{why}");
    // One is gone, one may not be changed, and the last one is the right one.
    let outcome = act(&task(&[nowhere.clone(), secondary.server(), named.server()]), 60, Told::nobody()).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(addresses(&named.server(), "msg.talk.example."), ANSAN);
    let expected = format!("{nowhere} can't be reached: nobody listens there");
    assert_eq!(end(&task(&[nowhere]), 60).await, End::Unreachable(expected));
}

#[tokio::test]
async fn it_waits_for_a_secondary_that_is_late() {
    let named = Named::primary("");
    let secondary = Named::secondary(&named);
    let mut task = task(&[named.server()]);
    task.provider.also = vec![secondary.server()];
    let outcome = act(&task, 60, Told::nobody()).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(addresses(&secondary.server(), "msg.talk.example."), ANSAN);
    assert_eq!(named.log().matches("updating zone 'talk.example/IN'").count(), 3, "{}", named.log());
}

#[tokio::test]
async fn a_secondary_that_never_follows_ends_it() {
    let named = Named::primary("");
    let stale = NameServer::start(Manner::Deaf, &PANGYO).await;
    let mut task = task(&[named.server()]);
    task.provider.also = vec![stale.server()];
    let End::Unexpected(why) = end(&task, 3).await else { panic!("it ended otherwise") };
    let expected = format!(
        "{} says that msg.talk.example. leads to 198.18.10.1 1 (pangyo), 198.18.10.2 1 (pangyo); TTL 1s, which is not \
         what was written; msg.talk.example. stays as we last knew it: ansan 100 %",
        stale.server()
    );
    assert_eq!(why, expected);
}

/// Without a key, since these servers of ours sign nothing.
fn unsigned(server: &NameServer) -> RouteTask {
    let mut task = task(&[server.server()]);
    task.provider.tsig = None;
    task
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_found_out() {
    // It counted, and nobody said so.
    let mute = NameServer::start(Manner::Mute, &PANGYO).await;
    let outcome = act(&unsigned(&mute), 60, Told::nobody()).await;
    assert_eq!((outcome.end, mute.updates()), (End::Ok, 1));
    assert!(outcome.said.head.contains("did not answer: it hung up, so nobody knows whether the change counted"));
    // It counted after it was looked for, so the next try comes too late.
    let late = NameServer::start(Manner::Late, &PANGYO).await;
    assert_eq!((end(&unsigned(&late), 60).await, late.updates()), (End::Ok, 2));
    // It did not count, and is sent again until time is over.
    let deaf = NameServer::start(Manner::Deaf, &PANGYO).await;
    let End::Lost(why) = end(&unsigned(&deaf), 4).await else { panic!("it ended otherwise") };
    let expected = format!("{} was asked and did not answer: no answer within 2s, so nobody knows", deaf.server());
    assert!(why.starts_with(&expected) && deaf.updates() >= 1, "{why}");
}

#[tokio::test]
async fn a_yes_that_is_not_so_is_seen() {
    let liar = NameServer::start(Manner::Liar, &PANGYO).await;
    let End::Unexpected(why) = end(&unsigned(&liar), 3).await else { panic!("it ended otherwise") };
    assert!(why.contains("which is not what was written; msg.talk.example. stays as we last knew it"), "{why}");
    assert_eq!(liar.updates(), 1);
    // With a key the unsigned yes is not even heard.
    let End::Lost(why) = end(&task(&[liar.server()]), 3).await else { panic!("it ended otherwise") };
    assert!(why.contains("answered NOERROR without a signature, so nobody knows"), "{why}");
}

#[tokio::test]
async fn an_unsigned_no_may_be_about_the_key() {
    for (code, expected) in [
        (ResponseCode::Refused, "may not change msg.talk.example., or the key is wrong; nothing was changed"),
        (ResponseCode::NotAuth, "or does not accept the key (NOTAUTH): compare its zones and keys"),
        (ResponseCode::NotImp, "takes no dynamic updates (NOTIMP): name a server in the provider gslb that does"),
        (ResponseCode::FormErr, "takes no dynamic updates (FORMERR): name a server in the provider gslb that does"),
    ] {
        let server = NameServer::start(Manner::Says(code), &PANGYO).await;
        let why = refused(&task(&[server.server()])).await;
        assert!(why.contains(expected), "{why}");
    }
    // Nor is anything else heard that is more than a plain no.
    let changed = NameServer::start(Manner::Says(ResponseCode::NXRRSet), &PANGYO).await;
    let End::Lost(why) = end(&task(&[changed.server()]), 3).await else { panic!("it ended otherwise") };
    assert!(why.contains("answered NXRRSET without a signature, so nobody knows"), "{why}");
    let failing = NameServer::start(Manner::Says(ResponseCode::ServFail), &PANGYO).await;
    let End::Lost(why) = end(&unsigned(&failing), 3).await else { panic!("it ended otherwise") };
    assert!(why.contains("failed (SERVFAIL: look at its log), so nobody knows"), "{why}");
}

//! Routes in Route 53: against moto, which speaks its API, and against a server of ours that does what moto never would.

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::driver::End;
use crate::driver::Outcome;
use crate::driver::RouteStage;
use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::Told;
use crate::driver::route::health::OverHttp;
use crate::driver::route::provider::Provider;
use crate::driver::route::ramp::Pace;
use crate::driver::route::ramp::Ramp;
use crate::driver::route::route53::Route53;
use crate::driver::route::tests::keeper::task;
use crate::model::Millis;
use crate::model::ProviderKind;

const WAY: &[&[(&str, u64)]] = &[&[("tokyo", 10)], &[("tokyo", 100)]];
const SITES: [(&str, &str); 3] = [("ansan", "198.18.20.11"), ("pangyo", "198.18.10.11"), ("tokyo", "198.18.30.11")];

fn secrets() -> Secrets {
    let secret = "t0ps3cret-of-the-account";
    Secrets::new([("AWS_ACCESS_KEY_ID".into(), "AKIATEST".into()), ("OURS".into(), secret.into())])
}

fn by(server: &str, zone: &str) -> RouteTask {
    let mut task = task(WAY);
    task.provider.kind = ProviderKind::Route53;
    task.provider.servers = vec![server.to_owned()];
    task.provider.zone = Some(zone.to_owned());
    task.provider.env = vec![("AWS_SECRET_ACCESS_KEY".to_owned(), "env:OURS".to_owned())];
    let at_once = |stage: RouteStage| RouteStage { hold: Millis::ZERO, ..stage };
    let stages = task.stages.clone().into_iter().map(at_once).collect();
    let at = SITES.map(|(site, address)| (site.to_owned(), vec![address.to_owned()])).to_vec();
    RouteTask { record: "text.talk.example.".to_owned(), at, stages, leaves: Vec::new(), ..task }
}

async fn go(task: &RouteTask, most: Duration) -> Outcome {
    let (_stop, stopped) = watch::channel(false);
    let ramp = Ramp::<_, OverHttp> {
        task,
        provider: Route53::new(task, &secrets()).expect("a provider"),
        pulse: None,
        told: &Told::nobody(),
        stop: stopped,
        deadline: Instant::now() + most,
        is_resumed: false,
        pace: Pace { pause: Duration::from_millis(50), settle: Duration::from_millis(400) },
    };
    ramp.run().await
}

/// A server that ends with its test.
struct Moto {
    process: Child,
    at: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Moto {
    async fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/moto_server");
        assert!(program.exists(), "moto is missing: run ./needs aws");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let moto = Self { process: command.spawn().unwrap(), at: format!("http://127.0.0.1:{port}") };
        let limit = Instant::now() + Duration::from_secs(60);
        while reqwest::get(format!("{}/moto-api/", moto.at)).await.is_err() {
            assert!(Instant::now() < limit, "moto does not start");
            sleep(Duration::from_millis(50)).await;
        }
        moto
    }

    async fn post(&self, path: &str, body: String) -> String {
        let client = reqwest::Client::new();
        let sent =
            client.post(format!("{}{path}", self.at)).header("Authorization", SIGNED).body(body).send().await.unwrap();
        let (is_fine, text) = (sent.status().is_success(), sent.text().await.unwrap());
        assert!(is_fine, "{text}");
        text
    }
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("{from} in {text}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("{to} in {text}")).0
}

/// Moto finds the service by it, and proves nothing.
const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0";
const XMLNS: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";

fn set(site: &str, address: &str, weight: u64, check: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>text.talk.example.</Name><Type>A</Type><SetIdentifier>{site}</SetIdentifier>\
         <Weight>{weight}</Weight><TTL>30</TTL><ResourceRecords><ResourceRecord><Value>{address}</Value></ResourceRecord>\
         </ResourceRecords>{check}</ResourceRecordSet>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_are_moved_in_stages_and_health_checks_stay() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let moto = Moto::start().await;
    let zone = format!(
        "<CreateHostedZoneRequest {XMLNS}><Name>talk.example.</Name><CallerReference>1</CallerReference></CreateHostedZoneRequest>"
    );
    let made = moto.post("/2013-04-01/hostedzone", zone).await;
    let zone = between(&made, "<Id>/hostedzone/", "</Id>").to_owned();
    let check = format!(
        "<CreateHealthCheckRequest {XMLNS}><CallerReference>1</CallerReference><HealthCheckConfig><IPAddress>198.18.20.11\
         </IPAddress><Port>80</Port><Type>TCP</Type></HealthCheckConfig></CreateHealthCheckRequest>"
    );
    let made = moto.post("/2013-04-01/healthcheck", check).await;
    let check = format!("<HealthCheckId>{}</HealthCheckId>", between(&made, "<Id>", "</Id>"));
    let weights = [50, 50, 0];
    let create = SITES.iter().zip(weights).map(|((site, address), weight)| {
        format!("<Change><Action>CREATE</Action>{}</Change>", set(site, address, weight, &check))
    });
    let batch = format!(
        "<ChangeResourceRecordSetsRequest {XMLNS}><ChangeBatch><Changes>{}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
        create.collect::<String>()
    );
    moto.post(&format!("/2013-04-01/hostedzone/{zone}/rrset"), batch).await;
    let task = by(&moto.at, &zone);
    let outcome = go(&task, Duration::from_secs(30)).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    let listed = format!("{}/2013-04-01/hostedzone/{zone}/rrset", moto.at);
    let listed = reqwest::Client::new().get(listed).header("Authorization", SIGNED).send().await.unwrap();
    let listed = listed.text().await.unwrap();
    let weights: Vec<&str> = SITES
        .map(|(site, _)| {
            let set = between(&listed, &format!("<SetIdentifier>{site}</SetIdentifier>"), "</ResourceRecordSet>");
            assert!(set.contains(&check) && set.contains("<TTL>30</TTL>"), "{set}");
            between(set, "<Weight>", "</Weight>")
        })
        .to_vec();
    assert_eq!(weights, ["0", "0", "255"]);
    let End::CouldNotStart(why) = go(&by(&moto.at, "Z0NOBODY"), Duration::from_secs(30)).await.end else {
        panic!("no zone")
    };
    assert!(why.contains("NoSuchHostedZone") && why.contains("`zone` must be the identifier"), "{why}");
}

/// What the server of ours does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Requests are throttled so often, then taken.
    Throttled(usize),
    /// Every request fails.
    Down,
    /// Changes stay on their way for ever.
    Pending,
    /// A change is taken, and not made.
    Lying,
    /// Nobody is allowed to.
    Denied,
    /// An answer begins and never ends.
    Slow,
}

/// Serves the record with these faults; what was changed stands in the list.
fn faulty(fault: Fault) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let changes = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&changes);
    let state =
        Arc::new(Mutex::new((0, BTreeMap::from(SITES.map(|(site, _)| (site, u64::from(site != "tokyo") * 50))))));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (log, state) = (Arc::clone(&log), Arc::clone(&state));
            thread::spawn(move || {
                while let Some(request) = heard(&mut stream) {
                    let (status, body) = answered(fault, &request, &log, &state);
                    let length = body.len() + usize::from(fault == Fault::Slow);
                    let head = format!(
                        "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
                    );
                    if stream.write_all(head.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (at, changes)
}

type Kept = Mutex<(usize, BTreeMap<&'static str, u64>)>;

fn answered(fault: Fault, request: &str, log: &Mutex<Vec<String>>, state: &Kept) -> (&'static str, String) {
    let mut state = state.lock().unwrap();
    let error = |code: &str| {
        format!(
            "<ErrorResponse {XMLNS}><Error><Code>{code}</Code><Message>{code} it is</Message></Error></ErrorResponse>"
        )
    };
    state.0 += 1;
    match fault {
        Fault::Throttled(most) if state.0 <= most => return ("400 Bad Request", error("Throttling")),
        Fault::Down => return ("503 Service Unavailable", error("ServiceUnavailable")),
        Fault::Denied => return ("403 Forbidden", error("AccessDenied")),
        Fault::Throttled(_) | Fault::Pending | Fault::Lying | Fault::Slow => {}
    }
    let status = if fault == Fault::Pending { "PENDING" } else { "INSYNC" };
    let info = format!(
        "<ChangeInfo><Id>/change/C1</Id><Status>{status}</Status><SubmittedAt>2026-11-23T00:00:00Z</SubmittedAt></ChangeInfo>"
    );
    if request.starts_with("POST") {
        log.lock().unwrap().push(request.to_owned());
        for (site, weight) in &mut state.1 {
            let mark = format!("<SetIdentifier>{site}</SetIdentifier>");
            if fault != Fault::Lying && request.contains(&mark) {
                *weight =
                    between(between(request, &mark, "</ResourceRecordSet>"), "<Weight>", "</Weight>").parse().unwrap();
            }
        }
        return (
            "200 OK",
            format!("<ChangeResourceRecordSetsResponse {XMLNS}>{info}</ChangeResourceRecordSetsResponse>"),
        );
    }
    if request.contains("/change/") {
        return ("200 OK", format!("<GetChangeResponse {XMLNS}>{info}</GetChangeResponse>"));
    }
    let sets: String = SITES.iter().map(|(site, address)| set(site, address, state.1[site], "")).collect();
    let list = format!(
        "<ListResourceRecordSetsResponse {XMLNS}><ResourceRecordSets>{sets}</ResourceRecordSets>\
         <IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
    );
    ("200 OK", list)
}

fn heard(stream: &mut impl Read) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        request.extend(&buffer[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().lines().find_map(|line| {
            line.strip_prefix("content-length:").and_then(|length| length.trim().parse::<usize>().ok())
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_told_apart() {
    let whole = Duration::from_secs(60);
    let (at, _) = faulty(Fault::Throttled(2));
    assert_eq!(go(&by(&at, "Z1"), whole).await.end, End::Ok);
    let (at, changes) = faulty(Fault::Pending);
    let End::Unexpected(why) = go(&by(&at, "Z1"), whole).await.end else { panic!("it is on its way") };
    assert!(why.contains("the change C1 is still PENDING"), "{why}");
    assert_eq!(changes.lock().unwrap().len(), 1);
    let (at, _) = faulty(Fault::Lying);
    let lying = go(&by(&at, "Z1"), whole).await;
    assert!(matches!(&lying.end, End::Unexpected(why) if why.contains("is not what was written")), "{lying:?}");
    let (at, changes) = faulty(Fault::Denied);
    let End::CouldNotStart(why) = go(&by(&at, "Z1"), whole).await.end else { panic!("it is denied") };
    assert!(why.contains("AccessDenied (403)") && why.contains("let these credentials list"), "{why}");
    assert!(changes.lock().unwrap().is_empty() && !why.contains("t0ps3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_down_or_slow_is_not_reached_and_nothing_is_changed() {
    for (fault, words) in [(Fault::Down, "ServiceUnavailable (503)"), (Fault::Slow, "no answer in time")] {
        let (at, changes) = faulty(fault);
        let task = by(&at, "Z1");
        let provider = Route53::new(&task, &secrets()).expect("a provider");
        let begun = Instant::now();
        let trouble = provider.read().await.expect_err("nobody answers");
        assert!(trouble.to_string().contains(words), "{trouble:?}");
        assert!(matches!(trouble, crate::driver::route::provider::Trouble::Unreachable(_)), "{trouble:?}");
        assert!(begun.elapsed() < Duration::from_secs(30) && changes.lock().unwrap().is_empty());
    }
    let task = RouteTask {
        provider: crate::driver::ProviderTask { env: Vec::new(), ..by("", "Z1").provider },
        ..by("", "Z1")
    };
    let why = Route53::new(&task, &secrets()).err().expect("no credentials");
    assert!(why.contains("env:AWS_SECRET_ACCESS_KEY"), "{why}");
}

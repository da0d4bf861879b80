//! Routes in Route 53: against moto, which speaks its API, and against a server of ours that does what moto never would.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::driver::End;
use crate::driver::Outcome;
use crate::driver::RouteStage;
use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::Told;
use crate::driver::route::health::OverHttp;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Standing;
use crate::driver::route::ramp::Pace;
use crate::driver::route::ramp::Ramp;
use crate::driver::route::route53::Route53;
use crate::driver::route::tests::keeper::task;
use crate::driver::tests::moto::HostedZone;
use crate::driver::tests::moto::Moto;
use crate::driver::tests::moto::between;
use crate::driver::tests::moto::weighted;
use crate::driver::tests::served::Answer;
use crate::driver::tests::served::serve;
use crate::model::Millis;
use crate::model::ProviderKind;

const WAY: &[&[(&str, u64)]] = &[&[("tokyo", 10)], &[("tokyo", 100)]];
const SITES: [(&str, &str); 3] = [("ansan", "198.18.20.11"), ("pangyo", "198.18.10.11"), ("tokyo", "198.18.30.11")];

const RECORD: &str = "text.talk.example.";
const XMLNS: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";

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
    RouteTask { record: RECORD.to_owned(), at, stages, leaves: Vec::new(), ..task }
}

async fn go(task: &RouteTask, most: Duration) -> Outcome {
    go_on(task, most, None).await
}

/// Answers may be kept for so many seconds; those from before are waited for.
async fn keep(task: &RouteTask, seconds: u64) -> Outcome {
    let task = RouteTask { ttl: Millis(seconds * 1_000), stages: Vec::new(), ..task.clone() };
    go_on(&task, Duration::from_secs(30), Some(Millis(seconds * 1_000))).await
}

async fn go_on(task: &RouteTask, most: Duration, keeps: Option<Millis>) -> Outcome {
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
    match keeps {
        None => ramp.run().await,
        Some(wait) => ramp.retime(wait).await,
    }
}

fn set(site: &str, address: &str, weight: u64) -> String {
    weighted(RECORD, site, address, weight, "")
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_are_moved_in_stages_and_health_checks_stay() {
    let moto = Moto::start();
    let zone = HostedZone::new(&moto, "talk.example.", "");
    let check = format!(
        "<CreateHealthCheckRequest {XMLNS}><CallerReference>1</CallerReference><HealthCheckConfig><IPAddress>198.18.20.11\
         </IPAddress><Port>80</Port><Type>TCP</Type></HealthCheckConfig></CreateHealthCheckRequest>"
    );
    let made = moto.post("route53", "/2013-04-01/healthcheck", &check);
    let check = format!("<HealthCheckId>{}</HealthCheckId>", between(&made, "<Id>", "</Id>"));
    for ((site, address), weight) in SITES.iter().zip([50, 50, 0]) {
        zone.set(RECORD, site, address, weight, &check);
    }
    let outcome = go(&by(&moto.at(), &zone.id), Duration::from_secs(30)).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    for (site, weight) in [("ansan", 0), ("pangyo", 0), ("tokyo", 255)] {
        let set = zone.shown(site);
        assert!(set.contains(&check) && set.contains("<TTL>5</TTL>"), "{set}");
        assert_eq!(zone.weight(site), weight, "{site}");
    }
    let End::CouldNotStart(why) = go(&by(&moto.at(), "Z0NOBODY"), Duration::from_secs(30)).await.end else {
        panic!("no zone")
    };
    assert!(why.contains("NoSuchHostedZone") && why.contains("`zone` must be a hosted zone"), "{why}");
}

async fn seen(task: &RouteTask) -> (Option<String>, Standing) {
    let provider = Route53::new(task, &secrets()).expect("a provider");
    (provider.read().await.err().map(|trouble| trouble.to_string()), provider.standing().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_is_found_by_its_name_where_only_one_can_be_meant() {
    let moto = Moto::start();
    let private = "<HostedZoneConfig><PrivateZone>true</PrivateZone></HostedZoneConfig><VPC><VPCId>vpc-1</VPCId>\
                   <VPCRegion>us-east-1</VPCRegion></VPC>";
    let own = HostedZone::new(&moto, "talk.example.", "");
    HostedZone::new(&moto, "talk.example.com.", "");
    let inside = HostedZone::new(&moto, "inside.example.", private);
    for (site, address) in SITES {
        own.set(RECORD, site, address, 1, "");
    }
    let by_name = |zone: &str| by(&moto.at(), zone);
    assert_eq!(seen(&by_name("talk.example")).await, (None, Standing::default()));
    assert_eq!(go(&by_name("Talk.Example."), Duration::from_secs(30)).await.end, End::Ok);
    assert_eq!(own.weight("tokyo"), 255);
    let refused = async |zone: &str, why: &str| {
        let (said, standing) = seen(&by_name(zone)).await;
        assert!(said.as_ref().is_some_and(|said| said.contains(why)), "{zone}: {said:?}");
        assert_eq!(standing, Standing::default());
    };
    refused("nobody.example", "this account has no hosted zone nobody.example").await;
    refused("inside.example", &format!("write its identifier {} as `zone`", inside.id)).await;
    let twin = HostedZone::new(&moto, "talk.example.", private);
    refused("talk.example", "this account has 2 hosted zones talk.example: write an identifier").await;
    refused("talk.example", &own.id).await;
    refused("talk.example", &twin.id).await;
    assert_eq!(seen(&by_name(&own.id)).await.0, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_a_set_is_told_before_a_shift_comes_to_it() {
    let moto = Moto::start();
    let zone = HostedZone::new(&moto, "talk.example.", "");
    zone.set(RECORD, "ansan", SITES[0].1, 1, "");
    let task = by(&moto.at(), &zone.id);
    let missing = |site: &str| {
        format!(
            "{} A: text.talk.example. has no record for {site}: create one with the identifier {site} and weight 0",
            task.provider.name
        )
    };
    let standing = Standing { troubles: vec![missing("tokyo")], remarks: vec![missing("pangyo")] };
    assert_eq!(seen(&task).await, (None, standing));
    let End::CouldNotStart(why) = go(&task, Duration::from_secs(30)).await.end else {
        panic!("it can't be sent there")
    };
    assert!(why.contains(&missing("tokyo")) && why.ends_with("nothing was changed"), "{why}");
    assert_eq!(zone.weight("ansan"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sets_of_a_record_are_kept_for_less_then_as_long_as_ever() {
    let moto = Moto::start();
    let zone = HostedZone::new(&moto, "talk.example.", "");
    let weights = [("ansan", 7), ("pangyo", 3), ("tokyo", 0)];
    for ((site, address), (_, weight)) in SITES.iter().zip(weights) {
        zone.set(RECORD, site, address, weight, "");
    }
    zone.put(&weighted("other.talk.example.", "other", SITES[0].1, 1, ""));
    let task = by(&moto.at(), &zone.id);
    let ttls = |wanted: u64| {
        for (site, weight) in weights {
            assert_eq!((zone.weight(site), zone.ttl(site)), (weight, wanted), "{site}");
        }
        assert_eq!(zone.ttl("other"), 5);
    };
    // Answers from before may be as old as they could be, however short the new ones are.
    let begun = Instant::now();
    let outcome = keep(&task, 2).await;
    assert!(outcome.end == End::Ok && begun.elapsed() >= Duration::from_secs(5), "{outcome:?}");
    assert!(outcome.said.head.contains("may be kept for 2s, and no longer for 5s"), "{outcome:?}");
    ttls(2);
    let outcome = keep(&task, 2).await;
    assert!(outcome.end == End::Ok && outcome.said.head.contains("may be kept for 2s already"), "{outcome:?}");
    assert_eq!(keep(&task, 5).await.end, End::Ok);
    ttls(5);
    // A shift leaves it as it is.
    assert_eq!(go(&RouteTask { ttl: Millis(2_000), ..task }, Duration::from_secs(30)).await.end, End::Ok);
    assert_eq!((zone.weight("tokyo"), zone.ttl("tokyo")), (255, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_has_no_ttl_and_that_is_no_error() {
    let moto = Moto::start();
    let zone = HostedZone::new(&moto, "talk.example.", "");
    let alias = |site: &str, weight: u64| {
        format!(
            "<ResourceRecordSet><Name>{RECORD}</Name><Type>A</Type><SetIdentifier>{site}</SetIdentifier><Weight>{weight}\
             </Weight><AliasTarget><HostedZoneId>{}</HostedZoneId><DNSName>lb.talk.example.</DNSName>\
             <EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget></ResourceRecordSet>",
            zone.id
        )
    };
    for (site, weight) in [("ansan", 9), ("pangyo", 1), ("tokyo", 0)] {
        zone.put(&alias(site, weight));
    }
    let task = by(&moto.at(), &zone.id);
    let told = |sites: &str| {
        format!(
            "{} A: {RECORD} is an alias at {sites}: it has no TTL of its own, so a planned move can't lower it there",
            task.provider.name
        )
    };
    let remarks = |sites: &str| Standing { troubles: Vec::new(), remarks: vec![told(sites)] };
    assert_eq!(seen(&task).await, (None, remarks("ansan, pangyo, tokyo")));
    let outcome = keep(&task, 2).await;
    assert!(outcome.end == End::Ok && outcome.said.head.contains("has no TTL of its own, as it is an alias"));
    // It is shifted as any other, and what was declared is waited for.
    let leaving = RouteTask { ttl: Millis(1_000), leaves: vec!["pangyo".to_owned()], ..task.clone() };
    let outcome = go(&leaving, Duration::from_secs(30)).await;
    assert!(outcome.end == End::Ok && outcome.said.head.contains("until old answers are forgotten"), "{outcome:?}");
    assert_eq!(zone.weight("tokyo"), 255);
    assert!(zone.shown("tokyo").contains("<DNSName>lb.talk.example.</DNSName>"), "{}", zone.shown("tokyo"));
    // Beside one that has a TTL, it stays as it is.
    zone.set(RECORD, "ansan", SITES[0].1, 1, "");
    assert_eq!(seen(&task).await, (None, remarks("pangyo, tokyo")));
    assert_eq!(keep(&task, 2).await.end, End::Ok);
    assert!(zone.ttl("ansan") == 2 && zone.weight("ansan") == 1 && !zone.shown("pangyo").contains("<TTL>"));
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
    let changes = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&changes);
    let state = Mutex::new((0, BTreeMap::from(SITES.map(|(site, _)| (site, u64::from(site != "tokyo") * 50)))));
    let at = serve(move |request| {
        let (status, body) = answered(fault, request, &log, &state);
        Answer { is_torn: fault == Fault::Slow, ..Answer::new(status, body) }
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
    let sets: String = SITES.iter().map(|(site, address)| set(site, address, state.1[site])).collect();
    let list = format!(
        "<ListResourceRecordSetsResponse {XMLNS}><ResourceRecordSets>{sets}</ResourceRecordSets>\
         <IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
    );
    ("200 OK", list)
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
    assert!(why.contains("AccessDenied (403)") && why.contains("let these credentials do that"), "{why}");
    assert!(changes.lock().unwrap().is_empty() && !why.contains("t0ps3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ttl_is_changed_in_one_batch_and_not_over_before_it_is_in_sync_and_so() {
    let (at, changes) = faulty(Fault::Pending);
    let End::Unexpected(why) = keep(&by(&at, "Z1"), 2).await.end else { panic!("it is on its way") };
    assert!(why.contains("the change C1 is still PENDING"), "{why}");
    let sent = changes.lock().unwrap().clone();
    let times = |text: &str| sent[0].matches(text).count();
    assert_eq!((sent.len(), times("<Action>UPSERT</Action>"), times("<TTL>2</TTL>")), (1, 3, 3), "{sent:?}");
    assert_eq!((times("<Weight>50</Weight>"), times("<Weight>0</Weight>")), (2, 1), "{sent:?}");
    let (at, _) = faulty(Fault::Lying);
    let lying = keep(&by(&at, "Z1"), 2).await;
    assert!(matches!(&lying.end, End::Unexpected(why) if why.contains("is not what was written")), "{lying:?}");
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

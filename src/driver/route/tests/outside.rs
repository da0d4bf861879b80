//! Routes that a tool keeps: real commands, and requests to a server of the test.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::driver::End;
use crate::driver::Outcome;
use crate::driver::RouteStage;
use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::Told;
use crate::driver::exec::Exec;
use crate::driver::record::Records;
use crate::driver::route::health::OverHttp;
use crate::driver::route::outside::Outside;
use crate::driver::route::ramp::Pace;
use crate::driver::route::ramp::Ramp;
use crate::driver::route::tests::keeper::task;
use crate::model::Millis;
use crate::model::ProviderKind;

const WAY: &[&[(&str, u64)]] = &[&[("tokyo", 10)], &[("tokyo", 100)]];

pub(super) fn exec(folder: &Path) -> Exec {
    let secrets = Secrets::new([
        ("PATH".into(), "/usr/bin:/bin".into()),
        ("LB_TOKEN".into(), "t0ps3cret-of-the-balancer".into()),
    ]);
    Exec { folder: folder.to_owned(), secrets, records: Records::new(folder.join("records")), grace: Duration::ZERO }
}

pub(super) fn by(kind: ProviderKind, read: &str, write: &str) -> RouteTask {
    let mut task = task(WAY);
    task.provider.kind = kind;
    task.provider.read = Some(read.to_owned());
    task.provider.write = Some(write.to_owned());
    let at_once = |stage: RouteStage| RouteStage { hold: Millis::ZERO, ..stage };
    RouteTask { record: "text".to_owned(), stages: task.stages.clone().into_iter().map(at_once).collect(), ..task }
}

pub(super) async fn go(task: &RouteTask, exec: &Exec) -> Outcome {
    let (_stop, stopped) = watch::channel(false);
    let ramp = Ramp::<_, OverHttp> {
        task,
        provider: Outside::new(task, exec).expect("a provider"),
        pulse: None,
        told: &Told::nobody(),
        stop: stopped,
        deadline: Instant::now() + Duration::from_secs(2),
        is_resumed: false,
        pace: Pace { pause: Duration::from_millis(20), settle: Duration::from_millis(100) },
    };
    ramp.run().await
}

#[tokio::test]
async fn a_command_reads_and_another_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    fs::write(folder.path().join("text"), "ansan 50\npangyo 50\n").unwrap();
    let write =
        "echo {{ shares }} >> log; test \"$TOKEN\" = t0ps3cret-of-the-balancer && echo {{ shares }} > {{ record }}";
    let mut task = by(ProviderKind::Command, "echo noise >&2; cat {{ record }}", write);
    task.provider.env = vec![("TOKEN".to_owned(), "env:LB_TOKEN".to_owned())];
    let outcome = go(&task, &exec).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log, "ansan=45 pangyo=45 tokyo=10\ntokyo=100\n");
}

#[tokio::test]
async fn what_a_command_does_not_do_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    let file = folder.path().join("text");
    let with = |table: &str, read: &str, write: &str| {
        fs::write(&file, table).unwrap();
        by(ProviderKind::Command, read, write)
    };
    let half = "ansan 50\npangyo 50\n";
    let read = "cat {{ record }}";
    let never = |outcome: &Outcome, words: &str| {
        let End::CouldNotStart(why) = &outcome.end else { panic!("{outcome:?}") };
        assert!(why.contains(words) && why.ends_with("nothing was changed"), "{why}");
    };
    let refused = go(&with(half, read, "echo 'no such pool' >&2; exit 3"), &exec).await;
    never(&refused, "p: `write` ended with exit status: 3: no such pool");
    let half_done = go(&with(half, read, "echo 'ansan 100' > text; exit 1"), &exec).await;
    assert!(
        matches!(&half_done.end, End::Unexpected(why) if why.contains("text leads to ansan 1000 (ansan)")),
        "{half_done:?}"
    );
    let done_in_spite = "echo {{ shares }} > text; exit 1";
    assert_eq!(go(&with(half, read, done_in_spite), &exec).await.end, End::Ok);
    let lying = go(&with(half, read, "true"), &exec).await;
    assert!(matches!(&lying.end, End::Unexpected(why) if why.contains("is not what was written")), "{lying:?}");
    never(&go(&with("ansan 60\ntokyo 30\n", read, "true"), &exec).await, "add up to 90: ansan 60, tokyo 30");
    let foreign = go(&with("ansan 60\nmoon 40\n", read, "true"), &exec).await;
    assert!(
        matches!(&foreign.end, End::CouldNotStart(why) if why.contains("leads to moon, which no site")),
        "{foreign:?}"
    );
}

#[tokio::test]
async fn what_can_not_be_asked_is_told_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    let outcome = go(&by(ProviderKind::Command, "echo gone >&2; exit 1", "true"), &exec).await;
    assert!(
        matches!(&outcome.end, End::Unreachable(why) if why.ends_with("`read` ended with exit status: 1: gone")),
        "{outcome:?}"
    );
    let why = |task: RouteTask| Outside::new(&task, &exec).err().unwrap_or_default();
    let good = by(ProviderKind::Command, "r", "w");
    let mut blind = good.clone();
    blind.provider.read = None;
    assert_eq!(why(blind), "the provider p has no `read`: what can't be read back is not written");
    assert!(
        why(RouteTask { record: "a; reboot".to_owned(), ..good.clone() }).contains("must not stand in a command line")
    );
    assert!(
        why(by(ProviderKind::Command, "r {{ shares }}", "w")).contains("`read` of the provider p names what has no")
    );
    assert!(
        why(by(ProviderKind::Command, "r", "w {{ site }}")).contains("`write` of the provider p names what has no")
    );
    assert!(why(by(ProviderKind::Http, "ftp://x/", "http://x/")).contains("begins neither with http://"));
    assert!(
        why(by(ProviderKind::Http, "http://x/", "GET http://x/"))
            .contains("must be PUT, POST, PATCH or DELETE, not GET")
    );
    assert_eq!(why(good), "");
}

/// An API that keeps a table. What it was asked, heads included.
pub(super) fn api(status_of_put: u16) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    thread::spawn(move || {
        let mut table = "pangyo=50% ansan=50%".to_owned();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut text = String::new();
            let mut chunk = [0; 4096];
            let body = loop {
                let read = stream.read(&mut chunk).unwrap();
                text.push_str(&String::from_utf8_lossy(&chunk[..read]));
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    break body.to_owned();
                }
            };
            let is_put = !text.starts_with("GET");
            let status = if is_put { status_of_put } else { 200 };
            if is_put && status < 300 {
                table.clone_from(&body);
            }
            heard.lock().unwrap().push(text);
            let told = if is_put { "words of the api" } else { &table };
            write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{told}", told.len())
                .unwrap();
        }
    });
    (url, asked)
}

#[tokio::test]
async fn an_api_is_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    let (url, asked) = api(204);
    let page = format!("{url}/pools/{{{{ record }}}}");
    for write in [page.clone(), format!("POST {page}?to={{{{ shares }}}}")] {
        let mut task = by(ProviderKind::Http, &page, &write);
        task.provider.env = vec![("X_Token".to_owned(), "env:LB_TOKEN".to_owned())];
        if write.starts_with("POST") {
            task.stages.truncate(1);
            task.stages[0].to[0].0 = "ansan".to_owned();
        }
        let outcome = go(&task, &exec).await;
        assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    }
    let asked = asked.lock().unwrap().clone();
    let changes: Vec<&String> = asked.iter().filter(|text| !text.starts_with("GET ")).collect();
    assert!(
        changes[0].starts_with("PUT /pools/text HTTP/1.1")
            && changes[0].ends_with("\r\n\r\nansan 45\npangyo 45\ntokyo 10\n")
    );
    assert!(changes[2].starts_with("POST /pools/text?to=ansan=10%20tokyo=90 HTTP/1.1"), "{}", changes[2]);
    assert!(asked.iter().all(|text| text.contains("x-token: t0ps3cret-of-the-balancer")), "{asked:?}");
}

#[tokio::test]
async fn an_api_that_says_no_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    let (url, _) = api(409);
    let outcome = go(&by(ProviderKind::Http, &url, &url), &exec).await;
    assert!(
        matches!(&outcome.end, End::CouldNotStart(why) if why.contains("status 409") && why.contains("words of the api")),
        "{outcome:?}"
    );
    // What fails on its side may have been done, or may yet be.
    let (url, asked) = api(503);
    let outcome = go(&by(ProviderKind::Http, &url, &url), &exec).await;
    assert!(matches!(&outcome.end, End::Lost(why) if why.contains("status 503")), "{outcome:?}");
    assert!(asked.lock().unwrap().iter().filter(|text| text.starts_with("PUT")).count() > 1, "it was tried once");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = go(&by(ProviderKind::Http, &format!("http://{closed}/"), &url), &exec).await;
    assert!(matches!(&outcome.end, End::Unreachable(why) if why.contains("nothing listens there")), "{outcome:?}");
}

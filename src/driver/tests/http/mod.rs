//! Requests to real servers on loopback: what comes of good, bad, stuck, torn, endless and lying answers.

mod redirects;
mod secrets;
mod server;
mod tls;

use std::time::Duration;

use tokio::time::Instant;

use super::job;
use super::most_resident;
use super::probe;
use super::workshop::Workshop;
use super::workshop::hands;
use super::workshop::until;
use crate::driver::Answer;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::HttpTask;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::Outcome;
use crate::driver::Probe;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::tests::http::server::Server;
use crate::model::Millis;

fn get(url: String) -> HttpTask {
    HttpTask {
        method: "GET".to_owned(),
        url,
        headers: Vec::new(),
        body: None,
        body_from: None,
        expect_status: Vec::new(),
        expect_body: None,
        redirects: 0,
        ca: None,
    }
}

fn post(url: String) -> HttpTask {
    HttpTask { method: "POST".to_owned(), body: Some("{\"go\":1}".to_owned()), ..get(url) }
}

fn request(step: &str, task: HttpTask) -> Job {
    Job { task: Task::Http(task), timeout: Millis(20_000), ..job(step, "") }
}

fn asks(task: HttpTask) -> Probe {
    Probe { ask: Box::new(Task::Http(task)), ..probe("") }
}

async fn came(task: HttpTask) -> Outcome {
    Workshop::new().act(&request("web/call@ansan", task)).await
}

fn unexpected(outcome: &Outcome) -> &str {
    let End::Unexpected(what) = &outcome.end else { panic!("{outcome:?}") };
    what
}

fn unreachable(outcome: &Outcome) -> &str {
    let End::Unreachable(why) = &outcome.end else { panic!("{outcome:?}") };
    why
}

fn lost(outcome: &Outcome) -> &str {
    let End::Lost(why) = &outcome.end else { panic!("{outcome:?}") };
    why
}

#[tokio::test]
async fn what_is_expected_is_done_and_all_else_is_told_by_its_status() {
    let server = Server::plain().await;
    let outcome = came(post(server.url("/echo"))).await;
    assert_eq!(outcome.end, End::Ok);
    let sent = &server.got()[0];
    assert!(sent.starts_with("POST /echo HTTP/1.1\r\n") && sent.ends_with("\r\n\r\n{\"go\":1}"), "{sent}");
    assert!(sent.contains("user-agent: bonghwa/"), "{sent}");

    let wants = |path: &str, status: &[u16], body: Option<&str>| HttpTask {
        expect_status: status.to_vec(),
        expect_body: body.map(str::to_owned),
        ..get(server.url(path))
    };
    for (task, end) in [
        (wants("/ok", &[], Some("ready")), None),
        (wants("/404", &[200, 404], None), None),
        (wants("/terse", &[], None), None),
        (wants("/once", &[302], None), None),
        (wants("/old", &[], Some("ready at last\n")), None),
        (HttpTask { method: "HEAD".to_owned(), ..get(server.url("/terse")) }, None),
        (wants("/404", &[], None), Some("status 404 Not Found, where any 2xx means success")),
        (wants("/ok", &[201, 202], None), Some("status 200 OK, where 201 or 202 means success")),
        (wants("/ok", &[], Some("steady")), Some("status 200 OK, and the body does not hold \"steady\"")),
        (wants("/599", &[], None), Some("status 599, where any 2xx means success")),
        (wants("/502", &[], None), Some("status 502 Bad Gateway, where any 2xx means success")),
    ] {
        let outcome = came(task.clone()).await;
        match end {
            None => assert_eq!(outcome.end, End::Ok, "{task:?}"),
            Some(what) => assert_eq!(unexpected(&outcome), what),
        }
    }
    // The beginning of what it said stands beside it, and is safe to show.
    let outcome = came(get(server.url("/404"))).await;
    assert_eq!(outcome.said.head, "^Gno such thing\n");
    assert_eq!(came(get(server.url("/colours"))).await.said.head, "^[[31mred^[[0m^G");
    let gateway = came(post(server.url("/504"))).await;
    assert!(unexpected(&gateway).ends_with("a gateway says so, and behind it it may have been done"), "{gateway:?}");
}

#[tokio::test]
async fn what_was_never_sent_changed_nothing() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = came(post(format!("http://127.0.0.1:{port}/x"))).await;
    let why = format!("127.0.0.1:{port} refused the connection: nothing listens there");
    assert_eq!(unreachable(&outcome), why);
    let outcome = came(post("http://no-such-name.invalid/x".to_owned())).await;
    assert!(unreachable(&outcome).starts_with("no-such-name.invalid can't be resolved: "), "{outcome:?}");
    let outcome = came(HttpTask { method: "FETCH IT".to_owned(), ..get("http://127.0.0.1/".to_owned()) }).await;
    assert!(matches!(&outcome.end, End::CouldNotStart(why) if why.contains("is no method")), "{outcome:?}");
    let outcome = came(get("ftp://127.0.0.1/".to_owned())).await;
    assert!(matches!(&outcome.end, End::CouldNotStart(why) if why.contains("neither")), "{outcome:?}");
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_in_doubt_unless_it_changes_nothing() {
    let server = Server::plain().await;
    let quick = |task| Job { timeout: Millis(500), ..request("web/call@ansan", task) };
    for (path, why) in [
        ("/stuck-head", "it was sent, and no answer came within 500ms"),
        ("/stuck-body", "status 200 OK came, and the body did not end within 500ms"),
        ("/cut", "status 200 OK came, and the body broke off: "),
        ("/close", "it was sent, and no full answer came: "),
        ("/garbage", "it was sent, and no full answer came: "),
    ] {
        let start = Instant::now();
        let outcome = Workshop::new().act(&quick(post(server.url(path)))).await;
        assert!(lost(&outcome).starts_with(why), "{path}: {outcome:?}");
        assert!(start.elapsed() < Duration::from_secs(10), "{path}");
        let outcome = Workshop::new().act(&quick(get(server.url(path)))).await;
        assert!(unreachable(&outcome).starts_with(why), "{path}: {outcome:?}");
    }
    let half = Workshop::new().act(&quick(post(server.url("/stuck-body")))).await;
    assert_eq!(half.said.head, "half of");
    // Its status says that it failed, whatever becomes of its words.
    let outcome = Workshop::new().act(&quick(post(server.url("/stuck-words")))).await;
    assert!(unexpected(&outcome).starts_with("status 503 Service Unavailable"), "{outcome:?}");
    assert_eq!(outcome.said.head, "busy: ");
}

#[tokio::test]
async fn an_endless_answer_takes_no_more_memory_than_a_short_one() {
    let server = Server::plain().await;
    let before = most_resident();
    let big = HttpTask { expect_body: Some("xthe end".to_owned()), ..get(server.url("/big?300")) };
    let job = Job { output_bytes: 4_096, timeout: Millis(300_000), ..request("web/call@ansan", big) };
    let outcome = Workshop::new().act(&job).await;
    assert_eq!(outcome.end, End::Ok);
    assert_eq!(outcome.said.head.len() + outcome.said.tail.len(), 4_096);
    assert!(outcome.said.tail.ends_with("xthe end"));
    assert_eq!(outcome.said.dropped_bytes, 300 * 1_048_576 + 7 - 4_096);
    let more = most_resident() - before;
    assert!(more < 32 * 1_024, "{more} kB more");
}

#[tokio::test]
async fn a_request_goes_out_once_for_each_key_and_is_found_again() {
    let server = Server::plain().await;
    let shop = Workshop::new();
    let job = request("web/call@ansan", post(server.url("/slow")));
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::NeverBegun);
    assert_eq!(shop.hands.kill(job.clone()).await, Killed::Dead);
    // Whoever waits is gone; the request goes on.
    tokio::select! {
        outcome = shop.act(&job) => panic!("{outcome:?}"),
        () = until("it was sent", || !server.got().is_empty()) => {}
    }
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::Alive);
    // It ends in time, and still nobody can say that it was ended.
    assert!(matches!(shop.hands.kill(job.clone()).await, Killed::NotConfirmed(_)));
    let outcome = shop.act(&job).await;
    assert_eq!((outcome.end.clone(), outcome.said.head.as_str()), (End::Ok, "slow, and done"));
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::Ended(outcome.clone()));
    // The same from another process, by what is on the disk.
    let others = hands(shop.path(), &[]);
    assert_eq!(others.inquire(job.clone()).await, Found::Ended(outcome.clone()));
    assert_eq!(others.act(job.clone(), Told::nobody()).await, outcome);
    assert_eq!(server.got().len(), 1);
    others.forget(&job.key).unwrap();
    assert_eq!(others.inquire(job).await, Found::NeverBegun);
}

#[tokio::test]
async fn a_request_whose_sender_died_is_in_doubt_or_sent_anew_where_that_is_safe() {
    let server = Server::plain().await;
    let shop = Workshop::new();
    for (task, repeatable, found) in [
        (post(server.url("/ok")), false, "unknown"),
        (post(server.url("/ok")), true, "gone"),
        (get(server.url("/ok")), false, "alive"),
    ] {
        let job = Job { repeatable, ..request(&format!("web/{found}@ansan"), task) };
        // As it stands there when the process died after it was sent.
        std::fs::create_dir_all(shop.record(&job)).unwrap();
        std::fs::write(shop.record(&job).join("sent"), "").unwrap();
        let before = server.got().len();
        let word = match shop.hands.inquire(job.clone()).await {
            Found::Alive => "alive",
            Found::Gone => "gone",
            Found::Unknown(_) => "unknown",
            other @ (Found::Ended(_) | Found::NeverBegun) => panic!("{other:?}"),
        };
        assert_eq!(word, found);
        let killed = shop.hands.kill(job.clone()).await;
        let outcome = shop.hands.adopt(job, Told::nobody()).await;
        if found == "alive" {
            assert_eq!((killed, outcome.end), (Killed::Dead, End::Ok));
        } else {
            assert!(matches!(killed, Killed::NotConfirmed(_)));
            assert_eq!(lost(&outcome), "the request was sent, and whether it was done can't be asked");
        }
        assert_eq!(server.got().len() - before, usize::from(found == "alive"));
    }
    let never = request("web/never@ansan", post(server.url("/ok")));
    let outcome = shop.hands.adopt(never, Told::nobody()).await;
    assert_eq!(outcome.end, End::CouldNotStart("it was never begun".to_owned()));
}

#[tokio::test]
async fn a_question_by_http_has_three_answers_and_is_never_in_doubt() {
    let server = Server::plain().await;
    let shop = Workshop::new();
    let job = Job { timeout: Millis(400), ..request("web/start@ansan", get(server.url("/ok"))) };
    let ask = async |task| shop.hands.ask(job.clone(), asks(task)).await;
    let says = |text: &str| Probe { expect_output: Some(text.to_owned()), ..asks(get(server.url("/ok"))) };
    assert!(matches!(ask(get(server.url("/ok"))).await, Answer::Yes { said, .. } if said.head == "ready\n"));
    assert!(shop.hands.ask(job.clone(), says("ready")).await.is_yes());
    assert!(matches!(shop.hands.ask(job.clone(), says("primary")).await, Answer::No { .. }));
    let no = ask(get(server.url("/404"))).await;
    let expected = "status 404 Not Found, where any 2xx means success\n^Gno such thing\n";
    assert!(matches!(&no, Answer::No { said, .. } if said.head == expected), "{no:?}");
    for path in ["/stuck-head", "/cut", "/close"] {
        let answer = ask(post(server.url(path))).await;
        assert!(matches!(answer, Answer::Unknown { .. }), "{path}: {answer:?}");
    }
    // No, no, yes, yes.
    let fresh = Server::plain().await;
    let waits = Probe { times: 2, within: Some(Millis(20_000)), ..asks(get(fresh.url("/third"))) };
    let patient = Job { task: Task::Wait(waits), ..request("web/healthy@ansan", get(String::new())) };
    let outcome = shop.act(&patient).await;
    assert_eq!((outcome.end, outcome.said.head.as_str()), (End::Ok, "try 4"));
    assert!(!shop.path().join("records").exists());
}

#[tokio::test]
async fn a_message_goes_to_a_webhook_as_json() {
    let server = Server::plain().await;
    let (hook, bad) = (server.url("/ok?key=c4nary-of-the-hook"), server.url("/500?key=c4nary-of-the-hook"));
    let shop = Workshop::with(&[("HOOK", &hook), ("BAD", &bad), ("WORD", "c4nary-alone")]);
    let tell = |via: &str| Job {
        task: Task::Notify { message: "판교 is \"lost\"\n".to_owned(), via: via.to_owned() },
        ..job(&format!("notify {via}"), "")
    };
    assert_eq!(shop.act(&tell("webhook env:HOOK")).await.end, End::Ok);
    let sent = &server.got()[0];
    assert!(sent.starts_with("POST /ok?key=") && sent.contains("content-type: application/json"), "{sent}");
    assert!(sent.ends_with("\r\n\r\n{\"text\":\"판교 is \\\"lost\\\"\\n\"}"), "{sent}");
    let outcome = shop.act(&tell("webhook env:BAD")).await;
    assert!(unexpected(&outcome).starts_with("status 500 Internal Server Error"), "{outcome:?}");
    let outcome = shop.act(&tell("webhook env:WORD")).await;
    let End::CouldNotStart(why) = &outcome.end else { panic!("{outcome:?}") };
    assert!(why.starts_with("what env:WORD holds is no address") && !why.contains("c4nary"), "{why}");
    assert!(
        matches!(shop.act(&tell("webhook env:NONE")).await.end, End::CouldNotStart(why) if why.contains("env:NONE"))
    );
}

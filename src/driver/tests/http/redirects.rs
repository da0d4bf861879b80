//! Redirects: not followed unless asked, never in a circle, and never with secrets to somebody else.

use super::came;
use super::get;
use super::lost;
use super::post;
use super::request;
use super::server::Server;
use super::unexpected;
use super::unreachable;
use crate::driver::End;
use crate::driver::HttpTask;
use crate::driver::tests::workshop::Workshop;

fn following(redirects: u32, task: HttpTask) -> HttpTask {
    HttpTask { redirects, ..task }
}

#[tokio::test]
async fn a_redirect_is_followed_only_where_it_is_allowed() {
    let server = Server::plain().await;
    let outcome = came(get(server.url("/once"))).await;
    let expected = "status 302 Found, where any 2xx means success; it points to ok, and a redirect is followed only \
                    where `redirects` allows it";
    assert_eq!(unexpected(&outcome), expected);
    assert_eq!(server.got().len(), 1);
    let outcome = came(following(1, get(server.url("/once")))).await;
    assert_eq!((outcome.end, outcome.said.head.as_str()), (End::Ok, "ready\n"));
    let before = server.got().len();
    let outcome = came(following(3, get(server.url("/loop")))).await;
    assert_eq!(unexpected(&outcome), "more than 3 redirects");
    assert_eq!(server.got().len() - before, 4);
}

#[tokio::test]
async fn what_was_posted_is_repeated_only_where_the_server_asks_for_that() {
    let server = Server::plain().await;
    assert_eq!(came(following(1, post(server.url("/see")))).await.end, End::Ok);
    assert_eq!(came(following(1, post(server.url("/keep")))).await.end, End::Ok);
    let got = server.got();
    assert!(got[1].starts_with("GET /echo") && !got[1].contains("{\"go\""), "{}", got[1]);
    assert!(got[3].starts_with("POST /echo") && got[3].ends_with("{\"go\":1}"), "{}", got[3]);
    // It was done, and what came of it is not known.
    let outcome = came(following(1, post(server.url("/see-cut")))).await;
    assert!(lost(&outcome).starts_with("it was sent"), "{outcome:?}");
}

#[tokio::test]
async fn nobody_is_followed_out_of_http() {
    let server = Server::plain().await;
    for (there, why) in [
        ("ftp://127.0.0.1/x", "it points to ftp, which is not followed"),
        ("file:///etc/passwd", "it points to file, which is not followed"),
        ("http://[", "it points to what is no address"),
    ] {
        let outcome = came(following(2, get(server.url(&format!("/away?{there}"))))).await;
        assert!(unexpected(&outcome).ends_with(why), "{outcome:?}");
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = came(following(2, post(server.url(&format!("/away?http://127.0.0.1:{port}/x"))))).await;
    assert_eq!(
        unreachable(&outcome),
        format!("127.0.0.1:{port} (by a redirect) refused the connection: nothing listens there")
    );
}

#[tokio::test]
async fn secrets_stay_with_the_origin_that_they_were_written_for() {
    let (server, other) = (Server::plain().await, Server::plain().await);
    let shop = Workshop::with(&[("TOKEN", "Bearer c4nary-token"), ("BODY", "{\"key\":\"c4nary-in-the-body\"}")]);
    let headers = vec![
        ("Authorization".to_owned(), "env:TOKEN".to_owned()),
        ("X-Own-Key".to_owned(), "env:TOKEN".to_owned()),
        ("X-Site".to_owned(), "pangyo".to_owned()),
    ];
    let go = |to: &str| HttpTask { headers: headers.clone(), redirects: 2, ..post(to.to_owned()) };
    assert_eq!(shop.act(&request("web/same@ansan", go(&server.url("/keep")))).await.end, End::Ok);
    assert_eq!(server.got()[1].matches("c4nary-token").count(), 2);
    let away = server.url(&format!("/away?http://user:pass@127.0.0.1:{}/echo", other.port));
    assert_eq!(shop.act(&request("web/away@ansan", go(&away))).await.end, End::Ok);
    let got = &other.got()[0];
    assert!(got.contains("x-site: pangyo") && got.ends_with("{\"go\":1}"), "{got}");
    assert!(!got.contains("c4nary") && !got.to_lowercase().contains("authorization"), "{got}");
    let secret = HttpTask { body: None, body_from: Some("env:BODY".to_owned()), ..go(&away) };
    let outcome = shop.act(&request("web/body@ansan", secret)).await;
    assert!(unexpected(&outcome).ends_with("which must not get what is secret in the body"), "{outcome:?}");
    assert_eq!(other.got().len(), 1);
}

//! Canaries in headers, bodies and addresses: the server says them all again, and they are nowhere.

use super::asks;
use super::get;
use super::post;
use super::request;
use super::server::Server;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::HttpTask;
use crate::driver::Job;
use crate::driver::Task;
use crate::driver::tests::job;
use crate::driver::tests::secrets::leaks;
use crate::driver::tests::workshop::Workshop;

#[tokio::test]
async fn what_a_server_says_again_is_masked_everywhere() {
    let server = Server::plain().await;
    let hook = server.url("/echo/c4nary-in-the-path");
    let away = server.url("/away?/c4nary-in-the-path");
    let shop = Workshop::with(&[
        ("TOKEN", "Bearer c4nary-token"),
        ("BODY", "{\n \"key\": \"c4nary-in-the-body\"\n}"),
        ("HOOK", &hook),
        ("AWAY", &away),
    ]);
    let task = |path: &str| HttpTask {
        headers: vec![("Authorization".to_owned(), "env:TOKEN".to_owned())],
        body: None,
        body_from: Some("env:BODY".to_owned()),
        ..post(server.url(path))
    };
    let outcome = shop.act(&request("web/echo@ansan", task("/echo"))).await;
    assert_eq!(outcome.end, End::Ok);
    assert!(server.got()[0].contains("c4nary-token") && server.got()[0].contains("c4nary-in-the-body"));
    assert!(outcome.said.head.contains("authorization: ***\n"), "{outcome:?}");
    let mut told = vec![format!("{outcome:?}")];
    // A part of a secret alone, in a status that is not expected, and in where a redirect points to.
    for path in ["/404%20c4nary-token", "/away?c4nary-token", "/away?http://c4nary-token.example/", "/cut"] {
        told.push(format!("{:?}", shop.act(&request(&format!("web{path}"), task(path))).await));
        told.push(format!("{:?}", shop.hands.ask(request("web/ask", task(path)), asks(task(path))).await));
    }
    for hook in ["env:HOOK", "env:AWAY"] {
        let message = Task::Notify { message: "lost".to_owned(), via: format!("webhook {hook}") };
        let step = format!("notify {hook}");
        told.push(format!("{:?}", shop.act(&Job { task: message, ..job(&step, "") }).await));
    }
    for text in &told {
        assert!(!text.contains("c4nary"), "{text}");
    }
    assert_eq!(leaks(shop.path()), [""; 0]);
    assert!(shop.path().join("records").exists());
    assert!(!format!("{:?}", shop.hands).contains("c4nary"));
}

#[tokio::test]
async fn what_has_no_value_or_cannot_be_a_header_is_named_and_nothing_is_sent() {
    let server = Server::plain().await;
    let shop = Workshop::with(&[("LINES", "c4nary-a\r\nX-Evil: 1")]);
    for (name, value, told) in [
        ("X-Key", "env:NOBODY", "env:NOBODY"),
        ("X-Key", "env:LINES", "line end"),
        ("X Key", "a", "no name of a header"),
    ] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let outcome = shop.act(&request("web/call@ansan", HttpTask { headers, ..get(server.url("/ok")) })).await;
        let End::CouldNotStart(why) = &outcome.end else { panic!("{outcome:?}") };
        assert!(why.contains(told) && !why.contains("c4nary"), "{why}");
    }
    assert!(server.got().is_empty());
}

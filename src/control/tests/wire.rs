//! Lines: what they look like, and what is none.

use expect_test::expect;

use crate::control::Answer;
use crate::control::Refusal;
use crate::control::Request;
use crate::control::wire::LINE_BYTES_MAX;
use crate::run::Command;
use crate::run::No;

#[test]
fn a_line_asks_and_a_line_answers() {
    let request = Request::new(Command::MarkDone { step: "db/promote@ansan".into() }, "by hand");
    let line = String::from_utf8(request.line().unwrap()).unwrap();
    expect![[r#"
        {"version":1,"command":{"mark-done":{"step":"db/promote@ansan"}},"reason":"by hand"}
    "#]]
    .assert_eq(&line);
    assert_eq!(Request::read(line.as_bytes()), Ok(request));

    let answer = Answer::No(No::NotAsked { what: "approval:start".into(), state: "open".into() });
    let line = String::from_utf8(answer.line()).unwrap();
    expect![[r#"
        {"no":{"not-asked":{"what":"approval:start","state":"open"}}}
    "#]]
    .assert_eq(&line);
    assert_eq!(Answer::read(line.as_bytes()), Some(answer));
}

#[test]
fn a_newer_version_is_refused_whatever_else_it_says() {
    let refusal = Request::read(b"{\"version\":2,\"wish\":[{\"a\":1}]}\n").unwrap_err();
    assert!(matches!(refusal, Refusal::Newer { known: 1, .. }), "{refusal:?}");
}

#[test]
fn half_a_line_is_no_command() {
    let whole = Request::new(Command::Cancel, "").line().unwrap();
    for end in 0..whole.len() {
        assert!(matches!(Request::read(&whole[..end]), Err(Refusal::Garbled { .. })), "{end}");
    }
    for garbage in [&b"\n"[..], b"{}\n", b"\xff\xfe\n", b"{\"version\":-1}\n", b"{\"version\":1,\"command\":\"go\"}\n"]
    {
        assert!(matches!(Request::read(garbage), Err(Refusal::Garbled { .. })), "{garbage:?}");
    }
    let deep = format!("{{\"version\":1,\"command\":{}\n", "[".repeat(60_000));
    assert!(matches!(Request::read(deep.as_bytes()), Err(Refusal::Garbled { .. })));
    assert_eq!(Answer::read(b"{\"done\"}\n"), None);
    assert_eq!(Answer::read(b"\"done\""), None);
}

#[test]
fn a_long_reason_is_not_sent() {
    assert!(Request::new(Command::Hold, "x".repeat(LINE_BYTES_MAX - 100)).line().is_ok());
    assert!(Request::new(Command::Hold, "x".repeat(LINE_BYTES_MAX)).line().is_err());
    let mut line = vec![b' '; LINE_BYTES_MAX];
    line.push(b'\n');
    assert!(matches!(Request::read(&line), Err(Refusal::TooLong { .. })));
}

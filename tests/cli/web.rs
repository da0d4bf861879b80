//! An estate whose steps are requests, carried out against a server of the test: what it gets, what is told, and that no
//! secret is left anywhere.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

use bonghwa::run::Event;
use expect_test::expect;

use crate::run::Test;
use crate::small::Small;

const SETTINGS: &str = r#"
[project]
title = "Web"
timezone = "Asia/Seoul"
[orchestrator]
copies-at = ["south"]
"#;

const TOPOLOGY: &str = r#"
[[tier]]
id = "lifeline"
rto = "10m"
rpo = "0s"
[site.north]
kind = "datacenter"
capacity = { cores = 100 }
[site.south]
kind = "datacenter"
capacity = { cores = 100 }
[service.chat]
tier = "lifeline"
owner = "talk"
kind = "stateless"
load = { cores = 1 }
[service.chat.at.north]
role = "active"
hosts = "n-chat-1"
max-load = { cores = 2 }
[service.text]
tier = "lifeline"
owner = "talk"
kind = "stateless"
load = { cores = 20 }
[service.text.at.north]
role = "active"
hosts = "n-text-1"
max-load = { cores = 30 }
[service.text.at.south]
role = "warm"
hosts = "s-text-1"
max-load = { cores = 30 }
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "text"
owner = "talk"
[[failover]]
id = "tell"
phase = "prepare"
on = "operator"
notify = { message = "Text goes to {{ target }}", webhook = "file:SECRETS/hook" }
uses = ["chat"]
[[failover]]
id = "start"
phase = "start"
http = { url = "http://SERVER/start/{{ service }}?run={{ run }}", method = "POST", headers = { Authorization = "file:SECRETS/token" }, body = '{"at":"{{ target }}"}', expect-status = [200, 202], expect-body = "you said" }
done-if = { http = { url = "http://SERVER/state", headers = { Authorization = "file:SECRETS/token" } }, expect-output = "serving" }
[[failover]]
id = "ready"
phase = "verify"
wait = { http = "http://SERVER/health", within = "30s", times = 2 }
"#;

/// What the server was asked, in order.
type Got = Arc<Mutex<Vec<String>>>;

/// A server that says all that it hears again, is well only when asked for the second time, and takes no messages.
fn server() -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let got = Got::default();
    let all = Arc::clone(&got);
    thread::spawn(move || {
        for stream in listener.incoming() {
            // Whoever hangs up wants no answer.
            drop(stream.and_then(|stream| answer(stream, &all)));
        }
    });
    (address, got)
}

fn answer(mut stream: TcpStream, got: &Got) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk)?;
        request.extend(&chunk[..read]);
        let text = String::from_utf8_lossy(&request);
        let length = text.to_lowercase().split_once("content-length: ").map(|(_, rest)| {
            rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>().unwrap_or(0)
        });
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if read == 0 || body.is_some_and(|body| body >= length.unwrap_or(0)) {
            break;
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let asked = {
        let mut got = got.lock().expect("nobody panicked");
        got.push(request.clone());
        got.iter().filter(|other| other.split(' ').nth(1) == request.split(' ').nth(1)).count()
    };
    let status = match request.split(' ').nth(1).unwrap_or_default() {
        "/health" if asked < 2 => "503 Not yet",
        path if path.starts_with("/hook") => "500 No",
        _ => "200 OK",
    };
    let body = format!("you said {{{{ {request}");
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.file_type().expect("a type").is_dir() {
            found.extend(files_with(&entry.path(), text));
        } else if String::from_utf8_lossy(&fs::read(entry.path()).unwrap_or_default()).contains(text) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

#[test]
fn an_estate_whose_steps_are_requests_comes_to_its_end() {
    let (address, got) = server();
    let test = Test::new();
    let secrets = test.path().join("secrets").display().to_string();
    let runbook = RUNBOOK.replace("SERVER", &address).replace("SECRETS", &secrets);
    let test = test
        .file("bonghwa.toml", SETTINGS)
        .file("topology/all.toml", TOPOLOGY)
        .file("runbooks/text.toml", &runbook)
        .file("secrets/token", "Bearer c4nary-token\n")
        .file("secrets/hook", &format!("http://{address}/hook/c4nary-in-the-path\n"));
    test.run(&["check"]).code(0);
    // The channel of the message is lost: that is said, and nobody is asked for another one.
    let told = test.plan(&["--lost", "north", "-o", "plan.json"]).code(0).out();
    assert!(told.contains("text/tell@south will not get through: it goes by service:chat"), "{told}");
    let shown = test.run(&["run", "plan.json", "--dry-run"]).code(0).out();
    let shown = shown.replace(&address, "SERVER").replace(&secrets, "SECRETS");
    let requests: String = shown
        .lines()
        .filter(|line| line.contains("SE") || line.contains("sends"))
        .map(|line| format!("{}\n", line.trim()))
        .collect();
    expect![[r#"
        do       tell by webhook file:SECRETS/hook: Text goes to south
        sends POST {"text": the message} as JSON; any 2xx means success
        done if  GET http://SERVER/state
        header Authorization: file:SECRETS/token
        do       POST http://SERVER/start/text?run=RUN
        header Authorization: file:SECRETS/token
        do       GET http://SERVER/health
    "#]]
    .assert_eq(&requests);
    assert!(!shown.contains("break-glass") && !shown.contains("c4nary"), "{shown}");

    let small = Small { test };
    let run = small.start(&["run", "plan.json"]);
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("not as expected: status 500 Internal Server Error"), "{told}");
    assert!(told.contains("NOBODY WAS TOLD, and the run goes on"), "{told}");
    let lines: Vec<String> = got
        .lock()
        .expect("nobody panicked")
        .iter()
        .map(|request| request.lines().next().unwrap_or_default().to_owned())
        .collect();
    let run = small.name();
    let start = format!("POST /start/text?run={run} HTTP/1.1");
    let expected = ["POST /hook/c4nary-in-the-path HTTP/1.1", "GET /state HTTP/1.1", &start];
    assert_eq!(lines[..3], expected.map(str::to_owned));
    assert_eq!(lines[3..], ["GET /health HTTP/1.1", "GET /health HTTP/1.1", "GET /health HTTP/1.1"]);
    let sent = got.lock().expect("nobody panicked")[2].clone();
    assert!(sent.contains("authorization: Bearer c4nary-token") && sent.ends_with("{\"at\":\"south\"}"), "{sent}");
    assert!(got.lock().expect("nobody panicked")[0].ends_with("{\"text\":\"Text goes to south\"}"));
    small.event("the message", |event| matches!(event, Event::Ended { step, .. } if step == "text/tell@south"));
    let report = small.run(&["report"]).code(0).out();
    assert!(report.contains("message") && report.contains("text/tell@south"), "{report}");
    // In the files that hold the secrets, and nowhere else.
    assert_eq!(files_with(small.test.path(), "c4nary"), ["hook", "token"]);
}

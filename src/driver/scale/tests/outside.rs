//! Capacity that a tool launches: real commands, and requests to a server of the test, through the hands themselves.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Killed;
use crate::driver::Scout;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::scale::tests::task;
use crate::driver::tests::job;
use crate::driver::tests::workshop::Workshop;
use crate::driver::tests::workshop::until;
use crate::model::Millis;
use crate::model::ProviderKind;

fn by(kind: ProviderKind, read: &str, write: &str) -> Job {
    let mut task = task(20);
    task.provider.kind = kind;
    task.provider.read = Some(read.to_owned());
    task.provider.write = Some(write.to_owned());
    task.provider.env = vec![("CLOUD_TOKEN".to_owned(), "env:TOKEN".to_owned())];
    Job { task: Task::Scale(Box::new(task)), ..job("text/launch@tokyo", "") }
}

fn shop() -> Workshop {
    Workshop::with(&[("TOKEN", "t0ps3cret-of-the-cloud")])
}

const READ: &str = "cat {{ service }}.{{ site }}";

#[tokio::test]
async fn a_command_asks_and_another_one_says_when_it_is_there() {
    let shop = shop();
    fs::write(shop.path().join("text.tokyo"), "cores 4\n").unwrap();
    let write = "test \"$CLOUD_TOKEN\" = t0ps3cret-of-the-cloud && echo {{ amounts }} {{ site }} >> log && \
                 echo {{ amounts }} > {{ service }}.{{ site }}";
    let job = by(ProviderKind::Command, READ, write);
    let outcome = shop.act(&job).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::Ended(outcome));
    // Whoever takes over finds it there.
    let again = Job { key: Key { attempt: 2, ..job.key.clone() }, ..job };
    assert_eq!(shop.hands.adopt(again, Told::nobody()).await.end, End::Ok);
    assert_eq!(fs::read_to_string(shop.path().join("log")).unwrap(), "cores=20 tokyo\n");
}

#[tokio::test]
async fn a_command_that_says_no_is_a_no_and_its_secret_is_not_told() {
    let shop = shop();
    fs::write(shop.path().join("text.tokyo"), "cores 4\n").unwrap();
    let no = by(ProviderKind::Command, READ, "echo \"$CLOUD_TOKEN: quota of 16 cores\" >&2; exit 2");
    let why = "asg refuses: `write` ended with exit status: 2: ***: quota of 16 cores; raise the quota or plan again with \
               less; nothing was changed";
    assert_eq!(shop.act(&no).await.end, End::CouldNotStart(why.to_owned()));
    let passing = Job { timeout: Millis(300), ..by(ProviderKind::Command, READ, "echo busy; exit 75") };
    let passing = Job { key: Key { attempt: 2, ..passing.key.clone() }, ..passing };
    let End::Unreachable(why) = shop.act(&passing).await.end else { panic!("that may pass") };
    assert!(why.contains("busy; nobody answered within") && why.contains("nothing was changed"), "{why}");
    let Task::Scale(task) = by(ProviderKind::Command, "echo {{ record }}", "true").task else { unreachable!() };
    let seen = shop.hands.capacity(*task).await;
    assert!(seen.in_service.is_err_and(|why| why.contains("names what has no value: echo {{ record }}")));
    let Task::Scale(task) = by(ProviderKind::Command, READ, "touch asked").task else { unreachable!() };
    let seen = shop.hands.capacity(*task).await;
    assert_eq!((seen.in_service, seen.troubles), (Ok(vec![("cores".to_owned(), 4_000)]), vec![]));
    assert!(!shop.path().join("asked").exists());
}

#[tokio::test]
async fn killed_it_waits_no_longer() {
    let shop = shop();
    fs::write(shop.path().join("text.tokyo"), "cores 4\n").unwrap();
    let job = by(ProviderKind::Command, READ, "touch asked");
    let (hands, begun) = (shop.hands.clone(), job.clone());
    let running = tokio::spawn(async move { hands.act(begun, Told::nobody()).await });
    until("it is asked for", || shop.path().join("asked").exists()).await;
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::Alive);
    assert_eq!(shop.hands.kill(job).await, Killed::Dead);
    assert_eq!(running.await.unwrap().end, End::Killed);
}

/// An API that gives what it is asked for, up to its quota. It keeps what it heard.
fn api(quota: u64) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    thread::spawn(move || {
        let mut cores = 4;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            let body = loop {
                let count = stream.read(&mut buffer).unwrap();
                request.extend(&buffer[..count]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.to_lowercase().lines().find_map(|line| {
                    line.strip_prefix("content-length: ").and_then(|length| length.parse::<usize>().ok())
                });
                if body.len() >= length.unwrap_or(0) || count == 0 {
                    break body.to_owned();
                }
            };
            let first = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
            let is_ours = String::from_utf8_lossy(&request).contains("t0ps3cret-of-the-cloud");
            log.lock().unwrap().push(format!("{first} {}", body.trim()));
            let (status, answer) = if !is_ours {
                ("403 Forbidden", "who are you".to_owned())
            } else if first.starts_with("GET") {
                ("200 OK", format!("cores {cores}\n"))
            } else {
                let wanted = body.trim().strip_prefix("cores ").and_then(|cores| cores.parse::<u64>().ok()).unwrap();
                if wanted > quota {
                    ("422 Unprocessable Content", format!("quota is {quota}"))
                } else {
                    cores = wanted;
                    ("202 Accepted", String::new())
                }
            };
            let length = answer.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (at, heard)
}

#[tokio::test]
async fn an_api_is_asked_and_its_quota_is_told() {
    let shop = shop();
    let (at, heard) = api(30);
    let ways = (format!("{at}/{{{{ service }}}}"), format!("POST {at}/{{{{ site }}}}/wanted"));
    assert_eq!(shop.act(&by(ProviderKind::Http, &ways.0, &ways.1)).await.end, End::Ok);
    let log = ["GET /text HTTP/1.1 ", "POST /tokyo/wanted HTTP/1.1 cores 20", "GET /text HTTP/1.1 "];
    assert_eq!(*heard.lock().unwrap(), log);
    let (at, _) = api(16);
    let job = by(ProviderKind::Http, &at, &at);
    let job = Job { key: Key { attempt: 2, ..job.key.clone() }, ..job };
    let End::CouldNotStart(why) = shop.act(&job).await.end else { panic!("it is refused") };
    assert!(
        why.contains("422") && why.contains("quota is 16; raise the quota") && why.ends_with("nothing was changed"),
        "{why}"
    );
}

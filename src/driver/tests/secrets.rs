//! Canaries: values of secrets that must be in no file, no output and no argument list.

use std::fs;
use std::path::Path;

use super::job;
use super::probe;
use super::workshop::Workshop;
use super::workshop::until;
use crate::driver::Answer;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Job;
use crate::driver::Probe;
use crate::driver::Task;

const CANARY: &str = "c4nary-%\\0052 \"of\" $HOME/+tsig==";
const IN_BASE64: &str = "YzRuYXJ5LSVcMDA1MiAib2YiICRIT01FLyt0c2lnPT0";

fn with_key(line: &str, reference: &str) -> Task {
    Task::Exec { line: line.to_owned(), env: vec![("KEY".to_owned(), reference.to_owned())] }
}

/// Every file below a folder that holds the value, or its base64.
pub(super) fn leaks(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(leaks(&entry.path()));
        } else if kind.is_file() && holds(&fs::read(entry.path()).unwrap_or_default()) {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

fn holds(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.contains(CANARY) || text.contains(IN_BASE64) || text.contains("c4nary")
}

fn argument_lists_that_leak() -> usize {
    let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    all.filter(|process| holds(&fs::read(process.path().join("cmdline")).unwrap_or_default())).count()
}

#[tokio::test]
async fn a_canary_is_nowhere() {
    let shop = Workshop::with(&[("TSIG", CANARY)]);
    let line = "printf '<%s>\\n' \"$KEY\"; printf '%s' \"$KEY\" | base64; env | grep '^KEY=' >&2
        while [ ! -e go ]; do sleep 0.02; done
        printf '%s' \"$KEY\" | od -An -v -to1 | tr -s ' \\n' '\\n\\n' | while read -r byte; do
            [ -z \"$byte\" ] || printf \"\\\\$byte\"
        done; echo";
    let job = Job { task: with_key(line, "env:TSIG"), ..job("web/start@ansan", "") };
    let out = shop.record(&job).join("out.0");
    let watching = async {
        until("it has printed", || fs::read_to_string(&out).is_ok_and(|text| text.lines().count() >= 3)).await;
        assert_eq!(argument_lists_that_leak(), 0);
        assert_eq!(leaks(shop.path()), [""; 0]);
        fs::write(shop.path().join("go"), "").unwrap();
    };
    let (outcome, ()) = tokio::join!(shop.act(&job), watching);
    assert_eq!(outcome.end, End::Ok);
    // The last line was written byte by byte, so it came in many chunks.
    let lines: Vec<&str> = outcome.said.head.lines().collect();
    assert_eq!(lines, ["<***>", "***", "KEY=***", "***"]);
    assert_eq!(leaks(shop.path()), [""; 0]);
    assert!(!format!("{outcome:?} {:?}", shop.hands).contains("c4nary"));
}

#[tokio::test]
async fn what_only_begins_like_a_secret_is_kept() {
    let shop = Workshop::with(&[("TSIG", "abcabcabd")]);
    let line = "printf abcabc; sleep 0.05; printf abca; sleep 0.05; printf bd-abcabcab; sleep 0.05; printf c";
    let job = Job { task: with_key(line, "env:TSIG"), ..job("web/start@ansan", "") };
    assert_eq!(shop.act(&job).await.said.head, "abc***-abcabcabc");
}

#[tokio::test]
async fn all_bytes_pass_beside_a_secret() {
    let shop = Workshop::with(&[("TSIG", "hunter22")]);
    let line = "head -c 300000 /dev/urandom > all; cat all";
    let job = Job { task: with_key(line, "env:TSIG"), output_bytes: 1_000_000, ..job("web/start@ansan", "") };
    assert_eq!(shop.act(&job).await.end, End::Ok);
    let kept = fs::read(shop.record(&job).join("out.0")).unwrap();
    assert!(kept == fs::read(shop.path().join("all")).unwrap());
}

#[tokio::test]
async fn a_reference_without_a_value_is_named_and_nothing_runs() {
    let shop = Workshop::with(&[("OTHER", CANARY)]);
    let job = Job { task: with_key("touch ran", "env:NOBODY"), ..job("web/start@ansan", "") };
    let End::CouldNotStart(why) = shop.act(&job).await.end else { panic!("it started") };
    assert!(why.contains("env:NOBODY") && !why.contains("c4nary"), "{why}");
    assert!(!shop.path().join("ran").exists());
    let asked = Probe { ask: Box::new(with_key("touch ran", "file:/nowhere/key")), ..probe("") };
    let answer = shop.hands.ask(job, asked).await;
    assert!(matches!(&answer, Answer::Unknown { reason, .. } if reason.contains("file:/nowhere/key")), "{answer:?}");
    assert!(!shop.path().join("ran").exists());
}

#[tokio::test]
async fn a_question_is_masked_too_also_where_it_is_cut() {
    let shop = Workshop::with(&[("TSIG", CANARY)]);
    for room in 0..60 {
        let line = format!("printf '%{room}s' ''; for i in 1 2 3 4 5 6 7 8 9; do printf '%s' \"$KEY\"; done");
        let asked = Probe { ask: Box::new(with_key(&line, "env:TSIG")), ..probe("") };
        let job = Job { output_bytes: 100, ..job("web/start@ansan", "") };
        let Answer::Yes { said, .. } = shop.hands.ask(job, asked).await else { panic!("no answer") };
        let all = format!("{}|{}", said.head, said.tail);
        assert!(all.bytes().all(|byte| b" *|".contains(&byte)), "{room}: {all:?}");
    }
}

//! Commands on this machine: how they end, what they say, and what of it is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::Mutex;

use super::job;
use super::provider;
use super::workshop::Workshop;
use super::workshop::until;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::News;
use crate::driver::Said;
use crate::driver::ScaleTask;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::can_do;
use crate::model::ProviderKind;

#[tokio::test]
async fn a_command_ends_as_it_ends() {
    for (line, end, said) in [
        ("echo it is done", End::Ok, "it is done\n"),
        ("echo out; echo err >&2; exit 3", End::Exit(3), "out\nerr\n"),
        ("kill -TERM $$", End::Signal(15), ""),
        ("kill -KILL $$", End::Signal(9), ""),
        ("nobody-knows-this-command", End::Exit(127), ""),
        ("cat; echo the input is empty", End::Ok, "the input is empty\n"),
        ("printf '\\033[31mred\\007'", End::Ok, "^[[31mred^G"),
        ("pwd | grep -c /", End::Ok, "1\n"),
        ("if", End::Exit(2), ""),
    ] {
        let (shop, job) = (Workshop::new(), job("web/start@ansan", line));
        let outcome = shop.act(&job).await;
        assert_eq!(outcome.end, end, "{line}");
        assert!(said.is_empty() || outcome.said == Said::just(said), "{line}: {:?}", outcome.said);
        assert_eq!(shop.hands.inquire(job).await, Found::Ended(outcome), "{line}");
    }
}

#[tokio::test]
async fn a_key_is_begun_once() {
    let (shop, job) = (Workshop::new(), job("web/start@ansan", "echo once >> ran"));
    assert_eq!(shop.hands.inquire(job.clone()).await, Found::NeverBegun);
    assert!(shop.hands.adopt(job.clone(), Told::nobody()).await.end.changed_nothing());
    let both = tokio::join!(shop.act(&job), shop.act(&job));
    assert_eq!((both.0.end, both.1.end), (End::Ok, End::Ok));
    assert_eq!(shop.act(&job).await.end, End::Ok);
    assert_eq!(fs::read_to_string(shop.path().join("ran")).unwrap(), "once\n");
    let again = Job { key: crate::driver::Key { attempt: 2, ..job.key.clone() }, ..job };
    assert_eq!(shop.act(&again).await.end, End::Ok);
    assert_eq!(fs::read_to_string(shop.path().join("ran")).unwrap(), "once\nonce\n");
}

#[tokio::test]
async fn the_record_is_private_and_goes_when_it_is_told_to() {
    let (shop, job) = (Workshop::new(), job("web/start@ansan", "true"));
    assert_eq!(shop.act(&job).await.end, End::Ok);
    for folder in [shop.path().join("records"), shop.record(&job)] {
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
    for file in fs::read_dir(shop.record(&job)).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
    }
    shop.hands.forget(&job.key).unwrap();
    shop.hands.forget(&job.key).unwrap();
    assert!(!shop.record(&job).exists());
    assert_eq!(shop.hands.inquire(job).await, Found::NeverBegun);
}

#[tokio::test]
async fn eight_megabytes_are_read_and_the_middle_is_dropped() {
    const ALL: u64 = 8 * 1024 * 1024;
    let line = format!("echo begin >&2; head -c {ALL} /dev/zero | tr '\\000' x >&2; echo end >&2; exit 4");
    let (shop, job) = (Workshop::new(), Job { output_bytes: 10_000, ..job("web/start@ansan", &line) });
    let outcome = shop.act(&job).await;
    assert_eq!(outcome.end, End::Exit(4));
    let Said { head, tail, dropped_bytes } = outcome.said;
    assert!(head.starts_with("begin\nxxx") && tail.ends_with("xxxend\n"));
    assert_eq!((head.len(), tail.len()), (5_000, 5_000));
    assert_eq!(dropped_bytes, ALL + 10 - 10_000);
    assert!(shop.size(&job) < 1_500_000, "{}", shop.size(&job));
}

#[tokio::test]
async fn output_is_told_while_it_comes() {
    let line = "echo first; while [ ! -e go ]; do sleep 0.02; done; printf 'la'; printf 'st'";
    let (shop, job) = (Workshop::new(), job("web/start@ansan", line));
    let heard = Arc::new(Mutex::new(String::new()));
    let told = Told::to({
        let heard = Arc::clone(&heard);
        move |news| match news {
            News::Output { text, .. } => heard.lock().unwrap().push_str(&text),
            News::Host(host) => panic!("there is no host: {host:?}"),
        }
    });
    let go = shop.path().join("go");
    let acting = shop.hands.act(job, told);
    let watching = async {
        until("the first line is told", || *heard.lock().unwrap() == "first\n").await;
        fs::write(go, "").unwrap();
    };
    let (outcome, ()) = tokio::join!(acting, watching);
    assert_eq!(outcome.end, End::Ok);
    assert_eq!(*heard.lock().unwrap(), "first\nlast");
}

#[tokio::test]
async fn whoever_is_left_behind_holds_nobody_up() {
    let (shop, job) = (Workshop::new(), job("web/start@ansan", "sleep 1000 & echo started"));
    let outcome = shop.act(&job).await;
    assert_eq!((outcome.end, outcome.said), (End::Ok, Said::just("started\n")));
    assert!(!shop.survivors(&job).is_empty());
    assert_eq!(shop.hands.kill(job.clone()).await, crate::driver::Killed::Dead);
    assert_eq!(shop.survivors(&job), [""; 0]);
    assert!(matches!(shop.hands.inquire(job).await, Found::Ended(outcome) if outcome.end == End::Ok));
}

#[tokio::test]
async fn a_message_is_the_input_of_the_command_that_tells_it() {
    let shop = Workshop::new();
    let tell = |via: &str| Job {
        task: Task::Notify { message: "판교 is lost; $HOME\n".to_owned(), via: via.to_owned() },
        ..job("notify", "")
    };
    let outcome = shop.act(&tell("command cat; echo told")).await;
    assert_eq!((outcome.end, outcome.said), (End::Ok, Said::just("판교 is lost; $HOME\ntold\n")));
}

#[tokio::test]
async fn what_nobody_can_do_yet_is_refused_and_leaves_nothing() {
    let shop = Workshop::new();
    let provider = provider("lb", ProviderKind::Haproxy);
    let (service, site) = ("web".to_owned(), "tokyo".to_owned());
    let launch = Task::Scale(Box::new(ScaleTask { provider, service, site, to: vec![("cores".to_owned(), 1)] }));
    let launch_job = Job { task: launch, ..job("web/start@ansan", "") };
    assert!(can_do(&launch_job.task).is_err());
    assert!(matches!(shop.act(&launch_job).await.end, End::Refused(_)));
    assert_eq!(shop.hands.inquire(launch_job.clone()).await, Found::NeverBegun);
    assert!(!shop.path().join("records").exists());
    let blocked = job("web/stop@ansan", "true");
    fs::write(shop.path().join("records"), "a file stands where the folder should be").unwrap();
    assert!(matches!(shop.act(&blocked).await.end, End::CouldNotStart(why) if why.contains("record")));
}

//! Routes that a tool keeps and somebody else sees: real commands over two files, what an appliance believes and what
//! counts, and requests to servers of the test.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::driver::End;
use crate::driver::RouteSeen;
use crate::driver::RouteTask;
use crate::driver::route::Routes;
use crate::driver::route::outside::Outside;
use crate::driver::route::tests::outside::api;
use crate::driver::route::tests::outside::by;
use crate::driver::route::tests::outside::exec;
use crate::driver::route::tests::outside::go;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderKind;

const HALF: &str = "ansan 50\npangyo 50\n";

/// An appliance that believes what stands in one file, where what counts stands in another.
fn appliance(folder: &Path, write: &str, look: Option<&str>) -> RouteTask {
    fs::write(folder.join("text"), HALF).unwrap();
    fs::write(folder.join("live"), HALF).unwrap();
    let mut task = by(ProviderKind::Command, "cat {{ record }}", write);
    task.provider.look = look.map(str::to_owned);
    task
}

/// It believes what it is told, and does nothing.
const LIES: &str = "echo {{ shares }} > {{ record }}";
const DOES: &str = "echo {{ shares }} > {{ record }}; echo {{ shares }} > live";
const LOOK: &str = "echo {{ record }} >> looked; cat live";

#[tokio::test]
async fn a_keeper_that_lies_is_found_by_who_looks_and_by_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    let alone = go(&appliance(folder.path(), LIES, None), &exec).await;
    assert_eq!(alone.end, End::Ok, "what lies can't be found by asking it: {alone:?}");

    let lying = go(&appliance(folder.path(), LIES, Some(LOOK)), &exec).await;
    let End::Unexpected(why) = &lying.end else { panic!("{lying:?}") };
    assert!(why.starts_with("`look` of p says that text leads to ansan 500 (ansan)"), "{why}");
    assert!(why.contains("which is not what was written"), "{why}");
    // It was found at the first stage, so that nobody else was moved.
    assert_eq!(fs::read_to_string(folder.path().join("text")).unwrap(), "ansan=45 pangyo=45 tokyo=10\n");

    fs::remove_file(folder.path().join("looked")).unwrap();
    let honest = go(&appliance(folder.path(), DOES, Some(LOOK)), &exec).await;
    assert_eq!(honest.end, End::Ok, "{honest:?}");
    assert_eq!(fs::read_to_string(folder.path().join("live")).unwrap(), "tokyo=100\n");
    let looked = fs::read_to_string(folder.path().join("looked")).unwrap();
    assert!(looked.lines().count() >= 3 && looked.lines().all(|line| line == "text"), "{looked}");

    // What is so already, as its keeper says, is looked at too.
    let task = appliance(folder.path(), DOES, Some(LOOK));
    fs::write(folder.path().join("text"), "tokyo 100\n").unwrap();
    let done = go(&task, &exec).await;
    assert!(matches!(&done.end, End::CouldNotStart(why) if why.starts_with("`look` of p says")), "{done:?}");
}

#[tokio::test]
async fn who_follows_late_is_waited_for_and_who_says_nothing_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    let late = "if test -e seen; then cat text; else touch seen; cat live; fi";
    let outcome = go(&appliance(folder.path(), LIES, Some(late)), &exec).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");

    let told = |outcome: &crate::driver::Outcome, words: &str| {
        let End::Unexpected(why) = &outcome.end else { panic!("{outcome:?}") };
        assert!(why.contains(words), "{why}");
    };
    let gone = go(&appliance(folder.path(), DOES, Some("echo 'no route to probe' >&2; exit 9")), &exec).await;
    told(&gone, "p can't be asked: `look` ended with exit status: 9: no route to probe");
    let odd = go(&appliance(folder.path(), DOES, Some("echo 192.0.2.1")), &exec).await;
    told(&odd, "`look` of p: \"192.0.2.1\" is neither");

    let lags = |look| Outside::new(&appliance(folder.path(), DOES, look), &exec).unwrap().lags(Millis(30_000));
    assert_eq!((lags(Some(LOOK)), lags(None)), (Duration::from_secs(30), Duration::ZERO));
}

#[tokio::test]
async fn who_only_looks_sees_both_or_hears_that_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let routes = Routes::new(exec(folder.path()));
    let task = appliance(folder.path(), DOES, Some(LOOK));
    fs::write(folder.path().join("live"), "pangyo 100\n").unwrap();
    let seen = routes.see(&task).await;
    let shares = |part: &str| vec![(part.to_owned(), Ppm(1_000_000))];
    assert_eq!(seen.read.as_ref().unwrap().shares.len(), 2, "{seen:?}");
    let [(server, Ok(led))] = seen.looks.as_slice() else { panic!("{seen:?}") };
    assert_eq!((server.as_str(), &led.shares), ("`look` of p", &shares("pangyo")));
    assert_eq!((seen.troubles.len(), seen.remarks.len()), (0, 0));

    let RouteSeen { read, looks, troubles, remarks } = routes.see(&appliance(folder.path(), DOES, None)).await;
    assert!(read.is_ok() && looks.is_empty() && troubles.is_empty(), "{looks:?}");
    assert!(remarks[0].starts_with("there is no independent look: what is read back is read from p"), "{remarks:?}");
}

#[tokio::test]
async fn a_look_that_could_not_be_asked_is_told_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    let why = |kind, at: &str, look: &str| {
        let mut task = by(kind, at, at);
        task.provider.look = Some(look.to_owned());
        Outside::new(&task, &exec).err().unwrap_or_default()
    };
    let unknown = why(ProviderKind::Command, "r", "see {{ shares }}");
    assert!(unknown.contains("`look` of the provider p names what has no value"), "{unknown}");
    let scheme = why(ProviderKind::Http, "http://x/", "ftp://x/");
    assert!(scheme.contains("begins neither with http://"), "{scheme}");
    assert_eq!(why(ProviderKind::Http, "http://x/", "https://probe.example/{{ record }}"), "");
}

#[tokio::test]
async fn headers_go_to_the_keeper_and_to_no_probe() {
    let folder = tempfile::tempdir().unwrap();
    let exec = exec(folder.path());
    let (keeper, asked) = api(204);
    let (probe, asked_of_probe) = api(204);
    let by_look = |look: String| {
        let page = format!("{keeper}/pools/{{{{ record }}}}");
        let mut task = by(ProviderKind::Http, &page, &page);
        task.provider.look = Some(look);
        task.provider.env = vec![("X_Token".to_owned(), "env:LB_TOKEN".to_owned())];
        task
    };
    // This probe never follows.
    let lying = go(&by_look(format!("{probe}/{{{{ record }}}}")), &exec).await;
    assert!(matches!(&lying.end, End::Unexpected(why) if why.starts_with("`look` of p says")), "{lying:?}");
    let heads = asked_of_probe.lock().unwrap().clone();
    assert!(!heads.is_empty() && heads.iter().all(|head| head.starts_with("GET /text HTTP/1.1")), "{heads:?}");
    assert!(heads.iter().all(|head| !head.to_lowercase().contains("x-token") && !head.contains("t0ps3cret")));

    let outcome = go(&by_look(format!("{keeper}/seen")), &exec).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    let heads = asked.lock().unwrap().clone();
    assert!(heads.iter().any(|head| head.starts_with("GET /seen ")), "{heads:?}");
    assert!(heads.iter().all(|head| head.contains("x-token: t0ps3cret-of-the-balancer")), "{heads:?}");
}

//! Shifts that move users, and those that are taken back or held on the way.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::Signal;
use rustix::process::kill_process;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::LONG;
use super::Lab;
use super::go;
use super::held;
use super::lab::Balancer;
use super::lab::Load;
use super::lab::Lost;
use super::lab::relay;
use super::moved;
use super::never_began;
use super::task;
use super::watched;
use crate::driver::End;
use crate::driver::Shift;
use crate::driver::Told;

/// A ledger that does something before it says yes to the shift of this number, counted from 0.
fn at_shift(number: usize, act: impl Fn() + Send + Sync + 'static) -> (Told, Arc<Mutex<Vec<Shift>>>) {
    let (count, kept) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    let ledger = Arc::clone(&kept);
    let told = Told::nobody().with_ledger(move |shift| {
        ledger.lock().unwrap().push(shift);
        if count.fetch_add(1, Ordering::Relaxed) == number {
            act();
        }
        let (yes, answer) = oneshot::channel();
        yes.send(()).unwrap();
        answer
    });
    (told, kept)
}

const WAY: &[&[(&str, u64)]] =
    &[&[("tokyo", 1)], &[("tokyo", 10)], &[("ansan", 60), ("tokyo", 25)], &[("ansan", 67), ("tokyo", 33)]];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switchover_under_load_loses_no_request() {
    let lab = Lab::start().await;
    let load = Load::start(lab.balancer.front, 6);
    sleep(Duration::from_millis(300)).await;
    let (told, shifts) = at_shift(usize::MAX, || {});
    let outcome = go(&watched(lab.task(WAY)), &told, LONG).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(lab.balancer.weights(&["p1", "a1", "t1"]), [0, 201, 99]);
    let shifts = shifts.lock().unwrap().clone();
    assert_eq!(shifts.len(), 4);
    for shift in &shifts {
        let sum: u64 = shift.to.iter().map(|(_, share)| share.0).sum();
        assert!(sum.abs_diff(1_000_000) <= 2, "{shift:?}");
    }
    assert!(
        shifts[0].fact.ends_with("a1 100 (ansan), unix:x p1 100 (pangyo), unix:x t1 0 (tokyo)")
            || shifts[0].fact.contains("t1 0 (tokyo)")
    );
    // From here on nobody comes to pangyo any more.
    sleep(Duration::from_millis(100)).await;
    let before = load.counts();
    sleep(Duration::from_millis(500)).await;
    let (asked, counts) = load.end().await;
    let since = |site: &str| counts.get(site).unwrap_or(&0) - before.get(site).unwrap_or(&0);
    assert_eq!(since("pangyo"), 0, "{before:?} {counts:?}");
    let tokyo = since("tokyo") * 100 / (since("tokyo") + since("ansan"));
    assert!((28..=38).contains(&tokyo), "tokyo gets {tokyo} %: {before:?} {counts:?}");
    // Every request that was ever made was answered by a site.
    let answered: u64 = ["pangyo", "ansan", "tokyo"].iter().map(|site| counts.get(*site).unwrap_or(&0)).sum();
    assert_eq!((asked, counts.len()), (answered, 3), "{counts:?}");
    assert!(asked > 200, "{asked} requests are no load");
    let said = outcome.said.head;
    assert!(said.contains("be leads to ansan 50 %, pangyo 50 %\n"), "{said}");
    assert!(said.contains("be leads to ansan 67 %, tokyo 33 %\n"), "{said}");
    assert_eq!(said.matches("HAProxy forgets this when it is restarted").count(), 1, "{said}");
}

#[tokio::test]
async fn what_is_so_already_is_left_alone() {
    let lab = Lab::start().await;
    let task = lab.task(&[&[("ansan", 50), ("pangyo", 50)]]);
    let (told, shifts) = at_shift(usize::MAX, || {});
    let outcome = go(&crate::driver::RouteTask { leaves: Vec::new(), ..task }, &told, LONG).await;
    assert_eq!(outcome.end, End::Ok);
    assert_eq!(outcome.said.head, "be leads to ansan 50 %, pangyo 50 %\n");
    assert!(shifts.lock().unwrap().is_empty());
    assert_eq!(lab.balancer.weights(&["p1", "a1", "t1"]), [100, 100, 0]);
}

#[tokio::test]
async fn all_balancers_are_changed() {
    let lab = Lab::start().await;
    let lines = format!(
        "balance leastconn\nserver p1 {} weight 7\nserver a1 {} weight 7\nserver t1 {} weight 0\nserver own 127.0.0.1:9 weight 0",
        lab.pangyo.address(),
        lab.ansan.address(),
        lab.tokyo.address()
    );
    let other = Balancer::start(&lines).await;
    let servers = [lab.balancer.socket("admin"), format!("127.0.0.1:{}", other.api)];
    // By name, which both use.
    let at = [("ansan", "a1"), ("pangyo", "p1"), ("tokyo", "t1")]
        .map(|(site, server)| (site.to_owned(), vec![server.to_owned()]));
    let outcome = moved(&task(&servers, &at, &[&[("tokyo", 10)], &[("tokyo", 100)]])).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(lab.balancer.weights(&["p1", "a1", "t1"]), [0, 0, 256]);
    assert_eq!(other.weights(&["p1", "a1", "t1", "own"]), [0, 0, 256, 0]);
}

#[tokio::test]
async fn a_target_that_falls_ill_gives_back_what_it_got() {
    let lab = Lab::start().await;
    let health = lab.tokyo.switch();
    let (told, _) = at_shift(2, move || health.store(503, Ordering::Relaxed));
    let outcome = go(&watched(lab.task(WAY)), &told, LONG).await;
    let why = held(&outcome);
    assert!(why.contains("status 503") && why.contains("at most 1 % may be bad"), "{why}");
    assert!(
        why.contains("; it was taken back to ansan 45 %, pangyo 45 %, tokyo 10 %")
            && why.ends_with(", and waits for you"),
        "{why}"
    );
    assert!(outcome.said.head.contains(" again\n"), "{outcome:?}");
    let weights = lab.balancer.weights(&["p1", "a1", "t1"]);
    assert_eq!(weights[0], weights[1]);
    let share = weights[2] * 1000 / weights.iter().sum::<u32>();
    assert!((98..=102).contains(&share), "{weights:?}");
}

#[tokio::test]
async fn without_news_of_the_target_nothing_goes_on() {
    let lab = Lab::start().await;
    lab.tokyo.is(0);
    let outcome = go(&watched(lab.task(WAY)), &Told::nobody(), Duration::from_secs(1)).await;
    let why = never_began(&outcome);
    assert!(why.contains("nobody can say how the target does: none of "), "{why}");
    assert_eq!(lab.balancer.weights(&["p1", "a1", "t1"]), [100, 100, 0]);
    // In the middle it stays where it is.
    lab.tokyo.is(200);
    let health = lab.tokyo.switch();
    let (told, shifts) = at_shift(1, move || health.store(0, Ordering::Relaxed));
    let outcome = go(&watched(lab.task(WAY)), &told, Duration::from_millis(2_500)).await;
    let why = held(&outcome);
    assert!(why.contains("nobody can say how the target does"), "{why}");
    assert!(why.contains("; be stays as we last knew it: ansan 45") && why.contains("tokyo 10"), "{why}");
    assert_eq!(shifts.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_another_hand_does_is_held_and_kept() {
    let lab = Lab::start().await;
    let socket = lab.balancer.path("admin");
    let (told, _) = at_shift(1, move || {
        super::lab::say(&socket, "set server be/a1 weight 33");
    });
    let outcome = go(&lab.task(WAY), &told, LONG).await;
    let why = held(&outcome);
    assert!(why.contains("a1 33 (ansan)") && why.contains("somebody else changed it"), "{why}");
    let weights = lab.balancer.weights(&["p1", "a1"]);
    assert_eq!((weights[0] > 100, weights[1]), (true, 33), "{weights:?}");
}

#[tokio::test]
async fn a_restart_in_the_middle_is_seen() {
    let lab = Lab::start().await;
    // It takes back what was set while it ran; so does this.
    let socket = lab.balancer.path("admin");
    let (told, _) = at_shift(1, move || {
        for line in ["set server be/a1 weight 100", "set server be/p1 weight 100", "set server be/t1 weight 0"] {
            super::lab::say(&socket, line);
        }
    });
    let outcome = go(&lab.task(WAY), &told, LONG).await;
    assert!(held(&outcome).contains("or it was started anew"), "{outcome:?}");
}

#[tokio::test]
async fn a_balancer_that_dies_in_the_middle_is_told() {
    let lab = Lab::start().await;
    let id = lab.balancer.id();
    let (told, _) = at_shift(1, move || kill_process(id, Signal::KILL).unwrap());
    let outcome = go(&lab.task(WAY), &told, Duration::from_secs(2)).await;
    let why = held(&outcome);
    assert!(why.contains("can't be asked: "), "{why}");
    assert!(why.contains("; be stays as we last knew it: ansan 49.") && why.contains("tokyo 1"), "{why}");
}

#[tokio::test]
async fn a_balancer_that_stops_is_waited_for() {
    let lab = Lab::start().await;
    let id = lab.balancer.id();
    let (told, _) = at_shift(1, move || {
        kill_process(id, Signal::STOP).unwrap();
        tokio::spawn(async move {
            sleep(Duration::from_millis(2_200)).await;
            kill_process(id, Signal::CONT).unwrap();
        });
    });
    let outcome = go(&lab.task(WAY), &told, LONG).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(lab.balancer.weights(&["p1", "a1", "t1"]), [0, 201, 99]);
    // And where nothing was changed yet, who does not come back ends it.
    lab.balancer.signal(Signal::STOP);
    let outcome = go(&lab.task(WAY), &Told::nobody(), Duration::from_secs(1)).await;
    assert!(matches!(&outcome.end, End::Unreachable(why) if why.contains("no answer within 2 s")), "{outcome:?}");
    lab.balancer.signal(Signal::CONT);
}

#[tokio::test]
async fn what_nobody_answered_is_looked_up_and_done_once() {
    for lost in [Lost::Answer, Lost::Question] {
        let lab = Lab::start().await;
        let mut task = lab.task(WAY);
        task.provider.servers = vec![relay(lab.balancer.path("admin"), lost).await];
        let (told, shifts) = at_shift(usize::MAX, || {});
        let outcome = go(&task, &told, LONG).await;
        assert_eq!(outcome.end, End::Ok, "{lost:?}: {outcome:?}");
        assert_eq!(lab.balancer.weights(&["p1", "a1", "t1"]), [0, 201, 99]);
        assert_eq!(shifts.lock().unwrap().len(), 4, "{lost:?}");
    }
}

#[tokio::test]
async fn what_nobody_ever_answers_is_lost_and_not_done() {
    let lab = Lab::start().await;
    let mut task = lab.task(WAY);
    task.provider.servers = vec![relay(lab.balancer.path("admin"), Lost::AnswerAndLine).await];
    let outcome = go(&task, &Told::nobody(), Duration::from_secs(1)).await;
    let End::Lost(why) = &outcome.end else { panic!("{outcome:?}") };
    assert!(why.contains("was told to change backend be and answered 0 of 3 lines"), "{why}");
}

//! What is refused, each with its own words, and before anything is changed where that can be.

use std::time::Duration;

use tokio::time::sleep;

use super::LONG;
use super::Lab;
use super::go;
use super::held;
use super::lab::Balancer;
use super::lab::Site;
use super::moved;
use super::never_began;
use super::task;
use crate::driver::End;
use crate::driver::RouteTask;
use crate::driver::Told;
use crate::driver::route::haproxy::Haproxy;
use crate::driver::route::haproxy::sight::Known;
use crate::driver::route::haproxy::sight::Level;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Trouble;

const WAY: &[&[(&str, u64)]] = &[&[("tokyo", 10)], &[("tokyo", 100)]];
const ALL: &[&str] = &["p1", "a1", "t1"];

#[tokio::test]
async fn a_socket_that_only_looks_is_told() {
    let lab = Lab::start().await;
    for level in ["operator", "user"] {
        let mut task = lab.task(WAY);
        task.provider.servers = vec![lab.balancer.socket(level)];
        let outcome = moved(&task).await;
        assert!(never_began(&outcome).contains("needs `level admin`"), "{outcome:?}");
    }
    assert_eq!(lab.balancer.weights(ALL), [100, 100, 0]);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let lab = Lab::start().await;
    let good = lab.task(WAY);
    let why = |task: RouteTask| async move { never_began(&moved(&task).await).to_owned() };
    let told = why(RouteTask { record: "nope".to_owned(), ..good.clone() }).await;
    assert!(told.contains("has no backend nope: look at the `name` of the route text"), "{told}");
    let mut elsewhere = good.clone();
    elsewhere.at[2].1 = vec!["192.0.2.1".to_owned()];
    let told = why(elsewhere).await;
    assert!(told.contains("has no server of tokyo in backend be: look at `at` of the route text"), "{told}");
    let mut everywhere = good.clone();
    everywhere.at[0].1 = vec!["127.0.0.1".to_owned()];
    let told = why(everywhere).await;
    assert!(told.contains("belongs to ansan and to pangyo"), "{told}");
    // Somebody else's server gets users.
    let mut strange = good.clone();
    strange.at.remove(1);
    let told = moved(&strange).await;
    assert!(
        matches!(&told.end, End::CouldNotStart(why) if why.contains("p1, which no site of the route text has")),
        "{told:?}"
    );
    assert_eq!(lab.balancer.weights(ALL), [100, 100, 0]);
    let mut nobody = good;
    nobody.provider.servers = vec!["unix:/nowhere/lb.sock".to_owned()];
    let told = moved(&nobody).await;
    assert!(matches!(&told.end, End::Unreachable(why) if why.ends_with("there is no such socket")), "{told:?}");
    nobody.provider.servers = vec![lab.pangyo.address()];
    let told = moved(&nobody).await;
    assert!(matches!(&told.end, End::Unreachable(why) if why.contains("can't be asked")), "{told:?}");
    nobody.record = "be; shutdown sessions".to_owned();
    assert!(Haproxy::new(&nobody, None).is_err_and(|why| why.contains("can't be a backend of an HAProxy")));
}

#[tokio::test]
async fn an_algorithm_without_weights_is_told() {
    for (balance, words) in [("balance first", "knows no weights"), ("balance source", "hash-type consistent")] {
        let lab = Lab::with(balance, "").await;
        let outcome = moved(&lab.task(WAY)).await;
        assert!(never_began(&outcome).contains(words), "{outcome:?}");
        assert_eq!(lab.balancer.weights(ALL), [100, 100, 0]);
    }
    let lab = Lab::with("balance source\nhash-type consistent", "").await;
    assert_eq!(moved(&lab.task(WAY)).await.end, End::Ok);
}

#[tokio::test]
async fn a_target_that_is_down_gets_nobody_until_it_is_up() {
    let lab = Lab::with("balance roundrobin", "check inter 50ms fastinter 50ms downinter 50ms rise 1 fall 1").await;
    let task = lab.task(WAY);
    lab.balancer.until("t1", "UP").await;
    let Lab { tokyo, balancer, pangyo: _pangyo, ansan: _ansan } = lab;
    let port = tokyo.stop().await;
    balancer.until("t1", "DOWN").await;
    let outcome = moved(&task).await;
    let why = never_began(&outcome);
    assert!(why.contains("HAProxy itself holds all of tokyo down in backend be on unix:"), "{why}");
    assert!(why.contains("(t1: L4CON)"), "{why}");
    assert_eq!(balancer.weights(ALL), [100, 100, 0]);
    // It comes up while it is waited for.
    let (outcome, _tokyo) = tokio::join!(moved(&task), async {
        sleep(Duration::from_millis(500)).await;
        Site::start_at("tokyo", port).await
    });
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
}

#[tokio::test]
async fn a_target_that_goes_down_on_the_way_holds_it() {
    let lab = Lab::with("balance roundrobin", "check inter 50ms fastinter 50ms downinter 50ms rise 1 fall 1").await;
    let task = lab.task(WAY);
    lab.balancer.until("t1", "UP").await;
    let Lab { tokyo, balancer, pangyo: _pangyo, ansan: _ansan } = lab;
    let nobody = Told::nobody();
    let (outcome, ()) = tokio::join!(go(&task, &nobody, LONG), async {
        while balancer.weights(&["t1"]) == [0] {
            sleep(Duration::from_millis(5)).await;
        }
        tokyo.stop().await;
        balancer.until("t1", "DOWN").await;
    });
    let why = held(&outcome);
    assert!(why.contains("holds all of tokyo down"), "{why}");
    let weights = balancer.weights(ALL);
    assert!(weights[0] > 0 && weights[1] > 0, "the source was given up: {weights:?}");
}

#[tokio::test]
async fn what_people_took_out_stays_out() {
    let lab = Lab::start().await;
    for state in ["maint", "drain"] {
        assert_eq!(lab.balancer.say(&format!("set server be/t1 state {state}")).trim(), "");
        let outcome = moved(&lab.task(WAY)).await;
        let why = never_began(&outcome);
        assert!(why.contains("somebody took all servers of tokyo out"), "{why}");
        assert!(why.contains("`set server be/t1 state ready`"), "{why}");
    }
    // What is left for good does not come back with its old weight either.
    lab.balancer.say("set server be/t1 state ready");
    lab.balancer.say("set server be/p1 state maint");
    assert_eq!(moved(&lab.task(WAY)).await.end, End::Ok);
    assert_eq!(lab.balancer.weights(ALL), [0, 0, 256]);
    assert!(lab.balancer.say("show servers state be").contains(" p1 127.0.0.1 0 1 0 100 "));
    let waiting = Lab::with("balance roundrobin", "backup").await;
    let outcome = moved(&waiting.task(WAY)).await;
    assert!(never_began(&outcome).contains("take `backup` out"), "{outcome:?}");
}

#[tokio::test]
async fn a_second_balancer_that_says_no_is_told_with_the_first() {
    let lab = Lab::start().await;
    let lines = format!(
        "balance roundrobin\nserver p1 {} weight 100\nserver a1 {} weight 100\nserver t1 {} weight 0",
        lab.pangyo.address(),
        lab.ansan.address(),
        lab.tokyo.address()
    );
    let other = Balancer::start(&lines).await;
    let (first, second) = (lab.balancer.socket("admin"), other.socket("operator"));
    let at = lab.task(WAY).at;
    let task = task(&[first.clone(), second.clone()], &at, WAY);
    let outcome = moved(&task).await;
    let why = held(&outcome);
    assert!(why.contains(&format!("{second} lets us look")), "{why}");
    assert!(why.contains(&format!("; {first} was changed before")), "{why}");
    // One that is dead makes all of it unknown, so nothing is changed.
    drop(other);
    let before = lab.balancer.weights(ALL);
    let outcome = moved(&task).await;
    assert!(matches!(&outcome.end, End::Unreachable(why) if why.contains(&second)), "{outcome:?}");
    assert_eq!(lab.balancer.weights(ALL), before);
}

#[tokio::test]
async fn how_it_stands_is_seen_without_a_change() {
    let lab = Lab::start().await;
    let mut task = lab.task(WAY);
    task.at[2].1.push("t2".to_owned());
    lab.balancer.say("set server be/a1 state maint");
    task.provider.servers = ["admin", "operator", "user"].map(|level| lab.balancer.socket(level)).to_vec();
    task.provider.servers.push("127.0.0.1:1".to_owned());
    let found = Haproxy::new(&task, None).unwrap().sight().await;
    let known = |level| Known {
        level,
        missing: vec![("tokyo".to_owned(), "t2".to_owned())],
        out: vec!["a1".to_owned()],
        down: Vec::new(),
    };
    let levels = [Level::Admin, Level::Operator, Level::User];
    assert_eq!(
        found.iter().take(3).map(|one| one.found.clone()).collect::<Vec<_>>(),
        levels.map(|level| Ok(known(level)))
    );
    assert!(
        matches!(&found[3].found, Err(Trouble::Unreachable(why)) if why.ends_with("nothing listens there")),
        "{found:?}"
    );
    let nowhere = Haproxy::new(&RouteTask { record: "nope".to_owned(), ..task }, None).unwrap();
    assert!(matches!(&nowhere.sight().await[0].found, Err(Trouble::Refused(why)) if why.contains("no backend nope")));
    assert!(nowhere.read().await.is_err());
}

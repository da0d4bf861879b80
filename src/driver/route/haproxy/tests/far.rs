//! A balancer whose socket is on another host: real sshd, real HAProxy, and every way in which it can't be reached.

use std::time::Duration;

use rustix::process::Signal;

use super::Lab;
use super::go_by;
use super::moved;
use crate::driver::End;
use crate::driver::HostAt;
use crate::driver::RouteTask;
use crate::driver::Told;
use crate::driver::route::haproxy::Haproxy;
use crate::driver::route::haproxy::tests::LONG;
use crate::driver::route::provider::Provider;
use crate::driver::ssh::Ssh;
use crate::driver::tests::sshd::Client;
use crate::driver::tests::sshd::Sshd;

const WAY: &[&[(&str, u64)]] = &[&[("tokyo", 10)], &[("tokyo", 100)]];
const ALL: &[&str] = &["p1", "a1", "t1"];

/// The same route, over the socket at this path of a host.
fn far(task: RouteTask, host: &HostAt, path: &str) -> RouteTask {
    let mut task = task;
    task.provider.servers = vec![format!("ssh:{}:{path}", host.name)];
    task.provider.hosts = vec![host.clone()];
    task
}

fn socket(lab: &Lab, level: &str) -> String {
    lab.balancer.path(level).display().to_string()
}

async fn why(task: &RouteTask, ssh: &Ssh) -> String {
    let end = go_by(task, Some(ssh), &Told::nobody(), LONG).await.end;
    let End::Unreachable(why) = end else { panic!("{end:?}") };
    why
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balancer_is_moved_over_ssh_as_any_other_is() {
    let lab = Lab::start().await;
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let host = server.host("lb1.ansan");
    let task = far(lab.task(WAY), &host, &socket(&lab, "admin"));
    let outcome = go_by(&task, Some(&ssh), &Told::nobody(), LONG).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(lab.balancer.weights(ALL), [0, 0, 256]);
    assert!(server.log().matches("Accepted publickey").count() == 1, "one session carries all: {}", server.log());
    // What it may do is looked at in the same way.
    let looked = Haproxy::new(&far(lab.task(WAY), &host, &socket(&lab, "user")), Some(&ssh)).unwrap();
    let troubles = looked.standing().await.troubles;
    assert!(troubles.len() == 1 && troubles[0].contains("level admin"), "{troubles:?}");
    // Without hands for other hosts nothing is tried.
    let nobody = moved(&task).await;
    assert!(
        matches!(&nobody.end, End::CouldNotStart(why) if why.contains("nobody said how other hosts")),
        "{nobody:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_in_which_it_can_not_be_reached_has_its_own_sentence() {
    let lab = Lab::start().await;
    let client = Client::new();
    let server = Sshd::start(&client, "");
    let host = server.host("lb1");
    let at = |path: &str| far(lab.task(WAY), &host, path);
    let path = socket(&lab, "admin");
    // Nobody vouches for it.
    let told = why(&at(&path), &client.ssh(client.settings())).await;
    assert!(told.contains("lb1 can't be reached: its host key is not known"), "{told}");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let told = why(&at("/nowhere/it's here"), &ssh).await;
    assert!(told.contains("there is no /nowhere/it's here on lb1"), "{told}");
    let told = why(&at(&socket(&lab, "cfg")), &ssh).await;
    assert!(told.ends_with("cfg on lb1 is no socket"), "{told}");
    // Somebody who is not let in.
    let stranger = Client::new();
    stranger.trust(&server.known("127.0.0.1"));
    let told = why(&at(&path), &stranger.ssh(stranger.settings())).await;
    assert!(told.contains("lb1 can't be reached: it does not let user"), "{told}");
    // An sshd that carries nobody on.
    let strict = Sshd::start(&client, "AllowStreamLocalForwarding no");
    client.trust(&strict.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let told = why(&far(lab.task(WAY), &strict.host("lb2"), &path), &ssh).await;
    assert!(told.contains("lb2 does not connect us to") && told.contains("(AllowStreamLocalForwarding)"), "{told}");
    // Nobody is at home any more.
    let gone = HostAt { port: 1, ..host.clone() };
    let told = why(&far(lab.task(WAY), &gone, &path), &ssh).await;
    assert!(told.contains("lb1 can't be reached: 127.0.0.1:1 can't be connected to"), "{told}");
    assert_eq!(lab.balancer.weights(ALL), [100, 100, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_breaks_on_the_way_leaves_it_where_it_is() {
    let lab = Lab::start().await;
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let task = far(lab.task(WAY), &server.host("lb1"), &socket(&lab, "admin"));
    // The balancer hangs while it is asked.
    lab.balancer.signal(Signal::STOP);
    let outcome = go_by(&task, Some(&ssh), &Told::nobody(), Duration::from_secs(5)).await;
    assert!(matches!(&outcome.end, End::Unreachable(why) if why.contains("no answer within 2 s")), "{outcome:?}");
    lab.balancer.signal(Signal::CONT);
    // The link is cut; the next try opens another one.
    server.drop_links();
    let outcome = go_by(&task, Some(&ssh), &Told::nobody(), LONG).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(lab.balancer.weights(ALL), [0, 0, 256]);
}

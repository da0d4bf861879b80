//! Hosts and links that break while something runs: it is in doubt, it is found again, and it is killed for certain.

use std::fs;
use std::time::Duration;

use tokio::time::Instant;

use crate::driver::Answer;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::HostAt;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::Probe;
use crate::driver::Told;
use crate::driver::ssh::Line;
use crate::driver::ssh::Ssh;
use crate::driver::ssh::SshSettings;
use crate::driver::tests::ssh::job;
use crate::driver::tests::ssh::line;
use crate::driver::tests::sshd::Client;
use crate::driver::tests::sshd::Dropbear;
use crate::driver::tests::sshd::Sshd;
use crate::driver::tests::sshd::keygen;
use crate::model::Millis;

/// Processes whose environment names the record of this job.
fn survivors(job: &Job) -> Vec<String> {
    let mark = job.key.file_name();
    let mut alive = Vec::new();
    for process in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let read = |name: &str| fs::read(process.path().join(name)).unwrap_or_default();
        let environ = read("environ");
        let mut variables = environ.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let is_ours = variables.any(|variable| variable.starts_with("BONGHWA_RECORD=") && variable.contains(&mark));
        let stat = String::from_utf8_lossy(&read("stat")).into_owned();
        let is_dead = stat.rsplit(") ").next().is_none_or(|rest| rest.starts_with(['Z', 'X']));
        if is_ours && !is_dead {
            alive.push(String::from_utf8_lossy(&read("cmdline")).replace('\0', " "));
        }
    }
    alive
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < limit, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The time of this is over while it runs, and all of it is dead. On a busy machine the login alone may take that long: then
/// it was not begun, it says so, and it gets more time.
pub(super) async fn is_timed_out(ssh: &Ssh, text: &str, hosts: &[HostAt]) {
    for seconds in [3, 15, 75] {
        let job = Job { timeout: Millis(seconds * 1_000), ..job("timeout", text, hosts.to_vec()) };
        let outcome = ssh.act(&job, line(text), &Told::nobody()).await;
        assert_eq!(survivors(&job), Vec::<String>::new());
        if outcome.hosts.iter().all(|host| host.end == End::TimedOut) {
            return;
        }
        for host in &outcome.hosts {
            let too_early = |why: &str| why.contains("its time was over before it was begun");
            assert!(
                host.end == End::TimedOut || matches!(&host.end, End::Unreachable(why) if too_early(why)),
                "{outcome:?}"
            );
        }
    }
    panic!("it is never begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_drops_leaves_a_command_that_is_adopted_with_all_it_said() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    // One is silent, the other noisy: neither may die because nobody reads.
    let text = format!(
        "echo begun {{{{ host }}}} >> {0}/log; while [ ! -e {1} ]; do [ {{{{ host }}}} = silent ] || echo noise; sleep 0.05; done; echo last",
        folder.path().display(),
        go.display()
    );
    let job = job("drop", &text, vec![server.host("noisy"), server.host("silent")]);
    let running = {
        let (ssh, job, text) = (ssh.clone(), job.clone(), text.clone());
        tokio::spawn(async move { ssh.act(&job, line(&text), &Told::nobody()).await })
    };
    let log = folder.path().join("log");
    until("the beginning", || fs::read_to_string(&log).is_ok_and(|text| text.lines().count() == 2)).await;
    server.drop_links();
    let outcome = running.await.unwrap();
    assert!(outcome.hosts.iter().all(|host| matches!(host.end, End::Lost(_))), "{outcome:?}");
    assert_eq!(ssh.inquire(&job).await, Found::Alive);
    let adopted = {
        let (ssh, job) = (ssh.clone(), job.clone());
        tokio::spawn(async move { ssh.adopt(&job, &Told::nobody()).await })
    };
    fs::write(&go, "").unwrap();
    let outcome = adopted.await.unwrap();
    assert_eq!(outcome.end, End::Ok, "{outcome:?} {}", server.log());
    assert!(outcome.hosts[0].said.head.starts_with("noise\nnoise\n"), "{outcome:?}");
    assert!(outcome.hosts.iter().all(|host| host.said.head.ends_with("last\n")), "{outcome:?}");
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 2, "each was begun once");
    assert_eq!(survivors(&job), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_killed_there_with_all_its_children() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    is_timed_out(&ssh, "trap '' TERM; sleep 300 & sleep 300", &[server.host("db-1"), server.host("db-2")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_is_killed_by_its_own_way_and_looked_at() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let folder = tempfile::tempdir().unwrap();
    let text = format!("touch {}/begun; sleep 300", folder.path().display());
    let way = format!("echo {{{{ host }}}} > {}/way", folder.path().display());
    let job = Job { kill: Some(way), ..job("cancel", &text, vec![server.host("db")]) };
    let running = {
        let (ssh, job, text) = (ssh.clone(), job.clone(), text.clone());
        tokio::spawn(async move { ssh.act(&job, line(&text), &Told::nobody()).await })
    };
    until("the beginning", || folder.path().join("begun").exists()).await;
    assert!(!survivors(&job).is_empty());
    assert_eq!(ssh.kill(&job).await, Killed::Dead);
    assert_eq!(survivors(&job), Vec::<String>::new());
    assert_eq!(running.await.unwrap().end, End::Killed);
    assert_eq!(fs::read_to_string(folder.path().join("way")).unwrap(), "db\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_host_is_in_doubt_and_holds_nobody_up() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    let healthy = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    client.trust(&healthy.known("127.0.0.1"));
    // Long enough for a healthy host on a busy machine.
    let silence = Duration::from_secs(6);
    let settings = SshSettings { silence, banner: Duration::from_secs(1), ..client.settings() };
    let ssh = client.ssh(settings);
    let folder = tempfile::tempdir().unwrap();
    let text = format!("touch {}/{{{{ host }}}}; sleep 2; echo done", folder.path().display());
    let job = job("frozen", &text, vec![server.host("frozen"), healthy.host("healthy")]);
    let running = {
        let (ssh, job, text) = (ssh.clone(), job.clone(), text.clone());
        tokio::spawn(async move { ssh.act(&job, line(&text), &Told::nobody()).await })
    };
    until("the beginning", || folder.path().join("frozen").exists()).await;
    server.freeze();
    let outcome = running.await.unwrap();
    assert!(matches!(&outcome.hosts[0].end, End::Lost(why) if why.contains("silent")), "{outcome:?}");
    assert_eq!(outcome.hosts[1].end, End::Ok);
    let found = ssh.inquire(&job).await;
    assert!(matches!(&found, Found::Unknown(why) if why.contains("said nothing within 1 s")), "{found:?}");
    assert!(matches!(ssh.kill(&job).await, Killed::NotConfirmed(_)));
    server.thaw();
    // It went on by itself meanwhile.
    let adopted = ssh.adopt(&job, &Told::nobody()).await;
    assert_eq!(adopted.end, End::Ok, "{adopted:?}");
    assert_eq!(adopted.hosts[0].said.head, "done\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_behind_bastions_are_reached_through_whoever_is_there() {
    let client = Client::new();
    // sshd counts sessions, not what is carried on; the limit is ours.
    let bastion = Sshd::start(&client, "MaxSessions 10");
    let inner = Sshd::start(&client, "");
    let target = Sshd::start(&client, "");
    for server in [&bastion, &inner, &target] {
        client.trust(&server.known("127.0.0.1"));
    }
    let dead = HostAt { port: 1, ..bastion.host("bastion-0") };
    let first = bastion.host("bastion-1");
    let second = HostAt { jump: vec![dead.clone(), first.clone()], ..inner.host("bastion-2") };
    // Names of one machine would share a session, so the hosts differ in their address.
    let hosts: Vec<HostAt> = (1..=16)
        .map(|at| HostAt {
            jump: vec![second.clone()],
            address: format!("127.0.0.{at}"),
            ..target.host(&format!("db-{at:02}"))
        })
        .collect();
    for host in &hosts {
        client.trust(&target.known(&host.address));
    }
    let ssh = client.ssh(client.settings());
    let job = job("jump", "echo through", hosts);
    let outcome = ssh.act(&job, line("echo through"), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    let logins = |server: &Sshd| server.log().matches("Accepted publickey").count();
    assert_eq!((logins(&bastion), logins(&inner), logins(&target)), (1, 2, 16), "ten connections for each session");
    let lost = HostAt { jump: vec![dead], ..target.host("lost") };
    let job = self::job("lost", "true", vec![lost]);
    let outcome = ssh.act(&job, line("true"), &Told::nobody()).await;
    let End::Unreachable(why) = &outcome.hosts[0].end else { panic!("{outcome:?}") };
    assert!(why.starts_with("no way through 127.0.0.1:1: "), "{why}");
    let nowhere = HostAt { jump: vec![first], port: 1, ..target.host("nowhere") };
    let job = self::job("nowhere", "true", vec![nowhere]);
    let outcome = ssh.act(&job, line("true"), &Told::nobody()).await;
    let End::Unreachable(why) = &outcome.hosts[0].end else { panic!("{outcome:?}") };
    assert!(why.contains("does not let us through to 127.0.0.1:1"), "{why}");
}

/// Every file below a folder, and every process, that holds this text.
fn traces(text: &str, folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()));
        } else if path.is_file() && String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).contains(text) {
            found.push(path.display().to_string());
        }
    }
    for process in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(text) {
            found.push(process.path().display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_reaches_the_command_and_nothing_else() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    // Its two halves stand apart, so that this file and this process do not hold it.
    let canary = format!("canary-{}-{}", "7f3a", "it's a $secret");
    let secret = tempfile::tempdir().unwrap();
    fs::write(secret.path().join("secret"), &canary).unwrap();
    let env = vec![("TOKEN".to_owned(), format!("file:{}", secret.path().join("secret").display()))];
    let seen = tempfile::tempdir().unwrap();
    let text = format!(
        "printf %s \"$TOKEN\" | wc -c; echo \"token: $TOKEN\"; echo \"$TOKEN\" | base64; touch {0}/begun; while [ ! -e {0}/go ]; do sleep 0.05; done; exit 3",
        seen.path().display()
    );
    let job = job("canary", &text, vec![server.host("db")]);
    let running = {
        let (ssh, job, text, env) = (ssh.clone(), job.clone(), text.clone(), env.clone());
        tokio::spawn(async move { ssh.act(&job, Line { text: &text, env: &env }, &Told::nobody()).await })
    };
    until("the beginning", || seen.path().join("begun").exists()).await;
    let records = format!("/var/tmp/bonghwa-{}", rustix::process::getuid().as_raw());
    let ours: Vec<_> = fs::read_dir(&records)
        .unwrap()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&job.key.file_name()))
        .collect();
    assert_eq!(ours.len(), 1, "there is one record to look into");
    assert_eq!(traces(&canary, &ours[0].path()), Vec::<String>::new());
    fs::write(seen.path().join("go"), "").unwrap();
    let outcome = running.await.unwrap();
    assert_eq!(outcome.end, End::Exit(3));
    let said = &outcome.hosts[0].said.head;
    assert_eq!(said.lines().next().map(str::trim), Some(canary.len().to_string().as_str()), "it was there: {said}");
    assert!(said.contains("token: ***\n") && !said.contains("canary"), "{said}");
    assert_eq!(traces(&canary, &ours[0].path()), Vec::<String>::new());
    assert!(!server.log().contains("canary"));
    // Questions get it, too.
    let probe = Probe { ask: Box::new(job.task.clone()), expect_output: None, within: None, times: 1 };
    let question = Line { text: "[ -n \"$TOKEN\" ] && echo \"$TOKEN\"", env: &env };
    let answer = ssh.ask(&job, &probe, question).await;
    let Answer::Yes { hosts, .. } = &answer else { panic!("{answer:?}") };
    assert_eq!(hosts[0].said.head, "***\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_holds_the_key_is_enough() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let socket = client.path("agent");
    let mut agent = std::process::Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).spawn().unwrap();
    until("the agent", || socket.exists()).await;
    let add = |key: &str| {
        let added =
            std::process::Command::new("ssh-add").arg(client.path(key)).env("SSH_AUTH_SOCK", &socket).output().unwrap();
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    };
    keygen(&client.path("stranger"), &["-t", "ed25519", "-N", ""]);
    add("stranger");
    add("key");
    let settings = SshSettings { agent: Some(socket), identities: Vec::new(), ..client.settings() };
    let job = job("agent", "true", vec![server.host("db")]);
    let outcome = client.ssh(settings).act(&job, line("true"), &Told::nobody()).await;
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    let settings = SshSettings { agent: Some(client.path("nowhere")), identities: Vec::new(), ..client.settings() };
    let job = self::job("no-agent", "true", vec![server.host("db")]);
    let outcome = client.ssh(settings).act(&job, line("true"), &Told::nobody()).await;
    assert!(matches!(&outcome.hosts[0].end, End::Unreachable(why) if why.contains("there is no agent")), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dropbear_is_a_host_like_any_other() {
    let client = Client::new();
    let server = Dropbear::start(&client);
    client.trust(&server.known());
    let ssh = client.ssh(client.settings());
    let host = server.host("small");
    let text = "echo out; echo err >&2; exit 7";
    let job = job("dropbear", text, vec![host.clone()]);
    let outcome = ssh.act(&job, line(text), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Exit(7), "{outcome:?}");
    assert_eq!(outcome.hosts[0].said.head, "out\nerr\n");
    is_timed_out(&ssh, "sleep 300", &[host]).await;
}

//! Commands on real hosts: what is done, what is told, and that nothing is done twice.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::driver::Answer;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::HostAt;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Killed;
use crate::driver::News;
use crate::driver::Probe;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::ssh::Line;
use crate::driver::ssh::SshSettings;
use crate::driver::tests::sshd::Client;
use crate::driver::tests::sshd::Sshd;
use crate::driver::tests::sshd::keygen;
use crate::driver::tests::sshd::user;
use crate::model::Millis;
use crate::model::Ppm;

/// A key that no other test, and no earlier run of this one, has.
pub(super) fn key(step: &str) -> Key {
    let unique = tempfile::TempDir::new().expect("a folder");
    let run = unique.path().file_name().expect("a name").to_string_lossy().replace('.', "r");
    Key { run, step: step.to_owned(), attempt: 1 }
}

pub(super) fn job(step: &str, line: &str, hosts: Vec<HostAt>) -> Job {
    Job {
        key: key(step),
        task: Task::Ssh { line: line.to_owned(), env: Vec::new() },
        hosts,
        parallel: u32::MAX,
        enough: Ppm::ONE,
        timeout: Millis(60_000),
        repeatable: false,
        kill: None,
        output_bytes: 64 * 1024,
    }
}

pub(super) fn line(text: &str) -> Line<'_> {
    Line { text, env: &[] }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_runs_once_on_each_host_and_is_found_again() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let hosts: Vec<HostAt> = (1..=20).map(|at| server.host(&format!("web-{at:02}"))).collect();
    let text = "echo out of {{ host }}; echo err >&2; [ {{ host }} != web-07 ] || exit 3";
    let job = job("start", text, hosts);
    let (sender, heard) = std::sync::mpsc::channel();
    let told = Told::to(move |news| drop(sender.send(news)));
    let outcome = ssh.act(&job, line(text), &told).await;
    assert_eq!(outcome.end, End::Exit(3), "{outcome:?}");
    assert_eq!(outcome.hosts.len(), 20);
    assert_eq!(outcome.hosts[0].said.head, "out of web-01\nerr\n");
    assert_eq!(outcome.hosts.iter().filter(|host| host.end == End::Ok).count(), 19);
    drop(told);
    let names: BTreeSet<String> = heard
        .iter()
        .filter_map(|news| match news {
            News::Host(host) => Some(host.host),
            News::Output { .. } => None,
        })
        .collect();
    assert_eq!(names.len(), 20);
    // The same again, as after a crash: nothing is done again, and everything is known.
    let again = ssh.act(&job, line("echo never; exit 9"), &Told::nobody()).await;
    assert_eq!(again, outcome);
    assert_eq!(ssh.inquire(&job).await, Found::Ended(outcome));
    assert_eq!(ssh.kill(&job).await, Killed::Dead);
    assert_eq!(
        server.log().matches("Accepted publickey").count(),
        1,
        "one session carries all of it: {}",
        server.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_is_told_as_what_it_is() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let hosts = vec![server.host("db")];
    let loud = "head -c 8388608 /dev/zero | tr '\\0' x >&2; echo; echo the end";
    for (text, end, head, tail) in [
        ("exit 0", End::Ok, "", ""),
        ("echo no; exit 42", End::Exit(42), "no\n", ""),
        ("kill -KILL $$", End::Signal(9), "", ""),
        ("nobody-has-this-command 2>/dev/null", End::Exit(127), "", ""),
        // Whoever reads its input comes to the end of it at once.
        ("cat; echo \"it's over\"", End::Ok, "it's over\n", ""),
        ("printf 'a\\033[2Jb'", End::Ok, "a^[[2Jb", ""),
        (loud, End::Ok, "xxxx", "\nthe end\n"),
        ("echo {{ host }} at {{ host-address }}", End::Ok, "db at 127.0.0.1\n", ""),
    ] {
        let job = job("ends", text, hosts.clone());
        let outcome = ssh.act(&job, line(text), &Told::nobody()).await;
        assert_eq!(outcome.end, end, "{text}: {outcome:?}");
        let said = &outcome.hosts[0].said;
        assert!(said.head.starts_with(head) && said.tail.ends_with(tail), "{text}: {said:?}");
        assert!(said.head.len() + said.tail.len() <= 70_000, "{text}: {}", said.head.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_can_not_be_reached_say_at_which_stage_and_nothing_was_done() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let hung = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closing = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (hung_port, closing_port) = (hung.local_addr().unwrap().port(), closing.local_addr().unwrap().port());
    std::thread::spawn(move || closing.incoming().for_each(drop));
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = SshSettings { banner: Duration::from_secs(1), ..client.settings() };
    let ssh = client.ssh(settings);
    let at = |name: &str, port: u16| HostAt { port, ..server.host(name) };
    let nobody = HostAt { user: Some("nobody-of-this-name".to_owned()), ..server.host("e-user") };
    let nowhere = HostAt { address: "no-such-host.invalid".to_owned(), ..server.host("f-name") };
    let hosts = vec![
        at("a-hung", hung_port),
        at("b-closing", closing_port),
        at("c-refused", refused),
        server.host("d-fine"),
        nobody,
        nowhere,
    ];
    let job = Job { enough: Ppm(100_000), ..job("reach", "echo here", hosts) };
    let outcome = ssh.act(&job, line("echo here"), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Ok, "one of six is enough: {outcome:?}");
    for (at, expected) in [
        (0, "took the connection and said nothing within 1 s"),
        (1, "closed the connection before it said anything"),
        (2, "can't be connected to: Connection refused"),
        (4, "it does not let user nobody-of-this-name in (it takes publickey); tried: "),
        (5, "its name no-such-host.invalid has no address"),
    ] {
        let End::Unreachable(why) = &outcome.hosts[at].end else { panic!("{:?}", outcome.hosts[at]) };
        assert!(why.contains(expected), "{why}");
    }
    assert_eq!(outcome.hosts[3].end, End::Ok);
    // Somebody who says a first word, and then nothing.
    let slow = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let slow_host = at("g-slow", slow.local_addr().unwrap().port());
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in slow.incoming().flatten() {
            std::io::Write::write_all(&mut stream, b"SSH-2.0-slow\r\n").unwrap();
            kept.push(stream);
        }
    });
    let settings = SshSettings { login: Duration::from_secs(1), ..client.settings() };
    let job = self::job("slow", "true", vec![slow_host]);
    let outcome = client.ssh(settings).act(&job, line("true"), &Told::nobody()).await;
    let End::Unreachable(why) = &outcome.hosts[0].end else { panic!("{outcome:?}") };
    assert!(why.contains("the handshake was not done within 1 s"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_nobody_vouches_for_is_not_spoken_to() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    let other = Sshd::start(&client, "");
    let job = |step: &str| job(step, "true", vec![server.host("db")]);
    let ask = async |step: &str| {
        let outcome = client.ssh(client.settings()).act(&job(step), line("true"), &Told::nobody()).await;
        format!("{:?}", outcome.hosts[0].end)
    };
    let why = ask("missing").await;
    assert!(why.contains("its host key is not known (ssh-ed25519 SHA256:"), "{why}");
    // The key of another host, under the name of this one.
    let wrong = other.known("127.0.0.1").replace(&other.port.to_string(), &server.port.to_string());
    client.trust(&wrong);
    let why = ask("changed").await;
    assert!(why.contains("is not the one in ") && why.contains("known_hosts, line 1"), "{why}");
    client.trust(&server.known("127.0.0.1"));
    assert_eq!(ask("second").await, "Ok");
    client.trust(&format!("@revoked {}", server.known("127.0.0.1")));
    let why = ask("revoked").await;
    assert!(why.contains("its host key is revoked in "), "{why}");
    // Hashed, as most distributions write it.
    std::fs::write(client.path("known_hosts"), server.known("127.0.0.1")).unwrap();
    let hashed = std::process::Command::new("ssh-keygen").arg("-H").arg("-f").arg(client.path("known_hosts")).output();
    assert!(hashed.unwrap().status.success());
    assert!(!std::fs::read_to_string(client.path("known_hosts")).unwrap().contains("127.0.0.1"));
    assert_eq!(ask("hashed").await, "Ok");
    assert!(!server.log().contains("missing"), "nothing was asked of it before it was known");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_key_lets_us_in() {
    let client = Client::new();
    let authority = client.path("authority");
    keygen(&authority, &["-t", "ed25519", "-N", ""]);
    let trusted = format!("TrustedUserCAKeys {}.pub", authority.display());
    let server = Sshd::start(&client, &trusted);
    client.trust(&server.known("127.0.0.1"));
    std::fs::write(client.path("passphrase"), "open sesame\n").unwrap();
    for (name, options) in [
        ("ed25519", &["-t", "ed25519", "-N", ""][..]),
        ("ecdsa", &["-t", "ecdsa", "-b", "256", "-N", ""]),
        ("ecdsa-521", &["-t", "ecdsa", "-b", "521", "-N", ""]),
        ("rsa", &["-t", "rsa", "-b", "3072", "-N", ""]),
        ("rsa-pem", &["-t", "rsa", "-b", "3072", "-m", "PEM", "-N", ""]),
        ("ed25519-locked", &["-t", "ed25519", "-N", "open sesame"]),
        ("rsa-locked", &["-t", "rsa", "-b", "3072", "-N", "open sesame"]),
        ("rsa-pem-locked", &["-t", "rsa", "-b", "3072", "-m", "PEM", "-N", "open sesame"]),
        ("signed", &["-t", "ed25519", "-N", ""]),
    ] {
        keygen(&client.path(name), options);
        if name == "signed" {
            let who = user();
            let signed = std::process::Command::new("ssh-keygen")
                .args(["-q", "-I", "test", "-n", &who, "-s"])
                .arg(&authority)
                .arg(client.path("signed.pub"))
                .output();
            assert!(signed.unwrap().status.success());
        } else {
            client.let_in(&format!("{name}.pub"));
        }
        let passphrase = Some(format!("file:{}", client.path("passphrase").display()));
        let settings = SshSettings { identities: vec![client.path(name)], passphrase, ..client.settings() };
        let job = job(name, "true", vec![server.host("db")]);
        let outcome = client.ssh(settings).act(&job, line("true"), &Told::nobody()).await;
        assert_eq!(outcome.end, End::Ok, "{name}: {outcome:?}");
    }
    let refused = async |settings: SshSettings| {
        let job = job("refused", "true", vec![server.host("db")]);
        let outcome = client.ssh(settings).act(&job, line("true"), &Told::nobody()).await;
        let End::Unreachable(why) = &outcome.hosts[0].end else { panic!("{outcome:?}") };
        why.clone()
    };
    let locked = SshSettings { identities: vec![client.path("ed25519-locked")], ..client.settings() };
    let why = refused(locked.clone()).await;
    assert!(why.contains("has no key that could be tried") && why.contains("it is encrypted"), "{why}");
    std::fs::write(client.path("passphrase"), "wrong").unwrap();
    let passphrase = Some(format!("file:{}", client.path("passphrase").display()));
    let why = refused(SshSettings { passphrase, ..locked }).await;
    assert!(why.contains("the passphrase does not open it"), "{why}");
    let missing = SshSettings { identities: vec![client.path("nowhere")], ..client.settings() };
    let why = refused(missing).await;
    assert!(why.contains("there is no such file"), "{why}");
    keygen(&client.path("stranger"), &["-t", "ed25519", "-N", ""]);
    let stranger = SshSettings { identities: vec![client.path("stranger")], ..client.settings() };
    let why = refused(stranger).await;
    assert!(why.contains("(it takes publickey); tried: ") && why.contains("stranger: not accepted"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_leave_no_record_and_are_asked_again_until_they_pass() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "echo {{{{ host }}}} >> {}/asked; [ $(wc -l < {0}/asked) -ge 4 ] && echo primary",
        folder.path().display()
    );
    let job = job("ask", &text, vec![server.host("db-1"), server.host("db-2")]);
    let probe = |within: Option<Millis>, times| Probe {
        ask: Box::new(Task::Ssh { line: text.clone(), env: Vec::new() }),
        expect_output: Some("primary".to_owned()),
        within,
        times,
    };
    let answer = ssh.ask(&job, &probe(None, 1), line(&text)).await;
    let Answer::No { hosts, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(hosts.iter().filter(|host| host.is_so == Ok(false)).count(), 2);
    let answer = ssh.ask(&job, &probe(Some(Millis(20_000)), 2), line(&text)).await;
    assert!(answer.is_yes(), "{answer:?}");
    assert_eq!(ssh.inquire(&job).await, Found::NeverBegun);
    // A question that gets no answer is neither yes nor no.
    let slow = Job { timeout: Millis(300), ..job.clone() };
    let answer = ssh.ask(&slow, &probe(None, 1), line("sleep 5; echo primary")).await;
    assert!(matches!(&answer, Answer::Unknown { reason, .. } if reason.contains("no answer within")), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_never_to_have_begun_does_not_begin_any_more() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let job = job("late", "echo done", vec![server.host("db")]);
    assert_eq!(ssh.inquire(&job).await, Found::NeverBegun);
    // As where the connection of whoever died reaches the host only now.
    let outcome = ssh.act(&job, line("echo done"), &Told::nobody()).await;
    let End::CouldNotStart(why) = &outcome.hosts[0].end else { panic!("{outcome:?}") };
    assert!(why.contains("it must not begin any more"), "{why}");
    // The same where it was killed, and nobody had asked after it.
    let killed = self::job("killed", "echo done", vec![server.host("db")]);
    assert_eq!(ssh.kill(&killed).await, Killed::Dead);
    let outcome = ssh.act(&killed, line("echo done"), &Told::nobody()).await;
    assert_eq!((outcome.end, outcome.hosts[0].said.head.as_str()), (End::Killed, ""));
    let next = Job { key: Key { attempt: 2, ..job.key.clone() }, ..job };
    assert_eq!(ssh.act(&next, line("echo done"), &Told::nobody()).await.end, End::Ok);
}

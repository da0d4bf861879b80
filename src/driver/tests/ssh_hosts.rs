//! Hosts as they are: other login shells, logins that chatter, disks that are full, servers that close what is idle, and
//! users who are nobody special.

use std::fs;
use std::time::Duration;

use crate::driver::Answer;
use crate::driver::End;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::Probe;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::tests::most_resident;
use crate::driver::tests::ssh::job;
use crate::driver::tests::ssh::line;
use crate::driver::tests::ssh_breaks::is_timed_out;
use crate::driver::tests::sshd::Client;
use crate::driver::tests::sshd::Sshd;
use crate::model::Millis;

/// A server whose logins run this script, which finds in `$SSH_ORIGINAL_COMMAND` what they should run.
fn with_login(client: &Client, script: &str) -> Sshd {
    let file = client.path("login");
    fs::write(&file, script).unwrap();
    let server = Sshd::start(client, &format!("ForceCommand sh {}", file.display()));
    client.trust(&server.known("127.0.0.1"));
    server
}

fn probe(text: &str, expect: Option<&str>) -> Probe {
    let ask = Box::new(Task::Ssh { line: text.to_owned(), env: Vec::new() });
    Probe { ask, expect_output: expect.map(str::to_owned), within: None, times: 1 }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_login_shell_will_do() {
    for shell in ["dash", "bash", "zsh", "fish", "tcsh"] {
        let client = Client::new();
        let server = with_login(&client, &format!("exec {shell} -c \"$SSH_ORIGINAL_COMMAND\""));
        let ssh = client.ssh(client.settings());
        // Shells differ in what they take for special between single quotes.
        let text = r#"printf '%s\n' 'a\\b' "it's" 'c\' '!!' '$HOME' '`x`' '*'; exit 3"#;
        let said = "a\\\\b\nit's\nc\\\n!!\n$HOME\n`x`\n*\n";
        let job = job("shell", text, vec![server.host("db")]);
        let outcome = ssh.act(&job, line(text), &Told::nobody()).await;
        assert_eq!(outcome.end, End::Exit(3), "{shell}: {outcome:?}");
        assert_eq!(outcome.hosts[0].said.head, said, "{shell}");
        let text = text.replace("exit 3", "exit 0");
        let answer = ssh.ask(&job, &probe(&text, Some(said)), line(&text)).await;
        assert!(answer.is_yes(), "{shell}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_login_prints_is_not_what_the_command_printed() {
    let client = Client::new();
    let noise = "bonghwa-0000 ended exit 0";
    let script = format!(
        "echo '{noise}'; echo oops >&2; printf 'no end of line'; sh -c \"$SSH_ORIGINAL_COMMAND\"; code=$?; echo bye; exit $code"
    );
    let server = with_login(&client, &script);
    let ssh = client.ssh(client.settings());
    let text = "echo out; exit 3";
    let job = job("noise", text, vec![server.host("db")]);
    let outcome = ssh.act(&job, line(text), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Exit(3), "{outcome:?}");
    assert_eq!(outcome.hosts[0].said.head, "out\n");
    assert_eq!(ssh.inquire(&job).await, Found::Ended(outcome));
    assert_eq!(ssh.kill(&job).await, Killed::Dead);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_a_home_or_with_a_full_disk_says_what_it_can() {
    let client = Client::new();
    let server = with_login(&client, "unset HOME; exec sh -c \"$SSH_ORIGINAL_COMMAND\"");
    let homeless = job("home", "true", vec![server.host("db")]);
    let outcome = client.ssh(client.settings()).act(&homeless, line("true"), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    // No file may grow, as where there is no room.
    let full = "trap '' XFSZ; ulimit -f 0; exec sh -c \"$SSH_ORIGINAL_COMMAND\"";
    let server = with_login(&client, full);
    let job = job("full", "true", vec![server.host("db")]);
    let outcome = client.ssh(client.settings()).act(&job, line("true"), &Told::nobody()).await;
    assert!(
        matches!(&outcome.hosts[0].end, End::CouldNotStart(why) if why.contains("disk may be full")),
        "{outcome:?}"
    );
    // The room ends under a command: it goes on all the same, and how it ended is known.
    let server = with_login(&client, &full.replace("-f 0", "-f 64"));
    let text = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo done >&2; exit 4";
    let job = self::job("filled", text, vec![server.host("db")]);
    let outcome = client.ssh(client.settings()).act(&job, line(text), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Exit(4), "{outcome:?}");
    assert!(outcome.hosts[0].said.head.starts_with("xxxx"), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_changed_under_way_and_what_is_idle_is_closed() {
    let client = Client::new();
    let server = Sshd::start(&client, "RekeyLimit 1M\nClientAliveInterval 1\nClientAliveCountMax 1");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let hosts = vec![server.host("db")];
    let text = "head -c 32000000 /dev/zero | tr '\\0' x; echo the end";
    let job = job("rekey", text, hosts.clone());
    let answer = ssh.ask(&job, &probe(text, Some("the end")), line(text)).await;
    let Answer::Yes { hosts: answers, .. } = answer else { panic!("{answer:?}") };
    let said = &answers[0].said;
    let kept = u64::try_from(said.head.len() + said.tail.len()).unwrap();
    assert_eq!(kept + said.dropped_bytes, 32_000_008);
    // A command that says nothing for longer than the server waits for a sign of life, and then nothing at all.
    let silent = self::job("silent", "sleep 4", hosts.clone());
    assert_eq!(ssh.act(&silent, line("sleep 4"), &Told::nobody()).await.end, End::Ok);
    let logins = || server.log().matches("Accepted publickey").count();
    assert_eq!(logins(), 1);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(ssh.ask(&job, &probe("true", None), line("true")).await.is_yes());
    assert_eq!(logins(), 2, "the server had closed what was idle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_closes_silent_commands_leaves_them_to_be_adopted() {
    let client = Client::new();
    let server = Sshd::start(&client, "ChannelTimeout session:*=1s");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let text = "sleep 4; echo done";
    let job = job("channel", text, vec![server.host("db")]);
    let mut outcome = ssh.act(&job, line(text), &Told::nobody()).await;
    assert!(matches!(outcome.hosts[0].end, End::Lost(_)), "{outcome:?}");
    for _ in 0..60 {
        if outcome.end == End::Ok {
            break;
        }
        outcome = ssh.adopt(&job, &Told::nobody()).await;
    }
    assert_eq!((outcome.end, outcome.hosts[0].said.head.as_str()), (End::Ok, "done\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_user_is_as_good_as_root() {
    let client = Client::new();
    let server = Sshd::start_as_ordinary(&client);
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let text = "id -u; exit 5";
    let job = job("ordinary", text, vec![server.host("db")]);
    let outcome = ssh.act(&job, line(text), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Exit(5), "{outcome:?} {}", server.log());
    assert_ne!(outcome.hosts[0].said.head, "0\n");
    assert_eq!(ssh.inquire(&job).await, Found::Ended(outcome));
    is_timed_out(&ssh, "trap '' TERM; sleep 300 & sleep 300", &[server.host("db")]).await;
}

/// As an answer, which comes over the wire as a whole, and as the output of a command, of which its host keeps the ends.
#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_megabytes_take_no_more_memory_than_a_few() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let text = "head -c 300000000 /dev/zero | tr '\\0' x; echo the end";
    let job = Job { timeout: Millis(300_000), ..job("huge", text, vec![server.host("db")]) };
    let before = most_resident();
    let answer = ssh.ask(&job, &probe(text, Some("the end")), line(text)).await;
    let Answer::Yes { said, .. } = answer else { panic!("{answer:?}") };
    let outcome = ssh.act(&job, line(text), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    for said in [&said, &outcome.hosts[0].said] {
        let kept = u64::try_from(said.head.len() + said.tail.len()).unwrap();
        assert_eq!(said.dropped_bytes + kept, 300_000_008);
        assert!(kept <= 70_000 && said.tail.ends_with("xthe end\n"), "{kept}");
    }
    let more = most_resident() - before;
    assert!(more < 32 * 1_024, "{more} kB more");
}

/// Whatever an answer is as long as, keys are renewed under way, and only its ends are kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_outlives_new_keys_for_its_session() {
    let client = Client::new();
    let server = Sshd::start(&client, "RekeyLimit 1M none");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let text = format!("echo begin; head -c {LONG} /dev/zero | tr '\\0' x; echo; echo end");
    let job = job("long", &text, vec![server.host("db")]);
    let answer = ssh.ask(&job, &probe(&text, Some("\nend\n")), line(&text)).await;
    let Answer::Yes { said, .. } = answer else { panic!("{answer:?}") };
    assert!(said.head.starts_with("begin\nxxx") && said.tail.ends_with("xxx\nend\n"), "{said:?}");
    let kept = u64::try_from(said.head.len() + said.tail.len()).unwrap();
    assert_eq!(said.dropped_bytes + kept, LONG + 11);
    // The session is as good as before.
    let after = self::job("after", "echo here", vec![server.host("db")]);
    let outcome = ssh.act(&after, line("echo here"), &Told::nobody()).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert_eq!(server.log().matches("Accepted publickey").count(), 1, "{}", server.log());
}

/// Enough for new keys many times over.
const LONG: u64 = 24 * 1024 * 1024;

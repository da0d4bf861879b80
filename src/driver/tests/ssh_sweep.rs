//! What is left on hosts when a run is over: of what ended well nothing, of all else everything.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::driver::End;
use crate::driver::Found;
use crate::driver::HostAt;
use crate::driver::Job;
use crate::driver::Told;
use crate::driver::tests::ssh::job;
use crate::driver::tests::ssh::line;
use crate::driver::tests::sshd::Client;
use crate::driver::tests::sshd::Sshd;

/// The records of a job on the far side, which is this machine.
fn records(job: &Job) -> Vec<PathBuf> {
    let folder = PathBuf::from(format!("/var/tmp/bonghwa-{}", rustix::process::getuid().as_raw()));
    job.hosts
        .iter()
        .map(|host| folder.join(job.key.file_name_on(&host.name, "")))
        .filter(|path| path.exists())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_well_leaves_nothing_behind_and_all_else_stays() {
    let client = Client::new();
    let server = Sshd::start(&client, "");
    client.trust(&server.known("127.0.0.1"));
    let ssh = client.ssh(client.settings());
    let hosts: Vec<HostAt> = (1..=3).map(|at| server.host(&format!("web-{at}"))).collect();
    let well = job("well", "echo well", hosts.clone());
    let failed = job("failed", "echo no; exit 3", hosts.clone());
    // It left somebody behind who still writes into its output, and would die if nobody took it.
    let left = job("left", "sleep 300 & echo $!", vec![server.host("db")]);
    let barred = job("barred", "echo late", vec![server.host("db")]);
    assert_eq!(ssh.act(&well, line("echo well"), &Told::nobody()).await.end, End::Ok);
    assert_eq!(ssh.act(&failed, line("echo no; exit 3"), &Told::nobody()).await.end, End::Exit(3));
    let daemon = ssh.act(&left, line("sleep 300 & echo $!"), &Told::nobody()).await;
    assert_eq!(daemon.end, End::Ok, "{daemon:?}");
    assert_eq!(ssh.inquire(&barred).await, Found::NeverBegun);
    let all = [well.clone(), failed.clone(), left.clone(), barred.clone()];
    let before: Vec<usize> = all.iter().map(|job| records(job).len()).collect();
    assert_eq!(before, [3, 3, 1, 1]);
    // Nobody is called for it.
    client.ssh(client.settings()).sweep(&all).await;
    assert_eq!(records(&well).len(), 3);
    assert_eq!(server.log().matches("Accepted publickey").count(), 1, "{}", server.log());
    ssh.sweep(&all).await;
    let after: Vec<usize> = all.iter().map(|job| records(job).len()).collect();
    assert_eq!(after, [0, 3, 1, 1]);
    // What was told never to begin still does not.
    let late = ssh.act(&barred, line("echo late"), &Told::nobody()).await;
    assert!(matches!(late.end, End::CouldNotStart(_)), "{late:?}");
    let process = daemon.hosts[0].said.head.trim().to_owned();
    assert!(fs::exists(format!("/proc/{process}")).unwrap(), "who was left behind lives");
    let killed = std::process::Command::new("kill").arg(&process).status().unwrap();
    assert!(killed.success());
    let limit = Instant::now() + Duration::from_secs(30);
    while !records(&left)[0].join("eof").exists() {
        assert!(Instant::now() < limit, "nobody notices that it ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ssh.sweep(&all).await;
    assert_eq!(records(&left).len(), 0);
    for record in records(&failed).into_iter().chain(records(&barred)) {
        fs::remove_dir_all(record).unwrap();
    }
}

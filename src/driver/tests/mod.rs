//! Hands at work: scripted ones under virtual time, and real ones with real processes.

mod crash;
pub(in crate::driver) mod dns;
mod dns_ttl;
mod exec;
mod http;
mod kill;
#[cfg(feature = "aws")]
pub(in crate::driver) mod moto;
pub(in crate::driver) mod named;
mod nameserver;
mod question;
mod script;
mod secrets;
#[cfg(feature = "aws")]
pub(in crate::driver) mod served;
mod ssh;
mod ssh_breaks;
mod ssh_hosts;
mod ssh_sweep;
pub(in crate::driver) mod sshd;
pub(in crate::driver) mod workshop;

use crate::driver::HostAt;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Probe;
use crate::driver::ProviderTask;
use crate::driver::Task;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::ProviderKind;

/// A job that runs this line, with a minute for it.
pub(in crate::driver) fn job(step: &str, line: &str) -> Job {
    Job {
        key: Key { run: "r-1".to_owned(), step: step.to_owned(), attempt: 1 },
        task: exec(line),
        hosts: Vec::new(),
        parallel: 1,
        enough: Ppm::ONE,
        timeout: Millis(60_000),
        repeatable: false,
        kill: None,
        output_bytes: 64 * 1024,
    }
}

/// The most memory that this process ever had at once, in kB.
fn most_resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn exec(line: &str) -> Task {
    Task::Exec { line: line.to_owned(), env: Vec::new() }
}

fn host(name: &str) -> HostAt {
    HostAt { name: name.to_owned(), address: name.to_owned(), user: None, port: 22, jump: Vec::new() }
}

fn probe(line: &str) -> Probe {
    Probe { ask: Box::new(exec(line)), expect_output: None, within: None, times: 1 }
}

/// A provider of which only name and kind are known.
pub(in crate::driver) fn provider(name: &str, kind: ProviderKind) -> ProviderTask {
    ProviderTask {
        name: name.to_owned(),
        kind,
        servers: Vec::new(),
        hosts: Vec::new(),
        also: Vec::new(),
        zone: None,
        tsig: None,
        group: None,
        region: None,
        read: None,
        write: None,
        look: None,
        env: Vec::new(),
    }
}

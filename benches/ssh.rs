//! How fast one command is done on many hosts, what that costs, and what limits it; OpenSSH on loopback plays the hosts.
//!
//! `cargo bench --bench ssh` asks 100 hosts, or as many as the numbers after `--` say. Its peers in the same minutes are
//! `xargs -P64 ssh` without its costly key exchange, cold and over connections that stand (ControlMaster). The servers run
//! on the same processors, and cost most of what is spent: `limit` is how long they need for the servers alone, in what
//! others who use the machine at the same time leave of it. Who shares it compares what processors spent.

#[path = "ssh/servers.rs"]
mod servers;

use std::env;
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use bonghwa::driver::Answer;
use bonghwa::driver::Driver;
use bonghwa::driver::End;
use bonghwa::driver::Hands;
use bonghwa::driver::HostAt;
use bonghwa::driver::Job;
use bonghwa::driver::Key;
use bonghwa::driver::News;
use bonghwa::driver::Probe;
use bonghwa::driver::Secrets;
use bonghwa::driver::SshSettings;
use bonghwa::driver::Task;
use bonghwa::driver::Told;
use bonghwa::model::Millis;
use bonghwa::model::Ppm;
use ssh2::Session;
use tokio::runtime::Runtime;

use servers::Servers;
use servers::settings;
use servers::ticks;

const SIZES: [usize; 1] = [100];
/// As many at once as hands shake.
const AT_ONCE: &str = "-P64";
/// A connection that stands is a process for each host: more of them say nothing new, and take a gigabyte.
const MASTERS_MAX: usize = 100;
/// How often small sizes are tried; the one in the middle counts.
const ROUNDS: usize = 3;
/// Commands, one after the other, on one connection.
const IN_A_ROW: usize = 200;
/// The sessions that are kept where memory is short.
const FEW: usize = 64;
/// Says to this program that it is to be looked at while it works.
const LOOK_AT_ME: &str = "--memory";

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [word, folder, user, port, count, warm] = args.as_slice()
        && word == LOOK_AT_ME
    {
        let [count, warm] = [count, warm].map(|text| text.parse().expect("a number"));
        return work_through(Path::new(folder), user, port.parse().expect("a port"), count, warm);
    }
    more_files();
    let asked: Vec<usize> = args.iter().filter_map(|word| word.parse().ok()).collect();
    for size in if asked.is_empty() { SIZES.to_vec() } else { asked } {
        compared(size);
    }
}

#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn compared(size: usize) {
    let bad = size / 20;
    let servers = Servers::start(size, bad);
    println!("\n{size} hosts; on {} processors", processors());
    println!(
        "{:>38} {:>8} {:>8} {:>8} {:>9} {:>8} {:>9}",
        "", "wall ms", "own ms", "sshd ms", "others ms", "limit ms", "of limit"
    );
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    // They take turns, so that both see the same machine.
    for _ in 0..if size > MASTERS_MAX { 1 } else { ROUNDS } {
        ours.push(cold(&servers, size, "cold: a question, no record"));
        peers.push(told(&servers, "cold: xargs -P64 ssh", None, || xargs(&servers, "ssh_config", size)));
    }
    let (cold, peer) = (median(ours), median(peers));
    println!(
        "{:>38} {:.1} x by the clock, {:.1} x by the client's processors",
        "faster",
        peer.0 / cold.0,
        peer.1 / cold.1
    );
    let hands = hands(servers.settings());
    let runtime = runtime();
    let hosts = servers.hosts(size);
    let clean = begun(&servers, &hosts, "clean");
    println!("{:>38} {clean:>8.0}", "cold: a step, with its record");
    let broken = broken(&servers, size, bad);
    println!(
        "{:>38} {broken:>8.0}   {:.2} x, every healthy host well",
        "the same, 5 % hang and 5 % refuse",
        broken / clean
    );
    ask(&runtime, &hands, &hosts);
    let few = size.min(MASTERS_MAX);
    let warm = told(&servers, &format!("warm: a question to {few}"), Some(()), || ask(&runtime, &hands, &hosts[..few]));
    masters(&servers, few, &["true"]);
    let peer =
        told(&servers, &format!("warm: xargs ssh, {few} masters"), Some(()), || masters(&servers, few, &["true"]));
    masters(&servers, few, &["-O", "exit"]);
    println!(
        "{:>38} {:.1} x by the clock, {:.1} x by the client's processors",
        "faster",
        peer.0 / warm.0,
        peer.1 / warm.1
    );
    if few < size {
        told(&servers, &format!("warm: a question to {size}"), Some(()), || ask(&runtime, &hands, &hosts));
    }
    in_a_row("in a row on one host", || ask(&runtime, &hands, &hosts[..1]));
    let session = session(&servers);
    in_a_row("the same by libssh2 alone", || bare(&session));
    drop(session);
    drop((hands, runtime));
    for warm in [FEW.min(size), size] {
        servers.spent();
        let held = looked_at(&servers, size, warm);
        println!("{:>38} {held:>8.1} MiB at most", format!("{size} worked through, {warm} kept warm"));
    }
}

/// What one waits for, and what client and servers spend. Without `stands`, all sessions are over when it is.
#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn told(servers: &Servers, name: &str, stands: Option<()>, work: impl FnOnce()) -> (f64, f64) {
    let before = if stands.is_none() { servers.spent() } else { 0.0 };
    let (own, busy) = (own(), busy());
    let wall = by_the_clock(work).as_secs_f64() * 1e3;
    let (own, busy) = (self::own() - own, self::busy() - busy);
    if stands.is_some() {
        println!("{name:>38} {wall:>8.0} {own:>8.0}");
        return (wall, own);
    }
    let spent = servers.spent() - before;
    let others = (busy - own - spent).max(0.0);
    let limit = spent / (processors() as f64 - others / wall).max(0.1);
    println!(
        "{name:>38} {wall:>8.0} {own:>8.0} {spent:>8.0} {others:>9.0} {limit:>8.0} {:>8.0}%",
        100.0 * limit / wall
    );
    (wall, own)
}

fn cold(servers: &Servers, size: usize, name: &str) -> (f64, f64) {
    let (runtime, hosts) = (runtime(), servers.hosts(size));
    told(servers, name, None, || {
        let hands = hands(servers.settings());
        ask(&runtime, &hands, &hosts);
    })
}

/// The peers. A host that fails would end all of it.
fn xargs(servers: &Servers, config: &str, size: usize) {
    let mut xargs = Command::new("xargs");
    xargs.arg("-a").arg(listed(servers, size)).args([AT_ONCE, "-I{}", "ssh", "-F"]).arg(servers.path(config));
    assert!(xargs.args(["{}", "true"]).status().expect("xargs is there").success());
}

fn masters(servers: &Servers, size: usize, what: &[&str]) {
    let config = fs::read_to_string(servers.path("ssh_config")).expect("a file");
    let place = servers.path("m-%C").display().to_string();
    let config = format!("{config}ControlMaster auto\nControlPersist 300\nControlPath {place}\n");
    fs::write(servers.path("warm_config"), config).expect("a file");
    let mut xargs = Command::new("xargs");
    xargs.arg("-a").arg(listed(servers, size)).args([AT_ONCE, "-I{}", "ssh", "-F"]).arg(servers.path("warm_config"));
    let (options, line) = if what[0] == "true" { (&[][..], what) } else { (what, &[][..]) };
    // Masters go on with what they were given to write to.
    let ended = xargs.args(options).arg("{}").args(line).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(ended.expect("xargs is there").success());
}

fn listed(servers: &Servers, size: usize) -> PathBuf {
    let all = fs::read_to_string(servers.path("hosts")).expect("a file");
    let some: Vec<&str> = all.lines().take(size).collect();
    let file = servers.path(&format!("hosts-{size}"));
    fs::write(&file, some.join("\n") + "\n").expect("a file");
    file
}

/// One command on every host, as a question: what the peers do.
fn ask(runtime: &Runtime, hands: &Hands, hosts: &[HostAt]) {
    let probe = Probe { ask: Box::new(task()), expect_output: None, within: None, times: 1 };
    let answer = runtime.block_on(hands.ask(job(hosts, "ask"), probe));
    assert!(matches!(answer, Answer::Yes { .. }), "{answer:?}");
}

/// One command on every host, as a step with its record on the far side: until the last of those is done that can be.
fn begun(servers: &Servers, hosts: &[HostAt], step: &str) -> f64 {
    let runtime = runtime();
    let hands = hands(servers.settings());
    let last = Arc::new(Mutex::new((Duration::ZERO, 0)));
    let mut wall = Duration::ZERO;
    #[expect(clippy::disallowed_methods, reason = "a bench is about time")]
    let began = Instant::now();
    let done = Arc::clone(&last);
    let told = Told::to(move |news| {
        if let News::Host(host) = news
            && host.end == End::Ok
        {
            let mut last = done.lock().expect("nobody panicked");
            *last = (began.elapsed(), last.1 + 1);
        }
    });
    let mut ended = None;
    wall += by_the_clock(|| ended = Some(runtime.block_on(hands.act(job(hosts, step), told))));
    let (at, well) = *last.lock().expect("nobody panicked");
    let healthy = hosts.iter().filter(|host| host.address.starts_with("127.0.")).count();
    assert_eq!(well, healthy, "{:?}", ended.map(|ended| ended.end));
    leave_nothing();
    assert!(at <= wall);
    at.as_secs_f64() * 1e3
}

/// One host in twenty hangs, and one in twenty refuses; they stand among the others.
fn broken(servers: &Servers, size: usize, bad: usize) -> f64 {
    let mut hosts = servers.hosts(size - 2 * bad);
    for (at, host) in servers.hung().into_iter().chain(servers.refusing(bad)).enumerate() {
        hosts.insert((at * 9).min(hosts.len()), host);
    }
    begun(servers, &hosts, "broken")
}

/// What a small command takes where nothing else goes on: without TCP_NODELAY it would be 40 ms and more. Most of it is
/// sshd's, and that of the shells that it starts.
#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn in_a_row(name: &str, mut ask: impl FnMut()) {
    let own = own();
    let mut all: Vec<f64> = (0..IN_A_ROW).map(|_| by_the_clock(&mut ask).as_secs_f64() * 1e3).collect();
    let own = (self::own() - own) / IN_A_ROW as f64;
    all.sort_by(f64::total_cmp);
    let (middle, least) = (all[IN_A_ROW / 2], all[0]);
    let name = format!("{IN_A_ROW} {name}");
    println!("{name:>38} {middle:>8.2} ms each, at least {least:.2}; of it {own:.2} of our processor");
}

/// A session without anything of ours.
fn session(servers: &Servers) -> Session {
    let stream = TcpStream::connect((servers::address(0), servers.port)).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    let mut session = Session::new().expect("a session");
    session.set_tcp_stream(stream);
    session.handshake().expect("a handshake");
    session.userauth_pubkey_file(&servers.user, None, &servers.path("key"), None).expect("a login");
    session
}

/// What is sent for a question, so that the far side does the same.
fn bare(session: &Session) {
    let mut channel = session.channel_session().expect("a channel");
    channel.exec("exec env LC_ALL=C sh -c 'true' </dev/null").expect("a command");
    channel.read_to_end(&mut Vec::new()).expect("its output");
    channel.wait_close().expect("its end");
}

/// The one in the middle, by the clock and by the processor.
fn median(rounds: Vec<(f64, f64)>) -> (f64, f64) {
    let (mut wall, mut own): (Vec<f64>, Vec<f64>) = rounds.into_iter().unzip();
    wall.sort_by(f64::total_cmp);
    own.sort_by(f64::total_cmp);
    (wall[wall.len() / 2], own[own.len() / 2])
}

/// The most memory that a process of its own ever holds while it works all hosts through.
fn looked_at(servers: &Servers, size: usize, warm: usize) -> f64 {
    let me = env::current_exe().expect("this program");
    let folder = servers.path("");
    let mut child = Command::new(me);
    child.arg(LOOK_AT_ME).arg(folder).arg(&servers.user);
    let said = child.args([servers.port.to_string(), size.to_string(), warm.to_string()]).output().expect("it starts");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8_lossy(&said.stdout).trim().parse().expect("a number")
}

#[expect(clippy::print_stdout, reason = "another process reads it")]
fn work_through(folder: &Path, user: &str, port: u16, count: usize, warm: usize) {
    more_files();
    let host = |at| {
        let address = servers::address(at);
        HostAt { name: address.clone(), address, user: None, port, jump: Vec::new() }
    };
    let hosts: Vec<HostAt> = (0..count).map(host).collect();
    let hands = hands(SshSettings { warm, ..settings(folder, user) });
    let runtime = runtime();
    let mut job = job(&hosts, "memory");
    // A step on more hosts than are kept warm takes them in turns.
    job.parallel = u32::try_from(warm.max(FEW)).unwrap_or(u32::MAX);
    let outcome = runtime.block_on(hands.act(job, Told::nobody()));
    assert_eq!(outcome.end, End::Ok, "{:?}", outcome.end);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    let kibibytes: f64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
    leave_nothing();
    println!("{}", kibibytes / 1024.0);
}

/// The far side is this machine: no record of ours stays, also of hosts whose session is over.
fn leave_nothing() {
    let folder = format!("/var/tmp/bonghwa-{}", rustix::process::getuid().as_raw());
    let ours = format!("{}+", run());
    for record in fs::read_dir(folder).into_iter().flatten().flatten() {
        if record.file_name().to_string_lossy().starts_with(&ours) {
            // What somebody still writes is harmless.
            drop(fs::remove_dir_all(record.path()));
        }
    }
}

fn run() -> String {
    format!("bench-{}", std::process::id())
}

fn task() -> Task {
    Task::Ssh { line: "true".to_owned(), env: Vec::new() }
}

fn job(hosts: &[HostAt], step: &str) -> Job {
    Job {
        key: Key { run: run(), step: step.to_owned(), attempt: 1 },
        task: task(),
        hosts: hosts.to_vec(),
        parallel: u32::MAX,
        // Those that hang and refuse are no reason to stop.
        enough: Ppm(1),
        timeout: Millis(120_000),
        repeatable: false,
        kill: None,
        output_bytes: 64 * 1024,
    }
}

fn hands(settings: SshSettings) -> Hands {
    let folder = env::temp_dir();
    let hands = Hands::new(folder.clone(), folder, Secrets::new(env::vars_os()));
    hands.with_ssh(settings).expect("known hosts can be read")
}

fn runtime() -> Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("threads")
}

/// A session takes four files.
fn more_files() {
    use rustix::process::Resource;
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let wanted = rustix::process::Rlimit { current: limit.maximum.or(Some(16_384)), ..limit };
    rustix::process::setrlimit(Resource::Nofile, wanted).expect("as many open files as are allowed");
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The milliseconds of processors that this process and those that it waited for have had.
fn own() -> f64 {
    ticks("/proc/self/stat", 11, 4)
}

/// The milliseconds for which the processors of this machine were busy, for anybody.
fn busy() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> =
        text.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|it| it.parse().ok()).collect();
    // All but the fourth and the fifth, which are rest; the last two stand among the first as well.
    let spent = fields.iter().enumerate().filter(|(at, _)| !matches!(at, 3 | 4 | 8 | 9));
    spent.map(|(_, ticks)| ticks * 10.0).sum()
}

/// How long one waits for it.
fn by_the_clock(work: impl FnOnce()) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a bench is about time")]
    let began = Instant::now();
    work();
    began.elapsed()
}

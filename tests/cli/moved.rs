//! `routes` and `shift` as people use them: a real HAProxy with two real sites behind it, a real zone of a real name server,
//! and a real terminal.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::run::Test;
use crate::small::patiently;
use crate::sshd::Sshd;
use crate::sshd::user;
use crate::tty::Tty;

/// The secret of the key that may change the zone, in base64.
const SECRET: &str = "Ym9uZ2h3YS1rZXktb2YtYS10ZXN0LTAxMjM0NTY3ODk=";
const TOPOLOGY: &str = include_str!("moved/topology.toml");
const RUNBOOKS: &str = include_str!("moved/runbooks.toml");
const SETTINGS: &str =
    "[project]\ntitle = \"Moved\"\ntimezone = \"Asia/Seoul\"\n[orchestrator]\ncopies-at = [\"south\"]\n";
const ZONE: &str = "$TTL 5\n@ SOA ns1 hostmaster 1 60 60 60 60\n@ NS ns1\nns1 A 127.0.0.1\nwww A 192.0.2.1\n";

/// Two sites, a balancer before them, and a name server: all of it goes with the test.
struct Edge {
    test: Test,
    web: u16,
    dns: u16,
    children: Vec<Child>,
}

impl Edge {
    fn new() -> Self {
        let [north, south] = ["north", "south"].map(site);
        let (web, dns) = (free_port(), free_port());
        let test = Test::new();
        let folder = test.path().join("servers");
        fs::create_dir_all(&folder).expect("a folder");
        let at = |name: &str| folder.join(name).display().to_string();
        let topology = TOPOLOGY
            .replace("SOCKET", &at("haproxy.sock"))
            .replace("HEALTH", &north.to_string())
            .replace("DNS", &format!("127.0.0.1:{dns}"))
            .replace("SECRET", &at("secret"));
        fs::write(folder.join("secret"), SECRET).expect("a file");
        let test = test.file("bonghwa.toml", SETTINGS).file("topology/all.toml", &topology);
        let test = ["web", "name"]
            .into_iter()
            .fold(test, |test, name| test.file(&format!("runbooks/{name}.toml"), &RUNBOOKS.replace("NAME", name)));
        let children = vec![haproxy(&folder, web, north, south), named(&folder, dns)];
        let edge = Self { test, web, dns, children };
        patiently("the balancer", &String::new, || edge.asks(1).is_some());
        patiently("the name server", &String::new, || TcpStream::connect((Ipv4Addr::LOCALHOST, dns)).is_ok());
        edge
    }

    /// How many of so many requests the north answers; none where one of them was not answered at all.
    fn asks(&self, times: u32) -> Option<u32> {
        (0..times).map(|_| get(self.web).map(|body| u32::from(body.contains("north")))).sum()
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        for child in &mut self.children {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A site that says its name to whoever asks, for as long as the test runs.
fn site(name: &'static str) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 1_024];
            drop(stream.read(&mut request));
            let answer = format!("HTTP/1.0 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    port
}

fn get(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.starts_with("HTTP/1.").then_some(answer).filter(|answer| answer.contains(" 200 "))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn haproxy(folder: &Path, web: u16, north: u16, south: u16) -> Child {
    let config = format!(
        "global\n  stats socket {folder}/haproxy.sock mode 600 level admin\ndefaults\n  mode http\n  \
         timeout connect 5s\n  timeout client 5s\n  timeout server 5s\nfrontend web\n  bind 127.0.0.1:{web}\n  \
         default_backend web\nbackend web\n  balance roundrobin\n  server n1 127.0.0.1:{north} weight 100\n  \
         server s1 127.0.0.1:{south} weight 100\n",
        folder = folder.display()
    );
    let path = folder.join("haproxy.cfg");
    fs::write(&path, config).expect("a file");
    serve("haproxy", &["-db", "-f"], path)
}

fn named(folder: &Path, port: u16) -> Child {
    let here = folder.display();
    let config = format!(
        "key \"bonghwa.\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\noptions {{ directory \"{here}\"; \
         listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; \
         pid-file none; session-keyfile \"{here}/session.key\"; managed-keys-directory \"{here}\"; lock-file none; }};\n\
         controls {{ }};\nzone \"moved.example\" {{ type primary; file \"zone\"; \
         update-policy {{ grant bonghwa. zonesub ANY; }}; }};\n"
    );
    fs::write(folder.join("zone"), ZONE).expect("a file");
    let path = folder.join("named.conf");
    fs::write(&path, config).expect("a file");
    serve("named", &["-g", "-n", "1", "-c"], path)
}

#[expect(clippy::disallowed_methods, reason = "servers are where whoever runs the tests has them")]
fn serve(name: &str, args: &[&str], config: PathBuf) -> Child {
    let path = std::env::var("PATH").expect("a PATH");
    let mut command = Command::new(name);
    command.args(args).arg(config).env("PATH", format!("{path}:/usr/sbin"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{name} does not start ({error}); `./needs test` installs it"))
}

#[test]
fn a_person_moves_a_real_balancer_and_a_real_zone() {
    let edge = Edge::new();
    assert_eq!(edge.asks(100), Some(50));
    let tty = Tty::open(edge.test.path(), 80, 24);
    tty.types("clear; bonghwa shift web north=10 south=90");
    let shown = tty.sees("Type web to shift it").join("\n");
    assert!(shown.contains("now    north 50 %, south 50 %"), "{shown}");
    assert!(shown.contains("to     north 10 %, south 90 %"), "{shown}");
    assert_eq!(edge.asks(10), Some(5), "nothing happens before the answer");
    tty.types("web");
    tty.sees("is done");
    tty.prompts();
    let north = edge.asks(100).expect("every request is answered");
    assert!((8..=12).contains(&north), "{north}");

    tty.types("clear; bonghwa shift name south=100");
    let shown = tty.sees("Type name to shift it").join("\n");
    assert!(shown.contains("is not judged") && shown.contains("leaves north"), "{shown}");
    tty.types("name");
    tty.sees("is done");
    let routes = edge.test.run(&["routes"]).code(0).out();
    assert!(routes.contains("name (www.moved.example., kept by names)\n  now      south 100 %"), "{routes}");
    assert!(routes.contains("web (web, kept by edge)\n  now      north 10 %, south 90 %"), "{routes}");
    assert!(!routes.contains("otherwise"), "{routes}");
    crate::schema::fits(&edge.test, "routes", &edge.test.run(&["routes", "--json"]).code(0).out());
    // What it is about to do stands in the journal before it is done, with what was there before.
    let runs = fs::read_dir(edge.test.path().join(".bonghwa/runs")).expect("runs");
    let told = runs.map(|run| fs::read_to_string(run.expect("a run").path().join("journal.jsonl")).expect("a journal"));
    let told: Vec<String> = told.collect();
    assert!(
        told.iter().any(|text| text.contains(r#""from":[["north",1000000]],"to":[["south",1000000]]"#)),
        "{told:?}"
    );
}

#[test]
fn a_balancer_on_another_host_is_looked_at_and_moved_over_ssh() {
    let edge = Edge::new();
    let servers = edge.test.path().join("servers");
    let sshd = Sshd::start(&servers, &["127.0.0.1".to_owned()]);
    let at = |name: &str| servers.join(name).display().to_string();
    let reach =
        format!("[ssh]\nknown-hosts = [\"{}\"]\nidentities = [\"{}\"]\nagent = false\n", at("known_hosts"), at("key"));
    fs::write(edge.test.path().join("bonghwa.toml"), format!("{SETTINGS}{reach}")).expect("a file");
    let topology = edge.test.path().join("topology/all.toml");
    let (user, port) = (user(), sshd.port());
    let rule = format!("\n[[host]]\nmatch = \"edge-*\"\naddress = \"127.0.0.1\"\nport = {port}\nuser = \"{user}\"\n");
    let text = fs::read_to_string(&topology).expect("a file").replace("unix:/", "ssh:edge-1:/") + &rule;
    fs::write(&topology, text).expect("a file");
    let routes = edge.test.run(&["routes", "web"]).code(0).out();
    assert!(routes.contains("now      north 50 %, south 50 %"), "{routes}");
    let tty = Tty::open(edge.test.path(), 80, 24);
    tty.types("clear; bonghwa shift web north=10 south=90");
    tty.sees("Type web to shift it");
    tty.types("web");
    tty.sees("is done");
    let north = edge.asks(100).expect("every request is answered");
    assert!((8..=12).contains(&north), "{north}");
    drop(sshd);
    let routes = edge.test.run(&["routes", "web"]).code(1).out();
    assert!(routes.contains("edge-1 can't be reached") && routes.contains("nobody can say"), "{routes}");
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the name server answers now, as `dig` prints it: seconds, and the address.
fn answer(dns: u16) -> String {
    let port = dns.to_string();
    let args = ["@127.0.0.1", "-p", &port, "www.moved.example", "A", "+noall", "+answer", "+tries=1", "+time=5"];
    let output = Command::new("dig").args(args).output().expect("dig starts; `./needs test` installs it");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [_, seconds, _, _, address] = words[..] { format!("{seconds} {address}") } else { text }
}

#[test]
fn a_planned_move_of_a_real_zone_lowers_its_ttl_restores_it_and_is_taken_back() {
    let edge = Edge::new();
    let slow = "name = \"www.moved.example.\"\nttl = \"5s\"\nlow-ttl = \"2s\"";
    let test = edge.test.path();
    let topology = test.join("topology/all.toml");
    let text = fs::read_to_string(&topology).expect("a file");
    let changed = text.replace("name = \"www.moved.example.\"\nttl = \"1s\"", slow);
    assert_ne!(text, changed);
    let routes = || flat(&edge.test.run(&["routes", "name"]).code(0).out());
    let longer = "the TTL of the record is 5s, and the `ttl` of the route is 1s: set the record to 1s, or write 5s";
    assert!(routes().contains(longer), "{}", routes());
    fs::write(&topology, changed).expect("a file");
    assert!(!routes().contains("TTL"), "{}", routes());
    let plan = edge.test.run(&["plan", "--leave", "service:name@north"]).code(0).out();
    assert!(plan.contains("set the TTL of name to 2s, wait 5s"), "{plan}");
    let id = plan.lines().next().and_then(|line| line.rsplit("plan ").next()).expect("a name").to_owned();
    assert_eq!(answer(edge.dns), "5 192.0.2.1");

    let mut run = edge.test.command(&["run", &id]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    patiently("the question", &String::new, || edge.test.run(&["approve", "start"]).is_ok());
    patiently("the lower TTL", &String::new, || answer(edge.dns) == "2 192.0.2.1");
    patiently("the move", &String::new, || answer(edge.dns) == "2 192.0.2.2");
    assert!(run.wait().expect("it ends").success());
    assert_eq!(answer(edge.dns), "5 192.0.2.2");

    let name = fs::read_dir(test.join(".bonghwa/runs")).expect("runs").next().expect("a run").expect("a run");
    let name = name.file_name().into_string().expect("a name");
    edge.test.run(&["retreat", &name, "--yes", "it was too early"]).code(0);
    assert_eq!(answer(edge.dns), "5 192.0.2.1");
    // On the way back nobody was moved before answers from before were gone, either.
    let journals = fs::read_dir(test.join(".bonghwa/runs")).expect("runs").map(|run| run.expect("a run").path());
    let told: String = journals
        .filter(|run| !run.ends_with(&name))
        .map(|run| fs::read_to_string(run.join("journal.jsonl")).expect("a journal"))
        .collect();
    let at = |text: &str| told.find(text).unwrap_or_else(|| panic!("no {text} in {told}"));
    assert!(at("may be kept for 2s, and no longer for 5s") < at("leads to north 100 %"), "{told}");
    assert!(at("leads to north 100 %") < at("may be kept for 5s, and no longer for 2s"), "{told}");
}

#[test]
fn what_can_not_be_meant_is_refused_before_anybody_is_asked() {
    let edge = Edge::new();
    let refused = |args: &[&str], why: &str| {
        let said = edge.test.run(&[&["shift"], args].concat()).code(if why.contains("no share") { 2 } else { 3 }).err();
        assert!(said.contains(why), "{args:?}: {said}");
    };
    refused(&["web", "north=40", "south=50"], "the shares add up to 90");
    refused(&["web", "north=50", "south=50"], "it leads there already");
    refused(&["web", "north=x"], "is no share of a site");
    refused(&["web", "south=100"], "carries at most 90");
    refused(&["web", "cloud=100"], "the route has no address at cloud");
    refused(&["web", "north=10", "south=90"], "nobody can be asked here");
    assert_eq!(edge.asks(10), Some(5));
    assert!(!edge.test.path().join(".bonghwa/runs").exists());
}

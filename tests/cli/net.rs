//! Sites that can really be cut: network namespaces on a bridge in one more of them, and servers that run inside. All of it
//! ends with its test, also where that panics. It needs root.

use std::fs;
use std::fs::File;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::thread::LinkNameSpaceType;
use rustix::thread::move_into_link_name_space;
use tempfile::TempDir;

use crate::small::patiently;

/// What stands between the sites.
const WAN: &str = "wan";

/// Namespaces on one bridge, and what was started in them.
pub(crate) struct Net {
    prefix: String,
    places: Vec<&'static str>,
    servers: Vec<Child>,
    folder: TempDir,
}

impl Net {
    /// A namespace for each place. It has the addresses `10.77.N.1` to `10.77.N.3`, with its number in this list, from 1 on.
    pub(crate) fn new(places: &[&'static str]) -> Self {
        assert!(rustix::process::getuid().is_root(), "this test makes network namespaces, which only root may");
        let folder = tempfile::tempdir().expect("a folder");
        // The database has a user of its own, who must get to what it keeps here.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let prefix = format!("bh{}", std::process::id());
        let net = Self { prefix, places: places.to_vec(), servers: Vec::new(), folder };
        let wan = net.name(WAN);
        ip(&["netns", "add", &wan]);
        ip(&["-n", &wan, "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0"]);
        ip(&["-n", &wan, "link", "set", "br0", "up"]);
        for (at, place) in places.iter().enumerate() {
            let (name, wire) = (net.name(place), format!("v-{place}"));
            ip(&["netns", "add", &name]);
            ip(&["-n", &wan, "link", "add", &wire, "type", "veth", "peer", "name", "eth0", "netns", &name]);
            ip(&["-n", &wan, "link", "set", &wire, "master", "br0", "up"]);
            ip(&["-n", &name, "link", "set", "lo", "up"]);
            for host in 1..=3 {
                ip(&["-n", &name, "addr", "add", &format!("10.77.{}.{host}/16", at + 1), "dev", "eth0"]);
            }
            ip(&["-n", &name, "link", "set", "eth0", "up"]);
        }
        net
    }

    fn name(&self, place: &str) -> String {
        format!("{}-{place}", self.prefix)
    }

    /// Where all that the servers keep is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What begins a command line that is to run in a place.
    pub(crate) fn inside(&self, place: &str) -> String {
        format!("ip netns exec {}", self.name(place))
    }

    /// Nobody gets there, or away from there, from now on. Nobody is told: whoever tries waits in vain.
    pub(crate) fn cut(&self, place: &str) {
        ip(&["-n", &self.name(WAN), "link", "set", &format!("v-{place}"), "down"]);
    }

    /// The line is there again.
    pub(crate) fn heal(&self, place: &str) {
        ip(&["-n", &self.name(WAN), "link", "set", &format!("v-{place}"), "up"]);
    }

    fn command(&self, place: &str, args: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(place)]).args(args).stdin(Stdio::null());
        command.current_dir(self.folder());
        command
    }

    /// Runs a program in a place to its end, which must be a good one.
    pub(crate) fn run(&self, place: &str, args: &[&str]) {
        let output = self.command(place, args).output().expect("ip is missing: install iproute2");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?} at {place}: {said}");
    }

    /// Starts a server that stays in front, and waits until something listens at its address.
    pub(crate) fn serve(&mut self, place: &str, address: &str, args: &[&str]) {
        let path = self.folder().join(format!("log-{address}"));
        let log = File::create(&path).expect("a file");
        let mut command = self.command(place, args);
        let server = command.stdout(log.try_clone().expect("a file")).stderr(log).spawn();
        self.servers.push(server.expect("ip is missing: install iproute2"));
        let shown = || fs::read_to_string(&path).unwrap_or_default();
        let address: SocketAddr = address.parse().expect("an address");
        patiently(args[0], &shown, || {
            let looks = move || TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok();
            self.thread(place, looks).join().expect("no panic")
        });
    }

    /// A thread whose sockets live in a place.
    pub(crate) fn thread<T: Send + 'static>(
        &self,
        place: &str,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let space = File::open(format!("/run/netns/{}", self.name(place))).expect("a namespace");
        thread::spawn(move || {
            move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).expect("root may");
            run()
        })
    }

    /// Processes that live in a place.
    fn processes(&self, place: &str) -> Vec<Pid> {
        let told = Command::new("ip").args(["netns", "pids", &self.name(place)]).output();
        let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        told.lines().filter_map(|line| line.trim().parse().ok()).filter_map(Pid::from_raw).collect()
    }
}

fn ip(args: &[&str]) {
    let output = Command::new("ip").args(args).stdin(Stdio::null()).output();
    let output = output.expect("ip is missing: install iproute2");
    assert!(output.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for Net {
    fn drop(&mut self) {
        // What was about to be started when its parent died is there at the second look.
        for _ in 0..2 {
            for process in self.places.iter().flat_map(|place| self.processes(place)) {
                rustix::process::kill_process(process, Signal::KILL).unwrap_or_default();
            }
        }
        for server in &mut self.servers {
            drop(server.kill());
            drop(server.wait());
        }
        for place in self.places.iter().chain(&[WAN]) {
            drop(Command::new("ip").args(["netns", "del", &self.name(place)]).output());
        }
    }
}

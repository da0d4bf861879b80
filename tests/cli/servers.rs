//! Real servers in the places of a network: databases, logins, a balancer and a name server. They end with the network.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::crowd::Session;
use crate::net::Net;
use crate::small::patiently;
use crate::sshd::keygen;

/// The database at north, to which everybody writes at first.
pub(crate) const NORTH_DB: &str = "10.77.1.1:5432";
/// Its synchronous standby.
pub(crate) const SOUTH_DB: &str = "10.77.2.1:5432";
/// Where users of the balancer come in.
pub(crate) const BALANCER: &str = "10.77.3.1:80";
/// Its runtime API.
pub(crate) const CONTROL: &str = "10.77.3.1:9999";
/// The name server.
pub(crate) const NAMES: &str = "10.77.3.2:53";
/// The secret of its key `bonghwa.` (SHA-256).
pub(crate) const SECRET: &str = "Ym9uZ2h3YS1rZXktb2YtYS10ZXN0LTAxMjM0NTY3ODk=";

const ZONE: &str = "$TTL 1\n@ SOA ns1 hostmaster 1 3 1 600 1\n@ NS ns1\nns1 A 10.77.3.2\nweb A 10.77.1.2\n";
/// Whoever the database runs as.
const AS: [&str; 4] = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"];

/// Where PostgreSQL keeps its programs: the first of the versions that are there.
pub(crate) fn programs() -> PathBuf {
    let all = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut all: Vec<PathBuf> = all.filter(|path| path.join("postgres").exists()).collect();
    all.sort();
    all.into_iter().next().expect("postgres is missing: install postgresql")
}

/// A database at north, and one at south without which it acknowledges nothing.
pub(crate) fn databases(net: &mut Net, lab: &Path) {
    let bin = programs();
    let program = |name: &str| bin.join(name).display().to_string();
    let [north, south] = ["pg-north", "pg-south"].map(|name| lab.join(name).display().to_string());
    for data in [&north, &south] {
        net.run("north", &["install", "-d", "-o", "postgres", "-g", "postgres", "-m", "700", data]);
    }
    net.run(
        "north",
        &[&AS[..], &[&program("initdb"), "-A", "trust", "-N", "--no-locale", "-E", "UTF8", "-D", &north]].concat(),
    );
    let hba = lab.join("pg-north/pg_hba.conf");
    let text = fs::read_to_string(&hba).expect("it was made");
    fs::write(&hba, format!("{text}host all,replication all 10.77.0.0/16 trust\n")).expect("a file");
    database(net, "north", NORTH_DB, &program("postgres"), &north);
    say(net, NORTH_DB, "create table letter (id bigint primary key)");
    say(net, NORTH_DB, "create table looked (at timestamptz)");
    say(net, NORTH_DB, "alter system set synchronous_standby_names = 'FIRST 1 (south)'");
    let from = ["-h", "10.77.1.1", "-U", "postgres", "-R", "-X", "stream", "-C", "-S", "south", "-c", "fast"];
    net.run("south", &[&AS[..], &[&program("pg_basebackup"), "-D", &south], &from].concat());
    database(net, "south", SOUTH_DB, &program("postgres"), &south);
    // From here on north acknowledges nothing before south has it.
    say(net, NORTH_DB, "select pg_reload_conf()");
    patiently("a synchronous standby", &String::new, || {
        say(net, NORTH_DB, "select sync_state from pg_stat_replication") == ["sync"]
    });
}

fn database(net: &mut Net, site: &str, address: &str, postgres: &str, data: &str) {
    let (listens, name) = (format!("listen_addresses={}", &address[..9]), format!("cluster_name={site}"));
    let mut args = [&AS[..], &[postgres, "-D", data]].concat();
    for setting in [
        &listens,
        &name,
        "unix_socket_directories=",
        "max_connections=200",
        "wal_sender_timeout=3s",
        "wal_receiver_timeout=3s",
        "wal_retrieve_retry_interval=500ms",
    ] {
        args.extend(["-c", setting]);
    }
    net.serve(site, address, &args);
}

/// What a database answers to somebody at the desk.
pub(crate) fn say(net: &Net, address: &'static str, line: &'static str) -> Vec<String> {
    let mut told = None;
    patiently(line, &String::new, || {
        let asks = net.thread("desk", move || Session::open(address).and_then(|mut session| session.ask(line)).ok());
        told = asks.join().expect("no panic");
        told.is_some()
    });
    told.unwrap_or_default()
}

/// An SSH server of a site, at its first two addresses. What it runs is at home where the keys are.
pub(crate) fn logins(net: &mut Net, lab: &Path, site: &str, first: &str) {
    for key in ["key", "host"] {
        keygen(&lab.join(key));
    }
    fs::create_dir_all("/run/sshd").expect("the folder of sshd");
    let (here, key) = (lab.display(), fs::read_to_string(lab.join("host.pub")).expect("a key"));
    let (mut listen, mut known) = (String::new(), fs::read_to_string(lab.join("known_hosts")).unwrap_or_default());
    for host in 1..=2 {
        writeln!(listen, "ListenAddress {first}.{host}").expect("a text");
        write!(known, "{first}.{host} {key}").expect("a text");
    }
    fs::write(lab.join("known_hosts"), known).expect("a file");
    let text = format!(
        "{listen}HostKey {here}/host\nPidFile none\nUsePAM no\nStrictModes no\nUseDNS no\nSetEnv HOME={here}\n\
         AuthorizedKeysFile {here}/key.pub\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PermitRootLogin yes\nMaxStartups 200\n"
    );
    let config = lab.join(format!("sshd-{site}"));
    fs::write(&config, text).expect("a file");
    let config = config.display().to_string();
    net.serve(site, &format!("{first}.1:22"), &["/usr/sbin/sshd", "-D", "-e", "-f", &config]);
}

/// A balancer that leads to the pages of both sites, as long as they answer.
pub(crate) fn balancer(net: &mut Net, lab: &Path) {
    let config = lab.join("haproxy.cfg");
    let text = format!(
        "global\n stats socket ipv4@{CONTROL} level admin\n\
         defaults\n mode http\n timeout connect 1s\n timeout client 5s\n timeout server 5s\n retries 1\n\
         frontend users\n bind {BALANCER}\n default_backend web\n\
         backend web\n option httpchk GET /\n timeout check 1s\n default-server check inter 300ms fall 2 rise 1\n \
         server north 10.77.1.2:8000 weight 100\n server south 10.77.2.2:8000 weight 100\n"
    );
    fs::write(&config, text).expect("a file");
    let program = if Path::new("/usr/sbin/haproxy").exists() { "/usr/sbin/haproxy" } else { "haproxy" };
    net.serve("cloud", BALANCER, &[program, "-db", "-f", &config.display().to_string()]);
}

/// A name server that knows where the pages are, and takes updates signed with [`SECRET`].
pub(crate) fn names(net: &mut Net, lab: &Path) {
    let folder = lab.join("named");
    fs::create_dir(&folder).expect("a folder");
    let here = folder.display();
    let config = format!(
        "key \"bonghwa.\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\n\
         options {{ directory \"{here}\"; listen-on {{ 10.77.3.2; }}; listen-on-v6 {{ none; }}; recursion no; \
         dnssec-validation no; empty-zones-enable no; notify no; session-keyfile \"{here}/session.key\"; \
         managed-keys-directory \"{here}\"; lock-file none; pid-file none; }};\ncontrols {{ }};\n\
         zone \"talk.example\" {{ type primary; file \"zone\"; update-policy {{ grant bonghwa. zonesub ANY; }}; }};\n"
    );
    fs::write(folder.join("zone"), ZONE).expect("a file");
    fs::write(folder.join("config"), config).expect("a file");
    let config = folder.join("config").display().to_string();
    net.serve("cloud", NAMES, &["/usr/sbin/named", "-g", "-n", "1", "-c", &config]);
}

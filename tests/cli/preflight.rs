//! A look before a run, at real SSH servers: who is reached and who is not, what is done and what is not, and that nothing
//! was changed anywhere.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::Ended;
use crate::run::Test;
use crate::sshd::Sshd;
use crate::sshd::user;

const TOPOLOGY: &str = r#"
[[tier]]
id = "lifeline"
rto = "10m"
rpo = "0s"
[[tier]]
id = "rest"
rto = "30m"
rpo = "1m"
[site.north]
kind = "datacenter"
capacity = { cores = 100 }
[site.south]
kind = "datacenter"
capacity = { cores = 100 }
[service.store]
tier = "lifeline"
owner = "talk"
kind = "stateful"
load = { cores = 10 }
[service.store.at.north]
role = "active"
hosts = "n-db-1"
max-load = { cores = 20 }
[service.store.at.south]
role = "hot"
hosts = "127.0.0.[1-2]"
max-load = { cores = 20 }
replication = { from = "north", mode = "sync", max-lag = "0s" }
[service.text]
tier = "lifeline"
owner = "talk"
kind = "stateless"
load = { cores = 20 }
[service.text.at.north]
role = "active"
hosts = "n-text-1"
max-load = { cores = 30 }
[service.text.at.south]
role = "warm"
hosts = "127.0.0.[11-13]"
max-load = { cores = 30 }
[service.photo]
tier = "rest"
owner = "talk"
kind = "stateless"
load = { cores = 20 }
[service.photo.at.north]
role = "active"
hosts = "n-photo-1"
max-load = { cores = 30 }
[service.photo.at.south]
role = "warm"
hosts = "127.0.0.[5-8]"
max-load = { cores = 30 }
"#;

const STORE: &str = r#"
[runbook]
id = "store"
owner = "talk"
[[failover]]
id = "fence"
phase = "fence"
on = "source"
ssh = "touch WORLD/fenced"
attest = "Is the old store off?"
[[failover]]
id = "promote"
phase = "promote"
ssh = "touch WORLD/promoted"
done-if = { ssh = "test -e STATE/primary-{{ host }}" }
position = { ssh = "echo position=17 age=2s" }
[[failover]]
id = "look"
phase = "verify"
wait = { ssh = "test -e STATE/primary-127.0.0.1", within = "10m", times = 9 }
"#;

const TEXT: &str = r#"
[runbook]
id = "text"
owner = "talk"
[[failover]]
id = "tell"
phase = "free"
on = "operator"
notify = { message = "Text goes to {{ target }}", command = "touch WORLD/told" }
[[failover]]
id = "call"
phase = "prepare"
on = "operator"
http = { url = "http://127.0.0.1:CLOSED/{{ target }}", method = "POST", headers = { Authorization = "env:CANARY" } }
[[failover]]
id = "ask"
phase = "prepare"
on = "operator"
exec = "touch WORLD/asked"
done-if = { http = "http://127.0.0.1:CLOSED/state" }
[[failover]]
id = "carrier"
phase = "prepare"
on = "operator"
confirm = "Has the carrier switched to {{ target }}?"
[[failover]]
id = "start"
phase = "start"
ssh = "touch WORLD/started"
env = { TOKEN = "env:CANARY", OTHER = "env:NOBODY" }
[[failover]]
id = "ready"
phase = "verify"
wait = { exec = "cat STATE/hang 2>/dev/null && sleep 600; exit 1", within = "10s" }
"#;

const PHOTO: &str = r#"
[runbook]
id = "photo"
owner = "talk"
[[failover]]
id = "start"
phase = "start"
ssh = "touch WORLD/photo"
batch = { parallel = 2, enough = "75%" }
[[failover]]
id = "ready"
phase = "verify"
wait = { exec = "true" }
"#;

/// An estate, its servers, and folders beside it: `world` is what its steps would change, `state` what its probes see.
struct Far {
    test: Test,
    beside: TempDir,
    sshd: Sshd,
}

fn closed_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("a port").port()
}

impl Far {
    /// With a server at all addresses but these. It is trusted at all of them.
    fn without(closed: &[u8]) -> Self {
        let beside = tempfile::tempdir().expect("a folder");
        for folder in ["world", "state"] {
            fs::create_dir(beside.path().join(folder)).expect("a folder");
        }
        let open = (1..=13).filter(|at| !closed.contains(at) && ![3, 4, 10].contains(at));
        let addresses: Vec<String> = open.map(|at| format!("127.0.0.{at}")).collect();
        let sshd = Sshd::start(beside.path(), &addresses);
        let closed = closed_port();
        let there = beside.path().display().to_string();
        let filled = |text: &str| {
            let (world, state) = (format!("{there}/world"), format!("{there}/state"));
            text.replace("WORLD", &world).replace("STATE", &state).replace("CLOSED", &closed.to_string())
        };
        let rule = |pattern: &str, address: &str, port: u16| {
            let user = user();
            format!(
                "[[host]]\nmatch = \"{pattern}\"\naddress = \"{address}\"\nport = {port}\nuser = \"{user}\"\nuses = []\n"
            )
        };
        let rules = rule("127.*", "{{ host }}", sshd.port()) + &rule("n-*", "127.0.0.1", closed);
        let settings = format!(
            "[project]\ntitle = \"Far\"\n[orchestrator]\ncopies-at = [\"south\"]\n\
             [ssh]\nknown-hosts = [\"{there}/known_hosts\"]\nidentities = [\"{there}/key\"]\nagent = false\n"
        );
        let test = Test::new()
            .file("bonghwa.toml", &settings)
            .file("topology/all.toml", &(TOPOLOGY.to_owned() + &rules))
            .file("runbooks/store.toml", &filled(STORE))
            .file("runbooks/text.toml", &filled(TEXT))
            .file("runbooks/photo.toml", &filled(PHOTO));
        test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
        Self { test, beside, sshd }
    }

    fn look(&self, args: &[&str], secrets: &[(&str, &str)]) -> (Value, Ended) {
        let all: Vec<&str> = ["preflight", "plan.json"].iter().chain(args).copied().collect();
        let mut command = self.test.command(&all);
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.envs(secrets.iter().copied());
        let ended = Ended::of(command.output().expect("the tool starts"));
        (self.kept(), ended)
    }

    /// What was kept of it.
    fn kept(&self) -> Value {
        let folder = self.test.path().join(".bonghwa/preflight");
        let files: Vec<PathBuf> = fs::read_dir(folder).expect("a folder").flatten().map(|file| file.path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        serde_json::from_slice(&fs::read(&files[0]).expect("a file")).expect("JSON")
    }

    fn state(&self, name: &str) {
        fs::write(self.beside.path().join("state").join(name), "").expect("a file");
    }

    /// Nothing was done, and nothing lies where records would.
    fn assert_untouched(&self) {
        let world = fs::read_dir(self.beside.path().join("world")).expect("a folder").count();
        assert_eq!(world, 0);
        assert!(!self.test.path().join(".bonghwa/preflight/records").exists());
    }
}

fn tag<'v>(seen: &'v Value, step: &str) -> &'v Value {
    let steps = seen["steps"].as_array().expect("steps");
    let found = steps.iter().find(|one| one["step"] == step);
    &found.unwrap_or_else(|| panic!("{step} in {seen:#}"))["tag"]
}

#[test]
fn each_step_is_told_by_what_can_be_seen_of_it() {
    let far = Far::without(&[]);
    far.state("primary-127.0.0.1");
    let secrets = [("CANARY", "canary-of-preflight"), ("NOBODY", "x")];
    let (seen, ended) = far.look(&[], &secrets);
    // The hosts of the lost site were provided for, so they are no finding.
    assert_eq!(seen["missing"].as_array().map(Vec::len), Some(0));
    assert_eq!(tag(&seen, "store/fence@north")["is"], "unreachable");
    assert_eq!(tag(&seen, "store/fence@north")["excused"], true);
    // One of two is the primary.
    let promote = tag(&seen, "store/promote@south");
    assert_eq!((&promote["is"], &promote["done"]), (&"probed".into(), &false.into()));
    assert_eq!((&promote["so"], &promote["of"]), (&1.into(), &2.into()));
    let steps = seen["steps"].as_array().expect("steps");
    let promote = steps.iter().find(|one| one["step"] == "store/promote@south").expect("a step");
    assert_eq!(promote["positions"][1], serde_json::json!({ "host": "127.0.0.2", "position": "17", "age": 2000 }));
    assert_eq!(tag(&seen, "store/look@south")["done"], true);
    assert_eq!(tag(&seen, "text/start@south")["is"], "predicted");
    assert_eq!(tag(&seen, "text/ready@south")["done"], false);
    assert_eq!(tag(&seen, "photo/ready@south")["done"], true);
    for (step, because) in [
        ("text/tell@south", "message"),
        ("text/call@south", "request"),
        ("text/ask", "no-answer"),
        ("text/carrier@south", "person"),
    ] {
        assert_eq!(tag(&seen, step)["because"], because, "{step}");
    }
    let text = ended.code(0).out();
    assert!(!text.contains("canary"), "{text}");
    far.assert_untouched();
    // The lifeline alone, and again as the world is now.
    far.state("primary-127.0.0.2");
    let (seen, ended) = far.look(&["--only", "lifeline", "--json"], &secrets);
    assert_eq!(tag(&seen, "store/promote@south")["done"], true);
    let steps = seen["steps"].as_array().expect("steps");
    assert!(steps.iter().all(|step| !step["step"].as_str().is_some_and(|step| step.starts_with("photo/"))));
    let told: Value = serde_json::from_str(&ended.code(0).out()).expect("JSON");
    assert_eq!(told, seen);
    let schema: Value = serde_json::from_str(&far.test.run(&["schema", "preflight"]).code(0).out()).expect("JSON");
    let mut missing = Vec::new();
    crate::plan::compare(&schema, &schema, &seen, "preflight", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
    far.assert_untouched();
}

#[test]
fn what_would_fail_at_night_is_found_before() {
    let far = Far::without(&[2, 6, 7]);
    // One shows another key than it should, and one is not known.
    let known = far.beside.path().join("known_hosts");
    let read = |name: &str| fs::read_to_string(far.beside.path().join(name)).expect("a file");
    let (host, other) = (read("host.pub"), read("key.pub"));
    let lines: String = read("known_hosts")
        .lines()
        .filter(|line| !line.starts_with("[127.0.0.12]"))
        .map(
            |line| if line.starts_with("[127.0.0.11]") { line.replace(host.trim(), other.trim()) } else { line.into() },
        )
        .map(|line| line + "\n")
        .collect();
    fs::write(&known, lines).expect("a file");
    let (seen, ended) = far.look(&[], &[("CANARY", "canary-of-preflight")]);
    let groups: Vec<(&str, &str)> = seen["unreached"]
        .as_array()
        .expect("groups")
        .iter()
        .filter(|group| group["excused"] == false)
        .filter_map(|group| Some((group["why"].as_str()?, group["hosts"].as_str()?)))
        .collect();
    let expected = [
        ("Connection refused", "127.0.0.2,127.0.0.[6-7]"),
        ("its host key is not known", "127.0.0.12"),
        ("its host key is not the one in known_hosts", "127.0.0.11"),
    ];
    assert_eq!(groups, expected, "{seen:#}");
    assert_eq!(tag(&seen, "store/promote@south")["hosts"], "127.0.0.2");
    assert_eq!(tag(&seen, "text/start@south")["hosts"], "127.0.0.[11-12]");
    // Three of four would be enough.
    assert_eq!(tag(&seen, "photo/start@south")["hosts"], "127.0.0.[6-7]");
    assert_eq!(seen["missing"][0]["reference"], "env:NOBODY");
    assert_eq!(seen["missing"][0]["steps"], serde_json::json!(["text/start@south"]));
    let text = ended.code(1).out();
    for part in ["5 of 10 hosts unreachable, 1 of 2 secrets missing", "known_hosts, line", "env:NOBODY"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    far.assert_untouched();
    let told = far.test.run(&["show", "plan.json"]).code(0).err();
    assert_eq!(told, "preflight: just now, 5 of 10 hosts unreachable, 1 of 2 secrets missing\n");
}

/// The estate, with a bastion before the hosts of two services.
fn behind_a_bastion(closed: &[u8]) -> Far {
    let far = Far::without(closed);
    let (port, user) = (far.sshd.port(), user());
    let here = |pattern: &str, more: &str| {
        format!(
            "[[host]]\nmatch = \"{pattern}\"\naddress = \"{{{{ host }}}}\"\nport = {port}\nuser = \"{user}\"\nuses = []\n{more}"
        )
    };
    let rules = here("127.0.0.9", "") + &here("127.0.0.1*", "jump = [\"bastion@south\"]\n");
    let bastion = "[service.bastion]\ntier = \"lifeline\"\nowner = \"ops\"\nkind = \"stateless\"\nload = { cores = 1 }\n\
                   [service.bastion.at.south]\nrole = \"active\"\nhosts = \"127.0.0.9\"\nmax-load = { cores = 2 }\n";
    let topology = fs::read_to_string(far.test.path().join("topology/all.toml")).expect("a file");
    let (services, others) = topology.split_once("[[host]]").expect("a rule");
    fs::write(far.test.path().join("topology/all.toml"), format!("{services}{bastion}{rules}[[host]]{others}"))
        .expect("a file");
    far.test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
    far
}

#[test]
fn a_bastion_is_looked_at_as_what_stands_behind_it() {
    let secrets = [("CANARY", "x"), ("NOBODY", "x")];
    let far = behind_a_bastion(&[]);
    let (seen, ended) = far.look(&[], &secrets);
    assert_eq!(seen["hosts"], 11);
    assert_eq!(tag(&seen, "text/start@south")["is"], "predicted");
    ended.code(0);
    let far = behind_a_bastion(&[9]);
    let (seen, ended) = far.look(&[], &secrets);
    let groups = seen["unreached"].as_array().expect("groups");
    let told = |stage: &str| groups.iter().find(|group| group["stage"] == stage && group["excused"] == false);
    let behind = told("bastion").expect("a group");
    assert_eq!(behind["hosts"], "127.0.0.[1-2],127.0.0.[11-13]");
    let why = format!("no way through 127.0.0.9:{}: Connection refused", far.sshd.port());
    assert_eq!(behind["why"], why.as_str());
    assert_eq!(told("connect").expect("a group")["hosts"], "127.0.0.9");
    // What does not stand behind it was reached.
    assert_eq!(tag(&seen, "photo/start@south")["is"], "predicted");
    ended.code(1);
    far.assert_untouched();
}

#[test]
fn what_hangs_is_told_when_the_time_is_over() {
    let far = Far::without(&[12]);
    let silent = TcpListener::bind(("127.0.0.12", far.sshd.port())).expect("the same port");
    far.state("hang");
    let (seen, ended) = far.look(&["--within", "9s"], &[("CANARY", "x"), ("NOBODY", "x")]);
    let late = seen["unreached"].as_array().expect("groups").iter().find(|group| group["stage"] == "time");
    assert_eq!(late.map(|group| &group["hosts"]), Some(&"127.0.0.12".into()), "{seen:#}");
    let ready = tag(&seen, "text/ready@south");
    assert_eq!((&ready["is"], &ready["count"]), (&"unreachable".into(), &0.into()), "{seen:#}");
    // Whoever answered was still asked.
    assert_eq!(tag(&seen, "store/promote@south")["is"], "probed");
    let took = seen["took-ms"].as_u64().expect("a span");
    assert!((8_900..14_000).contains(&took), "{took}");
    assert!(ended.code(1).out().contains("1 probe not answered in time"));
    far.assert_untouched();
    drop(silent);
}

//! Plans that begin where writers are seen to be: what hosts answer on real SSH servers, and what is made of it where they
//! don't, or disagree.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::Test;
use crate::sshd::Sshd;
use crate::sshd::user;

const TOPOLOGY: &str = r#"
[[tier]]
id = "lifeline"
rto = "10m"
rpo = "0s"
[site.north]
kind = "datacenter"
capacity = { cores = 100 }
[site.south]
kind = "datacenter"
capacity = { cores = 100 }
[site.west]
kind = "datacenter"
capacity = { cores = 100 }
[service.db]
tier = "lifeline"
owner = "talk"
kind = "stateful"
runbook = "db"
load = { cores = 20 }
[service.db.at.north]
role = "active"
hosts = "n-db-[1-2]"
max-load = { cores = 30 }
[service.db.at.south]
role = "hot"
hosts = "s-db-[1-2]"
max-load = { cores = 30 }
replication = { from = "north", mode = "sync", max-lag = "0s" }
[service.db.at.west]
role = "hot"
hosts = "w-db-1"
max-load = { cores = 30 }
replication = { from = "north", mode = "sync", max-lag = "0s" }
[service.ledger]
tier = "lifeline"
owner = "pay"
kind = "stateful"
load = { cores = 20 }
[service.ledger.at.north]
role = "active"
hosts = "n-ledger-1"
max-load = { cores = 30 }
[service.ledger.at.south]
role = "hot"
hosts = "s-ledger-1"
max-load = { cores = 30 }
replication = { from = "north", mode = "sync", max-lag = "0s" }
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "db"
owner = "talk"
[[failover]]
id = "fence"
phase = "fence"
on = "source"
ssh = "touch HERE/did"
attest = "Is the old db off?"
[[failover]]
id = "promote"
phase = "promote"
ssh = "touch HERE/did"
done-if = { ssh = "cat HERE/role-{{ host }}", expect-output = "primary" }
position = { ssh = "echo position=17 age=0s" }
[[failover]]
id = "verify"
phase = "verify"
wait = { ssh = "true" }
"#;

struct Observed {
    test: Test,
    _beside: TempDir,
    _sshd: Sshd,
}

/// What each host says of itself, beside those that nobody can reach.
const ROLES: [(&str, &str); 5] =
    [("n-db-1", "primary"), ("n-db-2", "primary"), ("s-db-1", "standby"), ("s-db-2", "standby"), ("w-db-1", "standby")];

impl Observed {
    fn new() -> Self {
        let beside = tempfile::tempdir().expect("a folder");
        let addresses: Vec<String> = (1..=5).map(|at| format!("127.0.0.{at}")).collect();
        let sshd = Sshd::start(beside.path(), &addresses);
        let (port, user) = (sshd.port(), user());
        let rules: String = ROLES
            .iter()
            .zip(&addresses)
            .map(|((name, _), address)| {
                format!("[[host]]\nmatch = \"{name}\"\naddress = \"{address}\"\nport = {port}\nuser = \"{user}\"\nuses = []\n")
            })
            .collect();
        let there = beside.path().display();
        let settings = format!(
            "[project]\ntitle = \"Observed\"\n[orchestrator]\ncopies-at = [\"south\"]\n\
             [ssh]\nknown-hosts = [\"{there}/known_hosts\"]\nidentities = [\"{there}/key\"]\nagent = false\n"
        );
        let test = Test::new();
        let here = test.path().display().to_string();
        let test = test
            .file("bonghwa.toml", &settings)
            .file("topology/all.toml", &(TOPOLOGY.to_owned() + &rules))
            .file("runbooks/db.toml", &RUNBOOK.replace("HERE", &here));
        let all = Self { test, _beside: beside, _sshd: sshd };
        ROLES.iter().for_each(|(host, role)| all.role(host, role));
        all
    }

    fn role(&self, host: &str, role: &str) {
        fs::write(self.test.path().join(format!("role-{host}")), format!("{role}\n")).expect("a file");
    }

    /// The plan for the loss of a site, and what it says of who writes.
    fn plan(&self, lost: &str, more: &[&str]) -> (Value, Value) {
        let args = [&["--lost", lost, "--json"][..], more].concat();
        let plan: Value = serde_json::from_str(&self.test.plan(&args).code(0).out()).expect("a plan");
        let said = plan["findings"].as_array().expect("findings").iter().find(|finding| finding["kind"] == "asked");
        (plan.clone(), said.cloned().unwrap_or_default())
    }
}

/// Where the plan begins with the db, and whether it promotes it.
fn of_db(plan: &Value) -> (Vec<String>, bool) {
    let db = plan["services"].as_array().expect("services").iter().find(|service| service["id"] == "db");
    let from = db.map(|db| db["from"].as_array().expect("sites").iter()).into_iter().flatten();
    let from =
        from.filter(|from| from["share"] != 0).map(|from| from["site"].as_str().expect("a name").to_owned()).collect();
    let promotes = plan["steps"].to_string().contains("db/promote@");
    (from, promotes)
}

#[test]
fn a_plan_begins_where_writers_are_seen() {
    let all = Observed::new();
    // As declared: the same plan, which says when it was seen and keeps what was.
    let (plan, said) = all.plan("north", &["--observe"]);
    assert_eq!(of_db(&plan), (vec!["north".to_owned()], true));
    assert_eq!((said["as-known"].as_u64(), said["mute"].as_u64()), (Some(1), Some(1)), "{said}");
    assert!(!plan["findings"].to_string().contains("declared-only"));
    let kept = plan["sources"]
        .as_array()
        .expect("sources")
        .iter()
        .find_map(|source| source["path"].as_str().filter(|path| path.starts_with(".bonghwa/observed/")));
    assert!(all.test.path().join(kept.expect("a source")).is_file());
    // Somebody promoted it by hand: the loss of its old home moves nobody, that of its new one does.
    ["n-db-1", "n-db-2"].iter().for_each(|host| all.role(host, "fenced"));
    ["s-db-1", "s-db-2"].iter().for_each(|host| all.role(host, "primary"));
    let (plan, said) = all.plan("south", &["--observe"]);
    assert_eq!(said["elsewhere"], serde_json::json!(["db@south"]));
    assert_eq!(of_db(&plan), (vec!["south".to_owned()], true));
    assert!(!of_db(&all.plan("north", &["--observe"]).0).1);
    assert!(of_db(&all.plan("north", &[]).0).1);
    assert!(!of_db(&all.plan("south", &[]).0).1);
    // Nothing was done anywhere.
    assert!(!all.test.path().join("did").exists());
}

#[test]
fn what_is_not_clear_changes_nothing_and_is_told() {
    let all = Observed::new();
    all.role("w-db-1", "primary");
    let (plan, said) = all.plan("north", &["--observe"]);
    assert_eq!(said["unclear"], serde_json::json!(["db@north+west"]));
    assert_eq!(of_db(&plan).0, ["north"]);
    let told = all.test.plan(&["--lost", "north", "--observe", "--all"]).code(0).out();
    assert!(told.contains("THAN ONE, or a part of one: db@north+west; 1 service without a probe"), "{told}");
    // One of two hosts.
    all.role("w-db-1", "standby");
    all.role("n-db-2", "standby");
    assert_eq!(all.plan("north", &["--observe"]).1["unclear"], serde_json::json!(["db@north"]));
    // Nobody, since nobody is reached who would say so.
    let test = all.test.changed("topology/all.toml", "match = \"n-db-1\"", "match = \"n-db-8\"");
    let test = test.changed("topology/all.toml", "match = \"n-db-2\"", "match = \"n-db-9\"");
    let all = Observed { test, ..all };
    let (plan, said) = all.plan("north", &["--observe"]);
    assert_eq!(said["unseen"], serde_json::json!(["db"]));
    assert_eq!(of_db(&plan), (vec!["north".to_owned()], true));
}

#[test]
fn where_nothing_says_how_to_see_it_that_is_said() {
    let all = Observed::new();
    let line = "done-if = { ssh = \"cat";
    let test = all.test.changed("runbooks/db.toml", line, &line.replace("done-if", "verify"));
    let ended = test.plan(&["--lost", "north", "--observe"]).code(0);
    assert!(ended.err().contains("nothing was observed") && ended.err().contains("2 services with one writer"));
    assert!(ended.out().contains("declared, not observed"), "{}", ended.out());
    let test = test.changed("runbooks/db.toml", "verify = { ssh = \"cat", "done-if = { ssh = \"cat");
    let ended = test.plan(&["--return", "north", "--observe"]).code(2);
    assert!(ended.err().contains("who writes is not enough"), "{}", ended.err());
}

//! Capacity of a cloud, from the files that people write to a run: looked at before, asked for, waited for, and told where
//! the cloud can't give it.

use std::fs;

use crate::run::Test;
use crate::small::Small;

const TOPOLOGY: &str = r#"
[[tier]]
id = "lifeline"
rto = "20m"
rpo = "0s"
[site.north]
kind = "datacenter"
capacity = { cores = 100 }
[site.tokyo]
kind = "cloud"
capacity = { cores = 10 }
on-demand = { cores = 100, ready-in = "1s", launch-proved = 2026-11-01 }
[service.text]
tier = "lifeline"
owner = "talk"
kind = "stateless"
runbook = "text"
load = { cores = 20 }
[service.text.at.north]
role = "active"
hosts = "n-text-1"
max-load = { cores = 30 }
[service.text.at.tokyo]
role = "warm"
hosts = "t-text-1"
max-load = { cores = 5 }
scale = { provider = "asg", max-load = { cores = 40 } }
[provider.asg]
kind = "command"
read = "cat {{ service }}@{{ site }}.txt"
write = "sh cloud.sh {{ service }}@{{ site }}.txt {{ amounts }}"
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "text"
owner = "talk"
[[failover]]
id = "launch"
phase = "prepare"
scale = true
timeout = "20s"
[[failover]]
id = "start"
phase = "start"
exec = "echo started with $(cat {{ service }}@{{ target }}.txt) >> world.txt"
[[failover]]
id = "ready"
phase = "verify"
wait = { exec = "true" }
"#;

/// It gives what it is asked for, up to what `quota` says.
const CLOUD: &str = r#"
wanted=${2#cores=}
if [ "$wanted" -gt "$(cat quota)" ]; then echo "quota of $(cat quota) cores" >&2; exit 1; fi
echo "$@" >> asked.txt
echo "cores $wanted" > "$1"
"#;

fn estate() -> Small {
    let test = Test::new()
        .file("bonghwa.toml", "[project]\ntitle = \"Cloud\"\n[orchestrator]\ncopies-at = [\"tokyo\"]\n")
        .file("topology/all.toml", TOPOLOGY)
        .file("runbooks/text.toml", RUNBOOK)
        .file("cloud.sh", CLOUD)
        .file("quota", "100\n")
        .file("text@tokyo.txt", "cores 5\n");
    Small { test }
}

fn planned() -> Small {
    let small = estate();
    small.test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
    small
}

#[test]
fn capacity_is_looked_at_then_launched_and_waited_for() {
    let small = planned();
    let seen = small.run(&["preflight", "plan.json"]).code(0).out();
    assert!(seen.contains("capacity     text/launch@tokyo (asg): 5 of 20 cores in service"), "{seen}");
    assert!(!small.test.path().join("asked.txt").exists());
    let run = small.start(&["run", "plan.json"]);
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    let read = |name: &str| fs::read_to_string(small.test.path().join(name)).expect("a file");
    assert_eq!(
        (read("asked.txt").as_str(), read("world.txt").as_str()),
        ("text@tokyo.txt cores=20\n", "started with cores 20\n")
    );
    let seen = small.run(&["preflight", "plan.json", "--all"]).code(0).out();
    assert!(seen.contains("as much is in service already"), "{seen}");
}

#[test]
fn a_quota_and_a_silent_cloud_are_told() {
    let small = planned();
    fs::write(small.test.path().join("quota"), "10\n").expect("a file");
    let run = small.start(&["run", "plan.json"]);
    small.answer_until(|entries| format!("{entries:?}").contains("asg refuses"));
    run.crash();
    let shown = format!("{:?}", small.entries());
    let why = "quota of 10 cores; raise the quota or plan again with less; nothing was changed";
    assert!(shown.contains(why), "{shown}");
    fs::remove_file(small.test.path().join("text@tokyo.txt")).expect("it was there");
    let seen = small.run(&["preflight", "plan.json"]).code(1).out();
    assert!(seen.contains("CAPACITY") && seen.contains("1 of 1 launches can't be asked for"), "{seen}");
}

#[test]
fn names_of_routes_are_no_names_of_capacity() {
    let small = estate();
    let file = small.test.path().join("topology/all.toml");
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, text.replace("cat {{ service }}@{{ site }}.txt", "cat {{ record }}")).expect("a file");
    let told = small.run(&["check"]);
    let told = told.out() + &told.err();
    assert!(told.contains("it is asked for capacity here, which has `amounts`, a `service` and a `site`"), "{told}");
}

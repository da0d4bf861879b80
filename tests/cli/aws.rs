//! Route 53 and an auto-scaling group as people use them, against moto, which speaks their APIs: looked at, moved by hand,
//! looked at before a run, launched and shifted by it.

use std::fs;

use crate::moto::HostedZone;
use crate::moto::Moto;
use crate::moto::desired;
use crate::moto::group;
use crate::moto::weighted;
use crate::run::Test;
use crate::small::Small;
use crate::tty::Tty;

const TOPOLOGY: &str = r#"
[[tier]]
id = "lifeline"
rto = "20m"
rpo = "0s"
[site.north]
kind = "datacenter"
capacity = { cores = 100 }
[site.cloud]
kind = "cloud"
capacity = { cores = 10 }
on-demand = { cores = 100, ready-in = "1s", launch-proved = 2026-11-01 }
[service.web]
tier = "lifeline"
owner = "web"
kind = "stateless"
load = { cores = 20 }
route = "web"
[service.web.at.north]
role = "active"
hosts = "n-web-1"
max-load = { cores = 30 }
[service.web.at.cloud]
role = "hot"
hosts = "c-web-1"
max-load = { cores = 5 }
scale = { provider = "asg", max-load = { cores = 40 } }
[route.web]
provider = "dns"
name = "www.moved.example."
ttl = "5s"
at = { north = ["192.0.2.1"], cloud = ["192.0.2.2"] }
[provider.dns]
kind = "route53"
zone = "moved.example"
servers = ["MOTO"]
env = { AWS_ACCESS_KEY_ID = "file:key", AWS_SECRET_ACCESS_KEY = "file:key" }
[provider.asg]
kind = "aws-autoscaling"
region = "us-east-1"
group = "web"
instance = { cores = 8 }
standing = 1
servers = ["MOTO"]
env = { AWS_ACCESS_KEY_ID = "file:key", AWS_SECRET_ACCESS_KEY = "file:key" }
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "web"
owner = "web"
[[failover]]
id = "ready"
phase = "verify"
wait = { exec = "true" }
[[failover]]
id = "shift"
phase = "shift"
on = "operator"
route = true
"#;

const RECORD: &str = "www.moved.example.";
/// In place of what launches.
const ROOMY: &str = "max-load = { cores = 40 }";

fn project(moto: &Moto) -> Test {
    Test::new()
        .file("bonghwa.toml", "[project]\ntitle = \"Cloud\"\n[orchestrator]\ncopies-at = [\"cloud\"]\n")
        .file("topology/all.toml", &TOPOLOGY.replace("MOTO", &moto.at()))
        .file("runbooks/web.toml", RUNBOOK)
        .file("key", "t0ps3cret-of-the-account\n")
}

#[test]
fn a_person_moves_a_weighted_record_and_a_run_launches_and_moves_the_rest() {
    let moto = Moto::start();
    let zone = HostedZone::new(&moto, "moved.example.", "");
    zone.set(RECORD, "north", "192.0.2.1", 10, "");
    group(&moto, "web", 1, 2);
    let small = Small { test: project(&moto) };
    // A site without a set is told with what to do, and a shift there is refused before it begins.
    let routes = small.run(&["routes"]).out();
    assert!(routes.contains("now      north 100 %"), "{routes}");
    let flat = routes.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("has no record for cloud: create one with the identifier cloud and weight 0"), "{routes}");
    zone.set(RECORD, "cloud", "192.0.2.2", 0, "");
    let routes = small.run(&["routes"]).code(0).out();
    assert!(!routes.contains("has no record"), "{routes}");

    let tty = Tty::open(small.test.path(), 80, 24);
    tty.types("clear; bonghwa shift web north=80 cloud=20");
    let shown = tty.sees("Type web to shift it").join("\n");
    assert!(shown.contains("to     cloud 20 %, north 80 %"), "{shown}");
    tty.types("web");
    tty.sees("is done");
    assert_eq!(zone.weight("north"), zone.weight("cloud") * 4);

    // In another project, which knows nothing of that. Its group may have two instances, and three are needed: one that is there, and two for fifteen cores.
    let small = Small { test: project(&moto) };
    small.test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
    let seen = small.run(&["preflight", "plan.json"]).code(1).out();
    let flat = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("the MaxSize of its group allows 2 of 3 instances"), "{seen}");
    moto.post(
        "autoscaling",
        "/",
        "Action=UpdateAutoScalingGroup&Version=2011-01-01&AutoScalingGroupName=web&MaxSize=8",
    );
    let seen = small.run(&["preflight", "plan.json"]).code(0).out();
    assert!(seen.contains("(asg): 1 of 3 instances in service"), "{seen}");
    assert_eq!(desired(&moto), 1);
    let run = small.start(&["run", "plan.json"]);
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(desired(&moto), 3);
    assert_eq!((zone.weight("north"), zone.weight("cloud")), (0, 255));
    let kept = fs::read_dir(small.test.path().join(".bonghwa/runs")).expect("runs");
    let secret = |run: fs::DirEntry| {
        fs::read_to_string(run.path().join("journal.jsonl")).is_ok_and(|text| text.contains("t0ps3cret"))
    };
    assert!(!kept.flatten().any(secret));
}

#[test]
fn a_planned_move_lowers_the_ttl_of_weighted_sets_restores_it_and_is_taken_back() {
    let moto = Moto::start();
    let zone = HostedZone::new(&moto, "moved.example.", "");
    let put = |site: &str, address: &str, weight: u64, ttl: u64| {
        zone.put(&weighted(RECORD, site, address, weight, "").replace("<TTL>5</TTL>", &format!("<TTL>{ttl}</TTL>")));
    };
    let roomy = TOPOLOGY
        .replace("MOTO", &moto.at())
        .replace("ttl = \"5s\"", "ttl = \"5s\"\nlow-ttl = \"2s\"")
        .replace("max-load = { cores = 5 }\nscale = { provider = \"asg\", max-load = { cores = 40 } }", ROOMY)
        .replace("capacity = { cores = 10 }", "capacity = { cores = 100 }");
    let small = Small { test: project(&moto).file("topology/all.toml", &roomy) };
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let id = small.run(&["plan", "--leave", "north"]).code(0).out();
    assert!(id.contains("set the TTL of web to 2s, wait 5s"), "{id}");
    small.test.plan(&["--leave", "north", "-o", "plan.json", "--quiet"]).code(0);
    // What the record says, and what was declared.
    for (ttl, so) in [(60, "record is 1m, and the `ttl` of the route is 5s"), (3, "record is 3s, and the `ttl`")] {
        put("north", "192.0.2.1", 10, ttl);
        put("cloud", "192.0.2.2", 0, ttl);
        for args in [["routes"].as_slice(), &["preflight", "plan.json"]] {
            let seen = flat(small.run(args).code(0).out());
            assert!(seen.contains(so), "{args:?}: {seen}");
        }
    }
    put("north", "192.0.2.1", 10, 5);
    put("cloud", "192.0.2.2", 0, 5);
    let seen = small.run(&["routes"]).code(0).out();
    assert!(!seen.contains("TTL"), "{seen}");

    let run = small.start(&["run", "plan.json"]);
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    let stands = || ["north", "cloud"].map(|site| (zone.weight(site), zone.ttl(site)));
    assert_eq!(stands(), [(0, 5), (255, 5)]);
    let runs = || fs::read_dir(small.test.path().join(".bonghwa/runs")).expect("runs").flatten();
    let name = runs().next().expect("a run").file_name().into_string().expect("a name");
    small.run(&["retreat", &name, "--yes", "it was too early"]).code(0);
    assert_eq!(stands(), [(255, 5), (0, 5)]);
    for run in runs() {
        let told = fs::read_to_string(run.path().join("journal.jsonl")).expect("a journal");
        let at = |text: &str| told.find(text).unwrap_or_else(|| panic!("no {text} in {told}"));
        let leads =
            if run.file_name().to_str() == Some(&name) { "leads to cloud 100 %" } else { "leads to north 100 %" };
        let (lowered, moved) = (at("may be kept for 2s, and no longer for 5s"), told.rfind(leads).expect("a shift"));
        assert!(lowered < moved && moved < at("may be kept for 5s, and no longer for 2s"), "{told}");
    }
}

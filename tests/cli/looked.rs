//! A route that somebody's own tool keeps and another one sees, from the files that people write to a run: a look that goes
//! its own way is asked wherever it is told where users are.

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
[site.south]
kind = "datacenter"
capacity = { cores = 100 }
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
[service.web.at.south]
role = "hot"
hosts = "s-web-1"
max-load = { cores = 30 }
[route.web]
provider = "lb"
name = "web"
ttl = "1s"
at = { north = ["192.0.2.1"], south = ["192.0.2.2"] }
[provider.lb]
kind = "command"
read = "cat {{ record }}.txt"
write = "sh lb.sh {{ record }} {{ shares }}"
look = "cat {{ record }}.live"
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

/// It believes what it is told, and does it.
const APPLIANCE: &str = r#"
name=$1
shift
echo "$@" > "$name.txt"
echo "$@" > "$name.live"
"#;

fn estate() -> Small {
    let test = Test::new()
        .file("bonghwa.toml", "[project]\ntitle = \"Appliance\"\n[orchestrator]\ncopies-at = [\"south\"]\n")
        .file("topology/all.toml", TOPOLOGY)
        .file("runbooks/web.toml", RUNBOOK)
        .file("lb.sh", APPLIANCE)
        .file("web.txt", "north 100\n")
        .file("web.live", "north 100\n");
    Small { test }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_a_look_sees_stands_beside_what_the_keeper_says() {
    let small = estate();
    let file = |name: &str, text: &str| fs::write(small.test.path().join(name), text).expect("a file");
    let routes = small.run(&["routes"]).code(0).out();
    assert!(routes.contains("now      north 100 %") && routes.contains("seen by  `look` of lb"), "{routes}");
    assert!(!routes.contains("independent"), "{routes}");
    let json = crate::schema::fits(&small.test, "routes", &small.run(&["routes", "--json"]).code(0).out());
    assert_eq!(json[0]["looks"][0]["server"], "`look` of lb", "{json}");

    // The keeper says that users are at south, and they are not.
    small.test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
    let plan = crate::schema::fits(&small.test, "plan", &small.run(&["show", "plan.json", "--json"]).code(0).out());
    assert_eq!(plan["providers"][0]["look"], "cat {{ record }}.live", "{plan}");
    file("web.txt", "south 100\n");
    let seen = small.run(&["preflight", "plan.json", "--all"]).out();
    assert!(flat(&seen).contains("web (lb): `look` of lb says otherwise: north 1000 (north)"), "{seen}");
    assert!(seen.contains("web/shift: not done"), "{seen}");
    file("web.live", "south 100\n");
    let seen = small.run(&["preflight", "plan.json", "--all"]).out();
    assert!(seen.contains("2 steps: 2 already done"), "{seen}");

    // The other way round, it is where it should be as its keeper says, and as nobody sees.
    file("web.txt", "north 100\n");
    let routes = small.run(&["routes"]).code(1).out();
    assert!(routes.contains("now      north 100 %") && routes.contains("`look` of lb says otherwise"), "{routes}");
    fs::remove_file(small.test.path().join("web.live")).expect("it was there");
    let routes = small.run(&["routes"]).code(0).out();
    assert!(
        flat(&routes).contains("silent `look` of lb: lb can't be asked: `look` ended with exit status: 1"),
        "{routes}"
    );
}

#[test]
fn a_run_shifts_and_reads_back_by_the_look() {
    let small = estate();
    small.test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
    let run = small.start(&["run", "plan.json"]);
    small.answer_all();
    let (code, told) = run.left();
    assert_eq!(code, Some(0), "{told}");
    let routes = small.run(&["routes"]).code(0).out();
    assert!(routes.contains("now      south 100 %") && routes.contains("seen by  `look` of lb"), "{routes}");
}

#[test]
fn where_nobody_looks_that_is_said() {
    let small = estate();
    let file = small.test.path().join("topology/all.toml");
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, text.replace("look = \"cat {{ record }}.live\"\n", "")).expect("a file");
    let routes = flat(&small.run(&["routes"]).code(0).out());
    assert!(
        routes.contains("note there is no independent look: what is read back is read from lb, its keeper, itself"),
        "{routes}"
    );
    assert!(!routes.contains("seen by"), "{routes}");
    small.test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
    let plan = small.run(&["show", "plan.json", "--json"]).code(0).out();
    assert!(plan.contains("cat {{ record }}.txt") && !plan.contains("\"look\""), "{plan}");
}

//! Commands on other hosts, from the plan to the report, on real SSH servers: whoever ran them is killed, and nothing is
//! repeated, left behind, or told that must not be told.

use std::fs;
use std::path::PathBuf;

use bonghwa::run::Event;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::run::Test;
use crate::small::Process;
use crate::small::Small;
use crate::sshd::Sshd;
use crate::sshd::user;

const TOPOLOGY: &str = r#"
[[tier]]
id = "lifeline"
title = "Text messages"
rto = "10m"
rpo = "0s"
[site.north]
kind = "datacenter"
capacity = { cores = 100 }
[site.south]
kind = "datacenter"
capacity = { cores = 100 }
[service.silent]
tier = "lifeline"
owner = "talk"
kind = "stateless"
runbook = "far"
load = { cores = 20 }
[service.silent.at.north]
role = "active"
hosts = "n-silent-1"
max-load = { cores = 30 }
[service.silent.at.south]
role = "warm"
hosts = "s-silent-[1-3]"
max-load = { cores = 30 }
[service.noisy]
tier = "lifeline"
owner = "talk"
kind = "stateless"
runbook = "far"
load = { cores = 20 }
[service.noisy.at.north]
role = "active"
hosts = "n-noisy-1"
max-load = { cores = 30 }
[service.noisy.at.south]
role = "warm"
hosts = "s-noisy-[1-2]"
max-load = { cores = 30 }
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "far"
owner = "talk"
[[failover]]
id = "start"
title = "Start {{ service }} at {{ target }}"
phase = "start"
on = "target"
ssh = "exec sh HERE/step.sh {{ service }} {{ host }} '\\{{ host }} \\{{ run }}'"
env = { TOKEN = "env:CANARY", PASSWORD = "file:BESIDE/password" }
expect = "20s"
timeout = "1m"
[[failover]]
id = "ready"
title = "Does {{ service }} answer at {{ target }}?"
phase = "verify"
on = "target"
wait = { ssh = "echo \"$TOKEN\"; tail -n 1 HERE/log-{{ host }}", expect-output = "end", within = "10s" }
env = { TOKEN = "env:CANARY" }
expect = "1s"
"#;

/// What runs on each host: it prints its secrets, writes down that it began, and waits while a test wants it to.
const STEP: &str = r#"
cd HERE
count=0
echo "$3" > "said-$2"
echo begin >> "log-$2"
echo "token $TOKEN, password $PASSWORD, as $(printf %s "$TOKEN" | base64)"
while test -e "stop-$1" && test -e bonghwa.toml; do
  test "$1" = silent || echo "noise $((count += 1))"
  sleep 0.05
done
if test -e "fail-$1"; then echo "no table $TOKEN for $PASSWORD" >&2; exit 3; fi
echo end >> "log-$2"
echo "last of $2"
"#;

/// The estate, its hosts, and what must not be told.
struct Far {
    small: Small,
    /// Secrets, keys and the server, beside the project.
    _beside: TempDir,
    canaries: [String; 2],
    _sshd: Sshd,
}

impl Far {
    fn new() -> Self {
        let secrets = tempfile::tempdir().expect("a folder");
        // Made here, so that no file and no process holds them but by a mistake.
        let chance = secrets.path().file_name().expect("a name").to_string_lossy().replace('.', "");
        let canaries = [format!("canary-{chance}-one"), format!("canary-{chance}-it's two")];
        fs::write(secrets.path().join("password"), format!("{}\n", canaries[1])).expect("a file");
        let addresses: Vec<String> = (1..=5).map(|at| format!("127.0.0.{at}")).collect();
        let sshd = Sshd::start(secrets.path(), &addresses);
        let test = Test::new();
        let here = test.path().display().to_string();
        let there = secrets.path().display().to_string();
        let names = ["s-silent-1", "s-silent-2", "s-silent-3", "s-noisy-1", "s-noisy-2"];
        let rules: String = names
            .iter()
            .zip(&addresses)
            .map(|(name, address)| {
                let (port, user) = (sshd.port(), user());
                format!(
                    "[[host]]\nmatch = \"{name}\"\naddress = \"{address}\"\nport = {port}\nuser = \"{user}\"\nuses = []\n"
                )
            })
            .collect();
        let settings = format!(
            "[project]\ntitle = \"Far\"\n[orchestrator]\ncopies-at = [\"south\"]\n\
             [ssh]\nknown-hosts = [\"{there}/known_hosts\"]\nidentities = [\"{there}/key\"]\nagent = false\n"
        );
        let test = test
            .file("bonghwa.toml", &settings)
            .file("topology/all.toml", &(TOPOLOGY.to_owned() + &rules))
            .file("runbooks/far.toml", &RUNBOOK.replace("HERE", &here).replace("BESIDE", &there))
            .file("step.sh", &STEP.replace("HERE", &here));
        test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
        Self { small: Small { test }, _beside: secrets, canaries, _sshd: sshd }
    }

    fn start(&self, args: &[&str]) -> Process {
        self.small.start_with(args, &[("CANARY", &self.canaries[0])])
    }

    /// How often it was begun on each host.
    fn logs(&self) -> Vec<String> {
        let mut logs: Vec<String> = fs::read_dir(self.small.test.path())
            .expect("a folder")
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("log-"))
            .map(|entry| {
                let text = fs::read_to_string(entry.path()).expect("a log");
                format!("{}: {}", entry.file_name().to_string_lossy(), text.replace('\n', " ").trim())
            })
            .collect();
        logs.sort();
        logs
    }

    fn until_begun(&self, hosts: usize) {
        self.small.until("the beginning", |_| self.logs().len() == hosts);
    }
}

/// What must not be told is nowhere: not in a file of ours here or on the far side, not on a screen, not in the arguments
/// of a process.
impl Far {
    fn traces(&self, screens: &[&str]) -> Vec<String> {
        let told = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            // Also where quotes in it were escaped, and in base64.
            text.contains("canary-") || text.contains("Y2FuYXJ5")
        };
        let mut found: Vec<String> =
            screens.iter().filter(|text| told(text.as_bytes())).map(|&text| text.into()).collect();
        let mut open = vec![self.small.test.path().to_owned()];
        open.extend(self.records());
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
            } else if path.is_file() && told(&fs::read(&path).unwrap_or_default()) {
                found.push(path.display().to_string());
            }
        }
        for process in fs::read_dir("/proc").expect("processes").flatten() {
            let arguments = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&arguments);
            if self.canaries.iter().any(|canary| arguments.contains(&canary[..20])) {
                found.push(arguments.into_owned());
            }
        }
        found
    }

    /// The records of this run on the far side, which is this machine.
    fn records(&self) -> Vec<PathBuf> {
        let folder = format!("/var/tmp/bonghwa-{}", rustix::process::getuid().as_raw());
        let taken = self.small.entries().into_iter().find_map(|entry| {
            let Event::PenTaken { by } = entry.event else { return None };
            Some(format!("{:x}-{:x}", entry.at.0, by.pid))
        });
        // Other tests have runs of the same name.
        let run = format!("{}.{}+", self.small.name(), taken.expect("it began"));
        let all = fs::read_dir(folder).into_iter().flatten().flatten();
        all.filter(|entry| entry.file_name().to_string_lossy().starts_with(&run)).map(|entry| entry.path()).collect()
    }

    /// Processes of this run on the far side that are not dead.
    fn survivors(&self) -> Vec<String> {
        let records: Vec<String> =
            self.records().iter().map(|record| format!("BONGHWA_RECORD={}", record.display())).collect();
        let mut alive = Vec::new();
        for process in fs::read_dir("/proc").expect("processes").flatten() {
            let read = |name: &str| fs::read(process.path().join(name)).unwrap_or_default();
            let environ = read("environ");
            let mut variables = environ.split(|byte| *byte == 0).map(String::from_utf8_lossy);
            if variables.any(|variable| records.iter().any(|record| *record == variable)) {
                let stat = String::from_utf8_lossy(&read("stat")).into_owned();
                let state = stat.rsplit(") ").next().unwrap_or_default().chars().next();
                if !matches!(state, None | Some('Z' | 'X')) {
                    alive.push(String::from_utf8_lossy(&read("cmdline")).replace('\0', " "));
                }
            }
        }
        alive
    }

    /// What the journal holds of the output of a step.
    fn said(&self, name: &str) -> String {
        let of_step = self.small.entries().into_iter().find_map(|entry| {
            let Event::Ended { step, said, .. } = entry.event else { return None };
            (step == name).then_some(said)
        });
        of_step.unwrap_or_default()
    }
}

/// Each of a step's output lines that are noise is there, in order, and what came before and after them.
fn assert_whole(said: &str) {
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.first(), Some(&"token ***, password ***, as ***"), "{said}");
    assert!(lines.last().is_some_and(|line| line.starts_with("last of ")), "{said}");
    for (at, line) in lines.iter().enumerate().take(lines.len() - 1).skip(1) {
        assert_eq!(*line, format!("noise {at}"), "{said}");
    }
}

#[test]
fn commands_on_hosts_outlive_who_ran_them_and_are_not_repeated() {
    let far = Far::new();
    for service in ["silent", "noisy"] {
        far.small.stop(service);
    }
    let run = far.start(&["run", "plan.json"]);
    far.small.approve("approval:start");
    far.until_begun(5);
    run.crash();
    assert!(!far.survivors().is_empty());
    assert_eq!(far.traces(&[]), Vec::<String>::new());
    // One service ends while nobody looks, the other still runs when somebody does.
    far.small.go("noisy");
    far.small.until("an end", |_| far.logs().iter().filter(|log| log.ends_with("end")).count() == 2);
    let noisy = far.records().into_iter().filter(|record| record.to_string_lossy().contains("noisy-"));
    let noisy: Vec<PathBuf> = noisy.collect();
    assert_eq!(noisy.len(), 2);
    far.small.until("the end of the output", |_| noisy.iter().all(|record| record.join("eof").exists()));
    noisy.iter().for_each(|record| assert_whole(&fs::read_to_string(record.join("out.0")).expect("an output")));
    let again = far.start(&["resume"]);
    for step in ["noisy/start@south", "silent/start@south"] {
        far.small.event(step, |event| matches!(event, Event::Inquired { step: asked, .. } if asked == step));
    }
    far.small.go("silent");
    far.small.answer_all();
    let (code, told) = again.left();
    assert_eq!(code, Some(0), "{told}");
    let once = |name: &str| format!("log-s-{name}: begin end");
    assert_eq!(far.logs(), ["noisy-1", "noisy-2", "silent-1", "silent-2", "silent-3"].map(once));
    // What is escaped in a runbook is text on the host.
    let said = fs::read_to_string(far.small.test.path().join("said-s-noisy-1")).expect("it began");
    assert_eq!(said, "{{ host }} {{ run }}\n");
    assert_whole(&far.said("silent/start@south"));
    // What went well leaves nothing on its hosts when the run is over.
    assert_eq!(far.records(), Vec::<PathBuf>::new());
    let status = far.small.run(&["status"]).code(0).out();
    let report = far.small.run(&["report"]).code(0).out();
    assert!(report.contains("WHO HELD THE PEN") && report.contains("noisy"), "{report}");
    assert_eq!(far.traces(&[&told, &status, &report]), Vec::<String>::new());
    assert_eq!(far.survivors(), Vec::<String>::new());
}

#[test]
fn what_is_cancelled_is_dead_on_every_host() {
    let far = Far::new();
    for service in ["silent", "noisy"] {
        far.small.stop(service);
    }
    let run = far.start(&["run", "plan.json"]);
    far.small.approve("approval:start");
    far.until_begun(5);
    let cancelled = far.small.run(&["cancel", "--reason", "north is back"]).code(0).err();
    let (code, told) = run.left();
    assert_eq!(code, Some(5), "{told}");
    assert_eq!(far.survivors(), Vec::<String>::new());
    assert!(far.logs().iter().all(|log| log.ends_with("begin")), "{:?}", far.logs());
    let report = far.small.run(&["report"]);
    assert_eq!(far.traces(&[&cancelled, &told, &report.out(), &report.err()]), Vec::<String>::new());
}

#[test]
fn what_a_command_prints_as_it_fails_tells_no_secret() {
    let far = Far::new();
    far.small.fail("noisy");
    let run = far.start(&["run", "plan.json"]);
    far.small.approve("approval:start");
    far.small.until("both ends", |_| {
        !far.said("noisy/start@south").is_empty() && far.said("silent/start@south").ends_with("silent-1\n")
    });
    run.send(Signal::TERM);
    let (code, told) = run.left();
    assert_eq!(code, Some(5), "{told}");
    let said = far.said("noisy/start@south");
    assert!(said.ends_with("no table *** for ***\n"), "{said}");
    let status = far.small.run(&["status"]);
    let report = far.small.run(&["report"]);
    let screens = [&told, &status.out(), &status.err(), &report.out(), &report.err()];
    assert_eq!(far.traces(&screens.map(String::as_str)), Vec::<String>::new());
    // What hosts said alike is said once, and who differs is seen.
    let alike = "s-noisy-[1-2]: exit code 3, said: no table *** for ***";
    assert!(status.out().contains(&format!("2 hosts {alike}")), "{}", status.out());
    let json = far.small.run(&["status", "--json"]).out();
    assert!(json.contains("\"hosts\": \"s-noisy-[1-2]\","), "{json}");
    let report = far.small.run(&["report"]).out();
    assert!(report.contains("noisy/start@south       2  s-noisy-[1-2]  exit 3  … no table *** for ***"), "{report}");
    let report = far.small.run(&["report", "--format", "markdown", "--all"]).out();
    assert!(report.contains(r"| 2 | s-noisy-\[1-2\] | exit 3 | token "), "{report}");
}

//! A small estate whose steps are commands on this machine, and real processes that run its plan. Nothing here waits for a
//! time: steps wait for files, and tests wait for what the journal says.

use std::fs;
use std::fs::File;
use std::path::PathBuf;
use std::process::Child;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use bonghwa::control;
use bonghwa::control::AskError;
use bonghwa::control::Request;
use bonghwa::journal;
use bonghwa::plan;
use bonghwa::run::Command;
use bonghwa::run::Entry;
use bonghwa::run::Event;
use bonghwa::run::GateState;
use bonghwa::run::Script;
use bonghwa::run::State;
use bonghwa::run::StepState;
use bonghwa::run::fold;
use rustix::process::Pid;
use rustix::process::Signal;

use crate::run::Ended;
use crate::run::Test;

/// Nothing here takes so long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(40);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

const SETTINGS: &str = r#"
[project]
title = "Small"
timezone = "Asia/Seoul"
[orchestrator]
copies-at = ["south"]
"#;

const TOPOLOGY: &str = r#"
[[tier]]
id = "lifeline"
title = "Text messages"
rto = "10m"
rpo = "0s"
[[tier]]
id = "rest"
rto = "30m"
rpo = "1m"
[site.north]
title = "북쪽 (north)"
kind = "datacenter"
capacity = { cores = 100 }
[site.south]
title = "남쪽 (south)"
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
hosts = "s-db-1"
max-load = { cores = 20 }
replication = { from = "north", mode = "sync", max-lag = "0s" }
[service.text]
title = "텍스트 (text)"
tier = "lifeline"
owner = "talk"
kind = "stateless"
runbook = "plain"
load = { cores = 20 }
depends-on = ["store"]
[service.text.at.north]
role = "active"
hosts = "n-text-1"
max-load = { cores = 30 }
[service.text.at.south]
role = "warm"
hosts = "s-text-1"
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
hosts = "s-photo-1"
max-load = { cores = 30 }
"#;

const PLAIN: &str = r#"
[runbook]
id = "plain"
owner = "talk"
[[failover]]
id = "start"
title = "Start {{ service }} at {{ target }}"
phase = "start"
on = "target"
exec = "exec sh step.sh {{ service }}"
expect = "20s"
timeout = "1m"
[[failover]]
id = "ready"
title = "Does {{ service }} answer at {{ target }}?"
phase = "verify"
on = "target"
wait = { exec = "grep -q 'end {{ service }}' world.txt", within = "10s" }
expect = "1s"
"#;

const PHOTO: &str = r#"
[runbook]
id = "photo"
owner = "talk"
[[failover]]
id = "start"
title = "Start {{ service }} at {{ target }}"
phase = "start"
on = "target"
exec = "exec sh step.sh {{ service }}"
expect = "20s"
timeout = "1m"
[[failover]]
id = "carrier"
title = "The carrier switches {{ service }}"
phase = "shift"
on = "operator"
confirm = "Has the carrier switched {{ service }} to {{ target }}?"
expect = "30s"
timeout = "10m"
"#;

const STORE: &str = r#"
[runbook]
id = "store"
owner = "talk"
[[failover]]
id = "fence"
title = "Fence the old store at {{ source }}"
phase = "fence"
on = "source"
exec = "exec sh step.sh fence"
attest = "Is the old store off?"
expect = "2s"
timeout = "20s"
[[failover]]
id = "promote"
title = "Promote the store at {{ target }}"
phase = "promote"
on = "operator"
exec = "sh step.sh promote && echo primary > role.txt"
done-if = { exec = "cat role.txt", expect-output = "primary" }
verify = { exec = "cat role.txt", expect-output = "primary", within = "5s" }
position = { exec = "echo position=17 age=0s" }
expect = "4s"
timeout = "1m"
[[failover]]
id = "check"
title = "Write a row at {{ target }}"
phase = "verify"
on = "target"
wait = { exec = "true", within = "10s" }
expect = "1s"
"#;

/// What every step runs. It writes down that it began, waits while a test wants it to, fails where a test wants that, and
/// writes down that it ended. Where the folder is gone, so is the test.
const STEP: &str = r#"
echo "begin $1" >> world.txt
while test -e "stop-$1" && test -e bonghwa.toml; do sleep 0.02; done
if test -e "fail-$1"; then echo "no such table" >&2; exit 3; fi
echo "end $1" >> world.txt
"#;

/// The estate in a folder, and the plan for the loss of north.
pub(crate) struct Small {
    pub(crate) test: Test,
}

/// A process of the tool that carries a run out. It dies with its test.
pub(crate) struct Process {
    child: Child,
    told: PathBuf,
}

/// Looks again and again until it is so.
pub(crate) fn patiently(what: &str, shown: &dyn Fn() -> String, mut so: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
        if so() {
            return;
        }
        thread::park_timeout(LOOK);
    }
    panic!("{what} never came: {}", shown());
}

impl Small {
    pub(crate) fn new() -> Self {
        Self::of(TOPOLOGY)
    }

    /// Another estate, with the same runbooks.
    pub(crate) fn of(topology: &str) -> Self {
        let test = Test::new()
            .file("bonghwa.toml", SETTINGS)
            .file("topology/all.toml", topology)
            .file("runbooks/plain.toml", PLAIN)
            .file("runbooks/photo.toml", PHOTO)
            .file("runbooks/store.toml", STORE)
            .file("step.sh", STEP)
            .file("world.txt", "");
        test.plan(&["--lost", "north", "-o", "plan.json", "--quiet"]).code(0);
        Self { test }
    }

    /// The steps of this name wait until they are let go.
    pub(crate) fn stop(&self, step: &str) {
        fs::write(self.test.path().join(format!("stop-{step}")), "").expect("a file");
    }

    /// Lets them go.
    pub(crate) fn go(&self, step: &str) {
        fs::remove_file(self.test.path().join(format!("stop-{step}"))).expect("it was stopped");
    }

    /// The steps of this name fail.
    pub(crate) fn fail(&self, step: &str) {
        fs::write(self.test.path().join(format!("fail-{step}")), "").expect("a file");
    }

    /// What the steps did, in order of names: nothing here depends on which of two was faster.
    pub(crate) fn world(&self) -> Vec<String> {
        let text = fs::read_to_string(self.test.path().join("world.txt")).expect("a world");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// A process that begins the run, or goes on with it.
    pub(crate) fn start(&self, args: &[&str]) -> Process {
        self.start_with(args, &[])
    }

    /// The same, with this in its environment.
    pub(crate) fn start_with(&self, args: &[&str], env: &[(&str, &str)]) -> Process {
        let told = self.test.path().join(format!("told-{}.txt", fs::read_dir(self.test.path()).expect("it").count()));
        let file = File::create(&told).expect("a file");
        let mut command = self.test.command(args);
        command.envs(env.iter().copied());
        command.stdout(file.try_clone().expect("a file")).stderr(file);
        Process { child: command.spawn().expect("the tool starts"), told }
    }

    /// The folder of the only run.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        let mut runs = fs::read_dir(self.test.path().join(".bonghwa/runs")).ok()?;
        Some(runs.next()?.ok()?.path())
    }

    /// The name of the only run.
    pub(crate) fn name(&self) -> String {
        let folder = self.folder().expect("it began");
        folder.file_name().expect("a name").to_string_lossy().into_owned()
    }

    /// What is written down.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.folder().and_then(|folder| journal::read(&folder).ok()).map_or_else(Vec::new, |read| read.entries)
    }

    /// Waits until what is written down is so.
    pub(crate) fn until(&self, what: &str, so: impl Fn(&[Entry]) -> bool) {
        patiently(what, &|| format!("{:#?}", self.entries()), || so(&self.entries()));
    }

    /// Waits until this event.
    pub(crate) fn event(&self, what: &str, is: impl Fn(&Event) -> bool) {
        self.until(what, |entries| entries.iter().any(|entry| is(&entry.event)));
    }

    /// Waits until the world holds this line.
    pub(crate) fn seen(&self, line: &str) {
        self.until(line, |_| self.world().iter().any(|seen| seen == line));
    }

    /// Says yes to whatever asks, from other processes, until the run is over.
    pub(crate) fn answer_all(&self) {
        self.answer_until(|_| false);
    }

    /// The same, until what is written down is so, or the run is over.
    pub(crate) fn answer_until(&self, so: impl Fn(&[Entry]) -> bool) {
        let plan = fs::read(self.test.path().join("plan.json")).expect("a plan");
        let plan = plan::from_bytes(&plan).expect("a plan");
        let script = Script::new(&plan).expect("a script");
        let asks = |state: &State, at: usize| {
            if at < script.steps() {
                state.steps[at].state == StepState::Asked
            } else {
                // What a step is about to prove, nobody attests.
                state.gate(&script, at).state == GateState::Asked && !script.name(at).starts_with("fence:")
            }
        };
        let answer = || {
            let entries = self.entries();
            let mut state = State::new(&script);
            entries.iter().for_each(|entry| fold(&script, &mut state, entry).expect("a legal entry"));
            if state.ended.is_some() || so(&entries) {
                return true;
            }
            for at in (0..script.len()).filter(|&at| asks(&state, at)) {
                // Whoever was asked may be gone, or have heard it from somebody else.
                self.says_yes(script.name(at));
            }
            false
        };
        patiently("the end", &|| format!("{:#?}", self.entries()), answer);
    }

    /// Processes that live in this folder: steps that are under way.
    pub(crate) fn processes(&self) -> Vec<Pid> {
        let here = self.test.path().canonicalize().expect("a folder");
        let lives = |id: &i32| fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|folder| folder == here);
        let all = fs::read_dir("/proc").expect("processes").flatten();
        let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.filter(lives).filter_map(Pid::from_raw).collect()
    }

    /// Whether the run has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.entries().iter().any(|entry| matches!(entry.event, Event::RunEnded { .. }))
    }

    /// Asks the run that goes on, as soon as it can be asked.
    pub(crate) fn ask(&self, command: Command) -> Result<(), AskError> {
        let (folder, request) = (self.folder().expect("it began"), Request::new(command, "seen"));
        let mut answer = Err(AskError::NobodyListens);
        patiently("an answer", &String::new, || {
            answer = control::ask(&folder, &request, PATIENCE);
            !matches!(answer, Err(AskError::NobodyListens))
        });
        answer
    }

    /// Says yes to one thing, from another process, as soon as it is asked.
    pub(crate) fn approve(&self, what: &str) {
        patiently(what, &|| format!("{:#?}", self.entries()), || self.says_yes(what));
    }

    fn says_yes(&self, what: &str) -> bool {
        let mut command = self.test.command(&["approve", what, "--reason", "seen"]);
        command.stderr(Stdio::null()).status().expect("the tool starts").success()
    }

    /// The tool, run to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.test.run(args)
    }
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.child), signal).expect("it lives");
    }

    /// As a crash ends it: it can't say anything any more.
    pub(crate) fn crash(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ends");
    }

    /// Waits until it leaves, and gives its exit code and what it told.
    pub(crate) fn left(mut self) -> (Option<i32>, String) {
        let mut code = None;
        let told = self.told.clone();
        patiently("an exit", &|| fs::read_to_string(&told).unwrap_or_default(), || {
            let status = self.child.try_wait().expect("it is ours");
            code = status.and_then(|status| status.code());
            status.is_some()
        });
        (code, self.told())
    }

    pub(crate) fn told(&self) -> String {
        fs::read_to_string(&self.told).expect("a file")
    }

    /// Waits until it has told this.
    pub(crate) fn tells(&self, part: &str) {
        patiently(part, &|| self.told(), || self.told().contains(part));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

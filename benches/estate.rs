//! How fast a plan is made from files, how much memory that takes, and how both grow.
//!
//! `cargo bench --bench estate` plans the loss of one site of invented estates of 1,000, 10,000 and 100,000 services,
//! in both shapes that `project.rs` knows, and of Talk with the real binary; numbers after `--` replace the sizes. The peer is the parser itself on the same bytes: what is authored as text can't be
//! planned faster than it is read. Times are those of the clock, since both processors work for who waits; the work of all
//! processors together stands beside.

#[path = "estate/own.rs"]
mod own;
#[path = "estate/project.rs"]
mod project;
#[path = "estate/runbooks.rs"]
mod runbooks;
#[path = "estate/service.rs"]
mod service;
#[path = "estate/watch.rs"]
mod watch;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use bonghwa::cli::input::Input;
use bonghwa::cli::input::read_project;
use bonghwa::load::load;
use bonghwa::model::Incident;
use bonghwa::model::Observation;
use bonghwa::model::Ppm;
use bonghwa::model::Scope;
use bonghwa::model::ScopeState;
use bonghwa::model::SiteId;
use bonghwa::plan;
use bonghwa::plan::Inputs;
use bonghwa::plan::Source;
use mimalloc::MiMalloc;
use toml::de::DeTable;

use project::Shape;
use watch::Spent;
use watch::by_the_clock;
use watch::median;
use watch::peak;
use watch::timed;

/// That of the tool.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

const SIZES: [u32; 3] = [1_000, 10_000, 100_000];
/// More services than this have more runbooks of their own than the tool reads files (20,000).
const FULL_MAX: u32 = 15_000;
const SEED: u64 = 20_221_015;
/// What a plan may spend on its schedule where nobody says otherwise.
const EFFORT: u64 = 100_000;
/// How often the real binary is started.
const STARTS: usize = 20;

const FULL: &str = "full: each service has a replica at all 5 sites, and a runbook of its own, whose 5 steps are in the \
                    plan where it moves.";
const LEAN: &str = "lean: each service has 2 or 3 replicas, and all of them share 3 runbooks.";

/// The stages that are timed, in the order of the table.
const STAGES: [&str; 9] = ["tree", "values", "read", "load", "plan", "total", "work", "/tree", "/values"];

#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    if let [word, folder] = &words[..] {
        match word.as_str() {
            "--times" => return println!("{}", times(Path::new(folder))),
            "--memory" => return println!("{}", memory(Path::new(folder))),
            _ => {}
        }
    }
    if let [word, shape, folder, size] = &words[..]
        && word == "--write"
    {
        let shape = if shape == Shape::Full.word() { Shape::Full } else { Shape::Lean };
        let size = size.parse().expect("a number of services");
        return project::write(Path::new(folder), shape, size, SEED).expect("there is room for the files");
    }
    let asked: Vec<u32> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if asked.is_empty() { SIZES.to_vec() } else { asked };
    println!(
        "Milliseconds by the clock. `tree` and `values` are the parser alone, one file read and parsed after the other: into"
    );
    println!(
        "its tree with places, and into plain values. `total` is from files to the bytes of a verified plan, `work` what it"
    );
    println!("took of all processors, and the last two are `total` to each of the first.");
    println!("{FULL}\n{LEAN}\n");
    let head: String = STAGES.iter().fold(String::new(), |mut head, stage| {
        _ = write!(head, " {stage:>8}");
        head
    });
    println!("shape {:>8} {:>5} {:>6}{head} {:>7} {:>7}  plan", "services", "MB", "steps", "peak MB", "growth");
    for shape in [Shape::Full, Shape::Lean] {
        let mut before = None;
        for &size in sizes.iter().filter(|size| shape == Shape::Lean || **size <= FULL_MAX) {
            let row = Row::measured(shape, size);
            println!("{}", row.line(before));
            before = Some(row.total());
        }
    }
    println!("\n{}", talk());
}

/// What was done for one estate.
struct Row {
    shape: Shape,
    services: u32,
    /// The beginning of the plan's name.
    name: String,
    /// MB of text, steps, and the stages: those of the middle run each.
    figures: Vec<f64>,
    peak: String,
}

impl Row {
    /// Each run is in a process of its own, and so is the one whose memory is looked at.
    fn measured(shape: Shape, services: u32) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        project::write(folder.path(), shape, services, SEED).expect("there is room for the files");
        let runs = match services {
            0..=1_000 => 9,
            1_001..=10_000 => 5,
            _ => 1,
        };
        let mut names = BTreeSet::new();
        let runs: Vec<Vec<f64>> = (0..runs)
            .map(|_| {
                let line = again("--times", folder.path());
                let (name, numbers) = line.split_once(' ').expect("a child prints a name and numbers");
                names.insert(name.chars().take(8).collect::<String>());
                numbers.split_whitespace().map(|word| word.parse().expect("the rest are numbers")).collect()
            })
            .collect();
        assert_eq!(names.len(), 1, "the same files have the same plan");
        let figures = (0..runs[0].len()).map(|at| median(runs.iter().map(|run| run[at]).collect())).collect();
        let peak = again("--memory", folder.path()).trim().to_owned();
        Self { shape, services, name: names.into_iter().collect(), figures, peak }
    }

    /// Milliseconds from files to bytes: the fourth figure from the end.
    fn total(&self) -> f64 {
        self.figures[self.figures.len() - 4]
    }

    /// A line of the table; its growth is over the total of the line before.
    fn line(&self, before: Option<f64>) -> String {
        let Self { shape, services, name, figures, peak } = self;
        let mut line = format!("{:<5} {services:>8} {:>5.1} {:>6}", shape.word(), figures[0], figures[1]);
        for figure in &figures[2..] {
            _ = write!(line, " {figure:>8.2}");
        }
        let growth = before.map(|before| format!("x{:.1}", self.total() / before)).unwrap_or_default();
        line + &format!(" {peak:>7} {growth:>7}  {name}")
    }
}

/// This program once more, so that what one run leaves in memory does not help or burden the next.
fn again(what: &str, folder: &Path) -> String {
    let own = env::current_exe().expect("a bench knows its name");
    let output = Command::new(own).arg(what).arg(folder).stderr(Stdio::inherit()).output().expect("it starts again");
    assert!(output.status.success(), "{what} failed");
    String::from_utf8(output.stdout).expect("a child prints numbers")
}

/// Size, steps, then the stages.
fn times(folder: &Path) -> String {
    let input = read_project(folder).expect("the files were written");
    let bytes: usize = input.files.iter().map(|file| file.bytes.len()).sum();
    let texts =
        || input.files.iter().map(|file| fs::read_to_string(folder.join(&file.path)).expect("the files are text"));
    let ((), tree) = timed(|| {
        for text in texts() {
            let tree = DeTable::parse(&text).expect("the files are TOML");
            assert!(!tree.get_ref().is_empty(), "a file says something");
        }
    });
    let ((), values) = timed(|| {
        for text in texts() {
            let tree: toml::Table = text.parse().expect("the files are TOML");
            assert!(!tree.is_empty(), "a file says something");
        }
    });
    drop(input);
    let (input, read) = timed(|| read_project(folder).expect("the files were written"));
    let Planned { name, steps, stages } = planned(input);
    let ours = || [read].into_iter().chain(stages);
    let total: f64 = ours().map(|stage| stage.waited).sum();
    let work: f64 = ours().map(|stage| stage.processor).sum();
    let peers = [tree.waited, values.waited];
    let all = peers.into_iter().chain(ours().map(|stage| stage.waited)).chain([total, work]);
    all.chain(peers.map(|peer| total / peer)).fold(
        format!("{name} {} {steps}", bytes as f64 / 1e6),
        |mut line, time| {
            _ = write!(line, " {time}");
            line
        },
    )
}

/// The peak of a process that does nothing but make a plan from files.
fn memory(folder: &Path) -> String {
    let planned = planned(read_project(folder).expect("the files were written"));
    assert!(planned.steps > 0, "a plan has steps");
    peak().map_or_else(|| "?".to_owned(), |peak| peak.to_string())
}

struct Planned {
    name: String,
    steps: usize,
    /// From files to the estate; from that to a plan that was checked, with its bytes.
    stages: [Spent; 2],
}

/// From what was read to the bytes of a plan, as `bonghwa plan` does it.
#[expect(clippy::print_stderr, reason = "a bench is read on the screen")]
fn planned(input: Input) -> Planned {
    let sources = input.digests.into_iter().map(|(path, sha256)| Source { path, sha256 }).collect();
    let inputs = Inputs { sources, effort: EFFORT, errors_elsewhere: 0 };
    let (loaded, load) = timed(|| load(input.files));
    assert!(loaded.findings.is_empty(), "{} findings, such as {:?}", loaded.findings.len(), loaded.findings.first());
    let incident = Incident {
        scopes: vec![(Scope::Site(SiteId(0)), ScopeState::Lost)],
        surge: None,
        load: Ppm::ONE,
        began_before: None,
        to: Vec::new(),
        only_lifeline: false,
        accept_degraded: false,
        as_of: jiff::civil::date(2026, 11, 30),
    };
    let (checked, plan) = timed(|| {
        let ground = plan::prepare(&loaded.estate);
        plan::checked(&ground, &incident, &Observation::default(), &inputs)
    });
    let checked = checked.expect("the loss of one site can be planned");
    if let Some(first) = checked.violations.first() {
        eprintln!("{} laws broken, such as {first:?}", checked.violations.len());
    }
    assert!(!checked.bytes.is_empty(), "a plan can be written");
    Planned { name: checked.plan.id, steps: checked.plan.steps.len(), stages: [load, plan] }
}

/// The real binary on the estate of this repository, from start to exit.
fn talk() -> String {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/bonghwa.toml");
    let kept = folder.path().join("plan.json");
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonghwa"));
        command.args(["plan", "--lost", "pangyo", "--project", project, "--output"]).arg(&kept);
        let (output, waited) = by_the_clock(|| command.output().expect("it starts"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        times.push(waited.as_secs_f64() * 1e3);
    }
    let least = times.iter().copied().fold(f64::MAX, f64::min);
    format!("`bonghwa plan --lost pangyo` on Talk, start to exit: median {:.0} ms, least {least:.0} ms", median(times))
}

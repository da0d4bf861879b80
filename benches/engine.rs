//! How fast the loop carries steps out that do nothing, through a real journal, and how that grows with the plan.
//!
//! `cargo bench --bench engine` runs plans of 1,000, 10,000 and 100,000 steps (or of the numbers after `--`), 256 of them at
//! once, on hands that answer at once: with a journal in memory (nothing is written), in a file on a disk in memory
//! (written, and fsync does nothing), and on the disk. The bound of the last is the disk's own rate: as many bytes in as
//! many groups, each by one write and one fdatasync, in the same minutes. Then the journal of the largest is taken over.
//!
//! Instructions for each step do not grow with the plan: 158,800 with 1,000 steps, 160,600 with 5,000 and 162,100 with
//! 20,000, by callgrind over all three journals.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use bonghwa::driver::Answer;
use bonghwa::driver::Driver;
use bonghwa::driver::End;
use bonghwa::driver::Found;
use bonghwa::driver::Job;
use bonghwa::driver::Killed;
use bonghwa::driver::Outcome;
use bonghwa::driver::Probe;
use bonghwa::driver::Told;
use bonghwa::engine::Engine;
use bonghwa::engine::Leave;
use bonghwa::engine::Patience;
use bonghwa::journal::FileJournal;
use bonghwa::journal::Holder;
use bonghwa::journal::Journal;
use bonghwa::journal::Memory;
use bonghwa::journal::Opening;
use bonghwa::journal::Pen;
use bonghwa::load::load;
use bonghwa::model::Date;
use bonghwa::model::Millis;
use bonghwa::plan::ActionOnPaper;
use bonghwa::plan::ClaimOnPaper;
use bonghwa::plan::DurationFrom;
use bonghwa::plan::Plan;
use bonghwa::plan::PoolOnPaper;
use bonghwa::plan::Side;
use bonghwa::plan::Step;
use bonghwa::plan::StepLimits;
use bonghwa::plan::blank;
use bonghwa::run::Entry;
use bonghwa::run::Event;
use bonghwa::run::RunEnd;
use bonghwa::run::Script;
use bonghwa::run::Stamp;
use bonghwa::run::State;
use bonghwa::run::Who;
use bonghwa::run::fold;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// How many steps run at once.
const AT_ONCE: u32 = 256;
/// A disk in memory, where the system has one.
const MEMORY: &str = "/dev/shm";

#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn main() {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let sizes = if asked.is_empty() { SIZES.to_vec() } else { asked };
    println!(
        "{:>8} {:>16} {:>9} {:>10} {:>8} {:>8} {:>10}",
        "steps", "journal", "ms", "steps/s", "us/step", "groups", "of bound"
    );
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for size in sizes {
        let plan = Arc::new(plan(size));
        let script = Arc::new(Script::new(&plan).expect("the plan is whole"));
        let told = |name: &str, ran: &Ran, bound: &str| {
            let seconds = ran.spent.as_secs_f64();
            let (rate, each) = (size as f64 / seconds, seconds * 1e6 / size as f64);
            println!(
                "{size:>8} {name:>16} {:>9.0} {rate:>10.0} {each:>8.1} {:>8} {bound:>10}",
                seconds * 1e3,
                ran.groups
            );
        };
        told("none", &in_memory(&plan, &script), "");
        if Path::new(MEMORY).is_dir() {
            told("file, no fsync", &in_file(Path::new(MEMORY), &plan, &script, false), "");
        }
        let ran = in_file(disk, &plan, &script, true);
        let bound = bound(disk, &ran);
        told("file, fsync", &ran, &format!("{:.2} x", ran.spent.as_secs_f64() / bound.as_secs_f64()));
    }
}

/// What a run took.
struct Ran {
    spent: Duration,
    groups: usize,
    bytes: u64,
}

fn in_memory(plan: &Arc<Plan>, script: &Arc<Script>) -> Ran {
    let mut journal = Memory::new();
    let opening =
        Event::Opened { format: 1, run: "r1".into(), plan: plan.id.clone(), parent: None, program: "0".into() };
    let entries = journal.number(Stamp(1), vec![opening, Event::PenTaken { by: who() }]);
    journal.append(&entries).expect("memory has room");
    let (spent, groups) = carry_out(plan, script, journal, &entries);
    Ran { spent, groups, bytes: 0 }
}

#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn in_file(folder: &Path, plan: &Arc<Plan>, script: &Arc<Script>, takes_over: bool) -> Ran {
    let folder = tempfile::tempdir_in(folder).expect("there is room for a folder");
    let run = folder.path().join("runs/r1");
    let opening = Opening { run: "r1".into(), plan: plan.id.clone(), parent: None, program: "0".into() };
    let (journal, entries) = FileJournal::create(&run, pen(folder.path()), Stamp(1), opening).expect("there is room");
    let (spent, groups) = carry_out(plan, script, journal, &entries);
    let bytes = fs::metadata(run.join("journal.jsonl")).expect("it was written").len();
    if takes_over {
        let (state, took) = by_the_clock(|| {
            let taken = FileJournal::take(&run, pen(folder.path()), Stamp(2));
            // The last entry says that the run ended, so the fold stops before the pen that was taken for this.
            let entries = taken.expect("it is whole").entries;
            let mut state = State::new(script);
            for entry in &entries[..entries.len() - 1] {
                fold(script, &mut state, entry).expect("it is legal");
                drop(state.take_touched());
            }
            state
        });
        println!("{:>8} entries are read, proven and folded in {:.0} ms", state.seq, took.as_secs_f64() * 1e3);
    }
    Ran { spent, groups, bytes }
}

/// As many bytes in as many groups, each durable before the next.
fn bound(folder: &Path, ran: &Ran) -> Duration {
    let folder = tempfile::tempdir_in(folder).expect("there is room for a folder");
    let mut file = File::create(folder.path().join("peer")).expect("there is room for a file");
    let groups = u64::try_from(ran.groups.max(1)).expect("a count");
    let bytes = vec![b'x'; usize::try_from(ran.bytes / groups).expect("a group is small")];
    let write =
        || (0..groups).for_each(|_| file.write_all(&bytes).and_then(|()| file.sync_data()).expect("there is room"));
    by_the_clock(write).1
}

fn carry_out<J: Journal>(plan: &Arc<Plan>, script: &Arc<Script>, journal: J, past: &[Entry]) -> (Duration, usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build();
    let runtime = runtime.expect("a runtime can be made");
    let groups = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&groups);
    let observer = Box::new(move |_: &[Entry]| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    let (leave, spent) = by_the_clock(|| {
        runtime.block_on(async {
            let hands = Arc::new(AtOnce);
            let engine = Engine::begin(Arc::clone(plan), Arc::clone(script), journal, hands, past, Stamp(1), observer);
            engine.expect("the journal is legal").run(Patience::Stays).await.0
        })
    });
    assert!(matches!(leave, Leave::Ended(RunEnd::Done)), "{leave:?}");
    (spent, groups.load(std::sync::atomic::Ordering::Relaxed))
}

/// Hands for which everything is done at once.
struct AtOnce;

impl Driver for AtOnce {
    async fn act(&self, _: Job, _: Told) -> Outcome {
        Outcome::just(End::Ok)
    }

    async fn adopt(&self, _: Job, _: Told) -> Outcome {
        Outcome::just(End::Ok)
    }

    async fn ask(&self, _: Job, _: Probe) -> Answer {
        Answer::Unknown { reason: "nothing is asked here".into(), hosts: Vec::new() }
    }

    async fn inquire(&self, _: Job) -> Found {
        Found::NeverBegun
    }

    async fn kill(&self, _: Job) -> Killed {
        Killed::Dead
    }
}

/// Steps that wait for nobody but for one of the places.
fn plan(size: usize) -> Plan {
    let estate = load(Vec::new()).estate;
    let mut plan = blank(&estate, Date::new(2026, 11, 22).expect("a day")).expect("it can be written");
    plan.pools.push(PoolOnPaper { id: "places".into(), size: AT_ONCE, kept_for_first: 0 });
    plan.steps = (0..size).map(step).collect();
    plan
}

fn step(number: usize) -> Step {
    Step {
        id: format!("service-{number:06}/start@there"),
        title: String::new(),
        service: None,
        procedure: "failover".into(),
        phase: "start".into(),
        site: None,
        on: Side::Operator,
        hosts: None,
        action: ActionOnPaper::Exec { line: "true".into(), env: Vec::new() },
        done_if: None,
        verify: None,
        undo: None,
        attest: None,
        position: None,
        uses: Vec::new(),
        after: Vec::new(),
        start_ms: Millis::ZERO,
        duration_ms: Millis::ZERO,
        duration_from: DurationFrom::Default,
        late_after_ms: None,
        limits: StepLimits { timeout_ms: Millis::from_secs(60), attempts: 1, backoff_ms: Millis::ZERO, kill: None },
        batch: None,
        irreversible: false,
        unreachable_ok: false,
        class: 0,
        claims: vec![ClaimOnPaper { pool: "places".into(), amount: 1 }],
        effect: None,
    }
}

fn pen(folder: &Path) -> Pen {
    Pen::take(folder, Holder { by: who(), run: "r1".into(), since: Stamp(1) }).expect("nobody else wants it")
}

fn who() -> Who {
    Who { user: "bench".into(), uid: 0, pid: 1, host: "here".into() }
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn by_the_clock<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let done = work();
    (done, begin.elapsed())
}

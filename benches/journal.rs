//! How fast entries become durable, against the disk's own rate in the same minutes, and how fast a journal is opened.
//!
//! `cargo bench --bench journal` appends groups of 1, 16 and 256 entries, each time next to the peer: the same bytes, by one
//! write and one fdatasync, to a file that nobody chains or checks. Without fsync means: on a disk in memory, where it
//! does nothing. Then it opens a journal of 1,000,000 entries, or of the number after `--`; the peers are reading its
//! bytes, and reading and parsing them on one thread without proving anything. What is waited for depends on who else uses
//! the machine; what the processors spent, on all threads together, hardly does.

use std::fs;
use std::fs::File;
use std::hint::black_box;
use std::io::BufRead;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use bonghwa::journal::FileJournal;
use bonghwa::journal::Holder;
use bonghwa::journal::Journal;
use bonghwa::journal::Opening;
use bonghwa::journal::Pen;
use bonghwa::journal::read;
use bonghwa::run::End;
use bonghwa::run::Entry;
use bonghwa::run::Event;
use bonghwa::run::HostEnd;
use bonghwa::run::Stamp;
use bonghwa::run::Who;

const GROUPS: [usize; 3] = [1, 16, 256];
/// How many groups are appended on a disk, and in memory, where more are needed to see anything.
const ON_DISK: u32 = 300;
const IN_MEMORY: u32 = 3_000;
/// A disk in memory, where the system has one.
const MEMORY: &str = "/dev/shm";
const OPENED: u64 = 1_000_000;
/// How often it is opened.
const TIMES: usize = 7;

#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    println!("{:>9} {:>6} {:>11} {:>11} {:>11} {:>9}", "", "group", "appends/s", "entries/s", "peer/s", "of peer");
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, folder, groups) in [("fsync", disk, ON_DISK), ("no fsync", Path::new(MEMORY), IN_MEMORY)] {
        if !folder.is_dir() {
            println!("{name:>9} there is no {}", folder.display());
            continue;
        }
        for size in GROUPS {
            println!("{name:>9} {}", appended(folder, size, groups));
        }
    }
    opened(disk, asked.unwrap_or(OPENED));
}

/// Groups and their peers take turns, so that both see the same disk.
fn appended(folder: &Path, size: usize, groups: u32) -> String {
    let folder = tempfile::tempdir_in(folder).expect("there is room for a folder");
    let mut journal = create(folder.path());
    let mut peer = File::create(folder.path().join("peer")).expect("there is room for a file");
    let path = folder.path().join("runs/r1/journal.jsonl");
    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    let mut written = length(&path);
    for round in 0..groups {
        let events = (0..size as u64).map(|at| event(u64::from(round) * size as u64 + at)).collect();
        let entries = journal.number(Stamp(1_795_000_000_000), events);
        ours += by_the_clock(|| journal.append(&entries).expect("there is room")).1;
        let bytes = vec![b'x'; usize::try_from(length(&path) - written).expect("a group is small")];
        written += bytes.len() as u64;
        theirs += by_the_clock(|| peer.write_all(&bytes).and_then(|()| peer.sync_data()).expect("there is room")).1;
    }
    let [ours, theirs] = [ours, theirs].map(|spent| f64::from(groups) / spent.as_secs_f64());
    format!("{size:>6} {ours:>11.0} {:>11.0} {theirs:>11.0} {:>8.0}%", ours * size as f64, 100.0 * ours / theirs)
}

#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn opened(folder: &Path, count: u64) {
    let folder = tempfile::tempdir_in(folder).expect("there is room for a folder");
    let run = folder.path().join("runs/r1");
    let mut journal = create(folder.path());
    while journal.last() < count {
        let events = (journal.last()..count.min(journal.last() + 1_000)).map(event).collect();
        let entries = journal.number(Stamp(1_795_000_000_000), events);
        journal.append(&entries).expect("there is room");
    }
    drop(journal);
    let path = run.join("journal.jsonl");
    println!("\nopening {count} entries, {} MB: median and least of {TIMES}, in ms", length(&path) / 1_000_000);
    println!("{:>32} {:>13} {:>15}", "", "waited", "of processors");
    let told = |name: &str, work: &dyn Fn() -> u64| {
        let mut waited = Vec::new();
        let mut spent = Vec::new();
        for _ in 0..TIMES {
            let before = processors();
            waited.push(by_the_clock(|| black_box(work())).1.as_secs_f64() * 1e3);
            spent.push((processors() - before) as f64);
        }
        for times in [&mut waited, &mut spent] {
            times.sort_by(f64::total_cmp);
        }
        let middle = TIMES / 2;
        println!("{name:>32} {:>6.0} {:>6.0} {:>8.0} {:>6.0}", waited[middle], waited[0], spent[middle], spent[0]);
    };
    told("read the bytes", &|| fs::read(&path).expect("it is there").len() as u64);
    told("read and parse, on one thread", &|| parsed(&path));
    told("read, parse and prove", &|| read(&run).expect("it is whole").entries.len() as u64);
    told("take over", &|| {
        let taken = FileJournal::take(&run, pen(folder.path()), Stamp(1)).expect("it is whole");
        taken.journal.last()
    });
}

/// What anybody would do who trusts a file.
fn parsed(path: &Path) -> u64 {
    let bytes = fs::read(path).expect("it is there");
    let entries: Vec<Entry> =
        bytes.lines().map(|line| serde_json::from_str(&line.expect("it is text")).expect("it is JSON")).collect();
    entries.len() as u64
}

/// What a run mostly says: something began, ended on some hosts, ended.
fn event(number: u64) -> Event {
    let step = format!("service-{:04}.promote@ansan", number / 3 % 10_000);
    match number % 3 {
        0 => Event::Started { step, attempt: 1 },
        1 => {
            let hosts = (0..2)
                .map(|host| HostEnd { host: format!("as-msg-{host:03}"), end: End::Ok, said: String::new() })
                .collect();
            Event::HostsEnded { step, attempt: 1, hosts }
        }
        _ => Event::Ended { step, attempt: 1, end: End::Ok, said: "promoted at 0/16B3748".into() },
    }
}

fn create(folder: &Path) -> FileJournal {
    let opening = Opening { run: "r1".into(), plan: "p".into(), parent: None, program: "0".into() };
    FileJournal::create(&folder.join("runs/r1"), pen(folder), Stamp(1), opening).expect("there is room").0
}

fn pen(folder: &Path) -> Pen {
    let by = Who { user: "jo".into(), uid: 1, pid: 2, host: "h".into() };
    Pen::take(folder, Holder { by, run: "r1".into(), since: Stamp(1) }).expect("nobody else wants it")
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).expect("it is there").len()
}

/// What a function returns, and how long one waits for it: a disk is waited for, and so are other threads.
fn by_the_clock<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a bench is about time")]
    let began = Instant::now();
    let result = work();
    (result, began.elapsed())
}

/// The milliseconds of all processors that this process has had so far, to a hundredth of a second; 0 where the system
/// does not tell.
fn processors() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

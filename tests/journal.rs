//! The pen and the journal among real processes: two that want it, and one that is killed in the middle.
//!
//! The processes are this test itself, started again with a word in the environment that says what to do.

use std::env;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

use bonghwa::journal::FileJournal;
use bonghwa::journal::Holder;
use bonghwa::journal::Journal;
use bonghwa::journal::JournalError;
use bonghwa::journal::Opening;
use bonghwa::journal::Pen;
use bonghwa::journal::pen_holder;
use bonghwa::journal::read;
use bonghwa::run::Event;
use bonghwa::run::Stamp;
use bonghwa::run::Who;

/// What a started process does, and where.
const DO: &str = "BONGHWA_TEST_DO";
const IN: &str = "BONGHWA_TEST_IN";
/// Before what a started process tells.
const TELLS: &str = "tells: ";

fn holder() -> Holder {
    let pid = std::process::id();
    Holder { by: Who { user: "jo".into(), uid: 1, pid, host: "h".into() }, run: "r1".into(), since: Stamp(1) }
}

/// A started process, and what it tells.
struct Started {
    child: Child,
    told: BufReader<ChildStdout>,
}

impl Started {
    fn new(what: &str, folder: &Path) -> Self {
        let mut command = Command::new(env::current_exe().expect("a process has a file"));
        command.args(["--exact", "the_other_process", "--nocapture"]).env(DO, what).env(IN, folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let told = BufReader::new(child.stdout.take().expect("it was asked for"));
        Self { child, told }
    }

    fn tells(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.told.read_line(&mut line).expect("it tells text") > 0, "it ended without a word");
            // The harness writes on the same line before.
            if let Some((_, word)) = line.split_once(TELLS) {
                return word.trim_end().to_owned();
            }
        }
    }

    fn go_on(&mut self) {
        self.child.stdin.as_mut().expect("it was asked for").write_all(b"\n").expect("it listens");
    }

    fn killed(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    fn ends(mut self) {
        self.go_on();
        assert!(self.child.wait().expect("it is ours").success());
    }
}

fn tell(word: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{TELLS}{word}").expect("somebody is there");
    out.flush().expect("somebody is there");
}

fn wait_for_a_word() {
    std::io::stdin().read_line(&mut String::new()).expect("somebody is there");
}

#[test]
fn the_other_process() {
    let (Some(what), Some(folder)) = (env::var_os(DO), env::var_os(IN)) else { return };
    let folder = Path::new(&folder);
    match what.to_str().unwrap() {
        "take" => {
            tell("here");
            wait_for_a_word();
            let pen = Pen::take(folder, holder());
            match &pen {
                Ok(_) => tell("mine"),
                Err(JournalError::PenHeld { by: Some(by) }) => tell(&by.by.pid.to_string()),
                Err(error) => tell(&error.to_string()),
            }
            wait_for_a_word();
        }
        "write" => {
            let pen = Pen::take(folder, holder()).unwrap();
            let run = folder.join("runs/r1");
            let mut journal = if run.exists() {
                FileJournal::take(&run, pen, Stamp(2)).unwrap().journal
            } else {
                let opening = Opening { run: "r1".into(), plan: "p".into(), parent: None, program: "0".into() };
                FileJournal::create(&run, pen, Stamp(2), opening).unwrap().0
            };
            for step in 0.. {
                let group = (0..3).map(|host| Event::Started { step: format!("{step}.{host}"), attempt: 1 }).collect();
                journal.append(&journal.number(Stamp(3), group)).unwrap();
                tell(&journal.last().to_string());
            }
        }
        other => panic!("nobody knows how to {other}"),
    }
}

#[test]
fn of_several_processes_that_want_the_pen_at_once_one_gets_it() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let mut all: Vec<Started> = (0..4).map(|_| Started::new("take", folder.path())).collect();
        for process in &mut all {
            assert_eq!(process.tells(), "here");
        }
        all.iter_mut().for_each(Started::go_on);
        let told: Vec<String> = all.iter_mut().map(Started::tells).collect();
        let mine: Vec<usize> = (0..all.len()).filter(|at| told[*at] == "mine").collect();
        let &[winner] = &mine[..] else { panic!("{told:?}") };
        let pid = all[winner].child.id();
        assert_eq!(pen_holder(folder.path()).unwrap().map(|holder| holder.by.pid), Some(pid));
        // Whoever comes later is told who it is; whoever came at the same instant may have found no note yet.
        let late = Pen::take(folder.path(), holder()).err();
        assert!(matches!(late, Some(JournalError::PenHeld { by: Some(by) }) if by.by.pid == pid));
        for word in told.iter().filter(|word| *word != "mine") {
            assert!(*word == pid.to_string() || word == "somebody has the pen of this project", "{word}");
        }
        all.into_iter().for_each(Started::ends);
        drop(Pen::take(folder.path(), holder()).unwrap());
    }
}

#[test]
fn what_a_killed_process_was_told_is_durable_is_there_and_the_next_takes_the_pen() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("runs/r1");
    let mut least = 0;
    for life in 1..=4 {
        let mut process = Started::new("write", folder.path());
        for _ in 0..20 {
            least = process.tells().parse().unwrap();
        }
        let pid = process.child.id();
        assert_eq!(pen_holder(folder.path()).unwrap().map(|holder| holder.by.pid), Some(pid));
        process.killed();
        assert_eq!(pen_holder(folder.path()).unwrap(), None);
        let entries = read(&run).unwrap().entries;
        assert!(entries.len() as u64 >= least);
        assert_eq!(entries.last().map(|entry| entry.epoch), Some(life));
    }
    let taken = FileJournal::take(&run, Pen::take(folder.path(), holder()).unwrap(), Stamp(9)).unwrap();
    assert!(taken.entries.len() as u64 > least);
    assert_eq!(taken.journal.epoch(), 5);
    drop(taken);
    let left: Vec<_> = fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["journal.jsonl"]);
}

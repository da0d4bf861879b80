//! Disks that are full, and disks that fail: invented ones, and small real ones where the machine lets us mount them.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;

use tempfile::TempDir;

use crate::journal::FileJournal;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Loss;
use crate::journal::Pen;
use crate::journal::disk::Disk;
use crate::journal::disk::OnDisk;
use crate::journal::line::Head;
use crate::journal::read;
use crate::journal::read::parse;
use crate::journal::room_for;
use crate::journal::tests::Project;
use crate::journal::tests::holder;
use crate::journal::tests::opening;
use crate::journal::tests::started;
use crate::journal::tests::write;
use crate::run::Event;
use crate::run::RunEnd;
use crate::run::Stamp;

/// What an invented disk does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Fine,
    /// Not a byte more is set aside.
    Full,
    /// A write fails after so many bytes.
    Short(usize),
    /// A sync fails, and the pages look clean afterwards.
    NoSync,
    /// Setting room aside fails.
    NoRoomAtAll,
}

#[derive(Clone)]
struct Invented {
    bytes: Arc<Mutex<Vec<u8>>>,
    mood: Arc<Mutex<Mood>>,
}

impl Disk for Invented {
    fn write(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut kept = self.bytes.lock().unwrap();
        kept.truncate(usize::try_from(at).unwrap());
        match *self.mood.lock().unwrap() {
            Mood::Short(so_many) => {
                kept.extend(&bytes[..so_many.min(bytes.len())]);
                Err(io::Error::from_raw_os_error(5))
            }
            Mood::Fine | Mood::Full | Mood::NoSync | Mood::NoRoomAtAll => {
                kept.extend(bytes);
                Ok(())
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut mood = self.mood.lock().unwrap();
        if *mood == Mood::NoSync {
            *mood = Mood::Fine;
            return Err(io::Error::from_raw_os_error(5));
        }
        Ok(())
    }

    fn set_aside(&mut self, _: u64, _: u64) -> io::Result<()> {
        match *self.mood.lock().unwrap() {
            Mood::Full => Err(io::Error::from_raw_os_error(28)),
            Mood::NoRoomAtAll => Err(io::Error::from_raw_os_error(5)),
            Mood::Fine | Mood::Short(_) | Mood::NoSync => Ok(()),
        }
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.bytes.lock().unwrap().truncate(usize::try_from(end).unwrap());
        Ok(())
    }

    fn loss(&self, _: u64) -> Option<Loss> {
        None
    }
}

impl Invented {
    fn journal(&self, project: &Project) -> FileJournal {
        let mut journal = FileJournal::on(Box::new(self.clone()), project.pen(), Head::START, 0);
        let opened = Event::Opened { format: 1, run: "r1".into(), plan: "p".into(), parent: None, program: "0".into() };
        write(&mut journal, vec![opened]).unwrap();
        journal
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

fn invented() -> Invented {
    Invented { bytes: Arc::default(), mood: Arc::new(Mutex::new(Mood::Fine)) }
}

#[test]
fn without_room_the_journal_stays_usable_and_what_was_started_can_be_ended() {
    let (project, disk) = (Project::new(), invented());
    let mut journal = disk.journal(&project);
    let end = vec![Event::RunEnded { end: RunEnd::Done }];
    journal.reserve(1_000_000 + room_for(&end)).unwrap();
    write(&mut journal, vec![started(&"a".repeat(900_000))]).unwrap();
    disk.is(Mood::Full);
    let before = disk.bytes.lock().unwrap().clone();
    assert!(matches!(journal.reserve(1_000_000), Err(JournalError::NoRoom { bytes: 1_000_000 })));
    let long = vec![started(&"b".repeat(1_000_000))];
    assert!(matches!(write(&mut journal, long), Err(JournalError::NoRoom { .. })));
    assert_eq!(*disk.bytes.lock().unwrap(), before);
    journal.reserve(room_for(&end)).unwrap();
    write(&mut journal, end).unwrap();
    disk.is(Mood::Fine);
    journal.reserve(1_000_000).unwrap();
    assert_eq!(parse(&disk.bytes.lock().unwrap()).unwrap().entries.len(), 3);
}

#[test]
fn after_a_failure_nothing_is_believed_and_what_is_there_is_a_beginning() {
    for mood in [Mood::NoSync, Mood::Short(0), Mood::Short(50), Mood::Short(250), Mood::NoRoomAtAll] {
        let (project, disk) = (Project::new(), invented());
        let mut journal = disk.journal(&project);
        journal.go_on_with(Box::new(disk.clone()));
        disk.is(mood);
        let group = vec![started("a"), started("b"), started("c")];
        assert!(matches!(write(&mut journal, group.clone()), Err(JournalError::Io { .. })), "{mood:?}");
        // It would work now, and would mean nothing.
        disk.is(Mood::Fine);
        assert!(matches!(write(&mut journal, group), Err(JournalError::Io { .. })), "{mood:?}");
        assert!(matches!(journal.reserve(1), Err(JournalError::Io { .. })), "{mood:?}");
        drop(journal);
        let kept = parse(&disk.bytes.lock().unwrap()).unwrap().entries.len();
        assert!((1..=4).contains(&kept), "{mood:?}: {kept}");
    }
}

/// Whoever fills a small disk, a few bytes at a time.
fn fill(folder: &Path) {
    let mut file = std::fs::File::create(folder.join("filler")).unwrap();
    for size in [65536, 4096, 512, 1] {
        while io::Write::write_all(&mut file, &vec![7; size]).and_then(|()| file.sync_all()).is_ok() {}
    }
}

/// A small disk of its own. None where we may not mount one.
struct Small {
    at: TempDir,
}

impl Small {
    fn new(kind: &str) -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        if kind == "tmpfs" {
            mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]);
        } else {
            let image = at.path().with_extension("image");
            std::fs::File::create(&image).unwrap().set_len(24 << 20).unwrap();
            let made = Command::new(format!("mkfs.{kind}")).arg("-q").arg(&image).output().ok()?;
            mount.args(["-o", "loop"]).arg(&image);
            if !made.status.success() {
                return None;
            }
        }
        let mounted = mount.arg(at.path()).output().ok()?;
        mounted.status.success().then_some(Self { at })
    }

    fn ours(&self) -> PathBuf {
        self.at.path().join(".bonghwa")
    }

    fn run(&self) -> PathBuf {
        self.ours().join("runs/r1")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.at.path()).output());
        drop(std::fs::remove_file(self.at.path().with_extension("image")));
    }
}

/// The same story on each disk, with room set aside by the file system or by ballast.
fn on_a_full_disk(small: &Small, ballast: bool) {
    let pen = Pen::take(&small.ours(), holder("jo")).unwrap();
    let (mut journal, _) = FileJournal::create(&small.run(), pen, Stamp(5), opening()).unwrap();
    if ballast {
        let mut disk = OnDisk::open(&small.run().join("journal.jsonl")).unwrap();
        disk.use_ballast().unwrap();
        journal.go_on_with(Box::new(disk));
    }
    write(&mut journal, vec![started("first")]).unwrap();
    journal.reserve(200_000).unwrap();
    fill(small.at.path());
    assert!(matches!(journal.reserve(30_000_000), Err(JournalError::NoRoom { .. })), "it is full");
    for step in 0..20 {
        write(&mut journal, vec![started(&format!("{step}{}", "x".repeat(9_000)))]).unwrap();
    }
    let mut more = 0;
    let refused = loop {
        match write(&mut journal, vec![started(&"y".repeat(9_000))]) {
            Ok(()) => more += 1,
            Err(error) => break error,
        }
        assert!(more < 1000, "the disk is full");
    };
    assert!(matches!(refused, JournalError::NoRoom { .. }), "{refused:?}");
    std::fs::remove_file(small.at.path().join("filler")).unwrap();
    write(&mut journal, vec![started("last")]).unwrap();
    drop(journal);
    let reading = read(&small.run()).unwrap();
    assert_eq!((reading.entries.len(), reading.torn), (24 + more, None));
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that could not be done says so")]
fn real_disks_that_are_full_take_what_room_was_set_aside_for() {
    for kind in ["tmpfs", "ext4"] {
        for ballast in [false, true] {
            match Small::new(kind) {
                Some(small) => on_a_full_disk(&small, ballast),
                None => eprintln!("not tried on a small {kind}: this machine lets us mount none"),
            }
        }
    }
}

#[test]
fn ballast_is_gone_when_the_journal_is_closed() {
    let project = Project::new();
    let mut journal = project.create();
    let mut disk = OnDisk::open(&project.path()).unwrap();
    disk.use_ballast().unwrap();
    journal.go_on_with(Box::new(disk));
    journal.reserve(100_000).unwrap();
    let ballast = project.run().join("journal.ballast");
    assert!(std::fs::metadata(&ballast).unwrap().len() >= 100_000);
    drop(journal);
    assert!(!ballast.exists());
}

#[test]
fn room_that_was_not_needed_is_given_back() {
    use std::os::unix::fs::MetadataExt;
    let project = Project::new();
    let mut journal = project.create();
    journal.reserve(10_000_000).unwrap();
    let blocks = || std::fs::metadata(project.path()).unwrap().blocks() * 512;
    let held = blocks();
    drop(journal);
    assert!(blocks() < 100_000, "{held} before, {} after", blocks());
}

//! Readers while somebody writes.

use std::fs;
use std::fs::OpenOptions;
use std::io::Write;
use std::thread;

use crate::journal::JournalError;
use crate::journal::Tail;
use crate::journal::read;
use crate::journal::tests::Project;
use crate::journal::tests::eleven;
use crate::journal::tests::lines;
use crate::journal::tests::started;
use crate::journal::tests::write;

fn seqs(tail: &mut Tail) -> Vec<u64> {
    tail.added().unwrap().entries.iter().map(|entry| entry.seq).collect()
}

#[test]
fn what_was_added_is_told_once_whatever_bytes_have_arrived() {
    let whole = eleven();
    let start = lines(&whole)[2];
    let project = Project::with(&whole[..start]);
    let mut tail = Tail::new(&project.run());
    assert_eq!(seqs(&mut tail), [1, 2]);
    let mut file = OpenOptions::new().append(true).open(project.path()).unwrap();
    let mut told = vec![1, 2];
    for at in start..whole.len() {
        file.write_all(&whole[at..=at]).unwrap();
        told.extend(seqs(&mut tail));
        assert_eq!(told.len(), lines(&whole[..=at]).len() - 1);
    }
    assert_eq!(told, (1..=11).collect::<Vec<_>>());
}

#[test]
fn a_new_holder_of_the_pen_cuts_and_goes_on_and_readers_go_along() {
    let whole = eleven();
    let project = Project::with(&whole[..whole.len() - 9]);
    let mut tail = Tail::new(&project.run());
    assert_eq!(seqs(&mut tail).len(), 10);
    let mut journal = project.take().unwrap().journal;
    write(&mut journal, vec![started("x"), started("y")]).unwrap();
    let added = tail.added().unwrap();
    assert_eq!((added.entries.len(), added.anew), (3, false));
}

#[test]
fn what_was_read_and_is_no_longer_so_is_told_anew() {
    let whole = eleven();
    let starts = lines(&whole);
    let project = Project::with(&whole);
    let mut tail = Tail::new(&project.run());
    assert_eq!(seqs(&mut tail).len(), 11);
    // Shorter, as after a crash of the machine that served it.
    fs::write(project.path(), &whole[..starts[8]]).unwrap();
    let added = tail.added().unwrap();
    assert_eq!((added.entries.len(), added.anew), (8, true));
    // Shorter and then longer again, between two looks.
    let mut journal = project.take().unwrap().journal;
    assert_eq!(seqs(&mut tail), [9]);
    drop(journal);
    fs::write(project.path(), &whole[..starts[7]]).unwrap();
    journal = project.take().unwrap().journal;
    write(&mut journal, (0..5).map(|step| started(&step.to_string())).collect()).unwrap();
    let added = tail.added().unwrap();
    assert_eq!((added.entries.len(), added.anew), (13, true));
}

#[test]
fn a_changed_line_is_refused_as_soon_as_something_follows_it() {
    let whole = eleven();
    let starts = lines(&whole);
    let project = Project::with(&whole[..starts[5]]);
    let mut tail = Tail::new(&project.run());
    assert_eq!(seqs(&mut tail).len(), 5);
    let mut changed = whole;
    changed[starts[5] + 40] ^= 1;
    fs::write(project.path(), &changed[..starts[6]]).unwrap();
    assert!(seqs(&mut tail).is_empty());
    fs::write(project.path(), &changed).unwrap();
    assert!(matches!(tail.added(), Err(JournalError::Tampered { line: 6, .. })));
}

#[test]
fn readers_never_meet_anything_but_a_beginning_of_what_is_written() {
    let project = Project::new();
    let mut journal = project.create();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut tail = Tail::new(&project.run());
            let (mut told, mut last) = (0, 0);
            while told < 602 {
                let added = tail.added().unwrap();
                assert!(!added.anew);
                for entry in added.entries {
                    told += 1;
                    assert_eq!(entry.seq, told);
                }
                let whole = read(&project.run()).unwrap().entries.len();
                assert!(whole as u64 >= told.max(last));
                last = whole as u64;
            }
        });
        for step in 0..200 {
            let group = (0..3).map(|part| started(&format!("{step}-{}", "x".repeat(part * 3000)))).collect();
            write(&mut journal, group).unwrap();
        }
        reader.join().unwrap();
    });
}

//! What a crash leaves, and what a hand leaves: the first is cut and told, the second is refused with its line.

use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

use crate::journal::FORMAT;
use crate::journal::JournalError;
use crate::journal::Tampering;
use crate::journal::Torn;
use crate::journal::line::Head;
use crate::journal::numbered;
use crate::journal::read;
use crate::journal::read::parse;
use crate::journal::tests::Project;
use crate::journal::tests::eleven;
use crate::journal::tests::lines;
use crate::journal::tests::started;
use crate::journal::tests::write;
use crate::run::Entry;
use crate::run::Event;
use crate::run::Stamp;

/// The line that is refused.
fn refused(bytes: &[u8]) -> Option<(u64, Tampering)> {
    match parse(bytes) {
        Err(JournalError::Tampered { line, why }) => Some((line, why)),
        Ok(_) | Err(_) => None,
    }
}

#[test]
fn torn_at_every_byte_of_its_last_line_it_goes_on_behind_the_line_before() {
    let whole = eleven();
    let starts = lines(&whole);
    let last = starts[10];
    for end in last + 1..whole.len() {
        let torn = &whole[..end];
        let parsed = parse(torn).unwrap();
        assert_eq!(parsed.torn, Some(Torn { line: 11, bytes: (end - last) as u64 }));
        assert_eq!((parsed.entries.len(), parsed.end), (10, last));
    }
    // And once with a real file, from a reader to the next crash.
    let project = Project::with(&whole[..last + 30]);
    assert_eq!(read(&project.run()).unwrap().torn, Some(Torn { line: 11, bytes: 30 }));
    let mut taken = project.take().unwrap();
    assert_eq!(taken.cut, Some(Torn { line: 11, bytes: 30 }));
    write(&mut taken.journal, vec![started("again")]).unwrap();
    drop(taken);
    let again = project.take().unwrap();
    assert_eq!((again.cut, again.entries.len()), (None, 13));
}

#[test]
fn a_group_that_was_interrupted_leaves_a_prefix() {
    let whole = eleven();
    let starts = lines(&whole);
    for kept in 4..=6 {
        let parsed = parse(&whole[..starts[kept - 1] + 20]).unwrap();
        assert_eq!(parsed.entries.len(), kept - 1);
        let parsed = parse(&whole[..starts[kept]]).unwrap();
        assert_eq!((parsed.entries.len(), parsed.torn), (kept, None));
    }
}

/// A group of ten lines of which some sectors did not reach the disk: zeros stand where room had been set aside.
#[test]
fn zeros_in_the_last_group_are_torn_and_zeros_before_it_are_not() {
    let mut whole = eleven();
    let start = whole.len();
    let head = parse(&whole).unwrap().head;
    let events = (0..10).map(|step| started(&step.to_string())).collect();
    let after = head.write(&numbered(head.seq, head.epoch, Stamp(8), events), &mut whole);
    assert_eq!((after.seq, parse(&whole).unwrap().entries.len()), (21, 21));

    let sectors = (0..whole.len()).step_by(512).skip_while(|from| *from < start);
    for from in [start].into_iter().chain(sectors) {
        for long in 1..4 {
            let mut torn = whole.clone();
            let to = (from / 512 + long) * 512;
            let to = to.min(torn.len());
            torn[from..to].fill(0);
            let parsed = parse(&torn).unwrap();
            let good = lines(&whole).iter().filter(|end| **end <= from).count() - 1;
            assert_eq!((parsed.entries.len(), parsed.end), (good, lines(&whole)[good]));
        }
    }
    // What was durable is not cut: a part of a line of the group before.
    let mut lost = whole.clone();
    lost[start - 40..start].fill(0);
    assert_eq!(refused(&lost), Some((11, Tampering::Digest)));
    // Zeros behind the last line are room that some file systems show.
    let mut shown = whole.clone();
    shown.extend([0; 100]);
    assert_eq!(parse(&shown).unwrap().torn, Some(Torn { line: 22, bytes: 100 }));
}

#[test]
fn every_byte_that_is_changed_is_refused_with_its_line() {
    let whole = eleven();
    let starts = lines(&whole);
    for (at, byte) in whole.iter().enumerate() {
        let line = starts.partition_point(|start| *start <= at) as u64;
        for other in [byte ^ 1, byte ^ 32, b'\n', b'"', b'0', 0xff] {
            let mut changed = whole.clone();
            changed[at] = other;
            if other != *byte {
                let found = refused(&changed).map(|(line, _)| line);
                assert_eq!(found, Some(line), "byte {at} of line {line}: {byte} became {other}");
            }
        }
    }
}

#[test]
fn lines_that_are_missing_doubled_or_in_another_order_are_refused() {
    let whole = eleven();
    let starts = lines(&whole);
    let line = |number: usize| &whole[starts[number - 1]..starts[number]];
    let of = |numbers: &[usize]| numbers.iter().flat_map(|number| line(*number)).copied().collect::<Vec<u8>>();
    assert_eq!(refused(&of(&[1, 2, 4, 5])), Some((3, Tampering::Digest)));
    assert_eq!(refused(&of(&[1, 2, 2, 3])), Some((3, Tampering::Digest)));
    assert_eq!(refused(&of(&[1, 3, 2, 4])), Some((2, Tampering::Digest)));
    assert_eq!(refused(&of(&[2, 3])), Some((1, Tampering::Digest)));
    // Lines that are gone from the end don't show: the digest of the last one, kept elsewhere, is what shows it.
    assert_eq!(parse(&of(&[1, 2, 3])).unwrap().entries.len(), 3);
}

/// Whoever can write a whole chain anew is told apart by nothing but the digest of its head.
#[test]
fn numbers_and_epochs_must_follow_even_where_the_chain_does() {
    let entries = parse(&eleven()).unwrap().entries;
    let chained = |change: &dyn Fn(&mut Vec<Entry>)| {
        let (mut entries, mut text) = (entries.clone(), Vec::new());
        change(&mut entries);
        let head = Head::START.write(&entries, &mut text);
        assert!(head.seq > 0);
        text
    };
    assert_eq!(refused(&chained(&|entries| entries[4].seq += 1)), Some((5, Tampering::Sequence)));
    assert_eq!(refused(&chained(&|entries| entries[6].epoch = 2)), Some((7, Tampering::Epoch)));
    assert_eq!(refused(&chained(&|entries| entries[1].epoch = 0)), Some((2, Tampering::Epoch)));
    assert_eq!(refused(&chained(&|entries| drop(entries.remove(3)))), Some((4, Tampering::Sequence)));
}

#[test]
fn what_is_no_journal_is_said_to_be_none() {
    for bytes in [&b""[..], b"\n", b"{}\n", b"a letter\n", b"\0\0\0\0", b"{\"seq\":2}\n"] {
        assert!(matches!(parse(bytes), Err(JournalError::NotAJournal)), "{bytes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn large_journals_are_read_in_parts_and_changes_are_found_in_each(
        long in 0..3000_usize,
        group in 1..9_usize,
        at in any::<proptest::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let count = 6000 + long;
        let head = Head::START;
        let opened = Event::Opened {
            format: FORMAT, run: "r".into(), plan: "p".into(), parent: None, program: "0".into(),
        };
        let events = (1..count).map(|step| started(&"s".repeat(200 + step % 100)));
        let events = [opened].into_iter().chain(events).collect();
        let entries = numbered(0, 0, Stamp(1), events);
        let (mut text, mut head) = (Vec::new(), head);
        for group in entries.chunks(group) {
            head = head.write(group, &mut text);
        }
        prop_assert!(text.len() > 2 << 20, "there are parts");
        let parsed = parse(&text).unwrap();
        prop_assert_eq!(parsed.entries, entries);
        prop_assert_eq!(parsed.head.letters(), head.letters());

        let at = at.index(text.len() - 1);
        let line = lines(&text).partition_point(|start| *start <= at) as u64;
        text[at] ^= 1 << bit;
        prop_assert_eq!(refused(&text).map(|(line, _)| line), Some(line));
    }
}

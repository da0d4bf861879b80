//! Reads a whole journal, and proves its chain. It never needs the lock and never writes, so it may read while another
//! process writes: a line that is not finished yet is told, and is no error.
//!
//! The text is cut into as many parts as there are processors; each is proven and parsed for itself, since a line says
//! what the one before it must be.

use std::fs;
use std::io::BufRead;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use serde::Deserialize;

use crate::journal::FILE_NAME;
use crate::journal::JournalError;
use crate::journal::Tampering;
use crate::journal::line;
use crate::journal::line::Head;
use crate::journal::line::Letters;
use crate::run::Entry;

/// Below this a second thread costs more than it saves.
const PART_BYTES_MIN: usize = 1 << 20;
/// More parts than this would wait for memory.
const PARTS_MAX: usize = 8;

/// The least that a disk writes at once.
const SECTOR: usize = 512;

/// What stands in a journal.
#[derive(Debug)]
pub struct Reading {
    /// All entries.
    pub entries: Vec<Entry>,
    /// The digest of the last one.
    pub digest: String,
    /// What stands behind the last whole entry, where there is something.
    pub torn: Option<Torn>,
}

/// The end of a journal that was never written whole: a crash in the middle of a group, or a writer who is still at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// How long it is.
    pub bytes: u64,
}

/// Reads the journal in the folder of a run.
///
/// # Errors
///
/// What is wrong with it, with the line.
pub fn read(folder: &Path) -> Result<Reading, JournalError> {
    let bytes = fs::read(folder.join(FILE_NAME)).map_err(unreadable)?;
    let parsed = parse(&bytes)?;
    Ok(Reading { entries: parsed.entries, digest: parsed.head.letters(), torn: parsed.torn })
}

pub(in crate::journal) fn unreadable(error: std::io::Error) -> JournalError {
    JournalError::Io { doing: "reading the journal", cause: Arc::new(error) }
}

/// A whole journal, and what is needed to go on behind it.
pub(in crate::journal) struct Parsed {
    pub(in crate::journal) entries: Vec<Entry>,
    pub(in crate::journal) head: Head,
    /// Where the whole lines end.
    pub(in crate::journal) end: usize,
    pub(in crate::journal) torn: Option<Torn>,
}

/// There is a reader for each version, and they stay for ever.
pub(in crate::journal) fn parse(bytes: &[u8]) -> Result<Parsed, JournalError> {
    match format(bytes)? {
        1 => parse_1(bytes),
        format => Err(JournalError::NewerFormat { format, known: line::FORMAT }),
    }
}

/// The version, from the first line, whose form is the same in all of them.
fn format(bytes: &[u8]) -> Result<u32, JournalError> {
    #[derive(Deserialize)]
    struct First {
        event: Opened,
    }
    #[derive(Deserialize)]
    struct Opened {
        opened: Format,
    }
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let tampered = |why| Err(JournalError::Tampered { line: 1, why });
    let (first, whole) = first_line(bytes);
    let looks_so = || bytes.split(|byte| *byte == b'\n').any(|line| line::told_digest(line).is_some());
    match line::told_digest(first) {
        Some((said, told)) if whole && line::digest(&Head::START.digest, said) == *told => {
            let first: Result<First, _> = serde_json::from_slice(first);
            first.map_or(Err(JournalError::NotAJournal), |first| match first.event.opened.format {
                0 => Err(JournalError::NotAJournal),
                format => Ok(format),
            })
        }
        Some(_) => tampered(Tampering::Digest),
        None if looks_so() => tampered(Tampering::NoEntry),
        None => Err(JournalError::NotAJournal),
    }
}

/// The first line, and whether it ends.
fn first_line(bytes: &[u8]) -> (&[u8], bool) {
    let mut rest = bytes;
    let long = rest.skip_until(b'\n').unwrap_or(0);
    let line = &bytes[..long];
    line.strip_suffix(b"\n").map_or((line, false), |line| (line, true))
}

fn parse_1(bytes: &[u8]) -> Result<Parsed, JournalError> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let starts = starts(bytes, processors.min(PARTS_MAX).min(bytes.len() / PART_BYTES_MIN + 1));
    let ends = starts.iter().copied().skip(1).chain([bytes.len()]);
    let spans: Vec<(usize, usize)> = starts.iter().copied().zip(ends).collect();
    let parts: Vec<Part> = thread::scope(|scope| {
        let (first, others) = spans.split_first().map_or((None, &[][..]), |(first, others)| (Some(first), others));
        let others: Vec<_> = others.iter().map(|&(from, to)| scope.spawn(move || part(bytes, from, to))).collect();
        let first = first.map(|&(from, to)| part(bytes, from, to));
        let others = others.into_iter().map(|part| part.join().unwrap_or_else(|why| std::panic::resume_unwind(why)));
        first.into_iter().chain(others).collect()
    });
    joined(bytes, parts)
}

/// Where the parts begin, each at the beginning of a line.
fn starts(bytes: &[u8], parts: usize) -> Vec<usize> {
    let mut starts: Vec<usize> = (0..parts)
        .map(|part| match part * (bytes.len() / parts) {
            0 => 0,
            near => near + first_line(&bytes[near..]).0.len() + 1,
        })
        .filter(|start| *start < bytes.len())
        .collect();
    starts.dedup();
    starts
}

/// Some lines, as far as they are good.
struct Part {
    from: usize,
    entries: Vec<Entry>,
    /// Of the last good line.
    digest: Letters,
    /// Where the last good line ends, and what is wrong with the next one.
    bad: Option<(usize, Tampering)>,
}

fn part(bytes: &[u8], from: usize, to: usize) -> Part {
    let text = &bytes[from..to];
    let mut digest = digest_before(bytes, from);
    let mut entries: Vec<Entry> = Vec::with_capacity(text.len() / 160);
    let mut at = 0;
    let mut bad = None;
    while at < text.len() && bad.is_none() {
        let (line, whole) = first_line(&text[at..]);
        let read = if whole { line::read(line, &digest) } else { Err(Tampering::NoEntry) };
        let follows = read.and_then(|(entry, told)| {
            if let Some(last) = entries.last() {
                Head { seq: last.seq, epoch: last.epoch, digest }.pass(&entry, told)?;
            }
            Ok((entry, told))
        });
        match follows {
            Ok((entry, told)) => {
                entries.push(entry);
                digest = told;
                at += line.len() + 1;
            }
            Err(why) => bad = Some((from + at, why)),
        }
    }
    Part { from, entries, digest, bad }
}

/// The digest that the line before this place tells. Where it tells none, the part before finds that out.
fn digest_before(bytes: &[u8], from: usize) -> Letters {
    let before = bytes[..from].strip_suffix(b"\n").and_then(line::told_digest);
    before.map_or(Head::START.digest, |(_, told)| *told)
}

/// Puts the parts together, up to the first line that is not good.
fn joined(bytes: &[u8], parts: Vec<Part>) -> Result<Parsed, JournalError> {
    let mut head = Head::START;
    let mut entries: Vec<Entry> = Vec::new();
    for mut part in parts {
        let tampered = |line: usize, why| JournalError::Tampered { line: line as u64 + 1, why };
        if let Some(first) = part.entries.first() {
            head.pass(first, part.digest).map_err(|why| tampered(entries.len(), why))?;
        }
        if entries.is_empty() {
            entries = part.entries;
        } else {
            entries.append(&mut part.entries);
        }
        if let Some(last) = entries.last() {
            head = Head { seq: last.seq, epoch: last.epoch, digest: part.digest };
        }
        if let Some((at, why)) = part.bad {
            debug_assert!(at >= part.from, "a part looks only at its own lines");
            if !is_torn(bytes, at, &head) {
                return Err(tampered(entries.len(), why));
            }
            let torn = Torn { line: entries.len() as u64 + 1, bytes: (bytes.len() - at) as u64 };
            return Ok(Parsed { entries, head, end: at, torn: Some(torn) });
        }
    }
    Ok(Parsed { entries, head, end: bytes.len(), torn: None })
}

/// Whether what is bad from here on was never written whole, as opposed to changed later.
///
/// A write that was cut short ends without a newline. A group whose sectors did not all reach the disk has zeros in it,
/// where room had been set aside; what follows them is of the same group. Nothing else is torn: whoever cuts a line that
/// was durable forgets what was started.
fn is_torn(bytes: &[u8], at: usize, head: &Head) -> bool {
    let (line, whole) = first_line(&bytes[at..]);
    let unwritten = has_unwritten(bytes, at, line.len());
    if !whole {
        // The newline itself was changed: then a whole line stands in front of it.
        let in_front = line.split_last().map_or(line, |(_, line)| line);
        return unwritten || line::read(in_front, &head.digest).is_err();
    }
    let same_group = |line: &[u8]| line::group(line).is_some_and(|(group, _)| group <= head.seq + 1);
    let mut next = at + line.len() + 1;
    let mut torn = unwritten;
    while torn && next < bytes.len() {
        let (line, whole) = first_line(&bytes[next..]);
        torn = !whole || has_unwritten(bytes, next, line.len()) || same_group(line);
        next += line.len() + 1;
    }
    torn
}

/// Whether there are zeros in this line as a disk leaves them: from the beginning of a sector, or of what was written, to
/// the end of a sector or of all.
fn has_unwritten(bytes: &[u8], at: usize, long: usize) -> bool {
    let line = &bytes[at..at + long];
    let Some(zeros) = line.iter().position(|byte| *byte == 0) else { return false };
    let end = at + line.iter().skip(zeros).position(|byte| *byte != 0).map_or(long, |past| zeros + past);
    (zeros == 0 || (at + zeros).is_multiple_of(SECTOR)) && (end == bytes.len() || end.is_multiple_of(SECTOR))
}

/// Where the group of the last whole line begins, in a text that ends behind that line.
pub(in crate::journal) fn last_group(text: &[u8]) -> usize {
    let begins = |lines: u64| {
        let mut at = text.len();
        for _ in 0..lines {
            at = text[..at.saturating_sub(1)].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        }
        at
    };
    let last = begins(1);
    let line = text[last..].strip_suffix(b"\n").and_then(line::group);
    line.map_or(last, |(group, seq)| begins(seq.saturating_sub(group) + 1))
}

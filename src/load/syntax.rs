//! What is not TOML, and what it does to the rest of its file.
//!
//! The parser goes on after a mistake, but it invents what it could not read and merges a table that is declared
//! twice. So findings that overlap a syntax error are dropped, as is whatever is missing in such a file, and the first
//! place of something declared twice is looked up in the text.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use crate::load::page::Page;
use crate::model::Fault;
use crate::model::FileId;
use crate::model::Finding;
use crate::model::Noun;
use crate::model::Place;

/// How many syntax errors of one file are told: whoever mended these looks again.
const ERRORS_MAX: usize = 100;

/// What could not be read, in all files.
#[derive(Default)]
pub(super) struct Syntax {
    /// By file: the lines that hold a syntax error, as ranges of bytes. No range at all where the whole file is lost.
    broken: BTreeMap<FileId, Vec<Range<usize>>>,
    /// Names that stand in headers of such files: they may well be declared.
    spoken_of: Vec<String>,
    /// Whether a whole file is lost: then no name is known to be missing.
    lost: bool,
}

impl Syntax {
    /// A file that was not read at all.
    pub(super) fn lost(&mut self, file: FileId) {
        self.broken.insert(file, Vec::new());
        self.lost = true;
    }

    /// What another file holds besides.
    pub(super) fn add(&mut self, other: Self) {
        self.broken.extend(other.broken);
        if !other.spoken_of.is_empty() {
            self.spoken_of.extend(other.spoken_of);
            self.spoken_of.sort();
        }
        self.lost |= other.lost;
    }

    /// Parses a page as far as it goes; tells of every syntax error.
    pub(super) fn parse<'t>(&mut self, page: &Page<'t>) -> DeTable<'t> {
        let (table, errors) = DeTable::parse_recoverable(page.text);
        let (twice, errors): (Vec<_>, Vec<_>) =
            errors.into_iter().partition(|error| error.message() == "duplicate key");
        if !twice.is_empty() {
            tell_twice(page, twice.into_iter().filter_map(|error| error.span()));
        }
        if !errors.is_empty() {
            self.broken.insert(page.file, broken_lines(page.text, errors.iter().filter_map(toml::de::Error::span)));
            self.spoken_of.extend(page.text.lines().filter(|line| line.trim_start().starts_with('[')).flat_map(words));
            self.spoken_of.sort();
        }
        for error in errors.iter().take(ERRORS_MAX) {
            page.tell(&visible(page.text, error.span().unwrap_or(0..0)), Fault::Syntax(error.message().to_owned()));
        }
        table.into_inner()
    }

    /// Drops what a syntax error makes others say.
    pub(super) fn without_echoes(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        if !self.broken.is_empty() {
            findings.retain(|finding| !self.is_echo(finding));
        }
        findings
    }

    fn is_echo(&self, finding: &Finding) -> bool {
        if let Fault::UnknownName { name, .. } = &finding.fault
            && (self.lost || self.spoken_of.binary_search(name).is_ok())
        {
            return true;
        }
        if matches!(finding.fault, Fault::Syntax(_) | Fault::Unread(_)) {
            return false;
        }
        if matches!(finding.fault, Fault::RunbookUnused(_) | Fault::RouteUnused(_) | Fault::NothingDeclared(_)) {
            return true;
        }
        self.broken.get(&finding.place.file).is_some_and(|lines| {
            let Place { start, end, .. } = finding.place;
            finding.fault.is_absence() || (start == 0 && end == 0) || overlaps(lines, start..end)
        })
    }
}

/// The lines that hold a syntax error. After many of them nothing further down is believed.
fn broken_lines(text: &str, errors: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut lines: Vec<Range<usize>> = errors.take(ERRORS_MAX).map(|at| lines_of(text, &at)).collect();
    if lines.len() == ERRORS_MAX
        && let Some(last) = lines.last_mut()
    {
        last.end = text.len();
    }
    lines
}

fn overlaps(lines: &[Range<usize>], at: Range<usize>) -> bool {
    lines.iter().any(|line| line.start <= at.end && at.start <= line.end)
}

fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(|c: char| matches!(c, '[' | ']' | '.' | '"' | '\'') || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

/// The whole lines that a range touches.
fn lines_of(text: &str, at: &Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let start = bytes[..at.start.min(bytes.len())].iter().rposition(|&byte| byte == b'\n').map_or(0, |found| found + 1);
    let from = at.end.min(bytes.len());
    let end = bytes[from..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |found| from + found);
    start..end
}

/// A range that points at something: the parser's may be empty, or lie behind the end.
fn visible(text: &str, at: Range<usize>) -> Range<usize> {
    let mut start = at.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = at.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// A key or header in the text, found without the parser, which forgets the first of two.
struct Mention {
    /// The header above it, if it is a key.
    header: usize,
    path: String,
    at: Range<usize>,
}

fn tell_twice(page: &Page<'_>, twice: impl Iterator<Item = Range<usize>>) {
    let mentions = mentions(page.text);
    let mut first: BTreeMap<(usize, &str), &Mention> = BTreeMap::new();
    let mut repeated: BTreeMap<usize, &Mention> = BTreeMap::new();
    let mut headers: Vec<(usize, bool)> = Vec::new();
    for mention in &mentions {
        let known = first.get(&(mention.header, mention.path.as_str())).copied();
        match known {
            Some(first) => repeated.insert(mention.at.end, first),
            None => first.insert((mention.header, mention.path.as_str()), mention),
        };
        if mention.header == usize::MAX {
            headers.push((mention.at.end, known.is_some()));
        }
    }
    let mut told = 0;
    for at in twice {
        if told == ERRORS_MAX {
            break;
        }
        let at = visible(page.text, at);
        // The keys of a table that is declared twice are no mistakes of their own.
        let above = headers.partition_point(|(end, _)| *end < at.start);
        let repeats = above.checked_sub(1).is_some_and(|above| headers[above].1);
        if repeats && !repeated.contains_key(&at.end) {
            continue;
        }
        told += 1;
        let name = page.text.get(at.clone()).unwrap_or_default().trim_matches(['"', '\'']).to_owned();
        match repeated.get(&at.end) {
            Some(first) => {
                let (what, name) = what_of(first, name);
                page.tell_twice(page.place(&at), page.place(&first.at), Fault::DeclaredTwice { what, name });
            }
            None => page.tell(&at, Fault::DeclaredTwice { what: Noun::Key, name }),
        }
    }
}

/// What a header declares, by its first word.
fn what_of(mention: &Mention, name: String) -> (Noun, String) {
    let parts: Vec<&str> = mention.path.split('.').collect();
    let what = match (mention.header == usize::MAX, parts.as_slice()) {
        (true, ["site", _]) => Noun::Site,
        (true, ["place", _]) => Noun::Place,
        (true, ["kit", _]) => Noun::Kit,
        (true, ["service", _]) => Noun::Service,
        (true, ["route", _]) => Noun::Route,
        (true, ["provider", _]) => Noun::Provider,
        (true, _) => return (Noun::Key, mention.path.clone()),
        (false, _) => Noun::Key,
    };
    (what, name)
}

/// Every header and every key that begins a line, outside of texts that span lines.
fn mentions(text: &str) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let mut header = usize::MAX - 1;
    let mut inside: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let here = start;
        start += line.len();
        if let Some(quotes) = inside {
            if line.contains(quotes) {
                inside = None;
            }
            continue;
        }
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(rest) = trimmed.strip_prefix('[') {
            let rest = rest.trim_start_matches('[');
            let inner = rest.split(']').next().unwrap_or_default();
            let path: Vec<&str> = inner.split('.').map(|part| part.trim().trim_matches(['"', '\''])).collect();
            let last = inner.rfind('.').map_or(0, |dot| dot + 1);
            let last = last + inner[last..].len() - inner[last..].trim_start().len();
            let at = here + indent + (trimmed.len() - rest.len());
            let at = at + last..at + inner.trim_end().len();
            if !trimmed.starts_with("[[") {
                mentions.push(Mention { header: usize::MAX, path: path.join("."), at: at.clone() });
            }
            header = here;
        } else if let Some((key, rest)) = trimmed.split_once('=') {
            let path = key.trim().trim_matches(['"', '\'']).to_owned();
            let at = here + indent..here + indent + key.trim_end().len();
            mentions.push(Mention { header, path, at });
            inside = ["\"\"\"", "'''"].into_iter().find(|quotes| rest.matches(quotes).count() == 1);
        }
    }
    mentions
}

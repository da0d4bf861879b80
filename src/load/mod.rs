//! TEXT IN. Authored TOML becomes an Estate and all Findings, with a side table of places.
//!
//! Two passes: each file is parsed with recovery, read into drafts whose names are still texts, and dropped (a tree
//! takes forty times the room of its text); then names are sorted and resolved, and what was written is held against
//! itself. A mistake never stops the reading: what is wrong is left out or given a safe default, so that a plan can
//! still be made on an estate with a fault in a file that the incident does not touch.
//!
//! This room takes texts, never a path, and opens no file. It makes findings, and no sentences. It knows no graph:
//! whoever wants to know of cycles among services asks elsewhere.

mod action;
mod draft;
mod fields;
mod names;
mod number;
mod page;
mod reach;
mod resolve;
mod row;
mod runbook;
mod service;
mod settings;
mod syntax;
mod text;
mod topology;
mod value;

#[cfg(test)]
mod tests;

use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

use crate::load::draft::Drafts;
use crate::load::draft::Settings;
use crate::load::fields::RUNBOOKS;
use crate::load::fields::SETTINGS;
use crate::load::fields::TOPOLOGY;
use crate::load::page::Page;
use crate::load::row::Row;
use crate::load::syntax::Syntax;
use crate::model::Estate;
use crate::model::Fault;
use crate::model::FileId;
use crate::model::Finding;
use crate::model::Place;
use crate::model::Places;
use crate::model::Sources;
use crate::model::Unread;

pub use fields::FileShape;
pub use fields::fields;
pub use names::near;

/// The largest file that is parsed. The tree of a larger one would cost hundreds of megabytes, and ten thousand
/// services with their replicas are smaller.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// How many files one thread takes at a time: the large ones often stand together, and nobody else should wait for them.
const FILES_AT_ONCE: usize = 16;

/// How many findings of one file are told: whoever mended these looks again.
const FINDINGS_MAX: usize = 1_000;

/// One file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// Relative to the project, with `/` between folders: `bonghwa.toml`, `topology/…`, `runbooks/…`.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// What all files together say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// All that is declared. Its references all lead somewhere, whatever was found.
    pub estate: Estate,
    /// All that is wrong, by file and place.
    pub findings: Vec<Finding>,
    /// Where each thing was written.
    pub places: Places,
    /// The texts themselves.
    pub sources: Sources,
}

/// Reads all files of a project at once.
#[must_use]
pub fn load(sources: Vec<SourceText>) -> Loaded {
    load_beside(sources, Vec::new())
}

/// Reads all files of a project, beside those that could not be read: each of them is a finding.
#[must_use]
pub fn load_beside(files: Vec<SourceText>, unread: Vec<(String, Unread)>) -> Loaded {
    let mut sources = Sources::default();
    let mut drafts = Drafts::default();
    let mut findings = Vec::new();
    let mut syntax = Syntax::default();
    let mut readable = Vec::with_capacity(files.len());
    for file in files {
        let path = file.path;
        match text_of(file.bytes) {
            Ok(text) => readable.push((sources.add(&path, text), path)),
            Err(why) => unreadable(sources.add(&path, String::new()), why, &mut findings, &mut syntax),
        }
    }
    for (path, why) in unread {
        unreadable(sources.add(&path, String::new()), why, &mut findings, &mut syntax);
    }
    // No file knows of another yet, so that they are read side by side; what they say is put together in their order.
    let readable = readable.par_iter().with_max_len(FILES_AT_ONCE);
    let read: Vec<_> = readable.map(|(id, path)| read(*id, path, sources.text(*id))).collect();
    drafts.services.reserve(read.iter().map(|said| said.drafts.services.len()).sum());
    drafts.runbooks.reserve(read.iter().map(|said| said.drafts.runbooks.len()).sum());
    for said in read {
        if let Some(settings) = said.settings {
            drafts.settings = settings;
        }
        drafts.add(said.drafts);
        findings.extend(said.findings);
        syntax.add(said.syntax);
    }
    let (estate, places) = resolve::resolve(drafts, &mut findings);
    let mut findings = syntax.without_echoes(findings);
    findings.sort_by_key(|finding| (finding.place, finding.code()));
    let findings = at_most(FINDINGS_MAX, findings);
    Loaded { estate, findings, places, sources }
}

/// The first findings of each file, and how many more there are.
fn at_most(limit: usize, findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut of_file = 0;
    let mut more = 0;
    for finding in findings {
        match kept.last() {
            Some(last) if last.place.file == finding.place.file => {
                of_file += 1;
                if of_file < limit {
                    kept.push(finding);
                } else {
                    let end = Place { start: finding.place.start, end: finding.place.start, ..finding.place };
                    if of_file > limit {
                        kept.pop();
                    }
                    more += 1;
                    kept.push(Finding::new(end, Fault::More(more)));
                }
            }
            Some(_) | None => {
                (of_file, more) = (0, 0);
                kept.push(finding);
            }
        }
    }
    kept
}

fn text_of(bytes: Vec<u8>) -> Result<String, Unread> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > FILE_BYTES_MAX {
        return Err(Unread::TooLarge(size));
    }
    String::from_utf8(bytes).map_err(|error| Unread::NotUtf8(error.utf8_error().valid_up_to()))
}

fn unreadable(file: FileId, why: Unread, findings: &mut Vec<Finding>, syntax: &mut Syntax) {
    syntax.lost(file);
    findings.push(Finding::new(Place { file, start: 0, end: 0 }, Fault::Unread(why)));
}

/// What one file says.
#[derive(Default)]
struct Said {
    settings: Option<Settings>,
    drafts: Drafts,
    findings: Vec<Finding>,
    syntax: Syntax,
}

fn read(file: FileId, path: &str, text: &str) -> Said {
    let mut said = Said::default();
    let page = Page::new(file, text);
    let table = said.syntax.parse(&page);
    let all = 0..0;
    if path == "bonghwa.toml" {
        said.settings = Some(settings::read(Row::open(&page, &SETTINGS, &table, all)));
    } else if path.starts_with("runbooks/") {
        runbook::read(Row::open(&page, &RUNBOOKS, &table, all), &mut said.drafts);
    } else {
        topology::read(Row::open(&page, &TOPOLOGY, &table, all), &mut said.drafts);
    }
    said.findings = page.into_findings();
    said
}

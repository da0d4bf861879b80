//! Findings on screen, as rustc shows them: where, the line itself, what is wrong, and what to do.

use std::collections::BTreeSet;

use annotate_snippets::AnnotationKind;
use annotate_snippets::Element;
use annotate_snippets::Group;
use annotate_snippets::Level;
use annotate_snippets::Origin;
use annotate_snippets::Renderer;
use annotate_snippets::Snippet;
use serde_json::Value;
use serde_json::json;

use crate::model::Fault;
use crate::model::Finding;
use crate::model::Place;
use crate::model::Severity;
use crate::model::Sources;
use crate::report::fault;
use crate::report::fault::FaultWords;

/// Two places that are no further apart are shown in one piece of the file.
const NEAR_LINES: usize = 30;
/// A line is shown up to this many bytes behind the place: some files are one line.
const LINE_BYTES: usize = 400;

/// All findings as people read them, with a count at the end; nothing where there is none.
#[must_use]
pub fn findings(findings: &[Finding], sources: &Sources, color: bool) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let secrets = secrets(findings);
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for finding in findings {
        text.push_str(&one(finding, sources, &secrets, &renderer));
        text.push_str("\n\n");
    }
    text.push_str(&count(findings));
    text.push('\n');
    text
}

/// How many there are: `3 errors, 1 warning in 2 files`, `no findings`.
#[must_use]
pub fn count(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let number = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let files: BTreeSet<_> =
        findings.iter().filter(|finding| !of_no_file(&finding.fault)).map(|finding| finding.place.file).collect();
    if findings.is_empty() {
        return "no findings".to_owned();
    }
    let counts = [(of(Severity::Error), "error"), (of(Severity::Warning), "warning")];
    let counts: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| number(count, word)).collect();
    if files.is_empty() {
        return counts.join(", ");
    }
    format!("{} in {}", counts.join(", "), number(files.len(), "file"))
}

/// Whether a fault is of the project as a whole: what is declared nowhere has no place.
const fn of_no_file(fault: &Fault) -> bool {
    matches!(fault, Fault::NothingDeclared(_))
}

/// Places whose text is not shown: a secret may stand there.
fn secrets(findings: &[Finding]) -> Vec<Place> {
    let secret = |finding: &&Finding| matches!(finding.fault, Fault::NotAReference { .. });
    let mut places: Vec<Place> = findings.iter().filter(secret).map(|finding| finding.place).collect();
    places.sort_unstable();
    places
}

fn one(finding: &Finding, sources: &Sources, secrets: &[Place], renderer: &Renderer) -> String {
    let words = fault::fault(&finding.fault);
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&words.title).id(finding.code().to_string()));
    for element in shown(finding, &words, sources, secrets) {
        group = group.element(element);
    }
    for help in &words.help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// The pieces of files that a finding points at.
fn shown<'a>(finding: &Finding, words: &'a FaultWords, sources: &'a Sources, secrets: &[Place]) -> Vec<Element<'a>> {
    let place = finding.place;
    if place.file.at() >= sources.len() || of_no_file(&finding.fault) {
        return Vec::new();
    }
    if place.start == 0 && place.end == 0 {
        return vec![Origin::path(sources.path(place.file)).into()];
    }
    let (line, start) = sources.line(place.file, place.start);
    if place.start - start > LINE_BYTES * 10 {
        let column = sources.line_column(&place).1;
        return vec![Origin::path(sources.path(place.file)).line(line + 1).char_column(column).into()];
    }
    let mut near = Vec::new();
    let mut far = Vec::new();
    for also in &finding.also {
        let apart = sources.line(also.file, also.start).0.abs_diff(line);
        if also.file == place.file && apart <= NEAR_LINES { near.push(*also) } else { far.push(*also) }
    }
    let first = piece(place, &near, words, sources, secrets);
    let rest = far.iter().map(|also| {
        let (text, line, from) = lines(&[*also], sources, secrets);
        let label = AnnotationKind::Context.span(also.start - from..also.end - from).label(words.also);
        Snippet::source(text).path(sources.path(also.file)).line_start(line).annotation(label).into()
    });
    std::iter::once(first).chain(rest).collect()
}

fn piece<'a>(
    place: Place,
    also: &[Place],
    words: &'a FaultWords,
    sources: &'a Sources,
    secrets: &[Place],
) -> Element<'a> {
    let all: Vec<Place> = also.iter().chain([&place]).copied().collect();
    let (text, line, from) = lines(&all, sources, secrets);
    let primary = AnnotationKind::Primary.span(place.start - from..place.end - from).label(words.label.as_str());
    let also =
        also.iter().map(|also| AnnotationKind::Context.span(also.start - from..also.end - from).label(words.also));
    let annotations: Vec<_> = std::iter::once(primary).chain(also).collect();
    Snippet::source(text).path(sources.path(place.file)).line_start(line).annotations(annotations).into()
}

/// The whole lines that hold some places of one file, the number of the first, and the byte at which they begin.
fn lines(places: &[Place], sources: &Sources, secrets: &[Place]) -> (String, usize, usize) {
    let file = places[0].file;
    let first = places.iter().map(|place| place.start).min().unwrap_or_default();
    let last = places.iter().map(|place| place.end).max().unwrap_or_default();
    let (line, start) = sources.line(file, first);
    let text = sources.text(file);
    let rest = &text[last..];
    let near = &rest.as_bytes()[..rest.len().min(LINE_BYTES)];
    let mut end = last + near.iter().position(|byte| *byte == b'\n').unwrap_or(near.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let mut bytes = text.as_bytes()[start..end].to_vec();
    let from = secrets.partition_point(|secret| (secret.file, secret.end) < (file, start));
    for secret in secrets[from..].iter().take_while(|secret| secret.file == file && secret.start < end) {
        let hidden = secret.start.max(start)..secret.end.min(end);
        for byte in bytes.iter_mut().enumerate().filter(|(at, _)| hidden.contains(&(start + at))).map(|(_, byte)| byte)
        {
            *byte = b'*';
        }
    }
    (String::from_utf8_lossy(&bytes).into_owned(), line + 1, start)
}

/// All findings as documented JSON.
#[must_use]
pub fn findings_json(findings: &[Finding], sources: &Sources) -> Value {
    Value::Array(findings.iter().map(|finding| json_of(finding, sources)).collect())
}

fn json_of(finding: &Finding, sources: &Sources) -> Value {
    let words = fault::fault(&finding.fault);
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let also: Vec<Value> = finding.also.iter().map(|place| place_json(place, sources)).collect();
    json!({
        "code": finding.code().to_string(),
        "severity": severity,
        "title": words.title,
        "label": words.label,
        "help": words.help,
        "place": if of_no_file(&finding.fault) { Value::Null } else { place_json(&finding.place, sources) },
        "also": also,
    })
}

/// Lines and columns are counted from 1, columns in characters; both are null where the whole file is meant.
fn place_json(place: &Place, sources: &Sources) -> Value {
    if place.file.at() >= sources.len() {
        return Value::Null;
    }
    let path = sources.path(place.file);
    if place.start == 0 && place.end == 0 {
        return json!({ "path": path, "line": null, "column": null, "end-line": null, "end-column": null });
    }
    let (line, column) = sources.line_column(place);
    let (end_line, end_column) = sources.line_column(&Place { start: place.end, ..*place });
    json!({ "path": path, "line": line, "column": column, "end-line": end_line, "end-column": end_column })
}

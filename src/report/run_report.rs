//! What a run proves, for people: first what a tired person must know, then the tables. As text and as Markdown, made
//! from the same sections; it tells what the evidence says, and works nothing out.

use crate::evidence::Evidence;
use crate::report::paint::Paint;
use crate::report::run_report_summary;
use crate::report::run_report_tables;
use crate::report::table::Column;
use crate::report::table::table;
use crate::report::words;

/// One part of a report.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Its heading, in capitals.
    pub(super) head: &'static str,
    /// What it is about, beside the heading.
    pub(super) note: String,
    /// Sentences.
    pub(super) lines: Vec<String>,
    /// Columns.
    pub(super) shape: Vec<Column>,
    /// Rows.
    pub(super) rows: Vec<Vec<String>>,
}

/// The report as text.
#[must_use]
pub fn text(evidence: &Evidence, all: bool, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.head(&run_report_summary::title(evidence)));
    for section in sections(evidence, all) {
        let note = if section.note.is_empty() { String::new() } else { format!("  {}", section.note) };
        text.push_str(&format!("\n{}{note}\n", paint.head(section.head)));
        for line in &section.lines {
            text.push_str(&words::hang("  ", line, paint.columns));
        }
        if !section.rows.is_empty() {
            let columns = if all { usize::MAX } else { paint.columns - 2 };
            for line in table(&section.shape, &section.rows, columns) {
                text.push_str(&format!("  {line}\n"));
            }
        }
    }
    text
}

/// The report as Markdown.
#[must_use]
pub fn markdown(evidence: &Evidence, all: bool) -> String {
    let mut text = format!("# {}\n", run_report_summary::title(evidence));
    for section in sections(evidence, all) {
        text.push_str(&format!("\n## {}\n", capitalized(section.head)));
        if !section.note.is_empty() {
            text.push_str(&format!("\n{}\n", escaped(&section.note)));
        }
        if !section.lines.is_empty() {
            text.push('\n');
        }
        for line in &section.lines {
            text.push_str(&format!("- {}\n", escaped(line)));
        }
        if !section.rows.is_empty() {
            let heads: Vec<String> = section.shape.iter().map(|column| column.head.to_owned()).collect();
            let rules: Vec<String> =
                section.shape.iter().map(|column| if column.right { "---:" } else { "---" }.to_owned()).collect();
            let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
            text.push_str(&format!("\n{}{}", row(&heads), row(&rules)));
            for cells in &section.rows {
                text.push_str(&row(&cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>()));
            }
        }
    }
    text
}

fn sections(evidence: &Evidence, all: bool) -> Vec<Section> {
    let mut sections = vec![run_report_summary::summary(evidence)];
    sections.extend(run_report_tables::tables(evidence, all));
    sections.retain(|section| !section.lines.is_empty() || !section.rows.is_empty());
    sections
}

fn capitalized(head: &str) -> String {
    let lower = head.to_lowercase();
    let mut letters = lower.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// What Markdown would take for its own, and what a terminal would obey, is defused.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for letter in words::plain(text).chars() {
        if matches!(letter, '|' | '*' | '_' | '`' | '<' | '[' | ']' | '\\') {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}

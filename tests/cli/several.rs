//! What is seen of a project that has more than one run: its runs, what is written down of each, and what their steps did.

use std::fs;
use std::io::ErrorKind;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use bonghwa::journal;
use bonghwa::journal::JournalError;
use bonghwa::run::Event;

use crate::run::Test;
use crate::small::patiently;

/// Waits until it is so, for as long as the slowest machine may take.
pub(crate) fn until(what: &str, so: impl Fn() -> bool) {
    patiently(what, &String::new, so);
}

/// A process of the tool, of which it is read what it says.
pub(crate) fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the tool starts")
}

/// What the steps wrote down that they did.
pub(crate) fn did(test: &Test) -> String {
    fs::read_to_string(test.path().join("did")).unwrap_or_default()
}

/// The names of all runs, sorted.
pub(crate) fn runs(test: &Test) -> Vec<String> {
    let entries = fs::read_dir(test.path().join(".bonghwa/runs")).expect("runs");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("a run").file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

/// What is written down of one of them; nothing while it is only being opened.
pub(crate) fn events(test: &Test, run: &str) -> Vec<Event> {
    let reading = match journal::read(&test.path().join(".bonghwa/runs").join(run)) {
        Err(JournalError::Io { cause, .. }) if cause.kind() == ErrorKind::NotFound => return Vec::new(),
        reading => reading.expect("a journal"),
    };
    reading.entries.into_iter().map(|entry| entry.event).collect()
}

/// Whether it was ever held.
pub(crate) fn is_held(test: &Test, run: &str) -> bool {
    events(test, run).iter().any(|event| matches!(event, Event::Held { .. }))
}

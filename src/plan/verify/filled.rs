//! Nothing is sent with a name in it that only a plan can fill in. Names of hosts and runs are filled in later.

use crate::plan::ActionOnPaper;
use crate::plan::HttpOnPaper;
use crate::plan::verify::OfNeeds;
use crate::plan::verify::Violation;
use crate::plan::verify::paper::Paper;
use crate::template::Text;

/// The names that have their value in the plan.
const NAMES: [&str; 7] = ["service", "source", "target", "site", "address", "share", "level"];

/// Checks every text of every step that a machine gets, or a person hears.
pub(super) fn check(paper: &Paper<'_>, found: &mut Vec<Violation>) {
    for (_, step) in paper.steps() {
        let mut left = Vec::new();
        action(&step.action, &mut left);
        for probe in [&step.done_if, &step.verify, &step.position].into_iter().flatten() {
            action(&probe.ask, &mut left);
        }
        step.undo.iter().for_each(|undo| action(undo, &mut left));
        step.limits.kill.iter().for_each(|kill| text(kill, &mut left));
        left.dedup();
        let told = |name: &str| OfNeeds::NameUnfilled { step: step.id.clone(), name: name.to_owned() };
        found.extend(left.into_iter().map(|name| Violation::Needs(told(name))));
    }
}

fn action(action: &ActionOnPaper, left: &mut Vec<&'static str>) {
    match action {
        ActionOnPaper::Ssh { line, .. } | ActionOnPaper::Exec { line, .. } => text(line, left),
        ActionOnPaper::Http(http) => request(http, left),
        ActionOnPaper::Confirm { question } => text(question, left),
        ActionOnPaper::Notify { message, via } => {
            text(message, left);
            text(via, left);
        }
        ActionOnPaper::Wait(probe) => self::action(&probe.ask, left),
        ActionOnPaper::Route(_) | ActionOnPaper::Ttl(_) => {}
        ActionOnPaper::Scale { .. } | ActionOnPaper::Fetch { .. } => {}
    }
}

fn request(http: &HttpOnPaper, left: &mut Vec<&'static str>) {
    text(&http.url, left);
    http.body.iter().for_each(|body| text(body, left));
    http.headers.iter().for_each(|(_, value)| text(value, left));
}

fn text(text: &str, left: &mut Vec<&'static str>) {
    // Most have none.
    if !text.contains("{{") {
        return;
    }
    match Text::parse(text) {
        Ok(read) => left.extend(NAMES.into_iter().filter(|known| read.mentions(known))),
        // What is no template is sent as it stands: then nothing in it may look like a name of ours.
        Err(_) => left.extend(NAMES.into_iter().filter(|known| {
            text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).any(|(name, _)| name.trim() == *known)
        })),
    }
}

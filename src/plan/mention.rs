//! Which names the texts of an authored step want filled in.

use crate::model::Action;
use crate::model::Ask;
use crate::model::Body;
use crate::model::Channel;
use crate::model::HeaderValue;
use crate::model::HttpCall;
use crate::model::Probe;
use crate::model::StepTemplate;

/// Whether any text of the step names this.
pub(in crate::plan) fn mentions(step: &StepTemplate, name: &str) -> bool {
    let mut found = step.title.mentions(name) || action_mentions(&step.action, name);
    found |= step.undo.as_ref().is_some_and(|undo| action_mentions(undo, name));
    found |= step.attest.as_ref().is_some_and(|attest| attest.mentions(name));
    let probes = [&step.done_if, &step.verify, &step.position];
    found || probes.into_iter().flatten().any(|probe| probe_mentions(probe, name))
}

fn action_mentions(action: &Action, name: &str) -> bool {
    match action {
        Action::Ssh(command) | Action::Exec(command) => command.line.mentions(name),
        Action::Http(call) => http_mentions(call, name),
        Action::Confirm(question) => question.mentions(name),
        Action::Notify(notify) => {
            let command = match &notify.via {
                Channel::Command(command) => command.mentions(name),
                Channel::Webhook(_) => false,
            };
            command || notify.message.mentions(name)
        }
        Action::Wait(probe) => probe_mentions(probe, name),
        Action::Route(_) | Action::Scale => false,
    }
}

fn probe_mentions(probe: &Probe, name: &str) -> bool {
    match &probe.ask {
        Ask::Ssh(command) | Ask::Exec(command) => command.line.mentions(name),
        Ask::Http(call) => http_mentions(call, name),
    }
}

fn http_mentions(call: &HttpCall, name: &str) -> bool {
    let header = |value: &HeaderValue| match value {
        HeaderValue::Text(text) => text.mentions(name),
        HeaderValue::Secret(_) => false,
    };
    call.url.mentions(name)
        || matches!(&call.body, Some(Body::Text(body)) if body.mentions(name))
        || call.headers.iter().any(|(_, value)| header(value))
}

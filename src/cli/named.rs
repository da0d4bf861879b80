//! Which step or gate of a plan somebody means: by its whole name, or by a part of it that fits no other.

use crate::cli::error::CommandError;
use crate::load;
use crate::plan::ActionOnPaper;
use crate::plan::Plan;

/// What stands between the parts of a name: `message-store/promote@ansan`, `approval:start`.
const BETWEEN: [char; 3] = ['/', '@', ':'];
/// Names that are offered; a screen of them helps nobody.
const OFFERED: usize = 8;

/// Among which names one is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Among {
    /// What people are asked: gates, and steps that a person takes.
    Questions,
    /// Steps and gates.
    All,
    /// Steps.
    Steps,
}

/// The whole name of what is meant. A name that stands in the plan as it was typed is taken as it is, whatever it is: the
/// run knows better why it can't be treated so.
pub(crate) fn find(plan: &Plan, among: Among, typed: &str) -> Result<String, CommandError> {
    let (among, typed) = match (typed.strip_prefix("step:"), typed.strip_prefix("gate:")) {
        (Some(step), _) => (Among::Steps, step),
        (None, Some(gate)) => (among, gate),
        (None, None) => (among, typed),
    };
    if names(plan, Among::All).contains(&typed) {
        return Ok(typed.to_owned());
    }
    let known = names(plan, among);
    match meant(&known, typed).as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(unknown(&known, among, typed)),
        many => Err(offer(CommandError::usage(format!("{typed} could be any of {}", many.len())), many)),
    }
}

/// All names among which one is looked for.
pub(crate) fn names(plan: &Plan, among: Among) -> Vec<&str> {
    let gates = plan.gates.iter().filter(|_| among != Among::Steps).map(|gate| gate.id.as_str());
    let asked = |action: &ActionOnPaper| matches!(action, ActionOnPaper::Confirm { .. } | ActionOnPaper::Fetch { .. });
    let steps = plan.steps.iter().filter(|step| among != Among::Questions || asked(&step.action));
    gates.chain(steps.map(|step| step.id.as_str())).collect()
}

/// Those that hold what was typed as whole parts; where there are none, those of which a part begins with it.
fn meant<'n>(known: &[&'n str], typed: &str) -> Vec<&'n str> {
    if typed.is_empty() {
        return Vec::new();
    }
    let begins = |name: &str, at: usize| name[..at].is_empty() || name[..at].ends_with(BETWEEN);
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(BETWEEN);
    let parts = |name: &str, whole: bool| {
        name.match_indices(typed).any(|(at, _)| begins(name, at) && (!whole || ends(&name[at + typed.len()..])))
    };
    let whole: Vec<&str> = known.iter().copied().filter(|name| parts(name, true)).collect();
    if whole.is_empty() { known.iter().copied().filter(|name| parts(name, false)).collect() } else { whole }
}

fn unknown(known: &[&str], among: Among, typed: &str) -> CommandError {
    let error = CommandError::usage(match among {
        Among::Questions => format!("nobody is asked {typed} in this plan"),
        Among::All => format!("the plan has no step or gate {typed}"),
        Among::Steps => format!("the plan has no step {typed}"),
    });
    if let Some(near) = load::near(typed, known.iter().copied()) {
        return error.hint(format!("did you mean {near}?"));
    }
    // Of a short name only a part was meant.
    let part = load::near(typed, known.iter().flat_map(|name| name.split(BETWEEN)));
    match part.map(|part| meant(known, part)).as_deref() {
        Some([one]) => error.hint(format!("did you mean {one}?")),
        Some(many @ [_, ..]) => offer(error, many),
        Some([]) | None if known.is_empty() => error.hint("this plan has none at all"),
        Some([]) | None if among == Among::Questions => offer(error, known),
        Some([]) | None => error.hint("`bonghwa status` shows what can be done about which"),
    }
}

fn offer(error: CommandError, names: &[&str]) -> CommandError {
    let shown = names.iter().take(OFFERED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(OFFERED) {
        0 => error.hint(format!("there are: {shown}")),
        more => error.hint(format!("there are: {shown}, and {more} more")),
    }
}

#[cfg(test)]
mod tests {
    use super::Among;
    use super::meant;
    use super::unknown;

    const KNOWN: [&str; 6] = [
        "approval:start",
        "fence:message-store@pangyo",
        "data-loss:message-store@ansan",
        "message-store/promote@ansan",
        "message-store/verify@ansan",
        "session/start@ansan",
    ];

    #[test]
    fn a_part_is_enough_where_it_fits_no_other() {
        assert_eq!(meant(&KNOWN[..3], "start"), ["approval:start"]);
        assert_eq!(meant(&KNOWN, "start"), ["approval:start", "session/start@ansan"]);
        assert_eq!(meant(&KNOWN, "promote"), ["message-store/promote@ansan"]);
        assert_eq!(meant(&KNOWN, "store/promote"), [""; 0]);
        assert_eq!(meant(&KNOWN, "promote@ansan"), ["message-store/promote@ansan"]);
        assert_eq!(meant(&KNOWN, "data"), ["data-loss:message-store@ansan"]);
        assert_eq!(meant(&KNOWN, "message-store@p"), ["fence:message-store@pangyo"]);
        assert_eq!(meant(&KNOWN, ""), [""; 0]);
    }

    #[test]
    fn what_may_have_been_meant_is_told() {
        let hint = |among, typed: &str| unknown(&KNOWN, among, typed).hints.join("; ");
        assert_eq!(hint(Among::All, "aproval:start"), "did you mean approval:start?");
        assert_eq!(hint(Among::All, "promtoe"), "did you mean message-store/promote@ansan?");
        assert_eq!(hint(Among::All, "strat"), "there are: approval:start, session/start@ansan");
        assert!(hint(Among::Questions, "xyzzy").starts_with("there are: approval:start, "));
        assert_eq!(hint(Among::Steps, "xyzzy"), "`bonghwa status` shows what can be done about which");
    }
}

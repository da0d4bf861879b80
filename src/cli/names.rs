//! What shells ask while somebody types: the names that could stand where the cursor is.
//!
//! It says nothing of what is wrong, because what it says stands in the middle of a prompt: where nobody knows, it is silent.

use std::path::PathBuf;

use clap::Arg;
use clap::Command;

use crate::cli::Door;
use crate::cli::exit::Exit;
use crate::cli::known;

/// Prints names, one in a line, for what was typed behind the name of the tool; its last word is the one being typed.
pub(crate) fn run(words: &[String], mut cli: Command, door: &Door) -> Exit {
    // What is meant everywhere is known to each command only then.
    cli.build();
    let Some(wanted) = wanted(&cli, words) else { return Exit::Done };
    let door = Door { project: wanted.project.clone().or_else(|| door.project.clone()), ui: door.ui };
    let known = known::names(&door, &wanted.verb, &wanted.value, wanted.text);
    let fits = |name: &&String| name.starts_with(wanted.text) && name.chars().all(is_plain);
    let lines: String = known.iter().filter(fits).map(|name| format!("{}{name}\n", wanted.lead)).collect();
    // A shell that no longer reads has gone on without us.
    door.ui.data(&lines).unwrap_or_default();
    Exit::Done
}

/// Whether a shell takes it as it stands. What is put into somebody's prompt must never be a command.
fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || "-_.:@/+,=".contains(letter)
}

/// What is being typed.
#[derive(Debug, PartialEq, Eq)]
struct Wanted<'a> {
    /// The command that it is for, such as `approve`.
    verb: String,
    /// What the command calls the value: `SCOPE`, `PLAN`.
    value: String,
    /// What stands in the same word before it, such as `--lost=`.
    lead: &'a str,
    /// As much of it as there is.
    text: &'a str,
    /// The project that was named before.
    project: Option<PathBuf>,
}

/// Which value is being typed; none where it is no value, or nobody can tell.
fn wanted<'a>(cli: &Command, words: &'a [String]) -> Option<Wanted<'a>> {
    let (current, before) = words.split_last()?;
    let (mut command, mut place, mut open, mut project) = (cli, 0, None::<&Arg>, None);
    for word in before {
        if let Some(arg) = open.filter(|_| !word.starts_with('-')) {
            if arg.get_id() == "project" {
                project = Some(PathBuf::from(word));
            }
            open = open.filter(|arg| takes_many(arg));
        } else if word.starts_with('-') {
            open = option(command, word);
        } else if let Some(inner) = command.find_subcommand(word).filter(|_| place == 0) {
            command = inner;
        } else {
            place += 1;
        }
    }
    let (arg, lead) = match (open, current.split_once('=')) {
        (Some(arg), _) if !current.starts_with('-') => (arg, ""),
        (_, Some((name, _))) if name.starts_with("--") => (option(command, name)?, &current[..=name.len()]),
        _ if current.starts_with('-') => return None,
        _ => (positional(command, place)?, ""),
    };
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string)?;
    let verb = command.get_name().to_owned();
    Some(Wanted { verb, value, lead, text: &current[lead.len()..], project })
}

/// The option of this name, where a value follows it.
fn option<'c>(command: &'c Command, word: &str) -> Option<&'c Arg> {
    let is_it = |arg: &&Arg| match word.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| word.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4]))),
    };
    command.get_arguments().filter(|arg| arg.get_action().takes_values()).find(is_it)
}

fn positional(command: &Command, place: usize) -> Option<&Arg> {
    let all: Vec<&Arg> = command.get_positionals().collect();
    all.get(place).copied().or_else(|| all.last().copied().filter(|last| takes_many(last)))
}

fn takes_many(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|values| values.max_values() > 1)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::wanted;
    use crate::cli::Cli;

    /// `verb VALUE lead|text`, or nothing.
    fn check(typed: &str, means: &str) {
        let words: Vec<String> = typed.split(' ').map(str::to_owned).collect();
        let mut cli = Cli::command();
        cli.build();
        let told = wanted(&cli, &words).map_or(String::new(), |wanted| {
            let at = wanted.project.map_or(String::new(), |project| format!(" in {}", project.display()));
            format!("{} {} {}|{}{at}", wanted.verb, wanted.value, wanted.lead, wanted.text)
        });
        assert_eq!(told, means, "{typed}");
    }

    #[test]
    fn what_is_typed_is_known_by_its_place() {
        check("", "");
        check("appr", "");
        check("approve ", "approve WHAT |");
        check("approve approval:st", "approve WHAT |approval:st");
        check("approve start --reason be", "approve TEXT |be");
        check("approve --run 2026", "approve RUN |2026");
        check("approve start --run=2026", "approve RUN --run=|2026");
        check("--project there -q status 20", "status RUN |20 in there");
        check("plan --lost north so", "plan SCOPE |so");
        check("plan --lost north --all so", "");
        check("plan --lost north --", "");
        check("plan --lost=", "plan SCOPE --lost=|");
        check("diff 4f2a ", "diff AFTER |");
        check("diff 4f2a 1a2b ", "");
        check("runs export one tw", "export RUN |tw");
        check("replan --edge a:", "replan CALLER:CALLEE |a:");
        check("evacuate pangyo an", "evacuate SCOPE |an");
        check("evacuate pangyo --to gasan an", "evacuate SITE |an");
        check("no-such-command x", "");
    }
}

//! `bonghwa completions`: what a shell needs in order to complete commands and flags, and to ask for names.

use clap::Args;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::names;

const AFTER_HELP: &str = "\
Commands and flags complete in every shell. In bash, zsh and fish names do too: plans, runs, sites, scopes and services,
and for `approve`, `reject`, `retry`, `skip` and `mark-done` what the run that goes on waits for.

Examples:
  source <(bonghwa completions bash)    in this shell only
  bonghwa completions bash > ~/.local/share/bash-completion/completions/bonghwa
  bonghwa completions zsh > ~/.zfunc/_bonghwa
  bonghwa completions fish > ~/.config/fish/completions/bonghwa.fish";

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
    /// Print names for what was typed so far, as the scripts ask for them
    #[arg(last = true, hide = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Prints completions.
pub(crate) fn run(args: &CompletionsArgs, door: &Door) -> Result<Exit, CommandError> {
    if !args.words.is_empty() {
        return Ok(names::run(&args.words, Cli::command(), door));
    }
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bonghwa", &mut script);
    let script = String::from_utf8_lossy(&script);
    door.ui.data(&with_names(args.shell, &script))?;
    Ok(Exit::Done)
}

/// The script that knows commands and flags, and what asks for names before it.
fn with_names(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => format!("{script}{BASH}"),
        Shell::Fish => {
            // What follows an option is completed by the line of that option alone.
            let asking = |line: &str| format!("{line}{}\n", if line.ends_with(" -r") { FISH_ASKS } else { "" });
            let script: String = script.lines().map(asking).collect();
            format!("{script}{FISH}")
        }
        // A file of zsh ends by calling what it is named after: that must ask for names first.
        Shell::Zsh => match script.split_once(ZSH_ENDS) {
            Some((words, rest)) => {
                let words = words.replacen("\n_bonghwa() {", "\n_bonghwa_words() {", 1);
                format!("{words}{ZSH}{ZSH_ENDS}{rest}")
            }
            None => script.to_owned(),
        },
        Shell::Elvish | Shell::PowerShell | _ => script.to_owned(),
    }
}

const BASH: &str = include_str!("completions/names.bash");
const FISH: &str = include_str!("completions/names.fish");
const FISH_ASKS: &str = " -a '(__fish_bonghwa_names)'";
const ZSH: &str = include_str!("completions/names.zsh");
const ZSH_ENDS: &str = "if [ \"$funcstack[1]\" = \"_bonghwa\" ]; then";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap_complete::Shell;

    use super::with_names;
    use crate::cli::Cli;

    #[test]
    fn every_script_that_can_asks_for_names() {
        for (shell, asks) in [(Shell::Bash, true), (Shell::Zsh, true), (Shell::Fish, true), (Shell::Elvish, false)] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "bonghwa", &mut script);
            let script = with_names(shell, &String::from_utf8(script).unwrap());
            assert_eq!(script.contains(&format!(" completions {shell} -- ")), asks, "{shell}");
        }
    }
}

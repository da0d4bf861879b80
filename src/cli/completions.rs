//! `bonghwa completions`: what a shell needs in order to complete commands and flags.

use clap::Args;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;

const AFTER_HELP: &str = "\
Examples:
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
}

/// Prints completions.
pub(crate) fn run(args: &CompletionsArgs, door: &Door) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bonghwa", &mut script);
    door.ui.bytes(&script)?;
    Ok(Exit::Done)
}

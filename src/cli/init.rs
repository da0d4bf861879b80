//! `bonghwa init`: a small estate to begin with, in an empty or new folder. It never overwrites anything.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use crate::cli::Door;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;

const AFTER_HELP: &str = "\
Examples:
  bonghwa init my-estate && cd my-estate
  bonghwa check
  bonghwa plan --lost north
  bonghwa init --local toy          one whose steps run on this machine, and touch only its own folder
  bonghwa init --ssh far            one whose steps run over SSH, on stand-ins that ./hosts.sh starts";

/// What is written, and where.
const FILES: &[(&str, &str)] = &[
    ("bonghwa.toml", include_str!("init/bonghwa.toml")),
    ("topology/tiers.toml", include_str!("init/topology/tiers.toml")),
    ("topology/sites.toml", include_str!("init/topology/sites.toml")),
    ("topology/services.toml", include_str!("init/topology/services.toml")),
    ("topology/reach.toml", include_str!("init/topology/reach.toml")),
    ("runbooks/text-message.toml", include_str!("init/runbooks/text-message.toml")),
    ("runbooks/message-store.toml", include_str!("init/runbooks/message-store.toml")),
    ("runbooks/web.toml", include_str!("init/runbooks/web.toml")),
    ("runbooks/cut-off.toml", include_str!("init/runbooks/cut-off.toml")),
    (".gitignore", ".bonghwa/\n"),
];

/// The same for an estate whose steps are commands on this machine.
const LOCAL: &[(&str, &str)] = &[
    ("bonghwa.toml", include_str!("init/local/bonghwa.toml")),
    ("topology/all.toml", include_str!("init/local/topology/all.toml")),
    ("runbooks/start.toml", include_str!("init/local/runbooks/start.toml")),
    ("runbooks/store.toml", include_str!("init/local/runbooks/store.toml")),
    (".gitignore", ".bonghwa/\nworld.txt\n"),
];

/// The same for an estate whose steps are commands on other hosts, with stand-ins for these.
const SSH: &[(&str, &str)] = &[
    ("bonghwa.toml", include_str!("init/ssh/bonghwa.toml")),
    ("topology/all.toml", include_str!("init/ssh/topology/all.toml")),
    ("runbooks/start.toml", include_str!("init/ssh/runbooks/start.toml")),
    ("runbooks/store.toml", include_str!("init/ssh/runbooks/store.toml")),
    (HOSTS, include_str!("init/ssh/hosts.sh")),
    (".gitignore", ".bonghwa/\nkeys/\nworld/\n"),
];
/// The one file that is a program.
const HOSTS: &str = "hosts.sh";

/// Write a small estate.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct InitArgs {
    /// An empty folder, or one that is to be made [default: this one]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// One whose steps only wait and write into a file of that folder, so that its plan can be run on this machine
    #[arg(long)]
    local: bool,
    /// One whose steps run over SSH, with a script that starts stand-ins for its hosts on this machine
    #[arg(long, conflicts_with = "local")]
    ssh: bool,
}

/// Writes the estate, if nothing is there yet.
pub(crate) fn run(args: &InitArgs, door: &Door) -> Result<Exit, CommandError> {
    let folder = args.folder.clone().or_else(|| door.project.clone()).unwrap_or_else(|| PathBuf::from("."));
    must_be_empty(&folder)?;
    let files = match (args.local, args.ssh) {
        (true, _) => LOCAL,
        (false, true) => SSH,
        (false, false) => FILES,
    };
    for (path, text) in files {
        write(&folder.join(path), text)?;
    }
    let there = if folder == Path::new(".") { String::new() } else { format!("cd {} && ", folder.display()) };
    door.ui.status(&format!("wrote {} files to {}", files.len(), folder.display()));
    door.ui.status("next:");
    if args.ssh {
        door.ui.status(&format!("  {there}./{HOSTS} start"));
    }
    door.ui.status(&format!("  {there}bonghwa check"));
    door.ui.status(&format!("  {there}bonghwa plan --lost north"));
    if args.local || args.ssh {
        door.ui.status(&format!("  {there}bonghwa run PLAN"));
    }
    Ok(Exit::Done)
}

/// A folder with only hidden things in it, such as `.git`, is empty enough.
fn must_be_empty(folder: &Path) -> Result<(), CommandError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(CommandError::failed(format!("can't look into {}", folder.display())).because(&error));
        }
    };
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    match names.find(|name| !name.starts_with('.') || name == ".gitignore") {
        None => Ok(()),
        Some(name) => Err(CommandError::usage(format!("{} is not empty: it holds {name}", folder.display()))
            .hint("nothing was written; name a new folder: `bonghwa init my-estate`")),
    }
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    let failed =
        |error: std::io::Error| CommandError::failed(format!("could not write {}", path.display())).because(&error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // `create_new` refuses a file that is already there, whoever put it there since we looked.
    let mode = if path.ends_with(HOSTS) { 0o777 } else { 0o666 };
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes())).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::FILES;
    use super::LOCAL;
    use super::SSH;
    use crate::load::SourceText;
    use crate::load::load;

    /// What people begin with has nothing wrong with it.
    #[test]
    fn the_estate_to_begin_with_has_no_findings() {
        for files in [FILES, LOCAL, SSH] {
            let toml = files.iter().filter(|(path, _)| path.ends_with(".toml"));
            let text = |path: &str, text: &str| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
            assert_eq!(load(toml.map(|(path, bytes)| text(path, bytes)).collect()).findings, []);
        }
    }
}

//! Where plans are kept: `.bonghwa/plans/`, one file each, named by the first letters of the digest.
//!
//! Folders are 0700, files 0600, written beside and renamed, so that nobody ever reads half a plan.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::error::CommandError;
use crate::plan;
use crate::plan::Plan;
use crate::report::plan_text::SHORT_ID;

/// The folder of what this tool writes.
pub(crate) const OURS: &str = ".bonghwa";
/// A plan of 10,000 services takes about 60 MB; what is larger is no plan of ours, and is not read into memory.
pub(crate) const PLAN_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Keeps a plan in the project, and says where.
pub(crate) fn keep(root: &Path, plan: &Plan, bytes: &[u8]) -> Result<PathBuf, CommandError> {
    keep_out_of_git(root)?;
    let plans = root.join(OURS).join("plans");
    private_folder(&plans)?;
    let path = plans.join(format!("{}.json", plan.id.get(..SHORT_ID).unwrap_or(&plan.id)));
    write(&path, bytes)?;
    Ok(path)
}

/// Makes the folder of what this tool writes, which git leaves alone.
pub(crate) fn keep_out_of_git(root: &Path) -> Result<(), CommandError> {
    let folder = root.join(OURS);
    private_folder(&folder)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        write(&ignore, b"*\n")?;
    }
    Ok(())
}

/// The canonical bytes of a plan.
pub(crate) fn bytes(plan: &Plan) -> Result<Vec<u8>, CommandError> {
    plan::to_bytes(plan).map_err(|error| CommandError::failed("could not write the plan as JSON").because(&error))
}

/// Writes a file beside its place and renames it there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let failed =
        |error: std::io::Error| CommandError::failed(format!("could not write {}", path.display())).because(&error);
    let name = path.file_name().ok_or_else(|| CommandError::usage(format!("{} is no file name", path.display())))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    let written = private_file(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&beside, path));
    if renamed.is_err() {
        drop(fs::remove_file(&beside));
    }
    renamed.map_err(failed)
}

/// Reads a plan: from a file, or by the first letters of its digest from what was kept.
pub(crate) fn open(root: Option<&Path>, name: &str) -> Result<Plan, CommandError> {
    read(&find(root, name)?)
}

/// Reads a plan from its file.
pub(crate) fn read(path: &Path) -> Result<Plan, CommandError> {
    let failed = |what: &str| CommandError::failed(format!("could not {what} {}", path.display()));
    let size = fs::metadata(path).map_err(|error| failed("read").because(&error))?.len();
    if size > PLAN_BYTES_MAX {
        return Err(failed("read").hint("it is over 512 MB, and no plan is"));
    }
    let bytes = fs::read(path).map_err(|error| failed("read").because(&error))?;
    plan::from_bytes(&bytes).map_err(|error| {
        failed("take as a plan").because(&error).hint("make it again with `bonghwa plan`; a plan is never edited")
    })
}

fn find(root: Option<&Path>, name: &str) -> Result<PathBuf, CommandError> {
    let file = PathBuf::from(name);
    if file.is_file() {
        return Ok(file);
    }
    let missing = || CommandError::usage(format!("there is no plan {name}, as a file or among the kept ones"));
    let digest = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(plans) = root.map(|root| root.join(OURS).join("plans")).filter(|_| digest) else {
        return Err(missing().hint("name a file, or the first letters of the digest of a plan made in this project"));
    };
    let kept = kept(&plans);
    let short = name.get(..SHORT_ID).unwrap_or(name);
    let fitting: Vec<&String> = kept.iter().filter(|kept| kept.starts_with(short)).collect();
    match fitting.as_slice() {
        [one] => Ok(plans.join(format!("{one}.json"))),
        [] if kept.is_empty() => Err(missing().hint("`bonghwa plan --lost SITE` makes and keeps one")),
        [] => Err(missing().hint(format!("kept: {}", kept.join(", ")))),
        [_, ..] => Err(CommandError::usage(format!("{name} could be any of {}", fitting.len()))
            .hint(fitting.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", "))),
    }
}

/// The plan that was kept last, where there is one; an error where it can't be read.
pub(crate) fn latest(root: &Path) -> Option<Result<Plan, CommandError>> {
    let plans = root.join(OURS).join("plans");
    let written = |id: &String| fs::metadata(plans.join(format!("{id}.json"))).and_then(|file| file.modified()).ok();
    let last = kept(&plans).into_iter().max_by_key(written)?;
    Some(open(Some(root), &last))
}

/// The plans that a project keeps, by their short digests, sorted.
pub(crate) fn kept_in(root: &Path) -> Vec<String> {
    kept(&root.join(OURS).join("plans"))
}

/// The kept plans, by their short digests, sorted.
fn kept(plans: &Path) -> Vec<String> {
    let names =
        fs::read_dir(plans).into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut kept: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".json").filter(|id| !id.starts_with('.')).map(str::to_owned))
        .collect();
    kept.sort();
    kept
}

/// Makes a folder for its owner only, and those above it.
pub(crate) fn private_folder(path: &Path) -> Result<(), CommandError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| {
        CommandError::failed(format!("could not make the folder {}", path.display()))
            .because(&error)
            .hint("`-o FILE` saves a plan elsewhere; `--json` only prints it")
    })
}

fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

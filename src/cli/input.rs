//! The only place that reads what people wrote: finds the project, and reads its files in a sorted order.
//!
//! What can't be read is handed on as such, and becomes a finding: one file without permission must not keep an
//! engineer from a plan that does not need it. Only a project that is not there at all is an error.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::fs::DirEntry;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;
use sha2::Digest;
use sha2::Sha256;

use crate::load::FILE_BYTES_MAX;
use crate::load::SourceText;
use crate::model::Unread;

/// The file that makes a folder a project.
pub const SETTINGS: &str = "bonghwa.toml";
/// The folders below which every `*.toml` is read.
const FOLDERS: [&str; 2] = ["runbooks", "topology"];
/// More files than any estate has; a folder with more of them is a mistake, such as a link to a whole disk.
const FILES_MAX: usize = 20_000;
/// Folders in folders, deeper than anybody sorts runbooks.
const DEPTH_MAX: usize = 32;
/// All files together: what is read stays in memory, for the findings that point at it.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What was read of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The folder that holds `bonghwa.toml`.
    pub root: PathBuf,
    /// Every file that was read, sorted by path.
    pub files: Vec<SourceText>,
    /// Every file that was not, with the reason.
    pub unread: Vec<(String, Unread)>,
    /// The digest of each file that was read, in hexadecimal, in the same order: the sources of a plan.
    pub digests: Vec<(String, String)>,
}

/// Why there is no project to read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// No folder above holds `bonghwa.toml`.
    #[error("found no {SETTINGS} in {} or in any folder above it", .0.display())]
    NoProject(PathBuf),
    /// The folder that was named holds none.
    #[error("{} holds no {SETTINGS}", .0.display())]
    NotAProject(PathBuf),
    /// A folder can't be resolved.
    #[error("can't look into {}", .0.display())]
    Unreachable(PathBuf, #[source] io::Error),
    /// More files than an estate has.
    #[error("more than {FILES_MAX} files below {}", .0.display())]
    TooManyFiles(PathBuf),
    /// More text than an estate has.
    #[error("more than {} MB of files below {}", BYTES_MAX / 1024 / 1024, .0.display())]
    TooManyBytes(PathBuf),
}

/// Finds the project: the folder that was named, else the nearest one from `from` upward that holds `bonghwa.toml`.
///
/// # Errors
///
/// Where there is none.
pub fn find_project(from: &Path, named: Option<&Path>) -> Result<PathBuf, InputError> {
    if let Some(named) = named {
        // The settings file itself is as good a name as its folder.
        let folder = if named.file_name().is_some_and(|name| name == SETTINGS) {
            named.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
        } else {
            named
        };
        let folder = from.join(folder);
        return if exists(&folder) { Ok(folder) } else { Err(InputError::NotAProject(folder)) };
    }
    let start = from.canonicalize().map_err(|error| InputError::Unreachable(from.to_owned(), error))?;
    match start.ancestors().find(|folder| exists(folder)) {
        Some(folder) => Ok(folder.to_owned()),
        None => Err(InputError::NoProject(start)),
    }
}

/// A settings file that is there but can't be read still marks its project; reading it says what is wrong.
fn exists(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(SETTINGS)).is_ok_and(|file| !file.is_dir())
}

/// Reads every file of a project.
///
/// # Errors
///
/// Where there is far more than an estate could be. A file that can't be read is no error: it is listed.
pub fn read_project(root: &Path) -> Result<Input, InputError> {
    let mut walk = Walk { root, paths: Vec::new(), unread: Vec::new() };
    walk.paths.push((SETTINGS.to_owned(), root.join(SETTINGS)));
    for folder in FOLDERS {
        let path = root.join(folder);
        if fs::symlink_metadata(&path).is_ok() {
            walk.folder(folder, &path, &mut Vec::new())?;
        }
    }
    let Walk { paths, mut unread, .. } = walk;
    let mut input = Input { root: root.to_owned(), files: Vec::new(), unread: Vec::new(), digests: Vec::new() };
    // Counted while they are read side by side, so that a folder with far too much is left before it fills the memory.
    let total = AtomicU64::new(0);
    let one = |(path, file): (String, PathBuf)| {
        let bytes = match read(&file) {
            Ok(bytes) => bytes,
            Err(why) => return Ok((path, Err(why))),
        };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if total.fetch_add(size, Ordering::Relaxed) + size > BYTES_MAX {
            return Err(InputError::TooManyBytes(root.to_owned()));
        }
        let digest = digest(&bytes);
        Ok((path, Ok((bytes, digest))))
    };
    let read: Vec<_> = paths.into_par_iter().map(one).collect::<Result<_, InputError>>()?;
    for (path, file) in read {
        match file {
            Ok((bytes, digest)) => {
                input.digests.push((path.clone(), digest));
                input.files.push(SourceText { path, bytes });
            }
            Err(why) => unread.push((path, why)),
        }
    }
    unread.sort_by(|a, b| a.0.cmp(&b.0));
    input.unread = unread;
    Ok(input)
}

/// Whether the environment asks for no colour (no-color.org: set, and not empty).
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// How wide the environment says that text may be.
#[must_use]
pub fn columns() -> Option<usize> {
    std::env::var_os("COLUMNS")?.to_str()?.parse().ok()
}

/// What commands inherit.
#[must_use]
pub fn environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// The user's runtime folder, where this login has one.
#[must_use]
pub fn runtime_folder() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Where everybody's temporary files are.
#[must_use]
pub fn temp_folder() -> PathBuf {
    std::env::temp_dir()
}

/// The name of the user, as the environment says.
#[must_use]
pub fn user_name() -> Option<String> {
    let said = ["USER", "LOGNAME"].into_iter().find_map(std::env::var_os)?;
    said.into_string().ok().filter(|name| !name.is_empty())
}

struct Walk<'a> {
    root: &'a Path,
    paths: Vec<(String, PathBuf)>,
    unread: Vec<(String, Unread)>,
}

impl Walk<'_> {
    /// Every `*.toml` below a folder, by name. `above` are the folders that lead here, by their real paths.
    fn folder(&mut self, path: &str, folder: &Path, above: &mut Vec<PathBuf>) -> Result<(), InputError> {
        let entries = folder.canonicalize().and_then(|real| Ok((real, fs::read_dir(folder)?)));
        let (real, entries) = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.unread.push((path.to_owned(), refused(&error)));
                return Ok(());
            }
        };
        if above.contains(&real) || above.len() >= DEPTH_MAX {
            self.unread.push((path.to_owned(), Unread::Loop));
            return Ok(());
        }
        above.push(real);
        let mut names = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => names.push((entry.file_name(), is_folder(&entry))),
                Err(error) => self.unread.push((path.to_owned(), refused(&error))),
            }
        }
        names.sort();
        for (name, is_folder) in names {
            let below = folder.join(&name);
            let shown = format!("{path}/{}", name.to_string_lossy());
            // Hidden files are the editor's: locks, swap files, half-written copies.
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if is_folder {
                self.folder(&shown, &below, above)?;
            } else if name.as_encoded_bytes().ends_with(b".toml") {
                match name.to_str() {
                    Some(_) => self.paths.push((shown, below)),
                    None => self.unread.push((shown, Unread::Refused("its name is not UTF-8".to_owned()))),
                }
            }
            if self.paths.len() + self.unread.len() > FILES_MAX {
                return Err(InputError::TooManyFiles(self.root.to_owned()));
            }
        }
        above.pop();
        Ok(())
    }
}

/// Whether it leads into a folder: as the folder above says, which is read anyway; only a link is followed.
fn is_folder(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if !kind.is_symlink() => kind.is_dir(),
        Ok(_) | Err(_) => fs::metadata(entry.path()).is_ok_and(|kind| kind.is_dir()),
    }
}

/// The bytes of a regular file. A pipe or a device is not opened: it might never end, or never begin.
fn read(path: &Path) -> Result<Vec<u8>, Unread> {
    let kind = fs::metadata(path).map_err(|error| refused(&error))?;
    if !kind.is_file() {
        return Err(Unread::Refused("not a regular file".to_owned()));
    }
    if kind.len() > FILE_BYTES_MAX {
        return Err(Unread::TooLarge(kind.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(kind.len()).unwrap_or_default() + 1);
    let file = File::open(path).map_err(|error| refused(&error))?;
    // It may grow while it is read.
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
    match u64::try_from(bytes.len()) {
        Ok(size) if size <= FILE_BYTES_MAX => Ok(bytes),
        Ok(_) | Err(_) => Err(Unread::TooLarge(FILE_BYTES_MAX + 1)),
    }
}

fn refused(error: &io::Error) -> Unread {
    // ELOOP; its kind has no stable name yet.
    if error.raw_os_error() == Some(if cfg!(target_os = "linux") { 40 } else { 62 }) {
        return Unread::Loop;
    }
    Unread::Refused(error.to_string())
}

/// SHA-256, in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // A text takes all that is written to it.
        _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::InputError;
    use super::find_project;
    use super::read_project;
    use crate::model::Unread;

    fn write(root: &Path, path: &str, text: &[u8]) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_project_is_found_upward() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "bonghwa.toml", b"");
        write(folder.path(), "topology/deep/a.toml", b"");
        let root = folder.path().canonicalize().unwrap();
        assert_eq!(find_project(&folder.path().join("topology/deep"), None).unwrap(), root);
        assert_eq!(find_project(&root, Some(Path::new("bonghwa.toml"))).unwrap(), root.join("."));
        assert!(matches!(find_project(&root, Some(Path::new("topology"))), Err(InputError::NotAProject(_))));
    }

    #[test]
    fn files_are_read_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["bonghwa.toml", "topology/b.toml", "topology/a/z.toml", "topology/.hidden.toml", "runbooks/r.toml"]
        {
            write(folder.path(), path, b"");
        }
        write(folder.path(), "topology/notes.txt", b"");
        write(folder.path(), "topology/c.toml", b"\xff");
        let input = read_project(folder.path()).unwrap();
        let paths: Vec<&str> = input.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            ["bonghwa.toml", "runbooks/r.toml", "topology/a/z.toml", "topology/b.toml", "topology/c.toml"]
        );
        assert_eq!(input.unread, []);
        assert_eq!(input.digests[0].1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_large_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "bonghwa.toml", b"");
        write(folder.path(), "topology/large.toml", &vec![b'#'; 8 * 1024 * 1024 + 1]);
        let input = read_project(folder.path()).unwrap();
        assert_eq!(input.unread, [("topology/large.toml".to_owned(), Unread::TooLarge(8 * 1024 * 1024 + 1))]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_in_circles_or_nowhere_are_told() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "bonghwa.toml", b"");
        write(folder.path(), "topology/a.toml", b"");
        std::os::unix::fs::symlink("../topology", folder.path().join("topology/again")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("topology/gone.toml")).unwrap();
        std::os::unix::fs::symlink("self.toml", folder.path().join("topology/self.toml")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("topology/zero.toml")).unwrap();
        let odd = std::ffi::OsStr::from_bytes(b"\xff.toml");
        fs::write(folder.path().join("topology").join(odd), b"").unwrap();
        let input = read_project(folder.path()).unwrap();
        let unread: Vec<&str> = input.unread.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            unread,
            [
                "topology/again",
                "topology/gone.toml",
                "topology/self.toml",
                "topology/zero.toml",
                "topology/\u{fffd}.toml"
            ]
        );
        assert_eq!(input.unread[0].1, Unread::Loop);
        assert_eq!(input.unread[2].1, Unread::Loop);
        assert_eq!(input.files.len(), 2);
    }
}

//! Where the socket of a run is: in the user's runtime folder, or in a folder of ours that nobody else can enter.
//!
//! The environment is not read here: the door hands in what it says.

use std::fs;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest;
use sha2::Sha256;

use crate::control::ListenError;

/// The least that systems take is 104 bytes with the zero at the end, so a little less.
const PATH_BYTES_MAX: usize = 100;
/// Bytes of the digest that name a socket: nobody has so many runs that two of them meet.
const DIGEST_BYTES: usize = 8;
/// Where everybody may make a folder, and whose path is short.
const SHORT_TEMP: &str = "/tmp";

/// Where the socket of this run is to be: the first place whose path is short enough.
///
/// `runtime` is the user's runtime folder, where there is one. `temp` is for temporary files of all users; there the
/// folder has the number of the user in its name, and is looked at before it is trusted.
///
/// # Errors
///
/// [`ListenError::TooLong`]
pub fn socket_path(
    runtime: Option<&Path>,
    temp: &Path,
    uid: u32,
    project: &Path,
    run: &str,
) -> Result<PathBuf, ListenError> {
    let name = format!("{}.sock", name(project, run));
    let ours = format!("bonghwa-{uid}");
    let places = runtime
        // The standard says that a relative one is no runtime folder.
        .filter(|runtime| runtime.is_absolute())
        .map(|runtime| runtime.join("bonghwa"))
        .into_iter()
        .chain([temp.join(&ours), Path::new(SHORT_TEMP).join(&ours)]);
    let mut places = places.map(|folder| folder.join(&name));
    places
        .find(|path| path.as_os_str().as_bytes().len() <= PATH_BYTES_MAX)
        .ok_or_else(|| ListenError::TooLong { path: temp.join(ours), max: PATH_BYTES_MAX })
}

/// Short, and different for each run of each project.
fn name(project: &Path, run: &str) -> String {
    let digest =
        Sha256::new().chain_update(project.as_os_str().as_bytes()).chain_update([0]).chain_update(run).finalize();
    digest.iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the folder for sockets, or looks whether the one that is there can be trusted: it is this user's, and nobody
/// else can enter it.
pub(in crate::control) fn private_folder(folder: &Path, uid: u32) -> Result<(), ListenError> {
    let failed = |cause| ListenError::Io { path: folder.to_owned(), cause };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    // Of the name itself: a link may lead to another folder tomorrow.
    let about = fs::symlink_metadata(folder).map_err(failed)?;
    if about.is_dir() && about.uid() == uid && about.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(ListenError::Unsafe(folder.to_owned()))
    }
}

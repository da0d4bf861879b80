//! The socket of a run that is going on: made, found again, and taken away. It reads nothing of what is asked.
//!
//! A link named `control` in the folder of the run leads to the socket. Whoever asks follows it, so that they need not
//! have the environment of whoever started the run: a runtime folder is a matter of one login.

use std::fs;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::control::ListenError;
use crate::control::place::private_folder;
use crate::run::Who;

/// The name of the link in the folder of the run.
const LINK: &str = "control";
/// Whoever lives takes a connection at once, even when it is busy: the system does it.
const KNOCK: Duration = Duration::from_secs(1);

/// A socket at which a run can be asked. It is gone when this is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    link: PathBuf,
    owner: Who,
    /// Device and number of the file, by which it is known again.
    file: (u64, u64),
}

impl Listener {
    /// Listens at `path`, and leaves a link to it in the folder of the run. A socket that nobody answers at any more is
    /// removed first. `owner` is who is heard, besides root: whoever runs this process.
    ///
    /// Whoever calls has the pen, so nobody else makes a socket for the same run meanwhile.
    ///
    /// # Errors
    ///
    /// Why nobody can be heard there. A run can go on without.
    pub async fn open(path: &Path, run_folder: &Path, owner: Who) -> Result<Self, ListenError> {
        if let Some(folder) = path.parent() {
            private_folder(folder, owner.uid)?;
        }
        clear(path).await?;
        let failed = |cause| ListenError::Io { path: path.to_owned(), cause };
        let (socket, file) = bind(path).map_err(failed)?;
        let link = run_folder.join(LINK);
        let listener = Self { socket, path: path.to_owned(), link, owner, file };
        lead(&listener.link, path).map_err(|cause| ListenError::Io { path: listener.link.clone(), cause })?;
        Ok(listener)
    }

    /// Who is heard, besides root.
    #[must_use]
    pub fn owner(&self) -> &Who {
        &self.owner
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As if somebody else had started the run.
    #[cfg(test)]
    pub(in crate::control) fn owned_by(mut self, owner: Who) -> Self {
        self.owner = owner;
        self
    }

    pub(in crate::control) async fn accept(&self) -> io::Result<UnixStream> {
        self.socket.accept().await.map(|(stream, _)| stream)
    }

    /// Makes the socket anew where somebody removed it: a runtime folder goes when its user logs out, and the run may
    /// outlive that. What can't be done now is tried again later.
    pub(in crate::control) fn mend(&mut self) {
        let gone = fs::symlink_metadata(&self.path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if !gone {
            return;
        }
        let folder = self.path.parent().map_or(Ok(()), |folder| private_folder(folder, self.owner.uid));
        if folder.is_ok()
            && let Ok((socket, file)) = bind(&self.path)
        {
            (self.socket, self.file) = (socket, file);
        }
    }
}

impl Drop for Listener {
    /// Takes away what is surely still ours. What stays is found out by whoever knocks at it.
    fn drop(&mut self) {
        if file_of(&self.path).is_ok_and(|file| file == self.file) {
            drop(fs::remove_file(&self.path));
            if fs::read_link(&self.link).is_ok_and(|to| to == self.path) {
                drop(fs::remove_file(&self.link));
            }
        }
    }
}

/// Where the run in this folder can be asked, as whoever carries it out last said; and who said so.
pub(in crate::control) fn follow(run_folder: &Path) -> io::Result<(PathBuf, u32)> {
    let link = run_folder.join(LINK);
    Ok((fs::read_link(&link)?, fs::symlink_metadata(&link)?.uid()))
}

/// Removes a socket whose owner is dead.
async fn clear(path: &Path) -> Result<(), ListenError> {
    let failed = |cause| ListenError::Io { path: path.to_owned(), cause };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(about) if !about.file_type().is_socket() => return Err(ListenError::InTheWay(path.to_owned())),
        Ok(_) => {}
    }
    match timeout(KNOCK, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(failed),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // Somebody answered, or has so much to do that it can't.
        Ok(Ok(_) | Err(_)) | Err(_) => Err(ListenError::Taken(path.to_owned())),
    }
}

fn bind(path: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    let socket = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok((socket, file_of(path)?))
}

fn file_of(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|about| (about.dev(), about.ino()))
}

/// Makes the link, in place of the one of a process before.
fn lead(link: &Path, to: &Path) -> io::Result<()> {
    let beside = link.with_file_name(format!(".{LINK}"));
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    symlink(to, &beside)?;
    fs::rename(&beside, link)
}

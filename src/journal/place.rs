//! Private folders and files, and that they are still there after the power went. Never anything for others to read.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes a folder, and those above it, for its owner only. What is there already stays as it is.
pub(in crate::journal) fn private_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let above = path.parent().unwrap_or(Path::new(""));
    private_folder(above)?;
    match DirBuilder::new().mode(0o700).create(path) {
        // Somebody was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| sync_folder(above)),
    }
}

/// Makes durable which names stand in a folder.
pub(in crate::journal) fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

/// Puts a file that was written beside its place there, durably.
pub(in crate::journal) fn put(beside: &Path, path: &Path) -> io::Result<()> {
    fs::rename(beside, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

//! What a commit says of a batch: which temporary name becomes which.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::names::TEMPORARY;
use super::{failed, replace, sync_directory};
use crate::checkpoint;
use crate::flow::OutletError;

/// The note of a batch: its file's temporary and its final name, absolute, and a zero between.
pub(super) fn push_note(temporary: &Path, path: &Path, note: &mut Vec<u8>) -> io::Result<()> {
    note.extend_from_slice(std::path::absolute(temporary)?.as_os_str().as_bytes());
    note.push(0);
    note.extend_from_slice(std::path::absolute(path)?.as_os_str().as_bytes());
    Ok(())
}

/// Does what a note says, if a crash came before that.
pub(super) fn finish_rename(note: &[u8], directory: &Path) -> Result<(), OutletError> {
    let Some(zero) = note.iter().position(|&byte| byte == 0) else { return Ok(()) };
    let [from, to] = [&note[..zero], &note[zero + 1..]].map(|name| Path::new(OsStr::from_bytes(name)));
    // It has its name, and may have been taken away since.
    if from.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(());
    }
    // A note comes from a checkpoint, and says no more than how a file of this directory is called.
    let own = directory.canonicalize().map_err(|error| failed(directory, error))?;
    let is_own = |name: &Path| name.parent().and_then(|parent| parent.canonicalize().ok()).as_ref() == Some(&own);
    if !is_own(from) || !is_own(to) || !is_temporary_of(from, to) {
        let (name, directory) = (to.to_owned(), directory.to_owned());
        return Err(OutletError::Checkpoint(checkpoint::Error::ForeignFile { name, directory }));
    }
    match replace(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(to, error)),
        Ok(()) => to.parent().map_or(Ok(()), sync_directory),
    }
}

/// Whether a file is called as `to` is until it is whole, under any checkpoint.
fn is_temporary_of(from: &Path, to: &Path) -> bool {
    let bytes = |path: &Path| path.file_name().map(|name| name.as_bytes().to_vec()).unwrap_or_default();
    let (from, to) = (bytes(from), [b".", &bytes(to)[..], b"."].concat());
    from.starts_with(&to) && from.ends_with(TEMPORARY.as_bytes())
}

//! Batches that are directories, as Spark's `saveAs…` makes them, and how one takes the place of another.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::names::ASIDE;
use crate::os;

/// What the only file of records in such a directory is called.
pub(super) const PART: &str = "part-00000";

/// The empty file that says that a directory is complete.
pub const SUCCESS: &str = "_SUCCESS";

/// Says that a directory is complete, and makes the names in it durable.
///
/// # Errors
/// The disk's.
pub(super) fn seal(directory: &Path) -> io::Result<()> {
    File::create(directory.join(SUCCESS))?.sync_all()?;
    os::sync_directory(directory)
}

/// Gives a file or directory its name. A file that is called so is replaced; so is a directory, as a whole and by another
/// one, if it is a batch's: no system renames over one that has files. It is moved aside before, so that whoever looks
/// in between finds nothing, and never a half.
///
/// # Errors
/// The disk's; or there is a directory that no batch has made.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    // Systems say either.
    let is_full = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists) && from.is_dir()
    };
    let error = match fs::rename(from, to) {
        Err(error) if is_full(&error) => error,
        renamed => return renamed,
    };
    if !to.join(SUCCESS).is_file() {
        let what = format!("it is there, and is no batch's, as it has no {SUCCESS}: move it away ({error})");
        return Err(io::Error::new(error.kind(), what));
    }
    let aside = aside(from);
    remove(&aside)?;
    fs::rename(to, &aside)?;
    fs::rename(from, to)?;
    remove(&aside)
}

/// Removes a file, or a directory with all that is in it; one that is not there is no error.
///
/// # Errors
/// The disk's.
pub fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// What the directory is called that another one takes the place of: the temporary name of the other, with an ending of its own.
fn aside(temporary: &Path) -> PathBuf {
    let mut name = OsString::from(temporary);
    name.push(ASIDE);
    PathBuf::from(name)
}
